"""What the look at a connection's peer borrows from botocore and urllib3."""

from __future__ import annotations

import inspect
import socket
import ssl

import boto3
import botocore.loaders
import pytest
import urllib3.connection
from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
    AWSPreparedRequest,
)
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import HTTPClientError
from botocore.httpsession import URLLib3Session

PROXIES = {"https": "http://127.0.0.1:1"}


class OwnError(Exception):
    """Stands for an error of ours."""


def test_a_client_sends_by_a_session_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """`_endpoint.http_session`, another for each client, with `_verify` and `_proxy_config`."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    made = boto3.Session(region_name="eu-west-1")
    one, other = (made.client("sts")._endpoint.http_session for _ in range(2))
    assert isinstance(one, URLLib3Session)
    assert one is not other
    assert one._verify is True
    assert one._proxy_config.proxy_url_for("https://sts.eu-west-1.amazonaws.com") is None


def test_a_given_endpoint_is_told_by_the_resolver() -> None:
    """`_ruleset_resolver._builtins` has what an argument gave, under the name that its rules know it by."""
    made = boto3.Session(region_name="eu-west-1")
    given = "https://sts.eu-west-1.amazonaws.com"
    for options, told in (({}, None), ({"endpoint_url": given}, given)):
        client = made.client("sts", **options)
        assert told == client._ruleset_resolver._builtins["SDK::Endpoint"]


def test_rules_for_endpoints_are_read_without_a_client() -> None:
    """By `EndpointProvider`, from what the loader has: every service has them."""
    loader = botocore.loaders.create_loader()
    rules = loader.load_service_model("sagemaker", "endpoint-rule-set-1")
    provider = EndpointProvider(ruleset_data=rules, partition_data=loader.load_data("partitions"))
    found = provider.resolve_endpoint(Region="cn-north-1", UseFIPS=False, UseDualStack=False)
    assert "https://api.sagemaker.cn-north-1.amazonaws.com.cn" == found.url
    assert [] == [
        service
        for service in loader.list_available_services("service-2")
        if service not in loader.list_available_services("endpoint-rule-set-1")
    ]


def test_pools_are_made_of_the_sessions_classes() -> None:
    """By `pool_classes_by_scheme`, of the manager and of those that are made for proxies later."""
    session = URLLib3Session(proxies=PROXIES)
    session._pool_classes_by_scheme = {"http": AWSHTTPConnectionPool, "https": AWSHTTPSConnectionPool}
    proxied = session._get_proxy_manager(PROXIES["https"])
    assert session._pool_classes_by_scheme is proxied.pool_classes_by_scheme
    assert [proxied] == list(session._proxy_managers.values())
    assert AWSHTTPConnection is AWSHTTPConnectionPool.ConnectionCls
    assert AWSHTTPSConnection is AWSHTTPSConnectionPool.ConnectionCls

    class Pool(AWSHTTPSConnectionPool):
        pass

    session._manager.pool_classes_by_scheme = {"https": Pool}
    assert isinstance(session._manager.connection_from_url("https://127.0.0.1:1"), Pool)
    session._manager.clear()
    assert 0 == len(session._manager.pools)


@pytest.mark.parametrize("connection", [AWSHTTPConnection, AWSHTTPSConnection])
def test_a_connection_gets_its_socket_in_one_place(connection: type) -> None:
    """`_new_conn` gives the connected socket, and `connect` does the rest with it: the tunnel, then TLS."""
    (made,) = {vars(one)["_new_conn"] for one in connection.__mro__ if "_new_conn" in vars(one)}
    assert urllib3.connection.HTTPConnection._new_conn is made
    (connect, *_) = (vars(one)["connect"] for one in connection.__mro__ if "connect" in vars(one))
    source = inspect.getsource(connect)
    assert 1 == source.count("self._new_conn()")
    assert source.index("self._new_conn()") < source.index("_tunnel()")
    if connection is AWSHTTPSConnection:
        assert source.index("_tunnel()") < source.index("ssl_wrap_socket")


def test_an_error_of_ours_is_wrapped_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a connection raises arrives as `error` of an HTTPClientError, which `send` raises."""
    raised = OwnError()

    def refuse(*_: object, **__: object) -> socket.socket:
        raise raised

    monkeypatch.setattr(urllib3.connection.HTTPConnection, "_new_conn", refuse)
    request = AWSPreparedRequest("GET", "https://127.0.0.1:1/", {}, b"", stream_output=False)
    with pytest.raises(HTTPClientError) as caught:
        URLLib3Session().send(request)
    assert caught.value.kwargs["error"] is raised


def test_tls_is_of_a_current_version() -> None:
    """The context that connections are made with is the manager's, and takes TLS 1.2 and later."""
    context = URLLib3Session()._manager.connection_pool_kw["ssl_context"]
    assert ssl.TLSVersion.TLSv1_2 <= context.minimum_version
