"""S3: what is public, how buckets are set up, and where their settings send data to.

Each operation on a bucket's settings is decided on here once: governed member by member, or closed as
a whole. What is in neither table moves no data and opens nothing (lifecycle, tags, versioning, CORS, metrics,
object lock): only its bucket and the bucket's owner are looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from secure_sagemaker.baseline import ControlId, SecurityBaseline
from secure_sagemaker.controls.checks import Choice, Flag, Forbidden, Key
from secure_sagemaker.controls.exemptions import ExemptionId
from secure_sagemaker.controls.locations import is_directory_bucket, other_than_bucket
from secure_sagemaker.controls.perimeter import Bucket, BucketOwner, ResourcePolicy, TrustedArn
from secure_sagemaker.controls.s3 import BucketKey, Encryption
from secure_sagemaker.controls.verdicts import Check, Exempted, Kept, Rule, Site, Unfit, Verdict

__all__ = ["BUCKETS", "CLOSED", "PUBLIC", "CannedAcl", "Closed", "Creation", "Ownership"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CannedAcl:
    """``ACL``: nothing that grants anything to somebody other than the owners."""

    def judge(self, site: Site) -> Verdict:
        """Absent, S3 takes ``private``."""
        if not site.present:
            return None
        if site.value in ("private", "bucket-owner-full-control", "bucket-owner-read"):
            return Kept()
        return Unfit(wanted="'private' or an ACL for the bucket's owner", correction="private")


@dataclass(frozen=True, kw_only=True, slots=True)
class Closed:
    """An operation that is refused as a whole; its first member stands for it."""

    wanted: str
    why: str
    remedy: str = "have an administrator do it with the infrastructure, or get a waiver"

    def judge(self, site: Site) -> Verdict:
        """Whatever the request says."""
        return Unfit(wanted=self.wanted, why=self.why, remedy=self.remedy)


@dataclass(frozen=True, kw_only=True, slots=True)
class Creation:
    """A bucket's name in ``CreateBucket``: only what ``SecureSession.create_bucket`` makes safe."""

    def judge(self, site: Site) -> Verdict:
        """A listed bucket of the role's own account, from the one place that goes on to secure it."""
        perimeter = site.baseline.data_perimeter
        if not perimeter.create_buckets or not site.policy.creating:
            return Unfit(wanted="an existing bucket")
        if perimeter.write.get(str(site.value)) != site.baseline.account:
            return Unfit(
                wanted=f"a bucket of data_perimeter.write that {site.baseline.account} owns",
                remedy="list it in data_perimeter.write with the role's own account as its owner",
            )
        if is_directory_bucket(str(site.value)) or other_than_bucket(str(site.value)) is not None:
            return Unfit(wanted="the name of a general-purpose bucket")
        return Kept()


@dataclass(frozen=True, kw_only=True, slots=True)
class Ownership:
    """``ObjectOwnership``: the bucket's owner owns what is in it, so that no ACL means anything."""

    def judge(self, site: Site) -> Verdict:
        """Directory buckets are so by themselves, and take no such setting."""
        if not site.present and is_directory_bucket(str(site.siblings.get("Bucket", ""))):
            return None
        return Choice(strict="BucketOwnerEnforced", permitted=_never).judge(site)


def _row(control: ControlId, check: Check) -> Rule:
    return Rule(control=control, check=check)


def _never(baseline: SecurityBaseline) -> bool:
    return False


def _managed(baseline: SecurityBaseline) -> bool:
    return ControlId.S3_ENCRYPTION in baseline.kms.aws_managed


def _no_own_key(site: Site) -> Verdict:
    """Where AWS manages the key, there is none to name, and these settings cannot be given without."""
    managed = _managed(site.baseline) and not site.present
    return Exempted(exemption=ExemptionId.AWS_MANAGED_KEY) if managed else None


_GRANT = _row(ControlId.PUBLIC_ACCESS, Forbidden(wanted="no grants by ACL", permitted=_never))
_ACL = _row(ControlId.PUBLIC_ACCESS, CannedAcl())
_BLOCKED = _row(ControlId.PUBLIC_ACCESS, Flag(True, permitted=_never))
_ENFORCED = _row(ControlId.PUBLIC_ACCESS, Ownership())
_POLICY = _row(ControlId.RESOURCE_POLICY, ResourcePolicy())
_KEY = _row(ControlId.S3_ENCRYPTION, Key(control=ControlId.S3_ENCRYPTION))
_KEY_IF_NAMED = _row(ControlId.S3_ENCRYPTION, Key(control=ControlId.S3_ENCRYPTION, inject=False))
_ALGORITHM = _row(ControlId.S3_ENCRYPTION, Encryption())
_TABLE_ALGORITHM = _row(ControlId.S3_ENCRYPTION, Encryption(unless=(_no_own_key,)))
_SSE_S3 = _row(ControlId.S3_ENCRYPTION, Forbidden(wanted="SSE-KMS", permitted=_managed))
_DESTINATION = _row(ControlId.DATA_PERIMETER, Bucket(written=True, by_arn=True))
_OWNER = _row(ControlId.BUCKET_OWNER, BucketOwner(of="Bucket"))
_TOLD = _row(ControlId.DATA_PERIMETER, TrustedArn())

