"""Reads what the checks ask about, as the session's support role. Whatever cannot be read is told as unread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from secure_sagemaker.exceptions import SecureSageMakerError
from secure_sagemaker.network.peers import Network
from secure_sagemaker.network.routing import s3_list_of, tables_of
from secure_sagemaker.preflight.facts import Answer, NetworkFacts, VpcDns, WantedNetwork
from secure_sagemaker.preflight.responses import (
    acls_of,
    endpoints_of,
    flow_logs_of,
    groups_of,
    networks_of,
    subnets_of,
)

if TYPE_CHECKING:
    import boto3

__all__ = ["Reader", "asked", "read_network"]

T = TypeVar("T")
_Parse = Callable[[Iterable[Mapping[str, Any]]], tuple[T, ...]]
_Ec2 = Any  # its stubs are no dependency, and every answer is turned into facts at once
_AT_ONCE = 8
_BRIEF = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 3})
"""A service that a private network does not reach is told of soon."""


class Reader:
    """Asks AWS several things at once.

    Args:
        session: Signs as the support role.
    """

    def __init__(self, session: boto3.Session) -> None:
        self._session = session
        self._clients: dict[str, Any] = {}
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="preflight")

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def client(self, service: str) -> Any:
        """A client of the session; ask for it before reads start, for making one is no thread's business."""
        if service not in self._clients:
            made: Any = self._session.client(service, config=_BRIEF)  # type: ignore[call-overload]  # by its name
            self._clients[service] = made
        return self._clients[service]

    def ask(self, what: str, read: Callable[[], T], otherwise: T) -> Future[Answer[T]]:
        """Start a read.

        Args:
            what: The action that it takes, for a person.
            read: Asks.
            otherwise: The value where there is no answer.
        """
        return self.start(lambda: asked(what, read, otherwise))

    def start(self, read: Callable[[], T]) -> Future[T]:
        """Start several reads of which one needs another's answer; it asks by ``asked``, and so raises nothing."""
        return self._pool.submit(read)


def asked(what: str, read: Callable[[], T], otherwise: T) -> Answer[T]:
    """Ask AWS, and tell why where it does not answer."""
    try:
        return Answer(value=read())
    except ClientError as refused:
        code = str(refused.response.get("Error", {}).get("Code", "an error"))
        return Answer(value=otherwise, unread=f"{what} was answered with {code}", code=code)
    except BotoCoreError as failed:
        return Answer(value=otherwise, unread=f"{what} got no answer: {type(failed).__name__}")
    except SecureSageMakerError as failed:
        told = str(failed).partition("\n")[0]
        return Answer(
            value=otherwise, unread=f"{what} could not be asked: {told}", code=type(failed).__name__
        )
    except (KeyError, TypeError, ValueError) as strange:
        return Answer(
            value=otherwise,
            unread=f"{what} was answered with what is not understood ({type(strange).__name__})",
        )


