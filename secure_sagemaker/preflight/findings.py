"""What preflight says: one finding for each thing that a check looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from secure_sagemaker.controls import Severity

__all__ = ["READ", "Check", "Finding", "Status"]

READ = "let the role read it, and check again"
"""The remedy of what could not be read."""


class Status(StrEnum):
    """What came of a check."""

    OK = "ok"
    PROBLEM = "problem"
    UNKNOWN = "unknown"
    """It could not be read, or what was read does not decide it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing that preflight decides."""

    id: str
    title: str
    severity: Severity
    case: str
    """The exact case that it decides."""
    remedy: str

    def ok(self, subject: str, why: str) -> Finding:
        """It holds of the subject."""
        return Finding(id=self.id, severity=self.severity, status=Status.OK, subject=subject, why=why)

    def problem(self, subject: str, why: str, *, fix: str = "") -> Finding:
        """It does not hold."""
        return Finding(
            id=self.id,
            severity=self.severity,
            status=Status.PROBLEM,
            subject=subject,
            why=why,
            remedy=self.remedy,
            fix=fix,
        )

    def unknown(self, subject: str, why: str, *, remedy: str = "") -> Finding:
        """Nobody can say from what was read."""
        return Finding(
            id=self.id,
            severity=self.severity,
            status=Status.UNKNOWN,
            subject=subject,
            why=why,
            remedy=remedy or self.remedy,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What a check says of one subject."""

    id: str
    """The check's."""
    severity: Severity
    """How bad it is where it does not hold."""
    status: Status
    subject: str
    """What was looked at, such as ``subnet-0a1b``."""
    why: str
    remedy: str = ""
    """What to change; empty where nothing is to be."""
    fix: str = field(default="", repr=False)
    """The AWS CLI's command, or the setting, that changes it; empty where that takes a person's decision."""
