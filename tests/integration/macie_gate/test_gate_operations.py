"""Which calls need verdicts on what they have read, and what is sent and recorded without them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from secure_sagemaker import ControlError
from tests.integration.macie import CLEAN, SSN, TABLE
from tests.integration.macie_gate.gated import VERDICTS, Gated, sagemaker

OPERATIONS = (
    "CreateTrainingJob",
    "CreateProcessingJob",
    "CreateHyperParameterTuningJob",
    "CreateTransformJob",
    "CreateAutoMLJob",
    "CreateAutoMLJobV2",
)


@pytest.fixture
def model(gated: Gated) -> None:
    """A model for transforms, as the baseline has it."""
    plain: Any = gated.aws.source.client("sagemaker")
    if "churn" not in {one["ModelName"] for one in plain.list_models()["Models"]}:
        session = gated.session(mode="off")
        container = {"Image": gated.training("x", "s3://x")["AlgorithmSpecification"]["TrainingImage"]}
        sagemaker(session).create_model(
            ModelName="churn", PrimaryContainer=container, Tags=[{"Key": "project", "Value": "embedded"}]
        )
    gated.aws.forget_requests()


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_data_without_a_verdict_is_refused_and_cleared_data_let_pass(gated: Gated, operation: str) -> None:
    """The refusal names the input and the way out, is recorded once, without names or data; after a scan it is sent."""
    folder = gated.folder()
    gated.put(f"{folder}secret-name.csv", CLEAN)
    session = gated.session()
    request = gated.request(operation, gated.uri(folder))
    gated.aws.forget_requests()
    with pytest.raises(ControlError) as caught:
        gated.make(session, operation, request)
    refusal = caught.value
    assert ("input-scan", ()) == (refusal.control_id, refusal.others)
    assert "1 of 1 objects have no fresh verdict" in refusal.got
    assert f"secure-sagemaker scan '{gated.uri(folder)}'" in refusal.remedy
    assert f"{folder}secret-name.csv" in refusal.got
    record = gated.refused(operation).record
    assert record is not None
    told = str(record.as_dict())
    assert "input-scan" in told
    assert "secret-name" not in told
    session.scan([gated.uri(folder)])
    gated.make(session, operation, request)
    assert 1 == len(gated.sent(operation))
    assert ("input-scan", "kept") in {
        (one.control_id.value, one.action.value) for one in gated.aws.calls.last(operation).decisions
    }


def waiver(*operations: str) -> dict[str, object]:
    """An excuse for data that nobody can read."""
    return {
        "control": "input-scan",
        "operations": list(operations),
        "resources": ["*"],
        "reason": "the file system is filled by a vetted job",
        "ticket": "SEC-1",
        "approver": "security",
        "expires": "2099-01-01",
    }


def test_what_was_found_is_refused_by_category_and_never_told(gated: Gated) -> None:
    """Object, category and type are named; the data itself stands in no error and no record."""
    folder = gated.folder()
    gated.put(f"{folder}people.csv", TABLE)
    gated.put(f"{folder}clean.csv", CLEAN)
    session = gated.session()
    report = session.scan([gated.uri(folder)])
    assert not report.is_accepted
    gated.aws.forget_requests()
    with pytest.raises(ControlError, match="1 of 2 objects hold what is not accepted") as caught:
        gated.train(session, gated.uri(folder))
    assert f"{folder}people.csv: PERSONAL_INFORMATION: " in caught.value.got
    assert "USA_SOCIAL_SECURITY_NUMBER 1 (column ssn)" in caught.value.got
    record = gated.refused("CreateTrainingJob").record
    assert record is not None
    assert SSN not in f"{caught.value}{report}{record.as_dict()}"
    assert "people.csv" not in str(record.as_dict())
    gated.s3.delete_object(Bucket=gated.aws.data_bucket, Key=f"{folder}people.csv")
    gated.train(session, gated.uri(folder))


def test_scan_reads_first_and_goes_on(gated: Gated) -> None:
    """Within the call: one job, waited for; clear data is sent on, sensitive refused, known data not read again."""
    folder = gated.folder()
    gated.put(f"{folder}clean.csv", CLEAN)
    session = gated.session(mode="scan")
    gated.train(session, gated.uri(folder))
    assert 1 == len(gated.jobs())
    gated.put(f"{folder}people.csv", TABLE)
    with pytest.raises(ControlError, match="hold what is not accepted"):
        gated.train(session, gated.uri(folder))
    assert 2 == len(gated.jobs())
    gated.aws.forget_requests()
    with pytest.raises(ControlError, match="hold what is not accepted"):
        gated.train(session, gated.uri(folder))
    assert [] == gated.asked("macie2")


def test_observe_changes_nothing_and_tells(gated: Gated) -> None:
    """The request is the one that is sent without Macie, whatever is found; the record says what was not refused."""
    folder = gated.folder()
    gated.put(f"{folder}people.csv", TABLE)
    accepts = {"category": "PERSONAL_INFORMATION", "under": ["network-isolation"]}
    classes = {"people": {"places": [gated.uri(folder)], "accept": [accepts]}}
    open_network = {"network_isolation": {"training": "off"}}
    silent = gated.session(mode="off", layer=open_network)
    observing = gated.session(mode="observe", layer=open_network)
    guarding = gated.session(mode="observe", layer=open_network, classes=classes)
    observing.scan([gated.uri(folder)])
    gated.aws.forget_requests()
    for session in (silent, observing, guarding):
        gated.train(session, gated.uri(folder), name="same")
        gated.aws.source.client("sagemaker").delete_training_job(TrainingJobName="same")
    first, second, third = gated.sent("CreateTrainingJob")
    assert first == second == third
    assert "EnableNetworkIsolation" not in first
    _, told, _ = gated.aws.calls.of("CreateTrainingJob")
    assert ["observed"] == [
        one.action.value for one in told.decisions if one.control_id.value == "input-scan"
    ]
    assert [] == gated.asked("macie2")


def test_the_controls_own_mode_observes_as_well(gated: Gated) -> None:
    """A team that adopts by observing states it as with every other control."""
    folder = gated.folder()
    gated.put(f"{folder}clean.csv", CLEAN)
    session = gated.session(mode="scan", layer={"modes": {"input-scan": "observe"}})
    gated.train(session, gated.uri(folder))
    assert ["observed"] == [
        one.action.value
        for one in gated.aws.calls.last("CreateTrainingJob").decisions
        if one.control_id.value == "input-scan"
    ]
    assert [] == gated.asked("macie2")


def test_off_asks_nobody(gated: Gated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither S3 nor Macie is asked, and no file of verdicts is made."""
    monkeypatch.setenv(VERDICTS, str(tmp_path))
    folder = gated.folder()
    gated.put(f"{folder}people.csv", TABLE)
    gated.aws.forget_requests()
    gated.train(gated.own_session(mode="off"), gated.uri(folder))
    assert [] == gated.asked("macie2", "s3")
    assert 1 == len(gated.sent("CreateTrainingJob"))
    assert not any(tmp_path.iterdir())


