"""Fewer and shorter statements that mean the same.

Every step is exact: two statements become one only where they differ in one list alone, and what is left out
is covered by what stays. Statements with a Sid stay as they are: somebody looks for them by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace
from functools import lru_cache

from secure_sagemaker.identity.policies.documents import PolicyDocument, Statement

__all__ = ["compacted", "covers", "union"]


def union(documents: Iterable[PolicyDocument]) -> PolicyDocument:
    """What any of several policies says, compacted."""
    return compacted(PolicyDocument(statements=tuple(one for each in documents for one in each.statements)))


def compacted(document: PolicyDocument) -> PolicyDocument:
    """The policy with its statements merged, each list without what another entry covers, in one order."""
    named = tuple(one for one in document.statements if one.sid)
    plain = tuple(_shortened(one) for one in document.statements if not one.sid)
    while True:
        before = plain
        plain = _merged(plain, by=_all_but_actions, into=_with_actions)
        plain = _merged(plain, by=_all_but_resources, into=_with_resources)
        plain = _uncovered(plain)
        if plain == before:
            return PolicyDocument(statements=(*named, *plain))


def _shortened(statement: Statement) -> Statement:
    return replace(
        statement,
        actions=_maximal(statement.actions),
        resources=_maximal(statement.resources),
        not_resources=_maximal(statement.not_resources),
    )


def _maximal(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """Those patterns that no other one covers."""
    kept: list[str] = []
    for number, one in enumerate(patterns):
        if not any(covers(other, one) for other in (*kept, *patterns[number + 1 :])):
            kept.append(one)
    return tuple(kept)


def _all_but_actions(statement: Statement) -> Hashable:
    # As plain values: a statement that is made for its key alone is checked and sorted like any other.
    return (
        statement.effect,
        statement.resources,
        statement.not_resources,
        statement.conditions,
        statement.principals,
    )


def _all_but_resources(statement: Statement) -> Hashable:
    # What two NotResource statements say together is not what one with both lists says.
    if statement.not_resources:
        return statement
    return statement.effect, statement.actions, statement.conditions, statement.principals


def _with_actions(first: Statement, second: Statement) -> Statement:
    return _shortened(replace(first, actions=(*first.actions, *second.actions)))


def _with_resources(first: Statement, second: Statement) -> Statement:
    return _shortened(replace(first, resources=(*first.resources, *second.resources)))


def _merged(
    statements: tuple[Statement, ...],
    *,
    by: Callable[[Statement], Hashable],
    into: Callable[[Statement, Statement], Statement],
) -> tuple[Statement, ...]:
    groups: dict[Hashable, Statement] = {}
    for one in sorted(statements, key=_order):
        key = by(one)
        groups[key] = into(groups[key], one) if key in groups else one
    return tuple(sorted(groups.values(), key=_order))


@lru_cache(maxsize=4096)
def _order(statement: Statement) -> tuple[str, str]:
    return statement.effect.value, str(statement.to_mapping())


def _uncovered(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    kept: list[Statement] = []
    for number, one in enumerate(statements):
        others = (*kept, *statements[number + 1 :])
        if not any(_says_as_much(other, one) for other in others):
            kept.append(one)
    return tuple(kept)


def _says_as_much(broad: Statement, narrow: Statement) -> bool:
    return (
        broad.effect is narrow.effect
        and broad.principals == narrow.principals
        and set(broad.conditions) <= set(narrow.conditions)
        and all(any(covers(one, other) for one in broad.actions) for other in narrow.actions)
        and broad.not_resources == narrow.not_resources
        and all(any(covers(one, other) for one in broad.resources) for other in narrow.resources)
    )


@lru_cache(maxsize=4096)
def covers(broad: str, narrow: str) -> bool:
    """Whether every action or ARN that one pattern matches is matched by another.

    Segment by segment, as IAM reads an ARN: a wildcard does not reach over a colon, but for a lone ``*``.
    """
    if broad in ("*", narrow):
        return True
    ours, theirs = broad.split(":", 5), narrow.split(":", 5)
    return len(ours) == len(theirs) and all(map(_segment_covers, ours, theirs))


def _segment_covers(broad: str, narrow: str) -> bool:
    if "*" not in broad and "?" not in broad:
        return broad == narrow
    # Another pattern's `*` stands for any text, so only a `*` of ours may stand for it.
    expression = "".join({"*": ".*", "?": r"[^*]"}.get(char, re.escape(char)) for char in broad)
    return re.fullmatch(expression, narrow) is not None
