"""``secure-sagemaker run``: a program as it is, and what it starts, observed where its requests arrive."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from secure_sagemaker.local import EmbeddedAWS, LoopbackServer
from tests.integration.activation.programs import ROOT, SCRIPTS, Project

PROGRAM = str(Path(__file__).parent / "program.py")
ROLE = "assumed-role/ml-launcher/"
ARN = f"arn:aws:sts::111122223333:{ROLE}"


@pytest.fixture
def project(standing: LoopbackServer, tmp_path: Path) -> Project:
    """A project of the server's account, with nothing recorded yet."""
    standing.aws.forget_requests()
    return Project(standing, tmp_path)


@contextmanager
def signals_kept() -> Iterator[None]:
    """Have the signal that a test sends to this process end nobody, and put back what was done about it."""
    before = signal.signal(signal.SIGUSR1, _nothing)
    try:
        yield
    finally:
        signal.signal(signal.SIGUSR1, before)


def _nothing(*_: object) -> None:
    """Go on."""


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


def test_a_signal_that_arrives_while_the_program_is_started_is_passed_on(
    aws: EmbeddedAWS, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends the program, and not the run, which would leave the program without credentials."""

    class Interrupted(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            os.kill(os.getpid(), signal.SIGUSR1)

    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    with signals_kept():
        ran = aws.session().run([sys.executable, "-c", "import signal; signal.pause()"])
        assert signal.getsignal(signal.SIGUSR1) is _nothing
    assert ran.code == -signal.SIGUSR1


def test_what_is_ignored_stays_ignored(project: Project) -> None:
    """A run under nohup is not ended by a hangup, and neither is the program."""
    asked = "import signal; print(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN)"
    command = f"trap '' HUP; exec {SCRIPTS}/secure-sagemaker run -- python -c '{asked}'"
    ran = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "True\n"


@pytest.mark.parametrize("stderr", ["2>&1 | true", "2>&-"], ids=["broken", "closed"])
def test_the_exit_status_needs_nobody_who_reads_the_summary(project: Project, stderr: str) -> None:
    """Whoever read stderr may have gone: the program's exit status is the run's all the same."""
    command = f"(secure-sagemaker run -- python -c 'raise SystemExit(3)'; echo $? >status) {stderr}"
    subprocess.run(["/bin/sh", "-c", command], cwd=project.folder, env=project.environment, check=True)
    assert (project.folder / "status").read_text() == "3\n"


def test_a_program_that_stops_at_once_is_summed_up(project: Project) -> None:
    """What was recorded is kept at each call: os._exit loses nothing of it."""
    put = "boto3.client('s3').put_object(Bucket=os.environ['PROGRAM_BUCKET'], Key='k')"
    ran = project.run("python", "-c", f"import boto3, os; {put}; os._exit(9)")
    assert ran.code == 9
    assert "secure-sagemaker: 1 calls" in ran.stderr


def test_a_program_is_what_it_is_without_us(project: Project) -> None:
    """Arguments, path, names, stdin, spawned classes and a traceback are Python's own, to the letter."""
    # An empty part of PYTHONPATH is the current folder, and stays it.
    project.environment["PYTHONPATH"] = f":{ROOT}"
    (project.folder / "beside.py").write_text("")
    scripts = project.folder / "scripts"
    scripts.mkdir()
    script = scripts / "main.py"
    script.write_text(
        "import multiprocessing, sys, beside\n"
        "class Own: pass\n"
        "def module(of): return type(of).__module__\n"
        "if __name__ == '__main__':\n"
        "    print(sys.argv, sys.path[0], __file__, __spec__, sys.stdin.read())\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool: print(pool.map(module, [Own()]))\n"
        "    sys.stdout.flush()\n"
        "    1 / 0\n"
    )
    command = ["python", str(script), "--epochs", "7"]
    run = [str(SCRIPTS / "secure-sagemaker"), "run", "--", *command]
    plain, ours = (
        subprocess.run(
            one,
            cwd=project.folder,
            env=project.environment,
            input="typed",
            capture_output=True,
            text=True,
            check=False,
        )
        for one in (command, run)
    )
    assert (plain.returncode, plain.stdout) == (ours.returncode, ours.stdout)
    assert ours.stderr.startswith(plain.stderr)
    assert ours.stderr.removeprefix(plain.stderr).startswith("secure-sagemaker: 0 calls")


def test_a_notebook_is_secured(project: Project) -> None:
    """nbconvert starts a kernel, which is a process like any other."""
    if importlib.util.find_spec("nbconvert") is None or importlib.util.find_spec("ipykernel") is None:
        pytest.skip("nbconvert and ipykernel are in none of the environments")
    cell: dict[str, object] = {
        "cell_type": "code",
        "id": "one",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
    }
    program = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    notebook = {"cells": [{**cell, "source": program}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (project.folder / "report.ipynb").write_text(json.dumps(notebook))
    ran = project.run("jupyter", "nbconvert", "--execute", "report.ipynb", "--to", "markdown")
    assert ran.code == 0, ran.stderr
    assert ARN in (project.folder / "report.md").read_text()
    assert {one.startswith(ROLE) for one in project.signers["GetCallerIdentity"]} == {True}


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
