"""Where a request names a thing made elsewhere that has governed settings of its own.

``REFERENCES`` has one row for each member that does. Every other member that could name something stands in
``reviewed_references.json``: read by a person, and found to name nothing that is judged, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType

from secure_sagemaker.baseline import ControlId, parse_arn
from secure_sagemaker.controls.pipelines import with_parameters
from secure_sagemaker.controls.resource_kinds import KINDS, Identifiers, ResourceKind

__all__ = ["LOOKS", "MADE", "REFERENCES", "Pin", "Place", "Reference"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A text that names something, where it stands in a request."""

    text: str
    siblings: Mapping[str, object]
    """The structure that holds it."""
    request: Mapping[str, object]
    """The whole request."""


Found = tuple[ResourceKind | None, Identifiers]
"""A kind and the parameters of its Describe; no kind where the text does not tell which it is."""
Find = Callable[[Place], Iterator[Found]]
Amend = Callable[[Place, Mapping[str, object], Mapping[str, object]], Mapping[str, object]]
"""Takes the place of the reference, the Describe's answer and the request that would make the thing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pin:
    """Where a request can name the very version that a Describe showed."""

    operations: frozenset[str]
    """The operations that use it at once; in settings for later an open version is meant to stay open."""
    kind: str
    """The kind that has versions."""
    member: str
    """The member beside the reference that names the version."""
    shown: str
    """The member of the answer that holds it."""
    listed: tuple[str, str] | None = None
    """Where a Describe does not show it: the operation that lists versions, newest first, and the list's name."""
    unless: tuple[str, ...] = ()
    """Members beside the reference that name a version themselves."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """One row: what a member names."""

    kinds: tuple[ResourceKind, ...]
    find: Find
    case: str = ""
    """In which case it is looked at, in words; empty for always."""
    invoked: bool = False
    """A call of the data plane, many a second: looked at where the baseline asks for it."""
    judged_here: ControlId | None = None
    """The control of the member itself, which judges a thing of another account by its account alone."""
    pin: Pin | None = None
    """Where the version that is looked at can be named, so that no other is used."""
    amend: Amend | None = None
    """What the use of the thing changes in it: what it is started with."""


# --- how a text names something -------------------------------------------------------------------


def _named(kind: ResourceKind) -> Find:
    def find(place: Place) -> Iterator[Found]:
        yield kind, kind.identified(place.text)

    return find


def _by_arn(kinds: tuple[ResourceKind, ...], *, or_nothing: bool = False) -> Find:
    """The ARN tells the kind. Where it is no ARN of one of them, nothing is named, or nobody knows what."""

    def find(place: Place) -> Iterator[Found]:
        arn = parse_arn(place.text)
        resource = "" if arn is None or arn.service != "sagemaker" else arn.resource.partition("/")[0]
        kind = next((kind for kind in kinds if kind.id == resource), None)
        if kind is not None:
            yield kind, kind.identified(place.text)
        elif not or_nothing:
            yield None, {}

    return find


def _in_domain(kind: ResourceKind) -> Find:
    """The domain is named beside it, or in the request around it."""

    def find(place: Place) -> Iterator[Found]:
        domain = place.siblings.get("DomainId", place.request.get("DomainId"))
        yield kind, {"DomainId": str(domain), kind.names[-1]: place.text}

    return find


_MONITORS: Mapping[str, ResourceKind] = {
    "DataQuality": KINDS["data-quality-job-definition"],
    "ModelQuality": KINDS["model-quality-job-definition"],
    "ModelBias": KINDS["model-bias-job-definition"],
    "ModelExplainability": KINDS["model-explainability-job-definition"],
}


def _monitor(place: Place) -> Iterator[Found]:
    kind = _MONITORS.get(str(place.siblings.get("MonitoringType")))
    yield kind, {} if kind is None else kind.identified(place.text)


def _retained(place: Place) -> Iterator[Found]:
    """An update that retains variant properties takes over the data capture of the endpoint as it is."""
    excluded = place.siblings.get("ExcludeRetainedVariantProperties")
    named = [item.get("VariantPropertyType") for item in excluded] if isinstance(excluded, list) else []
    if place.siblings.get("RetainAllVariantProperties") is True and "DataCaptureConfig" not in named:
        yield from _named(KINDS["endpoint"])(place)


def _image(place: Place) -> Iterator[Found]:
    """The image, and the version that would run: the one of the alias, or the newest."""
    if place.text == _CLEARED:
        return
    image = KINDS["image"]
    named = image.identified(place.text)
    yield image, named
    if place.siblings.get("SageMakerImageVersionArn") in (None, _CLEARED):
        alias = place.siblings.get("SageMakerImageVersionAlias")
        yield KINDS["image-version"], {**named, "Alias": alias} if isinstance(alias, str) else named


def _custom_image(place: Place) -> Iterator[Found]:
    number = place.siblings.get("ImageVersionNumber")
    version = {"Version": number} if isinstance(number, int) else {}
    yield KINDS["image-version"], {"ImageName": place.text, **version}


_CLEARED = "None"
"""The text by which an update of Studio settings takes an ARN away."""


def _unless_cleared(kind: ResourceKind) -> Find:
    def find(place: Place) -> Iterator[Found]:
        if place.text != _CLEARED:
            yield kind, kind.identified(place.text)

    return find


def _repository(place: Place) -> Iterator[Found]:
    if "://" not in place.text:
        yield from _named(KINDS["code-repository"])(place)


def _team(place: Place) -> Iterator[Found]:
    """Teams of vendors and the public one are not this account's to describe."""
    arn = parse_arn(place.text)
    if arn is None or not arn.resource.startswith(("workteam/vendor-crowd/", "workteam/public-crowd/")):
        yield from _named(KINDS["workteam"])(place)


