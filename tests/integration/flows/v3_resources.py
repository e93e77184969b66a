"""``sagemaker.core.resources``: jobs, models and endpoints, made by their classes' own ``create``."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from tests.integration.flows.flow import Flow, Stage

__all__ = ["FLOWS", "Arguments", "channel", "container", "create", "created", "flow"]

Arguments = Callable[[Stage], Mapping[str, Any]]
"""What makes the arguments of a ``create``."""


def create(stage: Stage, resource: str, **arguments: Any) -> Any:
    """Create a resource of that class with the secured session."""
    resources = importlib.import_module("sagemaker.core.resources")
    return getattr(resources, resource).create(session=stage.session, **arguments)


def flow(name: str, title: str, run: Any, *sends: str, **more: Any) -> Flow:
    """The flow of a resource."""
    return Flow(sdk=3, name=f"resource-{name}", title=title, run=run, sends=sends, **more)


def created(
    resource: str, arguments: Arguments, *, unreadable: type[Exception] | None = None, **more: Any
) -> Flow:
    """The flow of a resource that is created.

    Args:
        resource: Its class.
        arguments: Makes those of ``create``.
        unreadable: What the SDK raises since it cannot read AWS's answer.
        more: What else is to be said of the flow.
    """
    run = partial(_run, resource, arguments, () if unreadable is None else (unreadable,))
    return flow(resource.lower(), f"`{resource}.create`", run, f"Create{resource}", **more)


def _run(resource: str, arguments: Arguments, unreadable: tuple[type[Exception], ...], stage: Stage) -> None:
    with contextlib.suppress(*unreadable):
        create(stage, resource, **arguments(stage))


def container(stage: Stage) -> dict[str, Any]:
    """A model's container."""
    return {"image": stage.image, "model_data_url": stage.seed_model()}


def _cluster(kind: str = "ml.m5.xlarge") -> dict[str, Any]:
    return {"instance_type": kind, "instance_count": 1, "volume_size_in_gb": 30}


def channel(stage: Stage, name: str) -> dict[str, Any]:
    """An input channel."""
    source = {
        "s3_data_type": "S3Prefix",
        "s3_uri": stage.seed(f"data/{name}.csv"),
        "s3_data_distribution_type": "FullyReplicated",
    }
    return {"channel_name": name, "data_source": {"s3_data_source": source}}


def _training(stage: Stage) -> dict[str, Any]:
    return {
        "algorithm_specification": {"training_image": stage.image, "training_input_mode": "File"},
        "role_arn": stage.role,
        "input_data_config": [channel(stage, "train")],
        "output_data_config": {"s3_output_path": stage.uri("out")},
        "resource_config": _cluster(),
        "stopping_condition": {"max_runtime_in_seconds": 3600},
    }


def _training_job(stage: Stage) -> dict[str, Any]:
    return {"training_job_name": stage.name("job"), **_training(stage)}


def _tuning_job(stage: Stage) -> dict[str, Any]:
    definition = _training(stage)
    del definition["algorithm_specification"]
    return {
        "hyper_parameter_tuning_job_name": "tune-by-resource",
        "hyper_parameter_tuning_job_config": {
            "strategy": "Random",
            "resource_limits": {"max_number_of_training_jobs": 2, "max_parallel_training_jobs": 1},
        },
        "training_job_definition": {
            **definition,
            "algorithm_specification": {"training_image": stage.image, "training_input_mode": "File"},
        },
    }


def _processing_job(stage: Stage) -> dict[str, Any]:
    return {
        "processing_job_name": stage.name("job"),
        "processing_resources": {"cluster_config": _cluster()},
        "app_specification": {"image_uri": stage.image},
        "role_arn": stage.role,
    }


def _model(stage: Stage) -> dict[str, Any]:
    return {
        "model_name": stage.name("model"),
        "primary_container": container(stage),
        "execution_role_arn": stage.role,
    }


def _inference_pipeline(stage: Stage) -> dict[str, Any]:
    containers = [container(stage), container(stage)]
    return {"model_name": stage.name("model"), "containers": containers, "execution_role_arn": stage.role}


def _transform_job(stage: Stage) -> dict[str, Any]:
    model = create(stage, "Model", **_model(stage))
    return {
        "transform_job_name": stage.name("job"),
        "model_name": model.model_name,
        "transform_input": {
            "data_source": {
                "s3_data_source": {"s3_data_type": "S3Prefix", "s3_uri": stage.seed("data/rows.csv")}
            }
        },
        "transform_output": {"s3_output_path": stage.uri("out")},
        "transform_resources": {"instance_type": "ml.m5.xlarge", "instance_count": 1},
    }


def _variant(stage: Stage, model: str) -> dict[str, Any]:
    return {
        "variant_name": "AllTraffic",
        "model_name": model,
        "initial_instance_count": 1,
        "instance_type": "ml.m5.xlarge",
    }


