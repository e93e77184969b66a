"""Requests held to their input shape, and records told through an output shape.

``lacking``   what a request would have to say and does not
``project``   the members that an output shape has, and no others
``complete``  members that an output shape requires, where nothing is known of them
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

__all__ = ["UnreadableError", "complete", "lacking", "project"]


class UnreadableError(Exception):
    """A value is of another type than its member: AWS can't even read the request."""


_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "character": (str,),
    "blob": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float, str),
    "structure": (Mapping,),
    "map": (Mapping,),
    "list": (list,),
}


def lacking(shape: Shape, value: object, path: str = "") -> Iterator[str]:
    """Each member that the shape requires and a value does not have, as AWS words it.

    Raises:
        UnreadableError: A value is of another type than its shape.
    """
    if not isinstance(value, _TYPES[shape.type_name]) or (
        isinstance(value, bool) and shape.type_name != "boolean"
    ):
        raise UnreadableError(f"{path}: {type(value).__name__} can not be converted to a {shape.type_name}")
    match shape:
        case StructureShape() if isinstance(value, Mapping):
            for name, member in shape.members.items():
                lower = name[0].lower() + name[1:]
                where = f"{path}.{lower}" if path else lower
                if value.get(name) is not None:
                    yield from lacking(member, value[name], where)
                elif name in shape.required_members:
                    yield f"Value at '{where}' failed to satisfy constraint: Member must not be null"
        case ListShape() if isinstance(value, list):
            for number, entry in enumerate(value, 1):
                yield from lacking(shape.member, entry, f"{path}.{number}.member")
        case MapShape() if isinstance(value, Mapping):
            for key, entry in value.items():
                yield from lacking(shape.value, entry, f"{path}.{key}.member")


def project(value: object, shape: Shape) -> object:
    """The part of a value that the shape has a place for; None where it has none."""
    match shape:
        case StructureShape():
            if not isinstance(value, Mapping):
                return None
            told = {
                name: inner
                for name, member in shape.members.items()
                if value.get(name) is not None and (inner := project(value[name], member)) is not None
            }
            return told if told or not value else None
        case ListShape():
            if not isinstance(value, list):
                return None
            listed = (project(entry, shape.member) for entry in value)
            return [entry for entry in listed if entry is not None]
        case MapShape():
            if not isinstance(value, Mapping):
                return None
            return {key: project(entry, shape.value) for key, entry in value.items()}
    return value if isinstance(value, _TYPES[shape.type_name]) else None


# Marked as required, and yet absent: on the last page, and for a version of a model package group.
_NOT_ALWAYS_THERE = frozenset({"ModelPackageName", "NextToken"})


def complete(value: object, shape: Shape, *, now: float) -> object:
    """The value with every member that the shape requires, at every depth where something stands."""
    match shape:
        case StructureShape() if isinstance(value, Mapping):
            lacking = {
                name: complete(_default(shape.members[name], now=now), shape.members[name], now=now)
                for name in shape.required_members
                if name not in value and name not in _NOT_ALWAYS_THERE
            }
            told = {name: complete(inner, shape.members[name], now=now) for name, inner in value.items()}
            return {**told, **lacking}
        case ListShape() if isinstance(value, list):
            return [complete(entry, shape.member, now=now) for entry in value]
        case MapShape() if isinstance(value, Mapping):
            return {key: complete(entry, shape.value, now=now) for key, entry in value.items()}
    return value


def _default(shape: Shape, *, now: float) -> object:
    match shape.type_name:
        case "structure" | "map":
            return {}
        case "list":
            return []
        case "timestamp":
            return now
        case "boolean":
            return False
        case "integer" | "long" | "float" | "double":
            return max(int(shape.metadata.get("min", 0)), 0)
    return shape.enum[0] if isinstance(shape, StringShape) and shape.enum else ""
