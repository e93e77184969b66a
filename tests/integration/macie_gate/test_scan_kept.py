"""What a scan came to is kept: for this user, for a team, until it is too old or something else is looked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from secure_sagemaker import ControlError, ScanProgress
from secure_sagemaker.exceptions import ScanError
from secure_sagemaker.macie.acceptance import Lack
from tests.integration.embedded import client
from tests.integration.macie import CLEAN, TABLE
from tests.integration.macie_gate.gated import VERDICTS, Gated

pytestmark = pytest.mark.once

TABLE_NAME = "verdicts"


@pytest.fixture
def folder(gated: Gated) -> str:
    folder = gated.folder()
    for number in range(3):
        gated.put(f"{folder}part-{number}.csv", CLEAN)
    return folder


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], None]:
    """Go on at another machine, where no verdict is kept."""
    return lambda: monkeypatch.setenv(VERDICTS, str(tmp_path / "elsewhere"))


@pytest.fixture
def place(gated: Gated, request: pytest.FixtureRequest) -> Iterator[str]:
    """Where a team keeps its verdicts."""
    if request.param == "s3":
        yield f"s3://{gated.aws.default_bucket}/{gated.folder()}verdicts"
        return
    tables, iam = client(gated.aws, "dynamodb"), client(gated.aws, "iam")
    role, name = gated.aws.role_arn.rpartition("/")[2], "keeps-verdicts"
    allowed = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=policy)
    key = {"AttributeName": "about"}
    tables.create_table(
        TableName=TABLE_NAME,
        KeySchema=[{**key, "KeyType": "HASH"}],
        AttributeDefinitions=[{**key, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield f"dynamodb:{TABLE_NAME}"
    tables.delete_table(TableName=TABLE_NAME)
    iam.delete_role_policy(RoleName=role, PolicyName=name)


def read(gated: Gated, job: Any) -> list[str]:
    """The keys that a job's terms match, of all that lies in the bucket."""
    terms = {
        one["simpleScopeTerm"]["key"]: one["simpleScopeTerm"]["values"]
        for one in job["s3JobDefinition"]["scoping"]["includes"]["and"]
    }
    assert {"OBJECT_KEY"} == set(terms)  # all here was put within a moment: time parts nothing
    pages = gated.s3.get_paginator("list_objects_v2").paginate(Bucket=gated.aws.data_bucket)
    keys = [one["Key"] for page in pages for one in page["Contents"]]
    return [key for key in keys if key.startswith(tuple(terms["OBJECT_KEY"]))]


def test_macie_is_asked_once(gated: Gated, folder: str) -> None:
    """The second run asks it for nothing, and makes no job."""
    session = gated.session()
    first = session.scan([gated.uri(folder)])
    gated.aws.forget_requests()
    second = session.scan([gated.uri(folder)])
    assert [] == gated.asked("macie2")
    assert ((3, ()), first.objects) == ((second.inputs[0].clear, second.jobs), second.objects)


def test_what_changed_is_read_again_alone(gated: Gated) -> None:
    """Of a hundred objects one: at most 1.1% of the bytes are given to Macie."""
    folder = gated.folder()
    for number in range(100):
        gated.put(f"{folder}part-{number:02}.csv", b"x,y\n%04d,2\n" % number)
    session = gated.session()
    session.scan([gated.uri(folder)])
    changed = f"{folder}part-17.csv"
    gated.put(changed, b"x,y\n9999,3\n")
    report = session.scan([gated.uri(folder)])
    assert report.is_accepted
    *_, job = gated.sent("CreateClassificationJob")
    assert [changed] == read(gated, job)
    (told,) = report.jobs
    assert (1, 0) == (told.objects, told.overscan_objects)
    assert told.bytes <= 0.011 * report.inputs[0].bytes


