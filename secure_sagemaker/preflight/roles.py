"""Roles: whether ours is assumed, whom an execution role trusts, and how far each reaches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from secure_sagemaker.preflight.account_facts import AccountFacts, RoleFacts, WantedAccount
from secure_sagemaker.preflight.catalogue import CHECKS
from secure_sagemaker.preflight.facts import Answer
from secure_sagemaker.preflight.findings import READ, Check, Finding
from secure_sagemaker.preflight.foreigners import (
    NOT_KNOWN,
    OTHER_ACCOUNT,
    foreign_resource,
    other_accounts,
    our_role,
    own_resource,
    passing,
    strangers,
)
from secure_sagemaker.preflight.policies import Request, Verdict, evaluate, statements_of

__all__ = ["decide_roles", "granted"]

_SAGEMAKER = "sagemaker.amazonaws.com"


def granted(own: Iterable[str], request: Request, *, within: Iterable[Iterable[str]] = ()) -> Verdict:
    """What a role's policies say of a request, within others that must each allow it too.

    Args:
        own: The role's policies.
        request: The request.
        within: Its boundary's, a session's. An empty policy, and no policy, leaves everything as it is.

    Raises:
        ValueError: One of them is no policy.
    """
    further = (tuple(filter(None, documents)) for documents in within)
    verdicts = [
        evaluate([one for document in documents for one in statements_of(document)], request)
        for documents in (tuple(own), *filter(None, further))
    ]
    for decisive in (Verdict.DENIED, Verdict.SILENT, Verdict.UNKNOWN):
        if decisive in verdicts:
            return decisive
    return Verdict.ALLOWED


def decide_roles(facts: AccountFacts, wanted: WantedAccount) -> Iterator[Finding]:
    """What each role is trusted by, and what it reaches."""
    yield _assumed(facts, wanted)
    yield _reach(CHECKS["role-reach"], facts.roles.get(wanted.role), facts.session_policies, wanted)
    for arn in dict.fromkeys(wanted.execution_roles):
        role = facts.roles.get(arn)
        yield from _trust(arn, role, wanted)
        yield _reach(CHECKS["execution-role-reach"], role, Answer(value=()), wanted, arn=arn)


def _assumed(facts: AccountFacts, wanted: WantedAccount) -> Finding:
    check, caller = CHECKS["role-assumable"], facts.caller
    if caller.code == "IdentityError":
        return check.problem(wanted.role, caller.unread)
    if caller.unread:
        return check.unknown(wanted.role, caller.unread)
    name = wanted.role.rpartition("/")[2]
    assumed = f"arn:{wanted.partition}:sts::{wanted.account}:assumed-role/{name}/"
    if caller.value.startswith(assumed):
        return check.ok(wanted.role, f"calls are signed as {caller.value}")
    return check.problem(wanted.role, f"calls are signed as {caller.value}")


# --- whom it trusts ---------------------------------------------------------------------------------


def _trust(arn: str, role: RoleFacts | None, wanted: WantedAccount) -> Iterator[Finding]:
    trust, deputy = CHECKS["execution-role-trust"], CHECKS["execution-role-deputy"]
    unread = "it was not read" if role is None else role.trust.unread
    document = None if role is None else role.trust.value
    if not unread and document is None:
        yield trust.problem(arn, "there is no such role")
        return
    if document is None:
        yield trust.unknown(arn, unread, remedy=READ)
        yield deputy.unknown(arn, unread, remedy=READ)
        return
    try:
        statements = statements_of(document)
    except ValueError as malformed:
        yield trust.unknown(arn, f"its trust policy could not be read: {malformed}")
        return

    known = {*wanted.ours, arn.split(":")[4]}
    stranger = passing(
        statements,
        (
            (f"{who.told} may assume it", who.request("sts:AssumeRole"))
            for who in strangers(statements, wanted.partition, ours=known)
        ),
    )
    ours = evaluate(statements, _by_sagemaker(wanted.account, wanted))
    if stranger is not None and not stranger.unsure:
        yield stranger.finding(trust, arn)
    elif ours in (Verdict.DENIED, Verdict.SILENT):
        yield trust.problem(arn, "SageMaker may not assume it")
    elif stranger is not None:
        yield stranger.finding(trust, arn)
    elif ours is Verdict.UNKNOWN:
        yield trust.unknown(arn, f"whether SageMaker may assume it {NOT_KNOWN}")
    else:
        yield trust.ok(arn, "SageMaker may assume it, and no foreign principal")
    others = passing(
        statements,
        (
            (f"SageMaker may assume it for work of account {account}", _by_sagemaker(account, wanted))
            for account in other_accounts(statements, ours=known)
        ),
    )
    if others is not None:
        yield others.finding(deputy, arn)
    else:
        yield deputy.ok(arn, "SageMaker may not assume it for another account's work")


def _by_sagemaker(account: str, wanted: WantedAccount) -> Request:
    context = {
        "aws:sourceaccount": account,
        "aws:sourcearn": f"arn:{wanted.partition}:sagemaker:{wanted.region}:{account}:training-job/any",
        "aws:principalisawsservice": "true",
        "aws:sourceorgid": "",
    }
    return Request(principal=_SAGEMAKER, account="", action="sts:AssumeRole", context=context)


# --- how far it reaches -----------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class _Beyond:
    """Something that no role of the baseline has business with."""

    action: str
    resource: str
    context: Mapping[str, str]


def _beyond(wanted: WantedAccount) -> Iterator[_Beyond]:
    own, iam = own_resource(wanted.account), f"arn:{wanted.partition}:iam::{wanted.account}"
    here = f"{wanted.region}:{wanted.account}"
    for action in ("iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"):
        yield _Beyond(action=action, resource=f"{iam}:role/{_PROBE}", context=own)
    passed = {"iam:passedtoservice": "ec2.amazonaws.com", "iam:associatedresourcearn": ""}
    yield _Beyond(action="iam:PassRole", resource=f"{iam}:role/{_PROBE}", context={**own, **passed})
    for account, context in ((wanted.account, own), (OTHER_ACCOUNT, foreign_resource())):
        bucket = f"arn:{wanted.partition}:s3:::{_PROBE}-of-{account}"
        yield _Beyond(action="s3:GetObject", resource=f"{bucket}/key", context=context)
        yield _Beyond(action="s3:PutObject", resource=f"{bucket}/key", context=context)
        role = f"arn:{wanted.partition}:iam::{account}:role/{_PROBE}"
        yield _Beyond(action="sts:AssumeRole", resource=role, context=context)
    key = f"arn:{wanted.partition}:kms:{here}:key/00000000-0000-0000-0000-000000000000"
    by_s3 = {"kms:viaservice": "s3", "kms:calleraccount": wanted.account}
    yield _Beyond(action="kms:Decrypt", resource=key, context={**own, **by_s3})
    secret = f"arn:{wanted.partition}:secretsmanager:{here}:secret:{_PROBE}"
    yield _Beyond(action="secretsmanager:GetSecretValue", resource=secret, context=own)


_PROBE = "preflight-probe"


def _reach(
    check: Check,
    role: RoleFacts | None,
    narrowing: Answer[tuple[str, ...]],
    wanted: WantedAccount,
    *,
    arn: str = "",
) -> Finding:
    subject = arn or wanted.role
    if role is None or (unread := role.policies.unread or role.boundary.unread or narrowing.unread):
        return check.unknown(subject, "it was not read" if role is None else unread, remedy=READ)
    within = ((role.boundary.value,), narrowing.value)
    found: dict[Verdict, list[str]] = {}
    for one in _beyond(wanted):
        request = our_role(wanted.account, subject).request(
            one.action, one.resource, {"aws:requestedregion": wanted.region, **one.context}
        )
        try:
            verdict = granted(role.policies.value, request, within=within)
        except ValueError as malformed:
            return check.unknown(subject, f"a policy of it could not be read: {malformed}")
        found.setdefault(verdict, []).append(f"{one.action} on {one.resource}")
    if allowed := found.get(Verdict.ALLOWED):
        more = f", and {len(allowed) - 1} more of what was tried" if len(allowed) > 1 else ""
        return check.problem(subject, f"it may {allowed[0]}{more}")
    if unsure := found.get(Verdict.UNKNOWN):
        return check.unknown(subject, f"whether it may {unsure[0]} {NOT_KNOWN}")
    return check.ok(subject, "nothing that was tried beyond the baseline is allowed to it")
