"""Model Monitor with the SageMaker Python SDK v3."""

from __future__ import annotations

from typing import Any

from tests.integration.flows.flow import Flow, Stage
from tests.integration.flows.v3_resources import create

__all__ = ["FLOWS"]

_HOURLY = "cron(0 * ? * * *)"


def _monitor(stage: Stage, kind: str, **more: Any) -> Any:
    from sagemaker.core import model_monitor

    settings = {"instance_count": 1, "instance_type": "ml.m5.xlarge", **more}
    return getattr(model_monitor, kind)(role=stage.role, sagemaker_session=stage.sdk, **settings)


def _batch(stage: Stage) -> Any:
    from sagemaker.core.model_monitor import BatchTransformInput, MonitoringDatasetFormat

    return BatchTransformInput(
        data_captured_destination_s3_uri=stage.uri("captured"),
        destination="/opt/ml/processing/input",
        dataset_format=MonitoringDatasetFormat.csv(header=True),
        inference_attribute="0",
        probability_attribute="0",
    )


def _endpoint(stage: Stage) -> str:
    name = stage.name("endpoint")
    container = {"image": stage.image, "model_data_url": stage.seed_model()}
    create(stage, "Model", model_name=name, primary_container=container, execution_role_arn=stage.role)
    variant = {
        "variant_name": "AllTraffic",
        "model_name": name,
        "initial_instance_count": 1,
        "instance_type": "ml.m5.xlarge",
    }
    create(
        stage,
        "EndpointConfig",
        endpoint_config_name=name,
        production_variants=[variant],
        data_capture_config={
            "enable_capture": True,
            "initial_sampling_percentage": 100,
            "destination_s3_uri": stage.uri("captured"),
            "capture_options": [{"capture_mode": "Input"}],
        },
    )
    create(stage, "Endpoint", endpoint_name=name, endpoint_config_name=name)
    return name


def _data_quality(stage: Stage) -> None:
    monitor = _monitor(stage, "DefaultModelMonitor")
    monitor.create_monitoring_schedule(
        monitor_schedule_name=stage.name("hourly"),
        endpoint_input=_endpoint(stage),
        output_s3_uri=stage.uri("reports"),
        schedule_cron_expression=_HOURLY,
    )
    monitor.describe_schedule()


def _data_baseline(stage: Stage) -> None:
    from sagemaker.core.model_monitor import DatasetFormat

    _monitor(stage, "DefaultModelMonitor").suggest_baseline(
        baseline_dataset=stage.seed("baseline.csv"),
        dataset_format=DatasetFormat.csv(header=True),
        output_s3_uri=stage.uri("baseline"),
        wait=False,
        logs=False,
    )


def _changed(stage: Stage) -> None:
    monitor = _monitor(stage, "DefaultModelMonitor")
    monitor.create_monitoring_schedule(
        monitor_schedule_name=stage.name("hourly"),
        endpoint_input=_endpoint(stage),
        output_s3_uri=stage.uri("reports"),
        schedule_cron_expression=_HOURLY,
    )
    monitor.update_monitoring_schedule(schedule_cron_expression="cron(0 0 ? * * *)")


def _own_container(stage: Stage) -> None:
    from sagemaker.core.model_monitor import MonitoringOutput

    monitor = _monitor(stage, "ModelMonitor", image_uri=stage.image, env={"LOG_LEVEL": "INFO"})
    monitor.create_monitoring_schedule(
        monitor_schedule_name=stage.name("hourly"),
        endpoint_input=_endpoint(stage),
        output=MonitoringOutput(source="/opt/ml/processing/output", destination=stage.uri("reports")),
        schedule_cron_expression=_HOURLY,
    )


