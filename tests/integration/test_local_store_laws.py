"""Every SageMaker operation in which something is governed: what is sent is kept, told, listed, changed, gone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.validate import ParamValidator

from secure_sagemaker.local import EmbeddedAWS
from tests.integration.embedded import refused
from tests.integration.filled import Filler
from tests.integration.standing import KINDS, MADE_BY, MODEL, NAMES, Account, identified, stand
from tests.property.requests import operations

GOVERNED = frozenset(model.name for model in operations()) & NAMES

# Told in another form than it was sent, as AWS does.
TOLD_OTHERWISE = {
    "DescribeHumanTaskUi": "UiTemplate",  # a URL and a digest
}
# botocore's patterns have the fleet's ARN in IAM, and regions without digits; the Service Authorization
# Reference has neither.
OTHER_ARN = frozenset({"DeviceFleetArn", "EdgeDeploymentPlanArn", "EdgePackagingJobArn"})

NOBODY = {
    "Arn": "arn:aws:sagemaker:eu-west-1:111122223333:mlflow-app/app-NOBODY",
    "ArtifactArn": "arn:aws:sagemaker:eu-west-1:111122223333:artifact/nobody",
    "ClusterArn": "arn:aws:sagemaker:eu-west-1:111122223333:cluster/000000000000",
    "ClusterSchedulerConfigId": "000000000000",
    "ComputeQuotaId": "000000000000",
    "DomainId": "d-nobody",
    "ExtensionArn": "arn:aws:sagemaker:eu-west-1:111122223333:extension/eks-law/law/0",
    "ModelCardExportJobArn": "arn:aws:sagemaker:eu-west-1:111122223333:model-card/law/export-job/law",
}
PARTNER_APP = "arn:aws:sagemaker:eu-west-1:111122223333:partner-app/app-000000000000"

# Governed operations that make, change or delete no resource of their own: each has a test elsewhere.
APART = frozenset(
    {
        *("AddTags", "CreateHubContentReference", "DeleteTags", "PutEndpointPolicy"),
        *("PutModelPackageGroupPolicy", "RegisterDevices", "StartPipelineExecution", "UpdateFeatureMetadata"),
    }
)
NOT_DONE = frozenset(
    {
        *("CreateHubContentPresignedUrls", "RenderUiTemplate", "SendPipelineExecutionStepSuccess"),
        "StartSession",
    }
)


@pytest.fixture(scope="module")
def standing(account: EmbeddedAWS) -> Account:
    """The account, with one of each kind that others name."""
    return stand(account)


def differences(sent: object, told: object, took: Shape, tells: Shape, path: str = "") -> Iterator[str]:
    """Where what is told is not what was sent, as far as there is a place for it."""
    match took, tells:
        case StructureShape(), StructureShape():
            assert isinstance(sent, Mapping)
            for name, value in sent.items():
                if name in took.members and name in tells.members:
                    inner = told.get(name) if isinstance(told, Mapping) else None
                    under = f"{path}.{name}" if path else name
                    yield from differences(value, inner, took.members[name], tells.members[name], under)
        case ListShape(), ListShape():
            assert isinstance(sent, list)
            if isinstance(told, list) and len(told) >= len(sent):
                for one, other in zip(sent, told, strict=False):
                    yield from differences(one, other, took.member, tells.member, f"{path}[]")
            else:
                yield f"{path}: {sent!r} is {told!r}"
        case MapShape(), MapShape():
            assert isinstance(sent, Mapping)
            for key, value in sent.items():
                inner = told.get(key) if isinstance(told, Mapping) else None
                yield from differences(value, inner, took.value, tells.value, f"{path}{{{key}}}")
        case _ if took.type_name == tells.type_name:
            found = told.timestamp() if isinstance(told, datetime) else told
            if found != sent:
                yield f"{path}: {sent!r} is {told!r}"


def told_otherwise(operation: str, sent: Mapping[str, object], describe: str, told: object) -> list[str]:
    """Each member that Describe tells otherwise than the operation sent it."""
    took, tells = MODEL.operation_model(operation).input_shape, _told_shape(describe)
    assert took is not None
    spared = TOLD_OTHERWISE.get(describe, ".")
    return [one for one in differences(sent, told, took, tells) if not one.startswith(spared)]


def _wrapper(describe: str) -> str:
    """The member in which a kind is told that is not told at the top."""
    shape = MODEL.operation_model(describe).output_shape
    assert shape is not None
    asked = MODEL.operation_model(describe).input_shape
    assert asked is not None
    if any(name in shape.members for name in asked.required_members):
        return ""
    first = next(iter(shape.members))
    return first if isinstance(shape.members[first], StructureShape) else ""


def _told_shape(describe: str) -> Shape:
    shape = MODEL.operation_model(describe).output_shape
    assert shape is not None
    return shape.members[wrapper] if (wrapper := _wrapper(describe)) else shape


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_is_sent_is_kept(standing: Account, kind: str) -> None:
    """Made, described, listed, changed and deleted: every member that can be told is told as it was sent."""
    describe, name = f"Describe{kind}", f"law{kind.lower()}"[:30]
    sent, known = standing.make(kind, name)

    def described() -> dict[str, Any]:
        told = standing.call(describe, identified(describe, known))
        shape = MODEL.operation_model(describe).output_shape
        assert shape is not None
        spared = (
            {"NextToken": ""} if "NextToken" in shape.members else {}
        )  # required, and absent on a last page
        report = ParamValidator().validate({**spared, **told}, shape)
        assert not report.has_errors(), report.generate_report()
        wrapper = _wrapper(describe)
        inner: dict[str, Any] = told[wrapper] if wrapper else told
        return inner

    told = described()
    assert told_otherwise(KINDS[kind], sent, describe, told) == []
    assert list(_misspelled(told, _told_shape(describe))) == []
    known = {**told, **known}
    assert standing.lists(kind, known, name)

    update = f"Update{kind}"
    if update in NAMES:
        filler = Filler(aws=standing.aws, named=standing.named, second=True)
        told_apart = {name: value for name, value in known.items() if isinstance(value, str | int)}
        identity = identified(update, {**told_apart, "TargetVersion": 1})
        standing.call(update, filler.request(MODEL.operation_model(update), **identity))
        changed = standing.aws.requests[-1].parameters
        assert told_otherwise(update, changed, describe, described()) == []

    if f"Delete{kind}" in NAMES:
        if kind == "NotebookInstance":  # AWS deletes none that runs
            standing.call("StopNotebookInstance", identified("StopNotebookInstance", known))
        standing.call(f"Delete{kind}", identified(f"Delete{kind}", known))
        code, status = refused(described)
        assert code in ("ResourceNotFound", "ValidationException")
        assert status == 400
        assert not standing.lists(kind, known, name)


@pytest.mark.parametrize("turn", [1, 2, 3])
@pytest.mark.parametrize("kind", ["AutoMLJobV2", "EndpointConfig", "Model", "OptimizationJob"])
def test_alternatives_are_kept(standing: Account, kind: str, turn: int) -> None:
    """Where a request takes one of several structures, each of them is told as it was sent."""
    sent, known = standing.make(kind, f"turn{turn}{kind.lower()}"[:30], turn=turn)
    told = standing.call(f"Describe{kind}", identified(f"Describe{kind}", known))
    assert told_otherwise(KINDS[kind], sent, f"Describe{kind}", told) == []


def _misspelled(told: Mapping[str, object], shape: Shape) -> Iterator[str]:
    """ARNs that AWS made, and that are no ARNs of that kind by botocore's patterns."""
    assert isinstance(shape, StructureShape)
    for name, value in told.items():
        pattern = shape.members[name].metadata.get("pattern")
        if (
            name.endswith("Arn")
            and pattern
            and name not in OTHER_ARN
            and not re.fullmatch(pattern, str(value))
        ):
            yield f"{name}: {value}"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_does_not_exist_is_not_found(standing: Account, kind: str) -> None:
    """Described or deleted, a name that nothing has is refused with an error that the operation can answer."""
    for operation in (f"Describe{kind}", f"Delete{kind}"):
        if operation not in NAMES:
            continue
        model = MODEL.operation_model(operation)
        named = NOBODY if kind != "PartnerApp" else {"Arn": PARTNER_APP}
        request = Filler(aws=standing.aws, named=named).request(model)
        request = request or {"ArtifactArn": NOBODY["ArtifactArn"]}  # by its ARN or by its source
        code, _ = refused(partial(standing.call, operation, request))
        declared = {shape.name for shape in model.error_shapes} & {"ResourceNotFound"}
        assert code in {*declared, "ValidationException"}


@pytest.mark.parametrize("operation", sorted(NOT_DONE & NAMES))
def test_what_it_does_not_do_it_says(standing: Account, operation: str) -> None:
    """A governed operation that has no place in the store is refused as not done, never answered with nothing."""
    request = Filler(aws=standing.aws, named=standing.named).request(MODEL.operation_model(operation))
    assert refused(lambda: standing.call(operation, request)) == ("NotImplemented", 501)


def test_every_governed_operation_has_its_law() -> None:
    """What botocore adds is made, changed and deleted under the law too, or named here."""
    under_the_law = {f"{verb}{kind}" for kind in KINDS for verb in ("Create", "Update", "Delete")}
    assert GOVERNED - under_the_law - set(MADE_BY.values()) - APART - NOT_DONE == frozenset()
