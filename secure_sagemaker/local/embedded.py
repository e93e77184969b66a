"""The embedded AWS: one account in this process, answered by moto and by what moto lacks."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import tempfile
import threading
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import boto3
import botocore.loaders
import botocore.session

from secure_sagemaker import AuditSink, LoggingSink, SecureSession, SecurityBaseline
from secure_sagemaker.local.account import KEY_ALIAS, LAUNCHER, Account, build
from secure_sagemaker.local.baseline_file import baseline_toml
from secure_sagemaker.local.calls import Journal, RecordedCalls, Witness
from secure_sagemaker.local.endpoints import Endpoint
from secure_sagemaker.local.jobs import Jobs
from secure_sagemaker.local.macie.control import EmbeddedMacie
from secure_sagemaker.local.records import RecordedRequest

if TYPE_CHECKING:
    from secure_sagemaker.local.gateway import Gateway

__all__ = ["EmbeddedAWS", "LoopbackServer", "embedded_aws"]

_ACCOUNT = "111122223333"  # AWS's own example account
_only_one = threading.Lock()  # moto's stores, the environment and botocore's network are the process's


@dataclass(frozen=True, kw_only=True)
class EmbeddedAWS:
    """An AWS account in this process, for as long as ``embedded_aws`` stands."""

    account: Account
    """The names and ARNs of what is in it."""
    environment: Mapping[str, str] = field(repr=False)
    """The ambient credentials and region of the launcher, as environment variables: temporary keys, got with MFA."""
    origins: tuple[str, ...] = ()
    """Where it also listens over HTTP; the baseline allows these origins."""
    _user: Mapping[str, str] = field(repr=False)
    _gateway: Gateway = field(repr=False)

    @property
    def launcher(self) -> str:
        """The principal of the ambient credentials: what signs when a session is not secured."""
        return f"user/{LAUNCHER}"

    @property
    def region(self) -> str:
        """The region everything is in."""
        return self.account.region

    @property
    def role_arn(self) -> str:
        """The role that a session assumes."""
        return self.account.role_arn

    @property
    def execution_role_arn(self) -> str:
        """The role that jobs and models run as."""
        return self.account.execution_role_arn

    @property
    def key_arn(self) -> str:
        """The KMS key of the baseline."""
        return self.account.key_arn

    @property
    def key_alias(self) -> str:
        """An alias of that key."""
        return KEY_ALIAS

    @property
    def other_key_arn(self) -> str:
        """A further KMS key that a caller may name."""
        return self.account.other_key_arn

    @property
    def vpc_id(self) -> str:
        """The VPC."""
        return self.account.vpc_id

    @property
    def subnets(self) -> tuple[str, ...]:
        """Its private subnets, in three availability zones."""
        return self.account.subnets

    @property
    def security_groups(self) -> tuple[str, ...]:
        """The security groups of jobs."""
        return self.account.security_groups

    @property
    def default_bucket(self) -> str:
        """The bucket that may be written."""
        return self.account.default_bucket

    @property
    def data_bucket(self) -> str:
        """The bucket that may only be read."""
        return self.account.data_bucket

    @property
    def source(self) -> boto3.Session:
        """A plain session with the launcher's credentials: to seed data, and to compare with."""
        return _session(self.environment)

    @property
    def user(self) -> boto3.Session:
        """A plain session with the launcher's own long-lived keys: what an MFA code is given with."""
        return _session(self._user)

    def baseline_toml(self) -> str:
        """The account's baseline as the text of a ``secure-sagemaker.toml``."""
        return baseline_toml(self.account, origins=self.origins)

    @property
    def baseline(self) -> SecurityBaseline:
        """The account's baseline: everything is demanded that can be."""
        return SecurityBaseline.from_mapping(tomllib.loads(self.baseline_toml()), source="embedded AWS")

    def session(
        self, baseline: SecurityBaseline | None = None, *, audit: AuditSink | None = None
    ) -> SecureSession:
        """A secured session, with the launcher as its source.

        Args:
            baseline: Another baseline than the account's own.
            audit: Where audit records go; by default Python's logging.
        """
        session = SecureSession(baseline or self.baseline, source=self.source, audit=audit)
        session._session.register_component("data_loader", _service_models())  # noqa: SLF001  # boto3 has no way
        return session

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """Every HTTP request that any botocore client of the process sent, and every one over loopback."""
        return self._gateway.journal.requests

    @property
    def calls(self) -> RecordedCalls:
        """The requests, each with what a secured session of this process decided; and the calls it refused."""
        return RecordedCalls(_journal=self._gateway.journal)

    def forget_requests(self) -> None:
        """Drop the requests and calls recorded so far."""
        self._gateway.journal.forget()

    def endpoint(self, name: str) -> Endpoint:
        """What answers invocations of that endpoint name."""
        return self._gateway.endpoints[name]

    @property
    def jobs(self) -> Jobs:
        """What runs in the place of training, processing and transform jobs."""
        return self._gateway.jobs

    @property
    def macie(self) -> EmbeddedMacie:
        """Macie, and how it behaves."""
        return EmbeddedMacie(
            _behaviour=self._gateway.macie,
            _source=self.source,
            _account=self.account,
            _baseline=self.baseline_toml(),
        )

    @contextlib.contextmanager
    def serve(self, *, port: int = 0, tls: bool = False) -> Iterator[LoopbackServer]:
        """Answer over HTTP on loopback too, for other processes.

        Args:
            port: The port to listen on; 0 takes a free one.
            tls: Have clients come by TLS, with a certificate that is made for the occasion.
        """
        from secure_sagemaker.local.certificates import certified
        from secure_sagemaker.local.transport import loopback

        with contextlib.ExitStack() as standing:
            context, ca_bundle = standing.enter_context(certified()) if tls else (None, None)
            url = standing.enter_context(loopback(self._gateway, port=port, tls=context))
            yield LoopbackServer(
                url=url, ca_bundle=ca_bundle, aws=replace(self, origins=(*self.origins, url))
            )


