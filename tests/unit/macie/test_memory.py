"""Verdicts that are kept: found again by all that they depend on, and by nothing less."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_sagemaker.exceptions import ScanError
from secure_sagemaker.macie.memory import SqliteMemory, from_row, to_row
from secure_sagemaker.macie.verdicts import Detection, ObjectVerdict, ObjectVersion, Outcome, Severity

pytestmark = pytest.mark.once

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
TRAIN = ObjectVersion(bucket="ml-datasets", key="churn/train.csv", etag="9b2c", size=120)
CLEAR = ObjectVerdict(object=TRAIN, outcome=Outcome.CLEAR, read_at=NOON, job_id="job-1")
FOUND = replace(
    CLEAR,
    outcome=Outcome.SENSITIVE,
    severity=Severity.HIGH,
    detections=(
        Detection(
            category="PERSONAL_INFORMATION",
            type="USA_SOCIAL_SECURITY_NUMBER",
            count=3,
            places=("column ssn",),
        ),
        Detection(category="CREDENTIALS", type="AWS_CREDENTIALS", count=1),
    ),
)

texts = st.text(st.characters(codec="utf-8"), max_size=20)
verdicts = st.builds(
    ObjectVerdict,
    object=st.builds(ObjectVersion, bucket=texts, key=texts, etag=texts, size=st.integers(0, 5 * 2**40)),
    outcome=st.sampled_from(Outcome),
    read_at=st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # bounds are naive
    job_id=texts,
    detections=st.lists(
        st.builds(
            Detection,
            category=texts,
            type=texts,
            count=st.integers(0, 10**9),
            places=st.lists(texts, max_size=3).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
    severity=st.none() | st.sampled_from(Severity),
    reason=texts,
)


@pytest.fixture
def memory(tmp_path: Path) -> SqliteMemory:
    return SqliteMemory(tmp_path / "private" / "verdicts.sqlite3")


@given(verdicts)
def test_what_is_kept_is_what_was_said(verdict: ObjectVerdict) -> None:
    """A row read back is the verdict that it was made of."""
    assert verdict == from_row(verdict.object, to_row(verdict))


@given(st.lists(verdicts, max_size=5, unique_by=lambda one: one.object))
@settings(max_examples=20, deadline=None)
def test_verdicts_are_recalled(tmp_path_factory: pytest.TempPathFactory, said: list[ObjectVerdict]) -> None:
    """Whatever objects are called, each gets its own verdict back, from another opening of the file."""
    path = tmp_path_factory.mktemp("kept") / "private" / "verdicts.sqlite3"
    SqliteMemory(path).remember(said, settings="all")
    kept = SqliteMemory(path).recall([one.object for one in said], settings="all")
    assert kept == {one.object: one for one in said}


@pytest.mark.parametrize(
    "other",
    [
        replace(TRAIN, bucket="ml-others"),
        replace(TRAIN, key="churn/train.CSV"),
        replace(TRAIN, etag="9b2d"),
        replace(TRAIN, size=121),
    ],
    ids=["bucket", "key", "etag", "size"],
)
def test_an_object_that_changed_is_unknown(memory: SqliteMemory, other: ObjectVersion) -> None:
    """A verdict is about an object as it was, and about no other."""
    memory.remember([CLEAR], settings="all")
    assert {} == memory.recall([other], settings="all")
    assert {TRAIN: CLEAR} == memory.recall([TRAIN, other], settings="all")


def test_other_settings_know_nothing(memory: SqliteMemory) -> None:
    """What was read with fewer identifiers is no verdict for more."""
    memory.remember([CLEAR], settings="recommended")
    assert {} == memory.recall([TRAIN], settings="all")


def test_the_later_verdict_stands(memory: SqliteMemory) -> None:
    """In whatever order two jobs are told, the later one's word is kept."""
    later = replace(FOUND, read_at=NOON + timedelta(days=1), job_id="job-2")
    for order in ([CLEAR, later], [later, CLEAR]):
        memory.remember(order, settings=str(len(order)))
        assert {TRAIN: later} == memory.recall([TRAIN], settings=str(len(order)))


WRITER = """
import sys
from pathlib import Path
from datetime import UTC, datetime
from secure_sagemaker.macie.memory import SqliteMemory
from secure_sagemaker.macie.verdicts import ObjectVerdict, ObjectVersion, Outcome
path, number = sys.argv[1:]
for key in range(20):
    about = ObjectVersion(bucket="ml-datasets", key=f"{number}/{key}", etag="9b2c", size=120)
    said = ObjectVerdict(object=about, outcome=Outcome.CLEAR, read_at=datetime(2026, 11, 1, tzinfo=UTC), job_id="job-1")
    SqliteMemory(Path(path)).remember([said], settings="all")
"""


def test_processes_keep_verdicts_at_once(tmp_path: Path) -> None:
    """Nothing is lost where several make the file and write to it at the same time."""
    path = tmp_path / "private" / "verdicts.sqlite3"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, path, str(number)]) for number in range(3)]
    assert [0, 0, 0] == [writer.wait() for writer in writers]
    asked = [replace(TRAIN, key=f"{number}/{key}") for number in range(3) for key in range(20)]
    assert set(asked) == SqliteMemory(path).recall(asked, settings="all").keys()


def test_the_file_is_this_users_alone(memory: SqliteMemory, tmp_path: Path) -> None:
    """Nobody else may read what was found, or say that something was not."""
    memory.remember([FOUND], settings="all")
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "private").iterdir()}
    assert set(modes.values()) == {0o600}
    (tmp_path / "private").chmod(0o770)
    with pytest.raises(ScanError, match="open to others than this user"):
        SqliteMemory(tmp_path / "private" / "verdicts.sqlite3")


def test_a_damaged_file_is_told(memory: SqliteMemory, tmp_path: Path) -> None:
    """What cannot be read is an error, and never a verdict."""
    path = tmp_path / "private" / "verdicts.sqlite3"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(ScanError, match="cannot be used: file is not a database"):
        memory.recall([TRAIN], settings="all")


def test_a_file_of_another_version_is_left_alone(tmp_path: Path) -> None:
    """A later library's memory is not guessed at."""
    path = tmp_path / "verdicts.sqlite3"
    tmp_path.chmod(0o700)
    with sqlite3.connect(path) as opened:
        opened.execute("PRAGMA user_version = 7")
    with pytest.raises(ScanError, match="is of version 7, and this library reads 1"):
        SqliteMemory(path)


@pytest.mark.parametrize(
    "row",
    [
        ("fine", 0, "job-1", None),
        ("clear", 0, "job-1", "["),
        ("clear", 0, "job-1", "[]"),
        ("sensitive", 0, "job-1", '{"severity": "Grave"}'),
        ("sensitive", 0, "job-1", '{"detections": [["PERSONAL_INFORMATION"]]}'),
    ],
)
def test_what_is_no_verdict_is_told(row: tuple[str, int, str, str | None]) -> None:
    """What was tampered with or cut off is an error that names the object."""
    with pytest.raises(ScanError, match=r"what was kept of s3://ml-datasets/churn/train\.csv is no verdict"):
        from_row(TRAIN, row)
