"""What looking at data costs: a million objects listed and looked up, verdicts found, results read.

S3 is a function here that makes up a listing; nothing is sent.
"""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.pairs import Figure, Pair, measured
from benchmarks.processes import figures_of
from secure_sagemaker.macie.memory import SqliteMemory
from secure_sagemaker.macie.results import verdicts
from secure_sagemaker.macie.verdicts import ObjectVerdict, ObjectVersion, Outcome

__all__ = ["SimulatedS3", "figures", "memory_figures"]

_NOW = datetime(2026, 11, 1, tzinfo=UTC)
_PAGE = 1000
_FOLDERS = 100
_SETTINGS = "settings"


class SimulatedS3:
    """Lists a million objects, in folders, page by page. It keeps none of them.

    Args:
        objects: How many there are in all.
    """

    def __init__(self, objects: int) -> None:
        self._each = objects // _FOLDERS

    def list_objects_v2(
        self,
        *,
        Bucket: str,  # noqa: ARG002, N803  # S3's own name
        Prefix: str = "",  # noqa: N803  # likewise
        Delimiter: str = "",  # noqa: N803  # likewise
        ContinuationToken: str = "0",  # noqa: N803  # likewise
    ) -> Mapping[str, object]:
        """A page of what lies under a prefix, or its folders."""
        if Delimiter and not Prefix:
            folders = [{"Prefix": f"folder-{number:03}/"} for number in range(_FOLDERS)]
            return {"IsTruncated": False, "CommonPrefixes": folders, "Contents": []}
        begin = int(ContinuationToken)
        end = min(begin + _PAGE, self._each)
        contents = [
            {
                "Key": f"{Prefix}part-{number:07}.csv",
                "ETag": f'"{number:032x}"',
                "Size": 1024,
                "LastModified": _NOW,
            }
            for number in range(begin, end)
        ]
        truncated = end < self._each
        return {
            "IsTruncated": truncated,
            "Contents": contents,
            **({"NextContinuationToken": str(end)} if truncated else {}),
        }


def _version(number: int) -> ObjectVersion:
    return ObjectVersion(
        bucket="ml-datasets", key=f"churn/part-{number:07}.csv", etag=f"{number:032x}", size=1024
    )


def _recalling(folder: str) -> Pair:
    """Verdicts on a page of objects, among 100,000, beside a SELECT for each by the same key."""
    memory = SqliteMemory(Path(folder, "ours", "verdicts.sqlite3"))
    known = [_version(number) for number in range(100_000)]
    memory.remember(
        (ObjectVerdict(object=one, outcome=Outcome.CLEAR, read_at=_NOW, job_id="job") for one in known),
        settings=_SETTINGS,
    )
    page = known[50_000 : 50_000 + _PAGE]
    peer = sqlite3.connect(Path(folder, "peer.sqlite3"))
    peer.execute(
        "CREATE TABLE verdicts (key TEXT, etag TEXT, outcome TEXT, PRIMARY KEY (key, etag)) WITHOUT ROWID"
    )
    with peer:
        peer.executemany(
            "INSERT INTO verdicts VALUES (?, ?, 'clear')", ((one.key, one.etag) for one in known)
        )

    def ask_each() -> None:
        for one in page:
            peer.execute(
                "SELECT outcome FROM verdicts WHERE key = ? AND etag = ?", (one.key, one.etag)
            ).fetchone()

    return Pair(
        title="1,000 verdicts looked up, beside a SELECT for each",
        ours=partial(memory.recall, page, settings=_SETTINGS),
        peer=ask_each,
        cost=20,
    )


