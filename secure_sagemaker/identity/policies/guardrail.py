"""The guardrail: managed policies that deny what the client would refuse, deployed once by an administrator.

It holds nothing but Deny. Passed beside a task's own policy it takes away; were there an Allow in it, it would widen
that session, for what one of several session policies allows is allowed. A session that holds the guardrail and no
task's policy therefore needs ``UNSCOPED`` beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import product

from secure_sagemaker.baseline import SecurityBaseline, Waiver
from secure_sagemaker.exceptions import PolicyError
from secure_sagemaker.identity.policies.documents import (
    Condition,
    Effect,
    Operator,
    PolicyDocument,
    Statement,
    one_of,
)
from secure_sagemaker.identity.policies.guard import Guard, Unguarded
from secure_sagemaker.identity.policies.guards import guards, unguarded
from secure_sagemaker.identity.policies.projection import Projection, with_lower_case
from secure_sagemaker.identity.policies.reference import action_reference, resource_template

__all__ = ["MANAGED_POLICY_CHARACTERS", "MOST_POLICY_ARNS", "UNSCOPED", "Guardrail", "Overruled", "guardrail"]

MANAGED_POLICY_CHARACTERS = 6144
"""The most that a managed policy may take, white space left out."""
MOST_POLICY_ARNS = 10
"""The most managed policies that AssumeRole takes."""

UNSCOPED = PolicyDocument(statements=(Statement(effect=Effect.ALLOW, actions=("*",), resources=("*",)),))
"""Everything that the role allows: what a session without a task holds beside the guardrail."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Overruled:
    """A waiver that IAM cannot tell: the client lets its requests through, and AWS refuses them."""

    waiver: Waiver
    action: str
    """The action that stays denied."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Guardrail:
    """The guardrail's policies, and what they leave to the client."""

    policies: tuple[PolicyDocument, ...]
    """Each within the size of a managed policy; together, within what AssumeRole takes."""
    unguarded: tuple[Unguarded, ...]
    """What the client refuses and these policies do not, though a condition key exists."""
    overruled: tuple[Overruled, ...]
    """Waivers that AWS refuses all the same."""

    @property
    def statements(self) -> tuple[Statement, ...]:
        """The statements of all policies."""
        return tuple(one for policy in self.policies for one in policy.statements)


def guardrail(
    baseline: SecurityBaseline,
    *,
    today: date,
    key_arns: Mapping[str, str] | None = None,
) -> Guardrail:
    """The guardrail of a baseline, for its region and account.

    Args:
        baseline: What is projected.
        today: The day on which waivers must still hold. A waiver's own end is in the policy: it ends by itself.
        key_arns: Key references of the baseline, as written, to key ARNs.

    Raises:
        KeyResolutionError: A key's ARN is not known.
        PolicyError: It does not fit into as many policies as AssumeRole takes.
    """
    projection = Projection(baseline=baseline, today=today, key_arns=key_arns or {})
    overruled: list[Overruled] = []
    statements = [
        statement for guard in guards(projection) for statement in _statements(guard, projection, overruled)
    ]
    return Guardrail(
        policies=split(statements),
        unguarded=tuple(one for one in unguarded(projection) if projection.enforces(one.control)),
        overruled=tuple({(one.waiver, one.action): one for one in overruled}.values()),
    )


# --- waivers --------------------------------------------------------------------------------------


def denials(guard: Guard, projection: Projection) -> tuple[Statement, ...]:
    """A guard as Deny statements, less what is waived."""
    return tuple(_statements(guard, projection, []))


def _statements(guard: Guard, projection: Projection, overruled: list[Overruled]) -> Iterator[Statement]:
    """A guard's own statement, less what is waived; and for what is waived, what holds all the same."""
    waivers = projection.waivers(guard.control) if guard.control else ()
    groups: dict[tuple[Waiver, ...], list[str]] = {}
    for action in guard.actions:
        about = [waiver for waiver in waivers if _is_about(waiver, action)]
        told = tuple(waiver for waiver in about if _is_told(waiver, action))
        groups.setdefault(told, []).append(action)
        overruled += [Overruled(waiver=waiver, action=action) for waiver in about if waiver not in told]
    if plain := tuple(groups.pop((), ())):
        # Where nothing is waived, what is denied for its value is so in the actions of tomorrow too.
        yield _deny(guard, guard.name, ("sagemaker:*",) if guard.everywhere and not groups else plain)
    few = [
        (cases, tuple(actions[start : start + _ACTIONS_AT_ONCE]))
        for cases, actions in groups.items()
        for start in range(0, len(actions), _ACTIONS_AT_ONCE)
    ]
    for number, (cases, some) in enumerate(few, start=1):
        yield from _but_waived(guard, f"{guard.name}{number}", some, cases, projection)


_ACTIONS_AT_ONCE = 16
"""So many whose resources are listed still fit into one policy."""


def _but_waived(
    guard: Guard, sid: str, actions: tuple[str, ...], waivers: tuple[Waiver, ...], projection: Projection
) -> Iterator[Statement]:
    """Some actions for which the same waivers are told. An action's resource is of its own kind, so one list serves."""
    for number, (conditions, holding) in enumerate(_where_waivers_end(waivers), start=1):
        if not any("*" in _patterns(waiver) for waiver in holding):
            excepted = (
                arn
                for waiver in holding
                for action in actions
                for arn in _excused(waiver, action, projection)
            )
            yield _deny(guard, f"{sid}Not{number}", actions, conditions, excepted=tuple(excepted))


