"""Buckets of the data perimeter: whether they are there, whose they are, and how they are set."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from secure_sagemaker.preflight.account_facts import AccountFacts, BucketFacts, WantedAccount
from secure_sagemaker.preflight.catalogue import CHECKS
from secure_sagemaker.preflight.findings import READ, Finding
from secure_sagemaker.preflight.foreigners import (
    NOT_KNOWN,
    Caller,
    instances,
    our_role,
    own_resource,
    passing,
    strangers,
)
from secure_sagemaker.preflight.policies import (
    PolicyStatement,
    Request,
    Verdict,
    evaluate,
    statements_of,
)

__all__ = ["decide_buckets"]

_BLOCKS = 4
_ACTIONS = ("s3:GetObject", "s3:PutObject", "s3:ListBucket")


def decide_buckets(facts: AccountFacts, wanted: WantedAccount) -> Iterator[Finding]:
    """What each bucket is, and how it is set where that is the account's own business."""
    for one in facts.buckets:
        yield from _exists(one, wanted)
        if one.region.value is None and not one.region.unread:
            continue
        if one.wanted.written:
            yield _encryption(one, facts, wanted)
            yield _versioning(one)
        if one.wanted.written or one.wanted.owner == wanted.account:
            yield _block(one)
            yield from _policy(one, wanted)
    for name in wanted.others:
        yield CHECKS["bucket-exists"].unknown(
            name, "directory buckets and access points are not looked at", remedy="look at it by hand"
        )


def _exists(one: BucketFacts, wanted: WantedAccount) -> Iterator[Finding]:
    exists, region = CHECKS["bucket-exists"], CHECKS["bucket-region"]
    name, owner = one.wanted.name, one.wanted.owner
    if one.region.unread:
        told = f"{one.region.unread}, which S3 also answers where the owner is not {owner}"
        yield exists.unknown(name, told if one.region.code == "AccessDenied" else one.region.unread)
        yield region.unknown(name, one.region.unread, remedy=READ)
    elif one.region.value is None:
        yield exists.problem(name, "there is no such bucket")
    else:
        yield exists.ok(name, f"it answers, and {owner} owns it")
        if one.region.value == wanted.region:
            yield region.ok(name, f"it is in {wanted.region}")
        else:
            yield region.problem(name, f"it is in {one.region.value}, and the baseline in {wanted.region}")


def _encryption(one: BucketFacts, facts: AccountFacts, wanted: WantedAccount) -> Finding:
    check, name = CHECKS["bucket-encryption"], one.wanted.name
    if one.encryption.unread:
        return check.unknown(name, one.encryption.unread, remedy=READ)
    stated = one.encryption.value
    told = "none" if stated is None else f"{stated.algorithm} with {stated.key or 'the key of AWS'}"
    if stated is not None and stated.algorithm in ("aws:kms", "aws:kms:dsse"):
        if not stated.key and wanted.managed_storage_key:
            return check.ok(name, "its default is S3's own KMS key, as the baseline has it")
        if stated.key in _names(facts, wanted):
            return check.ok(name, f"its default is {told}")
        if stated.key and any(one.key.unread for one in facts.keys):
            return check.unknown(name, f"its default is {told}, and not every key of the baseline is known")
    arn = next((one.key.value.arn for one in facts.keys if one.key.value is not None), "KEY-ARN")
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn},
        "BucketKeyEnabled": True,
    }
    fix = (
        f"aws s3api put-bucket-encryption --bucket {name} "
        f"--server-side-encryption-configuration '{json.dumps({'Rules': [rule]})}'"
    )
    return check.problem(name, f"its default encryption is {told}, no key of the baseline", fix=fix)


