"""The session works wherever ML code runs: each place has its own source of credentials, and one role signs."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import boto3
import pytest

from secure_sagemaker import IdentityError, SecureSession
from secure_sagemaker.local import EmbeddedAWS


@pytest.fixture
def aws(account: EmbeddedAWS, monkeypatch: pytest.MonkeyPatch) -> EmbeddedAWS:
    """The account, with an environment that holds no credentials yet."""
    account.forget_requests()
    for name in account.environment:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return account


def signers(aws: EmbeddedAWS) -> set[tuple[str, str]]:
    """Which principal signed which operation."""
    return {(request.operation, (request.principal or "nobody").split("/")[0]) for request in aws.requests}


def work(session: SecureSession) -> None:
    """Any call."""
    session.client("sagemaker").list_training_jobs()


ROLE_SIGNS = {
    ("AssumeRole", "user"),
    ("GetCallerIdentity", "assumed-role"),
    ("ListTrainingJobs", "assumed-role"),
}


def test_laptop_with_a_profile(aws: EmbeddedAWS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile named as the source assumes the role, and signs nothing else."""
    keys = aws.environment
    config = tmp_path / "config"
    config.write_text(
        f"[profile ml]\naws_access_key_id = {keys['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {keys['AWS_SECRET_ACCESS_KEY']}\n"
        f"aws_session_token = {keys['AWS_SESSION_TOKEN']}\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))

    work(SecureSession(aws.baseline, source="ml"))

    assert signers(aws) == ROLE_SIGNS


def test_lambda_and_ci_with_keys_in_the_environment(
    aws: EmbeddedAWS, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys in the environment, as Lambda and CI runners have them, assume the role and sign nothing else."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, aws.environment[name])

    work(SecureSession(aws.baseline))

    assert signers(aws) == ROLE_SIGNS


def test_user_with_mfa(aws: EmbeddedAWS) -> None:
    """An IAM user with MFA is asked once, whatever else the session assumes the role for."""
    asked: list[str] = []

    def code() -> str:
        asked.append("123456")
        return asked[-1]

    device = {"role": {"mfa_serial": aws.account.mfa_serial}}
    session = SecureSession(aws.baseline.tightened(device), source=aws.user, mfa_token=code)
    work(session)
    session.verify()

    assert len(asked) == 1
    assert signers(aws) - ROLE_SIGNS == {
        ("GetSessionToken", "user"),
        ("DescribeKey", "assumed-role"),
    }


@contextmanager
def container_credentials(aws: EmbeddedAWS) -> Iterator[str]:
    """The credentials endpoint that ECS, EKS Pod Identity and SageMaker's own containers have."""
    answer = json.dumps(
        {
            "AccessKeyId": aws.environment["AWS_ACCESS_KEY_ID"],
            "SecretAccessKey": aws.environment["AWS_SECRET_ACCESS_KEY"],
            "Token": aws.environment["AWS_SESSION_TOKEN"],
            "Expiration": "2999-01-01T00:00:00Z",
        }
    ).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/credentials"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_inside_a_sagemaker_job(aws: EmbeddedAWS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a job the execution role is the source, and the baseline and the region are found where a job has them."""
    code = tmp_path / "opt/ml/input/data/code"
    code.mkdir(parents=True)
    code.joinpath("secure-sagemaker.toml").write_text(aws.baseline_toml())
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("SM_CHANNEL_CODE", str(code))
    monkeypatch.setenv("AWS_REGION", aws.region)

    with container_credentials(aws) as url:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)
        session = SecureSession()
        work(session)

    assert session.region_name == aws.region
    assert session.baseline == aws.baseline
    assert signers(aws) == ROLE_SIGNS


def test_inside_an_isolated_job(aws: EmbeddedAWS) -> None:
    """Under network isolation there are no credentials at all: the error says so, and nothing is sent."""
    session = SecureSession(aws.baseline)

    with pytest.raises(IdentityError, match="no source credentials") as refused:
        work(session)

    assert "isolation" in refused.value.remedy
    assert aws.requests == ()


def test_kubernetes_with_a_web_identity(
    aws: EmbeddedAWS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A web identity, as EKS and CI give one, becomes the source; the role's session is chained from it."""
    token = tmp_path / "token"
    token.write_text("a.b.c")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(token))
    monkeypatch.setenv("AWS_ROLE_ARN", aws.execution_role_arn)
    monkeypatch.setenv("AWS_REGION", aws.region)

    work_source = boto3.Session()
    assert work_source.get_credentials() is not None  # the chain has found the token
    with pytest.raises(IdentityError, match="could not be assumed"):
        work(SecureSession(aws.baseline))  # the launcher's trust policy names the user, not the pod's role

    assert "ListTrainingJobs" not in {request.operation for request in aws.requests}


@pytest.mark.parametrize("region", ["eu-west-1"])
def test_region_of_the_place(
    aws: EmbeddedAWS, region: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file with sections for regions and no home takes the region of the place it runs in."""
    keys = ("[kms]", "[vpc]")
    text = aws.baseline_toml().replace(f'region = "{region}"\n', "")
    for header in keys:
        text = text.replace(header, f"[region.{region}.{header[1:-1]}]")
    path = tmp_path / "secure-sagemaker.toml"
    path.write_text(text)
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)

    session = SecureSession(path)

    assert session.region_name == region
    assert session.baseline.vpc == aws.baseline.vpc
