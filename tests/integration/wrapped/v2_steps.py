"""Each class of step that the SageMaker Python SDK v2 has for itself or makes its own way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sagemaker.automl.automl import AutoML
from sagemaker.estimator import Estimator
from sagemaker.inputs import CreateModelInput, TransformInput
from sagemaker.model import Model
from sagemaker.processing import ProcessingInput, ProcessingOutput
from sagemaker.tuner import HyperparameterTuner, IntegerParameter
from sagemaker.workflow.automl_step import AutoMLStep
from sagemaker.workflow.model_step import ModelStep
from sagemaker.workflow.step_collections import EstimatorTransformer, RegisterModel
from sagemaker.workflow.steps import CreateModelStep, ProcessingStep, TrainingStep, TuningStep

from tests.integration.wrapped.making import SHARED, Making, processor

__all__ = ["MAKERS"]


def _estimator(making: Making) -> Any:
    return Estimator(
        image_uri=making.image,
        instance_type="ml.m5.xlarge",
        instance_count=1,
        output_path=making.uri("models"),
        sagemaker_session=making.session,
        role=making.role,
    )


def _model(making: Making) -> Any:
    return Model(
        image_uri=making.image,
        model_data=making.uri("model.tar.gz"),
        sagemaker_session=making.session,
        role=making.role,
    )


def _automl(making: Making) -> Any:
    job = AutoML(
        role=making.role,
        target_attribute_name="churned",
        mode="ENSEMBLING",
        output_path=making.uri("automl"),
        sagemaker_session=making.session,
    )
    return AutoMLStep(name="Step", step_args=job.fit(inputs=making.uri("train")))


def _created(making: Making) -> Any:
    return CreateModelStep(
        name="Step", model=_model(making), inputs=CreateModelInput(instance_type="ml.m5.large")
    )


def _endpoint_config(making: Making) -> Any:
    wanted = making.session.create_endpoint_config(
        name="churn", model_name=making.hosted, initial_instance_count=2, instance_type="ml.m5.xlarge"
    )
    return making.step("endpoint_step.EndpointConfigStep")(name="Step", step_args=wanted)


def _estimator_transformer(making: Making) -> Any:
    return EstimatorTransformer(
        name="Step",
        estimator=_estimator(making),
        model_data=making.uri("model.tar.gz"),
        model_inputs=CreateModelInput(instance_type="ml.m5.large"),
        instance_count=1,
        instance_type="ml.m5.xlarge",
        transform_inputs=TransformInput(data=making.uri("batch")),
        output_path=making.uri("scores"),
    )


def _model_step(making: Making) -> Any:
    return ModelStep(
        name="Step",
        step_args=_model(making).register(
            content_types=["text/csv"],
            response_types=["text/csv"],
            inference_instances=["ml.m5.large"],
            transform_instances=["ml.m5.large"],
            model_package_group_name="churn",
        ),
    )


def _processing(making: Making) -> Any:
    read = ProcessingInput(source=making.uri("raw"), destination="/opt/ml/processing/input")
    written = ProcessingOutput(output_name="train", source="/opt/ml/processing/train")
    code = str(making.scripts / "prepare.py")
    return ProcessingStep(
        name="Step", step_args=processor(making).run(inputs=[read], outputs=[written], code=code)
    )


def _registered(making: Making) -> Any:
    return RegisterModel(
        name="Step",
        estimator=_estimator(making),
        model_data=making.uri("model.tar.gz"),
        content_types=["text/csv"],
        response_types=["text/csv"],
        inference_instances=["ml.m5.large"],
        transform_instances=["ml.m5.large"],
        model_package_group_name="churn",
        entry_point=str(making.scripts / "serve.py"),
    )


def _training(making: Making) -> Any:
    return TrainingStep(name="Step", step_args=_estimator(making).fit(inputs={"train": making.uri("train")}))


def _tuning(making: Making) -> Any:
    tuner = HyperparameterTuner(
        estimator=_estimator(making),
        objective_metric_name="auc",
        metric_definitions=[{"Name": "auc", "Regex": "auc:([0-9.]+)"}],
        hyperparameter_ranges={"max_depth": IntegerParameter(2, 8)},
        max_jobs=2,
        max_parallel_jobs=1,
    )
    return TuningStep(name="Step", step_args=tuner.fit(inputs={"train": making.uri("train")}))


MAKERS: Mapping[str, Callable[[Making], Any]] = {
    **SHARED,
    "AutoMLStep": _automl,
    "CreateModelStep": _created,
    "EndpointConfigStep": _endpoint_config,
    "EstimatorTransformer": _estimator_transformer,
    "ModelStep": _model_step,
    "ProcessingStep": _processing,
    "RegisterModel": _registered,
    "TrainingStep": _training,
    "TuningStep": _tuning,
    "_RegisterModelStep": _registered,
    "_RepackModelStep": _registered,
}
"""By the class of step."""
