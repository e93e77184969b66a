"""What a scan needs: of the session that scans, of the role behind it, and of Macie's own role."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from secure_sagemaker.baseline import SecurityBaseline
from secure_sagemaker.identity.passed import PassedPolicies
from secure_sagemaker.identity.policies.abbreviation import abbreviated
from secure_sagemaker.identity.policies.documents import (
    Effect,
    Operator,
    PolicyDocument,
    Statement,
    one_of,
    statement_of,
)
from secure_sagemaker.identity.policies.projection import Projection, via_service

__all__ = ["MACIE", "MEMORY", "READS", "macie_role", "scan_policies", "scanning"]

MACIE = (
    *("macie2:CreateClassificationJob", "macie2:DescribeClassificationJob"),
    *("macie2:GetAutomatedDiscoveryConfiguration", "macie2:GetClassificationExportConfiguration"),
    *("macie2:GetMacieSession", "macie2:GetResourceProfile", "macie2:GetUsageStatistics"),
    *("macie2:ListClassificationJobs", "macie2:ListFindings", "macie2:TagResource"),
    "macie2:UpdateClassificationJob",
)
"""What is asked of Macie."""
MEMORY = ("dynamodb:BatchGetItem", "dynamodb:PutItem")
"""What is asked of a table of verdicts."""
_DYNAMODB = "dynamodb:"
_OBJECTS = ("s3:GetObject",)
_BUCKETS = ("s3:GetBucketLocation", "s3:GetBucketRequestPayment", "s3:ListBucket")
READS = (*_OBJECTS, *_BUCKETS)
"""What is asked of the buckets that are scanned, and of that with Macie's results."""


def macie_role(account: str, partition: str) -> str:
    """The ARN of the service-linked role that Macie reads as."""
    service = "macie.amazonaws.com"
    return f"arn:{partition}:iam::{account}:role/aws-service-role/{service}/AWSServiceRoleForAmazonMacie"


def scan_policies(baseline: SecurityBaseline) -> PassedPolicies:
    """What a scan may do: ask Macie, list what is to be read, read manifests and results, keep verdicts and copies.

    Keys are used only where S3 does it. Which buckets and keys, the role's own policies say.
    """
    statements = (_allowed((*MACIE, *READS), ("*",)), *_kept(baseline, keys=("*",)))
    return PassedPolicies(document=abbreviated(PolicyDocument(statements=statements)))


def scanning(projection: Projection) -> tuple[Statement, ...]:
    """What the baseline's role must be allowed, so that a session of it may scan; nothing where none does."""
    baseline = projection.baseline
    if baseline.macie.mode == "off":
        return ()
    perimeter = baseline.data_perimeter
    plain = [name for name in {**perimeter.read, **perimeter.write} if projection.is_plain(name)]
    return (
        _allowed(MACIE, ("*",)),
        _allowed(_OBJECTS, map(projection.objects, plain)),
        _allowed(_BUCKETS, map(projection.bucket, plain)),
        *_kept(baseline, keys=projection.keys),
    )


def _kept(baseline: SecurityBaseline, *, keys: Sequence[str]) -> Iterator[Statement]:
    """Where verdicts and copies are kept, and the keys of all that is read and kept."""
    partition, macie = baseline.role_arn.partition, baseline.macie
    use = ["kms:Decrypt"]
    if macie.memory is not None and macie.memory.startswith(_DYNAMODB):
        table = f"table/{macie.memory.removeprefix(_DYNAMODB)}"
        yield _allowed(MEMORY, (f"arn:{partition}:dynamodb:{baseline.region}:{baseline.account}:{table}",))
    elif macie.memory is not None:
        yield _allowed(("s3:PutObject",), (_objects(macie.memory, partition),))
        use.append("kms:GenerateDataKey")
    if macie.snapshot is not None:
        yield _allowed(("s3:AbortMultipartUpload", "s3:PutObject"), (_objects(macie.snapshot, partition),))
        bucket = macie.snapshot.removeprefix("s3://").partition("/")[0]
        yield _allowed(("s3:GetBucketPolicy",), (f"arn:{partition}:s3:::{bucket}",))
        use.append("kms:GenerateDataKey")
    through = via_service("s3", region=baseline.region, partition=partition)
    if keys:
        by_s3 = one_of(Operator.STRING_EQUALS, "kms:ViaService", (through,))
        yield statement_of(Effect.ALLOW, use, keys, by_s3)


def _allowed(actions: Iterable[str], resources: Iterable[str]) -> Statement:
    return statement_of(Effect.ALLOW, actions, resources)


def _objects(folder: str, partition: str) -> str:
    return f"arn:{partition}:s3:::{folder.removeprefix('s3://').rstrip('/')}/*"
