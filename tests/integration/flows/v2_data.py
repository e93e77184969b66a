"""Data, sessions and tools around them, with the SageMaker Python SDK v2."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from tests.integration.flows.flow import Flow, Outcome, Stage

__all__ = ["FLOWS"]

_CPU = "ml.m5.xlarge"


def _transferred(stage: Stage) -> None:
    sdk, bucket = stage.sdk, stage.aws.default_bucket
    assert sdk.default_bucket() == bucket
    source = str(stage.source_dir())
    assert sdk.upload_data(source, key_prefix="data/upload").startswith(f"s3://{bucket}/")
    sdk.upload_string_as_file_body("text", bucket, "data/upload/text")
    sdk.download_data(str(stage.directory / "down"), bucket, "data/upload")
    assert sdk.read_s3_file(bucket, "data/upload/text") == "text"
    assert sdk.list_s3_files(bucket, "data/upload")


def _s3_tools(stage: Stage) -> None:
    from sagemaker.s3 import S3Downloader, S3Uploader

    target = stage.uri("tools")
    S3Uploader.upload(str(stage.source_dir()), target, sagemaker_session=stage.sdk)
    S3Uploader.upload_string_as_file_body("text", f"{target}/text", sagemaker_session=stage.sdk)
    S3Uploader.upload_bytes(b"bytes", f"{target}/bytes", sagemaker_session=stage.sdk)
    S3Downloader.download(target, str(stage.directory / "down"), sagemaker_session=stage.sdk)
    assert S3Downloader.read_file(f"{target}/text", sagemaker_session=stage.sdk) == "text"
    assert S3Downloader.list(target, sagemaker_session=stage.sdk)


def _model_trainer(stage: Stage) -> None:
    from sagemaker.modules.configs import Compute, InputData, SourceCode
    from sagemaker.modules.train import ModelTrainer

    trainer = ModelTrainer(
        sagemaker_session=stage.sdk,
        training_image=stage.image,
        role=stage.role,
        source_code=SourceCode(source_dir=str(stage.source_dir()), entry_script="train.py"),
        compute=Compute(instance_type=_CPU, instance_count=1),
        base_job_name=stage.name("job"),
    )
    trainer.train(
        input_data_config=[InputData(channel_name="train", data_source=stage.seed("data/train.csv"))],
        wait=False,
    )


def _model_trainer_waiting(stage: Stage) -> None:
    from sagemaker.modules.configs import Compute
    from sagemaker.modules.train import ModelTrainer

    trainer = ModelTrainer(
        sagemaker_session=stage.sdk,
        training_image=stage.image,
        role=stage.role,
        compute=Compute(instance_type=_CPU, instance_count=1),
        base_job_name=stage.name("job"),
    )
    trainer.train(wait=True, logs=True)


def _tensorboard(stage: Stage) -> None:
    from sagemaker.interactive_apps import TensorBoardApp

    assert stage.sdk.boto_session is stage.session
    made = stage.stand(
        "create_domain",
        DomainName=stage.name("domain"),
        AuthMode="IAM",
        DefaultUserSettings={"ExecutionRole": stage.role},
        SubnetIds=list(stage.aws.subnets),
        VpcId=stage.aws.vpc_id,
    )
    domain = str(made["DomainArn"]).rpartition("/")[2]
    stage.stand("create_user_profile", DomainId=domain, UserProfileName="user")
    TensorBoardApp(region=stage.aws.region).get_app_url(
        open_in_default_web_browser=False,
        create_presigned_domain_url=True,
        domain_id=domain,
        user_profile_name="user",
    )


def _queued(stage: Stage) -> None:
    with pytest.MonkeyPatch.context() as patched:
        asynchronous = ModuleType("nest_asyncio")  # an extra of the SDK's, for reading a queue's logs
        patched.setitem(sys.modules, "nest_asyncio", asynchronous)
        patched.setattr(asynchronous, "apply", lambda: None, raising=False)
        from sagemaker.aws_batch.training_queue import TrainingQueue
    from sagemaker.estimator import Estimator

    estimator = Estimator(
        stage.image, role=stage.role, instance_count=1, instance_type=_CPU, sagemaker_session=stage.sdk
    )
    TrainingQueue("queue").submit(estimator, inputs=None)


def _jumpstart(stage: Stage) -> None:
    from sagemaker.jumpstart.model import JumpStartModel

    JumpStartModel(model_id="pytorch-ic-mobilenet-v2", sagemaker_session=stage.sdk).deploy(wait=False)


def _local(stage: Stage) -> None:
    from sagemaker.estimator import Estimator
    from sagemaker.local import LocalSession

    assert stage.sdk
    docker = stage.directory / "docker"
    docker.write_text("#!/bin/sh\necho Docker Compose version v2.0\n")
    docker.chmod(0o755)
    session = LocalSession(stage.session, default_bucket=stage.aws.default_bucket)
    estimator = Estimator(
        stage.image,
        role=stage.role,
        instance_count=1,
        instance_type="local",
        output_path=stage.uri("models"),
        sagemaker_session=session,
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PATH", str(stage.directory), prepend=":")
        estimator.fit(wait=False)


def _function(stage: Stage) -> None:
    from sagemaker.lambda_helper import Lambda

    script = stage.source_dir(handle="def handler(event, context): return event\n") / "handle.py"
    Lambda(
        function_name=stage.name("function"),
        execution_role_arn=stage.role,
        script=str(script),
        handler="handle.handler",
        runtime="python3.12",
        session=stage.sdk,
    ).create()


def _analysed(stage: Stage) -> None:
    from sagemaker.analytics import TrainingJobAnalytics
    from sagemaker.estimator import Estimator

    estimator = Estimator(
        stage.image, role=stage.role, instance_count=1, instance_type=_CPU, sagemaker_session=stage.sdk
    )
    estimator.fit(wait=False)
    TrainingJobAnalytics(
        estimator.latest_training_job.name, metric_names=["loss"], sagemaker_session=stage.sdk
    ).dataframe()


def _flow(name: str, title: str, run: Callable[[Stage], None], *sends: str, **more: Any) -> Flow:
    return Flow(sdk=2, name=name, title=title, run=run, sends=sends, **more)


FLOWS: tuple[Flow, ...] = (
    _flow(
        "session-data",
        "`Session.default_bucket`, `upload_data`, `download_data`",
        _transferred,
        "s3.PutObject",
        "s3.GetObject",
    ),
    _flow("s3-tools", "`S3Uploader`, `S3Downloader`", _s3_tools, "s3.PutObject", "s3.GetObject"),
    _flow("modules-model-trainer", "`sagemaker.modules.ModelTrainer`", _model_trainer, "CreateTrainingJob"),
    _flow(
        "modules-model-trainer-waiting",
        "`sagemaker.modules.ModelTrainer.train(wait=True)`",
        _model_trainer_waiting,
        "CreateTrainingJob",
        "logs.GetLogEvents",
    ),
    _flow(
        "tensorboard-app",
        "`TensorBoardApp`",
        _tensorboard,
        "CreatePresignedDomainUrl",
        note="It takes no session; the latest secured one takes the place of the ambient credentials.",
    ),
    _flow(
        "training-queue",
        "`TrainingQueue.submit` (AWS Batch)",
        _queued,
        outcome=Outcome.REFUSED,
        refused_by="job-document",
        since="2.249",
        note="Batch takes the training job as text and creates it later, past the controls.",
    ),
    _flow(
        "jumpstart-model",
        "`JumpStartModel`",
        _jumpstart,
        outcome=Outcome.REFUSED,
        refused_by="data-perimeter",
        note="Its models come from a bucket of AWS's: list `jumpstart-cache-prod-REGION` in "
        "`data_perimeter.aws_public_buckets` to read it.",
    ),
    _flow(
        "local-mode",
        "Local mode (`LocalSession`)",
        _local,
        outcome=Outcome.REFUSED,
        refused_by="SessionError",
        note="The SDK would hand the role's credentials to a container of this machine.",
    ),
    _flow("lambda-helper", "`Lambda`", _function, "lambda.CreateFunction"),
    _flow("training-analytics", "`TrainingJobAnalytics`", _analysed, "CreateTrainingJob"),
)
