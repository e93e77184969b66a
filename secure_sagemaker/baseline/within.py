"""Lists whose entries may lie within one another: a name within a prefix, a folder within its bucket."""

from __future__ import annotations

from collections.abc import Callable, Sequence

__all__ = ["LiesWithin", "common", "location_lies_within", "name_lies_within", "without_repetition"]

LiesWithin = Callable[[str, str], bool]
"""Whether its first argument lies within its second. Two entries that share something lie within one another,
one way or the other: else what is common to two lists could not be written as a list."""


def name_lies_within(inner: str, outer: str) -> bool:
    """Of names, and of prefixes of names: ``churn-1`` within ``churn-*``."""
    if outer.endswith("*"):
        return inner.startswith(outer.removesuffix("*"))
    return inner == outer


def location_lies_within(inner: str, outer: str) -> bool:
    """Of S3 locations: ``s3://bucket/churn/2026`` within ``s3://bucket/churn/``."""
    return f"{inner.rstrip('/')}/".startswith(f"{outer.rstrip('/')}/")


def common(left: Sequence[str], right: Sequence[str], lies_within: LiesWithin) -> tuple[str, ...]:
    """What lies within both lists, each entry once."""
    inner = {
        *(one for one in left if any(lies_within(one, other) for other in right)),
        *(one for one in right if any(lies_within(one, other) for other in left)),
    }
    return tuple(sorted(inner))


def without_repetition(lies_within: LiesWithin) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    """Refuses a list with an entry that lies within another one, which would say the same in two ways."""

    def check(entries: tuple[str, ...]) -> tuple[str, ...]:
        for index, inner in enumerate(entries):
            for other, outer in enumerate(entries):
                if index != other and lies_within(inner, outer):
                    raise ValueError(
                        f"{inner!r} lies within {outer!r}, which is listed too: state one of them"
                    )
        return entries

    return check
