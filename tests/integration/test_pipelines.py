"""Pipelines through a secured session: what SageMaker is given, and what it will read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from secure_sagemaker import ControlError, SecureSession
from secure_sagemaker.local import EmbeddedAWS
from tests.integration.embedded import client
from tests.unit.cli.running import Ran, baseline_file, run

TOKEN = "t" * 32


@pytest.fixture
def session(aws: EmbeddedAWS) -> SecureSession:
    return aws.session()


@pytest.fixture
def versioned(aws: EmbeddedAWS) -> Iterator[Any]:
    """The default bucket, keeping versions."""
    plain = client(aws, "s3")
    plain.put_bucket_versioning(Bucket=aws.default_bucket, VersioningConfiguration={"Status": "Enabled"})
    yield plain
    plain.put_bucket_versioning(Bucket=aws.default_bucket, VersioningConfiguration={"Status": "Suspended"})


def definition(aws: EmbeddedAWS, **members: Any) -> str:
    """A pipeline of one training step."""
    arguments = {
        "AlgorithmSpecification": {
            "TrainingImage": f"{aws.account.account}.dkr.ecr.{aws.account.region}.amazonaws.com/churn:1",
            "TrainingInputMode": "File",
        },
        "RoleArn": aws.execution_role_arn,
        "OutputDataConfig": {"S3OutputPath": f"s3://{aws.default_bucket}/out"},
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        **members,
    }
    step = {"Name": "Train", "Type": "Training", "Arguments": arguments}
    return json.dumps({"Version": "2020-12-01", "Metadata": {}, "Parameters": [], "Steps": [step]})


def stored(aws: EmbeddedAWS, name: str) -> dict[str, Any]:
    """The arguments of the step that SageMaker keeps."""
    text = client(aws, "sagemaker").describe_pipeline(PipelineName=name)["PipelineDefinition"]
    arguments: dict[str, Any] = json.loads(text)["Steps"][0]["Arguments"]
    return arguments


def assert_secured(aws: EmbeddedAWS, arguments: dict[str, Any]) -> None:
    assert aws.key_arn == arguments["OutputDataConfig"]["KmsKeyId"]
    assert aws.key_arn == arguments["ResourceConfig"]["VolumeKmsKeyId"]
    assert arguments["VpcConfig"]["Subnets"]
    assert arguments["EnableNetworkIsolation"] is True


def test_a_definition_in_the_request_is_secured_on_the_wire(aws: EmbeddedAWS, session: SecureSession) -> None:
    """Created and updated: what SageMaker keeps is what was decided, and the record says each thing."""
    sagemaker = session.client("sagemaker")
    role = aws.execution_role_arn
    sagemaker.create_pipeline(
        PipelineName="inline", RoleArn=role, ClientRequestToken=TOKEN, PipelineDefinition=definition(aws)
    )
    assert_secured(aws, stored(aws, "inline"))
    sagemaker.update_pipeline(PipelineName="inline", RoleArn=role, PipelineDefinition=definition(aws))
    assert_secured(aws, stored(aws, "inline"))
    decided = {decision.path for record in session.report().records for decision in record.decisions}
    assert "PipelineDefinition.Steps['Train'].Arguments.VpcConfig.Subnets" in decided


def test_a_definition_in_s3_is_written_back_secured(
    aws: EmbeddedAWS, session: SecureSession, versioned: Any
) -> None:
    """Under a new key, encrypted with the baseline's, and the version that was examined is the one named."""
    versioned.put_object(Bucket=aws.default_bucket, Key="p.json", Body=definition(aws).encode())
    aws.forget_requests()
    location = {"Bucket": aws.default_bucket, "ObjectKey": "p.json"}
    asked = {"PipelineName": "large", "RoleArn": aws.execution_role_arn, "ClientRequestToken": TOKEN}
    session.client("sagemaker").create_pipeline(**asked, PipelineDefinitionS3Location=location)
    assert {"Bucket": aws.default_bucket, "ObjectKey": "p.json"} == location
    (written,) = [request for request in aws.requests if request.operation == "PutObject"]
    assert aws.key_arn == written.parameters["SSEKMSKeyId"]
    (made,) = [request for request in aws.requests if request.operation == "CreatePipeline"]
    assert "PipelineDefinition" not in made.parameters
    sent = made.parameters["PipelineDefinitionS3Location"]
    assert sent["ObjectKey"].startswith("p.json.secured-")
    assert sent["VersionId"]
    assert_secured(aws, stored(aws, "large"))
    versioned.put_object(Bucket=aws.default_bucket, Key=sent["ObjectKey"], Body=b"{}")
    again = {key: value for key, value in asked.items() if key != "ClientRequestToken"}
    session.client("sagemaker").update_pipeline(**again, PipelineDefinitionS3Location=sent)
    assert_secured(aws, stored(aws, "large"))  # the version that is named, whatever lies there now
    assert {"p.json.secured"} == {
        request.parameters["Key"].partition("-")[0]
        for request in aws.requests
        if request.operation == "PutObject"
    }


