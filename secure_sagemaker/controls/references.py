"""Where a request names a thing made elsewhere that has governed settings of its own.

``REFERENCES`` has one row for each member that does. Every other member that could name something stands in
``reviewed_references.json``: read by a person, and found to name nothing that is judged, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from secure_sagemaker.baseline import ControlId
from secure_sagemaker.controls.naming import (
    MONITORS,
    Amend,
    Find,
    by_arn,
    by_monitoring_type,
    by_name,
    custom_image,
    execution,
    image,
    in_domain,
    pipeline,
    private_team,
    repository,
    retained_endpoint,
    scheduled_pipeline,
    started,
    unless_cleared,
)
from secure_sagemaker.controls.resource_kinds import KINDS, ResourceKind

__all__ = ["LOOKS", "MADE", "REFERENCES", "Pin", "Reference"]


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
    alias: tuple[str, str] | None = None
    """The member beside the reference that names a version by an alias, and the list of them in an entry."""


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


# --- the table ------------------------------------------------------------------------------------


def _one(kind: str, *, invoked: bool = False) -> Reference:
    return Reference(kinds=(KINDS[kind],), find=by_name(KINDS[kind]), invoked=invoked)


def _arn(*kinds: str, or_nothing: bool = False) -> Reference:
    rows = tuple(KINDS[kind] for kind in kinds)
    return Reference(
        kinds=rows,
        find=by_arn(rows, or_nothing=or_nothing),
        case="where it is the ARN of one" if or_nothing else "",
    )


_USER_PROFILE = Reference(kinds=(KINDS["user-profile"],), find=in_domain(KINDS["user-profile"]))
_SPACE = Reference(kinds=(KINDS["space"],), find=in_domain(KINDS["space"]))
_LIFECYCLE = Reference(
    kinds=(KINDS["studio-lifecycle-config"],), find=unless_cleared(KINDS["studio-lifecycle-config"])
)
_REPOSITORY = Reference(
    kinds=(KINDS["code-repository"],), find=repository, case="where it is a name and no URL"
)
_TEAM = Reference(
    kinds=(KINDS["workteam"],),
    find=private_team,
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
            find=retained_endpoint,
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
        Reference(kinds=tuple(MONITORS.values()), find=by_monitoring_type),
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
            find=image,
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
            find=unless_cleared(KINDS["image-version"]),
            judged_here=ControlId.CONTAINER_IMAGE,
        ),
    )
    yield "CustomImage", "ImageName", Reference(kinds=(KINDS["image-version"],), find=custom_image)
    yield "CustomImage", "AppImageConfigName", _one("app-image-config")
    yield "CreateImageVersionRequest", "ImageName", _one("image")


def _pipelines() -> Iterator[tuple[str, str, Reference]]:
    newest = Pin(
        operations=frozenset({"StartPipelineExecution"}),
        kind="pipeline",
        member="PipelineVersionId",
        shown="PipelineVersionId",
        listed=("ListPipelineVersions", "PipelineVersionSummaries"),
        alias=("PipelineVersionAlias", "PipelineVersionAliases"),
    )
    kinds = (KINDS["pipeline"],)
    yield (
        "StartPipelineExecutionRequest",
        "PipelineName",
        Reference(kinds=kinds, find=pipeline, pin=newest, amend=started),
    )
    yield "UpdatePipelineVersionRequest", "PipelineArn", Reference(kinds=kinds, find=pipeline)
    yield (
        "RetryPipelineExecutionRequest",
        "PipelineExecutionArn",
        Reference(kinds=(KINDS["pipeline-execution"], KINDS["pipeline-role"]), find=execution, amend=started),
    )
    yield (
        "SelectiveExecutionConfig",
        "SourcePipelineExecutionArn",
        Reference(
            kinds=(KINDS["pipeline-execution"],), find=by_name(KINDS["pipeline-execution"]), amend=started
        ),
    )
    yield (
        "Target",
        "Arn",
        Reference(
            kinds=kinds,
            find=scheduled_pipeline,
            case="where a schedule or a rule starts one",
            amend=started,
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
