"""Kinds of things that calls name instead of carry: how each is described, and what judges the description.

A thing is judged by the plan of the operation that makes it. A Describe shows what the Create took, but for its
tags; where the two name a member differently, ``renamed`` says so. A kind of which a Describe does not show all
else that is governed does not belong here: it could not be judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from secure_sagemaker.baseline import ControlId, parse_arn

__all__ = ["KINDS", "Identifiers", "ResourceKind"]

Identifiers = Mapping[str, str | int]
"""The parameters of a Describe that name one thing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceKind:
    """One kind of thing."""

    id: str
    """As ARNs call it."""
    describe: str
    """The operation that shows it."""
    create: str
    """The operation whose plan judges it."""
    names: tuple[str, ...]
    """The parameters of the Describe that name it, in the order in which ARNs hold them."""
    by_arn: bool = False
    """The last parameter takes an ARN too, and so things of other accounts."""
    root: str = ""
    """The member of the answer that holds it; empty when the answer itself does."""
    renamed: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Where the Describe shows a member of a Create's structure: structure and member to a dotted path."""
    changes: bool = True
    """It can be changed under its name without being made anew."""
    besides: tuple[str, str] | None = None
    """A further operation that is asked by the same parameters, and the list of its answer that is needed too."""
    unshown: Mapping[str, str] = field(default_factory=dict)
    """What is governed in the Create and not shown by the Describe, each with the reason why it need not be."""
    theirs: frozenset[ControlId] = frozenset()
    """Controls that are not asked of another account's: what it keeps there is its own."""

    def identified(self, value: str) -> Identifiers:
        """The parameters that name the thing which a text, a name or an ARN, names."""
        arn = parse_arn(value)
        if arn is None or self.by_arn:
            return {self.names[-1]: value}
        parts = arn.resource.split("/")[1:]
        # An ARN may hold more in front of the names: workteam/private-crowd/NAME.
        named = zip(self.names, parts[-len(self.names) :], strict=False)
        return {name: int(part) if part.isdigit() and name == "Version" else part for name, part in named}

    def label(self, identifiers: Identifiers) -> str:
        """How the thing is called in a chain: ``endpoint-config/churn``."""
        texts = [str(value) for value in identifiers.values()]
        arns = {text: arn for text in texts if (arn := parse_arn(text)) is not None}
        named = "/".join(arns[text].resource if text in arns else text for text in texts)
        return named if arns else f"{self.id}/{named}"


_MODEL_ACCOUNT_KEEPS = frozenset(
    {
        ControlId.EXECUTION_ROLE,
        ControlId.KMS_OUTPUT_KEY,
        ControlId.KMS_RESOURCE_KEY,
        ControlId.KMS_VOLUME_KEY,
    }
)


_IN_S3 = {"PipelineDefinitionS3Location.Bucket": "the definition itself is shown, wherever it was read from"}


def _monitoring(noun: str, id_: str) -> ResourceKind:
    return ResourceKind(
        id=id_,
        describe=f"Describe{noun}JobDefinition",
        create=f"Create{noun}JobDefinition",
        names=("JobDefinitionName",),
        changes=False,
    )