def _names(facts: AccountFacts, wanted: WantedAccount) -> set[str]:
    """All that a bucket may call a key of the baseline."""
    here = f"arn:{wanted.partition}:kms:{wanted.region}:{wanted.account}:"
    aliases = [one.removeprefix(here) for one in wanted.keys]
    known = [one.key.value for one in facts.keys if one.key.value is not None]
    return {
        *wanted.keys,
        *(name for alias in aliases if alias.startswith("alias/") for name in (alias, here + alias)),
        *(key.arn for key in known),
        *(key.id for key in known if key.arn.startswith(here)),
    }


def _block(one: BucketFacts) -> Finding:
    check, name = CHECKS["bucket-public-access"], one.wanted.name
    if one.blocks.unread:
        return check.unknown(name, one.blocks.unread, remedy=READ)
    if len(one.blocks.value) == _BLOCKS:
        return check.ok(name, "all four settings are on")
    fix = (
        f"aws s3api put-public-access-block --bucket {name} --public-access-block-configuration "
        "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true"
    )
    return check.problem(name, f"on is {', '.join(one.blocks.value) or 'nothing'}", fix=fix)


def _versioning(one: BucketFacts) -> Finding:
    check, name = CHECKS["bucket-versioning"], one.wanted.name
    if one.versioning.unread:
        return check.unknown(name, one.versioning.unread, remedy=READ)
    if one.versioning.value == "Enabled":
        return check.ok(name, "versioning is on")
    fix = f"aws s3api put-bucket-versioning --bucket {name} --versioning-configuration Status=Enabled"
    return check.problem(name, f"versioning is {one.versioning.value.lower() or 'off'}", fix=fix)


def _policy(one: BucketFacts, wanted: WantedAccount) -> Iterator[Finding]:
    tls, closed, name = CHECKS["bucket-tls"], CHECKS["bucket-policy"], one.wanted.name
    unread = one.policy.unread
    statements: tuple[PolicyStatement, ...] = ()
    if not unread and one.policy.value:
        try:
            statements = statements_of(one.policy.value)
        except ValueError as malformed:
            unread = f"its policy could not be read: {malformed}"
    if unread:
        yield tls.unknown(name, unread, remedy=READ)
        yield closed.unknown(name, unread, remedy=READ)
        return
    foreign = strangers(statements, wanted.partition, ours={*wanted.ours, one.wanted.owner})
    everybody = (our_role(wanted.account, wanted.role), *foreign)
    plain = {
        verdict: f"{told} without TLS"
        for told, request in _asked(statements, one, everybody, wanted, secure=False)
        if (verdict := evaluate(statements, request)) is not Verdict.DENIED
    }
    if not plain:
        yield tls.ok(name, "its policy denies what comes without TLS")
    elif set(plain) == {Verdict.UNKNOWN}:
        yield tls.unknown(name, f"its policy {NOT_KNOWN}")
    else:
        yield tls.problem(name, f"its policy does not deny it: {next(iter(plain.values()))}")
    theirs = passing(statements, _asked(statements, one, foreign, wanted, secure=True))
    if theirs is None:
        yield closed.ok(name, "its policy lets no foreign principal in")
    else:
        yield theirs.finding(closed, name)


def _asked(
    statements: tuple[PolicyStatement, ...],
    one: BucketFacts,
    callers: Iterable[Caller],
    wanted: WantedAccount,
    *,
    secure: bool,
) -> Iterator[tuple[str, Request]]:
    """What each of some callers would do, of a key of anything and of each that the policy names."""
    bucket = f"arn:{wanted.partition}:s3:::{one.wanted.name}"
    named = (each for each in instances(statements, "Resource", "s3") if each.startswith(f"{bucket}/"))
    objects = tuple(dict.fromkeys((f"{bucket}/key", *named)))
    context = {**own_resource(one.wanted.owner), "aws:securetransport": str(secure).lower()}
    for who in callers:
        for action in _ACTIONS:
            for resource in (bucket,) if action == "s3:ListBucket" else objects:
                yield f"{who.told} may {action}", who.request(action, resource, context)
