"""Every moment of a program at which something can happen to it: each request that it sends, each use of its files."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.httpsession import URLLib3Session

__all__ = ["Killed", "at_moment"]


class Killed(BaseException):
    """The process ends here, as far as the program can tell."""


@contextmanager
def at_moment(
    number: int, do: Callable[[], object], *, answered: bool = False, files: bool = True
) -> Iterator[list[str]]:
    """Have something happen at one moment, counted from 1, and tell which moments there were.

    Args:
        number: The moment.
        do: What happens then. Moments of its own do not count.
        answered: Have it happen once AWS has answered, and before the program hears of it.
        files: Whether uses of files are moments as well.
    """
    told: list[str] = []
    send, connect = URLLib3Session.send, sqlite3.connect

    def happen(name: str) -> bool:
        told.append(name)
        return len(told) == number

    with pytest.MonkeyPatch.context() as patch:

        def aside() -> None:
            with pytest.MonkeyPatch.context() as back:
                back.setattr(URLLib3Session, "send", send)
                back.setattr(sqlite3, "connect", connect)
                do()

        def sent(session: URLLib3Session, request: Any) -> Any:
            now = happen(str(request.url))
            if now and not answered:
                aside()
            answer = send(session, request)
            if now and answered:
                aside()
            return answer

        def connected(*arguments: Any, **options: Any) -> Any:
            if files and happen("sqlite"):
                aside()
            return connect(*arguments, **options)

        patch.setattr(URLLib3Session, "send", sent)
        patch.setattr(sqlite3, "connect", connected)
        yield told
