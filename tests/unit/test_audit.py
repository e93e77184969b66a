"""The audit trail: what a record says, what it never says, and what happens when it cannot be kept."""

from __future__ import annotations

import json
import logging
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from secure_sagemaker import (
    CONTROLS,
    AuditError,
    AuditRecord,
    ControlError,
    JsonLinesSink,
    LoggingSink,
    Outcome,
)
from secure_sagemaker.baseline import ControlId, LayerRecord
from secure_sagemaker.controls import Action, Decision
from tests.unit.baseline.stated import COMPLETE, WAIVER
from tests.unit.secured import Records, secured, training_job
from tests.wire import Wire

LAYER = LayerRecord(name="project", source="secure-sagemaker.toml", digest="d" * 64)
DECISION = Decision(
    control_id=ControlId.VPC_CONFIG,
    path="VpcConfig.Subnets",
    action=Action.CORRECTED,
    got="got-marker",
    wanted="wanted-marker",
    why="why-marker",
)


def record(operation: str = "CreateTrainingJob", outcome: Outcome = Outcome.SUCCEEDED) -> AuditRecord:
    return AuditRecord(
        time="2026-11-01T00:00:00+00:00",
        service="sagemaker",
        operation=operation,
        region="eu-west-1",
        principal="arn:aws:sts::111122223333:assumed-role/ml-launcher/secure-sagemaker",
        baseline_digest="b" * 64,
        layers=(LAYER,),
        decisions=(DECISION,),
        unknown_members=("NewMember",),
        outcome=outcome,
        request_id="request-1",
        error_code="",
        explanation="",
        latency_seconds=0.25,
    )


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# --- what a record says


def test_a_record_names_members_and_not_values() -> None:
    """As written it has every field, the layers with their digests, and decisions without what was there."""
    assert {
        "time": "2026-11-01T00:00:00+00:00",
        "service": "sagemaker",
        "operation": "CreateTrainingJob",
        "region": "eu-west-1",
        "principal": "arn:aws:sts::111122223333:assumed-role/ml-launcher/secure-sagemaker",
        "baseline_digest": "b" * 64,
        "layers": [{"name": "project", "source": "secure-sagemaker.toml", "digest": "d" * 64}],
        "decisions": [
            {
                "control": "vpc-config",
                "path": "VpcConfig.Subnets",
                "action": "corrected",
                "why": CONTROLS[ControlId.VPC_CONFIG].why,
            }
        ],
        "unknown_members": ["NewMember"],
        "outcome": "succeeded",
        "request_id": "request-1",
        "error_code": "",
        "explanation": "",
        "latency_seconds": 0.25,
    } == json.loads(json.dumps(record().as_dict()))


def test_each_record_holds_its_baseline(wire: Wire) -> None:
    """Digest and layers stand in every record, refused or not, so that a dropped layer shows."""
    records = Records()
    session = secured(wire, audit=records)
    client = session.client("sagemaker")
    client.list_models()
    foreign = {"Subnets": ["subnet-0f0f0f0f"], "SecurityGroupIds": ["sg-0a1b2c3d"]}
    with pytest.raises(ControlError):
        client.create_training_job(**training_job(VpcConfig=foreign))
    expected = (session.baseline.digest, session.baseline.layers)
    assert [expected] * 2 == [(kept.baseline_digest, kept.layers) for kept in records]
    assert session.baseline.layers


def test_a_waiver_stands_in_the_record(wire: Wire) -> None:
    """Each use of a waiver is recorded with its reason, ticket and approver."""
    records = Records()
    clock = datetime(2026, 12, 1, tzinfo=UTC)
    client = secured(wire, COMPLETE + WAIVER, audit=records, clock=lambda: clock).client("sagemaker")
    client.create_training_job(**training_job(EnableNetworkIsolation=False))
    written = json.loads(json.dumps(records[0].as_dict()))
    (told,) = (row for row in written["decisions"] if row["action"] == "waived")
    assert ("network-isolation", "EnableNetworkIsolation") == (told["control"], told["path"])
    for part in ("reads a feature store while it trains", "SEC-101", "jane.doe", "2026-12-31"):
        assert part in told["why"]


# --- JSON lines


def test_json_lines_are_appended(tmp_path: Path) -> None:
    """One valid object a line, behind what the file held."""
    path = tmp_path / "audit.jsonl"
    path.write_text('{"operation": "Earlier"}\n', encoding="utf-8")
    sink = JsonLinesSink(path, fsync=True)
    sink.prepare()
    sink.write(record("One"))
    sink.write(record("Two\nlines"))
    assert ["Earlier", "One", "Two\nlines"] == [line["operation"] for line in lines(path)]


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    """It is created with mode 0600 whatever the umask is."""
    path = tmp_path / "audit.jsonl"
    before = os.umask(0)
    try:
        JsonLinesSink(path).prepare()
    finally:
        os.umask(before)
    assert 0o600 == path.stat().st_mode & 0o777


