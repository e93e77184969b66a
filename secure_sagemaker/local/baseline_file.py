"""The baseline of the embedded account, as the file a person would write."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from secure_sagemaker.local.account import Account

__all__ = ["baseline_toml"]

_TEMPLATE = """\
# The baseline of the embedded AWS account {account}: everything is demanded that can be.
schema_version = 1
region = {region}

[role]  # every call is signed with this role
arn = {role_arn}
session_name = "embedded-aws"

[execution_roles]  # what jobs and models may run as
default = {execution_role_arn}

[kms]
default = {key_arn}
allowed = [{other_key_arn}]  # a caller may name this one too

[vpc]  # three private subnets; none has a way to the internet
vpc_id = {vpc_id}
subnets = {subnets}
security_groups = {security_groups}

[network_isolation]  # containers without a network, whatever the kind of work
training = "require"
processing = "require"
tuning = "require"
models = "require"
monitoring = "require"

[hardening]
inter_container_encryption = true
allow_remote_debug = false
allow_ssm_access = false
allow_remote_access = false
allow_docker_access = false
allow_root_access = false
allow_direct_internet_access = false
allow_public_workforce = false
minimum_imds_version = 2

[data_perimeter]  # buckets, with the account that must own them
default_bucket = {default_bucket}
write = {{ {default_bucket} = {account_text} }}
read = {{ {data_bucket} = {account_text} }}

[images]  # those of this account, and AWS's own
allowed = [{account_text}, "aws"]

[required_tags]
project = ["embedded"]
"""

_LOOPBACK = """
[privatelink]  # where this embedded AWS listens
allowed_endpoint_urls = {origins}
"""


def baseline_toml(account: Account, *, origins: Iterable[str] = ()) -> str:
    """The text of ``secure-sagemaker.toml`` for an embedded account."""
    text = _TEMPLATE.format(
        account=account.account,
        account_text=_toml(account.account),
        region=_toml(account.region),
        role_arn=_toml(account.role_arn),
        execution_role_arn=_toml(account.execution_role_arn),
        key_arn=_toml(account.key_arn),
        other_key_arn=_toml(account.other_key_arn),
        vpc_id=_toml(account.vpc_id),
        subnets=_toml(account.subnets),
        security_groups=_toml(account.security_groups),
        default_bucket=_toml(account.default_bucket),
        data_bucket=_toml(account.data_bucket),
    )
    listed = tuple(origins)
    return text + _LOOPBACK.format(origins=_toml(listed)) if listed else text


def _toml(value: str | tuple[str, ...]) -> str:
    return json.dumps(value)  # of such values, JSON's text is TOML's
