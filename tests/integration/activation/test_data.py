"""A program as it is, whose data needs a verdict: refused before it is read, and run once it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from secure_sagemaker import SecureSession
from secure_sagemaker.local import LoopbackServer
from tests.integration.activation.programs import Project
from tests.integration.embedded import training_job
from tests.integration.macie import CLEAN

TRAIN = """
import boto3, json, sys
try:
    boto3.client("sagemaker").create_training_job(**json.loads(sys.argv[1]))
    told = "accepted"
except Exception as refused:  # whatever comes of it is what the program tells
    told = getattr(refused, "control_id", repr(refused))
print(json.dumps({"told": told}))
"""


@pytest.fixture
def project(standing: LoopbackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose baseline asks for verdicts, with a folder for its own."""
    for name, value in standing.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SECURE_SAGEMAKER_VERDICTS", str(tmp_path / "verdicts"))
    results = standing.aws.macie.enable()
    made = Project(standing, tmp_path)
    made.environment["SECURE_SAGEMAKER_VERDICTS"] = str(tmp_path / "verdicts")
    file = tmp_path / "secure-sagemaker.toml"
    listed = f'read = {{ {results} = "{standing.aws.account.account}", '
    file.write_text(file.read_text().replace("read = { ", listed) + '\n[macie]\nmode = "require"\n')
    standing.aws.forget_requests()
    return made


def test_a_program_reads_what_has_been_read(project: Project) -> None:
    """Its plain clients are held to verdicts, with credentials that are handed out for the look; nothing is edited."""
    aws = project.aws
    aws.source.client("s3").put_object(Bucket=aws.data_bucket, Key="program/a.csv", Body=CLEAN)
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{aws.data_bucket}/program/"}
    channels = [{"ChannelName": "train", "DataSource": {"S3DataSource": source}}]

    def told(name: str) -> object:
        request = training_job(
            aws, name, InputDataConfig=channels, Tags=[{"Key": "project", "Value": "embedded"}]
        )
        ran = project.run("python", "-c", TRAIN, json.dumps(request))
        assert ran.code == 0, ran.stderr
        return ran.said["told"]

    assert told("program-1") == "input-scan"
    assert "CreateTrainingJob" not in project.signers
    assert SecureSession(project.folder / "secure-sagemaker.toml").scan([source["S3Uri"]]).is_accepted
    assert told("program-2") == "accepted"
    assert {"assumed-role/ml-launcher/embedded-aws-scan"} == project.signers["CreateClassificationJob"]
    assert {"assumed-role/ml-launcher/"} == project.signers["CreateTrainingJob"]
    assert {"assumed-role/ml-launcher/embedded-aws-scan"} == {
        f"{one}" for one in project.signers["ListObjectsV2"]
    }
