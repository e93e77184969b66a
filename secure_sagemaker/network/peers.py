"""Who may answer: the addresses of peers, and what is done until a VPC has told which are its own.

A name may resolve to another address from one moment to the next, so what it resolves to proves nothing: what is
decided here is about the address of a connected socket.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Protocol, Self

from secure_sagemaker.exceptions import PeerError
from secure_sagemaker.locks import ForkSafeLock

__all__ = ["AnyPeers", "EarlyPeers", "FoundPeers", "Network", "PeerPolicy", "Peers", "WaivedPeers", "parsed"]

Network = IPv4Network | IPv6Network

_STATED = "privatelink.allowed_networks"
_PRIVATE = tuple(
    map(
        ip_network,
        (
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),  # RFC 1918
            *("100.64.0.0/10", "fc00::/7"),  # RFC 6598, RFC 4193
            *("127.0.0.0/8", "::1/128"),  # what does not leave the machine
        ),
    )
)


class Peers(Protocol):
    """Who may answer the connections of a client."""

    def prepare(self) -> None:
        """Be ready to check: called before a connection is made."""

    def check(self, host: str, address: str) -> None:
        """Let a connection to a host be used.

        Raises:
            PeerError: Another address answers than may.
        """


def parsed(address: str) -> IPv4Address | IPv6Address | None:
    """An address as a socket tells it; None where it is none."""
    try:
        peer = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if peer.version == 6 and peer.ipv4_mapped is not None:  # an IPv4 peer of an IPv6 socket
        return peer.ipv4_mapped
    return peer


@dataclass(frozen=True, kw_only=True)
class PeerPolicy:
    """Those may answer whose addresses lie in networks."""

    networks: tuple[Network, ...]
    """The networks."""
    called: str = _STATED
    """What they are, in the words of an error."""

    @classmethod
    def of(cls, networks: Iterable[str]) -> Self:
        """The policy for networks in CIDR notation, as the baseline states them."""
        return cls(networks=tuple(ip_network(network) for network in networks))

    def with_networks(self, networks: Iterable[Network], called: str) -> PeerPolicy:
        """One that takes further networks, which are called so."""
        return PeerPolicy(networks=(*self.networks, *networks), called=f"{self.called} and {called}")

    def admits(self, address: str) -> bool:
        """Whether an address, as the socket tells it, lies in one of the networks."""
        peer = parsed(address)
        return peer is not None and any(peer in network for network in self.networks)

    def prepare(self) -> None:
        """Nothing is missing."""

    def check(self, host: str, address: str) -> None:
        """Let a connection to a host be used.

        Raises:
            PeerError: Another address answers than may.
        """
        if not self.admits(address):
            networks = ", ".join(map(str, self.networks[:_TOLD]))
            more = ", ..." if len(self.networks) > _TOLD else ""
            raise PeerError(
                f"{host} is answered from {address}, which lies outside of {self.called} ({networks}{more}):"
                " the connection was closed before anything was sent",
                remedy="have the name resolve to the VPC's own endpoint (an interface endpoint with private DNS, asked"
                " by the VPC's resolver), or, where the address is one of yours, state its network in"
                f" {_STATED}",
                host=host,
                address=address,
            )


_TOLD = 8
"""How many networks an error tells."""


class AnyPeers:
    """Anybody may answer, and who did is told later: where the baseline is still to be read."""

    def __init__(self) -> None:
        self._answered: set[tuple[str, str]] = set()

    def prepare(self) -> None:
        """Nothing is missing."""

    def check(self, host: str, address: str) -> None:
        """Keep in mind who answered."""
        self._answered.add((host, address))

    def look_again(self, peers: Peers) -> None:
        """Look again, now that it is known who may answer.

        Raises:
            PeerError: Another address has answered than may.
        """
        for host, address in sorted(self._answered):
            peers.check(host, address)


class EarlyPeers:
    """Those may answer whose addresses are private, until the networks are known; then they are looked at again.

    So are the connections held by which the networks are found out.
    """

    def __init__(self) -> None:
        self._answered: set[tuple[str, str]] = set()
        self._known: PeerPolicy | None = None
        self._lock = ForkSafeLock()

    def prepare(self) -> None:
        """Nothing is missing."""

    def check(self, host: str, address: str) -> None:
        """Let a connection to a host be used.

        Raises:
            PeerError: Another address answers than may.
        """
        with self._lock:
            if self._known is None:
                _UNTIL_KNOWN.check(host, address)
                self._answered.add((host, address))
                return
        self._known.check(host, address)

    def known(self, policy: PeerPolicy) -> None:
        """Take the networks for known from here on.

        Raises:
            PeerError: Somebody has answered who may not: then they are not, and nothing is used of what was answered.
        """
        with self._lock:
            for host, address in sorted(self._answered):
                policy.check(host, address)
            self._known = policy


_UNTIL_KNOWN = PeerPolicy(
    networks=_PRIVATE, called="the private networks, and those of the VPC are not known yet"
)


class FoundPeers:
    """Those may answer who lie in networks that are found out first, once somebody connects."""

    def __init__(self, find: Callable[[], PeerPolicy]) -> None:
        self._find = find

    def prepare(self) -> None:
        """Find out which they are.

        Raises:
            SecureSageMakerError: They cannot be.
        """
        self._find()

    def check(self, host: str, address: str) -> None:
        """Let a connection to a host be used.

        Raises:
            PeerError: Another address answers than may.
        """
        self._find().check(host, address)


class WaivedPeers:
    """Anybody may answer, as long as a waiver holds."""

    def __init__(self, others: Peers, holds: Callable[[], bool]) -> None:
        self._others = others
        self._holds = holds

    def prepare(self) -> None:
        """Be ready for the day on which it does not."""
        if not self._holds():
            self._others.prepare()

    def check(self, host: str, address: str) -> None:
        """Let a connection to a host be used.

        Raises:
            PeerError: The waiver has ended, and another address answers than may.
        """
        if not self._holds():
            self._others.check(host, address)
