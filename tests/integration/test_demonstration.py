"""The demonstration: a real workflow goes through secured, and the recording of its requests proves it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from secure_sagemaker import SecurityBaseline
from secure_sagemaker.local import EmbeddedAWS, RecordedRequest, embedded_aws
from secure_sagemaker.local.demonstration import run
from secure_sagemaker.local.demonstration.attempts import ATTEMPTS
from secure_sagemaker.local.demonstration.evidence import read_evidence


@pytest.mark.sdk(3)
@pytest.mark.filterwarnings("ignore:Implicitly cleaning up:ResourceWarning")  # ModelTrainer's own directory
def test_demonstration_is_clean() -> None:
    """It ends with 0: every request recorded carries its controls and the role's signature, every attempt its end."""
    told = io.StringIO()

    status = run(Console(file=told, width=400, no_color=True))

    text = told.getvalue()
    assert status == 0, text
    assert "each carries its controls, and none but AssumeRole is signed by anything but the role" in text
    assert "requests signed by assumed-role/ml-launcher/" in text
    for attempt in ATTEMPTS:
        assert attempt.title in text
    assert "sent as it was" not in text


@pytest.fixture(scope="module")
def aws() -> EmbeddedAWS:
    """An account, only to name things in."""
    with embedded_aws() as account:
        return account


def request(
    operation: str, parameters: dict[str, object], *, principal: str, **headers: str
) -> RecordedRequest:
    """A request as the recording holds it."""
    return RecordedRequest(
        service="s3" if operation == "PutObject" else "sagemaker",
        operation=operation,
        region="eu-west-1",
        method="POST",
        url="https://api.sagemaker.eu-west-1.amazonaws.com/",
        headers=headers,
        body=b"",
        parameters=parameters,
        access_key_id="ASIAEXAMPLE",
        principal=principal,
    )


def secured_job(baseline: SecurityBaseline) -> dict[str, object]:
    """A training job with everything the evidence looks for."""
    return {
        "EnableNetworkIsolation": True,
        "EnableInterContainerTrafficEncryption": True,
        "VpcConfig": {
            "Subnets": list(baseline.vpc.subnets),
            "SecurityGroupIds": list(baseline.vpc.security_groups),
        },
        "OutputDataConfig": {"KmsKeyId": baseline.kms.default},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "VolumeKmsKeyId": baseline.kms.default},
    }


ROLE = "assumed-role/ml-launcher/demo"


@pytest.mark.parametrize(
    ("operation", "changed", "principal", "found"),
    [
        ("CreateTrainingJob", {}, ROLE, ""),
        ("CreateTrainingJob", {}, "user/launcher", "signed by user/launcher"),
        ("CreateTrainingJob", {"EnableNetworkIsolation": False}, ROLE, "EnableNetworkIsolation is False"),
        ("CreateTrainingJob", {"VpcConfig": {"Subnets": ["subnet-1"]}}, ROLE, "VpcConfig is not"),
        ("CreateTrainingJob", {"OutputDataConfig": {}}, ROLE, "OutputDataConfig.KmsKeyId is missing"),
        (
            "CreateTrainingJob",
            {"ResourceConfig": {"InstanceType": "ml.g5.xlarge", "VolumeKmsKeyId": "x"}},
            ROLE,
            "VolumeKmsKeyId is not as",
        ),
        ("PutObject", {}, ROLE, "not encrypted with SSE-KMS"),
    ],
)
def test_evidence_can_find_something(
    aws: EmbeddedAWS, operation: str, changed: dict[str, object], principal: str, found: str
) -> None:
    """The evidence is no rubber stamp: each weakness that could be on the wire is found there."""
    parameters = {**secured_job(aws.baseline), **changed}

    evidence = read_evidence(
        [request(operation, parameters, principal=principal)], baseline=aws.baseline, launcher=aws.launcher
    )

    told = "\n".join((*evidence.foreign, *evidence.unprotected))
    assert evidence.clean is not bool(found)
    assert found in told
