"""Which origins a client may talk to: AWS's own over TLS, and those the baseline lists exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from secure_sagemaker.exceptions import SessionError

__all__ = ["EndpointPolicy", "origin"]

_REMEMBERED = 1024
"""How many places that are fine are remembered: S3 has one for each bucket."""


def origin(url: str) -> str:
    """A URL's ``scheme://host[:port]``, without a port that goes without saying, and without a password."""
    parts = urlsplit(url)
    default = {"https": 443, "http": 80}.get(parts.scheme)
    host = (parts.hostname or "").lower()
    port = "" if parts.port in (None, default) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


@dataclass(frozen=True, kw_only=True)
class EndpointPolicy:
    """What may be an endpoint."""

    dns_suffixes: tuple[str, ...]
    """AWS's own DNS suffixes in the baseline's partition, such as ``amazonaws.com``."""
    allowed_origins: tuple[str, ...] = ()
    """Further origins, ``scheme://host[:port]``."""
    _fine: set[str] = field(default_factory=set, init=False, repr=False, compare=False)
    """What stands before the path in URLs that are no problem."""

    @classmethod
    def for_partition(
        cls, partitions: Mapping[str, object], partition: str, allowed_origins: Iterable[str]
    ) -> EndpointPolicy:
        """The policy for a partition, from botocore's own partition data.

        Args:
            partitions: What botocore's loader gives for ``partitions``.
            partition: Such as ``aws`` or ``aws-cn``.
            allowed_origins: The origins that the baseline lists.

        Raises:
            SessionError: The installed botocore does not know the partition.
        """
        listed = partitions.get("partitions")
        for row in listed if isinstance(listed, list) else []:
            if row["id"] == partition:
                outputs = row["outputs"]
                suffixes = dict.fromkeys((outputs["dnsSuffix"], outputs["dualStackDnsSuffix"]))
                return cls(
                    dns_suffixes=tuple(suffixes),
                    allowed_origins=tuple(origin(one) for one in allowed_origins),
                )
        raise SessionError(
            f"botocore does not know the partition {partition!r} of the baseline's role",
            remedy="update botocore, or correct role.arn",
        )

    def problem(self, url: str) -> str | None:
        """Why a URL is no endpoint to send to, or None when it is one."""
        path = url.find("/", url.find("//") + 2)
        place = url if path < 0 else url[:path]
        if place in self._fine:
            return None
        problem = self._problem(url)
        if problem is None and len(self._fine) < _REMEMBERED:
            self._fine.add(place)
        return problem

    def lists(self, url: str) -> bool:
        """Whether the baseline lists a URL's origin."""
        return origin(url) in self.allowed_origins

    def _problem(self, url: str) -> str | None:
        place = origin(url)
        if place in self.allowed_origins:
            return None
        scheme, _, host = place.partition("://")
        host = host.partition(":")[0]
        if not any(host.endswith(f".{suffix}") for suffix in self.dns_suffixes):
            return f"{place} is no host of AWS in this partition"
        return None if scheme == "https" else f"{place} is not TLS"
