"""What reading objects would cost, before Macie is asked to: an estimate, never a bill.

Macie bills what it reads uncompressed, and S3 tells only what is stored. How much that grows is a setting a format.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from secure_sagemaker.baseline import EXPANSION, Macie
from secure_sagemaker.macie.listing import ListedObject
from secure_sagemaker.macie.verdicts import ObjectVersion

__all__ = ["GIGABYTE", "Estimate", "Prices", "extension", "unreadable"]

GIGABYTE = 1024**3
"""Macie bills by the gibibyte, and calls it GB."""

_READABLE_CLASSES = frozenset(
    {
        "GLACIER_IR",
        "INTELLIGENT_TIERING",
        "ONEZONE_IA",
        "REDUCED_REDUNDANCY",
        "STANDARD",
        "STANDARD_IA",
    }
)
# https://docs.aws.amazon.com/macie/latest/user/discovery-supported-storage.html


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What Macie takes, as it stands in the baseline."""

    usd_per_gb: float
    """US dollars for a gigabyte that was read."""
    expansion: Mapping[str, float] = field(default_factory=lambda: EXPANSION)
    """By extension, in lower case and without a dot: how many times larger it is when it is read. Others: once."""

    sampling: int = 100
    """Of a hundred objects, how many are read."""

    @classmethod
    def of(cls, macie: Macie) -> Prices:
        """What the baseline states."""
        return cls(
            usd_per_gb=macie.usd_per_gb,
            expansion={**EXPANSION, **macie.expansion},
            sampling=macie.sampling_percentage,
        )

    def read_bytes(self, about: ObjectVersion) -> int:
        """How much Macie would read of an object, in bytes."""
        expanded = about.size * self.expansion.get(extension(about.key), 1.0)
        return math.ceil(expanded * self.sampling / 100)


def extension(key: str) -> str:
    """What a key ends in, in lower case and without its dot; nothing where it has none."""
    name = key.rpartition("/")[2]
    return name.rpartition(".")[2].lower() if "." in name else ""


def unreadable(listed: ListedObject) -> str:
    """Why Macie would not read an object, as far as its listing tells; nothing where it would."""
    if listed.storage_class not in _READABLE_CLASSES:
        return f"its storage class is {listed.storage_class}"
    return ""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What reading some objects would take."""

    prices: Prices
    objects: int = 0
    stored_bytes: int = 0
    read_bytes: int = 0
    """What Macie would read, uncompressed."""
    unreadable: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Objects that it would not read, by the reason. They cost nothing."""

    @property
    def usd(self) -> float:
        """US dollars."""
        return self.read_bytes / GIGABYTE * self.prices.usd_per_gb

    def with_objects(self, read_too: Iterable[ObjectVersion]) -> Estimate:
        """The estimate for further objects that are read."""
        objects, stored, read = self.objects, self.stored_bytes, self.read_bytes
        for one in read_too:
            objects += 1
            stored += one.size
            read += self.prices.read_bytes(one)
        return Estimate(
            prices=self.prices,
            objects=objects,
            stored_bytes=stored,
            read_bytes=read,
            unreadable=self.unreadable,
        )

    def without(self, why: str) -> Estimate:
        """The estimate with one more object that Macie would not read."""
        reasons = Counter(self.unreadable)
        reasons[why] += 1
        return replace(self, unreadable=MappingProxyType(dict(reasons)))

    def __str__(self) -> str:
        told = (
            f"about {self.usd:,.2f} USD (an estimate): {self.objects:,} objects of {_amount(self.stored_bytes)}, "
            f"taken for {_amount(self.read_bytes)} when they are read, at {self.prices.usd_per_gb:g} USD a GB"
        )
        left = "; ".join(f"{count:,} not read: {why}" for why, count in sorted(self.unreadable.items()))
        return f"{told}; {left}" if left else told


def _amount(size: int) -> str:
    value, units = float(size), iter(("bytes", "KB", "MB", "GB", "TB"))
    unit = next(units)
    for further in units:
        if value < 1024:
            break
        value, unit = value / 1024, further
    return f"{value:,.0f} {unit}" if unit == "bytes" else f"{value:,.1f} {unit}"
