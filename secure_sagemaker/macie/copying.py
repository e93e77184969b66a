"""One version of an object, copied to where nothing stands: never over anything, and never of another version."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from secure_sagemaker.exceptions import ScanError
from secure_sagemaker.macie.verdicts import ObjectVersion

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import CopySourceTypeDef

__all__ = ["Copier"]

_LARGEST = 5 * 1024**3
"""S3 copies no larger object at once, in bytes."""
_PART = 1024**3
_MOST_PARTS = 10_000
_TRIES = 8
_WAIT = 0.05
"""In seconds; each time it is twice as long."""
_CHUNK = 1 << 20


class Copier:
    """Copies objects into a bucket. Safe to use from several threads.

    Args:
        s3: Gives the client, which adds the session's own encryption and owners.
        bucket: Where copies go.
        largest_bytes: What is larger is copied in parts.
        part_bytes: How large a part is, at least.
        sleep: Waits, in seconds, where another writes at the same moment.
    """

    def __init__(
        self,
        s3: Callable[[], S3Client],
        *,
        bucket: str,
        largest_bytes: int = _LARGEST,
        part_bytes: int = _PART,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._largest = largest_bytes
        self._part = part_bytes
        self._sleep = sleep

    def copy(
        self, source: ObjectVersion, key: str, *, is_copy: Callable[[ObjectVersion], bool]
    ) -> ObjectVersion:
        """The copy of an object, made now or found.

        Args:
            source: What is copied, and which version of it.
            key: Where the copy goes.
            is_copy: Whether what was found there is known to be this copy; else it is compared, byte by byte.

        Raises:
            ScanError: The source is another by now, something else stands there, or S3 does not let it be copied.
        """
        target = ObjectVersion(bucket=self._bucket, key=key, etag="", size=source.size)
        try:
            etag = self._made(source, target)
            if etag:
                return replace(target, etag=etag)
            found = self._found(target)
            if found is None:
                raise _changed(source)
            if not is_copy(found) and not self._is_same(source, found):
                raise _occupied(source, found)
        except (ClientError, BotoCoreError) as failed:
            raise _failed(source, target, failed) from failed
        return found

    def write(self, text: str, key: str) -> ObjectVersion:
        """Put a text there, or find it there.

        Raises:
            ScanError: Another stands there, or it cannot be written.
        """
        body = text.encode()
        target = ObjectVersion(bucket=self._bucket, key=key, etag="", size=len(body))
        try:
            etag = self._once(
                lambda: self._s3().put_object(Bucket=self._bucket, Key=key, Body=body, IfNoneMatch="*")[
                    "ETag"
                ]
            )
            if etag:
                return replace(target, etag=etag)
            answer = self._s3().get_object(Bucket=self._bucket, Key=key)
            if answer["Body"].read() != body:
                raise _occupied(target, target)
            return replace(target, etag=answer["ETag"].strip('"'))
        except (ClientError, BotoCoreError) as failed:
            raise _failed(target, target, failed) from failed

    # --- how it is done ------------------------------------------------------------------------------

    def _made(self, source: ObjectVersion, target: ObjectVersion) -> str:
        """The ETag of the copy; nothing where the source is another, or something stands there."""
        if source.size > self._largest:
            return self._once(lambda: self._in_parts(source, target))
        return self._once(
            lambda: self._s3().copy_object(
                Bucket=target.bucket,
                Key=target.key,
                CopySource=_source(source),
                CopySourceIfMatch=source.etag,
                IfNoneMatch="*",
                # Tags would take permissions of their own, and are no data.
                TaggingDirective="REPLACE",
            )["CopyObjectResult"]["ETag"]
        )

    def _once(self, write: Callable[[], str]) -> str:
        """What a write answers; nothing where its conditions were not met."""
        for attempt in range(_TRIES):
            try:
                return write().strip('"')
            except ClientError as failed:
                match failed.response["Error"]["Code"]:
                    case "PreconditionFailed":
                        return ""
                    case "ConditionalRequestConflict" if attempt < _TRIES - 1:
                        # Somebody writes it at this moment: nobody knows yet what will stand there.
                        self._sleep(_WAIT * 2**attempt)
                    case _:
                        raise
        raise AssertionError("the last attempt returns or raises")

    def _in_parts(self, source: ObjectVersion, target: ObjectVersion) -> str:
        s3, size = self._s3(), max(self._part, ceil(source.size / _MOST_PARTS))
        upload = s3.create_multipart_upload(Bucket=target.bucket, Key=target.key)["UploadId"]
        made = ""
        try:
            parts = []
            for number, start in enumerate(range(0, source.size, size), start=1):
                answer = s3.upload_part_copy(
                    Bucket=target.bucket,
                    Key=target.key,
                    UploadId=upload,
                    PartNumber=number,
                    CopySource=_source(source),
                    CopySourceIfMatch=source.etag,
                    CopySourceRange=f"bytes={start}-{min(start + size, source.size) - 1}",
                )
                parts.append({"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]})
            made = s3.complete_multipart_upload(
                Bucket=target.bucket,
                Key=target.key,
                UploadId=upload,
                MultipartUpload={"Parts": parts},  # type: ignore[typeddict-item]  # a literal would be inferred so
                IfNoneMatch="*",
            )["ETag"]
        finally:
            if not made:
                s3.abort_multipart_upload(Bucket=target.bucket, Key=target.key, UploadId=upload)
        return made

    def _found(self, target: ObjectVersion) -> ObjectVersion | None:
        try:
            answer = self._s3().head_object(Bucket=target.bucket, Key=target.key)
        except ClientError as failed:
            if failed.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise
        return replace(target, etag=answer["ETag"].strip('"'), size=answer["ContentLength"])

    def _is_same(self, source: ObjectVersion, found: ObjectVersion) -> bool:
        return source.size == found.size and self._content(source) == self._content(found)

    def _content(self, about: ObjectVersion) -> bytes:
        body = self._s3().get_object(Bucket=about.bucket, Key=about.key, IfMatch=about.etag)["Body"]
        digest = hashlib.sha256()
        for chunk in body.iter_chunks(_CHUNK):
            digest.update(chunk)
        return digest.digest()


def _source(about: ObjectVersion) -> CopySourceTypeDef:
    return {"Bucket": about.bucket, "Key": about.key}


def _changed(source: ObjectVersion) -> ScanError:
    return ScanError(
        f"{source.uri} is another since it was looked at, and no copy was made of it",
        remedy="call again: what came is looked at then",
    )


def _occupied(source: ObjectVersion, found: ObjectVersion) -> ScanError:
    return ScanError(
        f"{found.uri} stands where the snapshot of {source.uri} goes, and is no copy of it",
        remedy="find out who wrote it; have an administrator take it away, or state another folder as macie.snapshot",
    )


def _failed(source: ObjectVersion, target: ObjectVersion, failed: Exception) -> ScanError:
    if isinstance(failed, ClientError) and failed.response["Error"]["Code"] == "PreconditionFailed":
        return _changed(source)
    return ScanError(
        f"{source.uri} cannot be copied to {target.uri}: {failed}",
        remedy="let the baseline's role read the one and write the other, where the policies of both buckets and keys "
        "let it too",
    )
