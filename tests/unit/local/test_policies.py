"""The part of IAM's evaluation that the embedded AWS has."""

from __future__ import annotations

from typing import Any

import pytest

from secure_sagemaker.local.conditions import UnreadablePolicyError
from secure_sagemaker.local.policies import PolicyRequest, allows, denies, is_public

ROLE = "arn:aws:iam::111122223333:role/team"
SESSION = "arn:aws:sts::111122223333:assumed-role/team/jane"


def asked(**changes: Any) -> PolicyRequest:
    stated: dict[str, Any] = {
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::data/train/1.csv",
        "caller_arn": SESSION,
        "caller_account": "111122223333",
        "context": {
            "aws:principalarn": ROLE,
            "aws:tagkeys": ("team", "stage"),
            "sts:durationseconds": "900",
            "aws:sourceip": "10.1.2.3",
            "aws:currenttime": "2026-11-01T12:00:00Z",
        },
    }
    return PolicyRequest(**{**stated, **changes})


def policy(**elements: object) -> dict[str, object]:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*", **elements}
    return {"Statement": [{name: value for name, value in statement.items() if value is not None}]}


@pytest.mark.parametrize(
    ("elements", "allowed"),
    [
        pytest.param({}, True, id="everybody"),
        pytest.param({"Action": "S3:getobject"}, True, id="actions-have-no-case"),
        pytest.param({"Action": "s3:PutObject"}, False, id="another-action"),
        pytest.param({"Action": None, "NotAction": "s3:Put*"}, True, id="not-another-action"),
        pytest.param({"Action": None, "NotAction": "s3:*"}, False, id="not-this-action"),
        pytest.param({"Resource": "arn:aws:s3:::data/train/?.csv"}, True, id="a-pattern"),
        pytest.param({"Resource": None, "NotResource": "arn:aws:s3:::data/*"}, False, id="not-this-resource"),
        pytest.param({"Principal": {"AWS": ROLE}}, True, id="the-role-of-the-session"),
        pytest.param({"Principal": {"AWS": SESSION}}, True, id="the-session"),
        pytest.param({"Principal": {"AWS": f"{ROLE}-b"}}, False, id="another-role"),
        pytest.param({"Principal": {"AWS": "111122223333"}}, True, id="the-account"),
        pytest.param({"Principal": {"AWS": "arn:aws:iam::999999999999:root"}}, False, id="another-account"),
        pytest.param({"Principal": {"Service": "sagemaker.amazonaws.com"}}, False, id="a-service"),
        pytest.param({"Principal": None, "NotPrincipal": {"AWS": ROLE}}, False, id="all-but-the-role"),
        pytest.param({"Principal": None, "NotPrincipal": {"AWS": f"{ROLE}-b"}}, True, id="all-but-another"),
    ],
)
def test_a_statement_is_about_whom_and_what_it_names(elements: dict[str, object], allowed: bool) -> None:
    """Actions, resources and principals are matched as IAM matches them, also by their negations."""
    assert allows(policy(**elements), asked()) is allowed


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"StringEquals": {"aws:PrincipalArn": ROLE}}, True),
        ({"StringEqualsIgnoreCase": {"aws:PrincipalArn": ROLE.upper()}}, True),
        ({"StringNotEquals": {"aws:PrincipalArn": ROLE}}, False),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/t*"}}, True),
        ({"StringEquals": {"aws:SourceVpc": "vpc-1"}}, False),
        ({"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}, True),
        ({"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}, True),
        ({"Null": {"aws:SourceVpc": True}}, True),
        ({"Null": {"aws:PrincipalArn": "true"}}, False),
        ({"NumericLessThanEquals": {"sts:DurationSeconds": "900"}}, True),
        ({"NumericLessThan": {"sts:DurationSeconds": 900}}, False),
        ({"NumericNotEquals": {"sts:DurationSeconds": 900}}, False),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "stage", "x"]}}, True),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}, False),
        ({"ForAllValues:StringEquals": {"aws:Missing": ["team"]}}, True),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": ["team"]}}, True),
        ({"ForAnyValue:StringEquals": {"aws:Missing": ["team"]}}, False),
        ({"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["team"]}}, True),
        ({"ForAllValues:StringNotEquals": {"aws:TagKeys": ["team"]}}, False),
        ({"ForAnyValue:StringNotEquals": {"aws:Missing": ["team"]}}, False),
        ({"ForAnyValue:StringEqualsIfExists": {"aws:Missing": ["team"]}}, True),
        ({"ForAnyValue:StringLike": {"aws:TagKeys": ["st*"]}}, True),
        ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, True),
        ({"Bool": {"aws:MultiFactorAuthPresent": "false"}}, False),
        ({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/t*"}}, False),
        ({"ArnNotLike": {"aws:Missing": "arn:aws:iam::*:role/t*"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:*:role/team"}}, False),
        ({"DateLessThan": {"aws:CurrentTime": "2026-11-02T00:00:00Z"}}, True),
        ({"DateGreaterThanEquals": {"aws:CurrentTime": "2026-11-02"}}, False),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, True),
        ({"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.0.2.0/24"]}}, False),
    ],
    ids=str,
)
def test_a_condition_holds_as_iam_says(condition: dict[str, object], holds: bool) -> None:
    """Operators, their negations, absent keys and keys of many values are told apart."""
    assert allows(policy(Condition=condition), asked()) is holds


def test_a_deny_wins() -> None:
    """A request that one statement allows and another denies is denied."""
    both = {"Statement": [*_statements(policy()), *_statements(policy(Effect="Deny"))]}
    assert not allows(both, asked())
    assert denies(both, asked())


def _statements(document: dict[str, object]) -> list[object]:
    stated = document["Statement"]
    assert isinstance(stated, list)
    return stated


@pytest.mark.parametrize(
    "elements",
    [
        {"Condition": {"BinaryEquals": {"aws:Key": "MDE="}}},
        {"Condition": {"ForEachValue:StringEquals": {"aws:TagKeys": "team"}}},
        {"Condition": {"StringEquals": {"aws:PrincipalArn": "${aws:username}"}}},
        {"Resource": "arn:aws:s3:::data/${aws:username}/*"},
    ],
    ids=str,
)
def test_what_it_cannot_evaluate_it_says(elements: dict[str, object]) -> None:
    """An operator or a variable that is not known is an error of its own, never silently true or false."""
    with pytest.raises(UnreadablePolicyError, match="the embedded AWS"):
        allows(policy(**elements), asked())


@pytest.mark.parametrize(
    ("elements", "public"),
    [
        ({}, True),
        ({"Effect": "Deny"}, False),
        ({"Principal": {"AWS": ROLE}}, False),
        ({"Principal": {"AWS": "*"}, "Condition": {"StringLike": {"aws:userid": "AROA*"}}}, True),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, True),
        ({"Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}}, False),
        ({"Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}}, True),
    ],
    ids=str,
)
def test_a_public_policy_is_told(elements: dict[str, object], public: bool) -> None:
    """A policy is public where everybody is allowed and no condition fixes who or from where."""
    assert is_public(policy(**elements)) is public
