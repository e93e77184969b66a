"""What a job's discovery results say: one verdict an object, read from what Macie really wrote."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO

import pytest

from secure_sagemaker import ScanError, ScanReport
from secure_sagemaker.local import embedded_aws
from secure_sagemaker.macie.results import verdicts
from secure_sagemaker.macie.verdicts import ObjectVerdict, Outcome, Severity
from tests.integration.macie import CLEAN, SSN, TABLE, Macie
from tests.scan_reports import report, scanned

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def macie() -> Iterator[Macie]:
    """One account for the module, with Macie enabled."""
    with embedded_aws() as aws:
        yield Macie(aws=aws, results=aws.macie.enable())


@pytest.mark.parametrize(
    "form", [str, ScanReport.to_json, ScanReport.to_sarif, ScanReport.to_asff, ScanReport.to_html]
)
def test_no_form_of_a_report_holds_what_was_found(macie: Macie, form: Callable[[ScanReport], object]) -> None:
    """Of a table that Macie really read, the types, the counts and the columns are told, and no value."""
    folder = macie.folder()
    planted = ("Hieronymus", "078-05-1120", "AKIAIOSFODNN7EXAMPLE", "4111111111111111")
    macie.put(
        f"{folder}planted.csv", f"name,ssn,aws_access_key_id,credit card\n{','.join(planted)}\n".encode()
    )
    macie.put(f"{folder}planted.json", json.dumps({"ssn": planted[1], "card number": planted[3]}).encode())
    known = [*read(macie, macie.start(folder)).values()]
    assert {Outcome.SENSITIVE} == {one.outcome for one in known}
    found = scanned(f"s3://{macie.aws.data_bucket}/{folder}", [(one.object, one) for one in known])
    told = str(form(report(found, objects=known)))
    assert "USA_SOCIAL_SECURITY_NUMBER" in told
    assert [] == [value for value in planted if value in told or value.replace("-", "") in told]


def read(macie: Macie, job: str) -> dict[str, ObjectVerdict]:
    """The verdicts of a job that has ended, by the last part of the object's key."""
    macie.describe(job)

    def files() -> Iterator[tuple[str, BinaryIO]]:
        for key in macie.files_of(job):
            body: Any = macie.s3.get_object(Bucket=macie.results, Key=key)["Body"]
            yield f"s3://{macie.results}/{key}", body

    found = list(verdicts(files(), job_id=job, made_at=NOON))
    told = {one.object.key.rpartition("/")[2]: one for one in found}
    assert len(told) == len(found)
    return told


def test_each_object_has_the_verdict_that_its_result_is(macie: Macie) -> None:
    """Read and empty of findings is clear, found is sensitive, and all else is unread with Macie's reason."""
    folder = macie.folder()
    macie.put(f"{folder}clean.csv", CLEAN)
    macie.put(f"{folder}table.csv", TABLE)
    macie.put(f"{folder}image.png", b"\x89PNG")
    macie.put(f"{folder}cold.csv", TABLE, StorageClass="GLACIER")
    told = read(macie, macie.start(folder))
    assert {name: (one.outcome, one.reason) for name, one in told.items()} == {
        "clean.csv": (Outcome.CLEAR, ""),
        "table.csv": (Outcome.SENSITIVE, ""),
        "image.png": (Outcome.UNREAD, "SKIPPED: UNSUPPORTED_FILE_TYPE_EXCEPTION"),
        "cold.csv": (Outcome.UNREAD, "SKIPPED: INVALID_OBJECT_STATE"),
    }
    assert told["table.csv"].severity is Severity.HIGH
    found = {one.type: one for one in told["table.csv"].detections}
    number = found["USA_SOCIAL_SECURITY_NUMBER"]
    assert (number.category, number.count, number.places) == ("PERSONAL_INFORMATION", 1, ("column ssn",))
    for name, one in told.items():
        shown = macie.s3.head_object(Bucket=macie.aws.data_bucket, Key=f"{folder}{name}")
        assert (one.object.etag, one.object.size) == (shown["ETag"].strip('"'), shown["ContentLength"])
        assert (one.read_at, one.object.bucket) == (NOON, macie.aws.data_bucket)
        assert SSN not in repr(one)


def test_an_archive_is_one_object(macie: Macie) -> None:
    """Its own record counts what its files hold, they tell where; and a file that was not read leaves it unread."""
    folder = macie.folder()

    def zipped(**files: bytes) -> bytes:
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            for name, body in files.items():
                archive.writestr(name.replace("__", "."), body)
        return held.getvalue()

    macie.put(f"{folder}found.zip", zipped(a__csv=TABLE, b__csv=TABLE, c__csv=CLEAN))
    macie.put(f"{folder}clean.zip", zipped(a__csv=CLEAN))
    macie.put(f"{folder}partly.zip", zipped(a__csv=CLEAN, b__png=b"\x89PNG"))
    macie.put(f"{folder}packed.csv.gz", gzip.compress(TABLE))
    told = read(macie, macie.start(folder))
    assert told["clean.zip"].outcome is Outcome.CLEAR
    assert told["partly.zip"].outcome is Outcome.UNREAD
    assert "ARCHIVE_CONTAINS_UNPROCESSED_FILES" in told["partly.zip"].reason
    for name, places in (("found.zip", ("a.csv: column ssn", "b.csv: column ssn")), ("packed.csv.gz", ())):
        number = next(one for one in told[name].detections if one.type == "USA_SOCIAL_SECURITY_NUMBER")
        assert told[name].outcome is Outcome.SENSITIVE
        assert (number.count, number.places) == (len(places) or 1, places)