def read_network(reader: Reader, wanted: WantedNetwork) -> NetworkFacts:
    """The network of the baseline, with its VPC's endpoints."""
    ec2 = reader.client("ec2")
    unread: dict[str, str] = {}

    def settled(name: str, answer: Answer[T]) -> T:
        if answer.unread:
            unread.setdefault(name, answer.unread)
        return answer.value

    def described(
        operation: str, field: str, filter_: str, values: Iterable[str], parse: _Parse[T]
    ) -> Future[Answer[tuple[T, ...]]]:
        filters = [{"Name": filter_, "Values": list(dict.fromkeys(values))}]
        key = "Filter" if operation == "describe_flow_logs" else "Filters"

        def read() -> tuple[T, ...]:
            pages = ec2.get_paginator(operation).paginate(**{key: filters})
            return parse([one for page in pages for one in page[field]])

        return reader.ask(f"ec2:{_action(operation)}", read, ())

    named = described("describe_subnets", "Subnets", "subnet-id", wanted.subnets, subnets_of)
    lists = reader.ask("ec2:DescribeManagedPrefixLists", lambda: _s3_list(ec2, wanted.region), "")
    own = settled("subnets", named.result())
    vpcs = tuple(dict.fromkeys(subnet.vpc for subnet in own))
    if not vpcs:
        groups = described("describe_security_groups", "SecurityGroups", "group-id", wanted.groups, groups_of)
        return NetworkFacts(groups=settled("groups", groups.result()), unread=MappingProxyType(unread))
    all_subnets = described("describe_subnets", "Subnets", "vpc-id", vpcs, subnets_of)
    tables = described("describe_route_tables", "RouteTables", "vpc-id", vpcs, tables_of)
    acls = described("describe_network_acls", "NetworkAcls", "vpc-id", vpcs, acls_of)
    found = described("describe_vpc_endpoints", "VpcEndpoints", "vpc-id", vpcs, endpoints_of)
    logs = described(
        "describe_flow_logs", "FlowLogs", "resource-id", (*vpcs, *(one.id for one in own)), flow_logs_of
    )
    dns = {
        vpc: reader.ask("ec2:DescribeVpcAttribute", _dns_of(ec2, vpc), VpcDns(support=False, hostnames=False))
        for vpc in vpcs
    }
    endpoints = settled("endpoints", found.result())
    group_ids = (*wanted.groups, *(id_ for one in endpoints for id_ in one.groups))
    groups = described("describe_security_groups", "SecurityGroups", "group-id", group_ids, groups_of)
    route_tables = settled("route_tables", tables.result())
    security_groups = settled("groups", groups.result())
    s3_list = lists.result().value
    listed = {
        *(
            str(route.destination)
            for table in route_tables
            for route in table.routes
            if isinstance(route.destination, str)
        ),
        *(str(rule.peer) for group in security_groups for rule in group.rules if isinstance(rule.peer, str)),
        s3_list,
    }
    nothing: tuple[Network, ...] = ()
    entries = {
        id_: reader.ask("ec2:GetManagedPrefixListEntries", _entries_of(ec2, id_), nothing)
        for id_ in sorted(listed)
        if id_.startswith("pl-")
    }
    read = {id_: answer.result() for id_, answer in entries.items()}
    return NetworkFacts(
        subnets=settled("subnets", all_subnets.result()),
        route_tables=route_tables,
        acls=settled("acls", acls.result()),
        groups=security_groups,
        endpoints=endpoints,
        dns=MappingProxyType({vpc: settled("dns", answer.result()) for vpc, answer in dns.items()}),
        flow_logs=settled("flow_logs", logs.result()),
        prefix_lists=MappingProxyType({id_: one.value for id_, one in read.items() if not one.unread}),
        s3_list=s3_list,
        unread=MappingProxyType(unread),
    )


def _action(operation: str) -> str:
    return "".join(part.capitalize() for part in operation.split("_"))


def _s3_list(ec2: _Ec2, region: str) -> str:
    pages = ec2.get_paginator("describe_managed_prefix_lists").paginate()
    return s3_list_of((one for page in pages for one in page["PrefixLists"]), region)


def _dns_of(ec2: _Ec2, vpc: str) -> Callable[[], VpcDns]:
    def read() -> VpcDns:
        support = ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsSupport")
        hostnames = ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")
        return VpcDns(
            support=bool(support["EnableDnsSupport"]["Value"]),
            hostnames=bool(hostnames["EnableDnsHostnames"]["Value"]),
        )

    return read


def _entries_of(ec2: _Ec2, id_: str) -> Callable[[], tuple[Network, ...]]:
    def read() -> tuple[Network, ...]:
        pages = ec2.get_paginator("get_managed_prefix_list_entries").paginate(PrefixListId=id_)
        return networks_of(one["Cidr"] for page in pages for one in page["Entries"])

    return read
