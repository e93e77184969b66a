"""S3's neighbours (access points and account settings, tables, vectors, file systems): what could open them.

Their data calls are not governed here. What opens a store, or sends its data elsewhere, is governed or closed.
"""

from __future__ import annotations

from collections.abc import Mapping

from secure_sagemaker.baseline import ControlId
from secure_sagemaker.controls.perimeter import Bucket, BucketOwner, ResourcePolicy
from secure_sagemaker.controls.s3_buckets import BUCKETS, Closed
from secure_sagemaker.controls.verdicts import Rule

__all__ = ["STORES", "STORES_CLOSED"]

_POLICY = Rule(control=ControlId.RESOURCE_POLICY, check=ResourcePolicy())
_BLOCK = {place: rule for place, rule in BUCKETS.items() if place[0] == "PublicAccessBlockConfiguration"}

STORES: Mapping[str, Mapping[tuple[str, str], Rule]] = {
    "s3control": {
        **_BLOCK,
        ("CreateAccessPointRequest", "Bucket"): Rule(
            control=ControlId.DATA_PERIMETER, check=Bucket(written=True)
        ),
        ("CreateAccessPointRequest", "BucketAccountId"): Rule(
            control=ControlId.BUCKET_OWNER, check=BucketOwner(of="Bucket")
        ),
        ("PutAccessGrantsInstanceResourcePolicyRequest", "Policy"): _POLICY,
        ("PutAccessPointPolicyRequest", "Policy"): _POLICY,
        ("PutAccessPointPolicyForObjectLambdaRequest", "Policy"): _POLICY,
        ("PutBucketPolicyRequest", "Policy"): _POLICY,
        ("PutMultiRegionAccessPointPolicyInput", "Policy"): _POLICY,
    },
    "s3files": {
        ("CreateFileSystemRequest", "bucket"): Rule(
            control=ControlId.DATA_PERIMETER, check=Bucket(written=True, by_arn=True)
        ),
        ("PutFileSystemPolicyRequest", "policy"): _POLICY,
    },
    "s3tables": {
        ("PutTableBucketPolicyRequest", "resourcePolicy"): _POLICY,
        ("PutTablePolicyRequest", "resourcePolicy"): _POLICY,
    },
    "s3vectors": {("PutVectorBucketPolicyInput", "policy"): _POLICY},
}
"""By service, then by structure and member."""


def _closed(control: ControlId, why: str) -> Rule:
    return Rule(control=control, check=Closed(wanted="no such call", why=why))


_GRANTS = _closed(
    ControlId.PUBLIC_ACCESS, "it grants access to data beside all policies of buckets and roles"
)
_FUNCTION = _closed(
    ControlId.DATA_PERIMETER, "it puts a function that nobody listed between data and its reader"
)
_REGIONS = _closed(
    ControlId.DATA_PERIMETER, "it takes requests, and the data with them, to buckets of any region"
)
_COPIES = _closed(ControlId.DATA_PERIMETER, "AWS itself then copies data to where the request says")

STORES_CLOSED: Mapping[tuple[str, str], Rule] = {
    **dict.fromkeys(
        (
            ("s3control", "AssociateAccessGrantsIdentityCenter"),
            ("s3control", "CreateAccessGrant"),
            ("s3control", "CreateAccessGrantsInstance"),
            ("s3control", "CreateAccessGrantsLocation"),
            ("s3control", "GetDataAccess"),
            ("s3control", "UpdateAccessGrantsLocation"),
        ),
        _GRANTS,
    ),
    **dict.fromkeys(
        (
            ("s3control", "CreateAccessPointForObjectLambda"),
            ("s3control", "PutAccessPointConfigurationForObjectLambda"),
        ),
        _FUNCTION,
    ),
    **dict.fromkeys(
        (
            ("s3control", "CreateMultiRegionAccessPoint"),
            ("s3control", "SubmitMultiRegionAccessPointRoutes"),
        ),
        _REGIONS,
    ),
    **dict.fromkeys(
        (
            ("s3control", "CreateJob"),
            ("s3control", "PutBucketReplication"),
            ("s3control", "PutStorageLensConfiguration"),
            ("s3tables", "PutTableBucketReplication"),
            ("s3tables", "PutTableReplication"),
            ("s3tables", "StartTableMigration"),
        ),
        _COPIES,
    ),
    ("s3control", "CreateBucket"): _closed(
        ControlId.BUCKET_CREATION, "a bucket on an Outpost is made with the infrastructure"
    ),
    ("s3control", "DeletePublicAccessBlock"): _closed(
        ControlId.PUBLIC_ACCESS, "it opens every bucket of the account that has no block of its own"
    ),
    ("s3tables", "DeleteTableBucketEncryption"): _closed(
        ControlId.S3_ENCRYPTION, "tables would fall back to S3's own keys"
    ),
}
"""By service and operation: what is refused as a whole."""
