"""The availability zone of the machine itself, as its metadata tells it."""

from __future__ import annotations

import os
from typing import Any

from botocore.utils import InstanceMetadataRegionFetcher

__all__ = ["own_zone"]


def own_zone() -> str | None:
    """The zone; None where the machine is none of EC2's, or says nothing within a second."""
    fetcher = _Fetcher(timeout=1, num_attempts=1, env=dict(os.environ))
    return fetcher.retrieve_region() or None


class _Fetcher(InstanceMetadataRegionFetcher):
    """botocore reads the zone for the region's sake, and drops what tells it from others."""

    def _get_region(self) -> str:
        fetcher: Any = self
        token = fetcher._fetch_metadata_token()  # noqa: SLF001  # its own, which the stubs leave out
        ask, path, retry = fetcher._get_request, fetcher._URL_PATH, fetcher._default_retry  # noqa: SLF001  # as above
        return str(ask(url_path=path, retry_func=retry, token=token).text)
