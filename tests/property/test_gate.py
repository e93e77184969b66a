"""Generated requests before the embedded IAM, in the session of every task: beside the client, and beside the laws.

A session holds the guardrail and the policy of its task. Each request is asked of it as it was drawn, as the client
lets it out, and broken again in one place. What must come of it the client says, and the laws of the proofs.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from secure_sagemaker.baseline import Task
from secure_sagemaker.identity.policies import (
    UNSCOPED,
    Guardrail,
    PolicyDocument,
    Scope,
    guardrail,
    task_policy,
)
from secure_sagemaker.identity.policies.tasks import TASKS
from secure_sagemaker.local import EmbeddedAWS, embedded_aws
from secure_sagemaker.local.condition_keys import PATHS
from secure_sagemaker.local.gate import Gate
from secure_sagemaker.local.permissions import permissions
from secure_sagemaker.local.records import HttpRequest
from secure_sagemaker.local.sagemaker import SageMaker
from secure_sagemaker.local.wire import Call, Caller, Refusal
from tests.controls_support import ACCOUNT
from tests.proofs.sessions import BASELINES
from tests.proofs.sessions import settings as proved
from tests.proofs.told import Judge, Told
from tests.property import requests
from tests.property.test_enforcement_laws import Case
from tests.property.test_guardrail import WITH_KEYS, is_one_of_aws, is_told
from tools.golden import TODAY

pytestmark = pytest.mark.once

NAMES = ("strict", "several", "waived", "observing")
"""The baselines: those of the proofs that are of the requests' own partition and hold several of everything."""
NOON = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC)
KEYS = (
    *("sagemaker:InterContainerTrafficEncryption", "sagemaker:NetworkIsolation", "sagemaker:OutputKmsKeyArn"),
    *("sagemaker:VolumeKmsKeyArn", "sagemaker:VpcSecurityGroupIds", "sagemaker:VpcSubnets"),
)
"""What the guardrail asks of most jobs."""
TOGETHER = 8
"""Requests that are drawn at once."""

laws = settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=(Phase.generate,),  # what fails is told by its request, and to look for a smaller one takes long
)

EXEMPT = re.compile(
    r"--x-s3/|/sagemaker-clarify-processing:"  # no key and no isolation are asked: no condition key tells why
    r"|\"S3StorageConfig\": \{[^}]*\"S3Uri\": \"https:"  # a store's place is asked for as s3://
)
"""What the client lets out and AWS may refuse, as it stands in a request."""
KNOWN = {
    "aws:currenttime": NOON.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "aws:resourceaccount": ACCOUNT,
    "aws:securetransport": "true",
}
"""What the laws know of every request here."""
GATE = Gate(sagemaker=SageMaker(), clock=lambda: NOON)


# --- sessions -------------------------------------------------------------------------------------


@cache
def rail(name: str) -> Guardrail:
    stated = BASELINES[name]
    return guardrail(stated.baseline, today=TODAY, key_arns=stated.arns)


@cache
def inline(name: str, task: Task | None) -> PolicyDocument:
    if task is None:
        return UNSCOPED
    stated = BASELINES[name]
    return task_policy(
        stated.baseline, [task], today=TODAY, scope=Scope(), guardrail=True, key_arns=stated.arns
    ).document


