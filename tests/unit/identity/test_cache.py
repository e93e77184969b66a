"""Credentials kept in files: for whom, how long, and who may read them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import boto3
import pytest

from secure_sagemaker import IdentityError
from tests.unit.identity.test_credentials import with_role
from tests.unit.identity.test_mfa import MFA, Codes
from tests.unit.identity.test_refresh import Time
from tests.unit.secured import BY_ALIAS, COMPLETE, KEY, secured, training_job
from tests.wire import REGION, SOURCE_SECRET, Answer, Sent, Wire, refuses, says


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "credentials"


def test_the_next_session_takes_what_was_kept(wire: Wire, folder: Path) -> None:
    """One AssumeRole serves every session of the same scope; each asks whose the key is, and signs with it."""
    for _ in range(3):
        secured(wire, credential_cache=folder).client("sagemaker").list_models()
    assert ["AssumeRole", *["GetCallerIdentity", "ListModels"] * 3] == wire.operations
    assert 1 == len({sent.access_key_id for sent in wire.of("ListModels")})


def test_nothing_is_kept_unless_it_is_asked_for(wire: Wire, folder: Path) -> None:
    """Without a folder each session assumes the role, and no file is written."""
    for _ in range(2):
        secured(wire).client("sagemaker").list_models()
    assert 2 == len(wire.of("AssumeRole"))
    assert not folder.exists()


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_only_this_user_can_read_what_is_kept(wire: Wire, folder: Path) -> None:
    """Folder and files are this user's alone, whatever the umask, and hold nothing of the source's."""
    before = os.umask(0)
    try:
        secured(wire, credential_cache=folder).client("sagemaker").list_models()
    finally:
        os.umask(before)
    (kept,) = folder.iterdir()
    assert (0o700, 0o600) == (folder.stat().st_mode & 0o777, kept.stat().st_mode & 0o777)
    assert SOURCE_SECRET not in kept.read_text()


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_folder_open_to_others_is_refused(wire: Wire, folder: Path) -> None:
    """Who can write there could have a session sign with other credentials."""
    folder.mkdir()
    folder.chmod(0o750)
    with pytest.raises(IdentityError, match="open to others") as caught:
        secured(wire, credential_cache=folder)
    assert f"chmod 700 {folder}" in caught.value.remedy


@pytest.mark.parametrize(
    "stated",
    [
        'session_name = "jane"',
        'source_identity = "jane"',
        'external_id = "ext-1"',
        'tags = { team = "fraud" }',
        "duration_seconds = 1800",
        '\n[session_policy]\npolicy_arns = ["arn:aws:iam::111122223333:policy/guardrail"]',
    ],
    ids=lambda stated: stated.split()[0],
)
def test_another_scope_has_another_entry(stated: str, wire: Wire, folder: Path) -> None:
    """Whatever scopes the session in STS tells its credentials from others."""
    secured(wire, credential_cache=folder).client("sagemaker").list_models()
    narrowed = COMPLETE + stated if "[" in stated else with_role(stated)
    secured(wire, narrowed, credential_cache=folder).client("sagemaker").list_models()
    assert 2 == len(wire.of("AssumeRole"))


def test_another_source_has_another_entry(wire: Wire, folder: Path) -> None:
    """What one person's credentials got is not used by another's."""
    secured(wire, credential_cache=folder).client("sagemaker").list_models()
    other = boto3.Session(aws_access_key_id="ASIAOTHER", aws_secret_access_key="s", region_name=REGION)
    secured(wire, credential_cache=folder, source=other).client("sagemaker").list_models()
    assert 2 == len(wire.of("AssumeRole"))


def test_the_support_session_has_an_entry_of_its_own(wire: Wire, folder: Path) -> None:
    """The library's own look-ups never get the credentials of calls, nor calls theirs."""
    wire.answers["DescribeKey"] = says({"KeyMetadata": {"Arn": KEY, "KeyState": "Enabled"}})
    for _ in range(2):
        session = secured(wire, BY_ALIAS, credential_cache=folder)
        session.client("sagemaker").create_training_job(**training_job())
    names = [sent.form["RoleSessionName"] for sent in wire.of("AssumeRole")]
    assert ["secure-sagemaker", "secure-sagemaker-support"] == sorted(names)
    assert {"secure-sagemaker-support"} == {
        wire.signer(sent).rpartition("/")[2] for sent in wire.of("DescribeKey")
    }


