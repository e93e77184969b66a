"""What Macie looks for, and how: the settings that a verdict holds for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from secure_sagemaker.baseline import Macie

if TYPE_CHECKING:
    from types_boto3_macie2.type_defs import (
        CreateClassificationJobRequestTypeDef,
        DescribeClassificationJobResponseTypeDef,
    )

__all__ = ["ScanSettings"]

Selector = Literal["ALL", "EXCLUDE", "INCLUDE", "NONE", "RECOMMENDED"]


@dataclass(frozen=True, kw_only=True)
class ScanSettings:
    """How objects are read. A verdict of one setting says nothing under another."""

    selector: Selector
    managed: tuple[str, ...]
    """The managed identifiers that the selector includes or excludes."""
    custom: tuple[str, ...]
    allow_lists: tuple[str, ...]
    sampling: int
    """Of a hundred objects."""

    @classmethod
    def of(cls, macie: Macie) -> ScanSettings:
        """The settings that the baseline states."""
        selector: Selector = "RECOMMENDED"
        managed: tuple[str, ...] = ()
        if macie.identifiers == "all":
            selector = "EXCLUDE" if macie.exclude_identifiers else "ALL"
            managed = macie.exclude_identifiers
        elif macie.identifiers == "none":
            selector = "INCLUDE" if macie.include_identifiers else "NONE"
            managed = macie.include_identifiers
        return cls(
            selector=selector,
            managed=_once(managed),
            custom=_once(macie.custom_identifiers),
            allow_lists=_once(macie.allow_lists),
            sampling=macie.sampling_percentage,
        )

    @classmethod
    def told(cls, job: DescribeClassificationJobResponseTypeDef) -> ScanSettings:
        """The settings that a job has, as Macie describes it."""
        return cls(
            selector=job.get("managedDataIdentifierSelector", "RECOMMENDED"),
            managed=_once(tuple(job.get("managedDataIdentifierIds", ()))),
            custom=_once(tuple(job.get("customDataIdentifierIds", ()))),
            allow_lists=_once(tuple(job.get("allowListIds", ()))),
            sampling=job.get("samplingPercentage", 100),
        )

    @property
    def digest(self) -> str:
        """The name that verdicts of these settings are remembered by."""
        told = json.dumps([self.selector, self.managed, self.custom, self.allow_lists, self.sampling])
        return hashlib.sha256(told.encode()).hexdigest()

    def request(self) -> CreateClassificationJobRequestTypeDef:
        """Their part of the request that makes a job."""
        stated: Mapping[str, object] = {
            "managedDataIdentifierSelector": self.selector,
            "managedDataIdentifierIds": list(self.managed),
            "customDataIdentifierIds": list(self.custom),
            "allowListIds": list(self.allow_lists),
            "samplingPercentage": self.sampling,
        }
        return {name: value for name, value in stated.items() if value}  # type: ignore[return-value]  # completed by whoever makes the job


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))
