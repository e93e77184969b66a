"""Files as texts with their places; what is in archives; what can't be read."""

import gzip
import importlib.util
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping

import pytest

from secure_sagemaker.local.macie.archives import extract
from secure_sagemaker.local.macie.files import Limits, Unread
from secure_sagemaker.local.macie.formats import passages

pytestmark = pytest.mark.once


def told(key: str, body: bytes, limits: Limits | None = None) -> list[tuple[str, str, dict[str, object]]]:
    return [
        (one.text, one.names, dict(one.place.told(0, 1))) for one in passages(key, body, limits or Limits())
    ]


def zipped(**files: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, body in files.items():
            archive.writestr(name.replace("__", "."), body)
    return held.getvalue()


def tarred(name: str, body: bytes) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(body)
        archive.addfile(entry, io.BytesIO(body))
    return held.getvalue()


def test_a_table_has_cells_under_the_names_of_its_header() -> None:
    """A cell tells its row, its column and the column's name; the header is no cell."""
    cell = {"cellReference": None, "column": 2, "columnName": "ssn", "row": 2}
    assert told("a.csv", b"name,ssn\nJane,1\n")[1] == ("1", "ssn", cell)
    assert told("a.tsv", b"name\tssn\nJane\t1\n")[1] == ("1", "ssn", cell)


def test_a_table_without_a_header_has_cells_from_its_first_row() -> None:
    """Numbers are no header: the first row is read, as SageMaker's own tables have it."""
    assert [text for text, _, _ in told("a.csv", b"1,2\n3,4\n")] == ["1", "2", "3", "4"]


def test_json_has_records_by_path() -> None:
    """A field tells its path, and stands under the names that lead to it."""
    body = json.dumps({"people": [{"ssn": "1"}], "a b": {"c": 2}}).encode()
    assert told("a.json", body) == [
        ("1", "people ssn", {"jsonPath": "$.people[0].ssn", "recordIndex": 0}),
        ("2", "a b c", {"jsonPath": '$["a b"].c', "recordIndex": 0}),
    ]


def test_json_lines_count_their_records() -> None:
    """Each line is a record, by whatever name the file goes; one that is none is read as text."""
    assert told("part-0", b'{"a": "x"}\n{"a": "y"}\n')[1][2] == {"jsonPath": "$.a", "recordIndex": 1}
    assert told("a.jsonl", b'{"a": "x"}\nnot json\n')[1][2] == {"start": 2, "end": 2, "startColumn": 1}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_text_is_read_by_lines_in_its_encoding(encoding: str) -> None:
    """Each line is a text, whatever it was written in."""
    assert [text for text, _, _ in told("a.txt", "née\nTwo\n".encode(encoding))] == ["née", "Two"]


@pytest.mark.skipif(
    importlib.util.find_spec("pyarrow") is None, reason="Parquet is read by pyarrow, which is not installed"
)
def test_parquet_has_records_under_the_names_of_its_columns() -> None:
    """A row is a record; nested fields have their path; a broken file is said to be one."""
    import pyarrow as pa
    from pyarrow import parquet

    held = io.BytesIO()
    parquet.write_table(pa.table({"person": [{"ssn": "1"}], "n": [2]}), held)
    assert told("part-0.snappy.parquet", held.getvalue()) == [
        ("1", "person ssn", {"jsonPath": "$.person.ssn", "recordIndex": 0}),
        ("2", "n", {"jsonPath": "$.n", "recordIndex": 0}),
    ]
    with pytest.raises(Unread, match="UNABLE_TO_PARSE_FILE"):
        told("b.parquet", held.getvalue()[:40])


@pytest.mark.parametrize(
    ("key", "body", "limits", "reason"),
    [
        ("a.npy", b"\x93NUMPY\x00\x00", Limits(), "UNSUPPORTED_FILE_TYPE_EXCEPTION"),
        ("a.csv", b"a,b\n" * 10, Limits(file_bytes=5), "FILE_EXCEEDS_SIZE_LIMIT"),
        ("a.json", b"[[[[1]]]]", Limits(json_levels=3), "JSON_NESTING_LEVEL_OVER_LIMIT"),
        ("a.json", b"[" * 100_000 + b"]" * 100_000, Limits(), "JSON_NESTING_LEVEL_OVER_LIMIT"),
    ],
    ids=["binary", "large", "deep", "very-deep"],
)
def test_what_can_not_be_read_says_why(key: str, body: bytes, limits: Limits, reason: str) -> None:
    """Each limit has Macie's name."""
    with pytest.raises(Unread, match=reason):
        told(key, body, limits)


def test_what_is_packed_is_unpacked_at_any_depth() -> None:
    """Gzip is transparent; zip and tar give their files by path, inside one another too."""
    assert [one.body for one in extract("a.csv.gz", gzip.compress(b"x"), Limits())] == [b"x"]
    nested = zipped(a__txt=b"1", inner__zip=zipped(b__txt=b"2"))
    assert [(one.path, one.body) for one in extract("a.zip", nested, Limits())] == [
        ("a.txt", b"1"),
        ("inner.zip/b.txt", b"2"),
    ]
    assert [one.path for one in extract("m.tar.gz", tarred("code/t.py", b"1"), Limits())] == ["code/t.py"]


def test_a_file_of_an_archive_that_is_not_read_is_told() -> None:
    """Images are left, and said to be."""
    (one,) = extract("a.zip", zipped(p__png=b"1"), Limits())
    assert (one.path, one.unread) == ("p.png", "UNSUPPORTED_FILE_TYPE_EXCEPTION")


def torn(compression: int, *, at: int = 0) -> bytes:
    """An archive of which a file's compressed bytes were written over."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", compression) as archive:
        archive.writestr("a.txt", b"name,ssn\n" * 50)
    body = held.getvalue()
    start = body.index(b"a.txt") + len("a.txt") + at
    return body[:start] + b"\xff" * 8 + body[start + 8 :]


def as_written(fields: Mapping[int, int]) -> bytes:
    """An archive with other values in both headers of its one file, by where they stand in the first."""
    body = bytearray(zipped(a__txt=b"1"))
    for offset, value in fields.items():
        body[body.index(b"PK\x03\x04") + offset] = value
        body[body.index(b"PK\x01\x02") + offset + 2] = value
    return bytes(body)


@pytest.mark.parametrize(
    "body",
    [
        torn(zipfile.ZIP_DEFLATED),
        torn(zipfile.ZIP_BZIP2),
        torn(zipfile.ZIP_LZMA, at=4),
        torn(zipfile.ZIP_STORED),
        as_written({6: 1}),
        as_written({8: 97}),
        as_written({18: 255, 22: 255}),
    ],
    ids=["deflate", "bzip2", "lzma", "stored", "encrypted", "unknown-way", "short"],
)
def test_a_file_that_can_not_be_unpacked_is_told(body: bytes) -> None:
    """Torn, however it was compressed, encrypted, cut short, or compressed in a way that is not known."""
    assert [("a.txt", "MALFORMED_FILE")] == [
        (one.path, one.unread) for one in extract("a.zip", body, Limits())
    ]


@pytest.mark.parametrize(
    ("body", "limits", "reason"),
    [
        (gzip.compress(b"x")[:-6], Limits(), "MALFORMED_FILE"),
        (b"PK\x03\x04 no zip", Limits(), "MALFORMED_FILE"),
        (gzip.compress(b"x" * 100), Limits(extracted_bytes=10), "ARCHIVE_TOTAL_BYTES_EXTRACTED_OVER_LIMIT"),
        (zipped(a=b"1", b=b"2"), Limits(extracted_files=1), "ARCHIVE_TOTAL_DOCUMENTS_PROCESSED_OVER_LIMIT"),
        (zipped(a=zipped(b=b"1")), Limits(archive_levels=1), "ARCHIVE_NESTING_LEVEL_OVER_LIMIT"),
        (zipped(a=b"1"), Limits(archive_bytes=3), "ARCHIVE_EXCEEDS_SIZE_LIMIT"),
    ],
    ids=["torn", "broken", "bomb", "many", "nested", "large"],
)
def test_an_archive_beyond_limits_says_which(body: bytes, limits: Limits, reason: str) -> None:
    """A bomb is not unpacked; each limit has Macie's name."""
    with pytest.raises(Unread, match=reason):
        list(extract("a.zip", body, limits))
