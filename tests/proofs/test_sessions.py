"""Proofs: a session can do what its task needs and the baseline allows, and nothing else, whatever its role allows."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import z3

from secure_sagemaker.baseline import ControlId
from secure_sagemaker.identity.policies.tasks import Task
from tests.proofs.administration import boundary, organisation
from tests.proofs.laws import Laws
from tests.proofs.policies import Statement
from tests.proofs.sessions import BASELINES, alone, beside_guardrail, settings, unscoped

pytestmark = pytest.mark.once

TOO_WIDE = {("several", task) for task in (Task.TUNE, Task.DEPLOY, Task.MONITOR)}
"""Tasks that find no room in a session beside these baselines; each is proved beside others."""

# What the client does not ask for where it is absent, so that no law has to be excepted.
NOT_ASKED = {
    *((ControlId.VPC_CONFIG, f"sagemaker:{name}") for name in ("CreateUserProfile", "UpdateCluster")),
    *((ControlId.VPC_CONFIG, f"sagemaker:{name}") for name in ("UpdateDomain", "UpdateUserProfile")),
}


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("task", Task)
def test_a_session_does_its_task_and_breaks_no_control(name: str, task: Task) -> None:
    """Beside the guardrail: nothing that breaks a control or is not the task's is allowed, and all else of it is."""
    session = beside_guardrail(name, task)
    if session is None:
        assert (name, task) in TOO_WIDE
    else:
        assert None is session.counterexample()


@pytest.mark.parametrize("name", BASELINES)
def test_a_session_without_a_task_breaks_no_control(name: str) -> None:
    """The guardrail beside leave for everything: what breaks a control is refused, and nothing else of SageMaker."""
    assert None is unscoped(name).counterexample()


@pytest.mark.parametrize("name", BASELINES)
def test_a_policy_that_holds_every_condition_needs_no_guardrail(name: str) -> None:
    """Where nothing found no room, the task's own policy is the same lock by itself."""
    sessions = {task: session for task in Task if (session := alone(name, task)) is not None}
    assert {Task.INVOKE, Task.CLUSTER, Task.READ_ONLY} <= set(sessions) | (
        set() if name != "waived" else {Task.CLUSTER}
    )
    assert {} == {task: found for task, session in sessions.items() if (found := session.counterexample())}


def test_a_small_baseline_needs_no_guardrail() -> None:
    """With one key, one subnet and no tags, most tasks hold every condition themselves."""
    held = {task for task in Task if alone("plain", task) is not None}
    assert {Task.TRAIN, Task.PROCESS, Task.AUTOML, Task.TRANSFORM} <= held


@pytest.mark.parametrize("name", BASELINES)
def test_what_is_declared_unguarded_is(name: str) -> None:
    """Each exception that the policies declare is one of a law, and some request that it speaks of is allowed."""
    session, declared = unscoped(name), settings(name).unguarded
    laws = Laws(replace(settings(name), unguarded=frozenset())).of(session.keys)
    told = {(law.control, action) for law in laws if law.missing for action in law.actions}
    actions = {action for _, action in declared}
    found = {
        (law.control, case.name)
        for case in session.cases
        if case.name in actions
        for law in laws
        if law.missing and law.names(case) and (law.control, case.name) in declared
        if session.holds(z3.And(session.policies.allows(case), law.broken), case)
    }
    assert declared & told == found
    held = {law.control for law in laws if law.missing}
    assert {one for one in declared - told if one[0] in held} <= NOT_ASKED


def test_a_counterexample_is_a_request_that_can_be_read() -> None:
    """Where a statement is taken out, the proof tells the request that it refused, with no more keys than it takes."""
    session = unscoped("strict")
    number = next(
        number for number, one in enumerate(session.policies.layers[0]) if _sid(one) == "TagsRemoved"
    )
    found = session.counterexample(session.policies.replacing((0, number), ()))
    first, action, on, *keys = str(found).splitlines()
    assert first == "allowed, and must not be, and it breaks: tag team is removed"
    assert action == "sagemaker:DeleteTags"
    assert re.fullmatch(r"  on arn:\w+:sagemaker:[\w:-]+/\w+", on)
    assert ["aws:resourceaccount", "aws:securetransport", "aws:tagkeys"] == [one.split()[1] for one in keys]
    assert keys[-1] == "  with aws:tagkeys = team"


def _sid(statement: Statement) -> str:
    return str(statement.written.get("Sid", ""))


@pytest.mark.parametrize("name", ["strict", "china"])
def test_the_boundary_is_the_services_of_the_work(name: str) -> None:
    """Behind the permissions boundary a role reaches those services and the baseline's roles, whatever it is given."""
    assert None is boundary(name).counterexample()


@pytest.mark.parametrize("name", ["strict", "several", "waived"])
def test_the_organisation_refuses_what_the_guardrail_does(name: str) -> None:
    """Under the service control policies no role but an administrator's breaks a control of SageMaker's requests."""
    assert None is organisation(name).counterexample()
