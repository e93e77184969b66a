"""Strangers, as policies see them: a made-up one, and whoever a policy lets in by name; what they may do by it.

Neither the account itself nor one that the baseline trusts is a stranger.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from secure_sagemaker.preflight.facts import WantedNetwork
from secure_sagemaker.preflight.findings import Check, Finding
from secure_sagemaker.preflight.policies import (
    OURS,
    PolicyStatement,
    Request,
    Verdict,
    evaluate,
    principals_of,
    statements_of,
    texts,
)

__all__ = [
    "NOT_KNOWN",
    "OTHER_ACCOUNT",
    "Caller",
    "Passing",
    "foreign_resource",
    "instances",
    "let_through",
    "other_accounts",
    "our_role",
    "own_resource",
    "passing",
    "strangers",
]

FOREIGN_ACCOUNT = "999999999990"
OTHER_ACCOUNT = "999999999980"
NOT_KNOWN = "depends on a condition that is not known here"
_PROBES: Mapping[str, tuple[str, ...]] = {
    "s3": ("s3:PutObject", "s3:GetObject", "s3:ListBucket"),
    "kms": ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"),
    "sts": ("sts:AssumeRole", "sts:GetCallerIdentity"),
    "logs": ("logs:PutLogEvents", "logs:CreateLogStream"),
    "sagemaker": ("sagemaker:InvokeEndpoint", "sagemaker:CreateTrainingJob", "sagemaker:DescribeTrainingJob"),
}
"""What is tried of a service, beside what its policy names."""

_KNOWN: Mapping[str, str] = MappingProxyType(
    {
        "aws:securetransport": "true",
        "aws:principalisawsservice": "false",
        "aws:viaawsservice": "false",
        "aws:principaltype": "AssumedRole",
    }
)


def own_resource(account: str) -> Mapping[str, str]:
    """What a policy is told of a resource of the account."""
    return {
        "aws:resourceaccount": account,
        "s3:resourceaccount": account,
        "aws:resourceorgid": OURS,
        "aws:resourceorgpaths": OURS,
    }


def own_context(account: str, role: str) -> Mapping[str, str]:
    """What a policy is told of a role of the account."""
    return {
        **_KNOWN,
        "aws:principalaccount": account,
        "aws:principalarn": role,
        "aws:principalorgid": OURS,
        "aws:principalorgpaths": OURS,
    }


def foreign_resource(account: str = OTHER_ACCOUNT) -> Mapping[str, str]:
    """What a policy is told of a resource of a stranger's account."""
    return {
        "aws:resourceaccount": account,
        "s3:resourceaccount": account,
        "aws:resourceorgid": "o-foreigner1",
        "aws:resourceorgpaths": "o-foreigner1/r-eeee/",
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """A principal that a policy is asked about."""

    told: str
    """For a person."""
    principal: str
    """Its ARN, or what a policy calls it by."""
    account: str
    context: Mapping[str, str] = field(repr=False)
    """What a policy is told of it."""

    def request(
        self, action: str, resource: str = "*", context: Mapping[str, str] = MappingProxyType({})
    ) -> Request:
        """A request of it."""
        return Request(
            principal=self.principal,
            account=self.account,
            action=action,
            resource=resource,
            context={**self.context, **context},
        )


def our_role(account: str, role: str) -> Caller:
    """A role of the account."""
    return Caller(told=role, principal=role, account=account, context=own_context(account, role))


_UNTOLD = "(an account that its name does not tell)"
_FOREIGN: Mapping[str, str] = MappingProxyType(
    {
        **_KNOWN,
        "aws:principalorgid": "o-foreigner0",
        "aws:principalorgpaths": "o-foreigner0/r-ffff/",
    }
)


def _anybody(account: str, partition: str) -> Caller:
    arn = f"arn:{partition}:iam::{account}:role/foreigner"
    return _named(arn, account, told=f"a principal of account {account}")


def _named(arn: str, account: str, *, told: str = "") -> Caller:
    # A role's session is known by the role's ARN.
    role = re.sub(r":sts:(.*):assumed-role/([^/]+)/.*", r":iam:\1:role/\2", arn)
    about = {"aws:principalarn": role, "aws:principalaccount": account, "kms:calleraccount": account}
    return Caller(told=told or arn, principal=arn, account=account, context={**_FOREIGN, **about})


def _untold(name: str) -> Caller:
    # A deleted principal's id, a canonical user, CloudFront's identity: whose it is, the name does not tell.
    return Caller(told=name, principal=name, account=_UNTOLD, context=_FOREIGN)


_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")
_HOLDER = re.compile(r"(?:^|[:*])((?:role|user)/.+)")


def strangers(
    statements: Collection[PolicyStatement], partition: str, *, ours: Collection[str]
) -> tuple[Caller, ...]:
    """A made-up stranger, and every other one that an Allow names, as its principal or by a condition.

    Args:
        statements: The policy's.
        partition: Where the made-up one is.
        ours: The accounts that are none.
    """
    found = [_anybody(FOREIGN_ACCOUNT, partition)]
    for statement in _allowing(statements):
        for name in principals_of(statement):
            if not _ACCOUNT.search(name) and name != "*":
                found.append(_untold(name))
            elif name.startswith("arn:") and not name.endswith(":root"):
                found.append(_named(name, _ACCOUNT.findall(name)[0]))
        for value in _conditioned(statement):
            if (holder := _HOLDER.search(value)) is not None:
                account = next(iter(_ACCOUNT.findall(value)), FOREIGN_ACCOUNT)
                found.append(_named(f"arn:{partition}:iam::{account}:{_instance(holder[1])}", account))
    found += [_anybody(account, partition) for account in _accounts(statements)]
    return tuple({one.principal: one for one in found if one.account not in ours}.values())


def other_accounts(statements: Collection[PolicyStatement], *, ours: Collection[str]) -> tuple[str, ...]:
    """A made-up account, and every other one that an Allow names."""
    return tuple(dict.fromkeys((OTHER_ACCOUNT, *(one for one in _accounts(statements) if one not in ours))))


def _accounts(statements: Iterable[PolicyStatement]) -> Iterator[str]:
    for statement in _allowing(statements):
        for text in (*principals_of(statement), *_conditioned(statement)):
            yield from _ACCOUNT.findall(text)


def _allowing(statements: Iterable[PolicyStatement]) -> Iterator[PolicyStatement]:
    return (one for one in statements if one["Effect"] == "Allow")


def _conditioned(statement: PolicyStatement) -> Iterator[str]:
    stated = statement.get("Condition") or {}
    for keys in stated.values() if isinstance(stated, Mapping) else ():
        for values in keys.values() if isinstance(keys, Mapping) else ():
            yield from texts(values)


@dataclass(frozen=True, kw_only=True, slots=True)
class Passing:
    """What somebody may do who should not, or may be able to."""

    told: str
    unsure: str = ""
    """Why that is not certain; empty where it is."""

    def finding(self, check: Check, subject: str, *, fix: str = "") -> Finding:
        """What a check says of it."""
        if self.unsure:
            return check.unknown(subject, f"whether {self.told} {self.unsure}")
        return check.problem(subject, self.told, fix=fix)


def passing(statements: Collection[PolicyStatement], asked: Iterable[tuple[str, Request]]) -> Passing | None:
    """The first of some requests that is let through, or else the first that may be; None where none is.

    Args:
        statements: The policy's.
        asked: Each request, with what it would mean that it is let through.
    """
    unsure = None
    for told, request in asked:
        verdict = evaluate(statements, request)
        if verdict is Verdict.ALLOWED and request.account != _UNTOLD:
            return Passing(told=told)
        if verdict in (Verdict.ALLOWED, Verdict.UNKNOWN) and unsure is None:
            why = (
                NOT_KNOWN
                if verdict is Verdict.UNKNOWN
                else "is up to whose that is, which its name does not tell"
            )
            unsure = Passing(told=told, unsure=why)
    return unsure


def let_through(policy: str, service: str, wanted: WantedNetwork) -> Passing | None:
    """Who a policy lets through that it should not; None where it lets nobody.

    Args:
        policy: The endpoint's policy, as text.
        service: What it is of, such as ``s3`` or ``sagemaker``.
        wanted: Whose network it is.

    Raises:
        ValueError: It is no policy.
    """
    statements = statements_of(policy)
    return passing(statements, _requests(statements, service, wanted))


def _requests(
    statements: tuple[PolicyStatement, ...], service: str, wanted: WantedNetwork
) -> Iterator[tuple[str, Request]]:
    foreigners = strangers(statements, wanted.partition, ours=wanted.ours)
    ours, own = our_role(wanted.account, wanted.role), own_resource(wanted.account)
    away = [
        (resource, foreign_resource(account))
        for account in other_accounts(statements, ours={*wanted.ours, *wanted.bucket_owners})
        for resource in _theirs(service, account, wanted)
    ]
    near = [(resource, own) for resource in instances(statements, "Resource", service)]
    actions = (*_PROBES.get(service, ()), *instances(statements, "Action", service))
    for action in dict.fromkeys(actions):
        tried = [(who, *what) for who in foreigners for what in (*away, *near)]
        if service == "s3":
            tried += [(ours, *what) for what in away]
        for who, resource, whose in tried:
            yield f"{who.told} may {action} on {resource}", who.request(action, resource, whose)


def _theirs(service: str, account: str, wanted: WantedNetwork) -> tuple[str, ...]:
    if service == "s3":
        bucket = f"arn:{wanted.partition}:s3:::foreign-bucket-of-{account}"
        return bucket, f"{bucket}/key"
    return (f"arn:{wanted.partition}:{service}:{wanted.region}:{account}:foreign/thing",)


def instances(statements: Iterable[PolicyStatement], key: str, service: str) -> tuple[str, ...]:
    """One instance of each pattern that an Allow names."""
    patterns = (one for statement in _allowing(statements) for one in texts(statement.get(key, "*")))
    whole = f"{service}:Probe" if key == "Action" else "probe"
    return tuple(dict.fromkeys(whole if one == "*" else _instance(one) for one in patterns))


def _instance(pattern: str) -> str:
    return pattern.replace("*", "probe").replace("?", "p")
