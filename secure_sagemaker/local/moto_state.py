"""What the rules must know of the account, read from moto's own stores. The one module that opens them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from moto.ec2.models import ec2_backends
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.exceptions import NotFoundException
from moto.iam.models import Group, ManagedPolicy, Role, User, iam_backends
from moto.kms.models import kms_backends
from moto.kms.utils import RESERVED_ALIASES
from moto.s3.models import FakeBucket, s3_backends
from moto.utilities.utils import get_partition

__all__ = [
    "MAXIMUM_SESSION_SECONDS",
    "BucketState",
    "IdentityPolicies",
    "KeyState",
    "ObjectState",
    "RoleState",
    "UserState",
    "bucket_owner",
    "bucket_policy",
    "create_service_role",
    "create_temporary_key",
    "create_user",
    "find_bucket",
    "find_key",
    "find_object",
    "find_role",
    "has_local_storage",
    "has_mfa_device",
    "has_objects",
    "has_policy",
    "has_principal",
    "identity_arn",
    "identity_policies",
    "key_policy",
    "managed_policy",
    "network_of",
    "partition",
    "principal_id",
    "read_object",
    "role_of_session",
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
    """Create a user with an access key who may do everything, at a time when nobody has one to sign with."""
    iam = iam_backends[account][get_partition(region)]
    user = iam.create_user(region_name=region, user_name=name)
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    iam.put_user_policy(name, "everything", json.dumps({"Version": "2012-10-17", "Statement": [everything]}))
    key = iam.create_access_key(user_name=name)
    return UserState(arn=user.arn, access_key_id=key.access_key_id, secret_access_key=key.secret_access_key)


def create_temporary_key(arn: str) -> tuple[str, str]:
    """A temporary access key in a principal's account. Its id and its secret."""
    _, partition, _, _, account, _ = arn.split(":", 5)
    key = iam_backends[account][partition].create_temp_access_key()
    return key.access_key_id, key.secret_access_key


def create_service_role(arn: str) -> None:
    """Have the service-linked role of that ARN, which the first use of a service makes."""
    _, partition, _, _, account, path = arn.split(":", 5)
    backend = iam_backends[account][partition]
    if find_role(arn) is None:
        service = path.split("/")[2]
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        backend.create_role(
            path.rsplit("/", 1)[-1],
            json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
            f"/aws-service-role/{service}/",
            permissions_boundary=None,
            description="",
            tags=[],
            max_session_duration="3600",
            linked_service=service,
        )


def principal_id(arn: str) -> str:
    """The unique id of a user or of a role's session; empty for others."""
    _, partition, _, _, account, name = arn.split(":", 5)
    backend = iam_backends[account][partition]
    match name.split("/"):
        case ["user", *_, user] if user in backend.users:
            return str(backend.users[user].id)
        case ["assumed-role", named, session]:
            return next((f"{role.id}:{session}" for role in backend.roles.values() if role.name == named), "")
        case _:
            return ""


def find_role(arn: str) -> RoleState | None:
    """The role of that ARN, or None."""
    match arn.split(":", 5):
        case ["arn", partition, "iam", "", account, _] if account in list(iam_backends):
            pass
        case _:
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


@dataclass(frozen=True, kw_only=True)
class IdentityPolicies:
    """The policies of a role or a user, as the texts that IAM has of them."""

    own: tuple[str, ...]
    """Inline and attached; a user's groups' among them."""
    boundary: str | None
    """The ARN of the permissions boundary."""


def identity_policies(arn: str) -> IdentityPolicies:
    """The policies of the role that a role session is of, or of a user; none of a principal that is gone."""
    _, partition, _, _, account, name = arn.split(":", 5)
    backend = iam_backends[account][partition]
    holders: list[Role | User | Group] = []
    boundary = None
    match name.split("/"):
        case ["assumed-role", *_, role, _]:
            found = next((one for one in list(backend.roles.values()) if one.name == role), None)
            if found is not None:
                holders, boundary = [found], found.permissions_boundary_arn
        case ["user", *_, user] if user in backend.users:
            holders = [backend.users[user], *backend.get_groups_for_user(user)]
        case _:
            pass
    return IdentityPolicies(
        own=tuple(
            text
            for holder in holders
            for text in (
                *holder.policies.values(),
                *(_document(managed) for managed in holder.managed_policies.values()),
            )
        ),
        boundary=boundary or None,
    )


