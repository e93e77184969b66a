"""Where baselines are found, and how a file becomes layers.

A project's layer is, in this order: the file named by ``SECURE_SAGEMAKER_BASELINE``; the nearest
``secure-sagemaker.toml``, or ``pyproject.toml`` with a ``[tool.secure-sagemaker]`` table, from the
working directory upwards; the file that a SageMaker job finds in its input or code directory.

The organisation's layer comes before it. ``/etc/secure-sagemaker/organisation.toml`` always
applies when it exists. ``SECURE_SAGEMAKER_ORGANISATION`` names a further one: a path,
``ssm:/parameter/name`` or ``s3://bucket/key``, each with an optional ``#sha256=HEX`` pin.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from secure_sagemaker.baseline.document import BaselineDocument
from secure_sagemaker.baseline.layers import Layer
from secure_sagemaker.exceptions import BaselineError, BaselineNotFoundError

__all__ = [
    "BASELINE_VARIABLE",
    "FILE_NAME",
    "ORGANISATION_VARIABLE",
    "AnchorReader",
    "find_file",
    "read_document",
]

FILE_NAME = "secure-sagemaker.toml"
BASELINE_VARIABLE = "SECURE_SAGEMAKER_BASELINE"
ORGANISATION_VARIABLE = "SECURE_SAGEMAKER_ORGANISATION"
ORGANISATION_PATH = Path("/etc/secure-sagemaker/organisation.toml")
_PIN = re.compile(r"sha256=([0-9a-fA-F]{64})")
_CODE_CHANNEL = "SM_CHANNEL_CODE"  # where SageMaker's containers say that the code channel is
_JOB_DIRECTORIES = (
    Path("/opt/ml/input/data/code"),
    Path("/opt/ml/code"),
    Path("/opt/ml/processing/input/code"),
)

AnchorReader = Callable[[str], bytes]
"""Reads an ``ssm:`` or ``s3://`` anchor; raises BaselineError when it cannot."""


def find_file(*, environ: Mapping[str, str] = os.environ, start: Path | None = None) -> Path:
    """The baseline file of this project.

    Raises:
        BaselineNotFoundError: There is none; it lists the places searched.
        BaselineError: ``SECURE_SAGEMAKER_BASELINE`` names a file that does not exist.
    """
    named = environ.get(BASELINE_VARIABLE)
    if named:
        path = Path(named).expanduser()
        if not _exists(path):
            raise BaselineError(
                f"{named} is not a file",
                remedy=f"correct the variable or unset it to have {FILE_NAME} discovered",
                source=BASELINE_VARIABLE,
            )
        return path
    searched: list[str] = [f"{BASELINE_VARIABLE} (not set)"]
    for candidate in _candidates(start or Path.cwd(), environ):
        searched.append(str(candidate))
        if _exists(candidate) and (candidate.name == FILE_NAME or _has_table(candidate)):
            return candidate
    raise BaselineNotFoundError(
        "no baseline was given and none was found",
        remedy=f"run 'secure-sagemaker init' to write {FILE_NAME}, set {BASELINE_VARIABLE}, "
        "or pass a SecurityBaseline",
        searched=searched,
    )


