"""What is found out of the baseline's VPC through EC2: each thing once, when it is first needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from secure_sagemaker.exceptions import SessionError
from secure_sagemaker.locks import ForkSafeLock
from secure_sagemaker.network.gateway import problem_with
from secure_sagemaker.network.peers import EarlyPeers, Network, PeerPolicy
from secure_sagemaker.network.routing import s3_list_of, tables_of

__all__ = ["Vpc", "VpcEndpoint"]

_T = TypeVar("_T")
_Ec2 = Any  # its stubs are no dependency, and every answer is turned into facts at once


@dataclass(frozen=True, kw_only=True, slots=True)
class VpcEndpoint:
    """An endpoint of a VPC, as EC2 describes it."""

    id: str
    service: str
    """Its whole name, such as ``com.amazonaws.eu-west-1.sagemaker.api``."""
    kind: str
    """``Interface``, ``Gateway`` and so on."""
    private_dns: bool
    """Whether the service's public names resolve to it all over the VPC."""
    names: tuple[str, ...] = ()
    """Its own names in DNS, and those of its zones."""


class Vpc:
    """The VPC of the baseline's subnets.

    Args:
        subnets: The subnets' ids.
        ec2: Gives the client that reads. Its connections, and those by which its credentials are got, are ``early``'s.
        early: Who answered before the networks were known.
    """

    def __init__(self, *, subnets: Sequence[str], ec2: Callable[[], _Ec2], early: EarlyPeers) -> None:
        self._subnets = subnets
        self._ec2 = ec2
        self._early = early
        self._lock = ForkSafeLock()
        self._peers: PeerPolicy | None = None
        self._s3_networks: tuple[Network, ...] | None = None

    def peers(self) -> PeerPolicy:
        """Its own networks, as those that may answer.

        Raises:
            SessionError: They cannot be found out.
            PeerError: Who told them lies outside of them.
        """
        if self._peers is None:
            with self._lock:
                if self._peers is None:
                    policy = self._read("the networks of the baseline's VPC", _own_networks)
                    self._early.known(policy)
                    self._peers = policy
        return self._peers

    def s3_networks(self) -> tuple[Network, ...]:
        """S3's own addresses, where all of the baseline's subnets route them to S3's gateway endpoint.

        Raises:
            SessionError: They do not, or it cannot be found out.
        """
        if self._s3_networks is None:
            with self._lock:
                if self._s3_networks is None:
                    self._s3_networks = self._read(
                        "whether S3 is routed to its gateway endpoint", _s3_networks
                    )
        return self._s3_networks

    def endpoints(self) -> tuple[VpcEndpoint, ...]:
        """Its endpoints that are available.

        Raises:
            SessionError: They cannot be found out.
        """
        return self._read("the endpoints of the baseline's VPC", _endpoints)

    def endpoint(self, id_: str) -> VpcEndpoint:
        """The endpoint with an id.

        Raises:
            SessionError: There is none in this VPC, or it cannot be found out.
        """
        for found in self.endpoints():
            if found.id == id_:
                return found
        raise SessionError(
            f"the VPC of the baseline's subnets has no available endpoint {id_}",
            remedy="correct privatelink.endpoints: `secure-sagemaker endpoints` tells those that there are",
        )

    def _read(self, what: str, read: Callable[[_Ec2, Sequence[str]], _T]) -> _T:
        # In a context of its own: in this one a role may be about to be assumed, or a client to be made.
        return Context().run(self._read_here, what, read)

    def _read_here(self, what: str, read: Callable[[_Ec2, Sequence[str]], _T]) -> _T:
        client = self._ec2()
        try:
            return read(client, self._subnets)
        except ClientError as refused:
            told = refused.response.get("Error", {})
            raise _unknown(what, f"{told.get('Code', '')}: {told.get('Message', '')}") from refused
        except BotoCoreError as failed:
            raise _unknown(what, str(failed)) from failed
        finally:
            client.close()


def _unknown(what: str, why: str) -> SessionError:
    return SessionError(
        f"{what} could not be found out: {why}",
        remedy="allow the baseline's role ec2:DescribeSubnets, ec2:DescribeVpcs, ec2:DescribeVpcEndpoints,"
        " ec2:DescribeRouteTables, ec2:DescribeManagedPrefixLists and ec2:GetManagedPrefixListEntries, and have EC2"
        " reached privately; networks may also be stated, in privatelink.allowed_networks",
    )


