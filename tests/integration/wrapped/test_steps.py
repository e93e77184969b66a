"""Every class of step of the installed SDK: made, compiled by the SDK, sent, and looked at member by member."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Collection, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from secure_sagemaker import AuditRecord
from secure_sagemaker.controls.pipelines.steps import operation_of
from secure_sagemaker.local import EmbeddedAWS
from secure_sagemaker.sagemaker_sdk import installed_sdk
from tests.controls_support import needed, service_model
from tests.integration.flows.flow import Stage
from tests.integration.flows.judge import problems, requests_of
from tests.integration.wrapped.judge import CALLS, every_step, problems_of, unexamined
from tests.integration.wrapped.making import Making
from tests.integration.wrapped.stage import SAID, kept, named, refusal, scripts, staged
from tests.integration.wrapped.steps import LISTED, NO_STEPS, STEPS, Fate, Row
from tests.sdk_steps import classes_of_steps, roots_of_the_sdk, types_of_steps

pytestmark = [
    pytest.mark.filterwarnings("ignore:Implicitly cleaning up:ResourceWarning"),
    *(pytest.mark.filterwarnings(one) for one in SAID),
]

HERE = [row for row in STEPS if row.is_of(installed_sdk().major, Version(version("sagemaker")))]
_DESCRIBED = re.compile(r"Describe(\w+?)(?:Response|Output)")
INSTALLED = classes_of_steps(roots_of_the_sdk())


def _lacking(row: Row) -> bool:
    """Whether the installed botocore has not got what the step calls."""
    return any(one in CALLS and not needed(CALLS[one]) for one in row.types.split())


def _those(*fates: Fate, isolation: Collection[str] = ("require", "default")) -> list[object]:
    return [
        pytest.param(row, id=row.name)
        for row in HERE
        if row.name in INSTALLED and row.fate in fates and row.isolation in isolation and not _lacking(row)
    ]


@pytest.fixture
def stage(launched: EmbeddedAWS, tmp_path: Path, request: pytest.FixtureRequest) -> Stage:
    """A secured session under a baseline that demands what the step can stand, and lists what it calls."""
    row: Row = request.getfixturevalue("row")
    given = {"isolation": row.isolation, "listed": LISTED, **getattr(request, "param", {})}
    return staged(
        launched, tmp_path, sdk=installed_sdk().major, name=tmp_path.name.replace("_", "-"), **given
    )


def made(row: Row, stage: Stage, boto_session: object = None) -> tuple[Any, list[Any]]:
    """A pipeline of the step as the SDK makes it, and the steps that it was given."""
    making = Making(
        sdk=stage.flow.sdk,
        boto_session=boto_session or stage.session,
        role=stage.role,
        bucket=stage.aws.default_bucket,
        image=stage.image,
        scripts=scripts(stage),
        stand=stage.stand_endpoint,
    )
    makers = importlib.import_module(f"tests.integration.wrapped.v{stage.flow.sdk}_steps").MAKERS
    steps = makers[row.name](making)
    steps = steps if isinstance(steps, list) else [steps]
    return making.pipeline(stage.name("p"), steps), steps


def classes(step: object) -> Iterator[type]:
    """The classes of a step and of those that it brings along; a function's step stands behind its result."""
    yield type(step)
    for one in (*getattr(step, "steps", ()), *getattr(step, "_referenced_steps", ())):
        yield from classes(one)


def record_of(stage: Stage) -> AuditRecord:
    (record,) = (one for one in stage.records if one.operation == "CreatePipeline")
    return record


def refused(row: Row, stage: Stage) -> list[tuple[str, str]]:
    """The controls that a pipeline of the step is refused by, and where."""
    with pytest.raises(Exception) as caught:  # noqa: PT011  # the SDK may wrap it
        made(row, stage)[0].upsert(role_arn=stage.role)
    error = refusal(caught.value)
    assert error.remedy
    assert [] == [one for one in requests_of(stage) if one.operation == "CreatePipeline"]
    return [(one.control_id, one.path.removeprefix(_STEP)) for one in (error, *error.others)]


_STEP = "PipelineDefinition.Steps['Step']."


@pytest.mark.parametrize("row", _those(Fate.SECURED, Fate.LISTED, Fate.READ))
def test_a_step_is_looked_at_member_by_member(row: Row, stage: Stage) -> None:
    """What the SDK compiles of it carries its controls, and each governed member of it stands in the record."""
    pipeline, steps = made(row, stage)
    pipeline.upsert(role_arn=stage.role)

    kinds = {one.__name__ for step in steps for one in classes(step)}
    assert row.name in kinds
    definition = kept(stage, pipeline.name)
    assert row.types == " ".join(sorted(kind for _, kind in named(definition)))
    record = record_of(stage)
    assert [] == unexamined(definition, record)
    assert [] == problems(stage)
    excused = [one.path for one in record.decisions if one.action in {"exempt", "waived"}]
    assert [] == problems_of(definition, stage.aws, given={}, isolation=row.isolation, excused=excused)


