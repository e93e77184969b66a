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


# --- what exists already --------------------------------------------------------------------------


def kept(aws: EmbeddedAWS, name: str, text: str, **members: Any) -> Any:
    """A pipeline that a plain client made, and that client."""
    plain = client(aws, "sagemaker")
    plain.create_pipeline(
        PipelineName=name,
        RoleArn=aws.execution_role_arn,
        ClientRequestToken=TOKEN,
        PipelineDefinition=text,
        **members,
    )
    return plain


def hardened(aws: EmbeddedAWS, session: SecureSession, **members: Any) -> str:
    """A definition as the session would send it."""
    found = session.explain("UpdatePipeline", PipelineName="x", PipelineDefinition=definition(aws, **members))
    return str(found.parameters["PipelineDefinition"])


def parametrised(text: str, place: str, name: str, default: str | None) -> str:
    """The definition with a parameter at a place of the step's arguments, such as ``ResourceConfig.InstanceType``."""
    content = json.loads(text)
    *path, member = place.split(".")
    structure = content["Steps"][0]["Arguments"]
    for part in path:
        structure = structure[part]
    structure[member] = {"Get": f"Parameters.{name}"}
    stated = {"Name": name, "Type": "String"} | ({} if default is None else {"DefaultValue": default})
    content["Parameters"].append(stated)
    return json.dumps(content)


def started(aws: EmbeddedAWS) -> list[dict[str, Any]]:
    return [
        dict(request.parameters) for request in aws.requests if request.operation == "StartPipelineExecution"
    ]


def test_the_version_that_was_examined_is_the_one_started(aws: EmbeddedAWS, session: SecureSession) -> None:
    """The newest is looked up, described by its id, and named in the call; the record says so."""
    plain = kept(aws, "pinned", definition(aws))
    plain.update_pipeline(PipelineName="pinned", PipelineDefinition=hardened(aws, session))
    aws.forget_requests()
    session.client("sagemaker").start_pipeline_execution(PipelineName="pinned")
    assert [2] == [request["PipelineVersionId"] for request in started(aws)]
    described = [request.parameters for request in aws.requests if request.operation == "DescribePipeline"]
    assert [{"PipelineName": "pinned", "PipelineVersionId": 2}] == [dict(one) for one in described]
    last = session.report().records[-1]
    assert {"PipelineVersionId": "injected", "PipelineName": "kept"}.items() <= {
        one.path: one.action.value for one in last.decisions
    }.items()


def test_a_pipeline_that_nobody_secured_is_not_started(aws: EmbeddedAWS, session: SecureSession) -> None:
    """By its name, by an older version's id: nothing is sent, and the error names pipeline, step and member."""
    plain = kept(aws, "lax", definition(aws))
    plain.update_pipeline(PipelineName="lax", PipelineDefinition=hardened(aws, session))
    sagemaker = session.client("sagemaker")
    aws.forget_requests()
    with pytest.raises(ControlError) as caught:
        sagemaker.start_pipeline_execution(PipelineName="lax", PipelineVersionId=1)
    path = (
        "PipelineName -> pipeline/lax/1: PipelineDefinition.Steps['Train'].Arguments.EnableNetworkIsolation"
    )
    assert path in [one.path for one in (caught.value, *caught.value.others)]
    assert "through this session" in caught.value.remedy
    assert [] == started(aws)
    with pytest.raises(ControlError, match=r"DescribePipeline|ListPipelineVersions"):
        sagemaker.start_pipeline_execution(PipelineName="nobodys")
    assert [] == started(aws)


def test_what_an_execution_is_started_with_is_held_to_the_baseline(
    aws: EmbeddedAWS, session: SecureSession
) -> None:
    """A parameter may be given what its default might have been, and nothing else; nor may another role run it."""
    text = parametrised(
        hardened(aws, session), "OutputDataConfig.S3OutputPath", "Out", f"s3://{aws.default_bucket}/x"
    )
    kept(aws, "given", text)
    sagemaker = session.client("sagemaker")
    aws.forget_requests()
    elsewhere = [{"Name": "Out", "Value": "s3://somebody-elses/x"}]
    with pytest.raises(ControlError) as caught:
        sagemaker.start_pipeline_execution(PipelineName="given", PipelineParameters=elsewhere)
    assert ("data-perimeter", "s3://somebody-elses/x") == (caught.value.control_id, caught.value.got)
    assert [] == started(aws)
    fine = [{"Name": "Out", "Value": f"s3://{aws.default_bucket}/y"}]
    sagemaker.start_pipeline_execution(PipelineName="given", PipelineParameters=fine)
    assert [fine] == [request["PipelineParameters"] for request in started(aws)]


def test_a_parameter_without_default_is_known_at_the_start(aws: EmbeddedAWS, session: SecureSession) -> None:
    """Started without it, nobody knows what it will be."""
    kept(aws, "without", parametrised(hardened(aws, session), "OutputDataConfig.S3OutputPath", "Out", None))
    sagemaker = session.client("sagemaker")
    with pytest.raises(ControlError, match="known only when the pipeline runs"):
        sagemaker.start_pipeline_execution(PipelineName="without")
    given = [{"Name": "Out", "Value": f"s3://{aws.default_bucket}/y"}]
    sagemaker.start_pipeline_execution(PipelineName="without", PipelineParameters=given)


