"""The inline policy of a task: what it needs, on its own resources, within what STS takes."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

import pytest

from secure_sagemaker.exceptions import KeyResolutionError, PolicyError
from secure_sagemaker.identity.passed import SESSION_POLICY_CHARACTERS
from secure_sagemaker.identity.policies.documents import Effect, PolicyDocument
from secure_sagemaker.identity.policies.guard import Guard
from secure_sagemaker.identity.policies.guardrail import UNSCOPED, denials, guardrail
from secure_sagemaker.identity.policies.guards import guards
from secure_sagemaker.identity.policies.inline import (
    InlinePolicy,
    Scope,
    task_policy,
)
from secure_sagemaker.identity.policies.lint import problems
from secure_sagemaker.identity.policies.projection import Projection
from secure_sagemaker.identity.policies.reference import action_reference, expanded
from secure_sagemaker.identity.policies.tasks import TASKS, Task
from secure_sagemaker.local.policies import PolicyRequest, permits, prohibits
from tests.controls_support import DEFAULT_ROLE, FOREIGN_ROLE, baseline
from tools.golden import TODAY, role

STRICT = baseline(data_perimeter__write={"ml-artifacts": "111122223333"})
PLAIN = baseline(
    kms={"default": "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-000000000872"},
    execution_roles={"default": DEFAULT_ROLE},
    data_perimeter={"write": {"ml-data": "111122223333"}},
    required_tags={},
    vpc={"subnets": ["subnet-0a1b2c3d"], "security_groups": ["sg-0a1b2c3d"]},
)
CHURN = Scope(
    names=("churn-*",),
    inputs=("s3://ml-datasets/churn/",),
    outputs=("s3://ml-artifacts/churn/",),
    roles=(DEFAULT_ROLE,),
    instance_types=("ml.m5.xlarge",),
)
SAGEMAKER = "arn:aws:sagemaker:eu-west-1:111122223333:"
PASSED = {"iam:passedtoservice": "sagemaker.amazonaws.com"}


def made(*tasks: Task, guardrail: bool = True, scope: Scope | None = CHURN) -> InlinePolicy:
    return task_policy(STRICT, tasks, today=TODAY, scope=scope, guardrail=guardrail)


def allows(document: PolicyDocument, action: str, resource: str, **context: str) -> bool:
    asked = PolicyRequest(action=action, resource=resource, context=context)
    written = document.to_mapping()
    return permits(written, asked) and not prohibits(written, asked)


@pytest.mark.parametrize("task", Task)
@pytest.mark.parametrize("guarded", [True, False], ids=["beside-a-guardrail", "alone"])
@pytest.mark.parametrize("stated", [STRICT, PLAIN], ids=["strict", "plain"])
@pytest.mark.parametrize("narrowed", [True, False], ids=["narrowed", "everything"])
def test_every_task_is_sound_and_fits(task: Task, guarded: bool, stated: object, narrowed: bool) -> None:
    """Whatever the baseline, the policy fits STS, holds no dead entry, and is the same when it is made again."""
    chosen = STRICT if stated is STRICT else PLAIN
    scope = CHURN if narrowed and chosen is STRICT else None
    policy = task_policy(chosen, [task], today=TODAY, scope=scope, guardrail=guarded)
    assert () == problems(policy.document)
    assert policy.characters == len(policy.document.to_json()) <= SESSION_POLICY_CHARACTERS
    assert () == policy.left_out or not guarded
    assert policy == task_policy(chosen, [task], today=TODAY, scope=scope, guardrail=guarded)


def test_a_small_baseline_needs_no_guardrail_to_train() -> None:
    """With one key, one subnet and known instance types, every condition of SageMaker's own fits into the session."""
    policy = task_policy(
        PLAIN, [Task.TRAIN], today=TODAY, scope=Scope(names=("churn-*",), instance_types=("ml.m5.xlarge",))
    )
    assert [] == [left.guard for left in policy.left_out if left.control not in OF_STORAGE]


OF_STORAGE = ("bucket-owner", "public-access", "s3-encryption", None)


