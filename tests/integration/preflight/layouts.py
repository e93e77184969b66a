"""Networks on moto's EC2: one that is as it should be, and faults to put into it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from secure_sagemaker.preflight import Status
from secure_sagemaker.preflight.facts import WantedNetwork

REGION = "eu-west-1"
ACCOUNT = "123456789012"
ZONES = ("eu-west-1a", "eu-west-1b", "eu-west-1c")
SERVICES = ("sagemaker.api", "sagemaker.runtime", "sts", "kms", "logs")
CLOSED = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "*",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT, "aws:ResourceAccount": ACCOUNT}},
        },
    }
)
CIDR = "10.7.0.0/16"
CIDR_6 = "2600:1f18:1:2::/64"


@dataclass(kw_only=True)
class Layout:
    """A network that stands, and what was made of it."""

    ec2: Any
    vpc: str
    subnets: list[str]
    table: str
    group: str
    endpoint_group: str
    endpoints: dict[str, str]
    acl: str
    s3_list: str

    def wanted(self) -> WantedNetwork:
        """What the baseline would say."""
        return WantedNetwork(
            region=REGION,
            partition="aws",
            account=ACCOUNT,
            role=f"arn:aws:iam::{ACCOUNT}:role/ml-launcher",
            subnets=tuple(self.subnets),
            groups=(self.group,),
            vpc=self.vpc,
        )

    def route(self, destination: str, **target: str) -> None:
        """Add a route to the subnets' table."""
        name = "DestinationIpv6CidrBlock" if ":" in destination else "DestinationCidrBlock"
        self.ec2.create_route(RouteTableId=self.table, **{name: destination}, **target)

    def gateway(self) -> str:
        """An internet gateway, attached."""
        made: str = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=self.vpc)
        return made

    def entry(
        self,
        number: int,
        ports: tuple[int, int] | None,
        *,
        egress: bool,
        action: str = "allow",
        cidr: str = "0.0.0.0/0",
    ) -> None:
        """A rule of the subnets' ACL."""
        stated = {} if ports is None else {"PortRange": {"From": ports[0], "To": ports[1]}}
        self.ec2.create_network_acl_entry(
            NetworkAclId=self.acl,
            RuleNumber=number,
            Protocol="6",
            RuleAction=action,
            Egress=egress,
            CidrBlock=cidr,
            **stated,
        )


def permission(protocol: str, *ports: int, **peer: object) -> list[dict[str, object]]:
    stated = {"FromPort": ports[0], "ToPort": ports[-1]} if ports else {}
    return [{"IpProtocol": protocol, **stated, **peer}]


def group_peer(group: str) -> dict[str, object]:
    return {"UserIdGroupPairs": [{"GroupId": group}]}


def good(ec2: Any, seed: random.Random, *, leave_out: frozenset[str] = frozenset()) -> Layout:
    """A network as it should be, in one of several ways; less what is left out."""
    vpc = ec2.create_vpc(CidrBlock=CIDR)["Vpc"]["VpcId"]
    if "dns" not in leave_out:
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    zones = ZONES[:1] * 2 if "zones" in leave_out else ZONES[: seed.choice((2, 3))]
    size = 28 if "addresses" in leave_out else 24
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.7.{number}.0/{size}", AvailabilityZone=zone)["Subnet"][
            "SubnetId"
        ]
        for number, zone in enumerate(zones)
    ]
    main = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0][
        "RouteTableId"
    ]
    table = main
    if seed.random() < 0.6:
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        for subnet in subnets:
            ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    acl = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["NetworkAcls"][0][
        "NetworkAclId"
    ]
    lists = ec2.describe_managed_prefix_lists()["PrefixLists"]
    s3_list = next(one["PrefixListId"] for one in lists if one["PrefixListName"].endswith(f"{REGION}.s3"))
    group, endpoint_group = (
        ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc)["GroupId"]
        for name in ("jobs", "endpoints")
    )
    layout = Layout(
        ec2=ec2,
        vpc=vpc,
        subnets=subnets,
        table=table,
        group=group,
        endpoint_group=endpoint_group,
        endpoints={},
        acl=acl,
        s3_list=s3_list,
    )
    _groups(layout, seed, leave_out)
    for service in SERVICES:
        if service not in leave_out:
            _endpoint(layout, service, leave_out)
    if "s3" not in leave_out:
        made = ec2.create_vpc_endpoint(
            VpcId=vpc,
            VpcEndpointType="Gateway",
            ServiceName=f"com.amazonaws.{REGION}.s3",
            RouteTableIds=[table],
            PolicyDocument=CLOSED,
        )
        layout.endpoints["s3"] = made["VpcEndpoint"]["VpcEndpointId"]
    if "flow-logs" not in leave_out:
        whole = seed.random() < 0.5
        ec2.create_flow_logs(
            ResourceIds=[vpc] if whole else subnets,
            ResourceType="VPC" if whole else "Subnet",
            TrafficType="ALL",
            LogDestinationType="s3",
            LogDestination="arn:aws:s3:::flow-logs",
        )
    _harmless(layout, seed)
    return layout


