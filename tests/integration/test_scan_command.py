"""``scan`` on the embedded account: what it prints in each form, what it asks Macie for, and its exit status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from secure_sagemaker.cli.exit_codes import ExitCode
from secure_sagemaker.local import EmbeddedAWS, embedded_aws
from tests.integration.macie import CLEAN, SSN, TABLE, Macie
from tests.unit.cli.running import baseline_file, run


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAWS]:
    with embedded_aws() as standing:
        yield standing


@pytest.fixture(scope="module")
def macie(aws: EmbeddedAWS) -> Macie:
    return Macie(aws=aws, results=aws.macie.enable())


@pytest.fixture(autouse=True)
def ambient(aws: EmbeddedAWS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The launcher's credentials, as a shell would have them, and a folder for its own verdicts."""
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SECURE_SAGEMAKER_VERDICTS", str(tmp_path / "verdicts"))
    aws.macie.read_at_each_look(None)


@pytest.fixture
def file(macie: Macie, tmp_path: Path) -> Path:
    owner = macie.aws.account.account
    listed = f'read = {{ {macie.results} = "{owner}", '
    return baseline_file(
        tmp_path, macie.aws.baseline_toml().replace("read = { ", listed) + '\n[macie]\nmode = "require"\n'
    )


def _place(macie: Macie, **objects: bytes) -> str:
    folder = macie.folder()
    for name, body in objects.items():
        macie.put(f"{folder}{name}.csv", body)
    macie.aws.forget_requests()
    return f"s3://{macie.aws.data_bucket}/{folder}"


def _asked(macie: Macie) -> list[str]:
    return [one.operation for one in macie.aws.requests if one.service == "macie2"]


def test_each_form_tells_the_same(macie: Macie, file: Path, tmp_path: Path) -> None:
    """Text, JSON, SARIF, Security Hub's format and the page name the object and its type, and never the data."""
    place = _place(macie, people=TABLE, rest=CLEAN)
    forms = ("text", "json", "sarif", "asff", "html")
    told = {form: run("scan", place, "--baseline", file, "--format", form) for form in forms}
    assert {ExitCode.HIGH} == {one.code for one in told.values()}
    for one in told.values():
        assert f"{place}people.csv" in one.stdout
        assert "USA_SOCIAL_SECURITY_NUMBER" in one.stdout
        assert SSN not in one.stdout
    plain: Any = json.loads(told["json"].stdout)
    assert (1, 1) == (plain["inputs"][0]["sensitive"], plain["inputs"][0]["clear"])
    assert 1 == len(json.loads(told["sarif"].stdout)["runs"][0]["results"])
    assert 1 == len(json.loads(told["asff"].stdout))
    assert told["html"].stdout.lstrip().lower().startswith("<!doctype html>")
    assert 1 == _asked(macie).count("CreateClassificationJob")
    page = tmp_path / "page.html"
    written = run("scan", place, "--baseline", file, "--format", "html", "--output", page)
    assert (ExitCode.HIGH, "") == (written.code, written.stdout)
    assert f"{place}people.csv" in page.read_text("utf-8")


def test_what_may_be_used_ends_well(macie: Macie, file: Path) -> None:
    """Where nothing is found the exit status is 0; asked again, Macie is asked for nothing."""
    place = _place(macie, rest=CLEAN)
    assert ExitCode.CLEAN == run("scan", place, "--baseline", file).code
    macie.aws.forget_requests()
    again = run("scan", place, "--baseline", file)
    assert (ExitCode.CLEAN, []) == (again.code, _asked(macie))
    assert "no job was needed" in again.stdout


def test_an_estimate_asks_macie_for_nothing(macie: Macie, file: Path) -> None:
    """It tells the figure, that it is an estimate, and makes no job."""
    place = _place(macie, people=TABLE, rest=CLEAN)
    told = run("scan", place, "--baseline", file, "--estimate")
    assert (ExitCode.CLEAN, []) == (told.code, _asked(macie))
    assert "an estimate" in told.stdout
    assert f"2 objects of {len(TABLE) + len(CLEAN)} bytes" in told.stdout


def test_a_job_is_made_here_and_waited_for_there(
    macie: Macie, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``--no-watch`` tells the job's id and ends; ``--resume`` elsewhere takes in what it says, and makes no other."""
    place = _place(macie, people=TABLE, rest=CLEAN)
    macie.aws.macie.read_at_each_look(1)
    begun = run("scan", place, "--baseline", file, "--no-watch", "--format", "json")
    (job,) = json.loads(begun.stdout)["jobs"]
    assert (ExitCode.CLEAN, "RUNNING") == (begun.code, job["status"])
    monkeypatch.setenv("SECURE_SAGEMAKER_VERDICTS", str(tmp_path / "another"))
    macie.aws.macie.read_at_each_look(None)
    told = run("scan", "--resume", job["id"], "--baseline", file, "--format", "json")
    assert ExitCode.HIGH == told.code
    plain = json.loads(told.stdout)
    assert [(job["id"], "COMPLETE", True)] == [
        (one["id"], one["status"], one["resumed"]) for one in plain["jobs"]
    ]
    found = [(one["sensitive"], one["clear"]) for one in plain["inputs"]]
    assert (1, 1) == (sum(one for one, _ in found), sum(one for _, one in found))
    assert 1 == _asked(macie).count("CreateClassificationJob")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "S3 locations or --resume JOB"),
        (("s3://ml-data/x", "--resume", "job-1"), "S3 locations or --resume JOB"),
    ],
)
def test_what_is_not_written_as_it_must_be(file: Path, arguments: tuple[str, ...], told: str) -> None:
    """Neither or both of what to scan and what to resume is a usage error."""
    ended = run("scan", *arguments, "--baseline", file)
    assert ExitCode.USAGE == ended.code
    assert told in ended.stderr


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("https://example.com/x", "no S3 location"),
        ("s3://ml--euw1-az1--x-s3/x", "directory bucket"),
        ("s3://arn:aws:s3:eu-west-1:111122223333:accesspoint/ml/x", "access point"),
    ],
)
def test_what_macie_does_not_read_is_told(macie: Macie, file: Path, uri: str, told: str) -> None:
    """A location that no job could take is an error with its reason, before anything is asked."""
    macie.aws.forget_requests()
    ended = run("scan", uri, "--baseline", file)
    assert (ExitCode.FAILURE, []) == (ended.code, _asked(macie))
    assert told in ended.stderr
