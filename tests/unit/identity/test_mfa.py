"""MFA: who is asked for the code, how often, and what is told of it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from secure_sagemaker import IdentityError, SecureSession, mfa_command, mfa_prompt
from tests.unit.baseline.stated import KEY
from tests.unit.identity.test_credentials import in_threads, with_role
from tests.unit.identity.test_refresh import Time
from tests.unit.secured import BY_ALIAS, training_job
from tests.unit.secured import secured as made
from tests.wire import MFA_KEY, NEAR, USER_KEY, Answer, Sent, Wire, refuses, says

DEVICE = "arn:aws:iam::111122223333:mfa/jane"
MFA = f'mfa_serial = "{DEVICE}"'
WRONG = "MultiFactorAuthentication failed with invalid MFA one time pass code."


def secured(wire: Wire, text: str, **options: Any) -> SecureSession:
    """A session of a user with keys of their own."""
    return made(wire, text, **{"source": wire.user(), **options})


class Codes:
    """A device, or a person: the codes that are given, and how many were asked for."""

    def __init__(self, *codes: str) -> None:
        self._codes: Iterator[str] = iter(codes)
        self.asked = 0

    def __call__(self) -> str:
        self.asked += 1
        return next(self._codes)


def takes(wire: Wire, right: str) -> None:
    """Have STS take one code alone."""
    answered = wire.answers["GetSessionToken"]

    def checked(sent: Sent) -> Answer:
        given = sent.form["TokenCode"]
        return (answered if given == right else refuses("AccessDenied", WRONG, status=403))(sent)

    wire.answers["GetSessionToken"] = checked


def test_mfa_is_asked_for_once(wire: Wire) -> None:
    """A code is good for one call: it buys a session token that every AssumeRole is signed with, refreshes too."""
    codes = iter(["111111"])
    wire.lifetimes = [NEAR]
    session = secured(wire, with_role(MFA, BY_ALIAS), mfa_token=lambda: next(codes))
    wire.answers["DescribeKey"] = says({"KeyMetadata": {"Arn": KEY, "KeyState": "Enabled"}})
    session.client("sagemaker").create_training_job(**training_job())
    session.client("sagemaker").list_models()
    session.client("sagemaker").list_models()
    asked = wire.one("GetSessionToken")
    assert (DEVICE, "111111") == (asked.form["SerialNumber"], asked.form["TokenCode"])
    assert USER_KEY == asked.access_key_id
    assert len(wire.of("AssumeRole")) >= 2  # for itself, for its look-ups, and anew before it expires
    assert {MFA_KEY} == {sent.access_key_id for sent in wire.of("AssumeRole")}
    assert [] == [sent for sent in wire.of("AssumeRole") if "TokenCode" in sent.form]


def test_mfa_without_a_way_to_ask_is_an_error(wire: Wire) -> None:
    """A device that nobody can be asked for is refused by name, before STS is called."""
    client = secured(wire, with_role(MFA)).client("sagemaker")
    with pytest.raises(IdentityError, match="mfa/jane") as caught:
        client.list_models()
    assert "mfa_token=" in caught.value.remedy
    assert [] == wire.requests


def test_a_wrong_code_may_be_corrected(wire: Wire) -> None:
    """Who mistypes, or is late, is asked again; what is no code is not even sent."""
    takes(wire, "333333")
    codes = Codes("12345", "222222", "333333")
    secured(wire, with_role(MFA), mfa_token=codes).client("sagemaker").list_models()
    assert 3 == codes.asked
    assert ["222222", "333333"] == [sent.form["TokenCode"] for sent in wire.of("GetSessionToken")]


def test_three_wrong_codes_end_it(wire: Wire) -> None:
    """Then the call fails, and so does every later one, whatever its thread, without another question."""
    takes(wire, "999999")
    codes = Codes("111111", "222222", "333333", "999999")
    client = secured(wire, with_role(MFA), mfa_token=codes).client("sagemaker")
    failed = in_threads(client.list_models)
    assert {IdentityError} == {type(error) for error in failed}
    assert 3 == codes.asked
    assert [] == wire.of("AssumeRole")
    with pytest.raises(IdentityError, match="three codes were wrong") as caught:
        client.list_models()
    assert "Make a new session" in caught.value.remedy


def test_the_same_code_is_not_tried_twice(wire: Wire) -> None:
    """A program that gives the refused code again is not asked a third time."""
    takes(wire, "999999")
    codes = Codes("111111", "111111", "999999")
    with pytest.raises(IdentityError, match="the same code was given again"):
        secured(wire, with_role(MFA), mfa_token=codes).client("sagemaker").list_models()
    assert 1 == len(wire.of("GetSessionToken"))


def test_other_refusals_are_not_taken_for_a_wrong_code(wire: Wire) -> None:
    """Temporary credentials cannot give MFA: that is told at once, and nobody is asked again."""
    cannot = "Cannot call GetSessionToken with session credentials"
    wire.answers["GetSessionToken"] = refuses("AccessDenied", cannot, status=403)
    codes = Codes("111111", "222222")
    with pytest.raises(IdentityError, match=cannot) as caught:
        secured(wire, with_role(MFA), mfa_token=codes).client("sagemaker").list_models()
    assert "leave role.mfa_serial out" in caught.value.remedy
    assert 1 == codes.asked


def test_a_code_is_asked_for_again_when_mfa_is_too_old(wire: Wire) -> None:
    """As long as MFA is good it serves every refresh; nobody is asked before it ends."""
    time = Time()
    wire.clock = time
    codes = Codes("111111", "222222")
    client = secured(wire, with_role(MFA), mfa_token=codes, clock=time).client("sagemaker")
    for _ in range(12):
        client.list_models()
        time.passes(minutes=59)
    assert 1 == codes.asked
    time.passes(minutes=59)
    client.list_models()
    assert 2 == codes.asked


def test_the_baseline_says_how_old_mfa_may_be(wire: Wire) -> None:
    """The session token lives as long as MFA may be old, and not longer."""
    text = with_role(f"{MFA}\nmfa_max_age_seconds = 3600")
    secured(wire, text, mfa_token=Codes("111111")).client("sagemaker").list_models()
    assert "3600" == wire.one("GetSessionToken").form["DurationSeconds"]


def test_a_command_tells_the_code(wire: Wire) -> None:
    """Its last line is the code. No shell reads its arguments."""
    told = mfa_command(
        sys.executable, "-c", "import sys; print('Code:'); print(sys.argv[1][-6:])", "$(x);123456"
    )
    secured(wire, with_role(MFA), mfa_token=told).client("sagemaker").list_models()
    assert "123456" == wire.one("GetSessionToken").form["TokenCode"]


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("print(111111 + 12345); raise SystemExit(3)", "exit code 3"),
        ("import signal; signal.pause()", "TimeoutExpired"),
    ],
    ids=["fails", "hangs"],
)
def test_a_command_that_fails_is_named_and_not_quoted(program: str, why: str, wire: Wire) -> None:
    """The error says which program and how it ended; what it printed may be a code."""
    told = mfa_command(sys.executable, "-c", program, timeout=0.5)
    with pytest.raises(IdentityError, match=why) as caught:
        secured(wire, with_role(MFA), mfa_token=told).client("sagemaker").list_models()
    assert "123456" not in f"{caught.value}{caught.value.__context__!r}{caught.value.__cause__!r}"
    assert [] == wire.requests


def test_a_command_that_is_not_there_is_named(wire: Wire) -> None:
    """As any other that fails."""
    with pytest.raises(IdentityError, match="no-such-program"):
        secured(wire, with_role(MFA), mfa_token=mfa_command("no-such-program")).client(
            "sagemaker"
        ).list_models()


def test_a_prompt_needs_a_terminal(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody can answer, nothing waits for an answer."""
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)
    with pytest.raises(IdentityError, match="terminal") as caught:
        secured(wire, with_role(MFA), mfa_token=mfa_prompt).client("sagemaker").list_models()
    assert "mfa_command" in caught.value.remedy


def test_codes_are_told_nowhere(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    """Neither a record, nor a log line of ours, nor an error or its context has a code in it."""
    caplog.set_level(logging.DEBUG, "secure_sagemaker")
    takes(wire, "999999")
    codes = ("918273", "827364", "736455")
    session = secured(wire, with_role(MFA), mfa_token=Codes(*codes))
    with pytest.raises(IdentityError) as caught:
        session.client("sagemaker").list_models()
    told = f"{caught.value}{caught.value.__context__}{caught.value.remedy}{session!r}{session.report()}{caplog.text}"
    assert [] == [code for code in codes if code in told]
