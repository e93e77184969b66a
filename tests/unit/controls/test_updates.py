"""Updates: what they name is judged like in a new resource, what they do not name stays as it was."""

import pytest

from secure_sagemaker.controls.members import is_mutating
from tests.controls_support import (
    FOREIGN_KEY,
    FOREIGN_ROLE,
    OUTPUT_KEY,
    Request,
    at,
    enforced,
    refused,
    service_model,
)

UPDATES = [
    name
    for name in service_model().operation_names
    if name.startswith("Update") and is_mutating("sagemaker", name)
]


@pytest.mark.parametrize("name", UPDATES)
def test_an_update_of_nothing_changes_nothing(name: str) -> None:
    """An update that names nothing is sent as it is."""
    found = enforced(name, {})
    assert {} == found.parameters
    assert () == found.decisions


@pytest.mark.parametrize(
    ("name", "request_", "expected"),
    [
        ("UpdateDeviceFleet", {"RoleArn": FOREIGN_ROLE}, [("execution-role", "RoleArn")]),
        (
            "UpdateDeviceFleet",
            {"OutputConfig": {"S3OutputLocation": "s3://ml-artifacts/x", "KmsKeyId": FOREIGN_KEY}},
            [("kms-output-key", "OutputConfig.KmsKeyId")],
        ),
        ("UpdateDomain", {"SubnetIds": ["subnet-0f0f0f0f"]}, [("vpc-config", "SubnetIds")]),
        ("UpdateDomain", {"VpcId": "vpc-0f0f0f0f"}, [("vpc-config", "VpcId")]),
        (
            "UpdateDomain",
            {"DefaultUserSettings": {"ExecutionRole": FOREIGN_ROLE}},
            [("execution-role", "DefaultUserSettings.ExecutionRole")],
        ),
        ("UpdateImage", {"RoleArn": FOREIGN_ROLE}, [("execution-role", "RoleArn")]),
        (
            "UpdateInferenceExperiment",
            {"DataStorageConfig": {"Destination": "s3://elsewhere/x"}},
            [("data-perimeter", "DataStorageConfig.Destination")],
        ),
        (
            "UpdateMlflowTrackingServer",
            {"ArtifactStoreUri": "s3://elsewhere/x"},
            [("data-perimeter", "ArtifactStoreUri")],
        ),
        ("UpdateNotebookInstance", {"RoleArn": FOREIGN_ROLE}, [("execution-role", "RoleArn")]),
        ("UpdatePipeline", {"RoleArn": FOREIGN_ROLE}, [("execution-role", "RoleArn")]),
        (
            "UpdateUserProfile",
            {"UserSettings": {"SecurityGroups": ["sg-0f0f0f0f"]}},
            [("vpc-config", "UserSettings.SecurityGroups")],
        ),
        (
            "UpdateTrainingJob",
            {"ProfilerConfig": {"S3OutputPath": "s3://elsewhere/x"}},
            [("data-perimeter", "ProfilerConfig.S3OutputPath")],
        ),
    ],
)
def test_what_an_update_names_is_judged(
    name: str, request_: Request, expected: list[tuple[str, str]]
) -> None:
    """A foreign name comes in by an update no more than by a create."""
    assert expected == refused(enforced(name, request_))


def test_a_structure_that_an_update_replaces_is_completed() -> None:
    """A nested structure replaces the old one whole, so what is missing in it is injected."""
    found = enforced(
        "UpdateInferenceExperiment", {"DataStorageConfig": {"Destination": "s3://ml-artifacts/x"}}
    )
    assert OUTPUT_KEY == at(found, "DataStorageConfig.KmsKey")
    found = enforced(
        "UpdateMonitoringSchedule", {"MonitoringScheduleConfig": {"MonitoringJobDefinition": {}}}
    )
    inline = "MonitoringScheduleConfig.MonitoringJobDefinition"
    assert at(found, f"{inline}.NetworkConfig.EnableNetworkIsolation") is True
    assert at(found, f"{inline}.NetworkConfig.VpcConfig.Subnets")


def test_a_schedule_that_names_its_definition_gets_none_of_its_own() -> None:
    """A schedule by MonitoringJobDefinitionName is left as it is."""
    request = {
        "MonitoringScheduleConfig": {"MonitoringJobDefinitionName": "d", "MonitoringType": "DataQuality"}
    }
    assert request == enforced("UpdateMonitoringSchedule", request).parameters


def test_the_owner_of_a_tracking_servers_bucket_is_checked() -> None:
    """The owner that the perimeter lists is stated beside the bucket; another one, or no check, is refused."""
    if "S3BucketOwnerAccountId" not in service_model().shape_for("UpdateMlflowTrackingServerRequest").members:
        pytest.skip("the owner of the bucket came after this botocore")
    for name in ("CreateMlflowTrackingServer", "UpdateMlflowTrackingServer"):
        named: Request = {"ArtifactStoreUri": "s3://ml-artifacts/x"}
        assert "111122223333" == enforced(name, named).parameters["S3BucketOwnerAccountId"]
        other = {**named, "S3BucketOwnerAccountId": "999988887777", "S3BucketOwnerVerification": False}
        assert {
            ("bucket-owner", "S3BucketOwnerAccountId"),
            ("bucket-owner", "S3BucketOwnerVerification"),
        } == set(refused(enforced(name, other)))
