"""What AWS refuses, the embedded AWS refuses: a wrong request fails here and not in production."""

from __future__ import annotations

import re
from collections.abc import Iterator

import botocore.session
import pytest
from botocore.exceptions import ClientError

from secure_sagemaker.local import embedded_aws
from secure_sagemaker.local.refusals import RULES
from tests.integration.embedded import session_of
from tests.integration.refusals import identity, storage, work
from tests.integration.refusals.case import Case, World, world_in

CASES: tuple[Case, ...] = (*identity.CASES, *storage.CASES, *work.CASES)
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
_CODES = {rule.id: (rule.code, rule.status) for rule in RULES}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One account, with keys, networks, roles and buckets of every kind."""
    with embedded_aws() as aws:
        yield world_in(aws)


def _knows(needs: tuple[str, str] | None) -> bool:
    if needs is None:
        return True
    shape, member = needs
    model = botocore.session.Session().get_service_model("sagemaker")
    return shape in model.shape_names and member in model.shape_for(shape).members


def _each() -> list[object]:
    lacking = pytest.mark.skip(reason="the installed botocore does not know the member")
    return [pytest.param(case, id=case.id, marks=[] if _knows(case.needs) else [lacking]) for case in CASES]


@pytest.mark.parametrize("case", _each())
def test_aws_refuses(world: World, case: Case) -> None:
    """The request is refused with AWS's code, status and words; its neighbour is taken."""
    with pytest.raises(ClientError) as caught:
        case.refused(world)
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == _CODES[case.rule]
    assert re.search(case.says, answer["Error"]["Message"]), answer["Error"]["Message"]
    case.accepted(world)


def test_every_rule_is_tried() -> None:
    """No rule without a case that it refuses, and no case of a rule that is not there."""
    assert {rule.id for rule in RULES} == {case.rule for case in CASES}


def test_every_rule_says_where_it_is_from() -> None:
    """Each row has an id of its own, AWS's code, its case in words, and its source."""
    ids = [rule.id for rule in RULES]
    assert sorted(ids) == sorted(set(ids))
    for rule in RULES:
        assert rule.source, rule.id
        assert rule.case, rule.id
        assert re.fullmatch(r"[A-Z][A-Za-z.]+", rule.code), rule.id


def test_a_refused_request_is_recorded(world: World) -> None:
    """What is refused was sent: the record has it."""
    with pytest.raises(ClientError):
        world.sts.assume_role(RoleArn=world.untrusting_role + "-not", RoleSessionName="me")
    assert world.aws.requests[-1].operation == "AssumeRole"


@pytest.mark.parametrize(
    ("asked", "percent"),
    [
        ({}, None),
        ({"Tags": [{"Key": "team", "Value": "churn"}]}, 2),
        ({"PolicyArns": [{"arn": READ_ONLY}]}, 5),
    ],
)
def test_the_answer_tells_the_packed_size(
    world: World, asked: dict[str, object], percent: int | None
) -> None:
    """The packed size is that of the session's own policies and tags, and is not told where there are none."""
    answer = world.sts.assume_role(RoleArn=world.aws.role_arn, RoleSessionName="me", **asked)
    assert answer.get("PackedPolicySize") == percent


def test_a_source_identity_is_told_and_stays(world: World) -> None:
    """STS answers with the source identity, and a chained session has it without naming it."""
    trust = {"Principal": {"AWS": "111122223333"}, "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"]}
    first, second = world.role(trust), world.role(trust)
    answer = world.sts.assume_role(RoleArn=first, RoleSessionName="me", SourceIdentity="jane")
    assert answer["SourceIdentity"] == "jane"
    chained = session_of(answer["Credentials"]).client("sts")
    assert chained.assume_role(RoleArn=second, RoleSessionName="me")["SourceIdentity"] == "jane"


def test_a_new_bucket_is_closed(world: World) -> None:
    """A new bucket blocks public access and takes no access control lists, as AWS's do."""
    name = world.bucket_with()
    block = world.s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    (rule,) = world.s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
    assert rule == {"ObjectOwnership": "BucketOwnerEnforced"}
