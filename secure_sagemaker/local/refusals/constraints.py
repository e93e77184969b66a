"""The limits that a service model sets to values: lengths, ranges, patterns, closed choices.

botocore checks types, what is required, and least lengths before it sends; the rest is left to AWS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from botocore.model import Shape

from secure_sagemaker.local.refusals.requests import Stated, stated
from secure_sagemaker.local.wire import Call

__all__ = ["violations"]


def violations(call: Call) -> str | None:
    """What AWS says of the values that break a limit, all in one message."""
    found = [
        f"Value {_shown(one)}at '{one.path}' failed to satisfy constraint: {limit}"
        for one in stated(call)
        for limit in _broken(one.shape, one.value)
    ]
    if not found:
        return None
    errors = "error" if len(found) == 1 else "errors"
    return f"{len(found)} validation {errors} detected: {'; '.join(found)}"


def _shown(one: Stated) -> str:
    if one.shape.metadata.get("sensitive"):
        return ""
    return f"'[{', '.join(map(str, one.value))}]' " if isinstance(one.value, list) else f"'{one.value}' "


def _broken(shape: Shape, value: object) -> Iterator[str]:
    limits = shape.metadata
    match value:
        case bool():
            return
        case str():
            yield from _length(shape, len(value))
            if limits.get("enum") and value not in limits["enum"]:
                yield f"Member must satisfy enum value set: [{', '.join(limits['enum'])}]"
            if limits.get("pattern") and not _fits(str(limits["pattern"]), value):
                yield f"Member must satisfy regular expression pattern: {limits['pattern']}"
        case int() | float():
            if value < limits.get("min", value):
                yield f"Member must have value greater than or equal to {limits['min']}"
            if value > limits.get("max", value):
                yield f"Member must have value less than or equal to {limits['max']}"
        case list() | dict():
            yield from _length(shape, len(value))


def _length(shape: Shape, length: int) -> Iterator[str]:
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", length)
    if length < least:
        yield f"Member must have length greater than or equal to {least}"
    if length > most:
        yield f"Member must have length less than or equal to {most}"


def _fits(pattern: str, value: str) -> bool:
    expression = _expression(pattern)
    # What Python cannot read of Java's expressions is not held against a value.
    return expression is None or expression.fullmatch(value) is not None


@cache
def _expression(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern, re.ASCII)
    except re.error:
        return None
