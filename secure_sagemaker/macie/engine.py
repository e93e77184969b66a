"""The scan: what lies there, what of it is not known, a job a bucket for that, and what it all comes to.

It can be stopped at any point and begun again: what Macie has read is taken in once, and no job is made for work that
another one does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from secure_sagemaker.baseline import Macie, SecurityBaseline
from secure_sagemaker.exceptions import ScanError
from secure_sagemaker.macie.acceptance import Acceptance
from secure_sagemaker.macie.collecting import Collector
from secure_sagemaker.macie.copying import Copier
from secure_sagemaker.macie.estimate import Estimate, Prices
from secure_sagemaker.macie.inputs import DataInput, InputKind
from secure_sagemaker.macie.jobs import Before, Jobs
from secure_sagemaker.macie.listing import listed
from secure_sagemaker.macie.memory import SqliteMemory, VerdictMemory
from secure_sagemaker.macie.planning import JobPlan, Worklist
from secure_sagemaker.macie.precautions import Precautions
from secure_sagemaker.macie.progress import Progress
from secure_sagemaker.macie.reading import InputReader, bucket_and_key
from secure_sagemaker.macie.report import ScanJob, ScanReport
from secure_sagemaker.macie.service import MacieService, ResultsPlace
from secure_sagemaker.macie.settings import ScanSettings
from secure_sagemaker.macie.snapshots import Snapshots
from secure_sagemaker.macie.survey import Survey, Surveyor
from secure_sagemaker.macie.underway import Timing, Underway

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

__all__ = ["Scanner"]

logger = logging.getLogger(__name__)


class Scanner:
    """Has inputs read by Macie, as a baseline says.

    Args:
        baseline: What is looked for, what is accepted, and what it may cost.
        service: Asks Macie.
        s3: Gives the client that lists and reads.
        memory: Where verdicts are kept.
        ledger: Where it is noted of which jobs they were taken in.
        timing: How time is told and spent.
        asked_by: Who asks, for the jobs' tags.
    """

    def __init__(
        self,
        baseline: SecurityBaseline,
        *,
        service: MacieService,
        s3: Callable[[], S3Client],
        memory: VerdictMemory,
        ledger: SqliteMemory,
        timing: Timing,
        asked_by: str,
    ) -> None:
        self._baseline = baseline
        self._service = service
        self._s3 = s3
        self._timing = timing
        self.settings = ScanSettings.of(baseline.macie)
        self.acceptance = Acceptance(baseline.macie)
        self.memory = memory
        reader = InputReader(s3)
        self.surveyor = Surveyor(
            reader=reader,
            memory=memory,
            settings=self.settings.digest,
            acceptance=self.acceptance,
            now=timing.now,
        )
        self.snapshots: Snapshots | None = None
        """Takes copies, where the baseline has a folder for them."""
        if (folder := baseline.macie.snapshot) is not None:
            self.snapshots = Snapshots(
                folder,
                partition=baseline.role_arn.partition,
                s3=s3,
                reader=reader,
                memory=memory,
                settings=self.settings.digest,
                acceptance=self.acceptance,
                copier=Copier(s3, bucket=bucket_and_key(folder)[0], sleep=timing.sleep),
                now=timing.now,
            )
        self._precautions = Precautions(baseline, service=service, s3=s3)
        self._collector = Collector(
            service=service, s3=s3, settings=self.settings, memory=memory, ledger=ledger, timing=timing
        )
        self._jobs = Jobs(
            service=service,
            settings=self.settings,
            ledger=ledger,
            timing=timing,
            maximum_age=timedelta(days=baseline.macie.maximum_age_days),
            asked_by=asked_by,
        )

    @property
    def _macie(self) -> Macie:
        return self._baseline.macie

    def scan(
        self,
        inputs: Sequence[DataInput],
        *,
        progress: Progress,
        timeout_seconds: float | None = None,
        again: bool = False,
        wait: bool = True,
    ) -> ScanReport:
        """Have all read that has no fresh verdict.

        Args:
            inputs: What to read.
            progress: Is told how far it is.
            timeout_seconds: How long to wait; by default as the baseline says.
            again: Whether what could not be read is tried once more.
            wait: Whether to wait for the jobs. Else they go on, and the next scan takes in what they tell.

        Raises:
            ScanError: It cannot be had, would cost more than it may, or did not end in time.
        """
        return self._scan(inputs, progress=progress, timeout_seconds=timeout_seconds, again=again, wait=wait)

    def resume(self, job_id: str, *, progress: Progress, timeout_seconds: float | None = None) -> ScanReport:
        """Wait for a job that an earlier scan made, and take in what it tells. No other is made.

        Raises:
            ScanError: It is none of these settings, or cannot be had.
        """
        job = self._service.job(job_id)
        named = job.name.startswith(self._jobs.base_of(job.bucket))
        if not job.bucket or not named or not self._jobs.is_ours(job, job.bucket):
            raise ScanError(
                f"job {job_id} ({job.name!r}) was not made by a scan with these settings",
                remedy="resume it under the baseline that it was made under, or scan anew",
                job_ids=(job_id,),
            )
        inputs = [
            DataInput(path="", uri=f"s3://{job.bucket}/{prefix}", kind=InputKind.PREFIX)
            for prefix in job.prefixes
        ]
        return self._scan(inputs, progress=progress, timeout_seconds=timeout_seconds, only=job_id)

    def snapshot(self, inputs: Sequence[DataInput]) -> tuple[DataInput, ...]:
        """The same inputs as copies that nobody changes, made now or found.

        Raises:
            ScanError: The baseline has no folder for them, an input is not accepted, or cannot be copied.
        """
        if self.snapshots is None:
            raise ScanError(
                "no folder is stated for copies of data", remedy="state macie.snapshot in the baseline"
            )
        looked = self.surveyor.look(inputs).scanned(self.acceptance)
        for one in looked:
            if not one.is_accepted:
                told = ", ".join(f"{count:,} {lack}" for lack, count in one.lacking.items())
                raise ScanError(
                    f"{one.uri} is not accepted as it is, and not copied: of {one.objects:,} objects {told}",
                    remedy=f"run: secure-sagemaker scan '{one.uri}'",
                )
        return tuple(
            about
            if self.snapshots.holds(about) or not one.versions
            else self.snapshots.take(about, one.versions)
            for about, one in zip(inputs, looked, strict=True)
        )

    def estimate(self, inputs: Sequence[DataInput]) -> Estimate:
        """What a scan would cost now. Macie is not asked.

        Raises:
            ScanError: Something cannot be listed.
        """
        with _worklists() as work:
            survey = self.surveyor.look(inputs, work=work)
            return self._estimate(survey, self._plans(inputs, work), work)

    def score(self, bucket: str) -> int | None:
        """The sensitivity score that automated discovery has for a bucket; None where it has none.

        Raises:
            ScanError: Automated discovery is off, or may not be asked.
        """
        return self._service.score(f"arn:{self._baseline.role_arn.partition}:s3:::{bucket}")

    # --- how it goes ---------------------------------------------------------------------------------

    def _scan(
        self,
        inputs: Sequence[DataInput],
        *,
        progress: Progress,
        timeout_seconds: float | None,
        again: bool = False,
        only: str = "",
        wait: bool = True,
    ) -> ScanReport:
        began = self._timing.now()
        timeout = self._macie.timeout_minutes * 60 if timeout_seconds is None else timeout_seconds
        jobs: list[ScanJob] = []
        with _worklists() as work:
            survey = self.surveyor.look(inputs, work=work, again=again)
            estimate = self._estimate(survey, [], work)
            if any(one.open for one in work.values()):
                finish = partial(
                    self._finish,
                    place=self._precautions.place(),
                    progress=progress,
                    timeout=timeout,
                    wait=wait,
                )
                tried = survey.tried if again else frozenset()
                while True:
                    before = {bucket: self._jobs.before(bucket) for bucket, one in work.items() if one.open}
                    found = [
                        one
                        for bucket, earlier in before.items()
                        for one in self._jobs.found(work[bucket], earlier, only=only, but=tried)
                    ]
                    if not found:
                        break
                    jobs += finish(found)
                if not only:
                    for bucket in before:
                        self.surveyor.settle(work[bucket], again=again)
                    plans = self._plans(inputs, work)
                    estimate = self._estimate(survey, plans, work)
                    self._precautions.hold_cost(estimate)
                    jobs += finish(
                        [self._make(plan, work[plan.bucket], before[plan.bucket]) for plan in plans]
                    )
        survey = self.surveyor.look(inputs)
        listed_objects = survey.listed()
        return ScanReport(
            account=self._service.account,
            region=self._service.region,
            began=began,
            ended=self._timing.now(),
            inputs=survey.scanned(self.acceptance),
            objects=listed_objects,
            unlisted=survey.objects - len(listed_objects),
            jobs=tuple(jobs),
            estimate=estimate,
            settings=self.settings.digest,
            baseline_digest=self._baseline.digest,
        )

    def _finish(
        self,
        underway: list[Underway],
        place: ResultsPlace,
        *,
        progress: Progress,
        timeout: float,
        wait: bool,
    ) -> Iterator[ScanJob]:
        if wait and underway:
            self._jobs.wait(underway, progress=progress, timeout=timeout)
        for one in underway:
            yield self._collector.collect(one, place) if one.has_ended else one.told()

    def _make(self, plan: JobPlan, work: Worklist, before: Before) -> Underway:
        owner = self._baseline.data_perimeter.owner(plan.bucket)
        return self._jobs.make(work, plan, before, owner=owner or self._baseline.account)

    # --- what it would read --------------------------------------------------------------------------

    def _plans(self, inputs: Sequence[DataInput], work: Mapping[str, Worklist]) -> list[JobPlan]:
        """A job for each bucket in which work is open."""
        plans = []
        for bucket, some in work.items():
            if not some.open:
                continue
            self._precautions.hold_bucket(bucket)
            seen = [
                key
                for one in inputs
                for held, key in [bucket_and_key(one.uri)]
                if held == bucket and one.kind is InputKind.PREFIX
            ]
            prefixes = some.prefixes()
            for prefix in prefixes:
                if not prefix.startswith(tuple(seen)):
                    for page in listed(self._s3(), bucket, prefix):
                        some.add(page, known=None)
            plans.append(some.plan(prefixes))
        return plans

    def _estimate(self, survey: Survey, plans: Sequence[JobPlan], work: Mapping[str, Worklist]) -> Estimate:
        estimate = Estimate(prices=Prices.of(self._macie), unreadable=dict(survey.unreadable))
        for plan in plans:
            estimate = estimate.with_objects(work[plan.bucket].within(plan))
        return estimate


class _Worklists(dict[str, Worklist]):
    """A worklist a bucket, made when it is first asked for."""

    def __missing__(self, bucket: str) -> Worklist:
        self[bucket] = Worklist(bucket)
        return self[bucket]


@contextmanager
def _worklists() -> Iterator[_Worklists]:
    work = _Worklists()
    try:
        yield work
    finally:
        for one in work.values():
            one.close()
