"""A job that a scan waits for, and how time is told and spent meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from secure_sagemaker.macie.planning import Worklist
from secure_sagemaker.macie.progress import ScanProgress
from secure_sagemaker.macie.report import ScanJob
from secure_sagemaker.macie.service import MacieJob

__all__ = ["Timing", "Underway", "collected", "progress_of"]

_ENDED = frozenset({"CANCELLED", "COMPLETE"})


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How time is told and spent."""

    now: Callable[[], datetime]
    """The time, in UTC."""
    monotonic: Callable[[], float]
    """Seconds that only grow."""
    sleep: Callable[[float], object]
    """Waits, in seconds."""


@dataclass(kw_only=True)
class Underway:
    """A job that a scan waits for."""

    job: MacieJob
    work: Worklist
    resumed: bool
    exact: bool
    """Whether it was made for this very work: what it tells nothing of cannot be read."""
    objects: int
    bytes: int
    overscan_objects: int = 0
    overscan_bytes: int = 0

    @property
    def total_objects(self) -> int:
        """All that it reads."""
        return self.objects + self.overscan_objects

    @property
    def total_bytes(self) -> int:
        """Their size, as they are stored."""
        return self.bytes + self.overscan_bytes

    @property
    def has_ended(self) -> bool:
        """Whether Macie is done with it."""
        return self.job.status in _ENDED

    def told(self, *, findings: int = 0, archived_findings: int = 0) -> ScanJob:
        """What a report says of it."""
        return ScanJob(
            id=self.job.id,
            bucket=self.work.bucket,
            status=self.job.status,
            had_errors=self.job.had_errors,
            resumed=self.resumed,
            objects=self.objects,
            bytes=self.bytes,
            overscan_objects=self.overscan_objects,
            overscan_bytes=self.overscan_bytes,
            findings=findings,
            archived_findings=archived_findings,
        )


def collected(job_id: str) -> str:
    """What the ledger calls a job whose results were taken in to their end."""
    return f"job:{job_id}"


def progress_of(underway: Sequence[Underway], elapsed: float) -> ScanProgress:
    """How far jobs are, taken together."""
    objects = size = total = total_size = 0
    for one in underway:
        left = 0 if one.has_ended else min(one.job.objects_left, one.total_objects)
        read = one.total_objects - left
        objects += read
        total += one.total_objects
        total_size += one.total_bytes
        size += one.total_bytes * read // one.total_objects if one.total_objects else 0
    running = [one.job.status for one in underway if not one.has_ended]
    return ScanProgress(
        jobs=tuple(one.job.id for one in underway),
        status=running[0] if running else "COMPLETE",
        objects=objects,
        total_objects=total,
        bytes=size,
        total_bytes=total_size,
        elapsed_seconds=elapsed,
        remaining_seconds=elapsed * (total - objects) / objects if objects and running else None,
    )
