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
from secure_sagemaker.controls.pipelines.variables import Items, Reading, StatedStep, is_variable
from secure_sagemaker.controls.unknown import unknown

if TYPE_CHECKING:
    from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

    from secure_sagemaker.controls.walk import Walk

__all__ = ["StepCall", "calls_of", "hold_definition", "steps_of", "with_parameters"]

_VERSIONS = ("2020-12-01",)
_MEMBERS = frozenset(
    {"Metadata", "MlflowConfig", "Parameters", "PipelineExperimentConfig", "Steps", "Version"}
)
Content = dict[str, object]
_NESTED = (dict, list)


def with_parameters(text: str, given: Mapping[str, object]) -> str:
    """The definition with other defaults: what an execution is started with.

    Raises:
        ValueError: It is no JSON object with a list of parameters.
    """
    definition = read_json(text)
    parameters = definition.get("Parameters", []) if isinstance(definition, dict) else None
    if not isinstance(definition, dict) or not _are_parameters(parameters):
        raise ValueError("no definition")
    named = [
        {**parameter, "DefaultValue": _typed(parameter.get("Type"), given[name])}
        if (name := str(parameter["Name"])) in given
        else parameter
        for parameter in parameters
    ]
    return json.dumps({**definition, "Parameters": named})


def _typed(kind: object, given: object) -> object:
    """A value as the definition will have it: whoever starts it gives text."""
    return {"true": True, "false": False}.get(str(given).lower(), given) if kind == "Boolean" else given


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
    if not _are_parameters(parameters := definition.get("Parameters", [])):
        _refuse(walk, f"{path}.Parameters", "something else", "a list of named parameters with single values")
        return None
    for name in sorted(definition.keys() - _MEMBERS):
        walk.meet_unknown(f"{path}.{name}", definition[name])
    for kind, named in (("Steps", _every(steps)), ("Parameters", parameters)):
        times = Counter(str(one["Name"]) for one in named)
        if repeated := sorted(name for name, count in times.items() if count > 1):
            _refuse(walk, f"{path}.{kind}", f"{repeated} several times", "a name of its own for each")
            return None
    reading = _reading(walk.model.service_model, definition, steps)
    around = {**definition, "Parameters": _values(parameters), "Steps": []}
    walk.within(prefix=f"{path}.", reading=reading).structure(
        DEFINITION, cast("Content", reading.read(around)), path="", ancestors=()
    )
    secured = _Definition(walk, reading).steps(steps, f"{path}.Steps", ())
    return None if secured is steps else json.dumps({**definition, "Steps": secured})


def _refuse(walk: Walk, path: str, got: str, wanted: str, why: str = "", remedy: str = "") -> None:
    walk.conflict(ControlId.PIPELINE_DEFINITION, path, got, wanted, why=why, remedy=remedy)


def _are_steps(steps: object) -> TypeGuard[list[Content]]:
    return isinstance(steps, list) and all(
        isinstance(step, dict)
        and isinstance(step.get("Name"), str)
        and isinstance(step.get("Type"), str)
        and isinstance(step.get("Arguments", {}), dict)
        and not is_variable(step.get("Arguments"))
        for step in steps
    )


