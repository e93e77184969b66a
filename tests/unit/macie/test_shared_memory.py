"""Verdicts of a team: what one session learned, another knows, and nobody's is lost."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.awsrequest import AWSResponse

from secure_sagemaker.exceptions import ScanError
from secure_sagemaker.local import EmbeddedAWS, embedded_aws
from secure_sagemaker.macie.memory import SqliteMemory, VerdictMemory
from secure_sagemaker.macie.shared_memory import DynamoDbMemory, S3Memory
from secure_sagemaker.macie.verdicts import Detection, ObjectVerdict, ObjectVersion, Outcome, Severity

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
TRAIN = ObjectVersion(bucket="ml-datasets", key="churn/train.csv", etag="9b2c", size=120)
CLEAR = ObjectVerdict(object=TRAIN, outcome=Outcome.CLEAR, read_at=NOON, job_id="job-1")
FOUND = replace(
    CLEAR,
    object=replace(TRAIN, key="churn/test.csv"),
    outcome=Outcome.SENSITIVE,
    severity=Severity.HIGH,
    detections=(Detection(category="CREDENTIALS", type="AWS_CREDENTIALS", count=1, places=("line 3",)),),
)


@pytest.fixture
def aws() -> Iterator[EmbeddedAWS]:
    with embedded_aws() as account:
        client = account.source.client("s3")
        client.create_bucket(
            Bucket="ml-verdicts", CreateBucketConfiguration={"LocationConstraint": account.source.region_name}
        )
        account.source.client("dynamodb").create_table(
            TableName="verdicts",
            KeySchema=[{"AttributeName": "about", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "about", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield account


def opened(kind: str, aws: EmbeddedAWS, place: Path) -> VerdictMemory:
    if kind == "dynamodb":
        return DynamoDbMemory(client=aws.source.client("dynamodb"), table="verdicts")
    local = SqliteMemory(place / "private" / "verdicts.sqlite3")
    return S3Memory(client=aws.source.client("s3"), bucket="ml-verdicts", prefix="team", local=local)


KINDS = pytest.mark.parametrize("kind", ["s3", "dynamodb"])


@KINDS
def test_what_one_learned_another_knows(aws: EmbeddedAWS, tmp_path: Path, kind: str) -> None:
    """Two machines share what they know, each as soon as the other has said it."""
    mine, yours = opened(kind, aws, tmp_path / "mine"), opened(kind, aws, tmp_path / "yours")
    assert {} == opened(kind, aws, tmp_path / "mine").recall([TRAIN, FOUND.object], settings="all")
    mine.remember([CLEAR], settings="all")
    assert {TRAIN: CLEAR} == yours.recall([TRAIN, FOUND.object], settings="all")
    yours.remember([FOUND], settings="all")
    assert {TRAIN: CLEAR, FOUND.object: FOUND} == mine.recall([TRAIN, FOUND.object], settings="all")
    assert {} == mine.recall([TRAIN], settings="recommended")
    assert {} == mine.recall([replace(TRAIN, etag="9b2d")], settings="all")


@KINDS
def test_the_later_verdict_stands(aws: EmbeddedAWS, tmp_path: Path, kind: str) -> None:
    """Whoever tells first, the later job's word is everybody's."""
    later = replace(CLEAR, outcome=Outcome.UNREAD, reason="NO_PERMISSION", read_at=NOON + timedelta(days=1))
    for settings, order in (("all", [CLEAR, later]), ("recommended", [later, CLEAR])):
        for number, verdict in enumerate(order):
            opened(kind, aws, tmp_path / str(number)).remember([verdict], settings=settings)
        for place in ("0", "1", "another"):
            asked = opened(kind, aws, tmp_path / place).recall([TRAIN], settings=settings)
            assert {TRAIN: later} == asked, (order, place)


@KINDS
def test_many_are_kept(aws: EmbeddedAWS, tmp_path: Path, kind: str) -> None:
    """More than fit into one request."""
    many = [replace(CLEAR, object=replace(TRAIN, key=f"churn/{number}")) for number in range(230)]
    opened(kind, aws, tmp_path / "mine").remember(many, settings="all")
    asked = [one.object for one in many]
    assert dict(zip(asked, many, strict=True)) == opened(kind, aws, tmp_path / "yours").recall(
        asked, settings="all"
    )


@KINDS
def test_a_place_that_is_not_there_is_told(aws: EmbeddedAWS, tmp_path: Path, kind: str) -> None:
    """Where nothing can be read or kept, that is the error, and not that nothing is known."""
    memory = opened(kind, aws, tmp_path)
    aws.source.client("s3").delete_bucket(Bucket="ml-verdicts")
    aws.source.client("dynamodb").delete_table(TableName="verdicts")
    with pytest.raises(ScanError, match="cannot be read: "):
        memory.recall([TRAIN], settings="all")
    with pytest.raises(ScanError, match="cannot be written: "):
        memory.remember([CLEAR], settings="all")


def test_the_same_word_is_written_once(aws: EmbeddedAWS, tmp_path: Path) -> None:
    """Two sessions that waited for one job say the same, in whatever order."""
    opened("s3", aws, tmp_path / "mine").remember([CLEAR, FOUND], settings="all")
    opened("s3", aws, tmp_path / "yours").remember([FOUND, CLEAR], settings="all")
    assert aws.source.client("s3").list_objects_v2(Bucket="ml-verdicts")["KeyCount"] == 1


def test_a_batch_that_another_writes_at_the_same_moment_is_written_again(
    aws: EmbeddedAWS, tmp_path: Path
) -> None:
    """A conflict tells nothing of what stands there: it is tried again, more and more slowly, and given up at last."""
    conflicts, waited = ["ConditionalRequestConflict"] * 3, list[float]()

    def answer(**_: object) -> tuple[AWSResponse, dict[str, object]] | None:
        if not conflicts:
            return None
        told = {"Error": {"Code": conflicts.pop(), "Message": "again"}, "ResponseMetadata": {}}
        return AWSResponse("https://s3", 409, {}, None), told

    client = aws.source.client("s3")
    client.meta.events.register("before-call.s3.PutObject", answer)
    local = SqliteMemory(tmp_path / "private" / "verdicts.sqlite3")
    mine = S3Memory(client=client, bucket="ml-verdicts", prefix="team", local=local, sleep=waited.append)
    mine.remember([CLEAR], settings="all")
    assert [0.05, 0.1, 0.2] == waited
    assert {TRAIN: CLEAR} == opened("s3", aws, tmp_path / "yours").recall([TRAIN], settings="all")
    conflicts += ["ConditionalRequestConflict"] * 8
    with pytest.raises(ScanError, match="ConditionalRequestConflict"):
        mine.remember([FOUND], settings="all")
    assert {} == opened("s3", aws, tmp_path / "mine").recall([FOUND.object], settings="all")


def test_a_batch_that_was_changed_is_told(aws: EmbeddedAWS, tmp_path: Path) -> None:
    """A batch is named by what it holds: another body under its name is no verdict, and neither is what is none."""
    storage = aws.source.client("s3")
    opened("s3", aws, tmp_path / "mine").remember([FOUND], settings="all")
    (listed,) = storage.list_objects_v2(Bucket="ml-verdicts")["Contents"]
    storage.put_object(Bucket="ml-verdicts", Key=listed["Key"], Body=gzip.compress(b""))
    with pytest.raises(ScanError, match="its name is not its digest"):
        opened("s3", aws, tmp_path / "yours").recall([TRAIN], settings="all")
    storage.delete_object(Bucket="ml-verdicts", Key=listed["Key"])
    for body in (b"plain", gzip.compress(b"{}"), gzip.compress(b'["ml-datasets"]')):
        key = f"{listed['Key'].rpartition('/')[0]}/{hashlib.sha256(body).hexdigest()}.jsonl.gz"
        storage.put_object(Bucket="ml-verdicts", Key=key, Body=body)
        with pytest.raises(ScanError, match="holds no verdicts"):
            opened("s3", aws, tmp_path / "yours").recall([TRAIN], settings="all")
        storage.delete_object(Bucket="ml-verdicts", Key=key)


class Busy:
    """DynamoDB that leaves keys unread, for some answers."""

    def __init__(self, answers: int) -> None:
        self.answers = answers

    def batch_get_item(self, *, RequestItems: Mapping[str, object]) -> Mapping[str, object]:  # noqa: N803  # AWS's own name
        self.answers -= 1
        return {"Responses": {}, "UnprocessedKeys": RequestItems if self.answers >= 0 else {}}

    def put_item(self, **_: object) -> Mapping[str, object]:
        return {}


def test_a_busy_table_is_asked_again() -> None:
    """What DynamoDB leaves unread is asked for again, more and more slowly, and given up at last."""
    waited: list[float] = []
    assert {} == DynamoDbMemory(client=Busy(3), table="verdicts", sleep=waited.append).recall(
        [TRAIN], settings="all"
    )
    assert [0.05, 0.1, 0.2] == waited
    with pytest.raises(ScanError, match="too busy"):
        DynamoDbMemory(client=Busy(99), table="verdicts", sleep=waited.append).recall([TRAIN], settings="all")
