"""Verdicts kept, so that an object is read once however often it is used.

What is kept is found by all that it depends on: the object's bucket, key, ETag and size, and the settings that it was
read with. In a file of this user by default; for a team in ``shared_memory``.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Protocol

from secure_sagemaker.exceptions import ScanError
from secure_sagemaker.folders import is_private, private_folder
from secure_sagemaker.macie.verdicts import Detection, ObjectVerdict, ObjectVersion, Outcome, Severity

__all__ = ["SqliteMemory", "VerdictMemory", "from_row", "to_row"]


class VerdictMemory(Protocol):
    """Where verdicts are kept. Several sessions and processes may use one at a time."""

    def look_again(self) -> None:
        """Take note that others may have written since it was last asked."""
        ...

    def recall(
        self, objects: Sequence[ObjectVersion], *, settings: str
    ) -> Mapping[ObjectVersion, ObjectVerdict]:
        """What is known of objects that were read with these settings; what is not known is left out.

        Raises:
            ScanError: The memory cannot be read.
        """
        ...

    def remember(self, verdicts: Iterable[ObjectVerdict], *, settings: str) -> None:
        """Keep verdicts. Of two of one object the later one is kept.

        Raises:
            ScanError: The memory cannot be written.
        """
        ...


_SCHEMA = 1
_TABLES = """
CREATE TABLE texts (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE verdicts (
    settings INTEGER NOT NULL, bucket INTEGER NOT NULL, key TEXT NOT NULL, etag TEXT NOT NULL, size INTEGER NOT NULL,
    outcome TEXT NOT NULL, read_at INTEGER NOT NULL, job INTEGER NOT NULL, detail TEXT,
    PRIMARY KEY (settings, bucket, key, etag, size)
) WITHOUT ROWID;
CREATE TABLE batches (name TEXT PRIMARY KEY) WITHOUT ROWID;
"""
# A key may hold any character, also one that ends a text within JSON: each is bound by itself.
_RECALL = """
WITH asked (number, key, etag, size) AS (VALUES {rows})
SELECT number, outcome, read_at, job.text, detail FROM asked
CROSS JOIN verdicts ON settings = ? AND bucket = ?
    AND verdicts.key = asked.key AND verdicts.etag = asked.etag AND verdicts.size = asked.size
CROSS JOIN texts AS job ON job.id = job
"""
_ASKED = 500
_REMEMBER = """
INSERT INTO verdicts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE
SET outcome = excluded.outcome, read_at = excluded.read_at, job = excluded.job, detail = excluded.detail
WHERE excluded.read_at >= verdicts.read_at
"""
_BATCH = 10_000
_WAIT_SECONDS = 60.0


class SqliteMemory:
    """Verdicts in a file. Each use opens it, so threads, forks and other processes are in nobody's way.

    Args:
        path: The file; it is made where there is none, in a folder for this user alone.

    Raises:
        ScanError: Others than this user may write there, or it is no memory of ours.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        if not is_private(private_folder(path.parent)):
            raise ScanError(
                f"the memory of verdicts {path} lies in a folder that is open to others than this user, who could "
                "call any object clear",
                remedy=f"make it yours alone: chmod 700 {path.parent}, or name another folder",
            )
        with self._opened() as opened, opened:
            opened.execute("BEGIN IMMEDIATE")
            (version,) = opened.execute("PRAGMA user_version").fetchone()
            if version == 0:
                for statement in _TABLES.split(";")[:-1]:
                    opened.execute(statement)
                opened.execute(f"PRAGMA user_version = {_SCHEMA}")
            elif version != _SCHEMA:
                raise ScanError(
                    f"the memory of verdicts {path} is of version {version}, and this library reads {_SCHEMA}",
                    remedy="name another file, or delete this one: what it held is then read once more",
                )

    def __repr__(self) -> str:
        return f"SqliteMemory({str(self._path)!r})"

    def look_again(self) -> None:
        """It is read each time that it is asked."""

    def recall(
        self, objects: Sequence[ObjectVersion], *, settings: str
    ) -> Mapping[ObjectVersion, ObjectVerdict]:
        """What is known of objects that were read with these settings; what is not known is left out.

        Raises:
            ScanError: The file cannot be read.
        """
        found = {}
        with self._opened() as opened:
            ids = _ids(opened, {settings, *(one.bucket for one in objects)})
            for bucket in {one.bucket for one in objects} & ids.keys():
                left = (one for one in objects if one.bucket == bucket)
                while some := list(islice(left, _ASKED)):
                    query = _RECALL.format(rows=", ".join(["(?, ?, ?, ?)"] * len(some)))
                    asked = (
                        part for at, one in enumerate(some) for part in (at, one.key, one.etag, one.size)
                    )
                    for at, *row in opened.execute(query, (*asked, ids.get(settings), ids[bucket])):
                        found[some[at]] = from_row(some[at], row)
        return found

    def remember(self, verdicts: Iterable[ObjectVerdict], *, settings: str) -> None:
        """Keep verdicts. Of two of one object the later one is kept.

        Raises:
            ScanError: The file cannot be written.
        """
        left = iter(verdicts)
        while batch := list(islice(left, _BATCH)):
            with self._opened() as opened, opened:
                opened.execute("BEGIN IMMEDIATE")
                texts = {settings, *(one.object.bucket for one in batch), *(one.job_id for one in batch)}
                opened.executemany("INSERT OR IGNORE INTO texts (text) VALUES (?)", [(one,) for one in texts])
                ids = _ids(opened, texts)
                opened.executemany(_REMEMBER, (_values(one, ids[settings], ids) for one in batch))

    def is_loaded(self, batch: str) -> bool:
        """Whether a batch of verdicts from elsewhere was told to this memory, to its end."""
        with self._opened() as opened:
            return opened.execute("SELECT 1 FROM batches WHERE name = ?", (batch,)).fetchone() is not None

    def loaded(self, batch: str) -> None:
        """Take note of a batch of verdicts from elsewhere that is remembered here now."""
        with self._opened() as opened:
            opened.execute("INSERT OR IGNORE INTO batches VALUES (?)", (batch,))

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._path, timeout=_WAIT_SECONDS, isolation_level=None)) as opened:
                self._path.chmod(0o600)
                opened.execute("PRAGMA journal_mode = WAL")
                yield opened
        except (sqlite3.Error, OSError) as failed:
            raise ScanError(
                f"the memory of verdicts {self._path} cannot be used: {failed}",
                remedy="make room or mend the file's permissions; a damaged file may be deleted: what it held is then "
                "read once more",
            ) from failed