def test_what_was_secured_is_not_written_again(
    aws: EmbeddedAWS, session: SecureSession, versioned: Any
) -> None:
    """A definition that needs nothing is left where it lies, with its version named, and the record says so."""
    sagemaker = session.client("sagemaker")
    versioned.put_object(Bucket=aws.default_bucket, Key="q.json", Body=definition(aws).encode())
    asked = {"PipelineName": "calm", "RoleArn": aws.execution_role_arn}
    location = {"Bucket": aws.default_bucket, "ObjectKey": "q.json"}
    sagemaker.create_pipeline(**asked, ClientRequestToken=TOKEN, PipelineDefinitionS3Location=location)
    (made,) = [request for request in aws.requests if request.operation == "CreatePipeline"]
    secured = {**made.parameters["PipelineDefinitionS3Location"]}
    del secured["VersionId"]
    aws.forget_requests()
    sagemaker.update_pipeline(**asked, PipelineDefinitionS3Location=secured)
    assert [] == [request for request in aws.requests if request.operation == "PutObject"]
    (updated,) = [request for request in aws.requests if request.operation == "UpdatePipeline"]
    assert (
        made.parameters["PipelineDefinitionS3Location"] == updated.parameters["PipelineDefinitionS3Location"]
    )
    last = session.report().records[-1]
    assert "corrected" in [one.action for one in last.decisions if one.path == "PipelineDefinitionS3Location"]


@pytest.mark.parametrize(
    ("key", "body", "wanted"),
    [
        ("missing.json", None, "NoSuchKey"),
        ("binary.json", b"\xff\xfe", "decode"),
    ],
)
def test_a_definition_that_cannot_be_read_is_refused(
    aws: EmbeddedAWS, session: SecureSession, key: str, body: bytes | None, wanted: str
) -> None:
    """Nothing is sent to SageMaker, and the error says what S3 said."""
    if body is not None:
        client(aws, "s3").put_object(Bucket=aws.default_bucket, Key=key, Body=body)
    aws.forget_requests()
    location = {"Bucket": aws.default_bucket, "ObjectKey": key}
    with pytest.raises(ControlError, match=wanted) as caught:
        session.client("sagemaker").create_pipeline(
            PipelineName="unread",
            RoleArn=aws.execution_role_arn,
            ClientRequestToken=TOKEN,
            PipelineDefinitionS3Location=location,
        )
    assert ("pipeline-definition", "PipelineDefinitionS3Location") == (
        caught.value.control_id,
        caught.value.path,
    )
    assert [] == [request for request in aws.requests if request.service == "sagemaker"]
    assert "pipeline-definition" == session.report().records[-1].error_code


def test_a_bad_definition_in_s3_is_refused_by_the_path_inside(
    aws: EmbeddedAWS, session: SecureSession
) -> None:
    """As if it were in the request; neither written back nor sent."""
    foreign = definition(aws, RoleArn="arn:aws:iam::999988887777:role/theirs")
    client(aws, "s3").put_object(Bucket=aws.default_bucket, Key="bad.json", Body=foreign.encode())
    aws.forget_requests()
    with pytest.raises(ControlError) as caught:
        session.client("sagemaker").create_pipeline(
            PipelineName="bad",
            RoleArn=aws.execution_role_arn,
            ClientRequestToken=TOKEN,
            PipelineDefinitionS3Location={"Bucket": aws.default_bucket, "ObjectKey": "bad.json"},
        )
    assert "PipelineDefinition.Steps['Train'].Arguments.RoleArn" == caught.value.path
    assert {"GetObject"} == {request.operation for request in aws.requests if request.service == "s3"}
    with pytest.raises(ClientError):
        stored(aws, "bad")


