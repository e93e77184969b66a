"""The sessions whose credentials assume roles, what they have, and the STS that they sign for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakSet

import boto3
import botocore.session
from botocore.exceptions import BotoCoreError

from secure_sagemaker.controls import is_long_lived
from secure_sagemaker.exceptions import IdentityError, SessionError

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from types_boto3_sts import STSClient

__all__ = [
    "Hold",
    "Keys",
    "SourceKey",
    "credentials_held",
    "have_credentials_held",
    "held_to_nothing",
    "holding",
    "is_assuming",
    "source_key",
    "sources",
    "sts_client",
    "while_assuming",
]

sources: WeakSet[boto3.Session] = WeakSet()
"""Those of every secure session there is: whoever changes the environment has them find their credentials before."""
_GLOBAL_STS = "https://sts.amazonaws.com"

_WAY_TO_AWS = ("config_store", "data_loader")

_assuming: ContextVar[bool] = ContextVar("secure_sagemaker_assuming", default=False)


Hold = Callable[["BaseClient"], object]
"""Holds a client that was just made to what is said of the way to AWS, or raises."""


def held_to_nothing(_: object) -> None:
    """Hold a client to nothing."""


_hold: ContextVar[Hold] = ContextVar("secure_sagemaker_hold", default=held_to_nothing)


@contextmanager
def credentials_held(hold: Hold) -> Iterator[None]:
    """A block in which each client is held that a source makes: the credentials' own."""
    token = _hold.set(hold)
    try:
        yield
    finally:
        _hold.reset(token)


def have_credentials_held(*, base_classes: list[type], **_: object) -> None:
    """Be told of each class of clients that a source makes: botocore's providers have nothing else in common."""
    base_classes.insert(0, _Held)


class _Held:
    """What a client has that gets credentials."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)
        _hold.get()(self)  # type: ignore[arg-type]  # a client, which it is mixed into


def is_assuming() -> bool:
    """Whether a role is being assumed here and now: the one thing that the source's credentials sign."""
    return _assuming.get()


@contextmanager
def while_assuming(hold: Hold = held_to_nothing) -> Iterator[None]:
    """A block in which the source's credentials may sign, and the clients that get them are held."""
    # Set here and nowhere above: botocore refreshes in whatever thread signs first.
    token = _assuming.set(True)
    try:
        with credentials_held(hold):
            yield
    finally:
        _assuming.reset(token)


@dataclass(frozen=True, kw_only=True, slots=True)
class Keys:
    """What signs, as a traceback may show it."""

    access_key_id: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceKey:
    """Of what kind the credentials are that assume the role, or that give the MFA code."""

    method: str
    """Where botocore found them, such as ``sso`` or ``shared-credentials-file``."""
    long_lived: bool
    """Whether the key is a user's own, and not temporary."""


def source_key(source: boto3.Session, hold: Hold = held_to_nothing) -> SourceKey | None:
    """What a source has; None where it has nothing, or cannot be asked now. ``hold`` is for clients that ask."""
    with while_assuming(hold):
        try:
            held = source.get_credentials()
            key = None if held is None else held.get_frozen_credentials().access_key
        except BotoCoreError:
            return None
    if held is None or key is None:
        return None
    return SourceKey(method=str(held.method), long_lived=is_long_lived(key))


def holding(keys: Keys, *, like: boto3.Session) -> boto3.Session:
    """A session that signs with keys, and gets to AWS as another does: by its proxy, CA bundle and retries."""
    # The other session itself may be a secure one, which gives nobody a client with other keys.
    theirs = like._session  # noqa: SLF001  # boto3 has no way
    core = botocore.session.Session(profile=theirs.profile)
    for component in _WAY_TO_AWS:
        core.register_component(component, theirs.get_component(component))
    core.set_default_client_config(theirs.get_default_client_config())
    return boto3.Session(keys.access_key_id, keys.secret_key, keys.token, botocore_session=core)


def sts_client(
    source: boto3.Session, *, region: str, hold: Callable[[STSClient], object], wanted_for: str
) -> STSClient:
    """The region's STS, signed for by the source.

    Raises:
        IdentityError: There are no source credentials, or the client would leave the secured path.
    """
    if source.get_credentials() is None:
        raise IdentityError(
            f"there are no source credentials to assume {wanted_for} with",
            remedy="sign in (aws sso login), name a profile as source=, or run where AWS gives credentials. "
            "Inside a SageMaker job with network isolation there are none at all, by design: leave AWS calls "
            "to code outside the container, or state network_isolation 'off' for that kind of work",
        )
    with credentials_held(held_to_nothing):  # it is held below
        client = _sts(source, region)
    try:
        hold(client)
    except SessionError as refused:
        problem = str(refused).splitlines()[0]
        raise IdentityError(
            f"AssumeRole would leave the secured path: {problem}", remedy=refused.remedy
        ) from refused
    return client


def _sts(source: boto3.Session, region: str) -> STSClient:
    client = source.client("sts", region_name=region)
    if client.meta.endpoint_url == _GLOBAL_STS:  # sts_regional_endpoints is "legacy" here
        client = source.client("sts", region_name=region, endpoint_url=f"https://sts.{region}.amazonaws.com")
    return client