FILE_SYSTEM = {
    "ChannelName": "train",
    "DataSource": {
        "FileSystemDataSource": {
            "FileSystemId": "fs-0123456789abcdef0",
            "FileSystemAccessMode": "ro",
            "FileSystemType": "EFS",
            "DirectoryPath": "/churn",
        }
    },
}


def test_a_file_system_needs_a_waiver(gated: Gated) -> None:
    """Macie reads no file systems: refused as unreadable, sent under a waiver, which the record names."""
    with pytest.raises(
        ControlError, match="unreadable: Macie reads objects in S3, and no file systems"
    ) as caught:
        gated.train(gated.session(), "", InputDataConfig=[FILE_SYSTEM])
    assert "EFS fs-0123456789abcdef0/churn" in caught.value.got
    gated.refused("CreateTrainingJob")
    excused = gated.session(layer={"waivers": [waiver("CreateTrainingJob")]})
    gated.train(excused, "", InputDataConfig=[FILE_SYSTEM])
    assert ["waived"] == [
        one.action.value
        for one in gated.aws.calls.last("CreateTrainingJob").decisions
        if one.control_id.value == "input-scan"
    ]
    assert [] == gated.asked("macie2")


def test_a_waiver_holds_for_its_operations_alone(gated: Gated) -> None:
    """That of another operation excuses nothing."""
    other = gated.session(layer={"waivers": [waiver("CreateProcessingJob")]})
    with pytest.raises(ControlError, match="unreadable"):
        gated.train(other, "", InputDataConfig=[FILE_SYSTEM])
