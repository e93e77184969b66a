"""Volume keys and instance types: what takes a key, what takes none, and what cannot be told."""

from collections.abc import Mapping

import pytest

from tests.controls_support import (
    EBS,
    FOREIGN_KEY,
    LOCAL,
    VOLUME_KEY,
    Request,
    at,
    decided,
    decisions_at,
    enforced,
    refused,
)

UNENCRYPTED = "ml.m3.xlarge"
UNKNOWN = "ml.zz9.xlarge"


def training(cluster: Request) -> Request:
    return {"TrainingJobName": "t", "ResourceConfig": cluster}


def processing(cluster: Request) -> Request:
    return {"ProcessingResources": {"ClusterConfig": cluster}}


def transform(cluster: Request) -> Request:
    return {"TransformResources": cluster}


def tuning(cluster: Request) -> Request:
    return {"TrainingJobDefinition": {"ResourceConfig": cluster}}


def flexible_tuning(cluster: Request) -> Request:
    return {"TrainingJobDefinition": {"HyperParameterTuningResourceConfig": cluster}}


def definition(cluster: Request) -> Request:
    return {"JobResources": {"ClusterConfig": cluster}}


def schedule(cluster: Request) -> Request:
    inline = {"MonitoringResources": {"ClusterConfig": cluster}}
    return {"MonitoringScheduleConfig": {"MonitoringJobDefinition": inline}}


def algorithm(cluster: Request) -> Request:
    profile = {"TrainingJobDefinition": {"ResourceConfig": cluster}}
    return {"ValidationSpecification": {"ValidationProfiles": [profile]}}


def algorithm_transform(cluster: Request) -> Request:
    profile = {"TransformJobDefinition": {"TransformResources": cluster}}
    return {"ValidationSpecification": {"ValidationProfiles": [profile]}}


