"""IAM documents as typed values: one text for one meaning, and nothing that IAM would not take."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secure_sagemaker.identity.policies.documents import (
    ANYONE,
    Condition,
    Effect,
    Operator,
    PolicyDocument,
    Principal,
    PrincipalKind,
    Quantifier,
    Statement,
    any_value,
    one_of,
    present,
)

BUCKET = "arn:aws:s3:::ml-artifacts"


def statement(**changes: Any) -> Statement:
    stated: dict[str, Any] = {
        "effect": Effect.ALLOW,
        "actions": ("s3:GetObject",),
        "resources": (f"{BUCKET}/*",),
    }
    return Statement(**{**stated, **changes})


def test_a_policy_has_one_text() -> None:
    """Lists are sets in one order, one entry stands for itself, and no space is written."""
    document = PolicyDocument(
        statements=(
            statement(
                sid="Read",
                actions=("s3:PutObject", "s3:GetObject", "s3:PutObject"),
                conditions=(
                    any_value(Operator.STRING_NOT_EQUALS, "aws:TagKeys", ["b", "a"]),
                    present("aws:TagKeys"),
                    one_of(Operator.BOOL, "aws:SecureTransport", ["true"]),
                ),
            ),
        )
    )
    assert document.to_json() == (
        '{"Version":"2012-10-17","Statement":[{"Sid":"Read","Effect":"Allow",'
        '"Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::ml-artifacts/*",'
        '"Condition":{"Bool":{"aws:SecureTransport":"true"},'
        '"ForAnyValue:StringNotEquals":{"aws:TagKeys":["a","b"]},"Null":{"aws:TagKeys":"false"}}}]}'
    )
    assert document.characters == len(document.to_json())
    assert document.to_mapping() == json.loads(document.to_json())


def test_principals_are_written_by_kind() -> None:
    """Everybody is a star; others stand by kind, in order."""
    roles = [
        Principal(kind=PrincipalKind.AWS, name=f"arn:aws:iam::111122223333:role/{name}") for name in "ba"
    ]
    service = Principal(kind=PrincipalKind.SERVICE, name="sagemaker.amazonaws.com")
    assert statement(principals=(ANYONE,)).to_mapping()["Principal"] == "*"
    assert statement(principals=(service, *roles)).to_mapping()["Principal"] == {
        "AWS": ["arn:aws:iam::111122223333:role/a", "arn:aws:iam::111122223333:role/b"],
        "Service": "sagemaker.amazonaws.com",
    }


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (present("k"), False),
        (present("k", wanted=False), True),
        (one_of(Operator.STRING_EQUALS, "k", ["a"]), False),
        (one_of(Operator.STRING_NOT_EQUALS, "k", ["a"]), True),
        (any_value(Operator.STRING_NOT_EQUALS, "k", ["a"]), False),
        (
            Condition(
                operator=Operator.STRING_EQUALS, key="k", values=("a",), quantifier=Quantifier.FOR_ALL_VALUES
            ),
            True,
        ),
        (Condition(operator=Operator.BOOL, key="k", values=("true",), if_exists=True), True),
    ],
    ids=str,
)
def test_a_condition_knows_what_an_absent_key_means(condition: Condition, holds: bool) -> None:
    """It says of itself whether a request without the key meets it, as IAM would."""
    assert condition.holds_when_absent is holds


@pytest.mark.parametrize(
    "changes",
    [
        {"actions": ()},
        {"actions": ("GetObject",)},
        {"resources": ()},
        {"not_resources": ("*",)},
        {"sid": "with space"},
        {"conditions": (present("k"), present("K", wanted=False))},
    ],
    ids=str,
)
def test_what_is_no_statement_cannot_be_made(changes: dict[str, object]) -> None:
    """A statement without an action or a resource, with both forms, or with a key twice under one operator."""
    with pytest.raises(ValueError, match="statement"):
        statement(**changes)


@pytest.mark.parametrize(
    "parts",
    [
        {"operator": Operator.STRING_EQUALS, "values": ()},
        {"operator": Operator.STRING_EQUALS, "values": ("two\nlines",)},
        {"operator": Operator.NULL, "values": ("false", "true")},
        {"operator": Operator.NULL, "values": ("true",), "if_exists": True},
        {"operator": Operator.BOOL, "values": ("yes",)},
    ],
    ids=str,
)
def test_what_is_no_condition_cannot_be_made(parts: dict[str, Any]) -> None:
    """Values are texts on one line, and Null and Bool take theirs alone."""
    with pytest.raises(ValueError, match="condition on k"):
        Condition(key="k", **parts)


def test_a_sid_stands_once() -> None:
    """Two statements of one name are refused: IAM would refuse them too."""
    with pytest.raises(ValueError, match="Sid"):
        PolicyDocument(statements=(statement(sid="Read"), statement(sid="Read", actions=("s3:PutObject",))))
