"""What a pipeline's definition must hold, read apart from the library's own rules.

Which call a type of step makes was read by hand out of AWS's schema of definitions; the members of the calls come
from ``tests/golden/governed_members.json``, as they do for the flows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from secure_sagemaker import AuditRecord
from secure_sagemaker.local import EmbeddedAWS
from tests.integration.flows.judge import at, governed, missing, outside

__all__ = ["CALLS", "every_step", "problems_of", "unexamined"]

CALLS = {
    "AutoML": "CreateAutoMLJob",
    "ClarifyCheck": "CreateProcessingJob",
    "Endpoint": "CreateEndpoint",
    "EndpointConfig": "CreateEndpointConfig",
    "InferenceComponent": "CreateInferenceComponent",
    "Job": "CreateJob",
    "Model": "CreateModel",
    "Processing": "CreateProcessingJob",
    "QualityCheck": "CreateProcessingJob",
    "RegisterModel": "CreateModelPackage",
    "Training": "CreateTrainingJob",
    "Transform": "CreateTransformJob",
    "Tuning": "CreateHyperParameterTuningJob",
}
"""Type of step to the operation of SageMaker's whose input its arguments are."""
_CALLS_NONE: Mapping[str, tuple[str, ...]] = {
    "Callback": ("SqsQueueUrl",),
    "Cleanup": ("Arguments.Resources.S3[].S3Uris",),
    "Condition": (),
    "EMR": ("Arguments.ClusterId", "Arguments.StepConfig.HadoopJarStep.Jar"),
    "EMRServerless": (
        "Arguments.ApplicationId",
        "Arguments.ExecutionRoleArn",
        "Arguments.JobConfig.applicationId",
        "Arguments.JobConfig.executionRoleArn",
        "Arguments.JobConfig.jobDriver.sparkSubmit.entryPoint",
    ),
    "Fail": (),
    "ForEach": (),
    "Lambda": ("FunctionArn",),
    "Lineage": (),
}
"""The others, to what of them must be looked at."""
_HELD = ("IfSteps", "ElseSteps", "ForEachBody")


def every_step(steps: list[dict[str, Any]], path: str = "Steps") -> Iterator[tuple[str, dict[str, Any]]]:
    """Each step with its path, those in branches included."""
    for step in steps:
        here = f"{path}[{step['Name']!r}]"
        yield here, step
        for name in _HELD:
            yield from every_step(step.get("Arguments", {}).get(name, []), f"{here}.Arguments.{name}")


def problems_of(
    definition: Mapping[str, Any],
    aws: EmbeddedAWS,
    *,
    given: Mapping[str, object],
    isolation: str = "require",
    excused: Collection[str] = (),
) -> list[str]:
    """Everything in a definition that should not be there or is missing, when started with these parameters."""
    values = {one["Name"]: one.get("DefaultValue") for one in definition["Parameters"]} | given
    found: list[str] = []
    for path, step in every_step(definition["Steps"]):
        arguments = _put_in(step.get("Arguments", {}), values)
        if step["Type"] in _CALLS_NONE:
            continue
        if step["Type"] not in CALLS:
            found.append(f"{path}: nobody knows what a step of type {step['Type']} calls")
            continue
        prefix = f"PipelineDefinition.{path}.Arguments."
        found += [
            f"{path}: {problem}"
            for problem in (
                *missing(
                    CALLS[step["Type"]],
                    arguments,
                    aws,
                    isolation=isolation,
                    excused=[one.removeprefix(prefix) for one in excused if one.startswith(prefix)],
                ),
                *outside({**step, "Arguments": arguments}, aws),
            )
        ]
    return found


def unexamined(definition: Mapping[str, Any], record: AuditRecord | None) -> list[str]:
    """Everything that is to be looked at in a definition, and of which the record of its call says nothing."""
    decided = {one.path for one in record.decisions} if record else set()
    found = [f"{path}: nobody knows it" for path in record.unknown_members] if record else []
    for path, step in every_step(definition["Steps"]):
        operation = CALLS.get(step["Type"])
        if operation is None and step["Type"] not in _CALLS_NONE:
            found.append(f"{path}: nobody knows what a step of type {step['Type']} calls")
            continue
        inside = [
            f"Arguments.{place}"
            for kind, place, value in governed(operation or "", step.get("Arguments", {}))
            if (value is not None or kind == "tags") and not isinstance(value, Mapping)
        ]
        inside += [
            place
            for member in _CALLS_NONE.get(step["Type"], ())
            for place, value in at(step, member)
            if value is not None
        ]
        found += [
            f"{path}.{place}: not looked at"
            for place in inside
            if f"PipelineDefinition.{path}.{place}" not in decided
        ]
    return found


def _put_in(content: Any, values: Mapping[str, object]) -> Any:
    """The content with the parameters' values and joined texts in place of the variables; others stay."""
    match content:
        case {"Get": str(name)} if name.startswith("Parameters."):
            return values[name.removeprefix("Parameters.")]
        case {"Std:Join": {"On": on, "Values": parts}}:
            return on.join(str(_put_in(part, values)) for part in parts)
        case dict():
            return {name: _put_in(value, values) for name, value in content.items()}
        case list():
            return [_put_in(value, values) for value in content]
    return content
