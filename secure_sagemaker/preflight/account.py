"""Every check beside the network's: roles, keys, buckets, scans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from secure_sagemaker.preflight.account_facts import AccountFacts, WantedAccount
from secure_sagemaker.preflight.buckets import decide_buckets
from secure_sagemaker.preflight.findings import Finding
from secure_sagemaker.preflight.keys import decide_keys
from secure_sagemaker.preflight.roles import decide_roles
from secure_sagemaker.preflight.scans import decide_scans

__all__ = ["READS", "decide_account"]

_POLICIES = (
    *("iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies"),
    *("iam:GetPolicy", "iam:GetPolicyVersion"),
)
READS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "role-assumable": ("sts:GetCallerIdentity",),
        "role-reach": ("iam:GetRole", *_POLICIES),
        "execution-role-trust": ("iam:GetRole",),
        "execution-role-deputy": ("iam:GetRole",),
        "execution-role-reach": ("iam:GetRole", *_POLICIES),
        "key-exists": ("kms:DescribeKey",),
        "key-enabled": ("kms:DescribeKey",),
        "key-kind": ("kms:DescribeKey",),
        "key-rotation": ("kms:GetKeyRotationStatus",),
        "key-use": ("kms:GetKeyPolicy", "iam:GetRole", *_POLICIES),
        "key-policy": ("kms:GetKeyPolicy",),
        "bucket-exists": ("s3:GetBucketLocation",),
        "bucket-region": ("s3:GetBucketLocation",),
        "bucket-encryption": ("s3:GetEncryptionConfiguration", "kms:DescribeKey"),
        "bucket-versioning": ("s3:GetBucketVersioning",),
        "bucket-public-access": ("s3:GetBucketPublicAccessBlock",),
        "bucket-tls": ("s3:GetBucketPolicy",),
        "bucket-policy": ("s3:GetBucketPolicy",),
        "macie-enabled": ("macie2:GetMacieSession",),
        "macie-results": ("macie2:GetClassificationExportConfiguration",),
        "macie-discovery": ("macie2:GetAutomatedDiscoveryConfiguration",),
        "macie-key": ("kms:GetKeyPolicy",),
        "macie-bucket": ("s3:GetBucketPolicy",),
        "snapshot-policy": ("s3:GetBucketPolicy",),
    }
)
"""The actions that each check's facts take."""


def decide_account(facts: AccountFacts, wanted: WantedAccount) -> Iterator[Finding]:
    """What every check says of roles, keys, buckets and scans."""
    yield from decide_roles(facts, wanted)
    yield from decide_keys(facts, wanted)
    yield from decide_buckets(facts, wanted)
    if wanted.macie:
        yield from decide_scans(facts, wanted)
