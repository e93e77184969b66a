"""What EC2 answers, turned into facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from secure_sagemaker.network.peers import Network
from secure_sagemaker.preflight.addresses import Span
from secure_sagemaker.preflight.facts import (
    AclEntry,
    Endpoint,
    FlowLog,
    GroupRule,
    NetworkAcl,
    SecurityGroup,
    Subnet,
)

__all__ = ["acls_of", "endpoints_of", "flow_logs_of", "groups_of", "networks_of", "subnets_of"]

_Row = Mapping[str, Any]  # a structure of EC2's answer


def networks_of(cidrs: Iterable[str]) -> tuple[Network, ...]:
    """Networks, as they are written."""
    return tuple(ip_network(cidr, strict=False) for cidr in cidrs)


def subnets_of(rows: Iterable[_Row]) -> tuple[Subnet, ...]:
    """What DescribeSubnets tells."""
    return tuple(
        Subnet(
            id=row["SubnetId"],
            vpc=row["VpcId"],
            zone=row["AvailabilityZone"],
            networks=networks_of(
                (
                    *((row["CidrBlock"],) if row.get("CidrBlock") else ()),
                    *(
                        one["Ipv6CidrBlock"]
                        for one in row.get("Ipv6CidrBlockAssociationSet", [])
                        if one.get("Ipv6CidrBlockState", {}).get("State", "associated") == "associated"
                    ),
                )
            ),
            free=row["AvailableIpAddressCount"],
        )
        for row in rows
    )


def acls_of(rows: Iterable[_Row]) -> tuple[NetworkAcl, ...]:
    """What DescribeNetworkAcls tells."""
    return tuple(
        NetworkAcl(
            id=row["NetworkAclId"],
            subnets=tuple(one["SubnetId"] for one in row["Associations"]),
            entries=tuple(_entry(one) for one in row["Entries"]),
        )
        for row in rows
    )


def _entry(row: _Row) -> AclEntry:
    return AclEntry(
        number=row["RuleNumber"],
        egress=row["Egress"],
        allow=row["RuleAction"] == "allow",
        protocol=str(row["Protocol"]),
        network=ip_network(row.get("CidrBlock") or row["Ipv6CidrBlock"], strict=False),
        ports=_ports(row.get("PortRange", {}), "From", "To"),
    )


def _ports(row: _Row, first: str, last: str) -> Span | None:
    stated = (row.get(first), row.get(last))
    return None if None in stated or stated == (-1, -1) else (int(stated[0] or 0), int(stated[1] or 0))


def groups_of(rows: Iterable[_Row]) -> tuple[SecurityGroup, ...]:
    """What DescribeSecurityGroups tells."""
    return tuple(
        SecurityGroup(
            id=row["GroupId"],
            vpc=row["VpcId"],
            rules=tuple(
                rule
                for field, egress in (("IpPermissions", False), ("IpPermissionsEgress", True))
                for one in row.get(field, [])
                for rule in _rules(one, egress=egress)
            ),
        )
        for row in rows
    )


def _rules(row: _Row, *, egress: bool) -> Iterator[GroupRule]:
    peers: tuple[Network | str, ...] = (
        *networks_of(one["CidrIp"] for one in row.get("IpRanges", [])),
        *networks_of(one["CidrIpv6"] for one in row.get("Ipv6Ranges", [])),
        *(one["GroupId"] for one in row.get("UserIdGroupPairs", []) if one.get("GroupId")),
        *(one["PrefixListId"] for one in row.get("PrefixListIds", [])),
    )
    for peer in peers:
        yield GroupRule(
            egress=egress,
            protocol=str(row["IpProtocol"]),
            peer=peer,
            ports=_ports(row, "FromPort", "ToPort"),
        )


def endpoints_of(rows: Iterable[_Row]) -> tuple[Endpoint, ...]:
    """What DescribeVpcEndpoints tells."""
    return tuple(
        Endpoint(
            id=row["VpcEndpointId"],
            vpc=row["VpcId"],
            service=row["ServiceName"],
            kind=row["VpcEndpointType"],
            state=row["State"],
            private_dns=bool(row.get("PrivateDnsEnabled", False)),
            subnets=tuple(row.get("SubnetIds", [])),
            groups=tuple(one["GroupId"] for one in row.get("Groups", [])),
            route_tables=tuple(row.get("RouteTableIds", [])),
            policy=row.get("PolicyDocument", ""),
            ipv6=row.get("IpAddressType") in ("ipv6", "dualstack"),
        )
        for row in rows
    )


def flow_logs_of(rows: Iterable[_Row]) -> tuple[FlowLog, ...]:
    """What DescribeFlowLogs tells."""
    return tuple(
        FlowLog(
            resource=row["ResourceId"],
            traffic=row.get("TrafficType", "ALL"),
            delivers=row.get("FlowLogStatus") == "ACTIVE" and row.get("DeliverLogsStatus") != "FAILED",
        )
        for row in rows
    )
