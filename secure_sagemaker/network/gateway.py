"""Whether S3's traffic goes to its gateway endpoint. The addresses are S3's public ones: only routes tell.

What is decided, for each subnet, by its own route table or else the VPC's main one:

- an active route sends S3's managed prefix list to a gateway endpoint for S3;
- no nearer route takes some of its addresses elsewhere, nor one as near, for a written route goes before a list's,
  and of two lists nobody knows which goes first.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from secure_sagemaker.network.peers import Network

__all__ = ["Listed", "Route", "RouteTable", "problem_with"]

_LIST = "pl-"
_LOCAL = "local"


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """A route of a table."""

    destination: str
    """A network in CIDR notation, or a prefix list's id."""
    target: str
    """The id of what it leads to, or ``local``."""
    active: bool = True

    @property
    def is_list(self) -> bool:
        """Whether it is for a prefix list."""
        return self.destination.startswith(_LIST)


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteTable:
    """A route table of the VPC."""

    id: str
    main: bool
    subnets: tuple[str, ...]
    """Those that it is associated with by name."""
    routes: tuple[Route, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A prefix list, with its entries."""

    id: str
    is_s3: bool
    """Whether it is AWS's own, of S3's addresses in the region."""
    networks: tuple[Network, ...]


def problem_with(
    *,
    tables: Sequence[RouteTable],
    subnets: Sequence[str],
    lists: Sequence[Listed],
    gateways: Collection[str],
) -> str | None:
    """Why S3's traffic may go elsewhere from one of the subnets; None where it cannot.

    Args:
        tables: All of the VPC.
        subnets: The subnets' ids.
        lists: The prefix lists that the tables' routes are for.
        gateways: The ids of the gateway endpoints for S3.
    """
    s3 = next((one for one in lists if one.is_s3), None)
    if s3 is None or not s3.networks:
        return "no route of its VPC is for S3's managed prefix list"
    by_id = {one.id: one.networks for one in lists}
    for subnet in subnets:
        table = next((one for one in tables if subnet in one.subnets), None)
        table = table or next((one for one in tables if one.main), None)
        if table is None:
            return f"no route table of {subnet} was found"
        seen = [route for route in table.routes if route.destination == s3.id]
        if not any(route.active and route.target in gateways for route in seen):
            return f"{table.id}, of {subnet}, has no route for S3's managed prefix list {s3.id} to a gateway endpoint"
        for route in table.routes:
            if route.destination == s3.id or route.target == _LOCAL:
                continue
            taken = by_id.get(route.destination) if route.is_list else (ip_network(route.destination),)
            if taken is None:
                return f"{table.id}, of {subnet}, has a route for {route.destination}, whose entries are not known"
            if any(_takes(other, network) for other in taken for network in s3.networks):
                return (
                    f"{table.id}, of {subnet}, sends {route.destination} to {route.target}, which is nearer"
                )
    return None


def _takes(other: Network, network: Network) -> bool:
    """Whether a route for one network goes before one for another, for some addresses."""
    if isinstance(other, IPv4Network):
        return isinstance(network, IPv4Network) and other.subnet_of(network)
    return isinstance(network, IPv6Network) and other.subnet_of(network)
