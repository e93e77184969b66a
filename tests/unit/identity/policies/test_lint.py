"""What IAM takes in silence is found by AWS's own reference."""

from __future__ import annotations

import pytest

from secure_sagemaker.identity.policies.documents import (
    Condition,
    Effect,
    Operator,
    PolicyDocument,
    Statement,
    any_value,
    one_of,
    present,
)
from secure_sagemaker.identity.policies.lint import problems
from secure_sagemaker.identity.policies.reference import accepting, action_reference

JOB = "arn:aws:sagemaker:eu-west-1:111122223333:training-job/churn-*"
BUCKET = "arn:aws:s3:::ml-artifacts"
SUBNETS = "sagemaker:VpcSubnets"
KEY = "sagemaker:VolumeKmsKeyArn"


def found(
    action: str, resource: str, *conditions: Condition, effect: Effect = Effect.DENY, negated: bool = False
) -> str:
    statement = Statement(
        effect=effect,
        actions=(action,),
        resources=() if negated else (resource,),
        not_resources=(resource,) if negated else (),
        conditions=conditions,
    )
    return "; ".join(problems(PolicyDocument(statements=(statement,))))


foreign_subnet = any_value(Operator.STRING_NOT_EQUALS, SUBNETS, ["subnet-0a1b2c3d"])


@pytest.mark.parametrize(
    ("action", "resource", "condition"),
    [
        ("sagemaker:CreateTrainingJob", JOB, foreign_subnet),
        ("sagemaker:CreateTrainingJob", "*", present(KEY, wanted=False)),
        ("sagemaker:*", "*", foreign_subnet),
        ("s3:GetObject", f"{BUCKET}/train/*", one_of(Operator.BOOL, "aws:SecureTransport", ["false"])),
        ("s3:ListBucket", BUCKET, one_of(Operator.STRING_LIKE, "s3:prefix", ["train/*"])),
        ("sagemaker:CreateModel", "*", one_of(Operator.STRING_EQUALS, "aws:RequestTag/team", ["churn"])),
    ],
    ids=str,
)
def test_a_sound_statement_passes(action: str, resource: str, condition: Condition) -> None:
    """Actions, resources and keys that belong together are nothing to speak of."""
    assert found(action, resource, condition) == ""


@pytest.mark.parametrize(
    ("problem", "action", "resource", "conditions"),
    [
        ("no action is called", "sagemaker:CreateTrainingJobs", "*", []),
        ("no action is called", "sagemaker:Compile*", "*", []),
        ("not about", "s3:GetObject", BUCKET, []),
        ("not about", "s3:ListBucket", f"{BUCKET}/*", []),
        ("not about", "sagemaker:CreateModel", JOB, []),
        ("no resource", "sagemaker:ListModels", JOB, []),
        ("accepts no sagemaker:VpcSubnets", "sagemaker:CreatePipeline", "*", [foreign_subnet]),
        ("accepts no", "sagemaker:*", "*", [present(SUBNETS, wanted=False)]),
        ("accepts no aws:RequestTag", "sagemaker:StopTrainingJob", "*", [present("aws:RequestTag/team")]),
        ("no condition key", "sagemaker:CreateModel", "*", [present("sagemaker:Subnets")]),
        (
            "has many values",
            "sagemaker:CreateModel",
            "*",
            [one_of(Operator.STRING_EQUALS, SUBNETS, ["subnet-0a1b2c3d"])],
        ),
        (
            "has one value",
            "sagemaker:CreateTrainingJob",
            "*",
            [any_value(Operator.ARN_LIKE, KEY, ["arn:aws:kms:eu-west-1:111122223333:key/1"])],
        ),
        ("is of type ARN", "sagemaker:CreateTrainingJob", "*", [one_of(Operator.STRING_EQUALS, KEY, ["x"])]),
        ("VolumeKmsKey", "sagemaker:CreateTrainingJob", "*", [present("sagemaker:VolumeKmsKey")]),
    ],
    ids=str,
)
def test_what_would_never_match_is_found(
    problem: str, action: str, resource: str, conditions: list[Condition]
) -> None:
    """Each kind of mistake is told, a deprecated key among them."""
    assert problem in found(action, resource, *conditions)


def test_a_wildcard_that_allows_has_only_keys_that_all_have() -> None:
    """What is inert in a Deny is a hole in an Allow: actions without the key would never be allowed."""
    assert "accepts no" in found("sagemaker:Create*", "*", foreign_subnet, effect=Effect.ALLOW)


def test_what_is_excepted_is_a_resource_of_the_action() -> None:
    """A NotResource of another kind excepts nothing."""
    assert found("sagemaker:CreateTrainingJob", JOB, negated=True) == ""
    assert "not about" in found("sagemaker:CreateModel", JOB, negated=True)
    assert "no resource" in found("sagemaker:ListModels", "*", negated=True)


def test_the_reference_tells_who_accepts_a_key() -> None:
    """Actions are found by their condition key, templates of tags among them."""
    creates = accepting("sagemaker", "sagemaker:EnableRemoteDebug")
    assert creates == ("sagemaker:CreateTrainingJob", "sagemaker:UpdateTrainingJob")
    found_ = action_reference("SageMaker:createtrainingjob")
    assert found_ is not None
    assert found_.accepts("aws:RequestTag/team")
    assert not found_.accepts("sagemaker:VolumeKmsKey")  # deprecated
    assert found_.changes_something