_RESULTS = 10_000
_RECORD = {
    "schemaVersion": "1.0",
    "id": "8d8a6f0e",
    "severity": None,
    "classificationDetails": {
        "jobArn": "arn:aws:macie2:eu-west-1:111122223333:classification-job/job",
        "jobId": "job",
        "originType": "SENSITIVE_DATA_DISCOVERY_JOB",
        "result": {
            "status": {"code": "COMPLETE", "reason": None},
            "sizeClassified": 1024,
            "mimeType": "text/csv",
            "sensitiveData": [],
            "customDataIdentifiers": {"totalCount": 0, "detections": []},
        },
    },
    "resourcesAffected": {
        "s3Bucket": {
            "arn": "arn:aws:s3:::ml-datasets",
            "name": "ml-datasets",
            "owner": {"displayName": "111122223333", "id": "111122223333"},
            "tags": [{"key": f"tag-{number}", "value": "x" * 60} for number in range(8)],
            "defaultServerSideEncryption": {"encryptionType": "aws:kms", "kmsMasterKeyId": "x" * 80},
            "publicAccess": {
                "effectivePermission": "NOT_PUBLIC",
                "permissionConfiguration": {
                    level: {"blockPublicAccess": {"blockPublicAcls": True, "blockPublicPolicy": True}}
                    for level in ("accountLevelPermissions", "bucketLevelPermissions")
                },
            },
        },
        "s3Object": {
            "bucketArn": "arn:aws:s3:::ml-datasets",
            "key": "churn/part-0000001.csv",
            "path": "ml-datasets/churn/part-0000001.csv",
            "extension": "csv",
            "eTag": "0" * 32,
            "size": 1024,
            "storageClass": "STANDARD",
            "serverSideEncryption": {"encryptionType": "aws:kms", "kmsMasterKeyId": "x" * 80},
            "tags": [],
        },
    },
}


def _reading() -> Pair:
    """A file of discovery results, beside unpacking it and parsing each line."""
    line = json.dumps(_RECORD).encode()
    packed = gzip.compress((line + b"\n") * _RESULTS)

    def ours() -> int:
        files = [("s3://ml-macie/results.jsonl.gz", io.BytesIO(packed))]
        return sum(1 for _ in verdicts(files, job_id="job", made_at=_NOW))

    def peer() -> None:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as lines:
            for one in lines:
                json.loads(one)

    title = f"{_RESULTS:,} discovery results of {len(line):,} bytes read, beside json.loads of each line"
    return Pair(title=title, ours=ours, peer=peer, cost=200)


def figures(samples: int) -> Iterator[Figure]:
    """In microseconds of CPU time, for a thousand objects and ten thousand results."""
    with tempfile.TemporaryDirectory() as folder:
        yield measured(_recalling(folder), samples)
    yield measured(_reading(), samples)


_PEAK = """
from benchmarks.scans import {called}
{called}()
# What getrusage tells has the peak of who started this process in it.
told = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(told["VmHWM"].split()[0])
"""


def memory_figures(samples: int) -> Iterator[Figure]:
    """Peak resident memory of a process, in KB."""
    programs: Mapping[str, tuple[str, str]] = {
        "A million objects listed, looked up and given to a job, beside 100": (
            _PEAK.format(called="plan_a_million"),
            _PEAK.format(called="plan_a_few"),
        )
    }
    yield from figures_of(programs, samples)


def plan_a_million() -> None:
    """List a million objects without a verdict, and plan the job that reads them."""
    _plan(1_000_000)


def plan_a_few() -> None:
    """The same of a hundred."""
    _plan(100)


def _plan(objects: int) -> None:
    from secure_sagemaker.baseline import Macie
    from secure_sagemaker.macie.acceptance import Acceptance
    from secure_sagemaker.macie.inputs import DataInput, InputKind
    from secure_sagemaker.macie.planning import Worklist
    from secure_sagemaker.macie.reading import InputReader
    from secure_sagemaker.macie.survey import Surveyor

    stated = Macie(mode="require")
    s3: Callable[[], object] = lambda: SimulatedS3(objects)  # noqa: E731  # one for each ask, as a client is
    with tempfile.TemporaryDirectory() as folder, closing(Worklist("ml-datasets")) as work:
        surveyor = Surveyor(
            reader=InputReader(s3),  # type: ignore[arg-type]  # it lists, which is all that is asked of it
            memory=SqliteMemory(Path(folder, "own", "verdicts.sqlite3")),
            settings=_SETTINGS,
            acceptance=Acceptance(stated),
            now=lambda: _NOW,
        )
        asked = DataInput(path="", uri="s3://ml-datasets/", kind=InputKind.PREFIX)
        found = surveyor.look([asked], work={"ml-datasets": work})
        plan = work.plan(work.prefixes())
        handed, _ = work.hand_over("job", lambda _key, _modified: True)
        if (found.objects, plan.objects, handed) != (objects, objects, objects):
            raise RuntimeError(
                f"{found.objects} objects were found and {plan.objects} planned for, of {objects}"
            )
