"""Manifests: what a job would read by them, or an error; never less."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_sagemaker.exceptions import ScanError
from secure_sagemaker.macie.manifests import (
    listed_by_augmented_manifest,
    listed_by_manifest,
    moved_augmented_manifest,
    moved_manifest,
)

pytestmark = pytest.mark.once

PLACE = "s3://ml-datasets/churn.manifest"


@given(
    st.lists(st.text()),
    st.sampled_from([None, 0, 2]),
    st.sampled_from([(",", ":"), (" , ", " : "), (",\n", ":")]),
)
def test_a_manifest_lists_each_of_its_objects(
    suffixes: list[str], indent: int | None, separators: tuple[str, str]
) -> None:
    """However it is written, what follows the prefix is told behind it, in its order."""
    text = json.dumps(
        [{"prefix": "s3://ml-datasets/churn/"}, *suffixes], indent=indent, separators=separators
    )
    assert [f"s3://ml-datasets/churn/{one}" for one in suffixes] == [
        *listed_by_manifest(f"\n{text} ", uri=PLACE)
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is no JSON array"),
        ('{"prefix": "s3://ml-datasets/"}', "it is no JSON array"),
        ("[]", 'its first element is no {"prefix": "s3://..."}'),
        ('["train.csv"]', "its first element"),
        ('[{"prefix": ""}, "train.csv"]', "its first element"),
        ('[{"prefix": ["s3://ml-datasets/"]}]', "its first element"),
        ('[{"prefix": "s3://ml-datasets/"}, 7]', "its element 2 is no text"),
        ('[{"prefix": "s3://ml-datasets/"}, {"prefix": "s3://ml-others/"}]', "its element 2 is no text"),
        ('[{"prefix": "s3://ml-datasets/"}, "train.csv"', "a comma is missing"),
        ('[{"prefix": "s3://ml-datasets/"} "train.csv"]', "a comma is missing"),
        ('[{"prefix": "s3://ml-datasets/"}, "train.csv", ]', "it is no JSON"),
        ('[{"prefix": "s3://ml-datasets/"}] ["train.csv"]', "something follows its array"),
        ('[{"prefix": "s3://ml-datasets/"}, train.csv]', "it is no JSON"),
        ('[{"prefix": "s3://ml-datasets/", "prefix": "s3://ml-others/"}]', "a member is named twice"),
        ("[" * 100_000, "it is no JSON"),
    ],
)
def test_what_is_no_manifest_is_told(text: str, why: str) -> None:
    """What cannot be read as AWS documents it is an error that names the manifest."""
    with pytest.raises(ScanError) as caught:
        list(listed_by_manifest(text, uri=PLACE))
    assert f"which objects {PLACE} lists cannot be told: " in str(caught.value)
    assert why in str(caught.value)


def test_an_augmented_manifest_lists_its_references() -> None:
    """Attributes that end in -ref are objects; the others are data of the manifest's own."""
    lines = [
        '{"source-ref": "s3://ml-datasets/cat.jpg", "label": {"class-name": "cat"}, "mask-ref": "s3://ml-others/m.png"}\n',
        "\n",
        '{"source-ref": "s3://ml-datasets/dog.jpg", "label": {}}\n',
    ]
    both = [*listed_by_augmented_manifest(lines, uri=PLACE)]
    assert both == ["s3://ml-datasets/cat.jpg", "s3://ml-others/m.png", "s3://ml-datasets/dog.jpg"]
    read = [*listed_by_augmented_manifest(lines, uri=PLACE, attributes=("source-ref", "label"))]
    assert read == ["s3://ml-datasets/cat.jpg", "s3://ml-datasets/dog.jpg"]
    assert [] == [*listed_by_augmented_manifest(['{"source": "a text"}'], uri=PLACE)]


@pytest.mark.parametrize(
    ("line", "attributes", "why"),
    [
        ("{", (), "its line 1 is no JSON"),
        ('["s3://ml-datasets/cat.jpg"]', (), "its line 1 is no JSON object"),
        ('{"source-ref": "s3://a/b", "source-ref": "s3://a/c"}', (), "a member is named twice"),
        ('{"source-ref": 7}', (), "'source-ref' of its line 1 is no S3 URI"),
        ('{"source-ref": "cat.jpg"}', (), "'source-ref' of its line 1 is no S3 URI"),
        ('{"label": {}}', ("source-ref", "label"), "'source-ref' of its line 1 is no S3 URI"),
    ],
)
def test_what_is_no_augmented_manifest_is_told(line: str, attributes: tuple[str, ...], why: str) -> None:
    """A line that lacks what the job reads is an error that names it."""
    with pytest.raises(ScanError) as caught:
        list(listed_by_augmented_manifest([line], uri=PLACE, attributes=attributes))
    assert why in str(caught.value)


def _elsewhere(location: str) -> str:
    return f"s3://copies/{location.removeprefix('s3://')}"


@given(st.lists(st.text()), st.sampled_from(["s3://ml-datasets/churn/", "s3://ml-data", "s3://"]))
def test_a_moved_manifest_lists_the_same_elsewhere(suffixes: list[str], prefix: str) -> None:
    """Each location, however its parts are told apart, is what it would be moved by itself."""
    text = json.dumps([{"prefix": prefix}, *suffixes])
    moved = moved_manifest(text, uri=PLACE, moved=_elsewhere)
    wanted = [_elsewhere(one) for one in listed_by_manifest(text, uri=PLACE)]
    assert wanted == [*listed_by_manifest(moved, uri=PLACE)]


@given(
    st.lists(
        st.fixed_dictionaries({"label": st.text(), "n": st.floats(allow_nan=False, allow_infinity=False)})
    )
)
def test_a_moved_augmented_manifest_says_the_same(labels: list[dict[str, object]]) -> None:
    """Only the locations of attributes that are read are others, and each line stays one."""
    records = [{"a-ref": f"s3://x/{at}", "b-ref": "s3://x/b", **one} for at, one in enumerate(labels)]
    lines = [json.dumps(one) for one in records]
    moved = moved_augmented_manifest(lines, uri=PLACE, attributes=("a-ref", "label"), moved=_elsewhere)
    wanted = [{**one, "a-ref": _elsewhere(str(one["a-ref"]))} for one in records]
    assert wanted == [json.loads(line) for line in moved.split("\n")[:-1]]


def test_what_is_no_manifest_is_not_moved() -> None:
    """It is told as when it is read."""
    with pytest.raises(ScanError, match="it is no JSON array"):
        moved_manifest("{}", uri=PLACE, moved=_elsewhere)
    with pytest.raises(ScanError, match="its line 1 is no JSON"):
        moved_augmented_manifest(["x"], uri=PLACE, moved=_elsewhere)
