"""Processing, Clarify and transform jobs with the SageMaker Python SDK v2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.integration.flows.flow import Flow, Stage

__all__ = ["FLOWS"]

_CPU = "ml.m5.xlarge"
_CLARIFY_NOTE = (
    "Network isolation stays off, by an exemption: a Clarify job calls a shadow endpoint. It runs in the VPC."
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


def _ends(stage: Stage) -> dict[str, Any]:
    from sagemaker.processing import ProcessingInput, ProcessingOutput

    source = stage.seed("data/raw.csv")
    return {
        "inputs": [ProcessingInput(source=source, destination="/opt/ml/processing/input")],
        "outputs": [ProcessingOutput(source="/opt/ml/processing/output", destination=stage.uri("clean"))],
    }


def _processor(stage: Stage) -> None:
    from sagemaker.processing import Processor

    Processor(image_uri=stage.image, **_common(stage)).run(wait=False, logs=False, **_ends(stage))


def _network(stage: Stage) -> None:
    from sagemaker.network import NetworkConfig
    from sagemaker.processing import Processor

    stated = NetworkConfig(subnets=[stage.aws.subnets[0]])
    Processor(image_uri=stage.image, network_config=stated, **_common(stage)).run(wait=False, logs=False)


def _waiting(stage: Stage) -> None:
    from sagemaker.processing import Processor

    processor = Processor(image_uri=stage.image, **_common(stage))
    processor.run(wait=True, logs=True, **_ends(stage))
    assert processor.latest_job.describe()["ProcessingJobStatus"] == "Completed"


def _script_processor(stage: Stage) -> None:
    from sagemaker.processing import ScriptProcessor

    processor = ScriptProcessor(image_uri=stage.image, command=["python3"], **_common(stage))
    processor.run(code=str(stage.source_dir() / "train.py"), wait=False, **_ends(stage))


def _local_storage(stage: Stage) -> None:
    from sagemaker.processing import ScriptProcessor

    common = _common(stage, instance_type="ml.g5.xlarge")
    processor = ScriptProcessor(image_uri=stage.image, command=["python3"], **common)
    processor.run(code=str(stage.source_dir() / "train.py"), wait=False)


def _sklearn(stage: Stage) -> None:
    from sagemaker.sklearn import SKLearnProcessor

    processor = SKLearnProcessor(framework_version="1.2-1", **_common(stage))
    processor.run(code=str(stage.source_dir() / "train.py"), wait=False, **_ends(stage))


def _framework(stage: Stage) -> None:
    from sagemaker.pytorch import PyTorchProcessor

    processor = PyTorchProcessor(framework_version="2.2", py_version="py310", **_common(stage))
    source = str(stage.source_dir())
    processor.run(code="train.py", source_dir=source, wait=False, **_ends(stage))


def _spark(stage: Stage) -> None:
    from sagemaker.spark import PySparkProcessor

    processor = PySparkProcessor(framework_version="3.3", **_common(stage))
    processor.run(
        submit_app=str(stage.source_dir() / "train.py"),
        configuration=[{"Classification": "spark-defaults", "Properties": {"spark.executor.memory": "2g"}}],
        spark_event_logs_s3_uri=stage.uri("events"),
        wait=False,
    )


def _clarify(stage: Stage, run: Callable[[Any, Any], None]) -> None:
    from sagemaker import clarify

    processor = clarify.SageMakerClarifyProcessor(
        role=stage.role, instance_count=1, instance_type=_CPU, sagemaker_session=stage.sdk
    )
    data = clarify.DataConfig(
        s3_data_input_path=stage.seed("data/train.csv"),
        s3_output_path=stage.uri("report"),
        label="target",
        headers=["age", "income", "target"],
        dataset_type="text/csv",
    )
    run(processor, data)


def _model_config(stage: Stage) -> Any:
    from sagemaker import clarify

    stage.sdk.sagemaker_client.create_model(
        ModelName=stage.name("model"),
        PrimaryContainer={"Image": stage.image, "ModelDataUrl": stage.seed_model()},
        ExecutionRoleArn=stage.role,
    )
    return clarify.ModelConfig(
        model_name=stage.name("model"), instance_type=_CPU, instance_count=1, accept_type="text/csv"
    )


def _clarify_bias(stage: Stage) -> None:
    from sagemaker import clarify

    def run(processor: Any, data: Any) -> None:
        processor.run_bias(
            data_config=data,
            bias_config=clarify.BiasConfig(label_values_or_threshold=[1], facet_name="age"),
            model_config=_model_config(stage),
            model_predicted_label_config=clarify.ModelPredictedLabelConfig(probability_threshold=0.5),
            wait=False,
            logs=False,
        )

    _clarify(stage, run)


def _clarify_explainability(stage: Stage) -> None:
    from sagemaker import clarify

    def run(processor: Any, data: Any) -> None:
        processor.run_explainability(
            data_config=data,
            model_config=_model_config(stage),
            explainability_config=clarify.SHAPConfig(baseline=[[1, 2]], num_samples=5, agg_method="mean_abs"),
            wait=False,
            logs=False,
        )

    _clarify(stage, run)


def _transformer(stage: Stage) -> None:
    from sagemaker.model import Model
    from sagemaker.transformer import Transformer

    name = stage.name("model")
    Model(
        image_uri=stage.image,
        model_data=stage.seed_model(),
        role=stage.role,
        name=name,
        sagemaker_session=stage.sdk,
    ).create(instance_type=_CPU)
    transformer = Transformer(
        model_name=name,
        instance_count=1,
        instance_type=_CPU,
        output_path=stage.uri("predictions"),
        sagemaker_session=stage.sdk,
    )
    transformer.transform(stage.seed("data/batch.csv"), content_type="text/csv", wait=True, logs=True)


def _transform_captured(stage: Stage) -> None:
    from sagemaker.inputs import BatchDataCaptureConfig
    from sagemaker.model import Model

    model = Model(
        image_uri=stage.image,
        model_data=stage.seed_model(),
        role=stage.role,
        name=stage.name("model"),
        sagemaker_session=stage.sdk,
    )
    transformer = model.transformer(instance_count=1, instance_type="ml.g5.xlarge")
    transformer.transform(
        stage.seed("data/batch.csv"),
        batch_data_capture_config=BatchDataCaptureConfig(destination_s3_uri=stage.uri("captured")),
        wait=False,
    )


def _estimator_transformer(stage: Stage) -> None:
    from sagemaker.estimator import Estimator

    estimator = Estimator(image_uri=stage.image, **_common(stage))
    estimator.fit({"train": stage.seed("data/train.csv")}, wait=True, logs="None")
    transformer = estimator.transformer(instance_count=1, instance_type=_CPU)
    transformer.transform(stage.seed("data/batch.csv"), wait=False)


def _flow(name: str, title: str, run: Callable[[Stage], None], **more: Any) -> Flow:
    return Flow(sdk=2, name=name, title=title, run=run, **{"sends": ("CreateProcessingJob",), **more})


FLOWS: tuple[Flow, ...] = (
    _flow("processor", "`Processor`", _processor),
    _flow(
        "processor-network-config",
        "`Processor` with a `NetworkConfig`",
        _network,
        note="The SDK writes `EnableNetworkIsolation: false` for a configuration that does not mention it.",
    ),
    _flow(
        "processor-waiting",
        "`Processor.run(wait=True)`",
        _waiting,
        sends=("CreateProcessingJob", "DescribeProcessingJob", "logs.DescribeLogStreams"),
    ),
    _flow(
        "script-processor",
        "`ScriptProcessor`",
        _script_processor,
        sends=("CreateProcessingJob", "s3.PutObject"),
    ),
    _flow(
        "script-processor-local-storage",
        "`ScriptProcessor`, instance with local storage",
        _local_storage,
        note="Without a volume key.",
    ),
    _flow("sklearn-processor", "`SKLearnProcessor`", _sklearn),
    _flow("framework-processor", "`PyTorchProcessor` with a source directory", _framework),
    _flow("spark-processor", "`PySparkProcessor`", _spark),
    _flow("clarify-bias", "`SageMakerClarifyProcessor.run_bias`", _clarify_bias, note=_CLARIFY_NOTE),
    _flow(
        "clarify-explainability",
        "`SageMakerClarifyProcessor.run_explainability`",
        _clarify_explainability,
        note=_CLARIFY_NOTE,
    ),
    _flow(
        "transformer",
        "`Transformer` of a model",
        _transformer,
        sends=("CreateModel", "CreateTransformJob", "DescribeTransformJob"),
        note="A transform job runs in the VPC and the isolation of its model.",
    ),
    _flow(
        "transformer-data-capture",
        "`Model.transformer` with data capture",
        _transform_captured,
        sends=("CreateModel", "CreateTransformJob"),
    ),
    _flow(
        "transformer-estimator",
        "`Estimator.transformer`",
        _estimator_transformer,
        sends=("CreateTrainingJob", "CreateModel", "CreateTransformJob"),
    ),
)