def test_a_task_is_its_own_resources_alone() -> None:
    """Jobs by their names, objects by their prefixes, the one role to the one service; nothing beside."""
    document = made(Task.TRAIN).document
    job, key = f"{SAGEMAKER}training-job/", "arn:aws:s3:::ml-artifacts/"
    assert allows(document, "sagemaker:CreateTrainingJob", f"{job}churn-1")
    assert not allows(document, "sagemaker:CreateTrainingJob", f"{job}fraud-1")
    assert not allows(document, "sagemaker:CreateProcessingJob", f"{SAGEMAKER}processing-job/churn-1")
    assert not allows(document, "sagemaker:CreateTrainingJob", f"{job}churn-1".replace("eu-west", "us-east"))
    assert allows(document, "s3:PutObject", f"{key}churn/model.tar.gz")
    assert not allows(document, "s3:PutObject", f"{key}fraud/model.tar.gz")
    assert not allows(document, "s3:PutObject", "arn:aws:s3:::ml-datasets/churn/x")
    assert allows(document, "s3:GetObject", "arn:aws:s3:::ml-datasets/churn/x")
    assert not allows(document, "s3:DeleteObject", f"{key}churn/model.tar.gz")
    pass_role = ("iam:PassRole", DEFAULT_ROLE)
    assert allows(document, *pass_role, **PASSED)
    assert not allows(document, *pass_role, **{"iam:passedtoservice": "ec2.amazonaws.com"})
    assert not allows(document, *pass_role)
    assert not allows(document, "iam:PassRole", FOREIGN_ROLE, **PASSED)
    assert not allows(document, "iam:PassRole", role("ml-batch"), **PASSED)  # listed, and not this task's


def test_a_location_is_itself_and_what_lies_below() -> None:
    """A prefix without a slash is no beginning of other names."""
    scope = Scope(inputs=("s3://ml-datasets/churn",), outputs=("s3://ml-artifacts",))
    document = made(Task.PROCESS, scope=scope).document
    datasets = "arn:aws:s3:::ml-datasets/"
    assert allows(document, "s3:GetObject", f"{datasets}churn")
    assert allows(document, "s3:GetObject", f"{datasets}churn/1.csv")
    assert not allows(document, "s3:GetObject", f"{datasets}churn-2/1.csv")
    assert allows(document, "s3:PutObject", "arn:aws:s3:::ml-artifacts/any/thing")


def test_names_in_arns_may_be_in_lower_case() -> None:
    """SageMaker writes some names in lower case, so a pattern stands for both."""
    document = made(Task.TRAIN, scope=replace(CHURN, names=("Churn-*",))).document
    for name, allowed in (("churn-1", True), ("Churn-1", True), ("CHURN-1", False)):
        job = f"{SAGEMAKER}training-job/{name}"
        assert allowed is allows(document, "sagemaker:CreateTrainingJob", job)


@pytest.mark.parametrize(
    ("kind", "name", "arn"),
    [
        (Task.PIPELINE, "churn", "pipeline/churn/execution/abc"),
        (Task.REGISTER, "churn", "model-package/churn/3"),
        (Task.CLUSTER, "churn", "cluster/abcdefghij12"),
    ],
)
def test_what_aws_names_is_found_by_what_holds_it(kind: Task, name: str, arn: str) -> None:
    """An execution belongs to its pipeline, a version to its group; a cluster has an id that nobody chooses."""
    document = made(kind, scope=Scope(names=(name,))).document
    reading = {Task.PIPELINE: "DescribePipelineExecution", Task.REGISTER: "DescribeModelPackage"}
    assert allows(document, f"sagemaker:{reading.get(kind, 'DescribeCluster')}", f"{SAGEMAKER}{arn}")


def test_read_only_reads_alone() -> None:
    """No action of it changes anything."""
    for guarded in (True, False):
        document = made(Task.READ_ONLY, guardrail=guarded).document
        allowed = [one for one in document.statements if one.effect is Effect.ALLOW]
        actions = [action for one in allowed for name in one.actions for action in expanded(name)]
        assert {action.name for action in actions if action.changes_something} <= {"kms:Decrypt"}


def test_tasks_name_actions_and_kinds_that_there_are() -> None:
    """Every operation of the table is an action, and accepts one of the kinds beside it."""
    for needs in TASKS.values():
        for grant in needs.grants:
            for operation in grant.operations:
                for action in expanded(f"sagemaker:{operation}") or [None]:
                    assert action is not None, operation
                    assert not grant.kinds or set(grant.kinds) & set(action.resource_types), operation


