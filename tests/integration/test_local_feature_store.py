"""The embedded AWS's feature store: records are held to their group, and the latest one stands."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from secure_sagemaker.local import EmbeddedAWS
from tests.integration.embedded import client, refused

FEATURES = {"id": "String", "at": "String", "age": "Integral", "score": "Fractional"}
EARLY, NOON, LATE = (f"2999-01-01T{hour}:00:00Z" for hour in ("06", "12", "18"))


def feature_group(aws: EmbeddedAWS, name: str, **members: object) -> None:
    client(aws, "sagemaker").create_feature_group(
        **{
            "FeatureGroupName": name,
            "RecordIdentifierFeatureName": "id",
            "EventTimeFeatureName": "at",
            "FeatureDefinitions": [
                {"FeatureName": feature, "FeatureType": kind} for feature, kind in FEATURES.items()
            ],
            "OnlineStoreConfig": {"EnableOnlineStore": True},
            "RoleArn": aws.execution_role_arn,
            **members,
        }
    )


def record(**values: str) -> list[dict[str, str]]:
    return [{"FeatureName": name, "ValueAsString": value} for name, value in values.items()]


def put(aws: EmbeddedAWS, group: str, *, options: dict[str, Any] | None = None, **values: str) -> None:
    runtime = client(aws, "sagemaker-featurestore-runtime")
    runtime.put_record(FeatureGroupName=group, Record=record(**values), **(options or {}))


def get(aws: EmbeddedAWS, group: str, identifier: str = "1", **options: object) -> dict[str, Any]:
    runtime = client(aws, "sagemaker-featurestore-runtime")
    answer = runtime.get_record(FeatureGroupName=group, RecordIdentifierValueAsString=identifier, **options)
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def test_a_record_is_read_as_it_was_put(aws: EmbeddedAWS) -> None:
    """A record comes back whole, by the group's name or ARN, or as the features that are asked for."""
    feature_group(aws, "whole")
    put(aws, "whole", id="1", at=NOON, age="30")
    assert {"Record": record(id="1", at=NOON, age="30")} == get(aws, "whole")
    arn = client(aws, "sagemaker").describe_feature_group(FeatureGroupName="whole")["FeatureGroupArn"]
    assert {"Record": record(age="30")} == get(aws, arn, FeatureNames=["age"])
    assert {} == get(aws, "whole", "nobody")
    assert ("ValidationError", 400) == refused(lambda: get(aws, "whole", FeatureNames=["height"]))


def test_an_older_record_replaces_nothing(aws: EmbeddedAWS) -> None:
    """The record with the latest event time is the one that the online store has."""
    feature_group(aws, "ordered")
    for moment, age in ((NOON, "1"), (LATE, "2"), (EARLY, "3")):
        put(aws, "ordered", id="1", at=moment, age=age)
    assert record(id="1", at=LATE, age="2") == get(aws, "ordered")["Record"]


def test_an_event_time_may_be_a_number(aws: EmbeddedAWS) -> None:
    """A fractional event time is one in seconds, ordered as a number and not as text."""
    definitions = [
        {"FeatureName": "id", "FeatureType": "String"},
        {"FeatureName": "at", "FeatureType": "Fractional"},
    ]
    feature_group(aws, "seconds", FeatureDefinitions=definitions)
    for moment in ("9.5", "10"):
        put(aws, "seconds", id="1", at=moment)
    assert record(id="1", at="10") == get(aws, "seconds")["Record"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"at": NOON}, r"\[id\] is missing"),
        ({"id": "1"}, r"\[at\] is missing"),
        ({"id": "1", "at": NOON, "height": "2"}, r"\[height\] does not exist"),
        ({"id": "1", "at": NOON, "age": "old"}, r"\[age\] is Integral"),
        ({"id": "1", "at": NOON, "score": "high"}, r"\[score\] is Fractional"),
        ({"id": "1", "at": "yesterday"}, "ISO 8601"),
    ],
    ids=["no-identifier", "no-event-time", "unknown-feature", "no-integer", "no-fraction", "no-time"],
)
def test_a_record_is_held_to_its_group(
    aws: EmbeddedAWS, request: pytest.FixtureRequest, values: dict[str, str], said: str
) -> None:
    """A record without what names it, with a feature that the group has not, or with a wrong value is refused."""
    group = f"held-{request.node.callspec.id}"
    feature_group(aws, group)
    with pytest.raises(ClientError, match=rf"ValidationError.*{said}"):
        put(aws, group, options=None, **values)
    assert {} == get(aws, group)


