"""Models and endpoints with the SageMaker Python SDK v3."""

from __future__ import annotations

import contextlib
from typing import Any

from tests.integration.flows.flow import Flow, Outcome, Stage
from tests.integration.flows.v3_training import WARNINGS, trainer

__all__ = ["FLOWS"]


def _builder(stage: Stage, **settings: Any) -> Any:
    from sagemaker.serve.model_builder import ModelBuilder

    stage.sdk  # noqa: B018  # before the SDK's serving modules are used
    return ModelBuilder(
        **{
            "image_uri": stage.image,
            "s3_model_data_url": stage.seed_model(),
            "role_arn": stage.role,
            "sagemaker_session": stage.sdk,
            "instance_type": "ml.m5.xlarge",
            "model_path": str(stage.directory / "model"),
            **settings,
        }
    )


def _deployed(stage: Stage, builder: Any, **settings: Any) -> Any:
    builder.build(model_name=stage.name("model"))
    return builder.deploy(endpoint_name=stage.name("endpoint"), wait=True, **settings)


def _real_time(stage: Stage) -> None:
    endpoint = _deployed(stage, _builder(stage))
    endpoint.invoke(body=b"1,2", content_type="text/csv")


def _streaming(stage: Stage) -> None:
    endpoint = _deployed(stage, _builder(stage))
    with contextlib.suppress(AttributeError):  # the SDK cannot read the answer that it has asked for
        endpoint.invoke_with_response_stream(body=b"1,2", content_type="text/csv")
    answer = stage.sdk.sagemaker_runtime_client.invoke_endpoint_with_response_stream(
        EndpointName=stage.name("endpoint"), Body=b"1,2", ContentType="text/csv"
    )
    assert list(answer["Body"])


def _asynchronous(stage: Stage) -> None:
    from sagemaker.core.inference_config import AsyncInferenceConfig

    endpoint = _deployed(stage, _builder(stage), inference_config=AsyncInferenceConfig())
    endpoint.invoke_async(input_location=stage.seed("request.csv"), content_type="text/csv")


def _serverless(stage: Stage) -> None:
    from sagemaker.core.inference_config import ServerlessInferenceConfig

    _deployed(stage, _builder(stage), inference_config=ServerlessInferenceConfig(memory_size_in_mb=2048))


def _component(stage: Stage) -> None:
    from sagemaker.core.inference_config import ResourceRequirements

    needs = ResourceRequirements(requests={"num_cpus": 1, "memory": 1024, "copies": 1})
    _deployed(
        stage, _builder(stage), inference_config=needs, inference_component_name=stage.name("component")
    )


def _batch(stage: Stage) -> None:
    from sagemaker.serve.batch_inference.batch_transform_inference_config import BatchTransformInferenceConfig

    config = BatchTransformInferenceConfig(
        instance_count=1, instance_type="ml.m5.xlarge", output_path=stage.uri("out")
    )
    builder = _builder(stage)
    builder.build(model_name=stage.name("model"))
    transformer = builder.deploy(endpoint_name=stage.name("endpoint"), inference_config=config)
    transformer.transform(stage.seed("rows.csv"), content_type="text/csv", wait=False, logs=False)


def _data_capture(stage: Stage) -> None:
    from sagemaker.core.model_monitor.data_capture_config import DataCaptureConfig

    capture = DataCaptureConfig(
        enable_capture=True,
        sampling_percentage=100,
        destination_s3_uri=stage.uri("capture"),
        sagemaker_session=stage.sdk,
    )
    _deployed(stage, _builder(stage), data_capture_config=capture)


def _updated(stage: Stage) -> None:
    from sagemaker.core.resources import EndpointConfig
    from sagemaker.core.shapes import ProductionVariant

    endpoint = _deployed(stage, _builder(stage))
    variant = ProductionVariant(
        variant_name="AllTraffic",
        model_name=stage.name("model"),
        initial_instance_count=2,
        instance_type="ml.m5.xlarge",
    )
    name = stage.name("next")
    EndpointConfig.create(endpoint_config_name=name, production_variants=[variant], session=stage.session)
    endpoint.endpoint_config_name = name
    endpoint.update(retain_all_variant_properties=False)