KINDS = {
    "training": ("CreateTrainingJob", training, "ResourceConfig"),
    "processing": ("CreateProcessingJob", processing, "ProcessingResources.ClusterConfig"),
    "transform": ("CreateTransformJob", transform, "TransformResources"),
    "tuning": ("CreateHyperParameterTuningJob", tuning, "TrainingJobDefinition.ResourceConfig"),
    "flexible-tuning": (
        "CreateHyperParameterTuningJob",
        flexible_tuning,
        "TrainingJobDefinition.HyperParameterTuningResourceConfig",
    ),
    "data-quality": ("CreateDataQualityJobDefinition", definition, "JobResources.ClusterConfig"),
    "model-quality": ("CreateModelQualityJobDefinition", definition, "JobResources.ClusterConfig"),
    "model-bias": ("CreateModelBiasJobDefinition", definition, "JobResources.ClusterConfig"),
    "explainability": ("CreateModelExplainabilityJobDefinition", definition, "JobResources.ClusterConfig"),
    "schedule": (
        "CreateMonitoringSchedule",
        schedule,
        "MonitoringScheduleConfig.MonitoringJobDefinition.MonitoringResources.ClusterConfig",
    ),
    "changed-schedule": (
        "UpdateMonitoringSchedule",
        schedule,
        "MonitoringScheduleConfig.MonitoringJobDefinition.MonitoringResources.ClusterConfig",
    ),
    "algorithm": (
        "CreateAlgorithm",
        algorithm,
        "ValidationSpecification.ValidationProfiles[0].TrainingJobDefinition.ResourceConfig",
    ),
    "algorithm-transform": (
        "CreateAlgorithm",
        algorithm_transform,
        "ValidationSpecification.ValidationProfiles[0].TransformJobDefinition.TransformResources",
    ),
    "model-package": (
        "CreateModelPackage",
        algorithm_transform,
        "ValidationSpecification.ValidationProfiles[0].TransformJobDefinition.TransformResources",
    ),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def run(kind: str, cluster: Request, **changes: object):
    operation, build, path = KINDS[kind]
    found = enforced(operation, build(cluster), **changes)
    place = path.replace("[0]", ".0")
    return found, f"{path}.VolumeKmsKeyId", f"{place}.VolumeKmsKeyId"


@every_kind
def test_an_ebs_type_gets_the_volume_key(kind: str) -> None:
    """On EBS storage the baseline's volume key is injected, in every kind of work."""
    found, path, place = run(kind, {"InstanceType": EBS})
    assert "injected" == decided(found, path)
    assert VOLUME_KEY == at(found, place)


@every_kind
def test_a_local_storage_type_gets_no_key(kind: str) -> None:
    """Jobs reject a volume key on local storage, so its absence is exempt, with the reason."""
    found, path, place = run(kind, {"InstanceType": LOCAL})
    assert "exempt" == decided(found, path)
    assert at(found, place) is None
    assert "local storage" in decisions_at(found, path)[0].why


@every_kind
@pytest.mark.parametrize("named", [VOLUME_KEY, FOREIGN_KEY])
def test_a_key_for_local_storage_is_taken_out(kind: str, named: str) -> None:
    """A volume key that AWS would reject is removed, on record, whichever key it is."""
    found, path, place = run(kind, {"InstanceType": LOCAL, "VolumeKmsKeyId": named})
    assert "corrected" == decided(found, path)
    assert at(found, place) is None
    assert named == decisions_at(found, path)[0].got


@every_kind
def test_a_foreign_key_is_refused(kind: str) -> None:
    """A key that the baseline does not list is refused on EBS storage."""
    found, path, _ = run(kind, {"InstanceType": EBS, "VolumeKmsKeyId": FOREIGN_KEY})
    assert "refused" == decided(found, path)


@every_kind
def test_an_unknown_family_is_not_guessed(kind: str) -> None:
    """A family in no table is refused, and the remedy says how to state it."""
    found, path, _ = run(kind, {"InstanceType": UNKNOWN})
    assert "refused" == decided(found, path)
    assert "instance_families" in decisions_at(found, path)[0].remedy
    assert UNKNOWN in decisions_at(found, path)[0].why


@every_kind
@pytest.mark.parametrize(
    ("stated", "action"), [("local-storage", "exempt"), ("no-local-storage", "injected")]
)
def test_the_baseline_may_state_a_family(kind: str, stated: str, action: str) -> None:
    """An unknown family is what the baseline says it is."""
    found, path, _ = run(kind, {"InstanceType": UNKNOWN}, instance_families={"zz9": stated})
    assert action == decided(found, path)


def test_the_baseline_cannot_contradict_the_table() -> None:
    """A family that EC2's own data knows stays what it is, whatever the baseline says."""
    found, path, _ = run("training", {"InstanceType": LOCAL}, instance_families={"g5": "no-local-storage"})
    assert "exempt" == decided(found, path)


@every_kind
def test_local_storage_that_nothing_encrypts_is_refused(kind: str) -> None:
    """An old family with plain local disks can be encrypted by no key at all."""
    found, path, _ = run(kind, {"InstanceType": UNENCRYPTED})
    assert "refused" == decided(found, path)
    assert "encrypted by nothing" in decisions_at(found, path)[0].why


@every_kind
def test_an_absent_instance_type_is_unknown(kind: str) -> None:
    """Without an instance type it cannot be told whether a key is taken, so nothing is guessed."""
    found, path, _ = run(kind, {"InstanceCount": 1})
    assert "refused" == decided(found, path)
    assert "name the instance type" == decisions_at(found, path)[0].remedy


LISTS: Mapping[str, tuple[str, str]] = {
    "training": ("InstanceGroups", "training"),
    "flexible-tuning": ("InstanceConfigs", "tuning"),
}


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize(
    ("types", "action"),
    [
        ((LOCAL, "ml.p4d.24xlarge"), "exempt"),
        ((EBS, "ml.c5.xlarge"), "injected"),
        ((EBS, LOCAL), "refused"),
        ((EBS, UNKNOWN), "refused"),
        ((LOCAL, UNKNOWN), "refused"),
        ((EBS, UNENCRYPTED), "refused"),
    ],
)
def test_heterogeneous_instances_are_judged_together(kind: str, types: tuple[str, ...], action: str) -> None:
    """All with local storage take no key, all without take one, and a mixture can have neither."""
    member, _ = LISTS[kind]
    found, path, _ = run(kind, {member: [{"InstanceType": one} for one in types]})
    assert action == decided(found, path)


@pytest.mark.parametrize("kind", LISTS)
def test_a_mixture_says_which_is_which(kind: str) -> None:
    """The refusal of a mixture names both sides and what to do."""
    member, _ = LISTS[kind]
    found, path, _ = run(kind, {member: [{"InstanceType": EBS}, {"InstanceType": LOCAL}]})
    (decision,) = decisions_at(found, path)
    assert EBS in decision.why
    assert LOCAL in decision.why
    assert "use one kind of instance type in the job" == decision.remedy


@pytest.mark.parametrize("kind", ["training", "processing"])
def test_preferred_instance_types_count(kind: str) -> None:
    """Instance types that are only preferred are looked at like the one that is named."""
    preferred = [{"InstanceType": LOCAL}, {"InstanceType": EBS}]
    found, path, _ = run(kind, {"InstancePreferences": preferred})
    assert "refused" == decided(found, path)
    found, path, _ = run(kind, {"InstancePreferences": preferred[:1]})
    assert "exempt" == decided(found, path)


def test_a_serverless_training_job_has_no_volume() -> None:
    """Without a ResourceConfig none is made, and nothing is decided about its key."""
    found = enforced(
        "CreateTrainingJob",
        {"TrainingJobName": "t", "OutputDataConfig": {"S3OutputPath": "s3://ml-artifacts"}},
    )
    assert "ResourceConfig" not in found.parameters
    assert [] == [decision for decision in found.decisions if "ResourceConfig" in decision.path]
    assert [] == refused(found)


@pytest.mark.parametrize("kind", ["tuning", "flexible-tuning"])
def test_a_tuning_job_is_given_no_second_resource_config(kind: str) -> None:
    """ResourceConfig and HyperParameterTuningResourceConfig exclude each other: neither is ever made."""
    found, _, _ = run(kind, {"InstanceType": EBS})
    definition = found.parameters["TrainingJobDefinition"]
    assert isinstance(definition, dict)
    present = {"ResourceConfig", "HyperParameterTuningResourceConfig"} & definition.keys()
    assert {KINDS[kind][2].rpartition(".")[2]} == present


def test_every_training_definition_of_a_list_is_secured() -> None:
    """A tuning job over several algorithms has each definition judged by its own instance type."""
    definitions = [{"ResourceConfig": {"InstanceType": EBS}}, {"ResourceConfig": {"InstanceType": LOCAL}}]
    found = enforced("CreateHyperParameterTuningJob", {"TrainingJobDefinitions": definitions})
    assert VOLUME_KEY == at(found, "TrainingJobDefinitions.0.ResourceConfig.VolumeKmsKeyId")
    assert at(found, "TrainingJobDefinitions.1.ResourceConfig.VolumeKmsKeyId") is None
    for index in range(2):
        assert at(found, f"TrainingJobDefinitions.{index}.EnableNetworkIsolation") is True
        assert at(found, f"TrainingJobDefinitions.{index}.EnableInterContainerTrafficEncryption") is True
        assert at(found, f"TrainingJobDefinitions.{index}.VpcConfig.Subnets")


def test_work_without_an_instance_type_of_its_own_gets_the_key() -> None:
    """AutoML and labeling choose instances themselves: their volume key is injected as it is."""
    found = enforced("CreateAutoMLJobV2", {"AutoMLJobName": "a"})
    assert VOLUME_KEY == at(found, "SecurityConfig.VolumeKmsKeyId")
    found = enforced("CreateAutoMLJob", {"AutoMLJobName": "a"})
    assert VOLUME_KEY == at(found, "AutoMLJobConfig.SecurityConfig.VolumeKmsKeyId")
    found = enforced("CreateLabelingJob", {"LabelingJobAlgorithmsConfig": {}})
    labeling = "LabelingJobAlgorithmsConfig.LabelingJobResourceConfig"
    assert VOLUME_KEY == at(found, f"{labeling}.VolumeKmsKeyId")
    assert at(found, f"{labeling}.VpcConfig.Subnets")


def test_labeling_without_automation_gets_no_algorithm() -> None:
    """Automated labeling is asked for by LabelingJobAlgorithmsConfig, so it is never made."""
    found = enforced("CreateLabelingJob", {"LabelingJobName": "l"})
    assert "LabelingJobAlgorithmsConfig" not in found.parameters
