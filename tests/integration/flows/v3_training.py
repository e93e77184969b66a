"""Training with the SageMaker Python SDK v3."""

from __future__ import annotations

from typing import Any

from tests.integration.flows.flow import Flow, Outcome, Stage

__all__ = ["FLOWS", "WARNINGS", "trainer"]

WARNINGS = (
    "ignore:sagemaker.train.configs has been moved:DeprecationWarning",
    "ignore:Importing from sagemaker:DeprecationWarning",
    "ignore:Pydantic V1 style:DeprecationWarning",
    "ignore:Support for class-based `config`:DeprecationWarning",
    "ignore:The 'dependencies' parameter is deprecated:DeprecationWarning",
    "ignore:The `dict` method is deprecated:DeprecationWarning",
    "ignore:register_new_resolver:UserWarning",
    "ignore:Running within a PipelineSession:UserWarning",
)
"""Warnings about the SDK's own use of what it and others have deprecated, and one that it always gives."""


def trainer(stage: Stage, *, scripted: bool = True, **settings: Any) -> Any:
    """A trainer that says nothing about security, with or without a source directory."""
    from sagemaker.core.training.configs import Compute, SourceCode
    from sagemaker.train import ModelTrainer

    if scripted:
        settings["source_code"] = SourceCode(source_dir=str(stage.source_dir()), entry_script="train.py")
    settings.setdefault("compute", Compute(instance_type="ml.m5.xlarge", instance_count=1))
    return ModelTrainer(
        sagemaker_session=stage.sdk,
        training_image=stage.image,
        base_job_name=stage.name("job"),
        **settings,
    )


def _channel(stage: Stage) -> list[Any]:
    from sagemaker.core.training.configs import InputData

    return [InputData(channel_name="train", data_source=stage.seed("data/train.csv"))]


def _source_directory(stage: Stage) -> None:
    trainer(stage, role=stage.role).train(input_data_config=_channel(stage), wait=False)


def _local_input(stage: Stage) -> None:
    from sagemaker.core.training.configs import InputData

    data = stage.directory / "data"
    data.mkdir()
    (data / "train.csv").write_text("1,2,3\n")
    trainer(stage).train(
        input_data_config=[InputData(channel_name="train", data_source=str(data))], wait=False
    )


def _image_only(stage: Stage) -> None:
    trainer(stage, scripted=False).train(input_data_config=_channel(stage), wait=False)


def _hyperparameters(stage: Stage) -> None:
    settings = {"epochs": 3, "rate": 0.1, "layers": [64, 32], "shuffle": True, "optimizer": "adam"}
    trainer(stage, hyperparameters=settings, environment={"LOG_LEVEL": "INFO"}).train(wait=False)


def _torchrun(stage: Stage) -> None:
    from sagemaker.core.training.configs import Compute
    from sagemaker.train.distributed import Torchrun

    compute = Compute(instance_type="ml.g5.12xlarge", instance_count=2)
    trainer(stage, distributed=Torchrun(), compute=compute).train(wait=False)


def _mpi(stage: Stage) -> None:
    from sagemaker.core.training.configs import Compute
    from sagemaker.train.distributed import MPI

    compute = Compute(instance_type="ml.c5.18xlarge", instance_count=2)
    trainer(stage, distributed=MPI(process_count_per_node=2), compute=compute).train(wait=False)


def _warm_pool(stage: Stage) -> None:
    from sagemaker.core.training.configs import Compute

    compute = Compute(instance_type="ml.m5.xlarge", instance_count=1, keep_alive_period_in_seconds=600)
    trainer(stage, compute=compute).train(wait=False)


def _spot(stage: Stage) -> None:
    from sagemaker.core.training.configs import CheckpointConfig, Compute, StoppingCondition

    trainer(
        stage,
        compute=Compute(instance_type="ml.m5.xlarge", instance_count=1, enable_managed_spot_training=True),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=3600, max_wait_time_in_seconds=7200),
        checkpoint_config=CheckpointConfig(),
    ).train(wait=False)


def _local_storage(stage: Stage) -> None:
    from sagemaker.core.training.configs import Compute

    trainer(stage, compute=Compute(instance_type="ml.g5.xlarge", instance_count=1)).train(wait=False)


