"""One policy of IAM's, read as AWS reads it: principals, actions, resources with their ``Not`` forms, conditions.

What several policies of one request say together stands in ``authorization``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from secure_sagemaker.local.conditions import arn_matches, condition_holds, each, items, matches

__all__ = [
    "PolicyRequest",
    "allows",
    "denies",
    "grants",
    "is_public",
    "permits",
    "principals",
    "prohibits",
    "statements",
]


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


def permits(policy: Mapping[str, object], request: PolicyRequest) -> bool:
    """Whether a policy of the caller's own, which names no principal, has an Allow for the request."""
    return any(
        statement.get("Effect") == "Allow" and _says(statement, request) for statement in statements(policy)
    )


def prohibits(policy: Mapping[str, object], request: PolicyRequest) -> bool:
    """Whether a policy of the caller's own has a Deny for the request."""
    return any(
        statement.get("Effect") == "Deny" and _says(statement, request) for statement in statements(policy)
    )


def grants(policy: Mapping[str, object], request: PolicyRequest) -> frozenset[str]:
    """The names by which a resource's policy allows the request to its caller."""
    return frozenset(
        name
        for statement in statements(policy)
        if statement.get("Effect") == "Allow" and _applies(statement, request)
        for kind, name in principals(statement)
        if _is_caller(kind, name, request)
    )


def statements(policy: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """The statements of a policy."""
    for statement in each(policy.get("Statement")):
        if not isinstance(statement, Mapping):
            raise TypeError(f"policy: a statement must be an object, got {statement!r}")
        yield statement


def principals(statement: Mapping[str, object], *, element: str = "Principal") -> list[tuple[str, str]]:
    """The principals of a statement, as kind and name; ``*`` is of kind ``AWS``."""
    named = statement.get(element)
    if isinstance(named, Mapping):
        return [(str(kind), str(name)) for kind, names in named.items() for name in each(names)]
    return [("AWS", str(name)) for name in each(named)]


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
            str(key).lower() in _FIXING and not any("*" in str(value) for value in each(wanted))
            for operator, keys in items(statement.get("Condition"))
            if "Not" not in str(operator)
            for key, wanted in items(keys)
        )
        if statement.get("Effect") == "Allow" and everyone and not fixed:
            return True
    return False


def _effects(policy: Mapping[str, object], request: PolicyRequest) -> Iterator[object]:
    for statement in statements(policy):
        if _applies(statement, request):
            yield statement.get("Effect")


def _applies(statement: Mapping[str, object], request: PolicyRequest) -> bool:
    return _is_principal(statement, request) and _says(statement, request)


def _says(statement: Mapping[str, object], request: PolicyRequest) -> bool:
    return (
        _named(statement, "Action", request.action, like=_action_matches)
        and (request.resource is None or _named(statement, "Resource", request.resource, like=arn_matches))
        and condition_holds(statement.get("Condition"), request.context)
    )


def _named(
    statement: Mapping[str, object], element: str, text: str, *, like: Callable[[str, str], bool]
) -> bool:
    negated = f"Not{element}" in statement
    patterns = statement[f"Not{element}"] if negated else statement.get(element)
    return any(like(str(pattern), text) for pattern in each(patterns)) is not negated


def _action_matches(pattern: str, action: str) -> bool:
    return matches(pattern, action, any_case=True)


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