def test_a_feature_has_one_value_of_its_kind(aws: EmbeddedAWS) -> None:
    """A feature is named once; a collection has a list of values of its type, and nothing else has one."""
    many = {"FeatureName": "many", "FeatureType": "Integral", "CollectionType": "List"}
    definitions = [{"FeatureName": name, "FeatureType": "String"} for name in ("id", "at")]
    online = {"EnableOnlineStore": True, "StorageType": "InMemory"}
    feature_group(aws, "kinds", FeatureDefinitions=[*definitions, many], OnlineStoreConfig=online)
    runtime, named = client(aws, "sagemaker-featurestore-runtime"), record(id="1", at=NOON)
    good = {"FeatureName": "many", "ValueAsStringList": ["1", "2"]}
    for bad in (
        {"FeatureName": "id", "ValueAsString": "2"},
        {"FeatureName": "many", "ValueAsString": "1"},
        {"FeatureName": "many", "ValueAsStringList": ["one"]},
    ):
        put_bad = partial(runtime.put_record, FeatureGroupName="kinds", Record=[*named, bad])
        assert ("ValidationError", 400) == refused(put_bad)
    runtime.put_record(FeatureGroupName="kinds", Record=[*named, good])
    assert [*named, good] == get(aws, "kinds")["Record"]


def test_an_unknown_group_is_not_found(aws: EmbeddedAWS) -> None:
    """Each operation answers with the error that its model knows for it."""
    runtime = client(aws, "sagemaker-featurestore-runtime")
    assert ("ResourceNotFound", 404) == refused(lambda: get(aws, "nobody"))
    assert ("ValidationError", 400) == refused(lambda: put(aws, "nobody", id="1", at=NOON))
    assert ("ValidationError", 400) == refused(
        lambda: runtime.delete_record(
            FeatureGroupName="nobody", RecordIdentifierValueAsString="1", EventTime=NOON
        )
    )


@pytest.mark.parametrize("mode", ["SoftDelete", "HardDelete"])
def test_a_deleted_record_is_gone(aws: EmbeddedAWS, mode: str) -> None:
    """After both kinds of deletion nothing is read; only a soft one is remembered against older records."""
    runtime, group = client(aws, "sagemaker-featurestore-runtime"), f"deleted-{mode}"
    feature_group(aws, group)
    put(aws, group, id="1", at=NOON)
    named = {"FeatureGroupName": group, "RecordIdentifierValueAsString": "1", "DeletionMode": mode}
    if mode == "HardDelete":
        with pytest.raises(ClientError, match="ValidationException"):
            runtime.delete_record(**named, EventTime=EARLY)
    else:
        runtime.delete_record(**named, EventTime=EARLY)
    assert get(aws, group)
    runtime.delete_record(**named, EventTime=LATE)
    assert {} == get(aws, group)
    put(aws, group, id="1", at=NOON)
    assert (mode == "HardDelete") == bool(get(aws, group))


def test_a_record_ends(aws: EmbeddedAWS) -> None:
    """The record's time to live comes before the group's, and is told where it is asked for; then it is gone."""
    week = {"Unit": "Weeks", "Value": 1}
    feature_group(aws, "ending", OnlineStoreConfig={"EnableOnlineStore": True, "TtlDuration": week})
    put(aws, "ending", id="1", at=NOON)
    put(aws, "ending", options={"TtlDuration": {"Unit": "Hours", "Value": 2}}, id="2", at=NOON)
    put(aws, "ending", id="3", at="2001-01-01T00:00:00Z")
    told = [get(aws, "ending", name, ExpirationTimeResponse="Enabled").get("ExpiresAt") for name in "123"]
    assert ["2999-01-08T12:00:00Z", "2999-01-01T14:00:00Z", None] == told
    assert "ExpiresAt" not in get(aws, "ending")
    assert {} == get(aws, "ending", "3")


