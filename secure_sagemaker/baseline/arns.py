"""ARNs and KMS key references: parsed once, compared as values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator

__all__ = [
    "AccountId",
    "Arn",
    "KeyReference",
    "KmsKeyReference",
    "PolicyArn",
    "RoleArn",
    "parse_arn",
    "partition_of",
]

_PARTITION = re.compile(r"aws(-[a-z]+)*")
_ACCOUNT = re.compile(r"[0-9]{12}")
_KEY_ID = re.compile(r"mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ALIAS = re.compile(r"alias/[A-Za-z0-9/_-]+")
_ROLE_RESOURCE = re.compile(r"role/([\x21-\x7e]+/)?[A-Za-z0-9_+=,.@-]{1,64}")
_POLICY_RESOURCE = re.compile(r"policy/([\x21-\x7e]+/)?[A-Za-z0-9_+=,.@-]{1,128}")

# How the regions of each partition begin (botocore's partitions.json); every other one is of "aws".
_PARTITIONS = (
    ("eusc-", "aws-eusc"),
    ("us-isob-", "aws-iso-b"),
    ("us-isof-", "aws-iso-f"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-iso-", "aws-iso"),
    ("us-gov-", "aws-us-gov"),
    ("cn-", "aws-cn"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Arn:
    """The parts of an Amazon Resource Name; region and account may be empty."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


@lru_cache(maxsize=1024)
def parse_arn(text: str) -> Arn | None:
    """The ARN's parts, or None when the text is no ARN."""
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not parts[2] or not parts[5]:
        return None
    if _PARTITION.fullmatch(parts[1]) is None:
        return None
    _, partition, service, region, account, resource = parts
    return Arn(partition=partition, service=service, region=region, account=account, resource=resource)


def partition_of(region: str) -> str:
    """The partition that a region belongs to."""
    return next((partition for start, partition in _PARTITIONS if region.startswith(start)), "aws")


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyReference:
    """A way to name a KMS key: a key ARN, an alias ARN, an alias, or a key id."""

    text: str
    arn: Arn | None

    @classmethod
    def parse(cls, text: str) -> KeyReference | None:
        """The reference, or None when the text cannot name a KMS key."""
        return _parse_key(text)

    @property
    def key_arn(self) -> str | None:
        """The key's own ARN when the reference already is one; None while it must be looked up."""
        return self.text if self.arn is not None and self.arn.resource.startswith("key/") else None


@lru_cache(maxsize=1024)
def _parse_key(text: str) -> KeyReference | None:
    arn = parse_arn(text)
    if arn is None:
        return (
            KeyReference(text=text, arn=None) if _KEY_ID.fullmatch(text) or _ALIAS.fullmatch(text) else None
        )
    if arn.service != "kms" or not arn.region or not _ACCOUNT.fullmatch(arn.account):
        return None
    named_key = arn.resource.startswith("key/") and _KEY_ID.fullmatch(arn.resource[4:])
    return KeyReference(text=text, arn=arn) if named_key or _ALIAS.fullmatch(arn.resource) else None


def _key(text: str) -> str:
    if KeyReference.parse(text) is None:
        raise ValueError(
            f"{text!r} names no KMS key: write a key ARN (arn:aws:kms:REGION:ACCOUNT:key/ID), "
            "an alias (alias/NAME), an alias ARN, or a key id"
        )
    if text.rpartition(":")[2].startswith("alias/aws/"):
        raise ValueError(
            f"{text!r} is a key that AWS manages: leave it out, and name the control in kms.aws_managed"
        )
    return text


def _role(text: str) -> str:
    arn = parse_arn(text)
    if (
        arn is None
        or arn.service != "iam"
        or arn.region
        or not _ACCOUNT.fullmatch(arn.account)
        or not _ROLE_RESOURCE.fullmatch(arn.resource)
    ):
        raise ValueError(f"{text!r} is no role ARN: write arn:aws:iam::ACCOUNT:role/NAME")
    return text


def _policy(text: str) -> str:
    arn = parse_arn(text)
    if (
        arn is None
        or arn.service != "iam"
        or arn.region
        or not (arn.account == "aws" or _ACCOUNT.fullmatch(arn.account))
        or not _POLICY_RESOURCE.fullmatch(arn.resource)
    ):
        raise ValueError(f"{text!r} is no managed policy ARN: write arn:aws:iam::ACCOUNT:policy/NAME")
    return text


def _account(text: str) -> str:
    if not _ACCOUNT.fullmatch(text):
        raise ValueError(f"{text!r} is no AWS account id: write its twelve digits in quotes")
    return text


AccountId = Annotated[str, AfterValidator(_account)]
KmsKeyReference = Annotated[str, AfterValidator(_key)]
PolicyArn = Annotated[str, AfterValidator(_policy)]
RoleArn = Annotated[str, AfterValidator(_role)]
