"""What a client of a secured session may not be asked for, and which region's section it is held to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config

from secure_sagemaker import (
    BaselineError,
    RegionError,
    SecureSession,
    SessionError,
)
from tests.unit.baseline.stated import COMPLETE
from tests.unit.secured import (
    KEY_THERE,
    TWO_REGIONS,
    baseline,
    secured,
    training_job,
)
from tests.wire import Wire

ELSEWHERE = "https://elsewhere.example.com"


# --- what a client may not be asked for


@pytest.mark.parametrize(
    ("options", "told"),
    [
        pytest.param({"aws_access_key_id": "AKIA"}, "aws_access_key_id=", id="key"),
        pytest.param({"aws_secret_access_key": "s3cr3t"}, "aws_secret_access_key=", id="secret"),
        pytest.param({"aws_session_token": "s3cr3t"}, "aws_session_token=", id="token"),
        pytest.param({"config": Config(signature_version=UNSIGNED)}, "UNSIGNED", id="unsigned"),
        pytest.param(
            {"config": Config(parameter_validation=False)}, "parameter_validation", id="unvalidated"
        ),
        pytest.param({"verify": False}, "verify=False", id="verify-false"),
        pytest.param({"verify": 0}, "verify=0", id="verify-zero"),
        pytest.param({"verify": ""}, "verify=''", id="verify-empty"),
        pytest.param({"use_ssl": False}, "is not TLS", id="use-ssl"),
        pytest.param({"endpoint_url": ELSEWHERE}, ELSEWHERE, id="endpoint"),
        pytest.param({"endpoint_url": "http://sts.amazonaws.com"}, "is not TLS", id="endpoint-plain"),
        pytest.param({"endpoint_url": "http://127.0.0.1:5000"}, "127.0.0.1:5000", id="endpoint-unlisted"),
    ],
)
@pytest.mark.parametrize(("service", "region"), [("sagemaker", None), ("s3", "us-east-1")])
def test_a_client_off_the_path_is_refused(
    options: dict[str, Any], told: str, service: Any, region: str | None, wire: Wire
) -> None:
    """Other keys, no signature, no TLS or another host: refused by name, with a remedy and without the value."""
    session = secured(wire, TWO_REGIONS)
    for make in (session.client, session.resource) if service == "s3" else (session.client,):
        with pytest.raises(SessionError) as caught:
            make(service, region_name=region, **options)
        assert told in str(caught.value)
        assert "s3cr3t" not in str(caught.value)
        assert caught.value.remedy


def test_a_ca_bundle_may_be_named(wire: Wire) -> None:
    """verify= that names a CA bundle, or True, is no weakening."""
    session = secured(wire)
    assert "/ca.pem" == session.client("sagemaker", verify="/ca.pem")._endpoint.http_session._verify
    session.client("sagemaker", verify=True)


def test_credentials_cannot_be_set(wire: Wire) -> None:
    """set_credentials of the botocore session below is refused."""
    session = secured(wire)
    with pytest.raises(SessionError, match="credentials were set"):
        session._session.set_credentials("AKIA", "s")


def test_a_default_config_cannot_unsign(wire: Wire) -> None:
    """UNSIGNED by the session's default client config is held back when it would be sent."""
    session = secured(wire)
    session._session.set_default_client_config(Config(signature_version=UNSIGNED))
    with pytest.raises(SessionError, match="it is not signed"):
        session.client("sagemaker").list_models()
    assert [] == wire.of("ListModels")


