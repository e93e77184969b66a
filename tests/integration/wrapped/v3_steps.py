"""Each class of step that the SageMaker Python SDK v3 has for itself or makes its own way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from sagemaker.core.parameter import IntegerParameter
from sagemaker.core.shapes import (
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
)
from sagemaker.core.training.configs import Compute, InputData, OutputDataConfig
from sagemaker.core.workflow.pipeline_context import runnable_by_pipeline
from sagemaker.mlops.workflow.automl_step import AutoMLStep
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep, TuningStep
from sagemaker.serve.model_builder import ModelBuilder
from sagemaker.train import ModelTrainer
from sagemaker.train.tuner import HyperparameterTuner

from tests.integration.wrapped.making import SHARED, Making, processor

__all__ = ["MAKERS"]


def _trainer(making: Making) -> Any:
    return ModelTrainer(
        training_image=making.image,
        compute=Compute(instance_type="ml.m5.xlarge", instance_count=1, volume_size_in_gb=30),
        output_data_config=OutputDataConfig(s3_output_path=making.uri("models")),
        sagemaker_session=making.session,
        role=making.role,
    )


def _inputs(making: Making) -> list[Any]:
    return [InputData(channel_name="train", data_source=making.uri("train"))]


def _builder(making: Making) -> Any:
    return ModelBuilder(
        s3_model_data_url=making.uri("model.tar.gz"),
        image_uri=making.image,
        instance_type="ml.m5.large",
        sagemaker_session=making.session,
        role_arn=making.role,
    )


def _automl(making: Making) -> Any:
    return AutoMLStep(name="Step", step_args=making.session)


def _cleanup(making: Making) -> Any:
    prepared = _processing(making, "Prepare")
    written = making.step("cleanup_step.S3CleanupSource")(prepared, [making.uri("prepared/1.csv")])
    return [prepared, making.step("cleanup_step.CleanupStep")(name="Step", s3_sources=[written])]


def _endpoint_config(making: Making) -> Any:
    variant = {
        "VariantName": "all",
        "ModelName": making.hosted,
        "InstanceType": "ml.m5.xlarge",
        "InitialInstanceCount": 2,
    }
    wanted = making.session.create_endpoint_config("churn", [variant])
    return making.step("endpoint_step.EndpointConfigStep")(name="Step", step_args=wanted)


def _for_each(making: Making) -> Any:
    return making.step("for_each_step.ForEachStep")(
        name="Step",
        iterable_items=["north", "south"],
        max_concurrency=2,
        for_each_body=[_training(making, "Inner")],
    )


class _Tuned:
    """Fine-tuning, as the SDK's own producers of ``CreateJob`` declare it."""

    _pipeline_caller_name: ClassVar[str] = "create_job"

    def __init__(self, making: Making) -> None:
        """Whatever it is told, it keeps."""
        self.sagemaker_session = making.session
        self.making = making

    @runnable_by_pipeline  # type: ignore[untyped-decorator]  # the SDK has no types
    def train(self) -> None:
        """What the pipeline would start."""
        self.making.core("workflow.pipeline_capture.capture_create_job_request")(
            self.sagemaker_session,
            job_name="churn",
            role_arn=self.making.role,
            job_category="AgentRFT",
            schema_version="1.0.0",
            job_config={
                "InputDataConfig": {"S3Uri": self.making.uri("train")},
                "OutputDataConfig": {"S3OutputPath": self.making.uri("models")},
            },
        )


def _job(making: Making) -> Any:
    return making.step("steps.JobStep")(name="Step", step_args=_Tuned(making).train())


def _registered(making: Making) -> Any:
    return _builder(making).register(
        content_types=["text/csv"],
        response_types=["text/csv"],
        inference_instances=["ml.m5.large"],
        transform_instances=["ml.m5.large"],
        model_package_group_name="churn",
    )


def _model_step(making: Making) -> Any:
    return [
        ModelStep(name="Step", step_args=_builder(making).build()),
        ModelStep(name="Register", step_args=_registered(making)),
    ]


def _repacked(making: Making) -> Any:
    return making.step("_utils._RepackModelStep")(
        name="Step",
        sagemaker_session=making.session,
        role=making.role,
        model_data=making.uri("model.tar.gz"),
        entry_point=str(making.scripts / "serve.py"),
    )


def _processing(making: Making, name: str = "Step") -> Any:
    read = ProcessingInput(
        input_name="raw",
        s3_input=ProcessingS3Input(
            s3_uri=making.uri("raw"),
            local_path="/opt/ml/processing/input",
            s3_data_type="S3Prefix",
            s3_input_mode="File",
        ),
    )
    written = ProcessingOutput(
        output_name="train",
        s3_output=ProcessingS3Output(
            s3_uri=making.uri("prepared"), local_path="/opt/ml/processing/train", s3_upload_mode="EndOfJob"
        ),
    )
    code = str(making.scripts / "prepare.py")
    return ProcessingStep(
        name=name, step_args=processor(making).run(inputs=[read], outputs=[written], code=code)
    )


def _training(making: Making, name: str = "Step") -> Any:
    return TrainingStep(name=name, step_args=_trainer(making).train(input_data_config=_inputs(making)))


def _tuning(making: Making) -> Any:
    tuner = HyperparameterTuner(
        model_trainer=_trainer(making),
        objective_metric_name="auc",
        metric_definitions=[{"Name": "auc", "Regex": "auc:([0-9.]+)"}],
        hyperparameter_ranges={"max_depth": IntegerParameter(2, 8)},
        max_jobs=2,
        max_parallel_jobs=1,
    )
    return TuningStep(name="Step", step_args=tuner.tune(inputs=_inputs(making)))


MAKERS: Mapping[str, Callable[[Making], Any]] = {
    **SHARED,
    "AutoMLStep": _automl,
    "CleanupStep": _cleanup,
    "EndpointConfigStep": _endpoint_config,
    "ForEachStep": _for_each,
    "JobStep": _job,
    "ModelStep": _model_step,
    "ProcessingStep": _processing,
    "TrainingStep": _training,
    "TuningStep": _tuning,
    "_RepackModelStep": _repacked,
}
"""By the class of step."""
