"""The second lock: a plain client with a session's credentials, behind a guardrail that is deployed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3

from secure_sagemaker import SecurityBaseline
from secure_sagemaker.local.embedded import EmbeddedAWS

if TYPE_CHECKING:
    from types_boto3_sagemaker import SageMakerClient

__all__ = ["PLAIN_ATTEMPTS", "guarded_client", "job_of"]

ABSENT = object()

PLAIN_ATTEMPTS: Mapping[str, Mapping[str, object]] = {
    "a volume without the key": {
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30}
    },
    "no VPC": {"VpcConfig": ABSENT},
    "a container with a network": {"EnableNetworkIsolation": False},
    "traffic between containers in clear": {"EnableInterContainerTrafficEncryption": False},
    "a shell into the training container": {"RemoteDebugConfig": {"EnableRemoteDebug": True}},
}
"""Insecure training jobs, by what is wrong in each."""


def guarded_client(aws: EmbeddedAWS) -> SageMakerClient:
    """Deploy the guardrail, and take the credentials of a session that names it for a client of boto3's own."""
    from secure_sagemaker.identity.policies import guardrail

    iam = aws.source.client("iam")
    arns = [
        iam.create_policy(PolicyName=f"guardrail-{number}", PolicyDocument=policy.to_json())["Policy"]["Arn"]
        for number, policy in enumerate(
            guardrail(aws.baseline, today=datetime.now(UTC).date()).policies, start=1
        )
    ]
    stated = tomllib.loads(aws.baseline_toml())
    baseline = SecurityBaseline.from_mapping(
        {**stated, "session_policy": {"guardrail_arns": arns}}, source="embedded AWS, with its guardrail"
    )
    held = aws.session(baseline).get_credentials()
    if held is None:
        raise LookupError("a secured session without credentials")
    credentials = held.get_frozen_credentials()
    plain = boto3.Session(
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        aws_session_token=credentials.token,
        region_name=aws.region,
    )
    return plain.client("sagemaker")


def job_of(aws: EmbeddedAWS, changes: Mapping[str, object]) -> dict[str, Any]:
    """A training job as the baseline asks for it, but for what is changed."""
    volume = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30}
    request: dict[str, object] = {
        "TrainingJobName": "demo-plain",
        "AlgorithmSpecification": {
            "TrainingImage": f"{aws.account.account}.dkr.ecr.{aws.region}.amazonaws.com/team:1",
            "TrainingInputMode": "File",
        },
        "RoleArn": aws.execution_role_arn,
        "OutputDataConfig": {"S3OutputPath": f"s3://{aws.default_bucket}/demo/out", "KmsKeyId": aws.key_arn},
        "ResourceConfig": {**volume, "VolumeKmsKeyId": aws.key_arn},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        "VpcConfig": {"Subnets": list(aws.subnets), "SecurityGroupIds": list(aws.security_groups)},
        "EnableNetworkIsolation": True,
        "EnableInterContainerTrafficEncryption": True,
        "Tags": [{"Key": "project", "Value": "embedded"}],
        **changes,
    }
    return {name: value for name, value in request.items() if value is not ABSENT}
