"""Which objects a job of Macie reads: terms that cover what has no verdict, and as little else as they can.

A job takes prefixes of keys, one of which must match, and the moment since which an object was changed. It takes no
list of objects; so what lies under the prefixes beside them is read as well, and that overscan is told.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Container, Iterable, Iterator
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
    key TEXT PRIMARY KEY, etag TEXT NOT NULL, size INTEGER NOT NULL, modified INTEGER NOT NULL,
    needed INTEGER NOT NULL, job TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID
"""
_PAGE = 5_000
_OPEN = "needed AND job = ''"
_UNDER = f"SELECT count(*), ifnull(sum(size), 0) FROM work WHERE NOT ({_OPEN}) AND modified >= ? AND key >= ?"  # noqa: S608  # constants alone


class Worklist:
    """What was listed of a bucket, and what of it has no verdict. It lies in a temporary file, not in memory.

    Args:
        bucket: The bucket.
    """

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket
        self._file = sqlite3.connect("", isolation_level=None)
        self._file.execute(_TABLE)

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def __enter__(self) -> Worklist:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, page: Iterable[ListedObject], *, known: Container[ObjectVersion] | None) -> None:
        """Take note of objects; of those without a verdict as of work. What was noted already stays as it was.

        Args:
            page: Objects of the bucket.
            known: Those that have a verdict; None where none of them is work.
        """
        self._file.execute("BEGIN")
        self._file.executemany(
            "INSERT OR IGNORE INTO work (key, etag, size, modified, needed) VALUES (?, ?, ?, ?, ?)",
            (
                (
                    one.version.key,
                    one.version.etag,
                    one.version.size,
                    int(one.modified.timestamp()),
                    known is not None and one.version not in known,
                )
                for one in page
            ),
        )
        self._file.execute("COMMIT")

    @property
    def open(self) -> int:
        """How many objects are work that no job does yet."""
        return int(self._file.execute(f"SELECT count(*) FROM work WHERE {_OPEN}").fetchone()[0])  # noqa: S608  # a constant

    def digest(self) -> str:
        """SHA-256 of all work that no job does yet: of equal work, equal digests."""
        told = hashlib.sha256()
        for row in self._file.execute(f"SELECT key, etag, size FROM work WHERE {_OPEN} ORDER BY key"):  # noqa: S608  # a constant
            told.update(json.dumps(row).encode())
        return told.hexdigest()

    def hand_over(self, job_id: str, reads: Callable[[str, datetime], bool]) -> tuple[int, int]:
        """Have a job do the work that it reads, by key and time.

        Returns:
            How many objects that is, and their size.
        """
        self._file.create_function(
            "reads", 2, lambda key, modified: reads(key, datetime.fromtimestamp(modified, UTC))
        )
        self._file.execute(f"UPDATE work SET job = ? WHERE {_OPEN} AND reads(key, modified)", (job_id,))  # noqa: S608  # a constant
        count, size = self._file.execute(
            "SELECT count(*), ifnull(sum(size), 0) FROM work WHERE needed AND job = ?", (job_id,)
        ).fetchone()
        return count, size

    def done(self, job_id: str, read: Iterable[ObjectVersion]) -> None:
        """Take note of what a job has told of."""
        self._file.execute("BEGIN")
        self._file.executemany(
            "UPDATE work SET needed = 0 WHERE key = ? AND etag = ? AND size = ? AND job = ?",
            ((one.key, one.etag, one.size, job_id) for one in read),
        )
        self._file.execute("COMMIT")

    def reopen(self, job_id: str) -> None:
        """Have what a job told nothing of be work that no job does."""
        self._file.execute("UPDATE work SET job = '' WHERE needed AND job = ?", (job_id,))

    def untold(self, job_id: str) -> Iterator[ObjectVersion]:
        """What a job was to read, and has told nothing of."""
        rows = self._file.execute("SELECT key, etag, size FROM work WHERE needed AND job = ?", (job_id,))
        for key, etag, size in rows:
            yield ObjectVersion(bucket=self.bucket, key=key, etag=etag, size=size)

    def pages(self) -> Iterator[list[ObjectVersion]]:
        """The work that no job does yet, some at a time; it may be changed meanwhile."""
        last = ""
        while True:
            rows = self._file.execute(
                f"SELECT key, etag, size FROM work WHERE {_OPEN} AND key > ? ORDER BY key LIMIT ?",  # noqa: S608  # a constant
                (last, _PAGE),
            ).fetchall()
            if not rows:
                return
            last = rows[-1][0]
            yield [
                ObjectVersion(bucket=self.bucket, key=key, etag=etag, size=size) for key, etag, size in rows
            ]

    def prefixes(self, most: int = MOST_PREFIXES) -> tuple[str, ...]:
        """The prefixes that cover all work that no job does yet; none where there is none."""
        return cover(
            (key for (key,) in self._file.execute(f"SELECT key FROM work WHERE {_OPEN} ORDER BY key")),  # noqa: S608  # a constant
            most,
        )

    def plan(self, prefixes: tuple[str, ...]) -> JobPlan:
        """The job that does the work.

        Args:
            prefixes: They cover it, and all that lies under them was noted.
        """
        count, size, since = self._file.execute(
            f"SELECT count(*), ifnull(sum(size), 0), ifnull(min(modified), 0) FROM work WHERE {_OPEN}"  # noqa: S608  # a constant
        ).fetchone()
        whole, narrowed = self._beside(prefixes, 0), self._beside(prefixes, since)
        is_narrower = narrowed < whole
        objects, total = narrowed if is_narrower else whole
        return JobPlan(
            bucket=self.bucket,
            prefixes=prefixes,
            changed_since=datetime.fromtimestamp(since, UTC) if is_narrower else None,
            objects=count,
            bytes=size,
            overscan_objects=objects,
            overscan_bytes=total,
        )

    def within(self, plan: JobPlan) -> Iterator[ObjectVersion]:
        """All that a job reads: its work, and what lies beside."""
        since = 0 if plan.changed_since is None else int(plan.changed_since.timestamp())
        rows = self._file.execute("SELECT key, etag, size FROM work WHERE modified >= ?", (since,))
        for key, etag, size in rows:
            if key.startswith(plan.prefixes):
                yield ObjectVersion(bucket=self.bucket, key=key, etag=etag, size=size)

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