def _pipeline(place: Place) -> Iterator[Found]:
    """A pipeline, in the version that is named beside it."""
    named = {
        name: value
        for name in ("PipelineVersionId", "PipelineVersionAlias")
        if isinstance(value := place.siblings.get(name), str | int)
    }
    yield KINDS["pipeline"], {"PipelineName": place.text, **named}


def _scheduled_pipeline(place: Place) -> Iterator[Found]:
    arn = parse_arn(place.text)
    if arn is not None and arn.service == "sagemaker" and arn.resource.startswith("pipeline/"):
        yield KINDS["pipeline"], {"PipelineName": place.text}


def _given(parameters: object) -> dict[str, object]:
    listed = parameters if isinstance(parameters, list | tuple) else ()
    return {str(one.get("Name")): one.get("Value") for one in listed if isinstance(one, Mapping)}


def _started(
    place: Place, answer: Mapping[str, object], request: Mapping[str, object]
) -> Mapping[str, object]:
    """The pipeline with the parameters and the role that it is started with, now or on schedule."""
    scheduled = place.siblings.get("SageMakerPipelineParameters")
    given = {
        **_given(answer.get("PipelineParameters")),
        **_given(place.siblings.get("PipelineParameters")),
        **_given(scheduled.get("PipelineParameterList") if isinstance(scheduled, Mapping) else None),
    }
    amended = dict(request)
    if (role := place.siblings.get("RoleArn")) is not None and scheduled is None:
        amended["RoleArn"] = role  # a schedule's own role starts the pipeline, and runs nothing
    definition = request.get("PipelineDefinition")
    if given and isinstance(definition, str):
        with suppress(ValueError):  # what cannot be read is refused where it is judged
            amended["PipelineDefinition"] = with_parameters(definition, given)
    return amended


# --- the table ------------------------------------------------------------------------------------


def _one(kind: str, *, invoked: bool = False) -> Reference:
    return Reference(kinds=(KINDS[kind],), find=_named(KINDS[kind]), invoked=invoked)


def _arn(*kinds: str, or_nothing: bool = False) -> Reference:
    rows = tuple(KINDS[kind] for kind in kinds)
    return Reference(
        kinds=rows,
        find=_by_arn(rows, or_nothing=or_nothing),
        case="where it is the ARN of one" if or_nothing else "",
    )


