"""KMS keys: whether they serve, and whom their policies let use them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from secure_sagemaker.identity.policies import via_service
from secure_sagemaker.preflight.account_facts import AccountFacts, Key, KeyFacts, WantedAccount
from secure_sagemaker.preflight.catalogue import CHECKS
from secure_sagemaker.preflight.findings import READ, Finding
from secure_sagemaker.preflight.foreigners import NOT_KNOWN, our_role, own_resource, passing, strangers
from secure_sagemaker.preflight.policies import Request, Verdict, evaluate, statements_of
from secure_sagemaker.preflight.roles import granted

__all__ = ["decide_keys"]

_OF_STRANGERS = ("kms:Decrypt", "kms:GenerateDataKey", "kms:CreateGrant", "kms:PutKeyPolicy")


def decide_keys(facts: AccountFacts, wanted: WantedAccount) -> Iterator[Finding]:
    """What each key is, and who may use it."""
    for one in facts.keys:
        key, exists = one.key.value, CHECKS["key-exists"]
        if one.key.unread:
            yield exists.unknown(one.reference, one.key.unread, remedy=READ)
        elif key is None:
            yield exists.problem(one.reference, "there is no such key")
        else:
            yield exists.ok(one.reference, f"it is {key.arn}")
            yield _state(one, key)
            yield _kind(one, key, wanted)
            yield _rotation(one, key)
            yield from _policy(one, key, facts, wanted)


def _state(one: KeyFacts, key: Key) -> Finding:
    check = CHECKS["key-enabled"]
    if key.state == "Enabled":
        return check.ok(one.reference, "it is enabled")
    fix = f"aws kms enable-key --key-id {key.arn}"
    if key.state == "PendingDeletion":
        fix = f"aws kms cancel-key-deletion --key-id {key.arn}\n{fix}"
    mendable = key.state in ("Disabled", "PendingDeletion")
    return check.problem(one.reference, f"its state is {key.state}", fix=fix if mendable else "")


def _kind(one: KeyFacts, key: Key, wanted: WantedAccount) -> Finding:
    check = CHECKS["key-kind"]
    if key.region != wanted.region:
        return check.problem(one.reference, f"it is in {key.region}, and the baseline in {wanted.region}")
    if key.spec != "SYMMETRIC_DEFAULT":
        return check.problem(one.reference, f"its spec is {key.spec}")
    return check.ok(one.reference, f"it is symmetric, in {key.region}")


def _rotation(one: KeyFacts, key: Key) -> Finding:
    check = CHECKS["key-rotation"]
    if not key.customer_managed:
        return check.ok(one.reference, "AWS rotates it each year")
    if key.origin != "AWS_KMS":
        return check.problem(
            one.reference, f"its material comes from {key.origin}, which KMS does not rotate"
        )
    if one.rotates.unread:
        return check.unknown(one.reference, one.rotates.unread, remedy=READ)
    if one.rotates.value:
        return check.ok(one.reference, "rotation is on")
    return check.problem(
        one.reference, "rotation is off", fix=f"aws kms enable-key-rotation --key-id {key.arn}"
    )


def _policy(one: KeyFacts, key: Key, facts: AccountFacts, wanted: WantedAccount) -> Iterator[Finding]:
    use, closed = CHECKS["key-use"], CHECKS["key-policy"]
    unread, policy = one.policy.unread, one.policy.value
    if not unread:
        try:
            statements_of(policy)
        except ValueError as malformed:
            unread = f"its policy could not be read: {malformed}"
    if unread:
        yield use.unknown(one.reference, unread, remedy=READ)
        yield closed.unknown(one.reference, unread, remedy=READ)
        return
    yield _strangers(one, key, policy, wanted)
    for role in dict.fromkeys((wanted.role, *wanted.execution_roles)):
        yield _use(one, key, policy, role, facts, wanted)


def _strangers(one: KeyFacts, key: Key, policy: str, wanted: WantedAccount) -> Finding:
    check, statements = CHECKS["key-policy"], statements_of(policy)
    context = {**own_resource(key.account), "kms:grantisforawsresource": "false"}
    found = passing(
        statements,
        (
            (f"{who.told} may {action}", who.request(action, key.arn, context))
            for action in _OF_STRANGERS
            for who in strangers(statements, wanted.partition, ours={*wanted.ours, key.account})
        ),
    )
    if found is not None:
        return found.finding(check, one.reference)
    return check.ok(one.reference, "no foreign principal may use or change it")


def _uses(wanted: WantedAccount) -> Iterator[tuple[str, Mapping[str, str]]]:
    def by(service: str) -> Mapping[str, str]:
        via = via_service(service, region=wanted.region, partition=wanted.partition)
        return {"kms:viaservice": via, "kms:calleraccount": wanted.account}

    yield "kms:GenerateDataKey", by("s3")
    yield "kms:Decrypt", by("s3")
    yield "kms:CreateGrant", {**by("sagemaker"), "kms:grantisforawsresource": "true"}


def _use(
    one: KeyFacts, key: Key, policy: str, role: str, facts: AccountFacts, wanted: WantedAccount
) -> Finding:
    check, subject = CHECKS["key-use"], f"{one.reference} by {role}"
    unknown = ""
    for action, context in _uses(wanted):
        request = our_role(wanted.account, role).request(
            action, key.arn, {**own_resource(key.account), **context}
        )
        verdict, why = _by_policies(policy, request, role, facts)
        if verdict is Verdict.UNKNOWN:
            unknown = unknown or f"whether it may {action} {why}"
        elif verdict is not Verdict.ALLOWED:
            return check.problem(subject, f"it may not {action}: {why}")
    if unknown:
        return check.unknown(subject, unknown)
    return check.ok(subject, "its policy, and the role's own where that decides, let the role use it")


def _by_policies(policy: str, request: Request, role: str, facts: AccountFacts) -> tuple[Verdict, str]:
    """A key's policy decides by itself where it names the role; where it names the account, the role's own do too."""
    statements = statements_of(policy)
    whole = evaluate(statements, request)
    if whole is not Verdict.ALLOWED:
        told = NOT_KNOWN if whole is Verdict.UNKNOWN else ""
        return whole, told or f"the key's policy says it is {whole}"
    if evaluate(statements, replace(request, account="")) is Verdict.ALLOWED:
        return Verdict.ALLOWED, ""
    known = facts.roles.get(role)
    if known is None or known.policies.unread or known.boundary.unread:
        unread = "" if known is None else known.policies.unread or known.boundary.unread
        return Verdict.UNKNOWN, f"is up to the role's own policies ({unread or 'they were not read'})"
    try:
        verdict = granted(known.policies.value, request, within=((known.boundary.value,),))
    except ValueError:
        return Verdict.UNKNOWN, "is up to the role's own policies, which are not understood"
    if verdict is Verdict.UNKNOWN:
        return verdict, "depends on a condition of the role's own policies that is not known here"
    return verdict, f"the key's policy leaves it to the role's own, which say it is {verdict}"
