"""Whose keys assume the role: temporary ones, or keys that MFA was given for, unless the baseline excuses others."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from secure_sagemaker import AuditError, ControlError, ControlId, IdentityError, Outcome, SecureSession
from secure_sagemaker.controls import Action
from tests.unit.baseline.stated import COMPLETE
from tests.unit.identity.test_credentials import with_role
from tests.unit.identity.test_refresh import Time
from tests.unit.secured import Records, secured
from tests.wire import MFA_KEY, REGION, USER_KEY, Wire, refuses

OBSERVED = f'{COMPLETE}\n[modes]\nsource-credentials = "observe"\n'
LAST_DAY = datetime(2026, 11, 30, 12, tzinfo=UTC)
WAIVED = f"""{COMPLETE}
[[waivers]]
control = "source-credentials"
operations = ["AssumeRole"]
resources = ["ml-launcher"]
reason = "the build server cannot sign in yet"
ticket = "SEC-7"
approver = "jane.doe"
expires = 2026-11-30
"""


def of_a_user(wire: Wire, text: str = COMPLETE, **options: Any) -> SecureSession:
    """A session whose source is a user's own access key."""
    return secured(wire, text, source=wire.user(), **options)


def refusal(session: SecureSession) -> ControlError:
    with pytest.raises(ControlError) as caught:
        session.client("sagemaker").list_models()
    return caught.value


@pytest.mark.parametrize("mode", ["refuse", "correct"])
def test_a_users_own_key_is_refused(mode: str, wire: Wire) -> None:
    """Nothing is sent, STS is not asked, and the error says what to do; there is nothing that could be corrected."""
    refused = refusal(of_a_user(wire, f'{COMPLETE}\n[modes]\nsource-credentials = "{mode}"\n'))
    assert [] == wire.requests
    assert ("sts", "AssumeRole", "source-credentials") == (
        refused.service,
        refused.operation,
        refused.control_id,
    )
    assert "aws sso login" in refused.remedy
    assert "role.mfa_serial" in refused.remedy
    assert USER_KEY not in str(refused)


def test_the_refusal_is_recorded(wire: Wire) -> None:
    """The trail has the AssumeRole that was not sent, before the call that needed it."""
    records = Records()
    refusal(of_a_user(wire, audit=records))
    assert ("AssumeRole", "refused", "source-credentials") == records.outcomes[0]
    (decision,) = records[0].decisions
    assert (ControlId.SOURCE_CREDENTIALS, Action.REFUSED) == (decision.control_id, decision.action)


def test_temporary_credentials_are_nobodys_concern(wire: Wire) -> None:
    """The role is assumed, and the trail has the call alone."""
    records = Records()
    secured(wire, audit=records).client("sagemaker").list_models()
    assert ["ListModels"] == [record.operation for record in records]


def test_a_users_own_key_with_mfa_is_let_through(wire: Wire) -> None:
    """What signs AssumeRole is what the code bought."""
    text = with_role('mfa_serial = "arn:aws:iam::111122223333:mfa/jane"')
    of_a_user(wire, text, mfa_token=lambda: "123456").client("sagemaker").list_models()
    assert [USER_KEY] == [sent.access_key_id for sent in wire.of("GetSessionToken")]
    assert [MFA_KEY] == [sent.access_key_id for sent in wire.of("AssumeRole")]


@pytest.mark.parametrize(("text", "action"), [(OBSERVED, Action.OBSERVED), (WAIVED, Action.WAIVED)])
def test_what_is_excused_assumes_and_is_recorded(text: str, action: Action, wire: Wire, time: Time) -> None:
    """Observing or waived, the key assumes the role, and each AssumeRole leaves a record of it."""
    time.now = LAST_DAY
    records = Records()
    session = of_a_user(wire, text, audit=records, clock=time)
    client = session.client("sagemaker")
    client.list_models()
    time.passes(hours=2)
    client.list_models()
    told = [record for record in records if record.operation == "AssumeRole"]
    assert 2 == len(wire.of("AssumeRole")) == len(told)
    assert {(Outcome.SUCCEEDED, "sts", "eu-west-1")} == {
        (record.outcome, record.service, record.region) for record in told
    }
    assert {action} == {decision.action for record in told for decision in record.decisions}
    assert [wire.request_id(sent) for sent in wire.of("AssumeRole")] == [record.request_id for record in told]
    assert ("SEC-7" in str(told[0].as_dict())) is (action is Action.WAIVED)
    assert action.value in str(session.report())


@pytest.fixture
def time(wire: Wire) -> Time:
    """One clock for the machine and for AWS."""
    time = Time()
    wire.clock = time
    return time


def test_a_waiver_ends(wire: Wire, time: Time) -> None:
    """A session that is open when it expires goes on with what it has, and is refused fresh credentials."""
    time.now = LAST_DAY
    client = of_a_user(wire, WAIVED, clock=time).client("sagemaker")
    client.list_models()
    time.passes(hours=13)
    with pytest.raises(ControlError):
        client.list_models()
    assert 1 == len(wire.of("AssumeRole"))