def test_an_execution_is_retried_by_its_own_definition(aws: EmbeddedAWS, session: SecureSession) -> None:
    """What the pipeline is by now does not matter, and what the execution was started with does."""
    text = parametrised(
        hardened(aws, session), "OutputDataConfig.S3OutputPath", "Out", f"s3://{aws.default_bucket}/x"
    )
    plain = kept(aws, "again", text)
    good = plain.start_pipeline_execution(PipelineName="again")["PipelineExecutionArn"]
    given = [{"Name": "Out", "Value": "s3://somebody-elses/x"}]
    bad = plain.start_pipeline_execution(PipelineName="again", PipelineParameters=given)[
        "PipelineExecutionArn"
    ]
    plain.update_pipeline(PipelineName="again", PipelineDefinition=definition(aws))
    for arn in (good, bad):
        plain.stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken=TOKEN)
    sagemaker = session.client("sagemaker")
    sagemaker.retry_pipeline_execution(PipelineExecutionArn=good, ClientRequestToken=TOKEN)
    with pytest.raises(ControlError) as caught:
        sagemaker.retry_pipeline_execution(PipelineExecutionArn=bad, ClientRequestToken=TOKEN)
    assert "s3://somebody-elses/x" == caught.value.got
    assert caught.value.path.startswith("PipelineExecutionArn -> pipeline/again/execution/")


def test_a_version_is_given_a_name_only_when_it_is_fine(aws: EmbeddedAWS, session: SecureSession) -> None:
    """What is called `prod` is what others will start."""
    plain = kept(aws, "named", hardened(aws, session))
    plain.update_pipeline(PipelineName="named", PipelineDefinition=definition(aws))
    arn = plain.describe_pipeline(PipelineName="named")["PipelineArn"]
    sagemaker = session.client("sagemaker")
    sagemaker.update_pipeline_version(PipelineArn=arn, PipelineVersionId=1, PipelineVersionDisplayName="prod")
    with pytest.raises(ControlError) as caught:
        sagemaker.update_pipeline_version(
            PipelineArn=arn, PipelineVersionId=2, PipelineVersionDisplayName="prod"
        )
    assert caught.value.path.startswith("PipelineArn -> pipeline/named")


@pytest.mark.parametrize("service", ["events", "scheduler"])
def test_a_schedule_is_checked_when_it_is_made(
    aws: EmbeddedAWS, session: SecureSession, service: str
) -> None:
    """With the parameters that it will give: it fires on AWS's side, where nobody looks."""
    text = parametrised(
        hardened(aws, session), "OutputDataConfig.S3OutputPath", "Out", f"s3://{aws.default_bucket}/x"
    )
    name = f"on-{service}"
    plain = kept(aws, name, text)
    arn = plain.describe_pipeline(PipelineName=name)["PipelineArn"]

    def schedule(value: str) -> None:
        target = {
            "Arn": arn,
            "RoleArn": aws.execution_role_arn,
            "SageMakerPipelineParameters": {"PipelineParameterList": [{"Name": "Out", "Value": value}]},
        }
        if service == "scheduler":
            session.client("scheduler").create_schedule(
                Name=f"nightly-{len(value)}",
                ScheduleExpression="rate(1 day)",
                FlexibleTimeWindow={"Mode": "OFF"},
                Target=target,
            )
        else:
            events = session.client("events")
            events.put_rule(Name="nightly", ScheduleExpression="rate(1 day)")
            events.put_targets(Rule="nightly", Targets=[{"Id": "1", **target}])

    schedule(f"s3://{aws.default_bucket}/y")
    with pytest.raises(ControlError) as caught:
        schedule("s3://somebody-elses/x")
    assert f"pipeline/{name}: PipelineDefinition.Steps['Train']" in caught.value.path


def test_what_a_step_names_is_looked_at_too(aws: EmbeddedAWS, session: SecureSession) -> None:
    """A model that somebody else made is described, in a definition that is sent and in one that is started."""
    plain = client(aws, "sagemaker")
    image = json.loads(definition(aws))["Steps"][0]["Arguments"]["AlgorithmSpecification"]["TrainingImage"]
    plain.create_model(
        ModelName="theirs", ExecutionRoleArn=aws.execution_role_arn, PrimaryContainer={"Image": image}
    )
    transform = {
        "Name": "Score",
        "Type": "Transform",
        "Arguments": {
            "ModelName": "theirs",
            "TransformInput": {
                "DataSource": {
                    "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{aws.default_bucket}/in"}
                }
            },
            "TransformOutput": {"S3OutputPath": f"s3://{aws.default_bucket}/out"},
            "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
        },
    }
    content = json.loads(definition(aws))
    content["Steps"] = [transform]
    asked = {"PipelineName": "scores", "RoleArn": aws.execution_role_arn, "ClientRequestToken": TOKEN}
    with pytest.raises(ControlError) as caught:
        session.client("sagemaker").create_pipeline(**asked, PipelineDefinition=json.dumps(content))
    chain = "PipelineDefinition.Steps['Score'].Arguments.ModelName -> model/theirs: "
    assert caught.value.path.startswith(chain)
    client(aws, "s3").put_object(
        Bucket=aws.default_bucket, Key="scores.json", Body=json.dumps(content).encode()
    )
    with pytest.raises(ControlError) as caught:
        session.client("sagemaker").create_pipeline(
            **asked, PipelineDefinitionS3Location={"Bucket": aws.default_bucket, "ObjectKey": "scores.json"}
        )
    assert caught.value.path.startswith(chain)
    made = {
        "Name": "Make",
        "Type": "Model",
        "Arguments": {"ModelName": "theirs", "PrimaryContainer": {"Image": image}},
    }
    content["Steps"] = [made, transform]
    session.client("sagemaker").create_pipeline(**asked, PipelineDefinition=json.dumps(content))
