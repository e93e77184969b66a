"""The errors: one tree, what each carries, and that none loses it on the way."""

import inspect
import pickle

import pytest

from secure_sagemaker import exceptions
from secure_sagemaker.exceptions import (
    BaselineError,
    BaselineNotFoundError,
    ControlError,
    KeyResolutionError,
    LoosenedBaselineError,
    PeerError,
    SecureSageMakerError,
)

OTHER = ControlError(
    service="sagemaker",
    operation="CreateTrainingJob",
    control_id="vpc-config",
    path="VpcConfig.Subnets",
    got="['subnet-0f0f0f0f']",
    wanted="['subnet-0a1b2c3d']",
    why="the VPC's endpoints see what leaves",
    remedy="leave it out",
)
REFUSED = ControlError(
    service="sagemaker",
    operation="CreateTrainingJob",
    control_id="network-isolation",
    path="EnableNetworkIsolation",
    got="False",
    wanted="True",
    why="a container with a network can send data out",
    remedy="set it to True",
    references=["SageMaker.4"],
    others=[OTHER],
)
ERRORS = [
    SecureSageMakerError("what", remedy="how"),
    BaselineError("what", remedy="how", source="a.toml", field="kms.volume"),
    BaselineNotFoundError("what", remedy="how", searched=["a", "b"]),
    LoosenedBaselineError("what", remedy="how", field="region", earlier_source="a", later_source="b"),
    KeyResolutionError("what", remedy="how", key="alias/ml"),
    PeerError("what", remedy="how", host="sts.eu-west-1.amazonaws.com", address="10.0.0.1"),
    REFUSED,
]


def classes() -> list[type[SecureSageMakerError]]:
    return [
        kind
        for _, kind in inspect.getmembers(exceptions, inspect.isclass)
        if issubclass(kind, SecureSageMakerError) and kind.__module__ == exceptions.__name__
    ]


def test_one_root_and_every_name_in_the_tree() -> None:
    """Each error ends in Error, is exported, and stands in the docstring's tree under its parent."""
    tree = (exceptions.__doc__ or "").splitlines()
    above: dict[int, str] = {}
    parents: dict[str, str] = {}
    for line in tree:
        name = next((word for word in line.split() if word.endswith("Error") and word.isidentifier()), None)
        if name and name in exceptions.__all__:
            depth = line.index(name)
            parents[name] = next((above[place] for place in sorted(above, reverse=True) if place < depth), "")
            above = {place: known for place, known in above.items() if place < depth} | {depth: name}
    assert {
        kind.__name__: kind.__mro__[1].__name__ for kind in classes() if kind is not SecureSageMakerError
    } == {name: parent for name, parent in parents.items() if parent}
    assert sorted(exceptions.__all__) == sorted(kind.__name__ for kind in classes()) == exceptions.__all__
    assert all(name.endswith("Error") for name in exceptions.__all__)


def test_the_remedy_is_an_attribute_and_the_last_line() -> None:
    """What to do is for programs and for people."""
    error = SecureSageMakerError("the door is open", remedy="close it")
    assert ("close it", "the door is open\n  remedy: close it") == (error.remedy, str(error))


@pytest.mark.parametrize(
    ("source", "field", "told"),
    [
        ("a.toml", "kms.volume", "a.toml: kms.volume: it is wrong"),
        ("a.toml", "", "a.toml: it is wrong"),
        ("", "kms.volume", "kms.volume: it is wrong"),
        ("", "", "it is wrong"),
    ],
)
def test_a_baseline_error_begins_with_its_place(source: str, field: str, told: str) -> None:
    """The file and the field come first, each where it is known."""
    error = BaselineError("it is wrong", remedy="mend it", source=source, field=field)
    assert (source, field, told) == (error.source, error.field, str(error).split("\n")[0])


def test_a_loosening_names_both_places() -> None:
    """The later place is where the error is; the earlier one is told beside it."""
    error = LoosenedBaselineError(
        "looser", remedy="mend it", field="region", earlier_source="a", later_source="b"
    )
    assert ("a", "b", "b", "region") == (error.earlier_source, error.later_source, error.source, error.field)


def test_a_refusal_tells_what_where_got_wanted_why_and_remedy() -> None:
    """A refusal carries all of it as attributes, and its message has each on a line of its own."""
    assert (
        "sagemaker.CreateTrainingJob refused by control 'network-isolation'\n"
        "  at:     EnableNetworkIsolation\n"
        "  got:    False\n"
        "  wanted: True\n"
        "  why:    a container with a network can send data out\n"
        "  see:    SageMaker.4\n"
        "  also:   VpcConfig.Subnets (vpc-config): ['subnet-0f0f0f0f']\n"
        "  remedy: set it to True"
    ) == str(REFUSED)
    assert (("SageMaker.4",), (OTHER,), "set it to True") == (
        REFUSED.references,
        REFUSED.others,
        REFUSED.remedy,
    )
    assert "see:" not in str(OTHER)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_travels_between_processes(error: SecureSageMakerError) -> None:
    """Raised in a worker, it reaches the parent with its message and every attribute."""
    back = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes
    assert (type(error), str(error)) == (type(back), str(back))
    told = {name: value for name, value in vars(error).items() if name != "others"}
    assert told == {name: value for name, value in vars(back).items() if name != "others"}
    if isinstance(error, ControlError):
        assert [str(other) for other in error.others] == [str(other) for other in back.others]
