"""A secured session on the scripted network, and the requests that tests make with it."""

from __future__ import annotations

import tomllib
from typing import Any

from secure_sagemaker import SecureSession, SecurityBaseline
from secure_sagemaker.audit import AuditRecord
from secure_sagemaker.exceptions import AuditError
from tests.unit.baseline.stated import COMPLETE, KEY, changed
from tests.wire import REGION, Sent, Wire

ALIAS = "alias/ml-data"
BY_ALIAS = changed(f'default = "{KEY}"', f'default = "{ALIAS}"')
"""The complete baseline, with its key named by an alias."""
KEY_THERE = "arn:aws:kms:us-east-1:111122223333:key/00000000-12ab-34cd-56ef-1234567890ab"
TWO_REGIONS = (
    COMPLETE.replace('region = "eu-west-1"\n', "")
    .replace('subnets = ["subnet-0a1b2c3d", "subnet-0b1c2d3e"]\n', "")
    .replace(f'default = "{KEY}"\n', "")
    + f"""
[region.eu-west-1.kms]
default = "{KEY}"

[region.eu-west-1.vpc]
subnets = ["subnet-0a1b2c3d", "subnet-0b1c2d3e"]

[region.us-east-1.kms]
default = "{KEY_THERE}"

[region.us-east-1.vpc]
subnets = ["subnet-0c1d2e3f"]
"""
)
"""The same in two regions, each with its own key and subnets."""
LAUNCHER = "arn:aws:sts::111122223333:assumed-role/ml-launcher/secure-sagemaker"
SUPPORT = f"{LAUNCHER}-support"
VPC = {"Subnets": ["subnet-0a1b2c3d", "subnet-0b1c2d3e"], "SecurityGroupIds": ["sg-0a1b2c3d"]}


def baseline(text: str = COMPLETE) -> SecurityBaseline:
    return SecurityBaseline.from_mapping(tomllib.loads(text), region=REGION, source="test")


def secured(wire: Wire, text: str = COMPLETE, **options: Any) -> SecureSession:
    return SecureSession(baseline(text), **{"source": wire.source(), **options})


def training_job(**members: object) -> dict[str, Any]:
    """A request for CreateTrainingJob that says nothing about security."""
    return {
        "TrainingJobName": "churn-1",
        "AlgorithmSpecification": {
            "TrainingImage": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/team:1",
            "TrainingInputMode": "File",
        },
        "RoleArn": "arn:aws:iam::111122223333:role/ml-execution",
        "OutputDataConfig": {"S3OutputPath": "s3://ml-artifacts/out"},
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        **members,
    }


def assert_secured(sent: Sent) -> None:
    """The training job on the wire is what the baseline asks for."""
    body = sent.json
    assert VPC == body["VpcConfig"]
    assert KEY == body["OutputDataConfig"]["KmsKeyId"]
    assert KEY == body["ResourceConfig"]["VolumeKmsKeyId"]
    assert body["EnableNetworkIsolation"] is True
    assert body["EnableInterContainerTrafficEncryption"] is True


class Records(list[AuditRecord]):
    """An audit sink that keeps what it is given, until it is told to fail."""

    failing = False

    def prepare(self) -> None:
        if self.failing:
            raise AuditError("the sink is gone", remedy="bring it back")

    def write(self, record: AuditRecord) -> None:
        self.prepare()
        self.append(record)

    @property
    def outcomes(self) -> list[tuple[str, str, str]]:
        """Operation, outcome and error of each record."""
        return [(record.operation, record.outcome.value, record.error_code) for record in self]
