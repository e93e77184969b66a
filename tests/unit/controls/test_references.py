"""What names a thing made elsewhere: the tables against the installed botocore, and what one request names."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import botocore
import botocore.session
import pytest
from botocore.model import StructureShape
from botocore.validate import ParamValidator

from secure_sagemaker.controls import DescribedKind, ResourceKind, mentions_of
from secure_sagemaker.controls.mentions import Mentions
from secure_sagemaker.controls.references import REFERENCES
from secure_sagemaker.controls.resource_kinds import KINDS
from tests.controls_support import SUPPORTED, service_model
from tools.review_references import LIST, Reviewed, candidates, reviewed, unreviewed

newest = pytest.mark.skipif(
    botocore.__version__ != SUPPORTED[-1],
    reason=f"botocore {botocore.__version__} is not the newest that is supported, {SUPPORTED[-1]}",
)
INSTALLED = [kind for kind in KINDS.values() if kind.create in service_model().operation_names]
ARN = "arn:aws:sagemaker:eu-west-1:111122223333"

every_kind = pytest.mark.parametrize("kind", INSTALLED, ids=lambda kind: kind.id)


def described(kind: ResourceKind) -> DescribedKind:
    return DescribedKind.of(kind, service_model())


def shown(kind: ResourceKind) -> StructureShape:
    """What the Describe shows of the thing."""
    shape = service_model().operation_model(kind.describe).output_shape
    assert shape is not None
    inner = shape.members[kind.root] if kind.root else shape
    assert isinstance(inner, StructureShape)
    return inner


@cache
def found() -> set[tuple[str, str]]:
    """What may name something in the installed botocore."""
    return candidates(reviewed())


def test_what_a_pipeline_makes_is_told_by_its_kind() -> None:
    """A config that a step makes is no reference; one that only has the endpoint's name is."""
    endpoint = {"EndpointName": "churn", "EndpointConfigName": "churn"}
    steps = [{"Name": "Host", "Type": "Endpoint", "Arguments": endpoint}]
    mentions = mentions_of(service_model().operation_model("CreatePipeline"))
    assert mentions is not None

    def named() -> list[str]:
        text = json.dumps({"Version": "2020-12-01", "Steps": steps})
        return [mention.label for mention in mentions.of({"PipelineDefinition": text})]

    assert ["endpoint-config/churn"] == named()
    steps.append({"Name": "Config", "Type": "EndpointConfig", "Arguments": {"EndpointConfigName": "churn"}})
    assert [] == named()


def all_mentions() -> Iterator[Mentions]:
    services = botocore.session.get_session().get_available_services()
    starters = ("events", "scheduler")
    for model in map(
        service_model, [name for name in services if name.startswith("sagemaker") or name in starters]
    ):
        for operation in model.operation_names:
            if isinstance(mentions := mentions_of(model.operation_model(operation)), Mentions):
                yield mentions


def places(mentions: Mentions) -> Iterator[tuple[str, str]]:
    yield from ((mentions.shape, name) for name, _ in mentions.members)
    for _, _, inner in mentions.children:
        yield from places(inner)


def named(operation: str, request: Mapping[str, object], service: str = "sagemaker") -> list[tuple[str, str]]:
    """Path and thing of all that a request names."""
    mentions = mentions_of(service_model(service).operation_model(operation))
    return [(one.path, one.label) for one in mentions.of(request)] if mentions else []


# --- the tables and the installed botocore


def test_every_member_that_may_name_something_was_read() -> None:
    """Each has a row or a reason; run tools.review_references."""
    assert [] == unreviewed(found(), reviewed())


def test_a_member_without_row_and_reason_is_found() -> None:
    """Take a reason away, and its members are listed; take an operation off, and its members are."""
    lists = reviewed()
    less = dict(lists.members)
    del less["ParentHyperParameterTuningJob", "HyperParameterTuningJobName"]
    assert [("ParentHyperParameterTuningJob", "HyperParameterTuningJobName")] == unreviewed(
        found(), Reviewed(operations=lists.operations, members=less)
    )
    fewer = Reviewed(
        operations={
            pattern: why for pattern, why in lists.operations.items() if pattern != "sagemaker*.Stop*"
        },
        members=lists.members,
    )
    assert ("StopTrainingJobRequest", "TrainingJobName") in unreviewed(candidates(fewer), fewer)


def test_every_reason_is_said_once() -> None:
    """No group is without a reason, and nothing stands in two of them or in the table besides."""
    content = json.loads(LIST.read_text("utf-8"))
    groups = [*content["operations"], *content["members"]]
    assert [] == [group for group in groups if not group["reason"].endswith(".")]
    listed = [name for group in groups for name in group.get("operations", group.get("members"))]
    assert sorted(set(listed)) == sorted(listed)
    assert set() == set(REFERENCES) & set(reviewed().members)


