"""Which buckets and which objects a job is about, by its definition. Pure."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from secure_sagemaker.local.macie.files import extension
from secure_sagemaker.local.moto_objects import BucketDetails, ObjectDetails
from secure_sagemaker.local.sagemaker.values import at, entries, mapping, text, texts

__all__ = ["UnreadableScopeError", "check_scoping", "in_scope", "matches_bucket", "named_buckets", "sampled"]


class UnreadableScopeError(ValueError):
    """A term of a scope that Macie does not take."""


_COMPARED = frozenset({"EQ", "GT", "GTE", "LT", "LTE", "NE"})
_COMPARATORS: Mapping[str, frozenset[str]] = {
    "OBJECT_EXTENSION": frozenset({"EQ", "NE"}),
    "OBJECT_KEY": frozenset({"STARTS_WITH"}),
    "OBJECT_LAST_MODIFIED_DATE": _COMPARED,
    "OBJECT_SIZE": _COMPARED,
}
_OF_MANY_VALUES = frozenset({"OBJECT_EXTENSION", "OBJECT_KEY"})


def named_buckets(definition: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """The buckets that a job definition names, each with the account it says they belong to."""
    return tuple(
        (text(one.get("accountId")), bucket)
        for one in entries(definition.get("bucketDefinitions"))
        for bucket in texts(one.get("buckets"))
    )


def check_scoping(definition: Mapping[str, object]) -> None:
    """Hold every term of a definition to what Macie takes.

    Raises:
        UnreadableScopeError: With AWS's reason.
    """
    for block in ("includes", "excludes"):
        for term in entries(at(definition, f"scoping.{block}.and")):
            stated = mapping(term.get("simpleScopeTerm"))
            if stated:
                _check_term(stated)
            elif text(at(term, "tagScopeTerm.key")) != "TAG":
                raise UnreadableScopeError("The key of a tagScopeTerm must be TAG.")
            elif at(term, "tagScopeTerm.comparator") not in ("EQ", "NE"):
                raise UnreadableScopeError("The comparator of a tagScopeTerm must be EQ or NE.")


def _check_term(term: Mapping[str, object]) -> None:
    key, comparator, values = text(term.get("key")), text(term.get("comparator")), texts(term.get("values"))
    if comparator not in _COMPARATORS.get(key, frozenset()):
        raise UnreadableScopeError(f"The comparator {comparator} is not valid for the key {key}.")
    if not values or (len(values) > 1 and key not in _OF_MANY_VALUES):
        raise UnreadableScopeError(f"The number of values is not valid for the key {key}.")
    try:
        if key == "OBJECT_SIZE":
            int(values[0])
        if key == "OBJECT_LAST_MODIFIED_DATE":
            datetime.fromisoformat(values[0])
    except ValueError as wrong:
        raise UnreadableScopeError(f"The value is not valid for the key {key}.") from wrong


def in_scope(definition: Mapping[str, object], found: ObjectDetails) -> bool:
    """Whether an object is one that the job analyses: in what is included, and not in what is excluded."""
    includes = entries(at(definition, "scoping.includes.and"))
    excludes = entries(at(definition, "scoping.excludes.and"))
    included = all(_holds(term, found) for term in includes)
    return included and not (excludes and all(_holds(term, found) for term in excludes))


def _holds(term: Mapping[str, object], found: ObjectDetails) -> bool:
    if tagged := mapping(term.get("tagScopeTerm")):
        has = any(_is_tagged(found.tags, pair) for pair in entries(tagged.get("tagValues")))
        return has is (tagged.get("comparator") == "EQ")
    stated = mapping(term.get("simpleScopeTerm"))
    comparator, values = text(stated.get("comparator")), texts(stated.get("values"))
    match text(stated.get("key")):
        case "OBJECT_KEY":
            return found.key.startswith(values)
        case "OBJECT_EXTENSION":
            return (extension(found.key) in tuple(value.lower().lstrip(".") for value in values)) is (
                comparator == "EQ"
            )
        case "OBJECT_SIZE":
            return _compared(comparator, found.size, int(values[0]))
        case _:
            return _compared(
                comparator, found.modified.replace(microsecond=0).timestamp(), _instant(values[0])
            )


def _instant(stated: str) -> float:
    moment = datetime.fromisoformat(stated)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _compared(comparator: str, held: float, wanted: float) -> bool:
    comparisons: Mapping[str, Callable[[float, float], bool]] = {
        "EQ": lambda one, other: one == other,
        "GT": lambda one, other: one > other,
        "GTE": lambda one, other: one >= other,
        "LT": lambda one, other: one < other,
        "LTE": lambda one, other: one <= other,
        "NE": lambda one, other: one != other,
    }
    return comparisons[comparator](held, wanted)


def _is_tagged(tags: Mapping[str, str], pair: Mapping[str, object]) -> bool:
    key, value = text(pair.get("key")), text(pair.get("value"))
    if not key:
        return value in tags.values()
    return key in tags and value in ("", tags[key])


def matches_bucket(criteria: Mapping[str, object], bucket: BucketDetails) -> bool:
    """Whether a bucket is one that a job's criteria are about."""
    includes, excludes = entries(at(criteria, "includes.and")), entries(at(criteria, "excludes.and"))
    included = all(_bucket_holds(term, bucket) for term in includes)
    return included and not (excludes and all(_bucket_holds(term, bucket) for term in excludes))


def _bucket_holds(term: Mapping[str, object], bucket: BucketDetails) -> bool:
    if tagged := mapping(term.get("tagCriterion")):
        has = any(_is_tagged(bucket.tags, pair) for pair in entries(tagged.get("tagValues")))
        return has is (tagged.get("comparator") == "EQ")
    stated = mapping(term.get("simpleCriterion"))
    held = {
        "ACCOUNT_ID": bucket.owner,
        "S3_BUCKET_EFFECTIVE_PERMISSION": "NOT_PUBLIC",
        "S3_BUCKET_NAME": bucket.name,
        "S3_BUCKET_SHARED_ACCESS": "NOT_SHARED",
    }.get(text(stated.get("key")))
    return (held in texts(stated.get("values"))) is (stated.get("comparator") == "EQ")


def sampled(found: Sequence[ObjectDetails], percentage: int, *, seed: str) -> tuple[ObjectDetails, ...]:
    """As many of the objects as a sampling depth takes: by chance as far as anybody can tell, and the same again."""
    if percentage >= 100:
        return tuple(found)
    chosen = sorted(found, key=lambda one: hashlib.sha256(f"{seed} {one.path}".encode()).digest())
    kept = {one.path for one in chosen[: math.ceil(len(chosen) * percentage / 100)]}
    return tuple(one for one in found if one.path in kept)
