"""Route tables, as EC2 tells them."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network

import pytest

from secure_sagemaker.network.routing import Route, RouteTable, TargetKind, s3_list_of, table_of, tables_of

MAIN = RouteTable(id="rtb-main", vpc="vpc-1", main=True)
OWN = RouteTable(id="rtb-own", vpc="vpc-1", subnets=("subnet-1",))
LIST = {"PrefixListId": "pl-s3", "PrefixListName": "com.amazonaws.eu-west-1.s3", "OwnerId": "AWS"}


def told(*associations: Mapping[str, object], **route: object) -> RouteTable:
    row = {
        "RouteTableId": "rtb-1",
        "VpcId": "vpc-1",
        "Associations": associations,
        "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active", **route}],
    }
    (table,) = tables_of([row])
    return table


@pytest.mark.parametrize("state", ["associating", "disassociating", "disassociated", "failed"])
def test_a_table_is_of_those_that_are_associated_with_it(state: str) -> None:
    """What begins, ends or failed does not count; what tells no state does."""
    now = {"AssociationState": {"State": "associated"}}
    then = {"AssociationState": {"State": state}}
    table = told({"SubnetId": "subnet-1", **now}, {"SubnetId": "subnet-2", **then}, {"SubnetId": "subnet-3"})
    assert ("subnet-1", "subnet-3") == table.subnets
    assert not table.main
    assert told({"Main": True, **now}).main
    assert not told({"Main": True, **then}).main


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ({}, Route(destination=ip_network("0.0.0.0/0"), target="igw-1")),
        (
            {"DestinationCidrBlock": None, "DestinationPrefixListId": "pl-1"},
            Route(destination="pl-1", target="igw-1"),
        ),
        (
            {"GatewayId": None, "OdbNetworkArn": "arn:odb", "State": "blackhole"},
            Route(destination=ip_network("0.0.0.0/0"), target="arn:odb", state="blackhole"),
        ),
        (
            {"GatewayId": None, "IpAddress": "10.0.0.9", "Origin": "EnableVgwRoutePropagation"},
            Route(destination=ip_network("0.0.0.0/0"), target="", propagated=True),
        ),
    ],
)
def test_a_route_is_as_it_is_told(row: Mapping[str, object], wanted: Route) -> None:
    """Addresses or a list, whatever target, its state, and whether it came by itself."""
    assert (wanted,) == told(**row).routes


def test_what_a_route_leads_to_is_told_by_its_id() -> None:
    """What is not known is elsewhere, never local."""
    kinds = {
        target: Route(destination="pl-1", target=target).kind for target in ("local", "vpce-1", "arn:odb", "")
    }
    assert {
        "local": TargetKind.LOCAL,
        "vpce-1": TargetKind.ENDPOINT,
        "arn:odb": TargetKind.ELSEWHERE,
        "": TargetKind.ELSEWHERE,
    } == kinds


def test_the_table_that_names_a_subnet_goes_before_its_vpcs_main_one() -> None:
    """And the main one of another VPC is none of it."""
    assert OWN == table_of("subnet-1", (MAIN, OWN), vpc="vpc-1")
    assert MAIN == table_of("subnet-2", (MAIN, OWN), vpc="vpc-1")
    assert table_of("subnet-2", (MAIN, OWN), vpc="vpc-2") is None


def test_s3s_list_is_aws_own() -> None:
    """Not one that somebody else called alike, nor another region's, whatever stands first."""
    forged = {**LIST, "PrefixListId": "pl-forged", "OwnerId": "111122223333"}
    assert "pl-s3" == s3_list_of([forged, LIST], "eu-west-1")
    assert "" == s3_list_of([forged], "eu-west-1")
    assert "" == s3_list_of([LIST], "eu-west-2")
