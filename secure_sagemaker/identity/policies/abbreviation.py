"""A policy in fewer characters that allows the same, where it would not fit otherwise.

Wildcards stand for SageMaker's actions that were listed, and for no other that AWS has: they are known here without
exception; of other services only some are. Statements about different kinds of resources are put together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from secure_sagemaker.identity.policies.compaction import covers
from secure_sagemaker.identity.policies.documents import PolicyDocument, Statement
from secure_sagemaker.identity.policies.reference import expanded, is_resource_of

__all__ = ["abbreviated", "abbreviated_statement", "joined", "of_any_kind", "with_short_keys"]

_TAGGING = frozenset({"sagemaker:AddTags", "sagemaker:ListTags"})
_WORD = re.compile(r"[A-Z][a-z]*")


def abbreviated(document: PolicyDocument) -> PolicyDocument:
    """The policy with the actions of each statement abbreviated."""
    return PolicyDocument(statements=tuple(map(abbreviated_statement, document.statements)))


def abbreviated_statement(statement: Statement) -> Statement:
    """The statement with its actions abbreviated."""
    return replace(statement, actions=_shorter(statement.actions))


@lru_cache(maxsize=512)
def _shorter(actions: tuple[str, ...]) -> tuple[str, ...]:
    left = set(actions)
    kept = set[str]()
    while True:
        saved, pattern, named = max(_savings(left), default=(0, "", frozenset[str]()))
        if saved <= 0:
            return tuple(sorted(left | kept))
        kept.add(pattern)
        left -= named


def _savings(actions: set[str]) -> Iterator[tuple[int, str, frozenset[str]]]:
    for pattern in {pattern for action in actions for pattern in _patterns(action)}:
        named = frozenset(action.name for action in expanded(pattern))
        if len(named) > 1 and named <= actions:
            yield sum(len(name) + 3 for name in named) - len(pattern) - 3, pattern, named


def _patterns(action: str) -> Iterator[str]:
    """Its beginnings and its ends, word by word."""
    service, _, name = action.partition(":")
    if service != "sagemaker":
        return
    for word in _WORD.finditer(name):
        yield f"{service}:{name[: word.end()]}*"
        if word.start():
            yield f"{service}:*{name[word.start() :]}"


# --- what one statement can say of several kinds of resources ---------------------------------------


def joined(document: PolicyDocument, *, tagging: bool = False) -> PolicyDocument:
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
_BOUGHT = frozenset({"reserved-capacity", "training-plan"})
"""Kinds that a job may name beside itself: capacity that was bought for it."""


def of_any_kind(document: PolicyDocument) -> PolicyDocument:
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
    of_actions = {
        kind
        for pattern in statement.actions
        for action in expanded(pattern)
        if action.name not in _TAGGING
        for kind in action.resource_types
    }
    if len(named) < 2 or len(named) < len(found) or len(names) > 1 or not of_actions <= kinds | _BOUGHT:
        return statement
    return replace(statement, resources=(f"{named[0]['account']}*/{names.pop()}",))


_KEY = re.compile(r"arn:([a-z-]+):kms:[a-z0-9-]+:[0-9]{12}:key/([0-9a-f-]{36})")


def with_short_keys(document: PolicyDocument) -> PolicyDocument:
    """The policy with the keys in it named by their ids alone, which AWS gives to one key in all the world."""
    return PolicyDocument(
        statements=tuple(
            replace(one, resources=tuple(_KEY.sub(r"arn:\1:kms:*:*:key/\2", arn) for arn in one.resources))
            for one in document.statements
        )
    )
