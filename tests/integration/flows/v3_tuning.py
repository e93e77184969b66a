"""Tuning with the SageMaker Python SDK v3."""

from __future__ import annotations

from typing import Any

from tests.integration.flows.flow import Flow, Stage
from tests.integration.flows.v3_training import WARNINGS, trainer

__all__ = ["FLOWS"]

_METRICS = [{"Name": "loss", "Regex": "loss: ([0-9.]+)"}]


def _tuner(stage: Stage, model_trainer: Any, **settings: Any) -> Any:
    from sagemaker.core.parameter import ContinuousParameter
    from sagemaker.train.tuner import HyperparameterTuner

    return HyperparameterTuner(
        model_trainer=model_trainer,
        objective_metric_name="loss",
        hyperparameter_ranges={"rate": ContinuousParameter(0.01, 0.1)},
        metric_definitions=_METRICS,
        max_jobs=2,
        base_tuning_job_name="tune",
        **settings,
    )


def _image_only(stage: Stage) -> None:
    tuner = _tuner(stage, trainer(stage, scripted=False, hyperparameters={"epochs": 3}))
    tuner.tune(inputs={"train": stage.seed("data/train.csv")}, job_name="tune-image", wait=False)


def _source_code(stage: Stage) -> None:
    tuner = _tuner(stage, trainer(stage, hyperparameters={"epochs": 3}))
    tuner.tune(inputs={"train": stage.seed("data/train.csv")}, job_name="tune-code", wait=False)


def _own_settings(stage: Stage) -> None:
    from sagemaker.core.training.configs import Compute, Networking

    configured = trainer(
        stage,
        networking=Networking(
            subnets=list(stage.aws.subnets[:2]),
            security_group_ids=list(stage.aws.security_groups),
            enable_network_isolation=True,
            enable_inter_container_traffic_encryption=True,
        ),
        compute=Compute(instance_type="ml.m5.xlarge", instance_count=1, volume_kms_key_id=stage.aws.key_arn),
    )
    _tuner(stage, configured).tune(job_name="tune-own", wait=False)


def _local_storage(stage: Stage) -> None:
    from sagemaker.core.training.configs import Compute

    compute = Compute(instance_type="ml.g5.xlarge", instance_count=1)
    _tuner(stage, trainer(stage, compute=compute)).tune(job_name="tune-local-storage", wait=False)


def _warm_start(stage: Stage) -> None:
    from sagemaker.core.shapes import HyperParameterTuningJobWarmStartConfig, ParentHyperParameterTuningJob

    _tuner(stage, trainer(stage, scripted=False)).tune(job_name="tune-parent", wait=False)
    again = _tuner(
        stage,
        trainer(stage, scripted=False),
        warm_start_config=HyperParameterTuningJobWarmStartConfig(
            parent_hyper_parameter_tuning_jobs=[
                ParentHyperParameterTuningJob(hyper_parameter_tuning_job_name="tune-parent")
            ],
            warm_start_type="IdenticalDataAndAlgorithm",
        ),
    )
    again.tune(job_name="tune-child", wait=False)


def _waited_for(stage: Stage) -> None:
    tuner = _tuner(stage, trainer(stage, scripted=False))
    tuner.tune(job_name="tune-waited-for", wait=True)
    tuner.describe()


def _flow(name: str, title: str, run: Any, **more: Any) -> Flow:
    return Flow(
        sdk=3,
        name=f"tuner-{name}",
        title=f"`HyperparameterTuner`, {title}",
        run=run,
        sends=("CreateHyperParameterTuningJob",),
        warnings=WARNINGS,
        **more,
    )


FLOWS: tuple[Flow, ...] = (
    _flow("image-only", "image only", _image_only),
    _flow(
        "source-code",
        "source directory",
        _source_code,
        note="The SDK has the container fetch its code from S3; under isolation an input channel brings it.",
    ),
    _flow(
        "own-settings",
        "`networking` and `compute` of the user's own",
        _own_settings,
        note="The SDK drops the volume key, isolation and traffic encryption that the user wrote; "
        "the session puts them back.",
    ),
    _flow("local-storage", "instance with local storage", _local_storage),
    _flow("warm-start", "warm start", _warm_start),
    _flow("waited-for", "waited for and described", _waited_for),
)
