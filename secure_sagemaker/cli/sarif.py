"""Findings in SARIF 2.1.0, which code hosts show beside the file that they are about."""

from collections.abc import Mapping
from pathlib import Path

from secure_sagemaker import SecurityBaseline, Severity
from secure_sagemaker.preflight import CHECKS, Finding, PreflightReport
from secure_sagemaker.sarif import sarif_log, sarif_text

__all__ = ["as_sarif"]

_LEVELS: Mapping[Severity, str] = {
    Severity.LOW: "note",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "error",
    Severity.CRITICAL: "error",
}
_PAGE = "docs/reference/preflight.md"


def as_sarif(report: PreflightReport, baseline: SecurityBaseline) -> Mapping[str, object]:
    """A log of one run: a rule for each check, a result for each finding that is not well."""
    here = Path.cwd()
    files = [Path(layer.source) for layer in baseline.layers]
    within = [one.resolve() for one in files if one.is_file() and one.resolve().is_relative_to(here)]
    location = within[-1].relative_to(here).as_posix() if within else None
    rules = [
        {
            "id": one.id,
            "shortDescription": {"text": one.title},
            "fullDescription": {"text": one.case},
            "help": {"text": f"{one.remedy}. See {_PAGE}."},
            "defaultConfiguration": {"level": _LEVELS[one.severity]},
        }
        for one in CHECKS.values()
    ]
    return sarif_log(rules=rules, results=[_result(one, location) for one in report.open])


def _result(finding: Finding, location: str | None) -> Mapping[str, object]:
    where: dict[str, object] = {
        "logicalLocations": [{"fullyQualifiedName": finding.subject, "kind": "resource"}]
    }
    if location is not None:
        where["physicalLocation"] = {"artifactLocation": {"uri": location}, "region": {"startLine": 1}}
    return {
        "ruleId": finding.id,
        "ruleIndex": list(CHECKS).index(finding.id),
        "level": _LEVELS[finding.severity],
        "message": sarif_text(
            f"{finding.status.value}: {finding.subject}: {finding.why}. Remedy: {finding.remedy}"
        ),
        "locations": [where],
        "partialFingerprints": {"checkAndSubject/v1": f"{finding.id}:{finding.subject}"},
        "properties": {
            "status": finding.status.value,
            "severity": finding.severity.value,
            "fix": finding.fix,
        },
    }
