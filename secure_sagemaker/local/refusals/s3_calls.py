"""What S3's rows read of a call."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from secure_sagemaker.local import moto_state
from secure_sagemaker.local.wire import Call

__all__ = ["ACTIONS", "SSE", "WRITES", "bucket_of", "copied_from", "header_of", "not_authorized"]

SSE = "x-amz-server-side-encryption"
WRITES = ("PutObject", "CopyObject", "CreateMultipartUpload")

ACTIONS: Mapping[str, str] = {
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
}
"""The permission an operation needs, where it has another name."""


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


def not_authorized(call: Call, action: str, why: str) -> str:
    """S3's longer words for AccessDenied, which it has for callers of the bucket's own account."""
    name = "/".join(filter(None, [call.text("Bucket"), call.text("Key")]))
    who = call.caller.arn if call.caller is not None else "anonymous"
    resource = f"arn:{moto_state.partition(call.region)}:s3:::{name}"
    return f'User: {who} is not authorized to perform: s3:{action} on resource: "{resource}" because {why}'
