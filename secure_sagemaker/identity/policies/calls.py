"""The calls of SageMaker that guards speak of together, and what tells one kind of them from another."""

from __future__ import annotations

from secure_sagemaker.identity.policies.documents import present

__all__ = [
    "AUTOML",
    "DEFINITIONS",
    "ENDPOINT_CONFIG",
    "HOLDS_A_JOB",
    "INSTANCE_TYPES",
    "JOBS",
    "NAMES_NO_MODEL",
    "SCHEDULES",
    "TRANSFORM",
    "named",
]


def named(*operations: str) -> tuple[str, ...]:
    """The actions of these operations."""
    return tuple(f"sagemaker:{operation}" for operation in operations)


AUTOML = named("CreateAutoMLJob", "CreateAutoMLJobV2")
DEFINITIONS = named(
    "CreateDataQualityJobDefinition",
    "CreateModelBiasJobDefinition",
    "CreateModelExplainabilityJobDefinition",
    "CreateModelQualityJobDefinition",
)
SCHEDULES = named("CreateMonitoringSchedule", "UpdateMonitoringSchedule")
JOBS = named("CreateHyperParameterTuningJob", "CreateProcessingJob", "CreateTrainingJob")
TRANSFORM = named("CreateTransformJob")
ENDPOINT_CONFIG = named("CreateEndpointConfig")

INSTANCE_TYPES = "sagemaker:InstanceTypes"

# A schedule names a job definition or holds one; only then are there instances, and all that is asked of jobs.
HOLDS_A_JOB = present(INSTANCE_TYPES)
# An endpoint config whose variants name models has no network of its own.
NAMES_NO_MODEL = present("sagemaker:ModelArn", wanted=False)
