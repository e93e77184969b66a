"""One of each class of step that both SDKs have, made as their documentation does."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.integration.wrapped.steps import APPLICATION, APPROVALS, CLUSTER, NOTIFY

__all__ = ["SHARED", "Making", "processor"]

_CORE = {2: "sagemaker", 3: "sagemaker.core"}
_STEPS = {2: "sagemaker.workflow", 3: "sagemaker.mlops.workflow"}


@dataclass(frozen=True, kw_only=True)
class Making:
    """What a step is made of."""

    sdk: int
    """The SDK's major version."""
    boto_session: Any
    role: str
    bucket: str
    image: str
    scripts: Path
    stand: Callable[[], str]
    """Makes an endpoint, its config and its model of one name, as somebody did earlier; returns the name."""

    @cached_property
    def session(self) -> Any:
        """A session of the SDK's that runs nothing, and keeps what it would have sent."""
        kind = self.core("workflow.pipeline_context.PipelineSession")
        return kind(boto_session=self.boto_session, default_bucket=self.bucket)

    @cached_property
    def hosted(self) -> str:
        """The name of a model, a config and an endpoint that stand."""
        return self.stand()

    def uri(self, key: str) -> str:
        return f"s3://{self.bucket}/steps/{key}"

    def core(self, path: str) -> Any:
        """Something of the SDK's, by its path in the package that holds what is no step."""
        return _named(f"{_CORE[self.sdk]}.{path}")

    def step(self, path: str) -> Any:
        """Something of the SDK's, by its path in the package that holds the steps."""
        return _named(f"{_STEPS[self.sdk]}.{path}")

    def pipeline(self, name: str, steps: list[Any]) -> Any:
        """A pipeline of the steps; that of v3 takes no collections."""
        collection = self.step("step_collections.StepCollection")
        if self.sdk == 3:
            steps = [each for one in steps for each in (one.steps if isinstance(one, collection) else [one])]
        return self.step("pipeline.Pipeline")(name=name, steps=steps, sagemaker_session=self.session)


