"""When the role is assumed again, what while STS does not answer, and what the machine's clock has to do with it."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import boto3
import botocore.session
import pytest
from botocore.credentials import CredentialProvider, CredentialResolver, Credentials

from secure_sagemaker import IdentityError, SecureSession
from tests.unit.forked import in_child, status
from tests.unit.identity.test_credentials import in_threads, with_role
from tests.unit.secured import secured
from tests.wire import REGION, SOON, SOURCE_KEY, SOURCE_SECRET, Answer, Sent, Wire, refuses

STORM = 64


@dataclass
class Time:
    """A machine's clock, which only the test turns."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def time(wire: Wire) -> Time:
    """One clock for the machine and for AWS."""
    time = Time()
    wire.clock = time
    return time


def assumed(wire: Wire) -> int:
    return len(wire.of("AssumeRole"))


@pytest.mark.parametrize(
    ("duration", "kept", "refreshed"),
    [(900, 7, 8), (1800, 14, 16), (3600, 44, 46), (43200, 704, 706)],
    ids=["quarter-of-an-hour", "half-an-hour", "hour", "twelve-hours"],
)
def test_credentials_serve_most_of_their_life(
    duration: int, kept: int, refreshed: int, wire: Wire, time: Time
) -> None:
    """They are refreshed a quarter of an hour before their end, the shortest at half their life, and not before."""
    wire.lifetimes = [timedelta(seconds=duration)] * 2
    client = secured(wire, with_role(f"duration_seconds = {duration}"), clock=time).client("sagemaker")
    client.list_models()
    time.passes(minutes=kept)
    client.list_models()
    assert 1 == assumed(wire)
    time.passes(minutes=refreshed - kept)
    client.list_models()
    assert 2 == assumed(wire)


def test_sixty_four_threads_across_an_expiry_assume_the_role_once(wire: Wire, time: Time) -> None:
    """However many sign at the moment when credentials have ended, one asks, and all sign with what it was given."""
    client = secured(wire, clock=time).client("sagemaker")
    client.list_models()
    time.passes(hours=2)
    assert [] == in_threads(client.list_models, STORM)
    assert 2 == assumed(wire)
    assert {"ASIASESSION00001"} == {sent.access_key_id for sent in wire.of("ListModels")[1:]}


def outage(wire: Wire, code: str = "ServiceUnavailable") -> None:
    wire.answers["AssumeRole"] = refuses(code, status=403)  # which botocore does not retry


@pytest.mark.parametrize("code", ["ServiceUnavailable", "Throttling"])
def test_an_outage_of_sts_does_not_stop_who_has_credentials(code: str, wire: Wire, time: Time) -> None:
    """What is good goes on signing until two minutes before its end; then calls fail, and nothing ambient steps in."""
    client = secured(wire, clock=time).client("sagemaker")
    client.list_models()
    outage(wire, code)
    for minutes in (50, 7):
        time.passes(minutes=minutes)
        client.list_models()
    assert {"ASIASESSION00000"} == {sent.access_key_id for sent in wire.of("ListModels")}
    time.passes(minutes=1.5)
    with pytest.raises(IdentityError, match=code):
        client.list_models()
    assert 3 == len(wire.of("ListModels"))


def test_an_outage_is_not_made_worse(wire: Wire, time: Time) -> None:
    """After a failed attempt the next ones come at growing intervals, of a minute at most."""
    client = secured(wire, clock=time).client("sagemaker")
    client.list_models()
    outage(wire)
    time.passes(minutes=46)
    attempts = []
    for _ in range(240):
        before = assumed(wire)
        client.list_models()
        time.passes(seconds=1)
        if assumed(wire) > before:
            attempts.append(time.now)
    between = [round((later - earlier).total_seconds()) for earlier, later in itertools.pairwise(attempts)]
    assert [2, 4, 8, 16, 32, 60, 60] == between


def test_after_an_outage_all_is_as_before(wire: Wire, time: Time) -> None:
    """One answer of STS ends it: fresh credentials, and the next time of trouble begins with short intervals."""
    client = secured(wire, clock=time).client("sagemaker")
    client.list_models()
    answered = wire.answers["AssumeRole"]
    outage(wire)
    time.passes(minutes=46)
    client.list_models()
    wire.answers["AssumeRole"] = answered
    time.passes(seconds=3)
    client.list_models()
    assert "ASIASESSION00001" == wire.of("ListModels")[-1].access_key_id
    before = assumed(wire)
    client.list_models()
    assert before == assumed(wire)


