"""What an activation takes from the session that it is of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import boto3

from secure_sagemaker.audit import AuditTrail
from secure_sagemaker.baseline import SecurityBaseline
from secure_sagemaker.clients import SecureBotocoreSession
from secure_sagemaker.handlers import Guard
from secure_sagemaker.identity import AssumedRole, Purpose

__all__ = ["Children", "Earlier", "OtherKeys", "Source"]

Earlier = Literal["refuse", "adopt"]
"""What becomes of clients that were made before."""
OtherKeys = Literal["refuse", "allow"]
"""What becomes of sessions and clients with access keys of their own."""
Children = Literal["activate", "leave"]
"""What becomes of the processes that are started meanwhile."""


class _Within(Protocol):
    def __call__(self, region: str, /) -> SecureBotocoreSession: ...


class _Assumed(Protocol):
    def __call__(self, region: str, purpose: Purpose, /) -> AssumedRole: ...


class _Narrowed(Protocol):
    def __call__(self, session_policy: Mapping[str, object], /) -> Source: ...


@dataclass(frozen=True, kw_only=True)
class Source:
    """The parts of a secure session that the process is put under."""

    baseline: SecurityBaseline
    """What every call is held to."""
    source: boto3.Session
    """Whose credentials assume the role."""
    within: _Within
    """Its botocore session for a region."""
    assumed: _Assumed
    """Its role in a region, as it is assumed for a purpose."""
    narrowed: _Narrowed
    """The parts of a narrower session, from what its ``session_policy`` states."""
    trail: AuditTrail
    """Where its calls are recorded."""

    def guard(self, region: str | None) -> Guard:
        """The guard of a region; by default, and for what is of no region, the baseline's own."""
        own = self.baseline.region
        return self.within(own if region is None or region.endswith("-global") else region).guard
