"""Credentials kept in files, for the next process of the same user: fewer calls of STS, fewer questions for a code.

botocore's own cache writes them, readable for this user alone. An entry is found by everything that the
credentials depend on, the source's key included: another policy, tag or person has another entry.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import boto3
from botocore.utils import JSONFileCache

from secure_sagemaker.exceptions import IdentityError
from secure_sagemaker.folders import is_private, private_folder

__all__ = ["CredentialCache"]

logger = logging.getLogger(__name__)

_NAMES = frozenset({"access_key", "secret_key", "token", "expiry_time"})


class CredentialCache:
    """Credentials by what they depend on.

    Args:
        folder: Where the files are. It is made, for this user alone.

    Raises:
        IdentityError: Others than this user may write or read there.
    """

    def __init__(self, folder: Path) -> None:
        if not is_private(private_folder(folder)):
            raise IdentityError(
                f"the credential cache {folder} is open to others than this user",
                remedy=f"make it yours alone: chmod 700 {folder}, or name another folder",
            )
        self._folder = folder
        self._files = JSONFileCache(str(folder))

    def __repr__(self) -> str:
        return f"CredentialCache({str(self._folder)!r})"

    def kept(
        self,
        scope: Mapping[str, object],
        *,
        source: boto3.Session,
        good_until: Callable[[], datetime],
        fetch: Callable[[], Mapping[str, object]],
    ) -> Mapping[str, object]:
        """What is kept, where it is good for long enough; else what is fetched, which is kept then.

        Args:
            scope: What the credentials depend on, beside the source.
            source: The session that they are got with.
            good_until: Until when they must be good, at the least.
            fetch: Gets them from AWS.
        """
        held = source.get_credentials()
        if held is None:
            return fetch()  # which says what is missing
        scoped = {"scope": scope, "source": held.get_frozen_credentials().access_key}
        name = hashlib.sha256(json.dumps(scoped, sort_keys=True).encode()).hexdigest()
        found = self._read(name)
        if found is not None and _ends(found) >= good_until():
            return found
        fetched = fetch()
        try:
            self._files[name] = dict(fetched)
        except OSError as failed:
            logger.warning("credentials could not be kept in %s: %s", self._folder, failed)
        return fetched

    def _read(self, name: str) -> Mapping[str, object] | None:
        try:
            found: Mapping[str, object] = self._files[name]
            _ends(found)
        except (KeyError, TypeError, ValueError):
            return None
        return found if found.keys() >= _NAMES else None


def _ends(kept: Mapping[str, object]) -> datetime:
    return datetime.fromisoformat(str(kept["expiry_time"]))
