"""What signs a request: which of botocore's signers, and with whose key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest

__all__ = ["SIGV4", "signing_key"]

SIGV4: Mapping[str, str] = MappingProxyType(
    {
        "s3": "s3v4",
        "s3-query": "s3v4-query",
        "s3v4-query": "s3v4-query",
        "v4-query": "s3v4-query",
        "s3-presign-post": "s3v4-presign-post",
        "s3v4-presign-post": "s3v4-presign-post",
        "v4-presign-post": "s3v4-presign-post",
    }
)
"""Signers that S3 may be signed with, and the one that takes its place. What is newer (SigV4A, S3 Express) stays."""
_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/")


def signing_key(request: AWSPreparedRequest) -> str:
    """The id of the access key that a request is signed with; empty where it is not signed."""
    authorization = request.headers.get("Authorization", b"")
    text = authorization.decode() if isinstance(authorization, bytes) else str(authorization)
    if (found := _CREDENTIAL.search(text)) is not None:
        return found.group(1)
    query = parse_qs(urlsplit(request.url).query)
    return query.get("X-Amz-Credential", [""])[0].partition("/")[0]
