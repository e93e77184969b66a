"""A request that names its inputs elsewhere. What is changed is a copy; the caller's own is untouched. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["with_value"]

_STEP = re.compile(r"\.?(?P<member>\w+)|\[(?P<index>\d+)\]")


def with_value(content: object, path: str, *, old: str, new: str) -> object | None:
    """The content with another text at a path; None where the text is not there to be replaced.

    Args:
        content: Structures and lists.
        path: Such as ``InputDataConfig[0].DataSource.S3DataSource.S3Uri``.
        old: What stands there.
        new: What is to stand there.
    """
    if not path:
        return new if content == old else None
    step = _STEP.match(path)
    if step is None:
        return None
    rest, name = path[step.end() :], step["member"]
    if name is not None and isinstance(content, Mapping):
        inner = with_value(content.get(name), rest, old=old, new=new)
        return None if inner is None else {**content, name: inner}
    if name is None and isinstance(content, list | tuple) and int(step["index"]) < len(content):
        at = int(step["index"])
        inner = with_value(content[at], rest, old=old, new=new)
        return None if inner is None else [*content[:at], inner, *content[at + 1 :]]
    return None