def _candidates(start: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    for directory in (start, *start.parents):
        yield directory / FILE_NAME
        yield directory / "pyproject.toml"
    channel = environ.get(_CODE_CHANNEL)
    for directory in ((Path(channel),) if channel else ()) + _JOB_DIRECTORIES:
        yield directory / FILE_NAME


def _exists(path: Path) -> bool:
    """Whether it is there. A place that may not be looked into is an error, not an absence."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as unreadable:
        raise _unreadable(str(path), unreadable) from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as unreadable:
        raise _unreadable(str(path), unreadable) from None


def _unreadable(source: str, error: OSError) -> BaselineError:
    return BaselineError(
        f"it cannot be read: {error.strerror}",
        remedy="make it a file that this user may read, or name another one",
        source=source,
    )


def _has_table(path: Path) -> bool:
    return _tool_table(_parse(_read(path), str(path))) is not None


def _tool_table(parsed: Mapping[str, object]) -> Mapping[str, object] | None:
    tool = parsed.get("tool")
    table = tool.get("secure-sagemaker") if isinstance(tool, Mapping) else None
    return table if isinstance(table, Mapping) else None


def _parse(content: bytes, source: str) -> dict[str, object]:
    try:
        return tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise BaselineError(
            f"this is not valid TOML: {broken}", remedy="correct the line that is named", source=source
        ) from None


def read_document(
    path: str | Path,
    *,
    environ: Mapping[str, str] = os.environ,
    organisation_path: Path = ORGANISATION_PATH,
    read_anchor: AnchorReader | None = None,
) -> BaselineDocument:
    """Read a baseline file and the organisation's layers above it.

    Raises:
        BaselineError: A file is missing or malformed, or an anchor's digest is not the pinned one.
    """
    path = Path(path)
    if not _exists(path):
        raise BaselineError(
            "there is no such file",
            remedy=f"correct the path, or leave it out to have {FILE_NAME} discovered",
            source=str(path),
        )
    content = _read(path)
    parsed = _parse(content, str(path))
    if path.name == "pyproject.toml":
        table = _tool_table(parsed)
        if table is None:
            raise BaselineError(
                "there is no [tool.secure-sagemaker] table",
                remedy=f"add one, or name a {FILE_NAME}",
                source=str(path),
            )
        parsed = dict(table)
    project = _document(parsed, name="project", source=str(path), content=content)
    anchors = [_organisation(anchor, read_anchor) for anchor in _anchors(environ, organisation_path)]
    return replace(project, common=(*anchors, *project.common))


def _document(parsed: Mapping[str, object], *, name: str, source: str, content: bytes) -> BaselineDocument:
    if not parsed:
        raise BaselineError(
            "it is empty",
            remedy="run 'secure-sagemaker init' for a commented baseline, and fill it in",
            source=source,
        )
    version = parsed.get("schema_version")
    if version is None:
        raise BaselineError(
            "it does not say which version of the format it is written in",
            remedy="begin it with: schema_version = 1",
            source=source,
            field="schema_version",
        )
    if type(version) is int and version != 1:
        raise BaselineError(
            f"it is written in version {version} of the format, and this library reads version 1",
            remedy="install a version of secure-sagemaker that reads it, or write it as: schema_version = 1",
            source=source,
            field="schema_version",
        )
    return BaselineDocument.from_mapping(parsed, name=name, source=source, digest=_sha256(content))


@dataclass(frozen=True, kw_only=True)
class _Anchor:
    location: str
    pin: str | None


def _anchors(environ: Mapping[str, str], fixed: Path) -> Iterator[_Anchor]:
    if _exists(fixed):
        yield _Anchor(location=str(fixed), pin=None)
    named = environ.get(ORGANISATION_VARIABLE)
    if named:
        location, marked, fragment = named.partition("#")
        pin = _PIN.fullmatch(fragment)
        if not location or (marked and pin is None):
            raise BaselineError(
                f"{named!r} names no layer" if not location else f"{marked + fragment!r} is no pin",
                remedy="write LOCATION#sha256=HEX with the 64 digits of its SHA-256, or LOCATION alone",
                source=ORGANISATION_VARIABLE,
            )
        yield _Anchor(location=location, pin=pin[1].lower() if pin else None)


def _organisation(anchor: _Anchor, read_anchor: AnchorReader | None) -> Layer:
    content = _anchor_bytes(anchor.location, read_anchor)
    digest = _sha256(content)
    if anchor.pin is not None and digest != anchor.pin:
        raise BaselineError(
            f"its SHA-256 is {digest}, the pinned one is {anchor.pin}",
            remedy="find out who changed it; pin the new digest once the change is approved",
            source=anchor.location,
        )
    document = _document(
        _parse(content, anchor.location), name="organisation", source=anchor.location, content=content
    )
    if document.environments or document.regions:
        raise BaselineError(
            "an organisation's layer holds for every environment and region",
            remedy="leave [env.NAME] and [region.NAME] to the projects",
            source=anchor.location,
        )
    return document.common[0].closed()


def _anchor_bytes(location: str, read_anchor: AnchorReader | None) -> bytes:
    if location.startswith(("ssm:", "s3://")):
        if read_anchor is None:
            raise BaselineError(
                "the organisation's layer is kept in AWS and nothing here may read it",
                remedy="let SecureSession load the baseline, which reads it with the source's credentials",
                source=location,
            )
        return read_anchor(location)
    try:
        return Path(location).expanduser().read_bytes()
    except OSError as unreadable:
        raise BaselineError(
            f"the organisation's layer cannot be read: {unreadable.strerror}",
            remedy=f"make it readable, or have {ORGANISATION_VARIABLE} corrected by whoever set it",
            source=location,
        ) from None


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
