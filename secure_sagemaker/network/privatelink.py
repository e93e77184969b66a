"""Which VPC endpoint a service is reached by, where the baseline names one.

An interface endpoint's own name is the service's public one with the endpoint before it and ``vpce`` in it:
``vpce-ID-RANDOM.api.sagemaker.eu-west-1.vpce.amazonaws.com``. The public name, for a region of whatever partition, with
FIPS or without, is what botocore's own rules for endpoints make it.
https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import botocore.loaders
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import DataNotFoundError, EndpointProviderError
from botocore.regions import EndpointResolverBuiltins
from botocore.utils import is_s3express_bucket

from secure_sagemaker.baseline import SecurityBaseline
from secure_sagemaker.exceptions import BaselineError, SessionError

if TYPE_CHECKING:
    from secure_sagemaker.network.vpc import VpcEndpoint

__all__ = ["S3_CONTROL", "FoundRoute", "OwnName", "Route", "own_names", "public_host", "routes"]

S3_CONTROL = "s3control"

_GIVEN = str(EndpointResolverBuiltins.SDK_ENDPOINT.value)
_FIPS = str(EndpointResolverBuiltins.AWS_USE_FIPS.value)
_DUAL_STACK = str(EndpointResolverBuiltins.AWS_USE_DUALSTACK.value)
_ELSEWHERE = "s3outposts"
"""A service whose endpoint's name is not made of its own."""
_KINDS: Mapping[str, tuple[str, ...]] = {"s3": ("bucket.", "accesspoint."), S3_CONTROL: ("control.",)}
"""What stands before the endpoint's name, where something does."""
_FINDING = ("ec2", "sts")
"""Services that an endpoint's id is looked up by."""
_ENDPOINT = r"vpce-[0-9a-z]+-[0-9a-z]+(?:-(?P<zone>[0-9a-z-]+))?"
_ID = re.compile(r"vpce-[0-9a-f]+")


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
        places = [f"{kind}{self.host}" for kind in _KINDS.get(self.service, ())]
        if not places:
            return host == self.host
        return any(host == place or host.endswith(f".{place}") for place in places)

    def _kind(self, params: Mapping[str, object]) -> str | None:
        """What stands before the endpoint's name; None where it serves no such thing."""
        first, *others = _KINDS.get(self.service, ("",))
        if not others:
            return first
        bucket = params.get("Bucket")
        if not isinstance(bucket, str):
            return "bucket."
        if is_s3express_bucket(bucket):
            return None
        return "accesspoint." if bucket.startswith("arn:") else "bucket."


class FoundRoute:
    """The same, of an endpoint whose name is found out by its id once something goes there."""

    def __init__(self, find: Callable[[], Route]) -> None:
        self._find = cache(find)

    def resolve(self, **event: Any) -> None:
        """Have a request made for the endpoint.

        Raises:
            SessionError: The endpoint cannot be found.
        """
        self._find().resolve(**event)

    def check(self, *, request: _Request, **_: object) -> None:
        """Let a request out.

        Raises:
            SessionError: It goes elsewhere.
        """
        self._find().check(request=request)

    def admits(self, url: str) -> bool:
        """Whether a URL leads to the endpoint."""
        return self._find().admits(url)


def routes(
    baseline: SecurityBaseline, *, endpoint: Callable[[str], VpcEndpoint]
) -> Mapping[str, Route | FoundRoute]:
    """The services that a baseline names an endpoint for.

    Args:
        baseline: What is asked for.
        endpoint: Finds an endpoint by its id.

    Raises:
        BaselineError: What it says of a service contradicts itself, or is no endpoint of the service.
    """
    stated = baseline.privatelink
    made: dict[str, Route | FoundRoute] = {}
    for service in sorted({*stated.services, *stated.endpoints}):
        host, mode = stated.endpoints.get(service), stated.services.get(service, "endpoint")
        if mode == "endpoint":
            made[service] = _route(service, host, region=baseline.region, endpoint=endpoint)
        elif host is not None:
            raise BaselineError(
                f"it names {host} for {service}, which privatelink.services has reached otherwise",
                remedy=f"leave one of the two out, or have {service} = 'endpoint' in privatelink.services",
                field=f"privatelink.endpoints.{service}",
            )
        elif mode == "gateway" and service != "s3":
            raise BaselineError(
                "S3 alone is reached by a gateway endpoint",
                remedy=f"have {service} = 'private-dns' or 'endpoint' in privatelink.services",
                field=f"privatelink.services.{service}",
            )
        elif mode != "public" and not (stated.allowed_networks or stated.required):
            raise BaselineError(
                "that a name resolves privately is told by the address that answers, and any may",
                remedy="state privatelink.required, with which the VPC's own networks alone may answer, or"
                " privatelink.allowed_networks",
                field=f"privatelink.services.{service}",
            )
    return MappingProxyType(made)


