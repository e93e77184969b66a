"""One object, classified: what was found, and how much of it was read."""

from __future__ import annotations

from dataclasses import dataclass, replace

from secure_sagemaker.local.macie.archives import Extracted, extract
from secure_sagemaker.local.macie.detection import Detection, Inspection
from secure_sagemaker.local.macie.files import Limits, Unread, is_supported, mime_type
from secure_sagemaker.local.macie.formats import passages
from secure_sagemaker.local.moto_objects import ObjectDetails

__all__ = ["Classified", "classify", "skipped"]


@dataclass(frozen=True, kw_only=True)
class Classified:
    """An object, or a file of one that is an archive."""

    about: ObjectDetails
    code: str
    """``COMPLETE``, ``PARTIAL`` or ``SKIPPED``."""
    reason: str | None
    size: int
    """Bytes that were read, uncompressed."""
    mime_type: str
    detections: tuple[Detection, ...] = ()
    file: str = ""
    """The path in the archive; empty for the object itself."""
    files: tuple[Classified, ...] = ()
    """Those of an archive."""


def skipped(about: ObjectDetails, reason: str) -> Classified:
    """An object that was not read."""
    return Classified(about=about, code="SKIPPED", reason=reason, size=0, mime_type=mime_type(about.key))


def classify(about: ObjectDetails, body: bytes, inspection: Inspection, limits: Limits) -> Classified:
    """Read an object, and find what is in it."""
    if not is_supported(about.key):
        return skipped(about, "UNSUPPORTED_FILE_TYPE_EXCEPTION")
    files: list[Classified] = []
    reason: str | None = None
    try:
        for extracted in extract(about.key, body, limits):
            files.append(_file(about, extracted, inspection, limits))  # those before a limit count
    except Unread as unread:
        reason = unread.reason
    match files:
        case [whole] if not whole.file:
            return whole
        case [] if reason is not None:
            return skipped(about, reason)
    if reason is None and any(file.code != "COMPLETE" for file in files):
        reason = "ARCHIVE_CONTAINS_UNPROCESSED_FILES"
    read = [file for file in files if file.code != "SKIPPED"]
    return Classified(
        about=about,
        code="COMPLETE" if reason is None else "PARTIAL" if read else "SKIPPED",
        reason=reason,
        size=sum(file.size for file in files),
        mime_type=mime_type(about.key),
        detections=_joined(files),
        files=tuple(files),
    )


def _joined(files: list[Classified]) -> tuple[Detection, ...]:
    """The counts of an archive's files together. Where each stands is told of the file."""
    found: dict[str, Detection] = {}
    for detection in (one for file in files for one in file.detections):
        joined = found.setdefault(detection.type, replace(detection, count=0, places={}))
        joined.join(detection)
    return tuple(found[name] for name in sorted(found))


def _file(about: ObjectDetails, extracted: Extracted, inspection: Inspection, limits: Limits) -> Classified:
    name = extracted.path or about.key
    if extracted.unread:
        return _unread(about, extracted.path, extracted.unread)
    try:
        found = inspection.inspect(passages(name, extracted.body, limits))
    except Unread as unread:
        return _unread(about, extracted.path, unread.reason)
    return Classified(
        about=about,
        code="COMPLETE",
        reason=None,
        size=len(extracted.body),
        mime_type=mime_type(name),
        detections=found,
        file=extracted.path,
    )


def _unread(about: ObjectDetails, path: str, reason: str) -> Classified:
    return replace(skipped(about, reason), file=path, mime_type=mime_type(path or about.key))
