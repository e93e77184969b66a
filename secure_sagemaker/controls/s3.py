"""S3: encryption of what the program itself writes, and the rules for S3's members."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from secure_sagemaker.baseline import ControlId
from secure_sagemaker.controls.cases import directory_bucket_object
from secure_sagemaker.controls.checks import Key
from secure_sagemaker.controls.documents import read_json
from secure_sagemaker.controls.locations import is_directory_bucket
from secure_sagemaker.controls.perimeter import Bucket, BucketOwner, CopySource
from secure_sagemaker.controls.verdicts import (
    REMOVE,
    Check,
    Kept,
    Rule,
    Site,
    Supplied,
    Unfit,
    Verdict,
    values_at,
)

__all__ = ["OBJECTS", "REQUESTS", "BucketKey", "Encryption", "EncryptionContext"]

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
        if site.value in _AT_LEAST_KMS:
            return Kept()
        # A directory bucket's own key is used where the request says nothing.
        express = is_directory_bucket(str(site.siblings.get("Bucket", "")))
        return Unfit(wanted=_KMS, correction=REMOVE if express else _KMS)


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
        algorithms = [
            site.siblings.get("ServerSideEncryption"),
            *values_at(site.siblings, "ApplyServerSideEncryptionByDefault.SSEAlgorithm"),
        ]
        # Dual-layer encryption takes no bucket key.
        return None if "aws:kms:dsse" in algorithms else Supplied(value=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class EncryptionContext:
    """``SSEKMSEncryptionContext``: the baseline's pairs, beside whatever else the caller says."""

    unless: tuple[Callable[[Site], Verdict], ...] = ()

    def judge(self, site: Site) -> Verdict:
        """Absent: the baseline's pairs; where it states none, the context is the caller's."""
        wanted = site.baseline.kms.s3_encryption_context
        if not wanted:
            return None
        for case in self.unless:
            if (verdict := case(site)) is not None:
                return verdict
        if not site.present:
            return Supplied(value=_encoded(wanted))
        given = _decoded(site.value)
        if wanted.items() <= given.items():
            return Kept()
        return Unfit(wanted=f"a context with {dict(wanted)}", correction=_encoded({**given, **wanted}))


def _encoded(context: Mapping[str, object]) -> str:
    text = json.dumps(dict(sorted(context.items())), separators=(",", ":"))
    return base64.b64encode(text.encode()).decode()


def _decoded(value: object) -> Mapping[str, object]:
    try:
        context = read_json(base64.b64decode(str(value), validate=True).decode())
    except ValueError:
        return {}
    return context if isinstance(context, dict) else {}


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


REQUESTS: Mapping[str, Rule] = {
    "Bucket": _row(ControlId.DATA_PERIMETER, Bucket()),
    "CopySource": _row(ControlId.DATA_PERIMETER, CopySource()),
    "ExpectedBucketOwner": _row(ControlId.BUCKET_OWNER, BucketOwner(of="Bucket")),
    "ExpectedSourceBucketOwner": _row(ControlId.BUCKET_OWNER, BucketOwner(of="CopySource")),
}
"""By member, for every request of S3."""

_EXPRESS = (directory_bucket_object,)
_WRITES: Mapping[str, Rule] = {
    "ServerSideEncryption": _row(ControlId.S3_ENCRYPTION, Encryption(unless=_EXPRESS)),
    "SSEKMSKeyId": _row(ControlId.S3_ENCRYPTION, Key(control=ControlId.S3_ENCRYPTION, unless=_EXPRESS)),
    "SSEKMSEncryptionContext": _row(ControlId.S3_ENCRYPTION, EncryptionContext(unless=_EXPRESS)),
    "BucketKeyEnabled": _row(ControlId.S3_ENCRYPTION, BucketKey(unless=_EXPRESS)),
}
_CUSTOMER_KEYS: Mapping[str, Rule] = {
    "SSECustomerKey": Rule(control=ControlId.S3_ENCRYPTION, check=NoCustomerKey(), secret=True),
    "SSECustomerKeyMD5": Rule(control=ControlId.S3_ENCRYPTION, check=NoCustomerKey(), secret=True),
    "SSECustomerAlgorithm": _row(ControlId.S3_ENCRYPTION, NoCustomerKey()),
}
_WRITING_SHAPES = ("PutObjectRequest", "CopyObjectRequest", "CreateMultipartUploadRequest")
# A part says again what its upload said; reading an older object takes the key it was written with.
_PART_SHAPES = ("UploadPartRequest", "UploadPartCopyRequest", "CompleteMultipartUploadRequest")

OBJECTS: Mapping[tuple[str, str], Rule] = {
    **{
        (shape, member): rule
        for shape in (*_WRITING_SHAPES, "CreateSessionRequest")
        for member, rule in _WRITES.items()
    },
    **{
        (shape, member): rule
        for shape in (*_WRITING_SHAPES, *_PART_SHAPES)
        for member, rule in _CUSTOMER_KEYS.items()
    },
}
"""By structure and member, for objects that are written."""