def _route(
    service: str, stated: str | None, *, region: str, endpoint: Callable[[str], VpcEndpoint]
) -> Route | FoundRoute:
    field = f"privatelink.endpoints.{service}"
    if service == _ELSEWHERE:
        raise BaselineError(
            "requests for it cannot be sent by an endpoint's own name",
            remedy=f"have {service} = 'private-dns' in privatelink.services",
            field=field,
        )
    names = own_names(service, region)
    host = (stated or "").lower().removeprefix("*.")  # as EC2 tells S3's
    if _ID.fullmatch(host) and service not in _FINDING:
        return FoundRoute(lambda: _found(service, endpoint(host), names))
    for name in names:
        if name.fits(host):
            return Route(service=service, host=host, fips=name.fips)
    told = (
        f"{stated} is no name of an endpoint for it in {region}" if stated else "no endpoint is named for it"
    )
    if _ID.fullmatch(host):
        told = f"{stated} would have to be looked up, and that takes {service} itself"
    raise BaselineError(
        told,
        remedy=f"state the endpoint's name, vpce-ID-RANDOM.{names[-1].name}: one of DnsEntries in the answer of"
        " `aws ec2 describe-vpc-endpoints`",
        field=field,
    )


def _found(service: str, endpoint: VpcEndpoint, names: tuple[OwnName, ...]) -> Route:
    for name in names:
        hosts = [host for host in endpoint.names if name.fits(host)]
        if hosts:
            return Route(service=service, host=min(hosts, key=len), fips=name.fips)  # zones' names are longer
    raise SessionError(
        f"{endpoint.id} is an endpoint for {endpoint.service}, and serves no {service}",
        remedy=f"correct privatelink.endpoints.{service}: `secure-sagemaker endpoints` tells those that there are",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnName:
    """What names of endpoints for a service end with, in a region."""

    name: str
    """Such as ``api.sagemaker.eu-west-1.vpce.amazonaws.com``."""
    fips: bool
    """Whether it is that of FIPS endpoints."""

    def fits(self, host: str) -> bool:
        """Whether a host is the name of such an endpoint, or of one of its zones."""
        return self._match(host) is not None

    def zone(self, host: str) -> str | None:
        """The availability zone that a name is for; None where it is the whole endpoint's."""
        match = self._match(host)
        return match and match["zone"]

    def _match(self, host: str) -> re.Match[str] | None:
        return re.fullmatch(rf"{_ENDPOINT}\.{re.escape(self.name)}", host)


@cache
def own_names(service: str, region: str) -> tuple[OwnName, ...]:
    """The names of endpoints for a service, FIPS first, where it has both.

    Raises:
        BaselineError: The installed botocore does not know the service there.
    """
    served_by = "s3" if service == S3_CONTROL else service
    plain, fips = _own_name(public_host(served_by, region)), _fips_name(served_by, region)
    both = (None if fips is None else OwnName(name=fips, fips=True), OwnName(name=plain, fips=False))
    return tuple(one for one in both if one is not None)


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
    # Of a service that has no name but the one for both stacks, the endpoint's is of the partition's own suffix.
    suffixes = {
        outputs[kind]: outputs["dnsSuffix"]
        for outputs in (row["outputs"] for row in loader.load_data("partitions")["partitions"])
        for kind in ("dualStackDnsSuffix", "dnsSuffix")
    }
    suffix = max((one for one in suffixes if public.endswith(f".{one}")), key=len)
    return f"{public.removesuffix(f'.{suffix}')}.vpce.{suffixes[suffix]}"