def test_no_setting_of_the_machine_turns_validation_off(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The controls leave what is malformed to botocore's validation, so neither file nor default may skip it."""
    by_default = secured(wire)
    by_default._session.set_default_client_config(Config(parameter_validation=False))
    file = tmp_path / "config"
    file.write_text("[default]\nparameter_validation = false\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    for session in (by_default, secured(wire)):
        with pytest.raises(SessionError, match="parameter_validation is off"):
            session.client("sagemaker")


def test_s3_is_signed_by_version_four(wire: Wire) -> None:
    """An older signature, which KMS does not take, is not made: neither sent nor presigned."""
    s3 = secured(wire).client("s3", config=Config(signature_version="s3", s3={"addressing_style": "path"}))
    s3.put_object(Bucket="ml-artifacts", Key="k", Body=b"")
    assert wire.one("PUT").headers["authorization"].startswith("AWS4-HMAC-SHA256 ")
    assert wire.one("PUT").url.endswith("amazonaws.com/ml-artifacts/k")
    assert "X-Amz-Algorithm=AWS4" in s3.generate_presigned_url(
        "get_object", {"Bucket": "ml-artifacts", "Key": "k"}
    )


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SAGEMAKER"])
def test_the_environment_cannot_redirect(name: str, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint from an environment variable is refused like one that is given; the remedy names it."""
    monkeypatch.setenv(name, ELSEWHERE)
    with pytest.raises(SessionError, match=ELSEWHERE) as caught:
        secured(wire).client("sagemaker")
    assert "AWS_ENDPOINT_URL" in caught.value.remedy


@pytest.mark.parametrize(
    "config",
    [
        pytest.param(f"[default]\nendpoint_url = {ELSEWHERE}\n", id="global"),
        pytest.param(
            f"[default]\nservices = mine\n\n[services mine]\nsagemaker =\n  endpoint_url = {ELSEWHERE}\n",
            id="service",
        ),
    ],
)
def test_a_config_file_cannot_redirect(
    config: str, wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor can one from the shared config file."""
    path = tmp_path / "config"
    path.write_text(config, encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    with pytest.raises(SessionError, match=ELSEWHERE):
        secured(wire).client("sagemaker")


def test_a_listed_origin_is_no_foreign_endpoint(wire: Wire) -> None:
    """An origin of privatelink.allowed_endpoint_urls may be named, and is where the call goes."""
    text = COMPLETE + '\n[privatelink]\nallowed_endpoint_urls = ["http://127.0.0.1:5000"]\n'
    secured(wire, text).client("sagemaker", endpoint_url="http://127.0.0.1:5000").list_models()
    assert "http://127.0.0.1:5000/" == wire.one("ListModels").url


# --- regions


def test_another_region_applies_its_section(wire: Wire) -> None:
    """A client for a stated region uses that region's key and subnets, STS and endpoints."""
    secured(wire, TWO_REGIONS).client("sagemaker", region_name="us-east-1").create_training_job(
        **training_job()
    )
    sent = wire.one("CreateTrainingJob")
    assert KEY_THERE == sent.json["OutputDataConfig"]["KmsKeyId"]
    assert ["subnet-0c1d2e3f"] == sent.json["VpcConfig"]["Subnets"]
    assert "us-east-1" == sent.credential[1]
    assert "sts.us-east-1.amazonaws.com" == wire.one("AssumeRole").host


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"region_name": "us-east-2"}, id="argument"),
        pytest.param({"config": Config(region_name="us-east-2")}, id="config"),
    ],
)
def test_a_region_that_is_not_stated_is_refused(options: dict[str, Any], wire: Wire) -> None:
    """However it is asked for: the error names the region and the section to write."""
    for text in (COMPLETE, TWO_REGIONS):
        with pytest.raises(RegionError, match="us-east-2") as caught:
            secured(wire, text).client("sagemaker", **options)
        assert "[region.us-east-2]" in caught.value.remedy


def test_a_default_config_chooses_no_region(wire: Wire) -> None:
    """A region in the default client config is held to the baseline like any other."""
    session = secured(wire)
    session._session.set_default_client_config(Config(region_name="us-east-2"))
    with pytest.raises(RegionError, match="us-east-2"):
        session.client("sagemaker")


def test_another_regions_clients_are_whole(wire: Wire, tmp_path: Path) -> None:
    """What boto3 adds to clients (upload_file) and resources is there in every region."""
    session, path = secured(wire, TWO_REGIONS), tmp_path / "data"
    path.write_bytes(b"data")
    session.client("s3", region_name="us-east-1").upload_file(str(path), "ml-artifacts", "a")
    session.resource("s3", region_name="us-east-1").Object("ml-artifacts", "b").upload_file(str(path))
    keys = [sent.headers["x-amz-server-side-encryption-aws-kms-key-id"] for sent in wire.of("PUT")]
    assert [KEY_THERE, KEY_THERE] == keys


def test_all_regions_are_one_report(wire: Wire) -> None:
    """Calls in another region are in the session's report and audit trail."""
    session = secured(wire, TWO_REGIONS)
    session.client("sagemaker").list_models()
    session.client("sagemaker", region_name="us-east-1").list_models()
    assert ["eu-west-1", "us-east-1"] == [record.region for record in session.report().records]


def test_a_global_service_is_of_every_region(wire: Wire) -> None:
    """A service with one endpoint for the partition needs no section of its own."""
    session = secured(wire)
    assert "https://iam.amazonaws.com" == session.client("iam").meta.endpoint_url
    assert "aws-global" == session.client("iam", region_name="aws-global").meta.region_name


def test_the_session_itself_can_be_of_another_region(wire: Wire) -> None:
    """region_name= applies that region's section to the session, and an unstated one makes none."""
    stated = baseline(TWO_REGIONS)
    session = SecureSession(stated, region_name="us-east-1", source=wire.source())
    assert ("us-east-1", KEY_THERE) == (session.region_name, session.baseline.kms.default)
    with pytest.raises(BaselineError, match="us-east-2"):
        SecureSession(stated, region_name="us-east-2", source=wire.source())
