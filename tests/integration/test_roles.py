"""A job's role is one of the baseline's execution roles, whoever asks for the job: raw boto3 and both SDKs."""

from __future__ import annotations

import importlib
from collections.abc import Callable

import pytest

from secure_sagemaker import ControlError, SecureSession
from secure_sagemaker.local import EmbeddedAWS
from tests.unit.secured import training_job

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning"
)  # the SDKs' own

IMAGE = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn:1"
Train = Callable[[SecureSession, str], object]


def by_boto3(session: SecureSession, role: str) -> object:
    location = {"S3OutputPath": f"s3://{session.default_bucket}/roles"}
    job = training_job(RoleArn=role, OutputDataConfig=location)
    return session.client("sagemaker").create_training_job(**job)


def by_sdk_v2(session: SecureSession, role: str) -> object:
    from sagemaker.estimator import Estimator

    sdk = session.sagemaker_session()
    return Estimator(IMAGE, role, 1, "ml.m5.xlarge", sagemaker_session=sdk).fit(wait=False)


def by_sdk_v3(session: SecureSession, role: str) -> object:
    from sagemaker.core.training.configs import Compute, InputData
    from sagemaker.train import ModelTrainer

    trainer = ModelTrainer(
        sagemaker_session=session.sagemaker_session(),
        training_image=IMAGE,
        base_job_name="roles",
        role=role,
        compute=Compute(instance_type="ml.m5.xlarge", instance_count=1),
    )
    data = InputData(channel_name="train", data_source=f"s3://{session.default_bucket}/data")
    return trainer.train(input_data_config=[data], wait=False)


each_way = pytest.mark.parametrize(
    "train",
    [
        by_boto3,
        pytest.param(by_sdk_v2, marks=pytest.mark.sdk(2)),
        pytest.param(by_sdk_v3, marks=pytest.mark.sdk(3)),
    ],
)


def jobs(aws: EmbeddedAWS) -> list[str]:
    return [one.operation for one in aws.requests if one.operation == "CreateTrainingJob"]


@each_way
@pytest.mark.usefixtures("sdk")
def test_another_role_is_refused(train: Train, aws: EmbeddedAWS) -> None:
    """The launcher's own too, which could start jobs itself: nothing is sent."""
    other = aws.execution_role_arn.replace("role/", "role/somebody/")
    for role in (aws.role_arn, other):
        with pytest.raises(ControlError) as caught:
            train(aws.session(), role)
        assert ("execution-role", role) == (caught.value.control_id, caught.value.got)
    assert [] == jobs(aws)


@pytest.mark.parametrize(
    ("module", "train"),
    [
        pytest.param("sagemaker", by_sdk_v2, marks=pytest.mark.sdk(2)),
        pytest.param("sagemaker.core.helper.session_helper", by_sdk_v3, marks=pytest.mark.sdk(3)),
    ],
)
@pytest.mark.usefixtures("sdk")
def test_the_role_that_the_sdk_tells_is_one(module: str, train: Train, aws: EmbeddedAWS) -> None:
    """``get_execution_role()`` names the baseline's, never the launcher's, and a job with it is made."""
    session = aws.session()
    told = importlib.import_module(module).get_execution_role(session.sagemaker_session())
    assert aws.execution_role_arn == told
    aws.source.client("s3").put_object(Bucket=aws.default_bucket, Key="data/train.csv", Body=b"1")
    train(session, told)
    assert ["CreateTrainingJob"] == jobs(aws)
