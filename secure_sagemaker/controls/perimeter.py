"""S3 buckets and their owners, and the accounts that resource policies name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from secure_sagemaker.baseline import SecurityBaseline, parse_arn
from secure_sagemaker.controls.cases import directory_bucket_owner
from secure_sagemaker.controls.documents import read_json
from secure_sagemaker.controls.locations import bucket_of, is_location
from secure_sagemaker.controls.verdicts import Kept, Site, Supplied, Unfit, Verdict

__all__ = ["Bucket", "BucketOwner", "CopySource", "ResourcePolicy", "S3Location"]


def _judge_bucket(baseline: SecurityBaseline, bucket: str, *, written: bool) -> Verdict:
    perimeter = baseline.data_perimeter
    if bucket in perimeter.write or (not written and bucket in perimeter.read):
        return Kept()
    listed = sorted(perimeter.write if written else {**perimeter.read, **perimeter.write})
    kind = "write" if written else "read"
    return Unfit(
        wanted=f"one of {listed}" if listed else "a bucket of the data perimeter",
        why=f"bucket {bucket!r} may not be {'written' if written else kind}: it is not in data_perimeter",
        remedy=f"use a listed bucket, or have data_perimeter.{kind} name this one with its owner's account",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class S3Location:
    """An S3 URI in a SageMaker request: its bucket is inside the perimeter."""

    written: bool

    def judge(self, site: Site) -> Verdict:
        """Texts that are no address (a path, an ECR image, a variable) ask for nothing here."""
        if not isinstance(site.value, str) or not is_location(site.value):
            return None
        bucket = bucket_of(site.value)
        if bucket is None:
            return Unfit(
                wanted="an S3 location",
                why="it cannot be told which bucket the address names",
                remedy="write it as s3://BUCKET/KEY",
            )
        return _judge_bucket(site.baseline, bucket, written=self.written)


# CreateSession gives out the key for a directory bucket's data calls, each of which is judged itself;
# CreatePipeline and UpdatePipeline read the definition.
_READS = ("Get", "Head", "List", "Select", "CreateSession", "CreatePipeline", "UpdatePipeline")


def _writes(operation: str) -> bool:
    return not operation.startswith(_READS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bucket:
    """A bucket, named plainly."""

    def judge(self, site: Site) -> Verdict:
        """Reads may use every listed bucket, everything else the writable ones."""
        if not isinstance(site.value, str):
            return None
        return _judge_bucket(site.baseline, site.value, written=_writes(site.operation))


def _source_bucket(value: object) -> str | None:
    if isinstance(value, Mapping):
        named = value.get("Bucket")
        return named if isinstance(named, str) else None
    if isinstance(value, str):
        return unquote(value).lstrip("/").partition("/")[0]
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class CopySource:
    """The object that an S3 copy reads."""

    def judge(self, site: Site) -> Verdict:
        """Its bucket must be readable."""
        bucket = _source_bucket(site.value)
        if bucket is None:
            return None
        return _judge_bucket(site.baseline, bucket, written=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class BucketOwner:
    """The account that S3 must find to be the bucket's owner."""

    of: str
    """The member that names the bucket, plainly, as an S3 URI or as a copy source."""

    def judge(self, site: Site) -> Verdict:
        """The owner that the perimeter lists; for other buckets the bucket itself is refused."""
        named = site.siblings.get(self.of)
        if self.of == "CopySource":
            bucket = _source_bucket(named)
        else:
            bucket = (bucket_of(named) or named) if isinstance(named, str) else None
        owner = site.baseline.data_perimeter.owner(bucket) if bucket else None
        if owner is None:
            return None
        if (verdict := directory_bucket_owner(site)) is not None:
            return verdict
        if not site.present:
            return Supplied(value=owner)
        return Kept() if site.value == owner else Unfit(wanted=owner, correction=owner)


def _principals(statement: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Kind and name of each principal; what is not understood stands for everybody."""
    principal = statement.get("Principal")
    if not isinstance(principal, Mapping) or not principal:
        yield "AWS", "*"
        return
    for kind, names in principal.items():
        for name in names if isinstance(names, list) else [names]:
            yield kind, str(name)


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourcePolicy:
    """A resource policy: its allowing statements name trusted accounts and services only."""

    def judge(self, site: Site) -> Verdict:
        """A policy that cannot be read is refused like one that trusts everybody."""
        if not site.present:
            return None
        trusted = {site.baseline.account, *site.baseline.data_perimeter.trusted_accounts}
        wanted = f"principals of {sorted(trusted)}"
        try:
            document = read_json(site.value)
        except ValueError:
            return Unfit(wanted="a policy document in JSON")
        statements = document.get("Statement") if isinstance(document, Mapping) else None
        if isinstance(statements, Mapping):
            statements = [statements]
        if not isinstance(statements, list) or not all(isinstance(item, Mapping) for item in statements):
            return Unfit(wanted="a policy document with statements")
        for statement in statements:
            if statement.get("Effect") == "Deny":
                continue
            if "NotPrincipal" in statement:
                return Unfit(wanted=wanted, why="NotPrincipal with Allow trusts everybody else")
            foreign = [name for kind, name in _principals(statement) if not _is_trusted(kind, name, trusted)]
            if foreign:
                return Unfit(wanted=wanted, why=f"{foreign} are not trusted accounts")
        return Kept()


def _is_trusted(kind: str, principal: str, accounts: set[str]) -> bool:
    if kind == "Service":
        return principal.endswith((".amazonaws.com", ".amazonaws.com.cn"))
    arn = parse_arn(principal)
    return (principal if arn is None else arn.account) in accounts
