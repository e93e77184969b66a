"""What a managed data identifier is, and which of them a job's selector takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = ["Category", "ManagedIdentifier", "Span", "selected"]

Category = Literal["CREDENTIALS", "CUSTOM_IDENTIFIER", "FINANCIAL_INFORMATION", "PERSONAL_INFORMATION"]
Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class ManagedIdentifier:
    """What finds one type of sensitive data."""

    id: str
    """Macie's id of it, which findings tell as the type."""
    category: Category
    find: Callable[[str], Iterable[Span]]
    """Where in a text it stands."""
    keywords: tuple[str, ...] = ()
    """In lower case; one must be near the data. None needed where there are none."""
    shortest: int = 1
    """Characters of the shortest text that it can stand in."""
    letters: bool = False
    """It has letters: what has none is not looked through."""
    recommended: bool = False
    """Of the set that Macie recommends for jobs."""
    yields_to: str = ""
    """Another identifier, whose finding at the same place counts instead."""


def selected(
    rows: tuple[ManagedIdentifier, ...], selector: str, ids: Iterable[str]
) -> tuple[ManagedIdentifier, ...]:
    """The rows that a job's selector takes; an id of Macie's that has no row here takes none.

    Args:
        rows: Every row there is.
        selector: ``ALL``, ``EXCLUDE``, ``INCLUDE``, ``NONE``, or ``RECOMMENDED``, which is the default.
        ids: What to include or exclude.
    """
    named = frozenset(ids)
    match selector:
        case "ALL":
            return rows
        case "EXCLUDE":
            return tuple(row for row in rows if row.id not in named)
        case "INCLUDE":
            return tuple(row for row in rows if row.id in named)
        case "NONE":
            return ()
        case _:
            return tuple(row for row in rows if row.recommended)
