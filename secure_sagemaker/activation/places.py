"""Where in a program something was done: what a person needs to find it."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Iterator
from types import FrameType, ModuleType

from botocore.client import BaseClient

__all__ = ["place_of_caller", "where_made"]

_MACHINERY = (
    "boto3.",
    "botocore.",
    "aiobotocore.",
    "secure_sagemaker.",
    "importlib.",
    "contextlib.",
    "asyncio.",
)
_MACHINERY_PATHS = ("/boto3/", "/botocore/", "/aiobotocore/", "/secure_sagemaker/", "<frozen importlib")
_TOLD = 3


def place_of_caller() -> str:
    """The line that is being executed, outside boto3, botocore and this library."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  # inspect's own way reads source files
    while frame is not None:
        if not f"{frame.f_globals.get('__name__', '')}.".startswith(_MACHINERY):
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return "an unknown place"


def where_made(client: BaseClient) -> str:
    """Where a client was made, as far as Python knows: the line where it traces memory, else who holds it."""
    # Python 3.11 does not find an instance; it does find a dict that was made with it.
    for one in (client, *(value for value in vars(client).values() if type(value) is dict)):
        for frame in reversed(tracemalloc.get_object_traceback(one) or ()):
            if not any(part in frame.filename for part in _MACHINERY_PATHS):
                return f"made at {frame.filename}:{frame.lineno}"
    holders = list(dict.fromkeys(_holders(client)))[:_TOLD]
    if holders:
        return f"held by {', '.join(holders)}"
    return "held by a function (python -X tracemalloc=25 tells where it was made)"


def _holders(client: BaseClient) -> Iterator[str]:
    for referrer in gc.get_referrers(client):
        if isinstance(referrer, dict):
            names = [str(name) for name, value in referrer.items() if value is client]
            for owner in gc.get_referrers(referrer):
                yield from (f"{_named(owner)}.{name}" for name in names if _is_of(owner, referrer))
        elif not isinstance(referrer, FrameType | list | tuple):
            for name, value in list(getattr(referrer, "__dict__", {}).items()):
                if value is client:
                    yield f"{_named(referrer)}.{name}"


def _is_of(owner: object, attributes: dict[object, object]) -> bool:
    if isinstance(owner, type):
        return any(name in vars(owner) for name in attributes)
    return getattr(owner, "__dict__", None) is attributes


def _named(owner: object) -> str:
    if isinstance(owner, ModuleType):
        return owner.__name__
    kind = owner if isinstance(owner, type) else type(owner)
    return f"{kind.__module__}.{kind.__qualname__}"
