"""A policy written shorter: what it allows stays what it allowed, of each action's own kinds of resources."""

from __future__ import annotations

import re

import pytest

from secure_sagemaker.baseline import Task
from secure_sagemaker.exceptions import PolicyError
from secure_sagemaker.identity.policies.documents import PolicyDocument
from secure_sagemaker.identity.policies.fitting import fitting
from secure_sagemaker.identity.policies.inline import Scope, allowances
from secure_sagemaker.identity.policies.lint import problems
from secure_sagemaker.identity.policies.projection import Projection
from secure_sagemaker.identity.policies.reference import (
    ActionReference,
    expanded,
    is_resource_of,
    resource_arn,
)
from secure_sagemaker.local.policies import PolicyRequest, permits
from tests.controls_support import DEFAULT_ROLE, baseline
from tools.golden import TODAY

STRICT = baseline(data_perimeter__write={"ml-artifacts": "111122223333"})
CHURN = Scope(
    names=("churn-*",),
    inputs=("s3://ml-datasets/churn/",),
    outputs=("s3://ml-artifacts/churn/",),
    roles=(DEFAULT_ROLE,),
)
PAIRS = [
    (Task.TRAIN, Task.TUNE),
    (Task.TRAIN, Task.DEPLOY),
    (Task.DEPLOY, Task.INVOKE),
    (Task.TUNE, Task.PIPELINE),
    (Task.PIPELINE, Task.REGISTER),
]
# SageMaker's names have no slash: what follows one is a version's number, or the id of an execution.
NAMES = ("churn-1", "fraud-1", "churn-1/1", "fraud-1/1", "churn-1/execution/x", "fraud-1/execution/churn1")
CONTEXT = {"iam:passedtoservice": "sagemaker.amazonaws.com", "kms:grantisforawsresource": "true"}


def needed(*tasks: Task) -> PolicyDocument:
    return allowances(Projection(baseline=STRICT, today=TODAY), tasks, CHURN)


def shortest(document: PolicyDocument) -> PolicyDocument:
    """As short as it can be written: one character less is an error."""
    with pytest.raises(PolicyError) as caught:
        fitting(document, 1)
    least = (caught.value.characters or 0) - 2047
    return fitting(document, least)


def resources(action: ActionReference) -> list[str]:
    """Things of an action's own kinds, of this region and account and of others, some with the scope's name."""
    service = action.name.partition(":")[0]
    found = ["*"] if not action.resource_types else []
    for kind in action.resource_types:
        template = resource_arn(service, kind)
        for region, account in (
            ("eu-west-1", "111122223333"),
            ("us-east-1", "111122223333"),
            ("eu-west-1", "9" * 12),
        ):
            arn = (
                template.replace("${Partition}", "aws")
                .replace("${Region}", region)
                .replace("${Account}", account)
            )
            found += [re.sub(r"(\$\{\w+\}|\*).*$", name, arn) for name in NAMES]
    return found


def allowed(document: PolicyDocument, literal: set[str]) -> set[tuple[str, str]]:
    """Actions and resources of their own kinds, or as they stand in the policy before it was shortened."""
    written = document.to_mapping()
    named = {action for one in document.statements for pattern in one.actions for action in expanded(pattern)}
    return {
        (action.name, arn)
        for action in named
        for arn in {*resources(action), *literal}
        if arn == "*" or is_resource_of(arn, action)
        if permits(written, PolicyRequest(action=action.name, resource=arn, context=CONTEXT))
    }


@pytest.mark.parametrize("tasks", PAIRS, ids="-".join)
def test_what_is_written_shorter_allows_the_same(tasks: tuple[Task, ...]) -> None:
    """But for tags of other things that have the name, and training plans of the name, as the documentation says."""
    document = needed(*tasks)
    shorter = shortest(document)
    assert shorter.characters < document.characters
    assert () == problems(shorter)
    literal = {arn for one in document.statements for arn in one.resources if "*" not in arn}
    plain, short = allowed(document, literal), allowed(shorter, literal)
    assert plain <= short
    further = {
        (action, arn)
        for action, arn in short - plain
        if action not in {"sagemaker:AddTags", "sagemaker:ListTags"}
        and ":training-plan/" not in arn
        and ":reserved-capacity/" not in arn
    }
    assert set() == further
    assert {True} == {
        "churn-" in arn or arn == "*" for action, arn in short if action.startswith("sagemaker:")
    }


def test_nothing_is_written_shorter_than_there_is_need_for() -> None:
    """Where there is room, every action, kind and key stands as it was stated."""
    document = needed(Task.TRAIN, Task.DEPLOY)
    assert document == fitting(document, document.characters)
    assert document != fitting(document, document.characters - 1)


@pytest.mark.parametrize(
    "tasks",
    [(Task.DEPLOY, Task.INVOKE), (Task.TRAIN, Task.DEPLOY)],
    ids="-".join,
)
def test_work_that_goes_together_fits_beside_a_guardrail(tasks: tuple[Task, ...]) -> None:
    """A guardrail of four policies leaves room for what one program does."""
    assert fitting(needed(*tasks), 2048 - 4 * len("arn:aws:iam::111122223333:policy/ml-guardrail-1"))
