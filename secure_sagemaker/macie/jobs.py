"""Classification jobs: made once for the same work, found again by whoever asks again, waited for, read out.

A job's name says the bucket, the settings and the very objects that it was made for. So a scan that was killed at any
point finds its job by name: running, it is waited for; ended, its results are read. It is made anew only where what
it told was taken in already, or where it was cancelled. Several who make it at once are given one by Macie: its token
is made of the name, and of how many had that name when they looked, which each does before it looks at what is known.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Container, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, BinaryIO, cast

from botocore.exceptions import BotoCoreError, ClientError

from secure_sagemaker.exceptions import ScanError
from secure_sagemaker.macie.memory import SqliteMemory, VerdictMemory
from secure_sagemaker.macie.planning import JobPlan, Worklist
from secure_sagemaker.macie.progress import Progress, ScanProgress
from secure_sagemaker.macie.report import ScanJob
from secure_sagemaker.macie.results import verdicts
from secure_sagemaker.macie.service import MacieJob, MacieService, ResultsPlace
from secure_sagemaker.macie.settings import ScanSettings
from secure_sagemaker.macie.verdicts import ObjectVerdict, ObjectVersion, Outcome

if TYPE_CHECKING:
    from types_boto3_macie2.type_defs import CreateClassificationJobRequestTypeDef, JobScopeTermTypeDef
    from types_boto3_s3 import S3Client

__all__ = ["Before", "Jobs", "Timing", "Underway"]

logger = logging.getLogger(__name__)

_NAME = "secure-sagemaker"
_BATCH = 5_000
_ENDED = frozenset({"CANCELLED", "COMPLETE"})
_LONGEST_PAUSE = 30.0
_GRACE_SECONDS = 300.0
"""How long results are waited for that a job has not written yet when it says that it is done."""


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How time is told and spent."""

    now: Callable[[], datetime]
    """The time, in UTC."""
    monotonic: Callable[[], float]
    """Seconds that only grow."""
    sleep: Callable[[float], object]
    """Waits, in seconds."""


Before = tuple[tuple[str, str, datetime], ...]
"""Jobs by id, name and the time they were made at, as they were when somebody looked."""


@dataclass(kw_only=True)
class Underway:
    """A job that a scan waits for."""

    job: MacieJob
    work: Worklist
    resumed: bool
    exact: bool
    """Whether it was made for this very work: what it tells nothing of cannot be read."""
    objects: int
    bytes: int
    overscan_objects: int = 0
    overscan_bytes: int = 0

    @property
    def total_objects(self) -> int:
        """All that it reads."""
        return self.objects + self.overscan_objects

    @property
    def total_bytes(self) -> int:
        """Their size, as they are stored."""
        return self.bytes + self.overscan_bytes

    @property
    def has_ended(self) -> bool:
        """Whether Macie is done with it."""
        return self.job.status in _ENDED

    def told(self, *, findings: int = 0, archived_findings: int = 0) -> ScanJob:
        """What a report says of it."""
        return ScanJob(
            id=self.job.id,
            bucket=self.work.bucket,
            status=self.job.status,
            had_errors=self.job.had_errors,
            resumed=self.resumed,
            objects=self.objects,
            bytes=self.bytes,
            overscan_objects=self.overscan_objects,
            overscan_bytes=self.overscan_bytes,
            findings=findings,
            archived_findings=archived_findings,
        )


