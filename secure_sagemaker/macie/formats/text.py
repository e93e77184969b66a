"""A report as text: a table of inputs, what is against them, and what was done."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from secure_sagemaker.macie.acceptance import Lack
from secure_sagemaker.macie.report import ScanJob, ScannedInput, ScanReport
from secure_sagemaker.macie.verdicts import on_one_line

__all__ = ["as_text", "in_percent", "verdict_of"]

_NAMED = 10
"""As many objects of one input and one lack as a person reads in a terminal."""
_COLUMNS = ("input", "objects", "clear", "sensitive", "unread", "unknown", "exempt", "coverage", "accepted")


def as_text(report: ScanReport) -> str:
    """All that a person wants first, in lines."""
    return "\n".join(_lines(report))


def in_percent(share: float) -> str:
    """A share, never rounded up: what is not all is not told as all."""
    return f"{math.floor(share * 10_000) / 100:.2f}%"


def verdict_of(report: ScanReport) -> str:
    """The whole in one sentence."""
    accepted = sum(one.is_accepted for one in report.inputs)
    objects = sum(one.objects for one in report.inputs)
    word = "accepted" if report.is_accepted else "not accepted"
    return f"{word}: of {len(report.inputs):,} inputs {accepted:,} may be used; {objects:,} objects in all"


def _lines(report: ScanReport) -> Iterator[str]:
    yield verdict_of(report)
    yield from _table([_COLUMNS, *map(_row, report.inputs)])
    for scanned in report.inputs:
        yield from _lacking(scanned)
    if report.safeguards:
        yield f"a call that uses all of it has {', '.join(report.safeguards)}"
    for job in report.jobs:
        yield _job(job)
    if report.jobs:
        yield str(report.estimate)
    else:
        yield "no job was needed: every verdict was known"


def _row(scanned: ScannedInput) -> tuple[str, ...]:
    counts = (
        scanned.objects,
        scanned.clear,
        scanned.sensitive,
        scanned.unread,
        scanned.unknown,
        scanned.exempt,
    )
    return (
        on_one_line(scanned.uri),
        *(f"{count:,}" for count in counts),
        in_percent(scanned.coverage),
        "yes" if scanned.is_accepted else "no",
    )


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [
            first.ljust(widths[0]),
            *(other.rjust(width) for other, width in zip(others, widths[1:], strict=True)),
        ]
        yield "  ".join(cells)


def _lacking(scanned: ScannedInput) -> Iterator[str]:
    for lack, count in scanned.lacking.items():
        if lack is Lack.ABSENT:
            yield f"{on_one_line(scanned.uri)}: nothing lies there"
            continue
        yield f"{on_one_line(scanned.uri)}: {count:,} {lack}"
        named = [problem for problem in scanned.problems if problem.lack is lack][:_NAMED]
        yield from (f"  {problem}" for problem in named)
        if count > len(named):
            yield f"  and {count - len(named):,} more"


def _job(job: ScanJob) -> str:
    told = f"job {job.id}: {job.status}, {job.bucket}, {job.objects:,} objects"
    if job.resumed:
        told += ", made by an earlier scan"
    if job.overscan_objects:
        told += f", {job.overscan_objects:,} read beside"
    if job.had_errors:
        told += ", with errors"
    return f"{told}, {job.findings:,} findings, {job.archived_findings:,} of them archived"