def test_what_ends_soon_is_not_taken(wire: Wire, folder: Path) -> None:
    """Kept credentials that would be refreshed at once are fetched anew, and the new ones are kept."""
    time = Time()
    wire.clock = time
    secured(wire, credential_cache=folder, clock=time).client("sagemaker").list_models()
    time.passes(minutes=50)
    for _ in range(2):
        secured(wire, credential_cache=folder, clock=time).client("sagemaker").list_models()
    assert 2 == len(wire.of("AssumeRole"))


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"expiry_time": "never"}', '{"expiry_time": "2999-01-01T00:00:00Z"}', "null"],
    ids=["empty", "torn", "list", "no-time", "no-key", "null"],
)
def test_a_broken_entry_is_no_entry(text: str, wire: Wire, folder: Path) -> None:
    """Half a file is as good as none: the role is assumed."""
    secured(wire, credential_cache=folder).client("sagemaker").list_models()
    (kept,) = folder.iterdir()
    kept.write_text(text)
    secured(wire, credential_cache=folder).client("sagemaker").list_models()
    assert 2 == len(wire.of("AssumeRole"))


def test_the_credentials_of_another_are_not_taken(wire: Wire, folder: Path) -> None:
    """An entry that names another principal stops the session; nothing is signed with it."""
    secured(wire, credential_cache=folder).client("sagemaker").list_models()
    (kept,) = folder.iterdir()
    arn = "arn:aws:sts::111122223333:assumed-role/admin/jane"
    kept.write_text(json.dumps({**json.loads(kept.read_text()), "arn": arn}))
    with pytest.raises(IdentityError, match="assumed-role/admin"):
        secured(wire, credential_cache=folder).client("sagemaker").list_models()
    assert 1 == len(wire.of("ListModels"))


def test_a_refusal_is_not_kept(wire: Wire, folder: Path) -> None:
    """What STS refused is asked for again."""
    answered = wire.answers["AssumeRole"]
    wire.answers["AssumeRole"] = refuses("AccessDenied", status=403)
    with pytest.raises(IdentityError):
        secured(wire, credential_cache=folder).client("sagemaker").list_models()
    assert [] == [*folder.iterdir()]
    wire.answers["AssumeRole"] = answered
    secured(wire, credential_cache=folder).client("sagemaker").list_models()
    assert 1 == len(wire.of("ListModels"))


def test_mfa_is_asked_for_once_for_all_processes(wire: Wire, folder: Path) -> None:
    """The session that a code bought is kept as well: the next process asks nobody."""
    codes = Codes("111111")
    for text in (with_role(MFA), with_role(f'{MFA}\nsession_name = "jane"')):
        client = secured(wire, text, mfa_token=codes, credential_cache=folder).client("sagemaker")
        client.list_models()
    assert 1 == codes.asked
    assert 2 == len(wire.of("AssumeRole"))


def test_a_folder_that_cannot_be_written_stops_nobody(
    wire: Wire, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The credentials are good; that they could not be kept is told, and they are not."""
    session = secured(wire, credential_cache=folder)
    answered = wire.answers["AssumeRole"]

    def gone(sent: Sent) -> Answer:
        folder.rmdir()
        folder.write_text("a file now")
        return answered(sent)

    wire.answers["AssumeRole"] = gone
    session.client("sagemaker").list_models()
    assert 1 == len(wire.of("ListModels"))
    assert "could not be kept" in caplog.text
