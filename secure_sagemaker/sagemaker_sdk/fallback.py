"""What the SDK's own modules fall back to where a call names no session: the latest secure one.

The SDK makes clients and sessions of its own in many places, and takes for them the ambient credentials:
through the name ``boto3`` of its modules, and through ``Session``. Within those modules, and nowhere
else in the process, the two names stand for a secure session once there is one:

1. Whoever names nothing, or only a region, is given the latest secure session.
2. Whoever passes copies of a secure session's own keys is given that session, and with it its guard.
3. Whoever names another identity (keys, a profile, a botocore session) gets what was asked for.
4. A client that a class of the SDK made when it was imported is the latest secure session's.

It does not reach a function that imports ``boto3`` for itself; ``version_3`` does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

import boto3
from botocore.client import BaseClient
from botocore.config import Config

from secure_sagemaker.exceptions import RegionError
from secure_sagemaker.sagemaker_sdk.imports import each_module

__all__ = [
    "LatestClient",
    "adopt_fallback",
    "defaults_of",
    "is_secured",
    "is_wide",
    "latest_session",
    "mark_secured",
    "narrow",
    "release_fallback",
    "widen",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Secured:
    defaults: Mapping[str, object]
    issued: Callable[[str], bool]


_secured: WeakKeyDictionary[boto3.Session, _Secured] = WeakKeyDictionary()
_latest: list[boto3.Session] = []  # at most one
_wide: list[bool] = []  # at most one


def adopt_fallback(session: boto3.Session) -> None:
    """Have the SDK's modules fall back to this session, which is marked as secure."""
    _latest[:] = [session]
    each_module(_adopt)


def latest_session() -> boto3.Session | None:
    """The session they fall back to; None where there is none."""
    return _latest[0] if _latest else None


def release_fallback() -> None:
    """Have them fall back to the ambient credentials again, as if there had been no secure session."""
    _latest.clear()


def mark_secured(
    session: boto3.Session, defaults: Mapping[str, object], issued: Callable[[str], bool]
) -> None:
    """Remember that it is a secure session, the SDK's defaults for it, and what tells its own access key ids."""
    _secured[session] = _Secured(defaults=defaults, issued=issued)


def widen() -> None:
    """Count every session as the latest secure one: the whole process is under it."""
    _wide[:] = [True]


def narrow() -> None:
    """Tell sessions apart again."""
    _wide.clear()


def is_wide() -> bool:
    """Whether every session counts as the latest secure one."""
    return bool(_wide)


def defaults_of(session: object) -> Mapping[str, object] | None:
    """The SDK's defaults for a session, or for the latest secure one where none is named; None for others."""
    named = latest_session() if session is None or _wide else session
    secured = _secured.get(named) if isinstance(named, boto3.Session) else None
    return None if secured is None else secured.defaults


def is_secured(session: object) -> bool:
    """Whether it is one that was marked as secure."""
    return isinstance(session, boto3.Session) and session in _secured


def _session(region: str | None) -> boto3.Session:
    latest = _latest[0]
    if region is not None and region != latest.region_name:
        raise RegionError(
            f"the SDK wants a session for {region} where none was given to it, and the secure session is for"
            f" {latest.region_name}",
            remedy="give the SDK a session for that region: SecureSession(region_name=...).sagemaker_session()",
        )
    return latest


def _issuer(access_key_id: str) -> boto3.Session | None:
    """The secure session whose key it is, or was before it was refreshed. No role is assumed to find out."""
    return next((session for session, own in tuple(_secured.items()) if own.issued(access_key_id)), None)


class _AnySession(type):
    def __call__(
        cls,
        aws_access_key_id: str | None = None,
        aws_secret_access_key: str | None = None,
        aws_session_token: str | None = None,
        region_name: str | None = None,
        **identity: Any,
    ) -> boto3.Session:
        if _latest:
            if not (aws_access_key_id or any(identity.values())):
                return _session(region_name)
            if aws_access_key_id and (issuer := _issuer(aws_access_key_id)) is not None:
                return issuer
        return boto3.Session(
            aws_access_key_id=aws_access_key_id,
            aws_secret_access_key=aws_secret_access_key,
            aws_session_token=aws_session_token,
            region_name=region_name,
            **identity,
        )

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, boto3.Session)


class _Session(boto3.Session, metaclass=_AnySession):
    """What the SDK's modules have for ``boto3.Session``."""


class _SessionModule:
    """What they have for ``boto3.session``."""

    Session = _Session

    def __getattr__(self, name: str) -> object:
        return getattr(boto3.session, name)


class _Boto3:
    """What they have for ``boto3``."""

    Session = _Session
    session = _SessionModule()

    @property
    def DEFAULT_SESSION(self) -> boto3.Session | None:  # noqa: N802  # boto3's name
        return _latest[0] if _latest else boto3.DEFAULT_SESSION

    @property
    def client(self) -> Callable[..., object]:
        return _latest[0].client if _latest else boto3.client

    @property
    def resource(self) -> Callable[..., object]:
        return _latest[0].resource if _latest else boto3.resource

    def __getattr__(self, name: str) -> object:
        return getattr(boto3, name)


_BOTO3 = _Boto3()


class LatestClient:
    """A client of the latest secure session, made when it is first asked for anything.

    Args:
        service: Its service.
        config: Its settings.
        ambient: The client to be where there is no secure session; by default one of ``boto3``'s.
    """

    def __init__(
        self, service: str, *, config: Config | None = None, ambient: BaseClient | None = None
    ) -> None:
        self._service = service
        self._config = config
        self._ambient = ambient
        self._made: WeakKeyDictionary[boto3.Session, object] = WeakKeyDictionary()

    def __getattr__(self, name: str) -> object:
        return getattr(self._client(), name)

    def _client(self) -> object:
        session = latest_session()
        if session is None and self._ambient is not None:
            return self._ambient
        make: Callable[..., object] = boto3.client if session is None else session.client
        if session is None:
            return make(self._service, config=self._config)
        if session not in self._made:
            self._made[session] = make(self._service, config=self._config)
        return self._made[session]


def _adopt(module: ModuleType) -> None:
    for name, value in tuple(vars(module).items()):
        if value is boto3:
            setattr(module, name, _BOTO3)
        elif value is boto3.Session:
            setattr(module, name, _Session)
        elif isinstance(value, type) and value.__module__ == module.__name__:
            for attribute, held in tuple(vars(value).items()):
                if isinstance(held, BaseClient):
                    service = held.meta.service_model.service_name
                    setattr(value, attribute, LatestClient(service, ambient=held))
