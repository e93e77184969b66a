"""What a session tells a person."""

from __future__ import annotations

import pytest

from secure_sagemaker import Action, ControlError, SessionReport
from tests.unit.baseline.stated import KEY
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
