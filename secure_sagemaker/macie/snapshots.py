"""Copies of what was read, in a folder where nothing is changed any more: what a job reads is what was looked at.

An input's copies lie in a folder of their own, which a digest of all its objects' versions names. So equal inputs share
one, it is completed by whoever comes next, and nothing is copied twice. A copy has the verdict of what it was copied
from, and is of that one's class; a copy that was not made here has none until it is compared.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from secure_sagemaker.exceptions import ScanError
from secure_sagemaker.macie.acceptance import Acceptance
from secure_sagemaker.macie.copying import Copier
from secure_sagemaker.macie.estimate import unreadable
from secure_sagemaker.macie.inputs import DataInput, InputKind
from secure_sagemaker.macie.listing import ListedObject, listed
from secure_sagemaker.macie.manifests import moved_augmented_manifest, moved_manifest
from secure_sagemaker.macie.memory import VerdictMemory
from secure_sagemaker.macie.reading import InputReader, bucket_and_key
from secure_sagemaker.macie.verdicts import DIGESTS, ObjectVerdict, ObjectVersion, Outcome
from secure_sagemaker.macie.write_protection import unprotected

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

__all__ = ["Snapshots"]

logger = logging.getLogger(__name__)

_SCHEME = "s3://"
_WORKERS = 16
_EXEMPT = "it lay where data needs no verdict when it was copied"


@dataclass(kw_only=True)
class _Taking:
    """One snapshot under way."""

    about: DataInput
    folder: str
    """What the keys of its copies begin with."""
    strangers: set[int] = field(default_factory=set)
    """What stood there before, less what is found to belong there."""
    settled: set[int] = field(default_factory=set)
    """Copies among that with a fresh verdict. Of a million objects a number each is held, and nothing else."""
    digest: int = 0
    manifest: ObjectVerdict | None = None
    """What is known of an augmented manifest, whose copy names copies."""


class Snapshots:
    """Takes copies of inputs. Safe to use from several threads.

    Args:
        folder: Where they go, such as ``s3://ml-artifacts/cleared/``.
        partition: The folder's.
        s3: Gives the client.
        reader: Tells the objects of inputs.
        memory: Knows verdicts.
        settings: The digest of the settings that they hold under.
        acceptance: Tells which are fresh.
        copier: Copies.
        now: Tells the time, in UTC.
    """

    def __init__(
        self,
        folder: str,
        *,
        partition: str,
        s3: Callable[[], S3Client],
        reader: InputReader,
        memory: VerdictMemory,
        settings: str,
        acceptance: Acceptance,
        copier: Copier,
        now: Callable[[], datetime],
    ) -> None:
        self.folder = folder
        self._partition = partition
        self._s3 = s3
        self._reader = reader
        self._memory = memory
        self._settings = settings
        self._acceptance = acceptance
        self._copier = copier
        self._now = now
        self._bucket, self._prefix = bucket_and_key(folder)
        self._is_protected = False

    def holds(self, about: DataInput) -> bool:
        """Whether an input lies in the folder."""
        return about.uri.startswith(self.folder)

    def protect(self) -> None:
        """Make sure that the bucket's policy keeps the folder as it is.

        Raises:
            ScanError: It does not, or cannot be read.
        """
        if self._is_protected:
            return
        try:
            policy = self._s3().get_bucket_policy(Bucket=self._bucket)["Policy"]
        except (ClientError, BotoCoreError) as failed:
            code = failed.response["Error"]["Code"] if isinstance(failed, ClientError) else ""
            if code != "NoSuchBucketPolicy":
                raise ScanError(
                    f"whether {self.folder} can be written over cannot be told: {failed}",
                    remedy=f"allow the baseline's role s3:GetBucketPolicy on {self._bucket}",
                ) from failed
            policy = ""
        lacking = unprotected(policy, folder=self.folder, partition=self._partition)
        if lacking:
            raise ScanError(
                f"the policy of {self._bucket} does not keep {self.folder} as it is: {'; '.join(lacking)}",
                remedy="have the policy deployed that this prints: "
                f"secure-sagemaker policy bucket --bucket {self._bucket}",
            )
        self._is_protected = True

    def take(self, about: DataInput, versions: str) -> DataInput:
        """Copy an input that was accepted, or find it copied.

        Args:
            about: The input.
            versions: The digest of its objects as they were when they were accepted.

        Returns:
            The same input in the folder.

        Raises:
            ScanError: It is another by now, cannot be copied, or the folder could be written over.
        """
        self.protect()
        text = self._reader.text(about.uri) if about.kind is InputKind.MANIFEST else ""
        taking = self._begun(about, f"{self._prefix}{_name(about, versions, text)}/")
        logger.info("taking a snapshot of %s in s3://%s/%s", about.uri, self._bucket, taking.folder)
        pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="secure-sagemaker-copying")
        try:
            for page in self._reader.objects(about):
                self._page(taking, page, pool)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        if f"{taking.digest % DIGESTS:064x}" != versions:
            raise ScanError(
                f"{about.uri} changed while it was copied",
                remedy="call again: what came is looked at then",
            )
        root = f"{_SCHEME}{self._bucket}/{taking.folder}"
        if about.kind is InputKind.MANIFEST:
            moved = moved_manifest(text, uri=about.uri, moved=partial(_moved, root))
            self._put(taking, moved)
        elif taking.manifest is not None:
            moved = moved_augmented_manifest(
                self._reader.text(about.uri, etag=taking.manifest.object.etag).split("\n"),
                uri=about.uri,
                attributes=about.attributes,
                moved=partial(_moved, root),
            )
            written = replace(
                taking.manifest, object=self._put(taking, moved), copied_from=taking.manifest.object.uri
            )
            self._memory.remember([written], settings=self._settings)
        if taking.strangers:
            raise ScanError(
                f"{len(taking.strangers):,} objects in {root} are no copies of what lies at {about.uri}",
                remedy="find out who wrote them; have an administrator take them away, or state another folder as "
                "macie.snapshot",
            )
        return replace(about, uri=f"{root}{about.bucket}/{about.key}", etag="")

    # --- how it is done ------------------------------------------------------------------------------

    def _begun(self, about: DataInput, folder: str) -> _Taking:
        """A snapshot, with what an earlier call has left of it."""
        taking = _Taking(about=about, folder=folder)
        for page in listed(self._s3(), self._bucket, folder):
            known = self._memory.recall([one.version for one in page], settings=self._settings)
            for one in page:
                name = one.version.key.removeprefix(folder)
                mark = _mark(name, one.version.size)
                taking.strangers.add(mark)
                verdict = known.get(one.version)
                # Of what could not be read, something may be known by now.
                if (
                    verdict is not None
                    and verdict.copied_from == f"{_SCHEME}{name}"
                    and verdict.outcome is not Outcome.UNREAD
                    and self._acceptance.is_fresh(verdict, now=self._now())
                ):
                    taking.settled.add(mark)
        return taking

    def _page(self, taking: _Taking, page: list[ListedObject], pool: ThreadPoolExecutor) -> None:
        known = self._memory.recall([one.version for one in page], settings=self._settings)
        left: list[ObjectVerdict] = []
        for one in page:
            about = one.version
            taking.digest += about.digest
            verdict = known.get(about) or self._untold(one)
            if taking.about.kind is InputKind.AUGMENTED_MANIFEST and about.uri == taking.about.uri:
                taking.manifest = verdict
                continue
            mark = _mark(f"{about.bucket}/{about.key}", about.size)
            taking.strangers.discard(mark)
            if mark not in taking.settled:
                left.append(verdict)
        made = pool.map(partial(self._copied, taking.folder), left)
        self._memory.remember(made, settings=self._settings)

    def _untold(self, one: ListedObject) -> ObjectVerdict:
        """What is known of an object that nobody was asked about."""
        about, stated = one.version, self._acceptance.class_of(one.version.uri)
        why = _EXEMPT if stated is not None and not stated.scan else unreadable(one)
        if not why:
            raise ScanError(
                f"{about.uri} came, or was changed, since what lies there was accepted",
                remedy="call again: it is looked at then",
            )
        return ObjectVerdict(object=about, outcome=Outcome.UNREAD, read_at=self._now(), job_id="", reason=why)

    def _copied(self, folder: str, verdict: ObjectVerdict) -> ObjectVerdict:
        source = verdict.object

        def is_copy(found: ObjectVersion) -> bool:
            known = self._memory.recall([found], settings=self._settings).get(found)
            return known is not None and known.copied_from == source.uri

        copy = self._copier.copy(source, f"{folder}{source.bucket}/{source.key}", is_copy=is_copy)
        return replace(verdict, object=copy, copied_from=source.uri)

    def _put(self, taking: _Taking, text: str) -> ObjectVersion:
        """A manifest of copies, where the copy of the manifest would be."""
        name = f"{taking.about.bucket}/{taking.about.key}"
        written = self._copier.write(text, f"{taking.folder}{name}")
        taking.strangers.discard(_mark(name, written.size))
        return written


def _name(about: DataInput, versions: str, text: str) -> str:
    """The name of the folder for copies of these objects."""
    told = json.dumps((versions, about.kind, about.attributes, hashlib.sha256(text.encode()).hexdigest()))
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _moved(root: str, location: str) -> str:
    return f"{root}{location.removeprefix(_SCHEME)}"


def _mark(name: str, size: int) -> int:
    told = f"{size}/{name}"
    return int.from_bytes(hashlib.sha256(told.encode()).digest()[:8])
