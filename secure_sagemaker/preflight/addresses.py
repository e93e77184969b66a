"""Sets of IP addresses: whether networks cover another, and what is left of one."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_network

from secure_sagemaker.network.peers import Network

__all__ = [
    "ANYWHERE",
    "Address",
    "Span",
    "address_at",
    "covers",
    "intersection",
    "is_open",
    "public",
    "span",
    "without",
]

Address = IPv4Address | IPv6Address
Span = tuple[int, int]
"""The first and the last of a range."""

ANYWHERE: tuple[Network, ...] = (ip_network("0.0.0.0/0"), ip_network("::/0"))
_NOT_PUBLIC = tuple(
    ip_network(one)
    for one in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *(
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
        ),
        "224.0.0.0/3",
        # The internet's addresses are of 2000::/3; AWS routes nothing else to it.
        *("::/3", "4000::/2", "8000::/1", "2001:db8::/32"),
    )
)


def span(network: Network) -> Span:
    """The addresses of a network, as integers."""
    return int(network.network_address), int(network.broadcast_address)


def address_at(number: int, version: int) -> Address:
    """The address of a number."""
    return IPv4Address(number) if version == 4 else IPv6Address(number)


def intersection(one: Span, other: Span) -> Span | None:
    """What two ranges share."""
    first, last = max(one[0], other[0]), min(one[1], other[1])
    return (first, last) if first <= last else None


def without(spans: Iterable[Span], taken: Iterable[Span]) -> tuple[Span, ...]:
    """What is left of ranges."""
    left = list(spans)
    for gone in taken:
        rest: list[Span] = []
        for one in left:
            shared = intersection(one, gone)
            if shared is None:
                rest.append(one)
                continue
            if one[0] < shared[0]:
                rest.append((one[0], shared[0] - 1))
            if shared[1] < one[1]:
                rest.append((shared[1] + 1, one[1]))
        left = rest
    return tuple(left)


def public(networks: Iterable[Network], *, but: Iterable[Network] = ()) -> Address | None:
    """The first public address of some networks that is in none of others."""
    away = (*_NOT_PUBLIC, *but)
    for network in networks:
        gone = (span(one) for one in away if one.version == network.version)
        if left := without((span(network),), gone):
            return address_at(min(left)[0], network.version)
    return None


def covers(by: Iterable[Network], wanted: Network) -> bool:
    """Whether networks, taken together, hold every address of another."""
    return not without((span(wanted),), (span(one) for one in by if one.version == wanted.version))


def is_open(networks: Iterable[Network]) -> Network | None:
    """The whole internet, of the version for which networks, taken together, hold every public address of it."""
    known = tuple(networks)
    return next(
        (
            whole
            for whole in ANYWHERE
            if any(one.version == whole.version for one in known) and public((whole,), but=known) is None
        ),
        None,
    )
