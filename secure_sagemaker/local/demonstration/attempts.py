"""Insecure calls, each as somebody writes it in good faith: to be corrected, or refused before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from secure_sagemaker import SecureSession
from secure_sagemaker.local.demonstration.workflow import image

__all__ = ["ATTEMPTS", "Attempt"]

_FOREIGN_KEY = "arn:aws:kms:eu-west-1:999999999999:key/00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One insecure call."""

    title: str
    call: Callable[[SecureSession], object]


def _training_job(session: SecureSession, name: str, **weak: Any) -> object:  # boto3's own arguments
    request: dict[str, Any] = {
        "TrainingJobName": name,
        "AlgorithmSpecification": {"TrainingImage": image(session), "TrainingInputMode": "File"},
        "RoleArn": session.execution_role,
        "OutputDataConfig": {"S3OutputPath": f"s3://{session.default_bucket}/demo/out"},
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    }
    return session.client("sagemaker").create_training_job(**{**request, **weak})


def _job(name: str, **weak: Any) -> Callable[[SecureSession], object]:  # boto3's own arguments
    return lambda session: _training_job(session, f"demo-{name}", **weak)


def _endpoint_config(name: str, **variant: Any) -> Callable[[SecureSession], object]:  # likewise
    variants: list[Any] = [{"VariantName": "all", "ModelName": "breast-cancer", **variant}]
    return lambda session: session.client("sagemaker").create_endpoint_config(
        EndpointConfigName=f"demo-{name}", ProductionVariants=variants
    )


_INSTANCES: Mapping[str, Any] = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}

ATTEMPTS: tuple[Attempt, ...] = (
    Attempt(
        title="traffic between containers in clear",
        call=_job("clear-traffic", EnableInterContainerTrafficEncryption=False),
    ),
    Attempt(
        title="a shell into the training container",
        call=_job("remote-debug", RemoteDebugConfig={"EnableRemoteDebug": True}),
    ),
    Attempt(
        title="a shell into the endpoint",
        call=_endpoint_config("ssm", EnableSSMAccess=True, **_INSTANCES),
    ),
    Attempt(
        title="a volume key on an instance type with local storage",
        call=lambda session: _training_job(
            session,
            "demo-local-storage",
            ResourceConfig={
                "InstanceType": "ml.g5.xlarge",
                "InstanceCount": 1,
                "VolumeSizeInGB": 30,
                "VolumeKmsKeyId": session.baseline.kms.default,
            },
        ),
    ),
    Attempt(
        title="S3's own key for an object",
        call=lambda session: session.client("s3").put_object(
            Bucket=session.default_bucket, Key="demo/note", Body=b"hello", ServerSideEncryption="AES256"
        ),
    ),
    Attempt(
        title="another VPC's subnet and group",
        call=_job(
            "foreign-vpc",
            VpcConfig={"Subnets": ["subnet-0fedcba9876543210"], "SecurityGroupIds": ["sg-0fedcba9876543210"]},
        ),
    ),
    Attempt(
        title="another account's key",
        call=lambda session: _training_job(
            session,
            "demo-foreign-key",
            OutputDataConfig={
                "S3OutputPath": f"s3://{session.default_bucket}/demo/out",
                "KmsKeyId": _FOREIGN_KEY,
            },
        ),
    ),
    Attempt(
        title="a role with more rights",
        call=lambda session: _training_job(
            session, "demo-admin-role", RoleArn=f"arn:aws:iam::{session.baseline.account}:role/Administrator"
        ),
    ),
    Attempt(title="a container with a network", call=_job("network", EnableNetworkIsolation=False)),
    Attempt(
        title="results into somebody's bucket",
        call=_job("foreign-bucket", OutputDataConfig={"S3OutputPath": "s3://not-our-bucket/out"}),
    ),
    Attempt(
        title="a serverless endpoint, outside the VPC",
        call=_endpoint_config("serverless", ServerlessConfig={"MemorySizeInMB": 2048, "MaxConcurrency": 5}),
    ),
    Attempt(
        title="a bucket under a guessable name",
        call=lambda session: session.client("s3").create_bucket(
            Bucket=f"sagemaker-{session.region_name}-{session.baseline.account}"
        ),
    ),
    Attempt(
        title="a client with keys of its own",
        call=lambda session: session.client(
            "sagemaker",
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="not-a-secret",  # noqa: S106  # made up, and refused
        ),
    ),
)
