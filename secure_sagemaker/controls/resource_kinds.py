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


def _kind(
    id_: str,
    noun: str,
    *,
    names: tuple[str, ...] = (),
    by_arn: bool = False,
    changes: bool = True,
    root: str = "",
    theirs: frozenset[ControlId] = frozenset(),
    renamed: Mapping[tuple[str, str], str] = MappingProxyType({}),
) -> ResourceKind:
    """A kind whose operations and name are called after one noun, as most are."""
    return ResourceKind(
        id=id_,
        describe=f"Describe{noun}",
        create=f"Create{noun}",
        names=names or (f"{noun}Name",),
        by_arn=by_arn,
        changes=changes,
        root=root,
        theirs=theirs,
        renamed=renamed,
    )


_ROWS = (
    # Hosting.
    _kind("endpoint", "Endpoint"),
    _kind("endpoint-config", "EndpointConfig", changes=False),
    _kind("model", "Model", changes=False),
    _kind("model-package", "ModelPackage", by_arn=True, theirs=_MODEL_ACCOUNT_KEEPS),
    _kind("algorithm", "Algorithm", by_arn=True, changes=False, theirs=_MODEL_ACCOUNT_KEEPS),
    _kind(
        "inference-component",
        "InferenceComponent",
        renamed={("InferenceComponentContainerSpecification", "Image"): "DeployedImage.SpecifiedImage"},
    ),
    _kind(
        "inference-experiment",
        "InferenceExperiment",
        names=("Name",),
        renamed={("CreateInferenceExperimentRequest", "EndpointName"): "EndpointMetadata.EndpointName"},
    ),
    _kind("inference-router", "InferenceRouter"),
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
            "RoleArn": "an execution has the role of its pipeline, which is looked at beside it",
        },
    ),
    ResourceKind(
        id="pipeline-role",
        describe="DescribePipeline",
        create="CreatePipeline",
        names=("PipelineName",),
        by_arn=True,
        renamed={("CreatePipelineRequest", "PipelineDefinition"): ""},
        unshown={**_IN_S3, "PipelineDefinition": "an execution has a definition of its own"},
    ),
    # Monitoring.
    *(
        _kind(id_, f"{noun}JobDefinition", names=("JobDefinitionName",), changes=False)
        for id_, noun in (
            ("data-quality-job-definition", "DataQuality"),
            ("model-quality-job-definition", "ModelQuality"),
            ("model-bias-job-definition", "ModelBias"),
            ("model-explainability-job-definition", "ModelExplainability"),
        )
    ),
    _kind("monitoring-schedule", "MonitoringSchedule"),
    # Notebooks and Studio.
    _kind(
        "notebook-instance",
        "NotebookInstance",
        renamed={
            ("CreateNotebookInstanceInput", "SecurityGroupIds"): "SecurityGroups",
            ("CreateNotebookInstanceInput", "LifecycleConfigName"): "NotebookInstanceLifecycleConfigName",
        },
    ),
    _kind("notebook-instance-lifecycle-config", "NotebookInstanceLifecycleConfig"),
    _kind("code-repository", "CodeRepository"),
    _kind("domain", "Domain", names=("DomainId",)),
    _kind("user-profile", "UserProfile", names=("DomainId", "UserProfileName")),
    _kind("space", "Space", names=("DomainId", "SpaceName")),
    _kind("studio-lifecycle-config", "StudioLifecycleConfig", changes=False),
    _kind("image", "Image"),
    _kind(
        "image-version",
        "ImageVersion",
        names=("ImageName", "Version"),
        renamed={("CreateImageVersionRequest", "ImageName"): "ImageArn"},
    ),
    _kind("app-image-config", "AppImageConfig"),
    # What else runs, stores or shows data.
    _kind(
        "cluster",
        "Cluster",
        by_arn=True,
        renamed={
            ("ClusterKubernetesConfig", "Labels"): "DesiredLabels",
            ("ClusterKubernetesConfig", "Taints"): "DesiredTaints",
        },
    ),
    _kind("feature-group", "FeatureGroup", by_arn=True),
    _kind("flow-definition", "FlowDefinition", changes=False),
    _kind(
        "workteam",
        "Workteam",
        root="Workteam",
        renamed={("CreateWorkteamRequest", "WorkforceName"): "WorkforceArn"},
    ),
    _kind("workforce", "Workforce", root="Workforce"),
    _kind("mlflow-tracking-server", "MlflowTrackingServer", names=("TrackingServerName",)),
    _kind("mlflow-app", "MlflowApp", names=("Arn",), by_arn=True),
    _kind("partner-app", "PartnerApp", names=("Arn",), by_arn=True),
    _kind("compilation-job", "CompilationJob", changes=False),
    _kind("edge-packaging-job", "EdgePackagingJob", changes=False),
    _kind("edge-deployment-plan", "EdgeDeploymentPlan"),
    _kind("device-fleet", "DeviceFleet"),
    _kind("hub", "Hub", by_arn=True),
    _kind("model-card", "ModelCard", by_arn=True),
    _kind("ai-workload-config", "AIWorkloadConfig", changes=False),
    _kind("training-session", "TrainingSession", root="TrainingSessionDetail", changes=False),
)


KINDS: Mapping[str, ResourceKind] = MappingProxyType({kind.id: kind for kind in _ROWS})
