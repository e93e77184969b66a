"""Sessions for some work alone: what AssumeRole is asked for, and that a child is never wider."""

from __future__ import annotations

import json
import logging
import pickle
from typing import Any, cast

import pytest

from secure_sagemaker import SecureSession
from secure_sagemaker.baseline import Task, TaskName
from secure_sagemaker.exceptions import BaselineError, LoosenedBaselineError, PolicyError, SessionError
from tests.unit.identity.test_credentials import with_role
from tests.unit.identity.test_mfa import MFA, Codes
from tests.unit.secured import BY_ALIAS, COMPLETE, KEY, TWO_REGIONS, secured, training_job
from tests.wire import SOURCE_KEY, Wire, says

GUARDRAIL = "arn:aws:iam::111122223333:policy/ml-guardrail-1"
READING = COMPLETE.replace(
    "[data_perimeter]\n", '[data_perimeter]\nread = { ml-datasets = "444455556666" }\n'
)
GUARDED = f'{READING}\n[session_policy]\nguardrail_arns = ["{GUARDRAIL}"]\n'
TEAM = "arn:aws:iam::111122223333:policy/ml-team"
TRAINING = "arn:aws:sagemaker:eu-west-1:111122223333:training-job/"


def asked(wire: Wire, session: SecureSession) -> dict[str, str]:
    """What the session's AssumeRole call asks for."""
    session.client("sagemaker").list_models()
    return dict(wire.of("AssumeRole")[-1].form)


def allowed(form: dict[str, str], action: str) -> list[str]:
    """The resources on which the inline policy allows an action."""
    found: list[str] = []
    for statement in json.loads(form["Policy"])["Statement"]:
        actions = statement["Action"]
        if statement["Effect"] == "Allow" and action in ([actions] if isinstance(actions, str) else actions):
            resources = statement["Resource"]
            found += [resources] if isinstance(resources, str) else resources
    return sorted(set(found))


def test_a_task_is_all_that_the_session_is_given(wire: Wire) -> None:
    """The inline policy allows the task on its names, its inputs and its outputs, and nothing of another."""
    child = secured(wire, GUARDED).scoped_to(
        "train",
        names=["churn-*"],
        inputs=["s3://ml-datasets/churn/"],
        outputs=["s3://ml-artifacts/churn/"],
        instance_types=["ml.m5.xlarge"],
    )
    form = asked(wire, child)
    assert [f"{TRAINING}churn-*"] == allowed(form, "sagemaker:CreateTrainingJob")
    assert ["arn:aws:s3:::ml-artifacts/churn/*", "arn:aws:s3:::ml-datasets/churn/*"] == allowed(
        form, "s3:GetObject"
    )
    assert ["arn:aws:s3:::ml-artifacts/churn/*"] == allowed(form, "s3:PutObject")
    assert [] == allowed(form, "sagemaker:CreateModel")
    assert GUARDRAIL == form["PolicyArns.member.1.arn"]


def test_an_endpoint_is_named_apart_from_the_models_behind_it(wire: Wire) -> None:
    """endpoint= narrows the endpoint alone; names= the rest."""
    child = secured(wire, GUARDED).scoped_to("deploy", names=["churn-*"], endpoint="churn-prod")
    resources = allowed(asked(wire, child), "sagemaker:CreateEndpoint")
    endpoints = [one for one in resources if ":endpoint/" in one]
    assert ["arn:aws:sagemaker:eu-west-1:111122223333:endpoint/churn-prod"] == endpoints


