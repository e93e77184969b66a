"""Whether S3 is routed to its gateway endpoint."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest

from secure_sagemaker.network.gateway import problem_with
from secure_sagemaker.network.peers import Network
from secure_sagemaker.network.routing import Route, RouteTable

S3 = (ip_network("52.218.0.0/17"), ip_network("2a05:d050::/36"))
LISTS = {"pl-s3": S3, "pl-mine": (ip_network("52.218.4.0/24"),)}
TO_S3 = Route(destination="pl-s3", target="vpce-0a")
LOCAL = Route(destination=ip_network("10.0.0.0/16"), target="local")
TABLE = RouteTable(id="rtb-1", vpc="vpc-1", subnets=("subnet-1", "subnet-2"), routes=(LOCAL, TO_S3))
MAIN = RouteTable(id="rtb-0", vpc="vpc-1", main=True, routes=(LOCAL,))


def problem(
    *tables: RouteTable, subnets: tuple[str, ...] = ("subnet-1", "subnet-2"), s3_list: str = "pl-s3"
) -> str:
    return (
        problem_with(
            vpc="vpc-1", tables=tables, subnets=subnets, lists=LISTS, s3_list=s3_list, gateways={"vpce-0a"}
        )
        or ""
    )


def to(destination: str, target: str, *, propagated: bool = False) -> Route:
    network: Network | str = destination if destination.startswith("pl-") else ip_network(destination)
    return Route(destination=network, target=target, propagated=propagated)


def having(*routes: Route) -> RouteTable:
    return replace(TABLE, routes=(*TABLE.routes, *routes))


def test_a_route_to_the_gateway_is_seen() -> None:
    """By the subnets' own table, or by the main one where they have none; broader routes change nothing."""
    assert "" == problem(MAIN, TABLE)
    assert "" == problem(replace(MAIN, routes=TABLE.routes))
    assert "" == problem(
        having(
            to("0.0.0.0/0", "igw-1"),
            to("52.0.0.0/8", "nat-1"),
            to("::/0", "eigw-1"),
            to("54.0.0.0/24", "igw-1"),
        )
    )


@pytest.mark.parametrize(
    ("destination", "told"),
    [
        ("52.218.0.0/17", "sends 52.218.0.0/17 to igw-1, which is nearer"),
        ("52.218.9.1/32", "nearer"),
        ("2a05:d050::/40", "nearer"),
        ("pl-mine", "sends pl-mine to igw-1"),
        ("pl-other", "whose entries are not known"),
    ],
)
def test_a_nearer_route_takes_it_elsewhere(destination: str, told: str) -> None:
    """As near is near enough: a written route goes before a list's, and of two lists nobody knows."""
    assert told in problem(having(to(destination, "igw-1")))


def test_a_propagated_route_gives_way_unless_it_is_nearer() -> None:
    """A list's route goes before a propagated one for the same network."""
    assert "" == problem(having(to("52.218.0.0/17", "vgw-1", propagated=True)))
    assert "nearer" in problem(having(to("52.218.0.0/18", "vgw-1", propagated=True)))


@pytest.mark.parametrize(
    "routes",
    [
        (LOCAL,),
        (LOCAL, Route(destination="pl-s3", target="vpce-0a", state="blackhole")),
        (LOCAL, Route(destination="pl-s3", target="vpce-0a", state="filtered")),
        (LOCAL, to("pl-s3", "vpce-other")),
        (LOCAL, to("pl-s3", "igw-1")),
        (LOCAL, to("pl-mine", "vpce-0a")),
    ],
)
def test_without_such_a_route_it_is_not(routes: tuple[Route, ...]) -> None:
    """One that is inactive, leads elsewhere, or is for another list is none."""
    assert "has no route for S3's managed prefix list pl-s3" in problem(replace(TABLE, routes=routes))


def test_each_subnet_counts() -> None:
    """One whose table has no route is enough, and one without a table."""
    other = RouteTable(id="rtb-2", vpc="vpc-1", subnets=("subnet-2",), routes=(LOCAL,))
    assert "rtb-2, of subnet-2" in problem(replace(TABLE, subnets=("subnet-1",)), other)
    assert "no route table of subnet-3" in problem(TABLE, subnets=("subnet-1", "subnet-3"))


def test_without_s3s_list_nothing_is_s3s() -> None:
    """Neither where no list is AWS's own, nor where its entries are not known."""
    assert "no route of its VPC" in problem(TABLE, s3_list="")
    assert "no route of its VPC" in problem(TABLE, s3_list="pl-other")
