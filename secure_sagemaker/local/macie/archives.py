"""Objects that are compressed, or hold files: what is in them, at whatever depth and within limits."""

from __future__ import annotations

import gzip
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from secure_sagemaker.local.macie.files import GZIP, ZIP, Limits, Unread, is_supported, is_tar

__all__ = ["Extracted", "extract"]


# What zipfile raises of a file: RuntimeError where it is encrypted (and NotImplementedError, which is one, where it is
# compressed in a way that is not known), BadZipFile and EOFError where it is torn, and else what each way's own module
# does: bz2's is OSError.
_BROKEN = (RuntimeError, zipfile.BadZipFile, EOFError, OSError, zlib.error, lzma.LZMAError)


@dataclass(frozen=True, kw_only=True)
class Extracted:
    """A file that was taken out of an object; the object itself where it is no archive."""

    path: str
    """In the archive; empty for the object itself."""
    body: bytes = b""
    unread: str = ""
    """Why it can't be read."""


def extract(key: str, body: bytes, limits: Limits) -> Iterator[Extracted]:
    """Every file of an object, decompressed, at whatever depth.

    Raises:
        Unread: The object as a whole can't be read.
    """
    budget = _Budget(bytes=limits.extracted_bytes, files=limits.extracted_files)
    yield from _extract(key, body, "", limits, budget, level=0)


@dataclass(kw_only=True)
class _Budget:
    bytes: int
    files: int

    def take(self, size: int) -> None:
        self.bytes -= size
        self.files -= 1
        if self.bytes < 0:
            raise Unread("ARCHIVE_TOTAL_BYTES_EXTRACTED_OVER_LIMIT")
        if self.files < 0:
            raise Unread("ARCHIVE_TOTAL_DOCUMENTS_PROCESSED_OVER_LIMIT")


def _extract(
    key: str, body: bytes, path: str, limits: Limits, budget: _Budget, *, level: int
) -> Iterator[Extracted]:
    compressed, archived = body.startswith(GZIP), body.startswith(ZIP) or is_tar(body)
    if not compressed and not archived:
        yield Extracted(path=path, body=body)
        return
    if level >= limits.archive_levels:
        raise Unread("ARCHIVE_NESTING_LEVEL_OVER_LIMIT")
    if len(body) > limits.archive_bytes:
        raise Unread("ARCHIVE_EXCEEDS_SIZE_LIMIT")
    if compressed:
        inner = _gunzip(body, budget)
        name = re.sub(r"\.t?gz(?:ip)?$", "", key, flags=re.IGNORECASE)
        yield from _extract(name, inner, path, limits, budget, level=level + 1)
        return
    for name, inner_body in _files(body, budget):
        inside = f"{path}/{name}" if path else name
        if inner_body is None:
            yield Extracted(path=inside, unread="MALFORMED_FILE")
        elif not is_supported(name):
            yield Extracted(path=inside, unread="UNSUPPORTED_FILE_TYPE_EXCEPTION")
        else:
            yield from _extract(name, inner_body, inside, limits, budget, level=level + 1)


def _gunzip(body: bytes, budget: _Budget) -> bytes:
    try:
        with gzip.open(io.BytesIO(body)) as opened:
            inner = opened.read(budget.bytes + 1)
    except (OSError, EOFError, zlib.error) as broken:
        raise Unread("MALFORMED_FILE") from broken
    budget.take(len(inner))
    return inner


def _files(body: bytes, budget: _Budget) -> Iterator[tuple[str, bytes | None]]:
    """The files of an archive by name; None for one that is encrypted or broken."""
    try:
        if is_tar(body):
            with tarfile.open(fileobj=io.BytesIO(body)) as tar:
                for member in tar:
                    if member.isfile() and (stream := tar.extractfile(member)) is not None:
                        budget.take(member.size)
                        yield member.name, stream.read()
            return
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            for entry in archive.infolist():
                if entry.is_dir():
                    continue
                budget.take(entry.file_size)
                try:
                    yield entry.filename, archive.read(entry)
                except _BROKEN:
                    yield entry.filename, None
    except (tarfile.TarError, zipfile.BadZipFile) as broken:
        raise Unread("MALFORMED_FILE") from broken
