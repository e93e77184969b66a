"""The forms that values of a baseline have: each its own type, told by a pattern."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated

from pydantic import (
    AfterValidator,
    StringConstraints,
)

from secure_sagemaker.baseline.within import location_lies_within, name_lies_within, without_repetition

__all__ = [
    "BucketName",
    "BucketOrAccessPoint",
    "ContextKey",
    "ContextValue",
    "ExternalId",
    "InstanceFamily",
    "InstanceType",
    "Listed",
    "Location",
    "Locations",
    "MfaSerial",
    "NamePattern",
    "NamePrefixes",
    "Network",
    "OperationName",
    "Origin",
    "ProxyOrigin",
    "Reason",
    "Region",
    "SecretKey",
    "SecurityGroupId",
    "ServicePrincipal",
    "SessionName",
    "SessionTagValue",
    "SubnetId",
    "TagKey",
    "TagValue",
    "VpcId",
]


def _not_reserved(key: str) -> str:
    if key.lower().startswith("aws:"):
        raise ValueError(f"{key!r}: AWS reserves tag keys that begin with 'aws:'; choose another")
    return key


def _context_key(key: str) -> str:
    if key.lower().startswith("aws:"):
        raise ValueError(f"{key!r}: AWS reserves context keys that begin with 'aws:'; choose another")
    return key


def _network(text: str) -> str:
    try:
        ip_network(text)
    except ValueError as wrong:
        raise ValueError(f"{text!r} is no network in CIDR notation: {wrong}") from None
    return text


SubnetId = Annotated[str, StringConstraints(pattern=r"^subnet-[0-9a-f]{8,17}$")]
SecurityGroupId = Annotated[str, StringConstraints(pattern=r"^sg-[0-9a-f]{8,17}$")]
VpcId = Annotated[str, StringConstraints(pattern=r"^vpc-[0-9a-f]{8,17}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,4}(-[a-z]+)+-[0-9]+$")]
BucketName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
BucketOrAccessPoint = Annotated[
    str,
    StringConstraints(
        pattern=r"^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
        r"|arn:aws(-[a-z]+)*:s3:[a-z0-9-]+:[0-9]{12}:accesspoint/[a-z0-9][a-z0-9-]{1,48}[a-z0-9])$"
    ),
]
SessionName = Annotated[
    str,
    StringConstraints(
        min_length=2, max_length=64, pattern=r"^(?:[A-Za-z0-9_+=,.@-]|\{(?:user|workload)\})+$"
    ),
]
TagKey = Annotated[
    str,
    StringConstraints(min_length=1, max_length=128, pattern=r"^[\w\s.:/=+@-]+$"),
    AfterValidator(_not_reserved),
]
TagValue = Annotated[str, StringConstraints(max_length=256, pattern=r"^[\w\s.:/=+@-]*$")]
SessionTagValue = Annotated[
    str, StringConstraints(max_length=256, pattern=r"^(?:[\w\s.:/=+@-]|\{(?:user|workload)\})*$")
]
ContextKey = Annotated[
    str, StringConstraints(min_length=1, max_length=128, pattern=r"^[\w./:-]+$"), AfterValidator(_context_key)
]
ContextValue = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[\w./:-]+$")]
InstanceFamily = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
Origin = Annotated[
    str,  # without TLS only to this very machine
    StringConstraints(
        pattern=r"^(https://[A-Za-z0-9.\-\[\]:]+|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?)$"
    ),
]
ProxyOrigin = Annotated[
    str, StringConstraints(to_lower=True, pattern=r"^https?://([a-zA-Z0-9.\-]+|\[[0-9a-fA-F:]+\])(:[0-9]+)?$")
]
Network = Annotated[str, AfterValidator(_network)]
SecretKey = Annotated[str, StringConstraints(min_length=1, max_length=512)]
Reason = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Listed = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
OperationName = Annotated[str, StringConstraints(pattern=r"^(\*|[A-Z][A-Za-z0-9]+)$")]
NamePrefix = Annotated[str, StringConstraints(max_length=256, pattern=r"^([A-Za-z0-9][A-Za-z0-9-]*\*?|\*)$")]
NamePrefixes = Annotated[tuple[NamePrefix, ...], AfterValidator(without_repetition(name_lies_within))]
Location = Annotated[
    str,
    StringConstraints(
        max_length=1024,
        pattern=r"^s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
        r"|arn:aws(-[a-z]+)*:s3:[a-z0-9-]+:[0-9]{12}:accesspoint/[a-z0-9][a-z0-9-]{1,48}[a-z0-9])(/[^*?$]*)?$",
    ),
]
Locations = Annotated[tuple[Location, ...], AfterValidator(without_repetition(location_lies_within))]
InstanceType = Annotated[str, StringConstraints(pattern=r"^ml\.[a-z][a-z0-9-]*\.[a-z0-9-]+$")]
ServicePrincipal = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9.-]*\.amazonaws\.com(\.cn)?$")]
NamePattern = Annotated[str, StringConstraints(min_length=1)]
ExternalId = Annotated[str, StringConstraints(min_length=2, max_length=1224, pattern=r"^[\w+=,.@:/-]+$")]
MfaSerial = Annotated[str, StringConstraints(min_length=9, max_length=256, pattern=r"^[\w+=/:,.@-]+$")]