def _rows() -> tuple[ResourceKind, ...]:
    return (
        # Hosting.
        ResourceKind(
            id="endpoint", describe="DescribeEndpoint", create="CreateEndpoint", names=("EndpointName",)
        ),
        ResourceKind(
            id="endpoint-config",
            describe="DescribeEndpointConfig",
            create="CreateEndpointConfig",
            names=("EndpointConfigName",),
            changes=False,
        ),
        ResourceKind(
            id="model",
            describe="DescribeModel",
            create="CreateModel",
            names=("ModelName",),
            changes=False,
        ),
        ResourceKind(
            id="model-package",
            describe="DescribeModelPackage",
            create="CreateModelPackage",
            names=("ModelPackageName",),
            by_arn=True,
            theirs=_MODEL_ACCOUNT_KEEPS,
        ),
        ResourceKind(
            id="algorithm",
            describe="DescribeAlgorithm",
            create="CreateAlgorithm",
            names=("AlgorithmName",),
            by_arn=True,
            changes=False,
            theirs=_MODEL_ACCOUNT_KEEPS,
        ),
        ResourceKind(
            id="inference-component",
            describe="DescribeInferenceComponent",
            create="CreateInferenceComponent",
            names=("InferenceComponentName",),
            renamed={
                ("InferenceComponentContainerSpecification", "Image"): "DeployedImage.SpecifiedImage",
            },
        ),
        ResourceKind(
            id="inference-experiment",
            describe="DescribeInferenceExperiment",
            create="CreateInferenceExperiment",
            names=("Name",),
            renamed={("CreateInferenceExperimentRequest", "EndpointName"): "EndpointMetadata.EndpointName"},
        ),
        ResourceKind(
            id="inference-router",
            describe="DescribeInferenceRouter",
            create="CreateInferenceRouter",
            names=("InferenceRouterName",),
        ),
        # Pipelines.
        ResourceKind(
            id="pipeline",
            describe="DescribePipeline",
            create="CreatePipeline",
            names=("PipelineName",),
            by_arn=True,
            unshown=_IN_S3,
        ),
        ResourceKind(
            id="pipeline-execution",
            describe="DescribePipelineDefinitionForExecution",
            create="CreatePipeline",
            names=("PipelineExecutionArn",),
            by_arn=True,
            besides=("ListPipelineParametersForExecution", "PipelineParameters"),
            unshown={
                **_IN_S3,
                "RoleArn": "the role that the execution was started with, which was judged then",
            },
        ),
        # Monitoring.
        _monitoring("DataQuality", "data-quality-job-definition"),
        _monitoring("ModelQuality", "model-quality-job-definition"),
        _monitoring("ModelBias", "model-bias-job-definition"),
        _monitoring("ModelExplainability", "model-explainability-job-definition"),
        ResourceKind(
            id="monitoring-schedule",
            describe="DescribeMonitoringSchedule",
            create="CreateMonitoringSchedule",
            names=("MonitoringScheduleName",),
        ),
        # Notebooks and Studio.
        ResourceKind(
            id="notebook-instance",
            describe="DescribeNotebookInstance",
            create="CreateNotebookInstance",
            names=("NotebookInstanceName",),
            renamed={
                ("CreateNotebookInstanceInput", "SecurityGroupIds"): "SecurityGroups",
                (
                    "CreateNotebookInstanceInput",
                    "LifecycleConfigName",
                ): "NotebookInstanceLifecycleConfigName",
            },
        ),
        ResourceKind(
            id="notebook-instance-lifecycle-config",
            describe="DescribeNotebookInstanceLifecycleConfig",
            create="CreateNotebookInstanceLifecycleConfig",
            names=("NotebookInstanceLifecycleConfigName",),
        ),
        ResourceKind(
            id="code-repository",
            describe="DescribeCodeRepository",
            create="CreateCodeRepository",
            names=("CodeRepositoryName",),
        ),
        ResourceKind(id="domain", describe="DescribeDomain", create="CreateDomain", names=("DomainId",)),
        ResourceKind(
            id="user-profile",
            describe="DescribeUserProfile",
            create="CreateUserProfile",
            names=("DomainId", "UserProfileName"),
        ),
        ResourceKind(
            id="space", describe="DescribeSpace", create="CreateSpace", names=("DomainId", "SpaceName")
        ),
        ResourceKind(
            id="studio-lifecycle-config",
            describe="DescribeStudioLifecycleConfig",
            create="CreateStudioLifecycleConfig",
            names=("StudioLifecycleConfigName",),
            changes=False,
        ),
        ResourceKind(id="image", describe="DescribeImage", create="CreateImage", names=("ImageName",)),
        ResourceKind(
            id="image-version",
            describe="DescribeImageVersion",
            create="CreateImageVersion",
            names=("ImageName", "Version"),
            renamed={("CreateImageVersionRequest", "ImageName"): "ImageArn"},
        ),
        ResourceKind(
            id="app-image-config",
            describe="DescribeAppImageConfig",
            create="CreateAppImageConfig",
            names=("AppImageConfigName",),
        ),
        # What else runs, stores or shows data.
        ResourceKind(
            id="cluster",
            describe="DescribeCluster",
            create="CreateCluster",
            names=("ClusterName",),
            by_arn=True,
            renamed={
                ("ClusterKubernetesConfig", "Labels"): "DesiredLabels",
                ("ClusterKubernetesConfig", "Taints"): "DesiredTaints",
            },
        ),
        ResourceKind(
            id="feature-group",
            describe="DescribeFeatureGroup",
            create="CreateFeatureGroup",
            names=("FeatureGroupName",),
            by_arn=True,
        ),
        ResourceKind(
            id="flow-definition",
            describe="DescribeFlowDefinition",
            create="CreateFlowDefinition",
            names=("FlowDefinitionName",),
            changes=False,
        ),
        ResourceKind(
            id="workteam",
            describe="DescribeWorkteam",
            create="CreateWorkteam",
            names=("WorkteamName",),
            root="Workteam",
            renamed={("CreateWorkteamRequest", "WorkforceName"): "WorkforceArn"},
        ),
        ResourceKind(
            id="workforce",
            describe="DescribeWorkforce",
            create="CreateWorkforce",
            names=("WorkforceName",),
            root="Workforce",
        ),
        ResourceKind(
            id="mlflow-tracking-server",
            describe="DescribeMlflowTrackingServer",
            create="CreateMlflowTrackingServer",
            names=("TrackingServerName",),
        ),
        ResourceKind(
            id="mlflow-app",
            describe="DescribeMlflowApp",
            create="CreateMlflowApp",
            names=("Arn",),
            by_arn=True,
        ),
        ResourceKind(
            id="partner-app",
            describe="DescribePartnerApp",
            create="CreatePartnerApp",
            names=("Arn",),
            by_arn=True,
        ),
        ResourceKind(
            id="compilation-job",
            describe="DescribeCompilationJob",
            create="CreateCompilationJob",
            names=("CompilationJobName",),
            changes=False,
        ),
        ResourceKind(
            id="edge-packaging-job",
            describe="DescribeEdgePackagingJob",
            create="CreateEdgePackagingJob",
            names=("EdgePackagingJobName",),
            changes=False,
        ),
        ResourceKind(
            id="edge-deployment-plan",
            describe="DescribeEdgeDeploymentPlan",
            create="CreateEdgeDeploymentPlan",
            names=("EdgeDeploymentPlanName",),
        ),
        ResourceKind(
            id="device-fleet",
            describe="DescribeDeviceFleet",
            create="CreateDeviceFleet",
            names=("DeviceFleetName",),
        ),
        ResourceKind(id="hub", describe="DescribeHub", create="CreateHub", names=("HubName",), by_arn=True),
        ResourceKind(
            id="model-card",
            describe="DescribeModelCard",
            create="CreateModelCard",
            names=("ModelCardName",),
            by_arn=True,
        ),
        ResourceKind(
            id="ai-workload-config",
            describe="DescribeAIWorkloadConfig",
            create="CreateAIWorkloadConfig",
            names=("AIWorkloadConfigName",),
            changes=False,
        ),
        ResourceKind(
            id="training-session",
            describe="DescribeTrainingSession",
            create="CreateTrainingSession",
            names=("TrainingSessionName",),
            root="TrainingSessionDetail",
            changes=False,
        ),
    )


KINDS: Mapping[str, ResourceKind] = MappingProxyType({kind.id: kind for kind in _rows()})
