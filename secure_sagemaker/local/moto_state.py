"""What the rules must know of the account, read from moto's own stores. The one module that opens them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends
from moto.sagemaker.models import sagemaker_backends
from moto.utilities.utils import get_partition

__all__ = [
    "MAXIMUM_SESSION_SECONDS",
    "RoleState",
    "UserState",
    "bucket_owner",
    "bucket_policy",
    "create_user",
    "endpoint_exists",
    "find_role",
    "has_local_storage",
    "partition",
    "user_arn",
]

MAXIMUM_SESSION_SECONDS = 3600
"""A role's maximum session duration where nobody set one."""


@dataclass(frozen=True, kw_only=True)
class RoleState:
    """A role as the account has it."""

    arn: str
    account: str
    trust_policy: Mapping[str, object]
    maximum_session_seconds: int


@dataclass(frozen=True, kw_only=True)
class UserState:
    """A user with an access key."""

    arn: str
    access_key_id: str
    secret_access_key: str = field(repr=False)


def create_user(*, account: str, region: str, name: str) -> UserState:
    """Create a user with an access key, at a time when nobody has one to sign with."""
    iam = iam_backends[account][get_partition(region)]
    user = iam.create_user(region_name=region, user_name=name)
    key = iam.create_access_key(user_name=name)
    return UserState(arn=user.arn, access_key_id=key.access_key_id, secret_access_key=key.secret_access_key)


def find_role(arn: str) -> RoleState | None:
    """The role of that ARN, or None."""
    _, partition, _, _, account, _ = arn.split(":", 5)
    if account not in list(iam_backends):
        return None
    try:
        role = iam_backends[account][partition].get_role_by_arn(arn)
    except NotFoundException:
        return None
    return RoleState(
        arn=arn,
        account=account,
        trust_policy=json.loads(role.assume_role_policy_document),
        maximum_session_seconds=int(role.max_session_duration or MAXIMUM_SESSION_SECONDS),
    )


def bucket_owner(name: str) -> str | None:
    """The account that owns a bucket, or None where there is no such bucket."""
    for account, partitions in list(s3_backends.items()):
        if any(name in backend.buckets for backend in list(partitions.values())):
            return account
    return None


def bucket_policy(name: str) -> Mapping[str, object] | None:
    """The policy of a bucket, or None where it has none."""
    owner = bucket_owner(name)
    for backend in list(s3_backends[owner].values()) if owner is not None else ():
        stated = backend.buckets[name].policy if name in backend.buckets else None
        if stated is not None:
            policy: Mapping[str, object] = json.loads(stated)
            return policy
    return None


def partition(region: str) -> str:
    """The partition a region is in."""
    return get_partition(region)


def endpoint_exists(*, account: str, region: str, name: str) -> bool:
    """Whether there is such an endpoint."""
    return name in sagemaker_backends[account][region].endpoints


def has_local_storage(instance_type: str) -> bool | None:
    """Whether EC2 says that the type has instance storage; None for a type it does not know."""
    known = INSTANCE_TYPES.get(instance_type.removeprefix("ml."))
    return None if known is None else bool(known.get("InstanceStorageSupported"))


def user_arn(*, account: str, name: str) -> str:
    """The ARN of a user."""
    for backend in list(iam_backends[account].values()):
        if name in backend.users:
            return str(backend.users[name].arn)
    raise LookupError(name)
