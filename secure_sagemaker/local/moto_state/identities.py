"""Users, roles and their policies, as moto's IAM has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.exceptions import NotFoundException
from moto.iam.models import Group, ManagedPolicy, Role, User, iam_backends
from moto.utilities.utils import get_partition

__all__ = [
    "MAXIMUM_SESSION_SECONDS",
    "IdentityPolicies",
    "RoleState",
    "UserState",
    "create_service_role",
    "create_temporary_key",
    "create_user",
    "find_role",
    "has_mfa_device",
    "has_policy",
    "has_principal",
    "identity_arn",
    "identity_policies",
    "managed_policy",
    "principal_id",
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
