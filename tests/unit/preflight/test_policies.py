"""Policies, evaluated: endpoints' against strangers, and the evaluator's own laws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from secure_sagemaker.preflight.facts import WantedNetwork
from secure_sagemaker.preflight.foreigners import let_through
from secure_sagemaker.preflight.policies import Request, Verdict, evaluate, matches, statements_of
from tests.unit.preflight.documents import policy

pytestmark = pytest.mark.once

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ml-launcher"
WANTED = WantedNetwork(
    region="eu-west-1", partition="aws", account=ACCOUNT, role=ROLE, subnets=("subnet-a",), groups=("sg-a",)
)
OWN_PRINCIPALS = {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}
OWN_ORGANISATION = {"StringEquals": {"aws:PrincipalOrgID": "o-ours123456"}}
OWN_RESOURCES = {"StringEquals": {"aws:ResourceAccount": ACCOUNT}}


def allow(condition: dict[str, object] | None = None, **members: object) -> dict[str, object]:
    stated = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", **members}
    return stated if condition is None else {**stated, "Condition": condition}


def deny(condition: dict[str, object], **members: object) -> dict[str, object]:
    return {**allow(condition, **members), "Effect": "Deny"}


def verdict(text: str, service: str) -> Verdict | None:
    passing = let_through(text, service, WANTED)
    if passing is None:
        return None
    return Verdict.UNKNOWN if passing.unsure else Verdict.ALLOWED


OTHER, TRUSTED = "444455556666", "777788889999"


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(lambda account: allow(Principal={"AWS": account}), id="an-account"),
        pytest.param(
            lambda account: allow(Principal={"AWS": [ROLE, f"arn:aws:iam::{account}:root"]}), id="its-root"
        ),
        pytest.param(
            lambda account: allow(Principal={"AWS": f"arn:aws:iam::{account}:role/x"}), id="a-role-of-it"
        ),
        pytest.param(
            lambda account: allow(
                {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{account}:role/x"}},
                Principal={"AWS": f"arn:aws:sts::{account}:assumed-role/x/me"},
            ),
            id="a-session-of-it",
        ),
        pytest.param(
            lambda account: allow({"StringEquals": {"aws:PrincipalAccount": [ACCOUNT, account]}}),
            id="by-a-condition-for-the-account",
        ),
        pytest.param(
            lambda account: allow({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{account}:role/x-*"}}),
            id="by-a-condition-for-roles",
        ),
    ],
)
def test_an_account_that_is_named_is_tried(statement: Callable[[str], dict[str, object]]) -> None:
    """Whoever a policy lets in by name is a stranger, but for the account itself and those that it trusts."""
    text, wanted = policy(statement(OTHER)), replace(WANTED, trusted_accounts=(TRUSTED,))
    passing = let_through(text, "kms", wanted)
    assert passing is not None
    assert OTHER in passing.told
    assert not passing.unsure
    for ours in (ACCOUNT, TRUSTED):
        assert let_through(policy(statement(ours)), "kms", wanted) is None


def test_a_role_that_is_named_of_any_account_is_tried() -> None:
    """A name closes nothing: anybody may make a role that is called so."""
    for pattern in ("arn:aws:iam::*:role/deployer", "*:role/deployer", "arn:aws:iam::*:user/*-admin"):
        for operator in ("ArnLike", "StringLike"):
            stated = allow({operator: {"aws:PrincipalArn": pattern}})
            if (operator, pattern[0]) == ("ArnLike", "*"):  # which IAM matches with nothing
                assert verdict(policy(stated), "kms") is None
            else:
                assert verdict(policy(stated), "kms") is Verdict.ALLOWED


@pytest.mark.parametrize(
    "named",
    [
        {"AWS": "AROAEXAMPLEID1234ABCD"},
        {"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1ABC"},
        {"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"},
    ],
)
def test_a_principal_whose_account_is_not_told_is_not_said_to_be_ours(named: dict[str, str]) -> None:
    """Nor to be a stranger: it is unknown whose it is."""
    assert verdict(policy(allow(Principal=named)), "s3") is Verdict.UNKNOWN


def test_the_bucket_of_an_account_that_is_named_is_tried_with_our_own_role() -> None:
    """What keeps our data from a made-up account's buckets, and lets it out to one by its number, is open.

    One that owns a bucket of the data perimeter may be named.
    """
    to = {"StringEquals": {"aws:PrincipalAccount": ACCOUNT, "aws:ResourceAccount": [ACCOUNT, OTHER]}}
    passing = let_through(policy(allow(to)), "s3", WANTED)
    assert passing is not None
    assert OTHER in passing.told
    for ours in ({"trusted_accounts": (OTHER,)}, {"bucket_owners": (OTHER,)}):
        assert let_through(policy(allow(to)), "s3", replace(WANTED, **ours)) is None


@pytest.mark.parametrize("service", ["s3", "kms", "sagemaker"])
@pytest.mark.parametrize(
    "statements",
    [
        pytest.param([allow()], id="whole"),
        pytest.param([allow(Principal={"AWS": "*"})], id="whole-by-AWS"),
        pytest.param([allow(Action=["s3:*", "kms:*", "sagemaker:*"])], id="by-actions"),
        pytest.param([allow({"StringLike": {"aws:PrincipalAccount": "*"}})], id="a-condition-that-is-none"),
        pytest.param([allow({"Bool": {"aws:SecureTransport": "true"}})], id="tls-is-no-closure"),
        pytest.param(
            [allow(), deny({"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}, Action="iam:*")],
            id="denies-something-else",
        ),
        pytest.param([allow(Principal={"AWS": "999999999990"})], id="by-the-strangers-account"),
        pytest.param(
            [{"Effect": "Allow", "NotPrincipal": {"AWS": "1"}, "NotAction": "iam:*", "NotResource": "x"}],
            id="by-what-is-left-out",
        ),
    ],
)
def test_an_open_policy_is_found_however_it_is_written(
    statements: list[dict[str, object]], service: str
) -> None:
    """What lets a stranger through is open, whatever its text."""
    assert verdict(policy(*statements), service) is Verdict.ALLOWED


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param(
            [allow({"StringEquals": {**OWN_PRINCIPALS["StringEquals"], **OWN_RESOURCES["StringEquals"]}})],
            id="both-accounts",
        ),
        pytest.param(
            [
                allow(),
                deny({"StringNotEquals": {"aws:PrincipalOrgID": "o-ours123456"}}),
                deny({"StringNotEquals": {"aws:ResourceAccount": ACCOUNT}}),
            ],
            id="denies",
        ),
        pytest.param([allow(OWN_RESOURCES, Principal={"AWS": ACCOUNT})], id="by-principal"),
        pytest.param(
            [allow(Principal={"AWS": ROLE}, Resource=["arn:aws:s3:::ml-work", "arn:aws:s3:::ml-work/*"])],
            id="by-name",
        ),
        pytest.param([], id="nothing"),
    ],
)
def test_a_closed_policy_is_let_alone(statements: list[dict[str, object]]) -> None:
    """What lets neither a stranger nor a foreign bucket through is closed."""
    assert verdict(policy(*statements), "s3") is None


def test_a_foreign_bucket_is_tried_with_our_own_role() -> None:
    """A policy that looks at principals alone lets our data out to anybody's bucket; other services have no buckets."""
    for closed_to_strangers in (OWN_PRINCIPALS, OWN_ORGANISATION):
        assert verdict(policy(allow(closed_to_strangers)), "s3") is Verdict.ALLOWED
        assert verdict(policy(allow(closed_to_strangers)), "kms") is None


