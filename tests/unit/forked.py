"""What a forked process does."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

__all__ = ["FORKS", "in_child", "status"]

FORKS = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here"),
    pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning"),
]
"""The marks of a test that forks."""


def in_child(do: Callable[[], bool]) -> int:
    """Fork, and have the child tell whether it is true; one that waits for ever ends too. Its process id."""
    if not (child := os.fork()):
        signal.alarm(30)
        ended = 1
        try:
            ended = 0 if do() else 1
        finally:
            os._exit(ended)
    return child


def status(child: int) -> int:
    """How a child ended: 0 when it was true."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