_USER_PROFILE = Reference(kinds=(KINDS["user-profile"],), find=_in_domain(KINDS["user-profile"]))
_SPACE = Reference(kinds=(KINDS["space"],), find=_in_domain(KINDS["space"]))
_LIFECYCLE = Reference(
    kinds=(KINDS["studio-lifecycle-config"],), find=_unless_cleared(KINDS["studio-lifecycle-config"])
)
_REPOSITORY = Reference(
    kinds=(KINDS["code-repository"],), find=_repository, case="where it is a name and no URL"
)
_TEAM = Reference(
    kinds=(KINDS["workteam"],),
    find=_team,
    case="where it is a private team",
    judged_here=ControlId.PUBLIC_WORKFORCE,
)
_MLFLOW = _arn("mlflow-tracking-server", "mlflow-app")


def _hosting() -> Iterator[tuple[str, str, Reference]]:
    model, endpoint, package = _one("model"), _one("endpoint"), _one("model-package")
    yield "CreateEndpointInput", "EndpointConfigName", _one("endpoint-config")
    yield "UpdateEndpointInput", "EndpointConfigName", _one("endpoint-config")
    yield (
        "UpdateEndpointInput",
        "EndpointName",
        Reference(
            kinds=(KINDS["endpoint"],),
            find=_retained,
            case="where its data capture is retained",
        ),
    )
    yield "ProductionVariant", "ModelName", model
    yield "InstancePool", "ModelNameOverride", model
    yield "CreateTransformJobRequest", "ModelName", model
    yield "InferenceComponentSpecification", "ModelName", model
    yield "InferenceComponentSpecification", "BaseInferenceComponentName", _one("inference-component")
    yield "CreateInferenceComponentInput", "EndpointName", endpoint
    yield "CreateInferenceExperimentRequest", "EndpointName", endpoint
    yield "StartInferenceExperimentRequest", "Name", _one("inference-experiment")
    yield "ModelVariantConfig", "ModelName", model
    yield "Destination", "ResourceArn", _arn("endpoint", "inference-component")
    yield "RecommendationJobInputConfig", "ModelName", model
    yield "RecommendationJobInputConfig", "ModelPackageVersionArn", package
    yield "EndpointInfo", "EndpointName", endpoint
    yield "OptimizationSageMakerModel", "ModelName", model
    yield "AIBenchmarkEndpoint", "Identifier", endpoint
    yield "AIBenchmarkInferenceComponent", "Identifier", _one("inference-component")
    # What models are made of.
    yield "ContainerDefinition", "ModelPackageName", package
    for change in ("CreateModelPackageInput", "UpdateModelPackageInput"):
        yield change, "SourceUri", _arn("model-package", "model", or_nothing=True)
    yield "ModelPackageConfig", "SourceModelPackageArn", package
    yield "AIAdapterModelPackageEntry", "ModelPackageArn", package
    yield "CreateCompilationJobRequest", "ModelPackageVersionArn", package
    for uses in ("AlgorithmSpecification", "HyperParameterAlgorithmSpecification", "SourceAlgorithm"):
        yield uses, "AlgorithmName", _one("algorithm")
    # At the edge.
    yield "CreateEdgePackagingJobRequest", "CompilationJobName", _one("compilation-job")
    yield "EdgeDeploymentModelConfig", "EdgePackagingJobName", _one("edge-packaging-job")
    yield "CreateEdgeDeploymentPlanRequest", "DeviceFleetName", _one("device-fleet")
    yield "RegisterDevicesRequest", "DeviceFleetName", _one("device-fleet")
    yield "CreateEdgeDeploymentStageRequest", "EdgeDeploymentPlanName", _one("edge-deployment-plan")
    yield "StartEdgeDeploymentStageRequest", "EdgeDeploymentPlanName", _one("edge-deployment-plan")


def _monitoring() -> Iterator[tuple[str, str, Reference]]:
    yield (
        "MonitoringScheduleConfig",
        "MonitoringJobDefinitionName",
        Reference(kinds=tuple(_MONITORS.values()), find=_monitor),
    )
    yield "StartMonitoringScheduleRequest", "MonitoringScheduleName", _one("monitoring-schedule")
    yield "EndpointInput", "EndpointName", _one("endpoint")


