"""Requests and the baseline they are held to, for the tests of the controls.

The baseline is the golden table's: strict, with a key of its own for each purpose. ``baseline`` gives
it with a few fields changed, by their dotted path.
"""

import copy
from collections.abc import Iterator, Mapping
from functools import cache

import botocore.session
from botocore.model import OperationModel, ServiceModel

from secure_sagemaker import ControlError, SecurityBaseline
from secure_sagemaker.controls import Action, Decision, Enforcement, Enforcer
from secure_sagemaker.presigning import post_object
from tools import golden
from tools.golden import FOREIGN_ACCOUNT, STATED, TODAY, key, role

Request = dict[str, object]

SUPPORTED = sorted(path.stem.removeprefix("governed-") for path in golden.FOLDER.glob("governed-*.jsonl"))
"""The oldest and the newest botocore that there are golden tables of."""

ACCOUNT = golden.ACCOUNT
VOLUME_KEY = key("volume")
OUTPUT_KEY = key("output")
RESOURCE_KEY = key("resource")
S3_KEY = key("s3")
ALLOWED_KEY = key("allowed")
FOREIGN_KEY = key("foreign", FOREIGN_ACCOUNT)
DEFAULT_ROLE = role("ml-execution")
FOREIGN_ROLE = role("admin")
SUBNETS = ["subnet-0a1b2c3d", "subnet-0b1c2d3e"]
GROUPS = ["sg-0a1b2c3d", "sg-0b1c2d3e"]
NETWORK = {"Subnets": SUBNETS, "SecurityGroupIds": GROUPS}
EBS = "ml.m5.xlarge"
LOCAL = "ml.g5.xlarge"


def baseline(**changes: object) -> SecurityBaseline:
    """The baseline with fields changed: ``kms__volume="alias/x"`` is ``kms.volume``; None takes one out."""
    stated = copy.deepcopy(dict(STATED))
    for path, value in changes.items():
        *sections, name = path.split("__")
        place: dict[str, object] = stated
        for section in sections:
            inner = place.setdefault(section, {})
            assert isinstance(inner, dict)
            place = inner
        if value is None:
            del place[name]
        else:
            place[name] = value
    return SecurityBaseline.from_mapping(stated, today=TODAY)


@cache
def service_model(service: str = "sagemaker") -> ServiceModel:
    return botocore.session.Session().get_service_model(service)


def operation(name: str, service: str = "sagemaker") -> OperationModel:
    if name == "PostObject":  # a form: no operation of the service model
        return post_object(service_model(service))
    return service_model(service).operation_model(name)


def needed(name: str) -> bool:
    """Whether the installed botocore has the operation, for tests of those that came later."""
    return name in service_model().operation_names


def enforcer(**changes: object) -> Enforcer:
    return Enforcer(baseline(**changes), today=lambda: TODAY)


def enforced(
    name: str,
    parameters: Mapping[str, object],
    *,
    service: str = "sagemaker",
    key_arns: Mapping[str, str] | None = None,
    **changes: object,
) -> Enforcement:
    """What is decided about a request; every law that needs no other request is held on the way."""
    model = operation(name, service)
    judge = enforcer(**changes)
    before = copy.deepcopy(parameters)
    found = judge.enforce(model, parameters, key_arns or {})
    assert before == parameters
    if not found.refusals and not found.lookups:
        assert judge.verify(model, found.parameters, key_arns or {}).refusals == ()
    return found


def verified(
    name: str, parameters: Mapping[str, object], *, service: str = "sagemaker", **changes: object
) -> Enforcement:
    return enforcer(**changes).verify(operation(name, service), parameters, {})


def decisions_at(enforcement: Enforcement, path: str) -> list[Decision]:
    return [decision for decision in enforcement.decisions if decision.path == path]


def decided(enforcement: Enforcement, path: str) -> Action | None:
    """The one thing that was decided about a member, or None when nothing was."""
    found = decisions_at(enforcement, path)
    assert len(found) <= 1, found
    return found[0].action if found else None


def at(enforcement: Enforcement, path: str) -> object:
    """What is sent at a path such as ``ProductionVariants.0.ModelName``, or None."""
    value: object = enforcement.parameters
    for part in path.split("."):
        if isinstance(value, list):
            value = value[int(part)] if int(part) < len(value) else None
        elif isinstance(value, Mapping):
            value = value.get(part)
        else:
            return None
    return value


def refused(enforcement: Enforcement) -> list[tuple[str, str]]:
    """Control and path of each refusal."""
    return [(str(decision.control_id), decision.path) for decision in enforcement.refusals]


def errors_of(enforcement: Enforcement) -> Iterator[ControlError]:
    """The errors that the request is refused with, the first one first."""
    try:
        enforcement.raise_for_refusals()
    except ControlError as first:
        yield first
        yield from first.others