RESOURCES = (
    *(f"{SAGEMAKER}{kind}/churn-1" for kind in ("training-job", "endpoint", "model", "feature-group")),
    *(f"{SAGEMAKER}training-job/fraud-1", "arn:aws:s3:::ml-artifacts/churn/x", "arn:aws:s3:::ml-datasets"),
    *(DEFAULT_ROLE, FOREIGN_ROLE, "*"),
)
ACTIONS = (
    *(
        "sagemaker:CreateTrainingJob",
        "sagemaker:CreateModel",
        "sagemaker:InvokeEndpoint",
        "sagemaker:PutRecord",
    ),
    *("sagemaker:AddTags", "s3:GetObject", "s3:PutObject", "s3:ListBucket", "iam:PassRole"),
)


@pytest.mark.parametrize(
    ("one", "other"), list(combinations((Task.TRAIN, Task.INVOKE, Task.FEATURE_STORE), 2))
)
def test_a_union_allows_exactly_what_either_allows(one: Task, other: Task) -> None:
    """Two tasks in one session are no more, and no less, than the two."""
    both, first, second = (made(*tasks).document for tasks in ((one, other), (one,), (other,)))
    for action, resource in product(ACTIONS, RESOURCES):
        either = allows(first, action, resource, **PASSED) or allows(second, action, resource, **PASSED)
        assert either is allows(both, action, resource, **PASSED), (action, resource)
    assert both == made(other, one, one).document


@pytest.mark.parametrize(
    ("scope", "problem"),
    [
        (Scope(inputs=("s3://elsewhere/x",)), "elsewhere"),
        (Scope(outputs=("s3://ml-datasets/churn/",)), "written"),  # it may only be read
        (Scope(inputs=("ml-datasets/churn/",)), "S3 location"),
        (Scope(roles=(FOREIGN_ROLE,)), "execution role"),
    ],
    ids=str,
)
def test_a_scope_cannot_be_wider_than_the_baseline(scope: Scope, problem: str) -> None:
    """What the baseline does not list cannot be asked for."""
    with pytest.raises(PolicyError, match=problem):
        made(Task.TRAIN, scope=scope)


def test_what_does_not_fit_is_told() -> None:
    """The error has the count, the limit, the largest statements and what to do."""
    with pytest.raises(PolicyError) as refused:
        made(*Task)
    assert refused.value.limit == SESSION_POLICY_CHARACTERS
    assert refused.value.characters is not None
    assert f"{refused.value.characters} characters" in str(refused.value)
    assert "sagemaker:" in str(refused.value)
    assert "inputs and outputs" in refused.value.remedy


def test_a_key_must_be_known_by_its_arn() -> None:
    """An alias compares with nothing in IAM, so its key's ARN must be given."""
    by_alias = baseline(kms__volume="alias/ml")
    with pytest.raises(KeyResolutionError, match="alias/ml"):
        task_policy(by_alias, [Task.TRAIN], today=TODAY)
    arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-000000000999"
    known = task_policy(
        by_alias, [Task.TRAIN], today=TODAY, guardrail=True, key_arns={"alias/ml": arn}, scope=CHURN
    )
    assert arn in known.document.to_json()
    assert "alias/" not in known.document.to_json()


def test_another_partition_has_its_own_arns() -> None:
    """Every ARN is of the baseline's partition and region."""
    chinese = baseline(
        region="cn-north-1",
        role={"arn": "arn:aws-cn:iam::111122223333:role/ml-launcher"},
        execution_roles={"default": "arn:aws-cn:iam::111122223333:role/ml-execution"},
        kms={"default": "arn:aws-cn:kms:cn-north-1:111122223333:key/1234abcd-12ab-34cd-56ef-000000000872"},
    )
    texts = [policy.to_json() for policy in guardrail(chinese, today=TODAY).policies]
    texts += [task_policy(chinese, [task], today=TODAY, guardrail=True).document.to_json() for task in Task]
    assert [] == [text for text in texts if "arn:aws:" in text or "eu-west-1:" in text]


def test_without_a_task_everything_that_the_role_allows_is_left() -> None:
    """A guardrail alone would allow nothing, so something that allows goes with it."""
    assert UNSCOPED.to_json() == (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    )


def _guards() -> list[Guard]:
    return list(guards(Projection(baseline=STRICT, today=TODAY)))


def test_the_guards_of_one_baseline_have_names_of_their_own() -> None:
    """A name is a Sid, and what is left out is told by it."""
    names = [guard.name for guard in _guards()]
    assert len(set(names)) == len(names)
    assert all(denials(guard, Projection(baseline=STRICT, today=TODAY)) for guard in _guards())
    for guard in _guards():
        assert all(action_reference(action) or expanded(action) for action in guard.actions), guard.name
