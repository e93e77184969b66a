"""Classification jobs: made once for the same work, found again by whoever asks again, waited for, read out.

A job's name says the bucket, the settings and the very objects that it was made for. So a scan that was killed at any
point finds its job by name: running, it is waited for; ended, its results are read. It is made anew only where what
it told was taken in already, or where it was cancelled. Several who make it at once are given one by Macie: its token
is made of the name, and of how many had that name when they looked, which each does before it looks at what is known.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Container, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from secure_sagemaker.exceptions import ScanError
from secure_sagemaker.macie.memory import SqliteMemory
from secure_sagemaker.macie.planning import JobPlan, Worklist
from secure_sagemaker.macie.progress import Progress
from secure_sagemaker.macie.service import MacieJob, MacieService
from secure_sagemaker.macie.settings import ScanSettings
from secure_sagemaker.macie.underway import Timing, Underway, collected, progress_of

if TYPE_CHECKING:
    from types_boto3_macie2.type_defs import CreateClassificationJobRequestTypeDef, JobScopeTermTypeDef

__all__ = ["Before", "Jobs"]

logger = logging.getLogger(__name__)

_NAME = "secure-sagemaker"
_LONGEST_PAUSE = 30.0


Before = tuple[tuple[str, str, datetime], ...]
"""Jobs by id, name and the time they were made at, as they were when somebody looked."""


class Jobs:
    """Makes jobs, finds them, and waits for them.

    Args:
        service: Asks Macie.
        settings: How objects are read.
        ledger: Where it is noted of which jobs they were taken in.
        timing: How time is told.
        maximum_age: How old a job may be, to be of use.
        asked_by: Who asks, for the jobs' tags.
    """

    def __init__(
        self,
        *,
        service: MacieService,
        settings: ScanSettings,
        ledger: SqliteMemory,
        timing: Timing,
        maximum_age: timedelta,
        asked_by: str,
    ) -> None:
        self._service = service
        self._settings = settings
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
            if (only and job_id != only) or job_id in but or self._ledger.is_loaded(collected(job_id)):
                continue
            job = self._service.job(job_id)
            if not self.is_ours(job, work.bucket):
                continue  # anybody can give a job this name
            objects, size = work.hand_over(job_id, _everything if name == exact else job.reads)
            if objects:
                yield Underway(
                    job=job, work=work, resumed=True, exact=name == exact, objects=objects, bytes=size
                )

    def is_ours(self, job: MacieJob, bucket: str) -> bool:
        """Whether a job reads this bucket as these settings say, whatever its name."""
        return job.bucket == bucket and job.settings == self._settings

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
                progress(progress_of(underway, elapsed))
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


def _everything(_key: str, _modified: datetime) -> bool:
    return True


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
