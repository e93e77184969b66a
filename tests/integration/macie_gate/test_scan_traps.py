"""What keeps a scan from being had: each is told precisely, with its remedy, and nothing is sent to SageMaker."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import pytest

from secure_sagemaker import ControlError, SecureSession
from secure_sagemaker.exceptions import ScanError
from tests.integration.embedded import client
from tests.integration.macie import CLEAN, TABLE
from tests.integration.macie_gate.gated import Gated
from tests.integration.macie_gate.moments import at_moment

pytestmark = pytest.mark.once


@pytest.fixture
def folder(gated: Gated) -> str:
    folder = gated.folder()
    gated.put(f"{folder}part-0.csv", CLEAN)
    gated.put(f"{folder}part-1.csv", CLEAN)
    return folder


@contextmanager
def denied(gated: Gated, *actions: str) -> Iterator[None]:
    """Have the role's own policy deny something."""
    iam, role = client(gated.aws, "iam"), gated.aws.role_arn.rpartition("/")[2]
    statement = {"Effect": "Deny", "Action": list(actions), "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=role, PolicyName="denies", PolicyDocument=policy)
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="denies")


def stopped(gated: Gated, session: SecureSession, folder: str, match: str) -> ScanError:
    """The error of a training call whose data was to be scanned first, which was recorded once and not sent."""
    before = len(gated.sent("CreateTrainingJob"))
    with pytest.raises(ScanError, match=match) as caught:
        gated.train(session, gated.uri(folder))
    assert before == len(gated.sent("CreateTrainingJob"))
    call = gated.aws.calls.last("CreateTrainingJob")
    assert call.record is not None
    assert (True, "ScanError") == (call.was_refused, call.record.error_code)
    return caught.value


def _disable(gated: Gated) -> None:
    gated.client.disable_macie()


def _without_results(gated: Gated) -> None:
    gated.client.disable_macie()
    gated.client.enable_macie()


def _pause(gated: Gated) -> None:
    gated.client.update_macie_session(status="PAUSED")


def _use_up(gated: Gated) -> None:
    gated.aws.macie.allow_a_month(bytes=0)


@pytest.mark.parametrize(
    ("prepare", "match", "remedy"),
    [
        (_disable, "Macie is not enabled in eu-west-1", "aws macie2 enable-macie"),
        (_pause, "Macie's status in eu-west-1 is PAUSED", "update-macie-session --status ENABLED"),
        (_without_results, "has no bucket for its results", "put-classification-export-configuration"),
        (_use_up, "of this month's quota of", "have the quota raised"),
    ],
    ids=["disabled", "paused", "no results", "quota"],
)
def test_macie_is_not_ready(
    gated: Gated, folder: str, prepare: Callable[[Gated], None], match: str, remedy: str
) -> None:
    """Told before a job is made."""
    prepare(gated)
    error = stopped(gated, gated.session(mode="scan"), folder, match)
    assert remedy in error.remedy
    assert () == error.job_ids
    assert "CreateClassificationJob" not in gated.asked("macie2")


BEFORE = (
    "GetMacieSession",
    "GetClassificationExportConfiguration",
    "ListClassificationJobs",
    "GetUsageStatistics",
    "CreateClassificationJob",
)
AFTER = ("DescribeClassificationJob", "ListFindings")


def test_what_is_not_allowed_is_named(gated: Gated, folder: str) -> None:
    """Each action by its own name, with what allows it; a job that was made meanwhile is not made again."""
    session = gated.session(mode="scan")
    told: set[str] = set()
    for operation in (*BEFORE, *AFTER):
        with denied(gated, f"macie2:{operation}"):
            error = stopped(gated, session, folder, f"refused {operation}: AccessDeniedException")
        assert f"macie2:{operation};" in error.remedy
        assert (operation in AFTER) is bool(gated.jobs())
        told |= {*error.job_ids}
    (job,) = gated.jobs()
    assert {job} == told
    gated.train(session, gated.uri(folder))
    assert {job} == gated.jobs()


@pytest.mark.parametrize(
    ("action", "match", "remedy"),
    [
        ("s3:ListBucket", "cannot be told: .*AccessDenied", "s3:ListBucket"),
        ("s3:GetBucketLocation", "where .* lies cannot be told", "s3:GetBucketLocation"),
        ("s3:GetObject", "Macie's results in s3://ml-macie-.* cannot be read", "s3:GetObject there"),
    ],
)
def test_what_s3_does_not_allow_is_named(
    gated: Gated, folder: str, action: str, match: str, remedy: str
) -> None:
    """And once it is allowed the scan goes on with the job that there may be."""
    session = gated.session(mode="scan")
    with denied(gated, action):
        assert remedy in stopped(gated, session, folder, match).remedy
    made = gated.jobs()
    gated.train(session, gated.uri(folder))
    assert (made or gated.jobs()) == gated.jobs()


