"""Errors of botocore's as ours may carry them: a crash reporter that shows variables shows no secret."""

from __future__ import annotations

from typing import TypeVar

__all__ = ["bare"]

_Failed = TypeVar("_Failed", bound=BaseException)


def bare(failed: _Failed) -> _Failed:
    """An error without what led to it: botocore's frames and those below hold the request, code and token included."""
    failed.__cause__ = failed.__context__ = None
    return failed.with_traceback(None)
