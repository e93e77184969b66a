"""One walk over a pipeline's definition: each step held to the controls of the call that it makes.

The definition is read strictly, as every reader of it would understand it: a member named twice, another
version of the schema, a type of step that nobody has examined are refused. Arguments that an operation does
not know, or that have another shape than it takes, are no better, for nothing else validates them here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard, cast

from secure_sagemaker.baseline import ControlId
from secure_sagemaker.controls.documents import read_json
from secure_sagemaker.controls.pipelines.steps import (
    BRANCHES,
    DEFINITION,
    KNOWN_MEMBERS,
    STEPS,
    operation_of,
)
from secure_sagemaker.controls.pipelines.variables import Reading

if TYPE_CHECKING:
    from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

    from secure_sagemaker.controls.walk import Walk

__all__ = ["StepCall", "calls_of", "hold_definition", "with_parameters"]

_VERSIONS = ("2020-12-01",)
_MEMBERS = frozenset(
    {"Metadata", "MlflowConfig", "Parameters", "PipelineExperimentConfig", "Steps", "Version"}
)
Content = dict[str, object]


def with_parameters(text: str, given: Mapping[str, object]) -> str:
    """The definition with other defaults: what an execution is started with.

    Raises:
        ValueError: It is no JSON object with a list of parameters.
    """
    definition = read_json(text)
    parameters = definition.get("Parameters") if isinstance(definition, dict) else None
    if not isinstance(definition, dict) or not isinstance(parameters or [], list):
        raise ValueError("no definition")
    named = [
        {**parameter, "DefaultValue": given[parameter["Name"]]}
        if parameter.get("Name") in given
        else parameter
        for parameter in parameters or []
    ]
    return json.dumps({**definition, "Parameters": named})


def hold_definition(walk: Walk, text: object, path: str) -> str | None:
    """Hold a definition to the controls.

    Args:
        walk: The walk over the request that carries it, which gathers the decisions.
        text: The definition.
        path: The member's path.

    Returns:
        The secured definition, or None where nothing is changed.
    """
    try:
        definition = read_json(text)
    except ValueError as unreadable:
        _refuse(walk, path, f"text that cannot be read: {unreadable}", "a JSON object")
        return None
    steps = definition.get("Steps") if isinstance(definition, dict) else None
    if not isinstance(definition, dict) or not _are_steps(steps):
        _refuse(walk, path, "a definition without steps", "a JSON object with a list of Steps")
        return None
    if (version := definition.get("Version")) not in _VERSIONS:
        _refuse(walk, f"{path}.Version", repr(version), f"one of {list(_VERSIONS)}")
        return None
    for name in sorted(definition.keys() - _MEMBERS):
        walk.meet_unknown(f"{path}.{name}", definition[name])
    names = Counter(str(step["Name"]) for step in _every(steps))
    if repeated := sorted(name for name, times in names.items() if times > 1):
        _refuse(walk, f"{path}.Steps", f"several steps named {repeated}", "a name of its own for each step")
        return None
    reading = _reading(definition, steps)
    around = {**definition, "Parameters": reading.parameters, "Steps": []}
    walk.within(prefix=f"{path}.", reading=reading).structure(
        DEFINITION, cast("Content", reading.read(around)), path="", ancestors=()
    )
    secured = _Definition(walk, reading).steps(steps, f"{path}.Steps")
    return None if secured is steps else json.dumps({**definition, "Steps": secured})


def _refuse(walk: Walk, path: str, got: str, wanted: str, why: str = "", remedy: str = "") -> None:
    walk.conflict(ControlId.PIPELINE_DEFINITION, path, got, wanted, why=why, remedy=remedy)


def _are_steps(steps: object) -> TypeGuard[list[Content]]:
    return isinstance(steps, list) and all(
        isinstance(step, dict)
        and isinstance(step.get("Name"), str)
        and isinstance(step.get("Type"), str)
        and isinstance(step.get("Arguments", {}), dict)
        for step in steps
    )


def _inner(step: Content) -> Iterator[tuple[str, list[Content]]]:
    """The lists of steps inside a step."""
    arguments = cast("Content", step.get("Arguments", {}))
    for name in BRANCHES.get(str(step["Type"]), ()):
        if _are_steps(held := arguments.get(name, [])):
            yield name, held


def _every(steps: list[Content]) -> Iterator[Content]:
    for step in steps:
        yield step
        for _, inner in _inner(step):
            yield from _every(inner)


def _defaults(stated: object) -> dict[str, object]:
    """What each parameter is, where nobody says otherwise."""
    parameters = [one for one in stated if isinstance(one, dict)] if isinstance(stated, list) else []
    return {str(one.get("Name")): one["DefaultValue"] for one in parameters if "DefaultValue" in one}


@dataclass(frozen=True, kw_only=True, slots=True)
class StepCall:
    """The call that a step makes."""

    path: str
    """Where its arguments stand in the definition."""
    operation: str
    arguments: Mapping[str, object]
    """With variables read as far as the definition tells."""

    @property
    def makes(self) -> frozenset[str]:
        """By what names the thing goes that it makes."""
        noun = self.operation.removeprefix("Create")
        name = self.arguments.get(f"{noun}Name")
        return frozenset({name}) if isinstance(name, str) else frozenset()


def calls_of(text: object) -> Iterator[StepCall]:
    """The calls that the steps of a definition make; none of what cannot be read."""
    try:
        definition = read_json(text)
    except ValueError:
        return
    steps = definition.get("Steps") if isinstance(definition, dict) else None
    if not isinstance(definition, dict) or not _are_steps(steps):
        return
    yield from _calls(steps, "Steps", _reading(definition, steps))


def _calls(steps: list[Content], path: str, reading: Reading) -> Iterator[StepCall]:
    for step in steps:
        here = f"{path}[{step['Name']!r}].Arguments"
        arguments = cast("Content", step.get("Arguments", {}))
        if (operation := operation_of(str(step["Type"]), arguments)) is not None:
            read = cast("Content", reading.read(arguments))
            yield StepCall(path=here, operation=operation, arguments=read)
        for name, inner in _inner(step):
            yield from _calls(inner, f"{here}.{name}", reading)


def _reading(definition: Content, steps: list[Content]) -> Reading:
    return Reading(
        parameters=_defaults(definition.get("Parameters")),
        steps={str(step["Name"]): step for step in _every(steps)},
    )


class _Definition:
    """One definition, while it is walked over."""

    def __init__(self, walk: Walk, reading: Reading) -> None:
        self._walk = walk
        self._reading = reading

    def steps(self, steps: list[Content], path: str) -> list[Content]:
        """The steps as they may be sent; the very same list where nothing is changed."""
        secured = [self._step(step, f"{path}[{step['Name']!r}]") for step in steps]
        return steps if all(new is old for new, old in zip(secured, steps, strict=True)) else secured

    def _step(self, step: Content, path: str) -> Content:
        kind = str(step["Type"])
        arguments = cast("Content", step.get("Arguments", {}))
        operation = operation_of(kind, arguments)
        if operation is None and kind not in STEPS:
            self._unexamined(kind, path)
            return step
        for name in sorted(step.keys() - KNOWN_MEMBERS):
            self._walk.meet_unknown(f"{path}.{name}", step[name])
        changes: Content = {}
        if operation is not None:
            secured = self._arguments(operation, str(step["Name"]), arguments, f"{path}.Arguments.")
            if secured is not arguments:
                changes["Arguments"] = secured
        node = STEPS.get(kind)
        if node is not None and (node.members or node.children):
            stated = {**step, **changes}
            read = cast("Content", self._reading.read(stated))
            inner = self._walk.within(prefix=f"{path}.", reading=self._reading)
            held = inner.structure(node, read, path="", ancestors=())
            changes |= {
                name: self._reading.restored(stated.get(name), read.get(name), value)
                for name, value in held.items()
                if value is not read.get(name)
            }
        for name, inner_steps in _inner(step):
            if (within := self.steps(inner_steps, f"{path}.Arguments.{name}")) is not inner_steps:
                changes["Arguments"] = {**cast("Content", changes.get("Arguments", arguments)), name: within}
        for name in BRANCHES.get(kind, ()):
            if not _are_steps(arguments.get(name, [])):
                _refuse(self._walk, f"{path}.Arguments.{name}", "something else", "a list of steps")
        return {**step, **changes} if changes else step

    def _unexamined(self, kind: str, path: str) -> None:
        listed = self._walk.policy.baseline.pipelines.step_types
        if kind not in listed:
            _refuse(
                self._walk,
                f"{path}.Type",
                kind,
                "a type of step that is examined",
                why="nothing can be said of what the step does",
                remedy="have pipelines.step_types list it, once somebody has looked at what it does",
            )

    def _arguments(self, operation: str, name: str, stated: Content, path: str) -> Content:
        """A step's arguments, as the input of the operation that it calls."""
        read = cast("Content", self._reading.read(stated))
        service = self._walk.model.service_model
        if operation not in service.operation_names:
            _refuse(self._walk, path.removesuffix("."), operation, "an operation that botocore knows")
            return stated
        model = service.operation_model(operation)
        self._meet_unknown(model, read, path)
        node = self._walk.holder.plan(model)
        if node is None:
            return stated
        inner = self._walk.within(prefix=path, reading=self._reading, model=model, parameters=read, name=name)
        secured = inner.structure(node, read, path="", ancestors=())
        restored = cast("Content", self._reading.restored(stated, read, secured))
        return stated if restored == stated else restored

    def _meet_unknown(self, model: OperationModel, content: Content, path: str) -> None:
        if model.input_shape is not None:
            for where, value in _beyond(model.input_shape, content, path.removesuffix(".")):
                self._walk.meet_unknown(where, value)


def _beyond(shape: Shape, content: object, path: str) -> Iterator[tuple[str, object]]:
    """What content holds that the shape does not know: path and value."""
    kind = shape.type_name
    if kind == "structure" and isinstance(content, dict):
        members = cast("StructureShape", shape).members
        for name, value in content.items():
            if name not in members:
                yield f"{path}.{name}", value
            elif isinstance(value, dict | list) and value:
                yield from _beyond(members[name], value, f"{path}.{name}")
        return
    # A list or a map of texts holds no structure with members of its own.
    member = (
        cast("ListShape", shape).member
        if kind == "list"
        else cast("MapShape", shape).value
        if kind == "map"
        else None
    )
    if member is None or member.type_name not in ("structure", "list", "map"):
        return
    if isinstance(content, list):
        for index, item in enumerate(content):
            yield from _beyond(member, item, f"{path}[{index}]")
    elif isinstance(content, dict):
        for key, item in content.items():
            yield from _beyond(member, item, f"{path}[{key!r}]")
