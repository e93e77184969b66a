"""What a session tells a person."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest

from secure_sagemaker import Action, ControlError, SessionReport
from tests.unit.baseline.stated import COMPLETE, KEY
from tests.unit.secured import secured, training_job
from tests.unit.test_audit import record
from tests.wire import Wire

FOREIGN = {"Subnets": ["subnet-0f0f0f0f"], "SecurityGroupIds": ["sg-0a1b2c3d"]}


def test_it_prints_every_decision(wire: Wire) -> None:
    """Each call with its outcome, and each decision with its action and member path, kept ones too."""
    session = secured(wire)
    client = session.client("sagemaker")
    client.create_training_job(**training_job(EnableInterContainerTrafficEncryption=False))
    with pytest.raises(ControlError):
        client.create_training_job(**training_job(VpcConfig=FOREIGN))
    report = session.report()
    done, refused = report.records
    first, second = str(report).split("sagemaker.CreateTrainingJob: refused (vpc-config)")
    for told, call in ((first, done), (second, refused)):
        assert call.decisions
        for decision in call.decisions:
            (line,) = (line for line in told.splitlines() if decision.path in line.replace(",", "").split())
            assert decision.action.value == line.split()[0]
    assert "sagemaker.CreateTrainingJob: succeeded" in first
    assert "injected   OutputDataConfig.KmsKeyId" in first
    assert KEY in first
    assert "subnet-0f0f0f0f" in second
    assert "2 calls, 1 refused" in second


def test_it_counts_and_selects(wire: Wire) -> None:
    """Decisions can be counted by action and taken by operation."""
    session = secured(wire)
    session.client("sagemaker").create_training_job(**training_job())
    session.client("sagemaker").list_models()
    report = session.report()
    decisions = report.decisions("CreateTrainingJob")
    assert () == report.decisions("ListModels")
    for action in Action:
        assert report.count(action) == sum(decision.action is action for decision in decisions)
    assert report.count(Action.INJECTED) >= 4


def test_a_new_session_has_nothing_to_tell(wire: Wire) -> None:
    """No calls, said in one line."""
    assert "0 calls, 0 refused; members: none governed" == str(secured(wire).report())


def test_what_is_forgotten_is_said() -> None:
    """When older calls are with the sink alone, the report says how many."""
    shown = str(SessionReport(records=(record(),), forgotten=7))
    assert "7 older calls are in the audit trail only" in shown


def test_a_long_session_keeps_its_latest_calls(wire: Wire) -> None:
    """The report is bounded: what falls out is counted, what stays is the latest."""
    session = secured(wire)
    trail = session._trail
    for number in range(10_005):
        trail._records.append(record(f"Op{number}"))
        trail._written += 1
    report = session.report()
    assert (10_000, 5, "Op10004") == (len(report.records), report.forgotten, report.records[-1].operation)


def test_a_value_cannot_draw_on_the_table(wire: Wire) -> None:
    """Line breaks and control characters of a request's value do not reach the terminal."""
    session = secured(wire)
    drawn = {"S3OutputPath": "s3://elsewhere\n\x1b[2Jsagemaker.CreateModel: succeeded"}
    with pytest.raises(ControlError):
        session.client("sagemaker").create_training_job(**training_job(OutputDataConfig=drawn))
    shown = str(session.report())
    assert "\x1b" not in shown
    assert [] == [line for line in shown.splitlines() if line.startswith("sagemaker.CreateModel")]


WAIVED = f"""{COMPLETE}
[[waivers]]
control = "network-isolation"
operations = ["CreateTrainingJob"]
resources = ["churn-*"]
resource_tags = {{ team = "churn" }}
reason = "break-glass"
ticket = "INC-4711"
approver = "jane.doe"
expires = 2026-11-30
"""
IN_FORCE = (
    "network-isolation is waived for CreateTrainingJob of churn-*, team=churn: break-glass "
    "(ticket INC-4711, approved by jane.doe, until 2026-11-30)"
)


class Days:
    """A clock that a test turns by the day."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 30, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_what_is_waived_is_said_aloud(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    """A warning when the session is made, before any call."""
    wire.clock = days = Days()
    with caplog.at_level(logging.WARNING, "secure_sagemaker"):
        secured(wire, clock=days)
        assert [] == caplog.messages
        secured(wire, WAIVED, clock=days)
    assert [(IN_FORCE, logging.WARNING)] == [(one.getMessage(), one.levelno) for one in caplog.records]


def test_what_is_waived_is_in_the_report_until_it_ends(wire: Wire) -> None:
    """In the report and the verification, printed and as data, as long as it holds."""
    wire.clock = days = Days()
    session = secured(wire, WAIVED, clock=days)
    (waiver,) = session.baseline.waivers
    assert ((waiver,), (waiver,)) == (session.report().waivers, session.verify().waivers)
    for shown in (str(session.report()), str(session.verify())):
        assert shown.endswith(f"in force\n  {IN_FORCE}")
    (plain,) = session.verify().as_dict()["waivers"]  # type: ignore[misc]  # a list of the waivers
    assert ("INC-4711", "2026-11-30") == (plain["ticket"], plain["expires"])
    days.now = datetime(2026, 12, 1, tzinfo=UTC)
    assert () == session.report().waivers
    assert "in force" not in str(session.report())
