"""What was read of a network, as plain values. Nothing here decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Generic, TypeVar

from secure_sagemaker.network.peers import Network
from secure_sagemaker.network.routing import RouteTable
from secure_sagemaker.preflight.addresses import Span
from secure_sagemaker.preflight.services import INTERFACES

__all__ = [
    "AclEntry",
    "Answer",
    "Endpoint",
    "FlowLog",
    "GroupRule",
    "NetworkAcl",
    "NetworkFacts",
    "SecurityGroup",
    "Subnet",
    "VpcDns",
    "WantedNetwork",
]


T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer(Generic[T]):
    """What AWS answered, or why it did not."""

    value: T
    unread: str = ""
    """Why there is no answer; the value is none then."""
    code: str = ""
    """AWS's code of that, or our error's name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Subnet:
    """A subnet."""

    id: str
    vpc: str
    zone: str
    networks: tuple[Network, ...]
    """Its addresses, IPv4 and IPv6."""
    free: int
    """Its free IPv4 addresses."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AclEntry:
    """One numbered rule of a network ACL."""

    number: int
    egress: bool
    allow: bool
    protocol: str
    """IANA's number; ``-1`` for all."""
    network: Network
    ports: Span | None = None
    """None for all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkAcl:
    """A network ACL."""

    id: str
    subnets: tuple[str, ...]
    entries: tuple[AclEntry, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupRule:
    """One rule of a security group, with one peer."""

    egress: bool
    protocol: str
    """``tcp``, IANA's number, and so on; ``-1`` for all."""
    peer: Network | str
    """Addresses, or the id of a group or a prefix list."""
    ports: Span | None = None
    """None for all."""

    def takes(self, port: int) -> bool:
        """Whether TCP at a port is within it."""
        return self.protocol == "-1" or (
            self.protocol in ("tcp", "6") and (self.ports is None or self.ports[0] <= port <= self.ports[1])
        )

    @property
    def all_tcp(self) -> bool:
        """Whether every port of TCP is within it."""
        whole = self.ports is None or (self.ports[0] <= 1 and self.ports[1] >= 65535)
        return self.protocol == "-1" or (self.protocol in ("tcp", "6") and whole)


@dataclass(frozen=True, kw_only=True, slots=True)
class SecurityGroup:
    """A security group."""

    id: str
    vpc: str
    rules: tuple[GroupRule, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """A VPC endpoint."""

    id: str
    vpc: str
    service: str
    """Its whole name, such as ``com.amazonaws.eu-west-1.sagemaker.api``."""
    kind: str
    """``Interface``, ``Gateway`` and so on."""
    state: str
    private_dns: bool = False
    subnets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    route_tables: tuple[str, ...] = ()
    policy: str = ""
    """The text of its policy; empty where AWS tells none."""
    ipv6: bool = False
    """Whether it is reached by IPv6 too."""

    @property
    def available(self) -> bool:
        """Whether it is in service."""
        return self.state.lower() == "available"


@dataclass(frozen=True, kw_only=True, slots=True)
class VpcDns:
    """How a VPC resolves names."""

    support: bool
    hostnames: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class FlowLog:
    """A flow log."""

    resource: str
    """The VPC, subnet or interface that it is of."""
    traffic: str
    """``ALL``, ``ACCEPT`` or ``REJECT``."""
    delivers: bool
    """It is active, and its last delivery did not fail."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WantedNetwork:
    """What the baseline says of the network."""

    region: str
    partition: str
    account: str
    role: str
    """The ARN of the role that calls are signed with."""
    subnets: tuple[str, ...]
    groups: tuple[str, ...]
    vpc: str | None = None
    services: tuple[str, ...] = INTERFACES
    """What is reached by interface endpoints, as PrivateLink names it."""
    trusted_accounts: tuple[str, ...] = ()
    """Those that policies may name beside the account itself."""
    bucket_owners: tuple[str, ...] = ()
    """Those whose buckets the baseline names."""

    @property
    def ours(self) -> frozenset[str]:
        """The accounts that are no strangers'."""
        return frozenset({self.account, *self.trusted_accounts})


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkFacts:
    """The network, as EC2 tells it."""

    subnets: tuple[Subnet, ...] = ()
    """Of every VPC that is looked at."""
    route_tables: tuple[RouteTable, ...] = ()
    acls: tuple[NetworkAcl, ...] = ()
    groups: tuple[SecurityGroup, ...] = ()
    """The baseline's, and those of the endpoints."""
    endpoints: tuple[Endpoint, ...] = ()
    dns: Mapping[str, VpcDns] = field(default_factory=lambda: MappingProxyType({}))
    """Of each VPC."""
    flow_logs: tuple[FlowLog, ...] = ()
    prefix_lists: Mapping[str, tuple[Network, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """The entries of each prefix list that could be read."""
    s3_list: str = ""
    """The id of S3's own prefix list; empty where it could not be read."""
    unread: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The fields above that could not be read, each with the reason; what it holds is no fact then."""

    def subnet(self, id_: str) -> Subnet | None:
        """A subnet by its id."""
        return next((one for one in self.subnets if one.id == id_), None)

    def group(self, id_: str) -> SecurityGroup | None:
        """A group by its id."""
        return next((one for one in self.groups if one.id == id_), None)

    def known(self, wanted: WantedNetwork) -> tuple[Subnet, ...]:
        """Those subnets of the baseline that exist."""
        found = (self.subnet(id_) for id_ in wanted.subnets)
        return tuple(one for one in found if one is not None)
