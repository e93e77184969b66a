"""Policies, evaluated for one request: allowed, denied, or not to be told.

A condition whose key or operator is not known here is neither met nor unmet, and so is what depends on it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

__all__ = [
    "OURS",
    "PolicyStatement",
    "Request",
    "Verdict",
    "evaluate",
    "matches",
    "principals_of",
    "statements_of",
    "texts",
]

OURS = "(of our own organisation)"
"""A condition key's value that is not known, but is that which a policy of ours would name."""

PolicyStatement = Mapping[str, object]
_OF_ACCOUNTS = ("AWS", "CanonicalUser")


class Verdict(StrEnum):
    """What a policy says of a request."""

    ALLOWED = "allowed"
    DENIED = "denied"
    SILENT = "neither allowed nor denied"
    UNKNOWN = "not to be told"


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A request that a policy is asked about."""

    principal: str
    """An ARN, or a service's name."""
    account: str
    """The principal's; empty of a service."""
    action: str
    resource: str = "*"
    context: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Condition keys, in lower case. An absent one is not known; an empty one is known to be absent."""


def statements_of(document: str) -> tuple[PolicyStatement, ...]:
    """The statements of a policy.

    Raises:
        ValueError: It is none.
    """
    parsed = json.loads(document)
    if not isinstance(parsed, dict):
        raise ValueError("the policy is no JSON object")
    listed = parsed.get("Statement", [])
    found = listed if isinstance(listed, list) else [listed]
    if not all(isinstance(one, dict) and one.get("Effect") in ("Allow", "Deny") for one in found):
        raise ValueError("a statement of the policy neither allows nor denies")
    return tuple(found)


def evaluate(statements: Iterable[PolicyStatement], request: Request) -> Verdict:
    """What statements, taken together, say: a deny goes before an allow, and what is not said is not allowed."""
    applying = [(str(one["Effect"]), _applies(one, request)) for one in statements]
    if ("Deny", True) in applying:
        return Verdict.DENIED
    if ("Allow", True) in applying and ("Deny", None) not in applying:
        return Verdict.ALLOWED
    if any(met is not False for effect, met in applying if effect == "Allow"):
        return Verdict.UNKNOWN
    return Verdict.SILENT


def matches(pattern: str, value: str) -> bool:
    """Whether a pattern with ``*`` and ``?`` matches a text, in upper or lower case as it stands."""
    return _pattern(pattern).fullmatch(value) is not None


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"([*?])", pattern)
    return re.compile("".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in parts), re.DOTALL)


def _all_of(answers: Iterable[bool | None]) -> bool | None:
    known = tuple(answers)
    if False in known:
        return False
    return None if None in known else True


def _applies(statement: PolicyStatement, request: Request) -> bool | None:
    return _all_of(
        (
            _principal(statement, request),
            _one_of(statement, "Action", request.action, like=_action_matches),
            _one_of(statement, "Resource", request.resource, like=_arn_matches),
            *_conditions(statement, request),
        )
    )


def _one_of(
    statement: PolicyStatement, key: str, value: str, *, like: Callable[[str, str], bool]
) -> bool | None:
    for name, wanted in ((key, True), (f"Not{key}", False)):
        if name in statement:
            patterns = texts(statement[name])
            if any("${" in one for one in patterns):
                return None
            return any(like(one, value) for one in patterns) is wanted
    return True  # a trust policy has no resource


def texts(value: object) -> tuple[str, ...]:
    """One text or several, as policies write them."""
    listed = value if isinstance(value, list) else [value]
    return tuple(str(one).lower() if isinstance(one, bool) else str(one) for one in listed)


def principals_of(statement: PolicyStatement) -> tuple[str, ...]:
    """The users, roles and accounts that a statement is for, as it calls them."""
    named = _named(statement.get("Principal", {}))
    return tuple(name for kind, name in named if kind in _OF_ACCOUNTS)


def _principal(statement: PolicyStatement, request: Request) -> bool:
    for name, wanted in (("Principal", True), ("NotPrincipal", False)):
        if name in statement:
            return any(_is(kind, one, request) for kind, one in _named(statement[name])) is wanted
    return True  # a policy of a role is its own principal's


def _named(principal: object) -> Iterator[tuple[str, str]]:
    if isinstance(principal, Mapping):
        for kind, value in principal.items():
            yield from ((str(kind), one) for one in texts(value))
    else:
        yield from (("AWS", one) for one in texts(principal))


def _is(kind: str, named: str, request: Request) -> bool:
    if kind == "Service":
        return not request.account and named == request.principal
    if kind not in _OF_ACCOUNTS:
        return False
    if named == "*":
        return True
    account = re.fullmatch(r"(?:arn:[\w-]+:iam::)?(\d{12})(?::root)?", named)
    return named == request.principal if account is None else account[1] == request.account


def _conditions(statement: PolicyStatement, request: Request) -> Iterator[bool | None]:
    stated = statement.get("Condition") or {}
    if not isinstance(stated, Mapping):
        yield None
        return
    for operator, keys in stated.items():
        if not isinstance(keys, Mapping):
            yield None
            continue
        for key, wanted in keys.items():
            yield _met(str(operator), request.context.get(str(key).lower()), texts(wanted))


def _met(operator: str, got: str | None, wanted: tuple[str, ...]) -> bool | None:
    name = operator.rpartition(":")[2]
    base = name.removesuffix("IfExists")
    if got is None:
        return None
    if base == "Null":
        return wanted == (("false",) if got else ("true",))
    negated = "Not" in base
    if not got:
        if base != name or operator.startswith("ForAllValues:"):
            return True
        return negated and not operator.startswith("ForAnyValue:")
    if any("${" in one for one in wanted):
        return None
    if got == OURS:
        return not negated
    found = _compared(base.replace("Not", ""), got, wanted)
    return None if found is None else found is not negated


def _compared(base: str, got: str, wanted: tuple[str, ...]) -> bool | None:
    match base:
        case "StringEquals":
            return got in wanted
        case "StringEqualsIgnoreCase" | "Bool":
            return got.lower() in tuple(one.lower() for one in wanted)
        case "StringLike":
            return any(matches(one, got) for one in wanted)
        case "ArnEquals" | "ArnLike":
            return any(_arn_matches(one, got) for one in wanted)
    return None


def _action_matches(pattern: str, value: str) -> bool:
    return matches(pattern.lower(), value.lower())


def _arn_matches(pattern: str, value: str) -> bool:
    """Part by part, so that no wildcard reaches over a colon; what a pattern leaves out at its end is any."""
    if pattern == "*":
        return True
    parts, others = pattern.split(":", 5), value.split(":", 5)
    parts += ["*"] * (6 - len(parts))
    return len(others) == 6 and all(map(matches, parts, others))
