"""Which data a request has SageMaker read: every location named as input, and every source that is no location.

Nothing is left out because it is not understood. What Macie cannot have read, what only the run of a pipeline tells
and what nobody has examined are told as unreadable, each with its reason. What a request names instead of carrying
(a model, a pipeline that is started, a monitor's definition) has its inputs in a request of its own, which is asked
about likewise. Texts that a container reads by itself (hyperparameters, arguments, environment) are no inputs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from secure_sagemaker.baseline import CODE_CHANNELS
from secure_sagemaker.controls.members import is_mutating
from secure_sagemaker.controls.pipelines import StepCall, steps_of
from secure_sagemaker.controls.unknown import holds_unknown, told, unknown, unknown_parts
from secure_sagemaker.macie.input_shapes import DATALESS_STEPS, InputKind
from secure_sagemaker.macie.input_walk import UNTOLD, DataInput, Inputs, UnreadableInput, gathered

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel

__all__ = [
    "DataInput",
    "InputKind",
    "Inputs",
    "UnreadableInput",
    "inputs_of",
    "inputs_of_steps",
]

_STEPS = "Steps."


def inputs_of(
    model: OperationModel,
    parameters: Mapping[str, object],
    *,
    code_channels: Collection[str] = CODE_CHANNELS,
) -> Inputs:
    """Which data a request has SageMaker read.

    Args:
        model: The operation.
        parameters: Its input.
        code_channels: The names of channels and processing inputs by which code comes, and no data.
    """
    service = model.service_model
    if model.input_shape is None or not is_mutating(service.service_name, model.name):
        return Inputs()
    if model.name not in ("CreatePipeline", "UpdatePipeline"):
        return gathered(model, parameters, code_channels=code_channels).inputs
    if isinstance(place := parameters.get("PipelineDefinitionS3Location"), Mapping):
        source = f"s3://{place.get('Bucket')}/{place.get('ObjectKey')}"
        return _unread("PipelineDefinitionS3Location", source, "the definition lies there, and was not read")
    if (definition := parameters.get("PipelineDefinition")) is None:
        return Inputs()
    return inputs_of_steps(service, definition, code_channels=code_channels)


def inputs_of_steps(
    service: ServiceModel,
    definition: object,
    *,
    code_channels: Collection[str] = CODE_CHANNELS,
    path: str = "PipelineDefinition",
) -> Inputs:
    """Which data the steps of a pipeline read, each parameter taken as its default.

    Args:
        service: SageMaker's model.
        definition: The definition as text; for an execution, with the values that it is started with as defaults.
        code_channels: The names of channels and processing inputs by which code comes, and no data.
        path: What stands before the steps' paths.
    """
    try:
        found = [
            (step, *_of_step(service, step, code_channels, f"{path}.{step.path}"))
            for step in steps_of(service, definition)
        ]
    except (ValueError, RecursionError) as wrong:
        return _unread(path, "a definition", f"it cannot be read: {wrong}")
    return _joined(
        _known_before(inputs, [(other, places) for other, _, places in found if other is not step])
        for step, inputs, _ in found
    )


def _unread(path: str, source: str, reason: str) -> Inputs:
    return Inputs(unreadable=(UnreadableInput(path=path, reason=reason, source=source),))


def _joined(several: Iterable[Inputs]) -> Inputs:
    all_of = tuple(several)
    return Inputs(
        readable=tuple(one for inputs in all_of for one in inputs.readable),
        unreadable=tuple(one for inputs in all_of for one in inputs.unreadable),
        code=tuple(one for inputs in all_of for one in inputs.code),
    )


def _of_step(
    service: ServiceModel, step: StepCall, code_channels: Collection[str], path: str
) -> tuple[Inputs, tuple[str, ...]]:
    """What a step reads, and what the locations of all that it writes begin with."""
    kind = str(step.stated["Type"])
    if kind in DATALESS_STEPS:
        return Inputs(), ()
    if step.operation not in service.operation_names:
        source = f"what a step of type {kind!r} reads"
        return _unread(path, source, "the definition does not say what it is"), ()
    stated = step.read.get("Arguments")
    arguments = stated if isinstance(stated, Mapping) else {}
    names = (
        value for name, value in arguments.items() if name.endswith("JobName") and isinstance(value, str)
    )
    found = gathered(
        service.operation_model(step.operation),
        arguments,
        code_channels=code_channels,
        path=f"{path}.Arguments.",
        folder=next(names, unknown(f"{_STEPS}{_name(step)}")),
    )
    return found.inputs, tuple(found.written)


def _known_before(inputs: Inputs, others: Collection[tuple[StepCall, Collection[str]]]) -> Inputs:
    """A step's inputs, less what another step writes and what only the run tells."""
    readable: list[DataInput] = []
    unreadable = list(inputs.unreadable)
    for one in inputs.readable:
        made = dict(_made(one, others))
        if True not in made.values() and not holds_unknown(one.uri):
            readable.append(one)
        elif not made:
            unreadable.append(_untold(one))
        unreadable.extend(
            UnreadableInput(
                path=one.path,
                reason=f"step {name!r} writes it when the pipeline runs",
                source=told(one.uri),
                is_output_of=name,
            )
            for name in made
        )
    code = tuple(replace(one, uri=told(one.uri)) for one in inputs.code)
    return Inputs(readable=tuple(readable), unreadable=tuple(unreadable), code=code)


def _made(one: DataInput, others: Collection[tuple[StepCall, Collection[str]]]) -> Iterator[tuple[str, bool]]:
    """The steps that write there, and whether they write all of it."""
    for step, places in others:
        if any(f"{one.uri.rstrip('/')}/".startswith(place) for place in places):
            yield _name(step), True
        elif one.kind is InputKind.PREFIX and any(place.startswith(one.uri) for place in places):
            yield _name(step), False


def _untold(one: DataInput) -> UnreadableInput:
    named = next((part for part in unknown_parts(one.uri) if part.startswith(_STEPS)), "")
    return UnreadableInput(
        path=one.path,
        reason=UNTOLD,
        source=told(one.uri),
        is_output_of=named.removeprefix(_STEPS).partition(".")[0],
    )


def _name(step: StepCall) -> str:
    return str(step.stated["Name"])
