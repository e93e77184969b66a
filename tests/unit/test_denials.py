"""What AWS denies is explained: in the record and in the log, and the error stays AWS's own."""

from __future__ import annotations

import logging

import pytest
from botocore.exceptions import ClientError

from tests.unit.baseline.stated import COMPLETE
from tests.unit.secured import Records, secured, training_job
from tests.wire import Wire, refuses

ME = "arn:aws:sts::111122223333:assumed-role/ml-launcher/secure-sagemaker"
ROLE = "arn:aws:iam::111122223333:role/"
OBSERVED = f'{COMPLETE}\n[modes]\nexecution-role = "observe"\n'
GUARDRAIL = "arn:aws:iam::111122223333:policy/guardrail"
NARROWED = f'{COMPLETE}\n[session_policy]\nguardrail_arns = ["{GUARDRAIL}"]\ntasks = ["train"]\n'
NOBODY = "because no identity-based policy allows the iam:PassRole action"


def passing(role: str, why: str = NOBODY) -> str:
    return f"User: {ME} is not authorized to perform: iam:PassRole on resource: {ROLE}{role} {why}"


def told(wire: Wire, message: str, text: str = COMPLETE, **members: object) -> str:
    """What the record says of a training job that AWS denies with a message, without what the baseline set."""
    wire.answers["CreateTrainingJob"] = refuses("AccessDeniedException", message)
    records = Records()
    with pytest.raises(ClientError) as caught:
        secured(wire, text, audit=records).client("sagemaker").create_training_job(**training_job(**members))
    assert message == caught.value.response["Error"]["Message"]
    return records[-1].explanation.partition("; the baseline set ")[0]


def test_a_role_that_the_launcher_may_not_pass_is_told_with_the_statement(wire: Wire) -> None:
    """Which role, to which service, and what to add to whose policies."""
    statement = (
        f'{{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "{ROLE}ml-execution", "Condition": '
        '{"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}}'
    )
    for why in (NOBODY, ""):  # older messages do not say which policy
        assert (
            f"{ROLE}ml-launcher may not pass the role {ROLE}ml-execution to sagemaker.amazonaws.com: "
            f"add to the policies of {ROLE}ml-launcher: {statement}"
        ) == told(wire, passing("ml-execution", why).strip())


@pytest.mark.parametrize(
    ("role", "why"),
    [
        ("ml-launcher", "the role that makes the calls, which no job may have; pass {execution}"),
        ("team/other", "not one of the baseline's execution_roles; pass {execution}"),
    ],
)
def test_a_role_that_no_job_may_have_is_not_to_be_allowed(role: str, why: str, wire: Wire) -> None:
    """Where the control only observes, AWS's refusal is answered with the role to pass, not with a statement."""
    explained = told(wire, passing(role), OBSERVED, RoleArn=f"{ROLE}{role}")
    assert why.format(execution=f"{ROLE}ml-execution") in explained
    assert "Effect" not in explained


@pytest.mark.parametrize(
    ("why", "means"),
    [
        ("with an explicit deny in a service control policy", "the organisation's"),
        ("because no resource control policy allows the iam:PassRole action", "the organisation's"),
        ("with an explicit deny in an identity-based policy", f"a policy of {ROLE}ml-launcher itself"),
        (
            "because no permissions boundary allows the iam:PassRole action",
            f"the boundary of {ROLE}ml-launcher",
        ),
        ("because no VPC endpoint policy allows the iam:PassRole action", "the policy of the VPC endpoint"),
        ("with an explicit deny in a session policy", f"the guardrail denies it ({GUARDRAIL})"),
        (
            "because no session policy allows the iam:PassRole action",
            "the session is for train, which this call is no part of",
        ),
    ],
)
def test_what_denies_is_told_with_whose_it_is(why: str, means: str, wire: Wire) -> None:
    """Of a passed role and of any other action; a statement for the launcher would not help."""
    explained = told(wire, passing("ml-execution", why), NARROWED)
    assert means in explained
    assert "add to the policies" not in explained
    other = f"User: {ME} is not authorized to perform: sagemaker:CreateTrainingJob on resource: arn:x {why}"
    explained = told(
        wire, other.replace("iam:PassRole action", "sagemaker:CreateTrainingJob action"), NARROWED
    )
    assert explained.startswith(
        f"AWS denies sagemaker:CreateTrainingJob {why.partition(' the iam')[0]}".rstrip()
    )
    assert means in explained


def test_a_role_passed_to_another_service_is_told_without_its_name(wire: Wire) -> None:
    """What iam:PassedToService is for a service, AWS's model does not say: the statement leaves it open."""
    wire.answers["POST"] = refuses("AccessDeniedException", passing("ml-execution"))
    records = Records()
    with pytest.raises(ClientError):
        secured(wire, audit=records).client("lambda").create_event_source_mapping(FunctionName="score")
    assert "to what lambda starts: add" in records[-1].explanation
    assert "PassedToService" not in records[-1].explanation


def test_the_log_says_it_too(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    """As a warning beside the record; what AWS does not explain is not made up there."""
    with caplog.at_level(logging.WARNING, "secure_sagemaker"):
        told(wire, "no")
        assert [] == caplog.records
        told(wire, passing("ml-execution"))
    (record,) = caplog.records
    assert logging.WARNING == record.levelno
    assert record.getMessage().startswith("sagemaker.CreateTrainingJob was denied by AWS: ")
    assert f"{ROLE}ml-execution" in record.getMessage()


def test_nothing_else_of_the_message_is_taken_over(wire: Wire) -> None:
    """Nor is a resource that is no role: it may be what the request said."""
    message = (
        "User: marker is not authorized to perform: iam:PassRole on resource: marker " + NOBODY + " marker"
    )
    assert "marker" not in told(wire, message)
