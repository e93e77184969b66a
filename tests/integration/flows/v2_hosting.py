"""Models and endpoints with the SageMaker Python SDK v2."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from tests.integration.flows.flow import Flow, Outcome, Stage

__all__ = ["FLOWS"]

_CPU = "ml.m5.xlarge"
_INFERENCE = "def model_fn(directory):\n    return None\n"
_SERVERLESS_WAIVERS = "".join(
    f"""
[[waivers]]
control = "{control}"
operations = ["{operation}"]
resources = ["*-deploy-serverless-*"]
reason = "a demonstration without data"
ticket = "SEC-1"
approver = "security"
expires = 2099-01-01
"""
    for control, operation in (
        ("serverless-inference", "CreateEndpointConfig"),
        ("vpc-config", "CreateModel"),
        ("network-isolation", "CreateModel"),
    )
)
_PACKED = (
    "An isolated container reads nothing from S3 itself, so the SDK packs the code into the model's artefact."
)


def _model(stage: Stage, suffix: str = "", **more: Any) -> Any:
    from sagemaker.model import Model
    from sagemaker.predictor import Predictor

    return Model(
        image_uri=stage.image,
        model_data=stage.seed_model(f"model{suffix}.tar.gz"),
        role=stage.role,
        name=f"{stage.name('model')}{suffix}",
        predictor_cls=Predictor,
        sagemaker_session=stage.sdk,
        **more,
    )


def _real_time(stage: Stage) -> None:
    from sagemaker.deserializers import JSONDeserializer
    from sagemaker.serializers import JSONSerializer

    name = stage.name("endpoint")
    stage.aws.endpoint(name).answer(lambda _: b'{"sum": 3}', content_type="application/json")
    predictor = _model(stage).deploy(
        initial_instance_count=1,
        instance_type=_CPU,
        endpoint_name=name,
        serializer=JSONSerializer(),
        deserializer=JSONDeserializer(),
    )
    assert predictor.predict([1, 2]) == {"sum": 3}
    predictor.delete_model()
    predictor.delete_endpoint()


def _local_storage(stage: Stage) -> None:
    _model(stage).deploy(
        initial_instance_count=1,
        instance_type="ml.g5.xlarge",
        endpoint_name=stage.name("endpoint"),
        wait=False,
    )


def _data_capture(stage: Stage) -> None:
    from sagemaker.model_monitor import DataCaptureConfig

    capture = DataCaptureConfig(
        enable_capture=True,
        sampling_percentage=100,
        destination_s3_uri=stage.uri("captured"),
        sagemaker_session=stage.sdk,
    )
    predictor = _model(stage).deploy(
        initial_instance_count=1,
        instance_type=_CPU,
        endpoint_name=stage.name("endpoint"),
        data_capture_config=capture,
    )
    predictor.disable_data_capture()


def _updated(stage: Stage) -> None:
    predictor = _model(stage).deploy(
        initial_instance_count=1, instance_type=_CPU, endpoint_name=stage.name("endpoint")
    )
    predictor.update_endpoint(initial_instance_count=2, instance_type=_CPU)


def _streamed(stage: Stage) -> None:
    from sagemaker.iterators import ByteIterator

    name = stage.name("endpoint")
    stage.aws.endpoint(name).answer(lambda _: b"token token")
    predictor = _model(stage).deploy(
        initial_instance_count=1, instance_type=_CPU, endpoint_name=name, wait=False
    )
    predictor.wait = False
    answer = predictor.predict_stream(b"prompt", iterator=ByteIterator)
    assert b"".join(answer) == b"token token"


def _asynchronous(stage: Stage) -> None:
    from sagemaker.async_inference import AsyncInferenceConfig, WaiterConfig

    name = stage.name("endpoint")
    stage.aws.endpoint(name).answer(lambda body: body.upper())
    predictor = _model(stage).deploy(
        initial_instance_count=1,
        instance_type=_CPU,
        endpoint_name=name,
        async_inference_config=AsyncInferenceConfig(
            output_path=stage.uri("answers"), failure_path=stage.uri("failures")
        ),
    )
    waiter = WaiterConfig(max_attempts=60, delay=1)
    assert predictor.predict(b"data", waiter_config=waiter) == b"DATA"
    response = predictor.predict_async(input_path=stage.seed("request", b"more"))
    assert response.get_result(waiter) == b"MORE"
    for thread in threading.enumerate():
        if "check_failure_file" in thread.name:  # the SDK leaves it looking for a failure
            thread.join()


def _asynchronous_default(stage: Stage) -> None:
    from sagemaker.async_inference import AsyncInferenceConfig

    _model(stage).deploy(
        initial_instance_count=1,
        instance_type=_CPU,
        endpoint_name=stage.name("endpoint"),
        async_inference_config=AsyncInferenceConfig(),
        wait=False,
    )


def _serverless(stage: Stage) -> None:
    from sagemaker.serverless import ServerlessInferenceConfig

    _model(stage).deploy(
        serverless_inference_config=ServerlessInferenceConfig(memory_size_in_mb=2048, max_concurrency=5),
        endpoint_name=stage.name("endpoint"),
        wait=False,
    )


def _serverless_waived(stage: Stage) -> None:
    from sagemaker.serverless import ServerlessInferenceConfig

    _model(stage, vpc_config={}, enable_network_isolation=False).deploy(
        serverless_inference_config=ServerlessInferenceConfig(memory_size_in_mb=2048, max_concurrency=5),
        endpoint_name=stage.name("endpoint"),
        wait=False,
    )


def _inference_component(stage: Stage) -> None:
    from sagemaker.compute_resource_requirements.resource_requirements import ResourceRequirements
    from sagemaker.enums import EndpointType

    name = stage.name("endpoint")
    predictor = _model(stage).deploy(
        initial_instance_count=1,
        instance_type=_CPU,
        endpoint_name=name,
        endpoint_type=EndpointType.INFERENCE_COMPONENT_BASED,
        resources=ResourceRequirements(requests={"memory": 1024, "num_cpus": 1, "copies": 1}),
        inference_component_name=stage.name("component"),
    )
    assert predictor.predict(b"1,2") == b"1,2"
    predictor.delete_predictor()


def _multi_model(stage: Stage) -> None:
    from sagemaker.multidatamodel import MultiDataModel

    models = MultiDataModel(
        name=stage.name("model"),
        model_data_prefix=stage.uri("models/"),
        model=_model(stage),
        sagemaker_session=stage.sdk,
    )
    models.add_model(stage.seed_model("other.tar.gz"), "other.tar.gz")
    predictor = models.deploy(
        initial_instance_count=1, instance_type=_CPU, endpoint_name=stage.name("endpoint")
    )
    assert predictor.predict(b"1,2", target_model="other.tar.gz") == b"1,2"
    assert list(models.list_models()) == ["other.tar.gz"]


def _pipeline_model(stage: Stage) -> None:
    from sagemaker.pipeline import PipelineModel

    pipeline = PipelineModel(
        models=[_model(stage, "-first"), _model(stage, "-second")],
        role=stage.role,
        name=stage.name("pipeline"),
        sagemaker_session=stage.sdk,
    )
    pipeline.deploy(
        initial_instance_count=1, instance_type=_CPU, endpoint_name=stage.name("endpoint"), wait=False
    )


def _explained(stage: Stage) -> None:
    from sagemaker.explainer import ClarifyExplainerConfig, ClarifyShapConfig, ExplainerConfig
    from sagemaker.explainer.clarify_explainer_config import ClarifyShapBaselineConfig

    shap = ClarifyShapConfig(shap_baseline_config=ClarifyShapBaselineConfig(shap_baseline="1,2"))
    _model(stage).deploy(
        initial_instance_count=1,
        instance_type=_CPU,
        endpoint_name=stage.name("endpoint"),
        explainer_config=ExplainerConfig(clarify_explainer_config=ClarifyExplainerConfig(shap_config=shap)),
        wait=False,
    )


def _code(stage: Stage) -> dict[str, Any]:
    return {
        "model_data": stage.seed_model(),
        "role": stage.role,
        "entry_point": "inference.py",
        "source_dir": str(stage.source_dir(inference=_INFERENCE)),
        "name": stage.name("model"),
        "sagemaker_session": stage.sdk,
    }


def _sklearn_model(stage: Stage) -> None:
    from sagemaker.sklearn import SKLearnModel

    SKLearnModel(framework_version="1.2-1", **_code(stage)).deploy(
        initial_instance_count=1, instance_type=_CPU, endpoint_name=stage.name("endpoint"), wait=False
    )


def _xgboost_model(stage: Stage) -> None:
    from sagemaker.xgboost import XGBoostModel

    XGBoostModel(framework_version="1.7-1", **_code(stage)).deploy(
        initial_instance_count=1, instance_type=_CPU, endpoint_name=stage.name("endpoint"), wait=False
    )


def _pytorch_model(stage: Stage) -> None:
    from sagemaker.pytorch import PyTorchModel

    PyTorchModel(framework_version="2.2", py_version="py310", **_code(stage)).deploy(
        initial_instance_count=1, instance_type=_CPU, endpoint_name=stage.name("endpoint"), wait=False
    )


def _tensorflow_model(stage: Stage) -> None:
    from sagemaker.tensorflow import TensorFlowModel

    TensorFlowModel(framework_version="2.14", **_code(stage)).deploy(
        initial_instance_count=1, instance_type=_CPU, endpoint_name=stage.name("endpoint"), wait=False
    )


def _hugging_face_model(stage: Stage) -> None:
    from sagemaker.huggingface import HuggingFaceModel

    HuggingFaceModel(
        transformers_version="4.28.1", pytorch_version="2.0.0", py_version="py310", **_code(stage)
    ).deploy(
        initial_instance_count=1,
        instance_type="ml.g5.xlarge",
        endpoint_name=stage.name("endpoint"),
        wait=False,
    )


def _plain_script_model(stage: Stage) -> None:
    from sagemaker.model import Model

    Model(image_uri=stage.image, **_code(stage)).deploy(
        initial_instance_count=1, instance_type=_CPU, endpoint_name=stage.name("endpoint"), wait=False
    )


def _estimator_deployed(stage: Stage) -> None:
    from sagemaker.sklearn import SKLearn

    estimator = SKLearn(
        framework_version="1.2-1",
        entry_point="train.py",
        source_dir=str(stage.source_dir()),
        role=stage.role,
        instance_count=1,
        instance_type=_CPU,
        sagemaker_session=stage.sdk,
        output_path=stage.uri("models"),
    )
    estimator.fit(wait=True, logs="None")
    stage.seed_model(estimator.model_data.partition(f"/{stage.flow.name}/")[2])
    estimator.deploy(
        initial_instance_count=1, instance_type=_CPU, endpoint_name=stage.name("endpoint"), wait=False
    )


def _model_builder(stage: Stage) -> None:
    from sagemaker.serve import InferenceSpec, ModelServer, SchemaBuilder
    from sagemaker.serve.builder.model_builder import ModelBuilder

    class Doubler(InferenceSpec):  # type: ignore[misc]  # the SDK's own class is untyped
        def load(self, model_dir: str) -> Any:
            return None

        def invoke(self, input_object: Any, model: Any) -> Any:
            return input_object

    directory = stage.directory / "model"
    directory.mkdir()
    built = ModelBuilder(
        model_path=str(directory),
        name=stage.name("model"),
        inference_spec=Doubler(),
        schema_builder=SchemaBuilder(sample_input=[1.0], sample_output=[2.0]),
        model_server=ModelServer.TORCHSERVE,
        image_uri=stage.image,
        dependencies={"auto": False},
        role_arn=stage.role,
        sagemaker_session=stage.sdk,
    ).build()
    built.deploy(
        initial_instance_count=1, instance_type=_CPU, endpoint_name=stage.name("endpoint"), wait=False
    )


def _compiled(stage: Stage) -> None:
    model = _model(stage)
    model.compile(
        target_instance_family="ml_m5",
        input_shape={"data": [1, 3, 224, 224]},
        output_path=stage.uri("compiled"),
        role=stage.role,
        job_name=stage.name("job"),
        framework="pytorch",
        framework_version="1.8",
    )


def _recommended(stage: Stage) -> None:
    model = _model(stage)
    model.right_size(
        sample_payload_url=stage.seed("payload.tar.gz"),
        supported_content_types=["text/csv"],
        supported_instance_types=[_CPU],
        job_name=stage.name("job"),
        framework="PYTORCH",
        log_level="Quiet",
    )


def _flow(name: str, title: str, run: Callable[[Stage], None], **more: Any) -> Flow:
    sends = ("CreateModel", "CreateEndpointConfig", "CreateEndpoint")
    return Flow(sdk=2, name=name, title=title, run=run, **{"sends": sends, **more})


_DEPLOYED = ("CreateModel", "CreateEndpointConfig", "CreateEndpoint")

FLOWS: tuple[Flow, ...] = (
    _flow(
        "deploy-real-time",
        "`Model.deploy` and `Predictor.predict`",
        _real_time,
        sends=(*_DEPLOYED, "sagemaker-runtime.InvokeEndpoint"),
    ),
    _flow("deploy-local-storage", "`Model.deploy`, instance with local storage", _local_storage),
    _flow("deploy-data-capture", "`Model.deploy` with data capture", _data_capture),
    _flow(
        "deploy-updated",
        "`Predictor.update_endpoint`",
        _updated,
        sends=(*_DEPLOYED, "UpdateEndpoint"),
    ),
    _flow(
        "deploy-streaming",
        "`Predictor.predict_stream`",
        _streamed,
        sends=(*_DEPLOYED, "sagemaker-runtime.InvokeEndpointWithResponseStream"),
    ),
    _flow(
        "deploy-async",
        "`Model.deploy`, async, and `AsyncPredictor`",
        _asynchronous,
        sends=(*_DEPLOYED, "sagemaker-runtime.InvokeEndpointAsync", "s3.PutObject", "s3.GetObject"),
    ),
    _flow("deploy-async-default", "`Model.deploy`, async, no output path given", _asynchronous_default),
    _flow(
        "deploy-serverless",
        "`Model.deploy`, serverless",
        _serverless,
        sends=("CreateModel",),
        outcome=Outcome.REFUSED,
        refused_by="serverless-inference",
        note="Serverless inference supports neither a VPC nor network isolation.",
    ),
    _flow(
        "deploy-serverless-waived",
        "`Model.deploy`, serverless, waived",
        _serverless_waived,
        extra_toml=_SERVERLESS_WAIVERS,
        note="Waivers of `serverless-inference`, and for its model of `vpc-config` and `network-isolation`, "
        "which serverless inference does not take; the SDK is told `vpc_config={}` and "
        "`enable_network_isolation=False`.",
    ),
    _flow(
        "deploy-inference-component",
        "`Model.deploy`, inference component",
        _inference_component,
        sends=(*_DEPLOYED, "CreateInferenceComponent", "sagemaker-runtime.InvokeEndpoint"),
        note="The endpoint config carries VPC, isolation and role, which the SDK leaves out.",
    ),
    _flow(
        "deploy-multi-model",
        "`MultiDataModel`",
        _multi_model,
        sends=(*_DEPLOYED, "s3.CopyObject", "sagemaker-runtime.InvokeEndpoint"),
    ),
    _flow("deploy-pipeline-model", "`PipelineModel.deploy`", _pipeline_model),
    _flow("deploy-explainer", "`Model.deploy` with online explainability", _explained),
    _flow("deploy-sklearn", "`SKLearnModel` with code", _sklearn_model, note=_PACKED),
    _flow("deploy-xgboost", "`XGBoostModel` with code", _xgboost_model, note=_PACKED),
    _flow("deploy-pytorch", "`PyTorchModel` with code", _pytorch_model, note=_PACKED),
    _flow("deploy-tensorflow", "`TensorFlowModel` with code", _tensorflow_model, note=_PACKED),
    _flow("deploy-hugging-face", "`HuggingFaceModel` with code", _hugging_face_model, note=_PACKED),
    _flow("deploy-script", "`Model` with code", _plain_script_model, note=_PACKED),
    _flow(
        "deploy-estimator",
        "`SKLearn.fit`, then `deploy`",
        _estimator_deployed,
        sends=("CreateTrainingJob", *_DEPLOYED),
        note=_PACKED,
    ),
    _flow(
        "model-builder",
        "`ModelBuilder`",
        _model_builder,
        sends=(*_DEPLOYED, "s3.PutObject"),
        since="2.257.3",
        note="Its uploader makes a session of its own from copies of the credentials; "
        "the secured session takes its place. Releases before 2.257.3 put a secret into the model's environment, "
        "and are refused: upgrade.",
    ),
    _flow("model-compile", "`Model.compile` (Neo)", _compiled, sends=("CreateCompilationJob",)),
    _flow(
        "model-right-size",
        "`Model.right_size` (Inference Recommender)",
        _recommended,
        sends=("CreateInferenceRecommendationsJob",),
        warnings=("ignore:primary_container is going to be deprecated:DeprecationWarning",),
    ),
)
