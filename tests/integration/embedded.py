"""Plain clients of the embedded account, the requests that tests make with them, and other processes."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
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


def model(aws: EmbeddedAWS, name: str) -> dict[str, Any]:
    return {
        "ModelName": name,
        "ExecutionRoleArn": aws.execution_role_arn,
        "PrimaryContainer": {"Image": IMAGE},
    }


def hosted(aws: EmbeddedAWS, sagemaker: Any, name: str, **config: object) -> None:
    """Make a model, a configuration and an endpoint of one name."""
    sagemaker.create_model(**model(aws, name))
    variant = {
        "VariantName": "all",
        "ModelName": name,
        "InstanceType": "ml.m5.xlarge",
        "InitialInstanceCount": 2,
    }
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant], **config)
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)


def arn_of(answer: dict[str, Any]) -> dict[str, str]:
    """The one ARN of an answer, as the request that asks after it."""
    return {name: value for name, value in answer.items() if name.endswith("Arn")}


def refused(call: Callable[[], object]) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call()
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


_IN_PLACE = {"PYTHONPATH": str(Path(__file__).parents[2])}


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a process of its own."""
    settings = {**os.environ, **_IN_PLACE, **environment}
    return subprocess.run(
        [sys.executable, "-c", code], env=settings, capture_output=True, text=True, check=False
    )


@contextlib.contextmanager
def serving(*options: str) -> Iterator[dict[str, str]]:
    """Run the command that serves an account, and read the environment that it prints."""
    command = [sys.executable, "-m", "secure_sagemaker.local", *options]
    settings = {**os.environ, **_IN_PLACE}
    with subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        environment: dict[str, str] = {}
        while "AWS_ENDPOINT_URL" not in environment:
            line = served.stdout.readline()
            assert line.startswith("export ")
            name, _, value = line.removeprefix("export ").rstrip("\n").partition("=")
            environment[name] = value
        try:
            yield environment
        finally:
            served.terminate()
    assert 0 == served.returncode
