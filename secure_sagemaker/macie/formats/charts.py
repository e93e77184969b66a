"""What the charts of the page show, as bars with their places and lengths. The template only draws them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from secure_sagemaker.macie.formats.text import in_percent
from secure_sagemaker.macie.report import ScannedInput, ScanReport
from secure_sagemaker.macie.verdicts import on_one_line

__all__ = ["WIDTH", "Bar", "Chart", "FoundType", "Segment", "charts", "found_types"]

WIDTH = 760
_LABELS, _VALUES = 320, 90
_SPAN = WIDTH - _LABELS - _VALUES
_ROW, _BAR = 26, 16
_MOST = 20
"""As many bars as a chart has; the table beside has every row."""
_LONGEST_LABEL = 40


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A part of a bar."""

    kind: str
    """What colours it: ``clear``, ``sensitive``, ``unread``, ``unknown``, ``exempt``, ``found`` or ``covered``."""
    x: float
    width: float
    told: str


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A row of a chart."""

    label: str
    value: str
    y: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One chart."""

    id: str
    title: str
    description: str
    kinds: tuple[str, ...]
    """What its colours mean, in order."""
    bars: tuple[Bar, ...]
    left_out: int
    """How many rows only the table has."""

    @property
    def height(self) -> int:
        """How high it is."""
        return _ROW * len(self.bars) + 4

    @property
    def bar_height(self) -> int:
        """How high a bar is."""
        return _BAR

    @property
    def track(self) -> tuple[int, int]:
        """Where bars begin, and how long the longest is."""
        return _LABELS, _SPAN

    @property
    def value_x(self) -> int:
        """Where values begin."""
        return WIDTH - _VALUES + 8


@dataclass(frozen=True, kw_only=True)
class FoundType:
    """One type of sensitive data, over all objects that the report lists."""

    category: str
    type: str
    objects: int
    count: int


def found_types(report: ScanReport) -> tuple[FoundType, ...]:
    """What was found, accepted or not: the most frequent first."""
    counted: dict[tuple[str, str], tuple[int, int]] = {}
    for verdict in report.objects:
        for found in verdict.detections:
            objects, count = counted.get((found.category, found.type), (0, 0))
            counted[found.category, found.type] = (objects + 1, count + found.count)
    types = [
        FoundType(category=category, type=kind, objects=objects, count=count)
        for (category, kind), (objects, count) in counted.items()
    ]
    return tuple(sorted(types, key=lambda one: (-one.objects, one.category, one.type)))


def charts(report: ScanReport) -> tuple[Chart, ...]:
    """The charts of a report: outcomes and coverage of inputs, and types."""
    return (
        _chart(
            "outcomes",
            "What is known of the objects, by input",
            ("clear", "sensitive", "unread", "unknown", "exempt"),
            [_outcomes(one) for one in report.inputs],
        ),
        _chart(
            "coverage",
            "How much was read, by input",
            ("covered",),
            [_coverage(one) for one in report.inputs],
        ),
        _chart("types", "Objects that hold sensitive data, by type", ("found",), list(_types(report))),
    )


_Row = tuple[str, str, Sequence[tuple[str, float, str]]]
"""Label, value, and of each segment the kind, its share and what is told of it."""


def _chart(name: str, title: str, kinds: tuple[str, ...], rows: Sequence[_Row]) -> Chart:
    shown = rows[:_MOST]
    return Chart(
        id=name,
        title=title,
        description="; ".join(
            f"{label}: {', '.join(told for _, _, told in parts)}" for label, _, parts in shown
        )
        or "There is nothing to show.",
        kinds=kinds,
        bars=tuple(_bar(index, *row) for index, row in enumerate(shown)),
        left_out=len(rows) - len(shown),
    )


def _bar(index: int, label: str, value: str, parts: Sequence[tuple[str, float, str]]) -> Bar:
    segments, x = [], float(_LABELS)
    for kind, share, told in parts:
        width = round(_SPAN * share, 2)
        segments.append(Segment(kind=kind, x=round(x, 2), width=width, told=told))
        x += width
    return Bar(label=_short(label), value=value, y=_ROW * index + 4, segments=tuple(segments))


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else f"...{label[3 - _LONGEST_LABEL :]}"


def _outcomes(scanned: ScannedInput) -> _Row:
    counts = {
        "clear": scanned.clear,
        "sensitive": scanned.sensitive,
        "unread": scanned.unread,
        "unknown": scanned.unknown,
        "exempt": scanned.exempt,
    }
    parts = [(kind, count / scanned.objects, f"{count:,} {kind}") for kind, count in counts.items() if count]
    return on_one_line(scanned.uri), f"{scanned.objects:,}", parts


def _coverage(scanned: ScannedInput) -> _Row:
    told = in_percent(scanned.coverage)
    return on_one_line(scanned.uri), told, [("covered", scanned.coverage, f"{told} read")]


def _types(report: ScanReport) -> Iterator[_Row]:
    found = found_types(report)
    most = max((one.objects for one in found), default=1)
    for one in found:
        told = f"{one.objects:,} objects, {one.count:,} times"
        label = on_one_line(f"{one.category}: {one.type}")
        yield label, f"{one.objects:,}", [("found", one.objects / most, told)]
