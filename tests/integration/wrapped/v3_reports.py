"""Reports with the SageMaker Python SDK v3: functions and a notebook as steps, one per region.

Written as its author would who has never heard of a baseline: nothing here says a key, a network or a tag.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
from sagemaker.core.workflow.conditions import ConditionGreaterThanOrEqualTo
from sagemaker.core.workflow.parameters import ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.function_step import step
from sagemaker.mlops.workflow.notebook_job_step import NotebookJobStep
from sagemaker.mlops.workflow.pipeline import Pipeline

__all__ = ["get_pipeline"]


def get_pipeline(
    boto_session: boto3.Session,
    *,
    role: str,
    default_bucket: str,
    raw_data: str,
    scripts: Path,
    image: str,
    pipeline_name: str = "reports",
) -> Any:
    """The pipeline, ready to be upserted."""
    session = PipelineSession(boto_session=boto_session, default_bucket=default_bucket)
    instance_type = ParameterString(name="InstanceType", default_value="ml.m5.xlarge")
    input_data = ParameterString(name="InputData", default_value=raw_data)

    @step(name="CountRows", image_uri=image, instance_type=instance_type, role=role)
    def count_rows(uri: str) -> int:
        return len(uri)

    rows = count_rows(input_data)
    notebook = NotebookJobStep(
        name="DrawReport",
        input_notebook=str(scripts / "report.ipynb"),
        image_uri=image,
        kernel_name="python3",
        instance_type=instance_type,
        role=role,
        s3_root_uri=f"s3://{default_bucket}/reports",
        parameters={"source": input_data},
    )
    enough = ConditionStep(
        name="AreThereRows",
        conditions=[ConditionGreaterThanOrEqualTo(left=rows, right=1)],
        if_steps=[notebook],
        else_steps=[FailStep(name="NoRows", error_message="there is nothing to report")],
    )
    return Pipeline(
        name=pipeline_name,
        parameters=[instance_type, input_data],
        steps=[rows, enough],
        sagemaker_session=session,
    )