Sessions = Mapping[tuple[str, Task | None], Caller]
"""Callers, by baseline and task; without a task they hold the guardrail alone."""
EVERY = tuple((name, task) for name in NAMES for task in (None, *Task))
SESSION = Caller(account=ACCOUNT, arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/law/session", temporary=True)
"""A session of a role that may do everything."""


def deployed(account: EmbeddedAWS) -> Sessions:
    """Sessions as they are assumed, with the guardrail that stands in IAM."""
    iam = account.source.client("iam")
    trust = _document(Effect="Allow", Action="sts:AssumeRole", Principal={"AWS": ACCOUNT})
    iam.create_role(RoleName="law", AssumeRolePolicyDocument=trust)
    everything = _document(Effect="Allow", Action="*", Resource="*")
    iam.put_role_policy(RoleName="law", PolicyName="everything", PolicyDocument=everything)
    arns = {
        name: tuple(
            iam.create_policy(PolicyName=f"{name}-{number}", PolicyDocument=policy.to_json())["Policy"]["Arn"]
            for number, policy in enumerate(rail(name).policies)
        )
        for name in NAMES
    }
    return {
        (name, task): replace(SESSION, policy=inline(name, task).to_json(), policy_arns=arns[name])
        for name, task in EVERY
    }


def weakened(key: str) -> Sessions:
    """Sessions of no task, whose guardrail says nothing of a condition key."""
    kept = {
        name: [one.to_mapping() for one in rail(name).statements if key not in json.dumps(one.to_mapping())]
        for name in NAMES
    }
    return {
        (name, None): replace(
            SESSION, policy=_document(*kept[name], Effect="Allow", Action="*", Resource="*")
        )
        for name in NAMES
    }


def widened(sessions: Sessions) -> Sessions:
    """Sessions of tasks that may do what the guardrail leaves."""
    return {
        (name, task): replace(caller, policy=UNSCOPED.to_json())
        for (name, task), caller in sessions.items()
        if task is not None
    }


def narrowed(sessions: Sessions) -> Sessions:
    """Sessions that may make nothing."""
    nothing = {"Effect": "Deny", "Action": "sagemaker:Create*", "Resource": "*"}
    own = {key: [one.to_mapping() for one in inline(*key).statements] for key in sessions}
    return {key: replace(caller, policy=_document(*own[key], **nothing)) for key, caller in sessions.items()}


def _document(*statements: Mapping[str, object], **statement: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [*statements, statement]})


@pytest.fixture(scope="module")
def sessions() -> Iterator[Sessions]:
    with embedded_aws() as account:
        yield deployed(account)


# --- requests -------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A request under a baseline that is known by its name."""

    name: str
    case: Case
    key: str
    """A condition key, by which what the client lets out is broken again."""
    is_left_out: bool
    """What tells the key is left out then; else there is another value."""
    beside: frozenset[Task]
    """Tasks that it is asked in the sessions of, beside those that it may belong to."""

    @property
    def tasks(self) -> tuple[Task | None, ...]:
        own = (task for task in Task if self.case.model.name in operations(task))
        return (None, *sorted({*own, *self.beside}))


@cache
def operations(task: Task) -> frozenset[str]:
    return frozenset(one for grant in TASKS[task].grants for one in grant.operations)


@st.composite
def several(draw: st.DrawFn, keys: tuple[str, ...] = ()) -> list[Drawn]:
    name = draw(st.sampled_from(NAMES))
    baseline = BASELINES[name].baseline
    pool = requests.Pool(baseline=baseline, good=draw(st.booleans()))
    some = [model for model in WITH_KEYS if not keys or set(keys) & PATHS[model.name].keys()]
    models = draw(st.lists(st.sampled_from(some), min_size=TOGETHER, max_size=TOGETHER))
    beside = draw(st.frozensets(st.sampled_from(Task), max_size=2))
    return [
        Drawn(
            name=name,
            case=Case(model=model, parameters=draw(requests.requests(model, pool)), baseline=baseline),
            key=draw(st.sampled_from([key for key in PATHS[model.name] if not keys or key in keys])),
            is_left_out=draw(st.booleans()),
            beside=beside,
        )
        for model in models
    ]


def call_of(case: Case, parameters: Mapping[str, object]) -> Call:
    return Call(
        service="sagemaker",
        operation=case.model.name,
        region=case.baseline.region,
        parameters=parameters,
        request=HttpRequest(
            method="POST", url="https://api.sagemaker.eu-west-1.amazonaws.com/", headers={}, body=b""
        ),
        model=case.model,  # type: ignore[arg-type]  # moto's own is botocore's, for another reader of bodies
        caller=SESSION,
    )


# --- what must come of them -----------------------------------------------------------------------


@cache
def judge(name: str) -> Judge:
    return Judge(proved(name), now=KNOWN["aws:currenttime"])


def told_of(name: str, call: Call) -> list[Told] | None:
    """What the laws say of each thing that IAM is asked; None where AWS does not say how it would ask one of them."""
    found = [
        judge(name).told(one.action, one.resource, {**KNOWN, **one.context})
        for one in permissions(call, SESSION, GATE.sagemaker)
    ]
    told = [one for one in found if one is not None]
    return told if len(told) == len(found) else None


def covers(name: str, task: Task | None, told: list[Told]) -> bool:
    """Whether a task may ask all of it."""
    return task is None or all(judge(name).wants(task, one) for one in told)


