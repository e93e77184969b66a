"""What lies under a prefix of S3, however much it is: in pages as they come, several at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from secure_sagemaker.exceptions import ScanError
from secure_sagemaker.macie.verdicts import ObjectVersion

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import ListObjectsV2OutputTypeDef, ListObjectsV2RequestTypeDef

__all__ = ["ListedObject", "listed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedObject:
    """An object as S3 lists it."""

    version: ObjectVersion
    modified: datetime
    storage_class: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ask:
    """One page of a prefix."""

    prefix: str
    levels: int
    """How many levels of folders are still told apart, to be listed at the same time; 0 for none."""
    token: str = ""


_LEVELS = 3
_MOST_FOLDERS = 256
"""More folders than that, on one level, are not listed each by itself: that would ask once for each of them."""


def listed(
    client: S3Client, bucket: str, prefix: str = "", *, workers: int = 16
) -> Iterator[list[ListedObject]]:
    """Every object whose key begins with a prefix, once each, in pages of up to 1,000 and in no order.

    Folders are listed at the same time. No more than a page a worker is held, so memory does not grow with the objects.

    Args:
        client: Asks S3. It is used from several threads.
        bucket: The bucket.
        prefix: What the keys begin with.
        workers: How many requests are under way at most.

    Raises:
        ScanError: The bucket cannot be listed, with the permission or the name that is missing.
    """
    left = deque([_Ask(prefix=prefix, levels=_LEVELS)])
    running: set[Future[tuple[list[ListedObject], list[_Ask]]]] = set()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="secure-sagemaker-listing")
    try:
        while left or running:
            while left and len(running) < workers:
                running.add(pool.submit(_page, client, bucket, left.popleft()))
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                page, further = future.result()
                # What goes on with a prefix is asked for first: folders wait, and so their number stays small.
                left.extendleft(further)
                if page:
                    yield page
    except (ClientError, BotoCoreError) as failed:
        raise _unlisted(bucket, prefix, failed) from failed
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _page(client: S3Client, bucket: str, ask: _Ask) -> tuple[list[ListedObject], list[_Ask]]:
    asked: ListObjectsV2RequestTypeDef = {"Bucket": bucket, "Prefix": ask.prefix}
    if ask.token:
        asked["ContinuationToken"] = ask.token
    if ask.levels:
        asked["Delimiter"] = "/"
    answer = client.list_objects_v2(**asked)
    folders = [one["Prefix"] for one in answer.get("CommonPrefixes", ())]
    if ask.levels and (answer["IsTruncated"] or len(folders) > _MOST_FOLDERS):
        return [], [_Ask(prefix=ask.prefix, levels=0)]
    further = [_Ask(prefix=folder, levels=ask.levels - 1) for folder in folders]
    if answer["IsTruncated"]:
        further.append(_Ask(prefix=ask.prefix, levels=0, token=answer["NextContinuationToken"]))
    return list(_objects(bucket, answer)), further


def _objects(bucket: str, answer: ListObjectsV2OutputTypeDef) -> Iterator[ListedObject]:
    for one in answer.get("Contents", ()):
        yield ListedObject(
            version=ObjectVersion(
                bucket=bucket, key=one["Key"], etag=one["ETag"].strip('"'), size=one["Size"]
            ),
            modified=one["LastModified"],
            storage_class=one.get("StorageClass", "STANDARD"),
        )


_REMEDIES = {
    "AccessDenied": "give the role s3:ListBucket on the bucket, and have the bucket's policy let it in; one of another "
    "account that has whoever asks pay is never listed: copy its data into a bucket of yours",
    "NoSuchBucket": "check the bucket's name: there is none of it",
    "PermanentRedirect": "use a bucket of the baseline's region: Macie reads only those",
}


def _unlisted(bucket: str, prefix: str, failed: Exception) -> ScanError:
    code = failed.response["Error"]["Code"] if isinstance(failed, ClientError) else ""
    return ScanError(
        f"what lies under s3://{bucket}/{prefix} cannot be told: {failed}",
        remedy=_REMEDIES.get(
            code, "look at the connection to S3 and at the role's permissions, and try again"
        ),
    )