Row = tuple[str, int, str, str | None]
"""A verdict without its object: the outcome, microseconds since 1970, the job, and details as JSON."""


def to_row(verdict: ObjectVerdict) -> Row:
    """A verdict as it is kept."""
    detail = {
        "detections": [[one.category, one.type, one.count, *one.places] for one in verdict.detections],
        "severity": verdict.severity,
        "reason": verdict.reason,
        "copied_from": verdict.copied_from,
    }
    told = {name: value for name, value in detail.items() if value}
    micros = round(verdict.read_at.timestamp() * 1_000_000)
    return (verdict.outcome.value, micros, verdict.job_id, json.dumps(told) if told else None)


def from_row(kept: ObjectVersion, row: Row) -> ObjectVerdict:
    """A verdict from what was kept.

    Raises:
        ScanError: It is no verdict.
    """
    outcome, micros, job, detail = row
    try:
        told = json.loads(detail) if detail else {}
        return ObjectVerdict(
            object=kept,
            outcome=Outcome(outcome),
            read_at=datetime.fromtimestamp(micros / 1_000_000, UTC),
            job_id=job,
            detections=tuple(
                Detection(category=category, type=type_, count=count, places=tuple(places))
                for category, type_, count, *places in told.get("detections", ())
            ),
            severity=Severity(told["severity"]) if "severity" in told else None,
            reason=told.get("reason", ""),
            copied_from=told.get("copied_from", ""),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as wrong:
        raise ScanError(
            f"what was kept of {kept.uri} is no verdict: {wrong}",
            remedy="delete the memory of verdicts: what it held is then read once more",
        ) from wrong


def _values(verdict: ObjectVerdict, settings: int, ids: Mapping[str, int]) -> tuple[object, ...]:
    about = verdict.object
    outcome, read_at, job, detail = to_row(verdict)
    return (
        settings,
        ids[about.bucket],
        about.key,
        about.etag,
        about.size,
        outcome,
        read_at,
        ids[job],
        detail,
    )


def _ids(opened: sqlite3.Connection, texts: Iterable[str]) -> dict[str, int]:
    rows = (
        (text, opened.execute("SELECT id FROM texts WHERE text = ?", (text,)).fetchone()) for text in texts
    )
    return {text: row[0] for text, row in rows if row is not None}
