"""The botocore session under a SecureSession: it makes no client that would leave the secured path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any, NoReturn

import botocore.session
from botocore import UNSIGNED
from botocore.client import BaseClient
from botocore.credentials import CredentialResolver
from botocore.utils import ensure_boolean

from secure_sagemaker.baseline import SecurityBaseline
from secure_sagemaker.exceptions import SessionError
from secure_sagemaker.handlers import Guard, hold_to_network, register
from secure_sagemaker.identity import AssumedRole, AssumeRoleProvider

__all__ = [
    "SecureBotocoreSession",
    "configured_region",
    "foreign_credentials",
    "refuse_options",
    "user_agent",
]


def configured_region(session: botocore.session.Session, options: Mapping[str, object]) -> str | None:
    """The region that a client's configuration names, or else the session's default configuration."""
    configs = (options.get("config"), session.get_default_client_config())
    regions = (getattr(config, "region_name", None) for config in configs)
    return next((str(region) for region in regions if region is not None), None)


def refuse_options(session: botocore.session.Session, options: Mapping[str, object]) -> None:
    """Refuse what would have a client sign as another, sign nothing, trust anybody or check nothing.

    Raises:
        SessionError: An option asks for that.
    """
    for name in ("aws_access_key_id", "aws_secret_access_key", "aws_session_token"):
        if options.get(name) is not None:
            raise foreign_credentials(f"{name}= was given")
    verify = options.get("verify")
    if verify is not None and not verify:
        raise SessionError(
            f"verify={verify!r} was given: TLS certificates would not be checked",
            remedy="leave it out, or name a CA bundle (verify='/path/ca.pem' or AWS_CA_BUNDLE)",
        )
    config = options.get("config")
    if getattr(config, "signature_version", None) is UNSIGNED:
        raise foreign_credentials("Config(signature_version=UNSIGNED) was given")
    if not _validates(session, config):
        raise SessionError(
            "parameter_validation is off: what botocore calls malformed, such as a generator for a list, would be"
            " sent without having been looked at",
            remedy="leave it on, in Config(...) and in the shared config file",
        )


def _validates(session: botocore.session.Session, config: object) -> bool:
    configs = (config, session.get_default_client_config())
    stated = session.get_scoped_config().get("parameter_validation", True)
    return ensure_boolean(stated) and all(getattr(one, "parameter_validation", True) for one in configs)


def user_agent(baseline: SecurityBaseline) -> str:
    """What requests say of this library and the baseline that they are held to."""
    return f"secure-sagemaker/{version('secure-sagemaker')} baseline/{baseline.digest[:12]}"


def foreign_credentials(what: str) -> SessionError:
    """The error about credentials other than the role's."""
    return SessionError(
        f"{what}: calls of this session are signed as the baseline's role and nothing else",
        remedy="leave it out; for another identity, make another session",
    )


class SecureBotocoreSession(botocore.session.Session):
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
        self.user_agent_extra = user_agent(guard.baseline)
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
        raise foreign_credentials("credentials were set on the session")

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
        region_name = region_name or configured_region(self, options)
        if region_name and region_name != self._home and not region_name.endswith("-global"):
            return self._elsewhere(region_name).create_client(service_name, region_name, **options)
        refuse_options(self, options)
        client = super().create_client(service_name, region_name=region_name, **options)
        hold_to_network(client, self.guard.network)
        return client

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secure session's botocore session holds credentials: pickle the SecureSession")