def _studio() -> Iterator[tuple[str, str, Reference]]:
    notebook, domain = _one("notebook-instance"), _one("domain")
    yield "StartNotebookInstanceInput", "NotebookInstanceName", notebook
    yield "CreatePresignedNotebookInstanceUrlInput", "NotebookInstanceName", notebook
    for change in ("CreateNotebookInstanceInput", "UpdateNotebookInstanceInput"):
        yield change, "LifecycleConfigName", _one("notebook-instance-lifecycle-config")
        yield change, "DefaultCodeRepository", _REPOSITORY
        yield change, "AdditionalCodeRepositories", _REPOSITORY
    for use in ("CreateAppRequest", "CreatePresignedDomainUrlRequest"):
        yield use, "DomainId", domain
        yield use, "UserProfileName", _USER_PROFILE
        yield use, "SpaceName", _SPACE
    yield "CreateUserProfileRequest", "DomainId", domain
    yield "CreateSpaceRequest", "DomainId", domain
    yield "OwnershipSettings", "OwnerUserProfileName", _USER_PROFILE
    yield "StartSessionRequest", "ResourceIdentifier", _arn("space")
    yield "ResourceSpec", "LifecycleConfigArn", _LIFECYCLE
    for settings in ("CodeEditor", "JupyterLab", "JupyterServer", "KernelGateway"):
        yield f"{settings}AppSettings", "LifecycleConfigArns", _LIFECYCLE
    for settings in ("CodeEditor", "JupyterLab"):
        yield f"{settings}AppSettings", "BuiltInLifecycleConfigArn", _LIFECYCLE
    yield (
        "ResourceSpec",
        "SageMakerImageArn",
        Reference(
            kinds=(KINDS["image"], KINDS["image-version"]),
            find=_image,
            case="the version where none is named beside it: the newest, or the alias's",
            judged_here=ControlId.CONTAINER_IMAGE,
            pin=Pin(
                operations=frozenset({"CreateApp"}),
                kind="image-version",
                member="SageMakerImageVersionArn",
                shown="ImageVersionArn",
            ),
        ),
    )
    yield (
        "ResourceSpec",
        "SageMakerImageVersionArn",
        Reference(
            kinds=(KINDS["image-version"],),
            find=_unless_cleared(KINDS["image-version"]),
            judged_here=ControlId.CONTAINER_IMAGE,
        ),
    )
    yield "CustomImage", "ImageName", Reference(kinds=(KINDS["image-version"],), find=_custom_image)
    yield "CustomImage", "AppImageConfigName", _one("app-image-config")
    yield "CreateImageVersionRequest", "ImageName", _one("image")


def _pipelines() -> Iterator[tuple[str, str, Reference]]:
    newest = Pin(
        operations=frozenset({"StartPipelineExecution"}),
        kind="pipeline",
        member="PipelineVersionId",
        shown="PipelineVersionId",
        listed=("ListPipelineVersions", "PipelineVersionSummaries"),
        unless=("PipelineVersionAlias",),
    )
    kinds = (KINDS["pipeline"],)
    yield (
        "StartPipelineExecutionRequest",
        "PipelineName",
        Reference(kinds=kinds, find=_pipeline, pin=newest, amend=_started),
    )
    yield "UpdatePipelineVersionRequest", "PipelineArn", Reference(kinds=kinds, find=_pipeline)
    yield (
        "RetryPipelineExecutionRequest",
        "PipelineExecutionArn",
        Reference(
            kinds=(KINDS["pipeline-execution"],), find=_named(KINDS["pipeline-execution"]), amend=_started
        ),
    )
    yield (
        "Target",
        "Arn",
        Reference(
            kinds=kinds,
            find=_scheduled_pipeline,
            case="where a schedule or a rule starts one",
            amend=_started,
        ),
    )


