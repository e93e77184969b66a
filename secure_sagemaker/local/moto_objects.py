"""What moto holds of buckets and their objects, for a service that reads them as they lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from moto.s3.models import FakeBucket, FakeKey, s3_backends

__all__ = ["BucketDetails", "ObjectDetails", "buckets_of", "find_details", "find_object", "objects_in"]


@dataclass(frozen=True, kw_only=True)
class BucketDetails:
    """A bucket, as an inventory tells it."""

    name: str
    arn: str
    owner: str
    """The account that it belongs to."""
    region: str
    created: datetime
    versioned: bool
    tags: Mapping[str, str]
    encryption: str
    """``AES256`` where nothing else was set."""
    key: str | None
    policy: str | None
    blocks: Mapping[str, bool]
    """What of public access is blocked, by the name of the setting."""


@dataclass(frozen=True, kw_only=True)
class ObjectDetails:
    """The current version of an object."""

    bucket: str
    key: str
    version: str
    """``null`` where the bucket keeps no versions."""
    etag: str
    size: int
    modified: datetime
    storage_class: str
    encryption: str | None
    kms_key: str | None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Bucket and key."""
        return f"{self.bucket}/{self.key}"


def buckets_of(account: str) -> tuple[BucketDetails, ...]:
    """The buckets of an account, by name."""
    found = [
        _details(bucket, account)
        for partitions in [s3_backends[account]]
        for backend in list(partitions.values())
        for bucket in list(backend.buckets.values())
    ]
    return tuple(sorted(found, key=lambda bucket: bucket.name))


def find_details(name: str) -> BucketDetails | None:
    """The bucket of that name, whoever owns it, or None."""
    return next((_details(bucket, owner) for bucket, owner in _named(name)), None)


def objects_in(name: str) -> Iterator[ObjectDetails]:
    """The current objects of a bucket, by key; none of a bucket that is not there."""
    for bucket, owner in _named(name):
        for key in sorted(bucket.keys):
            found = bucket.keys[key]
            if isinstance(found, FakeKey):
                yield _object(found, name, owner)


def find_object(bucket: str, key: str) -> ObjectDetails | None:
    """The object as it is now, or None."""
    for held, owner in _named(bucket):
        found = held.keys.get(key)
        if isinstance(found, FakeKey):
            return _object(found, bucket, owner)
    return None


def _named(name: str) -> Iterator[tuple[FakeBucket, str]]:
    for owner, partitions in list(s3_backends.items()):
        for backend in list(partitions.values()):
            if name in backend.buckets:
                yield backend.buckets[name], owner


def _object(found: FakeKey, bucket: str, owner: str) -> ObjectDetails:
    tagged = s3_backends[owner][found.partition].get_object_tagging(found)
    return ObjectDetails(
        bucket=bucket,
        key=found.name,
        version=found.version_id,
        etag=found.etag.strip('"'),
        size=int(found.size),
        modified=found.last_modified.replace(tzinfo=UTC),
        storage_class=str(found.storage_class),
        encryption=found.encryption,
        kms_key=found.kms_key_id,
        tags={tag["Key"]: tag["Value"] for tag in tagged.get("Tags", [])},
    )


def _details(bucket: FakeBucket, owner: str) -> BucketDetails:
    block, rule = bucket.public_access_block, (bucket.encryption or {}).get("Rule", {})
    default = rule.get("ApplyServerSideEncryptionByDefault", {})
    tagged = s3_backends[owner][bucket.partition].tagger.list_tags_for_resource(bucket.arn)
    return BucketDetails(
        name=bucket.name,
        arn=bucket.arn,
        owner=owner,
        region=bucket.region_name,
        created=bucket.creation_date.replace(tzinfo=UTC),
        versioned=bucket.versioning_status == "Enabled",
        tags={tag["Key"]: tag["Value"] for tag in tagged.get("Tags", [])},
        encryption=default.get("SSEAlgorithm", "AES256"),
        key=default.get("KMSMasterKeyID"),
        policy=None if bucket.policy is None else bucket.policy.decode(),
        blocks={
            "blockPublicAcls": block is not None and block.block_public_acls,
            "blockPublicPolicy": block is not None and block.block_public_policy,
            "ignorePublicAcls": block is not None and block.ignore_public_acls,
            "restrictPublicBuckets": block is not None and block.restrict_public_buckets,
        },
    )
