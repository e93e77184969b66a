"""SecureSession, as a program has it: a boto3.Session that is held to a baseline."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from secure_sagemaker.audit import AuditSink
from secure_sagemaker.baseline import KeyReference, SecurityBaseline, Task, TaskName, Waiver
from secure_sagemaker.buckets import create_bucket
from secure_sagemaker.controls import Enforcement, in_words, s3_key
from secure_sagemaker.exceptions import BaselineError, SessionError
from secure_sagemaker.handlers import Guard
from secure_sagemaker.identity import (
    MfaToken,
    proven,
    source_key,
)
from secure_sagemaker.macie.estimate import Estimate
from secure_sagemaker.macie.precautions import prefixes
from secure_sagemaker.macie.progress import Progress, default_progress
from secure_sagemaker.macie.report import ScanReport
from secure_sagemaker.network import (
    DiscoveredEndpoints,
    EgressGuard,
    allowed_networks,
    discovered,
    own_zone,
)
from secure_sagemaker.report import SessionReport, Verification
from secure_sagemaker.session.loading import usable
from secure_sagemaker.session.making import source_session, wired
from secure_sagemaker.session.operations import operation_model
from secure_sagemaker.session.scope import told_policies
from secure_sagemaker.session.verification import verification
from secure_sagemaker.session.wiring import Wiring

if TYPE_CHECKING:
    from secure_sagemaker.activation import Activation, Children, Earlier, OtherKeys, ProgramRun, Source
    from secure_sagemaker.preflight import PreflightReport
    from secure_sagemaker.sagemaker_sdk.sessions import SdkSession

__all__ = ["SecureSession"]

logger = logging.getLogger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SecureSession(boto3.Session):
    """A ``boto3.Session`` that makes the secure way of using SageMaker the only way.

    Give it to whatever takes a boto3 session. Every client it makes signs as the baseline's role,
    and every request is held to the baseline before it is sent.

    Args:
        baseline: A baseline, the path of a baseline file, or nothing to have one discovered.
        env: The file's ``[env.NAME]`` section to apply.
        region_name: The region to work in; by default the baseline's.
        source: Whose credentials assume the role: a boto3 session, a profile's name, or nothing for
            the default chain.
        audit: Where audit records go; by default Python's logging, or, in a program that
            ``secure-sagemaker run`` started, its summary.
        mfa_token: Gives the current MFA code, when the baseline names an MFA device: ``mfa_prompt``,
            ``mfa_command(...)``, or a function of yours.
        credential_cache: A folder where credentials are kept for the next process of the same user, in files
            that nobody else can read; by default they are kept in memory alone.
        clock: Tells the time, in UTC.
        sleep: Waits, in seconds: for Macie.

    Raises:
        BaselineError: The baseline is missing, malformed, loosened or expired.
        IdentityError: The credential cache is open to others.
    """

    def __init__(
        self,
        baseline: SecurityBaseline | str | Path | None = None,
        *,
        env: str | None = None,
        region_name: str | None = None,
        source: boto3.Session | str | None = None,
        audit: AuditSink | None = None,
        mfa_token: MfaToken | None = None,
        credential_cache: str | Path | None = None,
        clock: Callable[[], datetime] = _utc_now,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        caller = source_session(source)
        wiring = wired(
            baseline,
            env=env,
            region=region_name,
            source=caller,
            audit=audit,
            mfa_token=mfa_token,
            credential_cache=credential_cache,
            clock=clock,
            sleep=sleep,
        )
        for waiver in wiring.baseline.waivers:
            logger.warning("%s", in_words(waiver))
        self._begin(wiring, caller)

    def _begin(self, wiring: Wiring, source: boto3.Session) -> None:
        self._wiring, self._source = wiring, source
        self._baseline, self._trail = wiring.baseline, wiring.trail
        self._role, self._guard = wiring.role, wiring.guard
        self._policies = told_policies(self._baseline, today=wiring.today())
        super().__init__(botocore_session=wiring.session, region_name=self._baseline.region)

    def __repr__(self) -> str:
        return f"SecureSession(role={self._baseline.role.arn!r}, region_name={self._baseline.region!r})"

    def __reduce__(self) -> tuple[Callable[..., SecureSession], tuple[SecurityBaseline]]:
        return _restore, (self._baseline,)

    # --- what it is held to ------------------------------------------------------------------------

    @property
    def baseline(self) -> SecurityBaseline:
        """The baseline that every call is held to."""
        return self._baseline

    @property
    def execution_role(self) -> str:
        """The ARN of the role that jobs and models are given."""
        return self._baseline.execution_roles.default

    @property
    def default_bucket(self) -> str:
        """The bucket for what the SDK uploads.

        Raises:
            BaselineError: The baseline names none.
        """
        bucket = self._baseline.data_perimeter.default_bucket
        if bucket is None:
            raise BaselineError(
                "the baseline names no default bucket",
                remedy="state data_perimeter.default_bucket, one of data_perimeter.write",
                field="data_perimeter.default_bucket",
            )
        return bucket

    def create_bucket(self, name: str) -> None:
        """Create a bucket of ``data_perimeter.write``: encrypted, closed to the public, reached by TLS only.

        Call it again when it failed half-way. A policy that the bucket has already is not replaced.

        Raises:
            ControlError: The baseline does not permit it, or not this bucket.
            SessionError: The bucket is not as it was asked to be.
        """
        key = s3_key(self._baseline)
        create_bucket(
            self._wiring.creating().client("s3"),
            name,
            region=self._baseline.region,
            partition=self._baseline.role_arn.partition,
            key_arn=None if key is None else self._key_arn(key),
        )

    # --- narrower sessions ---------------------------------------------------------------------------

    def scoped_to(
        self,
        *tasks: Task | TaskName,
        names: Sequence[str] = (),
        inputs: Sequence[str] = (),
        outputs: Sequence[str] = (),
        endpoint: str | None = None,
        instance_types: Sequence[str] = (),
    ) -> SecureSession:
        """A session for some tasks alone, of the same source and baseline: AWS refuses it everything else.

        What is not stated stays as it is here. Nothing can be wider than it is here.

        Args:
            tasks: What it is for, such as ``"train"``, ``"deploy"``.
            names: Names, or beginnings of names with a ``*``, of the jobs, models and so on it is about.
            inputs: The S3 locations it reads, such as ``s3://ml-datasets/churn/``.
            outputs: The S3 locations it writes, and reads back.
            endpoint: The name of the endpoint it is about, where ``names`` is not.
            instance_types: The instance types it asks for.

        Raises:
            LoosenedBaselineError: It would be wider than this session in something.
            BaselineError: Something is malformed, or no task is stated, here or there.
            PolicyError: A location is none that the baseline lists, or the policy is larger than STS takes.
        """
        stated = {
            "tasks": list(tasks),
            "names": list(names),
            "inputs": list(inputs),
            "outputs": list(outputs),
            "endpoints": [] if endpoint is None else [endpoint],
            "instance_types": list(instance_types),
        }
        if not any(stated.values()):
            raise SessionError(
                "scoped_to was given nothing to narrow the session to",
                remedy=f"name a task, such as scoped_to({Task.TRAIN.value!r})",
            )
        return self._narrowed({name: values for name, values in stated.items() if values})

    def _narrowed(self, stated: Mapping[str, object]) -> SecureSession:
        today = self._wiring.today()
        baseline = self._baseline.tightened({"session_policy": stated}, source="scoped_to", today=today)
        child = SecureSession.__new__(SecureSession)
        child._begin(self._wiring.narrowed(usable(baseline, today=today)), self._source)  # noqa: SLF001  # of this very class
        return child

    # --- what it tells -----------------------------------------------------------------------------

    def explain(self, operation: str | Callable[..., object], /, **parameters: object) -> Enforcement:
        """What would be decided about a call, without calling AWS.

        Args:
            operation: ``create_training_job``, ``CreateTrainingJob``, ``s3.put_object``, or a
                client's bound method. Without a service it is SageMaker's.
            parameters: The call's own parameters.

        Returns:
            The decisions. Its ``lookups`` name key references that only AWS can resolve (``resolve_keys``),
            its ``references`` things made elsewhere that would be looked at, and data that needs a verdict.

        Raises:
            SessionError: There is no such operation.
        """
        guard, model = self._guard_of(operation), operation_model(self._session, operation)
        enforcement = guard.enforcer.enforce(model, parameters, guard.keys.known)
        final = enforcement.parameters
        references = () if guard.references is None else guard.references.told(model, final)
        data = () if guard.data is None else guard.data.told(model, final)
        return replace(enforcement, references=(*references, *data))

    def resolve_keys(self, *references: str) -> Mapping[str, str]:
        """Ask AWS which keys are meant, so that ``explain`` can tell: reference to key ARN.

        Raises:
            KeyResolutionError: A key cannot be described, or is not one that can encrypt.
        """
        known = self._guard.keys.resolve(references)
        return {reference: known[reference] for reference in references}

    def _guard_of(self, operation: object) -> Guard:
        meta = getattr(getattr(operation, "__self__", None), "meta", None)
        region = self._baseline.region if meta is None else str(meta.region_name)
        if region == self._baseline.region or region.endswith("-global"):
            return self._guard
        return self._wiring.within(region).guard

    def verify(self) -> Verification:
        """Assume the role and ask AWS who that is and which keys the baseline means. Changes nothing.

        Raises:
            IdentityError: The role cannot be assumed, or another principal answers.
            KeyResolutionError: A key of the baseline cannot be used.
        """
        caller = proven(self._baseline, lambda: self.client("sts"))
        references = tuple(self._baseline.kms.references())
        arns = self._guard.keys.resolve(references)
        source = source_key(self._source, self._wiring.hold) if self._wiring.assumes else None
        return verification(
            self._baseline,
            caller=caller,
            keys=tuple((reference, arns[reference]) for reference in references),
            role=self._role,
            source=source,
            policies=self._policies,
            waivers=self._waivers(),
        )

    def discover(self, *, availability_zone: str | None = None) -> DiscoveredEndpoints:
        """Ask EC2 which VPC endpoints each service is reached by, in the VPC of the baseline's subnets.

        Args:
            availability_zone: The caller's, such as ``eu-west-1a``, whose own names are preferred; by default the
                machine's, where its metadata tells one.

        Returns:
            The map. Its ``layer`` is for ``baseline.tightened(...)``, its text for the baseline's file.

        Raises:
            SessionError: The endpoints cannot be read.
            PeerError: They would be told from outside of the allowed networks.
        """
        return discovered(
            self._wiring.vpc.endpoints(),
            region=self._baseline.region,
            zone=availability_zone or own_zone(),
        )

    def egress_guard(self) -> EgressGuard:
        """Have this process connect to the allowed networks alone, while the ``with`` block lasts.

        All threads and libraries are held that use Python's sockets, not what connects by other means, and no other
        process. Connections that stand already are left alone; AWS services that are let out publicly are refused, too.

        Raises:
            SessionError: The VPC's networks are not stated, and cannot be found out.
        """
        return EgressGuard(allowed_networks(self._baseline, self._wiring.vpc))

    def preflight(self) -> PreflightReport:
        """Ask AWS whether the account is what the baseline says: network, roles, keys, buckets. Changes nothing.

        What cannot be read is reported as unknown, never as well.
        """
        from secure_sagemaker.preflight.inspection import inspect

        return inspect(self._baseline, self._wiring.reading(), today=self._wiring.today())

    def scan(
        self,
        uris: Sequence[str] = (),
        *,
        resume: str | None = None,
        again: bool = False,
        wait: bool = True,
        timeout_seconds: float | None = None,
        progress: Progress | None = None,
    ) -> ScanReport:
        """Have Macie read data, wait for it, and say what the baseline thinks of what it holds.

        What has a fresh verdict is not read again. A scan that is stopped, by whatever, goes on with the next one.

        Args:
            uris: S3 locations: objects by their keys, or all that begins with a prefix.
            resume: The id of a job that an earlier scan made, to wait for it alone.
            again: Whether what could not be read before is tried once more.
            wait: Whether to wait for the jobs that are made. Else the report tells what is known already.
            timeout_seconds: How long to wait; by default ``macie.timeout_minutes``.
            progress: Is told how far it is; by default a bar in a terminal and in a notebook, else the log.

        Raises:
            ScanError: It cannot be had: Macie is not enabled, may not be asked, would take too much, or too long.
        """
        scanner = self._wiring.scanner()
        with default_progress() if progress is None else nullcontext(progress) as told:
            if resume is not None:
                return scanner.resume(resume, progress=told, timeout_seconds=timeout_seconds)
            return scanner.scan(
                prefixes(uris), progress=told, timeout_seconds=timeout_seconds, again=again, wait=wait
            )

    def estimate_scan(self, uris: Sequence[str]) -> Estimate:
        """What ``scan`` would cost now. It is an estimate from S3's listing: Macie is not asked.

        Raises:
            ScanError: Something cannot be listed.
        """
        return self._wiring.scanner().estimate(prefixes(uris))

    def snapshot(self, uris: Sequence[str]) -> Mapping[str, str]:
        """Copies of data that was read and accepted, below ``macie.snapshot``, where nobody changes them.

        A call's own inputs are copied by the call. What a pipeline names is not: take its snapshot and name the copies.

        Args:
            uris: S3 locations: objects by their keys, or all that begins with a prefix.

        Returns:
            Each location, and the same within its snapshot. Equal data has one snapshot, however often it is taken.

        Raises:
            ScanError: No folder is stated, or its bucket's policy does not protect it; what lies there is not
                accepted, changed meanwhile, or cannot be copied.
        """
        inputs = prefixes(uris)
        copies = self._wiring.scanner().snapshot(inputs)
        return {one.uri: copy.uri for one, copy in zip(inputs, copies, strict=True)}

    def report(self) -> SessionReport:
        """Every decision of the session so far. Printing it gives a table."""
        return SessionReport(
            records=self._trail.records, forgotten=self._trail.forgotten, waivers=self._waivers()
        )

    def _waivers(self) -> tuple[Waiver, ...]:
        ended = self._baseline.expired_waivers(self._wiring.today())
        return tuple(waiver for waiver in self._baseline.waivers if waiver not in ended)

    # --- the whole process -------------------------------------------------------------------------

    def activate(
        self,
        *,
        earlier: Earlier = "refuse",
        other_keys: OtherKeys = "refuse",
        children: Children = "activate",
    ) -> Activation:
        """Put the whole process under this session: every botocore client, whoever makes it.

        It begins with the call, and ends with the ``with`` block or with ``deactivate()``.

        Args:
            earlier: What becomes of clients that were made before: refused when they are used, or
                adopted as if they had been made now.
            other_keys: Whether sessions and clients with access keys of their own are refused, or left
                alone: they sign with those, and are held to nothing.
            children: Whether the processes that are started meanwhile are put under it as well, by the
                environment that they inherit, or left alone.

        Raises:
            SessionError: Another baseline is active already, or other choices are.
        """
        from secure_sagemaker.activation import begin

        return begin(self, self._parts(), earlier=earlier, other_keys=other_keys, children=children)

    def run(self, command: Sequence[str], *, other_keys: OtherKeys = "refuse") -> ProgramRun:
        """Run a program under this session, with what it starts, and wait for it: what ``secure-sagemaker run`` does.

        Args:
            command: The program and its arguments.
            other_keys: As ``activate`` takes it.

        Raises:
            OSError: There is no such program, or it may not be run.
            IdentityError: The role cannot be assumed; the program was not started.
        """
        from secure_sagemaker.activation import run

        return run(command, self._parts(), other_keys=other_keys)

    def _parts(self) -> Source:
        from secure_sagemaker.activation import Source

        return Source(
            baseline=self._baseline,
            source=self._source,
            within=self._wiring.within,
            assumed=self._wiring.assumed,
            narrowed=lambda stated: self._narrowed(stated)._parts(),  # noqa: SLF001  # another object of this very class
            trail=self._trail,
        )

    # --- the SageMaker Python SDK ------------------------------------------------------------------

    def sagemaker_session(self) -> SdkSession:
        """The SageMaker Python SDK's own session, v2 or v3, carrying this one.

        Raises:
            UnsupportedSdkError: No SDK is installed, or one that ignores the session given to it.
            KeyResolutionError: A key of the baseline cannot be used.
        """
        from secure_sagemaker.sagemaker_sdk import make_sagemaker_session, sdk_defaults

        key = s3_key(self._baseline)
        defaults = sdk_defaults(
            self._baseline,
            default_bucket=self.default_bucket,
            s3_kms_key=None if key is None else self._key_arn(key),
        )
        return make_sagemaker_session(self, defaults, issued=self._role.issued)

    def _key_arn(self, reference: str) -> str:
        parsed = KeyReference.parse(reference)
        if parsed is not None and parsed.key_arn is not None:
            return parsed.key_arn
        return self._guard.keys.resolve([reference])[reference]


def _restore(baseline: SecurityBaseline) -> SecureSession:
    return SecureSession(baseline)
