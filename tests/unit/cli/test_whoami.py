"""``whoami``: what it tells of a session, and how it ends where there is none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from secure_sagemaker.local import EmbeddedAWS, embedded_aws
from tests.unit.cli.running import baseline_file, installed, run

STATED = """
source_identity = "jane.doe"
tags = { team = "churn", stage = "dev" }
transitive_tags = ["team"]
"""


@pytest.fixture
def aws() -> Iterator[EmbeddedAWS]:
    """An account, and its user's credentials in the environment."""
    with embedded_aws() as aws:
        yield aws


@pytest.fixture
def file(aws: EmbeddedAWS, tmp_path: Path) -> Path:
    """The account's baseline, whose role asks for more than its name."""
    text = aws.baseline_toml()
    path = tmp_path / "secure-sagemaker.toml"
    path.write_text(text.replace('session_name = "embedded-aws"\n', f'session_name = "embedded-aws"{STATED}'))
    return path


def test_it_tells_all_in_json(file: Path, aws: EmbeddedAWS) -> None:
    """Whom AWS sees, what assumed it, and what it carries; nothing of it is a secret."""
    ran = run("whoami", "--baseline", file, "--format", "json")
    assert 0 == ran.code
    told = json.loads(ran.stdout)
    (layer,) = told.pop("layers")
    assert str(file) == layer["source"]
    assert 64 == len(told.pop("baseline_digest"))
    assert told.pop("expires") > "2026"
    assert 0 < told.pop("packed_policy_size") < 100
    assert {
        "principal": f"arn:aws:sts::{aws.account.account}:assumed-role/ml-launcher/embedded-aws",
        "account": aws.account.account,
        "region": aws.region,
        "keys": {aws.key_arn: aws.key_arn, aws.other_key_arn: aws.other_key_arn},
        "source": "env",
        "source_key": "temporary",
        "mfa_device": None,
        "mfa_age_seconds": None,
        "source_identity": "jane.doe",
        "tags": {"team": "churn", "stage": "dev"},
        "transitive_tags": ["team"],
        "policy_arns": [],
        "tasks": [],
        "policy_characters": None,
        "client_only": [],
        "waivers": [],
    } == told
    assert aws.environment["AWS_SECRET_ACCESS_KEY"] not in ran.stdout


def test_it_tells_a_person(file: Path, aws: EmbeddedAWS) -> None:
    """In words it is what ``verify()`` prints."""
    ran = run("whoami", "--baseline", file)
    assert 0 == ran.code
    for part in (
        "assumed-role/ml-launcher/embedded-aws",
        "env, with a temporary access key",
        "identity   jane.doe",
        "tags       team=churn (transitive), stage=dev",
        aws.key_arn,
    ):
        assert part in ran.stdout


def test_it_reads_and_changes_nothing(file: Path, aws: EmbeddedAWS) -> None:
    """It assumes the role, asks who that is, and looks keys up."""
    run("whoami", "--baseline", file)
    assert {"AssumeRole", "GetCallerIdentity", "DescribeKey"} == {sent.operation for sent in aws.requests}


def test_a_users_own_key_is_nobody(file: Path, aws: EmbeddedAWS, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal is told in words, with the exit status of its severity."""
    own = aws.user.get_credentials()
    assert own is not None
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", own.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", own.secret_key)
    monkeypatch.delenv("AWS_SESSION_TOKEN")
    ran = run("whoami", "--baseline", file)
    assert (12, "") == (ran.code, ran.stdout)
    assert "source-credentials" in ran.stderr
    assert "aws sso login" in ran.stderr
    assert not aws.requests


def test_an_mfa_code_needs_a_terminal(file: Path, aws: EmbeddedAWS) -> None:
    """Where the baseline names a device and nobody can be asked, that is the error."""
    text = file.read_text()
    file.write_text(
        text.replace("session_name =", f'mfa_serial = "{aws.account.mfa_serial}"\nsession_name =', 1)
    )
    ran = run("whoami", "--baseline", file)
    assert 1 == ran.code
    assert "there is none" in ran.stderr


def test_a_refusal_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In words alone: the audit record of it is the log's, and nobody has set that up."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAUSER")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    ran = installed("whoami", "--baseline", baseline_file(tmp_path))
    assert ran.stderr.startswith("error: sts.AssumeRole refused by control 'source-credentials'")
    assert "{" not in ran.stderr