@pytest.mark.parametrize("place", ["s3", "dynamodb"], indirect=True)
def test_a_teammate_pays_nothing(
    gated: Gated, folder: str, place: str, elsewhere: Callable[[], None]
) -> None:
    """At another machine, whether their session began before or after the scan: Macie is not asked."""
    mine = gated.own_session(memory=place)
    mine.estimate_scan([gated.uri(folder)])
    theirs = gated.own_session(memory=place)
    elsewhere()
    assert 3 == theirs.estimate_scan([gated.uri(folder)]).objects  # it has looked, and found nothing
    mine.scan([gated.uri(folder)])
    gated.aws.forget_requests()
    assert 3 == theirs.scan([gated.uri(folder)]).inputs[0].clear
    gated.train(gated.own_session(memory=place), gated.uri(folder))
    assert [] == gated.asked("macie2")


def test_without_a_shared_memory_a_teammate_takes_in_the_same_job(
    gated: Gated, folder: str, elsewhere: Callable[[], None]
) -> None:
    """It is found by its name, and its results are read once more, which costs nothing."""
    gated.own_session().scan([gated.uri(folder)])
    elsewhere()
    (job,) = gated.own_session().scan([gated.uri(folder)]).jobs
    assert job.resumed
    assert {job.id} == gated.jobs()


def test_a_verdict_grows_old(gated: Gated, folder: str) -> None:
    """Then a new job reads the same objects: the earlier one, which did the very same, counts no more."""
    month = timedelta(days=31)
    session = gated.session()
    gated.aws.macie.advance(-month)
    try:
        first = session.scan([gated.uri(folder)])
    finally:
        gated.aws.macie.advance(month)
    assert {Lack.UNKNOWN: 3} == first.inputs[0].lacking
    assert "more than 30 days ago" in first.inputs[0].problems[0].told
    second = session.scan([gated.uri(folder)])
    assert second.is_accepted
    assert 2 == len(gated.jobs())


def test_another_setting_is_another_question(gated: Gated, folder: str) -> None:
    """What was clear of the recommended identifiers may hold what all of them find."""
    gated.session().scan([gated.uri(folder)])
    other = gated.session(identifiers="all")
    assert 3 == other.estimate_scan([gated.uri(folder)]).objects
    other.scan([gated.uri(folder)])
    assert 2 == len(gated.jobs())


def test_resumed_by_its_id_at_another_machine(
    gated: Gated, folder: str, elsewhere: Callable[[], None]
) -> None:
    """Time ran out here; there it is waited for, and no other job is made."""
    gated.aws.macie.read_at_each_look(1)
    with pytest.raises(ScanError, match="Macie is still at work") as caught:
        gated.own_session().scan([gated.uri(folder)], timeout_seconds=0)
    (job,) = caught.value.job_ids
    assert "are found again" in caught.value.remedy
    elsewhere()
    report = gated.own_session().scan(resume=job)
    assert (True, [job]) == (report.is_accepted, [one.id for one in report.jobs])
    assert {job} == gated.jobs()
    with pytest.raises(ScanError, match="was not made by a scan with these settings"):
        gated.own_session(identifiers="all").scan(resume=job)
    with pytest.raises(ScanError, match="was not made by a scan with these settings"):
        gated.own_session().scan(resume=gated.start(folder))