def test_records_are_read_in_batches(aws: EmbeddedAWS) -> None:
    """What is there is answered, what is not is left out, and a group that is not there is an error of its own."""
    feature_group(aws, "batch")
    for name in ("1", "2"):
        put(aws, "batch", id=name, at=NOON)
    wanted = {"RecordIdentifiersValueAsString": ["1", "2", "9"], "FeatureNames": ["id"]}
    answer = client(aws, "sagemaker-featurestore-runtime").batch_get_record(
        Identifiers=[{"FeatureGroupName": name, **wanted} for name in ("batch", "nobody")]
    )
    assert [record(id="1"), record(id="2")] == [found["Record"] for found in answer["Records"]]
    assert {("nobody", name) for name in ("1", "2", "9")} == {
        (error["FeatureGroupName"], error["RecordIdentifierValueAsString"]) for error in answer["Errors"]
    }


def test_only_an_online_store_is_read(aws: EmbeddedAWS) -> None:
    """A group without an online store takes records and gives none back; a store that it lacks is refused."""
    place = {"S3StorageConfig": {"S3Uri": f"s3://{aws.default_bucket}/offline"}}
    feature_group(aws, "offline", OnlineStoreConfig={"EnableOnlineStore": False}, OfflineStoreConfig=place)
    put(aws, "offline", id="1", at=NOON)
    assert ("ValidationError", 400) == refused(lambda: get(aws, "offline"))
    online = {"TargetStores": ["OnlineStore"]}
    assert ("ValidationError", 400) == refused(lambda: put(aws, "offline", options=online, id="1", at=NOON))


def test_a_group_made_anew_is_empty(aws: EmbeddedAWS) -> None:
    """Records end with their feature group."""
    feature_group(aws, "anew")
    put(aws, "anew", id="1", at=NOON)
    client(aws, "sagemaker").delete_feature_group(FeatureGroupName="anew")
    assert ("ResourceNotFound", 404) == refused(lambda: get(aws, "anew"))
    feature_group(aws, "anew")
    assert {} == get(aws, "anew")


@pytest.mark.sdk(3)  # the environment of a botocore that has these operations
def test_records_are_listed_updated_and_written_in_batches(aws: EmbeddedAWS) -> None:
    """Identifiers come page by page; an update changes what it names, and none is older than its record."""
    runtime = client(aws, "sagemaker-featurestore-runtime")
    feature_group(aws, "newer", OnlineStoreConfig={"EnableOnlineStore": True, "StorageType": "InMemory"})
    entries = [{"FeatureGroupName": "newer", "Record": record(id=name, at=NOON, age="1")} for name in "123"]
    entries.append({"FeatureGroupName": "newer", "Record": record(id="4")})
    (error,) = runtime.batch_write_record(Entries=entries)["Errors"]
    assert (entries[3], "ValidationError") == (error["Entry"], error["ErrorCode"])
    first = runtime.list_records(FeatureGroupName="newer", MaxResults=2)
    rest = runtime.list_records(FeatureGroupName="newer", NextToken=first["NextToken"])
    assert (["1", "2"], ["3"]) == (first["RecordIdentifiers"], rest["RecordIdentifiers"])

    def update(identifier: str, **values: str) -> None:
        runtime.update_record(
            FeatureGroupName="newer", RecordIdentifierValueAsString=identifier, Features=record(**values)
        )

    update("1", age="2")
    assert record(id="1", at=NOON, age="2") == get(aws, "newer")["Record"]
    assert ("ConflictException", 409) == refused(lambda: update("1", at=EARLY))
    assert ("ResourceNotFound", 404) == refused(lambda: update("9", age="2"))
    feature_group(aws, "plain")
    put(aws, "plain", id="1", at=NOON)
    in_place = partial(runtime.update_record, FeatureGroupName="plain", RecordIdentifierValueAsString="1")
    assert ("ValidationError", 400) == refused(lambda: in_place(Features=record(age="2")))


def test_a_secured_session_puts_records(aws: EmbeddedAWS) -> None:
    """Records go through a secured session as the role, like everything else."""
    feature_group(aws, "secured")
    runtime: Any = aws.session().client("sagemaker-featurestore-runtime")
    runtime.put_record(FeatureGroupName="secured", Record=record(id="1", at=NOON))
    assert get(aws, "secured")
    request = aws.calls.last("PutRecord").request
    assert request is not None
    assert "assumed-role/ml-launcher/embedded-aws" == request.principal
