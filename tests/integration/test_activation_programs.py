"""``secure-sagemaker run``: a program as it is, and what it starts, observed where its requests arrive."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import venv
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from secure_sagemaker import IdentityError, SecureSession
from secure_sagemaker.identity import HandedError, ask
from secure_sagemaker.local import EmbeddedAWS, LoopbackServer
from tests.integration.programs import Project

PROGRAM = str(Path(__file__).parent / "program.py")
ROLE = "assumed-role/ml-launcher/"
ARN = f"arn:aws:sts::111122223333:{ROLE}"


@pytest.fixture(scope="module")
def standing(account: EmbeddedAWS) -> Iterator[LoopbackServer]:
    """The account, by TLS, for other processes."""
    with account.serve(tls=True) as server:
        yield server


@pytest.fixture
def project(standing: LoopbackServer, tmp_path: Path) -> Project:
    """A project of the server's account, with nothing recorded yet."""
    standing.aws.forget_requests()
    return Project(standing, tmp_path)


def test_a_program_is_secured_with_what_it_starts(project: Project) -> None:
    """It, its processes however they are started, and other programs sign as the role; ambient keys assume it."""
    site = project.folder / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text("OF_THE_PROJECT = True\n")
    project.environment["PYTHONPATH"] += f"{os.pathsep}{site}"
    does = (
        *(
            "arguments",
            "environment",
            "modules",
            "sitecustomize",
            "once",
            "own",
            "refused",
            "spawned",
            "forked",
        ),
        *("child", "module", "without-environment", "secure-session"),
    )

    ran = project.run("python", PROGRAM, *does, "--epochs", "7")

    said = dict(ran.said)
    assert said.pop("arguments") == [*does, "--epochs", "7"]
    assert said.pop("environment") == []
    assert said.pop("modules") == []  # who does not use AWS pays nothing
    assert said.pop("sitecustomize") is True
    assert said.pop("once") == [True, True, True, False]  # no module is executed twice
    assert said.pop("refused") == "ControlError"
    assert json.loads(said.pop("module"))["own"].startswith(ARN)
    identities = [one for told in said.values() for one in (told if isinstance(told, list) else [told])]
    assert len(identities) == 8
    assert {one.startswith(ARN) for one in identities} == {True}
    signers = project.signers
    assert signers.pop("AssumeRole") == {project.aws.launcher}
    assert {principal.startswith(ROLE) for signed in signers.values() for principal in signed} == {True}
    put = [request for request in project.aws.requests if request.operation == "PutObject"]
    assert [request.headers["x-amz-server-side-encryption-aws-kms-key-id"] for request in put] == [
        project.aws.key_arn
    ] * 2
    # Of the role and of the library's own look-ups, once each: nobody assumes the role from itself.
    assert len([one for one in project.aws.requests if one.operation == "AssumeRole"]) == 2
    assert ran.code == 7
    assert "1 refused" in ran.stderr
    assert "refused: s3.PutObject (data-perimeter)" in ran.stderr
    assert f"calls as {ARN}" in ran.stderr


def test_the_aws_cli_is_secured(project: Project) -> None:
    """The CLI has a botocore of its own by that name: it is under the baseline like any other."""
    if importlib.util.find_spec("awscli") is None:
        pytest.skip(
            "the AWS CLI is in none of the environments: it is large, and changes the import of botocore"
        )
    (project.folder / "file").write_text("1")
    copied = project.run("aws", "s3", "cp", "file", f"s3://{project.aws.default_bucket}/by-the-cli")
    assert copied.code == 0, copied.stderr
    (put,) = (request for request in project.aws.requests if request.operation == "PutObject")
    assert put.headers["x-amz-server-side-encryption-aws-kms-key-id"] == project.aws.key_arn
    assert str(put.principal).startswith(ROLE)
    assert project.run("aws", "s3", "cp", "file", "s3://somebody-elses/by-the-cli").code == 1


def test_a_program_in_another_language_signs_as_the_role(aws: EmbeddedAWS, tmp_path: Path) -> None:
    """Arrow's C++ reads S3 without botocore: it asks the credential_process, and finds no other keys."""
    if importlib.util.find_spec("pyarrow") is None:
        pytest.skip("pyarrow comes with the SageMaker Python SDK v3 only")
    aws.source.client("s3").put_object(Bucket=aws.default_bucket, Key="seed", Body=b"seeded")
    with aws.serve() as server:
        project = Project(server, tmp_path)
        aws.forget_requests()
        ran = project.run("python", PROGRAM, "arrow")

    assert ran.said == {"arrow": "seeded"}, ran.stderr
    read = {request.principal for request in aws.requests if request.service == "s3"}
    assert {str(principal).startswith(ROLE) for principal in read} == {True}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["interrupt", "terminate"])
