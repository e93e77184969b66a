"""What the laws and the tasks say of one request that is known: the proofs' own formulas, asked for its keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import z3

from secure_sagemaker.identity.policies.inline import Scope
from secure_sagemaker.identity.policies.tasks import Task
from tests.proofs.actions import actions, is_list
from tests.proofs.keys import Keys
from tests.proofs.laws import Law, Laws, Setting
from tests.proofs.policies import Case
from tests.proofs.tasks import Purpose

__all__ = ["Judge", "Told"]

Held = frozenset[str]
"""What a request holds, as the names of the proofs' symbols."""
_Asked = Callable[[Held], bool]
Context = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Told:
    """What must come of an action on a resource with some keys, by the laws; by a task, where one is asked."""

    case: Case
    held: Held
    broken: tuple[str, ...]
    """The laws that it breaks, and no waiver excuses."""
    refusable: bool
    """It breaks one that a policy may hold it to: where a waiver is declared to be of no use, too."""


class Judge:
    """The laws of a baseline, and its tasks over all that it lists."""

    def __init__(self, setting: Setting, *, now: str) -> None:
        self._laws = Laws(setting)
        self._purposes = {task: Purpose(task, Scope(), setting) for task in Task}
        vocabulary = self._laws.vocabulary
        vocabulary.add_examples("aws:CurrentTime", now)
        for purpose in self._purposes.values():
            purpose.words(vocabulary)
        self._keys = Keys(vocabulary)
        self._patterns = vocabulary.asked()
        self._held_laws = self._laws.of(self._keys)
        self._about: dict[str, tuple[Law, ...]] = {}
        self._like: dict[tuple[str, str], str] = {}
        self._made: dict[int, tuple[z3.BoolRef, _Asked]] = {}

    def told(self, action: str, resource: str, context: Context) -> Told | None:
        """What the laws say; None of what no request of AWS's is, by the reference of actions and their keys."""
        known = actions().get(action)
        asked = {key: value for key, value in context.items() if key in self._keys.symbols}
        if known is None or not all(known.has(key) and _is_one(key, value) for key, value in asked.items()):
            return None
        case, held = Case(known, resource), frozenset(self._symbols(asked))
        if action not in self._about:
            self._about[action] = tuple(law for law in self._held_laws if law.names(case))
        broken = tuple(self._laws.broken(self._about[action], case, self._keys))
        return Told(
            case=case,
            held=held,
            broken=tuple(one.law.name for one in broken if self._is(one.must, held)),
            refusable=any(self._is(one.may, held) for one in broken),
        )

    def wants(self, task: Task, told: Told) -> bool:
        """Whether a task is for it, but for the laws: no instance type narrows the scope, so all it may it must."""
        return self._is(self._purposes[task].most(told.case, self._keys), told.held)

    def _symbols(self, context: Context) -> Iterator[str]:
        for key, value in context.items():
            for text in (value,) if isinstance(value, str) else value:
                yield f"{key} = {self._told_like(key, text)}"

    def _told_like(self, key: str, text: str) -> str:
        """The text that stands for a value in the proofs: no pattern tells the two apart."""
        texts = self._keys.symbols[key]
        if text in texts:
            return text
        if (key, text) not in self._like:
            patterns = self._patterns[key]
            matched = [one.matches(text) for one in patterns]
            self._like[key, text] = next(
                other for other in texts if matched == [one.matches(other) for one in patterns]
            )
        return self._like[key, text]

    def _is(self, formula: z3.BoolRef, held: Held) -> bool:
        return self._asked(formula)(held)

    def _asked(self, formula: z3.BoolRef) -> _Asked:
        """A formula as a function of what is held, which z3 would take long to decide thousands of times."""
        name = formula.get_id()
        if name not in self._made:
            self._made[name] = (
                formula,
                self._compiled(formula),
            )  # an id stands for a formula while that lives
        return self._made[name][1]

    def _compiled(self, formula: z3.BoolRef) -> _Asked:
        parts: Iterable[_Asked] = tuple(self._asked(part) for part in formula.children())
        match formula.decl().kind():
            case z3.Z3_OP_TRUE:
                return lambda _: True
            case z3.Z3_OP_FALSE:
                return lambda _: False
            case z3.Z3_OP_AND:
                return lambda held: all(part(held) for part in parts)
            case z3.Z3_OP_OR:
                return lambda held: any(part(held) for part in parts)
            case z3.Z3_OP_NOT:
                (negated,) = parts
                return lambda held: not negated(held)
            case z3.Z3_OP_UNINTERPRETED:
                symbol = str(formula.decl().name())
                return lambda held: symbol in held
            case other:
                raise ValueError(f"no connective that is read here: {other}")


def _is_one(key: str, value: str | tuple[str, ...]) -> bool:
    """Whether a key of one value has one: AWS says nothing of others."""
    return isinstance(value, str) or is_list(key)
