"""The figures as tables, with the machine and the versions they were measured on."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.pairs import Figure

__all__ = ["README", "machine", "replaced", "table"]

README = Path(__file__).parent / "README.md"


def machine(libraries: Sequence[str], *, date: str) -> str:
    """Where and when, in one line."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    versions = ", ".join(f"{name} {found}" for name in libraries if (found := _version(name)) is not None)
    return f"{date}; {_processor()}, {os.cpu_count()} cores; {python}; {versions}."


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        named = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
    except OSError:
        named = None
    return named[1] if named else platform.processor() or platform.machine()


def table(figures: Iterable[Figure], *, unit: str) -> str:
    """The figures in Markdown: median, and in brackets the quartiles."""
    lines = [
        f"| | peer, {unit} | ratio | added, {unit} | least added, {unit} | samples |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for figure in figures:
        low, middle, high = figure.ratio
        less, added, more = figure.added
        lines.append(
            f"| {figure.title} | {figure.peer:,.0f} | {_short(middle)} ({_short(low)} to {_short(high)}) "
            f"| {added:,.0f} ({less:,.0f} to {more:,.0f}) | {figure.least:,.0f} | {figure.samples} |"
        )
    return "\n".join(lines)


def _short(ratio: float) -> str:
    return f"{ratio:.2f}" if 0.1 <= ratio < 100 else f"{ratio:.1g}" if ratio < 0.1 else f"{ratio:,.0f}"


def replaced(page: str, part: str, text: str) -> str:
    """The page with another text between the markers of a part.

    Raises:
        ValueError: The page has no such markers.
    """
    start, end = f"<!-- {part}: start -->", f"<!-- {part}: end -->"
    if start not in page or end not in page:
        raise ValueError(f"{README.name} has no markers for {part!r}: {start} and {end}")
    before, after = page.split(start)[0], page.split(end)[1]
    return f"{before}{start}\n\n{text}\n\n{end}{after}"
