"""Model Monitor with the SageMaker Python SDK v2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.integration.flows.flow import Flow, Stage

__all__ = ["FLOWS"]

_CPU = "ml.m5.xlarge"
_HOURLY = "cron(0 * ? * * *)"


def _common(stage: Stage) -> dict[str, Any]:
    return {
        "role": stage.role,
        "instance_count": 1,
        "instance_type": _CPU,
        "max_runtime_in_seconds": 1800,
        "sagemaker_session": stage.sdk,
    }


def _served(stage: Stage) -> str:
    """A captured endpoint to watch; returns its name."""
    client, name = stage.sdk.sagemaker_client, stage.name("endpoint")
    client.create_model(
        ModelName=stage.name("model"),
        PrimaryContainer={"Image": stage.image, "ModelDataUrl": stage.seed_model()},
        ExecutionRoleArn=stage.role,
    )
    client.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {
                "VariantName": "all",
                "ModelName": stage.name("model"),
                "InstanceType": _CPU,
                "InitialInstanceCount": 1,
            }
        ],
        DataCaptureConfig={
            "EnableCapture": True,
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": stage.uri("captured"),
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        },
    )
    client.create_endpoint(EndpointName=name, EndpointConfigName=name)
    return name


def _ended(monitor: Any) -> None:
    monitor.stop_monitoring_schedule()
    monitor.start_monitoring_schedule()
    monitor.describe_schedule()
    monitor.list_executions()
    monitor.delete_monitoring_schedule()


def _data_quality(stage: Stage) -> None:
    from sagemaker.model_monitor import CronExpressionGenerator, DefaultModelMonitor
    from sagemaker.model_monitor.dataset_format import DatasetFormat

    monitor = DefaultModelMonitor(**_common(stage))
    monitor.suggest_baseline(
        baseline_dataset=stage.seed("data/train.csv"),
        dataset_format=DatasetFormat.csv(),
        output_s3_uri=stage.uri("baseline"),
        wait=True,
        logs=True,
    )
    stage.seed("baseline/statistics.json", b"{}")
    stage.seed("baseline/constraints.json", b"{}")
    monitor.create_monitoring_schedule(
        monitor_schedule_name=stage.name("schedule"),
        endpoint_input=_served(stage),
        statistics=monitor.baseline_statistics(),
        constraints=monitor.suggested_constraints(),
        output_s3_uri=stage.uri("report"),
        schedule_cron_expression=CronExpressionGenerator.hourly(),
    )
    monitor.update_monitoring_schedule(schedule_cron_expression=CronExpressionGenerator.daily())
    monitor.update_monitoring_schedule(instance_type="ml.m5.2xlarge")
    DefaultModelMonitor.attach(monitor.monitoring_schedule_name, sagemaker_session=stage.sdk)
    _ended(monitor)


def _network(stage: Stage) -> None:
    from sagemaker.model_monitor import DefaultModelMonitor
    from sagemaker.network import NetworkConfig

    stated = NetworkConfig(subnets=[stage.aws.subnets[0]])
    monitor = DefaultModelMonitor(network_config=stated, **_common(stage))
    monitor.create_monitoring_schedule(
        monitor_schedule_name=stage.name("schedule"),
        endpoint_input=_served(stage),
        output_s3_uri=stage.uri("report"),
        schedule_cron_expression=_HOURLY,
    )


def _own_container(stage: Stage) -> None:
    from sagemaker.model_monitor import ModelMonitor, MonitoringOutput
    from sagemaker.processing import ProcessingInput, ProcessingOutput

    monitor = ModelMonitor(image_uri=stage.image, env={"threshold": "1"}, **_common(stage))
    monitor.run_baseline(
        baseline_inputs=[
            ProcessingInput(source=stage.seed("data/train.csv"), destination="/opt/ml/processing/input")
        ],
        output=ProcessingOutput(source="/opt/ml/processing/output", destination=stage.uri("baseline")),
        wait=False,
        logs=False,
    )
    monitor.create_monitoring_schedule(
        monitor_schedule_name=stage.name("schedule"),
        endpoint_input=_served(stage),
        output=MonitoringOutput(source="/opt/ml/processing/output", destination=stage.uri("report")),
        schedule_cron_expression=_HOURLY,
    )
    _ended(monitor)


def _model_quality(stage: Stage) -> None:
    from sagemaker.model_monitor import EndpointInput, ModelQualityMonitor
    from sagemaker.model_monitor.dataset_format import DatasetFormat

    monitor = ModelQualityMonitor(**_common(stage))
    monitor.suggest_baseline(
        baseline_dataset=stage.seed("data/train.csv"),
        dataset_format=DatasetFormat.csv(),
        problem_type="Regression",
        inference_attribute="prediction",
        ground_truth_attribute="label",
        output_s3_uri=stage.uri("baseline"),
        wait=True,
    )
    stage.seed("baseline/constraints.json", b"{}")
    monitor.create_monitoring_schedule(
        monitor_schedule_name=stage.name("schedule"),
        endpoint_input=EndpointInput(
            endpoint_name=_served(stage),
            destination="/opt/ml/processing/input",
            inference_attribute="prediction",
        ),
        ground_truth_input=stage.uri("truth"),
        problem_type="Regression",
        constraints=monitor.suggested_constraints(),
        output_s3_uri=stage.uri("report"),
        schedule_cron_expression=_HOURLY,
    )
    monitor.update_monitoring_schedule(instance_type="ml.m5.2xlarge")
    _ended(monitor)


def _configs(stage: Stage) -> tuple[Any, Any]:
    from sagemaker import clarify

    data = clarify.DataConfig(
        s3_data_input_path=stage.seed("data/train.csv"),
        s3_output_path=stage.uri("baseline"),
        label="target",
        headers=["age", "income", "target"],
        dataset_type="text/csv",
    )
    model = clarify.ModelConfig(
        model_name=stage.name("model"), instance_type=_CPU, instance_count=1, accept_type="text/csv"
    )
    return data, model


def _bias(stage: Stage) -> None:
    from sagemaker import clarify
    from sagemaker.model_monitor import EndpointInput, ModelBiasMonitor

    endpoint = _served(stage)
    data, model = _configs(stage)
    monitor = ModelBiasMonitor(**_common(stage))
    monitor.suggest_baseline(
        data_config=data,
        bias_config=clarify.BiasConfig(label_values_or_threshold=[1], facet_name="age"),
        model_config=model,
        wait=True,
    )
    stage.seed("baseline/analysis.json", b"{}")
    monitor.create_monitoring_schedule(
        monitor_schedule_name=stage.name("schedule"),
        endpoint_input=EndpointInput(
            endpoint_name=endpoint,
            destination="/opt/ml/processing/input",
            start_time_offset="-PT1H",
            end_time_offset="-PT0H",
            probability_threshold_attribute=0.8,
        ),
        ground_truth_input=stage.uri("truth"),
        output_s3_uri=stage.uri("report"),
        schedule_cron_expression=_HOURLY,
    )
    monitor.update_monitoring_schedule(instance_type="ml.m5.2xlarge")
    _ended(monitor)


def _explainability(stage: Stage) -> None:
    from sagemaker import clarify
    from sagemaker.model_monitor import ModelExplainabilityMonitor

    endpoint = _served(stage)
    data, model = _configs(stage)
    monitor = ModelExplainabilityMonitor(**_common(stage))
    monitor.suggest_baseline(
        data_config=data,
        explainability_config=clarify.SHAPConfig(baseline=[[1, 2]], num_samples=5, agg_method="mean_abs"),
        model_config=model,
        wait=True,
    )
    stage.seed("baseline/analysis.json", b"{}")
    monitor.create_monitoring_schedule(
        monitor_schedule_name=stage.name("schedule"),
        endpoint_input=endpoint,
        output_s3_uri=stage.uri("report"),
        schedule_cron_expression=_HOURLY,
    )
    monitor.update_monitoring_schedule(instance_type="ml.m5.2xlarge")
    _ended(monitor)


def _flow(name: str, title: str, run: Callable[[Stage], None], *sends: str, **more: Any) -> Flow:
    return Flow(sdk=2, name=name, title=title, run=run, sends=("CreateMonitoringSchedule", *sends), **more)


_CLARIFY = "Network isolation stays off, by the exemption for Clarify; it runs in the VPC."

FLOWS: tuple[Flow, ...] = (
    _flow(
        "monitor-data-quality",
        "`DefaultModelMonitor`: baseline, schedule, update, delete",
        _data_quality,
        "CreateProcessingJob",
        "CreateDataQualityJobDefinition",
        "UpdateMonitoringSchedule",
        "DeleteMonitoringSchedule",
    ),
    _flow(
        "monitor-network-config",
        "`DefaultModelMonitor` with a `NetworkConfig`",
        _network,
        "CreateDataQualityJobDefinition",
    ),
    _flow(
        "monitor-own-container",
        "`ModelMonitor` with an image of one's own",
        _own_container,
        "CreateProcessingJob",
    ),
    _flow(
        "monitor-model-quality",
        "`ModelQualityMonitor`",
        _model_quality,
        "CreateModelQualityJobDefinition",
    ),
    _flow("monitor-bias", "`ModelBiasMonitor`", _bias, "CreateModelBiasJobDefinition", note=_CLARIFY),
    _flow(
        "monitor-explainability",
        "`ModelExplainabilityMonitor`",
        _explainability,
        "CreateModelExplainabilityJobDefinition",
        note=_CLARIFY,
    ),
)
