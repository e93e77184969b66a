"""Where a subnet's traffic may leave. Of routes that have no order, each is taken for possible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from secure_sagemaker.network.routing import Path, Route, RouteTable, TargetKind, paths, table_of
from secure_sagemaker.preflight.addresses import Address, public
from secure_sagemaker.preflight.catalogue import CHECKS
from secure_sagemaker.preflight.facts import NetworkFacts, Subnet, WantedNetwork
from secure_sagemaker.preflight.findings import Check, Finding

__all__ = ["WayOut", "decide_routes", "ways_out"]

_KINDS = {
    "route-internet-gateway": (TargetKind.INTERNET,),
    "route-nat": (TargetKind.NAT,),
    "route-egress-only": (TargetKind.EGRESS_ONLY,),
    "route-elsewhere": (TargetKind.TRANSIT, TargetKind.PEERING, TargetKind.ELSEWHERE),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class WayOut:
    """A route that public addresses take."""

    path: Path
    address: Address
    """One of them."""


def ways_out(among: Iterable[Path]) -> Iterator[WayOut]:
    """The routes that some public address takes, but local and dropped ones."""
    known = tuple(among)
    for path in known:
        if path.route.blackhole or path.route.kind is TargetKind.LOCAL:
            continue
        nearer = tuple(other.network for other in known if other.goes_before(path))
        address = public((path.network,), but=nearer)
        if address is not None:
            yield WayOut(path=path, address=address)


def decide_routes(facts: NetworkFacts, wanted: WantedNetwork) -> Iterator[Finding]:
    """What each subnet's routes lead to."""
    gateways = frozenset(one.id for one in facts.endpoints if one.kind == "Gateway")
    for subnet in facts.known(wanted):
        table = table_of(subnet.id, facts.route_tables, vpc=subnet.vpc)
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
