"""Where a subnet's traffic may leave: longest prefix first, as a VPC's router decides.

Of two routes with one prefix, a written one goes before one by a prefix list, and that before a propagated one. Two
prefix lists with one entry have no order that AWS tells: both are taken for possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from secure_sagemaker.preflight.addresses import Address, Network, public
from secure_sagemaker.preflight.catalogue import CHECKS
from secure_sagemaker.preflight.facts import (
    NetworkFacts,
    Route,
    RouteTable,
    Subnet,
    TargetKind,
    WantedNetwork,
)
from secure_sagemaker.preflight.findings import Check, Finding

__all__ = ["Path", "WayOut", "chosen", "decide_routes", "paths", "table_of", "ways_out"]

_KINDS = {
    "route-internet-gateway": (TargetKind.INTERNET,),
    "route-nat": (TargetKind.NAT,),
    "route-egress-only": (TargetKind.EGRESS_ONLY,),
    "route-elsewhere": (TargetKind.TRANSIT, TargetKind.PEERING, TargetKind.ELSEWHERE),
}


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


@dataclass(frozen=True, kw_only=True, slots=True)
class WayOut:
    """A route that public addresses take."""

    path: Path
    address: Address
    """One of them."""


def table_of(subnet: Subnet, tables: Iterable[RouteTable]) -> RouteTable | None:
    """The table that a subnet names, or else its VPC's main one."""
    known = tuple(tables)
    named = (one for one in known if subnet.id in one.subnets)
    main = (one for one in known if one.main and one.vpc == subnet.vpc)
    return next(named, None) or next(main, None)


def paths(table: RouteTable, prefix_lists: Mapping[str, tuple[Network, ...]]) -> tuple[Path, ...]:
    """The routes of a table by network. A list whose entries are not known gives none."""
    found: list[Path] = []
    for route in table.routes:
        listed = route.destination
        networks = prefix_lists.get(listed, ()) if isinstance(listed, str) else (listed,)
        found += [Path(network=network, route=route) for network in networks]
    return tuple(found)


def chosen(among: Iterable[Path], address: Address) -> Path | None:
    """The route that an address takes; None where it has none."""
    matching = (one for one in among if one.network.version == address.version and address in one.network)
    return min(matching, key=lambda one: (-one.network.prefixlen, one.rank), default=None)


def _goes_before(one: Path, other: Path) -> bool:
    return (one.network.version, True) == (other.network.version, one.network.overlaps(other.network)) and (
        one.network.prefixlen > other.network.prefixlen
        or (one.network.prefixlen == other.network.prefixlen and one.rank < other.rank)
    )


def ways_out(among: Iterable[Path]) -> Iterator[WayOut]:
    """The routes that some public address takes, but local and dropped ones."""
    known = tuple(among)
    for path in known:
        if path.route.blackhole or path.route.kind is TargetKind.LOCAL:
            continue
        nearer = tuple(other.network for other in known if _goes_before(other, path))
        address = public((path.network,), but=nearer)
        if address is not None:
            yield WayOut(path=path, address=address)


def decide_routes(facts: NetworkFacts, wanted: WantedNetwork) -> Iterator[Finding]:
    """What each subnet's routes lead to."""
    gateways = frozenset(one.id for one in facts.endpoints if one.kind == "Gateway")
    for subnet in facts.known(wanted):
        table = table_of(subnet, facts.route_tables)
        if table is None:
            for id_ in _KINDS:
                yield CHECKS[id_].unknown(subnet.id, f"no route table of it was found in {subnet.vpc}")
            continue
        out = tuple(ways_out(paths(table, facts.prefix_lists)))
        for id_, kinds in _KINDS.items():
            yield _decided(CHECKS[id_], kinds, subnet, table, out, facts, gateways)


def _kind(route: Route, gateways: frozenset[str]) -> TargetKind:
    # An endpoint that is no gateway to a service hands traffic to an appliance (a Gateway Load Balancer's).
    if route.kind is TargetKind.ENDPOINT and route.target not in gateways:
        return TargetKind.ELSEWHERE
    return route.kind


def _decided(
    check: Check,
    kinds: tuple[TargetKind, ...],
    subnet: Subnet,
    table: RouteTable,
    out: tuple[WayOut, ...],
    facts: NetworkFacts,
    gateways: frozenset[str],
) -> Finding:
    found = [one for one in out if _kind(one.path.route, gateways) in kinds]
    if found and check.id == "route-elsewhere":
        told = ", ".join(f"{_told(one.path.route)} to {one.path.route.target}" for one in found)
        return check.unknown(
            subnet.id,
            f"{table.id} sends public addresses elsewhere ({told}): what lies behind is not seen here",
        )
    if found:
        told = ", ".join(
            f"{_told(one.path.route)} to {one.path.route.target}, which {one.address} takes" for one in found
        )
        fix = "\n".join(dict.fromkeys(_deletion(table, one.path.route) for one in found))
        return check.problem(subnet.id, f"{_which(subnet, table)} has {told}", fix=fix)
    closed = [
        route
        for route in table.routes
        if isinstance(route.destination, str)
        and not route.blackhole
        and route.destination not in facts.prefix_lists
        and _kind(route, gateways) in kinds
    ]
    if closed:
        return check.unknown(
            subnet.id,
            f"{table.id} sends {closed[0].destination} to {closed[0].target}, and its entries could not be read",
            remedy="let the role do ec2:GetManagedPrefixListEntries",
        )
    return check.ok(subnet.id, f"no public address takes such a route of {_which(subnet, table)}")


def _which(subnet: Subnet, table: RouteTable) -> str:
    return table.id if subnet.id in table.subnets else f"{table.id}, the VPC's main table"


def _told(route: Route) -> str:
    return f"a route for {route.destination}"


def _deletion(table: RouteTable, route: Route) -> str:
    if isinstance(route.destination, str):
        option = "--destination-prefix-list-id"
    else:
        version = "-ipv6" if route.destination.version == 6 else ""
        option = f"--destination{version}-cidr-block"
    return f"aws ec2 delete-route --route-table-id {table.id} {option} {route.destination}"