def _where_waivers_end(
    waivers: tuple[Waiver, ...],
) -> Iterator[tuple[tuple[Condition, ...], tuple[Waiver, ...]]]:
    """Conditions under which some of the waivers excuse nothing, each with those that then may still excuse something.

    A waiver ends after its last day, and excuses nothing that lacks one of its tags. Together they leave out no request
    that all waivers about its resource fail, and hold one that none of them does, though their patterns overlap.
    """
    made: dict[frozenset[Condition], tuple[Waiver, ...]] = {}
    for last in (None, *sorted({waiver.expires for waiver in waivers if waiver.expires < date.max})):
        alive = [waiver for waiver in waivers if last is None or waiver.expires > last]
        after = (_after(last),) if last is not None else ()
        for lacked in product(*((None, *_lacked_tags(waiver)) for waiver in alive)):
            conditions = frozenset((*after, *(one for one in lacked if one is not None)))
            made[conditions] = tuple(one for one in alive if not conditions & {*_lacked_tags(one)})
    for conditions, holding in made.items():
        yield tuple(sorted(conditions, key=lambda one: (one.key, one.values))), holding


def _after(last: date) -> Condition:
    moment = f"{last + timedelta(days=1)}T00:00:00Z"
    return one_of(Operator.DATE_GREATER_THAN_EQUALS, "aws:CurrentTime", (moment,))


def _lacked_tags(waiver: Waiver) -> tuple[Condition, ...]:
    return tuple(
        one_of(Operator.STRING_NOT_EQUALS, f"aws:RequestTag/{tag}", (value,))
        for tag, value in sorted(waiver.resource_tags.items())
    )


def _deny(
    guard: Guard,
    sid: str,
    actions: tuple[str, ...],
    conditions: tuple[Condition, ...] = (),
    *,
    excepted: tuple[str, ...] = (),
) -> Statement:
    not_resources = (*guard.not_resources, *excepted)
    return Statement(
        sid=sid,
        effect=Effect.DENY,
        actions=actions,
        resources=() if not_resources else guard.resources or ("*",),
        not_resources=not_resources,
        conditions=_together((*guard.conditions, *conditions)),
    )


def _together(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """Conditions that all hold. Two negated ones of one key are one with the values of both."""
    merged: dict[tuple[str, str], Condition] = {}
    for one in conditions:
        place = (one.label, one.key)
        merged[place] = replace(one, values=(*merged[place].values, *one.values)) if place in merged else one
    return tuple(merged.values())


def _patterns(waiver: Waiver) -> tuple[str, ...]:
    return waiver.resources or ("*",)


def _is_about(waiver: Waiver, action: str) -> bool:
    service, _, operation = action.partition(":")
    if service == "sagemaker":
        return bool({operation, "*"} & {*waiver.operations})
    # S3 authorizes several operations as one action, and by buckets; a role is passed by any of them.
    return any(action_reference(f"sagemaker:{named}") is None for named in waiver.operations)


# IAM has no ranges of characters; the names of what SageMaker makes have no others than these.
_EXPRESSIBLE = re.compile(r"[A-Za-z0-9*?-]+")


def _is_told(waiver: Waiver, action: str) -> bool:
    """Whether IAM can tell the requests of an action that a waiver excuses: by their resource's ARN, by their tags."""
    reference = action_reference(action)
    return (
        reference is not None
        and resource_template(action) is not None
        and all(map(_EXPRESSIBLE.fullmatch, _patterns(waiver)))
        and all(reference.accepts(f"aws:RequestTag/{tag}") for tag in waiver.resource_tags)
    )


def _excused(waiver: Waiver, action: str, projection: Projection) -> tuple[str, ...]:
    before = projection.of_resource(resource_template(action) or "").removesuffix("*")
    return tuple(f"{before}{pattern}" for pattern in with_lower_case(_patterns(waiver)))


# --- size -----------------------------------------------------------------------------------------


def split(
    statements: Sequence[Statement], *, limit: int = MANAGED_POLICY_CHARACTERS
) -> tuple[PolicyDocument, ...]:
    """The statements in as few policies as their order allows, each within a size.

    Raises:
        PolicyError: They are more than AssumeRole takes, or one of them does not fit by itself.
    """
    policies: list[tuple[Statement, ...]] = []
    size = limit
    for statement in statements:
        added = statement.characters + 1  # with the comma before it
        if size + added > limit:
            policies.append(())
            size = PolicyDocument().characters
        policies[-1] = (*policies[-1], statement)
        size += added
    documents = tuple(PolicyDocument(statements=each) for each in policies)
    if len(documents) > MOST_POLICY_ARNS or any(document.characters > limit for document in documents):
        total = sum(document.characters for document in documents)
        largest = max(statements, key=lambda one: one.characters)
        raise PolicyError(
            f"the guardrail takes {total} characters in {len(documents)} policies; the largest statement, "
            f"{largest.sid}, takes {largest.characters}",
            remedy=f"a policy holds {limit} characters, and AssumeRole takes {MOST_POLICY_ARNS} of them: list fewer "
            "buckets, keys, tags or waivers in one baseline",
            characters=total,
            limit=limit * MOST_POLICY_ARNS,
        )
    return documents
