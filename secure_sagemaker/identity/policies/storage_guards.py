"""What AWS is to refuse beside SageMaker: roles passed on, buckets, the encryption of objects, TLS."""

from __future__ import annotations

from collections.abc import Iterator

from secure_sagemaker.baseline import ControlId
from secure_sagemaker.identity.policies.documents import Operator, one_of, other_than, present
from secure_sagemaker.identity.policies.guard import Guard
from secure_sagemaker.identity.policies.projection import Projection

__all__ = ["storage_guards"]

_ACL = "s3:x-amz-acl"
_GRANTS = ("full-control", "read", "read-acp", "write", "write-acp")
_READS = ("s3:GetObject*", "s3:ListBucket*")
_WRITES = (
    *("s3:AbortMultipartUpload", "s3:DeleteBucket*", "s3:DeleteObject*", "s3:PutBucket*", "s3:PutObject*"),
    *("s3:PutAccelerateConfiguration", "s3:PutAnalyticsConfiguration", "s3:PutEncryptionConfiguration"),
    *(
        "s3:PutIntelligentTieringConfiguration",
        "s3:PutInventoryConfiguration",
        "s3:PutLifecycleConfiguration",
    ),
    *("s3:PutMetricsConfiguration", "s3:PutReplicationConfiguration", "s3:RestoreObject"),
)


def storage_guards(projection: Projection) -> Iterator[Guard]:
    """The guards of S3, and of the roles that SageMaker is given."""
    yield from _roles(projection)
    yield Guard(
        name="WithoutTls",
        control=None,
        actions=("s3:*",),
        conditions=(one_of(Operator.BOOL, "aws:SecureTransport", ("false",)),),
    )
    yield from _encryption(projection)
    yield from _perimeter(projection)
    yield from _owners(projection)
    yield from _public()


def _roles(projection: Projection) -> Iterator[Guard]:
    roles = projection.baseline.execution_roles
    yield Guard(
        name="RoleForeign",
        control=ControlId.EXECUTION_ROLE,
        actions=("iam:PassRole",),
        not_resources=(roles.default, *roles.allowed),
    )
    yield Guard(
        name="RoleToAnotherService",
        control=ControlId.EXECUTION_ROLE,
        actions=("iam:PassRole",),
        conditions=(one_of(Operator.STRING_NOT_EQUALS, "iam:PassedToService", projection.services),),
    )


def _encryption(projection: Projection) -> Iterator[Guard]:
    control, put = ControlId.S3_ENCRYPTION, ("s3:PutObject",)
    yield Guard(
        name="ObjectKeyForeign",
        control=control,
        actions=put,
        conditions=other_than(
            Operator.ARN_NOT_LIKE, "s3:x-amz-server-side-encryption-aws-kms-key-id", projection.keys
        ),
    )
    yield Guard(
        name="ObjectWithoutKms",
        control=control,
        actions=put,
        conditions=other_than(
            Operator.STRING_NOT_EQUALS, "s3:x-amz-server-side-encryption", ("aws:kms", "aws:kms:dsse")
        ),
    )
    yield Guard(
        name="ObjectWithCallersKey",
        control=control,
        actions=put,
        conditions=(present("s3:x-amz-server-side-encryption-customer-algorithm"),),
    )


def _perimeter(projection: Projection) -> Iterator[Guard]:
    perimeter, control = projection.baseline.data_perimeter, ControlId.DATA_PERIMETER
    readable = (*perimeter.write, *perimeter.read, *perimeter.aws_public_buckets)
    for name, actions, buckets in (
        ("ReadsElsewhere", _READS, readable),
        ("WritesElsewhere", _WRITES, tuple(perimeter.write)),
    ):
        listed = tuple(
            arn
            for bucket in buckets
            if not projection.is_directory(bucket)
            for arn in projection.bucket_and_objects(bucket)
        )
        yield Guard(name=name, control=control, actions=actions, not_resources=listed)
    directories = tuple(projection.bucket(name) for name in readable if projection.is_directory(name))
    yield Guard(
        name="DirectoryElsewhere",
        control=control,
        actions=("s3express:CreateSession",),
        not_resources=directories,
    )
    own = [name for name, owner in perimeter.write.items() if owner == projection.baseline.account]
    made = own if perimeter.create_buckets else []
    yield Guard(
        name="BucketCreation",
        control=ControlId.BUCKET_CREATION,
        actions=("s3:CreateBucket",),
        not_resources=tuple(projection.bucket(name) for name in made if projection.is_plain(name)),
    )
    yield Guard(
        name="DirectoryCreation",
        control=ControlId.BUCKET_CREATION,
        actions=("s3express:CreateBucket",),
    )


def _owners(projection: Projection) -> Iterator[Guard]:
    """A bucket that somebody else has taken over under its old name is not the baseline's."""
    perimeter = projection.baseline.data_perimeter
    owners: dict[str, list[str]] = {}
    for name, owner in {**perimeter.read, **perimeter.write}.items():
        if projection.is_plain(name):  # the ARN of any other says whose it is
            owners.setdefault(owner, []).append(name)
    for owner, names in sorted(owners.items()):
        yield Guard(
            name=f"BucketsOf{owner}",
            control=ControlId.BUCKET_OWNER,
            actions=("s3:*",),
            resources=tuple(arn for name in names for arn in projection.bucket_and_objects(name)),
            conditions=(one_of(Operator.STRING_NOT_EQUALS, "aws:ResourceAccount", (owner,)),),
        )


def _public() -> Iterator[Guard]:
    control = ControlId.PUBLIC_ACCESS
    yield Guard(
        name="AclForOthers",
        control=control,
        actions=("s3:CreateBucket", "s3:PutBucketAcl", "s3:PutObject", "s3:PutObjectAcl"),
        conditions=other_than(
            Operator.STRING_NOT_EQUALS, _ACL, ("bucket-owner-full-control", "bucket-owner-read", "private")
        ),
    )
    for grant in _GRANTS:
        yield Guard(
            name="Grant" + grant.title().replace("-", ""),
            control=control,
            actions=("s3:CreateBucket", "s3:PutBucketAcl", "s3:PutObject", "s3:PutObjectAcl"),
            conditions=(present(f"s3:x-amz-grant-{grant}"),),
        )
    yield Guard(
        name="BucketOpened", control=control, actions=("s3:DeleteBucketPolicy", "s3:PutBucketWebsite")
    )
