"""What a job tells, taken in: each verdict is remembered, and of what it says nothing of, that.

It may be stopped at any point and begun again: verdicts are remembered once, and that all were is noted last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, BinaryIO, cast

from botocore.exceptions import BotoCoreError, ClientError

from secure_sagemaker.exceptions import ScanError
from secure_sagemaker.macie.memory import SqliteMemory, VerdictMemory
from secure_sagemaker.macie.report import ScanJob
from secure_sagemaker.macie.results import verdicts
from secure_sagemaker.macie.service import MacieJob, MacieService, ResultsPlace
from secure_sagemaker.macie.settings import ScanSettings
from secure_sagemaker.macie.underway import Timing, Underway, collected
from secure_sagemaker.macie.verdicts import ObjectVerdict, ObjectVersion, Outcome

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

__all__ = ["Collector"]

_BATCH = 5_000
_GRACE_SECONDS = 300.0
"""How long results are waited for that a job has not written yet when it says that it is done."""


class Collector:
    """Takes in what jobs tell.

    Args:
        service: Asks Macie.
        s3: Gives the client that reads results.
        settings: How objects were read.
        memory: Where verdicts go.
        ledger: Where it is noted of which jobs they were taken in.
        timing: How time is told and spent.
    """

    def __init__(
        self,
        *,
        service: MacieService,
        s3: Callable[[], S3Client],
        settings: ScanSettings,
        memory: VerdictMemory,
        ledger: SqliteMemory,
        timing: Timing,
    ) -> None:
        self._service = service
        self._s3 = s3
        self._settings = settings
        self._memory = memory
        self._ledger = ledger
        self._timing = timing

    def collect(self, one: Underway, place: ResultsPlace) -> ScanJob:
        """Take in what a job says of each object, and of those that it says nothing of, that.

        Raises:
            ScanError: Its results cannot be read, or there are none.
        """
        job, complete = one.job, one.job.status == "COMPLETE"
        deadline = self._timing.monotonic() + _GRACE_SECONDS
        pause = 1.0
        while True:
            told = self._take_in(one, place)
            missing = next(one.work.untold(job.id), None) is not None
            if not missing or not complete or self._settings.sampling < 100:
                break
            if self._timing.monotonic() + pause > deadline or job.had_errors:
                break
            self._timing.sleep(pause)
            pause *= 2
        sampled = self._settings.sampling < 100  # of few objects none may be among them
        if complete and not told and (job.had_errors or not sampled):
            self._ledger.loaded(collected(job.id))
            raise ScanError(
                f"job {job.id} is complete and wrote no results in s3://{place.bucket}/{self._folder(job.id, place)}"
                + (": its run had errors" if job.had_errors else ""),
                remedy=f"read the job's log (CloudWatch Logs, /aws/macie/classificationjobs, stream {job.id}): the "
                f"policy of {one.work.bucket} may keep Macie's role out, or that of {place.bucket} its writing",
                job_ids=(job.id,),
            )
        if complete and one.exact:
            self._memory.remember(self._untold(one), settings=self._settings.digest)
        else:
            one.work.reopen(job.id)
        self._ledger.loaded(collected(job.id))
        findings, archived = self._service.findings(job.id)
        return one.told(findings=findings, archived_findings=archived)

    def _take_in(self, one: Underway, place: ResultsPlace) -> int:
        """Remember what results say; how many objects they are about."""
        counted = 0
        batch: list[ObjectVerdict] = []

        def keep() -> None:
            self._memory.remember(batch, settings=self._settings.digest)
            one.work.done(one.job.id, [verdict.object for verdict in batch])
            batch.clear()

        try:
            for verdict in self._told(one.job, place):
                counted += 1
                batch.append(verdict)
                if len(batch) == _BATCH:
                    keep()
        except (ClientError, BotoCoreError) as failed:
            raise ScanError(
                f"Macie's results in s3://{place.bucket}/{self._folder(one.job.id, place)} cannot be read: {failed}",
                remedy=f"name {place.bucket} in data_perimeter.read with its owner, and allow the role "
                "s3:ListBucket and s3:GetObject there and kms:Decrypt with the key that results are encrypted with",
                job_ids=(one.job.id,),
            ) from failed
        keep()
        return counted

    def _told(self, job: MacieJob, place: ResultsPlace) -> Iterator[ObjectVerdict]:
        try:
            yield from verdicts(self._files(job.id, place), job_id=job.id, made_at=job.created_at)
        except ScanError:
            self._ledger.loaded(collected(job.id))  # it never gets better: another job must tell
            raise

    def _untold(self, one: Underway) -> Iterator[ObjectVerdict]:
        why = "Macie's results say nothing of it"
        if self._settings.sampling < 100:
            why = f"it was not among the {self._settings.sampling} in a hundred that were read"
        for about in one.work.untold(one.job.id):
            yield _unread(about, why, one.job)

    def _folder(self, job_id: str, place: ResultsPlace) -> str:
        return place.of_job(job_id, account=self._service.account, region=self._service.region)

    def _files(self, job_id: str, place: ResultsPlace) -> Iterator[tuple[str, BinaryIO]]:
        folder = self._folder(job_id, place)
        pages = self._s3().get_paginator("list_objects_v2").paginate(Bucket=place.bucket, Prefix=folder)
        for page in pages:
            for listed in page.get("Contents", ()):
                if listed["Key"].endswith(".gz"):
                    answer = self._s3().get_object(Bucket=place.bucket, Key=listed["Key"])
                    with closing(answer["Body"]) as body:
                        yield f"s3://{place.bucket}/{listed['Key']}", cast("BinaryIO", body)


def _unread(about: ObjectVersion, why: str, job: MacieJob) -> ObjectVerdict:
    return ObjectVerdict(
        object=about, outcome=Outcome.UNREAD, read_at=job.created_at, job_id=job.id, reason=why
    )