def test_results_outside_of_the_perimeter_are_not_paid_for(gated: Gated, folder: str) -> None:
    """They could not be read afterwards."""
    read = {gated.aws.data_bucket: gated.aws.account.account}
    stated = gated.baseline(mode="scan").model_dump(mode="json")
    stated["data_perimeter"]["read"] = read
    session = gated.session(type(gated.baseline()).model_validate(stated))
    error = stopped(gated, session, folder, f"writes its results to {gated.results}")
    assert f"name {gated.results} in data_perimeter.read" in error.remedy
    assert set() == gated.jobs()


def test_over_the_cap_nothing_is_made(gated: Gated, folder: str) -> None:
    """The figure is told, and called an estimate."""
    session = gated.session(mode="scan", maximum_cost_usd=0)
    error = stopped(gated, session, folder, r"would cost about 0\.00 USD \(an estimate\): 2 objects")
    assert "maximum_cost_usd is 0.00" in str(error)
    assert set() == gated.jobs()


def test_another_region_is_told(gated: Gated) -> None:
    """Macie reads buckets of its own region alone."""
    far, name = client(gated.aws, "s3", region_name="us-east-1"), "ml-far-away"
    if name not in {one["Name"] for one in far.list_buckets()["Buckets"]}:
        far.create_bucket(Bucket=name)
    far.put_object(Bucket=name, Key="x.csv", Body=CLEAN)
    read = {name: gated.aws.account.account, gated.results: gated.aws.account.account}
    session = gated.session(layer={"data_perimeter": {"read": read}})
    with pytest.raises(ScanError, match="ml-far-away lies in us-east-1, and Macie in eu-west-1") as caught:
        session.scan([f"s3://{name}/"])
    assert "scan it in us-east-1" in caught.value.remedy
    assert set() == gated.jobs()


@pytest.mark.parametrize(
    ("calls", "waits"), [(3, [1.0, 2.0, 4.0]), (1_000, None)], ids=["a while", "for good"]
)
def test_throttled_it_waits(gated: Gated, folder: str, calls: int, waits: list[float] | None) -> None:
    """Longer each time, and not for ever."""
    slept: list[float] = []
    session = gated.own_session(sleep=slept.append)
    gated.aws.macie.throttle(calls)
    if waits is not None:
        assert session.scan([gated.uri(folder)]).is_accepted
        assert waits == slept[:3]
        return
    with pytest.raises(ScanError, match="GetMacieSession: ThrottlingException") as caught:
        session.scan([gated.uri(folder)])
    assert "wait, and scan again" in caught.value.remedy
    assert sorted(slept) == slept
    assert max(slept) <= 30


def test_each_call_may_be_throttled(gated: Gated, folder: str) -> None:
    """Whichever it is, it is asked again."""
    session = gated.session()
    for number in count(1):
        gated.forget_jobs()
        gated.put(f"{folder}new-{number}.csv", b"x\n%d\n" % number)
        with at_moment(number, lambda: gated.aws.macie.throttle(1), files=False) as moments:
            assert session.scan([gated.uri(folder)]).is_accepted
        gated.aws.macie.throttle(0)
        assert 1 == len(gated.jobs())
        if len(moments) < number:
            break


def test_automated_discoverys_score(gated: Gated, folder: str) -> None:
    """Asked beside all else where the baseline says so: off, unknown or too high it refuses."""
    session = gated.session(maximum_bucket_score=50)
    session.scan([gated.uri(folder)])
    stopped(gated, session, folder, "automated discovery in eu-west-1 is off")
    gated.client.update_automated_discovery_configuration(status="ENABLED")
    gated.put(f"{gated.folder()}people.csv", TABLE)
    with pytest.raises(ControlError, match=r"sensitivity score of .* is [5-9][0-9], and 50 is the highest"):
        gated.train(session, gated.uri(folder))
    gated.train(gated.session(maximum_bucket_score=100), gated.uri(folder))
    with denied(gated, "macie2:GetResourceProfile"):
        stopped(gated, session, folder, "refused GetResourceProfile")
