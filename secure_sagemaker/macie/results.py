"""What Macie wrote of each object that a job looked at: its discovery results, read as they come.

One record an object stands in files of JSON lines, packed with gzip. COMPLETE alone means that it was read to its end.
https://docs.aws.amazon.com/macie/latest/user/discovery-results-repository-s3.html
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, BinaryIO

from pydantic_core import from_json

from secure_sagemaker.exceptions import ScanError
from secure_sagemaker.macie.verdicts import Detection, ObjectVerdict, ObjectVersion, Outcome, Severity

__all__ = ["verdicts"]

_ARCHIVES = ("gzip", "tar", "zip")
"""What an archive's kind has in its name. Its files have records of their own, before or after."""
_SEVERITIES = {severity.value: severity for severity in Severity}
_RANKS = {severity: rank for rank, severity in enumerate(Severity)}

Record = Mapping[str, object]


def verdicts(
    files: Iterable[tuple[str, BinaryIO]], *, job_id: str, made_at: datetime
) -> Iterator[ObjectVerdict]:
    """What the results of a job say of each object, once each.

    No more is held at a time than a line, and archives until the end.

    Args:
        files: Where each file lies, to be told, and its bytes as they are stored.
        job_id: The job. Records of others are left out.
        made_at: When the job was made.

    Raises:
        ScanError: A file is damaged, or a record is none of Macie's: then nothing is known of what it is about.
    """
    archives: dict[ObjectVersion, _Archive] = {}
    for uri, packed in files:
        for record in _records(uri, packed):
            try:
                told = _told(record, job_id, made_at)
            except (AttributeError, KeyError, TypeError, ValueError) as wrong:
                raise _damaged(uri, f"a record of it lacks {wrong}") from wrong
            if told is None:
                continue
            verdict, kind, file = told
            if file or any(name in kind for name in _ARCHIVES):
                archives.setdefault(verdict.object, _Archive()).add(verdict, file)
            else:
                yield verdict
    yield from (archive.verdict() for archive in archives.values())


@dataclass(kw_only=True)
class _Archive:
    """An archive's own record, and those of its files."""

    own: ObjectVerdict | None = None
    files: list[tuple[str, ObjectVerdict]] = field(default_factory=list)

    def add(self, verdict: ObjectVerdict, path: str) -> None:
        if path:
            self.files.append((path, verdict))
        else:
            self.own = verdict

    def verdict(self) -> ObjectVerdict:
        """What is known of it: its own record counts all that its files hold, and they tell the places."""
        known = [one for _, one in self.files]
        first = self.own or known[0]
        reasons = dict.fromkeys(one.reason for one in (first, *known) if one.reason)
        found = [one.severity for one in (first, *known) if one.severity is not None]
        detections = tuple(self._detections())
        return replace(
            first,
            outcome=_outcome(detections, unread=bool(reasons)),
            reason=", ".join(reasons),
            severity=max(found, key=_RANKS.__getitem__, default=None),
            detections=detections,
        )

    def _detections(self) -> Iterator[Detection]:
        within: dict[tuple[str, str], list[Detection]] = {}
        for path, verdict in self.files:
            for one in verdict.detections:
                told = replace(one, places=tuple(f"{path}: {place}" for place in one.places) or (path,))
                within.setdefault((one.category, one.type), []).append(told)
        own = {(one.category, one.type): one for one in self.own.detections} if self.own is not None else {}
        for key in own | within:
            files = within.get(key, [])
            yield Detection(
                category=key[0],
                type=key[1],
                count=own[key].count if key in own else sum(one.count for one in files),
                places=tuple(place for one in files for place in one.places),
            )


def _records(uri: str, packed: BinaryIO) -> Iterator[Record]:
    try:
        with gzip.GzipFile(fileobj=packed) as lines:
            for line in lines:
                if line.strip():
                    record = from_json(line)
                    if not isinstance(record, dict):
                        raise _damaged(uri, "a line of it is no JSON object")
                    yield record
    except (OSError, EOFError, ValueError, zlib.error) as wrong:
        raise _damaged(uri, str(wrong)) from wrong


