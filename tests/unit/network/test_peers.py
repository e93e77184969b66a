"""Which addresses may answer."""

from __future__ import annotations

import ssl

import pytest
from botocore.httpsession import URLLib3Session

from secure_sagemaker import PeerError, SessionError
from secure_sagemaker.network.connections import hold_connections
from secure_sagemaker.network.peers import AnyPeers, EarlyPeers, FoundPeers, PeerPolicy, WaivedPeers

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


# --- until the networks are known


@pytest.mark.parametrize(
    "address",
    [
        *("10.1.2.3", "172.31.255.255", "192.168.0.1", "100.64.0.1", "100.127.255.255"),
        *("fd00::1", "fc00::1", "127.0.0.1", "::1", "::ffff:10.0.0.1"),
    ],
)
def test_until_they_are_known_private_addresses_may_answer(address: str) -> None:
    """RFC 1918, RFC 6598, RFC 4193 and what does not leave the machine."""
    EarlyPeers().check("sts.eu-west-1.amazonaws.com", address)


@pytest.mark.parametrize(
    "address",
    [
        "52.94.0.1",
        "172.32.0.0",
        "100.128.0.0",
        "169.254.169.254",
        "2001:db8::1",
        "2600:1f00::1",
        "fe80::1",
        "0.0.0.0",  # noqa: S104  # a peer
    ],  # a peer
)
def test_until_they_are_known_public_addresses_may_not(address: str) -> None:
    """Nor what is of the link alone."""
    with pytest.raises(PeerError, match="not known yet"):
        EarlyPeers().check("sts.eu-west-1.amazonaws.com", address)


def test_once_they_are_known_all_are_looked_at_again() -> None:
    """Who answered before, and who does from then on; an address that was wrong leaves them unknown."""
    early = EarlyPeers()
    early.check("sts", "10.0.3.4")
    early.check("ec2", "192.168.1.1")
    with pytest.raises(PeerError, match="ec2 is answered from"):
        early.known(POLICY)
    with pytest.raises(PeerError, match="ec2 is answered from"):
        early.known(POLICY)
    early.known(PeerPolicy.of(["10.0.0.0/16", "192.168.1.0/24"]))
    early.check("sts", "10.0.3.4")
    with pytest.raises(PeerError, match="allowed_networks"):
        early.check("sts", "10.1.0.1")


def test_who_answered_for_a_baseline_is_looked_at_once_it_is_read() -> None:
    """Anybody may answer meanwhile."""
    anybody = AnyPeers()
    anybody.check("ssm", "52.94.0.1")
    with pytest.raises(PeerError, match="ssm"):
        anybody.look_again(POLICY)
    anybody.look_again(PeerPolicy.of(["52.94.0.0/24"]))


def test_networks_are_found_out_before_somebody_connects() -> None:
    """By `prepare`, and not when a policy is made."""
    asked: list[str] = []

    def find() -> PeerPolicy:
        asked.append("now")
        return POLICY

    peers = FoundPeers(find)
    assert [] == asked
    peers.prepare()
    assert ["now"] == asked
    peers.check("sts", "10.0.0.1")
    with pytest.raises(PeerError):
        peers.check("sts", "10.1.0.1")


def test_a_waiver_lets_anybody_answer_as_long_as_it_holds() -> None:
    """On the day after, each new connection is held again."""
    days = [True]
    peers = WaivedPeers(POLICY, lambda: days[-1])
    peers.prepare()
    peers.check("logs", "52.94.0.1")
    days.append(False)
    peers.prepare()
    with pytest.raises(PeerError):
        peers.check("logs", "52.94.0.1")
