"""What EC2 says of a VPC, in its XML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from xml.sax.saxutils import escape

from tests.wire import Answer, Sent

__all__ = ["VPC_ID", "endpoint", "says_list", "vpc"]

VPC_ID = "vpc-0a1b2c3d"
_Value = object


def says_list(operation: str, member: str, rows: Iterable[Mapping[str, _Value]]) -> Callable[[Sent], Answer]:
    """The answer to a Describe; a value is a text, a mapping or a list."""
    body = f"<{operation}Response>{_element(member, list(rows))}</{operation}Response>".encode()
    return lambda _: Answer(body=body)


def _element(name: str, value: _Value) -> str:
    if isinstance(value, Mapping):
        inside = "".join(_element(key, one) for key, one in value.items())
    elif isinstance(value, Sequence) and not isinstance(value, str):
        inside = "".join(_element("item", one) for one in value)
    else:
        inside = escape(str(value).lower() if isinstance(value, bool) else str(value))
    return f"<{name}>{inside}</{name}>"


def vpc(
    *networks: str, gone: Sequence[str] = (), subnets: Iterable[str] = (VPC_ID, VPC_ID)
) -> Mapping[str, Callable[[Sent], Answer]]:
    """The answers that tell a VPC's networks.

    Args:
        networks: Its CIDR blocks.
        gone: Those that are no longer associated.
        subnets: The VPC of each of the baseline's subnets.
    """
    blocks = [(network, "associated") for network in networks] + [
        (network, "disassociated") for network in gone
    ]
    four = [
        {"cidrBlock": network, "cidrBlockState": {"state": state}}
        for network, state in blocks
        if ":" not in network
    ]
    six = [
        {"ipv6CidrBlock": network, "ipv6CidrBlockState": {"state": state}}
        for network, state in blocks
        if ":" in network
    ]
    found = {"vpcId": VPC_ID, "cidrBlockAssociationSet": four, "ipv6CidrBlockAssociationSet": six}
    return {
        "DescribeSubnets": says_list(
            "DescribeSubnets",
            "subnetSet",
            [{"subnetId": f"subnet-{n}", "vpcId": one} for n, one in enumerate(subnets)],
        ),
        "DescribeVpcs": says_list("DescribeVpcs", "vpcSet", [found]),
    }


def endpoint(
    id_: str,
    service: str,
    *names: str,
    kind: str = "Interface",
    private_dns: bool = False,
    state: str = "available",
) -> Mapping[str, _Value]:
    """An endpoint, as DescribeVpcEndpoints has it."""
    return {
        "vpcEndpointId": id_,
        "serviceName": service,
        "vpcEndpointType": kind,
        "state": state,
        "privateDnsEnabled": private_dns,
        "dnsEntrySet": [{"dnsName": name, "hostedZoneId": "Z1"} for name in names],
    }
