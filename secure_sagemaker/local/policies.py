"""A small part of IAM's evaluation: enough for a role's trust policy and a bucket's policy.

Principals, actions, resources, and the condition operators in ``_OPERATORS`` with their ``IfExists``
forms. A policy that uses another operator is an error here, never silently true or false.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

__all__ = ["PolicyRequest", "allows", "denies"]


@dataclass(frozen=True, kw_only=True)
class PolicyRequest:
    """What a policy is asked."""

    action: str
    caller_arn: str
    caller_account: str
    context: Mapping[str, str] = field(default_factory=dict)
    """Condition keys in lower case, with what the request has for them."""
    resource: str | None = None
    """None for a policy whose statements name no resource, such as a trust policy."""


def allows(policy: Mapping[str, object], request: PolicyRequest) -> bool:
    """Whether some statement allows the request and none denies it."""
    return "Allow" in set(_effects(policy, request)) and not denies(policy, request)


def denies(policy: Mapping[str, object], request: PolicyRequest) -> bool:
    """Whether some statement denies the request."""
    return "Deny" in set(_effects(policy, request))


def _effects(policy: Mapping[str, object], request: PolicyRequest) -> Iterator[object]:
    for statement in _each(policy.get("Statement")):
        if not isinstance(statement, Mapping):
            raise TypeError(f"policy: a statement must be an object, got {statement!r}")
        if _applies(statement, request):
            yield statement.get("Effect")


def _applies(statement: Mapping[str, object], request: PolicyRequest) -> bool:
    unknown = statement.keys() & {"NotAction", "NotPrincipal", "NotResource"}
    if unknown:
        raise NotImplementedError(f"policy: the embedded AWS does not evaluate {sorted(unknown)}")
    return (
        _matches_any(statement.get("Action"), request.action, flags=re.IGNORECASE)
        and (request.resource is None or _matches_any(statement.get("Resource"), request.resource))
        and any(_is_caller(principal, request) for principal in _principals(statement))
        and all(
            _holds(str(operator), str(key), wanted, request.context)
            for operator, keys in _items(statement.get("Condition"))
            for key, wanted in _items(keys)
        )
    )


def _principals(statement: Mapping[str, object]) -> list[str]:
    stated = statement.get("Principal")
    named = stated.get("AWS") if isinstance(stated, Mapping) else stated
    return [str(principal) for principal in _each(named)]


def _is_caller(principal: str, request: PolicyRequest) -> bool:
    if principal in ("*", request.caller_account, request.caller_arn):
        return True
    account, _, resource = principal.partition("::")[2].partition(":")
    if account != request.caller_account:
        return False
    # A role as principal means every session of it.
    _, assumed, session = request.caller_arn.partition(":assumed-role/")
    role = resource.startswith("role/") and resource.rsplit("/", 1)[-1] == session.split("/")[0]
    return resource == "root" or (bool(assumed) and role)


_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda got, wanted: got == wanted,
    "StringLike": lambda got, wanted: _matches(wanted, got),
    "ArnEquals": lambda got, wanted: _matches(wanted, got),
    "ArnLike": lambda got, wanted: _matches(wanted, got),
    "Bool": lambda got, wanted: got.lower() == wanted.lower(),
}


def _holds(operator: str, key: str, wanted: object, context: Mapping[str, str]) -> bool:
    got = context.get(key.lower())
    values = [str(value).lower() if isinstance(value, bool) else str(value) for value in _each(wanted)]
    if operator == "Null":
        return ("true" if got is None else "false") in values
    name = operator.removesuffix("IfExists")
    negative = name.startswith(("StringNot", "ArnNot"))
    positive = name.replace("Not", "", 1) if negative else name
    if positive not in _OPERATORS:
        raise NotImplementedError(f"policy: the embedded AWS does not evaluate {operator!r} ({key})")
    if got is None:
        return negative or name != operator
    return any(_OPERATORS[positive](got, value) for value in values) != negative


def _matches_any(patterns: object, text: str, *, flags: re.RegexFlag = re.NOFLAG) -> bool:
    return any(_matches(str(pattern), text, flags=flags) for pattern in _each(patterns))


def _matches(pattern: str, text: str, *, flags: re.RegexFlag = re.NOFLAG) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, flags | re.DOTALL) is not None


def _each(value: object) -> list[object]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _items(value: object) -> list[tuple[object, object]]:
    return list(value.items()) if isinstance(value, Mapping) else []
