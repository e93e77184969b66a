"""Plain clients of the embedded account, and the requests that tests make with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from secure_sagemaker.local import EmbeddedAWS

IMAGE = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/team:1"
FOREIGN_KEY = "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000000"


def client(aws: EmbeddedAWS, service: str, **options: object) -> Any:
    """Make a plain client of the launcher's, loosely typed: the tests send what stubs would not pass."""
    return aws.source.client(service, **options)  # type: ignore[call-overload]  # a service by its name


def session_of(credentials: dict[str, Any]) -> boto3.Session:
    return boto3.Session(
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials.get("SessionToken"),
        region_name="eu-west-1",
    )


def assume(aws: EmbeddedAWS, name: str = "me") -> boto3.Session:
    answer = client(aws, "sts").assume_role(RoleArn=aws.role_arn, RoleSessionName=name)
    return session_of(dict(answer["Credentials"]))


def training_job(aws: EmbeddedAWS, name: str, **members: object) -> dict[str, Any]:
    return {
        "TrainingJobName": name,
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "RoleArn": aws.execution_role_arn,
        "OutputDataConfig": {"S3OutputPath": f"s3://{aws.default_bucket}/out"},
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        **members,
    }


def cluster(instance_type: str, key: str | None) -> dict[str, Any]:
    stated = {"InstanceType": instance_type, "InstanceCount": 1, "VolumeSizeInGB": 10}
    return stated if key is None else {**stated, "VolumeKmsKeyId": key}


def refused(call: Callable[[], object]) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call()
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]
