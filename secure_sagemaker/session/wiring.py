"""A secure session's wiring: for each region a botocore session, with its role, its guard and what both ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from secure_sagemaker.admission import DataAdmission, Held
from secure_sagemaker.audit import AuditTrail
from secure_sagemaker.baseline import SecurityBaseline
from secure_sagemaker.calls import recorded_assumption
from secure_sagemaker.clients import SecureBotocoreSession
from secure_sagemaker.controls import Enforcer
from secure_sagemaker.definitions import DefinitionStore
from secure_sagemaker.exceptions import BaselineError, RegionError
from secure_sagemaker.handlers import Guard, hold_to_network
from secure_sagemaker.identity import (
    AssumedRole,
    CredentialCache,
    Hold,
    KeyResolver,
    MfaToken,
    PassedPolicies,
    Purpose,
    ask,
    mfa_source,
    sts_client,
)
from secure_sagemaker.locks import ForkSafeLock
from secure_sagemaker.macie.engine import Scanner
from secure_sagemaker.macie.underway import Timing
from secure_sagemaker.network import EarlyPeers, NetworkPolicy, Vpc
from secure_sagemaker.references import ReferencedResources
from secure_sagemaker.session.loading import usable
from secure_sagemaker.session.scanning import data_admission, scanner_of
from secure_sagemaker.session.scope import resolved_policies, scan_policies, support_policies

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

__all__ = ["Wiring", "with_mfa"]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Region:
    """What calls go through in one region."""

    session: SecureBotocoreSession
    assumed: Mapping[Purpose, AssumedRole]
    guard: Guard
    vpc: Vpc
    hold: Hold
    reading: Callable[[], boto3.Session]
    """Gives the session that the support role signs."""
    scanner: Callable[[], Scanner]
    """Gives what scans there."""


class Wiring:
    """What a session's calls go through, in its own region and in each that the baseline states.

    Args:
        baseline: What the calls are held to.
        source: Whose credentials assume the role.
        handed: Where the role's credentials are handed out to this process, if they are.
        cache: Where credentials are kept for other processes.
        trail: Where the calls are recorded.
        clock: Tells the time, in UTC.
        early: Who has answered, and may, until the VPC's networks are known.
        sleep: Waits, in seconds.
    """

    def __init__(
        self,
        baseline: SecurityBaseline,
        *,
        source: boto3.Session,
        handed: Path | None,
        cache: CredentialCache | None,
        trail: AuditTrail,
        clock: Callable[[], datetime],
        early: EarlyPeers,
        sleep: Callable[[float], object],
    ) -> None:
        self.baseline = baseline
        self.trail = trail
        self._source = source
        self._handed = handed
        self._cache = cache
        self._clock = clock
        self._regions: dict[str, _Region] = {}
        self._regions_lock = ForkSafeLock()
        self._early = early
        self._sleep = sleep
        self._own = self._wire(baseline, early)
        self.session, self.guard = self._own.session, self._own.guard
        self.role = self._own.assumed[Purpose.WORK]

    @property
    def assumes(self) -> bool:
        """Whether the role is assumed here, and not handed out by another process."""
        return self._handed is None

    def today(self) -> date:
        """The day, in UTC."""
        return self._clock().date()

    def narrowed(self, baseline: SecurityBaseline) -> Wiring:
        """One from the same source, for a tighter baseline, with records of its own. MFA is not asked for again."""
        return Wiring(
            baseline,
            source=self._source,
            handed=self._handed,
            cache=self._cache,
            trail=AuditTrail(self.trail.sink, clock=self._clock, monotonic=self.trail.monotonic),
            clock=self._clock,
            early=self._early,
            sleep=self._sleep,
        )

    def within(self, region: str) -> SecureBotocoreSession:
        """The botocore session of a region.

        Raises:
            RegionError: The baseline states nothing for it.
        """
        return self._region(region).session

    def assumed(self, region: str, purpose: Purpose) -> AssumedRole:
        """The role of a region as it is assumed for a purpose, each with a policy of its own.

        Raises:
            RegionError: The baseline states nothing for it.
        """
        return self._region(region).assumed[purpose]

    @property
    def hold(self) -> Hold:
        """Holds the clients by which credentials are got to what is said of the way to AWS."""
        return self._own.hold

    @property
    def vpc(self) -> Vpc:
        """What is found out of the VPC in its own region."""
        return self._own.vpc

    def reading(self) -> boto3.Session:
        """The session with which the library itself reads in its own region."""
        return self._own.reading()

    def scanner(self) -> Scanner:
        """What has Macie read data in its own region.

        Raises:
            ScanError: The file of verdicts cannot be used.
        """
        return self._own.scanner()

    def creating(self) -> boto3.Session:
        """A session like the own one, but that it may create buckets."""
        enforcer = Enforcer(self.baseline, today=self.today, creating=True)
        wired = SecureBotocoreSession(elsewhere=self.within)
        wired.wire(replace(self.guard, enforcer=enforcer), self.role)
        return boto3.Session(botocore_session=wired)

    def _assumed(
        self,
        baseline: SecurityBaseline,
        policies: Callable[[], PassedPolicies],
        *,
        hold: Hold,
        purpose: Purpose = Purpose.WORK,
    ) -> AssumedRole:
        handed = None
        if self._handed is not None:
            question = {
                "region": baseline.region,
                "digest": baseline.digest,
                "session_policy": baseline.session_policy.model_dump(mode="json", exclude_defaults=True),
                "purpose": purpose.value,
            }
            handed = partial(ask, self._handed, question)
        return AssumedRole(
            baseline,
            source=self._source,
            region=baseline.region,
            policies=policies,
            session_suffix=purpose.suffix,
            hold=hold,
            handed=handed,
            clock=self._clock,
            cache=self._cache,
            recorded=partial(recorded_assumption, baseline, self.trail),
        )

    def _wire(self, baseline: SecurityBaseline, early: EarlyPeers) -> _Region:
        session = SecureBotocoreSession(elsewhere=self.within)
        vpc = Vpc(subnets=baseline.vpc.subnets, ec2=lambda: finding().client("ec2"), early=early)
        # What credentials are got by finds out nothing: that would take credentials.
        first = NetworkPolicy.first(baseline, today=self.today, early=early)
        network = first.then(baseline, today=self.today, vpc=vpc)
        enforcer = Enforcer(baseline, today=self.today)

        def guard(
            role: AssumedRole,
            references: ReferencedResources | None = None,
            data: DataAdmission | None = None,
        ) -> Guard:
            return Guard(
                baseline=baseline,
                enforcer=enforcer,
                keys=keys,
                role=role,
                network=network,
                definitions=DefinitionStore(baseline, s3=own_s3),
                trail=self.trail,
                references=references,
                data=data,
            )

        @cache
        def own_s3() -> S3Client:
            client: S3Client = session.create_client("s3")  # type: ignore[assignment]  # botocore knows no kinds
            return client

        @cache
        def support() -> boto3.Session:
            return signed_by(reader, guard(reader))

        @cache
        def finding() -> boto3.Session:
            return signed_by(reader, replace(guard(reader), network=first))

        def signed_by(role: AssumedRole, held_to: Guard) -> boto3.Session:
            wired = SecureBotocoreSession(elsewhere=self.within)
            wired.wire(held_to, role)
            return boto3.Session(botocore_session=wired)

        @cache
        def scanner() -> Scanner:
            return scanner_of(
                baseline,
                session=signed_by(searcher, guard(searcher)),
                timing=Timing(now=self._clock, monotonic=self.trail.monotonic, sleep=self._sleep),
                asked_by=lambda: searcher.source_identity or baseline.role.arn,
            )

        def held_to(stated: SecurityBaseline) -> Held:
            tightened = Enforcer(stated, today=self.today)
            return Held(enforcer=tightened, references=looking(stated, tightened))

        def looking(stated: SecurityBaseline, enforcer: Enforcer) -> ReferencedResources:
            return ReferencedResources(
                stated,
                enforcer=enforcer,
                keys=keys,
                client=cache(lambda: support().client("sagemaker")),
                today=self.today,
            )

        def policies() -> PassedPolicies:
            return resolved_policies(baseline, today=self.today(), keys=keys)

        keys = KeyResolver(lambda: support().client("kms"))
        references = looking(baseline, enforcer)
        data = None
        if baseline.macie.mode != "off":
            data = data_admission(
                baseline,
                scanner=scanner,
                enforcer=enforcer,
                keys=keys,
                references=references,
                held_to=held_to,
                today=self.today,
            )
        hold = partial(hold_to_network, network=first)
        reader = self._assumed(baseline, support_policies, hold=hold, purpose=Purpose.SUPPORT)
        searcher = self._assumed(baseline, partial(scan_policies, baseline), hold=hold, purpose=Purpose.SCAN)
        role = self._assumed(baseline, policies, hold=hold)
        whole = guard(role, references, data)
        session.wire(whole, role)
        return _Region(
            session=session,
            assumed={Purpose.WORK: role, Purpose.SUPPORT: reader, Purpose.SCAN: searcher},
            guard=whole,
            reading=support,
            scanner=scanner,
            vpc=vpc,
            hold=hold,
        )

    def _region(self, region: str) -> _Region:
        if region == self.baseline.region:
            return self._own
        with self._regions_lock:
            if region not in self._regions:
                try:
                    there = self.baseline.for_region(region, today=self.today())
                except BaselineError as unstated:
                    raise RegionError(
                        f"a client for {region} was asked for: {unstated.args[0].splitlines()[0]}",
                        remedy=unstated.remedy,
                    ) from unstated
                wired = self._wire(usable(there, today=self.today()), EarlyPeers())
                boto3.Session(botocore_session=wired.session)  # its clients get what boto3 adds: upload_file
                self._regions[region] = wired
            return self._regions[region]


def with_mfa(
    source: boto3.Session,
    baseline: SecurityBaseline,
    *,
    token: MfaToken | None,
    cache: CredentialCache | None,
    clock: Callable[[], datetime],
    hold: Hold,
) -> boto3.Session:
    """A source whose credentials had MFA, where the baseline names a device; the code is asked for when they are."""
    if baseline.role.mfa_serial is None:
        return source
    sts = partial(
        sts_client,
        source,
        region=baseline.region,
        hold=hold,
        wanted_for=baseline.role.arn,
    )
    return mfa_source(
        baseline.role.mfa_serial,
        ask=token,
        sts=sts,
        region=baseline.region,
        max_age=baseline.role.mfa_max_age_seconds,
        clock=clock,
        cache=None if cache is None else (cache, source),
    )