def _are_parameters(parameters: object) -> TypeGuard[list[Content]]:
    return isinstance(parameters, list) and all(
        isinstance(one, dict)
        and isinstance(one.get("Name"), str)
        and not isinstance(one.get("DefaultValue"), _NESTED)
        for one in parameters
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


def _values(parameters: list[Content]) -> dict[str, object]:
    """All that each parameter may be, by name."""
    return {
        str(one["Name"]): [one.get("DefaultValue"), *chosen]
        if isinstance(chosen := one.get("EnumValues"), list)
        else one.get("DefaultValue")
        for one in parameters
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class StepCall:
    """A step, and the call that it makes."""

    path: str
    """Where the step stands in the definition."""
    operation: str
    """The call; empty for a step that makes none of SageMaker's."""
    stated: Mapping[str, object]
    """The step as it is stated."""
    reading: Reading
    items: Items

    @property
    def read(self) -> Mapping[str, object]:
        """The step, with variables read as far as the definition tells."""
        return cast("Content", self.reading.read(self.stated, self.items))

    @property
    def made(self) -> tuple[object, ...]:
        """The texts that name what the step makes: the name that it states, and its own properties."""
        noun, step = self.operation.removeprefix("Create"), f"Steps.{self.stated.get('Name')}"
        own = (unknown(f"{step}.{noun}Name"), unknown(f"{step}.{noun}Arn"))
        stated = cast("Content", self.stated.get("Arguments", {})).get(f"{noun}Name")
        name = self.reading.read(stated, self.items) if stated is not None else None
        return (*own, name) if isinstance(name, str) else own


def calls_of(service: ServiceModel, text: object) -> tuple[StepCall, ...]:
    """The calls that the steps of a definition make; none of what cannot be read, and is refused for it."""
    try:
        return tuple(step for step in steps_of(service, text) if step.operation)
    except (ValueError, RecursionError):
        return ()


def steps_of(service: ServiceModel, text: object) -> tuple[StepCall, ...]:
    """Every step of a definition, those inside of steps included.

    Raises:
        ValueError: It is no JSON object with a list of steps.
    """
    definition = read_json(text)
    steps = definition.get("Steps") if isinstance(definition, dict) else None
    if not isinstance(definition, dict) or not _are_steps(steps):
        raise ValueError("a definition without steps")
    return tuple(_calls(steps, "Steps", _reading(service, definition, steps), ()))


def _calls(steps: list[Content], path: str, reading: Reading, items: Items) -> Iterator[StepCall]:
    for step in steps:
        here = f"{path}[{step['Name']!r}]"
        arguments = cast("Content", step.get("Arguments", {}))
        operation = operation_of(str(step["Type"]), arguments) or ""
        yield StepCall(path=here, operation=operation, stated=step, reading=reading, items=items)
        for name, inner in _inner(step):
            yield from _calls(inner, f"{here}.Arguments.{name}", reading, _items(reading, step, items))


def _reading(service: ServiceModel, definition: Content, steps: list[Content]) -> Reading:
    stated = definition.get("Parameters", [])
    parameters = stated if _are_parameters(stated) else []
    named: dict[str, StatedStep] = {}
    reading = Reading(
        parameters={str(one["Name"]): one["DefaultValue"] for one in parameters if "DefaultValue" in one},
        steps=named,
    )
    named.update(_stated(service, steps, reading, ()))
    return reading


def _stated(
    service: ServiceModel, steps: list[Content], reading: Reading, items: Items
) -> Iterator[tuple[str, StatedStep]]:
    for step in steps:
        kind, arguments = str(step["Type"]), cast("Content", step.get("Arguments", {}))
        known: Content = {}
        operation = operation_of(kind, arguments)
        if operation is not None and operation in service.operation_names:
            shape = service.operation_model(operation).input_shape
            taken = shape.members if shape is not None else {}
            known = {name: value for name, value in arguments.items() if name in taken}
        yield str(step["Name"]), StatedStep(kind=kind, arguments=known, items=items)
        for _, inner in _inner(step):
            yield from _stated(service, inner, reading, _items(reading, step, items))


def _items(reading: Reading, step: Content, around: Items) -> Items:
    """What the steps inside a step are repeated for."""
    if step["Type"] != "ForEach":
        return around
    return reading.items(cast("Content", step.get("Arguments", {})).get("IterableItems"))


class _Definition:
    """One definition, while it is walked over."""

    def __init__(self, walk: Walk, reading: Reading) -> None:
        self._walk = walk
        self._reading = reading

    def steps(self, steps: list[Content], path: str, items: Items) -> list[Content]:
        """The steps as they may be sent; the very same list where nothing is changed."""
        secured = [self._step(step, f"{path}[{step['Name']!r}]", items) for step in steps]
        return steps if all(new is old for new, old in zip(secured, steps, strict=True)) else secured

    def _step(self, step: Content, path: str, items: Items) -> Content:
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
            secured = self._arguments(operation, str(step["Name"]), arguments, f"{path}.Arguments.", items)
            if secured is not arguments:
                changes["Arguments"] = secured
        node = STEPS.get(kind)
        if node is not None and (node.members or node.children):
            stated = {**step, **changes}
            read = cast("Content", self._reading.read(stated, items))
            inner = self._walk.within(prefix=f"{path}.", reading=self._reading)
            held = inner.structure(node, read, path="", ancestors=())
            changes |= {
                name: self._reading.restored(stated.get(name), read.get(name), value)
                for name, value in held.items()
                if value is not read.get(name)
            }
        for name, inner_steps in _inner(step):
            repeated = _items(self._reading, step, items)
            within = self.steps(inner_steps, f"{path}.Arguments.{name}", repeated)
            if within is not inner_steps:
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

    def _arguments(self, operation: str, name: str, stated: Content, path: str, items: Items) -> Content:
        """A step's arguments, as the input of the operation that it calls."""
        read = cast("Content", self._reading.read(stated, items))
        service = self._walk.model.service_model
        if operation not in service.operation_names:
            _refuse(self._walk, path.removesuffix("."), operation, "an operation that botocore knows")
            return stated
        model = service.operation_model(operation)
        self._compare(model, read, path)
        node = self._walk.holder.plan(model)
        if node is None:
            return stated
        inner = self._walk.within(prefix=path, reading=self._reading, model=model, parameters=read, name=name)
        secured = inner.structure(node, read, path="", ancestors=())
        restored = cast("Content", self._reading.restored(stated, read, secured))
        return stated if restored == stated else restored

    def _compare(self, model: OperationModel, content: Content, path: str) -> None:
        if model.input_shape is None:
            return
        for where, value, known in _beyond(model.input_shape, content):
            here = path.removesuffix(".") + where
            if known:
                _refuse(self._walk, here, type(value).__name__, "a single value")
            else:
                self._walk.meet_unknown(here, value)


def _beyond(shape: Shape, content: object) -> Iterator[tuple[str, object, bool]]:
    """What content holds that the shape does not take: path, value, and whether the member is known at least."""
    kind = shape.type_name
    if kind == "structure":
        members = cast("StructureShape", shape).members
        for name, value in content.items() if isinstance(content, dict) else ():
            if name not in members:
                yield f".{name}", value, False
            elif isinstance(value, _NESTED):
                for where, found, known in _beyond(members[name], value):
                    yield f".{name}{where}", found, known
    elif kind == "list":
        member = cast("ListShape", shape).member
        for index, item in enumerate(content) if isinstance(content, list) else ():
            if isinstance(item, _NESTED):
                for where, found, known in _beyond(member, item):
                    yield f"[{index}]{where}", found, known
    elif kind == "map":
        member = cast("MapShape", shape).value
        for key, item in content.items() if isinstance(content, dict) else ():
            if isinstance(item, _NESTED):
                for where, found, known in _beyond(member, item):
                    yield f"[{key!r}]{where}", found, known
    else:
        yield "", content, True