def test_one_request_carries_one_definition(aws: EmbeddedAWS, session: SecureSession) -> None:
    """With two, nobody could tell which one SageMaker takes."""
    with pytest.raises(ControlError, match="another definition besides"):
        session.client("sagemaker").create_pipeline(
            PipelineName="two",
            RoleArn=aws.execution_role_arn,
            ClientRequestToken=TOKEN,
            PipelineDefinition=definition(aws),
            PipelineDefinitionS3Location={"Bucket": aws.default_bucket, "ObjectKey": "p.json"},
        )


def test_a_handler_that_swaps_the_definition_afterwards_is_found(
    aws: EmbeddedAWS, session: SecureSession
) -> None:
    """The request is verified as it is about to be sent, a definition in S3 read again."""
    sagemaker = session.client("sagemaker")
    client(aws, "s3").put_object(Bucket=aws.default_bucket, Key="swap.json", Body=definition(aws).encode())

    def swap(params: dict[str, Any], **_: object) -> None:
        params["PipelineDefinitionS3Location"] = {"Bucket": aws.default_bucket, "ObjectKey": "swap.json"}

    sagemaker.meta.events.register_last("before-parameter-build.sagemaker.CreatePipeline", swap)
    with pytest.raises(ControlError) as caught:
        sagemaker.create_pipeline(
            PipelineName="swapped",
            RoleArn=aws.execution_role_arn,
            ClientRequestToken=TOKEN,
            PipelineDefinitionS3Location={"Bucket": aws.default_bucket, "ObjectKey": "swap.json"},
        )
    assert caught.value.path.startswith("PipelineDefinition.Steps['Train']")


# --- the command ----------------------------------------------------------------------------------


@pytest.fixture
def command(aws: EmbeddedAWS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Runs the command as the launcher, with the account's baseline, whose key is an alias."""
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    content = aws.baseline_toml().replace(aws.key_arn, aws.key_alias)
    path = baseline_file(tmp_path, content)
    return lambda *arguments: run("pipeline", *arguments, "--baseline", path)


def test_a_pipeline_of_the_account_is_checked_and_hardened(
    aws: EmbeddedAWS, command: Callable[..., Ran], tmp_path: Path
) -> None:
    """By name: what a plain client made is read, secured with the key that AWS names, and sent as a new version."""
    plain = client(aws, "sagemaker")
    plain.create_pipeline(
        PipelineName="theirs",
        RoleArn=aws.execution_role_arn,
        ClientRequestToken=TOKEN,
        PipelineDefinition=definition(aws),
    )
    checked = command("check", "theirs")
    assert 0 == checked.code
    assert "OutputDataConfig.KmsKeyId" in checked.stdout
    sent = command("harden", "theirs", "--upsert", "theirs")
    assert 0 == sent.code
    assert ":pipeline/theirs" in sent.stderr
    assert_secured(aws, stored(aws, "theirs"))
    assert "0 to be set" in command("check", "theirs").stdout
    assert json.loads(command("harden", "theirs").stdout)["Steps"][0]["Arguments"] == stored(aws, "theirs")


@pytest.mark.parametrize("padding", [0, 1_048_576], ids=["inline", "by way of S3"])
def test_a_file_becomes_a_pipeline(
    aws: EmbeddedAWS, command: Callable[..., Ran], tmp_path: Path, padding: int
) -> None:
    """Created with the baseline's execution role where there is none; one that is too large goes by way of S3."""
    content = json.loads(definition(aws))
    content["Metadata"] = {"Note": "x" * padding}
    path = tmp_path / "pipeline.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    name = f"made-{padding}"
    aws.forget_requests()
    for _ in range(2):
        assert 0 == command("harden", path, "--upsert", name).code
    assert_secured(aws, stored(aws, name))
    described = client(aws, "sagemaker").describe_pipeline(PipelineName=name)
    assert aws.execution_role_arn == described["RoleArn"]
    called = [request.operation for request in aws.requests if request.operation.endswith("Pipeline")]
    assert ["CreatePipeline", "UpdatePipeline"] == [
        name for name in called if not name.startswith("Describe")
    ]


def test_a_name_that_nobody_has_is_told(command: Callable[..., Ran]) -> None:
    """Neither a file nor a pipeline."""
    ran = command("check", "nobodys")
    assert 1 == ran.code
    assert "no file 'nobodys'" in ran.stderr
