"""S3: encryption of what the program itself writes, and the rules for S3's members."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from secure_sagemaker.baseline import ControlId
from secure_sagemaker.controls.cases import directory_bucket_object
from secure_sagemaker.controls.checks import Forbidden, Key
from secure_sagemaker.controls.perimeter import Bucket, BucketOwner, CopySource
from secure_sagemaker.controls.verdicts import Check, Kept, Rule, Site, Supplied, Unfit, Verdict

__all__ = ["s3_rule"]

_KMS = "aws:kms"
_AT_LEAST_KMS = (_KMS, "aws:kms:dsse")


@dataclass(frozen=True, kw_only=True, slots=True)
class Encryption:
    """``ServerSideEncryption``: SSE-KMS, or the stronger dual-layer form."""

    unless: tuple[Callable[[Site], Verdict], ...] = ()

    def judge(self, site: Site) -> Verdict:
        """Absent: ``aws:kms``."""
        for case in self.unless:
            if (verdict := case(site)) is not None:
                return verdict
        if not site.present:
            return Supplied(value=_KMS)
        return Kept() if site.value in _AT_LEAST_KMS else Unfit(wanted=_KMS, correction=_KMS)


@dataclass(frozen=True, kw_only=True, slots=True)
class BucketKey:
    """``BucketKeyEnabled``: one data key for many objects, where a key of ours is used."""

    unless: tuple[Callable[[Site], Verdict], ...] = ()

    def judge(self, site: Site) -> Verdict:
        """It saves KMS calls and weakens nothing, so a caller's own choice stands."""
        for case in self.unless:
            if (verdict := case(site)) is not None:
                return verdict
        if site.present or ControlId.S3_ENCRYPTION in site.baseline.kms.aws_managed:
            return None
        # Dual-layer encryption takes no bucket key.
        return None if site.siblings.get("ServerSideEncryption") == "aws:kms:dsse" else Supplied(value=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class NoCustomerKey:
    """``SSECustomerKey`` and its algorithm: a key that only the caller holds."""

    def judge(self, site: Site) -> Verdict:
        """It excludes SSE-KMS. Never corrected: the reads that follow would still name the key."""
        if not site.present:
            return None
        return Unfit(
            wanted="SSE-KMS with a key of the baseline",
            why="a customer-provided key excludes SSE-KMS, and its loss is the loss of the data",
            remedy="leave the customer key out of writes and of the reads that follow them",
        )


def _row(control: ControlId, check: Check) -> Rule:
    return Rule(control=control, check=check)


_ANY: Mapping[str, Rule] = {
    "Bucket": _row(ControlId.DATA_PERIMETER, Bucket()),
    "CopySource": _row(ControlId.DATA_PERIMETER, CopySource()),
    "ExpectedBucketOwner": _row(ControlId.BUCKET_OWNER, BucketOwner(of="Bucket")),
    "ExpectedSourceBucketOwner": _row(ControlId.BUCKET_OWNER, BucketOwner(of="CopySource")),
}

_WRITES: Mapping[str, Rule] = {
    "ServerSideEncryption": _row(ControlId.S3_ENCRYPTION, Encryption(unless=(directory_bucket_object,))),
    "SSEKMSKeyId": _row(
        ControlId.S3_ENCRYPTION,
        Key(control=ControlId.S3_ENCRYPTION, unless=(directory_bucket_object,)),
    ),
    "BucketKeyEnabled": _row(ControlId.S3_ENCRYPTION, BucketKey(unless=(directory_bucket_object,))),
}
_WRITING_SHAPES = frozenset({"PutObjectRequest", "CopyObjectRequest", "CreateMultipartUploadRequest"})
_CUSTOMER_KEYS: Mapping[str, Rule] = {
    "SSECustomerKey": Rule(control=ControlId.S3_ENCRYPTION, check=NoCustomerKey(), secret=True),
    "SSECustomerKeyMD5": Rule(control=ControlId.S3_ENCRYPTION, check=NoCustomerKey(), secret=True),
    "SSECustomerAlgorithm": _row(ControlId.S3_ENCRYPTION, NoCustomerKey()),
}
# A part says again what its upload said; reading an older object takes the key it was written with.
_PART_SHAPES = frozenset({"UploadPartRequest", "UploadPartCopyRequest", "CompleteMultipartUploadRequest"})
_BUCKET_CREATION = _row(
    ControlId.BUCKET_CREATION,
    Forbidden(wanted="an existing bucket", permitted=lambda baseline: False),
)


def s3_rule(shape: str, member: str, *, top: bool) -> Rule | None:
    """The rule for a member of an S3 request, or None for one that no control governs."""
    if shape == "CreateBucketRequest" and member == "Bucket":
        return _BUCKET_CREATION
    if shape in _WRITING_SHAPES and member in _WRITES:
        return _WRITES[member]
    if shape in _WRITING_SHAPES | _PART_SHAPES and member in _CUSTOMER_KEYS:
        return _CUSTOMER_KEYS[member]
    return _ANY.get(member) if top else None
