"""House prices with the SageMaker Python SDK v2: prepare, train, evaluate; register and score when good enough.

Written as its author would who has never heard of a baseline: nothing here says a key, a network or a tag.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boto3
import sagemaker
from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
from sagemaker.model import Model
from sagemaker.model_metrics import MetricsSource, ModelMetrics
from sagemaker.processing import ProcessingInput, ProcessingOutput, ScriptProcessor
from sagemaker.sklearn.processing import SKLearnProcessor
from sagemaker.transformer import Transformer
from sagemaker.workflow.condition_step import ConditionStep
from sagemaker.workflow.conditions import ConditionLessThanOrEqualTo
from sagemaker.workflow.execution_variables import ExecutionVariables
from sagemaker.workflow.fail_step import FailStep
from sagemaker.workflow.functions import Join, JsonGet
from sagemaker.workflow.model_step import ModelStep
from sagemaker.workflow.parameters import ParameterFloat, ParameterInteger, ParameterString
from sagemaker.workflow.pipeline import Pipeline
from sagemaker.workflow.pipeline_context import PipelineSession
from sagemaker.workflow.properties import PropertyFile
from sagemaker.workflow.steps import CacheConfig, ProcessingStep, TrainingStep, TransformStep

__all__ = ["get_pipeline"]


def get_pipeline(
    boto_session: boto3.Session,
    *,
    role: str,
    default_bucket: str,
    raw_data: str,
    scripts: Path,
    towns: Sequence[str] = (),
    model_package_group_name: str = "HousePrices",
    pipeline_name: str = "house-prices",
    base_job_prefix: str = "prices",
) -> Any:
    """The pipeline, ready to be upserted."""
    session = PipelineSession(boto_session=boto_session, default_bucket=default_bucket)
    region = session.boto_region_name

    processing_instance_count = ParameterInteger(name="ProcessingInstanceCount", default_value=1)
    processing_instance_type = ParameterString(name="ProcessingInstanceType", default_value="ml.m5.xlarge")
    training_instance_type = ParameterString(name="TrainingInstanceType", default_value="ml.m5.2xlarge")
    approval_status = ParameterString(
        name="ModelApprovalStatus",
        default_value="PendingManualApproval",
        enum_values=["PendingManualApproval", "Approved", "Rejected"],
    )
    input_data = ParameterString(name="InputData", default_value=raw_data)
    batch_data = ParameterString(
        name="BatchData", default_value=f"s3://{default_bucket}/{base_job_prefix}/batch"
    )
    error_threshold = ParameterFloat(name="ErrorThreshold", default_value=6.0)
    cache = CacheConfig(enable_caching=True, expire_after="P30D")

    prepare = SKLearnProcessor(
        framework_version="1.2-1",
        instance_type=processing_instance_type,
        instance_count=processing_instance_count,
        base_job_name=f"{base_job_prefix}/prepare",
        sagemaker_session=session,
        role=role,
    )
    step_prepare = ProcessingStep(
        name="PrepareHousePrices",
        step_args=prepare.run(
            inputs=[ProcessingInput(source=input_data, destination="/opt/ml/processing/input")],
            outputs=[
                ProcessingOutput(output_name="train", source="/opt/ml/processing/train"),
                ProcessingOutput(output_name="validation", source="/opt/ml/processing/validation"),
                ProcessingOutput(
                    output_name="test",
                    source="/opt/ml/processing/test",
                    destination=Join(
                        on="/",
                        values=[
                            "s3:/",
                            default_bucket,
                            base_job_prefix,
                            ExecutionVariables.PIPELINE_EXECUTION_ID,
                            "test",
                        ],
                    ),
                ),
            ],
            code=str(scripts / "prepare.py"),
            arguments=["--target", "price"],
        ),
        cache_config=cache,
    )
    prepared = step_prepare.properties.ProcessingOutputConfig.Outputs

    image = sagemaker.image_uris.retrieve("xgboost", region=region, version="1.7-1")

    def trained(**hyperparameters: Any) -> Any:
        regressor = Estimator(
            image_uri=image,
            instance_type=training_instance_type,
            instance_count=1,
            output_path=f"s3://{default_bucket}/{base_job_prefix}/models",
            base_job_name=f"{base_job_prefix}/train",
            sagemaker_session=session,
            role=role,
            disable_profiler=True,
        )
        regressor.set_hyperparameters(objective="reg:squarederror", num_round=50, **hyperparameters)
        return regressor.fit(
            inputs={
                name: TrainingInput(s3_data=prepared[name].S3Output.S3Uri, content_type="text/csv")
                for name in ("train", "validation")
            }
        )

    step_train = TrainingStep(
        name="TrainHousePrices", step_args=trained(max_depth=5, eta=0.2), cache_config=cache
    )
    of_towns = [
        TrainingStep(name=f"Train{town}", step_args=trained(max_depth=3, town=town)) for town in towns
    ]
    model_data = step_train.properties.ModelArtifacts.S3ModelArtifacts

    evaluate = ScriptProcessor(
        image_uri=image,
        command=["python3"],
        instance_type=processing_instance_type,
        instance_count=1,
        base_job_name=f"{base_job_prefix}/evaluate",
        sagemaker_session=session,
        role=role,
    )
    report = PropertyFile(name="EvaluationReport", output_name="evaluation", path="evaluation.json")
    step_evaluate = ProcessingStep(
        name="EvaluateHousePrices",
        step_args=evaluate.run(
            inputs=[
                ProcessingInput(source=model_data, destination="/opt/ml/processing/model"),
                ProcessingInput(
                    source=prepared["test"].S3Output.S3Uri, destination="/opt/ml/processing/test"
                ),
            ],
            outputs=[ProcessingOutput(output_name="evaluation", source="/opt/ml/processing/evaluation")],
            code=str(scripts / "evaluate.py"),
        ),
        property_files=[report],
    )

    model = Model(image_uri=image, model_data=model_data, sagemaker_session=session, role=role)
    metrics = ModelMetrics(
        model_statistics=MetricsSource(
            s3_uri=Join(
                on="/",
                values=[
                    step_evaluate.properties.ProcessingOutputConfig.Outputs["evaluation"].S3Output.S3Uri,
                    "evaluation.json",
                ],
            ),
            content_type="application/json",
        )
    )
    step_register = ModelStep(
        name="RegisterHousePrices",
        step_args=model.register(
            content_types=["text/csv"],
            response_types=["text/csv"],
            inference_instances=["ml.t2.medium", "ml.m5.large"],
            transform_instances=["ml.m5.large"],
            model_package_group_name=model_package_group_name,
            approval_status=approval_status,
            model_metrics=metrics,
        ),
    )
    step_model = ModelStep(name="HousePrices", step_args=model.create(instance_type="ml.m5.large"))

    transformer = Transformer(
        model_name=step_model.properties.ModelName,
        instance_type="ml.m5.xlarge",
        instance_count=1,
        output_path=Join(on="/", values=["s3:/", default_bucket, "scores", ExecutionVariables.PIPELINE_NAME]),
        sagemaker_session=session,
    )
    step_score = TransformStep(
        name="ScoreHouses",
        step_args=transformer.transform(data=batch_data, content_type="text/csv", split_type="Line"),
    )

    step_fail = FailStep(
        name="TooInaccurate",
        error_message=Join(on=" ", values=["The mean squared error is above", error_threshold]),
    )
    step_condition = ConditionStep(
        name="IsAccurateEnough",
        conditions=[
            ConditionLessThanOrEqualTo(
                left=JsonGet(
                    step_name=step_evaluate.name,
                    property_file=report,
                    json_path="regression_metrics.mse.value",
                ),
                right=error_threshold,
            )
        ],
        if_steps=[step_register, step_model, step_score],
        else_steps=[step_fail],
    )
    return Pipeline(
        name=pipeline_name,
        parameters=[
            processing_instance_type,
            processing_instance_count,
            training_instance_type,
            approval_status,
            input_data,
            batch_data,
            error_threshold,
        ],
        steps=[step_prepare, step_train, *of_towns, step_evaluate, step_condition],
        sagemaker_session=session,
    )
