"""What stands in a definition for a value that is known when the pipeline runs.

A variable is read as what it will be as far as the definition tells: a parameter as its default, a step's
property as what the step's own arguments say at the same place, or the location under which it is written.
What is left is unknown. An item of a loop is what all items begin with. After the walk, what was not changed
is a variable again.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeGuard

from secure_sagemaker.controls.documents import read_json
from secure_sagemaker.controls.unknown import UNKNOWN, unknown

__all__ = ["Items", "Reading", "StatedStep", "is_variable"]

_TOKEN = re.compile(r"\.?([A-Za-z0-9_\-]+)|\['([^']*)'\]|\[\"([^\"]*)\"\]|\[(\d+)\]")
_DEEPEST = 20
"""How many variables may stand for one another."""
_LONGEST = 1 << 14
"""Far beyond any location or name, in characters: what is joined of joins may grow without end."""
_ITEM = "ForEach.CurrentItem"

_NESTED = (dict, list)

Path = tuple[str | int, ...]
Items = Sequence[object]
"""What a loop goes through; none where nobody knows."""

_CHECKED: Path = ("ProcessingOutputConfig", "Outputs", 0, "S3Output", "S3Uri")
# Where a step writes what its property names, below what its arguments say.
_WRITTEN: Mapping[str, tuple[tuple[str, Path], ...]] = {
    "AutoML": (
        ("BestCandidate", ("OutputDataConfig", "S3OutputPath")),
        ("AutoMLJobArtifacts", ("OutputDataConfig", "S3OutputPath")),
    ),
    "Compilation": (("ModelArtifacts", ("OutputConfig", "S3OutputLocation")),),
    "Training": (("ModelArtifacts", ("OutputDataConfig", "S3OutputPath")),),
    **dict.fromkeys(
        ("ClarifyCheck", "QualityCheck"),
        (
            ("CalculatedBaseline", _CHECKED),
            # Or the one supplied, which the step itself is held to, or what the model package group has approved.
            ("BaselineUsedForDriftCheck", _CHECKED),
        ),
    ),
}
_LOCATIONS = ("S3ModelArtifacts", "ModelDataUrl", "S3Uri", "Location", "Path", "Statistics", "Constraints")
"""How the names of properties end that are S3 locations."""


def is_variable(value: object) -> TypeGuard[dict[str, object]]:
    """Whether a value is put in its place when the pipeline runs."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    ((name, content),) = value.items()
    return (name == "Get" and isinstance(content, str)) or (
        isinstance(name, str) and name.startswith("Std:") and not isinstance(content, str)
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class StatedStep:
    """What a step states, as far as its properties repeat it."""

    kind: str
    arguments: Mapping[str, object]
    """None of those that its operation does not know, and none where it calls no operation of SageMaker's."""
    items: Items
    """Of the loop that it stands in."""


@dataclass(kw_only=True, slots=True)
class Reading:
    """A definition as far as it is known before it runs."""

    parameters: Mapping[str, object]
    """Their defaults, by name."""
    steps: Mapping[str, StatedStep]
    """By name, branches and bodies of loops included."""
    _known: dict[str, object] = field(default_factory=dict)
    """What each name was found to stand for."""
    _origins: dict[int, tuple[object, Mapping[str, object]]] = field(default_factory=dict)
    """What was read, by its identity, and as what it was stated; both are kept, so that no other takes it."""
    _fixed: set[tuple[int, str]] = field(default_factory=set)

    def read(self, content: object, items: Items = ()) -> object:
        """The content with every variable read; the very same object where there is none in it.

        Args:
            content: What a step states.
            items: Of the loop that the step stands in.
        """
        if isinstance(content, dict):
            if len(content) == 1 and is_variable(content):
                return self._value(content, items, depth=0)
            changed = {}
            for name, value in content.items():
                if isinstance(value, _NESTED) and (read := self.read(value, items)) is not value:
                    changed[name] = read
            if not changed:
                return content
            whole = {**content, **changed}
            self._origins[id(whole)] = (whole, content)
            return whole
        if isinstance(content, list):
            each = [self.read(item, items) if isinstance(item, _NESTED) else item for item in content]
            return content if all(map(operator.is_, each, content)) else each
        return content

    def items(self, iterated: object) -> Items:
        """What a loop goes through: a list, or a variable that is one as JSON."""
        listed = iterated
        if is_variable(iterated):
            try:
                listed = read_json(self._value(iterated, (), depth=0))
            except ValueError:
                return ()
        return listed if isinstance(listed, list) else ()

    def stated(self, content: Mapping[str, object]) -> Mapping[str, object] | None:
        """A structure as it was before it was read; None where there is no variable in it."""
        kept = self._origins.get(id(content))
        return None if kept is None else kept[1]

    def fix(self, content: Mapping[str, object], name: str) -> None:
        """Have a member that was read keep the value that it was given, even where that is the variable's own."""
        self._fixed.add((id(self._origins[id(content)][1]), name))

    def restored(self, stated: object, read: object, secured: object) -> object:
        """What was secured, with a variable wherever one was stated and nothing was put in its place."""
        if read is stated:
            return secured
        if secured is read or is_variable(stated):
            return stated if _same(secured, read) else secured
        if isinstance(stated, dict) and isinstance(read, dict) and isinstance(secured, dict):
            return {
                name: self.restored(stated[name], read[name], value)
                if name in stated and (id(stated), name) not in self._fixed
                else value
                for name, value in secured.items()
            }
        if isinstance(stated, list) and isinstance(read, list) and isinstance(secured, list):
            known = min(len(stated), len(secured))
            kept = map(self.restored, stated[:known], read[:known], secured[:known])
            return [*kept, *secured[known:]]
        return secured

    def _value(self, variable: object, items: Items, *, depth: int) -> object:
        """What the variable stands for."""
        if not is_variable(variable):
            return variable
        ((function, content),) = variable.items()
        if depth > _DEEPEST:
            return unknown(str(content))
        if function == "Get" and isinstance(content, str):
            return self._got(content, items, depth=depth)
        if function == "Std:Join" and isinstance(content, Mapping):
            return self._joined(content, items, depth=depth)
        return unknown(function)

    def _joined(self, content: Mapping[object, object], items: Items, *, depth: int) -> str:
        between, values = content.get("On", ""), content.get("Values")
        if not isinstance(between, str) or not isinstance(values, list):
            return unknown("Std:Join")
        joined = between.join(_text(self._value(one, items, depth=depth + 1)) for one in values)
        return joined if len(joined) <= _LONGEST else unknown("Std:Join")

    def _got(self, named: str, items: Items, *, depth: int) -> object:
        if named.startswith(_ITEM):
            return self._item(named, items, depth=depth)
        if named not in self._known:
            self._known[named] = unknown(named)  # also for itself, where it is made of itself
            self._known[named] = self._found(named, depth=depth)
        return self._known[named]

    def _found(self, named: str, *, depth: int) -> object:
        kind, _, rest = named.partition(".")
        if kind == "Parameters" and rest in self.parameters:
            return self.parameters[rest]
        if kind == "Steps":
            return self._property(named, rest, depth=depth)
        return unknown(named)

    def _item(self, named: str, items: Items, *, depth: int) -> object:
        """What an item of a loop, or a member of it, is in each round: known as far as they all begin alike."""
        path = _tokens(named.removeprefix(_ITEM))
        found = [_within(self._value(item, (), depth=depth + 1), path) for item in items]
        if found and all(_same(one, found[0]) for one in found) and not isinstance(found[0], dict | list):
            return unknown(named) if found[0] is None else found[0]
        texts = [one for one in found if isinstance(one, str)]
        alike = _beginning(texts) if texts and len(texts) == len(found) else ""
        return alike.partition(UNKNOWN)[0] + unknown(named)

    def _property(self, named: str, rest: str, *, depth: int) -> object:
        name, _, path = rest.partition(".")
        if (step := self.steps.get(name)) is None:
            return unknown(named)
        # The properties of a step are those of the thing described, which repeat what was asked for.
        found = _at(step.arguments, _tokens(path))
        if found is None:
            found = _at(step.arguments, _written(step.kind, path))
            below = self._value(found, step.items, depth=depth + 1)
            return f"{below}/{unknown(named)}" if isinstance(below, str) else unknown(named)
        if isinstance(found, Mapping | list) and not is_variable(found):
            return unknown(named)
        return self._value(found, step.items, depth=depth + 1)


def _beginning(texts: Sequence[str]) -> str:
    """What all of them begin with: it is what the first and the last in order do."""
    first, last = min(texts), max(texts)
    return first[: next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))]


