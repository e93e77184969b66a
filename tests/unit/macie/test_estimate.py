"""The estimate: what Macie would read, by size, format and storage class, and what that is in money."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_sagemaker.baseline import EXPANSION
from secure_sagemaker.macie.estimate import GIGABYTE, Estimate, Prices, extension, unreadable
from secure_sagemaker.macie.listing import ListedObject
from secure_sagemaker.macie.verdicts import ObjectVersion

pytestmark = pytest.mark.once

NOTHING = Estimate(prices=Prices(usd_per_gb=1.25))


def version(key: str, size: int) -> ObjectVersion:
    return ObjectVersion(bucket="ml-datasets", key=key, etag="9b2c", size=size)


objects = st.lists(
    st.builds(
        version,
        key=st.sampled_from(["train.csv", "train.csv.gz", "train.parquet", "train", "a.b/train"]),
        size=st.integers(0, 10 * GIGABYTE),
    ),
    max_size=10,
)


def test_plain_objects_cost_their_size() -> None:
    """What is stored as it is read costs the price of its size."""
    estimate = NOTHING.with_objects([version("train.csv", 3 * GIGABYTE), version("test.csv", GIGABYTE)])
    assert (estimate.objects, estimate.stored_bytes, estimate.read_bytes) == (2, 4 * GIGABYTE, 4 * GIGABYTE)
    assert estimate.usd == 5.0


@pytest.mark.parametrize("format_", sorted(EXPANSION))
def test_compressed_formats_cost_what_they_hold(format_: str) -> None:
    """Macie reads what is in them, which is more than is stored: by the format's setting."""
    estimate = NOTHING.with_objects([version(f"part-0.CSV.{format_.upper()}", GIGABYTE)])
    assert estimate.stored_bytes == GIGABYTE
    assert estimate.read_bytes == EXPANSION[format_] * GIGABYTE
    stated = replace(NOTHING, prices=Prices(usd_per_gb=1.0, expansion={format_: 2.5}))
    assert stated.with_objects([version(f"part-0.{format_}", GIGABYTE)]).usd == 2.5


@given(objects, objects)
def test_an_estimate_grows_object_by_object(some: list[ObjectVersion], others: list[ObjectVersion]) -> None:
    """However the listing comes in pages, the estimate is the same, and no object makes it less."""
    whole = NOTHING.with_objects([*some, *others])
    assert whole == NOTHING.with_objects(some).with_objects(others)
    assert whole.usd >= NOTHING.with_objects(some).usd
    assert whole.objects == len(some) + len(others)


@pytest.mark.parametrize(
    ("storage_class", "told"),
    [
        ("STANDARD", ""),
        ("GLACIER_IR", ""),
        ("GLACIER", "its storage class is GLACIER"),
        ("DEEP_ARCHIVE", "its storage class is DEEP_ARCHIVE"),
    ],
)
def test_what_is_archived_is_not_read(storage_class: str, told: str) -> None:
    """Macie reads no archive of S3: it costs nothing, and is counted with the reason."""
    listed = ListedObject(
        version=version("a.csv", 7), modified=datetime(2026, 11, 1, tzinfo=UTC), storage_class=storage_class
    )
    assert unreadable(listed) == told
    estimate = NOTHING.without("its storage class is GLACIER").without("its storage class is GLACIER")
    assert (estimate.objects, estimate.usd) == (0, 0.0)
    assert estimate.unreadable == {"its storage class is GLACIER": 2}


def test_a_sample_costs_its_share() -> None:
    """Where one in ten objects is read, a tenth of their size is."""
    sampled = replace(NOTHING, prices=Prices(usd_per_gb=1.25, sampling=10))
    assert sampled.with_objects([version("train.csv", 10 * GIGABYTE)]).read_bytes == GIGABYTE


def test_it_is_told_in_words() -> None:
    """A person reads the figure, that it is an estimate, and what it rests on."""
    estimate = NOTHING.with_objects([version("a.parquet", 512 * 1024**2), version("b.txt", 12)]).without(
        "its storage class is GLACIER"
    )
    assert str(estimate) == (
        "about 3.75 USD (an estimate): 2 objects of 512.0 MB, taken for 3.0 GB when they are read, at 1.25 USD a GB; "
        "1 not read: its storage class is GLACIER"
    )
    assert "0 objects of 0 bytes" in str(NOTHING)
    assert "1,024.0 TB" in str(NOTHING.with_objects([version("a", 1024**5)]))


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("a/train.csv", "csv"),
        ("a.b/train", ""),
        ("a/train.CSV.GZ", "gz"),
        (".hidden", "hidden"),
        ("a/", ""),
        ("a.", ""),
    ],
)
def test_what_a_key_ends_in(key: str, found: str) -> None:
    """Its own name's end, whatever its folders are called."""
    assert extension(key) == found
