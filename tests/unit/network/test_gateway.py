"""Whether S3 is routed to its gateway endpoint."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest

from secure_sagemaker.network.gateway import Listed, Route, RouteTable, problem_with

S3 = Listed(id="pl-s3", is_s3=True, networks=(ip_network("52.218.0.0/17"), ip_network("2a05:d050::/36")))
MINE = Listed(id="pl-mine", is_s3=False, networks=(ip_network("52.218.4.0/24"),))
TO_S3 = Route(destination="pl-s3", target="vpce-0a")
LOCAL = Route(destination="10.0.0.0/16", target="local")
TABLE = RouteTable(id="rtb-1", main=False, subnets=("subnet-1", "subnet-2"), routes=(LOCAL, TO_S3))
MAIN = RouteTable(id="rtb-0", main=True, subnets=(), routes=(LOCAL,))


def problem(
    *tables: RouteTable, subnets: tuple[str, ...] = ("subnet-1", "subnet-2"), mine: Listed = MINE
) -> str:
    return problem_with(tables=tables, subnets=subnets, lists=(mine, S3), gateways={"vpce-0a"}) or ""


def having(*routes: Route) -> RouteTable:
    return replace(TABLE, routes=(*TABLE.routes, *routes))


def test_a_route_to_the_gateway_is_seen() -> None:
    """By the subnets' own table, or by the main one where they have none; broader routes change nothing."""
    assert "" == problem(MAIN, TABLE)
    assert "" == problem(replace(MAIN, routes=TABLE.routes))
    assert "" == problem(
        having(
            Route(destination="0.0.0.0/0", target="igw-1"),
            Route(destination="52.0.0.0/8", target="nat-1"),
            Route(destination="::/0", target="eigw-1"),
            Route(destination="54.0.0.0/24", target="igw-1"),
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
    assert told in problem(having(Route(destination=destination, target="igw-1")))


@pytest.mark.parametrize(
    "routes",
    [
        (LOCAL,),
        (LOCAL, Route(destination="pl-s3", target="vpce-0a", active=False)),
        (LOCAL, Route(destination="pl-s3", target="vpce-other")),
        (LOCAL, Route(destination="pl-s3", target="igw-1")),
        (LOCAL, Route(destination="pl-mine", target="vpce-0a")),
    ],
)
def test_without_such_a_route_it_is_not(routes: tuple[Route, ...]) -> None:
    """One that is inactive, leads elsewhere, or is for another list is none."""
    assert "has no route for S3's managed prefix list pl-s3" in problem(replace(TABLE, routes=routes))


def test_each_subnet_counts() -> None:
    """One whose table has no route is enough, and one without a table."""
    other = RouteTable(id="rtb-2", main=False, subnets=("subnet-2",), routes=(LOCAL,))
    assert "rtb-2, of subnet-2" in problem(replace(TABLE, subnets=("subnet-1",)), other)
    assert "no route table of subnet-3" in problem(TABLE, subnets=("subnet-1", "subnet-3"))


def test_a_list_that_is_only_called_like_s3s_is_none() -> None:
    """Nothing is S3's that no route is for."""
    assert "no route of its VPC" in (
        problem_with(tables=(TABLE,), subnets=("subnet-1",), lists=(MINE,), gateways={"vpce-0a"}) or ""
    )
