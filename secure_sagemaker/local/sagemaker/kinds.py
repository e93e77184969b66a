"""The kinds of resources that SageMaker has, read from botocore's service model.

A kind is what one operation makes and a Describe tells of. The model says which members name it, which
hold its ARN, which its status and what a status can be. What the model does not say stands in the
tables below: how an ARN is spelled where it is not the kind's name, what AWS fills in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from botocore.model import OperationModel, ServiceModel, Shape, StringShape, StructureShape

__all__ = ["DEFAULTS", "MERGED", "RENAMED", "Course", "Kind", "kinds", "listed_kind"]

# What makes a kind that no Create makes, or makes of its own.
_MADE_BY = {
    "Device": "RegisterDevices",
    "HubContent": "ImportHubContent",
    "PipelineExecution": "StartPipelineExecution",
}
_SHARED = {"AutoMLJobV2": "AutoMLJob"}
"""Kinds that are another kind under a second set of operations."""

# What names a resource beside what its Describe requires, in the order of its ARN.
_IDENTITY = {
    "App": ("DomainId", "UserProfileName", "SpaceName", "AppType", "AppName"),
    "Device": ("DeviceFleetName", "DeviceName"),
    "HubContent": ("HubName", "HubContentType", "HubContentName", "HubContentVersion"),
    "ImageVersion": ("ImageName", "Version"),
    "Job": ("JobCategory", "JobName"),
}

# Service Authorization Reference, "Resource types defined by Amazon SageMaker": where the type is not the
# kind's name, or what follows is not what names it. {id} is an identifier of AWS's own.
_ARN_PATHS = {
    "Artifact": "artifact/{id}",
    "AutoMLJob": "automl-job/{AutoMLJobName}",
    "AutoMLJobV2": "automl-job/{AutoMLJobName}",
    "Cluster": "cluster/{id}",
    "ClusterExtension": "extension/sagemaker-hyperpod/{ExtensionName}/{id}",
    "Device": "device-fleet/{DeviceFleetName}/device/{DeviceName}",
    "EdgeDeploymentPlan": "edge-deployment/{EdgeDeploymentPlanName}",
    "MlflowApp": "mlflow-app/app-{ID}",
    "ModelCardExportJob": "model-card/{ModelCardName}/export-job/{ModelCardExportJobName}",
    "PartnerApp": "partner-app/app-{ID}",
    "PipelineExecution": "pipeline/{PipelineName}/execution/{id}",
    "Trial": "experiment-trial/{TrialName}",
    "TrialComponent": "experiment-trial-component/{TrialComponentName}",
    "Workforce": "workforce/private-crowd/{WorkforceName}",
    "Workteam": "workteam/private-crowd/{WorkteamName}",
}
_WORDS = {
    "AutoMLJob": "AutoML job",
    "AutoMLJobV2": "AutoML job",
    "EndpointConfig": "endpoint configuration",
    "HyperParameterTuningJob": "tuning job",
    "HumanTaskUi": "human task UI",
}

RENAMED: Mapping[str, Mapping[str, str]] = {
    "NotebookInstance": {
        "LifecycleConfigName": "NotebookInstanceLifecycleConfigName",
        "SecurityGroupIds": "SecurityGroups",
    },
    "Domain": {"DomainSettingsForUpdate": "DomainSettings"},
}
"""Members that Describe answers under another name than Create or Update takes."""

MERGED = frozenset(
    {
        *("CustomerMetadataProperties", "DefaultSpaceSettings", "DefaultUserSettings", "DomainSettings"),
        *("InputArtifacts", "OnlineStoreConfig", "OutputArtifacts", "Parameters", "Properties"),
        *("ResourceConfig", "RuntimeConfig", "SpaceSettings", "UserSettings"),
    }
)
"""Members of which an Update changes what it names and leaves the rest; others it replaces."""

DEFAULTS: Mapping[str, Mapping[str, object]] = {
    "ClusterExtension": {"ExtensionVersion": "1.0.0"},
    "Domain": {"AppNetworkAccessType": "PublicInternetOnly"},
    "Model": {"EnableNetworkIsolation": False},
    "MlflowApp": {"MlflowVersion": "3.4", "AccountDefaultStatus": "DISABLED"},
    "MlflowTrackingServer": {"IsActive": "Active", "MlflowVersion": "3.0", "TrackingServerSize": "Small"},
    "NotebookInstance": {
        "DirectInternetAccess": "Enabled",
        "PlatformIdentifier": "notebook-al2023-v1",
        "RootAccess": "Enabled",
        "VolumeSizeInGB": 5,
    },
    "ProcessingJob": {"StoppingCondition": {"MaxRuntimeInSeconds": 86400}},
    "TrainingJob": {
        "EnableInterContainerTrafficEncryption": False,
        "EnableManagedSpotTraining": False,
        "EnableNetworkIsolation": False,
        "ProfilingStatus": "Disabled",
        "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
    },
}
"""What AWS answers for members that were not sent (botocore's documentation of each member)."""

# In the order in which they are looked for among the values that a status can have.
_BEGUN = ("creating", "createinprogress", "initializing", "pending", "inprogress", "executing", "importing")
_DONE = (
    *("inservice", "created", "completed", "createcompleted", "active", "available", "scheduled"),
    *("running", "succeeded"),
)
_RUNS_AT_ONCE = {"InferenceExperiment": "Running"}


@dataclass(frozen=True, kw_only=True)
class Course:
    """Two values of a status: the one that a call sets, and the one that a later Describe finds."""

    first: str
    then: str


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of resource."""

    name: str
    """As the operations are named, such as ``TrainingJob``."""
    collection: str
    """The kind it is kept among."""
    words: str
    """As AWS's messages name it, such as ``training job``."""
    describe: OperationModel
    identity: tuple[str, ...]
    """The members that name one, in the order of its ARN."""
    arn_path: str
    arn_members: tuple[str, ...]
    """The members that hold its ARN."""
    wrapper: str
    """The member under which Describe tells everything; empty where it tells it directly."""
    view: StructureShape
    """The structure in which Describe tells it."""
    status: str
    """The member that holds its status; empty where it has none."""
    course: Course | None
    """How it comes to be."""

    @property
    def label(self) -> str:
        """The member that a list shows and sorts as its name."""
        names = (f"{self.collection}Name", "Name", "JobDefinitionName", "JobName")
        return next((name for name in names if name in self.view.members), self.identity[-1])

    @property
    def is_job(self) -> bool:
        """Whether it runs to an end."""
        return self.course is not None and self.course.then.lower() in ("completed", "succeeded")

    def statuses(self, *wanted: str) -> str:
        """The first of these that its status can be, whatever the case; empty where there is none."""
        return _first(_values(self.view.members.get(self.status)), wanted)


def _values(shape: Shape | None) -> tuple[str, ...]:
    return tuple(shape.enum) if isinstance(shape, StringShape) else ()


def _first(values: tuple[str, ...], wanted: tuple[str, ...]) -> str:
    plain = {value.lower().replace("_", ""): value for value in values}
    return next((plain[name] for name in wanted if name in plain), "")


@cache
def kinds(model: ServiceModel) -> Mapping[str, Kind]:
    """Every kind of the service, by name."""
    return MappingProxyType({kind.name: kind for kind in _read(model)})


@cache
def listed_kind(model: ServiceModel, operation: str) -> Kind | None:
    """The kind that a List operation lists, or None."""
    plural = operation.removeprefix("List")
    every = kinds(model)
    singular = f"{plural[:-3]}y" if plural.endswith("ies") else plural.removesuffix("s")
    return every.get(singular)


def _read(model: ServiceModel) -> Iterator[Kind]:
    operations = frozenset(model.operation_names)
    for operation in sorted(operations):
        name = operation.removeprefix("Describe")
        made_by = _MADE_BY.get(name, f"Create{name}")
        if name != operation and made_by in operations:
            yield _kind(name, model.operation_model(made_by), model.operation_model(operation))


def _kind(name: str, create: OperationModel, describe: OperationModel) -> Kind:
    collection = _SHARED.get(name, name)
    asked = describe.input_shape.required_members if describe.input_shape is not None else ()
    identity = _IDENTITY.get(name, tuple(asked))
    wrapper, view = _view(describe, identity)
    made = create.output_shape.members if create.output_shape is not None else {}
    spelled = {f"{collection}Arn", "Arn", *(member for member in made if member.endswith("Arn"))}
    parents = {"ImageVersion": "ImageArn", "HubContent": "HubArn"}.get(name)
    taken = create.input_shape.members if create.input_shape is not None else {}
    status = _status(collection, view, frozenset(taken))
    course = _course(name, _values(view.members.get(status)))
    return Kind(
        name=name,
        collection=collection,
        words=_WORDS.get(name, _spaced(name).replace("-", " ")),
        describe=describe,
        identity=identity,
        arn_path=_ARN_PATHS.get(name, "/".join([_spaced(name), *(f"{{{member}}}" for member in identity)])),
        arn_members=tuple(sorted(spelled - {parents})),
        wrapper=wrapper,
        view=view,
        status=status if course is not None else "",
        course=course,
    )


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name).lower()


def _view(describe: OperationModel, identity: tuple[str, ...]) -> tuple[str, StructureShape]:
    told = describe.output_shape
    if not isinstance(told, StructureShape):
        raise TypeError(f"{describe.name} tells nothing")
    if any(name in told.members for name in identity) or "Arn" in told.members:
        return "", told
    for name, member in told.members.items():
        if isinstance(member, StructureShape) and identity[-1] in member.members:
            return name, member
    return "", told


def _status(name: str, view: StructureShape, taken: frozenset[str]) -> str:
    candidates = [
        member for member, shape in view.members.items() if _values(shape) and member.endswith("Status")
    ]
    preferred = [f"{name}Status", "Status", *candidates]
    return next((member for member in preferred if member in candidates and member not in taken), "")


def _course(name: str, values: tuple[str, ...]) -> Course | None:
    then = _RUNS_AT_ONCE.get(name) or _first(values, _DONE)
    return Course(first=_first(values, _BEGUN) or then, then=then) if then else None
