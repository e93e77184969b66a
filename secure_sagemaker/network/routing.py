"""Route tables of a VPC: what EC2 tells of them, and which of its routes goes first.

The longest prefix does. Of two routes with one prefix, a written one goes before one by a prefix list, and that before
a propagated one. Two prefix lists with one entry have no order that AWS tells.
https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_network
from typing import Any

from secure_sagemaker.network.peers import Network

__all__ = ["Path", "Route", "RouteTable", "TargetKind", "paths", "s3_list_of", "table_of", "tables_of"]

_Row = Mapping[str, Any]  # a structure of EC2's answer
_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock")
_TARGETS = (
    *("GatewayId", "NatGatewayId", "TransitGatewayId", "VpcPeeringConnectionId"),
    *("EgressOnlyInternetGatewayId", "NetworkInterfaceId", "InstanceId", "LocalGatewayId"),
    *("CarrierGatewayId", "CoreNetworkArn", "OdbNetworkArn"),
)


class TargetKind(StrEnum):
    """What a route leads to."""

    LOCAL = "local"
    INTERNET = "internet gateway"
    EGRESS_ONLY = "egress-only internet gateway"
    NAT = "NAT gateway"
    ENDPOINT = "VPC endpoint"
    TRANSIT = "transit gateway"
    PEERING = "peering connection"
    ELSEWHERE = "appliance, VPN or other network"


_KINDS = (
    ("igw-", TargetKind.INTERNET),
    ("cagw-", TargetKind.INTERNET),  # a carrier gateway: the internet, by a mobile network
    ("eigw-", TargetKind.EGRESS_ONLY),
    ("nat-", TargetKind.NAT),
    ("vpce-", TargetKind.ENDPOINT),
    ("tgw-", TargetKind.TRANSIT),
    ("pcx-", TargetKind.PEERING),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """One route of a table."""

    destination: Network | str
    """Addresses, or the id of a prefix list."""
    target: str
    """``local``, or the id of what it leads to; empty where AWS tells none."""
    state: str = "active"
    """As EC2 tells it."""
    propagated: bool = False
    """It came by a VPN or Direct Connect gateway, and gives way to one that was written."""

    @property
    def active(self) -> bool:
        """Whether it surely leads to its target."""
        return self.state == "active"

    @property
    def blackhole(self) -> bool:
        """Whether what it leads to is gone, so that what it matches is dropped."""
        return self.state == "blackhole"

    @property
    def kind(self) -> TargetKind:
        """What it leads to."""
        if self.target == "local":
            return TargetKind.LOCAL
        return next((kind for prefix, kind in _KINDS if self.target.startswith(prefix)), TargetKind.ELSEWHERE)


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteTable:
    """A route table."""

    id: str
    vpc: str
    main: bool = False
    subnets: tuple[str, ...] = ()
    """Those that name it."""
    routes: tuple[Route, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Path:
    """A route, for the addresses of one network."""

    network: Network
    route: Route

    @property
    def rank(self) -> int:
        """Which goes first of those with one prefix; the lowest does."""
        if isinstance(self.route.destination, str):
            return 1
        return 2 if self.route.propagated else 0

    def meets(self, other: Path) -> bool:
        """Whether some addresses are for both."""
        return self.network.version == other.network.version and self.network.overlaps(other.network)

    def goes_before(self, other: Path) -> bool:
        """Whether it surely takes the addresses that are for both."""
        return self.meets(other) and (
            (self.network.prefixlen, -self.rank) > (other.network.prefixlen, -other.rank)
        )


def tables_of(rows: Iterable[_Row]) -> tuple[RouteTable, ...]:
    """What DescribeRouteTables tells."""
    return tuple(_table(row) for row in rows)


def _table(row: _Row) -> RouteTable:
    # One that begins, ends or failed routes nothing for certain.
    associated = [
        one
        for one in row["Associations"]
        if one.get("AssociationState", {}).get("State", "associated") == "associated"
    ]
    return RouteTable(
        id=row["RouteTableId"],
        vpc=row["VpcId"],
        main=any(one.get("Main", False) for one in associated),
        subnets=tuple(one["SubnetId"] for one in associated if one.get("SubnetId")),
        routes=tuple(_route(one) for one in row["Routes"]),
    )


def _route(row: _Row) -> Route:
    written = next((row[name] for name in _DESTINATIONS if row.get(name)), None)
    return Route(
        destination=str(row["DestinationPrefixListId"]) if written is None else ip_network(written),
        target=next((str(row[name]) for name in _TARGETS if row.get(name)), ""),
        state=str(row.get("State", "active")),
        propagated=row.get("Origin") == "EnableVgwRoutePropagation",
    )


def s3_list_of(rows: Iterable[_Row], region: str) -> str:
    """The id of AWS's own prefix list of S3's addresses in a region, of what DescribeManagedPrefixLists tells.

    Empty where it is not among them.
    """
    # Whoever may make lists may name them as AWS does: the owner tells. By the end, for partitions begin the names of
    # their services otherwise.
    return next(
        (
            str(row["PrefixListId"])
            for row in rows
            if row["OwnerId"] == "AWS" and str(row["PrefixListName"]).endswith(f"amazonaws.{region}.s3")
        ),
        "",
    )


def table_of(subnet: str, tables: Iterable[RouteTable], *, vpc: str) -> RouteTable | None:
    """The table that names a subnet, or else the main one of its VPC."""
    known = tuple(tables)
    named = (one for one in known if subnet in one.subnets)
    main = (one for one in known if one.main and one.vpc == vpc)
    return next(named, None) or next(main, None)


def paths(table: RouteTable, prefix_lists: Mapping[str, tuple[Network, ...]]) -> tuple[Path, ...]:
    """The routes of a table by network. A list whose entries are not known gives none."""
    found: list[Path] = []
    for route in table.routes:
        listed = route.destination
        networks = prefix_lists.get(listed, ()) if isinstance(listed, str) else (listed,)
        found += [Path(network=network, route=route) for network in networks]
    return tuple(found)
