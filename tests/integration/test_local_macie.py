"""The embedded Macie's jobs: their course, what they are about, what they leave."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from secure_sagemaker.local import embedded_aws
from tests.integration.embedded import client, refused
from tests.integration.macie import CLEAN, SSN, TABLE, Macie

MEBIBYTE = 1024**2


@pytest.fixture(scope="module")
def enabled() -> Iterator[Macie]:
    """One account for the module, with Macie enabled."""
    with embedded_aws() as aws:
        yield Macie(aws=aws, results=aws.macie.enable())


@pytest.fixture
def macie(enabled: Macie) -> Iterator[Macie]:
    """That account; how Macie behaves is as it was, afterwards."""
    yield enabled
    enabled.aws.macie.read_at_each_look(None)
    enabled.aws.macie.throttle(0)
    enabled.aws.macie.allow_a_month(bytes=5 * 1024**4)


def test_macie_refuses_everything_until_it_is_enabled() -> None:
    """A new account has no Macie, and says so; enabled twice is a conflict."""
    with embedded_aws() as aws:
        macie = client(aws, "macie2")
        assert refused(macie.get_macie_session) == ("AccessDeniedException", 403)
        assert refused(lambda: macie.list_findings()) == ("AccessDeniedException", 403)
        macie.enable_macie()
        assert macie.get_macie_session()["status"] == "ENABLED"
        assert refused(macie.enable_macie) == ("ConflictException", 409)
        assert "configuration" not in macie.get_classification_export_configuration()
        macie.disable_macie()
        assert refused(macie.get_macie_session) == ("AccessDeniedException", 403)


def test_a_job_finds_what_was_planted_and_says_where(macie: Macie) -> None:
    """A real detector reads the objects; the finding has category, type, count, severity and place, and no value."""
    folder = macie.folder()
    macie.put(f"{folder}people.csv", TABLE)
    macie.put(f"{folder}clean.csv", CLEAN)
    job = macie.start(folder)
    assert macie.describe(job)["jobStatus"] == "COMPLETE"
    (finding,) = macie.findings(job)
    assert finding["type"] == "SensitiveData:S3Object/Personal"
    assert finding["severity"] == {"description": "High", "score": 3}
    assert finding["resourcesAffected"]["s3Object"]["key"] == f"{folder}people.csv"
    assert finding["classificationDetails"]["result"]["sensitiveData"] == [
        {
            "category": "PERSONAL_INFORMATION",
            "totalCount": 1,
            "detections": [
                {
                    "type": "USA_SOCIAL_SECURITY_NUMBER",
                    "count": 1,
                    "occurrences": {"cells": [{"column": 2, "columnName": "ssn", "row": 2}]},
                }
            ],
        }
    ]
    assert macie.statuses(job) == {"people.csv": ("COMPLETE", None), "clean.csv": ("COMPLETE", None)}
    assert SSN not in str([finding, *macie.results_of(job).values()])


def test_results_lie_where_aws_documents_them_under_the_key(macie: Macie) -> None:
    """The path names account, region and job; the object is encrypted; the finding leads there."""
    folder = macie.folder()
    macie.put(f"{folder}people.csv", TABLE)
    macie.describe(job := macie.start(folder))
    (key,) = macie.files_of(job)
    account = macie.aws.account.account
    assert key.startswith(f"AWSLogs/{account}/Macie/{macie.aws.region}/{job}/{account}/")
    assert key.endswith(".jsonl.gz")
    head = macie.s3.head_object(Bucket=macie.results, Key=key)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", macie.aws.key_arn)
    (finding,) = macie.findings(job)
    assert finding["classificationDetails"]["detailedResultsLocation"] == f"s3://{macie.results}/{key}"


def test_a_job_takes_the_looks_it_needs(macie: Macie) -> None:
    """A test says how much is read between two looks; what is left to do is told, and results come as they are made."""
    folder = macie.folder()
    for number in range(5):
        macie.put(f"{folder}{number}.csv", CLEAN)
    macie.aws.macie.read_at_each_look(2)
    job = macie.start(folder)
    looks = [macie.describe(job) for _ in range(3)]
    assert [one["jobStatus"] for one in looks] == ["RUNNING", "RUNNING", "COMPLETE"]
    assert [one["statistics"]["approximateNumberOfObjectsToProcess"] for one in looks] == [3, 1, 0]
    assert len(macie.files_of(job)) == 3
    assert len(macie.results_of(job)) == 5


def test_the_same_token_is_the_same_job(macie: Macie) -> None:
    """A request that is sent again starts nothing; the token with another request is a conflict."""
    asked = macie.job(macie.folder())
    first = macie.client.create_classification_job(**asked)["jobId"]
    assert macie.client.create_classification_job(**asked)["jobId"] == first
    assert refused(lambda: macie.client.create_classification_job(**{**asked, "name": "other"}))[0] == (
        "ConflictException"
    )


def test_a_paused_job_reads_nothing_until_it_is_resumed(macie: Macie) -> None:
    """Pausing, resuming and cancelling lead where AWS says, and nowhere else."""
    folder = macie.folder()
    for number in range(3):
        macie.put(f"{folder}{number}.csv", CLEAN)
    macie.aws.macie.read_at_each_look(1)
    job = macie.start(folder)

    def set_to(status: str) -> None:
        macie.client.update_classification_job(jobId=job, jobStatus=status)

    macie.describe(job)
    set_to("USER_PAUSED")
    paused = macie.describe(job)
    assert paused["jobStatus"] == "USER_PAUSED"
    assert paused["userPausedDetails"]["jobExpiresAt"] - paused["userPausedDetails"][
        "jobPausedAt"
    ] == timedelta(30)
    assert paused["statistics"]["approximateNumberOfObjectsToProcess"] == 2
    assert refused(lambda: set_to("USER_PAUSED")) == ("ConflictException", 409)
    set_to("RUNNING")
    assert macie.describe(job)["statistics"]["approximateNumberOfObjectsToProcess"] == 1
    set_to("CANCELLED")
    assert macie.describe(job)["jobStatus"] == "CANCELLED"
    assert refused(lambda: set_to("RUNNING")) == ("ConflictException", 409)
    assert refused(lambda: set_to("COMPLETE")) == ("ValidationException", 400)
    assert len(macie.results_of(job)) == 2
    assert macie.events(job) == [
        *("JOB_CREATED", "ONE_TIME_JOB_STARTED", "JOB_PAUSED_BY_USER", "JOB_RESUMED_BY_USER", "JOB_CANCELLED")
    ]


def test_a_paused_job_expires_after_thirty_days(macie: Macie) -> None:
    """Nobody resumes it: it is cancelled."""
    job = macie.start(macie.folder())
    macie.client.update_classification_job(jobId=job, jobStatus="USER_PAUSED")
    macie.aws.macie.advance(timedelta(days=29))
    told = macie.describe(job)
    assert told["jobStatus"] == "USER_PAUSED"
    assert "jobImminentExpirationHealthEventArn" in told["userPausedDetails"]
    macie.aws.macie.advance(timedelta(days=1))
    assert macie.describe(job)["jobStatus"] == "CANCELLED"


def test_the_months_quota_pauses_a_job(macie: Macie) -> None:
    """Over the quota a job is PAUSED with nothing of the next object read; lifted, it goes on by itself."""
    folder = macie.folder()
    for number in range(2):
        macie.put(f"{folder}{number}.csv", CLEAN)
    macie.aws.macie.allow_a_month(bytes=0)
    job = macie.start(folder)
    paused = macie.describe(job)
    assert (paused["jobStatus"], paused["statistics"]["approximateNumberOfObjectsToProcess"]) == ("PAUSED", 2)
    (record,) = macie.client.get_usage_statistics()["records"]
    assert record["usage"][0]["serviceLimit"]["isServiceLimited"] is True
    macie.aws.macie.allow_a_month(bytes=MEBIBYTE)
    assert macie.describe(job)["jobStatus"] == "COMPLETE"


def test_a_recurring_job_reads_what_changed_since(macie: Macie) -> None:
    """It idles between runs; the next one reads only what is new."""
    folder = macie.folder()
    macie.put(f"{folder}old.csv", CLEAN)
    asked = {"jobType": "SCHEDULED", "scheduleFrequency": {"dailySchedule": {}}, "initialRun": True}
    job = macie.start(folder, **asked)
    assert macie.describe(job)["jobStatus"] == "IDLE"
    macie.aws.macie.advance(timedelta(days=1, hours=1))
    assert macie.describe(job)["statistics"]["numberOfRuns"] == 2
    assert len(macie.results_of(job)) == 1
    assert macie.events(job)[-2:] == ["SCHEDULED_RUN_STARTED", "SCHEDULED_RUN_COMPLETED"]


def test_a_bucket_that_can_not_be_listed_is_an_error_of_a_complete_job(macie: Macie) -> None:
    """COMPLETE is not read: the status of the last run says that something was not."""
    other = client(macie.aws, "s3", region_name="us-east-1")
    other.create_bucket(Bucket="in-another-region")
    locked = "locked-to-a-vpc"
    macie.s3.create_bucket(Bucket=locked, CreateBucketConfiguration={"LocationConstraint": macie.aws.region})
    macie.s3.put_bucket_policy(Bucket=locked, Policy=ONLY_FROM_THE_VPC)
    definition = macie.definition("no-such-bucket-here", "in-another-region", locked)
    job = macie.start("x", s3JobDefinition=definition)
    told = macie.describe(job)
    assert (told["jobStatus"], told["lastRunErrorStatus"]) == ("COMPLETE", {"code": "ERROR"})
    assert macie.events(job)[2:-1] == [
        *("BUCKET_DOES_NOT_EXIST", "BUCKET_IN_DIFFERENT_REGION", "BUCKET_ACCESS_DENIED")
    ]
    assert macie.results_of(job) == {}


ONLY_FROM_THE_VPC = """{"Version": "2012-10-17", "Statement": [{
    "Effect": "Deny", "Principal": "*", "Action": ["s3:ListBucket", "s3:GetObject"],
    "Resource": ["arn:aws:s3:::locked-to-a-vpc", "arn:aws:s3:::locked-to-a-vpc/*"],
    "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}}]}"""


def test_a_job_can_choose_buckets_by_criteria(macie: Macie) -> None:
    """Buckets are found when the job runs, by name and tag."""
    macie.s3.put_bucket_tagging(
        Bucket=macie.aws.data_bucket, Tagging={"TagSet": [{"Key": "class", "Value": "raw"}]}
    )
    folder = macie.folder()
    macie.put(f"{folder}people.csv", TABLE)
    by_tag = {"tagCriterion": {"comparator": "EQ", "tagValues": [{"key": "class", "value": "raw"}]}}
    term = {"key": "OBJECT_KEY", "comparator": "STARTS_WITH", "values": [folder]}
    definition = {
        "bucketCriteria": {"includes": {"and": [by_tag]}},
        "scoping": {"includes": {"and": [{"simpleScopeTerm": term}]}},
    }
    macie.describe(job := macie.start(folder, s3JobDefinition=definition))
    assert len(macie.findings(job)) == 1


def test_a_job_reads_a_sample_where_it_says_so(macie: Macie) -> None:
    """Half of the objects have a result; of the others there is none."""
    folder = macie.folder()
    for number in range(10):
        macie.put(f"{folder}{number}.csv", CLEAN)
    macie.describe(job := macie.start(folder, samplingPercentage=50))
    assert len(macie.results_of(job)) == 5


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"samplingPercentage": 0}, "ValidationException"),
        ({"jobType": "SCHEDULED"}, "ValidationException"),
        ({"managedDataIdentifierSelector": "NONE"}, "ValidationException"),
        ({"managedDataIdentifierSelector": "INCLUDE"}, "ValidationException"),
        (
            {"managedDataIdentifierSelector": "INCLUDE", "managedDataIdentifierIds": ["SHOE_SIZE"]},
            "ValidationException",
        ),
        ({"customDataIdentifierIds": ["none"]}, "ResourceNotFoundException"),
        ({"allowListIds": ["none"]}, "ResourceNotFoundException"),
        ({"s3JobDefinition": {}}, "ValidationException"),
        (
            {"s3JobDefinition": {"bucketDefinitions": [{"accountId": "999999999999", "buckets": ["b"]}]}},
            "ValidationException",
        ),
    ],
)
def test_a_job_that_makes_no_sense_is_refused(macie: Macie, members: dict[str, Any], code: str) -> None:
    """Each contradiction has AWS's code, and starts nothing."""
    before = len(macie.client.list_classification_jobs()["items"])
    with pytest.raises(ClientError, match=code):
        macie.start("x", **members)
    assert len(macie.client.list_classification_jobs()["items"]) == before