def _endpoint_config(stage: Stage) -> dict[str, Any]:
    model = create(stage, "Model", **_model(stage))
    return {
        "endpoint_config_name": stage.name("config"),
        "production_variants": [_variant(stage, model.model_name)],
        "data_capture_config": {
            "enable_capture": True,
            "initial_sampling_percentage": 10,
            "destination_s3_uri": stage.uri("capture"),
            "capture_options": [{"capture_mode": "Input"}],
        },
    }


def _component_endpoint_config(stage: Stage) -> dict[str, Any]:
    variant = {"variant_name": "all", "initial_instance_count": 1, "instance_type": "ml.g5.xlarge"}
    return {
        "endpoint_config_name": stage.name("config"),
        "production_variants": [variant],
        "execution_role_arn": stage.role,
    }


def _multi_model(stage: Stage) -> None:
    name = stage.name("many")
    stage.seed_model("models/one.tar.gz")
    container = {"image": stage.image, "mode": "MultiModel", "model_data_url": stage.uri("models/")}
    create(stage, "Model", model_name=name, primary_container=container, execution_role_arn=stage.role)
    create(stage, "EndpointConfig", endpoint_config_name=name, production_variants=[_variant(stage, name)])
    endpoint = create(stage, "Endpoint", endpoint_name=name, endpoint_config_name=name)
    endpoint.wait_for_status("InService", poll=0)
    endpoint.invoke(body=b"1,2", content_type="text/csv", target_model="one.tar.gz")


def _feature_group(stage: Stage) -> dict[str, Any]:
    return {
        "feature_group_name": stage.name("group"),
        "record_identifier_feature_name": "id",
        "event_time_feature_name": "time",
        "feature_definitions": [
            {"feature_name": "id", "feature_type": "String"},
            {"feature_name": "time", "feature_type": "String"},
        ],
        "online_store_config": {"enable_online_store": True},
        "offline_store_config": {"s3_storage_config": {"s3_uri": stage.uri("offline")}},
        "role_arn": stage.role,
    }


def _monitor(stage: Stage, specification: str, source: str, output: str) -> dict[str, Any]:
    return {
        "job_definition_name": stage.name("definition"),
        specification: {"image_uri": stage.image},
        source: {
            "batch_transform_input": {
                "data_captured_destination_s3_uri": stage.uri("captured"),
                "dataset_format": {"csv": {"header": True}},
                "local_path": "/opt/ml/processing/input",
            }
        },
        output: {
            "monitoring_outputs": [
                {"s3_output": {"s3_uri": stage.uri("out"), "local_path": "/opt/ml/processing/output"}}
            ]
        },
        "job_resources": {"cluster_config": _cluster()},
        "role_arn": stage.role,
    }


def _data_quality(stage: Stage) -> dict[str, Any]:
    return _monitor(
        stage, "data_quality_app_specification", "data_quality_job_input", "data_quality_job_output_config"
    )


def _model_quality(stage: Stage) -> dict[str, Any]:
    arguments = _monitor(
        stage, "model_quality_app_specification", "model_quality_job_input", "model_quality_job_output_config"
    )
    arguments["model_quality_app_specification"]["problem_type"] = "Regression"
    arguments["model_quality_job_input"]["ground_truth_s3_input"] = {"s3_uri": stage.uri("truth")}
    return arguments


def _model_bias(stage: Stage) -> dict[str, Any]:
    arguments = _monitor(
        stage, "model_bias_app_specification", "model_bias_job_input", "model_bias_job_output_config"
    )
    arguments["model_bias_app_specification"]["config_uri"] = stage.uri("config.json")
    arguments["model_bias_job_input"]["ground_truth_s3_input"] = {"s3_uri": stage.uri("truth")}
    return arguments


def _model_explainability(stage: Stage) -> dict[str, Any]:
    arguments = _monitor(
        stage,
        "model_explainability_app_specification",
        "model_explainability_job_input",
        "model_explainability_job_output_config",
    )
    arguments["model_explainability_app_specification"]["config_uri"] = stage.uri("config.json")
    return arguments


def _schedule(stage: Stage) -> dict[str, Any]:
    batch = {
        "data_captured_destination_s3_uri": stage.uri("captured"),
        "dataset_format": {"csv": {"header": True}},
        "local_path": "/opt/ml/processing/input",
    }
    output = {"s3_output": {"s3_uri": stage.uri("out"), "local_path": "/opt/ml/processing/output"}}
    definition = {
        "monitoring_inputs": [{"batch_transform_input": batch}],
        "monitoring_output_config": {"monitoring_outputs": [output]},
        "monitoring_resources": {"cluster_config": _cluster()},
        "monitoring_app_specification": {"image_uri": stage.image},
        "role_arn": stage.role,
    }
    config = {
        "schedule_config": {"schedule_expression": "cron(0 * ? * * *)"},
        "monitoring_job_definition": definition,
    }
    return {"monitoring_schedule_name": stage.name("schedule"), "monitoring_schedule_config": config}