def test_the_signal_that_ends_the_program_ends_the_run(project: Project, number: int) -> None:
    """Whoever waits sees the same as without us, and the summary is there all the same."""
    ran = project.run(
        "python",
        "-c",
        # Who started the tests may have had an interrupt ignored, and what is ignored is inherited.
        f"import os, signal; signal.signal({int(number)}, signal.SIG_DFL); os.kill(os.getpid(), {int(number)})",
    )
    assert ran.code == -number
    assert "secure-sagemaker: 0 calls" in ran.stderr


def test_a_signal_is_passed_on(project: Project) -> None:
    """What is sent to the run reaches the program, whose answer is the exit status."""
    with project.start("python", PROGRAM, "until-told") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        stdout, _ = process.communicate()
    assert (process.returncode, stdout) == (5, "told\n")


def test_a_program_that_is_not_there(project: Project) -> None:
    """It is an error of ours, told without a traceback, and nothing is left behind."""
    ran = project.run("no-such-program")
    assert ran.code == 1
    assert "error: no-such-program could not be run" in ran.stderr
    assert "remedy:" in ran.stderr


def test_a_role_that_cannot_be_assumed(project: Project) -> None:
    """The program is not started at all."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del project.environment[name]
    ran = project.run("python", PROGRAM, "arguments")
    assert (ran.code, ran.said) == (1, {})
    assert "no source credentials" in ran.stderr


def test_the_baseline_may_be_named(project: Project) -> None:
    """``--baseline`` and ``--env`` choose the file and its section, as for a session."""
    file = project.folder / "secure-sagemaker.toml"
    other = file.rename(project.folder / "other.toml")
    other.write_text(other.read_text() + '\n[env.prod]\nunknown_members = "refuse"\n')
    assert project.run("python", PROGRAM, "own").code == 3
    ran = project.run("python", PROGRAM, "own", options=("--baseline", "other.toml", "--env", "prod"))
    assert ran.code == 0, ran.stderr


def test_other_keys_are_refused_unless_allowed(project: Project) -> None:
    """A program with keys of its own is refused, or let through and told of."""
    held = project.server.environment()
    project.environment.update(OWN_ID=held["AWS_ACCESS_KEY_ID"], OWN=held["AWS_SECRET_ACCESS_KEY"])
    program = (
        "import boto3, os; boto3.Session(os.environ['OWN_ID'], os.environ['OWN']).client('s3').list_buckets()"
    )
    refused = project.run("python", "-c", program)
    assert refused.code == 1
    assert "SessionError" in refused.stderr
    assert "  refused: a session was given credentials" in refused.stderr
    assert "ListBuckets" not in project.signers

    allowed = project.run("python", "-c", program, options=("--allow-other-keys",))
    assert allowed.code == 0
    assert "let through, signed with other keys" in allowed.stderr
    assert project.signers["ListBuckets"] == {project.aws.launcher}


def test_an_interpreter_without_the_library_may_not_use_aws(project: Project) -> None:
    """Another environment's Python cannot be activated: its first import of boto3 is refused, and nothing else is."""
    folder = project.folder / "elsewhere"
    venv.create(folder, with_pip=False)
    other = str(folder / "bin/python")
    project.environment["PYTHONPATH"] = ""
    assert project.run(other, "-c", "import json").code == 0
    for module in ("boto3", "botocore"):
        ran = project.run(other, "-c", f"import {module}")
        assert ran.code == 1
        assert "NotActivatedError" in ran.stderr
        assert "remedy: install secure-sagemaker there" in ran.stderr


# --- who hands out


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
    monkeypatch.setenv("SECURE_SAGEMAKER_HANDED", str(tmp_path / "gone"))
    with pytest.raises(IdentityError, match="gone"):
        SecureSession("secure-sagemaker.toml")


def test_a_folder_that_is_open_to_others_is_not_trusted(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands there could be anybody's."""
    tmp_path.chmod(0o755)
    monkeypatch.setenv("SECURE_SAGEMAKER_HANDED", str(tmp_path))
    with pytest.raises(IdentityError, match="open to others"):
        SecureSession("secure-sagemaker.toml")