def test_a_condition_that_is_not_known_is_not_taken_for_a_closure() -> None:
    """An unknown key, operator or variable leaves it open whether a stranger passes."""
    for condition in (
        {"StringEquals": {"aws:PrincipalTag/team": "churn"}},
        {"DateLessThan": {"aws:CurrentTime": "2030-01-01"}},
        {"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}},
        {"StringEquals": ["aws:PrincipalAccount"]},
        {"NumericLessThan": {"aws:PrincipalAccount": "5"}},
        ["StringEquals"],
    ):
        stated = {**allow(), "Condition": condition}
        assert verdict(policy(stated), "kms") is Verdict.UNKNOWN
    variable = allow(Resource="arn:aws:kms:*:*:key/${aws:PrincipalTag/team}")
    assert verdict(policy(variable), "kms") is Verdict.UNKNOWN


@pytest.mark.parametrize("text", ["", "[]", '{"Statement": ["x"]}', '{"Statement": {"Effect": "Maybe"}}'])
def test_what_is_no_policy_is_not_read_as_a_closed_one(text: str) -> None:
    """Malformed is an error, which becomes unknown."""
    with pytest.raises(ValueError, match=r"."):
        statements_of(text)


@pytest.mark.parametrize(
    ("pattern", "value", "wanted"),
    [
        ("s3:*", "s3:GetObject", True),
        ("a?c", "abc", True),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
        ("*", "", True),
    ],
)
def test_patterns_are_IAMs(pattern: str, value: str, wanted: bool) -> None:  # noqa: N802  # the name of a service
    """Stars and question marks, and nothing else, stand for others."""
    assert wanted is matches(pattern, value)


@pytest.mark.parametrize(
    ("condition", "context", "wanted"),
    [
        ({"StringEquals": {"k": "a"}}, {"k": ""}, Verdict.SILENT),
        ({"StringEqualsIfExists": {"k": "a"}}, {"k": ""}, Verdict.ALLOWED),
        ({"StringNotEquals": {"k": "a"}}, {"k": ""}, Verdict.ALLOWED),
        ({"StringNotEquals": {"k": ["a", "b"]}}, {"k": "b"}, Verdict.SILENT),
        ({"ForAllValues:StringEquals": {"k": "a"}}, {"k": ""}, Verdict.ALLOWED),
        ({"Null": {"k": "true"}}, {"k": ""}, Verdict.ALLOWED),
        ({"Null": {"k": True}}, {"k": "a"}, Verdict.SILENT),
        ({"ArnLike": {"k": "arn:aws:iam::*:role/x"}}, {"k": "arn:aws:iam::1:role/x"}, Verdict.ALLOWED),
        ({"ArnLike": {"k": "arn:aws:iam:*:role/x"}}, {"k": "arn:aws:iam::1:role/x"}, Verdict.SILENT),
        ({"ArnLike": {"k": "arn:aws:iam:*"}}, {"k": "arn:aws:iam::1:role/x"}, Verdict.ALLOWED),
        ({"ForAnyValue:StringNotEquals": {"k": "a"}}, {"k": ""}, Verdict.SILENT),
        ({"Bool": {"K": False}}, {"k": "false"}, Verdict.ALLOWED),
        ({"StringEquals": {"k": "a", "other": "b"}}, {"k": "b"}, Verdict.SILENT),
        ({"StringEquals": {"k": "a", "other": "b"}}, {"k": "a"}, Verdict.UNKNOWN),
    ],
)
def test_conditions_are_met_as_iam_says(
    condition: dict[str, object], context: dict[str, str], wanted: Verdict
) -> None:
    """Absent keys, several values, negation, and keys that are not known."""
    asked = Request(principal=ROLE, account=ACCOUNT, action="s3:GetObject", context=context)
    assert wanted is evaluate(statements_of(policy(allow(condition))), asked)
