"""Listing: every object once, several pages at a time, and no more than are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from threading import Barrier

import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_sagemaker.exceptions import ScanError
from secure_sagemaker.local import EmbeddedAWS, embedded_aws
from secure_sagemaker.macie.listing import listed

pytestmark = pytest.mark.once

BUCKETS = count(1)

keys = st.lists(
    st.lists(st.sampled_from(["a", "b", "", "x y", "é"]), min_size=1, max_size=6)
    .map("/".join)
    .filter(lambda key: key.strip("/")),
    max_size=25,
    unique=True,
)


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAWS]:
    with embedded_aws() as account:
        yield account


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "3")


def filled(aws: EmbeddedAWS, objects: list[str]) -> str:
    client, bucket = aws.source.client("s3"), f"ml-listed-{next(BUCKETS)}"
    place = {"LocationConstraint": aws.source.region_name}
    client.create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
    for key in objects:
        client.put_object(Bucket=bucket, Key=key, Body=key.encode())
    return bucket


@pytest.mark.usefixtures("small_pages")
@given(objects=keys, prefix=st.sampled_from(["", "a", "a/", "a/b", "x"]))
@settings(max_examples=40, deadline=None)
def test_every_object_is_listed_once(aws: EmbeddedAWS, objects: list[str], prefix: str) -> None:
    """Whatever the keys are, each that begins with the prefix is there once, with its size and ETag."""
    bucket, client = filled(aws, objects), aws.source.client("s3")
    found = [one for page in listed(client, bucket, prefix, workers=3) for one in page]
    assert sorted(one.version.key for one in found) == sorted(
        key for key in objects if key.startswith(prefix)
    )
    for one in found:
        shown = client.head_object(Bucket=bucket, Key=one.version.key)
        assert (one.version.etag, one.version.size) == (shown["ETag"].strip('"'), shown["ContentLength"])
        assert (one.modified, one.storage_class) == (shown["LastModified"], "STANDARD")
        assert one.version.bucket == bucket


@pytest.mark.usefixtures("small_pages")
def test_no_more_is_asked_for_than_is_taken(aws: EmbeddedAWS) -> None:
    """Who stops after a page has had a request a worker made, and no listing goes on behind."""
    bucket, client = (
        filled(aws, [f"{folder}/{number}" for folder in "abc" for number in range(9)]),
        aws.source.client("s3"),
    )
    asked: list[str] = []
    client.meta.events.register(
        "before-call.s3.ListObjectsV2", lambda params, **_: asked.append(params["url"])
    )
    pages = listed(client, bucket, workers=2)
    assert len(next(pages)) == 3
    pages.close()  # type: ignore[attr-defined]  # a generator's
    assert len(asked) <= 5
    assert len([*listed(client, bucket, workers=2)]) == 9


def test_folders_are_listed_at_the_same_time(aws: EmbeddedAWS) -> None:
    """No folder waits for another: all are asked for before the first has answered."""
    folders = ["a", "b", "c", "d"]
    bucket = filled(aws, [f"{folder}/1" for folder in folders])
    client = aws.source.client("s3")
    together = Barrier(len(folders), timeout=60)

    def meet(params: dict[str, dict[str, str]], **_: object) -> None:
        if params["query_string"]["prefix"]:
            together.wait()

    client.meta.events.register("before-call.s3.ListObjectsV2", meet)
    assert len([one for page in listed(client, bucket, workers=4) for one in page]) == len(folders)


def test_what_cannot_be_listed_is_told(aws: EmbeddedAWS) -> None:
    """A bucket that is not there, one that is closed, S3 out of reach: an error with the remedy, and no empty list."""
    client = aws.source.client("s3")
    with pytest.raises(ScanError, match="s3://ml-nowhere/churn/ cannot be told") as missing:
        list(listed(client, "ml-nowhere", "churn/"))
    assert missing.value.remedy == "check the bucket's name: there is none of it"

    with Stubber(client) as stubbed:
        stubbed.add_client_error("list_objects_v2", "AccessDenied", http_status_code=403)
        with pytest.raises(ScanError) as closed:
            list(listed(client, "ml-datasets"))
    assert "s3:ListBucket" in closed.value.remedy

    def fail(request: AWSPreparedRequest, **_: object) -> None:
        raise EndpointConnectionError(endpoint_url=request.url)

    away = aws.source.client("s3")
    away.meta.events.register_first("before-send.s3.ListObjectsV2", fail)
    with pytest.raises(ScanError, match="Could not connect"):
        list(listed(away, "ml-datasets"))
