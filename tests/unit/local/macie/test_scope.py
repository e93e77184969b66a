"""Which objects a job is about, and what conditions and pages say."""

from datetime import UTC, datetime
from typing import Any

import pytest

from secure_sagemaker.local.macie.criteria import InvalidTokenError, ordered, page, satisfies
from secure_sagemaker.local.macie.scope import UnreadableScopeError, check_scoping, in_scope, sampled
from secure_sagemaker.local.moto_objects import ObjectDetails

pytestmark = pytest.mark.once


def stored(key: str = "train/a.csv", **stated: Any) -> ObjectDetails:
    known: dict[str, Any] = {
        "bucket": "b",
        "key": key,
        "version": "null",
        "etag": "e",
        "size": 100,
        "modified": datetime(2026, 1, 2, 3, 4, 5, 600_000, tzinfo=UTC),
        "storage_class": "STANDARD",
        "encryption": None,
        "kms_key": None,
        "tags": {"team": "a"},
    }
    return ObjectDetails(**{**known, **stated})


def term(key: str, comparator: str, *values: str) -> dict[str, object]:
    return {"simpleScopeTerm": {"key": key, "comparator": comparator, "values": list(values)}}


def tagged(comparator: str, key: str, value: str = "") -> dict[str, object]:
    pairs = [{"key": key, "value": value}]
    return {
        "tagScopeTerm": {"key": "TAG", "comparator": comparator, "tagValues": pairs, "target": "S3_OBJECT"}
    }


def scope(block: str, *terms: object) -> dict[str, object]:
    return {"scoping": {block: {"and": list(terms)}}}


@pytest.mark.parametrize(
    ("one", "holds"),
    [
        (term("OBJECT_KEY", "STARTS_WITH", "other/", "train/"), True),
        (term("OBJECT_KEY", "STARTS_WITH", "a.csv"), False),
        (term("OBJECT_EXTENSION", "EQ", "csv", "json"), True),
        (term("OBJECT_EXTENSION", "NE", "csv"), False),
        (term("OBJECT_SIZE", "GT", "100"), False),
        (term("OBJECT_SIZE", "GTE", "100"), True),
        (term("OBJECT_LAST_MODIFIED_DATE", "EQ", "2026-01-02T03:04:05Z"), True),
        (term("OBJECT_LAST_MODIFIED_DATE", "LT", "2026-01-02T03:04:05+00:00"), False),
        (tagged("EQ", "team"), True),
        (tagged("EQ", "team", "b"), False),
        (tagged("NE", "team", "b"), True),
    ],
)
def test_a_term_includes_what_it_holds_for_and_excludes_it(one: dict[str, object], holds: bool) -> None:
    """A term means the same in either block."""
    check_scoping(scope("includes", one))
    assert in_scope(scope("includes", one), stored()) is holds
    assert in_scope(scope("excludes", one), stored()) is not holds


def test_all_terms_of_a_block_must_hold() -> None:
    """Includes narrow one another; excludes take out only what each of them holds for."""
    both = (term("OBJECT_KEY", "STARTS_WITH", "train/"), term("OBJECT_SIZE", "GT", "1000"))
    assert not in_scope(scope("includes", *both), stored())
    assert in_scope(scope("excludes", *both), stored())
    assert in_scope({}, stored())


@pytest.mark.parametrize(
    "one",
    [
        term("OBJECT_KEY", "EQ", "a"),
        term("OBJECT_SIZE", "GT", "1", "2"),
        term("OBJECT_SIZE", "GT", "many"),
        term("OBJECT_LAST_MODIFIED_DATE", "GT", "yesterday"),
        term("OBJECT_EXTENSION", "EQ"),
        {"tagScopeTerm": {"key": "LABEL", "comparator": "EQ"}},
        {"tagScopeTerm": {"key": "TAG", "comparator": "GT"}},
    ],
)
def test_a_term_that_macie_does_not_take_is_refused(one: dict[str, object]) -> None:
    """Keys match by prefix alone, and sizes are numbers."""
    with pytest.raises(UnreadableScopeError):
        check_scoping(scope("includes", one))


def test_a_sample_is_as_deep_as_was_said_and_the_same_again() -> None:
    """A tenth of a hundred objects is ten; another job takes others."""
    objects = [stored(f"{number}") for number in range(100)]
    taken = sampled(objects, 10, seed="job")
    assert (len(taken), taken) == (10, sampled(objects, 10, seed="job"))
    assert taken != sampled(objects, 10, seed="other")
    assert len(sampled(objects, 100, seed="job")) == 100


HELD = {"a": {"b": [{"c": "x"}, {"c": "y"}]}, "n": 3, "flag": False, "at": datetime(2026, 1, 1, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("criterion", "holds"),
    [
        ({"a.b.c": {"eq": ["y", "z"]}}, True),
        ({"a.b.c": {"neq": ["y"]}}, False),
        ({"a.b.c": {"eqExactMatch": ["x", "y"]}}, True),
        ({"a.b.c": {"eqExactMatch": ["x"]}}, False),
        ({"flag": {"eq": ["false"]}}, True),
        ({"n": {"gt": 2, "lte": 3}}, True),
        ({"n": {"gt": 2, "lt": 3}}, False),
        ({"at": {"gte": 1_767_225_600_000}}, True),
        ({"at": {"gt": 1_767_225_600_000}}, False),
        ({"none": {"eq": ["x"]}}, False),
        ({"none": {"neq": ["x"]}}, True),
        ({"a.b.c": {"prefix": "x"}}, True),
    ],
)
def test_a_criterion_holds_for_what_lies_under_its_path(criterion: dict[str, object], holds: bool) -> None:
    """Lists are gone through, times are milliseconds, and an absent member equals nothing."""
    assert satisfies(HELD, criterion) is holds


def test_pages_follow_one_another_and_no_other_question() -> None:
    """Every entry is on one page; a token of another question is refused."""
    asked: dict[str, object] = {"maxResults": 2}
    first, more = page("List", asked, list("abcde"), usual=50)
    second, last = page("List", {**asked, **more}, list("abcde"), usual=50)
    third, end = page("List", {**asked, **last}, list("abcde"), usual=50)
    assert (first + second + third, end) == (list("abcde"), {})
    for stranger in ({"filter": "x", **more}, {"nextToken": "none"}):
        with pytest.raises(InvalidTokenError):
            page("List", stranger, list("abcde"), usual=50)


def test_order_is_by_the_value_under_a_path() -> None:
    """Numbers by size, what has none first."""
    held: list[dict[str, object]] = [{"s": {"n": 10}}, {}, {"s": {"n": 9}}]
    assert ordered(held, "s.n", descending=False) == [{}, {"s": {"n": 9}}, {"s": {"n": 10}}]
