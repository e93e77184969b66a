"""Which objects a job of Macie reads: terms that cover what has no verdict, and as little else as they can.

A job takes prefixes of keys, one of which must match, and the moment since which an object was changed. It takes no
list of objects; so what lies under the prefixes beside them is read as well, and that overscan is told.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile

from secure_sagemaker.macie.listing import ListedObject
from secure_sagemaker.macie.verdicts import ObjectVersion

__all__ = ["MOST_PREFIXES", "JobPlan", "Worklist", "cover"]

MOST_PREFIXES = 50
"""As many prefixes as a job is given. AWS documents no limit, and a request must stay of a size that it takes."""


@dataclass(frozen=True, kw_only=True)
class JobPlan:
    """What one job reads, in one bucket."""

    bucket: str
    prefixes: tuple[str, ...]
    """A key begins with one of them. The empty one is the whole bucket."""
    changed_since: datetime | None
    """Objects that were last changed before are left out; None leaves out none."""
    objects: int
    """How many have no verdict yet."""
    bytes: int
    """Their size, as they are stored."""
    overscan_objects: int
    """How many are read beside, because the terms match them too."""
    overscan_bytes: int
    """Their size, as they are stored."""


def cover(keys: Iterable[str], most: int = MOST_PREFIXES) -> tuple[str, ...]:
    """At most so many prefixes that every key begins with one of, each as long as can be.

    Args:
        keys: In the order of their characters. They are gone through once, and not held.
        most: How many prefixes there may be; at least one.
    """
    runs: list[str] = []
    # What each run has in common with the one before it, by their nearest keys.
    shared: list[int] = []
    last = ""
    for key in keys:
        common = _in_common(last, key)
        last = key
        if runs and len(runs) == most and common >= max(shared[1:], default=0):
            runs[-1] = runs[-1][:common]
            continue
        runs.append(key)
        shared.append(common)
        if len(runs) > most:
            at = max(range(1, len(runs)), key=shared.__getitem__)
            runs[at - 1 : at + 1] = [runs[at][: _in_common(runs[at - 1], runs[at])]]
            del shared[at]
    return tuple(_without_nested(runs))


def _in_common(one: str, other: str) -> int:
    """How many characters they begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _without_nested(prefixes: Iterable[str]) -> Iterator[str]:
    last: str | None = None
    for one in sorted(prefixes):
        if last is None or not one.startswith(last):
            yield one
            last = one


_TABLE = """
CREATE TABLE work (
    key TEXT PRIMARY KEY, size INTEGER NOT NULL, modified INTEGER NOT NULL, needed INTEGER NOT NULL
) WITHOUT ROWID
"""
_UNDER = "SELECT count(*), ifnull(sum(size), 0) FROM work WHERE NOT needed AND modified >= ? AND key >= ?"


class Worklist:
    """What was listed of a bucket, and what of it has no verdict. It lies in a temporary file, not in memory.

    Args:
        bucket: The bucket.
    """

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._file = sqlite3.connect("", isolation_level=None)
        self._file.execute(_TABLE)

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def __enter__(self) -> Worklist:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, page: Iterable[ListedObject], *, known: Container[ObjectVersion]) -> None:
        """Take note of objects; of those without a verdict as of work. What was noted already stays as it was.

        Args:
            page: Objects of the bucket.
            known: Those that have a verdict.
        """
        self._file.execute("BEGIN")
        self._file.executemany(
            "INSERT OR IGNORE INTO work VALUES (?, ?, ?, ?)",
            (
                (
                    one.version.key,
                    one.version.size,
                    int(one.modified.timestamp()),
                    one.version not in known,
                )
                for one in page
            ),
        )
        self._file.execute("COMMIT")

    def prefixes(self, most: int = MOST_PREFIXES) -> tuple[str, ...]:
        """The prefixes that cover all work; none where there is none."""
        return cover(
            (key for (key,) in self._file.execute("SELECT key FROM work WHERE needed ORDER BY key")), most
        )

    def plan(self, prefixes: tuple[str, ...]) -> JobPlan:
        """The job that does the work.

        Args:
            prefixes: They cover it, and all that lies under them was noted.
        """
        count, size, since = self._file.execute(
            "SELECT count(*), ifnull(sum(size), 0), ifnull(min(modified), 0) FROM work WHERE needed"
        ).fetchone()
        whole, narrowed = self._beside(prefixes, 0), self._beside(prefixes, since)
        is_narrower = narrowed < whole
        objects, total = narrowed if is_narrower else whole
        return JobPlan(
            bucket=self._bucket,
            prefixes=prefixes,
            changed_since=datetime.fromtimestamp(since, UTC) if is_narrower else None,
            objects=count,
            bytes=size,
            overscan_objects=objects,
            overscan_bytes=total,
        )

    def _beside(self, prefixes: tuple[str, ...], since: int) -> tuple[int, int]:
        """How many objects without work the terms match, and their size."""
        found = [
            self._file.execute(_UNDER, (since, one)).fetchone()
            if (end := _after(one)) is None
            else self._file.execute(f"{_UNDER} AND key < ?", (since, one, end)).fetchone()
            for one in prefixes
        ]
        return sum(count for count, _ in found), sum(size for _, size in found)


_LAST = 0x10FFFF
_BEFORE_SURROGATES, _AFTER_SURROGATES = 0xD7FF, 0xE000


def _after(prefix: str) -> str | None:
    """The first text after all that begin with the prefix; None where there is none."""
    shorter = prefix.rstrip(chr(_LAST))
    if not shorter:
        return None
    code = ord(shorter[-1])
    return shorter[:-1] + chr(_AFTER_SURROGATES if code == _BEFORE_SURROGATES else code + 1)