def _document(policy: ManagedPolicy) -> str:
    current = next(one for one in policy.versions if one.version_id == policy.default_version_id)
    return str(current.document)


def managed_policy(arn: str) -> str | None:
    """The text of a managed policy, the account's own or AWS's; None where there is none of that ARN."""
    match arn.split(":", 5):
        case ["arn", _, "iam", "", "aws", str(name)]:
            return _of_aws().get(name.rsplit("/", 1)[-1])
        case ["arn", partition, "iam", "", account, _] if account in list(iam_backends):
            found = iam_backends[account][partition].managed_policies.get(arn)
            return None if found is None else _document(found)
        case _:
            return None


@cache
def _of_aws() -> Mapping[str, str]:
    """AWS's own policies, by name. Read when one is asked for: they are five million characters."""
    return {
        name: json.dumps(told["Document"]) for name, told in json.loads(aws_managed_policies_data).items()
    }


# --- S3


@dataclass(frozen=True, kw_only=True)
class BucketState:
    """A bucket and what is set on it."""

    name: str
    owner: str
    """The account that it belongs to."""
    region: str
    policy: Mapping[str, object] | None
    blocks_public_acls: bool
    blocks_public_policy: bool
    enforces_ownership: bool
    """Its objects belong to its owner, and access control lists are switched off."""
    default_algorithm: str
    """What an object is encrypted with that says nothing of it."""
    default_key: str | None
    blocks_customer_keys: bool


@dataclass(frozen=True, kw_only=True)
class ObjectState:
    """How an object is encrypted, and which version of it stands there."""

    algorithm: str | None
    key: str | None
    etag: str


def find_bucket(name: str) -> BucketState | None:
    """The bucket of that name, whoever owns it, or None."""
    for owner, partitions in list(s3_backends.items()):
        for backend in list(partitions.values()):
            if name in backend.buckets:
                return _bucket_state(backend.buckets[name], owner)
    return None


def _bucket_state(bucket: FakeBucket, owner: str) -> BucketState:
    block, rule = bucket.public_access_block, (bucket.encryption or {}).get("Rule", {})
    default = rule.get("ApplyServerSideEncryptionByDefault", {})
    blocked = rule.get("BlockedEncryptionTypes") or {"EncryptionType": "SSE-C"}
    return BucketState(
        name=bucket.name,
        owner=owner,
        region=bucket.region_name,
        policy=json.loads(bucket.policy) if bucket.policy is not None else None,
        blocks_public_acls=block is not None and block.block_public_acls,
        blocks_public_policy=block is not None and block.block_public_policy,
        enforces_ownership=str(bucket.ownership_rule) == "BucketOwnerEnforced",
        default_algorithm=default.get("SSEAlgorithm", "AES256"),
        default_key=default.get("KMSMasterKeyID"),
        blocks_customer_keys="SSE-C" in str(blocked["EncryptionType"]),
    )


def find_object(bucket: str, key: str, *, version: str | None = None) -> ObjectState | None:
    """The object, or None where there is none."""
    for partitions in list(s3_backends.values()):
        for backend in list(partitions.values()):
            if bucket in backend.buckets:
                found = backend.get_object(bucket, key, version_id=version)
                if found is None:
                    return None
                return ObjectState(
                    algorithm=found.encryption, key=found.kms_key_id, etag=found.etag.strip('"')
                )
    return None


def read_object(bucket: str, key: str, version: str | None = None) -> bytes | None:
    """What an object holds, or held in a version, or None where there is none."""
    for partitions in list(s3_backends.values()):
        for backend in list(partitions.values()):
            found = backend.get_object(bucket, key, version) if bucket in backend.buckets else None
            if found is not None:
                return bytes(found.value)
    return None


def has_objects(bucket: str, prefix: str) -> bool:
    """Whether some object's key begins so."""
    return any(
        key.startswith(prefix)
        for partitions in list(s3_backends.values())
        for backend in list(partitions.values())
        if bucket in backend.buckets
        for key in list(backend.buckets[bucket].keys)
    )


def bucket_owner(name: str) -> str | None:
    """The account that owns a bucket, or None where there is no such bucket."""
    found = find_bucket(name)
    return None if found is None else found.owner


def bucket_policy(name: str) -> Mapping[str, object] | None:
    """The policy of a bucket, or None where it has none."""
    found = find_bucket(name)
    return None if found is None else found.policy


