"""A small part of IAM's evaluation: enough for a role's trust policy and a bucket's policy.

Principals, actions, resources with their ``Not`` forms, and the condition operators in ``_OPERATORS`` with
``IfExists``, ``ForAnyValue`` and ``ForAllValues``. A policy that uses another operator, or a policy
variable, is an error here, never silently true or false.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

__all__ = ["PolicyRequest", "allows", "denies", "is_public", "principals", "statements"]


@dataclass(frozen=True, kw_only=True)
class PolicyRequest:
    """What a policy is asked."""

    action: str
    caller_arn: str = ""
    caller_account: str = ""
    service: str = ""
    """The service principal that asks, such as ``sagemaker.amazonaws.com``, in place of a caller."""
    context: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    """Condition keys in lower case, with what the request has for them; a tuple for keys of many values."""
    resource: str | None = None
    """None for a policy whose statements name no resource, such as a trust policy."""


def allows(policy: Mapping[str, object], request: PolicyRequest) -> bool:
    """Whether some statement allows the request and none denies it."""
    return "Allow" in set(_effects(policy, request)) and not denies(policy, request)


def denies(policy: Mapping[str, object], request: PolicyRequest) -> bool:
    """Whether some statement denies the request."""
    return "Deny" in set(_effects(policy, request))


def statements(policy: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """The statements of a policy."""
    for statement in _each(policy.get("Statement")):
        if not isinstance(statement, Mapping):
            raise TypeError(f"policy: a statement must be an object, got {statement!r}")
        yield statement


def principals(statement: Mapping[str, object], *, element: str = "Principal") -> list[tuple[str, str]]:
    """The principals of a statement, as kind and name; ``*`` is of kind ``AWS``."""
    named = statement.get(element)
    if isinstance(named, Mapping):
        return [(str(kind), str(name)) for kind, names in named.items() for name in _each(names)]
    return [("AWS", str(name)) for name in _each(named)]


_FIXING = frozenset(
    {
        *("aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths"),
        *("aws:sourceaccount", "aws:sourcearn", "aws:sourceip", "aws:sourceorgid", "aws:sourcevpc"),
        *("aws:sourcevpce", "aws:userid", "s3:dataaccesspointaccount", "s3:dataaccesspointarn"),
    }
)


def is_public(policy: Mapping[str, object]) -> bool:
    """Whether S3 calls a bucket policy public: everyone is allowed, on no condition that fixes who or whence."""
    for statement in statements(policy):
        everyone = any(name == "*" for _, name in principals(statement)) or "NotPrincipal" in statement
        fixed = any(
            str(key).lower() in _FIXING and not any("*" in str(value) for value in _each(wanted))
            for operator, keys in _items(statement.get("Condition"))
            if "Not" not in str(operator)
            for key, wanted in _items(keys)
        )
        if statement.get("Effect") == "Allow" and everyone and not fixed:
            return True
    return False


def _effects(policy: Mapping[str, object], request: PolicyRequest) -> Iterator[object]:
    for statement in statements(policy):
        if _applies(statement, request):
            yield statement.get("Effect")


def _applies(statement: Mapping[str, object], request: PolicyRequest) -> bool:
    return (
        _named(statement, "Action", request.action, flags=re.IGNORECASE)
        and (request.resource is None or _named(statement, "Resource", request.resource))
        and _is_principal(statement, request)
        and all(
            _holds(str(operator), str(key), wanted, request.context)
            for operator, keys in _items(statement.get("Condition"))
            for key, wanted in _items(keys)
        )
    )


def _named(
    statement: Mapping[str, object], element: str, text: str, *, flags: re.RegexFlag = re.NOFLAG
) -> bool:
    if f"Not{element}" in statement:
        return not _matches_any(statement[f"Not{element}"], text, flags=flags)
    return _matches_any(statement.get(element), text, flags=flags)


def _is_principal(statement: Mapping[str, object], request: PolicyRequest) -> bool:
    if "NotPrincipal" in statement:
        excluded = principals(statement, element="NotPrincipal")
        return not any(_is_caller(kind, name, request) for kind, name in excluded)
    return any(_is_caller(kind, name, request) for kind, name in principals(statement))


def _is_caller(kind: str, name: str, request: PolicyRequest) -> bool:
    if request.service:
        return kind == "Service" and name == request.service
    if kind != "AWS":
        return False
    if name in ("*", request.caller_account, request.caller_arn):
        return True
    account, _, resource = name.partition("::")[2].partition(":")
    if account != request.caller_account:
        return False
    # A role as principal means every session of it.
    _, assumed, session = request.caller_arn.partition(":assumed-role/")
    role = resource.startswith("role/") and resource.rsplit("/", 1)[-1] == session.split("/")[0]
    return resource == "root" or (bool(assumed) and role)


def _number(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    return lambda got, wanted: compare(float(got), float(wanted))


_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda got, wanted: got == wanted,
    "StringEqualsIgnoreCase": lambda got, wanted: got.lower() == wanted.lower(),
    "StringLike": lambda got, wanted: _matches(wanted, got),
    "ArnEquals": lambda got, wanted: _matches(wanted, got),
    "ArnLike": lambda got, wanted: _matches(wanted, got),
    "Bool": lambda got, wanted: got.lower() == wanted.lower(),
    "NumericEquals": _number(lambda got, wanted: got == wanted),
    "NumericLessThan": _number(lambda got, wanted: got < wanted),
    "NumericLessThanEquals": _number(lambda got, wanted: got <= wanted),
    "NumericGreaterThan": _number(lambda got, wanted: got > wanted),
    "NumericGreaterThanEquals": _number(lambda got, wanted: got >= wanted),
}
_QUANTIFIERS: Mapping[str, Callable[[Iterator[bool]], bool]] = {"ForAnyValue": any, "ForAllValues": all}


def _holds(operator: str, key: str, wanted: object, context: Mapping[str, str | tuple[str, ...]]) -> bool:
    got = context.get(key.lower())
    values = [str(value).lower() if isinstance(value, bool) else str(value) for value in _each(wanted)]
    if operator == "Null":
        return ("true" if got is None else "false") in values
    quantifier, _, plain = operator.rpartition(":")
    name = plain.removesuffix("IfExists")
    negative = name.startswith(("StringNot", "ArnNot", "NumericNot"))
    positive = name.replace("Not", "", 1) if negative else name
    if positive not in _OPERATORS or (quantifier and quantifier not in _QUANTIFIERS):
        raise NotImplementedError(f"policy: the embedded AWS does not evaluate {operator!r} ({key})")
    for value in values:
        _no_variable(value)
    every = () if got is None else (got,) if isinstance(got, str) else got
    each = (any(_OPERATORS[positive](one, value) for value in values) != negative for one in every)
    if quantifier:
        return _QUANTIFIERS[quantifier](each)  # on an absent key ForAllValues holds and ForAnyValue does not
    return (negative or name != plain) if got is None else any(each)


def _no_variable(pattern: str) -> None:
    if "${" in pattern:
        raise NotImplementedError(f"policy: the embedded AWS knows no policy variables: {pattern!r}")


def _matches_any(patterns: object, text: str, *, flags: re.RegexFlag = re.NOFLAG) -> bool:
    return any(_matches(str(pattern), text, flags=flags) for pattern in _each(patterns))


def _matches(pattern: str, text: str, *, flags: re.RegexFlag = re.NOFLAG) -> bool:
    _no_variable(pattern)
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, flags | re.DOTALL) is not None


def _each(value: object) -> list[object]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _items(value: object) -> list[tuple[object, object]]:
    return list(value.items()) if isinstance(value, Mapping) else []
