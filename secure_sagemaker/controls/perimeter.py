"""S3 buckets and their owners, and the accounts that resource policies name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from secure_sagemaker.baseline import SecurityBaseline, parse_arn
from secure_sagemaker.controls.cases import directory_bucket_owner
from secure_sagemaker.controls.documents import read_json
from secure_sagemaker.controls.exemptions import ExemptionId
from secure_sagemaker.controls.locations import bucket_of, first_name, is_location, other_than_bucket
from secure_sagemaker.controls.verdicts import Exempted, Kept, Site, Supplied, Unfit, Verdict

__all__ = [
    "Bucket",
    "BucketOwner",
    "CopySource",
    "ResourcePolicy",
    "S3Location",
    "TrustedArn",
    "TrustedPrincipal",
    "judge_bucket",
]


def judge_bucket(baseline: SecurityBaseline, bucket: str, *, written: bool) -> Verdict:
    """Whether the bucket is one that the data perimeter lists for writing, or for reading."""
    perimeter = baseline.data_perimeter
    if perimeter.permits(bucket, written=written):
        return Kept()
    readable = () if written else (*perimeter.read, *perimeter.aws_public_buckets)
    listed = sorted({*perimeter.write, *readable})
    field = f"data_perimeter.{'write' if written else 'read'}"
    kind = other_than_bucket(bucket)
    named = f"{bucket!r}, {kind}," if kind else f"bucket {bucket!r}"
    return Unfit(
        wanted=f"one of {listed}" if listed else "a bucket of the data perimeter",
        why=f"{named} may not be {'written' if written else 'read'}: it is not in data_perimeter",
        remedy=_REMEDIES.get(kind or "", _REMEDY).format(field=field),
    )


_REMEDY = "use a listed bucket, or have {field} name this one with its owner's account"
_REMEDIES = {
    **dict.fromkeys(
        ("an access point", "an access point's alias"),
        "use the bucket's own name, or have {field} name the access point with the account "
        "that owns the bucket behind it",
    ),
    "a bucket's ARN": "use the bucket's name alone",
    "a multi-region access point": "use a bucket's own name or an access point of one region: "
    "this one may take the data to any region",
    **dict.fromkeys(
        ("an Object Lambda access point", "an Object Lambda access point's alias"),
        "use the bucket's own name: here a function stands between, which nobody listed",
    ),
    **dict.fromkeys(
        ("something on an Outpost", "an Outposts access point's alias"),
        "use a bucket of the region: the baseline says nothing of Outposts",
    ),
}


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
        return judge_bucket(site.baseline, bucket, written=self.written)


# CreateSession gives out the key for a directory bucket's data calls, each of which is judged itself;
# CreatePipeline and UpdatePipeline read the definition.
_READS = ("Get", "Head", "List", "Select", "CreateSession", "CreatePipeline", "UpdatePipeline")


def _writes(operation: str) -> bool:
    return not operation.startswith(_READS)


_BUCKET_ARN = re.compile(r"arn:aws(-[a-z]+)*:s3:::")


def _plain(text: str) -> str:
    """The bucket's name, where its ARN may stand too."""
    return _BUCKET_ARN.sub("", text, count=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bucket:
    """A bucket, named plainly."""

    written: bool | None = None
    """Whether it is written; None where the operation tells."""
    by_arn: bool = False
    """Its ARN stands in the place of its name."""

    def judge(self, site: Site) -> Verdict:
        """Reads may use every listed bucket, everything else the writable ones."""
        if not isinstance(site.value, str):
            return None
        written = _writes(site.operation) if self.written is None else self.written
        return judge_bucket(site.baseline, _plain(site.value) if self.by_arn else site.value, written=written)


def _source_bucket(value: object) -> str | None:
    if isinstance(value, Mapping):
        named = value.get("Bucket")
        return named if isinstance(named, str) else None
    if isinstance(value, str):
        return first_name(unquote(value).lstrip("/"))
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class CopySource:
    """The object that an S3 copy reads."""

    def judge(self, site: Site) -> Verdict:
        """Its bucket must be readable."""
        bucket = _source_bucket(site.value)
        if bucket is None:
            return None
        return judge_bucket(site.baseline, bucket, written=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class BucketOwner:
    """The account that S3 must find to be the bucket's owner."""

    of: str
    """The member that names the bucket: plainly, by ARN, as an S3 URI or as a copy source."""
    inject: bool = True

    def judge(self, site: Site) -> Verdict:
        """The owner that the perimeter lists; for other buckets the bucket itself is refused."""
        bucket = self._bucket(site.siblings.get(self.of))
        perimeter = site.baseline.data_perimeter
        owner = perimeter.owner(bucket) if bucket else None
        if owner is None:
            public = bucket in perimeter.aws_public_buckets and not site.present
            return Exempted(exemption=ExemptionId.AWS_PUBLIC_BUCKET) if public else None
        if (verdict := directory_bucket_owner(site)) is not None:
            return verdict
        if site.present:
            return Kept() if site.value == owner else Unfit(wanted=owner, correction=owner)
        if site.operation == "PostObject":
            return Exempted(exemption=ExemptionId.POST_FORM_OWNER)
        return Supplied(value=owner) if self.inject else None

    def _bucket(self, named: object) -> str | None:
        if self.of == "CopySource":
            return _source_bucket(named)
        return bucket_of(named) or _plain(named) if isinstance(named, str) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class TrustedArn:
    """The ARN of something that is told about the data: it is in a trusted account."""

    def judge(self, site: Site) -> Verdict:
        """Text that is no ARN tells no account, and is refused; an empty one names nothing."""
        if not site.present or site.value == "":
            return None
        trusted = {site.baseline.account, *site.baseline.data_perimeter.trusted_accounts}
        arn = parse_arn(site.value) if isinstance(site.value, str) else None
        if arn is not None and arn.account in trusted:
            return Kept()
        return Unfit(
            wanted=f"an ARN of {sorted(trusted)}",
            remedy="name one of this account or of data_perimeter.trusted_accounts",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class TrustedPrincipal:
    """Who is let in by a single permission: a trusted account, one of its principals, or an AWS service."""

    def judge(self, site: Site) -> Verdict:
        """Everybody is nobody who is trusted."""
        if not site.present:
            return None
        trusted = {site.baseline.account, *site.baseline.data_perimeter.trusted_accounts}
        name = str(site.value)
        if any(_is_trusted(kind, name, trusted) for kind in ("AWS", "Service")):
            return Kept()
        return Unfit(
            wanted=f"a principal of {sorted(trusted)}, or an AWS service",
            remedy="name one of this account or of data_perimeter.trusted_accounts",
        )


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
