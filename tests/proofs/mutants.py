"""Policies made weaker, or stricter, in one place: of each, some proof must fail.

Every part of a statement is changed by itself: the statement, an action, a resource, an operator, a value. What is put
in the place of a value is taken from the texts that the proofs tell apart, so that the change is one they could see.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from tests.proofs.actions import ALWAYS, is_list
from tests.proofs.globs import arn, plain
from tests.proofs.keys import each
from tests.proofs.policies import Case, Statement
from tests.proofs.proof import Subject

__all__ = ["Mutant", "mutants", "survivors"]

Written = dict[str, object]


def _any_case(_: Case) -> bool:
    return True


@dataclass(frozen=True, kw_only=True, slots=True)
class Mutant:
    """A change, told in words, and what stands in the statement's place."""

    change: str
    instead: tuple[Written, ...]
    wider: bool = False
    """It speaks of more cases than before."""
    about: Callable[[Case], bool] = _any_case
    """The cases of which it may say something else."""


def survivors(subject: Subject, *, among: Iterable[tuple[int, int]] | None = None) -> Iterator[str]:
    """The changes that no proof notices, of the statements at some places; of all where none are named."""
    layers = subject.policies.layers
    every = ((layer, number) for layer, many in enumerate(layers) for number in range(len(many)))
    for layer, number in every if among is None else among:
        statement = layers[layer][number]
        near = tuple(case for case in subject.cases if statement.is_about(case))
        without = subject.policies.replacing((layer, number), ())
        decided = subject.refuted(without, near)
        for mutant in mutants(statement, subject, decided.resource if decided else None):
            changed = subject.policies.replacing((layer, number), tuple(map(Statement, mutant.instead)))
            affected = filter(mutant.about, subject.cases if mutant.wider else near)
            if subject.refuted(changed, affected) is None:
                yield f"{_name(statement)}: {mutant.change}"


def _name(statement: Statement) -> str:
    return str(
        statement.written.get("Sid") or f"{statement.written['Effect']} {', '.join(statement.names[:3])}"
    )


def mutants(statement: Statement, subject: Subject, resource: str | None = None) -> Iterator[Mutant]:
    """Every change of one statement; ``resource`` is one that it alone decides about."""
    yield Mutant(change="without it", instead=())
    yield from _of_lists(statement)
    yield from _of_resources(statement, resource)
    condition = statement.written.get("Condition")
    if isinstance(condition, Mapping):
        for operator, keys in condition.items():
            for key, values in keys.items():
                yield from _of_condition(statement, operator, key, each(values), subject)


def _changed(statement: Statement, **parts: object) -> tuple[Written, ...]:
    written: Written = {**copy.deepcopy(dict(statement.written)), **parts}
    return ({name: part for name, part in written.items() if part is not None},)


def _of_lists(statement: Statement) -> Iterator[Mutant]:
    for element in ("Action", "Resource", "NotResource"):
        listed = each(statement.written.get(element, ()))
        for one in listed if len(listed) > 1 else ():
            rest = [other for other in listed if other != one]
            yield Mutant(
                change=f"{element} without {one}",
                instead=_changed(statement, **{element: rest}),
                wider=element == "NotResource",
                about=_named(one) if element == "Action" else _on(one, statement),
            )


def _named(action: str) -> Callable[[Case], bool]:
    glob = plain(action.lower())
    return lambda case: glob.matches(case.name.lower())


def _on(resource: str, statement: Statement) -> Callable[[Case], bool]:
    glob = arn(resource)
    return lambda case: glob.matches(case.resource) and statement.names_action(case.name)


