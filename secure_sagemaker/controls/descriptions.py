"""What a Describe shows of a thing, as the request that would make it: so that the same rules judge both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from secure_sagemaker.baseline import ControlId
from secure_sagemaker.controls.parameters import Node, innermost, plan
from secure_sagemaker.controls.resource_kinds import ResourceKind

if TYPE_CHECKING:
    from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

__all__ = ["DescribedKind"]

_WHEN = frozenset({"CreateDate", "CreationTime", "LastModifiedTime", "LastUpdatedDate"})


@dataclass(frozen=True, kw_only=True, slots=True)
class DescribedKind:
    """A kind of thing with the service model's word on it. Made once."""

    kind: ResourceKind
    create: OperationModel
    node: Node | None
    """What a Describe shows of what the Create's plan governs; None when that is nothing."""
    unshown: tuple[str, ...]
    """What the plan governs and a Describe does not show, tags apart."""

    @classmethod
    def of(cls, kind: ResourceKind, service: ServiceModel) -> DescribedKind:
        """Compile a kind."""
        create = service.operation_model(kind.create)
        shown: Shape | None = service.operation_model(kind.describe).output_shape
        if kind.root and shown is not None:
            shown = cast("StructureShape", shown).members.get(kind.root)
        node, unshown = plan(create), list[str]()
        if node is not None and create.input_shape is not None and shown is not None:
            node = _shown(kind, node, create.input_shape, shown, "", unshown.append)
        return cls(kind=kind, create=create, node=node, unshown=tuple(unshown))

    def request(self, answer: Mapping[str, object]) -> Mapping[str, object]:
        """The request that would make what a Describe answered with."""
        shape = self.create.input_shape
        return {} if shape is None else _structure(self.kind, shape, self._content(answer))

    def identity(self, answer: Mapping[str, object]) -> Mapping[str, object]:
        """What tells this thing from another of its name: ARNs and times."""
        return {
            name: str(value)
            for name, value in self._content(answer).items()
            if name in _WHEN or name.endswith("Arn")
        }

    def _content(self, answer: Mapping[str, object]) -> Mapping[str, object]:
        content = answer.get(self.kind.root) if self.kind.root else answer
        return content if isinstance(content, Mapping) else {}


def _path(kind: ResourceKind, shape: Shape, name: str) -> Sequence[str]:
    return kind.renamed.get((shape.name, name), name).split(".")


# --- the answer as a request ----------------------------------------------------------------------


def _structure(kind: ResourceKind, shape: StructureShape, content: Mapping[str, object]) -> dict[str, object]:
    structure: dict[str, object] = {}
    for name, member in shape.members.items():
        if (value := _at(content, _path(kind, shape, name))) is not None:
            structure[name] = _value(kind, member, value)
    return structure


def _at(content: object, path: Sequence[str]) -> object:
    for name in path:
        content = content.get(name) if isinstance(content, Mapping) else None
    return content


def _value(kind: ResourceKind, shape: Shape, value: object) -> object:
    match shape.type_name:
        case "structure" if isinstance(value, Mapping):
            return _structure(kind, cast("StructureShape", shape), value)
        case "list" if isinstance(value, list):
            return [_value(kind, cast("ListShape", shape).member, item) for item in value]
        case "map" if isinstance(value, Mapping):
            return {key: _value(kind, cast("MapShape", shape).value, item) for key, item in value.items()}
    return value


# --- the plan, without what is not shown ----------------------------------------------------------


def _shown(
    kind: ResourceKind,
    node: Node,
    taken: StructureShape,
    shown: Shape,
    path: str,
    miss: Callable[[str], None],
) -> Node | None:
    members = []
    for member in node.members:
        if member.rule.control is ControlId.REQUIRED_TAGS:
            continue
        if _follow(kind, taken, member.name, shown) is not None:
            members.append(member)
        elif member.name != "Tags":
            miss(path + member.name)
    children = []
    for child in node.children:
        here = f"{path}{child.name}{child.nesting.replace('[', '[]').replace('{', '{}')}"
        found = _follow(kind, taken, child.name, shown)
        if found is None:
            for governed in _governed(child.node, here):
                miss(governed)
            continue
        (inner, _), (below_shown, _) = innermost(taken.members[child.name]), innermost(found)
        below = None
        if inner is not None and below_shown is not None:
            below = _shown(kind, child.node, inner, below_shown, f"{here}.", miss)
        if below is not None:
            children.append(replace(child, node=below))
    if not members and not children and node.whole is None:
        return None
    return replace(node, members=tuple(members), children=tuple(children))


def _follow(kind: ResourceKind, taken: Shape, name: str, shown: Shape) -> Shape | None:
    found: Shape | None = shown
    for part in _path(kind, taken, name):
        if found is None or found.type_name != "structure":
            return None
        found = cast("StructureShape", found).members.get(part)
    return found


def _governed(node: Node, path: str) -> Iterator[str]:
    for member in node.members:
        yield f"{path}.{member.name}"
    for child in node.children:
        yield from _governed(child.node, f"{path}.{child.name}")
