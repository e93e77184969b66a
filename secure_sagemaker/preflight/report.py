"""What preflight found, whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from secure_sagemaker.controls import Severity
from secure_sagemaker.preflight.findings import Finding, Status

__all__ = ["PreflightReport"]

_BY_SEVERITY = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, kw_only=True, repr=False)
class PreflightReport:
    """What each check said. Printing it gives a table.

    Attributes:
        findings: One for each check and what it looked at, in the order of the checks.
    """

    findings: tuple[Finding, ...]

    @property
    def open(self) -> tuple[Finding, ...]:
        """What is not known to hold: problems first, the most severe first of each."""
        found = [one for one in self.findings if one.status is not Status.OK]
        return tuple(
            sorted(found, key=lambda one: (one.status is Status.UNKNOWN, -_BY_SEVERITY[one.severity]))
        )

    @property
    def worst(self) -> Severity | None:
        """The highest severity of what is not known to hold; None where everything is."""
        return max((one.severity for one in self.open), key=_BY_SEVERITY.__getitem__, default=None)

    def count(self, status: Status) -> int:
        """How many findings have a status."""
        return sum(one.status is status for one in self.findings)

    def as_dict(self) -> Mapping[str, object]:
        """All of it as plain values, for JSON."""
        return {
            "worst": None if self.worst is None else self.worst.value,
            "counts": {status.value: self.count(status) for status in Status},
            "findings": [
                {
                    "id": one.id,
                    "severity": one.severity.value,
                    "status": one.status.value,
                    "subject": one.subject,
                    "why": one.why,
                    "remedy": one.remedy,
                    "fix": one.fix,
                }
                for one in self.findings
            ],
        }

    def __repr__(self) -> str:
        return str(self)  # a prompt or a notebook that shows it shows the table

    def __str__(self) -> str:
        lines = []
        for one in (*self.open, *(one for one in self.findings if one.status is Status.OK)):
            lines.append(f"{one.status.value:8} {one.severity.value:9} {one.id:24} {one.subject}: {one.why}")
            if one.status is not Status.OK:
                lines.append(f"{'':19}remedy: {one.remedy}")
                lines += [f"{'':19}   fix: {line}" for line in one.fix.splitlines()]
        told = ", ".join(f"{self.count(status)} {status.value}" for status in Status)
        return "\n".join([*lines, f"{len(self.findings)} findings: {told}"])