def _record(**changes: object) -> dict[str, Any]:
    record: dict[str, Any] = {
        "severity": None,
        "classificationDetails": {
            "jobId": "job-1",
            "result": {
                "status": {"code": "COMPLETE", "reason": None},
                "mimeType": "text/csv",
                "sensitiveData": [],
            },
        },
        "resourcesAffected": {
            "s3Bucket": {"name": "ml-datasets"},
            "s3Object": {"key": "churn/train.csv", "eTag": "9b2c", "size": 120},
        },
    }
    for path, value in changes.items():
        *parts, last = path.split("__")
        place = record
        for part in parts:
            place = place[part]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return record


def _told(*lines: bytes) -> list[ObjectVerdict]:
    packed = io.BytesIO(gzip.compress(b"\n".join(lines)))
    return list(verdicts([("s3://ml-results/a.jsonl.gz", packed)], job_id="job-1", made_at=NOON))


def test_what_was_found_in_an_object_that_was_read_in_part_is_kept() -> None:
    """It is sensitive, and not read to its end: neither hides the other."""
    detections = [{"type": "NAME", "count": 2}]
    status = {"code": "PARTIAL", "reason": "FILE_EXCEEDS_SIZE_LIMIT"}
    groups = [{"category": "PERSONAL_INFORMATION", "detections": detections}]
    (one,) = _told(
        json.dumps(
            _record(
                severity={"description": "Low"},
                classificationDetails__result__status=status,
                classificationDetails__result__sensitiveData=groups,
            )
        ).encode()
    )
    assert (one.outcome, one.reason, one.severity) == (
        Outcome.SENSITIVE,
        "PARTIAL: FILE_EXCEEDS_SIZE_LIMIT",
        Severity.LOW,
    )


def test_results_of_other_jobs_are_left_out() -> None:
    """A bucket of results holds those of every job."""
    other = json.dumps(_record(classificationDetails__jobId="job-2")).encode()
    assert [] == _told(other, b"")


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([b"{"], "cannot be read"),
        ([b"[]"], "a line of it: Input should be an object"),
        ([b"{}"], "classificationDetails: Field required"),
        (
            [json.dumps(_record(resourcesAffected__s3Object__eTag=None)).encode()],
            "resourcesAffected.s3Object.eTag: Field required",
        ),
        (
            [json.dumps(_record(resourcesAffected__s3Object__size="120")).encode()],
            "resourcesAffected.s3Object.size: Input should be a valid integer",
        ),
        (
            [json.dumps(_record(resourcesAffected__s3Bucket=[])).encode()],
            "resourcesAffected.s3Bucket: Input should be an object",
        ),
        (
            [json.dumps(_record(classificationDetails__result__status=None)).encode()],
            "classificationDetails.result.status: Field required",
        ),
        (
            [json.dumps(_record(classificationDetails__result__customDataIdentifiers=["x"])).encode()],
            "classificationDetails.result.customDataIdentifiers: Input should be an object",
        ),
        (
            [json.dumps(_record(classificationDetails__result=["x"])).encode()],
            "classificationDetails.result: Input should be an object",
        ),
        (
            [json.dumps(_record(severity={"description": "Grave"})).encode()],
            "severity.description: Input should be",
        ),
        (
            [json.dumps(_record(classificationDetails__result__sensitiveData=["x"])).encode()],
            "classificationDetails.result.sensitiveData.0: Input should be an object",
        ),
    ],
)
def test_what_is_no_result_is_told(lines: list[bytes], why: str) -> None:
    """A record that lacks what it must say is an error, and never a clear object."""
    with pytest.raises(ScanError) as caught:
        _told(*lines)
    assert "the discovery results s3://ml-results/a.jsonl.gz cannot be read" in str(caught.value)
    assert why in str(caught.value)


@pytest.mark.parametrize("packed", [b"plain", gzip.compress(json.dumps(_record()).encode())[:-6]])
def test_a_torn_file_is_told(packed: bytes) -> None:
    """A file that is none of gzip's, or ends too early, is an error however much of it was read."""
    with pytest.raises(ScanError, match="cannot be read"):
        list(verdicts([("s3://ml-results/a.jsonl.gz", io.BytesIO(packed))], job_id="job-1", made_at=NOON))
