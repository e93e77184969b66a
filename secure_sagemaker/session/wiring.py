"""A secure session's wiring: for each region a botocore session, with its role, its guard and what both ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import botocore.loaders

from secure_sagemaker.audit import AuditTrail
from secure_sagemaker.baseline import SecurityBaseline
from secure_sagemaker.calls import recorded_assumption
from secure_sagemaker.clients import SecureBotocoreSession
from secure_sagemaker.controls import LOOKS, Enforcer
from secure_sagemaker.definitions import DefinitionStore
from secure_sagemaker.exceptions import BaselineError, RegionError
from secure_sagemaker.handlers import Guard
from secure_sagemaker.identity import (
    AssumedRole,
    CredentialCache,
    KeyResolver,
    MfaToken,
    ask,
    mfa_source,
    sts_client,
)
from secure_sagemaker.locks import ForkSafeLock
from secure_sagemaker.network import EndpointPolicy
from secure_sagemaker.references import ReferencedResources
from secure_sagemaker.session.loading import usable

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

__all__ = ["Wiring"]

_SUPPORT_POLICY: Mapping[str, object] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["kms:DescribeKey", *sorted(f"sagemaker:{operation}" for operation in LOOKS)],
            "Resource": "*",
        }
    ],
}
"""What the library itself may do: read what the baseline and calls name, and nothing else."""


class Wiring:
    """What a session's calls go through, in its own region and in each that the baseline states.

    Args:
        baseline: What the calls are held to.
        source: Whose credentials assume the role.
        mfa_token: Gives the MFA code, where the baseline names a device.
        handed: Where the role's credentials are handed out to this process, if they are.
        cache: Where credentials are kept for other processes.
        trail: Where the calls are recorded.
        clock: Tells the time, in UTC.
    """

    def __init__(
        self,
        baseline: SecurityBaseline,
        *,
        source: boto3.Session,
        mfa_token: MfaToken | None,
        handed: Path | None,
        cache: CredentialCache | None,
        trail: AuditTrail,
        clock: Callable[[], datetime],
    ) -> None:
        self._baseline = baseline
        self._handed = handed
        self._cache = cache
        self._trail = trail
        self._clock = clock
        serial = baseline.role.mfa_serial
        self._source = source if serial is None else self._with_mfa(source, serial, mfa_token)
        self._regions: dict[str, SecureBotocoreSession] = {}
        self._regions_lock = ForkSafeLock()
        self.session, self.role, self.guard = self._wire(baseline)

    def within(self, region: str) -> SecureBotocoreSession:
        """The botocore session of a region.

        Raises:
            RegionError: The baseline states nothing for it.
        """
        return self.session if region == self._baseline.region else self._elsewhere(region)

    def creating(self) -> boto3.Session:
        """A session like the own one, but that it may create buckets."""
        enforcer = Enforcer(self._baseline, today=lambda: self._clock().date(), creating=True)
        wired = SecureBotocoreSession(elsewhere=self._elsewhere)
        wired.wire(replace(self.guard, enforcer=enforcer), self.role)
        return boto3.Session(botocore_session=wired)

    def assumed(self, baseline: SecurityBaseline, *, support: bool = False) -> AssumedRole:
        """The role of all calls; or, for what the library itself must read, with its own policy."""
        handed = None
        if self._handed is not None:
            question = {"region": baseline.region, "digest": baseline.digest, "support": support}
            handed = partial(ask, self._handed, question)
        # Session policies add up: beside a managed one, the read-only policy would not be the limit.
        return AssumedRole(
            baseline,
            source=self._source,
            region=baseline.region,
            policy_arns=() if support else baseline.session_policy.policy_arns,
            inline_policy=_SUPPORT_POLICY if support else None,
            session_suffix="-support" if support else "",
            endpoint_problem=_endpoints(baseline).problem,
            handed=handed,
            clock=self._clock,
            cache=self._cache,
            recorded=partial(recorded_assumption, baseline, self._trail),
        )

    def _with_mfa(self, user: boto3.Session, serial: str, token: MfaToken | None) -> boto3.Session:
        region = self._baseline.region
        sts = partial(
            sts_client,
            user,
            region=region,
            endpoint_problem=_endpoints(self._baseline).problem,
            wanted_for=self._baseline.role.arn,
        )
        return mfa_source(
            serial,
            ask=token,
            sts=sts,
            region=region,
            max_age=self._baseline.role.mfa_max_age_seconds,
            clock=self._clock,
            cache=None if self._cache is None else (self._cache, user),
        )

    def _wire(self, baseline: SecurityBaseline) -> tuple[SecureBotocoreSession, AssumedRole, Guard]:
        session = SecureBotocoreSession(elsewhere=self._elsewhere)
        endpoints = _endpoints(baseline)
        enforcer = Enforcer(baseline, today=lambda: self._clock().date())

        def guard(role: AssumedRole, references: ReferencedResources | None) -> Guard:
            return Guard(
                baseline=baseline,
                enforcer=enforcer,
                keys=keys,
                role=role,
                endpoints=endpoints,
                definitions=DefinitionStore(baseline, s3=own_s3),
                trail=self._trail,
                references=references,
            )

        @cache
        def own_s3() -> S3Client:
            client: S3Client = session.create_client("s3")  # type: ignore[assignment]  # botocore knows no kinds
            return client

        @cache
        def support() -> boto3.Session:
            role = self.assumed(baseline, support=True)
            wired = SecureBotocoreSession(elsewhere=self._elsewhere)
            wired.wire(guard(role, None), role)
            return boto3.Session(botocore_session=wired)

        keys = KeyResolver(lambda: support().client("kms"))
        references = ReferencedResources(
            baseline,
            enforcer=enforcer,
            keys=keys,
            client=cache(lambda: support().client("sagemaker")),
            today=lambda: self._clock().date(),
        )
        role = self.assumed(baseline)
        whole = guard(role, references)
        session.wire(whole, role)
        return session, role, whole

    def _elsewhere(self, region: str) -> SecureBotocoreSession:
        with self._regions_lock:
            if region not in self._regions:
                try:
                    there = self._baseline.for_region(region, today=self._clock().date())
                except BaselineError as unstated:
                    raise RegionError(
                        f"a client for {region} was asked for: {unstated.args[0].splitlines()[0]}",
                        remedy=unstated.remedy,
                    ) from unstated
                wired = self._wire(usable(there, today=self._clock().date()))[0]
                boto3.Session(botocore_session=wired)  # its clients get what boto3 adds: upload_file
                self._regions[region] = wired
            return self._regions[region]


def _endpoints(baseline: SecurityBaseline) -> EndpointPolicy:
    return EndpointPolicy.for_partition(
        botocore.loaders.create_loader().load_data("partitions"),
        baseline.role_arn.partition,
        baseline.privatelink.allowed_endpoint_urls,
    )
