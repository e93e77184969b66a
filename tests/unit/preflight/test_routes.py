"""Routes: which one an address takes, and which ones lead out."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_sagemaker.network.peers import Network
from secure_sagemaker.network.routing import Path, Route, RouteTable, paths
from secure_sagemaker.preflight import Status
from secure_sagemaker.preflight.addresses import Address, covers, is_open, public, span, without
from secure_sagemaker.preflight.facts import NetworkFacts, Subnet, WantedNetwork
from secure_sagemaker.preflight.routes import decide_routes, ways_out

pytestmark = pytest.mark.once

WANTED = WantedNetwork(
    region="eu-west-1",
    partition="aws",
    account="111122223333",
    role="arn:aws:iam::111122223333:role/ml-launcher",
    subnets=("subnet-a",),
    groups=("sg-a",),
)
SUBNET = Subnet(
    id="subnet-a", vpc="vpc-a", zone="eu-west-1a", networks=(ip_network("10.0.0.0/24"),), free=200
)
LOCAL = Route(destination=ip_network("10.0.0.0/16"), target="local")
# Few addresses, near the edges that matter: the whole, halves, private and public ground, and single addresses.
NETWORKS = tuple(
    ip_network(one)
    for one in (
        *("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "8.0.0.0/7", "8.0.0.0/8", "9.0.0.0/8", "10.0.0.0/8"),
        *("8.8.8.8/32", "10.0.0.0/16", "192.168.0.0/16", "::/0", "2000::/3", "2a00::/12", "2a05:d018::/36"),
        *("fc00::/7", "2000::/4", "3000::/4"),
    )
)
EDGES: tuple[Address, ...] = tuple(
    dict.fromkeys(
        edge for network in NETWORKS for edge in (network.network_address, network.broadcast_address)
    )
) + tuple(
    map(
        ip_address,
        ("1.1.1.1", "223.255.255.254", "8.8.8.7", "8.8.8.9", "2600::1", "2a06::1", "2a05:d018:1000::"),
    )
)
TARGETS = ("igw-1", "nat-1", "eigw-1", "tgw-1", "pcx-1", "vpce-1", "local")

ROUTES = st.lists(
    st.builds(
        Route,
        destination=st.sampled_from(NETWORKS),
        target=st.sampled_from(TARGETS),
        state=st.sampled_from(["active", "blackhole", "filtered"]),
    ),
    unique_by=lambda route: route.destination,
    max_size=8,
)


def table(
    *routes: Route, id_: str = "rtb-a", main: bool = False, subnets: tuple[str, ...] = ("subnet-a",)
) -> RouteTable:
    return RouteTable(id=id_, vpc="vpc-a", main=main, subnets=subnets, routes=(LOCAL, *routes))


def route(destination: str, target: str, *, blackhole: bool = False, propagated: bool = False) -> Route:
    return Route(
        destination=destination if destination.startswith("pl-") else ip_network(destination),
        target=target,
        state="blackhole" if blackhole else "active",
        propagated=propagated,
    )


def statuses(facts: NetworkFacts) -> dict[str, Status]:
    return {one.id.removeprefix("route-"): one.status for one in decide_routes(facts, WANTED)}


def troubles(*routes: Route, **lists: tuple[Network, ...]) -> dict[str, Status]:
    listed = {f"pl-{name}": networks for name, networks in lists.items()}
    facts = NetworkFacts(subnets=(SUBNET,), route_tables=(table(*routes),), prefix_lists=listed)
    return {name: status for name, status in statuses(facts).items() if status is not Status.OK}


def chosen(among: tuple[Path, ...], address: Address) -> Path | None:
    """The route of the longest prefix that holds an address; no two are for one network."""
    holding = (one for one in among if one.network.version == address.version and address in one.network)
    return max(holding, key=lambda one: one.network.prefixlen, default=None)


@given(routes=ROUTES)
def test_a_way_out_is_a_route_that_a_public_address_takes(routes: list[Route]) -> None:
    """What leads out is what some public address takes: neither more than that, nor less."""
    among = paths(RouteTable(id="rtb", vpc="vpc", routes=tuple(routes)), {})
    out = tuple(ways_out(among))
    for way in out:
        assert way.path == chosen(among, way.address)
        assert public([ip_network(way.address)]) == way.address
        assert not way.path.route.blackhole
    taken = {
        path
        for edge in EDGES
        if public([ip_network(edge)]) is not None and (path := chosen(among, edge)) is not None
        if not path.route.blackhole and path.route.target != "local"
    }
    assert taken <= {way.path for way in out}


@given(
    wanted=st.sampled_from(NETWORKS),
    by=st.lists(st.sampled_from(NETWORKS), max_size=5),
    address=st.sampled_from(EDGES),
)
def test_covering_is_holding_every_address(wanted: Network, by: list[Network], address: Address) -> None:
    """Where networks cover another, each of its addresses is in one of them; where not, one is in none."""
    if covers(by, wanted):
        assert address not in wanted or any(address in one for one in by)
    else:
        left = without((span(wanted),), (span(one) for one in by if one.version == wanted.version))
        lost = type(wanted.network_address)(left[0][0])
        assert lost in wanted
        assert not any(lost in one for one in by)


@pytest.mark.parametrize(
    ("cidrs", "whole"),
    [
        pytest.param(["0.0.0.0/0"], "0.0.0.0/0", id="all"),
        pytest.param(["::/0"], "::/0", id="all-of-6"),
        pytest.param(["0.0.0.0/1", "128.0.0.0/1"], "0.0.0.0/0", id="halves"),
        pytest.param(["2000::/3"], "::/0", id="all-that-is-public-of-6"),
        pytest.param(["0.0.0.0/1", "10.0.0.0/8"], None, id="a-half"),
        pytest.param(["10.0.0.0/8", "fc00::/7"], None, id="private"),
        pytest.param([], None, id="nothing"),
    ],
)
def test_the_internet_is_open_by_one_network_or_several(cidrs: list[str], whole: str | None) -> None:
    """All public addresses of a version are the internet, however they are written."""
    assert (None if whole is None else ip_network(whole)) == is_open(map(ip_network, cidrs))


@pytest.mark.parametrize(
    ("destination", "target", "name"),
    [
        pytest.param("0.0.0.0/0", "igw-1", "internet-gateway", id="internet"),
        pytest.param("::/0", "igw-1", "internet-gateway", id="internet-by-6"),
        pytest.param("8.8.8.8/32", "igw-1", "internet-gateway", id="one-public-address"),
        pytest.param("0.0.0.0/0", "cagw-1", "internet-gateway", id="carrier"),
        pytest.param("0.0.0.0/0", "nat-1", "nat", id="nat"),
        pytest.param("64:ff9b::/96", "nat-1", None, id="nat64-alone-is-no-internet-address"),
        pytest.param("::/0", "eigw-1", "egress-only", id="egress-only"),
        pytest.param("10.9.0.0/16", "igw-1", None, id="private-addresses"),
        pytest.param("10.0.0.0/8", "tgw-1", None, id="transit-to-private"),
    ],
)
def test_each_kind_of_way_out_is_named(destination: str, target: str, name: str | None) -> None:
    """A route for public addresses is a problem of its own kind; for private ones it is none."""
    assert ({name: Status.PROBLEM} if name else {}) == troubles(route(destination, target))


@pytest.mark.parametrize("target", ["tgw-1", "pcx-1", "vgw-1", "eni-1", "vpce-1", ""])
def test_what_lies_behind_another_network_is_unknown(target: str) -> None:
    """Transit, peering, VPNs, appliances, and what AWS names nothing of: not said to be fine."""
    assert {"elsewhere": Status.UNKNOWN} == troubles(route("0.0.0.0/0", target))


def test_a_dropped_route_leads_nowhere_and_hides_what_is_wider() -> None:
    """A blackhole matches as any route does."""
    assert {} == troubles(route("0.0.0.0/0", "igw-1", blackhole=True))
    assert {} == troubles(
        route("0.0.0.0/0", "igw-1"),
        route("0.0.0.0/1", "nat-1", blackhole=True),
        route("128.0.0.0/1", "nat-1", blackhole=True),
    )
    assert {"internet-gateway": Status.PROBLEM} == troubles(
        route("0.0.0.0/0", "igw-1"), route("0.0.0.0/1", "nat-1", blackhole=True)
    )


def test_prefix_lists_are_routes_for_their_entries() -> None:
    """A list is as good as its entries; unread, it is unknown, and hides nothing."""
    anywhere, private = (ip_network("0.0.0.0/0"),), (ip_network("10.8.0.0/16"),)
    assert {"internet-gateway": Status.PROBLEM} == troubles(route("pl-x", "igw-1"), x=anywhere)
    assert {} == troubles(route("pl-x", "igw-1"), x=private)
    assert {"internet-gateway": Status.UNKNOWN} == troubles(route("pl-x", "igw-1"))
    assert {"internet-gateway": Status.PROBLEM} == troubles(
        route("pl-x", "nat-1", blackhole=True), route("0.0.0.0/0", "igw-1")
    )


def test_a_written_route_goes_before_a_list_and_a_list_before_a_propagated_one() -> None:
    """Of one prefix the order is AWS's; of two lists either may win."""
    written, listed, propagated = (
        Path(network=ip_network("0.0.0.0/0"), route=one)
        for one in (
            route("0.0.0.0/0", "igw-1"),
            route("pl-x", "nat-1"),
            route("0.0.0.0/0", "vgw-1", propagated=True),
        )
    )
    other = Path(network=ip_network("0.0.0.0/0"), route=route("pl-y", "tgw-1"))
    assert [written] == [one.path for one in ways_out((propagated, listed, written))]
    assert [listed] == [one.path for one in ways_out((propagated, listed))]
    assert {listed, other} == {one.path for one in ways_out((listed, other))}


def test_the_subnets_own_table_goes_before_the_main_one() -> None:
    """The main table counts where the subnet names none, and where there is none nothing is known."""
    out = table(route("0.0.0.0/0", "igw-1"), id_="rtb-main", main=True, subnets=())
    own = table(id_="rtb-own")
    known = {"subnets": (SUBNET,)}
    assert Status.OK is statuses(NetworkFacts(route_tables=(out, own), **known))["internet-gateway"]
    assert Status.PROBLEM is statuses(NetworkFacts(route_tables=(out,), **known))["internet-gateway"]
    assert {Status.UNKNOWN} == set(statuses(NetworkFacts(route_tables=(), **known)).values())
