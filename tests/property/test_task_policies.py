"""A task's policy without a guardrail: its own conditions allow exactly what the guardrail would leave."""

from __future__ import annotations

from functools import cache

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from secure_sagemaker.baseline import SecurityBaseline
from secure_sagemaker.exceptions import PolicyError
from secure_sagemaker.identity.policies.documents import PolicyDocument
from secure_sagemaker.identity.policies.guardrail import denials
from secure_sagemaker.identity.policies.guards import guards
from secure_sagemaker.identity.policies.inline import InlinePolicy, Scope, task_policy
from secure_sagemaker.identity.policies.projection import Projection
from secure_sagemaker.identity.policies.tasks import TASKS, Task
from secure_sagemaker.local.condition_keys import condition_keys, resource_of
from secure_sagemaker.local.policies import PolicyRequest, permits, prohibits
from tests.property import requests
from tests.property.test_enforcement_laws import TODAY
from tests.property.test_guardrail import OWN, Case, cases
from tools.golden import key

TASK_OF = {
    f"{operation}": task
    for task, needs in TASKS.items()
    for grant in needs.grants
    for operation in grant.operations
}
TYPES = (("ml.m5.xlarge",), ("ml.g5.xlarge",), ("ml.m5.xlarge", "ml.g5.xlarge"))
laws = settings(
    max_examples=50, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None
)


@cache
def policies(
    baseline: SecurityBaseline, task: Task, types: tuple[str, ...]
) -> tuple[InlinePolicy, PolicyDocument, tuple[PolicyDocument, ...]] | None:
    """The task's policy alone and beside a guardrail, and the denials of what the first does not leave out."""
    scope = Scope(instance_types=types, roles=(baseline.execution_roles.default,))
    known = {"today": TODAY, "key_arns": requests.KEY_ARNS}
    try:
        alone = task_policy(baseline, [task], scope=scope, **known)  # type: ignore[arg-type]  # two arguments by name
        beside = task_policy(baseline, [task], scope=scope, guardrail=True, **known)  # type: ignore[arg-type]  # as above
    except PolicyError:
        return None
    projection = Projection(baseline=baseline, today=TODAY, key_arns=requests.KEY_ARNS, instance_types=types)
    left = {one.guard for one in alone.left_out}
    kept = (guard for guard in guards(projection) if guard.name not in left)
    denied = tuple(PolicyDocument(statements=denials(guard, projection)) for guard in kept)
    return alone, beside.document, denied


def agree(case: Case, task: Task, types: tuple[str, ...], request: PolicyRequest) -> None:
    made = policies(case.baseline, task, types)
    assume(made is not None)
    assert made is not None
    alone, beside, denied = made
    written = alone.document.to_mapping()
    expected = permits(beside.to_mapping(), request) and not any(
        prohibits(each.to_mapping(), request) for each in denied
    )
    assert expected is (permits(written, request) and not prohibits(written, request)), alone.left_out


@laws
@given(cases(), st.sampled_from(TYPES))
def test_conditions_turned_around_leave_what_the_guards_leave(case: Case, types: tuple[str, ...]) -> None:
    """For every request, good or bad: the policy alone allows it exactly where the guards that fitted would."""
    name = case.model.name
    assume(name in TASK_OF)
    request = PolicyRequest(
        action=f"sagemaker:{name}",
        resource=resource_of(name, case.parameters, before=OWN),
        context={**condition_keys(name, case.parameters), "aws:currenttime": "2026-11-01T12:00:00Z"},
    )
    agree(case, TASK_OF[name], types, request)


objects = st.fixed_dictionaries(
    {"aws:currenttime": st.just("2026-11-01T12:00:00Z")},
    optional={
        "aws:securetransport": st.sampled_from(("true", "false")),
        "aws:resourceaccount": st.sampled_from(("111122223333", "999988887777")),
        "s3:x-amz-server-side-encryption": st.sampled_from(("aws:kms", "AES256")),
        "s3:x-amz-server-side-encryption-aws-kms-key-id": st.sampled_from(
            (key("s3"), key("foreign", "999988887777"))
        ),
        "s3:x-amz-server-side-encryption-customer-algorithm": st.just("AES256"),
        "s3:x-amz-acl": st.sampled_from(("private", "public-read")),
        "s3:x-amz-grant-read": st.just("uri=everybody"),
    },
)


@laws
@given(requests.baselines(), st.sampled_from((Task.INVOKE, Task.REGISTER, Task.PIPELINE)), objects)
def test_objects_are_held_to_the_guards_that_fitted(
    baseline: SecurityBaseline, task: Task, context: dict[str, str]
) -> None:
    """A write is allowed exactly where the guards of S3 that found room would let it through."""
    case = Case(model=requests.operations()[0], parameters={}, baseline=baseline)
    request = PolicyRequest(action="s3:PutObject", resource="arn:aws:s3:::ml-artifacts/x", context=context)
    agree(case, task, (), request)