def _of_resources(statement: Statement, resource: str | None) -> Iterator[Mutant]:
    named = statement.written
    if not statement.denies:
        services = sorted({name.partition(":")[0] for name in statement.names} - {"*"})
        yield from (
            Mutant(
                change=f"any action of {one}",
                instead=_changed(statement, Action=[*each(named["Action"]), f"{one}:*"]),
                wider=True,
                about=_named(f"{one}:*"),
            )
            for one in services
            if f"{one}:*" not in statement.names
        )
        if each(named.get("Resource", ())) != ("*",):
            instead = _changed(statement, Resource="*")
            yield Mutant(change="any resource", instead=instead, wider=True, about=_on("*", statement))
    if "NotResource" in named:
        instead = _changed(statement, NotResource=None, Resource="*")
        yield Mutant(change="every resource", instead=instead, wider=True, about=_on("*", statement))
        if resource is not None:
            instead = _changed(statement, NotResource=[*each(named["NotResource"]), resource])
            yield Mutant(change="but for another resource", instead=instead, about=_on(resource, statement))


def _of_condition(
    statement: Statement, operator: str, key: str, values: tuple[str, ...], subject: Subject
) -> Iterator[Mutant]:
    def instead(*others: tuple[str, str | list[str]]) -> tuple[Written, ...]:
        condition = statement.written["Condition"]
        assert isinstance(condition, Mapping)
        kept = {
            name: {one: held for one, held in keys.items() if (name, one) != (operator, key)}
            for name, keys in condition.items()
        }
        for name, held in others:
            kept.setdefault(name, {})[key] = held
        return _changed(statement, Condition={name: keys for name, keys in kept.items() if keys} or None)

    where = f"{operator} {key}"
    yield Mutant(change=f"without {where}", instead=instead())
    if operator == "Null" or operator.removesuffix("IfExists") == "Bool":
        flipped = "false" if values == ("true",) else "true"
        yield Mutant(change=f"{where} {flipped}", instead=instead((operator, flipped)))
    else:
        yield Mutant(change=f"{where} negated", instead=instead((_negated(operator), list(values))))
        for value in values if len(values) > 1 else ():
            rest = [other for other in values if other != value]
            yield Mutant(change=f"{where} without {value}", instead=instead((operator, rest)))
        if (other := _other(key, values, subject)) is not None:
            yield Mutant(change=f"{where} with {other}", instead=instead((operator, [*values, other])))
    # IfExists changes nothing of what holds for an absent key already, nor for a key that no request lacks.
    if not operator.startswith(("Null", "For")) and "Not" not in operator and key.lower() not in ALWAYS:
        toggled = (
            operator.removesuffix("IfExists") if operator.endswith("IfExists") else f"{operator}IfExists"
        )
        yield Mutant(change=f"{toggled} {key}", instead=instead((toggled, list(values))))
    if is_list(key.lower()) and operator != "Null":
        pair = ("ForAnyValue", "ForAllValues")
        quantifier, _, rest_of_it = operator.partition(":")
        swapped = f"{pair[quantifier == pair[0]]}:{rest_of_it}"
        yield Mutant(change=f"{swapped} {key}", instead=instead((swapped, list(values))))


def _negated(operator: str) -> str:
    if operator == "DateGreaterThanEquals":
        return "DateLessThan"
    quantifier, colon, name = operator.rpartition(":")
    for beginning in ("String", "Arn"):
        rest = name.removeprefix(beginning)
        if rest != name:
            turned = rest.removeprefix("Not") if rest.startswith("Not") else f"Not{rest}"
            return f"{quantifier}{colon}{beginning}{turned}"
    raise ValueError(f"no negation of {operator}")


def _other(key: str, values: tuple[str, ...], subject: Subject) -> str | None:
    """A value that a request may hold, and that the list lacks."""
    if key.lower() == "aws:currenttime":
        return None
    arns = all(value.startswith("arn:") for value in values)
    texts = [text for text in subject.keys.symbols[key.lower()] if not arns or text.startswith("arn:")]
    foreign = (text for text in texts if text not in values and not any("*" in value for value in values))
    patterned = (text for text in texts if not any(text.startswith(value.split("*")[0]) for value in values))
    return next(foreign, None) or next(patterned, None)
