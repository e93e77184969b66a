"""Which bucket a text names: S3 URIs, and the https addresses that SageMaker takes in their place."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from secure_sagemaker.baseline import parse_arn
from secure_sagemaker.controls.unknown import UNKNOWN

__all__ = ["bucket_of", "first_name", "is_directory_bucket", "is_location", "other_than_bucket"]

_DOMAIN = r"amazonaws\.(?:com(?:\.cn)?|eu)"
# An access point's host begins with no bucket's name.
_NO_BUCKETS = r"(?!-(?:accesspoint|control|object-lambda|outposts|website))"
_HOST = re.compile(rf"(?:(?P<bucket>.+)\.)?s3{_NO_BUCKETS}(?:express)?(?:[.-][a-z0-9.-]*)?\.{_DOMAIN}")
_ACCESS_POINT = re.compile(r"arn:[^/]*:accesspoint[/:][^/:]+")


_SCHEMES = ("s3://", "https://")


def is_location(text: str) -> bool:
    """Whether the text is, or may become, an address; a path, an image or a placeholder is none."""
    known, unknown, _ = text.lower().partition(UNKNOWN)
    return known.startswith(_SCHEMES) or (bool(unknown) and any(s.startswith(known) for s in _SCHEMES))


def first_name(text: str) -> str:
    """The bucket or access point that a path begins with, as in ``BUCKET/KEY``."""
    found = _ACCESS_POINT.match(text)
    return found.group() if found else text.partition("/")[0]


def bucket_of(text: str) -> str | None:
    """The bucket of an S3 location, or None when the text is none, or none that can be told."""
    scheme, _, rest = text.partition("://")
    if scheme.lower() == "s3":
        return first_name(rest)
    if scheme.lower() != "https":
        return None
    parts = urlsplit(text)
    if parts.username is not None or (host := _HOST.fullmatch(parts.hostname or "")) is None:
        return None
    return host["bucket"] or unquote(parts.path).lstrip("/").partition("/")[0] or None


def is_directory_bucket(bucket: str) -> bool:
    """Whether a name is that of an S3 directory bucket, or of an access point to one."""
    return bucket.endswith(("--x-s3", "--xa-s3"))


_SUFFIXES = (
    ("-s3alias", "an access point's alias"),
    ("--ol-s3", "an Object Lambda access point's alias"),
    ("--op-s3", "an Outposts access point's alias"),
    (".mrap", "a multi-region access point"),
)


def other_than_bucket(name: str) -> str | None:
    """What kind of thing the name is of that S3 takes in a bucket's place, or None for a bucket's own name."""
    if (arn := parse_arn(name)) is None:
        return next((kind for suffix, kind in _SUFFIXES if name.endswith(suffix)), None)
    if arn.service == "s3" and not arn.region:
        return "a multi-region access point" if "accesspoint" in arn.resource else "a bucket's ARN"
    kinds = {"s3-object-lambda": "an Object Lambda access point", "s3-outposts": "something on an Outpost"}
    return kinds.get(arn.service, "an access point")
