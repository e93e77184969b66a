"""What a call to S3 means: which permission it needs, what a policy sees of it, which keys it uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from secure_sagemaker.local import moto_state
from secure_sagemaker.local.refusals.keys import Named
from secure_sagemaker.local.wire import Call

__all__ = [
    "CUSTOMER",
    "KMS",
    "SSE",
    "SSE_KEY",
    "WRITES",
    "action_of",
    "bucket_of",
    "condition_keys",
    "copied_from",
    "header_of",
    "not_authorized",
    "read_keys",
    "resource_of",
    "written_keys",
]

SSE = "x-amz-server-side-encryption"
SSE_KEY = f"{SSE}-aws-kms-key-id"
CUSTOMER = f"{SSE}-customer-algorithm"
KMS = ("aws:kms", "aws:kms:dsse")
"""The algorithms with a key of KMS."""
WRITES = ("PutObject", "CopyObject", "CreateMultipartUpload")

# Amazon S3 API Reference, "Required permissions for Amazon S3 API operations": where the name is another.
_ACTIONS: Mapping[str, str] = {
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteObjects": "DeleteObject",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListDirectoryBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "PostObject": "PutObject",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "SelectObjectContent": "GetObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
}
# Amazon S3 User Guide, "Enforce conditional writes": the parts of an upload create nothing.
_CREATIONS = frozenset({"CompleteMultipartUpload", "CopyObject", "PostObject", "PutObject"})
_OF_A_VERSION = frozenset({"DeleteObject", "GetObject", "GetObjectAcl", "GetObjectTagging"})


def action_of(call: Call) -> str:
    """The permission that an operation needs, without its ``s3:``."""
    action = _ACTIONS.get(call.operation, call.operation)
    of_a_version = action in _OF_A_VERSION and bool(call.text("VersionId"))
    return action.replace("Object", "ObjectVersion", 1) if of_a_version else action


def resource_of(call: Call) -> str:
    """The ARN of the bucket or the object that a call is about; ``*`` where it names neither."""
    bucket, key = call.text("Bucket"), call.text("Key")
    if not bucket:
        return "*"
    # What is deleted together stands in the body; it is asked for as any of the bucket's objects.
    name = f"{bucket}/{key or '*'}" if key or call.operation == "DeleteObjects" else bucket
    return f"arn:{moto_state.partition(call.region)}:s3:::{name}"


def condition_keys(call: Call) -> dict[str, str | tuple[str, ...]]:
    """What a policy sees of the request itself, names in lower case."""
    headers = {
        f"s3:{name}": value for name, value in call.request.headers.items() if name.startswith("x-amz-")
    }
    conditional = {
        f"s3:{name}": call.request.headers[name]
        for name in ("if-match", "if-none-match")
        if action_of(call) == "PutObject" and name in call.request.headers
    }
    if action_of(call) == "PutObject":
        creates = call.operation in _CREATIONS
        conditional["s3:objectcreationoperation"] = str(creates).lower()
    listing = {
        f"s3:{name.lower()}": value
        for name in ("Prefix", "Delimiter", "VersionId")
        if isinstance(value := call.parameters.get(name), str)
    }
    keys = call.parameters.get("MaxKeys")
    most = {"s3:max-keys": str(keys)} if keys is not None else {}
    bucket = bucket_of(call)
    owner = (
        {} if bucket is None else {"aws:resourceaccount": bucket.owner, "s3:resourceaccount": bucket.owner}
    )
    return {**headers, **conditional, **listing, **most, **owner}


def header_of(call: Call, name: str) -> str:
    """A header; empty where it is not sent."""
    return call.request.headers.get(name, "")


def bucket_of(call: Call) -> moto_state.BucketState | None:
    """The bucket that a call is about, or None where there is none."""
    return moto_state.find_bucket(call.text("Bucket")) if call.text("Bucket") else None


def copied_from(call: Call) -> tuple[str, str, str | None]:
    """Bucket, key and version of what is copied."""
    stated, _, version = unquote(call.text("CopySource")).lstrip("/").partition("?versionId=")
    bucket, _, key = stated.partition("/")
    return bucket, key, version or None


def written_keys(call: Call) -> Iterator[Named]:
    """The key that a write uses: the one it names, or the bucket's default."""
    bucket = bucket_of(call)
    if bucket is None or call.caller is None or header_of(call, CUSTOMER):
        return
    if header_of(call, SSE):
        reference, account = header_of(call, SSE_KEY), call.caller.account
    else:
        default = bucket.default_key if bucket.default_algorithm in KMS else None
        reference, account = default or "", bucket.owner
    if reference:
        yield Named(reference=reference, account=account, region=bucket.region)


def read_keys(call: Call) -> Iterator[Named]:
    """The keys of what a call reads: the object, or what is copied."""
    bucket, key, version = (
        copied_from(call)
        if call.text("CopySource")
        else (call.text("Bucket"), call.text("Key"), call.text("VersionId") or None)
    )
    found, owner = moto_state.find_object(bucket, key, version=version), moto_state.find_bucket(bucket)
    if found is not None and owner is not None and found.algorithm in KMS and found.key:
        yield Named(reference=found.key, account=owner.owner, region=owner.region)


def not_authorized(call: Call, why: str) -> str:
    """S3's longer words for AccessDenied, which it has for callers of the bucket's own account."""
    name = "/".join(filter(None, [call.text("Bucket"), call.text("Key")]))
    who = call.caller.arn if call.caller is not None else "anonymous"
    resource = f"arn:{moto_state.partition(call.region)}:s3:::{name}"
    return f'User: {who} is not authorized to perform: s3:{action_of(call)} on resource: "{resource}" because {why}'
