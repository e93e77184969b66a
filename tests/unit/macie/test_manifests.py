"""Manifests: what a job would read by them, or an error; never less."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_sagemaker.exceptions import ScanError
from secure_sagemaker.macie.manifests import listed_by_augmented_manifest, listed_by_manifest

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