@dataclass(frozen=True, kw_only=True)
class LoopbackServer:
    """A server on loopback before the embedded account."""

    url: str
    """Its origin."""
    ca_bundle: Path | None
    """The file that vouches for its certificate; None without TLS."""
    aws: EmbeddedAWS
    """The account, with a baseline that allows this origin."""

    def environment(self) -> Mapping[str, str]:
        """The environment variables that point a program to it."""
        trusted = {} if self.ca_bundle is None else {"AWS_CA_BUNDLE": str(self.ca_bundle)}
        return MappingProxyType({**self.aws.environment, **trusted, "AWS_ENDPOINT_URL": self.url})


@contextlib.contextmanager
def embedded_aws(*, region: str = "eu-west-1", account: str = _ACCOUNT) -> Iterator[EmbeddedAWS]:
    """Have an AWS account in this process.

    While it stands, every botocore client of the process is answered by it, whenever the client was made,
    and the environment holds the credentials of a user who may do everything: assume the launcher role, and
    seed data. Whoever else signs may do what IAM allows. Afterwards the environment is as it was and the
    account is gone.

    Raises:
        ModuleNotFoundError: moto is not installed.
        RuntimeError: One stands already in this process.
    """
    _need_moto()
    if not _only_one.acquire(blocking=False):
        raise RuntimeError(
            "an embedded AWS stands already in this process, and there can be one at a time: "
            "use that one, or leave its `with` block first"
        )
    try:
        with _account(region=region, account=account) as aws:
            yield aws
    finally:
        _only_one.release()


