"""Documents inside requests: JSON that is read strictly, and what is a request of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal, NoReturn

from secure_sagemaker.controls.verdicts import Site, Verdict

__all__ = ["Document", "read_json"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """Marks a member whose text holds requests of its own; the walk goes into it."""

    kind: Literal["job", "pipeline"]

    def judge(self, site: Site) -> Verdict:
        """What can be said without walking: nothing."""
        return None


def read_json(text: object) -> object:
    """The document, as every reader of it would understand it.

    Raises:
        ValueError: It is no JSON, names a member twice, of which readers take one or the other, or is nested
            deeper than it can be read.
    """
    if not isinstance(text, str):
        raise ValueError("no text")
    try:
        document: object = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except RecursionError as deep:
        raise ValueError("it is nested too deeply") from deep
    return document


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a member is named twice")
    return content


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
