"""What is read of keys, buckets, roles and Macie: what is not there, what is denied, and what is not understood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from secure_sagemaker.preflight.account_facts import AccountFacts, WantedAccount, WantedBucket
from secure_sagemaker.preflight.account_reading import ask_account
from secure_sagemaker.preflight.facts import Answer
from secure_sagemaker.preflight.reading import Reader

ACCOUNT = "123456789012"
WANTED = WantedAccount(
    region="eu-west-1",
    partition="aws",
    account=ACCOUNT,
    role=f"arn:aws:iam::{ACCOUNT}:role/launcher",
    execution_roles=(),
    keys=("alias/none",),
    buckets=(WantedBucket(name="none", owner=ACCOUNT, written=True),),
    macie=True,
)


@pytest.fixture
def session() -> Iterator[boto3.Session]:
    with mock_aws():
        yield boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name="eu-west-1")


def read(session: boto3.Session, wanted: WantedAccount = WANTED) -> AccountFacts:
    with Reader(session) as reader:
        return ask_account(reader, wanted)()


def fail(session: boto3.Session, operation: str, error: Exception) -> None:
    def failing(**_: object) -> None:
        raise error

    session.events.register(f"before-call.{operation}", failing)


def refusal(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


def test_what_is_not_there_is_an_answer(session: boto3.Session) -> None:
    """No such key, bucket or role: read, and told to be absent."""
    facts = read(session)
    (key,), (bucket,), role = facts.keys, facts.buckets, facts.roles[WANTED.role]
    assert Answer(value=None) == key.key
    assert (Answer(value=None), Answer(value=None)) == (bucket.region, bucket.encryption)
    assert (Answer(value=()), Answer(value=""), Answer(value="")) == (
        bucket.blocks,
        bucket.policy,
        bucket.versioning,
    )
    assert Answer(value=None) == role.trust
    assert role.policies.unread == "there is no such role"


def test_what_is_there_is_read_whole(session: boto3.Session) -> None:
    """Inline and attached policies, a boundary, and a bucket of which nothing was set."""
    iam, s3 = session.client("iam"), session.client("s3")
    allowed = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "%s", "Resource": "*"}]}'
    arns = [
        iam.create_policy(PolicyName=name, PolicyDocument=allowed % f"{name}:*")["Policy"]["Arn"]
        for name in ("sqs", "sns")
    ]
    iam.create_role(
        RoleName="launcher", AssumeRolePolicyDocument=allowed % "sts:*", PermissionsBoundary=arns[1]
    )
    iam.put_role_policy(RoleName="launcher", PolicyName="p", PolicyDocument=allowed % "ec2:*")
    iam.attach_role_policy(RoleName="launcher", PolicyArn=arns[0])
    s3.create_bucket(Bucket="none", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    wanted = replace(WANTED, session_policy=allowed % "s3:*", session_policy_arns=(arns[1],))
    facts = read(session, wanted)
    role, (bucket,) = facts.roles[WANTED.role], facts.buckets
    assert ["ec2:*", "sqs:*"] == [
        action for text in role.policies.value for action in ("ec2:*", "sqs:*") if action in text
    ]
    assert "sns:*" in role.boundary.value
    assert 2 == len(facts.session_policies.value)
    assert ("eu-west-1", "", "") == (bucket.region.value, bucket.policy.value, bucket.versioning.value)


def test_a_role_of_another_path_is_not_the_one_that_is_named(session: boto3.Session) -> None:
    """IAM finds it by its name, and its ARN tells that it is another."""
    session.client("iam").create_role(RoleName="launcher", Path="/other/", AssumeRolePolicyDocument="{}")
    assert Answer(value=None) == read(session).roles[WANTED.role].trust
    named = replace(WANTED, role=f"arn:aws:iam::{ACCOUNT}:role/other/launcher")
    assert Answer(value="{}") == read(session, named).roles[named.role].trust


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (refusal("AccessDenied"), "iam:GetRole was answered with AccessDenied"),
        (
            EndpointConnectionError(endpoint_url="https://iam"),
            "iam:GetRole got no answer: EndpointConnectionError",
        ),
        (KeyError("Role"), "iam:GetRole was answered with what is not understood (KeyError)"),
    ],
)
def test_what_is_not_answered_is_told_as_unread(session: boto3.Session, error: Exception, told: str) -> None:
    """Denied, out of reach, or not understood: each is told, and nothing is raised."""
    fail(session, "iam.GetRole", error)
    role = read(session).roles[WANTED.role]
    assert [told] * 3 == [role.trust.unread, role.policies.unread, role.boundary.unread]


@pytest.mark.parametrize(
    ("error", "wanted"),
    [
        (refusal("AccessDeniedException", "Macie is not enabled"), Answer(value="")),
        (
            refusal("AccessDeniedException", "not authorized"),
            Answer(
                value="",
                unread="macie2:GetMacieSession was answered with AccessDeniedException",
                code="AccessDeniedException",
            ),
        ),
    ],
)
def test_macie_says_by_a_denial_that_it_is_not_enabled(
    session: boto3.Session, error: ClientError, wanted: Answer[str]
) -> None:
    """That one is an answer; another denial is none."""
    fail(session, "macie2.GetMacieSession", error)
    assert wanted == read(session).macie


def test_macie_is_asked_for_where_scans_are(session: boto3.Session) -> None:
    """Enabled is told; and where no scan is asked for, nobody asks."""
    client: Any = session.client("macie2")
    client.enable_macie()
    assert Answer(value="ENABLED") == read(session).macie
    fail(session, "macie2.GetMacieSession", AssertionError("asked"))
    assert Answer(value="") == read(session, replace(WANTED, macie=False)).macie


@pytest.mark.parametrize(
    ("answered", "wanted"),
    [
        ({}, Answer(value="")),
        ({"configuration": {"s3Destination": {"bucketName": "ml-results"}}}, Answer(value="ml-results")),
        (refusal("AccessDeniedException", "Macie is not enabled"), Answer(value="")),
        (
            refusal("AccessDeniedException"),
            Answer(
                value="",
                unread="macie2:GetClassificationExportConfiguration was answered with AccessDeniedException",
                code="AccessDeniedException",
            ),
        ),
    ],
)
def test_where_macies_results_go_is_read(session: boto3.Session, answered: Any, wanted: Answer[str]) -> None:
    """The bucket's name; nothing where none is configured or Macie is off; a denial is told."""
    _answer(session, "macie2.GetClassificationExportConfiguration", answered)
    assert wanted == read(session).macie_results


def test_automated_discovery_is_asked_for_where_its_scores_are(session: boto3.Session) -> None:
    """Its status is told; and where no score is asked for, nobody asks."""
    _answer(session, "macie2.GetAutomatedDiscoveryConfiguration", {"status": "DISABLED"})
    assert Answer(value="DISABLED") == read(session, replace(WANTED, bucket_scores=True)).discovery
    assert Answer(value="") == read(session).discovery


def _answer(session: boto3.Session, operation: str, answered: Any) -> None:
    def answering(**_: object) -> Any:
        if isinstance(answered, Exception):
            raise answered
        return AWSResponse("", 200, {}, None), answered

    session.events.register(f"before-call.{operation}", answering)
