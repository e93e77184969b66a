"""Macie asked: what its refusals mean, what is asked again, and what is told of jobs and quotas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from secure_sagemaker import SecurityBaseline
from secure_sagemaker.exceptions import ScanError
from secure_sagemaker.macie.precautions import Precautions
from secure_sagemaker.macie.service import MacieService, Quota
from tests.unit.secured import baseline

pytestmark = pytest.mark.once

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
JOB = "0123456789abcdef"


def stubbed(service: str) -> tuple[Any, Stubber]:
    client: Any = boto3.client(  # type: ignore[call-overload]  # a service by its name
        service,
        region_name="eu-west-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="none",
        config=Config(retries={"total_max_attempts": 1}),
    )
    return client, Stubber(client)


@dataclass(frozen=True)
class Asked:
    """A service whose Macie answers what it is told to, and how long it waited."""

    service: MacieService
    macie: Stubber
    slept: list[float] = field(default_factory=list)


@pytest.fixture
def asked() -> Iterator[Asked]:
    client, macie = stubbed("macie2")
    slept: list[float] = []
    service = MacieService(lambda: client, account="111122223333", region="eu-west-1", sleep=slept.append)
    with macie:
        yield Asked(service, macie, slept)
    macie.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("code", "message", "told", "remedy"),
    [
        (
            "AccessDeniedException",
            "Macie is not enabled",
            "Macie is not enabled in eu-west-1",
            "enable-macie",
        ),
        (
            "AccessDeniedException",
            "User: x is not authorized",
            "refused",
            "macie2:DescribeClassificationJob;",
        ),
        ("ServiceQuotaExceededException", "q", "ServiceQuotaExceededException", "Service Quotas"),
        ("ConflictException", "c", "ConflictException", "scan again"),
        ("ValidationException", "the field x", "the field x", "mend what Macie names"),
        ("ResourceNotFoundException", "no job", "no job", "mend what Macie names"),
    ],
)
def test_a_refusal_says_what_to_do(asked: Asked, code: str, message: str, told: str, remedy: str) -> None:
    """By Macie's code, once: nothing that will not change by itself is asked again; the job is named."""
    asked.macie.add_client_error("describe_classification_job", code, message)
    with pytest.raises(ScanError, match=told) as caught:
        asked.service.job(JOB)
    assert remedy in caught.value.remedy
    assert ((JOB,), []) == (caught.value.job_ids, asked.slept)


@pytest.mark.parametrize(
    "code", ["InternalServerException", "ThrottlingException", "TooManyRequestsException"]
)
def test_what_passes_is_waited_for(asked: Asked, code: str) -> None:
    """Each time longer, up to half a minute, and in the end it is told."""
    for _ in range(9):
        asked.macie.add_client_error("get_macie_session", code, "busy")
    with pytest.raises(ScanError, match=code) as caught:
        asked.service.results()
    assert [1, 2, 4, 8, 16, 30, 30, 30] == asked.slept
    assert "wait, and scan again" in caught.value.remedy


@pytest.mark.parametrize("code", ["ConflictException", "ValidationException"])
def test_a_job_that_has_ended_is_cancelled_well(asked: Asked, code: str) -> None:
    """Macie refuses that, and nothing is lost."""
    asked.macie.add_client_error("update_classification_job", code, "it is complete")
    asked.service.cancel(JOB)


def test_a_token_that_is_taken_is_no_error(asked: Asked) -> None:
    """Whoever took it makes the same job."""
    asked.macie.add_client_error("create_classification_job", "ConflictException", "another request")
    request: Any = {"clientToken": "t", "jobType": "ONE_TIME", "name": "n", "s3JobDefinition": {}}
    assert asked.service.create(request) is None


