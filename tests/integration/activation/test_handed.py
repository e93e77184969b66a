"""Who hands out the role's credentials to the processes that were started: to whom, and what."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from multiprocessing.connection import Client
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from secure_sagemaker import IdentityError, SecureSession
from secure_sagemaker.identity import HandedError, ask
from secure_sagemaker.local import LoopbackServer


@pytest.fixture
def folder(standing: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of an activated process."""
    for name, value in standing.environment().items():
        monkeypatch.setenv(name, value)
    with standing.aws.session().activate():
        yield Path(os.environ["SECURE_SAGEMAKER_HANDED"])


def test_who_does_not_know_the_word_is_handed_nothing(folder: Path) -> None:
    """The word stands in the folder, which is closed to others; without it there is no answer."""
    address = folder / "address.json"
    known: Mapping[str, str] = json.loads(address.read_text())
    address.write_text(json.dumps({**known, "key": "guessed"}))
    with pytest.raises(HandedError, match="is gone"):
        ask(folder, {})
    address.write_text(json.dumps(known))
    assert ask(folder, {})["arn"]


def test_credentials_are_handed_out_for_one_baseline(folder: Path) -> None:
    """A session of another one is told so, and a region that the baseline does not state has none."""
    with pytest.raises(HandedError, match="one only"):
        ask(folder, {"digest": "0" * 64})
    with pytest.raises(HandedError, match="us-west-2"):
        ask(folder, {"region": "us-west-2"})


def test_credentials_of_the_role_stand_on_no_command_line(folder: Path) -> None:
    """The credential_process is told the folder alone, and answers in the form that AWS's tools read."""
    config = (folder / "config").read_text()
    command = config.partition("credential_process = ")[2].splitlines()[0]
    answered = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)  # noqa: S602  # as AWS's tools run it
    answer = json.loads(answered.stdout)
    assert sorted(answer) == ["AccessKeyId", "Expiration", "SecretAccessKey", "SessionToken", "Version"]
    assert answer["SecretAccessKey"] not in config


def test_who_hands_out_may_be_gone(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that outlives the program that started it has no credentials, and falls back to none."""
    with monkeypatch.context() as told:
        told.setenv("SECURE_SAGEMAKER_HANDED", str(tmp_path / "gone"))
        with pytest.raises(IdentityError, match="gone"):
            SecureSession("secure-sagemaker.toml")


def test_a_folder_that_is_open_to_others_is_not_trusted(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands there could be anybody's."""
    tmp_path.chmod(0o755)
    with monkeypatch.context() as told:
        told.setenv("SECURE_SAGEMAKER_HANDED", str(tmp_path))
        with pytest.raises(IdentityError, match="open to others"):
            SecureSession("secure-sagemaker.toml")


def test_who_asks_and_says_nothing_keeps_nobody_waiting(folder: Path) -> None:
    """A child that is stopped in the midst of asking, or asks for nonsense, stops nobody else, nor the end."""
    known = json.loads((folder / "address.json").read_text())
    with Client(known["address"], family=known["family"]):
        for said in (b"[]", b"no json", '{"key": "\u00e9"}'.encode(), b"\xff"):
            with Client(known["address"], family=known["family"]) as other:
                other.send_bytes(said)
                with pytest.raises(EOFError):
                    other.recv_bytes()
        assert ask(folder, {})["arn"]


def assumed_with(standing: LoopbackServer) -> list[str]:
    """The inline policies that the role was assumed with, and by whom."""
    asked = [one for one in standing.aws.requests if one.operation == "AssumeRole"]
    assert {one.principal for one in asked} <= {standing.aws.launcher}
    return [parse_qs(one.body.decode()).get("Policy", [""])[0] for one in asked]


def test_a_child_may_narrow_what_it_is_handed(standing: LoopbackServer, folder: Path) -> None:
    """scoped_to works in a process that assumes no role: who hands out assumes it, with the narrower policy, once."""
    session = SecureSession(standing.aws.baseline)
    standing.aws.forget_requests()
    for _ in range(2):
        child = session.scoped_to("train", names=["churn-*"])
        assert (
            child.client("sts")
            .get_caller_identity()["Arn"]
            .startswith("arn:aws:sts::111122223333:assumed-role/")
        )
    (policy,) = assumed_with(standing)
    assert "training-job/churn-*" in policy


def test_a_child_is_handed_nothing_wider(standing: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a narrowed session hands out is narrow, whatever policy it is asked for."""
    for name, value in standing.environment().items():
        monkeypatch.setenv(name, value)
    narrow = standing.aws.session().scoped_to("train", names=["churn-*"])
    with narrow.activate():
        folder = Path(os.environ["SECURE_SAGEMAKER_HANDED"])
        standing.aws.forget_requests()
        for stated in ({"tasks": ["deploy"]}, {"tasks": ["train"], "names": ["*"]}, {"task": "train"}):
            with pytest.raises(HandedError, match="session_policy"):
                ask(folder, {"digest": "0" * 64, "session_policy": stated})
        assert [] == assumed_with(standing)
        assert ask(folder, {})["arn"]
    assert ["training-job/churn-*" in policy for policy in assumed_with(standing)] == [True]