@contextlib.contextmanager
def _account(*, region: str, account: str) -> Iterator[EmbeddedAWS]:
    with _aws_environment(), contextlib.ExitStack() as standing:
        # Not before the environment is clear: moto makes sessions when it is imported.
        from moto import mock_aws
        from moto.core.models import botocore_stubber

        from secure_sagemaker.local import moto_state
        from secure_sagemaker.local.gateway import Gateway
        from secure_sagemaker.local.moto_lacks import patched
        from secure_sagemaker.local.transport import in_process
        from secure_sagemaker.local.wire import Caller

        gateway = Gateway()
        standing.enter_context(mock_aws(config={"core": {"mock_credentials": False}}))
        standing.callback(setattr, botocore_stubber, "enabled", botocore_stubber.enabled)
        botocore_stubber.enabled = False  # ours is behind it, at the network
        user = moto_state.create_user(account=account, region=region, name=LAUNCHER)
        gateway.introduce(user.access_key_id, Caller(account=account, arn=user.arn))
        own = {
            "AWS_ACCESS_KEY_ID": user.access_key_id,
            "AWS_SECRET_ACCESS_KEY": user.secret_access_key,
            "AWS_DEFAULT_REGION": region,
            "AWS_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
            # Profiles of the person who runs this are no part of the embedded account.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }
        standing.enter_context(in_process(gateway))
        standing.enter_context(patched())
        built = build(_session(own), account=account)
        ambient = {**own, **_temporary(_session(own), built.mfa_serial)}
        verdicts = standing.enter_context(tempfile.TemporaryDirectory())
        ambient[_VERDICTS] = verdicts  # none of this account's may be taken for another's
        os.environ.update(ambient)
        gateway.journal.forget()
        standing.enter_context(_witnessed(gateway.journal))
        yield EmbeddedAWS(account=built, environment=MappingProxyType(ambient), _user=own, _gateway=gateway)


@contextlib.contextmanager
def _witnessed(journal: Journal) -> Iterator[None]:
    """Have every secured session that is made meanwhile tell the journal what it decides.

    Code under test makes its own sessions, with sinks of its own.
    """
    make = SecureSession.__init__

    @functools.wraps(make)
    def made(session: SecureSession, *arguments: Any, audit: AuditSink | None = None, **options: Any) -> None:
        make(
            session, *arguments, audit=Witness(journal, LoggingSink() if audit is None else audit), **options
        )

    with patch.object(SecureSession, "__init__", made):
        yield


def _session(environment: Mapping[str, str]) -> boto3.Session:
    core = botocore.session.Session()
    core.register_component("data_loader", _service_models())
    return boto3.Session(
        botocore_session=core,
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=environment.get("AWS_SESSION_TOKEN"),
        region_name=environment["AWS_REGION"],
    )


def _temporary(user: boto3.Session, mfa_serial: str) -> Mapping[str, str]:
    """The user's temporary keys, with MFA: without it they are refused by IAM."""
    given = user.client("sts").get_session_token(SerialNumber=mfa_serial, TokenCode="000003")  # any will do
    issued = given["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": issued["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": issued["SecretAccessKey"],
        "AWS_SESSION_TOKEN": issued["SessionToken"],
    }


@functools.cache
def _service_models() -> botocore.loaders.Loader:
    return botocore.loaders.create_loader()  # it remembers what it read; a service model takes a while


_VERDICTS = "SECURE_SAGEMAKER_VERDICTS"
# moto's machine images take most of the start and serve nobody here.
_WITHOUT_IMAGES = "MOTO_EC2_LOAD_DEFAULT_AMIS"


@contextlib.contextmanager
def _aws_environment() -> Iterator[None]:
    """The process's environment without any AWS setting; what was there is put back."""

    def settings() -> dict[str, str]:
        return {
            name: value
            for name, value in os.environ.items()
            if name.startswith("AWS_") or name in {_WITHOUT_IMAGES, _VERDICTS}
        }

    before = settings()
    for name in before:
        del os.environ[name]
    os.environ[_WITHOUT_IMAGES] = "false"
    try:
        yield
    finally:
        for name in settings():
            del os.environ[name]
        os.environ.update(before)


def _need_moto() -> None:
    if importlib.util.find_spec("moto") is None:
        raise ModuleNotFoundError(
            "the embedded AWS stands on moto, which is not installed: pip install 'secure-sagemaker[local]'",
            name="moto",
        )
