"""What counts as an input's objects: by prefix, by manifest, by name; and what lies where Macie does not read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secure_sagemaker import ControlError, SecureSageMakerError
from secure_sagemaker.exceptions import ScanError
from tests.integration.macie import CLEAN, TABLE
from tests.integration.macie_gate.gated import Gated, channel

pytestmark = pytest.mark.once


def manifest(gated: Gated, folder: str, *names: str) -> str:
    """A manifest of objects of a folder, and where it lies."""
    key = f"lists/{folder}list.json"
    gated.put(key, json.dumps([{"prefix": gated.uri(folder)}, *names]).encode())
    return gated.uri(key)


def augmented(gated: Gated, folder: str, *names: str) -> str:
    """An augmented manifest that refers to objects of a folder, and where it lies."""
    key = f"lists/{folder}list.jsonl"
    lines = [json.dumps({"source-ref": gated.uri(f"{folder}{name}"), "label": 1}) for name in names]
    gated.put(key, "\n".join(lines).encode())
    return gated.uri(key)


def start(gated: Gated, session: Any, uri: str, kind: str, **members: Any) -> None:
    gated.train(session, uri, InputDataConfig=[channel(uri, kind, **members)])


def test_a_prefix_is_no_folder(gated: Gated) -> None:
    """Without a slash at its end it names whatever begins so: a neighbour's data is read too, and is looked at."""
    base = gated.folder().rstrip("/")
    gated.put(f"{base}/part.csv", CLEAN)
    gated.put(f"{base}-people/x.csv", TABLE)
    session = gated.session()
    session.scan([gated.uri(f"{base}/")])
    gated.train(session, gated.uri(f"{base}/"))
    with pytest.raises(ControlError, match=rf"1 of 2 objects have no fresh verdict: .*{base}-people/x\.csv"):
        gated.train(session, gated.uri(base))
    session.scan([gated.uri(base)])
    with pytest.raises(ControlError, match=r"1 of 2 objects hold what is not accepted: .*people/x\.csv"):
        gated.train(session, gated.uri(base))


def test_of_a_manifest_the_listed_objects_count(gated: Gated) -> None:
    """What lies beside them is another's; each that it lists needs a verdict, and one that is missing is named."""
    folder = gated.folder()
    gated.put(f"{folder}one.csv", CLEAN)
    gated.put(f"{folder}two.csv", CLEAN)
    gated.put(f"{folder}people.csv", TABLE)
    session = gated.session(mode="scan")
    start(gated, session, manifest(gated, folder, "one.csv", "two.csv"), "ManifestFile")
    with pytest.raises(ControlError, match=r"1 of 2 objects hold what is not accepted: .*people\.csv"):
        start(gated, session, manifest(gated, folder, "one.csv", "people.csv"), "ManifestFile")
    with pytest.raises(
        ScanError, match=rf"names what is not there: {gated.uri(folder)}gone\.csv\n"
    ) as caught:
        start(gated, session, manifest(gated, folder, "one.csv", "gone.csv"), "ManifestFile")
    assert "deleted" in caught.value.remedy
    assert 1 == len(gated.sent("CreateTrainingJob"))


def test_of_an_augmented_manifest_its_own_lines_count_too(gated: Gated) -> None:
    """The file itself holds data, the objects that it refers to as well, and one that is missing is named."""
    folder = gated.folder()
    gated.put(f"{folder}one.csv", CLEAN)
    gated.put(f"{folder}people.csv", TABLE)
    session = gated.session(mode="scan")
    names = {"AttributeNames": ["source-ref", "label"]}
    start(gated, session, augmented(gated, folder, "one.csv"), "AugmentedManifestFile", **names)
    with pytest.raises(ControlError, match=r"1 of 2 objects hold what is not accepted: .*people\.csv"):
        start(gated, session, augmented(gated, folder, "people.csv"), "AugmentedManifestFile", **names)
    with pytest.raises(ScanError, match=r"names what is not there: .*gone\.csv"):
        start(gated, session, augmented(gated, folder, "gone.csv"), "AugmentedManifestFile", **names)
    own = f"{json.dumps({'ssn': '219-09-9999', 'note': 'social security number 219-09-9999'})}\n"
    gated.put(f"lists/{folder}own.jsonl", own.encode())
    with pytest.raises(ControlError, match=r"1 of 1 objects hold what is not accepted: .*own\.jsonl"):
        start(
            gated,
            session,
            gated.uri(f"lists/{folder}own.jsonl"),
            "AugmentedManifestFile",
            AttributeNames=["note"],
        )
    assert 1 == len(gated.sent("CreateTrainingJob"))


