"""What happened to a process besides its calls, which the audit trail has: refused clients, keys let through."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from secure_sagemaker.audit import AuditRecord, AuditSink

__all__ = ["BothSinks", "Note", "Notes", "read_lines"]

logger = logging.getLogger(__name__)

Kind = Literal["activated", "refused", "let through"]


@dataclass(frozen=True, kw_only=True)
class Note:
    """One thing that happened."""

    kind: Kind
    text: str
    process: int
    program: str


class Notes:
    """Keeps what happened, for the summary: here, and in a file that other processes write too."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._kept: list[Note] = []

    def add(self, kind: Kind, text: str) -> None:
        """Note that it happened."""
        note = Note(kind=kind, text=text, process=os.getpid(), program=Path(sys.argv[0] or "-").name)
        if kind != "activated":
            logger.warning("%s: %s", kind, text)
        # Both are done at once or not at all, without a lock that a forked process could find locked.
        if self._path is None:
            self._kept.append(note)
        else:
            _append(self._path, asdict(note))

    def all(self) -> tuple[Note, ...]:
        """What happened so far, in every process that notes to the same file."""
        if self._path is None:
            return tuple(self._kept)
        return tuple(
            Note(
                kind=line["kind"],  # type: ignore[arg-type]  # written by add alone
                text=str(line["text"]),
                process=int(str(line["process"])),
                program=str(line["program"]),
            )
            for line in read_lines(self._path)
        )


class BothSinks:
    """Audit records to two places."""

    def __init__(self, one: AuditSink, other: AuditSink) -> None:
        self._both = one, other

    def prepare(self) -> None:
        """Have both ready."""
        for sink in self._both:
            sink.prepare()

    def write(self, record: AuditRecord) -> None:
        """Write to both."""
        for sink in self._both:
            sink.write(record)


def _append(path: Path, content: Mapping[str, object]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, (json.dumps(content, separators=(",", ":")) + "\n").encode())
    finally:
        os.close(descriptor)


def read_lines(path: Path) -> Iterator[dict[str, object]]:
    """The JSON objects of a file, one a line; a last line that is cut off is left out."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    for line in text.splitlines(keepends=True):
        if line.endswith("\n"):
            content: dict[str, object] = json.loads(line)
            yield content
