"""What scans need of the account: Macie itself, where its results go, and whom keys and buckets let in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from secure_sagemaker.identity.policies import macie_role, via_service
from secure_sagemaker.macie.write_protection import unprotected
from secure_sagemaker.preflight.account_facts import (
    AccountFacts,
    BucketFacts,
    Key,
    KeyFacts,
    WantedAccount,
)
from secure_sagemaker.preflight.catalogue import CHECKS
from secure_sagemaker.preflight.findings import READ, Finding
from secure_sagemaker.preflight.foreigners import NOT_KNOWN, Caller, our_role, own_resource
from secure_sagemaker.preflight.policies import Verdict, evaluate, statements_of

__all__ = ["decide_scans"]

_ANYTHING = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
# Macie reads from AWS's own network.
_BY_NO_ENDPOINT = {"aws:sourcevpc": "", "aws:sourcevpce": "", "aws:securetransport": "true"}


def decide_scans(facts: AccountFacts, wanted: WantedAccount) -> Iterator[Finding]:
    """Whether scans can be made, and whether what they say holds."""
    yield _enabled(facts)
    yield _results(facts, wanted)
    if wanted.bucket_scores:
        yield _discovery(facts)
    for key in facts.keys:
        if key.key.value is not None:
            yield _key(key, key.key.value, wanted)
    for bucket in facts.buckets:
        if bucket.wanted.written or bucket.wanted.owner == wanted.account:
            yield _bucket(bucket, wanted)
        if wanted.snapshots.startswith(f"s3://{bucket.wanted.name}/"):
            yield _snapshots(bucket, wanted)


def _enabled(facts: AccountFacts) -> Finding:
    check = CHECKS["macie-enabled"]
    if facts.macie.unread:
        return check.unknown("macie", facts.macie.unread, remedy="let the role do macie2:GetMacieSession")
    if facts.macie.value == "ENABLED":
        return check.ok("macie", "it is enabled")
    told = f"its status is {facts.macie.value}" if facts.macie.value else "it is not enabled"
    paused = facts.macie.value == "PAUSED"
    fix = "aws macie2 update-macie-session --status ENABLED" if paused else "aws macie2 enable-macie"
    return check.problem("macie", told, fix=fix)


def _results(facts: AccountFacts, wanted: WantedAccount) -> Finding:
    check, found = CHECKS["macie-results"], facts.macie_results
    if found.unread:
        return check.unknown("macie", found.unread, remedy=READ)
    if not found.value:
        return check.problem("macie", "no bucket is configured for its results")
    if found.value not in {one.name for one in wanted.buckets}:
        return check.problem(
            found.value, "Macie writes its results there, and the data perimeter does not name it"
        )
    return check.ok(found.value, "Macie writes its results there, and the data perimeter names it")


def _discovery(facts: AccountFacts) -> Finding:
    check, found = CHECKS["macie-discovery"], facts.discovery
    if found.unread:
        return check.unknown("macie", found.unread, remedy=READ)
    if found.value == "ENABLED":
        return check.ok("macie", "automated discovery is on")
    fix = "aws macie2 update-automated-discovery-configuration --status ENABLED"
    return check.problem("macie", "automated discovery is off", fix=fix)


def _key(one: KeyFacts, key: Key, wanted: WantedAccount) -> Finding:
    check = CHECKS["macie-key"]
    if not key.customer_managed:
        return check.ok(one.reference, "it is AWS's own, which Macie may use")
    if one.policy.unread:
        return check.unknown(one.reference, one.policy.unread, remedy=READ)
    via = via_service("s3", region=wanted.region, partition=wanted.partition)
    context = {**own_resource(key.account), "kms:viaservice": via, "kms:calleraccount": wanted.account}
    asked = _macie(wanted).request("kms:Decrypt", key.arn, {**context, **_BY_NO_ENDPOINT})
    try:
        statements = statements_of(one.policy.value)
    except ValueError as malformed:
        return check.unknown(one.reference, f"its policy could not be read: {malformed}")
    # Asked of nobody's account, what is granted to accounts does not count.
    match evaluate(statements, replace(asked, account="")):
        case Verdict.ALLOWED:
            return check.ok(one.reference, "its policy lets Macie's role decrypt")
        case Verdict.UNKNOWN:
            return check.unknown(one.reference, f"whether Macie's role may decrypt {NOT_KNOWN}")
        case verdict:
            return check.problem(one.reference, f"its policy says of Macie's role: kms:Decrypt is {verdict}")


def _bucket(one: BucketFacts, wanted: WantedAccount) -> Finding:
    check, name = CHECKS["macie-bucket"], one.wanted.name
    if one.policy.unread:
        return check.unknown(name, one.policy.unread, remedy=READ)
    try:
        statements = statements_of(one.policy.value) if one.policy.value else ()
    except ValueError as malformed:
        return check.unknown(name, f"its policy could not be read: {malformed}")
    arn = f"arn:{wanted.partition}:s3:::{name}"
    context, unknown = {**own_resource(one.wanted.owner), **_BY_NO_ENDPOINT}, ""
    for action, resource in (("s3:ListBucket", arn), ("s3:GetObject", f"{arn}/key")):
        verdict = evaluate((*statements, _ANYTHING), _macie(wanted).request(action, resource, context))
        if verdict is Verdict.DENIED:
            return check.problem(name, f"its policy denies {action} to Macie's role")
        if verdict is not Verdict.ALLOWED:
            unknown = f"whether its policy denies {action} to Macie's role {NOT_KNOWN}"
    if unknown:
        return check.unknown(name, unknown)
    return check.ok(name, "its policy denies Macie's role nothing that it needs")


def _snapshots(one: BucketFacts, wanted: WantedAccount) -> Finding:
    check = CHECKS["snapshot-policy"]
    if one.policy.unread:
        return check.unknown(wanted.snapshots, one.policy.unread, remedy=READ)
    lacking = unprotected(one.policy.value, folder=wanted.snapshots, partition=wanted.partition)
    if lacking:
        return check.problem(wanted.snapshots, "; ".join(lacking))
    return check.ok(wanted.snapshots, "nobody may change what lies there")


def _macie(wanted: WantedAccount) -> Caller:
    return our_role(wanted.account, macie_role(wanted.account, wanted.partition))
