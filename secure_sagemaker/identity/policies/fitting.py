"""A policy in as many characters as STS takes: the same statements, written shorter the less room there is.

Statements about different kinds of resources are put together, since an action is about its own kinds alone. At last
names stand without their kinds and keys without their account, which is a little wider: only where nothing else fits.
"""

from __future__ import annotations

import re
from dataclasses import replace

from secure_sagemaker.exceptions import PolicyError
from secure_sagemaker.identity.passed import SESSION_POLICY_CHARACTERS
from secure_sagemaker.identity.policies.abbreviation import abbreviated
from secure_sagemaker.identity.policies.compaction import covers
from secure_sagemaker.identity.policies.documents import PolicyDocument, Statement
from secure_sagemaker.identity.policies.reference import expanded, is_resource_of

__all__ = ["fitting"]

_TAGGING = frozenset({"sagemaker:AddTags", "sagemaker:ListTags"})


def _joined(document: PolicyDocument) -> PolicyDocument:
    return abbreviated(_together(document))


def _shortest(document: PolicyDocument) -> PolicyDocument:
    return _with_short_keys(abbreviated(_of_any_kind(_together(document, tagging=True))))


def fitting(document: PolicyDocument, limit: int) -> PolicyDocument:
    """The policy in so many characters as there is room for, written as plainly as that allows.

    Raises:
        PolicyError: It does not fit, however it is written.
    """
    made = document
    for shorter in (abbreviated, _joined, _shortest):
        if made.characters <= limit:
            return made
        made = shorter(document)
    if made.characters <= limit:
        return made
    largest = sorted(document.statements, key=lambda one: one.characters, reverse=True)[:3]
    told = "".join(
        f"\n  {one.characters} characters: {', '.join(one.actions[:2])}"
        f"{', ...' if len(one.actions) > 2 else ''} on {len(one.resources)} resources"
        for one in largest
    )
    beside = SESSION_POLICY_CHARACTERS - limit
    characters = made.characters + beside
    raise PolicyError(
        f"the session's policy takes {characters} characters"
        + (f", {beside} of them for the ARNs of managed policies," if beside else ",")
        + f" and STS takes {SESSION_POLICY_CHARACTERS}; its largest statements:{told}",
        remedy="state fewer tasks, one prefix of names, the inputs and outputs (s3://BUCKET/PREFIX) and the one role "
        "that the work needs",
        characters=characters,
        limit=SESSION_POLICY_CHARACTERS,
    )


# --- shorter ----------------------------------------------------------------------------------------


def _together(document: PolicyDocument, *, tagging: bool = False) -> PolicyDocument:
    """The policy with statements put together whose actions have nothing to do with each other's resources.

    An action is about its own kinds of resources: ``s3:ListBucket`` of ``bucket/*``, an object, is nothing.
    ``sagemaker:AddTags`` and ``ListTags`` are about every kind, and keep statements apart unless ``tagging`` is let be
    wider.
    """
    besides = _TAGGING if tagging else frozenset[str]()
    kept: list[Statement] = []
    for one in document.statements:
        for number, other in enumerate(kept):
            if _alike(one, other) and _apart(one, other, besides) and _apart(other, one, besides):
                kept[number] = replace(
                    other,
                    actions=(*other.actions, *one.actions),
                    resources=(*other.resources, *one.resources),
                )
                break
        else:
            kept.append(one)
    return PolicyDocument(statements=tuple(kept))


def _alike(one: Statement, other: Statement) -> bool:
    return (
        not (one.sid or other.sid or one.not_resources or other.not_resources)
        and one.effect is other.effect
        and (one.conditions, one.principals) == (other.conditions, other.principals)
        and one.actions[0].partition(":")[0] == other.actions[0].partition(":")[0]
    )


def _apart(one: Statement, other: Statement, besides: frozenset[str]) -> bool:
    """Whether no action of the one can be about a resource of the other that it does not list itself."""
    actions = [expanded(pattern) for pattern in one.actions if pattern not in besides]
    further = [arn for arn in other.resources if not any(covers(own, arn) for own in one.resources)]
    return all(actions) and not any(
        is_resource_of(arn, action) for arn in further for known in actions for action in known
    )


_NAMED = re.compile(
    r"(?P<account>arn:[a-z-]+:sagemaker:[^:]*:[^:]*:)(?P<kind>[a-z-]+)/(?P<name>[^/*]*\*?)"
    r"(?P<rest>(?<=\*)/.*)?"
)
_WITHIN = frozenset({"model-package", "pipeline-execution"})
"""Kinds with an id of AWS's after the name: that could begin as the name does, of something else."""
_BOUGHT = frozenset({"reserved-capacity", "training-plan"})
"""Kinds that a job may name beside itself: capacity that was bought for it."""


def _of_any_kind(document: PolicyDocument) -> PolicyDocument:
    """The policy with SageMaker's resources told by their names alone, where the actions tell the kinds.

    ``sagemaker:AddTags`` and ``ListTags`` are about every kind: of what has the name they may then tag anything. And a
    job may use what was bought under the name.
    """
    return PolicyDocument(statements=tuple(map(_by_name, document.statements)))


def _by_name(statement: Statement) -> Statement:
    found = [_NAMED.fullmatch(arn) for arn in statement.resources]
    named = [one for one in found if one is not None]
    names = {one["name"] for one in named}
    kinds = {"pipeline-execution" if one["rest"] == "/execution/*" else one["kind"] for one in named}
    told = names == {"*"} or not kinds & _WITHIN
    of_actions = {
        kind
        for pattern in statement.actions
        for action in expanded(pattern)
        if action.name not in _TAGGING
        for kind in action.resource_types
    }
    if len(named) < 2 or len(named) < len(found) or len(names) > 1 or not told:
        return statement
    if not of_actions <= kinds | _BOUGHT:
        return statement
    return replace(statement, resources=(f"{named[0]['account']}*/{names.pop()}",))


_KEY = re.compile(r"arn:([a-z-]+):kms:[a-z0-9-]+:[0-9]{12}:key/([0-9a-f-]{36})")


def _with_short_keys(document: PolicyDocument) -> PolicyDocument:
    """The policy with the keys in it named by their ids alone, which AWS gives to one key in all the world."""
    return PolicyDocument(
        statements=tuple(
            replace(one, resources=tuple(_KEY.sub(r"arn:\1:kms:*:*:key/\2", arn) for arn in one.resources))
            for one in document.statements
        )
    )
