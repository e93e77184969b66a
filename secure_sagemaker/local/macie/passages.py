"""The texts that a file is made of, each with the names over it and the place that a result tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Cell", "Line", "Passage", "Place", "Record"]


class Place(Protocol):
    """Where a passage stands in its file."""

    @property
    def kind(self) -> str:
        """The member of a result's ``occurrences`` that holds such places."""
        ...

    def told(self, start: int, end: int) -> Mapping[str, object]:
        """The place of a part of the passage, as a result tells it."""
        ...


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table of text; counted from 1."""

    row: int
    column: int
    name: str
    """The column's; empty where the table has no header."""

    @property
    def kind(self) -> str:
        """Cells."""
        return "cells"

    def told(self, start: int, end: int) -> Mapping[str, object]:  # noqa: ARG002  # a cell is told whole
        """The cell."""
        return {
            "cellReference": None,
            "column": self.column,
            "columnName": self.name or None,
            "row": self.row,
        }


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text; counted from 1."""

    number: int

    @property
    def kind(self) -> str:
        """Ranges of lines."""
        return "lineRanges"

    def told(self, start: int, end: int) -> Mapping[str, object]:  # noqa: ARG002  # a line tells its first column only
        """The line, and the column of its first character."""
        return {"start": self.number, "end": self.number, "startColumn": start + 1}


_PATH = 250


@dataclass(frozen=True, slots=True)
class Record:
    """A field of a record, by its JSONPath; records are counted from 0."""

    index: int
    path: str

    @property
    def kind(self) -> str:
        """Records."""
        return "records"

    def told(self, start: int, end: int) -> Mapping[str, object]:  # noqa: ARG002  # a field is told whole
        """The field."""
        return {"jsonPath": self.path[-_PATH:], "recordIndex": self.index}


@dataclass(frozen=True, slots=True)
class Passage:
    """One text of a file."""

    text: str
    place: Place
    names: str = ""
    """The name of its column, or of the fields that it is in."""