@pytest.mark.parametrize(
    "other",
    [
        ('resources = ["ml-launcher"]', 'resources = ["other-*"]'),
        ('operations = ["AssumeRole"]', 'operations = ["CreateModel"]'),
        ('control = "source-credentials"', 'control = "remote-access"'),
        ('resources = ["ml-launcher"]', 'resource_tags = { team = "churn" }'),
    ],
    ids=["role", "operation", "control", "session-tags"],
)
def test_another_waiver_excuses_nothing(other: tuple[str, str], wire: Wire, time: Time) -> None:
    """It holds for AssumeRole, for the role that it names, and for the session tags that it asks for."""
    time.now = LAST_DAY
    refusal(of_a_user(wire, WAIVED.replace(*other), clock=time))
    assert [] == wire.requests


def test_a_failed_attempt_is_recorded_as_that(wire: Wire) -> None:
    """STS's own refusal of an excused key is in the trail too."""
    records = Records()
    wire.answers["AssumeRole"] = refuses("AccessDenied", status=403)
    with pytest.raises(IdentityError):
        of_a_user(wire, OBSERVED, audit=records).client("sagemaker").list_models()
    assert ("AssumeRole", "failed", "IdentityError") == records.outcomes[0]
    assert wire.request_id(wire.one("AssumeRole")) == records[0].request_id


def test_what_cannot_be_recorded_is_not_excused(wire: Wire) -> None:
    """Where the trail is gone, an excused key asks STS for nothing."""
    records = Records()
    session = of_a_user(wire, OBSERVED, audit=records)
    records.failing = True
    credentials = session.get_credentials()
    assert credentials is not None
    with pytest.raises(AuditError):
        credentials.get_frozen_credentials()
    assert [] == wire.requests


def test_what_is_kept_for_other_processes_excuses_nobody(wire: Wire, tmp_path: Path) -> None:
    """Credentials that a session of an observing baseline has kept are not given to one that refuses."""
    folder = tmp_path / "kept"
    of_a_user(wire, OBSERVED, credential_cache=folder).client("sagemaker").list_models()
    before = len(wire.requests)
    refusal(of_a_user(wire, credential_cache=folder))
    assert before == len(wire.requests)


def test_verify_tells_the_source(wire: Wire, time: Time) -> None:
    """It names where the credentials were found, of what kind their key is, and the age of the MFA code."""
    time.now, device = LAST_DAY, "arn:aws:iam::111122223333:mfa/jane"
    temporary = secured(wire, clock=time).verify()
    assert ("explicit", "temporary", None) == (temporary.source, temporary.source_key, temporary.mfa_device)
    text = with_role(f'mfa_serial = "{device}"\nmfa_max_age_seconds = 7200')
    session = of_a_user(wire, text, mfa_token=lambda: "123456", clock=time)
    assert 0 == session.verify().mfa_age_seconds
    time.passes(minutes=5)
    verified = session.verify()
    assert ("explicit", "long-lived", device, 300) == (
        verified.source,
        verified.source_key,
        verified.mfa_device,
        verified.mfa_age_seconds,
    )
    assert f"MFA by {device}, given 300 seconds ago" in str(verified)


def test_verify_tells_what_narrows_it(wire: Wire) -> None:
    """The managed policies that the session is given are named."""
    policy = "arn:aws:iam::111122223333:policy/guardrail"
    verified = secured(wire, f'{COMPLETE}\n[session_policy]\npolicy_arns = ["{policy}"]\n').verify()
    assert (policy,) == verified.policy_arns
    assert f"narrowed   {policy}" in str(verified)


def test_a_source_that_is_the_role_already_is_no_way_round(wire: Wire) -> None:
    """The role is assumed again with the policies of the baseline, and nothing else is signed by what came before."""
    policy = "arn:aws:iam::111122223333:policy/guardrail"
    text = f'{COMPLETE}\n[session_policy]\npolicy_arns = ["{policy}"]\n'
    first = secured(wire)
    first.client("sagemaker").list_models()
    secured(wire, text, source=_plain(first)).client("sagemaker").list_models()
    own, again = wire.of("AssumeRole")
    assert "ASIASESSION00000" == again.access_key_id
    assert (None, policy) == tuple(sent.form.get("PolicyArns.member.1.arn") for sent in (own, again))
    assert "ASIASESSION00001" == wire.of("ListModels")[-1].access_key_id


def _plain(session: SecureSession) -> boto3.Session:
    """A plain session with the credentials of a secure one."""
    held = session.get_credentials()
    assert held is not None
    frozen = held.get_frozen_credentials()
    return boto3.Session(frozen.access_key, frozen.secret_key, frozen.token, region_name=REGION)
