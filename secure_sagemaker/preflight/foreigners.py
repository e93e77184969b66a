"""Strangers, as policies see them; whether an endpoint's policy lets one through, or our own role to their bucket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from secure_sagemaker.preflight.facts import WantedNetwork
from secure_sagemaker.preflight.policies import (
    OURS,
    PolicyStatement,
    Request,
    Verdict,
    evaluate,
    statements_of,
    texts,
)

__all__ = [
    "FOREIGN_ACCOUNT",
    "FOREIGN_RESOURCE",
    "OTHER_ACCOUNT",
    "Passing",
    "foreign_context",
    "foreign_principal",
    "let_through",
    "own_context",
    "own_resource",
]

FOREIGN_ACCOUNT = "999999999990"
OTHER_ACCOUNT = "999999999980"
_PROBES: Mapping[str, tuple[str, ...]] = {
    "s3": ("s3:PutObject", "s3:GetObject", "s3:ListBucket"),
    "kms": ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"),
    "sts": ("sts:AssumeRole", "sts:GetCallerIdentity"),
    "logs": ("logs:PutLogEvents", "logs:CreateLogStream"),
    "sagemaker": ("sagemaker:InvokeEndpoint", "sagemaker:CreateTrainingJob", "sagemaker:DescribeTrainingJob"),
}
"""What is tried of a service, beside what its policy names."""

FOREIGN_RESOURCE: Mapping[str, str] = MappingProxyType(
    {
        "aws:resourceaccount": OTHER_ACCOUNT,
        "s3:resourceaccount": OTHER_ACCOUNT,
        "aws:resourceorgid": "o-foreigner1",
        "aws:resourceorgpaths": "o-foreigner1/r-eeee/",
    }
)
"""What a policy is told of a resource that is a stranger's."""
_KNOWN: Mapping[str, str] = MappingProxyType(
    {
        "aws:securetransport": "true",
        "aws:principalisawsservice": "false",
        "aws:viaawsservice": "false",
        "aws:principaltype": "AssumedRole",
    }
)

Passing = tuple[str, Verdict]
"""Who would pass, and whether that is certain."""


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


def foreign_principal(partition: str) -> str:
    """The ARN of a role of a stranger's account."""
    return f"arn:{partition}:iam::{FOREIGN_ACCOUNT}:role/foreigner"


def foreign_context(partition: str) -> Mapping[str, str]:
    """What a policy is told of that role."""
    return {
        **_KNOWN,
        "aws:principalaccount": FOREIGN_ACCOUNT,
        "aws:principalarn": foreign_principal(partition),
        "aws:principalorgid": "o-foreigner0",
        "aws:principalorgpaths": "o-foreigner0/r-ffff/",
    }


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
    found: list[Passing] = []
    for told, request in _requests(statements, service, wanted):
        verdict = evaluate(statements, request)
        if verdict is Verdict.ALLOWED:
            return f"{told} may {request.action} on {request.resource}", verdict
        if verdict is Verdict.UNKNOWN:
            found.append((f"whether {told} may {request.action} on {request.resource}", verdict))
    return found[0] if found else None


def _requests(
    statements: tuple[PolicyStatement, ...], service: str, wanted: WantedNetwork
) -> Iterator[tuple[str, Request]]:
    foreigner = foreign_principal(wanted.partition)
    ours, theirs = own_context(wanted.account, wanted.role), foreign_context(wanted.partition)
    own, foreign = own_resource(wanted.account), FOREIGN_RESOURCE
    bucket = f"arn:{wanted.partition}:s3:::foreign-bucket-of-{OTHER_ACCOUNT}"
    away = (
        (bucket, f"{bucket}/key")
        if service == "s3"
        else (f"arn:{wanted.partition}:{service}:{wanted.region}:{OTHER_ACCOUNT}:foreign/thing",)
    )
    for action in dict.fromkeys((*_PROBES.get(service, ()), *_of(statements, "Action", service))):
        for resources, whose in ((away, foreign), (_of(statements, "Resource", service), own)):
            for resource in resources:
                yield (
                    f"a principal of account {FOREIGN_ACCOUNT}",
                    Request(
                        principal=foreigner,
                        account=FOREIGN_ACCOUNT,
                        action=action,
                        resource=resource,
                        context={**theirs, **whose},
                    ),
                )
        if service == "s3":
            for resource in away:
                yield (
                    "the session's own role",
                    Request(
                        principal=wanted.role,
                        account=wanted.account,
                        action=action,
                        resource=resource,
                        context={**ours, **foreign},
                    ),
                )


def _of(statements: tuple[PolicyStatement, ...], key: str, service: str) -> tuple[str, ...]:
    """One instance of each pattern that an Allow names."""
    patterns = [
        one
        for statement in statements
        if statement["Effect"] == "Allow"
        for one in texts(statement.get(key, "*"))
    ]
    whole = f"{service}:Probe" if key == "Action" else "probe"
    return tuple(
        dict.fromkeys(
            whole if one == "*" else one.replace("*", "probe").replace("?", "p") for one in patterns
        )
    )
