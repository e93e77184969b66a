"""How AWS is reached: what a client is looked at for once, when it is made, and then holds to by itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import botocore.loaders
from botocore.client import BaseClient
from botocore.configloader import raw_config_parse
from botocore.exceptions import ConfigNotFound, ConfigParseError
from botocore.regions import EndpointResolverBuiltins

from secure_sagemaker.baseline import SecurityBaseline
from secure_sagemaker.controls import Action, judge_public_service
from secure_sagemaker.exceptions import SessionError
from secure_sagemaker.network.connections import hold_connections
from secure_sagemaker.network.endpoints import EndpointPolicy, origin
from secure_sagemaker.network.peers import EarlyPeers, FoundPeers, PeerPolicy, Peers, WaivedPeers
from secure_sagemaker.network.privatelink import FoundRoute, Route, public_host, routes
from secure_sagemaker.network.vpc import Vpc, VpcEndpoint

__all__ = ["NetworkPolicy", "allowed_networks", "look_at"]


@dataclass(frozen=True, kw_only=True)
class NetworkPolicy:
    """What is asked of every client's way to AWS."""

    endpoints: EndpointPolicy
    """Which origins it may be pointed to."""
    peers: Peers | None = None
    """Which addresses may answer; None when any may."""
    others: Mapping[str, Peers] = field(default_factory=lambda: MappingProxyType({}))
    """The same for services of which something else is said."""
    private: bool = False
    """Nothing goes but over PrivateLink: through no proxy but those that are allowed."""
    proxies: tuple[str, ...] = ()
    """Those, as origins."""
    region: str = ""
    """Where its services are."""
    routes: Mapping[str, Route | FoundRoute] = field(default_factory=lambda: MappingProxyType({}))
    """The services that are reached by an endpoint's own name."""

    @classmethod
    def first(cls, baseline: SecurityBaseline, *, today: Callable[[], date], early: EarlyPeers) -> Self:
        """What a baseline asks for of what credentials and networks are got by: nothing is found out for it.

        Args:
            baseline: What is asked for.
            today: The day on which waivers must hold.
            early: Who may answer before the VPC's networks are known.
        """
        stated = baseline.privatelink
        peers: Peers | None = early if stated.required else None
        if stated.allowed_networks:
            peers = PeerPolicy.of(stated.allowed_networks)
        return cls(
            endpoints=EndpointPolicy.for_partition(
                botocore.loaders.create_loader().load_data("partitions"),
                baseline.role_arn.partition,
                stated.allowed_endpoint_urls,
            ),
            peers=peers,
            others=MappingProxyType({} if peers is None else dict(_public(baseline, peers, today))),
            private=stated.required,
            proxies=tuple(stated.allowed_proxies),
            region=baseline.region,
            routes=routes(baseline, endpoint=_not_looked_up),
        )

    def then(self, baseline: SecurityBaseline, *, today: Callable[[], date], vpc: Vpc) -> Self:
        """The same for all other clients: ``vpc`` finds out what the baseline leaves to be found out."""
        stated = baseline.privatelink
        peers = self.peers
        if isinstance(peers, EarlyPeers):
            peers = FoundPeers(vpc.peers)
        others: dict[str, Peers] = {} if peers is None else dict(_public(baseline, peers, today))
        if peers is not None and stated.services.get("s3") == "gateway":
            others["s3"] = FoundPeers(cache(partial(_with_s3, baseline, vpc)))
        return replace(
            self,
            peers=peers,
            others=MappingProxyType(others),
            routes=routes(baseline, endpoint=vpc.endpoint),
        )

    def check_endpoint(self, client: BaseClient) -> None:
        """Let a client be used for where it is pointed to.

        Raises:
            SessionError: It would talk to anybody but AWS, or to another host than PrivateLink is to reach.
        """
        name, endpoint = client.meta.service_model.service_name, client.meta.endpoint_url
        if (problem := self.endpoints.problem(endpoint)) is not None:
            raise SessionError(
                f"a {name} client would talk to {endpoint}{_named_by(client, endpoint)}: {problem}",
                remedy="unset AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_<SERVICE> and endpoint_url in the shared config, "
                "leave endpoint_url= and use_ssl= out, or list the origin in privatelink.allowed_endpoint_urls",
            )
        given = _given_endpoint(client) if self.private else None
        if given is not None and not self._may_be_given(name, given):
            raise SessionError(
                f"a {name} client is pointed to {given}{_named_by(client, given)}, and PrivateLink is required",
                remedy="unset AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_<SERVICE> and endpoint_url in the shared config, and"
                " leave endpoint_url= out; name a VPC endpoint in privatelink.endpoints, or list the origin in"
                " privatelink.allowed_endpoint_urls",
            )

    def _may_be_given(self, service: str, url: str) -> bool:
        route = self.routes.get(service)
        if self.endpoints.lists(url) or (route is not None and route.admits(url)):
            return True
        return url.rstrip("/") == f"https://{public_host(service, self.region)}"

    def hold_connections(self, client: BaseClient) -> Callable[[], None]:
        """Have a client's connections looked at.

        Returns:
            Leaves the client as it was found.

        Raises:
            SessionError: It would go another way than the baseline says.
        """
        name = client.meta.service_model.service_name
        if not _verifies_tls(client):
            raise SessionError(
                f"a {name} client would not check TLS certificates",
                remedy="leave verify= out; unset AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE and ca_bundle in the shared config"
                " where they are empty, or have them name a CA bundle",
            )
        proxy = _proxy(client) if self.private else None
        if proxy is not None and proxy.origin not in self.proxies:
            raise SessionError(
                f"a {name} client would go by the proxy {proxy.origin}, from {proxy.named_by}: from there nobody sees"
                " whether it goes privately, and privatelink.required is on",
                remedy="leave proxies= out and unset HTTPS_PROXY, or name the service's hosts in NO_PROXY; or list the"
                " proxy in privatelink.allowed_proxies",
            )
        peers = self.others.get(name, self.peers)
        return _nothing if peers is None else hold_connections(_http_session(client), peers)


