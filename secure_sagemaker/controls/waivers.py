"""Which waivers excuse a request: by operation, by the name of its resource, by the tags it carries."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from secure_sagemaker.baseline import ControlId, Waiver

if TYPE_CHECKING:
    from botocore.model import OperationModel

__all__ = ["applicable", "excuse", "holding", "in_words"]


def applicable(
    waivers: Sequence[Waiver],
    model: OperationModel,
    parameters: Mapping[str, object],
    today: date,
    *,
    name: str = "",
) -> dict[ControlId, Waiver]:
    """The waivers that hold for a request on a day, by control; ``name`` is its own where it does not say one."""
    if not waivers:
        return {}
    named = _resource_name(model, parameters) or name
    return holding(waivers, model.name, parameters, today, name=named)


def holding(
    waivers: Sequence[Waiver],
    operation: str,
    parameters: Mapping[str, object],
    today: date,
    *,
    name: str,
) -> dict[ControlId, Waiver]:
    """The same for an operation whose request is about the thing of that name."""
    holding: dict[ControlId, Waiver] = {}
    for waiver in waivers:
        if waiver.expires < today or not {operation, "*"}.intersection(waiver.operations):
            continue
        if waiver.resources and not _names_match(waiver.resources, name):
            continue
        if not _tags_match(waiver.resource_tags, parameters):
            continue
        holding.setdefault(waiver.control, waiver)
    return holding


def excuse(waiver: Waiver) -> str:
    """What a decision says of the waiver that excuses it."""
    return (
        f"{waiver.reason} (ticket {waiver.ticket}, approved by {waiver.approver}, "
        f"until {waiver.expires.isoformat()})"
    )


def in_words(waiver: Waiver) -> str:
    """A waiver in one line: what it excuses where, and by whose word."""
    tags = [f"{key}={value}" for key, value in waiver.resource_tags.items()]
    where = ", ".join([*waiver.resources, *tags])
    return f"{waiver.control} is waived for {', '.join(waiver.operations)} of {where}: {excuse(waiver)}"


def _names_match(patterns: Sequence[str], name: str) -> bool:
    return any(pattern == "*" or (name and fnmatchcase(name, pattern)) for pattern in patterns)


def _resource_name(model: OperationModel, parameters: Mapping[str, object]) -> str:
    noun = re.sub(r"^[A-Z][a-z0-9]*", "", model.name, count=1)
    shape = model.input_shape
    required = shape.required_members if shape is not None else []
    candidates = [
        f"{noun}Name",
        *(name for name in required if name.endswith(("Name", "Arn", "Identifier", "Id", "Bucket"))),
    ]
    for candidate in candidates:
        if isinstance(value := parameters.get(candidate), str):
            return value
    return ""


def _tags_match(wanted: Mapping[str, str], parameters: Mapping[str, object]) -> bool:
    if not wanted:
        return True
    tags = parameters.get("Tags")
    if not isinstance(tags, Sequence) or isinstance(tags, str):
        return False
    given = {tag.get("Key"): tag.get("Value") for tag in tags if isinstance(tag, Mapping)}
    return all(given.get(key) == value for key, value in wanted.items())
