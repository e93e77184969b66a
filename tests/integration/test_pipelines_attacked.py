"""Pipelines that exist: which version runs, as whom, with what of an earlier run; and definitions that lie in S3."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from botocore.exceptions import ClientError

from secure_sagemaker import ControlError, SecureSession
from secure_sagemaker.local import EmbeddedAWS
from tests.controls_support import service_model
from tests.integration.embedded import client
from tests.integration.test_pipelines import TOKEN, definition, hardened, kept, parametrised, started

aliased = pytest.mark.skipif(
    "PipelineVersionAlias" not in service_model().shape_for("StartPipelineExecutionRequest").members,
    reason="this botocore knows no aliases of versions",
)


@pytest.fixture
def session(aws: EmbeddedAWS) -> SecureSession:
    return aws.session()


# --- which version


@aliased
def test_the_version_behind_an_alias_is_the_one_started(aws: EmbeddedAWS, session: SecureSession) -> None:
    """An alias may be moved between the look and the start, so its version is named in its place."""
    plain = kept(aws, "aliased", hardened(aws, session))
    plain.update_pipeline(PipelineName="aliased", PipelineDefinition=definition(aws))
    arn = plain.describe_pipeline(PipelineName="aliased")["PipelineArn"]
    plain.update_pipeline_version(
        PipelineArn=arn, PipelineVersionId=1, PipelineVersionAliasOperations={"Add": ["prod"]}
    )
    aws.forget_requests()
    sagemaker: Any = session.client("sagemaker")
    sagemaker.start_pipeline_execution(PipelineName="aliased", PipelineVersionAlias="prod")
    (request,) = started(aws)
    assert 1 == request["PipelineVersionId"]
    assert "PipelineVersionAlias" not in request
    decided = {one.path: one.action.value for one in session.report().records[-1].decisions}
    assert {"PipelineVersionId": "injected", "PipelineVersionAlias": "corrected"}.items() <= decided.items()
    with pytest.raises(ControlError) as caught:
        sagemaker.start_pipeline_execution(PipelineName="aliased", PipelineVersionAlias="nobodys")
    assert "referenced-resource" == caught.value.control_id


# --- what an execution takes over


def execution(aws: EmbeddedAWS, name: str, **members: Any) -> str:
    """An execution that a plain client started, and stopped."""
    plain = client(aws, "sagemaker")
    arn: str = plain.start_pipeline_execution(PipelineName=name, **members)["PipelineExecutionArn"]
    plain.stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken=TOKEN)
    return arn


def test_an_execution_is_retried_as_its_pipelines_role(aws: EmbeddedAWS, session: SecureSession) -> None:
    """The role is the pipeline's, whatever definition it runs."""
    plain = kept(aws, "roles", hardened(aws, session))
    arn = execution(aws, "roles")
    sagemaker: Any = session.client("sagemaker")
    sagemaker.retry_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken=TOKEN)
    plain.stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken=TOKEN)
    plain.update_pipeline(
        PipelineName="roles", RoleArn=aws.execution_role_arn.replace(":role/", ":role/not-")
    )
    with pytest.raises(ControlError) as caught:
        sagemaker.retry_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken=TOKEN)
    assert ("execution-role", "PipelineExecutionArn -> pipeline/roles: RoleArn") == (
        caught.value.control_id,
        caught.value.path,
    )


def test_results_of_another_run_are_held_to_that_run(aws: EmbeddedAWS, session: SecureSession) -> None:
    """Steps that are left out take what an execution left, which may have written it anywhere."""
    text = parametrised(
        hardened(aws, session), "OutputDataConfig.S3OutputPath", "Out", f"s3://{aws.default_bucket}/x"
    )
    kept(aws, "selected", text)
    elsewhere = [{"Name": "Out", "Value": "s3://somebody-elses/x"}]
    sources = (execution(aws, "selected"), execution(aws, "selected", PipelineParameters=elsewhere))
    sagemaker: Any = session.client("sagemaker")

    def start(source: str) -> None:
        sagemaker.start_pipeline_execution(
            PipelineName="selected",
            SelectiveExecutionConfig={
                "SourcePipelineExecutionArn": source,
                "SelectedSteps": [{"StepName": "Train"}],
            },
        )

    start(sources[0])
    with pytest.raises(ControlError) as caught:
        start(sources[1])
    assert "s3://somebody-elses/x" == caught.value.got
    assert caught.value.path.startswith("SelectiveExecutionConfig.SourcePipelineExecutionArn -> ")


# --- definitions in S3


@pytest.fixture
def unversioned(aws: EmbeddedAWS) -> Any:
    """The default bucket, which kept versions once: all that is written now is called null."""
    plain = client(aws, "s3")
    plain.put_bucket_versioning(Bucket=aws.default_bucket, VersioningConfiguration={"Status": "Suspended"})
    return plain


def create(session: SecureSession, aws: EmbeddedAWS, name: str, **location: str) -> None:
    sagemaker: Any = session.client("sagemaker")
    sagemaker.create_pipeline(
        PipelineName=name,
        RoleArn=aws.execution_role_arn,
        ClientRequestToken=TOKEN,
        PipelineDefinitionS3Location={"Bucket": aws.default_bucket, **location},
    )


def test_a_version_that_can_be_written_over_is_no_version(
    aws: EmbeddedAWS, session: SecureSession, unversioned: Any
) -> None:
    """What needs nothing is written under a name of its own all the same, and nothing is called null."""
    text = hardened(aws, session)
    unversioned.put_object(Bucket=aws.default_bucket, Key="null.json", Body=text.encode())
    aws.forget_requests()
    create(session, aws, "null", ObjectKey="null.json")
    (made,) = [request for request in aws.requests if request.operation == "CreatePipeline"]
    sent: Any = made.parameters["PipelineDefinitionS3Location"]
    assert sent["ObjectKey"].startswith("null.json.secured-")
    assert "VersionId" not in sent


@pytest.mark.parametrize(
    ("body", "path"),
    [
        pytest.param(b"", "PipelineDefinition", id="empty"),
        pytest.param(gzip.compress(b"{}"), "PipelineDefinitionS3Location", id="packed"),
        pytest.param(b"\xef\xbb\xbf{}", "PipelineDefinition", id="with a mark of its byte order"),
        pytest.param(b" " * ((16 << 20) + 1), "PipelineDefinitionS3Location", id="too large"),
    ],
)
def test_what_cannot_be_read_is_not_sent(
    aws: EmbeddedAWS, session: SecureSession, body: bytes, path: str
) -> None:
    """As the reader at the other end might understand it otherwise."""
    client(aws, "s3").put_object(Bucket=aws.default_bucket, Key="odd.json", Body=body)
    with pytest.raises(ControlError) as caught:
        create(session, aws, "odd", ObjectKey="odd.json")
    assert ("pipeline-definition", path) == (caught.value.control_id, caught.value.path)
    with pytest.raises(ClientError):
        client(aws, "sagemaker").describe_pipeline(PipelineName="odd")


def test_a_definition_outside_of_the_perimeter_is_not_even_read(
    aws: EmbeddedAWS, session: SecureSession
) -> None:
    """Where it lies is judged before anything is asked of S3."""
    aws.forget_requests()
    with pytest.raises(ControlError) as caught:
        create(session, aws, "far", Bucket="somebody-elses-bucket", ObjectKey="p.json")
    assert ("data-perimeter", "PipelineDefinitionS3Location.Bucket") == (
        caught.value.control_id,
        caught.value.path,
    )
    assert [] == [request for request in aws.requests if request.service == "s3"]
