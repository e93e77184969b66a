"""SecureSession: a boto3.Session whose every call is made as the baseline says. The only place that wires."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import boto3
import botocore.session
from botocore import UNSIGNED, xform_name
from botocore.config import Config
from botocore.credentials import CredentialResolver
from botocore.exceptions import BotoCoreError, ClientError, UnknownServiceError

from secure_sagemaker.audit import AuditSink, LoggingSink
from secure_sagemaker.baseline import (
    BaselineDocument,
    ControlId,
    IsolationMode,
    KeyReference,
    Mode,
    SecurityBaseline,
    find_file,
    read_document,
)
from secure_sagemaker.controls import Enforcement, Enforcer, baseline_key
from secure_sagemaker.exceptions import (
    BaselineError,
    IdentityError,
    RegionError,
    SessionError,
    UnsupportedBaselineError,
)
from secure_sagemaker.handlers import AuditTrail, Guard, register
from secure_sagemaker.identity import (
    AssumedRole,
    AssumeRoleProvider,
    KeyResolver,
    MfaToken,
    read_anchor,
)
from secure_sagemaker.network import EndpointPolicy
from secure_sagemaker.report import SessionReport, Verification

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.model import OperationModel

    from secure_sagemaker.sagemaker_sdk import SdkDefaults, SdkSession

__all__ = ["SecureSession"]

_SUPPORT_POLICY: Mapping[str, object] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["kms:DescribeKey"], "Resource": "*"}],
}
"""What the library itself may do: read what the baseline names, and nothing else."""

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


class _SecureBotocoreSession(botocore.session.Session):
    """A botocore session that makes no client which would leave the secured path."""

    def __init__(self, *, elsewhere: Callable[[str], botocore.session.Session]) -> None:
        super().__init__()
        self._elsewhere = elsewhere
        self._guard: Guard | None = None
        self._home: str = ""

    def wire(self, guard: Guard, role: AssumedRole) -> None:
        """Put the role's credentials and the guard in, before any client exists."""
        self._home = guard.baseline.region
        self._guard = guard
        self.set_config_variable("region", self._home)
        self.user_agent_extra = (
            f"secure-sagemaker/{version('secure-sagemaker')} baseline/{guard.baseline.digest[:12]}"
        )
        resolver = CredentialResolver([AssumeRoleProvider(role)])
        self.register_component("credential_provider", resolver)
        register(self.get_component("event_emitter"), guard)

    @property
    def guard(self) -> Guard:
        """What its calls are held to."""
        if self._guard is None:
            raise RuntimeError("the session is used before it is wired")
        return self._guard

    def set_credentials(self, *_: object, **__: object) -> NoReturn:
        """Refuse credentials other than the role's.

        Raises:
            SessionError: Always.
        """
        raise _foreign_credentials("credentials were set on the session")

    def create_client(  # type: ignore[override]  # the rest is botocore's own, passed on as it is
        self,
        service_name: str,
        region_name: str | None = None,
        **options: Any,
    ) -> BaseClient:
        """Make a client that signs as the role, verifies TLS and talks to AWS.

        Raises:
            SessionError: The options ask for anything else.
            RegionError: The baseline states nothing for the region.
        """
        region_name = region_name or self._configured_region(options)
        if region_name and region_name != self._home and not region_name.endswith("-global"):
            return self._elsewhere(region_name).create_client(service_name, region_name, **options)
        self._refuse_options(options)
        if service_name == "s3":
            # S3 takes KMS keys only from requests, presigned ones included, that SigV4 covers.
            given = options.get("config")
            v4 = Config(signature_version="s3v4")
            options["config"] = v4 if given is None else given.merge(v4)
        client = super().create_client(service_name, region_name=region_name, **options)
        endpoint = client.meta.endpoint_url
        if (problem := self.guard.endpoints.problem(endpoint)) is not None:
            raise SessionError(
                f"a {service_name} client would talk to {endpoint}: {problem}",
                remedy="unset AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_<SERVICE> and endpoint_url in the shared config, "
                "leave endpoint_url= and use_ssl= out, or list the origin in privatelink.allowed_endpoint_urls",
            )
        return client

    def _configured_region(self, options: Mapping[str, object]) -> str | None:
        configs = (options.get("config"), self.get_default_client_config())
        regions = (getattr(config, "region_name", None) for config in configs)
        return next((str(region) for region in regions if region is not None), None)

    def _refuse_options(self, options: Mapping[str, object]) -> None:
        for name in ("aws_access_key_id", "aws_secret_access_key", "aws_session_token"):
            if options.get(name) is not None:
                raise _foreign_credentials(f"{name}= was given")
        verify = options.get("verify")
        if verify is not None and not verify:
            raise SessionError(
                f"verify={verify!r} was given: TLS certificates would not be checked",
                remedy="leave it out, or name a CA bundle (verify='/path/ca.pem' or AWS_CA_BUNDLE)",
            )
        config = options.get("config")
        if getattr(config, "signature_version", None) is UNSIGNED:
            raise _foreign_credentials("Config(signature_version=UNSIGNED) was given")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secure session's botocore session holds credentials: pickle the SecureSession")


