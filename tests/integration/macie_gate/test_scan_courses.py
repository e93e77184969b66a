"""What can become of a job, and of the objects that it reads, while it is waited for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from secure_sagemaker import ControlError, ScanProgress
from secure_sagemaker.exceptions import ScanError
from secure_sagemaker.macie.acceptance import Lack
from tests.integration.embedded import client
from tests.integration.macie import CLEAN, TABLE
from tests.integration.macie_gate.gated import VERDICTS, Gated

pytestmark = pytest.mark.once


@pytest.fixture
def folder(gated: Gated) -> str:
    folder = gated.folder()
    for number in range(3):
        gated.put(f"{folder}part-{number}.csv", CLEAN)
    gated.aws.macie.read_at_each_look(1)
    return folder


def once(do: Callable[[], object]) -> Callable[[ScanProgress], None]:
    """Have something happen as soon as a job is waited for."""
    left = [do]

    def told(_: ScanProgress) -> None:
        while left:
            left.pop()()

    return told


def set_to(gated: Gated, status: str) -> None:
    (job,) = gated.jobs()
    gated.client.update_classification_job(jobId=job, jobStatus=status)


def test_the_quota_is_reached_meanwhile(gated: Gated, folder: str) -> None:
    """Told at once, not waited for; when the month is over the same job goes on, and is found."""
    session = gated.session()
    with pytest.raises(ScanError, match="monthly quota of sensitive data discovery is reached") as caught:
        session.scan([gated.uri(folder)], progress=once(lambda: gated.aws.macie.allow_a_month(bytes=1)))
    (job,) = gated.jobs()
    assert (job,) == caught.value.job_ids
    assert "have the quota raised" in caught.value.remedy
    gated.aws.macie.allow_a_month(bytes=5 * 1024**4)
    assert session.scan([gated.uri(folder)]).is_accepted
    assert {job} == gated.jobs()


def test_somebody_pauses_it(gated: Gated, folder: str) -> None:
    """Told with how it is resumed, and then it is the same job."""
    session = gated.session()
    with pytest.raises(ScanError, match="somebody has paused job") as caught:
        session.scan([gated.uri(folder)], progress=once(lambda: set_to(gated, "USER_PAUSED")))
    assert "--job-status RUNNING" in caught.value.remedy
    set_to(gated, "RUNNING")
    assert session.scan([gated.uri(folder)]).is_accepted
    assert 1 == len(gated.jobs())


def test_somebody_cancels_it(gated: Gated, folder: str) -> None:
    """What it has read counts, the rest is unknown and used by nobody; the next scan reads that."""
    session = gated.session()
    report = session.scan([gated.uri(folder)], progress=once(lambda: set_to(gated, "CANCELLED")))
    (about,) = report.inputs
    assert ("CANCELLED", 1, {Lack.UNKNOWN: 2}) == (report.jobs[0].status, about.clear, about.lacking)
    with pytest.raises(ControlError, match="2 of 3 objects have no fresh verdict"):
        gated.train(session, gated.uri(folder))
    second = session.scan([gated.uri(folder)])
    assert second.is_accepted
    assert [2] == [one.objects for one in second.jobs]


def test_an_object_is_deleted_meanwhile(gated: Gated, folder: str) -> None:
    """It is no part of the input any more; put there again, it counts as what Macie could not read."""
    key = f"{folder}part-2.csv"
    session = gated.session()
    gone = once(lambda: gated.s3.delete_object(Bucket=gated.aws.data_bucket, Key=key))
    report = session.scan([gated.uri(folder)], progress=gone)
    assert (True, 2) == (report.is_accepted, report.inputs[0].objects)
    gated.put(key, CLEAN)
    (about,) = session.scan([gated.uri(folder)]).inputs
    assert "SOURCE_OBJECT_NO_LONGER_AVAILABLE" in about.problems[0].told
    assert session.scan([gated.uri(folder)], again=True).is_accepted


def test_an_object_is_changed_meanwhile(gated: Gated, folder: str) -> None:
    """What Macie says is about no object any more: the one that lies there now is unknown, and read next time."""
    key = f"{folder}part-2.csv"
    session = gated.session()
    report = session.scan([gated.uri(folder)], progress=once(lambda: gated.put(key, TABLE)))
    assert {Lack.UNKNOWN: 1} == report.inputs[0].lacking
    assert {Lack.SENSITIVE: 1} == session.scan([gated.uri(folder)]).inputs[0].lacking


def test_a_key_that_macie_may_not_use(gated: Gated) -> None:
    """Unread with Macie's reason; it is read again when the key's policy was mended, and when that is asked for."""
    kms, folder = client(gated.aws, "kms"), gated.folder()
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    gated.put(f"{folder}x.csv", CLEAN, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    session = gated.session()
    session.scan([gated.uri(folder)])
    with pytest.raises(ControlError, match=r"could not be read: .*INVALID_ENCRYPTION") as caught:
        gated.train(session, gated.uri(folder))
    assert "a key that Macie's role may use" in caught.value.remedy
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    role = (
        f"arn:aws:iam::{gated.aws.account.account}:"
        "role/aws-service-role/macie.amazonaws.com/AWSServiceRoleForAmazonMacie"
    )
    reads = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "kms:Decrypt", "Resource": "*"}
    policy["Statement"].append({"Sid": "MacieReads", **reads})
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    assert () == session.scan([gated.uri(folder)]).jobs
    assert session.scan([gated.uri(folder)], again=True).is_accepted
    gated.train(session, gated.uri(folder))
    assert 2 == len(gated.jobs())


def test_a_teammate_tries_again_what_was_not_read(
    gated: Gated, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """A job whose results the team's memory has is not taken for the new attempt."""
    folder, place = gated.folder(), f"s3://{gated.aws.default_bucket}/{gated.folder()}"
    gated.put(f"{folder}x.png", b"\x89PNG")
    gated.own_session(memory=place).scan([gated.uri(folder)])
    monkeypatch.setenv(VERDICTS, str(tmp_path / "elsewhere"))
    (job,) = gated.own_session(memory=place).scan([gated.uri(folder)], again=True).jobs
    assert not job.resumed
    assert 2 == len(gated.jobs())


