"""A clock that nobody waits for: the SDKs poll between sleeps and offer no interval to their callers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

__all__ = ["no_waiting"]

_A_DAY = 24 * 60 * 60.0
_A_TURN = 0.001


@contextmanager
def no_waiting() -> Iterator[None]:
    """Have ``time.sleep`` return at once and ``time.time`` show that the time has passed.

    Raises:
        AssertionError: The flow sleeps for more than a day altogether: what it waits for never comes.
    """
    slept = 0.0
    flow = threading.current_thread()
    sleep, now = time.sleep, time.time

    def pass_time(seconds: float) -> None:
        nonlocal slept
        sleep(_A_TURN)  # others have their turn: workers of the flow, or the flow that a worker waits for
        if threading.current_thread() is flow:
            slept += seconds
            assert slept < _A_DAY, "waited a day for what never came"

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(time, "sleep", pass_time)
        patched.setattr(time, "time", lambda: now() + slept)
        yield
