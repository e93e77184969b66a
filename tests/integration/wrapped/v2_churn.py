"""Churn with the SageMaker Python SDK v2: checked data, tuning, checked models, people who approve, monitoring.

Written as its author would who has never heard of a baseline: nothing here says a key, a network or a tag.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import sagemaker
from sagemaker.clarify import BiasConfig, DataConfig, ModelConfig, ModelPredictedLabelConfig, SHAPConfig
from sagemaker.drift_check_baselines import DriftCheckBaselines
from sagemaker.inputs import TrainingInput
from sagemaker.lambda_helper import Lambda
from sagemaker.model import Model
from sagemaker.model_metrics import MetricsSource, ModelMetrics
from sagemaker.model_monitor import BatchTransformInput, CronExpressionGenerator, DefaultModelMonitor
from sagemaker.model_monitor.dataset_format import DatasetFormat, MonitoringDatasetFormat
from sagemaker.processing import ProcessingInput, ProcessingOutput, ScriptProcessor
from sagemaker.sklearn.processing import SKLearnProcessor
from sagemaker.tuner import ContinuousParameter, HyperparameterTuner, IntegerParameter
from sagemaker.workflow.callback_step import CallbackOutput, CallbackOutputTypeEnum, CallbackStep
from sagemaker.workflow.check_job_config import CheckJobConfig
from sagemaker.workflow.clarify_check_step import (
    ClarifyCheckStep,
    DataBiasCheckConfig,
    ModelBiasCheckConfig,
    ModelExplainabilityCheckConfig,
)
from sagemaker.workflow.condition_step import ConditionStep
from sagemaker.workflow.conditions import ConditionEquals, ConditionGreaterThanOrEqualTo
from sagemaker.workflow.execution_variables import ExecutionVariables
from sagemaker.workflow.functions import Join, JsonGet
from sagemaker.workflow.lambda_step import LambdaOutput, LambdaOutputTypeEnum, LambdaStep
from sagemaker.workflow.model_step import ModelStep
from sagemaker.workflow.parameters import ParameterBoolean, ParameterInteger, ParameterString
from sagemaker.workflow.pipeline import Pipeline
from sagemaker.workflow.pipeline_context import PipelineSession
from sagemaker.workflow.properties import PropertyFile
from sagemaker.workflow.quality_check_step import (
    DataQualityCheckConfig,
    ModelQualityCheckConfig,
    QualityCheckStep,
)
from sagemaker.workflow.steps import ProcessingStep, TransformStep, TuningStep
from sagemaker.xgboost import XGBoost

__all__ = ["get_pipeline", "monitor"]

HEADERS = ["churned", "months", "calls", "charge"]


def get_session(boto_session: boto3.Session, default_bucket: str) -> Any:
    """A session over clients that are made here."""
    return sagemaker.session.Session(
        boto_session=boto_session,
        sagemaker_client=boto_session.client("sagemaker"),
        sagemaker_runtime_client=boto_session.client("sagemaker-runtime"),
        default_bucket=default_bucket,
    )


def get_pipeline_session(boto_session: boto3.Session, default_bucket: str) -> Any:
    """The same, for steps."""
    return PipelineSession(
        boto_session=boto_session,
        sagemaker_client=boto_session.client("sagemaker"),
        default_bucket=default_bucket,
    )


def get_pipeline(
    boto_session: boto3.Session,
    *,
    role: str,
    default_bucket: str,
    raw_data: str,
    scripts: Path,
    notify_function: str,
    approval_queue: str,
    model_package_group_name: str = "Churn",
    pipeline_name: str = "churn",
    prefix: str = "churn",
) -> Any:
    """The pipeline, ready to be upserted."""
    session = get_pipeline_session(boto_session, default_bucket)
    region = session.boto_region_name

    instance_type = ParameterString(name="InstanceType", default_value="ml.m5.xlarge")
    instance_count = ParameterInteger(name="InstanceCount", default_value=1)
    input_data = ParameterString(name="InputData", default_value=raw_data)
    approval_status = ParameterString(name="ModelApprovalStatus", default_value="PendingManualApproval")
    skip_checks = ParameterBoolean(name="SkipChecks", default_value=False)
    register_baselines = ParameterBoolean(name="RegisterBaselines", default_value=True)
    supplied_statistics = ParameterString(
        name="SuppliedStatistics", default_value=f"s3://{default_bucket}/{prefix}/baseline/statistics.json"
    )
    supplied_constraints = ParameterString(
        name="SuppliedConstraints", default_value=f"s3://{default_bucket}/{prefix}/baseline/constraints.json"
    )

    prepare = SKLearnProcessor(
        framework_version="1.2-1",
        instance_type=instance_type,
        instance_count=instance_count,
        base_job_name=f"{prefix}/prepare",
        sagemaker_session=session,
        role=role,
    )
    step_prepare = ProcessingStep(
        name="PrepareChurn",
        step_args=prepare.run(
            inputs=[ProcessingInput(source=input_data, destination="/opt/ml/processing/input")],
            outputs=[
                ProcessingOutput(output_name="train", source="/opt/ml/processing/train"),
                ProcessingOutput(output_name="validation", source="/opt/ml/processing/validation"),
                ProcessingOutput(output_name="test", source="/opt/ml/processing/test"),
            ],
            code=str(scripts / "prepare.py"),
            arguments=["--target", "churned"],
        ),
    )
    prepared = step_prepare.properties.ProcessingOutputConfig.Outputs
    train_data = prepared["train"].S3Output.S3Uri
    test_data = prepared["test"].S3Output.S3Uri

    check_job = CheckJobConfig(
        role=role,
        instance_count=1,
        instance_type="ml.c5.xlarge",
        volume_size_in_gb=120,
        sagemaker_session=session,
    )
    step_data_quality = QualityCheckStep(
        name="DataQuality",
        skip_check=skip_checks,
        register_new_baseline=register_baselines,
        quality_check_config=DataQualityCheckConfig(
            baseline_dataset=train_data,
            dataset_format=DatasetFormat.csv(header=False, output_columns_position="START"),
            output_s3_uri=Join(
                on="/",
                values=[
                    "s3:/",
                    default_bucket,
                    prefix,
                    ExecutionVariables.PIPELINE_EXECUTION_ID,
                    "data-quality",
                ],
            ),
        ),
        check_job_config=check_job,
        supplied_baseline_statistics=supplied_statistics,
        supplied_baseline_constraints=supplied_constraints,
        model_package_group_name=model_package_group_name,
    )
    bias = BiasConfig(label_values_or_threshold=[1], facet_name="months", facet_values_or_threshold=[12])

    def clarified(name: str) -> Any:
        return DataConfig(
            s3_data_input_path=train_data,
            s3_output_path=Join(
                on="/",
                values=["s3:/", default_bucket, prefix, ExecutionVariables.PIPELINE_EXECUTION_ID, name],
            ),
            s3_analysis_config_output_path=f"s3://{default_bucket}/{prefix}/{name}/config",
            label="churned",
            headers=HEADERS,
            dataset_type="text/csv",
        )

    step_data_bias = ClarifyCheckStep(
        name="DataBias",
        clarify_check_config=DataBiasCheckConfig(
            data_config=clarified("data-bias"), data_bias_config=bias, methods="all"
        ),
        check_job_config=check_job,
        skip_check=skip_checks,
        register_new_baseline=register_baselines,
        model_package_group_name=model_package_group_name,
    )

    estimator = XGBoost(
        entry_point="train.py",
        source_dir=str(scripts),
        framework_version="1.7-1",
        instance_type=instance_type,
        instance_count=1,
        output_path=f"s3://{default_bucket}/{prefix}/tuned",
        hyperparameters={"objective": "binary:logistic"},
        sagemaker_session=session,
        role=role,
    )
    tuner = HyperparameterTuner(
        estimator=estimator,
        objective_metric_name="validation:auc",
        metric_definitions=[{"Name": "validation:auc", "Regex": "validation-auc:([0-9.]+)"}],
        hyperparameter_ranges={"eta": ContinuousParameter(0.05, 0.5), "max_depth": IntegerParameter(2, 8)},
        max_jobs=6,
        max_parallel_jobs=2,
        strategy="Bayesian",
    )
    step_tune = TuningStep(
        name="TuneChurn",
        step_args=tuner.fit(
            inputs={
                "train": TrainingInput(s3_data=train_data, content_type="text/csv"),
                "validation": TrainingInput(
                    s3_data=prepared["validation"].S3Output.S3Uri, content_type="text/csv"
                ),
            }
        ),
        depends_on=[step_data_quality.name, step_data_bias.name],
    )
    best = step_tune.get_top_model_s3_uri(top_k=0, s3_bucket=default_bucket, prefix=f"{prefix}/tuned")
    second = step_tune.get_top_model_s3_uri(top_k=1, s3_bucket=default_bucket, prefix=f"{prefix}/tuned")

    image = sagemaker.image_uris.retrieve("xgboost", region=region, version="1.7-1")
    evaluate = ScriptProcessor(
        image_uri=image,
        command=["python3"],
        instance_type=instance_type,
        instance_count=1,
        base_job_name=f"{prefix}/evaluate",
        sagemaker_session=session,
        role=role,
    )
    report = PropertyFile(name="EvaluationReport", output_name="evaluation", path="evaluation.json")
    step_evaluate = ProcessingStep(
        name="EvaluateChurn",
        step_args=evaluate.run(
            inputs=[
                ProcessingInput(source=best, destination="/opt/ml/processing/model"),
                ProcessingInput(source=test_data, destination="/opt/ml/processing/test"),
            ],
            outputs=[ProcessingOutput(output_name="evaluation", source="/opt/ml/processing/evaluation")],
            code=str(scripts / "evaluate.py"),
        ),
        property_files=[report],
    )

    model = Model(
        image_uri=image,
        model_data=best,
        entry_point="serve.py",
        source_dir=str(scripts),
        sagemaker_session=session,
        role=role,
    )
    step_model = ModelStep(name="BestChurn", step_args=model.create(instance_type="ml.m5.large"))
    runner_up = Model(image_uri=image, model_data=second, sagemaker_session=session, role=role)
    step_runner_up = ModelStep(name="SecondChurn", step_args=runner_up.create(instance_type="ml.m5.large"))

    scorer = sagemaker.transformer.Transformer(
        model_name=step_model.properties.ModelName,
        instance_type="ml.m5.xlarge",
        instance_count=1,
        accept="text/csv",
        assemble_with="Line",
        output_path=f"s3://{default_bucket}/{prefix}/scores",
        sagemaker_session=session,
    )
    step_score = TransformStep(
        name="ScoreChurn",
        step_args=scorer.transform(
            data=test_data, content_type="text/csv", split_type="Line", join_source="Input"
        ),
    )
    step_model_quality = QualityCheckStep(
        name="ModelQuality",
        skip_check=skip_checks,
        register_new_baseline=register_baselines,
        quality_check_config=ModelQualityCheckConfig(
            baseline_dataset=step_score.properties.TransformOutput.S3OutputPath,
            dataset_format=DatasetFormat.csv(header=False),
            output_s3_uri=f"s3://{default_bucket}/{prefix}/model-quality",
            problem_type="BinaryClassification",
            inference_attribute="_c0",
            ground_truth_attribute="_c1",
        ),
        check_job_config=check_job,
        model_package_group_name=model_package_group_name,
    )
    served = ModelConfig(
        model_name=step_model.properties.ModelName,
        instance_count=1,
        instance_type="ml.m5.xlarge",
    )
    step_model_bias = ClarifyCheckStep(
        name="ModelBias",
        clarify_check_config=ModelBiasCheckConfig(
            data_config=clarified("model-bias"),
            data_bias_config=bias,
            model_config=served,
            model_predicted_label_config=ModelPredictedLabelConfig(probability_threshold=0.5),
            methods="all",
        ),
        check_job_config=check_job,
        skip_check=skip_checks,
        register_new_baseline=register_baselines,
        model_package_group_name=model_package_group_name,
    )
    step_explain = ClarifyCheckStep(
        name="Explainability",
        clarify_check_config=ModelExplainabilityCheckConfig(
            data_config=clarified("explainability"),
            model_config=served,
            explainability_config=SHAPConfig(baseline=[[12, 3, 20.0]], num_samples=10, agg_method="mean_abs"),
        ),
        check_job_config=check_job,
        skip_check=skip_checks,
        register_new_baseline=register_baselines,
        model_package_group_name=model_package_group_name,
    )

    def of(uri: Any) -> Any:
        return MetricsSource(s3_uri=uri, content_type="application/json")

    quality, data_bias = step_data_quality.properties, step_data_bias.properties
    model_quality, explained = step_model_quality.properties, step_explain.properties
    model_bias = step_model_bias.properties
    metrics = ModelMetrics(
        model_data_statistics=of(quality.CalculatedBaselineStatistics),
        model_data_constraints=of(quality.CalculatedBaselineConstraints),
        bias_pre_training=of(data_bias.CalculatedBaselineConstraints),
        bias_post_training=of(model_bias.CalculatedBaselineConstraints),
        model_statistics=of(model_quality.CalculatedBaselineStatistics),
        model_constraints=of(model_quality.CalculatedBaselineConstraints),
        explainability=of(explained.CalculatedBaselineConstraints),
    )
    drift = DriftCheckBaselines(
        model_data_statistics=of(quality.BaselineUsedForDriftCheckStatistics),
        model_data_constraints=of(quality.BaselineUsedForDriftCheckConstraints),
        bias_pre_training_constraints=of(data_bias.BaselineUsedForDriftCheckConstraints),
        bias_post_training_constraints=of(model_bias.BaselineUsedForDriftCheckConstraints),
        model_statistics=of(model_quality.BaselineUsedForDriftCheckStatistics),
        model_constraints=of(model_quality.BaselineUsedForDriftCheckConstraints),
        explainability_constraints=of(explained.BaselineUsedForDriftCheckConstraints),
    )
    step_approve = CallbackStep(
        name="AskForApproval",
        sqs_queue_url=approval_queue,
        inputs={"model": best, "execution": ExecutionVariables.PIPELINE_EXECUTION_ARN},
        outputs=[CallbackOutput(output_name="answer", output_type=CallbackOutputTypeEnum.String)],
    )
    step_register = ModelStep(
        name="RegisterChurn",
        step_args=model.register(
            content_types=["text/csv"],
            response_types=["text/csv"],
            inference_instances=["ml.m5.large"],
            transform_instances=["ml.m5.large"],
            model_package_group_name=model_package_group_name,
            approval_status=approval_status,
            model_metrics=metrics,
            drift_check_baselines=drift,
        ),
        depends_on=[step_approve.name],
    )
    step_notify = LambdaStep(
        name="Notify",
        lambda_func=Lambda(function_arn=notify_function, session=session),
        inputs={
            "package": step_register.properties.ModelPackageArn,
            "runner_up": step_runner_up.properties.ModelName,
            "answer": step_approve.properties.Outputs["answer"],
        },
        outputs=[LambdaOutput(output_name="status", output_type=LambdaOutputTypeEnum.String)],
    )
    step_approved = ConditionStep(
        name="IsApproved",
        conditions=[ConditionEquals(left=step_approve.properties.Outputs["answer"], right="yes")],
        if_steps=[step_register, step_notify],
        else_steps=[],
    )
    step_good = ConditionStep(
        name="IsGoodEnough",
        conditions=[
            ConditionGreaterThanOrEqualTo(
                left=JsonGet(
                    step_name=step_evaluate.name, property_file=report, json_path="metrics.auc.value"
                ),
                right=0.8,
            )
        ],
        if_steps=[
            step_model,
            step_runner_up,
            step_score,
            step_model_quality,
            step_model_bias,
            step_explain,
            step_approve,
            step_approved,
        ],
        else_steps=[],
    )
    return Pipeline(
        name=pipeline_name,
        parameters=[
            instance_type,
            instance_count,
            input_data,
            approval_status,
            skip_checks,
            register_baselines,
            supplied_statistics,
            supplied_constraints,
        ],
        steps=[step_prepare, step_data_quality, step_data_bias, step_tune, step_evaluate, step_good],
        sagemaker_session=session,
    )


def monitor(boto_session: boto3.Session, *, role: str, default_bucket: str, prefix: str = "churn") -> Any:
    """Suggest a baseline of the training data, and hold what is scored to it every day."""
    session = get_session(boto_session, default_bucket)
    watcher = DefaultModelMonitor(
        role=role,
        instance_count=1,
        instance_type="ml.m5.xlarge",
        volume_size_in_gb=20,
        max_runtime_in_seconds=3600,
        sagemaker_session=session,
    )
    watcher.suggest_baseline(
        job_name="churn-baseline",
        baseline_dataset=f"s3://{default_bucket}/{prefix}/train.csv",
        dataset_format=DatasetFormat.csv(header=True),
        output_s3_uri=f"s3://{default_bucket}/{prefix}/baseline",
        wait=True,
        logs=False,
    )
    watcher.create_monitoring_schedule(
        monitor_schedule_name="churn-every-day",
        batch_transform_input=BatchTransformInput(
            data_captured_destination_s3_uri=f"s3://{default_bucket}/{prefix}/scores",
            destination="/opt/ml/processing/input",
            dataset_format=MonitoringDatasetFormat.csv(header=False),
        ),
        output_s3_uri=f"s3://{default_bucket}/{prefix}/monitoring",
        statistics=f"s3://{default_bucket}/{prefix}/baseline/statistics.json",
        constraints=f"s3://{default_bucket}/{prefix}/baseline/constraints.json",
        schedule_cron_expression=CronExpressionGenerator.daily(),
    )
    return watcher
