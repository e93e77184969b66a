"""Encryption of the objects that the program itself writes to S3."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from secure_sagemaker.baseline import ControlId
from secure_sagemaker.controls.checks import REMOVE, Kept, Site, Supplied, Unfit, Verdict

__all__ = ["BucketKey", "Encryption", "NoCustomerKey"]

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
        """It excludes SSE-KMS, and nobody else can ever read the object."""
        if not site.present:
            return None
        return Unfit(
            wanted="SSE-KMS with a key of the baseline",
            correction=REMOVE,
            why="a customer-provided key excludes SSE-KMS, and its loss is the loss of the data",
        )
