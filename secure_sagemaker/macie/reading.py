"""The objects that an input names, as S3 lists them now: of a prefix, of one object, of a manifest."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypedDict

from botocore.exceptions import BotoCoreError, ClientError

from secure_sagemaker.exceptions import ScanError
from secure_sagemaker.macie.inputs import DataInput, InputKind
from secure_sagemaker.macie.listing import ListedObject, listed
from secure_sagemaker.macie.manifests import listed_by_augmented_manifest, listed_by_manifest
from secure_sagemaker.macie.planning import MOST_PREFIXES, cover

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

__all__ = ["InputReader", "bucket_and_key"]

_MISSING_TOLD = 5


class _IfMatch(TypedDict, total=False):
    IfMatch: str


class InputReader:
    """Tells the objects of inputs.

    Args:
        s3: Gives the client.
    """

    def __init__(self, s3: Callable[[], S3Client]) -> None:
        self._s3 = s3

    def objects(self, about: DataInput) -> Iterator[list[ListedObject]]:
        """The objects that an input names, in pages.

        Raises:
            ScanError: They cannot be told, or a manifest lists what is not there.
        """
        bucket, key = bucket_and_key(about.uri)
        match about.kind:
            case InputKind.PREFIX:
                yield from listed(self._s3(), bucket, key)
            case InputKind.OBJECT:
                yield from self._named([about.uri], by=about.uri)
            case InputKind.MANIFEST:
                yield from self._named(listed_by_manifest(self.text(about.uri), uri=about.uri), by=about.uri)
            case InputKind.AUGMENTED_MANIFEST:
                lines = self._lines(about.uri)
                found = listed_by_augmented_manifest(lines, uri=about.uri, attributes=about.attributes)
                # What it says itself is data as well: labels, and values in its own lines.
                yield from self._named([about.uri, *found], by=about.uri)

    def _named(self, uris: Iterable[str], *, by: str) -> Iterator[list[ListedObject]]:
        """The objects of these very names. What lies beside them is listed too, and left out."""
        wanted: dict[str, set[str]] = {}
        for uri in uris:
            bucket, key = bucket_and_key(uri)
            wanted.setdefault(bucket, set()).add(key)
        for bucket, keys in wanted.items():
            left = set(keys)
            for prefix in cover(sorted(keys), MOST_PREFIXES):
                for page in listed(self._s3(), bucket, prefix):
                    found = [one for one in page if one.version.key in left]
                    left.difference_update(one.version.key for one in found)
                    if found:
                        yield found
            if left:
                raise _missing(by, bucket, left)

    def text(self, uri: str, *, etag: str = "") -> str:
        """What a manifest says, whole.

        Args:
            uri: Where it lies.
            etag: The version that is meant, where one is.

        Raises:
            ScanError: It cannot be read, or is another version by now.
        """
        return "\n".join(self._lines(uri, etag=etag))

    def _lines(self, uri: str, *, etag: str = "") -> Iterator[str]:
        bucket, key = bucket_and_key(uri)
        meant: _IfMatch = {"IfMatch": etag} if etag else {}
        try:
            body = self._s3().get_object(Bucket=bucket, Key=key, **meant)["Body"]
            decoder, rest = codecs.getincrementaldecoder("utf-8")(), ""
            for chunk in body.iter_chunks(1 << 16):
                *whole, rest = (rest + decoder.decode(chunk)).split("\n")
                yield from whole
            yield rest + decoder.decode(b"", final=True)
        except (ClientError, BotoCoreError, UnicodeDecodeError) as failed:
            raise ScanError(
                f"the manifest {uri} cannot be read: {failed}",
                remedy="let the role read it, and see that it is there and is text",
            ) from failed


def bucket_and_key(uri: str) -> tuple[str, str]:
    """The parts of an S3 URI; the key may be nothing, or what keys begin with."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def _missing(by: str, bucket: str, keys: set[str]) -> ScanError:
    some = sorted(keys)[:_MISSING_TOLD]
    names = ", ".join(f"s3://{bucket}/{key}" for key in some)
    more = f" and {len(keys) - len(some):,} more" if len(keys) > len(some) else ""
    return ScanError(
        f"{by} names what is not there: {names}{more}",
        remedy="put it there, or name what is: an object that was deleted cannot be cleared",
    )
