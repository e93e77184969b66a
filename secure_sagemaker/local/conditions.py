"""Condition operators of IAM, and its patterns: what a policy's Condition says of a request's keys.

An operator that is not here, and a policy variable, is an error, never silently true or false. IAM's own rules:

- a key of the request that is absent meets ``IfExists``, the negated operators and ``ForAllValues``, and nothing else;
- an operator holds where one of its values matches, a negated one where none does;
- ``ForAnyValue`` asks for one value of the request that holds, ``ForAllValues`` for all of them;
- ARN operators compare part by part, so that a wildcard does not reach over a colon.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache

__all__ = ["UnreadablePolicyError", "arn_matches", "condition_holds", "each", "items", "matches"]

Context = Mapping[str, str | tuple[str, ...]]
"""Condition keys in lower case, with what the request has for them; a tuple for keys of many values."""


class UnreadablePolicyError(RuntimeError):
    """A policy decides about a request, and says something that the embedded AWS does not evaluate.

    Nobody answers it: a guess would be a wrong verdict, and a NotImplementedError is what moto raises for its own gaps.
    """


def condition_holds(condition: object, context: Context) -> bool:
    """Whether every operator of a Condition element holds for every key it names."""
    return all(
        _holds(str(operator), str(key), wanted, context)
        for operator, keys in items(condition)
        for key, wanted in items(keys)
    )


def _holds(operator: str, key: str, wanted: object, context: Context) -> bool:
    got = context.get(key.lower())
    if got == ():  # a key without a value is as good as none, which is what Null is for
        got = None
    values = [str(value).lower() if isinstance(value, bool) else str(value) for value in each(wanted)]
    if operator == "Null":
        return ("true" if got is None else "false") in values
    quantifier, _, plain = operator.rpartition(":")
    name = plain.removesuffix("IfExists")
    negated = "Not" in name
    positive = name.replace("Not", "", 1)
    if positive not in _OPERATORS or (quantifier and quantifier not in _QUANTIFIERS):
        raise UnreadablePolicyError(f"policy: the embedded AWS does not evaluate {operator!r} ({key})")
    for value in values:
        _no_variable(value)
    every = () if got is None else (got,) if isinstance(got, str) else got
    met = (any(_OPERATORS[positive](one, value) for value in values) != negated for one in every)
    if got is None and name != plain:
        return True
    if quantifier:
        return _QUANTIFIERS[quantifier](met)
    return negated if got is None else any(met)


def _number(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    return lambda got, wanted: compare(float(got), float(wanted))


def _date(compare: Callable[[datetime, datetime], bool]) -> Callable[[str, str], bool]:
    return lambda got, wanted: compare(_time(got), _time(wanted))


def _time(text: str) -> datetime:
    if text.isdigit():
        return datetime.fromtimestamp(int(text), UTC)
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _in_network(got: str, wanted: str) -> bool:
    return ipaddress.ip_address(got) in ipaddress.ip_network(wanted, strict=False)


def _equal(got: str, wanted: str) -> bool:
    return got == wanted


def _same_word(got: str, wanted: str) -> bool:
    return got.lower() == wanted.lower()


_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": _equal,
    "StringEqualsIgnoreCase": _same_word,
    "StringLike": lambda got, wanted: matches(wanted, got),
    "ArnEquals": lambda got, wanted: arn_matches(wanted, got),  # IAM's Equals and Like are one
    "ArnLike": lambda got, wanted: arn_matches(wanted, got),
    "Bool": _same_word,
    "IpAddress": _in_network,
    "NumericEquals": _number(lambda got, wanted: got == wanted),
    "NumericLessThan": _number(lambda got, wanted: got < wanted),
    "NumericLessThanEquals": _number(lambda got, wanted: got <= wanted),
    "NumericGreaterThan": _number(lambda got, wanted: got > wanted),
    "NumericGreaterThanEquals": _number(lambda got, wanted: got >= wanted),
    "DateEquals": _date(lambda got, wanted: got == wanted),
    "DateLessThan": _date(lambda got, wanted: got < wanted),
    "DateLessThanEquals": _date(lambda got, wanted: got <= wanted),
    "DateGreaterThan": _date(lambda got, wanted: got > wanted),
    "DateGreaterThanEquals": _date(lambda got, wanted: got >= wanted),
}
"""By the positive name: ``Not`` within it turns each around (``StringNotEquals``, ``NotIpAddress``)."""
_QUANTIFIERS: Mapping[str, Callable[[Iterator[bool]], bool]] = {"ForAnyValue": any, "ForAllValues": all}


def _no_variable(pattern: str) -> None:
    if "${" in pattern:
        raise UnreadablePolicyError(f"policy: the embedded AWS knows no policy variables: {pattern!r}")


def matches(pattern: str, text: str, *, any_case: bool = False) -> bool:
    """Whether a text is like a pattern of ``*`` and ``?``."""
    return _expression(pattern, any_case).fullmatch(text) is not None


@lru_cache(maxsize=4096)  # the same few policies decide about every call
def _expression(pattern: str, any_case: bool) -> re.Pattern[str]:  # noqa: FBT001  # as ``matches`` names it
    _no_variable(pattern)
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(expression, re.DOTALL | re.IGNORECASE if any_case else re.DOTALL)


def arn_matches(pattern: str, arn: str) -> bool:
    """Whether an ARN is like a pattern, part by part; a lone ``*`` is like everything, resource or none."""
    if pattern == "*":
        return True
    wanted, got = pattern.split(":", 5), arn.split(":", 5)
    wanted += ["*"] * (6 - len(wanted))  # IAM completes an ARN that ends early
    return len(got) == 6 and all(map(matches, wanted, got))


def each(value: object) -> list[object]:
    """The entries of a list, or the one value that stands for it."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def items(value: object) -> Iterable[tuple[object, object]]:
    """The entries of an object; none of what is no object."""
    return value.items() if isinstance(value, Mapping) else ()