def test_threads_do_not_interleave(tmp_path: Path) -> None:
    """Lines of many threads, and of two sinks on one file, stay whole."""
    path = tmp_path / "audit.jsonl"
    sinks, start = [JsonLinesSink(path), JsonLinesSink(path)], threading.Barrier(8)

    def write(number: int) -> None:
        start.wait(30)
        for index in range(50):
            sinks[number % 2].write(record(f"{number}-{index}-" + "x" * 5000))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    written = [str(line["operation"]).rstrip("x") for line in lines(path)]
    assert {f"{number}-{index}-" for number in range(8) for index in range(50)} == set(written)
    assert 400 == len(written)


def test_an_unwritable_file_refuses_the_call(wire: Wire, tmp_path: Path) -> None:
    """Before anything is sent; the error names the file and the remedy the setting."""
    path = tmp_path / "no-such-folder" / "audit.jsonl"
    client = secured(wire, audit=JsonLinesSink(path)).client("sagemaker")
    with pytest.raises(AuditError, match="no-such-folder") as caught:
        client.create_training_job(**training_job())
    assert "on_failure='warn'" in caught.value.remedy
    assert [] == wire.requests


def test_an_unwritable_file_may_only_warn(
    wire: Wire, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With on_failure='warn' the call goes on and the loss is logged."""
    sink = JsonLinesSink(tmp_path, on_failure="warn")
    secured(wire, audit=sink).client("sagemaker").list_models()
    assert 1 == len(wire.of("ListModels"))
    assert "audit record lost" in caplog.text


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the kernel has no full disk to try")
def test_a_full_disk_is_an_error() -> None:
    """A record that could not be written is never taken for written."""
    sink = JsonLinesSink("/dev/full")
    sink.prepare()
    with pytest.raises(AuditError, match="No space left"):
        sink.write(record())


def test_every_call_is_in_the_file(wire: Wire, tmp_path: Path) -> None:
    """End to end: success, and a refusal with its control, one line each."""
    path = tmp_path / "audit.jsonl"
    client = secured(wire, audit=JsonLinesSink(path)).client("sagemaker")
    client.create_training_job(**training_job())
    foreign = {"Subnets": ["subnet-0f0f0f0f"], "SecurityGroupIds": ["sg-0a1b2c3d"]}
    with pytest.raises(ControlError):
        client.create_training_job(**training_job(VpcConfig=foreign))
    told = [(line["operation"], line["outcome"], line["error_code"]) for line in lines(path)]
    assert [("CreateTrainingJob", "succeeded", ""), ("CreateTrainingJob", "refused", "vpc-config")] == told
    assert "subnet-" not in path.read_text(encoding="utf-8")


# --- logging


def test_logging_has_a_line_of_json(caplog: pytest.LogCaptureFixture) -> None:
    """Refusals are warnings, the rest is information, each one valid JSON."""
    caplog.set_level(logging.INFO, "secure_sagemaker.audit")
    sink = LoggingSink()
    sink.prepare()
    sink.write(record("One"))
    sink.write(record("Two", Outcome.REFUSED))
    told = [(entry.levelname, json.loads(entry.getMessage())["operation"]) for entry in caplog.records]
    assert [("INFO", "One"), ("WARNING", "Two")] == told


class FailingHandler(logging.Handler):
    """A handler whose disk is full."""

    def emit(self, entry: logging.LogRecord) -> None:
        raise OSError(28, "No space left on device")


@pytest.fixture
def failing() -> logging.Logger:
    """A logger that cannot write, and is nobody else's."""
    logger = logging.Logger("failing", logging.INFO)  # noqa: LOG001  # so that it is in no registry
    logger.addHandler(FailingHandler())
    return logger


def test_logging_that_fails_warns(
    wire: Wire, failing: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    """By default the call goes on, and the loss is told by another logger."""
    secured(wire, audit=LoggingSink(failing)).client("sagemaker").list_models()
    assert "audit record lost at logging" in caplog.text


def test_logging_that_fails_may_refuse(failing: logging.Logger) -> None:
    """With on_failure='refuse' it raises."""
    with pytest.raises(AuditError, match="No space left"):
        LoggingSink(failing, on_failure="refuse").write(record())