def _named(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def processor(making: Making) -> Any:
    """Runs a script of the author's."""
    return making.core("processing.ScriptProcessor")(
        image_uri=making.image,
        command=["python3"],
        instance_type="ml.m5.xlarge",
        instance_count=1,
        sagemaker_session=making.session,
        role=making.role,
    )


def _transformed(making: Making) -> Any:
    transformer = making.core("transformer.Transformer")(
        model_name=making.hosted,
        instance_type="ml.m5.xlarge",
        instance_count=1,
        output_path=making.uri("scores"),
        sagemaker_session=making.session,
    )
    return transformer.transform(data=making.uri("batch"), content_type="text/csv")


def _check_job(making: Making) -> Any:
    kind = making.step("check_job_config.CheckJobConfig")
    return kind(role=making.role, sagemaker_session=making.session)


def _quality(making: Making) -> Any:
    return making.step("quality_check_step.DataQualityCheckConfig")(
        baseline_dataset=making.uri("train"),
        dataset_format=making.core("model_monitor.dataset_format.DatasetFormat").csv(header=False),
        output_s3_uri=making.uri("quality"),
    )


def _callback(making: Making) -> Any:
    kind = making.step("callback_step.CallbackStep")
    return kind(name="Step", sqs_queue_url=APPROVALS, inputs={}, outputs=[])


def _clarify(making: Making) -> Any:
    data = making.core("clarify.DataConfig")(
        s3_data_input_path=making.uri("train"),
        s3_output_path=making.uri("bias"),
        s3_analysis_config_output_path=making.uri("bias-config"),
        label="churned",
        headers=["churned", "months"],
        dataset_type="text/csv",
    )
    bias = making.core("clarify.BiasConfig")(label_values_or_threshold=[1], facet_name="months")
    checked = making.step("clarify_check_step.DataBiasCheckConfig")(data_config=data, data_bias_config=bias)
    return making.step("clarify_check_step.ClarifyCheckStep")(
        name="Step", clarify_check_config=checked, check_job_config=_check_job(making)
    )


def _condition(making: Making) -> Any:
    return making.step("condition_step.ConditionStep")(
        name="Step",
        conditions=[making.core("workflow.conditions.ConditionEquals")(left=1, right=1)],
        if_steps=[_transform(making, "Inner")],
        else_steps=[_failing(making, "Failing")],
    )


def _component(making: Making) -> Any:
    needs = {"NumberOfCpuCoresRequired": 1.0, "MinMemoryRequiredInMb": 1024}
    wanted = making.session.create_inference_component(
        inference_component_name="churn",
        endpoint_name=making.hosted,
        variant_name="all",
        specification={"ModelName": making.hosted, "ComputeResourceRequirements": needs},
        runtime_config={"CopyCount": 1},
    )
    return making.step("inference_component_step.InferenceComponentStep")(name="Step", step_args=wanted)


def _emr(making: Making) -> Any:
    return making.step("emr_step.EMRStep")(
        name="Step",
        display_name="step",
        description="step",
        cluster_id=CLUSTER,
        step_config=making.step("emr_step.EMRStepConfig")(jar=making.uri("job.jar")),
    )


def _emr_serverless(making: Making) -> Any:
    driver = {"sparkSubmit": {"entryPoint": making.uri("job.py")}}
    job = making.step("emr_serverless_step.EMRServerlessJobConfig")(
        job_driver=driver, execution_role_arn=making.role
    )
    return making.step("emr_serverless_step.EMRServerlessStep")(
        name="Step", display_name="step", description="step", job_config=job, application_id=APPLICATION
    )


def _endpoint(making: Making) -> Any:
    wanted = making.session.create_endpoint("churn", making.hosted)
    return making.step("endpoint_step.EndpointStep")(name="Step", step_args=wanted)


def _failing(making: Making, name: str = "Step") -> Any:
    return making.step("fail_step.FailStep")(name=name, error_message="not good enough")


def _function(making: Making) -> Any:
    decorated = making.step("function_step.step")(
        name="Step", image_uri=making.image, instance_type="ml.m5.xlarge", role=making.role
    )(len)
    return decorated(making.uri("train"))


def _lambda(making: Making) -> Any:
    function = making.core("lambda_helper.Lambda")(function_arn=NOTIFY, session=making.session)
    return making.step("lambda_step.LambdaStep")(name="Step", lambda_func=function, inputs={}, outputs=[])


def _lineage(making: Making) -> Any:
    action = making.core("lineage.action.Action").create(
        action_name="trained",
        action_type="Training",
        source_uri=making.uri("train"),
        sagemaker_session=making.session,
    )
    return making.step("lineage_step.LineageStep")(name="Step", actions=action)


def _monitored(making: Making) -> Any:
    return making.step("monitor_batch_transform_step.MonitorBatchTransformStep")(
        name="Step",
        transform_step_args=_transformed(making),
        monitor_configuration=_quality(making),
        check_job_configuration=_check_job(making),
    )


def _notebook(making: Making) -> Any:
    return making.step("notebook_job_step.NotebookJobStep")(
        name="Step",
        input_notebook=str(making.scripts / "report.ipynb"),
        image_uri=making.image,
        kernel_name="python3",
        role=making.role,
        s3_root_uri=making.uri("reports"),
    )


def _checked(making: Making) -> Any:
    return making.step("quality_check_step.QualityCheckStep")(
        name="Step", quality_check_config=_quality(making), check_job_config=_check_job(making)
    )


def _transform(making: Making, name: str = "Step") -> Any:
    return making.step("steps.TransformStep")(name=name, step_args=_transformed(making))


SHARED: Mapping[str, Callable[[Making], Any]] = {
    "CallbackStep": _callback,
    "ClarifyCheckStep": _clarify,
    "ConditionStep": _condition,
    "EMRServerlessStep": _emr_serverless,
    "EMRStep": _emr,
    "EndpointStep": _endpoint,
    "FailStep": _failing,
    "InferenceComponentStep": _component,
    "LambdaStep": _lambda,
    "LineageStep": _lineage,
    "MonitorBatchTransformStep": _monitored,
    "NotebookJobStep": _notebook,
    "QualityCheckStep": _checked,
    "TransformStep": _transform,
    "_FunctionStep": _function,
}
"""By the class of step, for the classes that are made the same way with both."""
