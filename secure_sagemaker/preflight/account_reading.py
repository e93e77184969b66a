"""Reads keys, buckets and roles, as the session's support role."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from secure_sagemaker.preflight.account_facts import (
    AccountFacts,
    BucketFacts,
    Encryption,
    Key,
    KeyFacts,
    RoleFacts,
    WantedAccount,
    WantedBucket,
)
from secure_sagemaker.preflight.facts import Answer
from secure_sagemaker.preflight.reading import Reader, asked

__all__ = ["ask_account"]

T = TypeVar("T")
_Client = Any  # its stubs are no dependency, and every answer is turned into facts at once
_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
_ENDED = "NoSuchBucket"


def ask_account(reader: Reader, wanted: WantedAccount) -> Callable[[], AccountFacts]:
    """Start every read; what is returned waits for the answers."""
    sts, kms, s3, iam = (reader.client(service) for service in ("sts", "kms", "s3", "iam"))
    caller = reader.ask("sts:GetCallerIdentity", lambda: str(sts.get_caller_identity()["Arn"]), "")
    keys = [reader.start(_of_key(kms, reference)) for reference in wanted.keys]
    roles = [
        reader.start(_of_role(iam, arn)) for arn in dict.fromkeys((wanted.role, *wanted.execution_roles))
    ]
    buckets = [_of_bucket(reader, s3, bucket) for bucket in wanted.buckets]
    status, results, discovery = _of_macie(reader, wanted)
    nothing: tuple[str, ...] = ()
    managed = reader.ask(
        "iam:GetPolicyVersion",
        lambda: tuple(_managed(iam, arn) for arn in wanted.session_policy_arns),
        nothing,
    )

    def settled() -> AccountFacts:
        narrowing = managed.result()
        inline = (wanted.session_policy,) if wanted.session_policy else ()
        return AccountFacts(
            caller=caller.result(),
            keys=tuple(one.result() for one in keys),
            buckets=tuple(one() for one in buckets),
            roles=MappingProxyType({one.result().arn: one.result() for one in roles}),
            session_policies=Answer(value=(*inline, *narrowing.value), unread=narrowing.unread),
            macie=status(),
            macie_results=results(),
            discovery=discovery(),
        )

    return settled


def _unless(codes: tuple[str, ...], read: Callable[[], T], otherwise: T) -> T:
    """An answer, or another value where AWS says by a code that there is none."""
    try:
        return read()
    except ClientError as refused:
        if str(refused.response.get("Error", {}).get("Code")) in codes:
            return otherwise
        raise


# --- keys -------------------------------------------------------------------------------------------


def _of_key(kms: _Client, reference: str) -> Callable[[], KeyFacts]:
    nothing: Key | None = None

    def described() -> Key | None:
        told = kms.describe_key(KeyId=reference)["KeyMetadata"]
        return Key(
            arn=told["Arn"],
            state=told["KeyState"],
            spec=told["KeySpec"],
            origin=told["Origin"],
            customer_managed=told["KeyManager"] == "CUSTOMER",
        )

    def read() -> KeyFacts:
        key = asked("kms:DescribeKey", lambda: _unless(("NotFoundException",), described, nothing), nothing)
        if key.value is None:
            return KeyFacts(reference=reference, key=key)
        arn = key.value.arn
        return KeyFacts(
            reference=reference,
            key=key,
            rotates=asked(
                "kms:GetKeyRotationStatus",
                lambda: bool(kms.get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"]),
                otherwise=False,
            ),
            policy=asked(
                "kms:GetKeyPolicy",
                lambda: str(kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"]),
                "",
            ),
        )

    return read


# --- buckets ----------------------------------------------------------------------------------------


def _of_bucket(reader: Reader, s3: _Client, bucket: WantedBucket) -> Callable[[], BucketFacts]:
    named = {"Bucket": bucket.name, "ExpectedBucketOwner": bucket.owner}
    unknown: str | None = None
    plain: Encryption | None = None
    nothing: tuple[str, ...] = ()

    def region() -> str | None:
        located = str(s3.get_bucket_location(**named).get("LocationConstraint") or "us-east-1")
        return "eu-west-1" if located == "EU" else located

    def encryption() -> Encryption | None:
        rule = s3.get_bucket_encryption(**named)["ServerSideEncryptionConfiguration"]["Rules"][0]
        stated = rule["ApplyServerSideEncryptionByDefault"]
        return Encryption(algorithm=stated["SSEAlgorithm"], key=stated.get("KMSMasterKeyID", ""))

    def blocks() -> tuple[str, ...]:
        stated = s3.get_public_access_block(**named)["PublicAccessBlockConfiguration"]
        return tuple(name for name in _BLOCKS if stated.get(name))

    asks = (
        reader.ask("s3:GetBucketLocation", lambda: _unless((_ENDED,), region, unknown), unknown),
        reader.ask(
            "s3:GetEncryptionConfiguration",
            lambda: _unless((_ENDED, "ServerSideEncryptionConfigurationNotFoundError"), encryption, plain),
            plain,
        ),
        reader.ask(
            "s3:GetBucketPublicAccessBlock",
            lambda: _unless((_ENDED, "NoSuchPublicAccessBlockConfiguration"), blocks, nothing),
            nothing,
        ),
        reader.ask(
            "s3:GetBucketPolicy",
            lambda: _unless(
                (_ENDED, "NoSuchBucketPolicy"), lambda: str(s3.get_bucket_policy(**named)["Policy"]), ""
            ),
            "",
        ),
        reader.ask(
            "s3:GetBucketVersioning",
            lambda: _unless((_ENDED,), lambda: str(s3.get_bucket_versioning(**named).get("Status", "")), ""),
            "",
        ),
    )

    def settled() -> BucketFacts:
        located, encrypted, blocked, policy, versioning = asks
        return BucketFacts(
            wanted=bucket,
            region=located.result(),
            encryption=encrypted.result(),
            blocks=blocked.result(),
            policy=policy.result(),
            versioning=versioning.result(),
        )

    return settled


# --- roles ------------------------------------------------------------------------------------------


def _of_role(iam: _Client, arn: str) -> Callable[[], RoleFacts]:
    name = arn.rpartition("/")[2]
    nothing: Mapping[str, Any] | None = None
    none: tuple[str, ...] = ()

    def described() -> Mapping[str, Any] | None:
        # IAM is asked by the name alone, whatever the path: another role may have it.
        found: Mapping[str, Any] = iam.get_role(RoleName=name)["Role"]
        return found if found["Arn"] == arn else None

    def policies() -> tuple[str, ...]:
        inline = [
            json.dumps(iam.get_role_policy(RoleName=name, PolicyName=one)["PolicyDocument"])
            for page in iam.get_paginator("list_role_policies").paginate(RoleName=name)
            for one in page["PolicyNames"]
        ]
        attached = [
            _managed(iam, one["PolicyArn"])
            for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=name)
            for one in page["AttachedPolicies"]
        ]
        return (*inline, *attached)

    def read() -> RoleFacts:
        role = asked(
            "iam:GetRole",
            lambda: _unless(("NoSuchEntity",), described, nothing),
            nothing,
        )
        if role.value is None:
            trust: Answer[str | None] = Answer(value=None, unread=role.unread, code=role.code)
            unread = role.unread or "there is no such role"
            return RoleFacts(
                arn=arn,
                trust=trust,
                policies=Answer(value=(), unread=unread),
                boundary=Answer(value="", unread=unread),
            )
        bound = role.value.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", "")
        return RoleFacts(
            arn=arn,
            trust=Answer(value=json.dumps(role.value["AssumeRolePolicyDocument"])),
            policies=asked("iam:ListRolePolicies or a read of the policies", policies, none),
            boundary=asked("iam:GetPolicyVersion", lambda: _managed(iam, bound) if bound else "", ""),
        )

    return read


def _managed(iam: _Client, arn: str) -> str:
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return json.dumps(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])


# --- scans ------------------------------------------------------------------------------------------


def _of_macie(
    reader: Reader, wanted: WantedAccount
) -> tuple[Callable[[], Answer[str]], Callable[[], Answer[str]], Callable[[], Answer[str]]]:
    """Macie's status, where its results go, and automated discovery's status: each as far as it is asked for."""
    macie = reader.client("macie2")

    def asking(what: str, read: Callable[[], str], *, wanted: bool) -> Callable[[], Answer[str]]:
        def enabled() -> str:
            try:
                return read()
            except ClientError as refused:
                # Macie says so by the code of a denial.
                if "Macie is not enabled" in refused.response.get("Error", {}).get("Message", ""):
                    return ""
                raise

        return reader.ask(what, enabled, "").result if wanted else lambda: Answer(value="")

    def results() -> str:
        stated = macie.get_classification_export_configuration().get("configuration", {})
        return str(stated.get("s3Destination", {}).get("bucketName", ""))

    return (
        asking(
            "macie2:GetMacieSession",
            lambda: str(macie.get_macie_session()["status"]),
            wanted=wanted.macie,
        ),
        asking("macie2:GetClassificationExportConfiguration", results, wanted=wanted.macie),
        asking(
            "macie2:GetAutomatedDiscoveryConfiguration",
            lambda: str(macie.get_automated_discovery_configuration()["status"]),
            wanted=wanted.bucket_scores,
        ),
    )
