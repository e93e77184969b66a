"""SecureSession: a boto3.Session whose every call is made as the baseline says. The only place that wires."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import botocore.loaders
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, UnknownServiceError

from secure_sagemaker.audit import AuditSink, AuditTrail, JsonLinesSink, LoggingSink
from secure_sagemaker.baseline import (
    BaselineDocument,
    KeyReference,
    SecurityBaseline,
    find_file,
    read_document,
)
from secure_sagemaker.buckets import create_bucket
from secure_sagemaker.clients import SecureBotocoreSession
from secure_sagemaker.controls import LOOKS, Enforcement, Enforcer, s3_key
from secure_sagemaker.definitions import DefinitionStore
from secure_sagemaker.exceptions import (
    BaselineError,
    IdentityError,
    RegionError,
    SessionError,
    UnsupportedBaselineError,
)
from secure_sagemaker.handlers import Guard
from secure_sagemaker.identity import (
    ANOTHER_ANSWERS,
    RECORDS_FILE,
    AssumedRole,
    CredentialCache,
    HandedError,
    KeyResolver,
    MfaToken,
    ask,
    handed_folder,
    mfa_source,
    principal_problem,
    read_anchor,
    sts_client,
)
from secure_sagemaker.network import EndpointPolicy
from secure_sagemaker.references import ReferencedResources
from secure_sagemaker.report import SessionReport, Verification

if TYPE_CHECKING:
    from botocore.model import OperationModel
    from types_boto3_s3 import S3Client

    from secure_sagemaker.activation import Activation, Children, Earlier, OtherKeys, ProgramRun, Source
    from secure_sagemaker.sagemaker_sdk.sessions import SdkSession

__all__ = ["SecureSession"]

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

_LATER = (
    ("privatelink.required", lambda baseline: baseline.privatelink.required),
    ("privatelink.services", lambda baseline: bool(baseline.privatelink.services)),
    ("privatelink.endpoints", lambda baseline: bool(baseline.privatelink.endpoints)),
    ("privatelink.allowed_networks", lambda baseline: bool(baseline.privatelink.allowed_networks)),
    ("session_policy.task", lambda baseline: baseline.session_policy.task is not None),
    ("macie.mode", lambda baseline: baseline.macie.mode != "off"),
)


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

    Raises:
        BaselineError: The baseline is missing, malformed, loosened or expired, or asks for what this
            version does not do.
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
    ) -> None:
        self._source = _source_session(source)
        self._handed = _handed()
        self._clock = clock
        self._baseline = _usable(
            _load(baseline, env=env, region=region_name, source=self._source, today=clock().date()),
            today=clock().date(),
        )
        self._trail = AuditTrail(
            self._sink() if audit is None else audit, clock=clock, monotonic=time.monotonic
        )
        self._cache = None if credential_cache is None else CredentialCache(Path(credential_cache))
        if (serial := self._baseline.role.mfa_serial) is not None:
            self._source = self._with_mfa(serial, mfa_token)
        self._regions: dict[str, SecureBotocoreSession] = {}
        self._regions_lock = threading.Lock()
        self._wired, self._role, self._guard = self._wire(self._baseline)
        super().__init__(botocore_session=self._wired, region_name=self._baseline.region)

    def _sink(self) -> AuditSink:
        # Whoever hands out the credentials sums up what was done with them.
        return LoggingSink() if self._handed is None else JsonLinesSink(self._handed / RECORDS_FILE)

    def _with_mfa(self, serial: str, ask: MfaToken | None) -> boto3.Session:
        user, region = self._source, self._baseline.region
        sts = partial(
            sts_client,
            user,
            region=region,
            endpoint_problem=_endpoints(self._baseline).problem,
            wanted_for=self._baseline.role.arn,
        )
        return mfa_source(
            serial,
            ask=ask,
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
            role = self._assumed(baseline, support=True)
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
        role = self._assumed(baseline)
        whole = guard(role, references)
        session.wire(whole, role)
        return session, role, whole

    def _assumed(self, baseline: SecurityBaseline, *, support: bool = False) -> AssumedRole:
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
        )

    def _in(self, region: str) -> SecureBotocoreSession:
        return self._wired if region == self._baseline.region else self._elsewhere(region)

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
                wired = self._wire(_usable(there, today=self._clock().date()))[0]
                boto3.Session(botocore_session=wired)  # its clients get what boto3 adds: upload_file
                self._regions[region] = wired
            return self._regions[region]

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
        creating = Enforcer(self._baseline, today=lambda: self._clock().date(), creating=True)
        wired = SecureBotocoreSession(elsewhere=self._elsewhere)
        wired.wire(replace(self._guard, enforcer=creating), self._role)
        key = s3_key(self._baseline)
        create_bucket(
            boto3.Session(botocore_session=wired).client("s3"),
            name,
            region=self._baseline.region,
            partition=self._baseline.role_arn.partition,
            key_arn=None if key is None else self._key_arn(key),
        )

    # --- what it tells -----------------------------------------------------------------------------

    def explain(self, operation: str | Callable[..., object], /, **parameters: object) -> Enforcement:
        """What would be decided about a call, without calling AWS.

        Args:
            operation: ``create_training_job``, ``CreateTrainingJob``, ``s3.put_object``, or a
                client's bound method. Without a service it is SageMaker's.
            parameters: The call's own parameters.

        Returns:
            The decisions. Its ``lookups`` name key references that only AWS can resolve (``resolve_keys``),
            its ``references`` things made elsewhere that would be looked at.

        Raises:
            SessionError: There is no such operation.
        """
        guard, model = self._guard_of(operation), self._operation(operation)
        enforcement = guard.enforcer.enforce(model, parameters, guard.keys.known)
        if guard.references is None:
            return enforcement
        return replace(enforcement, references=guard.references.told(model, enforcement.parameters))

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
        return self._in(region).guard

    def _operation(self, operation: str | Callable[..., object]) -> OperationModel:
        client = getattr(operation, "__self__", None)
        if client is not None and hasattr(client, "meta"):
            name = client.meta.method_to_api_mapping.get(getattr(operation, "__name__", ""))
            if name is not None:
                bound: OperationModel = client.meta.service_model.operation_model(name)
                return bound
        if not isinstance(operation, str):
            raise SessionError(
                f"{operation!r} is no operation",
                remedy="pass a name such as 'create_training_job', or a bound method of a client",
            )
        service, _, name = operation.rpartition(".")
        try:
            model = self._session.get_service_model(service or "sagemaker")
        except UnknownServiceError as unknown:
            raise SessionError(
                f"there is no service {service!r}", remedy="use boto3's service name"
            ) from unknown
        for candidate in model.operation_names:
            if name in (candidate, xform_name(candidate)):
                return model.operation_model(candidate)
        raise SessionError(
            f"{service or 'sagemaker'} has no operation {name!r}",
            remedy="use boto3's method name; for other services write it as 'service.method'",
        )

    def verify(self) -> Verification:
        """Assume the role and ask AWS who that is and which keys the baseline means. Changes nothing.

        Raises:
            IdentityError: The role cannot be assumed, or another principal answers.
            KeyResolutionError: A key of the baseline cannot be used.
        """
        try:
            caller = self.client("sts").get_caller_identity()
        except (ClientError, BotoCoreError) as failed:
            raise IdentityError(
                f"AWS could not be asked who this session is: {failed}",
                remedy="check the network path to STS in the baseline's region",
            ) from failed
        if (problem := principal_problem(self._baseline, caller["Arn"])) is not None:
            raise IdentityError(problem, remedy=ANOTHER_ANSWERS)
        references = tuple(self._baseline.kms.references())
        arns = self._guard.keys.resolve(references)
        principal = self._role.principal
        return Verification(
            principal=caller["Arn"],
            account=caller["Account"],
            region=self._baseline.region,
            expires=principal.expires if principal else "",
            layers=self._baseline.layers,
            baseline_digest=self._baseline.digest,
            keys=tuple((reference, arns[reference]) for reference in references),
            packed_policy_size=principal.packed_policy_size if principal else None,
        )

    def report(self) -> SessionReport:
        """Every decision of the session so far. Printing it gives a table."""
        return SessionReport(records=self._trail.records, forgotten=self._trail.forgotten)

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

        return Source(baseline=self._baseline, source=self._source, within=self._in, assumed=self._assumed)

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


def _handed() -> Path | None:
    try:
        return handed_folder()
    except HandedError as failed:
        raise IdentityError(
            f"this process is to be handed the role's credentials, and cannot be: {failed}",
            remedy="keep the program that started it running, or start this one without SECURE_SAGEMAKER_HANDED",
        ) from failed


def _restore(baseline: SecurityBaseline) -> SecureSession:
    return SecureSession(baseline)


def _endpoints(baseline: SecurityBaseline) -> EndpointPolicy:
    return EndpointPolicy.for_partition(
        botocore.loaders.create_loader().load_data("partitions"),
        baseline.role_arn.partition,
        baseline.privatelink.allowed_endpoint_urls,
    )


def _source_session(source: boto3.Session | str | None) -> boto3.Session:
    if isinstance(source, boto3.Session):
        return source
    return boto3.Session(profile_name=source)


def _load(
    baseline: SecurityBaseline | str | Path | None,
    *,
    env: str | None,
    region: str | None,
    source: boto3.Session,
    today: date,
) -> SecurityBaseline:
    if isinstance(baseline, SecurityBaseline):
        if env is not None:
            raise BaselineError(
                "env= goes with a baseline file",
                remedy="leave it out, or resolve the file with SecurityBaseline.from_file(path, env=...)",
                field="env",
            )
        return baseline if region is None else baseline.for_region(region, today=today)
    document: BaselineDocument = read_document(
        baseline or find_file(),
        read_anchor=lambda location: read_anchor(
            location, source=source, region=region or source.region_name
        ),
    )
    return document.resolve(
        env=env, region=region, ambient_region=None if region else source.region_name, today=today
    )


def _usable(baseline: SecurityBaseline, *, today: date) -> SecurityBaseline:
    for waiver in baseline.expired_waivers(today):
        raise BaselineError(
            f"the waiver of {waiver.control} ({waiver.ticket}) expired on {waiver.expires.isoformat()}",
            remedy="remove it, or have it approved anew with a later date",
            field="waivers",
        )
    for field, asked in _LATER:
        if asked(baseline):
            raise UnsupportedBaselineError(
                "this version of secure-sagemaker does not do that yet, and will not pretend to",
                remedy="leave the field out, or use a version that does it",
                field=field,
            )
    return baseline