# --- KMS


@dataclass(frozen=True, kw_only=True)
class KeyState:
    """A KMS key as it is."""

    arn: str
    state: str
    """``Enabled``, ``Disabled``, ``PendingDeletion`` and the like."""
    usage: str
    symmetric: bool


def find_key(reference: str, *, account: str, region: str) -> KeyState | None:
    """The key that an id, an ARN, an alias or an alias's ARN names in a region, or None."""
    if reference.startswith("arn:"):
        _, _, _, _, account, name = reference.split(":", 5)
    else:
        name = reference
    name = name.removeprefix("key/")
    if region not in kms_backends[account]:
        return None
    if name in RESERVED_ALIASES:
        # AWS makes its own keys when they are first used.
        return KeyState(arn=name, state="Enabled", usage="ENCRYPT_DECRYPT", symmetric=True)
    for key in list(kms_backends[account][region].keys.values()):
        if name == key.id or name in key.aliases:
            return KeyState(
                arn=key.arn,
                state=key.key_state,
                usage=key.key_usage or "ENCRYPT_DECRYPT",
                symmetric=(key.key_spec or "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT",
            )
    return None


def key_policy(arn: str) -> str | None:
    """The text of a key's policy, or None where there is no such key."""
    _, _, _, region, account, name = arn.split(":", 5)
    if region not in kms_backends[account]:
        return None
    found = kms_backends[account][region].keys.get(name.removeprefix("key/"))
    return None if found is None else str(found.policy)


# --- the network


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


# --- identities


def has_policy(arn: str) -> bool:
    """Whether there is such a managed policy. AWS's own all count as there."""
    match arn.split(":", 5):
        case ["arn", _, "iam", "", "aws", str(name)]:
            return name.startswith("policy/")
        case ["arn", partition, "iam", "", account, _] if account in list(iam_backends):
            return arn in iam_backends[account][partition].managed_policies
        case _:
            return False


def has_principal(arn: str) -> bool:
    """Whether an ARN names a role or a user that is there."""
    match arn.split(":", 5):
        case ["arn", partition, "iam", "", account, name] if account in list(iam_backends):
            backend = iam_backends[account][partition]
            there = {user.arn for user in list(backend.users.values())}
            there |= {role.arn for role in list(backend.roles.values())}
            return name == "root" or arn in there
        case _:
            return False


def role_of_session(arn: str) -> str | None:
    """The ARN of the role that a role session's ARN is of; None for any other principal."""
    match arn.split(":", 5):
        case ["arn", partition, "sts", "", account, name] if name.startswith("assumed-role/"):
            wanted = name.split("/")[1]
            for role in list(iam_backends[account][partition].roles.values()):
                if role.name == wanted:
                    return str(role.arn)
    return None


def has_mfa_device(user: str, serial: str) -> bool:
    """Whether that MFA device is the user's.

    Args:
        user: The user's ARN.
        serial: The serial number, or the ARN of a virtual device.
    """
    _, partition, _, _, account, _ = user.split(":", 5)
    return any(
        serial in one.mfa_devices
        for one in list(iam_backends[account][partition].users.values())
        if one.arn == user
    )


# --- the rest


def partition(region: str) -> str:
    """The partition a region is in."""
    return get_partition(region)


def has_local_storage(instance_type: str) -> bool | None:
    """Whether EC2 says that the type has instance storage; None for a type it does not know."""
    known = INSTANCE_TYPES.get(instance_type.removeprefix("ml."))
    return None if known is None else bool(known.get("InstanceStorageSupported"))


def identity_arn(before: str, kind: str, name: str) -> str | None:
    """The ARN of a role or a user by its name, which tells no path; None where there is none, or of other kinds.

    Args:
        before: What the ARN begins with.
        kind: ``role`` or ``user``.
        name: The name.
    """
    _, partition, _, _, account, _ = before.split(":", 5)
    backend = iam_backends[account][partition]
    held: Mapping[str, Mapping[str, Role | User]] = {"role": backend.roles, "user": backend.users}
    found = held.get(kind, {}).values()
    return next((str(one.arn) for one in list(found) if one.name == name), None)


def user_arn(*, account: str, name: str) -> str:
    """The ARN of a user."""
    for backend in list(iam_backends[account].values()):
        if name in backend.users:
            return str(backend.users[name].arn)
    raise LookupError(name)
