"""Laws of policies: what is made shorter means the same, by an evaluator of its own."""

from __future__ import annotations

from hypothesis import given

from secure_sagemaker.identity.policies.compaction import compacted, covers, union
from secure_sagemaker.identity.policies.documents import PolicyDocument
from secure_sagemaker.local.conditions import arn_matches
from secure_sagemaker.local.policies import PolicyRequest, permits, prohibits
from tests.property.policies import ARNS, PATTERNS, documents, requests


def said(document: PolicyDocument, request: PolicyRequest) -> tuple[bool, bool]:
    written = document.to_mapping()
    return permits(written, request), prohibits(written, request)


@given(documents, requests)
def test_a_compacted_policy_means_the_same(document: PolicyDocument, request_: PolicyRequest) -> None:
    """No request is allowed or denied otherwise, and nothing is longer."""
    shorter = compacted(document)
    assert said(document, request_) == said(shorter, request_)
    assert shorter.characters <= document.characters


@given(documents)
def test_compacting_twice_is_compacting_once(document: PolicyDocument) -> None:
    """What is compact stays as it is."""
    assert compacted(document).to_json() == compacted(compacted(document)).to_json()


@given(documents)
def test_the_order_of_statements_does_not_show(document: PolicyDocument) -> None:
    """One set of statements has one text."""
    turned = PolicyDocument(statements=document.statements[::-1])
    assert compacted(document).to_json() == compacted(turned).to_json()


@given(documents, documents, requests)
def test_a_union_says_what_either_says(
    one: PolicyDocument, other: PolicyDocument, request_: PolicyRequest
) -> None:
    """A request is allowed, or denied, by the union exactly where it is by one of the two."""
    both = tuple(map(any, zip(said(one, request_), said(other, request_), strict=True)))
    assert both == said(union((one, other)), request_)


def test_a_pattern_covers_what_it_matches() -> None:
    """Where one pattern covers another, whatever the second matches the first matches too."""
    assert covers("arn:aws:s3:::data/*", "arn:aws:s3:::data/train/*")
    assert not covers("arn:aws:s3:::data/?", "arn:aws:s3:::data/*")
    assert not covers("arn:aws:s3:*", "arn:aws:s3:::data")
    for broad in PATTERNS:
        for narrow in PATTERNS:
            if covers(broad, narrow):
                assert all(arn_matches(broad, arn) for arn in ARNS if arn_matches(narrow, arn))
