"""Whether a bucket's policy keeps a folder as it is: only what surely does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secure_sagemaker.identity.policies import Projection, bucket_policy
from secure_sagemaker.macie.write_protection import KEPT_FROM, unprotected
from tests.controls_support import ACCOUNT, DEFAULT_ROLE, baseline
from tools.golden import TODAY

FOLDER = "s3://ml-artifacts/cleared/"
OBJECTS = "arn:aws:s3:::ml-artifacts/cleared/*"
LOST: dict[str, Any] = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": list(KEPT_FROM),
    "Resource": OBJECTS,
}
OVER: dict[str, Any] = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:PutObject",
    "Resource": OBJECTS,
    "Condition": {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}},
}
OTHERS: dict[str, Any] = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:PutObject",
    "Resource": OBJECTS,
    "Condition": {"ArnNotLike": {"aws:PrincipalArn": DEFAULT_ROLE}},
}


def lacking(*statements: object, folder: str = FOLDER) -> tuple[str, ...]:
    return unprotected(json.dumps({"Statement": list(statements)}), folder=folder, partition="aws")


def test_the_policy_that_is_printed_protects() -> None:
    """What an administrator is told to deploy is what is asked for; of another bucket nothing is said."""
    stated = baseline(
        data_perimeter__write={"ml-artifacts": ACCOUNT, "ml-work": ACCOUNT}, macie__snapshot=FOLDER
    )
    made = Projection(baseline=stated, today=TODAY)
    policy = bucket_policy(made, "ml-artifacts").to_json()
    assert unprotected(policy, folder=FOLDER, partition="aws") == ()
    assert unprotected(policy, folder="s3://ml-artifacts/", partition="aws")
    assert "Snapshots" not in bucket_policy(made, "ml-work").to_json()


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param((LOST, OVER, OTHERS), id="as-printed"),
        pytest.param(({**LOST, "Principal": {"AWS": ["*"]}}, OVER, OTHERS), id="everybody-by-another-name"),
        pytest.param(
            ({**LOST, "Resource": ["arn:aws:s3:::ml-artifacts/*"]}, OVER, OTHERS), id="the-whole-bucket"
        ),
        pytest.param(({**LOST, "Action": ["s3:delete*", "s3:Replicate*"]}, OVER, OTHERS), id="patterns"),
        pytest.param(
            (LOST, {**OVER, "Condition": {"Null": {"S3:If-None-Match": True}}}, OTHERS),
            id="parts-refused-too",
        ),
        pytest.param(
            (LOST, OVER, {**OTHERS, "Condition": {"StringNotEquals": {"aws:PrincipalArn": [DEFAULT_ROLE]}}}),
            id="others-by-text",
        ),
    ],
)
def test_what_surely_protects(statements: tuple[object, ...]) -> None:
    """However it is written, where it is no less."""
    assert lacking(*statements) == ()


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        pytest.param((), "s3:DeleteObject is", id="nothing"),
        pytest.param((OVER, OTHERS), "s3:DeleteObject is", id="deletion"),
        pytest.param(
            ({**LOST, "Action": "s3:DeleteObject"}, OVER, OTHERS), "s3:DeleteObjectVersion is", id="version"
        ),
        pytest.param(
            ({**LOST, "Action": "s3:Delete*"}, OVER, OTHERS), "s3:ReplicateDelete is", id="replicas"
        ),
        pytest.param(({**LOST, "Effect": "Allow"}, OVER, OTHERS), "s3:DeleteObject is", id="allowed"),
        pytest.param(
            ({**LOST, "Principal": {"AWS": "arn:aws:iam::111122223333:root"}}, OVER, OTHERS),
            "s3:DeleteObject is",
            id="somebody",
        ),
        pytest.param(
            ({**LOST, "Resource": f"{OBJECTS}.csv"}, OVER, OTHERS), "s3:DeleteObject is", id="some-objects"
        ),
        pytest.param(
            ({**LOST, "Resource": "arn:aws:s3:::ml-artifacts/cleared"}, OVER, OTHERS),
            "s3:DeleteObject is",
            id="no-object",
        ),
        pytest.param(
            ({**LOST, "Resource": "arn:aws:s3:::ml-*/cleared/*"}, OVER, OTHERS),
            "s3:DeleteObject is",
            id="not-sure",
        ),
        pytest.param(
            (
                {
                    **{name: LOST[name] for name in ("Effect", "Principal", "Resource")},
                    "NotAction": "s3:Get*",
                },
                OVER,
                OTHERS,
            ),
            "s3:DeleteObject is",
            id="not-action",
        ),
        pytest.param(
            ({**LOST, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}, OVER, OTHERS),
            "s3:DeleteObject is",
            id="on-a-condition",
        ),
        pytest.param((LOST, OTHERS), "s3:PutObject without If-None-Match is", id="overwriting"),
        pytest.param(
            (LOST, {**OVER, "Condition": {"Bool": {"s3:ObjectCreationOperation": "true"}}}, OTHERS),
            "s3:PutObject without If-None-Match is",
            id="every-write",
        ),
        pytest.param(
            (
                LOST,
                {**OVER, "Condition": {**OVER["Condition"], "StringEquals": {"aws:PrincipalAccount": "1"}}},
                OTHERS,
            ),
            "s3:PutObject without If-None-Match is",
            id="overwriting-by-some",
        ),
        pytest.param((LOST, OVER), "s3:PutObject is not denied to all but named roles", id="others"),
        pytest.param(
            (
                LOST,
                OVER,
                {**OTHERS, "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::1:role/*"}}},
            ),
            "s3:PutObject is not denied to all but named roles",
            id="others-by-pattern",
        ),
        pytest.param(
            (LOST, OVER, {**OTHERS, "Condition": {"ArnLike": {"aws:PrincipalArn": DEFAULT_ROLE}}}),
            "s3:PutObject is not denied to all but named roles",
            id="the-role-alone",
        ),
        pytest.param(
            (
                LOST,
                OVER,
                {**OTHERS, "Condition": {**OTHERS["Condition"], "ArnNotEquals": {"aws:PrincipalArn": "x"}}},
            ),
            "s3:PutObject is not denied to all but named roles",
            id="others-of-others",
        ),
        pytest.param(
            (LOST, OVER, {**OTHERS, "Condition": [OTHERS["Condition"]]}),
            "s3:PutObject is not denied to all but named roles",
            id="no-condition",
        ),
    ],
)
def test_what_does_not_or_is_not_sure_to(statements: tuple[object, ...], told: str) -> None:
    """The first that is lacking is told by its action."""
    assert told in lacking(*statements)[0]


@pytest.mark.parametrize("policy", ["", "no JSON", "[]", "{}", '{"Statement": "x"}', '{"Statement": [1]}'])
def test_what_is_no_policy_protects_nothing(policy: str) -> None:
    """Whatever stands there, all is lacking."""
    assert len(KEPT_FROM) + 2 == len(unprotected(policy, folder=FOLDER, partition="aws"))
