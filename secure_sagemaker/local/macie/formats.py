"""The formats that are read: tables of text, JSON and JSON lines, Parquet, plain text.

What Macie reads and this does not (Avro, Office, PDF) is of an unsupported format here, and reported as that.
"""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import re
from collections.abc import Iterator

from secure_sagemaker.local.macie.files import PARQUET, Limits, Unread, extension
from secure_sagemaker.local.macie.passages import Cell, Line, Passage, Record

__all__ = ["passages"]

_HEAD = 8192
"""Bytes in which a file of no text shows itself."""


def passages(key: str, body: bytes, limits: Limits) -> Iterator[Passage]:
    """The texts of one file.

    Raises:
        Unread: It is of a format that is not read, too large, or broken.
    """
    kind = extension(re.sub(r"\.gz(?:ip)?$", "", key, flags=re.IGNORECASE))
    if body.startswith(PARQUET):
        if len(body) > limits.big_data_bytes:
            raise Unread("FILE_EXCEEDS_SIZE_LIMIT")
        yield from _parquet(body)
        return
    if len(body) > limits.file_bytes:
        raise Unread("FILE_EXCEEDS_SIZE_LIMIT")
    text = _decoded(body)
    match kind:
        case "csv" | "tsv":
            yield from _table(text, "\t" if kind == "tsv" else ",")
        case "json":
            yield from _json(text, limits) if _is_json(text) else _json_lines(text, limits)
        case _ if kind in ("jsonl", "ndjson", "manifest") or text.lstrip()[:1] == "{":
            yield from _json_lines(text, limits)
        case _:
            yield from _lines(text)


def _decoded(body: bytes) -> str:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in body[:_HEAD]:
        raise Unread("UNSUPPORTED_FILE_TYPE_EXCEPTION")
    else:
        encoding = "utf-8-sig"
    try:
        return body.decode(encoding)
    except UnicodeDecodeError:
        return body.decode("latin-1")


def _lines(text: str, first: int = 1) -> Iterator[Passage]:
    for number, line in enumerate(text.splitlines(), first):
        yield Passage(line, Line(number))


_HEADER = re.compile(r"\s*[^\W\d][\w .\-/()#%?]*\s*")


def _table(text: str, delimiter: str) -> Iterator[Passage]:
    names: list[str] = []
    try:
        for row, cells in enumerate(csv.reader(io.StringIO(text), delimiter=delimiter), 1):
            if row == 1 and cells and all(_HEADER.fullmatch(cell) for cell in cells):
                names = cells
                continue
            for column, cell in enumerate(cells, 1):
                name = names[column - 1].strip() if column <= len(names) else ""
                yield Passage(cell, Cell(row, column, name), name)
    except csv.Error:  # a field larger than the reader takes
        yield from _lines(text)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


def _json(text: str, limits: Limits, index: int = 0) -> Iterator[Passage]:
    try:
        value = json.loads(text)
    except RecursionError as deep:
        raise Unread("JSON_NESTING_LEVEL_OVER_LIMIT") from deep
    yield from _fields(value, index, limits)


def _json_lines(text: str, limits: Limits) -> Iterator[Passage]:
    """Each line a document; a line that is none is read as text, as Macie does."""
    for index, line in enumerate(text.splitlines()):
        if not line.strip():
            continue
        try:
            yield from _json(line, limits, index)
        except ValueError:
            yield from _lines(line, first=index + 1)


def _fields(value: object, index: int, limits: Limits) -> Iterator[Passage]:
    waiting: list[tuple[object, str, str, int]] = [(value, "$", "", 0)]
    while waiting:
        inner, path, names, level = waiting.pop()
        if level > limits.json_levels:
            raise Unread("JSON_NESTING_LEVEL_OVER_LIMIT")
        match inner:
            case dict():
                for name, under in reversed(inner.items()):
                    step = f".{name}" if re.fullmatch(r"[^\W\d]\w*", name) else f"[{json.dumps(name)}]"
                    waiting.append((under, f"{path}{step}", f"{names} {name}".strip(), level + 1))
            case list():
                for place, under in reversed(list(enumerate(inner))):
                    waiting.append((under, f"{path}[{place}]", names, level + 1))
            case str() | int() | float() if not isinstance(inner, bool):
                yield Passage(str(inner), Record(index, path), names)


_ROWS = 10_000


def _parquet(body: bytes) -> Iterator[Passage]:
    if importlib.util.find_spec("pyarrow") is None:
        raise Unread("UNSUPPORTED_FILE_TYPE_EXCEPTION")
    import pyarrow as pa
    from pyarrow import parquet

    try:
        index = 0
        for batch in parquet.ParquetFile(pa.BufferReader(body)).iter_batches(batch_size=_ROWS):
            for record in batch.to_pylist():
                yield from _fields(json.loads(json.dumps(record, default=str)), index, Limits())
                index += 1
    except (pa.ArrowException, OSError) as broken:
        raise Unread("UNABLE_TO_PARSE_FILE") from broken
