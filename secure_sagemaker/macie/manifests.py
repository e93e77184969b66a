"""Objects that an input lists instead of carrying: a manifest, or an augmented manifest.

A job reads what is listed, so that is what must have been read before; and of an augmented manifest the file itself,
which holds data of its own. The formats are told with ``S3DataType`` in SageMaker's service model.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator

from secure_sagemaker.controls.documents import read_json
from secure_sagemaker.exceptions import ScanError

__all__ = ["listed_by_augmented_manifest", "listed_by_manifest", "moved_augmented_manifest", "moved_manifest"]

_DECODER = json.JSONDecoder()
_BLANK = " \t\n\r"
_REFERENCE = "-ref"


def listed_by_manifest(text: str, *, uri: str) -> Iterator[str]:
    """The S3 URIs that a manifest lists, one at a time.

    Args:
        text: A JSON array: an object with a ``prefix``, and what follows it.
        uri: Where the manifest lies, to be told.

    Raises:
        ScanError: It is no manifest.
    """
    prefix, elements = _opened(text, uri)
    yield from (prefix + element for element in elements)


def moved_manifest(text: str, *, uri: str, moved: Callable[[str], str]) -> str:
    """A manifest that lists the same keys elsewhere.

    Args:
        text: The manifest.
        uri: Where it lies, to be told.
        moved: Gives what a location, or the beginning of one, becomes.

    Raises:
        ScanError: It is no manifest.
    """
    prefix, elements = _opened(text, uri)
    return json.dumps([{"prefix": moved(prefix)}, *elements], ensure_ascii=False)


def listed_by_augmented_manifest(
    lines: Iterable[str], *, uri: str, attributes: Collection[str] = ()
) -> Iterator[str]:
    """The S3 URIs that an augmented manifest lists, one at a time.

    Args:
        lines: Its lines, each a JSON object.
        uri: Where the manifest lies, to be told.
        attributes: The attributes that the job reads; without any, all of them.

    Raises:
        ScanError: It is no augmented manifest, or lacks an attribute.
    """
    for _, references in _records(lines, uri, attributes):
        yield from references.values()


def moved_augmented_manifest(
    lines: Iterable[str], *, uri: str, attributes: Collection[str] = (), moved: Callable[[str], str]
) -> str:
    """An augmented manifest that names the same keys elsewhere, and says of them what it said.

    Args:
        lines: The manifest's.
        uri: Where it lies, to be told.
        attributes: The attributes that the job reads; without any, all of them.
        moved: Gives what a location becomes.

    Raises:
        ScanError: It is no augmented manifest, or lacks an attribute.
    """
    records = (
        {**record, **{name: moved(location) for name, location in references.items()}}
        for record, references in _records(lines, uri, attributes)
    )
    return "".join(f"{json.dumps(record, ensure_ascii=False)}\n" for record in records)


def _opened(text: str, uri: str) -> tuple[str, Iterator[str]]:
    """The prefix of a manifest, and what follows it."""
    elements = _elements(text, uri)
    first = next(elements, None)
    prefix = first.get("prefix") if isinstance(first, dict) else None
    if not isinstance(prefix, str) or not prefix.startswith("s3://"):
        raise _unreadable(uri, 'its first element is no {"prefix": "s3://..."}')
    return prefix, _texts(elements, uri)


def _texts(elements: Iterator[object], uri: str) -> Iterator[str]:
    for number, element in enumerate(elements, start=2):
        if not isinstance(element, str):
            raise _unreadable(uri, f"its element {number} is no text")
        yield element


def _records(
    lines: Iterable[str], uri: str, attributes: Collection[str]
) -> Iterator[tuple[dict[str, object], dict[str, str]]]:
    """Each line, and the locations in it by the names of their attributes."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = read_json(line)
        except ValueError as wrong:
            raise _unreadable(uri, f"its line {number} is no JSON: {wrong}") from wrong
        if not isinstance(record, dict):
            raise _unreadable(uri, f"its line {number} is no JSON object")
        references: dict[str, str] = {}
        for name in attributes or record:
            if not name.endswith(_REFERENCE):
                continue
            location = record.get(name)
            if not isinstance(location, str) or not location.startswith("s3://"):
                raise _unreadable(uri, f"{name!r} of its line {number} is no S3 URI")
            references[name] = location
        yield record, references


def _elements(text: str, uri: str) -> Iterator[object]:
    """The elements of a JSON array, none of which is held beside the next."""
    at = _beyond_blank(text, 0)
    if text[at : at + 1] != "[":
        raise _unreadable(uri, "it is no JSON array")
    at = _beyond_blank(text, at + 1)
    if text[at : at + 1] == "]":
        _end(text, at, uri)
        return
    while True:
        try:
            element, end = _DECODER.raw_decode(text, at)
            yield element if isinstance(element, str) else read_json(text[at:end])
        except (ValueError, RecursionError) as wrong:
            raise _unreadable(uri, f"it is no JSON: {wrong}") from wrong
        at = _beyond_blank(text, end)
        separator = text[at : at + 1]
        if separator == "]":
            _end(text, at, uri)
            return
        if separator != ",":
            raise _unreadable(uri, f"it is no JSON: a comma is missing at character {at}")
        at = _beyond_blank(text, at + 1)


def _end(text: str, at: int, uri: str) -> None:
    if _beyond_blank(text, at + 1) != len(text):
        raise _unreadable(uri, "something follows its array")


def _beyond_blank(text: str, at: int) -> int:
    while text[at : at + 1] and text[at] in _BLANK:
        at += 1
    return at


def _unreadable(uri: str, why: str) -> ScanError:
    return ScanError(
        f"which objects {uri} lists cannot be told: {why}",
        remedy="mend the manifest, or name the objects' own prefix as the input",
    )
