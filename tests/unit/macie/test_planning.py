"""What a job is told to read: all that has no verdict, and of the rest as little as its terms can tell apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_sagemaker.macie.listing import ListedObject
from secure_sagemaker.macie.planning import JobPlan, Worklist, cover
from secure_sagemaker.macie.verdicts import ObjectVersion

pytestmark = pytest.mark.once

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)


def listed(key: str, size: int = 10, modified: datetime = MONDAY) -> ListedObject:
    version = ObjectVersion(bucket="ml-datasets", key=key, etag="9b2c", size=size)
    return ListedObject(version=version, modified=modified, storage_class="STANDARD")


keys = st.text(st.sampled_from(["a", "b", "/", "é", "\ud7ff", "\U0010ffff"]), min_size=1, max_size=6)
objects = st.dictionaries(
    keys,
    st.tuples(st.integers(0, 100), st.integers(0, 5), st.booleans()),
    min_size=1,
    max_size=25,
)


def planned(found: dict[str, tuple[int, int, bool]], most: int) -> JobPlan:
    """The plan for objects, each with its size, the day it was changed and whether it has a verdict."""
    page = [listed(key, size, MONDAY + timedelta(days=day)) for key, (size, day, _) in found.items()]
    known = {one.version for one in page if found[one.version.key][2]}
    with Worklist("ml-datasets") as work:
        work.add(page, known=known)
        return work.plan(work.prefixes(most))


@given(st.sets(keys), st.integers(1, 6))
def test_the_prefixes_cover_every_key(found: set[str], most: int) -> None:
    """No key is left out, there are no more prefixes than may be, and none within another."""
    prefixes = cover(sorted(found), most)
    assert all(key.startswith(prefixes) for key in found)
    assert len(prefixes) <= most
    assert not any(one.startswith(other) or other.startswith(one) for one, other in combinations(prefixes, 2))
    assert all(any(key.startswith(one) for key in found) for one in prefixes)


@given(st.sets(keys, min_size=1), st.integers(1, 4))
def test_what_has_least_in_common_is_parted(found: set[str], most: int) -> None:
    """No other parting of the keys, in their order, has longer prefixes where the shortest of each is compared."""
    ordered = sorted(found)
    shortest = min(map(len, cover(ordered, most)))
    for places in combinations(range(1, len(ordered)), min(most, len(ordered)) - 1):
        edges = [0, *places, len(ordered)]
        parts = [ordered[low:high] for low, high in pairwise(edges)]
        assert shortest >= min(_common(part) for part in parts)


def _common(part: list[str]) -> int:
    return next(
        (at for at, letters in enumerate(zip(*part, strict=False)) if len(set(letters)) > 1),
        min(map(len, part)),
    )


@given(objects, st.integers(1, 4))
def test_a_plan_reads_all_work_and_counts_the_rest(
    found: dict[str, tuple[int, int, bool]], most: int
) -> None:
    """Each object without a verdict matches the terms; each other one that does is counted as overscan."""
    plan = planned(found, most)
    matched = {
        key: size
        for key, (size, day, _) in found.items()
        if key.startswith(plan.prefixes)
        and (plan.changed_since is None or MONDAY + timedelta(days=day) >= plan.changed_since)
    }
    work = {key: size for key, (size, _, is_known) in found.items() if not is_known}
    assert work.items() <= matched.items()
    assert (plan.objects, plan.bytes) == (len(work), sum(work.values()))
    assert plan.overscan_objects == len(matched) - len(work)
    assert plan.overscan_bytes == sum(matched.values()) - sum(work.values())


def test_whole_folders_are_read_without_overscan() -> None:
    """Where nothing has a verdict, the fewest terms do: what all keys begin with."""
    plan = planned({f"churn/2026/part-{number}.csv": (10, 0, False) for number in range(200)}, 1)
    assert plan == JobPlan(
        bucket="ml-datasets",
        prefixes=("churn/2026/part-",),
        changed_since=None,
        objects=200,
        bytes=2000,
        overscan_objects=0,
        overscan_bytes=0,
    )


def test_what_changed_later_is_told_by_its_day() -> None:
    """One in a hundred objects, anywhere among the others, is read without them: it was changed since."""
    found = {
        f"churn/part-{number:03}.csv": (10, int(number % 100 == 0), number % 100 != 0)
        for number in range(1000)
    }
    plan = planned(found, 1)
    assert plan.changed_since == TUESDAY
    assert (plan.objects, plan.overscan_objects) == (10, 0)


def test_there_may_be_no_work() -> None:
    """Where every object has its verdict, nothing is to be read."""
    plan = planned({"churn/train.csv": (10, 0, True)}, 5)
    assert (plan.prefixes, plan.objects, plan.overscan_objects) == ((), 0, 0)


@pytest.mark.parametrize("again", [True, False])
def test_an_object_that_is_listed_twice_is_work_once(again: bool) -> None:
    """Prefixes of inputs may overlap; what the first listing said of an object stands."""
    with Worklist("ml-datasets") as work:
        work.add([listed("churn/train.csv")], known=())
        if again:
            work.add([listed("churn/train.csv")], known={listed("churn/train.csv").version})
        plan = work.plan(work.prefixes())
    assert (plan.prefixes, plan.objects) == (("churn/train.csv",), 1)