@newest
def test_no_reason_and_no_row_is_stale() -> None:
    """The newest botocore has each member that is listed, and each that has a row."""
    assert set() == set(reviewed().members) - found()
    assert set() == set(REFERENCES) - {place for mentions in all_mentions() for place in places(mentions)}
    used = {kind.id for row in REFERENCES.values() for kind in row.kinds}
    assert set(KINDS) == used
    assert list(KINDS.values()) == INSTALLED


@every_kind
def test_a_describe_shows_all_that_is_governed(kind: ResourceKind) -> None:
    """Nothing that the Create's plan governs stays unjudged without a reason, but for tags."""
    assert set(kind.unshown) == set(described(kind).unshown)


@every_kind
def test_what_it_names_is_shown_too(kind: ResourceKind) -> None:
    """A chain does not end because a Describe does not show a name."""
    create = service_model().operation_model(kind.create)
    mentions = mentions_of(create)
    assert create.input_shape is not None
    for name, _ in mentions.members if isinstance(mentions, Mentions) else ():
        path = kind.renamed.get((create.input_shape.name, name), name)
        assert path.partition(".")[0] in shown(kind).members


@every_kind
def test_a_kind_is_named_as_its_describe_takes_it(kind: ResourceKind) -> None:
    """The parameters are there, and an ARN is given where one is taken, and nowhere else."""
    shape = service_model().operation_model(kind.describe).input_shape
    assert shape is not None
    assert set(kind.names) <= set(shape.members)
    assert set(shape.required_members) <= set(kind.names)
    arn = f"{ARN}:{kind.id}/{'/'.join('5' for _ in kind.names)}"
    pattern = shape.members[kind.names[-1]].metadata.get("pattern", "")
    assert kind.by_arn == ("arn:" in pattern)
    assert (set(kind.names) if not kind.by_arn else {kind.names[-1]}) == set(kind.identified(arn))


@every_kind
def test_a_thing_is_told_from_another_of_its_name(kind: ResourceKind) -> None:
    """A Describe shows an ARN of its own and when the thing was made; an execution is named by its own ARN."""
    if kind.id == "pipeline-execution":
        return
    members = shown(kind).members
    moment, arn = "2020-01-01", f"{ARN}:{kind.id}/x"
    content = {name: arn for name in members if name.endswith("Arn")} | {
        name: moment for name in ("CreationTime", "CreateDate") if name in members
    }
    identity = described(kind).identity({kind.root: content} if kind.root else content)
    assert {arn, moment} <= set(identity.values())


@every_kind
def test_what_changes_can_be_updated(kind: ResourceKind) -> None:
    """Only a kind that no operation updates is taken to be as it was."""
    operations = set(service_model().operation_names)
    assert kind.changes or kind.create.replace("Create", "Update") not in operations


# --- an answer as the request that would make it


@pytest.mark.parametrize(
    ("kind", "answer", "request_"),
    [
        pytest.param(
            "notebook-instance",
            {
                "NotebookInstanceName": "explore",
                "SecurityGroups": ["sg-1"],
                "NotebookInstanceLifecycleConfigName": "setup",
                "Url": "explore.notebook",
            },
            {
                "NotebookInstanceName": "explore",
                "SecurityGroupIds": ["sg-1"],
                "LifecycleConfigName": "setup",
            },
            id="renamed",
        ),
        pytest.param(
            "inference-component",
            {
                "EndpointName": "churn",
                "Specification": {
                    "Container": {"DeployedImage": {"SpecifiedImage": "i:1", "ResolvedImage": "i@sha256:2"}}
                },
            },
            {"EndpointName": "churn", "Specification": {"Container": {"Image": "i:1"}}},
            id="deeper",
        ),
        pytest.param(
            "workteam",
            {"Workteam": {"WorkteamName": "labelers", "WorkforceArn": f"{ARN}:workforce/default"}},
            {"WorkteamName": "labelers", "WorkforceName": f"{ARN}:workforce/default"},
            id="within",
        ),
        pytest.param("workteam", {}, {}, id="nothing"),
    ],
)
def test_an_answer_is_read_as_a_request(
    kind: str, answer: dict[str, object], request_: dict[str, object]
) -> None:
    """Members stand where the Create takes them; what it does not take is left out."""
    assert request_ == described(KINDS[kind]).request(answer)


@every_kind
def test_every_answer_is_a_valid_request_by_its_types(kind: ResourceKind) -> None:
    """Whatever a Describe can show, of each member one, the Create would take: no type is mistaken."""
    answer = _example(shown(kind))
    request = described(kind).request({kind.root: answer} if kind.root else answer)
    shape = service_model().operation_model(kind.create).input_shape
    report = ParamValidator().validate(dict(request), shape).generate_report()
    assert [] == [line for line in report.splitlines() if "type" in line]


