"""Read by mypy, never run: what the face's types are."""

from __future__ import annotations

from typing import assert_type

import boto3
from types_boto3_s3 import S3Client
from types_boto3_sagemaker import SageMakerClient

from secure_sagemaker import (
    Activation,
    ActivationSummary,
    Decision,
    Enforcement,
    ProgramRun,
    SecureSession,
    SecurityBaseline,
    Verification,
    activate,
)


def use() -> None:
    """Everything a program does with a session."""
    session = SecureSession(SecurityBaseline.from_file("secure-sagemaker.toml", env="prod"))
    plain: boto3.Session = session

    assert_type(plain.client("sagemaker"), SageMakerClient)
    assert_type(session.client("sagemaker"), SageMakerClient)
    assert_type(session.client("s3"), S3Client)
    assert_type(session.explain("create_training_job", TrainingJobName="churn"), Enforcement)
    assert_type(session.explain(session.client("s3").put_object, Bucket="b", Key="k"), Enforcement)
    assert_type(session.verify(), Verification)
    assert_type(session.execution_role, str)
    assert_type(session.report().decisions("CreateModel"), tuple[Decision, ...])
    assert_type(session.baseline.kms.default, str | None)
    assert_type(activate("secure-sagemaker.toml", env="prod"), Activation)
    assert_type(session.run(["python", "train.py"]), ProgramRun)
    with session.activate(earlier="adopt") as activation:
        assert_type(activation, Activation)
        assert_type(activation.summary(), ActivationSummary)
