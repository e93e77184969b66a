"""S3's managed transfers: kept on the client they were asked of.

boto3 may hand a transfer to the AWS Common Runtime, which makes requests of its own: no handler of the session
sees them, so nothing would encrypt them or hold them to the perimeter.
"""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, MutableMapping
from typing import Any, NoReturn

from secure_sagemaker.exceptions import SessionError

__all__ = ["keep_classic"]

_METHODS = ("copy", "download_file", "download_fileobj", "upload_file", "upload_fileobj")
_CLASSIC = "classic"


_signature = functools.cache(inspect.signature)  # the functions are boto3's own, one for all clients


def keep_classic(attributes: MutableMapping[str, object]) -> None:
    """Have an S3 client's transfers made by the client itself.

    ``Config=None`` and ``"auto"`` mean the classic transfer then. One that names the CRT is refused, and so are
    transfer managers that others make of the client: boto3 asks the client for its credentials to go on there.
    """
    for name in _METHODS:
        if callable(method := attributes.get(name)):
            attributes[name] = _classic(method)
    attributes["_get_credentials"] = _no_credentials


def _classic(method: Callable[..., object]) -> Callable[..., object]:
    signature = _signature(method)

    @functools.wraps(method)
    def transfer(*args: Any, **kwargs: Any) -> object:
        bound = signature.bind(*args, **kwargs)
        bound.arguments["Config"] = _config(bound.arguments.get("Config"))
        return method(*bound.args, **bound.kwargs)

    return transfer


def _config(given: Any) -> object:
    from boto3.s3.transfer import TransferConfig  # with it comes all of s3transfer

    if given is None:
        return TransferConfig(preferred_transfer_client=_CLASSIC)
    # A config of s3transfer's own knows of no other client.
    preferred = getattr(given, "preferred_transfer_client", None)
    if preferred is None or preferred.lower() == _CLASSIC:
        return given
    if preferred.lower() != "auto":
        raise _left(f"TransferConfig(preferred_transfer_client={preferred!r}) was given")
    config = copy.copy(given)
    config.preferred_transfer_client = _CLASSIC
    return config


def _no_credentials(_client: object) -> NoReturn:
    raise _left("a transfer manager asked for the client's credentials, to transfer by the CRT")


def _left(what: str) -> SessionError:
    return SessionError(
        f"{what}: the CRT sends requests that no handler of the session sees, unencrypted and to any bucket",
        remedy="leave it out, or pass TransferConfig(preferred_transfer_client='classic')",
    )
