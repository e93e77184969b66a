"""Between the decision and the request: what comes, changes or is replaced is looked at once more."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from secure_sagemaker import ControlError, SecureSession
from tests.integration.macie import CLEAN, TABLE
from tests.integration.macie_gate.gated import Gated, sagemaker

pytestmark = pytest.mark.once

JOB = "sagemaker.CreateTrainingJob"


def between(session: SecureSession, event: str, do: Callable[..., object]) -> None:
    """Have something happen at a moment of every training call, by a handler that hands on nothing."""

    def handler(**arguments: Any) -> None:
        do(**arguments)

    session.events.register(f"{event}.{JOB}", handler)


@pytest.fixture
def folder(gated: Gated) -> str:
    """Data that is known to be clear."""
    folder = gated.folder()
    gated.put(f"{folder}one.csv", CLEAN)
    gated.session().scan([gated.uri(folder)])
    gated.aws.forget_requests()
    return folder


@pytest.mark.parametrize(
    ("mode", "event"),
    [
        ("require", "provide-client-params"),  # before the decision, where "scan" would read it first
        *product(("require", "scan"), ("before-parameter-build", "before-call")),
    ],
)
@pytest.mark.parametrize("name", ["late.csv", "one.csv"], ids=["added", "changed"])
def test_an_object_that_comes_meanwhile_is_refused_by_name(
    gated: Gated, folder: str, mode: str, event: str, name: str
) -> None:
    """Whether it is new or written again, and whoever puts it there: nothing is sent, and the record says so once."""
    session = gated.own_session(mode=mode)
    between(session, event, lambda **_: gated.put(f"{folder}{name}", b"x,y\n3,4\n"))
    with pytest.raises(ControlError, match=rf"objects have no fresh verdict: .*{folder}{name}") as caught:
        gated.train(session, gated.uri(folder))
    if event != "provide-client-params":
        assert "since it was looked at for this call" in caught.value.got
    gated.refused("CreateTrainingJob")
    assert "CreateClassificationJob" not in gated.asked("macie2")


def test_an_object_that_goes_meanwhile_is_nobodys_loss(gated: Gated, folder: str) -> None:
    """What is left is known; where nothing is left, nothing is."""
    gated.put(f"{folder}two.csv", CLEAN)
    session = gated.own_session(mode="scan")
    left = [f"{folder}one.csv", f"{folder}two.csv"]
    drop = gated.s3.delete_object
    between(session, "before-call", lambda **_: drop(Bucket=gated.aws.data_bucket, Key=left.pop()))
    gated.train(session, gated.uri(folder))
    with pytest.raises(ControlError, match="nothing lies there"):
        gated.train(session, gated.uri(folder))


def test_another_location_than_was_decided_on_is_looked_at(gated: Gated, folder: str) -> None:
    """A handler after ours that has the job read elsewhere gets what is said of that."""
    other = gated.folder()
    gated.put(f"{other}people.csv", TABLE)
    session = gated.own_session()

    def elsewhere(*, params: Any, **_: object) -> None:
        params["InputDataConfig"] = gated.training("x", gated.uri(other))["InputDataConfig"]

    between(session, "before-parameter-build", elsewhere)
    with pytest.raises(ControlError, match=r"have no fresh verdict: .*people\.csv"):
        gated.train(session, gated.uri(folder))
    gated.refused("CreateTrainingJob")
    session.scan([gated.uri(other)])
    with pytest.raises(ControlError, match=r"hold what is not accepted: .*people\.csv"):
        gated.train(session, gated.uri(folder))


def test_an_input_that_is_added_is_looked_at(gated: Gated, folder: str) -> None:
    """A request that named no data when it was decided on is held to what it names in the end."""
    session = gated.own_session()
    inputs = gated.training("x", gated.uri(gated.folder()))["InputDataConfig"]
    between(session, "before-parameter-build", lambda *, params, **_: params.update(InputDataConfig=inputs))
    request = gated.training("x", gated.uri(folder))
    del request["InputDataConfig"]
    with pytest.raises(ControlError, match="nothing lies there"):
        sagemaker(session).create_training_job(**request)
    gated.refused("CreateTrainingJob")


def test_a_safeguard_that_is_taken_away_is_missed(gated: Gated) -> None:
    """A handler after ours that gives the containers a network again has the call refused."""
    folder = gated.folder()
    gated.put(f"{folder}people.csv", TABLE)
    accept = {"category": "PERSONAL_INFORMATION", "under": ["network-isolation"]}
    classes = {"people": {"places": [gated.uri(folder)], "accept": [accept]}}
    session = gated.own_session(layer={"network_isolation": {"training": "off"}}, classes=classes)
    session.scan([gated.uri(folder)])
    gated.train(session, gated.uri(folder))
    between(session, "before-parameter-build", lambda *, params, **_: params.pop("EnableNetworkIsolation"))
    with pytest.raises(ControlError, match="network-isolation"):
        gated.train(session, gated.uri(folder))
    (sent,) = gated.sent("CreateTrainingJob")
    assert sent["EnableNetworkIsolation"] is True


def test_what_comes_meanwhile_may_ask_for_more(gated: Gated, folder: str) -> None:
    """Data that is accepted under a safeguard, and comes after the decision, is refused: the call does not have it."""
    guarded = {"category": "PERSONAL_INFORMATION", "under": ["network-isolation"]}
    classes = {"people": {"places": [gated.uri(folder)], "accept": [guarded]}}
    session = gated.own_session(layer={"network_isolation": {"training": "off"}}, classes=classes)
    gated.put(f"{folder}people.csv", TABLE)
    session.scan([gated.uri(folder)])
    gated.s3.delete_object(Bucket=gated.aws.data_bucket, Key=f"{folder}people.csv")
    between(session, "before-call", lambda **_: gated.put(f"{folder}people.csv", TABLE))
    with pytest.raises(ControlError, match="something came that is accepted only under network-isolation"):
        gated.train(session, gated.uri(folder))
    gated.refused("CreateTrainingJob")
