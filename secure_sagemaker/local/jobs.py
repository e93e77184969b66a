"""Jobs that run: a user's function stands for the container."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Job", "JobKind", "Jobs"]

JobKind = Literal["Training", "Processing", "Transform"]


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job that was just created, as the function sees it that stands for its container."""

    kind: JobKind
    name: str
    parameters: Mapping[str, object] = field(repr=False)
    """The request that created it."""


Run = Callable[[Job], Iterable[str]]


def _nothing_runs(job: Job) -> Iterable[str]:
    return (f"{job.kind} job {job.name} completed: no container ran in the embedded AWS.",)


@dataclass(kw_only=True)
class Jobs:
    """What runs when a training, processing or transform job is created; by default nothing does."""

    _run: Run = field(default=_nothing_runs, repr=False)

    def answer(self, function: Run) -> None:
        """Have a function run in every job's place, as soon as the job is created.

        Args:
            function: Stands for the container. The lines that it returns or yields are the job's log in
                CloudWatch. What it raises fails the job, as an ``AlgorithmError`` in its ``FailureReason``.
        """
        self._run = function

    def run(self, job: Job) -> tuple[tuple[str, ...], str]:
        """Run a job: what it logged, and why it failed; empty when it did not."""
        lines: list[str] = []
        try:
            told = self._run(job)
            for line in told.splitlines() if isinstance(told, str) else told:
                lines.append(line)  # one by one: those before a failure are in the log
        except Exception as failed:  # noqa: BLE001  # the user's container may raise anything; a job then fails
            return tuple(lines), f"AlgorithmError: {type(failed).__name__}: {failed}, exit code: 1"
        return tuple(lines), ""
