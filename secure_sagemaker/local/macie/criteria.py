"""Conditions on what is kept, by the paths of its members; order and pages. Pure."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from secure_sagemaker.local.sagemaker.values import mapping, text, texts

__all__ = ["InvalidTokenError", "ordered", "page", "satisfies", "values_at"]


def values_at(held: object, path: str) -> tuple[object, ...]:
    """Every value under names joined by dots; a list is gone through."""
    return tuple(_values(held, path.split(".")))


def _values(held: object, names: Sequence[str]) -> Iterator[object]:
    if isinstance(held, list | tuple):
        for entry in held:
            yield from _values(entry, names)
    elif not names:
        if held is not None:
            yield held
    elif isinstance(held, Mapping):
        yield from _values(held.get(names[0]), names[1:])


def satisfies(held: Mapping[str, object], criterion: Mapping[str, object]) -> bool:
    """Whether each condition of a criterion holds; a path that names nothing holds for ``neq`` alone."""
    return all(_holds(values_at(held, path), mapping(condition)) for path, condition in criterion.items())


def _holds(values: tuple[object, ...], condition: Mapping[str, object]) -> bool:
    told = {_told(value) for value in values}
    for operator, wanted in condition.items():
        match operator:
            case "eq" if not told & set(texts(wanted)):
                return False
            case "eqExactMatch" if told != set(texts(wanted)):
                return False
            case "neq" if told & set(texts(wanted)):
                return False
            case "prefix" if not any(one.startswith(text(wanted)) for one in told):
                return False
            case "gt" | "gte" | "lt" | "lte" if not any(
                _compares(operator, value, wanted) for value in values
            ):
                return False
    return True


def _told(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case datetime():
            return value.isoformat()
        case _:
            return str(value)


def _compares(operator: str, held: object, wanted: object) -> bool:
    number = held.timestamp() * 1000 if isinstance(held, datetime) else held  # times are told in milliseconds
    if not isinstance(number, int | float) or not isinstance(wanted, int | float):
        return False
    match operator:
        case "gt":
            return number > wanted
        case "gte":
            return number >= wanted
        case "lt":
            return number < wanted
        case _:
            return number <= wanted


def ordered(
    held: Sequence[Mapping[str, object]], attribute: str, *, descending: bool
) -> list[Mapping[str, object]]:
    """What is kept, by the value under a path; what has none comes first."""

    def key(one: Mapping[str, object]) -> tuple[int, float, str]:
        value = next(iter(values_at(one, attribute)), None)
        if isinstance(value, datetime):
            return 1, value.timestamp(), ""
        if isinstance(value, int | float):
            return 1, float(value), ""
        return 0 if value is None else 1, 0.0, "" if value is None else json.dumps(value, default=str)

    return sorted(held, key=key, reverse=descending)


Held = TypeVar("Held")


class InvalidTokenError(ValueError):
    """A token that is none of this question's."""


def page(
    operation: str, parameters: Mapping[str, object], held: Sequence[Held], *, usual: int
) -> tuple[list[Held], dict[str, str]]:
    """One page, and the token of the next where there is more.

    Raises:
        InvalidTokenError: The token was given for another question.
    """
    asked = {name: value for name, value in parameters.items() if name not in ("maxResults", "nextToken")}
    question = hashlib.sha256(json.dumps([operation, asked], sort_keys=True).encode()).hexdigest()[:16]
    start, token = 0, text(parameters.get("nextToken"))
    if token:
        try:
            read = base64.urlsafe_b64decode(token).decode()
            start = int(read[16:])
        except ValueError as wrong:
            raise InvalidTokenError(token) from wrong
        if read[:16] != question:
            raise InvalidTokenError(token)
    stated = parameters.get("maxResults")
    size = stated if isinstance(stated, int) and stated > 0 else usual
    rest = start + size
    more = (
        {"nextToken": base64.urlsafe_b64encode(f"{question}{rest}".encode()).decode()}
        if rest < len(held)
        else {}
    )
    return list(held[start:rest]), more
