"""Buckets, objects, and the keys that encrypt them, as moto's S3 and KMS have them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from moto.kms.models import kms_backends
from moto.kms.utils import RESERVED_ALIASES
from moto.s3.models import FakeBucket, s3_backends

__all__ = [
    "BucketState",
    "KeyState",
    "ObjectState",
    "bucket_owner",
    "bucket_policy",
    "find_bucket",
    "find_key",
    "find_object",
    "has_objects",
    "key_policy",
    "read_object",
]


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
