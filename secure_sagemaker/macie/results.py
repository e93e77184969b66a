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
from functools import cache
from typing import Any, BinaryIO

from pydantic_core import SchemaValidator, ValidationError
from pydantic_core import core_schema as cs

from secure_sagemaker.exceptions import ScanError
from secure_sagemaker.macie.verdicts import Detection, ObjectVerdict, ObjectVersion, Outcome, Severity

__all__ = ["verdicts"]

_ARCHIVES = ("gzip", "tar", "zip")
"""What an archive's kind has in its name. Its files have records of their own, before or after."""
_SEVERITIES = {severity.value: severity for severity in Severity}
_CHUNK = 1 << 18
_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


def _dict(
    required: Mapping[str, cs.CoreSchema], optional: Mapping[str, cs.CoreSchema] | None = None
) -> cs.CoreSchema:
    """A JSON object of which only these members are read, and others passed over."""
    fields = {name: cs.typed_dict_field(schema) for name, schema in required.items()}
    for name, schema in (optional or {}).items():
        fields[name] = cs.typed_dict_field(cs.nullable_schema(schema), required=False)
    return cs.typed_dict_schema(fields)


_TEXT, _NUMBER = cs.str_schema(strict=True), cs.int_schema(strict=True)
_PLACE = _dict({}, {"columnName": _TEXT, "column": _NUMBER})
_OCCURRENCES = _dict(
    {},
    {
        "cells": cs.list_schema(_PLACE),
        "lineRanges": cs.list_schema(_dict({}, {"start": _NUMBER})),
        "offsetRanges": cs.list_schema(_dict({}, {"start": _NUMBER})),
        "pages": cs.list_schema(_dict({}, {"pageNumber": _NUMBER})),
        "records": cs.list_schema(_dict({}, {"jsonPath": _TEXT})),
    },
)
_WHERE = {"occurrences": _OCCURRENCES}
_GROUP = _dict(
    {"category": _TEXT}, {"detections": cs.list_schema(_dict({"type": _TEXT, "count": _NUMBER}, _WHERE))}
)
_CUSTOM = _dict({}, {"detections": cs.list_schema(_dict({"name": _TEXT, "count": _NUMBER}, _WHERE))})
_RESULT = _dict(
    {"status": _dict({"code": _TEXT}, {"reason": _TEXT})},
    {"mimeType": _TEXT, "sensitiveData": cs.list_schema(_GROUP), "customDataIdentifiers": _CUSTOM},
)
_OBJECT = _dict(
    {"key": _TEXT, "eTag": _TEXT, "size": _NUMBER}, {"embeddedFileDetails": _dict({"filePath": _TEXT})}
)
_RECORD = SchemaValidator(
    _dict(
        {
            "classificationDetails": _dict({"jobId": _TEXT, "result": _RESULT}),
            "resourcesAffected": _dict({"s3Bucket": _dict({"name": _TEXT}), "s3Object": _OBJECT}),
        },
        {"severity": _dict({"description": cs.literal_schema([*_SEVERITIES])})},
    )
)
"""What is read of a record. The rest of it never becomes an object of Python's: there are hundreds of thousands."""


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
            if (told := _told(record, job_id, made_at)) is None:
                continue
            verdict, kind, file = told
            if file or (kind and _is_archive(kind)):
                archives.setdefault(verdict.object, _Archive()).add(verdict, file)
            else:
                yield verdict
    yield from (archive.verdict() for archive in archives.values())


@cache
def _is_archive(kind: str) -> bool:
    return any(name in kind for name in _ARCHIVES)


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


def _records(uri: str, packed: BinaryIO) -> Iterator[Any]:
    read = _RECORD.validate_json
    try:
        with gzip.GzipFile(fileobj=packed) as unpacked:
            rest = b""
            while chunk := unpacked.read(_CHUNK):
                *lines, rest = (rest + chunk).split(b"\n")
                yield from (read(line) for line in lines if line.strip())
            if rest.strip():
                yield read(rest)
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "a line of it"
        raise _damaged(
            uri, f"{where}: {first['msg']}"
        ) from None  # the error's own text shows what stands there
    except (OSError, EOFError, zlib.error) as wrong:
        raise _damaged(uri, str(wrong)) from wrong


def _told(record: Any, job_id: str, made_at: datetime) -> tuple[ObjectVerdict, str, str] | None:
    """The verdict of a record, the object's kind, and the file in it that it is about; None of another job's."""
    details = record["classificationDetails"]
    if details["jobId"] != job_id:
        return None
    affected, result = record["resourcesAffected"], details["result"]
    stored, status = affected["s3Object"], result["status"]
    code, severity, embedded = status["code"], record.get("severity"), stored.get("embeddedFileDetails")
    reason = "" if code == "COMPLETE" else f"{code}: {status.get('reason') or 'Macie says no reason'}"
    detections = (
        (*_managed(result), *_custom(result))
        if result.get("sensitiveData") or result.get("customDataIdentifiers")
        else ()
    )
    verdict = ObjectVerdict(
        object=ObjectVersion(
            bucket=affected["s3Bucket"]["name"],
            key=stored["key"],
            etag=stored["eTag"].strip('"'),
            size=stored["size"],
        ),
        outcome=_outcome(detections, unread=bool(reason)),
        read_at=made_at,
        job_id=job_id,
        detections=detections,
        severity=_SEVERITIES[severity["description"]] if severity else None,
        reason=reason,
    )
    return verdict, result.get("mimeType") or "", embedded["filePath"] if embedded else ""


def _outcome(detections: tuple[Detection, ...], *, unread: bool) -> Outcome:
    if detections:
        return Outcome.SENSITIVE
    return Outcome.UNREAD if unread else Outcome.CLEAR


def _managed(result: Any) -> Iterator[Detection]:
    for group in result.get("sensitiveData") or ():
        for one in group.get("detections") or ():
            yield Detection(
                category=group["category"],
                type=one["type"],
                count=one["count"],
                places=tuple(_places(one.get("occurrences") or {})),
            )


def _custom(result: Any) -> Iterator[Detection]:
    for one in (result.get("customDataIdentifiers") or {}).get("detections") or ():
        yield Detection(
            category="CUSTOM_IDENTIFIER",
            type=one["name"],
            count=one["count"],
            places=tuple(_places(one.get("occurrences") or {})),
        )


def _places(told: Any) -> Iterator[str]:
    """Where it was found: columns, lines, pages, paths. Never what was found."""
    cells = told.get("cells") or ()
    columns = dict.fromkeys(str(cell.get("columnName") or cell.get("column")) for cell in cells)
    yield from (f"column {column}" for column in columns)
    paths = dict.fromkeys(str(one.get("jsonPath")) for one in told.get("records") or ())
    yield from (f"field {path}" for path in paths)
    lines = (*(told.get("lineRanges") or ()), *(told.get("offsetRanges") or ()))
    yield from (f"line {one.get('start')}" for one in lines)
    yield from (f"page {one.get('pageNumber')}" for one in told.get("pages") or ())


def _damaged(uri: str, why: str) -> ScanError:
    return ScanError(
        f"the discovery results {uri} cannot be read: {why}",
        remedy="find out who wrote there, and scan again: a new job reads what has no verdict yet",
    )
