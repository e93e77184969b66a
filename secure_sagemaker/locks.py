"""A lock that a forked process finds free.

Of the threads of a process a fork takes only the one that forks: a lock that another thread held is held for ever.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Protocol
from weakref import WeakSet

__all__ = ["ForkSafeLock"]


class _Lock(Protocol):
    def acquire(self, blocking: bool, timeout: float, /) -> bool: ...  # noqa: FBT001  # threading's own
    def release(self) -> None: ...


class ForkSafeLock:
    """Used as one of ``threading``'s.

    Args:
        make: Makes the lock itself: one that a thread may take again is ``threading.RLock``.
    """

    def __init__(self, make: Callable[[], _Lock] = threading.Lock) -> None:
        self._make = make
        self._lock = self._held = make()
        _ALL.add(self)

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:  # noqa: FBT001, FBT002  # threading's own
        """Take it; tell whether it was taken."""
        lock = self._lock
        taken = lock.acquire(blocking, timeout)
        if taken:
            self._held = lock
        return taken

    def release(self) -> None:
        """Give it back; also in a process that was forked by the thread that held it."""
        self._held.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def renew(self) -> None:
        """Be free, whoever holds it."""
        self._lock = self._make()


_ALL: WeakSet[ForkSafeLock] = WeakSet()


def _after_fork() -> None:
    for lock in tuple(_ALL):
        lock.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
