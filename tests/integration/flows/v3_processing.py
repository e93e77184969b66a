"""Processing, Clarify and batch transform with the SageMaker Python SDK v3."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.integration.flows.flow import Flow, Outcome, Stage

__all__ = ["FLOWS", "model"]


def _script(stage: Stage, name: str = "process.py") -> Path:
    script = stage.directory / name
    script.write_text("print('processed')\n")
    return script


def _settings(stage: Stage, **more: Any) -> dict[str, Any]:
    return {
        "role": stage.role,
        "instance_count": 1,
        "instance_type": "ml.m5.xlarge",
        "sagemaker_session": stage.sdk,
        "base_job_name": stage.name("job"),
        **more,
    }


def _inputs(stage: Stage) -> list[Any]:
    from sagemaker.core.shapes import ProcessingInput, ProcessingS3Input

    source = ProcessingS3Input(
        s3_uri=stage.seed("data/rows.csv"),
        s3_data_type="S3Prefix",
        local_path="/opt/ml/processing/input",
        s3_input_mode="File",
    )
    return [ProcessingInput(input_name="rows", s3_input=source)]


def _outputs(stage: Stage) -> list[Any]:
    from sagemaker.core.shapes import ProcessingOutput, ProcessingS3Output

    target = ProcessingS3Output(
        s3_uri=stage.uri("out/"), local_path="/opt/ml/processing/output", s3_upload_mode="EndOfJob"
    )
    return [ProcessingOutput(output_name="rows", s3_output=target)]


def _processor(stage: Stage) -> None:
    from sagemaker.core.processing import Processor

    Processor(image_uri=stage.image, **_settings(stage)).run(
        inputs=_inputs(stage), outputs=_outputs(stage), wait=False, logs=False
    )


def _waited_for(stage: Stage) -> None:
    from sagemaker.core.processing import Processor

    processor = Processor(image_uri=stage.image, **_settings(stage))
    processor.run(outputs=_outputs(stage), wait=True, logs=True)
    processor.latest_job.refresh()


def _networked(stage: Stage, **flags: Any) -> None:
    from sagemaker.core.network import NetworkConfig
    from sagemaker.core.processing import Processor

    network = NetworkConfig(
        subnets=list(stage.aws.subnets[:1]), security_group_ids=list(stage.aws.security_groups), **flags
    )
    Processor(image_uri=stage.image, **_settings(stage, network_config=network)).run(wait=False, logs=False)


def _own_network(stage: Stage) -> None:
    _networked(stage, enable_network_isolation=True)


def _own_network_silent(stage: Stage) -> None:
    _networked(stage)


def _local_storage(stage: Stage) -> None:
    from sagemaker.core.processing import Processor

    Processor(image_uri=stage.image, **_settings(stage, instance_type="ml.g5.xlarge")).run(
        wait=False, logs=False
    )


def _script_processor(stage: Stage) -> None:
    from sagemaker.core.processing import ScriptProcessor

    ScriptProcessor(image_uri=stage.image, command=["python3"], **_settings(stage)).run(
        code=str(_script(stage)), inputs=_inputs(stage), outputs=_outputs(stage), wait=False, logs=False
    )


def _framework_processor(stage: Stage) -> None:
    from sagemaker.core.processing import FrameworkProcessor

    FrameworkProcessor(image_uri=stage.image, **_settings(stage)).run(
        code="train.py", source_dir=str(stage.source_dir(helpers="")), wait=False, logs=False
    )


def _pyspark(stage: Stage) -> None:
    from sagemaker.core.spark.processing import PySparkProcessor

    PySparkProcessor(image_uri=stage.image, **_settings(stage)).run(
        submit_app=str(_script(stage)),
        submit_py_files=[str(_script(stage, "helpers.py"))],
        configuration={"Classification": "spark-defaults", "Properties": {"spark.executor.memory": "2g"}},
        spark_event_logs_s3_uri=stage.uri("events"),
        wait=False,
        logs=False,
    )


def _spark_jar(stage: Stage) -> None:
    from sagemaker.core.spark.processing import SparkJarProcessor

    jar = stage.directory / "app.jar"
    jar.write_bytes(b"jar")
    SparkJarProcessor(image_uri=stage.image, **_settings(stage)).run(
        submit_app=str(jar), submit_class="team.App", wait=False, logs=False
    )


def _history_server(stage: Stage) -> None:
    from sagemaker.core.spark.processing import PySparkProcessor

    PySparkProcessor(image_uri="team:1", **_settings(stage)).start_history_server(stage.uri("events"))


def _local(stage: Stage) -> None:
    from sagemaker.core.local.local_session import LocalSession
    from sagemaker.core.processing import Processor

    docker = stage.directory / "docker"
    docker.write_text("#!/bin/sh\necho Docker Compose version v2.0.0\n")
    docker.chmod(0o755)
    stage.sdk  # noqa: B018  # from then on the SDK's other sessions over it have its defaults
    local = LocalSession(boto_session=stage.session)
    settings = _settings(stage, instance_type="local", sagemaker_session=local)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PATH", str(stage.directory), prepend=os.pathsep)
        Processor(image_uri="team:1", **settings).run(wait=False, logs=False)


def _clarify(stage: Stage) -> Any:
    from sagemaker.core.clarify import SageMakerClarifyProcessor

    return SageMakerClarifyProcessor(
        role=stage.role, instance_count=1, instance_type="ml.m5.xlarge", sagemaker_session=stage.sdk
    )


def _data_config(stage: Stage) -> Any:
    from sagemaker.core.clarify import DataConfig

    return DataConfig(
        s3_data_input_path=stage.seed("data/rows.csv"),
        s3_output_path=stage.uri("clarify"),
        label="target",
        headers=["target", "age", "sex"],
        dataset_type="text/csv",
    )


def _bias(stage: Stage) -> None:
    from sagemaker.core.clarify import BiasConfig

    bias = BiasConfig(label_values_or_threshold=[1], facet_name="sex")
    _clarify(stage).run_pre_training_bias(_data_config(stage), bias, wait=False, logs=False)


def _explainability(stage: Stage) -> None:
    from sagemaker.core.clarify import ModelConfig, SHAPConfig

    config = ModelConfig(
        model_name=model(stage),
        instance_type="ml.m5.xlarge",
        instance_count=1,
        accept_type="text/csv",
    )
    shap = SHAPConfig(baseline=[[30, 1]], num_samples=10, agg_method="mean_abs")
    _clarify(stage).run_explainability(_data_config(stage), config, shap, wait=False, logs=False)


def model(stage: Stage) -> str:
    """A model made by the session; returns its name."""
    from sagemaker.core.resources import Model
    from sagemaker.core.shapes import ContainerDefinition

    name = stage.name("model")
    container = ContainerDefinition(image=stage.image, model_data_url=stage.seed_model())
    Model.create(
        model_name=name,
        primary_container=container,
        execution_role_arn=stage.role,
        session=stage.session,
    )
    return name


def _transformer(stage: Stage, **more: Any) -> Any:
    from sagemaker.core.transformer import Transformer

    return Transformer(
        model_name=model(stage),
        instance_count=1,
        instance_type="ml.m5.xlarge",
        output_path=stage.uri("out"),
        sagemaker_session=stage.sdk,
        **more,
    )


def _transform(stage: Stage) -> None:
    _transformer(stage).transform(
        stage.seed("data/rows.csv"), content_type="text/csv", wait=False, logs=False
    )


def _transform_default_output(stage: Stage) -> None:
    from sagemaker.core.transformer import Transformer

    transformer = Transformer(
        model_name=model(stage), instance_count=1, instance_type="ml.m5.xlarge", sagemaker_session=stage.sdk
    )
    transformer.transform(stage.seed("data/rows.csv"), wait=False, logs=False)


def _transform_own_keys(stage: Stage) -> None:
    keyed = _transformer(
        stage, volume_kms_key=stage.aws.other_key_arn, output_kms_key=stage.aws.other_key_arn
    )
    keyed.transform(stage.seed("data/rows.csv"), wait=False, logs=False)


def _transform_local_storage(stage: Stage) -> None:
    from sagemaker.core.transformer import Transformer

    transformer = Transformer(
        model_name=model(stage),
        instance_count=1,
        instance_type="ml.g5.xlarge",
        output_path=stage.uri("out"),
        sagemaker_session=stage.sdk,
    )
    transformer.transform(stage.seed("data/rows.csv"), wait=False, logs=False)


def _transform_waited_for(stage: Stage) -> None:
    _transformer(stage).transform(stage.seed("data/rows.csv"), wait=True, logs=True)


_LOCAL = "The SDK would hand the role's credentials to a container on this machine."


def _job(name: str, title: str, run: Any, **more: Any) -> Flow:
    return Flow(sdk=3, name=name, title=title, run=run, **{"sends": ("CreateProcessingJob",), **more})


def _batch(name: str, title: str, run: Any, **more: Any) -> Flow:
    sends = ("CreateModel", "CreateTransformJob")
    return Flow(sdk=3, name=f"transformer{name}", title=f"`Transformer`{title}", run=run, sends=sends, **more)


FLOWS: tuple[Flow, ...] = (
    _job("processor", "`Processor`", _processor),
    _job("processor-waited-for", "`Processor`, waited for, with its logs", _waited_for),
    _job("processor-own-network", "`Processor`, `NetworkConfig` of the user's own", _own_network),
    _job(
        "processor-own-network-silent",
        "`Processor`, `NetworkConfig` without `enable_network_isolation`",
        _own_network_silent,
        note="The SDK says False for what the user left out; with a secure session it says nothing.",
    ),
    _job("processor-local-storage", "`Processor`, instance with local storage", _local_storage),
    _job(
        "script-processor",
        "`ScriptProcessor`",
        _script_processor,
        sends=("CreateProcessingJob", "s3.PutObject"),
    ),
    _job(
        "framework-processor",
        "`FrameworkProcessor`, source directory",
        _framework_processor,
        sends=("CreateProcessingJob", "s3.PutObject"),
    ),
    _job(
        "pyspark-processor",
        "`PySparkProcessor`",
        _pyspark,
        sends=("CreateProcessingJob", "s3.PutObject"),
        since="3.27",
    ),
    _job(
        "spark-jar-processor",
        "`SparkJarProcessor`",
        _spark_jar,
        sends=("CreateProcessingJob", "s3.PutObject"),
    ),
    _job(
        "spark-history-server",
        "Spark's history server",
        _history_server,
        sends=(),
        outcome=Outcome.REFUSED,
        refused_by="SessionError",
        note=_LOCAL,
    ),
    _job(
        "local-session",
        "`LocalSession`",
        _local,
        sends=(),
        outcome=Outcome.REFUSED,
        refused_by="SessionError",
        note=_LOCAL,
    ),
    _job(
        "clarify-bias",
        "`SageMakerClarifyProcessor`, bias",
        _bias,
        sends=("CreateProcessingJob", "s3.PutObject"),
    ),
    _job(
        "clarify-explainability",
        "`SageMakerClarifyProcessor`, explainability",
        _explainability,
        sends=("CreateModel", "CreateProcessingJob", "s3.PutObject"),
    ),
    _batch("", "", _transform),
    _batch("-default-output", ", default output", _transform_default_output),
    _batch("-own-keys", ", keys of the user's own", _transform_own_keys),
    _batch("-local-storage", ", instance with local storage", _transform_local_storage),
    _batch("-waited-for", ", waited for, with its logs", _transform_waited_for),
)
