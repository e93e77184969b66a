"""What a pipeline's definition must hold, read apart from the library's own rules.

Which call a type of step makes was read by hand out of AWS's schema of definitions; the members of the calls come
from ``tests/golden/governed_members.json``, as they do for the flows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from secure_sagemaker.local import EmbeddedAWS
from tests.integration.flows.judge import missing, outside

__all__ = ["every_step", "problems_of"]

_CALLS = {
    "ClarifyCheck": "CreateProcessingJob",
    "Model": "CreateModel",
    "Processing": "CreateProcessingJob",
    "QualityCheck": "CreateProcessingJob",
    "RegisterModel": "CreateModelPackage",
    "Training": "CreateTrainingJob",
    "Transform": "CreateTransformJob",
    "Tuning": "CreateHyperParameterTuningJob",
}
_CALLS_NOTHING = frozenset({"Callback", "Condition", "Fail", "Lambda"})
_HELD = ("IfSteps", "ElseSteps")


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
        if step["Type"] in _CALLS_NOTHING:
            continue
        if step["Type"] not in _CALLS:
            found.append(f"{path}: nobody knows what a step of type {step['Type']} calls")
            continue
        prefix = f"PipelineDefinition.{path}.Arguments."
        found += [
            f"{path}: {problem}"
            for problem in (
                *missing(
                    _CALLS[step["Type"]],
                    arguments,
                    aws,
                    isolation=isolation,
                    excused=[one.removeprefix(prefix) for one in excused if one.startswith(prefix)],
                ),
                *outside({**step, "Arguments": arguments}, aws),
            )
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
