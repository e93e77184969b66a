"""How far a scan is, told while it is waited for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

__all__ = ["Progress", "ScanProgress", "default_progress", "log_progress"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class ScanProgress:
    """How far the jobs of one scan are."""

    jobs: tuple[str, ...]
    """Their ids."""
    status: str
    """As Macie has it, of the job that is behind the others; ``LISTING`` and ``READING RESULTS`` around them."""
    objects: int
    """How many objects have been read."""
    total_objects: int
    """How many there are to be read, those beside included."""
    bytes: int
    """What has been read, as it is stored. Macie tells objects alone: this is their share of all bytes."""
    total_bytes: int
    elapsed_seconds: float
    remaining_seconds: float | None
    """An estimate, from what went by; None where nothing has been read yet."""

    def __str__(self) -> str:
        left = "" if self.remaining_seconds is None else f", about {self.remaining_seconds:,.0f} s left"
        return (
            f"Macie: {self.status.lower()}, {self.objects:,} of {self.total_objects:,} objects, "
            f"{self.bytes:,} of {self.total_bytes:,} bytes, {self.elapsed_seconds:,.0f} s{left}"
        )


Progress = Callable[[ScanProgress], object]
"""Is told each time that something is known."""


def log_progress(told: ScanProgress) -> None:
    """Tell it as a line of the log."""
    logger.info("%s", told)


def default_progress() -> AbstractContextManager[Progress]:
    """A bar where somebody looks, in a terminal or a notebook, and rich is there to draw it; else lines of the log."""
    try:
        from secure_sagemaker.macie.progress_bar import bar_on_stderr
    except ModuleNotFoundError:
        return nullcontext(log_progress)
    return bar_on_stderr() or nullcontext(log_progress)
