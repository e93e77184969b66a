"""Models on record, with the SageMaker Python SDK v2: packages, cards, experiments, lineage, pipelines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.integration.flows.flow import Flow, Stage

__all__ = ["FLOWS"]

_CPU = "ml.m5.xlarge"


def _model(stage: Stage) -> Any:
    from sagemaker.model import Model

    return Model(
        image_uri=stage.image,
        model_data=stage.seed_model(),
        role=stage.role,
        name=stage.name("model"),
        sagemaker_session=stage.sdk,
    )


def _registered(stage: Stage, **more: Any) -> Any:
    return _model(stage).register(
        content_types=["text/csv"],
        response_types=["text/csv"],
        inference_instances=[_CPU],
        transform_instances=[_CPU],
        **more,
    )


def _package(stage: Stage) -> None:
    from sagemaker.model_metrics import MetricsSource, ModelMetrics

    statistics = MetricsSource("application/json", stage.seed("statistics.json", b"{}"))
    package = _registered(
        stage,
        model_package_group_name=stage.name("group"),
        approval_status="PendingManualApproval",
        model_metrics=ModelMetrics(model_statistics=statistics),
    )
    package.update_approval_status("Approved")
    package.update_customer_metadata({"team": "research"})
    package.deploy(
        initial_instance_count=1, instance_type=_CPU, endpoint_name=stage.name("endpoint"), wait=False
    )


def _unversioned(stage: Stage) -> None:
    _registered(stage, model_package_name=stage.name("package"))


def _pipeline_package(stage: Stage) -> None:
    from sagemaker.pipeline import PipelineModel

    model = PipelineModel(
        models=[_model(stage)], role=stage.role, name=stage.name("pipeline"), sagemaker_session=stage.sdk
    )
    model.register(
        content_types=["text/csv"],
        response_types=["text/csv"],
        inference_instances=[_CPU],
        transform_instances=[_CPU],
        model_package_group_name=stage.name("group"),
    )


def _card(stage: Stage) -> None:
    from sagemaker.model_card import ModelCard, ModelCardStatusEnum, ModelOverview

    card = ModelCard(
        name=stage.name("card"),
        status=ModelCardStatusEnum.DRAFT,
        model_overview=ModelOverview(model_description="predicts a sum"),
        sagemaker_session=stage.sdk,
    )
    card.create()
    card.model_overview.model_description = "predicts a sum, better"
    card.update(status=ModelCardStatusEnum.APPROVED)
    assert ModelCard.load(stage.name("card"), sagemaker_session=stage.sdk).status == "Approved"
    card.export_pdf(export_job_name=stage.name("job"), s3_output_path=stage.uri("cards"))
    card.delete()


def _experiment(stage: Stage) -> None:
    from sagemaker.estimator import Estimator
    from sagemaker.experiments import Run, load_run

    with Run(experiment_name=stage.name("experiment"), run_name="first", sagemaker_session=stage.sdk) as run:
        run.log_parameter("depth", 3)
        run.log_metric("loss", 0.5, step=1)
        run.log_artifact("data", stage.uri("data"), is_output=False)
        (stage.directory / "notes.txt").write_text("notes")
        run.log_file(str(stage.directory / "notes.txt"), is_output=True)
        estimator = Estimator(
            stage.image, role=stage.role, instance_count=1, instance_type=_CPU, sagemaker_session=stage.sdk
        )
        estimator.fit(wait=False)
    with load_run(
        experiment_name=stage.name("experiment"), run_name="first", sagemaker_session=stage.sdk
    ) as run:
        run.log_parameter("width", 4)


def _trials(stage: Stage) -> None:
    from sagemaker.experiments.experiment import Experiment
    from sagemaker.experiments.trial import _Trial

    experiment = Experiment.create(experiment_name=stage.name("experiment"), sagemaker_session=stage.sdk)
    trial = _Trial.create(
        experiment_name=experiment.experiment_name,
        trial_name=stage.name("trial"),
        sagemaker_session=stage.sdk,
    )
    trial.delete()
    experiment.delete()


def _lineage(stage: Stage) -> None:
    from sagemaker.lineage.action import Action
    from sagemaker.lineage.artifact import Artifact
    from sagemaker.lineage.association import Association
    from sagemaker.lineage.context import Context

    artifact = Artifact.create(
        artifact_name=stage.name("artifact"),
        source_uri=stage.uri("data"),
        artifact_type="DataSet",
        sagemaker_session=stage.sdk,
    )
    action = Action.create(
        action_name=stage.name("action"),
        source_uri=stage.uri("script"),
        action_type="Labeling",
        sagemaker_session=stage.sdk,
    )
    context = Context.create(
        context_name=stage.name("context"),
        source_uri=stage.uri("report"),
        context_type="Endpoint",
        sagemaker_session=stage.sdk,
    )
    Association.create(
        source_arn=artifact.artifact_arn,
        destination_arn=action.action_arn,
        association_type="ContributedTo",
        sagemaker_session=stage.sdk,
    ).delete()
    for one in (context, action, artifact):
        one.delete()


def _pipeline(stage: Stage) -> None:
    from sagemaker.estimator import Estimator
    from sagemaker.workflow.pipeline import Pipeline
    from sagemaker.workflow.pipeline_context import PipelineSession
    from sagemaker.workflow.steps import TrainingStep

    deferred = PipelineSession(boto_session=stage.session, default_bucket=stage.aws.default_bucket)
    estimator = Estimator(
        image_uri=stage.image,
        role=stage.role,
        instance_count=1,
        instance_type=_CPU,
        output_path=stage.uri("models"),
        sagemaker_session=deferred,
    )
    step = TrainingStep(name="train", step_args=estimator.fit({"train": stage.uri("data")}))
    pipeline = Pipeline(name=stage.name("pipeline"), steps=[step], sagemaker_session=stage.sdk)
    pipeline.upsert(role_arn=stage.role)
    pipeline.upsert(role_arn=stage.role)
    execution = pipeline.start()
    execution.describe()
    execution.list_steps()
    pipeline.delete()


def _flow(name: str, title: str, run: Callable[[Stage], None], *sends: str, **more: Any) -> Flow:
    return Flow(sdk=2, name=name, title=title, run=run, sends=sends, **more)


FLOWS: tuple[Flow, ...] = (
    _flow(
        "model-package",
        "`Model.register` in a group; approve; deploy",
        _package,
        "CreateModelPackageGroup",
        "CreateModelPackage",
        "UpdateModelPackage",
        "CreateModel",
        note="A package in a group bears the group's tags, by an exemption.",
    ),
    _flow(
        "model-package-unversioned", "`Model.register` without a group", _unversioned, "CreateModelPackage"
    ),
    _flow(
        "model-package-pipeline",
        "`PipelineModel.register`",
        _pipeline_package,
        "CreateModelPackage",
    ),
    _flow(
        "model-card",
        "`ModelCard`: create, update, export",
        _card,
        "CreateModelCard",
        "UpdateModelCard",
        "CreateModelCardExportJob",
    ),
    _flow(
        "experiment-run",
        "`Run` and `load_run`",
        _experiment,
        "CreateExperiment",
        "CreateTrial",
        "CreateTrialComponent",
        "CreateTrainingJob",
        "sagemaker-metrics.BatchPutMetrics",
        "s3.PutObject",
    ),
    _flow("experiment-trial", "`Experiment` and `Trial`", _trials, "CreateExperiment", "CreateTrial"),
    _flow(
        "lineage",
        "`Artifact`, `Action`, `Context`, `Association`",
        _lineage,
        "CreateArtifact",
        "CreateAction",
        "CreateContext",
        "AddAssociation",
    ),
    _flow(
        "pipeline",
        "`Pipeline.upsert` and `start`",
        _pipeline,
        "CreatePipeline",
        "UpdatePipeline",
        "StartPipelineExecution",
        warnings=("ignore:Running within a PipelineSession:UserWarning",),
    ),
)