def _text(value: object) -> str:
    """A value where it is joined with others."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else unknown("Std:Join")


def _within(item: object, path: Path) -> object:
    """A member of an item, which may be a structure as JSON."""
    if path and isinstance(item, str):
        try:
            item = read_json(item)
        except ValueError:
            return None
    return _at(item, path)


def _written(kind: str, path: str) -> Path:
    if path.endswith(_LOCATIONS):
        for beginning, place in _WRITTEN.get(kind, ()):
            if path.startswith(beginning):
                return place
    return ("",)


def _tokens(path: str) -> Path:
    return tuple(_each_token(path))


def _each_token(path: str) -> Iterator[str | int]:
    position = 0
    while position < len(path):
        found = _TOKEN.match(path, position)
        if found is None:
            yield ""  # nothing that anybody could have asked for
            return
        position = found.end()
        name, quoted, doubly, index = found.groups()
        yield int(index) if index is not None else name or quoted or doubly or ""


def _at(content: object, path: Path) -> object:
    for token in path:
        if is_variable(content):
            return None
        if isinstance(token, int):
            content = content[token] if isinstance(content, list) and token < len(content) else None
        elif isinstance(content, Mapping):
            content = content.get(token)
        elif isinstance(content, list):
            content = next((item for item in content if _is_called(item, token)), None)
        else:
            return None
    return content


def _is_called(item: object, name: str) -> bool:
    """Whether an entry of a list goes by a name, as outputs and channels do."""
    return isinstance(item, Mapping) and any(
        value == name for key, value in item.items() if isinstance(key, str) and key.endswith("Name")
    )


def _same(one: object, other: object) -> bool:
    return one is other or (type(one) is type(other) and one == other)
