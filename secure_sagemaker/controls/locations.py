"""Which bucket a text names: S3 URIs, and the https addresses that SageMaker takes in their place."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

__all__ = ["bucket_of", "is_directory_bucket", "is_location"]

_DOMAIN = r"amazonaws\.(?:com(?:\.cn)?|eu)"
_HOST = re.compile(rf"(?:(?P<bucket>.+)\.)?s3(?:express)?(?:[.-][a-z0-9.-]*)?\.{_DOMAIN}")


def is_location(text: str) -> bool:
    """Whether the text is an address at all; a path, an image or a variable is none."""
    return text.lower().startswith(("s3://", "https://"))


def bucket_of(text: str) -> str | None:
    """The bucket of an S3 location, or None when the text is none, or none that can be told."""
    scheme, _, rest = text.partition("://")
    if scheme.lower() == "s3":
        return rest.partition("/")[0]
    if scheme.lower() != "https":
        return None
    parts = urlsplit(text)
    if parts.username is not None or (host := _HOST.fullmatch(parts.hostname or "")) is None:
        return None
    return host["bucket"] or unquote(parts.path).lstrip("/").partition("/")[0] or None


def is_directory_bucket(bucket: str) -> bool:
    """Whether a bucket's name is that of an S3 directory bucket."""
    return bucket.endswith("--x-s3")
