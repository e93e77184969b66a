"""The suite's own watch over secrets: a test that writes one fails, whatever it writes it to."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
CONFTEST = """
from tests.no_secrets import NoSecrets


def pytest_configure(config):
    config.pluginmanager.register(NoSecrets(), "no-secrets")
"""
TESTS = """
import logging
import subprocess
import sys

import boto3
import pytest

from secure_sagemaker.local import embedded_aws
from tests.wire import SOURCE_SECRET, stretched


@pytest.fixture(scope="module")
def issued():
    with embedded_aws() as aws:
        yield aws.source.client("sts").assume_role(RoleArn=aws.role_arn, RoleSessionName="session")["Credentials"]


def test_clean(issued):
    print(issued["AccessKeyId"], "1234567 0123456")
    logging.getLogger("secure_sagemaker.audit").info("nothing")


def test_leaks_to_stdout(issued):
    print("key=" + issued["SecretAccessKey"])


def test_leaks_to_stderr(issued):
    print({"token": issued["SessionToken"]}, file=sys.stderr)


def test_leaks_a_part(issued):
    print(issued["SecretAccessKey"][5:37])


def test_leaks_from_a_child(issued):
    subprocess.run([sys.executable, "-c", "import sys; print(sys.argv[1])", issued["SecretAccessKey"]], check=True)


def test_leaks_to_the_log(issued):
    logging.getLogger("secure_sagemaker.identity").debug("with %s", issued["SecretAccessKey"])


def test_leaks_when_it_fails(issued):
    assert issued["SecretAccessKey"] == "another"


def test_leaks_what_a_source_has():
    boto3.Session("ASIASOURCE", SOURCE_SECRET)
    print(SOURCE_SECRET)


def test_leaks_a_code(monkeypatch):
    stretched(monkeypatch)
    client = boto3.client("sts", "eu-west-1", aws_access_key_id="AKIAUSER", aws_secret_access_key="s")
    device = "arn:aws:iam::111122223333:mfa/jane"
    client.get_session_token(SerialNumber=device, TokenCode="987654", DurationSeconds=900)
    print("the code is 987654.")


@pytest.fixture
def talks(issued):
    yield
    print(issued["SecretAccessKey"])


def test_leaks_at_its_end(talks):
    pass
"""


def test_what_leaks_fails(tmp_path: Path) -> None:
    """Each of these tests is told from the one that leaks nothing, and what it leaked is not repeated."""
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    module = tmp_path / "test_leaking.py"
    module.write_text(TESTS, encoding="utf-8")
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-rA",
            "--tb=short",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            tmp_path,
            module,
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    found = {
        name: outcome for outcome, name in re.findall(r"^(\w+) \S+::(test_\w+)", ran.stdout, re.MULTILINE)
    }
    leaking = re.findall(r"^def (test_leaks\w+)", TESTS, re.MULTILINE)
    assert "PASSED" == found.pop("test_clean"), ran.stdout
    assert {"FAILED", "ERROR"} >= set(found.values()), ran.stdout
    assert sorted(leaking) == sorted(found)
    assert len(leaking) == ran.stdout.count("\na secret stands in: ")
    for secret in (r"[A-Za-z0-9]{40}", "FQoGZXIvYXdzEBYaD", "987654", "source-secret-marker"):
        assert not re.search(rf"(?<![\w*]){secret}", ran.stdout), secret
