"""Training with the SageMaker Python SDK v2."""

from __future__ import annotations

from typing import Any

from tests.integration.flows.flow import Flow, Stage

__all__ = ["FLOWS"]

_CPU = "ml.m5.xlarge"
_LOCAL_STORAGE = "ml.g5.xlarge"
_NO_ISOLATION = (
    "Its container does not run under network isolation: the baseline must not ask it of training."
)


def _common(stage: Stage, **more: Any) -> dict[str, Any]:
    return {
        "role": stage.role,
        "instance_count": 1,
        "instance_type": _CPU,
        "sagemaker_session": stage.sdk,
        "base_job_name": stage.name("job"),
        **more,
    }


def _script(stage: Stage) -> dict[str, Any]:
    return {"source_dir": str(stage.source_dir()), "entry_point": "train.py"}


def _data(stage: Stage) -> dict[str, str]:
    return {"train": stage.seed("data/train.csv")}


def _image_only(stage: Stage) -> None:
    from sagemaker.estimator import Estimator

    estimator = Estimator(image_uri=stage.image, **_common(stage))
    estimator.fit(_data(stage), wait=False)


def _source_directory(stage: Stage) -> None:
    from sagemaker.estimator import Estimator

    estimator = Estimator(
        image_uri=stage.image,
        hyperparameters={"epochs": 3, "objective": "binary:logistic"},
        metric_definitions=[{"Name": "loss", "Regex": "loss=([0-9.]+)"}],
        **_script(stage),
        **_common(stage),
    )
    estimator.fit(_data(stage), wait=False)


def _entry_point(stage: Stage) -> None:
    from sagemaker.estimator import Estimator

    script = stage.source_dir() / "train.py"
    estimator = Estimator(image_uri=stage.image, entry_point=str(script), **_common(stage))
    estimator.fit(wait=False)


def _nothing_said(stage: Stage) -> None:
    from sagemaker.estimator import Estimator

    estimator = Estimator(stage.image, instance_count=1, instance_type=_CPU, sagemaker_session=stage.sdk)
    estimator.fit(wait=False)


def _role_by_name(stage: Stage) -> None:
    from sagemaker import get_execution_role
    from sagemaker.estimator import Estimator

    assert get_execution_role(stage.sdk) == stage.role
    name = stage.role.rpartition("/")[2]
    Estimator(image_uri=stage.image, **_common(stage, role=name)).fit(wait=False)


def _waiting(stage: Stage) -> None:
    from sagemaker.estimator import Estimator

    estimator = Estimator(image_uri=stage.image, **_common(stage))
    estimator.fit(_data(stage), wait=True, logs="All")
    stage.sdk.logs_for_job(estimator.latest_training_job.name)
    assert Estimator.attach(estimator.latest_training_job.name, sagemaker_session=stage.sdk).model_data


def _spot(stage: Stage) -> None:
    from sagemaker.estimator import Estimator

    estimator = Estimator(
        image_uri=stage.image,
        use_spot_instances=True,
        max_run=3600,
        max_wait=7200,
        checkpoint_s3_uri=stage.uri("checkpoints"),
        **_common(stage),
    )
    estimator.fit(_data(stage), wait=False)


def _warm_pool(stage: Stage) -> None:
    from sagemaker.estimator import Estimator

    estimator = Estimator(image_uri=stage.image, keep_alive_period_in_seconds=600, **_common(stage))
    estimator.fit(_data(stage), wait=False)
    stage.sdk.update_training_job(
        estimator.latest_training_job.name, resource_config={"KeepAlivePeriodInSeconds": 60}
    )


def _local_storage(stage: Stage) -> None:
    from sagemaker.estimator import Estimator

    estimator = Estimator(image_uri=stage.image, **_common(stage, instance_type=_LOCAL_STORAGE))
    estimator.fit(_data(stage), wait=False)


def _instance_groups(stage: Stage) -> None:
    from sagemaker.estimator import Estimator
    from sagemaker.instance_group import InstanceGroup

    groups = [InstanceGroup("data", _CPU, 1), InstanceGroup("model", "ml.c5.2xlarge", 2)]
    estimator = Estimator(
        image_uri=stage.image,
        instance_groups=groups,
        role=stage.role,
        sagemaker_session=stage.sdk,
        base_job_name=stage.name("job"),
    )
    estimator.fit(_data(stage), wait=False)


def _distributed(stage: Stage) -> None:
    from sagemaker.pytorch import PyTorch

    estimator = PyTorch(
        framework_version="2.2.0",
        py_version="py310",
        distribution={"torch_distributed": {"enabled": True}},
        **_script(stage),
        **_common(stage, instance_count=2, instance_type="ml.p4d.24xlarge"),
    )
    estimator.fit(_data(stage), wait=False)


def _debugged(stage: Stage) -> None:
    from sagemaker.debugger import (
        DebuggerHookConfig,
        ProfilerConfig,
        ProfilerRule,
        Rule,
        TensorBoardOutputConfig,
        rule_configs,
    )
    from sagemaker.estimator import Estimator

    estimator = Estimator(
        image_uri=stage.image,
        debugger_hook_config=DebuggerHookConfig(s3_output_path=stage.uri("tensors")),
        rules=[
            Rule.sagemaker(rule_configs.loss_not_decreasing()),
            ProfilerRule.sagemaker(rule_configs.ProfilerReport()),
        ],
        profiler_config=ProfilerConfig(system_monitor_interval_millis=500),
        tensorboard_output_config=TensorBoardOutputConfig(s3_output_path=stage.uri("tensorboard")),
        **_common(stage),
    )
    estimator.fit(_data(stage), wait=False)


