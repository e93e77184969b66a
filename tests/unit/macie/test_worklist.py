"""The work of a bucket, and which job does it: what is handed over, told of, left over, and done by somebody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_sagemaker.macie import planning
from secure_sagemaker.macie.listing import ListedObject
from secure_sagemaker.macie.planning import Worklist
from secure_sagemaker.macie.verdicts import ObjectVersion

pytestmark = pytest.mark.once

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
keys = st.text(st.sampled_from(["a", "b", "/", "é", "'", "\U0010ffff"]), min_size=1, max_size=4)


def version(key: str, *, etag: str = "9b2c", size: int = 10) -> ObjectVersion:
    return ObjectVersion(bucket="ml-datasets", key=key, etag=etag, size=size)


def listed(key: str, day: int = 0, *, etag: str = "9b2c", size: int = 10) -> ListedObject:
    modified = MONDAY + timedelta(days=day)
    return ListedObject(
        version=version(key, etag=etag, size=size), modified=modified, storage_class="STANDARD"
    )


def of(*found: ListedObject) -> Worklist:
    """A worklist of objects none of which has a verdict."""
    work = Worklist("ml-datasets")
    work.add(found, known=())
    return work


@given(st.lists(keys, unique=True), st.lists(keys, unique=True), st.integers(1, 3))
def test_pages_are_all_open_work_once(found: list[str], done: list[str], page: int) -> None:
    """In order, a page at a time, also where each is taken out as soon as it is told."""
    with pytest.MonkeyPatch.context() as patch, of(*map(listed, found)) as work:
        patch.setattr(planning, "_PAGE", page)
        work.done("", map(version, done))
        left = sorted(set(found) - set(done))
        assert left == [one.key for page in work.pages() for one in page]
        for one in work.pages():
            work.done("", one)
        assert 0 == work.open


def test_work_is_handed_over_by_key_and_time() -> None:
    """Once: what a job does is no work for another; of the rest the size is told."""
    with of(listed("a/1", size=3), listed("a/2", 1, size=4), listed("b/1", size=5)) as work:
        assert (1, 3) == work.hand_over("early", lambda key, at: key.startswith("a/") and at == MONDAY)
        assert (2, 9) == work.hand_over("late", lambda _key, _at: True)
        assert (0, 0) == work.hand_over("third", lambda _key, _at: True)
        assert 0 == work.open
        assert ["a/1"] == [one.key for one in work.untold("early")]


def test_what_a_job_told_of_is_done_as_it_was() -> None:
    """The very version, by the very job: another ETag, size or job leaves it."""
    with of(listed("a"), listed("b"), listed("c"), listed("d")) as work:
        work.hand_over("one", lambda key, _at: key != "d")
        work.done("one", [version("a"), version("b", etag="other"), version("c", size=11), version("d")])
        assert ["b", "c"] == [one.key for one in work.untold("one")]
        work.reopen("one")
        assert 3 == work.open
        assert ("b", "c", "d") == work.prefixes()


def test_reopened_work_is_new_work() -> None:
    """It is told and planned as if no job had ever had it."""
    with of(listed("a"), listed("b")) as work, of(listed("b")) as other:
        work.hand_over("one", lambda _key, _at: True)
        work.done("one", [version("a")])
        assert () == work.prefixes()
        work.reopen("one")
        assert other.digest() == work.digest()
        assert other.plan(("b",)) == work.plan(("b",))


@given(st.lists(keys, unique=True, min_size=1))
def test_the_digest_is_of_open_work_alone(found: list[str]) -> None:
    """In whichever order it came; and every key, ETag and size counts."""
    with of(*map(listed, found)) as work, of(*map(listed, reversed(found))) as other:
        other.add([listed("beside")], known=None)
        assert work.digest() == other.digest()
        for changed in (listed(found[0], etag="other"), listed(found[0], size=11)):
            with of(*map(listed, found[1:]), changed) as third:
                assert third.digest() != work.digest()
        work.hand_over("one", lambda key, _at: key == found[0])
        assert other.digest() != work.digest()


def test_a_plan_is_what_lies_within_its_terms() -> None:
    """Work and what lies beside; what changed before is not, where the plan says since when."""
    with of(listed("a/new", 1)) as work:
        work.add([listed("a/old"), listed("a/same", 1), listed("b", 1)], known=None)
        plan = work.plan(("a/",))
        assert MONDAY + timedelta(days=1) == plan.changed_since
        assert {"a/new", "a/same"} == {one.key for one in work.within(plan)}
        assert (1, 1) == (plan.objects, plan.overscan_objects)
