"""What Macie said of one object: the smallest thing that a verdict is about."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = ["DIGESTS", "Detection", "ObjectVerdict", "ObjectVersion", "Outcome", "Severity", "on_one_line"]

DIGESTS = 1 << 256
"""How many digests of objects there are. Those of several are added up, so that their order does not matter."""


def on_one_line(text: str) -> str:
    """A text as a person is shown it: keys and columns are anybody's to name, and none may forge a line."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectVersion:
    """An object of S3 as it is at one moment. Written again, it is another."""

    bucket: str
    key: str
    etag: str
    """As S3 gives it, without quotation marks."""
    size: int
    """In bytes, as it is stored."""

    @property
    def uri(self) -> str:
        """Where it is, such as ``s3://ml-datasets/churn/train.csv``."""
        return f"s3://{self.bucket}/{self.key}"

    @property
    def digest(self) -> int:
        """A number that no other version of any object has."""
        told = f"{self.bucket}\0{self.key}\0{self.etag}\0{self.size}"
        return int.from_bytes(hashlib.sha256(told.encode()).digest())


class Outcome(StrEnum):
    """What is known of an object."""

    CLEAR = "clear"
    """It was read, and nothing was found."""
    SENSITIVE = "sensitive"
    """Something was found."""
    UNREAD = "unread"
    """It was not read, or not to its end: nothing is known."""


class Severity(StrEnum):
    """How grave Macie takes a finding to be."""

    LOW = "Low"
    MEDIUM = "Medium"
    HIGH = "High"


@dataclass(frozen=True, kw_only=True, slots=True)
class Detection:
    """Sensitive data of one type in one object; never the data itself."""

    category: str
    """Such as ``PERSONAL_INFORMATION``; ``CUSTOM_IDENTIFIER`` for an identifier of the account's own."""
    type: str
    """The identifier, such as ``USA_SOCIAL_SECURITY_NUMBER``."""
    count: int
    """How many were found."""
    places: tuple[str, ...] = ()
    """Where, as far as Macie tells it: columns, lines, pages."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectVerdict:
    """What is known of one object, since when, by which job."""

    object: ObjectVersion
    outcome: Outcome
    read_at: datetime
    """When the job that says so was made."""
    job_id: str
    detections: tuple[Detection, ...] = ()
    severity: Severity | None = None
    reason: str = ""
    """Why it was not read."""
    copied_from: str = ""
    """Where the object lay that was read, if this one is a copy of it, made here and not looked at by itself."""