def _built_in(stage: Stage) -> None:
    import numpy as np
    from sagemaker.amazon.kmeans import KMeans

    estimator = KMeans(
        role=stage.role, instance_count=1, instance_type=_CPU, k=2, sagemaker_session=stage.sdk
    )
    estimator.fit(estimator.record_set(np.ones((4, 2), dtype="float32")), wait=False)


def _sklearn(stage: Stage) -> None:
    from sagemaker.sklearn import SKLearn

    SKLearn(framework_version="1.2-1", **_script(stage), **_common(stage)).fit(_data(stage), wait=False)


def _xgboost(stage: Stage) -> None:
    from sagemaker.xgboost import XGBoost

    XGBoost(framework_version="1.7-1", **_script(stage), **_common(stage)).fit(_data(stage), wait=False)


def _pytorch(stage: Stage) -> None:
    from sagemaker.pytorch import PyTorch

    estimator = PyTorch(framework_version="2.2", py_version="py310", **_script(stage), **_common(stage))
    estimator.fit(_data(stage), wait=False)


def _tensorflow(stage: Stage) -> None:
    from sagemaker.tensorflow import TensorFlow

    estimator = TensorFlow(framework_version="2.14", py_version="py310", **_script(stage), **_common(stage))
    estimator.fit(_data(stage), wait=False)


def _hugging_face(stage: Stage) -> None:
    from sagemaker.huggingface import HuggingFace

    estimator = HuggingFace(
        transformers_version="4.28.1",
        pytorch_version="2.0.0",
        py_version="py310",
        **_script(stage),
        **_common(stage, instance_type=_LOCAL_STORAGE),
    )
    estimator.fit(_data(stage), wait=False)


def _mxnet(stage: Stage) -> None:
    from sagemaker.mxnet import MXNet

    estimator = MXNet(framework_version="1.9.0", py_version="py38", **_script(stage), **_common(stage))
    estimator.fit(_data(stage), wait=False)


def _chainer(stage: Stage) -> None:
    from sagemaker.chainer import Chainer

    estimator = Chainer(framework_version="5.0.0", py_version="py3", **_script(stage), **_common(stage))
    estimator.fit(_data(stage), wait=False)


def _reinforcement(stage: Stage) -> None:
    from sagemaker.rl import RLEstimator

    RLEstimator(image_uri=stage.image, **_script(stage), **_common(stage)).fit(_data(stage), wait=False)


def _flow(name: str, title: str, run: Any, **more: Any) -> Flow:
    return Flow(sdk=2, name=name, title=title, run=run, **{"sends": ("CreateTrainingJob",), **more})


FLOWS: tuple[Flow, ...] = (
    _flow("estimator-image", "`Estimator`, image only", _image_only),
    _flow(
        "estimator-source-directory",
        "`Estimator`, script mode",
        _source_directory,
        sends=("CreateTrainingJob", "s3.PutObject"),
        note="The code comes by a `code` channel, since an isolated container reads nothing from S3 itself.",
    ),
    _flow(
        "estimator-entry-point",
        "`Estimator`, one script",
        _entry_point,
        sends=("CreateTrainingJob", "s3.PutObject"),
        note="As script mode.",
    ),
    _flow("estimator-nothing-said", "`Estimator`, no role given", _nothing_said),
    _flow(
        "estimator-role-name",
        "`Estimator`, role by its name; `get_execution_role`",
        _role_by_name,
        note="Both are the baseline's execution role, without asking IAM.",
    ),
    _flow(
        "estimator-waiting",
        "`Estimator.fit(wait=True)`, `logs_for_job`, `attach`",
        _waiting,
        sends=("CreateTrainingJob", "DescribeTrainingJob", "logs.DescribeLogStreams", "logs.GetLogEvents"),
    ),
    _flow("estimator-spot", "`Estimator`, spot with checkpoints", _spot),
    _flow(
        "estimator-warm-pool",
        "`Estimator`, warm pool",
        _warm_pool,
        sends=("CreateTrainingJob", "UpdateTrainingJob"),
    ),
    _flow(
        "estimator-local-storage",
        "`Estimator`, instance with local storage",
        _local_storage,
        note="Without a volume key, which SageMaker refuses there: the instance's hardware encrypts its storage.",
    ),
    _flow("estimator-instance-groups", "`Estimator`, instance groups", _instance_groups),
    _flow("estimator-distributed", "`PyTorch`, distributed", _distributed),
    _flow("estimator-debugger", "`Estimator` with debugger, profiler and TensorBoard", _debugged),
    _flow("estimator-built-in", "`KMeans` with a `record_set`", _built_in),
    _flow("sklearn", "`SKLearn`", _sklearn),
    _flow("xgboost", "`XGBoost`", _xgboost),
    _flow("pytorch", "`PyTorch`", _pytorch),
    _flow("tensorflow", "`TensorFlow`", _tensorflow),
    _flow("hugging-face", "`HuggingFace`", _hugging_face),
    _flow("mxnet", "`MXNet`", _mxnet, isolation="off", note=_NO_ISOLATION),
    _flow("chainer", "`Chainer`", _chainer, isolation="off", note=_NO_ISOLATION),
    _flow("reinforcement-learning", "`RLEstimator`", _reinforcement, isolation="off", note=_NO_ISOLATION),
)
