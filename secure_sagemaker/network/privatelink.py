"""Which VPC endpoint a service is reached by, where the baseline names one.

An interface endpoint's own name is the service's public one with the endpoint before it and ``vpce`` in it:
``vpce-ID-RANDOM.api.sagemaker.eu-west-1.vpce.amazonaws.com``. The public name, for a region of whatever partition, with
FIPS or without, is what botocore's own rules for endpoints make it.
https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Protocol
from urllib.parse import urlsplit

import botocore.loaders
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import DataNotFoundError, EndpointProviderError
from botocore.regions import EndpointResolverBuiltins
from botocore.utils import is_s3express_bucket

from secure_sagemaker.baseline import SecurityBaseline
from secure_sagemaker.exceptions import BaselineError, SessionError

__all__ = ["Route", "public_host", "routes"]

_GIVEN = str(EndpointResolverBuiltins.SDK_ENDPOINT.value)
_FIPS = str(EndpointResolverBuiltins.AWS_USE_FIPS.value)
_DUAL_STACK = str(EndpointResolverBuiltins.AWS_USE_DUALSTACK.value)
_ELSEWHERE = frozenset({"s3control", "s3outposts"})
"""Services whose endpoint's name is not made of their own."""
_S3_KINDS = ("bucket", "accesspoint")
_ENDPOINT = r"vpce-[0-9a-z]+-[0-9a-z]+(?:-[0-9a-z-]+)?"  # an availability zone's name has its zone at the end


class _Request(Protocol):
    url: str


@dataclass(frozen=True, kw_only=True)
class Route:
    """The one endpoint that a service is reached by."""

    service: str
    """botocore's name of the service."""
    host: str
    """The endpoint's own name; of S3's what follows ``bucket.`` and ``accesspoint.``."""
    fips: bool
    """Whether it is one that FIPS is asked of."""

    def resolve(
        self, *, builtins: MutableMapping[str, object], params: Mapping[str, object], **_: object
    ) -> None:
        """Have a request made and signed for the endpoint, unless it is none for it: then it is not let out."""
        if builtins.get(_FIPS) and not self.fips:
            return
        kind = self._kind(params)
        if kind is None:
            return
        builtins[_GIVEN] = f"https://{kind}{self.host}"
        # The endpoint is what it is; with one that is given, botocore's rules take neither.
        builtins[_FIPS] = False
        builtins[_DUAL_STACK] = False

    def check(self, *, request: _Request, **_: object) -> None:
        """Let a request out.

        Raises:
            SessionError: It goes elsewhere.
        """
        if not self.admits(request.url):
            parts = urlsplit(request.url)
            raise SessionError(
                f"the request was held back: {self.service} is reached by {self.host} alone, and it would go to"
                f" {parts.hostname}",
                remedy="leave out what the endpoint does not serve: use_fips_endpoint, where privatelink.endpoints"
                " names another than the FIPS one; of S3 directory buckets, multi-region access points, acceleration",
            )

    def admits(self, url: str) -> bool:
        """Whether a URL leads to the endpoint."""
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        if parts.scheme != "https" or parts.port not in (None, 443):
            return False
        if self.service != "s3":
            return host == self.host
        return any(
            host == place or host.endswith(f".{place}")
            for place in (f"{kind}.{self.host}" for kind in _S3_KINDS)
        )

    def _kind(self, params: Mapping[str, object]) -> str | None:
        """What stands before the endpoint's name; None where it serves no such thing."""
        if self.service != "s3":
            return ""
        bucket = params.get("Bucket")
        if not isinstance(bucket, str):
            return "bucket."
        if is_s3express_bucket(bucket):
            return None
        return "accesspoint." if bucket.startswith("arn:") else "bucket."


def routes(baseline: SecurityBaseline) -> Mapping[str, Route]:
    """The services that a baseline names an endpoint for.

    Raises:
        BaselineError: What it says of a service contradicts itself, or is no endpoint of the service.
    """
    stated = baseline.privatelink
    made = {}
    for service in sorted({*stated.services, *stated.endpoints}):
        host = stated.endpoints.get(service)
        if stated.services.get(service, "endpoint") == "endpoint":
            made[service] = _route(service, host, region=baseline.region)
        elif host is not None:
            raise BaselineError(
                f"it names {host} for {service}, which privatelink.services has reached otherwise",
                remedy=f"leave one of the two out, or have {service} = 'endpoint' in privatelink.services",
                field=f"privatelink.endpoints.{service}",
            )
        elif not stated.allowed_networks:
            raise BaselineError(
                "that a name resolves privately is told by the address that answers, and no networks are stated",
                remedy="state privatelink.allowed_networks: the CIDR blocks of the VPC",
                field=f"privatelink.services.{service}",
            )
    return MappingProxyType(made)


def _route(service: str, stated: str | None, *, region: str) -> Route:
    field = f"privatelink.endpoints.{service}"
    if service in _ELSEWHERE:
        raise BaselineError(
            "requests for it cannot be sent by an endpoint's own name",
            remedy=f"have {service} = 'private-dns' in privatelink.services",
            field=field,
        )
    own = _own_name(public_host(service, region))
    host = (stated or "").lower().removeprefix("*.")  # as EC2 tells S3's
    for name, fips in ((_fips_name(service, region), True), (own, False)):
        if name is not None and re.fullmatch(rf"{_ENDPOINT}\.{re.escape(name)}", host):
            return Route(service=service, host=host, fips=fips)
    raise BaselineError(
        f"{stated} is no name of an endpoint for it in {region}" if stated else "no endpoint is named for it",
        remedy=f"state the endpoint's name, vpce-ID-RANDOM.{own}: one of DnsEntries in the answer of"
        " `aws ec2 describe-vpc-endpoints`",
        field=field,
    )


@cache
def public_host(service: str, region: str, *, fips: bool = False) -> str:
    """A service's public host in a region, by botocore's own rules.

    Raises:
        BaselineError: The installed botocore does not know the service there.
    """
    loader = botocore.loaders.create_loader()
    try:
        rules = loader.load_service_model(service, "endpoint-rule-set-1")
        provider = EndpointProvider(ruleset_data=rules, partition_data=loader.load_data("partitions"))
        url = provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=False).url
    except (DataNotFoundError, EndpointProviderError) as unknown:
        raise BaselineError(
            f"botocore tells no endpoint for {service!r} in {region}: {unknown}",
            remedy="name services as boto3 does: sagemaker, sagemaker-runtime, sts, s3, kms, logs, cloudwatch, ecr",
            field=f"privatelink.services.{service}",
        ) from unknown
    return urlsplit(str(url)).hostname or ""


def _fips_name(service: str, region: str) -> str | None:
    try:
        return _own_name(public_host(service, region, fips=True))
    except BaselineError:
        return None  # some partitions have none


def _own_name(public: str) -> str:
    """What follows the endpoint in its own name."""
    loader = botocore.loaders.create_loader()
    suffixes = (row["outputs"]["dnsSuffix"] for row in loader.load_data("partitions")["partitions"])
    suffix = max((one for one in suffixes if public.endswith(f".{one}")), key=len)
    return f"{public.removesuffix(f'.{suffix}')}.vpce.{suffix}"