def _told(record: Any, job_id: str, made_at: datetime) -> tuple[ObjectVerdict, str, str] | None:
    """The verdict of a record, the object's kind, and the file in it that it is about; None of another job's.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: It is no record of Macie's.
    """
    details = record["classificationDetails"]
    if details["jobId"] != job_id:
        return None
    affected, result = record["resourcesAffected"], details["result"]
    stored, status, severity = affected["s3Object"], result["status"], record.get("severity")
    bucket, key, etag, code = affected["s3Bucket"]["name"], stored["key"], stored["eTag"], status["code"]
    kind, embedded = result.get("mimeType") or "", stored.get("embeddedFileDetails")
    file = embedded["filePath"] if embedded else ""
    for text in (bucket, key, etag, code, kind, file):
        if not isinstance(text, str):
            raise TypeError(f"a text, and has {text!r}")
    if not isinstance(stored["size"], int):
        raise TypeError("size")
    reason = "" if code == "COMPLETE" else f"{code}: {status.get('reason') or 'Macie says no reason'}"
    detections = (*_managed(result), *_custom(result))
    verdict = ObjectVerdict(
        object=ObjectVersion(bucket=bucket, key=key, etag=etag.strip('"'), size=stored["size"]),
        outcome=_outcome(detections, unread=bool(reason)),
        read_at=made_at,
        job_id=job_id,
        detections=detections,
        severity=_SEVERITIES[severity["description"]] if severity else None,
        reason=reason,
    )
    return verdict, kind, file


def _outcome(detections: tuple[Detection, ...], *, unread: bool) -> Outcome:
    if detections:
        return Outcome.SENSITIVE
    return Outcome.UNREAD if unread else Outcome.CLEAR


def _managed(result: Any) -> Iterator[Detection]:
    for group in _list(result, "sensitiveData"):
        for one in _list(group, "detections"):
            yield Detection(
                category=_text(group, "category"),
                type=_text(one, "type"),
                count=_number(one, "count"),
                places=tuple(_places(one)),
            )


def _custom(result: Any) -> Iterator[Detection]:
    for one in _list(result.get("customDataIdentifiers") or {}, "detections"):
        yield Detection(
            category="CUSTOM_IDENTIFIER",
            type=_text(one, "name"),
            count=_number(one, "count"),
            places=tuple(_places(one)),
        )


def _places(detection: Any) -> Iterator[str]:
    """Where it was found: columns, lines, pages, paths. Never what was found."""
    told = detection.get("occurrences") or {}
    columns = dict.fromkeys(
        str(cell.get("columnName") or cell.get("column")) for cell in _list(told, "cells")
    )
    yield from (f"column {column}" for column in columns)
    paths = dict.fromkeys(str(one.get("jsonPath")) for one in _list(told, "records"))
    yield from (f"field {path}" for path in paths)
    yield from (
        f"line {one.get('start')}" for one in (*_list(told, "lineRanges"), *_list(told, "offsetRanges"))
    )
    yield from (f"page {one.get('pageNumber')}" for one in _list(told, "pages"))


def _list(of: Record, name: str) -> list[Record]:
    held = of.get(name)
    if held is None:
        return []
    if not isinstance(held, list) or not all(isinstance(one, dict) for one in held):
        raise TypeError(name)
    return held


def _text(of: Record, name: str) -> str:
    held = of[name]
    if not isinstance(held, str):
        raise TypeError(name)
    return held


def _number(of: Record, name: str) -> int:
    held = of[name]
    if not isinstance(held, int):
        raise TypeError(name)
    return held


def _damaged(uri: str, why: str) -> ScanError:
    return ScanError(
        f"the discovery results {uri} cannot be read: {why}",
        remedy="find out who wrote there, and scan again: a new job reads what has no verdict yet",
    )
