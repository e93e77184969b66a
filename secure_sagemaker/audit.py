"""The audit trail: one record for each call, and where records go.

A record never holds a payload value: it names members and controls, not data. When a sink cannot
write, its ``on_failure`` decides: ``refuse`` raises AuditError, so that nothing happens unrecorded;
``warn`` logs and goes on.
"""

from __future__ import annotations

import json
import logging
import os
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal, Protocol

from secure_sagemaker.baseline import LayerRecord
from secure_sagemaker.controls import CONTROLS, Action, Decision
from secure_sagemaker.exceptions import AuditError
from secure_sagemaker.locks import ForkSafeLock

__all__ = ["AuditRecord", "AuditSink", "AuditTrail", "JsonLinesSink", "LoggingSink", "Outcome"]

OnFailure = Literal["refuse", "warn"]
_KEPT_RECORDS = 10_000


class Outcome(StrEnum):
    """How a call ended."""

    SUCCEEDED = "succeeded"
    """AWS answered."""
    FAILED = "failed"
    """AWS answered with an error, or could not be reached."""
    REFUSED = "refused"
    """It was not sent."""
    SIGNED = "signed"
    """A presigned URL or form was made; who uses it and when is not seen here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditRecord:
    """What happened to one call.

    Attributes:
        time: When the call began, in ISO 8601, UTC.
        service: The botocore service name.
        operation: The API operation.
        region: The region of the client.
        principal: The ARN of the role's session, or of the role while it has not been assumed.
        baseline_digest: SHA-256 of the baseline the call was held to.
        layers: The baseline's layers with their digests, so that a missing one shows.
        decisions: What was decided, by control and member.
        unknown_members: Members that the catalogue has never reviewed.
        outcome: How it ended.
        request_id: AWS's id of the request, empty when none was answered.
        error_code: AWS's or the transport's error, empty when there was none.
        explanation: What an error of AWS most likely means here, empty when nothing is known.
        latency_seconds: From the call to its answer.
    """

    time: str
    service: str
    operation: str
    region: str
    principal: str
    baseline_digest: str
    layers: tuple[LayerRecord, ...]
    decisions: tuple[Decision, ...]
    unknown_members: tuple[str, ...]
    outcome: Outcome
    request_id: str
    error_code: str
    explanation: str
    latency_seconds: float

    def as_dict(self) -> Mapping[str, object]:
        """The record as plain values, for JSON."""
        plain: dict[str, object] = {column.name: getattr(self, column.name) for column in fields(self)}
        plain["layers"] = [dict(layer) for layer in self.layers]
        plain["decisions"] = [
            {
                "control": decision.control_id.value,
                "path": decision.path,
                "action": decision.action.value,
                "why": _why(decision),
            }
            for decision in self.decisions
        ]
        return plain


def _why(decision: Decision) -> str:
    """The reason without what the request said: an exemption's, a waiver's, or the control's own."""
    if decision.action in (Action.EXEMPT, Action.WAIVED):
        return decision.why
    return CONTROLS[decision.control_id].why


class AuditSink(Protocol):
    """Where records go."""

    def prepare(self) -> None:
        """Called before each call is decided on: the moment to find out that nothing can be kept.

        Raises:
            AuditError: Records cannot be kept, and the call must not be made.
        """

    def write(self, record: AuditRecord) -> None:
        """Keep a record.

        Raises:
            AuditError: It could not be kept, and the call must not go on as if it had been.
        """


class LoggingSink:
    """Records to Python's logging, refusals as warnings.

    Args:
        logger: The logger; by default ``secure_sagemaker.audit``.
        on_failure: What to do when logging itself raises.
    """

    def __init__(self, logger: logging.Logger | None = None, *, on_failure: OnFailure = "warn") -> None:
        self._logger = logger or logging.getLogger("secure_sagemaker.audit")
        self._on_failure = on_failure

    def prepare(self) -> None:
        """Logging is always ready."""

    def write(self, record: AuditRecord) -> None:
        """Log the record as one line of JSON."""
        level = logging.WARNING if record.outcome is Outcome.REFUSED else logging.INFO
        if not self._logger.isEnabledFor(level):
            return
        try:
            self._logger.log(level, "%s", json.dumps(record.as_dict(), default=str))
        except OSError as failed:
            _failed(self._on_failure, "logging", failed)


class JsonLinesSink:
    """Records to a file, one JSON object a line, flushed before the call goes on.

    Args:
        path: The file, which is created with mode 0600 and appended to.
        on_failure: What to do when the file cannot be written.
        fsync: Wait until the disk has it.
    """

    def __init__(self, path: str | Path, *, on_failure: OnFailure = "refuse", fsync: bool = False) -> None:
        self._path = Path(path)
        self._on_failure = on_failure
        self._fsync = fsync
        self._lock = ForkSafeLock()

    def prepare(self) -> None:
        """Make sure that the file can be appended to."""
        try:
            os.close(self._open())
        except OSError as failed:
            _failed(self._on_failure, str(self._path), failed)

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, record: AuditRecord) -> None:
        """Append the record."""
        line = json.dumps(record.as_dict(), default=str, separators=(",", ":")) + "\n"
        try:
            with self._lock:
                descriptor = self._open()
                try:
                    rest = memoryview(line.encode())
                    while rest:  # a disk that fills up takes a part and says so at the next write
                        rest = rest[os.write(descriptor, rest) :]
                    if self._fsync:
                        os.fsync(descriptor)
                finally:
                    os.close(descriptor)
        except OSError as failed:
            _failed(self._on_failure, str(self._path), failed)


def _failed(on_failure: OnFailure, where: str, failed: OSError) -> None:
    if on_failure == "refuse":
        raise AuditError(
            f"the audit record could not be written to {where}: {failed.strerror or failed}",
            remedy="make it writable, or set on_failure='warn' for this sink",
        ) from failed
    logging.getLogger("secure_sagemaker").warning("audit record lost at %s: %s", where, failed)


class AuditTrail:
    """Writes records to the sink, and keeps the latest for the session's report.

    Args:
        sink: Where records go.
        clock: Tells the time, in UTC.
        monotonic: Measures latency, in seconds.
    """

    def __init__(
        self, sink: AuditSink, *, clock: Callable[[], datetime], monotonic: Callable[[], float]
    ) -> None:
        self.sink = sink
        self.clock = clock
        self.monotonic = monotonic
        self._records: deque[AuditRecord] = deque(maxlen=_KEPT_RECORDS)
        self._written = 0
        self._lock = ForkSafeLock()

    def write(self, record: AuditRecord) -> None:
        """Keep the record and hand it to the sink.

        Raises:
            AuditError: The sink could not keep it and must.
        """
        with self._lock:
            self._records.append(record)
            self._written += 1
        self.sink.write(record)

    @property
    def records(self) -> tuple[AuditRecord, ...]:
        """The latest records, oldest first."""
        with self._lock:
            return tuple(self._records)

    @property
    def written(self) -> int:
        """How many records there were."""
        with self._lock:
            return self._written

    @property
    def forgotten(self) -> int:
        """How many older records are with the sink alone."""
        with self._lock:
            return self._written - len(self._records)
