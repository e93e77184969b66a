"""Where a request may go, and who may answer it.

policy      what a client's way to AWS is held to, when it is made
endpoints   which origins it may be pointed to
privatelink which VPC endpoint a service is reached by
peers       which addresses may answer
connections how that is looked at, on the connected socket
vpc         what is found out of the VPC through EC2
routing     its route tables, and which of their routes goes first
gateway     whether S3 is routed to its gateway endpoint
discovery   which of the VPC's endpoints each service is reached by
egress      a guard over all connections of the process
zone        the machine's own availability zone
"""

from secure_sagemaker.network.discovery import DiscoveredEndpoints, FoundEndpoint, discovered
from secure_sagemaker.network.egress import EgressGuard
from secure_sagemaker.network.endpoints import EndpointPolicy
from secure_sagemaker.network.peers import AnyPeers, EarlyPeers, PeerPolicy, Peers
from secure_sagemaker.network.policy import NetworkPolicy, allowed_networks, look_at
from secure_sagemaker.network.vpc import Vpc
from secure_sagemaker.network.zone import own_zone

__all__ = [
    "AnyPeers",
    "DiscoveredEndpoints",
    "EarlyPeers",
    "EgressGuard",
    "EndpointPolicy",
    "FoundEndpoint",
    "NetworkPolicy",
    "PeerPolicy",
    "Peers",
    "Vpc",
    "allowed_networks",
    "discovered",
    "look_at",
    "own_zone",
]