def _foreign_credentials(what: str) -> SessionError:
    return SessionError(
        f"{what}: calls of this session are signed as the baseline's role and nothing else",
        remedy="leave it out; for another identity, make another session",
    )


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
        audit: Where audit records go; by default Python's logging.
        mfa_token: Gives the current MFA code, when the baseline names an MFA device.
        clock: Tells the time, in UTC.

    Raises:
        BaselineError: The baseline is missing, malformed, loosened or expired, or asks for what this
            version does not do.
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
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._source = _source_session(source)
        self._clock = clock
        self._mfa_token = mfa_token
        self._baseline = _usable(
            _load(baseline, env=env, region=region_name, source=self._source, today=clock().date()),
            today=clock().date(),
        )
        self._trail = AuditTrail(
            LoggingSink() if audit is None else audit, clock=clock, monotonic=time.monotonic
        )
        self._regions: dict[str, _SecureBotocoreSession] = {}
        self._regions_lock = threading.Lock()
        wired, self._role, self._guard = self._wire(self._baseline)
        super().__init__(botocore_session=wired, region_name=self._baseline.region)

    def _wire(self, baseline: SecurityBaseline) -> tuple[_SecureBotocoreSession, AssumedRole, Guard]:
        session = _SecureBotocoreSession(elsewhere=self._elsewhere)
        endpoints = EndpointPolicy.for_partition(
            session.get_component("data_loader").load_data("partitions"),
            baseline.role_arn.partition,
            baseline.privatelink.allowed_endpoint_urls,
        )
        enforcer = Enforcer(baseline, today=lambda: self._clock().date())

        def assumed(
            suffix: str, *, inline: Mapping[str, object] | None = None, managed: Sequence[str] = ()
        ) -> AssumedRole:
            return AssumedRole(
                baseline,
                source=self._source,
                region=baseline.region,
                policy_arns=managed,
                inline_policy=inline,
                session_suffix=suffix,
                mfa_token=self._mfa_token,
                endpoint_problem=endpoints.problem,
            )

        def guard(role: AssumedRole, keys: KeyResolver) -> Guard:
            return Guard(
                baseline=baseline,
                enforcer=enforcer,
                keys=keys,
                role=role,
                endpoints=endpoints,
                trail=self._trail,
            )

        @cache
        def support() -> boto3.Session:
            # Session policies add up: beside a managed one, the read-only policy would not be the limit.
            role = assumed("-support", inline=_SUPPORT_POLICY)
            wired = _SecureBotocoreSession(elsewhere=self._elsewhere)
            wired.wire(guard(role, keys), role)
            return boto3.Session(botocore_session=wired)

        keys = KeyResolver(lambda: support().client("kms"))
        role = assumed("", managed=baseline.session_policy.policy_arns)
        session.wire(guard(role, keys), role)
        return session, role, guard(role, keys)

    def _elsewhere(self, region: str) -> _SecureBotocoreSession:
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

    # --- what it tells -----------------------------------------------------------------------------

    def explain(self, operation: str | Callable[..., object], /, **parameters: object) -> Enforcement:
        """What would be decided about a call, without calling AWS.

        Args:
            operation: ``create_training_job``, ``CreateTrainingJob``, ``s3.put_object``, or a
                client's bound method. Without a service it is SageMaker's.
            parameters: The call's own parameters.

        Returns:
            The decisions. Its ``lookups`` name key references that only AWS can resolve.

        Raises:
            SessionError: There is no such operation.
        """
        guard = self._guard_of(operation)
        return guard.enforcer.enforce(self._operation(operation), parameters, guard.keys.known)

    def _guard_of(self, operation: object) -> Guard:
        meta = getattr(getattr(operation, "__self__", None), "meta", None)
        region = self._baseline.region if meta is None else str(meta.region_name)
        if region == self._baseline.region or region.endswith("-global"):
            return self._guard
        return self._elsewhere(region).guard

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
        expected = f":assumed-role/{self._baseline.role_arn.resource.rpartition('/')[2]}/"
        if caller["Account"] != self._baseline.account or expected not in caller["Arn"]:
            raise IdentityError(
                f"AWS sees {caller['Arn']}, and the baseline names {self._baseline.role.arn}",
                remedy="find out what answers in STS's place: an endpoint override or a proxy",
            )
        references = tuple(self._baseline.kms.references())
        principal = self._role.principal
        return Verification(
            principal=caller["Arn"],
            account=caller["Account"],
            region=self._baseline.region,
            expires=principal.expires if principal else "",
            layers=self._baseline.layers,
            baseline_digest=self._baseline.digest,
            keys=tuple((reference, self._key_arn(reference)) for reference in references),
            packed_policy_size=principal.packed_policy_size if principal else None,
        )

    def report(self) -> SessionReport:
        """Every decision of the session so far. Printing it gives a table."""
        return SessionReport(records=self._trail.records, forgotten=self._trail.forgotten)

    # --- the SageMaker Python SDK ------------------------------------------------------------------

    def sagemaker_session(self) -> SdkSession:
        """The SageMaker Python SDK's own session, v2 or v3, carrying this one.

        Raises:
            UnsupportedSdkError: No SDK is installed, or one that ignores the session given to it.
            KeyResolutionError: A key of the baseline cannot be used.
        """
        from secure_sagemaker.sagemaker_sdk import make_sagemaker_session

        return make_sagemaker_session(self, self._sdk_defaults())

    def _sdk_defaults(self) -> SdkDefaults:
        from secure_sagemaker.sagemaker_sdk import SdkDefaults

        baseline = self._baseline
        observed = {control for control in ControlId if baseline.mode(control) is Mode.OBSERVE}
        key = baseline_key(baseline, ControlId.S3_ENCRYPTION)
        no_key = {ControlId.S3_ENCRYPTION} & (observed | set(baseline.kms.aws_managed))
        network = None if ControlId.VPC_CONFIG in observed else baseline.vpc
        isolation = None if ControlId.NETWORK_ISOLATION in observed else baseline.network_isolation
        traffic = (
            baseline.hardening.inter_container_encryption
            and ControlId.INTER_CONTAINER_ENCRYPTION not in observed
        )
        tags = {} if ControlId.REQUIRED_TAGS in observed else baseline.required_tags
        return SdkDefaults(
            execution_role=self.execution_role,
            default_bucket=self.default_bucket,
            s3_kms_key=None if no_key or key is None else self._key_arn(key),
            subnets=network.subnets if network else (),
            security_group_ids=network.security_groups if network else (),
            training_isolation=_isolated(isolation.training) if isolation else None,
            model_isolation=_isolated(isolation.models) if isolation else None,
            inter_container_encryption=traffic or None,
            tags=tuple((key, allowed[0]) for key, allowed in tags.items() if len(allowed) == 1),
        )

    def _key_arn(self, reference: str) -> str:
        parsed = KeyReference.parse(reference)
        if parsed is not None and parsed.key_arn is not None:
            return parsed.key_arn
        return self._guard.keys.resolve([reference])[reference]


def _isolated(mode: IsolationMode) -> bool | None:
    return None if mode is IsolationMode.OFF else True


def _restore(baseline: SecurityBaseline) -> SecureSession:
    return SecureSession(baseline)


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
