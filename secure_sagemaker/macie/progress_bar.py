"""How far a scan is, as a bar: in a terminal, and in a notebook. It needs rich, of the ``cli`` extra."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar

from secure_sagemaker.macie.progress import Progress, ScanProgress

__all__ = ["bar_on_stderr", "rich_progress"]


def bar_on_stderr() -> AbstractContextManager[Progress] | None:
    """A bar, if stderr is a terminal or this is a notebook: else nobody sees it move."""
    console = Console(stderr=True)
    moves = console.is_jupyter or (console.is_terminal and not console.is_dumb_terminal)
    return rich_progress(console) if moves else None


@contextmanager
def rich_progress(console: Console | None = None) -> Iterator[Progress]:
    """A bar that goes on as it is told.

    Args:
        console: Where it is drawn; by default on stderr.
    """
    columns = (
        TextColumn("Macie: {task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[objects]}", markup=False),
        TextColumn("{task.fields[size]}", markup=False),
        TextColumn("{task.fields[time]}", markup=False),
    )
    with Bar(*columns, console=console or Console(stderr=True)) as bar:
        task = bar.add_task("starting", total=None, objects="", size="", time="")

        def tell(told: ScanProgress) -> None:
            bar.update(
                task,
                description=told.status.lower(),
                total=told.total_objects,
                completed=told.objects,
                objects=f"{told.objects:,}/{told.total_objects:,} objects",
                size=f"{decimal(told.bytes)}/{decimal(told.total_bytes)}",
                time=_time(told),
                refresh=True,
            )

        yield tell


def _time(told: ScanProgress) -> str:
    spent = _clock(told.elapsed_seconds)
    return (
        spent if told.remaining_seconds is None else f"{spent}, about {_clock(told.remaining_seconds)} left"
    )


def _clock(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
