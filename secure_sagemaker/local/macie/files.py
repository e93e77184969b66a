"""Files by name and by their first bytes, how much is read of them, and why one is not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

__all__ = ["GZIP", "PARQUET", "ZIP", "Limits", "Unread", "extension", "is_supported", "is_tar", "mime_type"]

GZIP, PARQUET, ZIP = b"\x1f\x8b", b"PAR1", b"PK\x03\x04"
"""What files of these formats begin with."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much is read of one object; by default as much as Macie's quotas allow."""

    file_bytes: int = 20 * 1024**3
    """Of plain text."""
    big_data_bytes: int = 8 * 1024**3
    """Of Parquet."""
    archive_bytes: int = 8 * 1024**3
    extracted_bytes: int = 10 * 1024**3
    extracted_files: int = 1_000_000
    archive_levels: int = 10
    json_levels: int = 256


class Unread(Exception):  # noqa: N818  # an answer, told in a result
    """A file that can't be read, by Macie's name of the reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


_MEDIA = frozenset(
    {
        *(
            "avi",
            "bmp",
            "gif",
            "heic",
            "ico",
            "jpeg",
            "jpg",
            "mkv",
            "mov",
            "mp3",
            "mp4",
            "mpeg",
            "png",
            "tif",
            "tiff",
        ),
        *(
            "wav",
            "webm",
            "webp",
            "7z",
            "bz2",
            "xz",
            "zst",
            "rar",
            "avro",
            "doc",
            "docx",
            "pdf",
            "ppt",
            "pptx",
            "xls",
        ),
        *(
            "xlsx",
            "bin",
            "h5",
            "hdf5",
            "joblib",
            "model",
            "npy",
            "npz",
            "onnx",
            "orc",
            "pickle",
            "pkl",
            "pt",
            "pth",
        ),
        *("rec", "recordio", "safetensors", "tfrecord", "tfrecords"),
    }
)
_MIME = {
    "csv": "text/csv",
    "gz": "application/gzip",
    "gzip": "application/gzip",
    "htm": "text/html",
    "html": "text/html",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "tar": "application/x-tar",
    "tgz": "application/gzip",
    "tsv": "text/tab-separated-values",
    "xml": "application/xml",
    "zip": "application/zip",
}


def extension(key: str) -> str:
    """A key's file name extension, in lower case and without its dot; empty where there is none."""
    return PurePosixPath(key).suffix.removeprefix(".").lower()


def is_supported(key: str) -> bool:
    """Whether a key's extension is one of a format that is read, as far as the extension tells."""
    return extension(key) not in _MEDIA


def mime_type(key: str) -> str:
    """The type of what a key holds, by its extension."""
    return _MIME.get(extension(key), "text/plain")


def is_tar(body: bytes) -> bool:
    """Whether it is a tar archive."""
    return body[257:262] == b"ustar"
