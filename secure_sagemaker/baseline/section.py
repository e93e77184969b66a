"""What every part of a baseline is, and how its values contradict each other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    PlainSerializer,
)
from pydantic_core import PydanticCustomError

from secure_sagemaker.baseline.docstrings import field_docstrings

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

__all__ = [
    "ReadOnly",
    "Section",
    "contradiction",
    "in_one_order",
    "listed",
]

K = TypeVar("K")
V = TypeVar("V")


def _read_only(value: Mapping[K, V]) -> Mapping[K, V]:
    return MappingProxyType(dict(value))


ReadOnly = (AfterValidator(_read_only), PlainSerializer(dict))


def contradiction(field: str, problem: str, remedy: str) -> PydanticCustomError:
    """The error of values that are each valid, but not together."""
    stated = {"field": field, "problem": problem, "remedy": remedy}
    return PydanticCustomError("contradiction", "{field}: {problem}: {remedy}", stated)


def listed(items: Iterable[str]) -> str:
    """The items as a person lists them, in order."""
    return ", ".join(str(item) for item in sorted(items))


def in_one_order(stated: object) -> str:
    """A structure as JSON, whatever the order it was written in: its lists are sets."""
    return json.dumps(_sorted(stated), sort_keys=True, separators=(",", ":"))


def _sorted(stated: object) -> object:
    match stated:
        case Mapping():
            return {key: _sorted(value) for key, value in stated.items()}
        case list():
            return sorted((_sorted(item) for item in stated), key=in_one_order)
        case _:
            return stated


class Section(BaseModel):
    """What every part of a baseline is: frozen, validated when it is made, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def model_copy(self, *, update: Mapping[str, object] | None = None, deep: bool = False) -> Self:  # noqa: ARG002  # pydantic's own signature
        """Itself, for nothing in it can change; with ``update`` a new one, validated like any other."""
        return type(self).model_validate({**dict(self), **update}) if update else self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler, /
    ) -> JsonSchemaValue:
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        for name, text in field_docstrings(cls).items():
            if name in properties:
                properties[name]["description"] = text
        return schema

    def canonical(self) -> str:
        """All that it states, as JSON in one order: what says the same has the same text."""
        return in_one_order(self.model_dump(mode="json"))

    def __hash__(self) -> int:
        return hash(self.canonical())

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object] | None = None) -> Self:
        return self

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        # A read-only mapping cannot be pickled; what it states can.
        return type(self).model_validate, (self.model_dump(mode="json"),)
