"""House prices with the SageMaker Python SDK v3: prepare, train, evaluate; register and score when good enough.

Written as its author would who has never heard of a baseline: nothing here says a key, a network or a tag.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boto3
from sagemaker.core import image_uris
from sagemaker.core.model_metrics import MetricsSource, ModelMetrics
from sagemaker.core.processing import ScriptProcessor
from sagemaker.core.shapes import (
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
    StoppingCondition,
)
from sagemaker.core.training.configs import Compute, InputData, OutputDataConfig, SourceCode
from sagemaker.core.transformer import Transformer
from sagemaker.core.workflow.conditions import ConditionLessThanOrEqualTo
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.parameters import ParameterFloat, ParameterInteger, ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import CacheConfig, ProcessingStep, TrainingStep, TransformStep
from sagemaker.serve.model_builder import ModelBuilder
from sagemaker.train import ModelTrainer

__all__ = ["get_pipeline"]


def _read(name: str, uri: Any) -> Any:
    source = ProcessingS3Input(
        s3_uri=uri,
        local_path=f"/opt/ml/processing/{name}",
        s3_data_type="S3Prefix",
        s3_input_mode="File",
    )
    return ProcessingInput(input_name=name, s3_input=source)


def _written(name: str, uri: Any) -> Any:
    target = ProcessingS3Output(
        s3_uri=uri, local_path=f"/opt/ml/processing/{name}", s3_upload_mode="EndOfJob"
    )
    return ProcessingOutput(output_name=name, s3_output=target)


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
    prefix: str = "prices",
) -> Any:
    """The pipeline, ready to be upserted."""
    session = PipelineSession(boto_session=boto_session, default_bucket=default_bucket)
    region = session.boto_region_name

    processing_instance_type = ParameterString(name="ProcessingInstanceType", default_value="ml.m5.xlarge")
    processing_instance_count = ParameterInteger(name="ProcessingInstanceCount", default_value=1)
    training_instance_type = ParameterString(name="TrainingInstanceType", default_value="ml.m5.2xlarge")
    approval_status = ParameterString(name="ModelApprovalStatus", default_value="PendingManualApproval")
    input_data = ParameterString(name="InputData", default_value=raw_data)
    batch_data = ParameterString(name="BatchData", default_value=f"s3://{default_bucket}/{prefix}/batch")
    error_threshold = ParameterFloat(name="ErrorThreshold", default_value=6.0)
    cache = CacheConfig(enable_caching=True, expire_after="P30D")

    def of_execution(*names: str) -> Any:
        return Join(
            on="/", values=["s3:/", default_bucket, prefix, ExecutionVariables.PIPELINE_EXECUTION_ID, *names]
        )

    prepare = ScriptProcessor(
        image_uri=image_uris.retrieve("sklearn", region=region, version="1.2-1", py_version="py3"),
        command=["python3"],
        instance_type=processing_instance_type,
        instance_count=processing_instance_count,
        base_job_name=f"{prefix}-prepare",
        sagemaker_session=session,
        role=role,
    )
    step_prepare = ProcessingStep(
        name="PrepareHousePrices",
        step_args=prepare.run(
            inputs=[_read("input", input_data)],
            outputs=[_written(name, of_execution(name)) for name in ("train", "validation", "test")],
            code=str(scripts / "prepare.py"),
            arguments=["--target", "price"],
        ),
        cache_config=cache,
    )
    prepared = step_prepare.properties.ProcessingOutputConfig.Outputs

    image = image_uris.retrieve("xgboost", region=region, version="1.7-1")

    def trainer(source_code: SourceCode | None = None, **hyperparameters: Any) -> Any:
        return ModelTrainer(
            training_image=image,
            compute=Compute(instance_type=training_instance_type, instance_count=1, volume_size_in_gb=30),
            base_job_name=f"{prefix}-train",
            output_data_config=OutputDataConfig(s3_output_path=f"s3://{default_bucket}/{prefix}/models"),
            stopping_condition=StoppingCondition(max_runtime_in_seconds=3600),
            hyperparameters={"objective": "reg:squarederror", "num_round": 50, **hyperparameters},
            input_data_config=[
                InputData(
                    channel_name=name, data_source=prepared[name].S3Output.S3Uri, content_type="text/csv"
                )
                for name in ("train", "validation")
            ],
            source_code=source_code,
            sagemaker_session=session,
            role=role,
        )

    own_script = SourceCode(source_dir=str(scripts), entry_script="train.py")
    step_train = TrainingStep(
        name="TrainHousePrices", step_args=trainer(own_script, max_depth=5).train(), cache_config=cache
    )
    of_towns = [
        TrainingStep(name=f"Train{town}", step_args=trainer(max_depth=3, town=town).train()) for town in towns
    ]
    model_data = step_train.properties.ModelArtifacts.S3ModelArtifacts

    evaluate = ScriptProcessor(
        image_uri=image,
        command=["python3"],
        instance_type=processing_instance_type,
        instance_count=1,
        base_job_name=f"{prefix}-evaluate",
        sagemaker_session=session,
        role=role,
    )
    report = PropertyFile(name="EvaluationReport", output_name="evaluation", path="evaluation.json")
    step_evaluate = ProcessingStep(
        name="EvaluateHousePrices",
        step_args=evaluate.run(
            inputs=[_read("model", model_data), _read("test", prepared["test"].S3Output.S3Uri)],
            outputs=[_written("evaluation", of_execution("evaluation"))],
            code=str(scripts / "evaluate.py"),
        ),
        property_files=[report],
    )

    builder = ModelBuilder(
        s3_model_data_url=model_data,
        image_uri=image,
        instance_type="ml.m5.large",
        sagemaker_session=session,
        role_arn=role,
    )
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
    step_model = ModelStep(name="CreateHousePrices", step_args=builder.build())
    step_register = ModelStep(
        name="RegisterHousePrices",
        step_args=builder.register(
            content_types=["text/csv"],
            response_types=["text/csv"],
            inference_instances=["ml.t2.medium", "ml.m5.large"],
            transform_instances=["ml.m5.large"],
            model_package_group_name=model_package_group_name,
            approval_status=approval_status,
            model_metrics=metrics,
        ),
    )
    transformer = Transformer(
        model_name=step_model.properties.ModelName,
        instance_type="ml.m5.xlarge",
        instance_count=1,
        output_path=of_execution("scores"),
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
