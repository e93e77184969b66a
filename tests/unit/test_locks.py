"""Locks, in a process that was forked while somebody held one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from secure_sagemaker.locks import ForkSafeLock
from tests.unit.baseline.stated import KEY
from tests.unit.forked import FORKS, in_child, status
from tests.unit.secured import ALIAS, BY_ALIAS, TWO_REGIONS, secured
from tests.wire import Answer, Sent, Wire, says

pytestmark = FORKS
KINDS = pytest.mark.parametrize("make", [threading.Lock, threading.RLock], ids=["once", "again"])


@contextmanager
def held_elsewhere(lock: ForkSafeLock) -> Iterator[None]:
    """Another thread holds it meanwhile."""
    taken, over = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            taken.set()
            over.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    assert taken.wait(30)
    yield
    over.set()
    thread.join(30)


@KINDS
def test_a_fork_finds_free_what_another_thread_holds(make: Callable[[], threading.Lock]) -> None:
    """The child takes it and gives it back, again and again; for the parent it is still held."""
    lock = ForkSafeLock(make)

    def twice() -> bool:
        with lock:
            pass
        return lock.acquire(blocking=False)

    with held_elsewhere(lock):
        child = in_child(twice)
        assert not lock.acquire(blocking=False)
    assert 0 == status(child)
    assert lock.acquire(blocking=False)


@KINDS
def test_a_fork_by_the_thread_that_holds_it_gives_it_back(make: Callable[[], threading.Lock]) -> None:
    """In both processes the block ends as it should, and the lock can be taken again."""
    lock, children = ForkSafeLock(make), list[int]()
    with lock:
        children.append(in_child(lambda: _leaves_and_takes(lock)))
    assert 0 == status(children[0])
    assert lock.acquire(blocking=False)


def _leaves_and_takes(lock: ForkSafeLock) -> bool:
    lock.release()
    return lock.acquire(blocking=False)


def test_a_fork_while_a_key_is_looked_up(wire: Wire) -> None:
    """A child that was forked while KMS was asked asks by itself."""
    session, children = secured(wire, BY_ALIAS), list[int]()
    answered = says({"KeyMetadata": {"KeyId": KEY, "Arn": KEY, "KeyState": "Enabled"}})

    def fork_first(sent: Sent) -> Answer:
        wire.answers["DescribeKey"] = answered
        children.append(in_child(lambda: session.resolve_keys(ALIAS)[ALIAS] == KEY))
        return answered(sent)

    wire.answers["DescribeKey"] = fork_first
    session.resolve_keys(ALIAS)
    assert [0] == [status(child) for child in children]


def test_a_fork_while_another_region_is_wired(wire: Wire) -> None:
    """A child that was forked meanwhile has a client there."""
    forking, children = list[Callable[[], int]](), list[int]()

    def clock() -> datetime:
        if forking:
            children.append(forking.pop()())
        return datetime.now(UTC)

    session = secured(wire, TWO_REGIONS, clock=clock)

    def there() -> bool:
        session.client("sagemaker", region_name="us-east-1").list_models()
        return True

    forking.append(lambda: in_child(there))
    assert there()
    assert [0] == [status(child) for child in children]
