"""Which SageMaker Python SDK is installed, and whether it heeds the session it is given."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from secure_sagemaker.exceptions import UnsupportedSdkError

__all__ = ["SdkVersion", "installed_sdk"]

# Older sagemaker-core releases keep the first session of the process, or drop the caller's.
_SDK_FLOORS = {"v2": (2, 245), "v3": (3, 24), "sagemaker-core": (2, 24)}
_NEXT_MAJOR = 4
_INSTALL = "Install it with: pip install 'secure-sagemaker[sagemaker]'."


@dataclass(frozen=True, kw_only=True)
class SdkVersion:
    """The SDK that is installed."""

    major: Literal[2, 3]
    """Its generation: the two have different classes under one distribution name."""
    sagemaker: str
    """The version of the ``sagemaker`` distribution."""
    sagemaker_core: str | None
    """The version of ``sagemaker-core``, which holds the v3 session; None where it is absent."""


def installed_sdk(version_of: Callable[[str], str] = importlib.metadata.version) -> SdkVersion:
    """Say which SDK is installed; refuse one that is missing or would ignore the session."""
    try:
        sagemaker = version_of("sagemaker")
    except importlib.metadata.PackageNotFoundError as missing:
        raise UnsupportedSdkError("the SageMaker Python SDK is not installed", remedy=_INSTALL) from missing
    try:
        core: str | None = version_of("sagemaker-core")
    except importlib.metadata.PackageNotFoundError:
        core = None
    release = _release(sagemaker)
    if (2,) <= release < (3,):
        if release < _SDK_FLOORS["v2"]:
            raise UnsupportedSdkError(
                f"sagemaker {sagemaker} cannot be told the defaults of the baseline: got"
                f" {sagemaker}, wanted {_dotted(_SDK_FLOORS['v2'])} or newer. Its configuration"
                " schema lacks settings that this library relies on",
                remedy="Upgrade it: pip install 'sagemaker>=2.245,<3'.",
            )
        return SdkVersion(major=2, sagemaker=sagemaker, sagemaker_core=core)
    if not (3,) <= release < (_NEXT_MAJOR,):
        raise UnsupportedSdkError(
            f"sagemaker {sagemaker} is not supported: got {sagemaker}, wanted 2.x from"
            f" {_dotted(_SDK_FLOORS['v2'])} or 3.x from {_dotted(_SDK_FLOORS['v3'])}. How it"
            " treats the session given to it is not known",
            remedy="Install a supported release: pip install 'sagemaker>=3.24,<4'.",
        )
    core_release = _release(core) if core is not None else ()
    if release < _SDK_FLOORS["v3"] or core_release < _SDK_FLOORS["sagemaker-core"]:
        raise UnsupportedSdkError(
            f"sagemaker {sagemaker} with sagemaker-core {core or '(absent)'} would ignore the"
            f" secure session: got {sagemaker} and {core or '(absent)'}, wanted"
            f" {_dotted(_SDK_FLOORS['v3'])} and {_dotted(_SDK_FLOORS['sagemaker-core'])} or newer."
            " Older releases keep the first session of the process or drop the caller's"
            " (aws/sagemaker-python-sdk issues 5986 and 6069), so calls would be signed by"
            " another role",
            remedy="Upgrade it: pip install 'sagemaker>=3.24,<4' 'sagemaker-core>=2.24,<3'.",
        )
    return SdkVersion(major=3, sagemaker=sagemaker, sagemaker_core=core)


def _release(version: str) -> tuple[int, ...]:
    numbers = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in numbers[0].split(".")) if numbers else ()


def _dotted(release: Sequence[int]) -> str:
    return ".".join(str(part) for part in release)
