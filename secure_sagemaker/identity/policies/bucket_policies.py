"""The policy of a bucket, which an administrator deploys: TLS, the baseline's keys, its accounts, its VPC endpoints.

And of a bucket with copies of data: that they stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from secure_sagemaker.exceptions import PolicyError
from secure_sagemaker.identity.policies.documents import (
    ANYONE,
    Condition,
    Effect,
    Operator,
    PolicyDocument,
    Statement,
    one_of,
    statement_of,
)
from secure_sagemaker.identity.policies.guards import guards
from secure_sagemaker.identity.policies.projection import Projection
from secure_sagemaker.identity.policies.scans import macie_role

__all__ = ["bucket_policy"]

_OF_NO_SERVICE = one_of(Operator.BOOL, "aws:PrincipalIsAWSService", ("false",))


def bucket_policy(projection: Projection, bucket: str, *, endpoints: Sequence[str] = ()) -> PolicyDocument:
    """The policy of a bucket of the data perimeter: TLS, the baseline's keys, its accounts, and its VPC endpoints.

    Args:
        projection: The baseline.
        bucket: A general-purpose bucket, by its name.
        endpoints: The VPC endpoints through which it is reached; any way is open where none is named.

    Raises:
        PolicyError: The bucket is none that the data perimeter lists by its name.
    """
    perimeter, baseline = projection.baseline.data_perimeter, projection.baseline
    if perimeter.owner(bucket) is None or not projection.is_plain(bucket):
        raise PolicyError(
            f"{bucket!r} is no general-purpose bucket of the data perimeter",
            remedy="name one of data_perimeter.write or data_perimeter.read",
        )
    both = projection.bucket_and_objects(bucket)
    accounts = (baseline.account, *perimeter.trusted_accounts, str(perimeter.owner(bucket)))
    of_objects = ("ObjectKeyForeign", "ObjectWithoutKms", "ObjectWithCallersKey")
    statements = [
        statement_of(
            Effect.DENY,
            ("s3:*",),
            both,
            one_of(Operator.BOOL, "aws:SecureTransport", ("false",)),
            principals=(ANYONE,),
            sid="WithoutTls",
        ),
        statement_of(
            Effect.DENY,
            ("s3:*",),
            both,
            one_of(Operator.STRING_NOT_EQUALS, "aws:PrincipalAccount", accounts),
            _OF_NO_SERVICE,
            principals=(ANYONE,),
            sid="OtherAccounts",
        ),
        *(
            statement_of(
                Effect.DENY,
                guard.actions,
                (projection.objects(bucket),),
                *guard.conditions,
                principals=(ANYONE,),
                sid=guard.name,
            )
            for guard in guards(projection)
            if guard.name in of_objects
        ),
    ]
    statements += _kept(projection, bucket)
    if endpoints:
        statements.append(
            statement_of(
                Effect.DENY,
                ("s3:*",),
                both,
                one_of(Operator.STRING_NOT_EQUALS, "aws:SourceVpce", endpoints),
                one_of(Operator.BOOL, "aws:ViaAWSService", ("false",)),
                _OF_NO_SERVICE,
                *_but_macie(projection, str(perimeter.owner(bucket))),
                principals=(ANYONE,),
                sid="OtherEndpoints",
            )
        )
    return PolicyDocument(statements=tuple(statements))


def _but_macie(projection: Projection, owner: str) -> Iterator[Condition]:
    """Macie's role reads from AWS's own network, where inputs are scanned."""
    if projection.baseline.macie.mode != "off":
        roles = (
            macie_role(account, projection.partition) for account in (projection.baseline.account, owner)
        )
        yield one_of(Operator.ARN_NOT_LIKE, "aws:PrincipalArn", roles)


def _kept(projection: Projection, bucket: str) -> Iterator[Statement]:
    """What keeps copies of data as they are: nothing is deleted or written over, and none but the role writes there."""
    baseline, location = projection.baseline, f"s3://{bucket}/"
    folder = baseline.macie.snapshot
    if folder is None or not folder.startswith(location):
        return
    lost = ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ReplicateDelete", "s3:ReplicateObject")
    for sid, actions, conditions in (
        ("SnapshotsLost", lost, ()),
        (
            "SnapshotsOverwritten",
            ("s3:PutObject",),
            (
                one_of(Operator.NULL, "s3:if-none-match", ("true",)),
                # The parts of an upload take no such condition, and create nothing.
                one_of(Operator.BOOL, "s3:ObjectCreationOperation", ("true",)),
            ),
        ),
        (
            "SnapshotsByOthers",
            ("s3:PutObject",),
            (one_of(Operator.ARN_NOT_LIKE, "aws:PrincipalArn", (baseline.role.arn,)),),
        ),
    ):
        yield statement_of(
            Effect.DENY,
            actions,
            (f"{projection.bucket(bucket)}/{folder.removeprefix(location)}*",),
            *conditions,
            principals=(ANYONE,),
            sid=sid,
        )
