"""Names of what is not there yet: policies are made with them, and each template puts its references in their place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

__all__ = ["replaced", "stand_in_group", "stand_in_key", "stand_in_subnet"]


def stand_in_subnet(number: int) -> str:
    """The id that stands for a subnet."""
    return f"subnet-{number:017x}"


def stand_in_group() -> str:
    """The id that stands for the jobs' security group."""
    return f"sg-{0:017x}"


def stand_in_key(partition: str, region: str, account: str, number: int) -> str:
    """The ARN that stands for a key."""
    return f"arn:{partition}:kms:{region}:{account}:key/00000000-0000-0000-0000-{number:012x}"


def replaced(
    value: object, references: Mapping[str, str], *, written: Callable[[list[tuple[str, bool]]], object]
) -> object:
    """A value with references in the place of the names that stand for what they refer to.

    Args:
        value: Mappings, lists and texts, as JSON has them.
        references: What to write for each name.
        written: Makes a value of a text's parts, where one of them is a reference; each says whether it is one.
    """
    if isinstance(value, Mapping):
        return {key: replaced(one, references, written=written) for key, one in value.items()}
    if isinstance(value, list):
        return [replaced(one, references, written=written) for one in value]
    if not isinstance(value, str) or not references:
        return value
    pattern = "|".join(re.escape(name) for name in sorted(references, key=len, reverse=True))
    parts = [
        (references.get(part, part), part in references) for part in re.split(f"({pattern})", value) if part
    ]
    return written(parts) if any(is_reference for _, is_reference in parts) else value
