"""The condition keys of a request as z3 symbols, and IAM's condition operators over them.

A key is the set of texts that the request holds for it, one symbol for each text: a key of one value holds at most one,
a key of many any number, and an absent key none. IAM calls a key without a value absent too. The texts are those that
``globs.cells`` finds for all patterns which anybody asks of the key, so that every value AWS could see has one among
them that no policy and no law tells from it; for dates and numbers, every bound and what lies on each side of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache

import z3

from tests.proofs.actions import ALWAYS, DEPRECATED, is_flag, is_list
from tests.proofs.globs import Glob, arn, cells, literal, plain

__all__ = ["Keys", "Vocabulary", "each"]

Matcher = Callable[[str], bool]


def each(value: object) -> tuple[str, ...]:
    """The entries of a list of a policy's, or the one that stands for it."""
    return tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value),)


# --- operators ------------------------------------------------------------------------------------

_PATTERNS: Mapping[str, Callable[[str], Glob]] = {
    "StringEquals": literal,
    "StringLike": plain,
    "ArnEquals": arn,
    "ArnLike": arn,
}
_BOUNDS: Mapping[str, Callable[[float, float], bool]] = {
    "Equals": lambda got, bound: got == bound,
    "LessThan": lambda got, bound: got < bound,
    "LessThanEquals": lambda got, bound: got <= bound,
    "GreaterThan": lambda got, bound: got > bound,
    "GreaterThanEquals": lambda got, bound: got >= bound,
}
_QUANTIFIERS = ("", "ForAllValues", "ForAnyValue")


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _parsed(operator: str) -> tuple[str, str, bool, bool]:
    """An operator's quantifier, its positive name, whether it is negated, and whether it ends in ``IfExists``."""
    quantifier, _, rest = operator.rpartition(":")
    name = rest.removesuffix("IfExists")
    positive = name.replace("Not", "", 1)
    bounded = positive.removeprefix("Date").removeprefix("Numeric")
    if quantifier not in _QUANTIFIERS or not (positive in (*_PATTERNS, "Bool") or bounded in _BOUNDS):
        raise ValueError(f"no operator of IAM's that is modelled: {operator}")
    return quantifier, positive, positive != name, rest != name


@cache
def _matcher(positive: str, value: str) -> Matcher:
    if "${" in value:
        raise ValueError(f"policy variables are not modelled: {value}")
    if positive == "Bool":
        return lambda text: text == value.lower()
    if positive in _PATTERNS:
        return _PATTERNS[positive](value).matches
    read = _moment if positive.startswith("Date") else float
    compare, bound = _BOUNDS[positive.removeprefix("Date").removeprefix("Numeric")], read(value)
    return lambda text: compare(read(text), bound)


# --- texts ----------------------------------------------------------------------------------------


class Vocabulary:
    """What is asked of each key, and so the texts that must be told apart."""

    def __init__(self) -> None:
        self._globs: dict[str, set[Glob]] = {}
        self._examples: dict[str, set[str]] = {}

    def add(self, key: str, *globs: Glob) -> None:
        """A key, and patterns that its values are asked for."""
        self._globs.setdefault(key.lower(), set()).update(globs)
        for old in (old for old, new in DEPRECATED.items() if new == key.lower()):
            self._globs.setdefault(old, set()).update(globs)

    def add_examples(self, key: str, *texts: str) -> None:
        """Values that requests may well hold: none is needed beside the patterns' own, but a person knows them."""
        self._globs.setdefault(key.lower(), set())
        self._examples.setdefault(key.lower(), set()).update(texts)

    def add_days(self, key: str, *moments: str) -> None:
        """Moments that values are compared to."""
        for moment in moments:
            there = datetime.fromisoformat(moment).astimezone(UTC)
            around = (there + timedelta(seconds=seconds) for seconds in (-1, 0, 1))
            self.add_examples(key, *(time.strftime("%Y-%m-%dT%H:%M:%SZ") for time in around))

    def add_condition(self, condition: object) -> None:
        """Every key and value of a Condition element."""
        for operator, key, values in conditions(condition):
            self.add(key)
            if operator == "Null":
                continue
            _, positive, _, _ = _parsed(operator)
            if positive.startswith("Date"):
                self.add_days(key, *values)
            elif positive.startswith("Numeric"):
                near = (str(float(value) + step) for value in values for step in (-1, 0, 1))
                self.add_examples(key, *near)
            elif positive in _PATTERNS:
                self.add(key, *map(_PATTERNS[positive], values))

    def texts(self) -> Mapping[str, tuple[str, ...]]:
        """The texts of every key."""
        return {key: tuple(sorted(self._texts(key))) for key in sorted(self._globs)}

    def asked(self) -> Mapping[str, frozenset[Glob]]:
        """The patterns that the texts of every key tell apart."""
        return {key: frozenset(globs) for key, globs in self._globs.items()}

    def _texts(self, key: str) -> set[str]:
        if is_flag(key):
            return {"true", "false"}
        if key == "aws:currenttime":
            return self._examples.get(key) or {"2026-11-01T12:00:00Z"}
        return {*_told_apart(frozenset(self._globs[key])), *self._examples.get(key, ())}


