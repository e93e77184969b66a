"""How AWS is reached: what a client is looked at for once, when it is made, and then holds to by itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self
from urllib.parse import urlsplit

import botocore.loaders
from botocore.client import BaseClient
from botocore.regions import EndpointResolverBuiltins

from secure_sagemaker.baseline import SecurityBaseline
from secure_sagemaker.exceptions import SessionError
from secure_sagemaker.network.endpoints import EndpointPolicy
from secure_sagemaker.network.peers import PeerPolicy, hold_connections
from secure_sagemaker.network.privatelink import Route, public_host, routes

__all__ = ["NetworkPolicy"]


@dataclass(frozen=True, kw_only=True)
class NetworkPolicy:
    """What is asked of every client's way to AWS."""

    endpoints: EndpointPolicy
    """Which origins it may be pointed to."""
    peers: PeerPolicy | None = None
    """Which addresses may answer; None when any may."""
    private: bool = False
    """Nothing goes but over PrivateLink: through no proxy."""
    region: str = ""
    """Where its services are."""
    routes: Mapping[str, Route] = field(default_factory=lambda: MappingProxyType({}))
    """The services that are reached by an endpoint's own name."""

    @classmethod
    def of(cls, baseline: SecurityBaseline) -> Self:
        """What a baseline asks for."""
        stated = baseline.privatelink
        return cls(
            endpoints=EndpointPolicy.for_partition(
                botocore.loaders.create_loader().load_data("partitions"),
                baseline.role_arn.partition,
                stated.allowed_endpoint_urls,
            ),
            peers=PeerPolicy.of(stated.allowed_networks) if stated.allowed_networks else None,
            private=stated.required,
            region=baseline.region,
            routes=routes(baseline),
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
        if self.private and (proxy := _proxy(client)) is not None:
            raise SessionError(
                f"a {name} client would go by {proxy}: from there nobody sees whether it goes privately, and"
                " privatelink.required is on",
                remedy="leave proxies= out and unset HTTPS_PROXY, or name the service's hosts in NO_PROXY",
            )
        return _nothing if self.peers is None else hold_connections(_http_session(client), self.peers)


def _verifies_tls(client: BaseClient) -> bool:
    """Whether a client checks the certificates of whom it talks to."""
    return bool(_http_session(client)._verify)  # noqa: SLF001  # no public way to ask a client


def _proxy(client: BaseClient) -> str | None:
    """The proxy that a client would go by and what named it, without its password."""
    endpoint = client.meta.endpoint_url
    proxy: str | None = _http_session(client)._proxy_config.proxy_url_for(endpoint)  # noqa: SLF001  # no public way to ask a client
    if proxy is None:
        return None
    given = getattr(client.meta.config, "proxies", None) is not None
    parts = urlsplit(proxy)
    port = "" if parts.port is None else f":{parts.port}"
    by = "proxies= of its Config" if given else "the environment (HTTPS_PROXY, HTTP_PROXY)"
    return f"the proxy {parts.scheme}://{parts.hostname}{port}, from {by}"


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
    return ""


def _http_session(client: Any) -> Any:
    return client._endpoint.http_session  # noqa: SLF001  # no public way to what a client sends by


def _nothing() -> None:
    """There is nothing to put back."""
