"""Tuning and AutoML with the SageMaker Python SDK v2."""

from __future__ import annotations

from typing import Any

from tests.integration.flows.flow import Flow, Stage

__all__ = ["FLOWS"]

_CPU = "ml.m5.xlarge"


def _tuner(stage: Stage, estimator: Any) -> Any:
    from sagemaker.tuner import ContinuousParameter, HyperparameterTuner, IntegerParameter

    return HyperparameterTuner(
        estimator,
        objective_metric_name="loss",
        hyperparameter_ranges={"rate": ContinuousParameter(0.01, 0.1), "depth": IntegerParameter(2, 6)},
        metric_definitions=[{"Name": "loss", "Regex": "loss=([0-9.]+)"}],
        max_jobs=2,
        base_tuning_job_name=stage.name("job")[:24].rstrip("-"),
    )


def _estimator(stage: Stage, **more: Any) -> Any:
    from sagemaker.estimator import Estimator

    return Estimator(
        image_uri=stage.image,
        role=stage.role,
        instance_count=1,
        instance_type=_CPU,
        sagemaker_session=stage.sdk,
        **more,
    )


def _tuned(stage: Stage) -> None:
    tuner = _tuner(stage, _estimator(stage))
    tuner.fit({"train": stage.seed("data/train.csv")}, wait=False)


def _tuned_script(stage: Stage) -> None:
    estimator = _estimator(stage, source_dir=str(stage.source_dir()), entry_point="train.py")
    tuner = _tuner(stage, estimator)
    tuner.fit({"train": stage.seed("data/train.csv")}, wait=True)
    tuner.stop_tuning_job()


def _tuned_framework(stage: Stage) -> None:
    from sagemaker.pytorch import PyTorch

    estimator = PyTorch(
        framework_version="2.2",
        py_version="py310",
        source_dir=str(stage.source_dir()),
        entry_point="train.py",
        role=stage.role,
        instance_count=1,
        instance_type="ml.g5.xlarge",
        sagemaker_session=stage.sdk,
    )
    _tuner(stage, estimator).fit({"train": stage.seed("data/train.csv")}, wait=False)


def _tuned_together(stage: Stage) -> None:
    from sagemaker.tuner import HyperparameterTuner, IntegerParameter

    def script() -> Any:
        return _estimator(
            stage,
            source_dir=str(stage.source_dir()),
            entry_point="train.py",
            max_run=3600,
            max_wait=7200,
            use_spot_instances=True,
            checkpoint_s3_uri=stage.uri("checkpoints"),
        )

    names = ("first", "second")
    tuner = HyperparameterTuner.create(
        estimator_dict={name: script() for name in names},
        objective_metric_name_dict=dict.fromkeys(names, "loss"),
        hyperparameter_ranges_dict={name: {"depth": IntegerParameter(2, 6)} for name in names},
        metric_definitions_dict={name: [{"Name": "loss", "Regex": "loss=([0-9.]+)"}] for name in names},
        max_jobs=2,
        base_tuning_job_name="job-together",
    )
    tuner.fit(
        {name: {"train": stage.seed("data/train.csv")} for name in names},
        include_cls_metadata=dict.fromkeys(names, False),
        wait=False,
    )


def _automl(stage: Stage) -> None:
    from sagemaker.automl.automl import AutoML

    job = AutoML(
        role=stage.role,
        target_attribute_name="target",
        sagemaker_session=stage.sdk,
        output_path=stage.uri("candidates"),
        max_candidates=2,
    )
    job.fit(stage.seed("data/train.csv"), job_name="automl-v1", wait=True, logs=True)
    job.describe_auto_ml_job()


def _automl_v2(stage: Stage) -> None:
    from sagemaker.automl.automlv2 import AutoMLDataChannel, AutoMLTabularConfig, AutoMLV2

    job = AutoMLV2(
        problem_config=AutoMLTabularConfig(target_attribute_name="target"),
        role=stage.role,
        sagemaker_session=stage.sdk,
    )
    channel = AutoMLDataChannel(
        s3_data_type="S3Prefix",
        s3_uri=stage.seed("data/train.csv"),
        channel_type="training",
        content_type="text/csv;header=present",
    )
    job.fit(channel, job_name="automl-v2", wait=False)


def _flow(name: str, title: str, run: Any, *sends: str, **more: Any) -> Flow:
    return Flow(sdk=2, name=name, title=title, run=run, sends=sends, **more)


FLOWS: tuple[Flow, ...] = (
    _flow("tuner", "`HyperparameterTuner`, image only", _tuned, "CreateHyperParameterTuningJob"),
    _flow(
        "tuner-script-mode",
        "`HyperparameterTuner`, script mode",
        _tuned_script,
        "CreateHyperParameterTuningJob",
        "StopHyperParameterTuningJob",
        note="The code comes by a `code` channel.",
    ),
    _flow(
        "tuner-framework",
        "`HyperparameterTuner` of a `PyTorch` estimator",
        _tuned_framework,
        "CreateHyperParameterTuningJob",
        note="The code comes by a `code` channel.",
    ),
    _flow(
        "tuner-together",
        "`HyperparameterTuner.create`, several estimators",
        _tuned_together,
        "CreateHyperParameterTuningJob",
    ),
    _flow(
        "automl",
        "`AutoML`",
        _automl,
        "CreateAutoMLJob",
        note="The SDK says `EnableInterContainerTrafficEncryption: false`, which is corrected.",
    ),
    _flow("automl-v2", "`AutoMLV2`", _automl_v2, "CreateAutoMLJobV2", note="As `AutoML`."),
)