def _all(client: _Ec2, operation: str, result: str, **asked: object) -> tuple[Mapping[str, Any], ...]:
    pages = client.get_paginator(operation).paginate(**asked)
    return tuple(row for page in pages for row in page[result])


def _filter(name: str, *values: str) -> Mapping[str, object]:
    return {"Name": name, "Values": list(values)}


def _vpc_of(client: _Ec2, subnets: Sequence[str]) -> str:
    found = client.describe_subnets(SubnetIds=list(subnets))["Subnets"]
    vpcs = sorted({subnet["VpcId"] for subnet in found})
    if len(vpcs) != 1:
        raise SessionError(
            f"the baseline's subnets are in {' and '.join(vpcs) or 'no VPC'}, and have to be in one",
            remedy="correct vpc.subnets",
        )
    return str(vpcs[0])


def _own_networks(client: _Ec2, subnets: Sequence[str]) -> PeerPolicy:
    (found,) = client.describe_vpcs(VpcIds=[vpc := _vpc_of(client, subnets)])["Vpcs"]
    blocks = (
        *_associated(found.get("CidrBlockAssociationSet", ()), "CidrBlock"),
        *_associated(found.get("Ipv6CidrBlockAssociationSet", ()), "Ipv6CidrBlock"),
    )
    return PeerPolicy(networks=tuple(map(ip_network, blocks)), called=f"the networks of {vpc}")


def _associated(rows: Iterable[Mapping[str, Any]], block: str) -> Iterator[str]:
    return (row[block] for row in rows if row[f"{block}State"]["State"] == "associated")


def _endpoints(client: _Ec2, subnets: Sequence[str]) -> tuple[VpcEndpoint, ...]:
    rows = _all(
        client,
        "describe_vpc_endpoints",
        "VpcEndpoints",
        Filters=[_filter("vpc-id", _vpc_of(client, subnets))],
    )
    return tuple(_endpoint(row) for row in rows if str(row.get("State", "")).lower() == "available")


def _endpoint(row: Mapping[str, Any]) -> VpcEndpoint:
    # S3's may answer by the public names only to those who ask from elsewhere.
    elsewhere = row.get("DnsOptions", {}).get("PrivateDnsOnlyForInboundResolverEndpoint", False)
    names = (str(entry.get("DnsName", "")).lower().removeprefix("*.") for entry in row.get("DnsEntries", ()))
    return VpcEndpoint(
        id=row["VpcEndpointId"],
        service=row["ServiceName"],
        kind=row["VpcEndpointType"],
        private_dns=bool(row.get("PrivateDnsEnabled")) and not elsewhere,
        names=tuple(dict.fromkeys(names)),
    )


def _s3_networks(client: _Ec2, subnets: Sequence[str]) -> tuple[Network, ...]:
    vpc, region = _vpc_of(client, subnets), client.meta.region_name
    tables = tables_of(_all(client, "describe_route_tables", "RouteTables", Filters=[_filter("vpc-id", vpc)]))
    gateways = {
        one.id
        for one in _endpoints(client, subnets)
        if one.kind == "Gateway" and one.service.endswith(f".{region}.s3")
    }
    routed = (route.destination for table in tables for route in table.routes)
    named = sorted({destination for destination in routed if isinstance(destination, str)})
    rows = _all(client, "describe_managed_prefix_lists", "PrefixLists", PrefixListIds=named) if named else ()
    lists, s3_list = {row["PrefixListId"]: _entries(client, row) for row in rows}, s3_list_of(rows, region)
    problem = problem_with(
        vpc=vpc, tables=tables, subnets=subnets, lists=lists, s3_list=s3_list, gateways=gateways
    )
    if problem is not None:
        raise SessionError(
            f"S3 is to be reached by its gateway endpoint, and {problem}",
            remedy="associate the gateway endpoint with the route tables of vpc.subnets, and remove nearer routes; or"
            " reach S3 by an interface endpoint: privatelink.services, s3 = 'private-dns' or 'endpoint'",
        )
    return lists[s3_list]


def _entries(client: _Ec2, row: Mapping[str, Any]) -> tuple[Network, ...]:
    entries = _all(client, "get_managed_prefix_list_entries", "Entries", PrefixListId=row["PrefixListId"])
    return tuple(ip_network(entry["Cidr"]) for entry in entries)