def _groups(layout: Layout, seed: random.Random, leave_out: frozenset[str]) -> None:
    ec2, group = layout.ec2, layout.group
    everything = permission("-1", IpRanges=[{"CidrIp": "0.0.0.0/0"}])
    for one in (group, layout.endpoint_group):
        ec2.revoke_security_group_egress(GroupId=one, IpPermissions=everything)
    if "self" not in leave_out:
        protocol: tuple[Any, ...] = ("-1",) if seed.random() < 0.5 else ("tcp", 0, 65535)
        ec2.authorize_security_group_ingress(
            GroupId=group, IpPermissions=permission(*protocol, **group_peer(group))
        )
        ec2.authorize_security_group_egress(
            GroupId=group, IpPermissions=permission(*protocol, **group_peer(group))
        )
    to_s3 = {"PrefixListIds": [{"PrefixListId": layout.s3_list}]}
    if "s3-egress" not in leave_out:
        ec2.authorize_security_group_egress(GroupId=group, IpPermissions=permission("tcp", 443, 443, **to_s3))
    addresses = {"IpRanges": [{"CidrIp": CIDR}]}
    if "egress" not in leave_out:
        peer = group_peer(layout.endpoint_group) if seed.random() < 0.5 else addresses
        ec2.authorize_security_group_egress(GroupId=group, IpPermissions=permission("tcp", 443, 443, **peer))
    if "ingress" not in leave_out:
        peer = group_peer(group) if seed.random() < 0.5 else addresses
        ec2.authorize_security_group_ingress(
            GroupId=layout.endpoint_group, IpPermissions=permission("tcp", 443, 443, **peer)
        )


def _endpoint(layout: Layout, service: str, leave_out: frozenset[str]) -> None:
    made = layout.ec2.create_vpc_endpoint(
        VpcId=layout.vpc,
        ServiceName=f"com.amazonaws.{REGION}.{service}",
        VpcEndpointType="Interface",
        SubnetIds=layout.subnets[:1] if f"zone-{service}" in leave_out else layout.subnets,
        SecurityGroupIds=[layout.endpoint_group],
        PrivateDnsEnabled=f"dns-{service}" not in leave_out,
        **({} if f"policy-{service}" in leave_out else {"PolicyDocument": CLOSED}),
    )
    layout.endpoints[service] = made["VpcEndpoint"]["VpcEndpointId"]


def _harmless(layout: Layout, seed: random.Random) -> None:
    """What looks like a fault, and is none."""
    if seed.random() < 0.4:  # a public subnet beside, with a table of its own
        ec2 = layout.ec2
        public = ec2.create_subnet(VpcId=layout.vpc, CidrBlock="10.7.200.0/24", AvailabilityZone=ZONES[0])
        table = ec2.create_route_table(VpcId=layout.vpc)["RouteTable"]["RouteTableId"]
        ec2.associate_route_table(RouteTableId=table, SubnetId=public["Subnet"]["SubnetId"])
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=layout.gateway())
    if seed.random() < 0.4:
        layout.entry(10, (22, 22), egress=False, action="deny")
        layout.entry(10, (8080, 8090), egress=True, action="deny")
    if seed.random() < 0.4:
        layout.route("192.168.0.0/16", VpcPeeringConnectionId=_peering(layout))