def _others() -> Iterator[tuple[str, str, Reference]]:
    yield "ProcessingFeatureStoreOutput", "FeatureGroupName", _one("feature-group")
    yield "HumanTaskConfig", "WorkteamArn", _TEAM
    yield "HumanLoopConfig", "WorkteamArn", _TEAM
    yield "CreateWorkteamRequest", "WorkforceName", _one("workforce")
    yield "StartHumanLoopRequest", "FlowDefinitionArn", _one("flow-definition")
    yield "LabelingJobAlgorithmsConfig", "InitialActiveLearningModelArn", _one("model")
    yield "StartMlflowTrackingServerRequest", "TrackingServerName", _one("mlflow-tracking-server")
    yield (
        "CreatePresignedMlflowTrackingServerUrlRequest",
        "TrackingServerName",
        _one("mlflow-tracking-server"),
    )
    yield "CreatePresignedMlflowAppUrlRequest", "Arn", _one("mlflow-app")
    yield "MlflowConfig", "MlflowResourceArn", _MLFLOW
    yield "AIMlflowConfig", "MlflowResourceArn", _MLFLOW
    yield "CreatePartnerAppPresignedUrlRequest", "Arn", _one("partner-app")
    for change in ("CreateHubContentReferenceRequest", "ImportHubContentRequest", "UpdateHubContentRequest"):
        yield change, "HubName", _one("hub")
    yield "CreateModelCardExportJobRequest", "ModelCardName", _one("model-card")
    yield "AttachClusterNodeVolumeRequest", "ClusterArn", _one("cluster")
    yield "AttachClusterNodeNetworkInterfaceRequest", "ClusterName", _one("cluster")
    yield "CreateClusterExtensionRequest", "ClusterArn", _one("cluster")
    for job in ("CreateAIBenchmarkJobRequest", "CreateAIRecommendationJobRequest"):
        yield job, "AIWorkloadConfigIdentifier", _one("ai-workload-config")


def _data_plane() -> Iterator[tuple[str, str, Reference]]:
    endpoint, component = _one("endpoint", invoked=True), _one("inference-component", invoked=True)
    for call in ("InvokeEndpointInput", "InvokeEndpointAsyncInput", "InvokeEndpointWithResponseStreamInput"):
        yield call, "EndpointName", endpoint
    for call in ("InvokeEndpointInput", "InvokeEndpointWithResponseStreamInput"):
        yield call, "InferenceComponentName", component
    for call in ("InvokeInferenceRouterInput", "InvokeInferenceRouterAsyncInput"):
        yield call, "InferenceRouterName", _one("inference-router", invoked=True)
    for call in ("PutRecordRequest", "UpdateRecordRequest", "BatchWriteRecordEntry"):
        yield call, "FeatureGroupName", _one("feature-group", invoked=True)
    for call in (
        *("ExecuteSamplingOperationInput", "ExecuteTrainingOperationInput"),
        *("SampleTrainingSessionInput", "SampleTrainingSessionWithResponseStreamInput"),
    ):
        yield call, "trainingSessionName", _one("training-session", invoked=True)
    for use in (
        *("ComputeLogprobsConfig", "LoadStateConfig", "LoadWeightsForSamplingConfig", "SampleConfig"),
        *("SampleTrainingSessionInput", "SampleTrainingSessionWithResponseStreamInput"),
    ):
        yield use, "modelPackageArn", _one("model-package", invoked=True)


REFERENCES: Mapping[tuple[str, str], Reference] = MappingProxyType(
    {
        (shape, member): row
        for rows in (_hosting(), _monitoring(), _studio(), _pipelines(), _others(), _data_plane())
        for shape, member, row in rows
    }
)
"""Structure and member to what it names."""

MADE = frozenset({("OptimizationJobOutputConfig", "SageMakerModel")})
"""Structures that name what the call is going to make: structure around them and member."""

LOOKS = frozenset(
    {
        *(kind.describe for kind in KINDS.values()),
        *(kind.besides[0] for kind in KINDS.values() if kind.besides is not None),
        *(
            row.pin.listed[0]
            for row in REFERENCES.values()
            if row.pin is not None and row.pin.listed is not None
        ),
    }
)
"""The operations by which things are looked at."""
