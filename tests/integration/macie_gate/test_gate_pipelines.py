"""Pipelines: what their steps read is looked at when they are made, and again each time they are started."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from secure_sagemaker import ControlError, SecureSession
from tests.integration.macie import CLEAN, TABLE
from tests.integration.macie_gate.gated import TAGS, Gated, channel, sagemaker

WAIVER = {
    "control": "input-scan",
    "operations": ["CreatePipeline", "StartPipelineExecution"],
    "resources": ["*"],
    "reason": "the first step takes the names out",
    "ticket": "SEC-3",
    "approver": "security",
    "expires": "2099-01-01",
}


def token() -> str:
    return f"{time.monotonic_ns():032}"


def training(gated: Gated, name: str, uri: Any) -> dict[str, Any]:
    """A step that trains."""
    stated = gated.training("x", "", InputDataConfig=[channel(uri)])
    arguments = {key: value for key, value in stated.items() if key not in ("TrainingJobName", "Tags")}
    return {"Name": name, "Type": "Training", "Arguments": arguments}


def preparing(gated: Gated, uri: str, output: str) -> dict[str, Any]:
    """A step that prepares data for others."""
    stated = gated.request("CreateProcessingJob", uri)
    arguments = {key: value for key, value in stated.items() if key not in ("ProcessingJobName", "Tags")}
    written = {"S3Uri": output, "LocalPath": "/opt/ml/processing/out", "S3UploadMode": "EndOfJob"}
    outputs = {"Outputs": [{"OutputName": "train", "S3Output": written}]}
    return {
        "Name": "Prepare",
        "Type": "Processing",
        "Arguments": {**arguments, "ProcessingOutputConfig": outputs},
    }


def create(session: SecureSession, name: str, *steps: Any, **parameters: str) -> None:
    """Make a pipeline with parameters and their defaults."""
    stated = [{"Name": key, "Type": "String", "DefaultValue": default} for key, default in parameters.items()]
    document = {"Version": "2020-12-01", "Metadata": {}, "Parameters": stated, "Steps": list(steps)}
    sagemaker(session).create_pipeline(
        PipelineName=name, PipelineDefinition=json.dumps(document), ClientRequestToken=token(), Tags=TAGS
    )


def start(session: SecureSession, name: str, **parameters: str) -> None:
    stated = [{"Name": key, "Value": value} for key, value in parameters.items()]
    sagemaker(session).start_pipeline_execution(
        PipelineName=name, PipelineParameters=stated, ClientRequestToken=token()
    )


def test_what_steps_read_is_looked_at(gated: Gated) -> None:
    """By the step's name and the member's path; what is clear is let pass."""
    folder = gated.folder()
    gated.put(f"{folder}x.csv", CLEAN)
    session = gated.session()
    with pytest.raises(ControlError, match="1 of 1 objects have no fresh verdict") as caught:
        create(session, "read", training(gated, "Train", gated.uri(folder)))
    assert (
        "PipelineDefinition.Steps['Train'].Arguments.InputDataConfig[0].DataSource.S3DataSource.S3Uri"
        == caught.value.path
    )
    gated.refused("CreatePipeline")
    session.scan([gated.uri(folder)])
    create(session, "read", training(gated, "Train", gated.uri(folder)))
    assert 1 == len(gated.sent("CreatePipeline"))


@pytest.mark.parametrize("of", ["location", "property"])
def test_the_output_of_another_step_needs_a_waiver(gated: Gated, of: str) -> None:
    """It is not there yet, so nobody can have read it: refused by the step's name, and let pass where it is excused."""
    folder = gated.folder()
    gated.put(f"{folder}x.csv", CLEAN)
    output = f"s3://{gated.aws.default_bucket}/{folder}prepared"
    named = {"Get": "Steps.Prepare.ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri"}
    prepare = preparing(gated, gated.uri(folder), output)
    train = training(gated, "Train", named if of == "property" else f"{output}/part-0")
    session = gated.session(mode="scan")
    with pytest.raises(ControlError) as caught:
        create(session, f"outputs-{of}", prepare, train)
    assert "Train" in caught.value.path
    assert "unreadable: " in caught.value.got
    assert "scan what step 'Prepare' writes" in caught.value.remedy
    gated.refused("CreatePipeline")
    assert [] == gated.asked("macie2")
    excused = gated.session(mode="scan", layer={"waivers": [WAIVER]})
    create(excused, f"outputs-{of}", prepare, train)
    decisions = gated.aws.calls.last("CreatePipeline").decisions
    assert ("input-scan", "waived") in {(one.control_id.value, one.action.value) for one in decisions}


def test_it_is_looked_at_again_when_it_starts(gated: Gated) -> None:
    """Data that came since it was made has no verdict then, and nothing is started."""
    folder = gated.folder()
    gated.put(f"{folder}x.csv", CLEAN)
    session = gated.session()
    session.scan([gated.uri(folder)])
    create(session, "later", training(gated, "Train", gated.uri(folder)))
    start(session, "later")
    gated.put(f"{folder}people.csv", TABLE)
    gated.aws.forget_requests()
    with pytest.raises(ControlError, match=r"have no fresh verdict: .*people\.csv") as caught:
        start(session, "later")
    assert caught.value.path.startswith("PipelineName -> pipeline/later")
    gated.refused("StartPipelineExecution")


def test_it_is_looked_at_with_the_parameters_it_starts_with(gated: Gated) -> None:
    """Not with the defaults that it was made with; each way round."""
    clean, people = gated.folder(), gated.folder()
    gated.put(f"{clean}x.csv", CLEAN)
    gated.put(f"{people}people.csv", TABLE)
    session = gated.session()
    session.scan([gated.uri(clean)])
    step = training(gated, "Train", {"Get": "Parameters.Data"})
    create(session, "given", step, Data=gated.uri(clean))
    start(session, "given")
    gated.aws.forget_requests()
    with pytest.raises(ControlError, match="have no fresh verdict"):
        start(session, "given", Data=gated.uri(people))
    gated.refused("StartPipelineExecution")
    create(gated.session(mode="off"), "other", step, Data=gated.uri(people))
    start(session, "other", Data=gated.uri(clean))
    with pytest.raises(ControlError, match="have no fresh verdict"):
        start(session, "other")


def test_a_retry_is_looked_at_too(gated: Gated) -> None:
    """It reads again what lies there by then."""
    folder = gated.folder()
    gated.put(f"{folder}x.csv", CLEAN)
    session = gated.session()
    session.scan([gated.uri(folder)])
    create(session, "retried", training(gated, "Train", gated.uri(folder)))
    start(session, "retried")
    plain: Any = gated.aws.source.client("sagemaker")
    (execution,) = plain.list_pipeline_executions(PipelineName="retried")["PipelineExecutionSummaries"]
    gated.put(f"{folder}people.csv", TABLE)
    gated.aws.forget_requests()
    with pytest.raises(ControlError, match="have no fresh verdict"):
        sagemaker(session).retry_pipeline_execution(
            PipelineExecutionArn=execution["PipelineExecutionArn"], ClientRequestToken=token()
        )
    gated.refused("RetryPipelineExecution")
