"""What is around the jobs with the SageMaker Python SDK v3: files, roles, pipelines, experiments, helpers."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from tests.integration.flows.flow import Flow, Outcome, Stage
from tests.integration.flows.v3_resources import create
from tests.integration.flows.v3_training import WARNINGS, trainer

__all__ = ["FLOWS"]


def _file(stage: Stage) -> Path:
    file = stage.directory / "rows.csv"
    file.write_text("1,2,3\n")
    return file


def _uploaded(stage: Stage) -> None:
    from sagemaker.core.s3 import S3Downloader, S3Uploader

    S3Uploader.upload(str(_file(stage)), stage.uri("up"), sagemaker_session=stage.sdk)
    S3Uploader.upload_string_as_file_body("text", stage.uri("up/text.txt"), sagemaker_session=stage.sdk)
    S3Uploader.upload_bytes(b"bytes", stage.uri("up/bytes.bin"), sagemaker_session=stage.sdk)
    assert S3Downloader.read_file(stage.uri("up/text.txt"), sagemaker_session=stage.sdk) == "text"
    S3Downloader.download(stage.uri("up"), str(stage.directory / "down"), sagemaker_session=stage.sdk)
    assert len(S3Downloader.list(stage.uri("up"), sagemaker_session=stage.sdk)) == 3


def _uploaded_by_nobody(stage: Stage) -> None:
    from sagemaker.core.s3 import S3Downloader, S3Uploader

    stage.sdk  # noqa: B018  # it is made, and given to nobody
    S3Uploader.upload(str(_file(stage)), stage.uri("up"))
    S3Downloader.download(stage.uri("up"), str(stage.directory / "down"))


def _session_files(stage: Stage) -> None:
    stage.sdk.upload_data(str(_file(stage)), key_prefix=f"{stage.flow.name}/data")
    stage.sdk.upload_string_as_file_body("text", stage.aws.default_bucket, f"{stage.flow.name}/text.txt")
    stage.sdk.read_s3_file(stage.aws.default_bucket, f"{stage.flow.name}/text.txt")
    stage.sdk.download_data(
        str(stage.directory), stage.aws.default_bucket, key_prefix=f"{stage.flow.name}/data"
    )


def _default_bucket(stage: Stage) -> None:
    assert stage.sdk.default_bucket() == stage.aws.default_bucket


def _session_of_nobody(stage: Stage) -> None:
    from sagemaker.core.helper.session_helper import Session

    stage.sdk  # noqa: B018  # as above
    assert Session().default_bucket() == stage.aws.default_bucket


def _role(stage: Stage) -> None:
    from sagemaker.core.helper.session_helper import get_execution_role

    assert get_execution_role(stage.sdk) == stage.role
    assert stage.sdk.expand_role(stage.role.rpartition("/")[2]) == stage.role
    stage.sdk.account_id()


def _pipeline(stage: Stage) -> None:
    from sagemaker.core.workflow.parameters import ParameterString
    from sagemaker.mlops.workflow.fail_step import FailStep
    from sagemaker.mlops.workflow.pipeline import Pipeline

    pipeline = Pipeline(
        name=stage.name("pipeline"),
        parameters=[ParameterString(name="Reason", default_value="none")],
        steps=[FailStep(name="Stop", error_message="nothing to do")],
        sagemaker_session=stage.sdk,
    )
    pipeline.upsert(role_arn=stage.role)
    pipeline.upsert(role_arn=stage.role, description="again")
    pipeline.start(parameters={"Reason": "asked"}).describe()


def _training_pipeline(stage: Stage) -> None:
    from sagemaker.core.workflow.pipeline_context import PipelineSession
    from sagemaker.mlops.workflow.pipeline import Pipeline
    from sagemaker.mlops.workflow.steps import TrainingStep

    stage.sdk  # noqa: B018  # the first of the process: from then on the SDK's other sessions have its defaults
    composing = PipelineSession(boto_session=stage.session)
    from sagemaker.train import ModelTrainer

    step = TrainingStep(
        name="Train",
        step_args=ModelTrainer(
            sagemaker_session=composing, training_image=stage.image, role=stage.role, base_job_name="job"
        ).train(),
    )
    pipeline = Pipeline(name=stage.name("pipeline"), steps=[step], sagemaker_session=composing)
    pipeline.upsert(role_arn=stage.role)
    pipeline.start()


def _experiment(stage: Stage) -> None:
    from sagemaker.core.experiments import Run

    with Run(experiment_name="team", run_name="first", sagemaker_session=stage.sdk) as run:
        run.log_parameter("rate", 0.1)
        run.log_metric("loss", 0.5, step=1)
        run.log_file(str(_file(stage)), name="rows")


def _lineage(stage: Stage) -> None:
    from sagemaker.core.lineage.artifact import Artifact
    from sagemaker.core.lineage.context import Context

    Artifact.create(
        artifact_name="rows",
        source_uri=stage.uri("rows.csv"),
        artifact_type="DataSet",
        sagemaker_session=stage.sdk,
    )
    Context.create(
        context_name=stage.name("context"),
        source_uri=stage.uri("rows.csv"),
        context_type="Team",
        sagemaker_session=stage.sdk,
    )


def _lambda(stage: Stage) -> None:
    from sagemaker.core.lambda_helper import Lambda

    script = stage.directory / "handle.py"
    script.write_text("def handler(event, context): return event\n")
    Lambda(
        function_name="helper",
        execution_role_arn=stage.role,
        script=str(script),
        handler="handle.handler",
        runtime="python3.12",
        session=stage.sdk,
    ).create()


def _tensorboard(stage: Stage) -> None:
    stage.sdk  # noqa: B018  # as above
    from sagemaker.core.interactive_apps.tensorboard import TensorBoardApp

    domain = create(
        stage,
        "Domain",
        domain_name=stage.name("domain"),
        auth_mode="IAM",
        default_user_settings={"execution_role": stage.role},
        vpc_id=stage.aws.vpc_id,
    )
    create(
        stage,
        "UserProfile",
        domain_id=domain.domain_id,
        user_profile_name="user",
        user_settings={"execution_role": stage.role},
    )
    TensorBoardApp(region=stage.aws.region).get_app_url(
        training_job_name="job",
        open_in_default_web_browser=False,
        create_presigned_domain_url=True,
        domain_id=domain.domain_id,
        user_profile_name="user",
    )


def _mlflow(stage: Stage) -> None:
    import mlflow

    stage.sdk  # noqa: B018  # as above
    ask = importlib.import_module("sagemaker_mlflow.presigned_url").get_presigned_url

    server = create(
        stage,
        "MlflowTrackingServer",
        tracking_server_name=stage.name("server"),
        artifact_store_uri=stage.uri("artifacts"),
        role_arn=stage.role,
    )
    server.refresh()
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(server.tracking_server_arn)
    try:
        ask()
    finally:
        mlflow.set_tracking_uri(before)


def _batch_queue(stage: Stage) -> None:
    from sagemaker.train.aws_batch.training_queue import TrainingQueue

    TrainingQueue("team").submit(trainer(stage), inputs=None)


def _jump_start(stage: Stage) -> None:
    stage.sdk  # noqa: B018  # as above
    from sagemaker.core.jumpstart.notebook_utils import list_jumpstart_models

    list_jumpstart_models(region=stage.aws.region)


def _analytics(stage: Stage) -> None:
    from sagemaker.core.analytics import TrainingJobAnalytics

    trained = trainer(stage)
    trained.train(wait=False)
    name = trained._latest_training_job.training_job_name  # the SDK keeps it nowhere else
    TrainingJobAnalytics(name, metric_names=["loss"], sagemaker_session=stage.sdk).dataframe()


def _flow(name: str, title: str, run: Any, *sends: str, **more: Any) -> Flow:
    return Flow(sdk=3, name=name, title=title, run=run, sends=sends, warnings=WARNINGS, **more)


_NO_SESSION = "It takes no session; it goes to the latest secure one of the process."

FLOWS: tuple[Flow, ...] = (
    _flow("files", "`S3Uploader` and `S3Downloader`", _uploaded, "s3.PutObject", "s3.GetObject"),
    _flow(
        "files-without-session",
        "`S3Uploader` and `S3Downloader`, without a session",
        _uploaded_by_nobody,
        "s3.PutObject",
        "s3.GetObject",
        note="Calls that name no session go to the latest secure one of the process.",
    ),
    _flow("session-files", "`Session.upload_data` and its like", _session_files, "s3.PutObject"),
    _flow("default-bucket", "`default_bucket()`", _default_bucket, "s3.HeadBucket"),
    _flow(
        "session-without-session",
        "`Session()`, its default bucket",
        _session_of_nobody,
        "s3.ListBuckets",
        note="Made without a session it signs as the latest secure one, and has its defaults.",
    ),
    _flow("roles", "`get_execution_role()` and role names", _role),
    _flow(
        "pipeline",
        "`Pipeline`, upserted and started",
        _pipeline,
        "CreatePipeline",
        "UpdatePipeline",
        "StartPipelineExecution",
    ),
    _flow(
        "pipeline-training",
        "`Pipeline` with a training step",
        _training_pipeline,
        "CreatePipeline",
        "StartPipelineExecution",
    ),
    _flow(
        "experiment-run",
        "`Run` of an experiment",
        _experiment,
        "CreateExperiment",
        "CreateTrialComponent",
        "s3.PutObject",
    ),
    _flow("lineage", "Lineage: `Artifact` and `Context`", _lineage, "CreateArtifact", "CreateContext"),
    _flow("lambda-helper", "`Lambda`", _lambda, "lambda.CreateFunction"),
    _flow("tensorboard-app", "`TensorBoardApp`", _tensorboard, "CreatePresignedDomainUrl", note=_NO_SESSION),
    _flow(
        "mlflow-plugin",
        "MLflow's plugin",
        _mlflow,
        "CreatePresignedMlflowTrackingServerUrl",
        note=_NO_SESSION,
    ),
    _flow(
        "batch-queue",
        "`TrainingQueue` of AWS Batch",
        _batch_queue,
        outcome=Outcome.REFUSED,
        refused_by="job-document",
        note="AWS Batch takes the training job as text and creates it later.",
    ),
    _flow(
        "jumpstart-models",
        "JumpStart's list of models",
        _jump_start,
        outcome=Outcome.REFUSED,
        refused_by="data-perimeter",
        note="The list is in a bucket of AWS's own, `jumpstart-cache-prod-REGION`.",
    ),
    _flow("training-analytics", "`TrainingJobAnalytics`", _analytics, "CreateTrainingJob"),
)
