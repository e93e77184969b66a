"""Verdicts kept for a team: in a bucket, or in a table of DynamoDB. Concurrent sessions lose none of each other's.

Who may write there can have any object taken for clear: the bucket's or the table's policy says who that is.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Protocol, cast

from botocore.exceptions import BotoCoreError, ClientError

from secure_sagemaker.exceptions import ScanError
from secure_sagemaker.macie.memory import Row, SqliteMemory, from_row, to_row
from secure_sagemaker.macie.verdicts import ObjectVerdict, ObjectVersion

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

__all__ = ["DynamoDbMemory", "S3Memory"]

_LINES = 50_000
_TRIES = 8
_WAIT = 0.05
"""In seconds; each time it is twice as long."""
_REMEDY = (
    "look at the name, the region and the role's permissions of what [macie] names as the memory of verdicts"
)


class S3Memory:
    """Verdicts in a bucket: each batch is an object of its own, which nobody changes, and is read once.

    What others wrote is read when it is first asked, and again after ``look_again``.

    Args:
        client: Reads and writes the bucket, with the session's own encryption and owner.
        bucket: The bucket.
        prefix: What the keys begin with; a slash at the end is added.
        local: Holds what was read, to be found quickly.
        sleep: Waits, in seconds, where another writes at the same moment.
    """

    def __init__(
        self,
        *,
        client: S3Client,
        bucket: str,
        prefix: str,
        local: SqliteMemory,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix.rstrip('/')}/" if prefix else ""
        self._local = local
        self._sleep = sleep
        self._followed: set[str] = set()

    def __repr__(self) -> str:
        return f"S3Memory(s3://{self._bucket}/{self._prefix})"

    def look_again(self) -> None:
        """Have what others wrote since be read when it is asked next."""
        self._followed.clear()

    def recall(
        self, objects: Sequence[ObjectVersion], *, settings: str
    ) -> Mapping[ObjectVersion, ObjectVerdict]:
        """What is known of objects that were read with these settings, by anybody of the team.

        Raises:
            ScanError: The bucket, or what stands in it, cannot be read.
        """
        if settings not in self._followed:
            self._follow(settings)
            self._followed.add(settings)
        return self._local.recall(objects, settings=settings)

    def remember(self, verdicts: Iterable[ObjectVerdict], *, settings: str) -> None:
        """Keep verdicts, for everybody of the team.

        Raises:
            ScanError: The bucket cannot be written.
        """
        left = iter(verdicts)
        while batch := list(islice(left, _LINES)):
            lines = sorted(json.dumps(_line(one)) for one in batch)
            body = gzip.compress("\n".join(lines).encode(), mtime=0)
            key = f"{self._folder(settings)}{hashlib.sha256(body).hexdigest()}.jsonl.gz"
            self._write(key, body)
            self._local.remember(batch, settings=settings)
            self._local.loaded(key)

    def _write(self, key: str, body: bytes) -> None:
        for attempt in range(_TRIES):
            try:
                self._client.put_object(Bucket=self._bucket, Key=key, Body=body, IfNoneMatch="*")
            except ClientError as failed:
                match failed.response["Error"]["Code"]:
                    case "PreconditionFailed":
                        return  # somebody has written these very lines: the name is their digest
                    case "ConditionalRequestConflict" if attempt < _TRIES - 1:
                        # Somebody writes or deletes it at this moment: nobody knows yet what will stand there.
                        self._sleep(_WAIT * 2**attempt)
                    case _:
                        raise self._failed("written", failed) from failed
            except BotoCoreError as failed:
                raise self._failed("written", failed) from failed
            else:
                return

    def _folder(self, settings: str) -> str:
        return f"{self._prefix}{hashlib.sha256(settings.encode()).hexdigest()[:32]}/"

    def _follow(self, settings: str) -> None:
        """Read what others wrote since."""
        try:
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._folder(settings)
            )
            for page in pages:
                for listed in page.get("Contents", ()):
                    key = listed["Key"]
                    if not self._local.is_loaded(key):
                        body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
                        self._local.remember(self._read(key, body), settings=settings)
                        self._local.loaded(key)
        except (ClientError, BotoCoreError) as failed:
            raise self._failed("read", failed) from failed

    def _read(self, key: str, body: bytes) -> Iterator[ObjectVerdict]:
        if key.rpartition("/")[2] != f"{hashlib.sha256(body).hexdigest()}.jsonl.gz":
            raise self._damaged(key, "its name is not its digest")
        try:
            lines = gzip.decompress(body).decode().splitlines()
            for line in lines:
                bucket, name, etag, size, *row = json.loads(line)
                about = ObjectVersion(bucket=bucket, key=name, etag=etag, size=size)
                yield from_row(about, cast("Row", tuple(row)))
        except (OSError, EOFError, ValueError, TypeError) as wrong:
            raise self._damaged(key, str(wrong)) from wrong

    def _damaged(self, key: str, why: str) -> ScanError:
        return ScanError(
            f"s3://{self._bucket}/{key} holds no verdicts: {why}",
            remedy="find out who wrote it, and delete it: what it held is then read once more",
        )

    def _failed(self, done: str, failed: Exception) -> ScanError:
        return ScanError(
            f"the memory of verdicts s3://{self._bucket}/{self._prefix} cannot be {done}: {failed}",
            remedy=_REMEDY,
        )


def _line(verdict: ObjectVerdict) -> tuple[object, ...]:
    about = verdict.object
    return (about.bucket, about.key, about.etag, about.size, *to_row(verdict))


class DynamoDbClient(Protocol):
    """What is asked of DynamoDB."""

    def batch_get_item(self, *, RequestItems: Mapping[str, object]) -> Mapping[str, object]:  # noqa: N803  # AWS's own name
        """Read up to 100 items."""
        ...

    def put_item(
        self,
        *,
        TableName: str,  # noqa: N803  # AWS's own name
        Item: Mapping[str, object],  # noqa: N803  # AWS's own name
        ConditionExpression: str,  # noqa: N803  # AWS's own name
        ExpressionAttributeValues: Mapping[str, object],  # noqa: N803  # AWS's own name
    ) -> Mapping[str, object]:
        """Write one item."""
        ...


_ITEMS = 100


class DynamoDbMemory:
    """Verdicts in a table whose partition key is the text ``about``; it has no sort key.

    Args:
        client: Reads and writes the table.
        table: Its name or ARN.
        sleep: Waits, in seconds, where DynamoDB is busy.
    """

    def __init__(
        self, *, client: DynamoDbClient, table: str, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._client = client
        self._table = table
        self._sleep = sleep

    def __repr__(self) -> str:
        return f"DynamoDbMemory({self._table!r})"

    def look_again(self) -> None:
        """It is read each time that it is asked."""

    def recall(
        self, objects: Sequence[ObjectVersion], *, settings: str
    ) -> Mapping[ObjectVersion, ObjectVerdict]:
        """What is known of objects that were read with these settings, by anybody of the team.

        Raises:
            ScanError: The table, or what stands in it, cannot be read.
        """
        found = {}
        left = iter({_about(one, settings): one for one in objects}.items())
        while some := dict(islice(left, _ITEMS)):
            for item in self._items([*some]):
                kept = some[item["about"]["S"]]
                detail = item["detail"]["S"] if "detail" in item else None
                row = (item["outcome"]["S"], int(item["read_at"]["N"]), item["job"]["S"], detail)
                found[kept] = from_row(kept, row)
        return found

    def remember(self, verdicts: Iterable[ObjectVerdict], *, settings: str) -> None:
        """Keep verdicts, for everybody of the team. Of two of one object the later one is kept.

        Raises:
            ScanError: The table cannot be written.
        """
        for verdict in verdicts:
            outcome, read_at, job, detail = to_row(verdict)
            item = {
                "about": {"S": _about(verdict.object, settings)},
                "object": {"S": verdict.object.uri},
                "outcome": {"S": outcome},
                "read_at": {"N": str(read_at)},
                "job": {"S": job},
            }
            if detail is not None:
                item["detail"] = {"S": detail}
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(about) OR read_at <= :read_at",
                    ExpressionAttributeValues={":read_at": item["read_at"]},
                )
            except ClientError as failed:
                if failed.response["Error"]["Code"] != "ConditionalCheckFailedException":
                    raise self._failed("written", failed) from failed
            except BotoCoreError as failed:
                raise self._failed("written", failed) from failed

    def _items(self, names: list[str]) -> Iterator[Mapping[str, Mapping[str, str]]]:
        asked: Mapping[str, object] = {
            self._table: {"Keys": [{"about": {"S": one}} for one in names], "ConsistentRead": True}
        }
        for attempt in range(_TRIES):
            try:
                answer = self._client.batch_get_item(RequestItems=asked)
            except (ClientError, BotoCoreError) as failed:
                raise self._failed("read", failed) from failed
            for items in cast(
                "Mapping[str, list[Mapping[str, Mapping[str, str]]]]", answer["Responses"]
            ).values():
                yield from items
            asked = cast("Mapping[str, object]", answer.get("UnprocessedKeys") or {})
            if not asked:
                return
            self._sleep(_WAIT * 2**attempt)
        raise ScanError(
            f"the memory of verdicts {self._table} in DynamoDB is too busy to be read",
            remedy="give the table more read capacity, or have it grow on demand",
        )

    def _failed(self, done: str, failed: Exception) -> ScanError:
        return ScanError(
            f"the memory of verdicts {self._table} in DynamoDB cannot be {done}: {failed}", remedy=_REMEDY
        )


def _about(one: ObjectVersion, settings: str) -> str:
    told = json.dumps((settings, one.bucket, one.key, one.etag, one.size))
    return hashlib.sha256(told.encode()).hexdigest()