def test_jobs_are_listed_by_what_they_are(macie: Macie) -> None:
    """Filters, order and pages, as their shapes have them; a list moves no job on."""
    for name in ("list-a", "list-b", "list-c"):
        macie.start(macie.folder(), name=name)
    start = {"key": "name", "comparator": "STARTS_WITH", "values": ["list-"]}
    without = {"key": "name", "comparator": "EQ", "values": ["list-b"]}
    pages = macie.client.get_paginator("list_classification_jobs").paginate(
        filterCriteria={"includes": [start], "excludes": [without]},
        sortCriteria={"attributeName": "name", "orderBy": "ASC"},
        PaginationConfig={"PageSize": 1},
    )
    told = [(one["name"], one["jobStatus"]) for page in pages for one in page["items"]]
    assert told == [("list-a", "RUNNING"), ("list-c", "RUNNING")]
    later = {"key": "createdAt", "comparator": "GT", "values": [datetime(2999, 1, 1, tzinfo=UTC).isoformat()]}
    assert macie.client.list_classification_jobs(filterCriteria={"includes": [later]})["items"] == []


def test_too_many_requests_are_refused_for_as_long_as_was_said(macie: Macie) -> None:
    """A throttled call is AWS's 429; botocore comes again, and gets through."""
    macie.aws.macie.throttle(1)
    once = client(macie.aws, "macie2", config=Config(retries={"total_max_attempts": 1}))
    assert refused(once.get_macie_session) == ("ThrottlingException", 429)
    assert once.get_macie_session()["status"] == "ENABLED"


def test_a_role_may_do_what_its_policy_says(macie: Macie) -> None:
    """The launcher's role scans and reads; it neither archives nor switches off."""
    role = macie.aws.session().client("macie2")
    assert role.get_macie_session()["status"] == "ENABLED"
    assert refused(role.disable_macie) == ("AccessDeniedException", 403)


def test_tags_go_by_arn(macie: Macie) -> None:
    """Tags of a job are told, added and taken away; a job that is not there has none."""
    created = macie.client.create_classification_job(**macie.job(macie.folder(), tags={"who": "me"}))
    arn = created["jobArn"]
    macie.client.tag_resource(resourceArn=arn, tags={"why": "tests"})
    macie.client.untag_resource(resourceArn=arn, tagKeys=["who"])
    assert macie.client.list_tags_for_resource(resourceArn=arn)["tags"] == {"why": "tests"}
    assert refused(lambda: macie.client.list_tags_for_resource(resourceArn=f"{arn}0")) == (
        "ResourceNotFoundException",
        404,
    )
