"""The report, and its SARIF: what is told first, what counts, and that the log is one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from secure_sagemaker import SecurityBaseline, Severity
from secure_sagemaker.cli.sarif import as_sarif
from secure_sagemaker.preflight import CHECKS, PreflightReport, Status
from tests.sarif import SARIF
from tests.unit.baseline.stated import COMPLETE

pytestmark = pytest.mark.once

OK = CHECKS["subnet-vpc"].ok("vpc.subnets", "they are of vpc-a")
UNKNOWN = CHECKS["route-internet-gateway"].unknown("subnet-a", "nobody said")
MEDIUM = CHECKS["vpc-flow-logs"].problem("vpc-a", "there is none", fix="aws ec2 create-flow-logs")
HIGH = CHECKS["vpc-dns"].problem("vpc-a", "DNS support off")
REPORT = PreflightReport(findings=(OK, UNKNOWN, MEDIUM, HIGH))


def test_what_is_open_is_told_first_and_counts() -> None:
    """Problems by severity, then unknowns; an unknown is as bad as it might be; what is well says nothing of fixes."""
    assert (HIGH, MEDIUM, UNKNOWN) == REPORT.open
    assert Severity.CRITICAL is REPORT.worst
    assert (1, 2, 1) == tuple(map(REPORT.count, (Status.OK, Status.PROBLEM, Status.UNKNOWN)))
    told = str(REPORT)
    assert told == repr(REPORT)
    lines = told.splitlines()
    assert [one.id for one in (HIGH, MEDIUM, UNKNOWN, OK)] == [
        line.split()[2] for line in lines if line.startswith(("ok", "problem", "unknown"))
    ]
    assert "fix: aws ec2 create-flow-logs" in told
    assert "4 findings: 1 ok, 2 problem, 1 unknown" == lines[-1]
    well = PreflightReport(findings=(OK,))
    assert (None, ()) == (well.worst, well.open)


def test_the_report_as_plain_values_is_all_of_it() -> None:
    """It is JSON, with the worst, the counts, and each finding with all that it says."""
    plain: Any = json.loads(json.dumps(REPORT.as_dict()))
    assert "critical" == plain["worst"]
    assert {"ok": 1, "problem": 2, "unknown": 1} == plain["counts"]
    assert {
        "id": "vpc-flow-logs",
        "severity": "medium",
        "status": "problem",
        "subject": "vpc-a",
        "why": "there is none",
        "remedy": CHECKS["vpc-flow-logs"].remedy,
        "fix": "aws ec2 create-flow-logs",
    } == plain["findings"][2]


@pytest.mark.parametrize("within", [True, False])
def test_the_sarif_log_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, within: bool) -> None:
    """Each open finding is a result of its rule; the baseline's file is where, if it is below the folder."""
    folder = tmp_path / "repository"
    folder.mkdir()
    file = (folder if within else tmp_path) / "secure-sagemaker.toml"
    file.write_text(COMPLETE, encoding="utf-8")
    monkeypatch.chdir(folder)
    log: Any = json.loads(json.dumps(as_sarif(REPORT, SecurityBaseline.from_file(file))))
    jsonschema.Draft202012Validator(SARIF).validate(log)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert list(CHECKS) == [one["id"] for one in rules]
    results = run["results"]
    assert [one.id for one in REPORT.open] == [one["ruleId"] for one in results]
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in results)
    assert ["error", "warning", "error"] == [one["level"] for one in results]
    assert len(results) == len({one["partialFingerprints"]["checkAndSubject/v1"] for one in results})
    said = [one["locations"][0].get("physicalLocation") for one in results]
    place = {"artifactLocation": {"uri": "secure-sagemaker.toml"}, "region": {"startLine": 1}}
    assert [place if within else None] * 3 == said