def _own_network(stage: Stage) -> None:
    from sagemaker.core.training.configs import Networking

    network = Networking(
        subnets=list(stage.aws.subnets[:2]), security_group_ids=list(stage.aws.security_groups)
    )
    _deployed(stage, _builder(stage, network=network))


def _source_code(stage: Stage) -> None:
    from sagemaker.core.training.configs import SourceCode

    code = SourceCode(source_dir=str(stage.source_dir()), entry_script="train.py")
    _deployed(stage, _builder(stage, source_code=code))


def _inference_spec(stage: Stage) -> None:
    from sagemaker.serve.builder.schema_builder import SchemaBuilder
    from sagemaker.serve.spec.inference_spec import InferenceSpec
    from sagemaker.serve.utils.types import ModelServer

    class Doubling(InferenceSpec):  # type: ignore[misc]  # the SDK is untyped
        def load(self, model_dir: str) -> object:
            return model_dir

        def invoke(self, input_object: Any, model: object) -> Any:
            return input_object

    builder = _builder(
        stage,
        inference_spec=Doubling(),
        schema_builder=SchemaBuilder(sample_input=[1.0, 2.0], sample_output=[2.0, 4.0]),
        model_server=ModelServer.TORCHSERVE,
        s3_model_data_url=None,
        dependencies={"auto": False},
    )
    _deployed(stage, builder)


def _from_trainer(stage: Stage) -> None:
    trained = trainer(stage)
    trained.train(wait=False)
    _deployed(stage, _builder(stage, model=trained, s3_model_data_url=None))


def _register(stage: Stage) -> None:
    builder = _builder(stage)
    builder.build(model_name=stage.name("model"))
    builder.register(
        model_package_group_name=stage.name("group"),
        content_types=["text/csv"],
        response_types=["text/csv"],
        inference_instances=["ml.m5.xlarge"],
        transform_instances=["ml.m5.xlarge"],
        approval_status="PendingManualApproval",
    )


_SERVED = ("CreateModel", "CreateEndpointConfig", "CreateEndpoint")


def _flow(name: str, title: str, run: Any, **more: Any) -> Flow:
    return Flow(
        sdk=3,
        name=f"model-builder-{name}",
        title=f"`ModelBuilder`, {title}",
        run=run,
        warnings=WARNINGS,
        **{"sends": _SERVED, **more},
    )


FLOWS: tuple[Flow, ...] = (
    _flow(
        "real-time",
        "real-time endpoint",
        _real_time,
        sends=(*_SERVED, "sagemaker-runtime.InvokeEndpoint"),
    ),
    _flow(
        "streaming",
        "real-time endpoint, answer streamed",
        _streaming,
        sends=(*_SERVED, "sagemaker-runtime.InvokeEndpointWithResponseStream"),
    ),
    _flow(
        "asynchronous",
        "asynchronous endpoint",
        _asynchronous,
        sends=(*_SERVED, "sagemaker-runtime.InvokeEndpointAsync"),
    ),
    _flow(
        "serverless",
        "serverless endpoint",
        _serverless,
        sends=("CreateModel",),
        outcome=Outcome.REFUSED,
        refused_by="serverless-inference",
        note="Serverless inference supports neither a VPC nor network isolation.",
    ),
    _flow(
        "component",
        "inference component",
        _component,
        sends=(*_SERVED, "CreateInferenceComponent"),
        note="The SDK turns isolation off in the endpoint config; the session leaves it to the baseline.",
    ),
    _flow("batch", "batch transform", _batch, sends=("CreateModel", "CreateTransformJob")),
    _flow("data-capture", "data capture", _data_capture),
    _flow("updated", "endpoint updated", _updated, sends=(*_SERVED, "UpdateEndpoint")),
    _flow("own-network", "`network` of the user's own", _own_network),
    _flow("source-code", "source directory", _source_code),
    _flow("inference-spec", "`InferenceSpec` and `SchemaBuilder`", _inference_spec),
    _flow("from-trainer", "of a `ModelTrainer`", _from_trainer, sends=("CreateTrainingJob", *_SERVED)),
    _flow(
        "register", "registered as a model package", _register, sends=("CreateModel", "CreateModelPackage")
    ),
)