def _example(shape: Any, depth: int = 0) -> Any:
    match shape.type_name:
        case "structure":
            return {name: _example(member, depth + 1) for name, member in shape.members.items() if depth < 9}
        case "list":
            return [_example(shape.member, depth + 1)]
        case "map":
            return {"key": _example(shape.value, depth + 1)}
        case "integer" | "long":
            return 7
        case "float" | "double":
            return 0.5
        case "boolean":
            return True
        case "timestamp":
            return "2020-01-01T00:00:00Z"
    return (shape.enum or ["text-of-some-length-20"])[0]


# --- what a request names


CASES: Mapping[str, tuple[str, dict[str, object], list[tuple[str, str]]]] = {
    "by-name": (
        "CreateEndpoint",
        {"EndpointName": "churn", "EndpointConfigName": "churn-1"},
        [("EndpointConfigName", "endpoint-config/churn-1")],
    ),
    "in-lists": (
        "CreateEndpointConfig",
        {
            "ProductionVariants": [{"ModelName": "a", "InstancePools": [{"ModelNameOverride": "b"}]}],
            "ShadowProductionVariants": [{"ModelName": "c"}],
        },
        [
            ("ProductionVariants[0].ModelName", "model/a"),
            ("ProductionVariants[0].InstancePools[0].ModelNameOverride", "model/b"),
            ("ShadowProductionVariants[0].ModelName", "model/c"),
        ],
    ),
    "a-list-of-names": (
        "CreateNotebookInstance",
        {
            "AdditionalCodeRepositories": ["mine", "https://git.example.com/x"],
            "DefaultCodeRepository": "yours",
        },
        [
            ("DefaultCodeRepository", "code-repository/yours"),
            ("AdditionalCodeRepositories[0]", "code-repository/mine"),
        ],
    ),
    "by-arn": (
        "CreateModel",
        {"PrimaryContainer": {"ModelPackageName": f"{ARN}:model-package/churn/3"}},
        [("PrimaryContainer.ModelPackageName", "model-package/churn/3")],
    ),
    "the-arn-tells-the-kind": (
        "CreateTrainingJob",
        {"MlflowConfig": {"MlflowResourceArn": f"{ARN}:mlflow-tracking-server/runs"}},
        [("MlflowConfig.MlflowResourceArn", "mlflow-tracking-server/runs")],
    ),
    "the-arn-of-nothing-known": (
        "CreateTrainingJob",
        {"MlflowConfig": {"MlflowResourceArn": f"{ARN}:mlflow-of-tomorrow/runs"}},
        [("MlflowConfig.MlflowResourceArn", f"{ARN}:mlflow-of-tomorrow/runs")],
    ),
    "a-uri-that-names-a-model": (
        "CreateModelPackage",
        {"SourceUri": f"{ARN}:model/churn"},
        [("SourceUri", "model/churn")],
    ),
    "a-uri-that-names-none": ("CreateModelPackage", {"SourceUri": "https://git.example.com/x"}, []),
    "by-the-monitoring-type": (
        "CreateMonitoringSchedule",
        {"MonitoringScheduleConfig": {"MonitoringJobDefinitionName": "m", "MonitoringType": "ModelBias"}},
        [("MonitoringScheduleConfig.MonitoringJobDefinitionName", "model-bias-job-definition/m")],
    ),
    "by-no-monitoring-type": (
        "CreateMonitoringSchedule",
        {"MonitoringScheduleConfig": {"MonitoringJobDefinitionName": "m"}},
        [("MonitoringScheduleConfig.MonitoringJobDefinitionName", "m")],
    ),
    "in-a-domain": (
        "CreatePresignedDomainUrl",
        {"DomainId": "d-1", "UserProfileName": "ana", "SpaceName": "lab"},
        [
            ("DomainId", "domain/d-1"),
            ("UserProfileName", "user-profile/d-1/ana"),
            ("SpaceName", "space/d-1/lab"),
        ],
    ),
    "in-the-domain-around": (
        "CreateSpace",
        {"DomainId": "d-1", "SpaceName": "lab", "OwnershipSettings": {"OwnerUserProfileName": "ana"}},
        [
            ("DomainId", "domain/d-1"),
            ("OwnershipSettings.OwnerUserProfileName", "user-profile/d-1/ana"),
        ],
    ),
    "an-image-by-its-newest-version": (
        "CreateApp",
        {"ResourceSpec": {"SageMakerImageArn": f"{ARN}:image/lab"}},
        [
            ("ResourceSpec.SageMakerImageArn", "image/lab"),
            ("ResourceSpec.SageMakerImageArn", "image-version/lab"),
        ],
    ),
    "an-image-by-an-alias": (
        "CreateApp",
        {"ResourceSpec": {"SageMakerImageArn": f"{ARN}:image/lab", "SageMakerImageVersionAlias": "1.2"}},
        [
            ("ResourceSpec.SageMakerImageArn", "image/lab"),
            ("ResourceSpec.SageMakerImageArn", "image-version/lab/1.2"),
        ],
    ),
    "an-image-by-its-version": (
        "CreateApp",
        {
            "ResourceSpec": {
                "SageMakerImageArn": f"{ARN}:image/lab",
                "SageMakerImageVersionArn": f"{ARN}:image-version/lab/7",
            }
        },
        [
            ("ResourceSpec.SageMakerImageArn", "image/lab"),
            ("ResourceSpec.SageMakerImageVersionArn", "image-version/lab/7"),
        ],
    ),
    "an-arn-that-is-taken-away": (
        "CreateApp",
        {"ResourceSpec": {"SageMakerImageArn": "None", "LifecycleConfigArn": "None"}},
        [],
    ),
    "a-custom-image": (
        "CreateUserProfile",
        {
            "UserSettings": {
                "KernelGatewayAppSettings": {
                    "CustomImages": [{"ImageName": "lab", "ImageVersionNumber": 7, "AppImageConfigName": "c"}]
                }
            }
        },
        [
            ("UserSettings.KernelGatewayAppSettings.CustomImages[0].ImageName", "image-version/lab/7"),
            (
                "UserSettings.KernelGatewayAppSettings.CustomImages[0].AppImageConfigName",
                "app-image-config/c",
            ),
        ],
    ),
    "a-private-team": (
        "CreateLabelingJob",
        {"HumanTaskConfig": {"WorkteamArn": f"{ARN}:workteam/private-crowd/ours"}},
        [("HumanTaskConfig.WorkteamArn", "workteam/ours")],
    ),
    "a-vendors-team": (
        "CreateLabelingJob",
        {
            "HumanTaskConfig": {
                "WorkteamArn": "arn:aws:sagemaker:eu-west-1:394669845002:workteam/vendor-crowd/x"
            }
        },
        [],
    ),
    "an-update-that-keeps-the-capture": (
        "UpdateEndpoint",
        {"EndpointName": "churn", "EndpointConfigName": "c", "RetainAllVariantProperties": True},
        [("EndpointName", "endpoint/churn"), ("EndpointConfigName", "endpoint-config/c")],
    ),
    "an-update-that-does-not": (
        "UpdateEndpoint",
        {
            "EndpointName": "churn",
            "EndpointConfigName": "c",
            "RetainAllVariantProperties": True,
            "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DataCaptureConfig"}],
        },
        [("EndpointConfigName", "endpoint-config/c")],
    ),
    "its-own-name-only": ("CreateModel", {"ModelName": "churn"}, []),
    "what-a-job-makes": (
        "CreateOptimizationJob",
        {
            "ModelSource": {"SageMakerModel": {"ModelName": "a"}},
            "OutputConfig": {"SageMakerModel": {"ModelName": "b"}},
        },
        [("ModelSource.SageMakerModel.ModelName", "model/a")],
    ),
    "what-is-stopped": ("StopNotebookInstance", {"NotebookInstanceName": "explore"}, []),
    "what-is-scaled": ("UpdateEndpointWeightsAndCapacities", {"EndpointName": "churn"}, []),
    "what-is-asked-for": ("DescribeEndpoint", {"EndpointName": "churn"}, []),
    "malformed": (
        "CreateEndpointConfig",
        {"ProductionVariants": [{"ModelName": 7}, "text"], "ShadowProductionVariants": {"ModelName": "x"}},
        [],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_request_names(case: str) -> None:
    """Each thing that is made elsewhere and used by the call, by its kind and name."""
    operation, request, things = CASES[case]
    shape = service_model().operation_model(operation).input_shape
    assert shape is not None
    report = ParamValidator().validate(request, shape).generate_report()
    if "Unknown parameter" in report and botocore.__version__ != SUPPORTED[-1]:
        pytest.skip("the installed botocore does not know it yet")
    assert sorted(things) == sorted(named(operation, request))


def test_the_data_plane_is_marked() -> None:
    """Calls that come by the second are looked at where the baseline asks for it, all others always."""
    invoked = {shape for (shape, _), row in REFERENCES.items() if row.invoked}
    operations = {
        name
        for service in ("sagemaker-runtime", "sagemaker-featurestore-runtime", "sagemaker")
        for name in service_model(service).operation_names
        if (shape := service_model(service).operation_model(name).input_shape) is not None
        and shape.name in invoked
    }
    assert {
        "InvokeEndpoint",
        "InvokeEndpointAsync",
        "InvokeEndpointWithResponseStream",
        "PutRecord",
    } <= operations
    assert operations.isdisjoint(service_model().operation_names)
