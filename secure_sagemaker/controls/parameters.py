"""Walks an operation's input shape once, and keeps what is governed: the plan of a request.

Pure: reads botocore's service model and the tables in ``members``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from secure_sagemaker.controls.checks import Each
from secure_sagemaker.controls.free_texts import text_rule
from secure_sagemaker.controls.members import (
    PARENTS,
    Parent,
    closed_rule,
    document_members,
    document_rule,
    is_mutating,
    reviewed,
    rule_for,
)
from secure_sagemaker.controls.script_mode import WHOLES, Whole
from secure_sagemaker.controls.verdicts import Rule

if TYPE_CHECKING:
    from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

__all__ = ["Child", "GovernedMember", "Node", "document_node", "governed_members", "innermost", "plan"]


@dataclass(frozen=True, kw_only=True, slots=True)
class GovernedMember:
    """A member that a control governs, in the structure it stands in."""

    name: str
    required: bool
    rule: Rule


@dataclass(frozen=True, kw_only=True, slots=True)
class Child:
    """A member that holds structures with something governed in them."""

    name: str
    nesting: str
    """How the structures are nested: ``[`` for each list, ``{`` for each map, outermost first."""
    node: Node
    parent: Parent | None
    """How it may be created when it is absent, or None when it may not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A structure: what is governed in it, where to walk on, and what nobody has reviewed."""

    shape: str
    members: tuple[GovernedMember, ...] = ()
    children: tuple[Child, ...] = ()
    unknown: frozenset[str] = frozenset()
    whole: Whole | None = None
    """What decides about the structure once its members are decided on."""


def plan(model: OperationModel) -> Node | None:
    """The plan of an operation, or None when nothing in its input is governed or unreviewed."""
    shape = model.input_shape
    if shape is None:
        return None
    service = model.service_model.service_name
    mutating = is_mutating(service, model.name)
    if service == "sagemaker" and not mutating:
        return None  # nothing is put into a question; none of today's holds anything governed
    node = _structure(shape, service, model.name, reviewed() if mutating else None, within=(), top=True)
    if (closed := closed_rule(service, model.name)) is None:
        return node
    name = next(iter(shape.required_members or shape.members))
    whole = GovernedMember(name=name, required=name in shape.required_members, rule=closed)
    node = node or Node(shape=shape.name)
    return replace(node, members=(whole, *node.members))


def _structure(
    shape: StructureShape,
    service: str,
    operation: str,
    known: Mapping[str, frozenset[str]] | None,
    *,
    within: tuple[str, ...],
    top: bool = False,
) -> Node | None:
    if shape.name in within:
        return None  # a recursive shape; none of the governed operations has one
    members: list[GovernedMember] = []
    children: list[Child] = []
    unknown: set[str] = set()
    for name, member in shape.members.items():
        rule = rule_for(service, operation, shape.name, name, member.name, top=top)
        if rule is None and (element := _element_of(member)) is not member and element.type_name == "string":
            rule = rule_for(service, operation, shape.name, name, element.name, top=False)
            rule = rule and replace(rule, check=Each(check=rule.check))
        required = name in shape.required_members
        if rule is not None:
            members.append(GovernedMember(name=name, required=required, rule=rule))
        if known is not None and (text := text_rule(shape.name, name, member.name)) is not None:
            members.append(GovernedMember(name=name, required=required, rule=text))
        inner, nesting = innermost(member)
        node = None
        if inner is not None:
            node = _structure(inner, service, operation, known, within=(*within, shape.name))
        if node is not None:
            parent = PARENTS.get((shape.name, name))
            if parent is not None and parent.operations and operation not in parent.operations:
                parent = None
            children.append(Child(name=name, nesting=nesting, node=node, parent=parent))
        if known is not None and rule is None and name not in known.get(shape.name, frozenset()):
            unknown.add(name)
    if not members and not children and not unknown:
        return None
    return Node(
        shape=shape.name,
        members=tuple(members),
        children=tuple(children),
        unknown=frozenset(unknown),
        whole=WHOLES.get(shape.name) if service == "sagemaker" else None,
    )


def _element_of(shape: Shape) -> Shape:
    return cast("ListShape", shape).member if shape.type_name == "list" else shape


def innermost(shape: Shape) -> tuple[StructureShape | None, str]:
    """The structure within lists and maps, if there is one, and how it is nested: ``[`` and ``{``, outermost first."""
    nesting = ""
    while shape.type_name in ("list", "map"):
        if shape.type_name == "list":
            nesting, shape = nesting + "[", cast("ListShape", shape).member
        else:
            nesting, shape = nesting + "{", cast("MapShape", shape).value
    return (cast("StructureShape", shape) if shape.type_name == "structure" else None), nesting


def governed_members(model: OperationModel) -> Iterator[tuple[str, GovernedMember, str]]:
    """Every governed member of an operation: path, member, and the structure it stands in."""
    node = plan(model)
    if node is not None:
        yield from _governed(node, "")


def _governed(node: Node, prefix: str) -> Iterator[tuple[str, GovernedMember, str]]:
    for member in node.members:
        yield prefix + member.name, member, node.shape
    for child in node.children:
        marks = child.nesting.replace("[", "[]").replace("{", "{}")
        yield from _governed(child.node, f"{prefix}{child.name}{marks}.")


def document_node(name: str, content: Mapping[str, object]) -> Node:
    """The plan of one structure in CreateJob's document, made from its content and the members' names."""
    names = dict.fromkeys((*content, *document_members(name)))
    members = tuple(
        GovernedMember(name=key, required=False, rule=rule)
        for key in names
        if (rule := document_rule(key)) is not None and not _repeats_key(key, content)
    )
    return Node(shape=name, members=members)


def _repeats_key(key: str, content: Mapping[str, object]) -> bool:
    # A structure that names its key by one member needs none by the other.
    return key == "KmsKeyArn" and key not in content and "KmsKeyId" in content