def test_who_interrupts_says_nothing_about_sts(wire: Wire, time: Time) -> None:
    """After Ctrl-C in the middle of a refresh the next signature asks at once; that was no outage."""
    client = secured(wire, clock=time).client("sagemaker")
    client.list_models()
    answered = wire.answers["AssumeRole"]

    def interrupted(_: Sent) -> Answer:
        raise KeyboardInterrupt

    wire.answers["AssumeRole"] = interrupted
    time.passes(minutes=46)
    with pytest.raises(KeyboardInterrupt):
        client.list_models()
    wire.answers["AssumeRole"] = answered
    client.list_models()
    assert "ASIASESSION00001" == wire.of("ListModels")[-1].access_key_id


@pytest.mark.parametrize("minutes", [-4, 4], ids=["slow", "fast"])
def test_a_wrong_clock_neither_outlives_credentials_nor_storms(minutes: int, wire: Wire, time: Time) -> None:
    """Their end is reckoned by AWS's clock, which its answers tell."""
    wrong = Time(time.now + timedelta(minutes=minutes))
    wire.lifetimes = [SOON]
    client = secured(wire, clock=wrong).client("sagemaker")
    client.list_models()
    outage(wire)
    for passed in (2, 0.9):  # 2.1 minutes before the end
        time.passes(minutes=passed)
        wrong.passes(minutes=passed)
        client.list_models()
    time.passes(minutes=0.2)
    wrong.passes(minutes=0.2)
    with pytest.raises(IdentityError):
        client.list_models()


@pytest.mark.parametrize(("minutes", "which"), [(-11, "slow"), (11, "fast")])
def test_a_clock_that_no_signature_survives_is_named(
    minutes: int, which: str, wire: Wire, time: Time
) -> None:
    """STS's refusal of the signature becomes an error that says by how much the clock is wrong."""
    wire.answers["AssumeRole"] = refuses("SignatureDoesNotMatch", "Signature expired", status=403)
    wrong = Time(time.now + timedelta(minutes=minutes))
    with pytest.raises(IdentityError) as caught:
        secured(wire, clock=wrong).client("sagemaker").list_models()
    assert f"seconds {which}" in caught.value.remedy


class OfARole(CredentialProvider):
    """A provider whose credentials are a role's."""

    METHOD = "iam-role"
    CANONICAL_NAME = None

    def load(self) -> Credentials:
        return Credentials(SOURCE_KEY, SOURCE_SECRET, "token", method=self.METHOD)


def instance() -> boto3.Session:
    """A session on a machine that has a role."""
    core = botocore.session.Session()
    core.register_component("credential_provider", CredentialResolver([OfARole()]))
    return boto3.Session(botocore_session=core, region_name=REGION)


def test_the_hour_of_a_chained_role_is_known_in_advance(wire: Wire) -> None:
    """From a role nothing longer is asked for: STS would refuse it, and is not called."""
    client = secured(wire, with_role("duration_seconds = 7200"), source=instance()).client("sagemaker")
    with pytest.raises(IdentityError, match=r"7200 seconds.*iam-role.*3600") as caught:
        client.list_models()
    assert "role.duration_seconds" in caught.value.remedy
    assert [] == wire.requests
    secured(wire, source=instance()).client("sagemaker").list_models()
    assert 1 == assumed(wire)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_fork_in_the_middle_of_a_refresh_has_no_lock_to_wait_for(wire: Wire, time: Time) -> None:
    """A child that was forked while a thread assumed the role assumes it by itself, and does not hang."""
    session = secured(wire, clock=time)
    client = session.client("sagemaker")
    answered, children = wire.answers["AssumeRole"], list[int]()

    def fork_first(sent: Sent) -> Answer:
        wire.answers["AssumeRole"] = answered
        children.append(in_child(lambda: _signs(session)))
        return answered(sent)

    wire.answers["AssumeRole"] = fork_first
    client.list_models()
    assert [0] == [status(child) for child in children]


def _signs(session: SecureSession) -> bool:
    credentials = session.get_credentials()
    return credentials is not None and credentials.get_frozen_credentials().access_key.startswith(
        "ASIASESSION"
    )