@cache
def _told_apart(globs: frozenset[Glob]) -> tuple[str, ...]:
    ordered = sorted(globs, key=lambda glob: str(glob.tokens))
    return tuple(cells(ordered, within=plain("?*")).values())


def conditions(condition: object) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """The operators, keys and values of a Condition element."""
    if isinstance(condition, Mapping):
        for operator, keys in condition.items():
            for key, values in keys.items():
                yield str(operator), str(key).lower(), each(values)


@cache
def _matches_one(globs: tuple[Glob, ...], text: str) -> bool:
    return any(glob.matches(text) for glob in globs)


# --- symbols --------------------------------------------------------------------------------------


class Keys:
    """The keys of one request."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._asked = vocabulary.asked()
        self.symbols: Mapping[str, Mapping[str, z3.BoolRef]] = {
            key: {text: z3.Bool(f"{key} = {text}") for text in texts}
            for key, texts in vocabulary.texts().items()
        }
        self._made: dict[object, z3.BoolRef] = {}

    def rules(self) -> Iterator[z3.BoolRef]:
        """What holds for every request."""
        for key, symbols in self.symbols.items():
            if not is_list(key):
                yield z3.AtMost(*symbols.values(), 1)
            if key in ALWAYS:
                yield self.present(key)

    def present(self, key: str) -> z3.BoolRef:
        """The request has the key."""
        return self._once(("present", key.lower()), lambda: z3.Or(*self.symbols[key.lower()].values()))

    def absent(self, key: str) -> z3.BoolRef:
        """The request has it not."""
        return self._once(("absent", key.lower()), lambda: z3.Not(self.present(key)))

    def some(self, key: str, globs: Iterable[Glob]) -> z3.BoolRef:
        """Some value of the key matches one of the patterns."""
        listed = tuple(globs)
        return self._once(("some", key, listed), lambda: self._any(key, self._told(key, listed)))

    def another(self, key: str, globs: Iterable[Glob]) -> z3.BoolRef:
        """Some value of the key matches none of them."""
        listed = tuple(globs)
        like = self._told(key, listed)
        return self._once(("another", key, listed), lambda: self._any(key, lambda text: not like(text)))

    def before(self, key: str, moment: str) -> z3.BoolRef:
        """The key's moment is before another."""
        return self._any(key, lambda text: _moment(text) < _moment(moment))

    def holds(self, condition: object) -> z3.BoolRef:
        """Every operator of a Condition element, for every key that it names."""
        return z3.And(*(self._operator(*one) for one in conditions(condition)))

    def _operator(self, operator: str, key: str, values: tuple[str, ...]) -> z3.BoolRef:
        return self._once((operator, key, values), lambda: self._evaluated(operator, key, values))

    def _evaluated(self, operator: str, key: str, values: tuple[str, ...]) -> z3.BoolRef:
        if operator == "Null":
            return z3.Or(
                *(self.absent(key) if value.lower() == "true" else self.present(key) for value in values)
            )
        quantifier, positive, negated, if_exists = _parsed(operator)
        if bool(quantifier) is not is_list(key):
            raise ValueError(
                f"{operator} of {key}: a quantifier is for keys of many values, and for them alone"
            )
        matchers = [_matcher(positive, value) for value in values]

        def meets(text: str) -> bool:
            return any(matcher(text) for matcher in matchers) is not negated

        if quantifier == "ForAllValues" or (negated and not quantifier):
            holds = z3.Not(self._any(key, lambda text: not meets(text)))
        else:
            holds = self._any(key, meets)
        return z3.Or(self.absent(key), holds) if if_exists else holds

    def _any(self, key: str, like: Matcher) -> z3.BoolRef:
        return z3.Or(*(symbol for text, symbol in self.symbols[key.lower()].items() if like(text)))

    def _told(self, key: str, listed: tuple[Glob, ...]) -> Matcher:
        if not is_flag(key.lower()) and (unasked := set(listed) - self._asked[key.lower()]):
            raise ValueError(f"{key}: its texts do not tell {unasked} apart")
        return lambda text: _matches_one(listed, text)

    def _once(self, name: object, make: Callable[[], z3.BoolRef]) -> z3.BoolRef:
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]
