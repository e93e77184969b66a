"""Tuning with the SageMaker Python SDK v3: the best of several trials becomes a model and is registered.

Written as its author would who has never heard of a baseline: nothing here says a key, a network or a tag.
"""

from __future__ import annotations

from typing import Any

import boto3
from sagemaker.core import image_uris
from sagemaker.core.lambda_helper import Lambda
from sagemaker.core.parameter import ContinuousParameter, IntegerParameter
from sagemaker.core.training.configs import Compute, InputData, OutputDataConfig
from sagemaker.core.workflow.parameters import ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.mlops.workflow.lambda_step import LambdaOutput, LambdaOutputTypeEnum, LambdaStep
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import TuningStep
from sagemaker.serve.model_builder import ModelBuilder
from sagemaker.train import ModelTrainer
from sagemaker.train.tuner import HyperparameterTuner

__all__ = ["get_pipeline"]


def get_pipeline(
    boto_session: boto3.Session,
    *,
    role: str,
    default_bucket: str,
    raw_data: str,
    notify_function: str,
    model_package_group_name: str = "Churn",
    pipeline_name: str = "churn-tuning",
    prefix: str = "churn",
) -> Any:
    """The pipeline, ready to be upserted."""
    session = PipelineSession(boto_session=boto_session, default_bucket=default_bucket)
    region = session.boto_region_name

    instance_type = ParameterString(name="InstanceType", default_value="ml.m5.xlarge")
    input_data = ParameterString(name="InputData", default_value=raw_data)

    image = image_uris.retrieve("xgboost", region=region, version="1.7-1")
    trainer = ModelTrainer(
        training_image=image,
        compute=Compute(instance_type=instance_type, instance_count=1, volume_size_in_gb=30),
        base_job_name=f"{prefix}-tune",
        output_data_config=OutputDataConfig(s3_output_path=f"s3://{default_bucket}/{prefix}/tuned"),
        hyperparameters={"objective": "binary:logistic", "num_round": 50},
        sagemaker_session=session,
        role=role,
    )
    tuner = HyperparameterTuner(
        model_trainer=trainer,
        objective_metric_name="validation:auc",
        metric_definitions=[{"Name": "validation:auc", "Regex": "validation-auc:([0-9.]+)"}],
        hyperparameter_ranges={"eta": ContinuousParameter(0.05, 0.5), "max_depth": IntegerParameter(2, 8)},
        max_jobs=6,
        max_parallel_jobs=2,
        strategy="Bayesian",
    )
    step_tune = TuningStep(
        name="TuneChurn",
        step_args=tuner.tune(
            inputs=[
                InputData(channel_name="train", data_source=input_data, content_type="text/csv"),
                InputData(channel_name="validation", data_source=input_data, content_type="text/csv"),
            ]
        ),
    )
    best = step_tune.get_top_model_s3_uri(top_k=0, s3_bucket=default_bucket, prefix=f"{prefix}/tuned")
    builder = ModelBuilder(
        s3_model_data_url=best,
        image_uri=image,
        instance_type="ml.m5.large",
        sagemaker_session=session,
        role_arn=role,
    )
    step_model = ModelStep(name="CreateChurn", step_args=builder.build())
    step_register = ModelStep(
        name="RegisterChurn",
        step_args=builder.register(
            content_types=["text/csv"],
            response_types=["text/csv"],
            inference_instances=["ml.m5.large"],
            transform_instances=["ml.m5.large"],
            model_package_group_name=model_package_group_name,
            approval_status="PendingManualApproval",
        ),
    )
    step_notify = LambdaStep(
        name="Notify",
        lambda_func=Lambda(function_arn=notify_function, session=session),
        inputs={
            "best": step_tune.properties.BestTrainingJob.TrainingJobName,
            "model": step_model.properties.ModelName,
            "package": step_register.properties.ModelPackageArn,
        },
        outputs=[LambdaOutput(output_name="status", output_type=LambdaOutputTypeEnum.String)],
    )
    return Pipeline(
        name=pipeline_name,
        parameters=[instance_type, input_data],
        steps=[step_tune, step_model, step_register, step_notify],
        sagemaker_session=session,
    )