def test_without_a_task_the_guardrail_is_the_limit(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    """The guardrail denies alone, so beside it goes what allows everything; and the session says so."""
    with caplog.at_level(logging.INFO, "secure_sagemaker"):
        session = secured(wire, GUARDED)
    (told,) = caplog.messages
    assert "no task is stated" in told
    assert GUARDRAIL in told
    form = asked(wire, session)
    assert {"Effect": "Allow", "Action": "*", "Resource": "*"} == json.loads(form["Policy"])["Statement"][0]
    assert GUARDRAIL == form["PolicyArns.member.1.arn"]


def test_managed_policies_that_allow_stay_the_limit_beside_a_guardrail(wire: Wire) -> None:
    """Nothing that allows everything is passed beside a policy that allows little."""
    form = asked(
        wire, secured(wire, GUARDED.replace("guardrail_arns", f'policy_arns = ["{TEAM}"]\nguardrail_arns'))
    )
    assert {TEAM, GUARDRAIL} == {form["PolicyArns.member.1.arn"], form["PolicyArns.member.2.arn"]}
    assert "Policy" not in form


def test_managed_policies_that_allow_do_not_go_with_tasks(wire: Wire) -> None:
    """What one of two policies allows is allowed: the child would be wider than its parent."""
    parent = secured(wire, f'{COMPLETE}\n[session_policy]\npolicy_arns = ["{TEAM}"]\n')
    with pytest.raises(BaselineError) as caught:
        parent.scoped_to("train")
    assert "session_policy.policy_arns" == caught.value.field


def test_what_finds_no_room_is_said_when_the_session_is_made(
    wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    """Without a guardrail the policy carries conditions; what found no room is told, and what helps."""
    with caplog.at_level(logging.INFO, "secure_sagemaker"):
        child = secured(wire).scoped_to("train", "deploy", "transform")
        verified = child.verify()
    (told,) = [one for one in caplog.messages if "found no room" in one]
    assert f"{verified.policy_characters} of 2048 characters" in told
    assert f"{len(verified.client_only)} conditions" in told
    assert "guardrail_arns" in told
    assert verified.client_only
    assert any(f"{name} (" in told for name in verified.client_only)
    assert {"train", "deploy", "transform"} == {*verified.tasks}
    assert ", ".join(verified.client_only) in str(verified)


def test_what_takes_more_than_sts_makes_no_session(wire: Wire) -> None:
    """The error comes before any call, with the size, the largest statements and what to narrow."""
    with pytest.raises(PolicyError) as caught:
        secured(wire, GUARDED).scoped_to(*Task)
    assert 2048 == caught.value.limit
    assert (caught.value.characters or 0) > 2048
    assert "largest statements" in str(caught.value)
    assert [] == wire.operations


@pytest.mark.parametrize(
    ("wider", "field"),
    [
        ({"tasks": ["deploy"]}, "tasks"),
        ({"names": ["fraud-*"]}, "names"),
        ({"names": ["*"]}, "names"),
        ({"inputs": ["s3://ml-datasets/"]}, "inputs"),
        ({"outputs": ["s3://ml-artifacts/churn"]}, "outputs"),
        ({"endpoint": "fraud"}, "endpoints"),
        ({"instance_types": ["ml.m5.large"]}, "instance_types"),
    ],
)
def test_a_child_is_never_wider(wire: Wire, wider: dict[str, Any], field: str) -> None:
    """Neither by another value nor by a larger one, in any of the things that a session is narrowed by."""
    parent = secured(wire, READING).scoped_to(
        "train",
        names=["churn-*"],
        inputs=["s3://ml-datasets/churn/"],
        outputs=["s3://ml-artifacts/churn/2026/"],
        endpoint="churn-*",
        instance_types=["ml.m5.xlarge"],
    )
    with pytest.raises(LoosenedBaselineError) as caught:
        parent.scoped_to(*wider.pop("tasks", []), **wider)
    assert f"session_policy.{field}" == caught.value.field
    assert "call" == caught.value.source or "scoped_to" in str(caught.value)


def test_a_grandchild_keeps_what_it_does_not_narrow(wire: Wire) -> None:
    """What the parent was narrowed to holds for what is narrowed further."""
    child = secured(wire, GUARDED).scoped_to("train", "process", names=["churn-*"])
    grandchild = child.scoped_to("train", inputs=["s3://ml-datasets/churn/"])
    form = asked(wire, grandchild)
    assert [f"{TRAINING}churn-*"] == allowed(form, "sagemaker:CreateTrainingJob")
    assert [] == allowed(form, "sagemaker:CreateProcessingJob")


@pytest.mark.parametrize(
    ("stated", "error", "said"),
    [
        ({}, SessionError, "nothing to narrow"),
        ({"names": ["churn-*"]}, BaselineError, "none are stated"),
        ({"tasks": ["trian"]}, BaselineError, "session_policy.tasks"),
        ({"tasks": ["train"], "inputs": ["ml-datasets/churn"]}, BaselineError, "session_policy.inputs"),
        ({"tasks": ["train"], "inputs": ["s3://elsewhere/x"]}, PolicyError, "elsewhere"),
        ({"tasks": ["train"], "outputs": ["s3://ml-elsewhere/x"]}, PolicyError, "data_perimeter.write"),
        ({"tasks": ["train"], "names": ["*-churn"]}, BaselineError, "session_policy.names"),
    ],
)
def test_what_makes_no_sense_makes_no_session(
    wire: Wire, stated: dict[str, Any], error: type[Exception], said: str
) -> None:
    """It is told what was wrong, and nothing is sent."""
    tasks = cast("list[TaskName]", stated.pop("tasks", []))
    with pytest.raises(error, match=said):
        secured(wire).scoped_to(*tasks, **stated)
    assert [] == wire.operations


def test_a_baseline_may_state_its_task(wire: Wire) -> None:
    """A team's file narrows every session made of it, and pickling one keeps it narrow."""
    session = secured(wire, f'{GUARDED}tasks = ["invoke"]\nnames = ["churn-prod"]\n')
    for one in (session, pickle.loads(pickle.dumps(session.scoped_to("invoke")))):  # noqa: S301  # our own
        assert ("invoke",) == tuple(map(str, one.baseline.session_policy.tasks))
    form = asked(wire, session)
    own = "arn:aws:sagemaker:eu-west-1:111122223333"
    named = [f"{own}:endpoint/churn-prod", f"{own}:inference-component/churn-prod"]
    assert named == allowed(form, "sagemaker:InvokeEndpoint")


def test_keys_named_by_alias_are_asked_for_first(wire: Wire) -> None:
    """IAM compares the ARNs of keys: the support session tells them, and the policy names them."""
    wire.answers["DescribeKey"] = says({"KeyMetadata": {"Arn": KEY, "KeyState": "Enabled"}})
    text = f'{BY_ALIAS}\n[session_policy]\nguardrail_arns = ["{GUARDRAIL}"]\n'
    child = secured(wire, text).scoped_to("train")
    assert [] == wire.operations
    child.client("sagemaker").create_training_job(**training_job())
    own = ["AssumeRole", "GetCallerIdentity"]
    assert [*own, "DescribeKey", *own, "CreateTrainingJob"] == wire.operations
    assert [KEY] == allowed(dict(wire.of("AssumeRole")[-1].form), "kms:CreateGrant")


def test_another_region_is_narrowed_likewise(wire: Wire) -> None:
    """The policy is of each region's own ARNs and keys."""
    child = secured(wire, f'{TWO_REGIONS}\n[session_policy]\nguardrail_arns = ["{GUARDRAIL}"]\n').scoped_to(
        "train"
    )
    child.client("sagemaker", region_name="us-east-1").list_models()
    form = dict(wire.one("AssumeRole").form)
    assert ["arn:aws:sagemaker:us-east-1:111122223333:training-job/*"] == allowed(
        form, "sagemaker:CreateTrainingJob"
    )


def test_parent_and_child_sign_with_keys_of_their_own(wire: Wire) -> None:
    """Each is assumed from the source, and each has its own report."""
    parent = secured(wire)
    child = parent.scoped_to("train")
    parent.client("sagemaker").list_models()
    child.client("sagemaker").create_training_job(**training_job())
    listed, created = wire.one("ListModels"), wire.one("CreateTrainingJob")
    assert listed.access_key_id != created.access_key_id
    assert {SOURCE_KEY} == {one.access_key_id for one in wire.of("AssumeRole")}
    assert "CreateTrainingJob" not in {record.operation for record in parent.report().records}
    assert "CreateTrainingJob" in {record.operation for record in child.report().records}


def test_a_child_does_not_ask_for_mfa_again(wire: Wire) -> None:
    """The code that was given for the parent serves every child."""
    codes = Codes("111111")
    parent = secured(wire, with_role(MFA), mfa_token=codes, source=wire.user())
    parent.client("sagemaker").list_models()
    parent.scoped_to("train").client("sagemaker").list_models()
    assert 1 == len(wire.of("GetSessionToken"))
    assert 2 == len(wire.of("AssumeRole"))


def test_the_digest_tag_is_of_the_baseline_that_was_stated(wire: Wire) -> None:
    """A trust policy that demands a digest lets a narrowed session in, for it is as strict at least."""
    text = with_role('digest_tag = "baseline"')
    parent = secured(wire, text)
    child = parent.scoped_to("train")
    assert parent.baseline.digest == asked(wire, child)["Tags.member.1.Value"] != child.baseline.digest
