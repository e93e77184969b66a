"""How far a scan is: as a line, as a bar, and which of them when nobody says."""

from __future__ import annotations

import builtins
import io
import logging
import sys
from contextlib import nullcontext

import pytest
from rich.console import Console

from secure_sagemaker import ScanProgress
from secure_sagemaker.macie.progress import default_progress, log_progress
from secure_sagemaker.macie.progress_bar import rich_progress

pytestmark = pytest.mark.once


def progress(objects: int = 250, *, remaining: float | None = 90.0, status: str = "RUNNING") -> ScanProgress:
    return ScanProgress(
        jobs=("job-1",),
        status=status,
        objects=objects,
        total_objects=1000,
        bytes=objects * 1000,
        total_bytes=1_000_000,
        elapsed_seconds=30.4,
        remaining_seconds=remaining,
    )


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        return True


def test_a_line_tells_all_of_it(caplog: pytest.LogCaptureFixture) -> None:
    """Where there is no bar, each thing that is known is a line of the log."""
    with caplog.at_level(logging.INFO, "secure_sagemaker"):
        log_progress(progress())
        log_progress(progress(0, remaining=None, status="LISTING"))
    assert [
        "Macie: running, 250 of 1,000 objects, 250,000 of 1,000,000 bytes, 30 s, about 90 s left",
        "Macie: listing, 0 of 1,000 objects, 0 of 1,000,000 bytes, 30 s",
    ] == caplog.messages


def test_a_bar_goes_on_as_it_is_told() -> None:
    """It shows the status, objects and bytes of all, what went by and what is left; its end is its whole."""
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=140, color_system=None)
    with rich_progress(console) as tell:
        tell(progress(status="[bold]RUNNING"))
        half = written.getvalue()
        tell(progress(1000, remaining=None, status="COMPLETE"))
    for part in ("[bold]running", "250/1,000 objects", "250.0 kB/1.0 MB", "0:00:30, about 0:01:30 left"):
        assert part in half
    end = written.getvalue().removeprefix(half)
    assert "complete" in end
    assert "1,000/1,000 objects" in end
    assert "left" not in end.rpartition("\n")[0].rpartition("\r")[2]


def test_a_terminal_has_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who sees stderr sees it go on."""
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.setattr(sys, "stderr", terminal)
    with default_progress() as tell:
        tell(progress())
    assert "250/1,000 objects" in terminal.getvalue()


@pytest.mark.parametrize("case", ["no-terminal", "dumb-terminal", "no-rich"])
def test_elsewhere_it_is_lines(
    case: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where nobody looks, or no bar can be drawn, or rich is not installed, the log is told."""
    stream = io.StringIO() if case == "no-terminal" else Terminal()
    monkeypatch.setenv("TERM", "dumb" if case == "dumb-terminal" else "xterm")
    monkeypatch.setattr(sys, "stderr", stream)
    if case == "no-rich":
        for name in [name for name in sys.modules if name.partition(".")[0] == "rich"]:
            monkeypatch.setitem(sys.modules, name, None)
        monkeypatch.delitem(sys.modules, "secure_sagemaker.macie.progress_bar")
    with caplog.at_level(logging.INFO, "secure_sagemaker"), default_progress() as tell:
        tell(progress())
    assert "" == stream.getvalue()
    assert 1 == len(caplog.messages)


def test_a_notebook_has_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a notebook, which rich knows by its shell, there is a bar, though stderr is no terminal."""
    shell = type("ZMQInteractiveShell", (), {})
    monkeypatch.setattr(builtins, "get_ipython", shell, raising=False)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert not isinstance(default_progress(), nullcontext)