def test_what_macie_does_not_read(gated: Gated) -> None:
    """By format it says so; by storage class it is known before, and costs nothing; neither is let pass."""
    folder = gated.folder()
    gated.put(f"{folder}x.csv", CLEAN)
    gated.put(f"{folder}cold.csv", CLEAN, StorageClass="GLACIER")
    session = gated.session()
    estimate = session.estimate_scan([gated.uri(folder)])
    assert (1, {"its storage class is GLACIER": 1}) == (estimate.objects, estimate.unreadable)
    gated.put(f"{folder}x.png", b"\x89PNG")
    (about,) = session.scan([gated.uri(folder)]).inputs
    assert (1, 2, {Lack.UNREAD: 2}) == (about.clear, about.unread, about.lacking)
    told = {one.object.key.removeprefix(folder): one.told for one in about.problems}
    assert "UNSUPPORTED_FILE_TYPE_EXCEPTION" in told["x.png"]
    assert "its storage class is GLACIER" in told["cold.csv"]
    gated.aws.forget_requests()
    session.scan([gated.uri(folder)])
    assert [] == gated.asked("macie2")
    gated.train(gated.session(minimum_coverage=0.3), gated.uri(folder))
    with pytest.raises(ControlError, match="2 of 3 objects could not be read"):
        gated.train(gated.session(minimum_coverage=0.4), gated.uri(folder))


def test_complete_is_not_read(gated: Gated) -> None:
    """A job that could list nothing says COMPLETE and writes no results: told as an error, with where its log is."""
    folder, bucket = gated.folder(), gated.aws.data_bucket
    gated.put(f"{folder}x.csv", CLEAN)
    before = gated.s3.get_bucket_policy(Bucket=bucket)["Policy"]
    role = "arn:aws:iam::*:role/aws-service-role/macie.amazonaws.com/*"
    keeps_out = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:ListBucket",
        "Resource": f"arn:aws:s3:::{bucket}",
        "Condition": {"ArnLike": {"aws:PrincipalArn": role}},
    }
    stated = json.loads(before)
    stated["Statement"].append(keeps_out)
    gated.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(stated))
    session = gated.session()
    try:
        with pytest.raises(
            ScanError, match=r"is complete and wrote no results .* its run had errors"
        ) as caught:
            session.scan([gated.uri(folder)])
    finally:
        gated.s3.put_bucket_policy(Bucket=bucket, Policy=before)
    (job,) = caught.value.job_ids
    assert f"/aws/macie/classificationjobs, stream {job}" in caught.value.remedy
    with pytest.raises(ControlError, match="have no fresh verdict"):
        gated.train(session, gated.uri(folder))
    assert session.scan([gated.uri(folder)]).is_accepted


def test_damaged_results_clear_nothing(gated: Gated, folder: str) -> None:
    """A file that somebody else wrote, or cut, is told by its name; another job then tells what it did not."""
    session = gated.session()

    def damage(told: ScanProgress) -> None:
        if told.status == "COMPLETE":
            (job,) = gated.jobs()
            *_, last = gated.files_of(job)
            gated.s3.put_object(Bucket=gated.results, Key=last, Body=b"\x1f\x8b\x08\x00 cut")

    with pytest.raises(ScanError, match=r"discovery results s3://.*\.jsonl\.gz cannot be read") as caught:
        session.scan([gated.uri(folder)], progress=damage)
    assert "find out who wrote there" in caught.value.remedy
    with pytest.raises(ControlError, match="have no fresh verdict"):
        gated.train(session, gated.uri(folder))
    assert session.scan([gated.uri(folder)]).is_accepted
    assert 2 == len(gated.jobs())


def test_results_that_come_late_are_waited_for(gated: Gated, folder: str) -> None:
    """A job says that it is complete before all is written: what is missing is not taken for unread at once."""
    hidden: dict[str, bytes] = {}

    def hide(told: ScanProgress) -> None:
        if told.status == "COMPLETE" and not hidden:
            (job,) = gated.jobs()
            key = gated.files_of(job)[0]
            hidden[key] = gated.s3.get_object(Bucket=gated.results, Key=key)["Body"].read()
            gated.s3.delete_object(Bucket=gated.results, Key=key)

    def later(_: float) -> None:
        for key, body in hidden.items():
            gated.s3.put_object(Bucket=gated.results, Key=key, Body=body)

    session = gated.own_session(sleep=later)
    assert session.scan([gated.uri(folder)], progress=hide).is_accepted
    assert hidden