@pytest.mark.parametrize("row", _those(Fate.REFUSED))
def test_a_step_that_cannot_be_secured_is_refused(row: Row, stage: Stage) -> None:
    """The error names the member, and why nothing can be put in its place."""
    assert row.member in [path for _, path in refused(row, stage)]
    assert row.why in "".join(one.why for one in record_of(stage).decisions)


@pytest.mark.parametrize("stage", [{"listed": ""}], ids=["nothing-listed"], indirect=True)
@pytest.mark.parametrize("row", _those(Fate.LISTED))
def test_a_step_outside_of_sagemaker_is_allowed_by_list_only(row: Row, stage: Stage) -> None:
    """Under a baseline that lists nothing it is refused by what it calls."""
    assert ("pipeline-definition", row.member) in refused(row, stage)


@pytest.mark.parametrize("stage", [{"isolation": "require"}], ids=["isolated"], indirect=True)
@pytest.mark.parametrize("row", _those(Fate.SECURED, isolation="default"))
def test_a_step_that_reads_its_code_itself_is_refused_in_isolation(row: Row, stage: Stage) -> None:
    """It would fail hours later in its container: the refusal says why, with the path."""
    assert ("network-isolation", "Arguments.EnableNetworkIsolation") in refused(row, stage)


@pytest.mark.parametrize("row", _those(Fate.IMPOSSIBLE))
def test_what_the_sdk_cannot_make_it_cannot_make(row: Row, stage: Stage) -> None:
    """The row says so as long as it is true."""
    with pytest.raises(AttributeError, match=row.why):
        made(row, stage)


@pytest.mark.parametrize("row", _those(Fate.SECURED))
def test_a_step_that_passes_unexamined_is_found(row: Row, stage: Stage) -> None:
    """The judge can fail: of the same pipeline, sent by a plain session, no member stands in a record."""
    pipeline, _ = made(row, stage, boto_session=stage.aws.source)
    pipeline.upsert(role_arn=stage.role)

    definition = kept(stage, pipeline.name)
    assert [] != unexamined(definition, None) + problems_of(definition, stage.aws, given={})


# --- the table against the SDK ---------------------------------------------------------------------


def test_every_class_of_step_has_a_row(launched: EmbeddedAWS) -> None:
    """One that a release adds fails here."""
    rows = {row.name for row in HERE}
    assert set() == INSTALLED - rows - NO_STEPS.keys()
    assert set() == rows & NO_STEPS.keys()
    makers = importlib.import_module(f"tests.integration.wrapped.v{installed_sdk().major}_steps").MAKERS
    assert rows <= makers.keys()


def test_every_type_of_step_is_in_a_row() -> None:
    """The SDK's own list, and nothing besides it."""
    listed = {kind for row in HERE if row.name in INSTALLED for kind in row.types.split()}
    assert types_of_steps() == listed


def test_a_new_class_of_step_is_seen(tmp_path: Path) -> None:
    """The reading of the SDK can fail: a class that derives from one of its steps, wherever it stands, is found."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/new.py").write_text("class New(steps.TrainingStep): ...\nclass Newer(New): ...\n")
    (tmp_path / "other.py").write_text("class StepOutput: ...\nclass Properties(StepOutput): ...\n")
    assert {"New"} == classes_of_steps([*roots_of_the_sdk(), tmp_path]) - INSTALLED - {"Newer"}


@pytest.mark.parametrize("row", _those(Fate.SECURED, Fate.REFUSED))
def test_a_type_is_mapped_to_the_operation_that_the_sdk_means(row: Row, stage: Stage) -> None:
    """Its input takes what the SDK compiles, and its Describe is the one that the SDK reads the properties by."""
    pipeline, steps = made(row, stage)
    for _, step in every_step(json.loads(pipeline.definition())["Steps"]):
        operation = operation_of(step["Type"], step["Arguments"])
        assert CALLS.get(step["Type"]) == operation
        if operation is not None:
            shape = service_model().operation_model(operation).input_shape
            assert shape is not None
            assert step["Arguments"].keys() <= shape.members.keys()
    for step in (one for given in steps for one in getattr(given, "steps", None) or [given]):
        properties = getattr(step, "_properties", None)
        for shape in getattr(properties, "_shape_names", ()):
            if noun := _DESCRIBED.match(shape):
                assert f"Create{noun[1]}" == CALLS[step.step_type.value]