def _auto_ml(stage: Stage) -> dict[str, Any]:
    source = {"s3_data_source": {"s3_data_type": "S3Prefix", "s3_uri": stage.seed("data/rows.csv")}}
    return {
        "auto_ml_job_name": "automl-by-resource",
        "input_data_config": [{"data_source": source, "target_attribute_name": "target"}],
        "output_data_config": {"s3_output_path": stage.uri("out")},
        "role_arn": stage.role,
    }


def _auto_ml_v2(stage: Stage) -> dict[str, Any]:
    source = {"s3_data_source": {"s3_data_type": "S3Prefix", "s3_uri": stage.seed("data/rows.csv")}}
    return {
        "auto_ml_job_name": "automl-v2-by-resource",
        "auto_ml_job_input_data_config": [{"channel_type": "training", "data_source": source}],
        "output_data_config": {"s3_output_path": stage.uri("out")},
        "auto_ml_problem_type_config": {"tabular_job_config": {"target_attribute_name": "target"}},
        "role_arn": stage.role,
    }


def _inference_experiment(stage: Stage) -> dict[str, Any]:
    model = create(stage, "Model", **_model(stage)).model_name
    config = create(
        stage,
        "EndpointConfig",
        endpoint_config_name=stage.name("config"),
        production_variants=[_variant(stage, model)],
    )
    endpoint = create(
        stage,
        "Endpoint",
        endpoint_name=stage.name("endpoint"),
        endpoint_config_name=config.endpoint_config_name,
    )
    endpoint.wait_for_status("InService", poll=0)
    infrastructure = {
        "infrastructure_type": "RealTimeInference",
        "real_time_inference_config": {"instance_type": "ml.m5.xlarge", "instance_count": 1},
    }
    return {
        "name": stage.name("experiment"),
        "type": "ShadowMode",
        "role_arn": stage.role,
        "endpoint_name": stage.name("endpoint"),
        "model_variants": [
            {"model_name": model, "variant_name": name, "infrastructure_config": infrastructure}
            for name in ("live", "shadow")
        ],
        "data_storage_config": {"destination": stage.uri("capture")},
        "shadow_mode_config": {
            "source_model_variant_name": "live",
            "shadow_model_variants": [{"shadow_model_variant_name": "shadow", "sampling_percentage": 50}],
        },
    }


def _silent(stage: Stage) -> None:
    """Nothing names a session: the SDK is left to find one."""
    from sagemaker.core.resources import Model, ProcessingJob, TrainingJob

    stage.sdk  # noqa: B018  # it is made, and given to nobody
    TrainingJob.create(**_training_job(stage))
    ProcessingJob.create(**_processing_job(stage))
    Model.create(**_model(stage))
    assert stage.name("model") in [one.model_name for one in Model.get_all()]


def _silent_in_the_region(stage: Stage) -> None:
    from sagemaker.core.resources import TrainingJob

    stage.sdk  # noqa: B018  # it is made, and given to nobody
    job = TrainingJob.create(**_training_job(stage), region=stage.aws.region)
    job.wait(poll=0, logs=True)


_CREATED: Mapping[str, Arguments] = {
    "TrainingJob": _training_job,
    "HyperParameterTuningJob": _tuning_job,
    "ProcessingJob": _processing_job,
    "TransformJob": _transform_job,
    "Model": _model,
    "EndpointConfig": _endpoint_config,
    "FeatureGroup": _feature_group,
    "DataQualityJobDefinition": _data_quality,
    "ModelQualityJobDefinition": _model_quality,
    "ModelBiasJobDefinition": _model_bias,
    "ModelExplainabilityJobDefinition": _model_explainability,
    "MonitoringSchedule": _schedule,
    "AutoMLJob": _auto_ml,
    "AutoMLJobV2": _auto_ml_v2,
    "InferenceExperiment": _inference_experiment,
}


FLOWS: tuple[Flow, ...] = (
    *(created(resource, arguments) for resource, arguments in _CREATED.items()),
    flow(
        "inference-pipeline",
        "`Model.create`, inference pipeline",
        partial(_run, "Model", _inference_pipeline, ()),
        "CreateModel",
    ),
    flow(
        "component-endpoint",
        "`EndpointConfig.create`, for inference components",
        partial(_run, "EndpointConfig", _component_endpoint_config, ()),
        "CreateEndpointConfig",
    ),
    flow(
        "multi-model",
        "`Endpoint`, multi-model",
        _multi_model,
        "CreateModel",
        "CreateEndpoint",
        "sagemaker-runtime.InvokeEndpoint",
    ),
    flow(
        "without-session",
        "`create` without `session=`",
        _silent,
        "CreateTrainingJob",
        "CreateProcessingJob",
        "CreateModel",
        "ListModels",
        note="Calls that name no session go to the latest secure one of the process.",
    ),
    flow(
        "without-session-in-region",
        "`create` without `session=`, with `region=`",
        _silent_in_the_region,
        "CreateTrainingJob",
        "logs.GetLogEvents",
    ),
)
