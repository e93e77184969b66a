"""The baseline, the two sessions that are compared, and the request that both make."""

from __future__ import annotations

import tomllib
from typing import Any

import boto3

from secure_sagemaker import SecureSession, SecurityBaseline

__all__ = ["BASELINE", "REGION", "plain_session", "secured_session", "training_job"]

REGION = "eu-west-1"
BASELINE = """\
schema_version = 1
region = "eu-west-1"

[role]
arn = "arn:aws:iam::111122223333:role/ml-launcher"

[execution_roles]
default = "arn:aws:iam::111122223333:role/ml-execution"

[kms]
default = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

[vpc]
subnets = ["subnet-0a1b2c3d", "subnet-0b1c2d3e"]
security_groups = ["sg-0a1b2c3d"]

[network_isolation]
training = "require"
processing = "require"
tuning = "require"
models = "default"
monitoring = "off"

[data_perimeter]
write = { ml-artifacts = "111122223333" }
default_bucket = "ml-artifacts"

[required_tags]
team = ["ml"]
"""


def plain_session() -> boto3.Session:
    """A boto3 session with temporary credentials, as an assumed role has them."""
    return boto3.Session(
        aws_access_key_id="ASIAPLAIN",
        aws_secret_access_key="secret",  # noqa: S106  # made up: nothing leaves the process
        aws_session_token="token",  # noqa: S106  # made up, likewise
        region_name=REGION,
    )


def secured_session() -> SecureSession:
    """A secure session as a program makes it, with the audit trail in Python's logging."""
    return SecureSession(SecurityBaseline.from_mapping(tomllib.loads(BASELINE)), source=plain_session())


def training_job() -> dict[str, Any]:
    """CreateTrainingJob with 30 hyperparameters and two channels, and nothing about security."""
    return {
        "TrainingJobName": "churn-1",
        "HyperParameters": {f"parameter-{number}": str(number) for number in range(30)},
        "AlgorithmSpecification": {
            "TrainingImage": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn:1",
            "TrainingInputMode": "File",
        },
        "RoleArn": "arn:aws:iam::111122223333:role/ml-execution",
        "InputDataConfig": [
            {
                "ChannelName": channel,
                "DataSource": {
                    "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://ml-artifacts/{channel}"}
                },
            }
            for channel in ("train", "validation")
        ],
        "OutputDataConfig": {"S3OutputPath": "s3://ml-artifacts/out"},
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    }
