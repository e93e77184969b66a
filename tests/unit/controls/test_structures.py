"""Which structures are created: those whose presence means the same but for security, and no others."""

import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from secure_sagemaker.controls.members import PARENTS
from tests.controls_support import (
    DEFAULT_ROLE,
    GROUPS,
    NETWORK,
    OUTPUT_KEY,
    RESOURCE_KEY,
    SUBNETS,
    VOLUME_KEY,
    Request,
    at,
    decided,
    enforced,
    needed,
    operation,
    service_model,
)
from tools.golden import minimal

# What must never come into being by itself, and what its presence would do.
NEVER = {
    "CreateEndpointConfig": {
        "AsyncInferenceConfig": "makes the endpoint asynchronous",
        "DataCaptureConfig": "starts capturing payloads",
        "ExplainerConfig": "explains every prediction",
        "ShadowProductionVariants": "copies traffic",
    },
    "CreateFeatureGroup": {
        "OnlineStoreConfig": "makes an online store",
        "OfflineStoreConfig": "makes an offline store",
    },
    "CreateHyperParameterTuningJob": {
        "TrainingJobDefinition.HyperParameterTuningResourceConfig": "excludes ResourceConfig",
        "TrainingJobDefinition.ResourceConfig": "excludes HyperParameterTuningResourceConfig",
        "TrainingJobDefinition.CheckpointConfig": "writes checkpoints",
        "TrainingJobDefinitions": "excludes TrainingJobDefinition",
        "WarmStartConfig": "starts from another job",
    },
    "CreateTrainingJob": {
        "ResourceConfig": "excludes a serverless job",
        "RemoteDebugConfig": "is about a shell",
        "CheckpointConfig": "writes checkpoints",
        "DebugHookConfig": "writes tensors",
        "ProfilerConfig": "starts the profiler",
        "TensorBoardOutputConfig": "writes logs",
        "AlgorithmSpecification": "names an algorithm",
    },
    "CreateTransformJob": {"DataCaptureConfig": "starts capturing payloads"},
    "CreateLabelingJob": {"LabelingJobAlgorithmsConfig": "labels automatically"},
    "CreateDomain": {
        "DomainSettings": "sets Docker, RStudio and groups",
        "DefaultSpaceSettings": "makes settings for shared spaces",
        "DefaultUserSettings.SharingSettings": "lets users share notebooks",
        "DefaultUserSettings.CanvasAppSettings": "sets up Canvas",
        "DefaultUserSettings.JupyterLabAppSettings": "sets up JupyterLab",
    },
    "CreateUserProfile": {"UserSettings": "overrides the domain's settings"},
    "CreateSpace": {"SpaceSettings": "sets up the space"},
    "CreateWorkforce": {
        "WorkforceVpcConfig": "shuts out workers who are not in the VPC",
        "SourceIpConfig": "shuts out other addresses",
    },
    "CreateProcessingJob": {"ProcessingOutputConfig": "names outputs", "ProcessingInputs": "names inputs"},
    "CreateModel": {"PrimaryContainer": "names a container", "Containers": "makes an inference pipeline"},
    "CreateModelPackage": {
        "ValidationSpecification": "starts validation jobs",
        "InferenceSpecification": "says how to serve it",
    },
    "CreateAlgorithm": {"ValidationSpecification": "starts validation jobs"},
    "CreateAutoMLJobV2": {"AutoMLComputeConfig": "moves work to EMR"},
    "CreateInferenceExperiment": {"DataStorageConfig": "captures traffic"},
    "CreateMonitoringSchedule": {
        "MonitoringScheduleConfig.MonitoringJobDefinition": "excludes a definition by name"
    },
    "CreateCluster": {
        "InstanceGroups": "adds instances",
        "RestrictedInstanceGroups": "adds instances",
        "InstanceGroups.0.OverrideVpcConfig": "takes the group out of the cluster's own network",
        "Orchestrator": "brings in EKS",
    },
    "CreateDeviceFleet": {"OutputConfig": "is the caller's to give"},
    "CreateHub": {"S3StorageConfig": "stores hub content"},
}


def given(name: str, path: str) -> Request:
    """The smallest request in which the path's own structure is present, and the path is not."""
    shape: Shape | None = operation(name).input_shape
    content = minimal(shape) if shape is not None else {}
    assert isinstance(content, dict)
    place: object = content
    *around, last = path.split(".")
    for part in around:
        assert shape is not None
        if isinstance(place, list):
            continue
        assert isinstance(place, dict)
        assert isinstance(shape, StructureShape)
        shape = shape.members[part]
        whole = [minimal(innermost(shape))] if isinstance(shape, ListShape) else minimal(shape)
        place = place.setdefault(part, whole)
        if isinstance(place, list):
            place, shape = place[0], innermost(shape)
    assert isinstance(place, dict)
    place.pop(last, None)
    return content


def innermost(shape: Shape) -> Shape:
    while isinstance(shape, ListShape | MapShape):
        shape = shape.member if isinstance(shape, ListShape) else shape.value
    return shape


@pytest.mark.parametrize(("name", "path"), [(name, path) for name, paths in NEVER.items() for path in paths])
def test_what_changes_the_call_is_never_created(name: str, path: str) -> None:
    """A structure whose presence changes what the call does stays absent."""
    request = given(name, path.replace(".0", ""))
    assert at(enforced(name, request), path) is None