def leaves(drawn: Drawn) -> dict[str, object] | None:
    """What the client lets out; None where it refuses, and where AWS is known to refuse as well."""
    sent = drawn.case.enforce()
    parameters = dict(sent.parameters)
    action = f"sagemaker:{drawn.case.model.name}"
    if (
        sent.refusals
        or sent.lookups
        or "HomeEfsFileSystemKmsKeyId" in parameters  # a domain's older member, which no key tells
        or action in {one.action for one in rail(drawn.name).overruled}
        or not is_one_of_aws(drawn.case, parameters)
        or EXEMPT.search(json.dumps(parameters, default=str))
    ):
        return None
    return parameters


def broken_again(drawn: Drawn, parameters: Mapping[str, object]) -> dict[str, object]:
    """A request with what tells one key left out, or with another value, wherever it stands."""
    made = copy.deepcopy(dict(parameters))
    for path in PATHS[drawn.case.model.name][drawn.key]:
        _break(made, path.split("."), is_left_out=drawn.is_left_out)
    return made


def _break(holder: object, path: list[str], *, is_left_out: bool) -> None:
    name = path[0].removesuffix("[]")
    if not isinstance(holder, dict) or name not in holder:
        return
    value = holder[name]
    if len(path) > 1:
        for one in value if isinstance(value, list) else [value]:
            _break(one, path[1:], is_left_out=is_left_out)
    elif is_left_out:
        del holder[name]
    else:
        holder[name] = _other(value)


def _other(value: object) -> object:
    match value:
        case bool():
            return not value
        case str():
            return f"{value}0"
        case list():
            return [*value, *(_other(one) for one in value[:1])]
        case _:
            return value


def variants(drawn: Drawn) -> Iterator[tuple[dict[str, object], bool]]:
    """The request as it was drawn, as the client lets it out, and broken again; with whether the client lets it out."""
    yield drawn.case.parameters, False
    if (right := leaves(drawn)) is not None:
        yield right, True
        yield broken_again(drawn, right), False


def disagreements(drawn: Drawn, sessions: Sessions) -> Iterator[str]:
    """Where the embedded IAM decides otherwise than the client, or than the laws."""
    case = drawn.case
    for parameters, is_let_out in variants(drawn):
        if not is_one_of_aws(case, parameters):
            continue
        refused = case.enforcer.verify(case.model, parameters, requests.KEY_ARNS).refusals
        call = call_of(case, parameters)
        told = told_of(drawn.name, call)
        if told is None:
            continue
        broken = [law for one in told for law in one.broken]
        is_weak = any(is_told(case, one) for one in refused)
        is_right = is_let_out or not any(one.refusable for one in told)
        for task in (one for one in drawn.tasks if (drawn.name, one) in sessions):
            refusal = GATE.refusal(replace(call, caller=sessions[drawn.name, task]))
            is_covered = covers(drawn.name, task, told)
            if refusal is None and (broken or is_weak or not is_covered):
                claim = "allowed, and must not be"
            elif refusal is not None and is_covered and is_right:
                claim = "refused, and must not be"
            elif refusal is not None and not is_by_session(refusal):
                claim = "refused by another policy"
            else:
                continue
            yield f"{claim}: {case.model.name} for {task} under {drawn.name}: {refusal} {broken} {parameters}"


def is_by_session(refusal: Refusal) -> bool:
    return refusal.code == "AccessDeniedException" and "session policy" in refusal.message


@laws
@given(drawn=several())
def test_iam_decides_as_the_client_and_the_laws_say(sessions: Sessions, drawn: list[Drawn]) -> None:
    """What leaves the client is allowed where a task covers it; what breaks a told control or is no task's is not."""
    assert [] == [found for one in drawn for found in disagreements(one, sessions)]


def claims(sessions: Sessions, *keys: str) -> set[str]:
    """What is found of sessions, over a few requests."""
    found = set[str]()

    @settings(laws, max_examples=6)
    @given(drawn=several(keys))
    def look(drawn: list[Drawn]) -> None:
        found.update(claim.partition(":")[0] for one in drawn for claim in disagreements(one, sessions))

    look()
    return found


@pytest.mark.parametrize("key", KEYS)
def test_a_weaker_guardrail_is_noticed(sessions: Sessions, key: str) -> None:
    """Without what the guardrail says of one key, requests are allowed that must not be."""
    assert {"allowed, and must not be"} == claims(weakened(key), key)


def test_a_policy_for_more_or_less_than_the_task_is_noticed(sessions: Sessions) -> None:
    """A session that may do another task's work is found, and one that may not do its own."""
    assert {"allowed, and must not be"} == claims(widened(sessions))
    assert {"refused, and must not be"} == claims(narrowed(sessions))
