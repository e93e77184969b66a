"""Where a request may go, and who may answer it.

policy      what a client's way to AWS is held to, when it is made
endpoints   which origins it may be pointed to
privatelink which VPC endpoint a service is reached by
peers       which addresses may answer, checked on the connected socket
"""

from secure_sagemaker.network.endpoints import EndpointPolicy
from secure_sagemaker.network.peers import PeerPolicy
from secure_sagemaker.network.policy import NetworkPolicy

__all__ = ["EndpointPolicy", "NetworkPolicy", "PeerPolicy"]
