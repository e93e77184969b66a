"""Networks and instance types, as moto's EC2 has them, and what partition a region is in."""

from __future__ import annotations

from moto.ec2.models import ec2_backends
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.utilities.utils import get_partition

__all__ = ["has_local_storage", "network_of", "partition"]


def network_of(resource: str, *, account: str, region: str) -> str | None:
    """The VPC that a subnet or a security group is in; None for one that EC2 does not know."""
    ec2 = ec2_backends[account][region]
    for subnets in list(ec2.subnets.values()):
        if resource in subnets:
            return str(subnets[resource].vpc_id)
    for vpc_id, groups in list(ec2.groups.items()):
        if resource in groups:
            return str(vpc_id)
    return None


def partition(region: str) -> str:
    """The partition a region is in."""
    return get_partition(region)


def has_local_storage(instance_type: str) -> bool | None:
    """Whether EC2 says that the type has instance storage; None for a type it does not know."""
    known = INSTANCE_TYPES.get(instance_type.removeprefix("ml."))
    return None if known is None else bool(known.get("InstanceStorageSupported"))
