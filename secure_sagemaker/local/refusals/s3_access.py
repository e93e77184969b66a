"""What S3 refuses of access: what is public where that is blocked, and access control lists where they are off."""

from __future__ import annotations

import json

from secure_sagemaker.local.policies import is_public
from secure_sagemaker.local.refusals.rule import Rule
from secure_sagemaker.local.refusals.s3_calls import WRITES, bucket_of, header_of, not_authorized
from secure_sagemaker.local.wire import Call

__all__ = ["RULES"]

_ACL_WRITES = ("PutBucketAcl", "PutObjectAcl", *WRITES)
_PUBLIC = "Amazon S3 User Guide, 'Blocking public access' and 'Troubleshoot access denied errors'"

_PUBLIC_ACLS = frozenset({"authenticated-read", "public-read", "public-read-write"})
_PUBLIC_GROUPS = ("/global/AllUsers", "/global/AuthenticatedUsers")


def _grants(call: Call) -> str:
    """What a call says of access beside a canned ACL: its grant headers, or the document in its body."""
    headers = [value for name, value in call.request.headers.items() if name.startswith("x-amz-grant-")]
    body = call.request.body.decode("utf-8", errors="replace") if call.operation.endswith("Acl") else ""
    return "\n".join([*headers, body]).strip()


def _public_acl(call: Call) -> str | None:
    bucket = bucket_of(call)
    if bucket is None or not bucket.blocks_public_acls:
        return None
    grants = _grants(call)
    if header_of(call, "x-amz-acl") not in _PUBLIC_ACLS and not any(
        name in grants for name in _PUBLIC_GROUPS
    ):
        return None
    why = "public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access."
    return not_authorized(call, why)


def _acl_without_acls(call: Call) -> str | None:
    bucket = bucket_of(call)
    if bucket is None or not bucket.enforces_ownership:
        return None
    canned = header_of(call, "x-amz-acl")
    if canned in ("", "bucket-owner-full-control") and not _grants(call):
        return None
    return "The bucket does not allow ACLs"


def _new_bucket_with_acl(call: Call) -> str | None:
    owned = header_of(call, "x-amz-object-ownership") or "BucketOwnerEnforced"
    if owned != "BucketOwnerEnforced" or header_of(call, "x-amz-acl") in ("", "private"):
        return None
    return "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"


def _public_policy(call: Call) -> str | None:
    bucket = bucket_of(call)
    if bucket is None or not bucket.blocks_public_policy:
        return None
    try:
        policy = json.loads(call.request.body)
    except ValueError:
        return None  # moto says so itself
    if not isinstance(policy, dict) or not is_public(policy):
        return None
    why = "public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."
    return not_authorized(call, why)


RULES: tuple[Rule, ...] = (
    Rule(
        id="s3-public-acl",
        service="s3",
        operations=_ACL_WRITES,
        case="a public ACL where BlockPublicAcls is set, as it is on new buckets",
        check=_public_acl,
        code="AccessDenied",
        status=403,
        source=f"{_PUBLIC}; botocore s3 PublicAccessBlockConfiguration",
    ),
    Rule(
        id="s3-acl-without-acls",
        service="s3",
        operations=_ACL_WRITES,
        case="any ACL but bucket-owner-full-control where ownership is BucketOwnerEnforced, as it is on new buckets",
        check=_acl_without_acls,
        code="AccessControlListNotSupported",
        source="botocore s3 PutObjectRequest.ACL",
    ),
    Rule(
        id="s3-new-bucket-with-acl",
        service="s3",
        operations=("CreateBucket",),
        case="a new bucket with an ACL and without an ownership that takes one",
        check=_new_bucket_with_acl,
        code="InvalidBucketAclWithObjectOwnership",
        source="botocore s3 CreateBucket, 'Access control lists'",
    ),
    Rule(
        id="s3-public-policy",
        service="s3",
        operations=("PutBucketPolicy",),
        case="a public policy where BlockPublicPolicy is set, as it is on new buckets",
        check=_public_policy,
        code="AccessDenied",
        status=403,
        source=f"{_PUBLIC}; botocore s3 PublicAccessBlockConfiguration",
    ),
)
