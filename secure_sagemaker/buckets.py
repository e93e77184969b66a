"""Creates a bucket as the baseline wants one, and reads back what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from secure_sagemaker.exceptions import SessionError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.literals import BucketLocationConstraintType
    from types_boto3_s3.type_defs import (
        PublicAccessBlockConfigurationTypeDef,
        ServerSideEncryptionByDefaultTypeDef,
    )

__all__ = ["create_bucket"]

_BLOCKED: PublicAccessBlockConfigurationTypeDef = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
_UNNAMED_REGION = "us-east-1"
"""Where S3 makes a bucket when no location is stated; it does not take the statement."""


def create_bucket(
    s3: S3Client,
    name: str,
    *,
    region: BucketLocationConstraintType | str,
    partition: str,
    key_arn: str | None,
) -> None:
    """Create the bucket and secure it. One that exists already is secured likewise; its own policy stays.

    Args:
        s3: A client that may create buckets.
        name: The bucket.
        region: Where.
        partition: The partition of the region.
        key_arn: The KMS key that objects get by default; None for the one that AWS manages.

    Raises:
        SessionError: What was read back is not what was asked for.
    """
    try:
        if region == _UNNAMED_REGION:
            s3.create_bucket(Bucket=name, ObjectOwnership="BucketOwnerEnforced")
        else:
            s3.create_bucket(
                Bucket=name,
                ObjectOwnership="BucketOwnerEnforced",
                CreateBucketConfiguration={"LocationConstraint": region},  # type: ignore[typeddict-item]  # newer regions too
            )
    except s3.exceptions.BucketAlreadyOwnedByYou:
        pass  # perhaps by an earlier call that got no further
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=_BLOCKED)
    s3.put_bucket_ownership_controls(
        Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    wanted = _default_encryption(key_arn)
    s3.put_bucket_encryption(
        Bucket=name,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": wanted, "BucketKeyEnabled": key_arn is not None}]
        },
    )
    if _policy(s3, name) is None:
        s3.put_bucket_policy(Bucket=name, Policy=_tls_only(f"arn:{partition}:s3:::{name}"))
    if problems := list(_problems(s3, name, wanted)):
        raise SessionError(
            f"bucket {name!r} was created, but {'; '.join(problems)}",
            remedy="find out what undoes it, mend it, and call again: nothing is stored there yet by this call",
        )


def _default_encryption(key_arn: str | None) -> ServerSideEncryptionByDefaultTypeDef:
    if key_arn is None:
        return {"SSEAlgorithm": "aws:kms"}
    return {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_arn}


def _tls_only(bucket: str) -> str:
    statement = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket, f"{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _policy(s3: S3Client, name: str) -> str | None:
    try:
        return s3.get_bucket_policy(Bucket=name)["Policy"]
    except s3.exceptions.ClientError as absent:
        if absent.response.get("Error", {}).get("Code") != "NoSuchBucketPolicy":
            raise
        return None


def _problems(s3: S3Client, name: str, wanted: ServerSideEncryptionByDefaultTypeDef) -> Iterator[str]:
    encryption = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]
    found = [rule.get("ApplyServerSideEncryptionByDefault") for rule in encryption["Rules"]]
    if found != [wanted]:
        yield f"its encryption by default is {found}"
    blocked = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    if blocked != _BLOCKED:
        yield f"its public-access block is {blocked}"
    owned = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
    if owned != [{"ObjectOwnership": "BucketOwnerEnforced"}]:
        yield f"its ownership controls are {owned}"
    if not _denies_plain_http(_policy(s3, name) or "{}"):
        yield "its policy does not deny calls without TLS"


def _denies_plain_http(policy: str) -> bool:
    statements = json.loads(policy).get("Statement", [])
    return any(
        statement.get("Effect") == "Deny"
        and statement.get("Principal") in ("*", {"AWS": "*"})
        and statement.get("Action") in ("s3:*", "*", ["s3:*"], ["*"])
        and str(statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport", "")).lower()
        == "false"
        for statement in (statements if isinstance(statements, list) else [statements])
    )