PUBLIC: Mapping[str, Rule] = {
    "ACL": _ACL,
    "AccessControlPolicy": _GRANT,
    # A grant names a canonical user, whose account nobody can tell, or a group such as everybody.
    **dict.fromkeys(("GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP"), _GRANT),
}
"""By member, for every request of S3."""

BUCKETS: Mapping[tuple[str, str], Rule] = {
    ("CreateBucketRequest", "Bucket"): _row(ControlId.BUCKET_CREATION, Creation()),
    ("CreateBucketRequest", "ObjectOwnership"): _ENFORCED,
    ("OwnershipControlsRule", "ObjectOwnership"): _ENFORCED,
    **{
        ("PublicAccessBlockConfiguration", member): _BLOCKED
        for member in ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    },
    ("PutBucketPolicyRequest", "Policy"): _POLICY,
    # Encryption by default, and of what S3 writes for a bucket.
    ("ServerSideEncryptionByDefault", "SSEAlgorithm"): _ALGORITHM,
    ("ServerSideEncryptionByDefault", "KMSMasterKeyID"): _KEY,
    ("ServerSideEncryptionRule", "BucketKeyEnabled"): _row(ControlId.S3_ENCRYPTION, BucketKey()),
    ("ObjectEncryption", "SSES3"): _SSE_S3,
    ("SSEKMSEncryption", "KMSKeyArn"): _KEY,
    ("MetadataTableEncryptionConfiguration", "SseAlgorithm"): _TABLE_ALGORITHM,
    ("MetadataTableEncryptionConfiguration", "KmsKeyArn"): _KEY,
    ("InventoryEncryption", "SSES3"): _SSE_S3,
    ("SSEKMS", "KeyId"): _KEY,
    ("EncryptionConfiguration", "ReplicaKmsKeyID"): _KEY_IF_NAMED,
    # Where a bucket's settings send data, or word of it.
    ("Destination", "Bucket"): _DESTINATION,
    ("Destination", "Account"): _row(ControlId.BUCKET_OWNER, BucketOwner(of="Bucket", inject=False)),
    ("InventoryS3BucketDestination", "Bucket"): _DESTINATION,
    ("InventoryS3BucketDestination", "AccountId"): _OWNER,
    ("AnalyticsS3BucketDestination", "Bucket"): _DESTINATION,
    ("AnalyticsS3BucketDestination", "BucketAccountId"): _OWNER,
    ("LoggingEnabled", "TargetBucket"): _row(ControlId.DATA_PERIMETER, Bucket(written=True)),
    ("LoggingEnabled", "TargetGrants"): _GRANT,
    **dict.fromkeys(
        (
            ("TopicConfiguration", "TopicArn"),
            ("QueueConfiguration", "QueueArn"),
            ("LambdaFunctionConfiguration", "LambdaFunctionArn"),
            ("TopicConfigurationDeprecated", "Topic"),
            ("QueueConfigurationDeprecated", "Queue"),
            ("CloudFunctionConfiguration", "CloudFunction"),
        ),
        _TOLD,
    ),
    # What RestoreObject writes elsewhere.
    ("S3Location", "BucketName"): _row(ControlId.DATA_PERIMETER, Bucket(written=True)),
    ("S3Location", "CannedACL"): _ACL,
    ("S3Location", "AccessControlList"): _GRANT,
    ("Encryption", "EncryptionType"): _ALGORITHM,
    ("Encryption", "KMSKeyId"): _KEY,
}
"""By structure and member, for buckets and their settings."""

_OPENS = "it takes away what keeps the bucket closed"

CLOSED: Mapping[str, Rule] = {
    "DeleteBucketEncryption": _row(
        ControlId.S3_ENCRYPTION,
        Closed(wanted="encryption by default as it is", why="objects would fall back to S3's own keys"),
    ),
    "DeleteBucketOwnershipControls": _row(
        ControlId.PUBLIC_ACCESS, Closed(wanted="ownership controls as they are", why=_OPENS)
    ),
    "DeleteBucketPolicy": _row(
        ControlId.PUBLIC_ACCESS,
        Closed(
            wanted="the policy as it is",
            why="what the policy denies, such as calls without TLS, would be allowed again",
        ),
    ),
    "DeletePublicAccessBlock": _row(
        ControlId.PUBLIC_ACCESS, Closed(wanted="the public-access block as it is", why=_OPENS)
    ),
    "PutBucketWebsite": _row(
        ControlId.PUBLIC_ACCESS,
        Closed(
            wanted="no website", why="a website is read by everybody, without TLS and without a signature"
        ),
    ),
    "WriteGetObjectResponse": _row(
        ControlId.DATA_PERIMETER,
        Closed(
            wanted="no answers through Object Lambda",
            why="it hands data to whoever called an Object Lambda access point, which no perimeter lists",
        ),
    ),
}
"""Operations of S3 that are refused as a whole."""
