"""What was read of keys, buckets and roles, as plain values. Nothing here decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from secure_sagemaker.preflight.facts import Answer

__all__ = [
    "AccountFacts",
    "BucketFacts",
    "Encryption",
    "Key",
    "KeyFacts",
    "RoleFacts",
    "WantedAccount",
    "WantedBucket",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class WantedBucket:
    """What the baseline says of a bucket."""

    name: str
    owner: str
    written: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class WantedAccount:
    """What the baseline says beside the network."""

    region: str
    partition: str
    account: str
    role: str
    execution_roles: tuple[str, ...]
    keys: tuple[str, ...] = ()
    """References as the baseline writes them: ARNs, ids, aliases."""
    managed_storage_key: bool = False
    """Buckets may be encrypted with S3's own KMS key."""
    buckets: tuple[WantedBucket, ...] = ()
    others: tuple[str, ...] = ()
    """Directory buckets and access points, which are not looked at."""
    session_policy: str = ""
    """The inline policy of a session, as text; empty where it has none."""
    session_policy_arns: tuple[str, ...] = ()
    """The managed ones that narrow it."""
    macie: bool = False
    """Scans are asked for."""
    bucket_scores: bool = False
    """And what automated discovery thinks of buckets."""
    snapshots: str = ""
    """The S3 location of copies that nobody may change; empty where none are made."""
    trusted_accounts: tuple[str, ...] = ()
    """Those that policies may name beside the account itself."""

    @property
    def ours(self) -> frozenset[str]:
        """The accounts that are no strangers'."""
        return frozenset({self.account, *self.trusted_accounts})


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A KMS key, as it is described."""

    arn: str
    state: str
    spec: str
    origin: str
    customer_managed: bool

    @property
    def id(self) -> str:
        """Its id."""
        return self.arn.rpartition("/")[2]

    @property
    def region(self) -> str:
        """Where it is."""
        return self.arn.split(":")[3]

    @property
    def account(self) -> str:
        """Whose it is."""
        return self.arn.split(":")[4]


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyFacts:
    """What was read of a key."""

    reference: str
    key: Answer[Key | None]
    """None where there is no such key."""
    rotates: Answer[bool] = field(default_factory=lambda: Answer(value=False))
    policy: Answer[str] = field(default_factory=lambda: Answer(value=""))


@dataclass(frozen=True, kw_only=True, slots=True)
class Encryption:
    """How a bucket encrypts what comes without a word of it."""

    algorithm: str
    key: str = ""
    """As the bucket names it; empty for S3's own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BucketFacts:
    """What was read of a bucket, each time with the owner that it must have."""

    wanted: WantedBucket
    region: Answer[str | None]
    """None where there is no such bucket."""
    encryption: Answer[Encryption | None]
    blocks: Answer[tuple[str, ...]]
    """The settings of its public-access block that are on."""
    policy: Answer[str]
    """Empty where it has none."""
    versioning: Answer[str]
    """``Enabled``, ``Suspended``, or empty."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleFacts:
    """What was read of a role."""

    arn: str
    trust: Answer[str | None]
    """Its trust policy; None where there is no such role."""
    policies: Answer[tuple[str, ...]]
    """Its inline and its attached ones."""
    boundary: Answer[str]
    """Its permissions boundary; empty where it has none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountFacts:
    """Keys, buckets and roles, as AWS tells them."""

    caller: Answer[str]
    """The ARN that calls are signed as."""
    keys: tuple[KeyFacts, ...] = ()
    buckets: tuple[BucketFacts, ...] = ()
    roles: Mapping[str, RoleFacts] = field(default_factory=lambda: MappingProxyType({}))
    """By their ARNs."""
    session_policies: Answer[tuple[str, ...]] = field(default_factory=lambda: Answer(value=()))
    """Those that narrow a session, inline and managed; empty where none does."""
    macie: Answer[str] = field(default_factory=lambda: Answer(value=""))
    """Macie's status; empty where it is not enabled."""
    macie_results: Answer[str] = field(default_factory=lambda: Answer(value=""))
    """The bucket that Macie writes results to; empty where it has none."""
    discovery: Answer[str] = field(default_factory=lambda: Answer(value=""))
    """The status of automated discovery; empty where Macie is not enabled."""