def look_at(client: BaseClient, peers: Peers) -> None:
    """Have a client's connections looked at, and nothing else of it.

    Raises:
        SessionError: They cannot be.
    """
    hold_connections(_http_session(client), peers)


def _public(
    baseline: SecurityBaseline, peers: Peers, today: Callable[[], date]
) -> Iterator[tuple[str, WaivedPeers]]:
    for service, mode in baseline.privatelink.services.items():
        if mode == "public":
            yield service, WaivedPeers(peers, partial(_is_waived, baseline, service, today))


def _is_waived(baseline: SecurityBaseline, service: str, today: Callable[[], date]) -> bool:
    return judge_public_service(baseline, service, today=today()).action is not Action.REFUSED


def allowed_networks(baseline: SecurityBaseline, vpc: Vpc) -> PeerPolicy:
    """All networks that some service may answer from: the stated ones or the VPC's own, and S3's by its gateway.

    Raises:
        SessionError: They cannot be found out.
    """
    stated = baseline.privatelink
    if stated.services.get("s3") == "gateway":
        return _with_s3(baseline, vpc)
    return _own(baseline, vpc)


def _own(baseline: SecurityBaseline, vpc: Vpc) -> PeerPolicy:
    stated = baseline.privatelink.allowed_networks
    return PeerPolicy.of(stated) if stated else vpc.peers()


def _with_s3(baseline: SecurityBaseline, vpc: Vpc) -> PeerPolicy:
    return _own(baseline, vpc).with_networks(vpc.s3_networks(), "S3's own addresses")


def _not_looked_up(id_: str) -> VpcEndpoint:
    raise SessionError(
        f"{id_} would have to be looked up by those very credentials that it is to give",
        remedy="state the endpoint's own name in privatelink.endpoints",
    )


def _verifies_tls(client: BaseClient) -> bool:
    """Whether a client checks the certificates of whom it talks to."""
    return bool(_http_session(client)._verify)  # noqa: SLF001  # no public way to ask a client


@dataclass(frozen=True, kw_only=True, slots=True)
class _Proxy:
    origin: str
    """Without its password."""
    named_by: str


def _proxy(client: BaseClient) -> _Proxy | None:
    """The proxy that a client would go by."""
    endpoint = client.meta.endpoint_url
    proxy: str | None = _http_session(client)._proxy_config.proxy_url_for(endpoint)  # noqa: SLF001  # no public way to ask a client
    if proxy is None:
        return None
    given = getattr(client.meta.config, "proxies", None) is not None
    by = "proxies= of its Config" if given else "the environment (HTTPS_PROXY, HTTP_PROXY)"
    return _Proxy(origin=origin(proxy), named_by=by)


def _given_endpoint(client: Any) -> str | None:
    """The endpoint that an argument, the environment or a file gave a client."""
    resolver = client._ruleset_resolver  # noqa: SLF001  # no public way to ask a client
    given = None if resolver is None else resolver._builtins.get(EndpointResolverBuiltins.SDK_ENDPOINT)  # noqa: SLF001  # as above
    return None if given is None else str(given)


def _named_by(client: BaseClient, url: str) -> str:
    """What an endpoint that is none of botocore's own comes from, as far as it can be told."""
    service = str(client.meta.service_model.service_id).replace(" ", "_").upper()
    for variable in (f"AWS_ENDPOINT_URL_{service}", "AWS_ENDPOINT_URL"):
        if os.environ.get(variable) == url:
            return f", which {variable} says in the environment"
    path = Path(os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config").expanduser()
    return f", which endpoint_url says in {path}" if url in _endpoints_of(path) else ""


def _endpoints_of(path: Path) -> frozenset[str]:
    """The endpoints that a shared config file names, in whichever of its sections."""
    try:
        parsed: object = raw_config_parse(str(path), parse_subsections=True)
    except (ConfigNotFound, ConfigParseError):
        return frozenset()
    found, left = set[str](), [parsed]
    while left:
        section = left.pop()
        for name, value in section.items() if isinstance(section, Mapping) else ():
            if name == "endpoint_url" and isinstance(value, str):
                found.add(value)
            left.append(value)
    return frozenset(found)


def _http_session(client: Any) -> Any:
    return client._endpoint.http_session  # noqa: SLF001  # no public way to what a client sends by


def _nothing() -> None:
    """There is nothing to put back."""
