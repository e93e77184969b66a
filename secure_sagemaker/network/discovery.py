"""Which of a VPC's endpoints each service is reached by, decided from what EC2 says of them.

- An interface endpoint whose private DNS is on: the service's public name, mode ``private-dns``.
- One whose is not: its own name, mode ``endpoint``; the name of the caller's availability zone, where it has one.
- S3's gateway endpoint, where there is no other: mode ``gateway``.

A service is told by the endpoint's own names, which are made of the service's public one: so the partition, the region
and FIPS are right by botocore's own rules.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from secure_sagemaker.exceptions import BaselineError
from secure_sagemaker.network.privatelink import S3_CONTROL, own_names
from secure_sagemaker.network.vpc import VpcEndpoint

__all__ = ["SERVICES", "DiscoveredEndpoints", "FoundEndpoint", "discovered"]

SERVICES = (
    "sagemaker",
    "sagemaker-a2i-runtime",
    "sagemaker-edge",
    "sagemaker-featurestore-runtime",
    "sagemaker-geospatial",
    "sagemaker-inference-router-runtime",
    "sagemaker-metrics",
    "sagemaker-runtime",
    "sagemakerjobruntime",
    "sagemakertrainingsessionruntime",
    "cloudwatch",
    "ec2",
    "ecr",
    "iam",
    "kms",
    "logs",
    "macie2",
    "s3",
    S3_CONTROL,
    "sts",
)
"""What a session may call, as boto3 names it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundEndpoint:
    """The endpoint that a service is reached by."""

    service: str
    """As boto3 names it."""
    id: str
    """Such as ``vpce-0a1b2c3d4e5f60718``."""
    mode: Literal["private-dns", "endpoint", "gateway"]
    """How it is reached, as ``privatelink.services`` takes it."""
    host: str = ""
    """The endpoint's own name, where that is what it is reached by; of S3's what follows ``bucket.``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DiscoveredEndpoints:
    """The endpoints of a VPC, by service. Printing it gives the section of a baseline file."""

    endpoints: tuple[FoundEndpoint, ...]
    """Those that were found."""
    missing: tuple[str, ...]
    """Services that a session may call, and that have none here."""

    @property
    def layer(self) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
        """What ``baseline.tightened`` takes: each service's mode, and the names of endpoints."""
        return {
            "privatelink": {
                "services": {one.service: one.mode for one in self.endpoints},
                "endpoints": {one.service: one.host for one in self.endpoints if one.host},
            }
        }

    def __str__(self) -> str:
        lines = []
        for table, entries in self.layer["privatelink"].items():
            if entries:
                lines += [f"[privatelink.{table}]"]
                lines += [f"{service} = {json.dumps(value)}" for service, value in entries.items()]
                lines += [""]
        if self.missing:
            lines += [f"# No endpoint of this VPC serves {', '.join(self.missing)}.", ""]
        return "\n".join(lines)


def discovered(
    endpoints: Iterable[VpcEndpoint], *, region: str, zone: str | None = None
) -> DiscoveredEndpoints:
    """The endpoints by service.

    Args:
        endpoints: Those of the VPC that are available.
        region: Where they are.
        zone: The caller's availability zone, such as ``eu-west-1a``.
    """
    known = sorted(endpoints, key=lambda one: one.id)
    found, missing = [], []
    for service in SERVICES:
        try:
            of_service = _interface(service, known, region, zone)
        except BaselineError:
            continue  # the installed botocore does not know it, or not in this partition
        of_service = of_service or _gateway(service, known, region)
        if of_service is None:
            missing.append(service)
        else:
            found.append(of_service)
    return DiscoveredEndpoints(endpoints=tuple(found), missing=tuple(missing))


def _interface(
    service: str, endpoints: Iterable[VpcEndpoint], region: str, zone: str | None
) -> FoundEndpoint | None:
    best: tuple[tuple[bool, bool, bool], FoundEndpoint] | None = None
    for name in own_names(service, region):
        for endpoint in endpoints:
            hosts = [host for host in endpoint.names if name.fits(host)]
            if endpoint.kind != "Interface" or not hosts:
                continue
            here = next((host for host in hosts if zone and name.zone(host) == zone), None)
            host = here or min(hosts, key=len)  # zones' names are the longer ones
            found = FoundEndpoint(
                service=service,
                id=endpoint.id,
                mode="private-dns" if endpoint.private_dns else "endpoint",
                host="" if endpoint.private_dns else host,
            )
            rank = (not name.fips, endpoint.private_dns, here is not None)
            if best is None or rank > best[0]:
                best = rank, found
    return None if best is None else best[1]


def _gateway(service: str, endpoints: Iterable[VpcEndpoint], region: str) -> FoundEndpoint | None:
    for one in endpoints:
        if service == "s3" and one.kind == "Gateway" and one.service.endswith(f".{region}.s3"):
            return FoundEndpoint(service=service, id=one.id, mode="gateway")
    return None
