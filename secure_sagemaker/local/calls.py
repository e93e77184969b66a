"""Calls as a test looks at them: what was decided about each, and what went over the wire.

A request bears an id that its answer repeats, and the audit record of a call has the id of its answer:
that is what brings the two together. A refused call has no request, and a request of a session that is
not a secured one has no record.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import overload

from secure_sagemaker import Action, AuditRecord, AuditSink, Decision, Outcome
from secure_sagemaker.local.records import RecordedRequest

__all__ = ["Journal", "RecordedCall", "RecordedCalls", "Witness"]

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


@dataclass(frozen=True, kw_only=True)
class RecordedCall:
    """One API call."""

    record: AuditRecord | None
    """What the secured session decided and saw; None for a request of any other session."""
    request: RecordedRequest | None
    """What went over the wire; None for a call that was refused, and for a URL that was only signed."""

    @property
    def service(self) -> str:
        """botocore's name of the service."""
        return self._either.service

    @property
    def operation(self) -> str:
        """The API operation, such as ``CreateTrainingJob``."""
        return self._either.operation

    @property
    def _either(self) -> AuditRecord | RecordedRequest:
        told = self.record if self.request is None else self.request
        if told is None:
            raise LookupError("a call is a record, a request, or both")
        return told

    @property
    def parameters(self) -> Mapping[str, object]:
        """The parameters as they were sent; empty where nothing was."""
        return {} if self.request is None else self.request.parameters

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Every decision about the call."""
        return () if self.record is None else self.record.decisions

    @property
    def injected(self) -> Mapping[str, object]:
        """What was added, by member path, as it was sent."""
        return self._sent(Action.INJECTED)

    @property
    def corrected(self) -> Mapping[str, object]:
        """What was changed, by member path, as it was sent."""
        return self._sent(Action.CORRECTED)

    @property
    def kept(self) -> Mapping[str, object]:
        """What the caller said that was right already, by member path, as it was sent."""
        return self._sent(Action.KEPT)

    @property
    def refusals(self) -> tuple[Decision, ...]:
        """Why it was not sent: the controls that refused it, each with its member path and remedy."""
        return tuple(decision for decision in self.decisions if decision.action is Action.REFUSED)

    @property
    def was_refused(self) -> bool:
        """Whether the session held it back."""
        return self.record is not None and self.record.outcome is Outcome.REFUSED

    def _sent(self, action: Action) -> Mapping[str, object]:
        if self.request is None:
            return {}
        return MappingProxyType(
            {
                decision.path: _at(self.request.parameters, decision)
                for decision in self.decisions
                if decision.action is action
            }
        )

    def __str__(self) -> str:
        if self.record is None:
            return f"{self.service}.{self.operation} (not of a secured session)"
        return f"{self.service}.{self.operation} ({self.record.outcome.value})"


def _at(parameters: Mapping[str, object], decision: Decision) -> object:
    """The value at a decision's path; what the decision says of it where the wire has no such member."""
    value: object = parameters
    for name, index in _STEP.findall(decision.path):
        if index and isinstance(value, list) and int(index) < len(value):
            value = value[int(index)]
        elif name and isinstance(value, Mapping) and name in value:
            value = value[name]
        else:
            return decision.wanted
    return value


@dataclass(kw_only=True, eq=False)
class _Entry:
    request: RecordedRequest | None = None
    record: AuditRecord | None = None


@dataclass(kw_only=True, eq=False)
class Journal:
    """Requests as they arrive, and audit records as they are written; an ``AuditSink``."""

    _entries: list[_Entry] = field(default_factory=list)
    _by_id: dict[str, _Entry] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def sent(self, request: RecordedRequest) -> None:
        """Keep a request."""
        entry = _Entry(request=request)
        with self._lock:
            self._entries.append(entry)
            self._by_id[request.request_id] = entry

    def prepare(self) -> None:
        """It is always ready."""

    def write(self, record: AuditRecord) -> None:
        """Keep an audit record, beside the request that it is about."""
        with self._lock:
            entry = self._by_id.get(record.request_id)
            if entry is None:
                self._entries.append(_Entry(record=record))
            else:
                entry.record = record

    def forget(self) -> None:
        """Drop everything so far."""
        with self._lock:
            self._entries.clear()
            self._by_id.clear()

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """Every request, in the order they came."""
        with self._lock:
            return tuple(entry.request for entry in self._entries if entry.request is not None)

    @property
    def calls(self) -> tuple[RecordedCall, ...]:
        """Every call, in the order of their requests; a refused one stands where it was refused."""
        with self._lock:
            return tuple(RecordedCall(record=entry.record, request=entry.request) for entry in self._entries)


@dataclass(frozen=True, kw_only=True)
class RecordedCalls(Sequence[RecordedCall]):
    """The calls that the embedded AWS saw, and those that a secured session refused; always up to date."""

    _journal: Journal = field(repr=False)

    @overload
    def __getitem__(self, index: int) -> RecordedCall: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[RecordedCall, ...]: ...
    def __getitem__(self, index: int | slice) -> RecordedCall | tuple[RecordedCall, ...]:
        return self._journal.calls[index]

    def __len__(self) -> int:
        return len(self._journal.calls)

    def __iter__(self) -> Iterator[RecordedCall]:
        return iter(self._journal.calls)

    def of(self, operation: str) -> tuple[RecordedCall, ...]:
        """The calls of an operation, refused ones among them.

        Args:
            operation: Such as ``CreateTrainingJob``.
        """
        return tuple(call for call in self if call.operation == operation)

    def last(self, operation: str) -> RecordedCall:
        """The latest call of an operation.

        Raises:
            LookupError: There was none.
        """
        calls = self.of(operation)
        if not calls:
            seen = ", ".join(dict.fromkeys(call.operation for call in self)) or "none at all"
            raise LookupError(f"no call of {operation} was recorded; calls that were: {seen}")
        return calls[-1]

    @property
    def refused(self) -> tuple[RecordedCall, ...]:
        """The calls that a secured session held back."""
        return tuple(call for call in self if call.was_refused)

    def forget(self) -> None:
        """Drop what was recorded so far."""
        self._journal.forget()


class Witness:
    """An audit sink that tells the journal too.

    Args:
        journal: Who is told as well.
        sink: Where the session's records go.
    """

    def __init__(self, journal: Journal, sink: AuditSink) -> None:
        self._journal = journal
        self._sink = sink

    def prepare(self) -> None:
        """Let the session's own sink say whether it can keep records."""
        self._sink.prepare()

    def write(self, record: AuditRecord) -> None:
        """Hand the record to both."""
        self._journal.write(record)
        self._sink.write(record)
