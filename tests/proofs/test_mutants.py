"""Every part of the policies is needed: weakened or tightened in any one place, they fail a proof."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pytest

from secure_sagemaker.identity.policies.tasks import Task
from tests.proofs.administration import boundary, organisation
from tests.proofs.mutants import survivors
from tests.proofs.policies import Statement
from tests.proofs.proof import Subject
from tests.proofs.sessions import alone, bare, rail, unscoped

pytestmark = pytest.mark.once

# Changes that no request tells from the policy as it is.
EQUIVALENT = {
    r"(AclForOthers|Grant\w+): Action without s3:CreateBucket": "no bucket may be made at all in this baseline: the "
    "action counts where data_perimeter.create_buckets is set, and is judged there",
    r"Allow sagemaker:create(training|transform)job: any action of sagemaker": "no other action on such a job has "
    "the keys for which the statement asks",
}


def unexplained(found: Iterable[str]) -> list[str]:
    return [change for change in found if not any(re.fullmatch(one, change) for one in EQUIVALENT)]


def kind(statement: Statement) -> str:
    """A statement without its values: what one baseline's is like another's."""
    sid, condition = statement.written.get("Sid"), statement.written.get("Condition", {})
    assert isinstance(condition, dict)
    return f"{sid} {statement.names} {[(operator, list(keys)) for operator, keys in condition.items()]}"


def places(name: str, judged: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Where statements stand that are like none of other baselines."""
    known = {kind(one) for other in judged for one in rail(other)}
    for number, one in enumerate(unscoped(name).policies.layers[0]):
        if one.denies and kind(one) not in known:
            yield 0, number


def test_no_part_of_the_guardrail_can_go() -> None:
    """Without a statement, an action or a value, with another operator: a request is decided as it must not be."""
    assert [] == unexplained(survivors(unscoped("strict"), among=tuple(places("strict", ()))))


@pytest.mark.parametrize(
    ("name", "judged"),
    [("several", ["strict"]), ("waived", ["strict", "several"])],
    ids=["several", "waived"],
)
def test_no_part_of_other_guardrails_can_go(name: str, judged: list[str]) -> None:
    """So with what other baselines have in the place of it: waivers, aliases, several values."""
    assert [] == unexplained(survivors(unscoped(name), among=tuple(places(name, judged))))


@pytest.mark.parametrize("task", Task)
def test_no_part_of_a_task_can_go(task: Task) -> None:
    """Beside a guardrail a task's policy names nothing that the task does not need, and everything that it does."""
    policy = bare("strict", task)
    assert policy is not None
    assert [] == unexplained(survivors(policy))


@pytest.mark.parametrize("task", [Task.TRAIN, Task.TRANSFORM])
def test_no_condition_of_a_policy_alone_can_go(task: Task) -> None:
    """Where a task's policy holds the conditions itself, each of them refuses something."""
    policy = alone("plain", task)
    assert policy is not None
    assert [] == unexplained(survivors(policy))


def test_no_part_of_the_boundary_can_go() -> None:
    """Behind it nothing is missing, and nothing too much."""
    assert [] == unexplained(survivors(boundary("strict")))


def test_the_organisation_excepts_its_administrators_alone() -> None:
    """The one condition that is added to the guardrail's: for other roles, or for all, a proof fails."""
    subject: Subject = organisation("strict")
    statements = subject.policies.layers[0]
    sids = ("SubnetsForeign", "RemoteSession", "EndpointNotIsolated", "TagsRemoved")
    chosen = [(0, number) for number, one in enumerate(statements) if one.written.get("Sid") in sids]
    assert len(sids) == len(chosen)
    assert [] == unexplained(survivors(subject, among=chosen))
