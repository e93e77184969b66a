"""The sessions whose credentials assume roles, what they have, and the STS that they sign for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakSet

import boto3
from botocore.exceptions import BotoCoreError

from secure_sagemaker.controls import is_long_lived
from secure_sagemaker.exceptions import IdentityError

if TYPE_CHECKING:
    from types_boto3_sts import STSClient

__all__ = ["SourceKey", "is_assuming", "source_key", "sources", "sts_client", "while_assuming"]

sources: WeakSet[boto3.Session] = WeakSet()
"""Those of every secure session there is: whoever changes the environment has them find their credentials before."""
_GLOBAL_STS = "https://sts.amazonaws.com"

_assuming: ContextVar[bool] = ContextVar("secure_sagemaker_assuming", default=False)


def is_assuming() -> bool:
    """Whether a role is being assumed here and now: the one thing that the source's credentials sign."""
    return _assuming.get()


@contextmanager
def while_assuming() -> Iterator[None]:
    """A block in which the source's credentials may sign."""
    # Set here and nowhere above: botocore refreshes in whatever thread signs first.
    token = _assuming.set(True)
    try:
        yield
    finally:
        _assuming.reset(token)


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceKey:
    """Of what kind the credentials are that assume the role, or that give the MFA code."""

    method: str
    """Where botocore found them, such as ``sso`` or ``shared-credentials-file``."""
    long_lived: bool
    """Whether the key is a user's own, and not temporary."""


def source_key(source: boto3.Session) -> SourceKey | None:
    """What a source has; None where it has nothing, or cannot be asked now."""
    with while_assuming():
        try:
            held = source.get_credentials()
            key = None if held is None else held.get_frozen_credentials().access_key
        except BotoCoreError:
            return None
    if held is None or key is None:
        return None
    return SourceKey(method=str(held.method), long_lived=is_long_lived(key))


def sts_client(
    source: boto3.Session, *, region: str, endpoint_problem: Callable[[str], str | None], wanted_for: str
) -> STSClient:
    """The region's STS, signed for by the source.

    Raises:
        IdentityError: There are no source credentials, or the endpoint is no place to send them to.
    """
    if source.get_credentials() is None:
        raise IdentityError(
            f"there are no source credentials to assume {wanted_for} with",
            remedy="sign in (aws sso login), name a profile as source=, or run where AWS gives credentials. "
            "Inside a SageMaker job with network isolation there are none at all, by design: leave AWS calls "
            "to code outside the container, or state network_isolation 'off' for that kind of work",
        )
    client = source.client("sts", region_name=region)
    if client.meta.endpoint_url == _GLOBAL_STS:  # sts_regional_endpoints is "legacy" here
        client = source.client("sts", region_name=region, endpoint_url=f"https://sts.{region}.amazonaws.com")
    if (problem := endpoint_problem(client.meta.endpoint_url)) is not None:
        raise IdentityError(
            f"AssumeRole would go to another place: {problem}",
            remedy="unset AWS_ENDPOINT_URL and endpoint_url in the shared config, or list the origin in "
            "privatelink.allowed_endpoint_urls",
        )
    return client