def _own_network(stage: Stage) -> None:
    from sagemaker.core.network import NetworkConfig

    network = NetworkConfig(
        subnets=list(stage.aws.subnets[:2]), security_group_ids=list(stage.aws.security_groups)
    )
    _monitor(stage, "DefaultModelMonitor", network_config=network).create_monitoring_schedule(
        monitor_schedule_name=stage.name("hourly"),
        endpoint_input=_endpoint(stage),
        output_s3_uri=stage.uri("reports"),
        schedule_cron_expression=_HOURLY,
    )


def _model_quality(stage: Stage) -> None:
    _monitor(stage, "ModelQualityMonitor").create_monitoring_schedule(
        monitor_schedule_name=stage.name("hourly"),
        batch_transform_input=_batch(stage),
        ground_truth_input=stage.uri("truth"),
        problem_type="Regression",
        output_s3_uri=stage.uri("reports"),
        schedule_cron_expression=_HOURLY,
    )


def _bias(stage: Stage) -> None:
    from sagemaker.core.clarify import BiasConfig
    from sagemaker.core.model_monitor import BiasAnalysisConfig

    bias = BiasConfig(label_values_or_threshold=[1], facet_name="sex")
    _monitor(stage, "ModelBiasMonitor").create_monitoring_schedule(
        monitor_schedule_name=stage.name("hourly"),
        batch_transform_input=_batch(stage),
        ground_truth_input=stage.uri("truth"),
        analysis_config=BiasAnalysisConfig(bias, headers=["target", "sex"], label="target"),
        output_s3_uri=stage.uri("reports"),
        schedule_cron_expression=_HOURLY,
    )


def _explainability(stage: Stage) -> None:
    from sagemaker.core.clarify import ModelConfig, SHAPConfig
    from sagemaker.core.model_monitor import ExplainabilityAnalysisConfig

    shap = SHAPConfig(baseline=[[30, 1]], num_samples=10, agg_method="mean_abs")
    config = ModelConfig(
        model_name="model", instance_type="ml.m5.xlarge", instance_count=1, accept_type="text/csv"
    )
    _monitor(stage, "ModelExplainabilityMonitor").create_monitoring_schedule(
        monitor_schedule_name=stage.name("hourly"),
        batch_transform_input=_batch(stage),
        analysis_config=ExplainabilityAnalysisConfig(shap, config, headers=["age", "sex"]),
        output_s3_uri=stage.uri("reports"),
        schedule_cron_expression=_HOURLY,
    )


def _flow(name: str, title: str, run: Any, *sends: str, **more: Any) -> Flow:
    return Flow(sdk=3, name=f"monitor-{name}", title=title, run=run, sends=sends, **more)


_SCHEDULE = "CreateMonitoringSchedule"

FLOWS: tuple[Flow, ...] = (
    _flow(
        "data-quality",
        "`DefaultModelMonitor`, schedule",
        _data_quality,
        "CreateDataQualityJobDefinition",
        _SCHEDULE,
    ),
    _flow("data-baseline", "`DefaultModelMonitor`, baseline", _data_baseline, "CreateProcessingJob"),
    _flow(
        "changed",
        "`DefaultModelMonitor`, schedule changed",
        _changed,
        "CreateDataQualityJobDefinition",
        "UpdateMonitoringSchedule",
    ),
    _flow("own-container", "`ModelMonitor`, a container of the user's own", _own_container, _SCHEDULE),
    _flow(
        "own-network",
        "`DefaultModelMonitor`, `NetworkConfig` of the user's own",
        _own_network,
        "CreateDataQualityJobDefinition",
    ),
    _flow(
        "model-quality",
        "`ModelQualityMonitor`, schedule",
        _model_quality,
        "CreateModelQualityJobDefinition",
        _SCHEDULE,
    ),
    _flow("bias", "`ModelBiasMonitor`, schedule", _bias, "CreateModelBiasJobDefinition", _SCHEDULE),
    _flow(
        "explainability",
        "`ModelExplainabilityMonitor`, schedule",
        _explainability,
        "CreateModelExplainabilityJobDefinition",
        _SCHEDULE,
    ),
)