@pytest.mark.parametrize("make", [manifest, augmented])
def test_a_manifest_hides_nothing_from_where_it_lies(gated: Gated, make: Any) -> None:
    """In a folder whose data needs no verdict it may list what does."""
    folder = gated.folder()
    gated.put(f"{folder}people.csv", TABLE)
    classes = {"lists": {"places": [gated.uri("lists/")], "scan": False}}
    session = gated.session(mode="require", classes=classes)
    kind = "ManifestFile" if make is manifest else "AugmentedManifestFile"
    names = {} if make is manifest else {"AttributeNames": ["source-ref"]}
    with pytest.raises(ControlError, match=r"have no fresh verdict: .*people\.csv"):
        start(gated, session, make(gated, folder, "people.csv"), kind, **names)
    gated.refused("CreateTrainingJob")


def test_data_that_needs_no_verdict_is_not_listed(gated: Gated) -> None:
    """A class says so of its places, and of them alone."""
    folder = gated.folder()
    gated.put(f"{folder}free/people.csv", TABLE)
    gated.put(f"{folder}other.csv", CLEAN)
    classes = {"free": {"places": [gated.uri(f"{folder}free/")], "scan": False}}
    session = gated.session(classes=classes)
    gated.aws.forget_requests()
    gated.train(session, gated.uri(f"{folder}free/"))
    assert [] == gated.asked("s3", "macie2")
    with pytest.raises(ControlError, match=r"1 of 2 objects have no fresh verdict: .*other\.csv"):
        gated.train(session, gated.uri(folder))


def test_an_empty_prefix_is_refused(gated: Gated) -> None:
    """Of what is not there nothing is known, and it may come any time."""
    session = gated.session(mode="scan")
    with pytest.raises(ControlError, match=r"\(absent\): nothing lies there") as caught:
        gated.train(session, gated.uri(gated.folder()))
    assert "put the data there first" in caught.value.remedy
    assert [] == gated.asked("macie2")
    gated.refused("CreateTrainingJob")


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("churn--euw1-az1--x-s3", "it lies in a directory bucket"),
        ("arn:aws:s3:eu-west-1:111122223333:accesspoint/churn", "it is named by an access point"),
    ],
)
def test_where_macie_does_not_read(gated: Gated, place: str, why: str) -> None:
    """Directory buckets and access points are told as unreadable, to a call and to a scan, and nobody is asked."""
    read = {**gated.baseline().model_dump()["data_perimeter"]["read"], place: gated.aws.account.account}
    session = gated.session(layer={"data_perimeter": {"read": read}})
    gated.aws.forget_requests()
    with pytest.raises(ControlError, match=f"unreadable: {why}"):
        gated.train(session, f"s3://{place}/churn/")
    with pytest.raises(ScanError, match=f"cannot be scanned: {why}"):
        session.scan([f"s3://{place}/churn/"])
    assert [] == gated.asked("s3", "macie2", "sagemaker")


def test_a_manifest_reaches_no_further_than_the_perimeter(gated: Gated) -> None:
    """What it lists elsewhere is refused, in observe mode told: nothing of it is asked for."""
    key = f"lists/{gated.folder()}far.json"
    gated.put(key, json.dumps([{"prefix": "s3://somebody-elses/"}, "x.csv"]).encode())
    gated.aws.forget_requests()
    with pytest.raises(SecureSageMakerError, match="somebody-elses"):
        start(gated, gated.session(), gated.uri(key), "ManifestFile")
    assert not gated.sent("CreateTrainingJob")
    start(gated, gated.session(mode="observe"), gated.uri(key), "ManifestFile")
    assert 1 == len(gated.sent("CreateTrainingJob"))
    assert {gated.aws.data_bucket} == {one["Bucket"] for one in gated.sent("ListObjectsV2")} | {
        gated.aws.data_bucket
    }
