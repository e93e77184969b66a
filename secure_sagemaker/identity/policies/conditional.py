"""A guard turned around: what an Allow must ask, so that it allows exactly what the guards do not deny.

A guard denies where all of its conditions hold. Its contrary holds where one of them does not: a choice of literals.
All guards of an action together are choices of which every one must be made; multiplied out, each way to make them is
one Allow statement, less those ways that contradict themselves or that another one covers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product

from secure_sagemaker.identity.policies.documents import Condition, Operator, Quantifier
from secure_sagemaker.identity.policies.guard import Guard

__all__ = ["Clause", "clauses"]

Clause = frozenset[Condition]

_CONTRARY = {
    Operator.ARN_LIKE: Operator.ARN_NOT_LIKE,
    Operator.STRING_EQUALS: Operator.STRING_NOT_EQUALS,
    Operator.STRING_LIKE: Operator.STRING_NOT_LIKE,
}
_CONTRARY |= {negative: positive for positive, negative in _CONTRARY.items()}


def clauses(guards: Iterable[Guard]) -> tuple[Clause, ...]:
    """The conditions of the Allow statements that together allow what none of the guards denies."""
    found: list[Clause] = [frozenset()]
    for guard in guards:
        ways = (
            _simplified((*made, literal)) for made, literal in product(found, _literals(guard.conditions))
        )
        found = _least(way for way in ways if way is not None)
    return tuple(sorted(found, key=lambda clause: sorted(map(_order, clause))))


def _order(condition: Condition) -> tuple[str, str, tuple[str, ...]]:
    return condition.label, condition.key, condition.values


def _literals(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """The contraries of a guard's conditions. Of a key that is there and holds a wrong value, there is one alone."""
    if len(conditions) == 2:
        for there, wrong in (conditions, conditions[::-1]):
            if there.key == wrong.key and there.operator is Operator.NULL and there.values == ("false",):
                return (replace(_contrary(wrong), if_exists=True),)
    return tuple(map(_contrary, conditions))


def _contrary(condition: Condition) -> Condition:
    match condition.operator:
        case Operator.NULL:
            return replace(condition, values=("true" if condition.values == ("false",) else "false",))
        case Operator.BOOL:
            value = "true" if condition.values == ("false",) else "false"
            return replace(condition, values=(value,), if_exists=not condition.if_exists)
    quantifier = {
        None: None,
        Quantifier.FOR_ANY_VALUE: Quantifier.FOR_ALL_VALUES,
        Quantifier.FOR_ALL_VALUES: Quantifier.FOR_ANY_VALUE,
    }[condition.quantifier]
    return replace(condition, operator=_CONTRARY[condition.operator], quantifier=quantifier)


def _simplified(conditions: tuple[Condition, ...]) -> Clause | None:
    """The conditions of one way, with nothing said twice; None where they contradict each other."""
    there, absent, others = set[str](), set[str](), set[Condition]()
    for one in conditions:
        if one.operator is Operator.NULL:
            (there if one.values == ("false",) else absent).add(one.key)
        else:
            others.add(one)
    if there & absent:
        return None
    kept = set[Condition]()
    for one in others:
        if one.key in absent:
            if not one.holds_when_absent:
                return None
        else:
            kept.add(replace(one, if_exists=False) if one.key in there else one)
    if len({(one.label, one.key) for one in kept}) < len(kept):
        raise ValueError(f"guards ask one key for different values: {sorted(map(_order, kept))}")
    # What asks for a value asks for the key; Null has nothing to add.
    unsaid = there - {one.key for one in kept if not one.holds_when_absent}
    return frozenset((*kept, *_null(unsaid, "false"), *_null(absent, "true")))


def _null(keys: Iterable[str], value: str) -> Iterator[Condition]:
    for key in keys:
        yield Condition(operator=Operator.NULL, key=key, values=(value,))


def _least(ways: Iterable[Clause]) -> list[Clause]:
    """Those ways that no other one covers: what asks for less allows more."""
    distinct = set(ways)
    return [way for way in distinct if not any(other < way for other in distinct)]
