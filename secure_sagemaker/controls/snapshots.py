"""What a request said at one moment, so that it can be told whether it still says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["Snapshot"]

_PLAIN = frozenset({bool, bytes, float, int, str, type(None)})
_ABSENT = object()
_UNTELLABLE = object()


class Snapshot:
    """A request's content, copied as deep as it can change: its structures are others' to change.

    Only what is surely the same counts as the same. A structure of a type of its own may change unseen,
    so it never does.

    Args:
        parameters: The request.
    """

    __slots__ = ("_then",)

    def __init__(self, parameters: Mapping[str, object]) -> None:
        self._then = _copied(parameters)

    def holds(self, parameters: Mapping[str, object]) -> bool:
        """Whether a request says what this one said, in every value."""
        return _same(parameters, self._then)


def _copied(value: object) -> object:
    if type(value) is dict:
        return {name: item if type(item) in _PLAIN else _copied(item) for name, item in value.items()}
    if type(value) is list or type(value) is tuple:
        return [item if type(item) in _PLAIN else _copied(item) for item in value]
    if isinstance(value, Mapping | Sequence) and not isinstance(value, str):
        return _UNTELLABLE
    return value  # a stream, a date: nothing that holds members


def _same(now: object, then: object) -> bool:
    # What is the very same object is no structure: those in `then` are known here alone.
    if isinstance(then, dict):
        if type(now) is not dict or len(now) != len(then):
            return False
        for name, item in then.items():
            found = now.get(name, _ABSENT)
            if found is not item and not _same(found, item):
                return False
        return True
    if isinstance(then, list):
        if not (type(now) is list or type(now) is tuple) or len(now) != len(then):
            return False
        return all(found is item or _same(found, item) for found, item in zip(now, then, strict=True))
    return type(now) is type(then) and type(now) in _PLAIN and now == then
