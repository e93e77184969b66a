"""The organisation's layer, kept in AWS and read with the source's credentials."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from secure_sagemaker import BaselineError, LoosenedBaselineError, SecureSession
from tests.unit.baseline.stated import COMPLETE
from tests.wire import Answer, Sent, Wire, refuses

LAYER = "schema_version = 1\n[hardening]\nvpc_image_repositories_only = true\n"
DIGEST = hashlib.sha256(LAYER.encode()).hexdigest()
VARIABLE = "SECURE_SAGEMAKER_ORGANISATION"
SSM, S3 = "ssm:/security/baseline", "s3://organisation-layers/baseline.toml"


@pytest.fixture
def source() -> Iterator[boto3.Session]:
    """An account that keeps the layer in both places."""
    with mock_aws():
        session = boto3.Session(
            aws_access_key_id="ASIASOURCE", aws_secret_access_key="s", region_name="eu-west-1"
        )
        session.client("ssm").put_parameter(Name="/security/baseline", Value=LAYER, Type="SecureString")
        bucket = {"LocationConstraint": "eu-west-1"}
        session.client("s3").create_bucket(Bucket="organisation-layers", CreateBucketConfiguration=bucket)
        session.client("s3").put_object(Bucket="organisation-layers", Key="baseline.toml", Body=LAYER)
        yield session


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project's own file."""
    path = tmp_path / "secure-sagemaker.toml"
    path.write_text(COMPLETE, encoding="utf-8")
    return path


@pytest.mark.parametrize("location", [SSM, S3, f"{SSM}#sha256={DIGEST}", f"{S3}#sha256={DIGEST.upper()}"])
def test_the_layer_is_read_and_applies(
    location: str, source: boto3.Session, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a parameter or an object, pinned or not, it comes before the project's and its digest is told."""
    monkeypatch.setenv(VARIABLE, location)
    baseline = SecureSession(project, source=source).baseline
    assert baseline.hardening.vpc_image_repositories_only is True
    organisation, *_ = baseline.layers
    expected = ("organisation", location.partition("#")[0], DIGEST)
    assert expected == (organisation.name, organisation.source, organisation.digest)


def test_it_cannot_be_loosened(source: boto3.Session, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project that asks for less than the layer in AWS is refused, and both places are named."""
    monkeypatch.setenv(VARIABLE, SSM)
    project.write_text(COMPLETE + "\n[hardening]\nvpc_image_repositories_only = false\n", encoding="utf-8")
    with pytest.raises(LoosenedBaselineError) as caught:
        SecureSession(project, source=source)
    assert caught.value.earlier_source.startswith(SSM)
    assert caught.value.later_source.startswith(str(project))


@pytest.mark.parametrize("location", [SSM, S3])
def test_another_digest_is_refused(
    location: str, source: boto3.Session, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Content that is not the pinned one makes no session; both digests are told."""
    monkeypatch.setenv(VARIABLE, f"{location}#sha256={'0' * 64}")
    with pytest.raises(BaselineError, match=DIGEST) as caught:
        SecureSession(project, source=source)
    assert "0" * 64 in str(caught.value)
    assert location == caught.value.source


@pytest.mark.parametrize(
    ("location", "code"),
    [
        pytest.param("ssm:/security/other", "ParameterNotFound", id="parameter"),
        pytest.param("s3://organisation-layers/other.toml", "NoSuchKey", id="object"),
        pytest.param("s3://nobodys-layers/baseline.toml", "NoSuchBucket", id="bucket"),
    ],
)
def test_an_absent_layer_is_an_error(
    location: str, code: str, source: boto3.Session, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A layer that is named and not there is never taken for none."""
    monkeypatch.setenv(VARIABLE, location)
    with pytest.raises(BaselineError, match=code) as caught:
        SecureSession(project, source=source)
    assert location == caught.value.source


@pytest.mark.parametrize(("location", "operation"), [(SSM, "GetParameter"), (S3, "GET")])
def test_denied_is_an_error(
    location: str, operation: str, wire: Wire, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Access denied makes no session; the remedy names the permission."""
    monkeypatch.setenv(VARIABLE, location)
    wire.answers[operation] = refuses("AccessDeniedException", status=403)
    with pytest.raises(BaselineError, match="AccessDenied") as caught:
        SecureSession(project, source=wire.source())
    assert "ssm:GetParameter or s3:GetObject" in caught.value.remedy


def test_out_of_reach_is_an_error(wire: Wire, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So does a network failure."""

    def unreachable(sent: Sent) -> Answer:
        raise EndpointConnectionError(endpoint_url=sent.url)

    monkeypatch.setenv(VARIABLE, SSM)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    wire.answers["GetParameter"] = unreachable
    with pytest.raises(BaselineError, match="Could not connect") as caught:
        SecureSession(project, source=wire.source())
    assert "network path" in caught.value.remedy


def test_the_source_reads_it(wire: Wire, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read before any role is assumed, for it may say which role that is."""
    monkeypatch.setenv(VARIABLE, SSM)
    wire.answers["GetParameter"] = lambda _: Answer(
        body=b'{"Parameter": {"Value": "schema_version = 1\\n[hardening]\\nallow_ssm_access = false\\n"}}'
    )
    SecureSession(project, source=wire.source())
    assert ["GetParameter"] == wire.operations
    assert "ASIASOURCE" == wire.requests[0].access_key_id
    assert wire.requests[0].json == {"Name": "/security/baseline", "WithDecryption": True}


@pytest.mark.parametrize(("location", "operation"), [(SSM, "GetParameter"), (S3, "GET")])
def test_no_setting_says_that_another_host_has_it(
    location: str, operation: str, wire: Wire, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS_ENDPOINT_URL does not decide which layer an organisation has: AWS's own host is asked."""
    monkeypatch.setenv(VARIABLE, location)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://elsewhere.example.com")
    wire.answers[operation] = refuses("AccessDeniedException", status=403)
    with pytest.raises(BaselineError):
        SecureSession(project, source=wire.source())
    assert wire.requests[0].host.endswith(".amazonaws.com")