def usage(**limit: object) -> dict[str, Any]:
    one = {"type": "SENSITIVE_DATA_DISCOVERY", "estimatedCost": "1.5", "serviceLimit": limit}
    other = {"type": "DATA_INVENTORY_EVALUATION", "estimatedCost": "7"}
    return {"records": [{"accountId": "111122223333", "usage": [other, one]}]}


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ({}, None),
        ({"records": []}, None),
        (usage(), None),
        (usage(value=5), Quota(bytes=5 * 1024**4, spent_usd=1.5, is_reached=False)),
        (usage(value=0), Quota(bytes=0, spent_usd=1.5, is_reached=False)),
        (usage(value=5, isServiceLimited=True), Quota(bytes=5 * 1024**4, spent_usd=1.5, is_reached=True)),
    ],
    ids=["nothing", "no record", "no limit", "left", "none", "reached"],
)
def test_the_quota_is_discoverys(asked: Asked, answer: dict[str, Any], wanted: Quota | None) -> None:
    """Of this month, of this account; a quota of nothing is one."""
    about = [{"comparator": "EQ", "key": "accountId", "values": ["111122223333"]}]
    stated = {"filterBy": about, "timeRange": "MONTH_TO_DATE"}
    asked.macie.add_response("get_usage_statistics", answer, stated)
    assert wanted == asked.service.quota()


def test_all_pages_of_jobs_are_looked_at(asked: Asked) -> None:
    """One that is on the second page would else be made again."""
    for name, token in (("one", "more"), ("two", "")):
        page = {"items": [{"jobId": name, "name": f"secure-{name}", "createdAt": NOON}]}
        asked.macie.add_response(
            "list_classification_jobs", {**page, **({"nextToken": token} if token else {})}
        )
    assert [("one", "secure-one", NOON), ("two", "secure-two", NOON)] == list(asked.service.named("secure"))


def test_findings_are_counted_over_all_pages(asked: Asked) -> None:
    """Those that are shown, and then those that are archived."""
    for ids, token in ((["a", "b"], "more"), (["c"], ""), (["d"], "")):
        answer = {"findingIds": ids, **({"nextToken": token} if token else {})}
        asked.macie.add_response("list_findings", answer)
    assert (4, 1) == asked.service.findings(JOB)


def _located(s3: Stubber, region: str) -> None:
    s3.add_response("get_bucket_location", {"LocationConstraint": region})


def _elsewhere(s3: Stubber) -> None:
    _located(s3, "eu-central-1")


def _in_the_first_region(s3: Stubber) -> None:
    s3.add_response("get_bucket_location", {})


def _requester_pays(s3: Stubber) -> None:
    _located(s3, "EU")  # what S3 called eu-west-1 once
    s3.add_response("get_bucket_request_payment", {"Payer": "Requester"})


def _payer_untold(s3: Stubber) -> None:
    _located(s3, "eu-west-1")
    s3.add_client_error("get_bucket_request_payment", "AccessDenied", "no")


def _denied(s3: Stubber) -> None:
    s3.add_client_error("get_bucket_location", "AccessDenied", "no")


@pytest.mark.parametrize(
    ("prepare", "told", "remedy"),
    [
        (_elsewhere, "theirs lies in eu-central-1, and Macie in eu-west-1", "scan it in eu-central-1"),
        (_in_the_first_region, "theirs lies in us-east-1", "scan it in us-east-1"),
        (_requester_pays, "theirs is of another account and has whoever asks pay", "copy the data"),
        (_denied, "cannot be told: .*AccessDenied", "s3:GetBucketLocation"),
        (lambda _: None, "no owner of nobodys is stated", "data_perimeter.read"),
    ],
    ids=["region", "first region", "requester pays", "denied", "no owner"],
)
def test_a_bucket_that_macie_cannot_read_is_told_before(
    asked: Asked, prepare: Callable[[Stubber], None], told: str, remedy: str
) -> None:
    """Where it lies, whose it is, and who pays."""
    client, s3 = stubbed("s3")
    prepare(s3)
    with s3, pytest.raises(ScanError, match=told) as caught:
        hold(asked, client, "nobodys" if "nobodys" in told else "theirs")
    assert remedy in caught.value.remedy
    s3.assert_no_pending_responses()


def test_who_pays_may_be_the_owners_to_know(asked: Asked) -> None:
    """Another account's bucket that was listed is read, though S3 does not say who pays."""
    client, s3 = stubbed("s3")
    _payer_untold(s3)
    with s3:
        hold(asked, client, "theirs")
    s3.assert_no_pending_responses()


def hold(asked: Asked, client: Any, bucket: str) -> None:
    """Hold a bucket to what Macie can read, with another account's bucket in the perimeter."""
    stated = baseline().model_dump(mode="json")
    stated["data_perimeter"]["read"] = {"theirs": "444455556666"}
    held = SecurityBaseline.model_validate(stated)
    Precautions(held, service=asked.service, s3=lambda: client).hold_bucket(bucket)
