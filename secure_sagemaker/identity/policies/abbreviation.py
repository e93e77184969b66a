"""Wildcards for SageMaker's actions that name what was listed, and no other action that AWS has.

For a policy that would not fit. SageMaker's actions are known here without exception; of other services only some are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from secure_sagemaker.identity.policies.documents import PolicyDocument, Statement
from secure_sagemaker.identity.policies.reference import expanded

__all__ = ["abbreviated", "abbreviated_statement"]

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
