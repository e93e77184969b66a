"""The members of a request, found by the service model and not by their names alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from botocore.model import ListShape, MapShape, Shape, StructureShape

from secure_sagemaker.local.wire import Call

__all__ = ["Stated", "at", "outputs", "roles", "section", "stated"]


@dataclass(frozen=True, kw_only=True)
class Stated:
    """One value of a request, and where it stands."""

    path: str
    """As AWS writes it in its errors: ``productionVariants.1.member.modelName``."""
    name: str
    """The member's name; that of the list for what stands in a list."""
    shape: Shape
    value: object
    holder: str
    """The name of the structure's shape that holds the member."""


def stated(call: Call) -> Iterator[Stated]:
    """Every value of the request that the model knows, outermost first."""
    if call.model is not None and call.model.input_shape is not None:
        yield from _members(call.model.input_shape, call.parameters, "")


def _members(shape: Shape, value: object, path: str) -> Iterator[Stated]:
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        for name, member in shape.members.items():
            if name in value and value[name] is not None:
                inner = f"{path}.{_camel(name)}" if path else _camel(name)
                yield Stated(path=inner, name=name, shape=member, value=value[name], holder=shape.name)
                yield from _within(member, value[name], inner, name, shape.name)


def _within(shape: Shape, value: object, path: str, name: str, holder: str) -> Iterator[Stated]:
    if isinstance(shape, StructureShape):
        yield from _members(shape, value, path)
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for number, item in enumerate(value, start=1):
            inner = f"{path}.{number}.member"
            yield Stated(path=inner, name=name, shape=shape.member, value=item, holder=holder)
            yield from _within(shape.member, item, inner, name, holder)
    elif isinstance(shape, MapShape) and isinstance(value, Mapping):
        for key, item in value.items():
            inner = f"{path}.{key}.member"
            yield Stated(path=inner, name=name, shape=shape.value, value=item, holder=holder)
            yield from _within(shape.value, item, inner, name, holder)


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]


def section(call: Call, *names: str) -> Mapping[str, object]:
    """A structure of the request; empty where it is not."""
    found = at(call.parameters, *names)
    return found if isinstance(found, Mapping) else {}


def at(value: object, *names: str) -> object:
    """What stands at a path; None where nothing does."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


_ROLE_MEMBERS = frozenset({"ExecutionRole", "ExecutionRoleArn", "RoleArn", "ValidationRole"})


def roles(call: Call) -> Iterator[str]:
    """The roles that a call to SageMaker passes to it."""
    for one in stated(call):
        named = (
            one.name in _ROLE_MEMBERS
            and one.shape.name == "RoleArn"
            and one.holder != "EmrServerlessSettings"
        )
        if named and isinstance(one.value, str) and one.value:
            yield one.value


_WRITTEN = frozenset(
    {
        *("ArtifactStoreUri", "DestinationS3Uri", "OutputS3Uri", "S3ArtifactPath", "S3FailurePath"),
        *("S3OutputLocation", "S3OutputPath", "S3OutputUri"),
    }
)
_WRITING = ("CheckpointConfig", "Output")


def outputs(call: Call) -> Iterator[str]:
    """The S3 locations that what is created will write to."""
    for one in stated(call):
        written = one.name in _WRITTEN or any(word in one.holder for word in _WRITING)
        if written and isinstance(one.value, str) and one.value.startswith("s3://"):
            yield one.value