def _peering(layout: Layout) -> str:
    other = layout.ec2.create_vpc(CidrBlock="192.168.0.0/16")["Vpc"]["VpcId"]
    made: str = layout.ec2.create_vpc_peering_connection(VpcId=layout.vpc, PeerVpcId=other)[
        "VpcPeeringConnection"
    ]["VpcPeeringConnectionId"]
    return made


# --- faults -----------------------------------------------------------------------------------------

_PROBLEM, _UNKNOWN = Status.PROBLEM, Status.UNKNOWN


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something wrong, and how preflight must name it."""

    named: Mapping[str, Status]
    make: Callable[[Layout], object] = id  # nothing more
    leave_out: frozenset[str] = frozenset()


def _nat(layout: Layout) -> str:
    made: str = layout.ec2.create_nat_gateway(SubnetId=layout.subnets[0], ConnectivityType="private")[
        "NatGateway"
    ]["NatGatewayId"]
    return made


def _by_list(layout: Layout) -> None:
    made = layout.ec2.create_managed_prefix_list(
        PrefixListName="partners",
        AddressFamily="IPv4",
        MaxEntries=2,
        Entries=[{"Cidr": "10.99.0.0/16"}, {"Cidr": "8.8.0.0/16"}],
    )["PrefixList"]["PrefixListId"]
    layout.ec2.create_route(
        RouteTableId=layout.table, DestinationPrefixListId=made, GatewayId=layout.gateway()
    )


def _halves(layout: Layout) -> None:
    gateway = layout.gateway()
    for half in ("0.0.0.0/1", "128.0.0.0/1"):
        layout.route(half, GatewayId=gateway)


def _egress_only(layout: Layout) -> None:
    made = layout.ec2.create_egress_only_internet_gateway(VpcId=layout.vpc)["EgressOnlyInternetGateway"]
    layout.route("::/0", EgressOnlyInternetGatewayId=made["EgressOnlyInternetGatewayId"])


def _transit(layout: Layout) -> None:
    made = layout.ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
    layout.route("0.0.0.0/0", TransitGatewayId=made)


def _let(way: str, *cidrs: str) -> Callable[[Layout], None]:
    def make(layout: Layout) -> None:
        for cidr in cidrs:
            peer = {"Ipv6Ranges": [{"CidrIpv6": cidr}]} if ":" in cidr else {"IpRanges": [{"CidrIp": cidr}]}
            authorize = getattr(layout.ec2, f"authorize_security_group_{way}")
            authorize(GroupId=layout.group, IpPermissions=permission("tcp", 8443, 8443, **peer))

    return make


FAULTS: Mapping[str, Fault] = {
    "internet": Fault(
        named={"route-internet-gateway": _PROBLEM},
        make=lambda on: on.route("0.0.0.0/0", GatewayId=on.gateway()),
    ),
    "internet-by-6": Fault(
        named={"route-internet-gateway": _PROBLEM}, make=lambda on: on.route("::/0", GatewayId=on.gateway())
    ),
    "internet-by-halves": Fault(named={"route-internet-gateway": _PROBLEM}, make=_halves),
    "internet-in-part": Fault(
        named={"route-internet-gateway": _PROBLEM},
        make=lambda on: on.route("8.8.8.0/24", GatewayId=on.gateway()),
    ),
    "internet-by-list": Fault(named={"route-internet-gateway": _PROBLEM}, make=_by_list),
    "nat": Fault(named={"route-nat": _PROBLEM}, make=lambda on: on.route("0.0.0.0/0", NatGatewayId=_nat(on))),
    "egress-only": Fault(named={"route-egress-only": _PROBLEM}, make=_egress_only),
    "transit": Fault(named={"route-elsewhere": _UNKNOWN}, make=_transit),
    "peering": Fault(
        named={"route-elsewhere": _UNKNOWN},
        make=lambda on: on.route("0.0.0.0/0", VpcPeeringConnectionId=_peering(on)),
    ),
    "acl-out": Fault(
        named={"endpoint-acls": _PROBLEM},
        make=lambda on: on.entry(20, (443, 443), egress=True, action="deny", cidr=CIDR),
    ),
    "acl-answers": Fault(
        named={"endpoint-acls": _PROBLEM, "s3-path": _PROBLEM},
        make=lambda on: on.entry(20, (33000, 34000), egress=False, action="deny"),
    ),
    "acl-s3": Fault(
        named={"s3-path": _PROBLEM},
        make=lambda on: on.entry(21, None, egress=True, action="deny", cidr="52.216.0.0/15"),
    ),
    "egress-open": Fault(named={"group-egress": _PROBLEM}, make=_let("egress", "0.0.0.0/0")),
    "egress-open-by-halves": Fault(
        named={"group-egress": _PROBLEM}, make=_let("egress", "0.0.0.0/1", "128.0.0.0/1")
    ),
    "egress-open-by-6": Fault(named={"group-egress": _PROBLEM}, make=_let("egress", "::/0")),
    "ingress-open": Fault(named={"group-ingress": _PROBLEM}, make=_let("ingress", "0.0.0.0/0")),
    "ingress-open-by-6": Fault(named={"group-ingress": _PROBLEM}, make=_let("ingress", "::/0")),
    "no-self": Fault(named={"group-self": _PROBLEM}, leave_out=frozenset({"self"})),
    "no-egress": Fault(named={"endpoint-groups": _PROBLEM}, leave_out=frozenset({"egress"})),
    "no-ingress": Fault(named={"endpoint-groups": _PROBLEM}, leave_out=frozenset({"ingress"})),
    "no-s3-egress": Fault(named={"s3-path": _PROBLEM}, leave_out=frozenset({"s3-egress"})),
    "one-zone": Fault(named={"subnet-zones": _PROBLEM}, leave_out=frozenset({"zones"})),
    "few-addresses": Fault(named={"subnet-addresses": _PROBLEM}, leave_out=frozenset({"addresses"})),
    "no-subnet": Fault(
        named={"subnet-exists": _PROBLEM}, make=lambda on: on.subnets.append("subnet-00000000000000000")
    ),
    "no-hostnames": Fault(named={"vpc-dns": _PROBLEM}, leave_out=frozenset({"dns"})),
    "no-flow-logs": Fault(named={"vpc-flow-logs": _PROBLEM}, leave_out=frozenset({"flow-logs"})),
    "no-endpoint": Fault(named={"endpoint-present": _PROBLEM}, leave_out=frozenset({"kms"})),
    "endpoint-in-one-zone": Fault(named={"endpoint-zones": _PROBLEM}, leave_out=frozenset({"zone-sts"})),
    "endpoint-without-dns": Fault(
        named={"endpoint-private-dns": _PROBLEM}, leave_out=frozenset({"dns-logs"})
    ),
    "endpoint-open": Fault(
        named={"endpoint-policy": _PROBLEM}, leave_out=frozenset({"policy-sagemaker.api"})
    ),
    "no-s3": Fault(named={"s3-endpoint": _PROBLEM}, leave_out=frozenset({"s3"})),
}
"""By name. None hides another, but those of ``CLASHES``."""
_ROUTES = ("internet", "internet-by-6", "nat", "egress-only", "transit", "peering")
CLASHES: tuple[frozenset[str], ...] = (
    frozenset(
        {*_ROUTES, "internet-by-halves", "internet-in-part", "internet-by-list"}
    ),  # one route for an address
    frozenset({"no-s3", "acl-s3", "no-s3-egress", "acl-answers", "acl-out"}),  # no path to what is not there
    frozenset({"one-zone", "endpoint-in-one-zone"}),  # one zone is all that there is
)
