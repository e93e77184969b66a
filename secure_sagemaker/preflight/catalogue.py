"""The checks, as data: what each decides, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from secure_sagemaker.controls import Severity
from secure_sagemaker.preflight.findings import Check

__all__ = ["CHECKS"]


def _check(id_: str, title: str, severity: Severity, *, case: str, remedy: str) -> Check:
    return Check(id=id_, title=title, severity=severity, case=case, remedy=remedy)


_ROWS = (
    _check(
        "subnet-exists",
        "The baseline's subnets exist",
        Severity.HIGH,
        case="each of vpc.subnets is a subnet of this account and region",
        remedy="correct vpc.subnets",
    ),
    _check(
        "subnet-vpc",
        "The subnets are of one VPC",
        Severity.HIGH,
        case="all subnets that exist are of one VPC, which is vpc.vpc_id where that is stated",
        remedy="name subnets of one VPC in vpc.subnets",
    ),
    _check(
        "subnet-zones",
        "The subnets are in two availability zones",
        Severity.MEDIUM,
        case="the subnets that exist are in two availability zones or more, which endpoints need",
        remedy="add a subnet of another availability zone to vpc.subnets",
    ),
    _check(
        "subnet-addresses",
        "The subnets have free addresses",
        Severity.MEDIUM,
        case="each subnet has 16 free IPv4 addresses or more; an instance takes two",
        remedy="free addresses, or name a larger subnet",
    ),
    _check(
        "vpc-dns",
        "The VPC resolves its endpoints' names",
        Severity.HIGH,
        case="the VPC has DNS support and DNS hostnames on, which private DNS of endpoints needs",
        remedy="turn both on",
    ),
    _check(
        "vpc-flow-logs",
        "Flow logs record what is accepted",
        Severity.MEDIUM,
        case="the VPC, or each of the subnets, has an active flow log of ALL or ACCEPT traffic whose delivery works",
        remedy="create a flow log of the VPC",
    ),
    _check(
        "route-internet-gateway",
        "No route to an internet gateway",
        Severity.CRITICAL,
        case="in the subnet's own table, or its VPC's main one, no public IPv4 or IPv6 address takes a route to an "
        "internet or carrier gateway, by longest prefix, prefix lists read; a dropped route (blackhole) leads nowhere, "
        "and hides what is wider",
        remedy="delete the route, or name a private subnet in vpc.subnets",
    ),
    _check(
        "route-nat",
        "No route to a NAT gateway",
        Severity.HIGH,
        case="the same, of NAT gateways",
        remedy="delete the route; reach AWS by VPC endpoints",
    ),
    _check(
        "route-egress-only",
        "No route to an egress-only internet gateway",
        Severity.HIGH,
        case="the same, of egress-only gateways, by which IPv6 leaves",
        remedy="delete the route; reach AWS by VPC endpoints",
    ),
    _check(
        "route-elsewhere",
        "No public address is sent to another network",
        Severity.MEDIUM,
        case="the same, of transit gateways, peering connections, VPNs and appliances; unknown where there is one, "
        "since what lies behind it is not read",
        remedy="see to it that the network behind has no way to the internet, or narrow the route to private addresses",
    ),
    _check(
        "group-vpc",
        "The security groups are of the subnets' VPC",
        Severity.HIGH,
        case="each of vpc.security_groups exists, and is of the one VPC of the subnets",
        remedy="correct vpc.security_groups",
    ),
    _check(
        "group-egress",
        "The security groups do not let out to the whole internet",
        Severity.HIGH,
        case="the addresses of a group's egress rules, prefix lists read, do not hold the whole public internet of "
        "IPv4 or of IPv6, by one rule or by several together",
        remedy="let out what is needed alone: 443 to the endpoints' groups and to S3's prefix list",
    ),
    _check(
        "group-ingress",
        "The security groups do not let in the whole internet",
        Severity.CRITICAL,
        case="the same, of ingress rules",
        remedy="delete the rule",
    ),
    _check(
        "group-self",
        "Instances of one job reach one another",
        Severity.MEDIUM,
        case="for both directions a rule names one of the groups, or covers the subnets, for all of TCP: distributed "
        "training needs it",
        remedy="let the group in from itself, and out to itself",
    ),
    _check(
        "endpoint-present",
        "Each service has an interface endpoint",
        Severity.HIGH,
        case="the subnets' VPC has an available interface endpoint of SageMaker's API and runtime, STS, KMS and "
        "CloudWatch Logs, FIPS or not",
        remedy="create the endpoint, in each subnet's zone, with private DNS",
    ),
    _check(
        "endpoint-zones",
        "The endpoints are in the subnets' zones",
        Severity.MEDIUM,
        case="each zone of the subnets has one of the endpoint's own subnets",
        remedy="add a subnet of that zone to the endpoint",
    ),
    _check(
        "endpoint-private-dns",
        "The endpoints answer to the public names",
        Severity.HIGH,
        case="private DNS is on for each interface endpoint",
        remedy="turn private DNS on",
    ),
    _check(
        "endpoint-groups",
        "HTTPS passes from our groups to the endpoints'",
        Severity.HIGH,
        case="the baseline's groups let TCP 443 out to a group of the endpoint, or to all of its subnets' addresses, "
        "and the endpoint's groups let it in from one of ours, or from all of our subnets' addresses",
        remedy="add the rule that lacks",
    ),
    _check(
        "endpoint-acls",
        "Network ACLs let HTTPS and its answers pass",
        Severity.HIGH,
        case="from each subnet to each other subnet of an endpoint, all addresses at 443 pass both ACLs, and answers "
        "to the ports 32768 to 60999 pass both back, for the IP versions that the endpoint has: rules by number, "
        "first match",
        remedy="correct the ACL's rule",
    ),
    _check(
        "endpoint-policy",
        "The endpoints' policies are closed to others",
        Severity.HIGH,
        case="evaluated, not compared: a principal of a foreign account and organisation may do nothing by it; and, "
        "of S3, our own role nothing with a foreign account's bucket",
        remedy="add aws:PrincipalOrgID or aws:PrincipalAccount, and aws:ResourceAccount, to its policy's conditions",
    ),
    _check(
        "s3-endpoint",
        "S3 is reached by an endpoint",
        Severity.HIGH,
        case="each subnet's table has a live route for S3's prefix list to an available gateway endpoint of S3 in the "
        "VPC, or the VPC has an available interface endpoint of S3",
        remedy="create a gateway endpoint of S3 with each subnet's table",
    ),
    _check(
        "s3-path",
        "HTTPS passes to S3's gateway endpoint",
        Severity.HIGH,
        case="where a subnet reaches S3 by the gateway endpoint: our groups let 443 out to S3's prefix list, or to all "
        "its addresses, and the subnet's ACL lets 443 out there and answers back",
        remedy="let 443 out to S3's prefix list, and correct the ACL",
    ),
)

CHECKS: Mapping[str, Check] = MappingProxyType({row.id: row for row in _ROWS})
"""Every check by its id, in the order they are told."""