def test_interrupted_it_cancels_and_the_rest_is_paid_for_later(
    gated: Gated, folder: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Macie is asked to stop; what it has read by then counts, and the next job reads what was left."""
    gated.aws.macie.read_at_each_look(1)
    session = gated.session()

    def interrupt(told: ScanProgress) -> None:
        if told.objects:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        session.scan([gated.uri(folder)], progress=interrupt)
    (job,) = gated.jobs()
    assert "CANCELLED" == gated.describe(job)["jobStatus"]
    assert f"cancel job {job}: 2 of 3 objects were left to be read" in caplog.text
    gated.aws.macie.read_at_each_look(None)
    report = session.scan([gated.uri(folder)])
    assert report.is_accepted
    assert [(True, "CANCELLED"), (False, "COMPLETE")] == [(one.resumed, one.status) for one in report.jobs]
    *_, second = gated.sent("CreateClassificationJob")
    assert [f"{folder}part-1.csv", f"{folder}part-2.csv"] == read(gated, second)


def test_what_was_suppressed_counts(gated: Gated) -> None:
    """Findings that the account's rules archive are findings, and are told apart."""
    folder = gated.folder()
    gated.put(f"{folder}people.csv", TABLE)
    criterion = {"severity.description": {"eq": ["High", "Medium", "Low"]}}
    gated.client.create_findings_filter(
        action="ARCHIVE", name="all", findingCriteria={"criterion": criterion}
    )
    report = gated.session().scan([gated.uri(folder)])
    (job,) = report.jobs
    assert 1 == job.findings == job.archived_findings
    assert {Lack.SENSITIVE: 1} == report.inputs[0].lacking


def test_a_sample_leaves_the_others_unread(gated: Gated, folder: str) -> None:
    """They count against the coverage; a baseline that asks for less of it takes them."""
    session = gated.session(sampling_percentage=34)
    report = session.scan([gated.uri(folder)])
    (about,) = report.inputs
    assert (2, 1) == (about.clear, about.unread)
    assert "not among the 34 in a hundred" in about.problems[0].told
    with pytest.raises(ControlError, match="1 of 3 objects could not be read"):
        gated.train(session, gated.uri(folder))
    lenient = gated.session(sampling_percentage=34, minimum_coverage=0.5)
    gated.train(lenient, gated.uri(folder))
    assert 1 == len(gated.jobs())


HOSTILE = (
    'it\'s "quoted".csv',
    "two\nlines\r.csv",
    "tab\tand space .csv",
    "100%25+plus&amp;<x>.csv",
    "ünïcødé-数据-🙂.csv",
    "e\u0301 and \u00e9.csv",
    "..//./x.csv",
    f"{'long' * 200}.csv",
    "*?[a-z]{1}.csv",
    "'; DROP TABLE verdicts; --.csv",
)


def test_hostile_names_are_matched(gated: Gated) -> None:
    """Whatever a key holds, its own verdict is found by it, and it is written so that it does no harm."""
    folder = gated.folder()
    for at, name in enumerate(HOSTILE):
        gated.put(f"{folder}{name}", TABLE if at % 2 else CLEAN)
    session = gated.session()
    report = session.scan([gated.uri(folder)])
    told = {one.object.key.removeprefix(folder): one.outcome.value for one in report.objects}
    assert {name: "sensitive" if at % 2 else "clear" for at, name in enumerate(HOSTILE)} == told
    gated.aws.forget_requests()
    session.scan([gated.uri(folder)])
    for name in HOSTILE[::2]:
        session.scan([gated.uri(f"{folder}{name}")])
    assert [] == gated.asked("macie2")


def test_a_job_is_trusted_for_what_it_does_and_not_for_its_name(
    gated: Gated, folder: str, elsewhere: Callable[[], None]
) -> None:
    """Anybody can give a job the name of a scan's: one that looked for something else, or beside, clears nothing."""
    gated.put(f"{folder}people.csv", TABLE)
    gated.session().scan([gated.uri(folder)])
    (real,) = gated.jobs()
    told = gated.describe(real)
    gated.client.disable_macie()
    gated.client.enable_macie()
    place = {"bucketName": gated.results, "kmsKeyArn": gated.aws.key_arn}
    gated.client.put_classification_export_configuration(configuration={"s3Destination": place})
    term = {"key": "OBJECT_KEY", "comparator": "STARTS_WITH", "values": [f"{folder}people"]}
    besides = told["s3JobDefinition"]["bucketDefinitions"]
    for number, changed in enumerate(
        (
            {
                "managedDataIdentifierSelector": "INCLUDE",
                "managedDataIdentifierIds": ["CREDIT_CARD_NUMBER"],
                "s3JobDefinition": told["s3JobDefinition"],
            },
            {
                "managedDataIdentifierSelector": told["managedDataIdentifierSelector"],
                "s3JobDefinition": {
                    "bucketDefinitions": besides,
                    "scoping": {"excludes": {"and": [{"simpleScopeTerm": term}]}},
                },
            },
        )
    ):
        made = gated.client.create_classification_job(
            clientToken=f"{folder}{number}", jobType="ONE_TIME", name=told["name"], **changed
        )
        gated.describe(made["jobId"])
    elsewhere()
    report = gated.own_session().scan([gated.uri(folder)])
    assert [False] == [one.resumed for one in report.jobs]
    assert 1 == report.inputs[0].sensitive
