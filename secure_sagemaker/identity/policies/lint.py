"""What IAM would take in silence, and what would then never match: found by AWS's own reference.

1. Every action exists.
2. Every action has a resource of one of its kinds, and every resource is of a kind of one of the actions.
3. Every action accepts every condition key. A wildcard may name actions that do not, in a Deny whose condition cannot
   hold where the key is absent.
4. An operator is of its key's type; a key of many values has a quantifier, and one of a single value has none.
"""

from __future__ import annotations

from collections.abc import Iterator

from secure_sagemaker.identity.policies.documents import (
    Condition,
    Effect,
    Operator,
    PolicyDocument,
    Statement,
)
from secure_sagemaker.identity.policies.reference import (
    ActionReference,
    condition_key_type,
    expanded,
    is_global_key,
    is_resource_of,
)

__all__ = ["problems"]

_TYPES = {
    Operator.ARN_LIKE: "ARN",
    Operator.ARN_NOT_LIKE: "ARN",
    Operator.BOOL: "Bool",
    Operator.DATE_GREATER_THAN_EQUALS: "Date",
    Operator.NUMERIC_GREATER_THAN: "Numeric",
    Operator.NUMERIC_LESS_THAN_EQUALS: "Numeric",
    Operator.STRING_EQUALS: "String",
    Operator.STRING_LIKE: "String",
    Operator.STRING_NOT_EQUALS: "String",
    Operator.STRING_NOT_LIKE: "String",
}


def problems(document: PolicyDocument) -> tuple[str, ...]:
    """Everything that is wrong with a policy; nothing is wrong when it is empty."""
    return tuple(
        f"statement {one.sid or number}: {problem}"
        for number, one in enumerate(document.statements)
        for problem in _problems(one)
    )


def _problems(statement: Statement) -> Iterator[str]:
    known = {pattern: expanded(pattern) for pattern in statement.actions if pattern != "*"}
    yield from (f"no action is called {pattern}" for pattern, found in known.items() if not found)
    if not statement.principals or statement.resources:
        yield from _of_resources(statement, known)
    for condition in statement.conditions:
        yield from _of_type(condition)
        for pattern, found in known.items():
            yield from _of_key(statement, condition, pattern, found)


def _of_resources(statement: Statement, known: dict[str, tuple[ActionReference, ...]]) -> Iterator[str]:
    named = statement.resources or statement.not_resources
    for pattern, found in known.items():
        wildcard = "*" in pattern
        if not any(is_resource_of(arn, action) for arn in named for action in found) and found:
            kinds = sorted({kind for action in found for kind in action.resource_types})
            yield f"{pattern} is about {', '.join(kinds) or 'no resource (*)'}, not about {', '.join(named)}"
        elif statement.not_resources and not wildcard and not found[0].resource_types:
            yield f"{pattern} is about no resource, so NotResource excepts nothing of it"
    everything = [action for found in known.values() for action in found]
    for arn in named:
        if "*" not in statement.actions and not any(is_resource_of(arn, action) for action in everything):
            yield f"{arn} is no resource of {', '.join(statement.actions)}"


def _of_type(condition: Condition) -> Iterator[str]:
    kind = condition_key_type(condition.key)
    if kind is None:
        yield f"no condition key is called {condition.key}"
        return
    if condition.operator is Operator.NULL:
        return
    many = kind.startswith("ArrayOf")
    wanted = kind.removeprefix("ArrayOf")
    if many and condition.quantifier is None:
        yield f"{condition.key} has many values, and {condition.label} reads one"
    if not many and condition.quantifier is not None:
        yield f"{condition.key} has one value, and {condition.label} reads many"
    if _TYPES[condition.operator] != wanted:
        yield f"{condition.key} is of type {kind}, and {condition.label} is not"


def _of_key(
    statement: Statement, condition: Condition, pattern: str, found: tuple[ActionReference, ...]
) -> Iterator[str]:
    if is_global_key(condition.key):
        return
    lacking = [action.name for action in found if not action.accepts(condition.key)]
    if not lacking:
        return
    if len(lacking) < len(found) and _cannot_hold_without(statement, condition.key):
        return
    few = ", ".join(lacking[:3]) + (f" and {len(lacking) - 3} more" if len(lacking) > 3 else "")
    yield f"{few} ({pattern}) accepts no {condition.key}"


def _cannot_hold_without(statement: Statement, key: str) -> bool:
    """Whether a Deny does nothing to a request without the key, so that it may name actions that lack it."""
    return statement.effect is Effect.DENY and any(
        not condition.holds_when_absent
        for condition in statement.conditions
        if condition.key.lower() == key.lower()
    )
