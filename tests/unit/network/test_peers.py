"""Which addresses may answer."""

from __future__ import annotations

import ssl

import pytest
from botocore.httpsession import URLLib3Session

from secure_sagemaker import PeerError, SessionError
from secure_sagemaker.network.peers import PeerPolicy, hold_connections

POLICY = PeerPolicy.of(["10.0.0.0/16", "100.64.0.0/10", "fd00:1234::/32"])


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.0", "10.0.255.255", "100.127.0.1", "fd00:1234::1", "fd00:1234::1%eth0"),
        *("::ffff:10.0.3.4", "::ffff:0a00:0304"),
    ],
)
def test_addresses_of_the_networks_may_answer(address: str) -> None:
    """The first and the last, and an IPv4 address that an IPv6 socket tells."""
    assert POLICY.admits(address)
    POLICY.check("sts.eu-west-1.amazonaws.com", address)


@pytest.mark.parametrize(
    "address",
    [
        *("9.255.255.255", "10.1.0.0", "52.94.0.1", "127.0.0.1", "169.254.169.254", "0.0.0.0"),  # noqa: S104  # a peer
        *("::1", "::ffff:10.1.0.1", "::10.0.0.1", "64:ff9b::10.0.0.1", "2002:a00:1::", "fd00:1235::1"),
        *("", "/run/socket", "10.0.0.1:443", "10.0.0.1, 10.0.0.2", "010.0.0.1", "10.1", "[fd00:1234::1]"),
    ],
)
def test_no_other_may(address: str) -> None:
    """Nor what is written like one, nor what only embeds one, such as a translator's."""
    assert not POLICY.admits(address)
    with pytest.raises(PeerError) as caught:
        POLICY.check("sts.eu-west-1.amazonaws.com", address)
    assert ("sts.eu-west-1.amazonaws.com", address) == (caught.value.host, caught.value.address)
    assert "10.0.0.0/16, 100.64.0.0/10, fd00:1234::/32" in str(caught.value)


def test_a_session_of_another_library_is_refused() -> None:
    """Whose connections cannot be looked at sends nothing."""

    class AIOHTTPSession:
        pass

    with pytest.raises(SessionError, match="AIOHTTPSession"):
        hold_connections(AIOHTTPSession(), POLICY)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_a_session_that_takes_old_tls_is_refused() -> None:
    """TLS 1.1 and below are no privacy."""
    session = URLLib3Session()
    session._manager.connection_pool_kw["ssl_context"].minimum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(SessionError, match="TLSv1_1"):
        hold_connections(session, POLICY)