def _own_network(stage: Stage) -> None:
    from sagemaker.core.training.configs import Compute, Networking

    trainer(
        stage,
        networking=Networking(
            subnets=list(stage.aws.subnets[:1]), security_group_ids=list(stage.aws.security_groups)
        ),
        compute=Compute(
            instance_type="ml.m5.xlarge", instance_count=1, volume_kms_key_id=stage.aws.other_key_arn
        ),
    ).train(wait=False)


def _waited_for(stage: Stage) -> None:
    trainer(stage).train(wait=True, logs=True)


def _role_by_name(stage: Stage) -> None:
    trainer(stage, role=stage.role.rpartition("/")[2]).train(wait=False)


def _execution_role(stage: Stage) -> None:
    from sagemaker.core.helper.session_helper import get_execution_role

    trainer(stage, role=get_execution_role(stage.sdk)).train(wait=False)


def _tensorboard(stage: Stage) -> None:
    from sagemaker.core.training.configs import TensorBoardOutputConfig

    trainer(stage).with_tensorboard_output_config(TensorBoardOutputConfig()).train(wait=False)


def _remote_debug(stage: Stage) -> None:
    from sagemaker.core.shapes import RemoteDebugConfig

    debugged = trainer(stage).with_remote_debug_config(RemoteDebugConfig(enable_remote_debug=True))
    debugged.train(wait=False)


def _mixed_cluster(stage: Stage) -> None:
    from sagemaker.core.shapes import InstanceGroup
    from sagemaker.core.training.configs import Compute

    groups = [
        InstanceGroup(instance_type="ml.m5.xlarge", instance_count=1, instance_group_name="cpu"),
        InstanceGroup(instance_type="ml.g5.xlarge", instance_count=1, instance_group_name="gpu"),
    ]
    trainer(stage, compute=Compute(instance_groups=groups, volume_size_in_gb=50)).train(wait=False)


def _local_container(stage: Stage) -> None:
    from sagemaker.core.training.configs import Compute, SourceCode
    from sagemaker.train import ModelTrainer
    from sagemaker.train.model_trainer import Mode

    ModelTrainer(
        training_mode=Mode.LOCAL_CONTAINER,
        sagemaker_session=stage.sdk,
        training_image="team:1",
        source_code=SourceCode(source_dir=str(stage.source_dir()), entry_script="train.py"),
        compute=Compute(instance_type="local_cpu", instance_count=1),
        local_container_root=str(stage.directory),
    ).train(wait=False)


def _flow(name: str, title: str, run: Any, **more: Any) -> Flow:
    more.setdefault("sends", ("CreateTrainingJob",))
    return Flow(
        sdk=3,
        name=f"model-trainer-{name}",
        title=f"`ModelTrainer`, {title}",
        run=run,
        warnings=WARNINGS,
        **more,
    )


FLOWS: tuple[Flow, ...] = (
    _flow(
        "source-directory", "source directory", _source_directory, sends=("CreateTrainingJob", "s3.PutObject")
    ),
    _flow(
        "local-input", "a local directory as input", _local_input, sends=("CreateTrainingJob", "s3.PutObject")
    ),
    _flow("image-only", "image only", _image_only),
    _flow("hyperparameters", "hyperparameters and environment", _hyperparameters),
    _flow("torchrun", "distributed with `Torchrun`", _torchrun),
    _flow("mpi", "distributed with `MPI`", _mpi),
    _flow("warm-pool", "warm pool", _warm_pool),
    _flow("spot", "spot instances and checkpoints", _spot),
    _flow("local-storage", "instance with local storage", _local_storage),
    _flow(
        "mixed-cluster",
        "instance groups, one with local storage",
        _mixed_cluster,
        sends=(),
        outcome=Outcome.REFUSED,
        refused_by="kms-volume-key",
        note="One volume key is for all groups, and an instance type with local storage takes none.",
    ),
    _flow("own-network", "`networking` and `compute` of the user's own", _own_network),
    _flow("waited-for", "waited for, with its logs", _waited_for),
    _flow("role-by-name", "role given by its name", _role_by_name),
    _flow("execution-role", "role from `get_execution_role()`", _execution_role),
    _flow("tensorboard", "TensorBoard output", _tensorboard),
    _flow(
        "remote-debug",
        "remote debugging asked for",
        _remote_debug,
        note="Remote debugging is turned off.",
    ),
    _flow(
        "local",
        "local container mode",
        _local_container,
        sends=(),
        outcome=Outcome.REFUSED,
        refused_by="SessionError",
        note="The SDK would hand the role's credentials to a container on this machine.",
    ),
)