class Jobs:
    """Makes jobs, finds them, waits for them, and takes in what they tell.

    Args:
        service: Asks Macie.
        s3: Gives the client that reads results.
        settings: How objects are read.
        memory: Where verdicts go.
        ledger: Where it is noted of which jobs they were taken in.
        timing: How time is told.
        maximum_age: How old a job may be, to be of use.
        asked_by: Who asks, for the jobs' tags.
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
        maximum_age: timedelta,
        asked_by: str,
    ) -> None:
        self._service = service
        self._s3 = s3
        self._settings = settings
        self._memory = memory
        self._ledger = ledger
        self._timing = timing
        self._maximum_age = maximum_age
        self._asked_by = asked_by

    # --- found again ---------------------------------------------------------------------------------

    def base_of(self, bucket: str) -> str:
        """What the names of all jobs of a bucket and these settings begin with."""
        told = hashlib.sha256(f"{bucket}\n{self._settings.digest}".encode()).hexdigest()
        return f"{_NAME}-{told[:16]}-"

    def before(self, bucket: str) -> Before:
        """The jobs of a bucket and these settings that there are, the newest first."""
        return tuple(self._service.named(self.base_of(bucket)))

    def found(
        self, work: Worklist, before: Before, *, only: str = "", but: Container[str] = ()
    ) -> Iterator[Underway]:
        """Jobs that were made before for work that is still open; it is handed over to them.

        Args:
            work: The work, in one bucket.
            before: The jobs that there are.
            only: The id of the only one to take.
            but: The ids of those whose results are known, whether or not they were taken in here.
        """
        exact = self._name(work)
        since = self._timing.now() - self._maximum_age
        for job_id, name, made_at in before:
            if not work.open:
                return
            if made_at < since:
                continue  # what it told is too old, and yet its token is taken
            if (only and job_id != only) or job_id in but or self._ledger.is_loaded(_collected(job_id)):
                continue
            job = self._service.job(job_id)
            objects, size = work.hand_over(job_id, _everything if name == exact else job.reads)
            if objects:
                yield Underway(
                    job=job, work=work, resumed=True, exact=name == exact, objects=objects, bytes=size
                )

    # --- made ----------------------------------------------------------------------------------------

    def make(self, work: Worklist, plan: JobPlan, before: Before, *, owner: str) -> Underway:
        """Make the job that does what is open of the work, or join whoever makes it at the same time."""
        name = self._name(work)
        earlier = sum(1 for _, other, _ in before if other == name)
        token = hashlib.sha256(f"{name}\n{earlier}".encode()).hexdigest()
        request = self._request(name, plan, owner=owner)
        job_id = self._service.create({**request, "clientToken": token})
        if job_id is None:
            job_id = self._rivals(name, plan.bucket, known={one for one, *_ in before})
        work.hand_over(job_id, _everything)
        return Underway(
            job=self._service.job(job_id),
            work=work,
            resumed=False,
            exact=True,
            objects=plan.objects,
            bytes=plan.bytes,
            overscan_objects=plan.overscan_objects,
            overscan_bytes=plan.overscan_bytes,
        )

    def _rivals(self, name: str, bucket: str, *, known: Container[str]) -> str:
        """The job that another has just made for the same work, in other words."""
        for job_id, other, _ in self.before(bucket):
            if other == name and job_id not in known:
                return job_id
        raise ScanError(
            f"somebody else is just having the same objects of {bucket} scanned",
            remedy="scan again: their job is found then, and not paid for twice",
        )

    def _name(self, work: Worklist) -> str:
        return f"{self.base_of(work.bucket)}{work.digest()[:16]}"

    def _request(self, name: str, plan: JobPlan, *, owner: str) -> CreateClassificationJobRequestTypeDef:
        terms: list[JobScopeTermTypeDef] = []
        if any(plan.prefixes):
            terms.append(
                {
                    "simpleScopeTerm": {
                        "comparator": "STARTS_WITH",
                        "key": "OBJECT_KEY",
                        "values": list(plan.prefixes),
                    }
                }
            )
        if plan.changed_since is not None:
            moment = plan.changed_since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            terms.append(
                {
                    "simpleScopeTerm": {
                        "comparator": "GTE",
                        "key": "OBJECT_LAST_MODIFIED_DATE",
                        "values": [moment],
                    }
                }
            )
        definition: CreateClassificationJobRequestTypeDef = {
            **self._settings.request(),
            "clientToken": "",
            "jobType": "ONE_TIME",
            "name": name,
            "description": f"asked for by {self._asked_by}"[:200],
            "s3JobDefinition": {
                "bucketDefinitions": [{"accountId": owner, "buckets": [plan.bucket]}],
                "scoping": {"includes": {"and": terms}},
            },
            "tags": {"secure-sagemaker:asked-by": self._asked_by[:256]},
        }
        return definition

    # --- waited for ----------------------------------------------------------------------------------

    def wait(self, underway: list[Underway], *, progress: Progress, timeout: float) -> None:
        """Wait until all have ended, telling how far they are.

        Raises:
            ScanError: One was paused or cancelled by somebody, or time is up. The jobs go on.
            KeyboardInterrupt: It was interrupted: Macie was asked to cancel the jobs made here.
        """
        began, pause = self._timing.monotonic(), 1.0
        try:
            while True:
                elapsed = self._timing.monotonic() - began
                progress(_progress(underway, elapsed))
                running = [one for one in underway if not one.has_ended]
                for one in running:
                    _hold_running(one.job)
                if not running:
                    return
                if elapsed > timeout:
                    raise _late(running, timeout)
                for one in running:
                    one.job = self._service.job(one.job.id)
                if any(not one.has_ended for one in running):
                    self._timing.sleep(pause)
                    pause = min(pause * 2, _LONGEST_PAUSE)
        except KeyboardInterrupt:
            self._cancel(underway)
            raise

    def _cancel(self, underway: list[Underway]) -> None:
        for one in underway:
            if one.has_ended:
                continue
            left = f"{one.job.objects_left:,} of {one.total_objects:,} objects were left to be read"
            if one.resumed:
                logger.warning("job %s was made by an earlier scan, and goes on: %s", one.job.id, left)
                continue
            try:
                self._service.cancel(one.job.id)
            except ScanError as failed:
                logger.warning("job %s could not be cancelled, and goes on: %s", one.job.id, failed)
            else:
                logger.warning(
                    "Macie was asked to cancel job %s: %s; what it has read counts", one.job.id, left
                )

    # --- read out ------------------------------------------------------------------------------------

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
            self._ledger.loaded(_collected(job.id))
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
        self._ledger.loaded(_collected(job.id))
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
            self._ledger.loaded(_collected(job.id))  # it never gets better: another job must tell
            raise

    def _untold(self, one: Underway) -> Iterator[ObjectVerdict]:
        why = "Macie's results say nothing of it"
        if self._settings.sampling < 100:
            why = f"it was not among the {self._settings.sampling} in a hundred that were read"
        for about in list(one.work.untold(one.job.id)):
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


def _everything(_key: str, _modified: datetime) -> bool:
    return True


def _collected(job_id: str) -> str:
    return f"job:{job_id}"


def _unread(about: ObjectVersion, why: str, job: MacieJob) -> ObjectVerdict:
    return ObjectVerdict(
        object=about, outcome=Outcome.UNREAD, read_at=job.created_at, job_id=job.id, reason=why
    )


def _hold_running(job: MacieJob) -> None:
    if job.status == "PAUSED":
        raise ScanError(
            f"Macie has paused job {job.id}: the account's monthly quota of sensitive data discovery is reached",
            remedy="have the quota raised, or wait for the next month: Macie goes on by itself then, and the "
            "next scan finds it",
            job_ids=(job.id,),
        )
    if job.status == "USER_PAUSED":
        raise ScanError(
            f"somebody has paused job {job.id}",
            remedy="have it resumed (aws macie2 update-classification-job --job-status RUNNING), and scan again",
            job_ids=(job.id,),
        )


def _late(running: list[Underway], timeout: float) -> ScanError:
    ids = tuple(one.job.id for one in running)
    return ScanError(
        f"after {timeout / 60:,.0f} minutes Macie is still at work: {', '.join(ids)}",
        remedy="scan again later: the jobs go on, and are found again; or raise macie.timeout_minutes",
        job_ids=ids,
    )


def _progress(underway: list[Underway], elapsed: float) -> ScanProgress:
    objects = size = total = total_size = 0
    for one in underway:
        left = 0 if one.has_ended else min(one.job.objects_left, one.total_objects)
        read = one.total_objects - left
        objects += read
        total += one.total_objects
        total_size += one.total_bytes
        size += one.total_bytes * read // one.total_objects if one.total_objects else 0
    running = [one.job.status for one in underway if not one.has_ended]
    return ScanProgress(
        jobs=tuple(one.job.id for one in underway),
        status=running[0] if running else "COMPLETE",
        objects=objects,
        total_objects=total,
        bytes=size,
        total_bytes=total_size,
        elapsed_seconds=elapsed,
        remaining_seconds=elapsed * (total - objects) / objects if objects and running else None,
    )