CREATED: dict[str, tuple[str, Request]] = {
    "CreateTrainingJob": ("VpcConfig", NETWORK),
    "CreateModel": ("VpcConfig", NETWORK),
    "CreateCompilationJob": ("VpcConfig", NETWORK),
    "CreateOptimizationJob": ("VpcConfig", NETWORK),
    "CreateCluster": ("VpcConfig", NETWORK),
    "CreateModelCard": ("SecurityConfig", {"KmsKeyId": RESOURCE_KEY}),
    "CreateModelPackage": ("SecurityConfig", {"KmsKeyId": RESOURCE_KEY}),
    "CreateInferenceRecommendationsJob": ("OutputConfig", {"KmsKeyId": OUTPUT_KEY}),
    "CreateNotebookInstance": (
        "InstanceMetadataServiceConfiguration",
        {"MinimumInstanceMetadataServiceVersion": "2"},
    ),
    "CreateProcessingJob": (
        "NetworkConfig",
        {
            "EnableInterContainerTrafficEncryption": True,
            "EnableNetworkIsolation": True,
            "VpcConfig": NETWORK,
        },
    ),
    "CreateAutoMLJobV2": (
        "SecurityConfig",
        {
            "VolumeKmsKeyId": VOLUME_KEY,
            "EnableInterContainerTrafficEncryption": True,
            "VpcConfig": NETWORK,
        },
    ),
}


@pytest.mark.parametrize("name", CREATED)
def test_what_only_secures_is_created(name: str) -> None:
    """A structure that says nothing but security is made whole where it is absent."""
    path, content = CREATED[name]
    assert content == at(enforced(name, {}), path)


@pytest.mark.parametrize(
    "name",
    ["DataQuality", "ModelQuality", "ModelBias", "ModelExplainability"],
)
def test_monitoring_definitions_get_their_network(name: str) -> None:
    """Each of the four monitoring definitions is put into the VPC and isolated."""
    found = enforced(f"Create{name}JobDefinition", {})
    assert NETWORK == at(found, "NetworkConfig.VpcConfig")
    assert at(found, "NetworkConfig.EnableNetworkIsolation") is True
    assert at(found, "NetworkConfig.EnableInterContainerTrafficEncryption") is True


def test_an_online_store_is_encrypted_where_there_is_one() -> None:
    """Inside a structure that is there, the one that only secures is made."""
    found = enforced("CreateFeatureGroup", {"OnlineStoreConfig": {"EnableOnlineStore": True}})
    assert RESOURCE_KEY == at(found, "OnlineStoreConfig.SecurityConfig.KmsKeyId")
    assert "OfflineStoreConfig" not in found.parameters
    assert "RoleArn" not in found.parameters


def test_an_offline_store_brings_its_role_and_key() -> None:
    """The role that AWS needs beside an offline store is injected there and only there."""
    stored = {"S3StorageConfig": {"S3Uri": "s3://ml-artifacts/features"}}
    found = enforced("CreateFeatureGroup", {"OfflineStoreConfig": stored})
    assert OUTPUT_KEY == at(found, "OfflineStoreConfig.S3StorageConfig.KmsKeyId")
    assert DEFAULT_ROLE == found.parameters["RoleArn"]


def test_half_a_network_is_completed() -> None:
    """Subnets without groups get the baseline's groups; a subset of the subnets stays a subset."""
    found = enforced("CreateTrainingJob", {"VpcConfig": {"Subnets": SUBNETS[:1]}})
    assert {"Subnets": SUBNETS[:1], "SecurityGroupIds": GROUPS} == found.parameters["VpcConfig"]
    assert ["kept", "injected"] == [
        decided(found, "VpcConfig.Subnets"),
        decided(found, "VpcConfig.SecurityGroupIds"),
    ]


def test_an_empty_network_is_filled() -> None:
    """Empty lists and an empty structure are as good as absent ones."""
    for empty in ({}, {"Subnets": [], "SecurityGroupIds": []}):
        assert NETWORK == enforced("CreateTrainingJob", {"VpcConfig": empty}).parameters["VpcConfig"]


def test_nothing_is_made_where_nothing_goes_in() -> None:
    """A structure that nothing would be put into is not made: AWS-managed keys leave no empty shell."""
    found = enforced("CreateModelCard", {}, kms__aws_managed=["kms-resource-key"])
    assert "SecurityConfig" not in found.parameters


@pytest.mark.parametrize("place", PARENTS)
def test_no_parent_is_required_by_its_structure(place: tuple[str, str]) -> None:
    """What may be created is optional to AWS too, where the installed botocore knows it."""
    shape, member = place
    if shape not in service_model().shape_names:
        pytest.skip(f"{shape} came after this botocore")
    holder = service_model().shape_for(shape)
    assert isinstance(holder, StructureShape)
    assert member not in holder.required_members


def test_no_update_is_given_a_structure() -> None:
    """An update leaves what it does not name: no structure directly in one's input may be created."""
    assert [] == [shape for shape, _ in PARENTS if shape.startswith("Update")]


@pytest.mark.skipif(not needed("CreateTrainingSession"), reason="training sessions came after this botocore")
def test_a_training_session_is_put_into_the_network() -> None:
    """The newest kind of training gets its network and its output's key alike."""
    found = enforced(
        "CreateTrainingSession", {"OutputConfig": {"S3Location": {"Path": "s3://ml-artifacts/s"}}}
    )
    assert NETWORK == found.parameters["VpcConfig"]
    assert OUTPUT_KEY == at(found, "OutputConfig.S3Location.KmsKeyArn")
