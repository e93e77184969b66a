"""Data that is accepted under conditions: the call is made to meet them, or it is not made."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from secure_sagemaker import ControlError, SecureSession
from tests.integration.embedded import IMAGE
from tests.integration.macie import CLEAN, TABLE
from tests.integration.macie_gate.gated import TAGS, Gated, sagemaker

pytestmark = pytest.mark.once

OPEN = dict.fromkeys(("training", "processing", "tuning", "models", "monitoring"), "off")
WAIVER = {
    "control": "network-isolation",
    "operations": ["*"],
    "resources": ["*"],
    "reason": "it downloads its weights",
    "ticket": "SEC-2",
    "approver": "security",
    "expires": "2099-01-01",
}


@pytest.fixture(scope="module")
def people() -> str:
    """Where personal data lies."""
    return "people/"


def guarded(gated: Gated, people: str, *under: str, **layer: Any) -> SecureSession:
    """A session that accepts personal data under safeguards, and asks for no isolation otherwise."""
    gated.put(f"{people}table.csv", TABLE)
    accept = {"category": "PERSONAL_INFORMATION", "under": list(under)}
    classes = {"people": {"places": [gated.uri(people)], "accept": [accept]}}
    session = gated.session(layer={"network_isolation": OPEN, **layer}, classes=classes)
    assert tuple(under) == session.scan([gated.uri(people)]).safeguards
    gated.aws.forget_requests()
    return session


def told(gated: Gated, operation: str) -> set[tuple[str, str]]:
    """The decisions about a call as its record has them."""
    record = gated.aws.calls.last(operation).record
    assert record is not None
    decisions: Any = record.as_dict()["decisions"]
    return {(one["control"], one["action"]) for one in decisions}


@pytest.mark.parametrize(
    ("operation", "isolated"),
    [
        ("CreateTrainingJob", lambda sent: sent["EnableNetworkIsolation"]),
        ("CreateProcessingJob", lambda sent: sent["NetworkConfig"]["EnableNetworkIsolation"]),
        (
            "CreateHyperParameterTuningJob",
            lambda sent: sent["TrainingJobDefinition"]["EnableNetworkIsolation"],
        ),
    ],
)
def test_isolation_is_put_into_the_call(gated: Gated, people: str, operation: str, isolated: Any) -> None:
    """Though the baseline asks for none; and the record tells both the acceptance and what it took."""
    session = guarded(gated, people, "network-isolation")
    gated.make(session, operation, gated.request(operation, gated.uri(people)))
    (sent,) = gated.sent(operation)
    assert isolated(sent) is True
    assert {("input-scan", "kept"), ("network-isolation", "injected")} <= told(gated, operation)


@pytest.mark.parametrize("operation", ["CreateAutoMLJob", "CreateAutoMLJobV2"])
def test_what_cannot_be_isolated_is_refused(gated: Gated, people: str, operation: str) -> None:
    """AutoML has no isolation: such data is none for it."""
    session = guarded(gated, people, "network-isolation")
    with pytest.raises(ControlError, match=f"{operation} has no network isolation") as caught:
        gated.make(session, operation, gated.request(operation, gated.uri(people)))
    assert "accepted on that condition alone" in caught.value.wanted
    gated.refused(operation)
    assert ("input-scan", "refused") in told(gated, operation)


@pytest.mark.parametrize(
    "layer",
    [
        {"waivers": [WAIVER]},
        {"modes": {"network-isolation": "observe"}},
        {"network_isolation": {**OPEN, "training": "default"}},
    ],
    ids=["waiver", "observe", "default"],
)
def test_nothing_of_the_baseline_weakens_a_safeguard(
    gated: Gated, people: str, layer: dict[str, Any]
) -> None:
    """Neither an excuse nor a softer mode: silent it is put in, and a call that says otherwise is not sent as it is."""
    session = guarded(gated, people, "network-isolation", **layer)
    gated.train(session, gated.uri(people))
    (sent,) = gated.sent("CreateTrainingJob")
    assert sent["EnableNetworkIsolation"] is True
    gated.aws.forget_requests()
    try:
        gated.train(session, gated.uri(people), EnableNetworkIsolation=False)
    except ControlError as refused:
        assert "network-isolation" in f"{refused.control_id} {refused.wanted}"  # noqa: PT017  # either is well
    assert all(one["EnableNetworkIsolation"] is True for one in gated.sent("CreateTrainingJob"))


def test_remote_debug_is_taken_out(gated: Gated, people: str) -> None:
    """Though the baseline allows it elsewhere."""
    session = guarded(gated, people, "no-remote-debug", hardening={"allow_remote_debug": True})
    gated.train(session, gated.uri(people), RemoteDebugConfig={"EnableRemoteDebug": True})
    (sent,) = gated.sent("CreateTrainingJob")
    assert {"EnableRemoteDebug": False} == sent["RemoteDebugConfig"]
    assert {("input-scan", "kept"), ("remote-debug", "corrected")} <= told(gated, "CreateTrainingJob")


def test_a_key_of_ones_own_is_put_in(gated: Gated, people: str) -> None:
    """Though the baseline leaves the control to AWS's managed key elsewhere."""
    kms = {"aws_managed": ["kms-volume-key"]}
    session = guarded(gated, people, "customer-key", kms=kms)
    gated.train(session, gated.uri(people))
    (sent,) = gated.sent("CreateTrainingJob")
    assert gated.aws.key_arn == sent["ResourceConfig"]["VolumeKmsKeyId"]
    assert {("input-scan", "kept"), ("kms-volume-key", "injected")} <= told(gated, "CreateTrainingJob")


def make_model(gated: Gated, name: str, *, isolated: bool) -> str:
    """A model that nobody secured, but for its network."""
    plain: Any = gated.aws.source.client("sagemaker")
    if name not in {one["ModelName"] for one in plain.list_models()["Models"]}:
        session = gated.session(mode="off", layer={"network_isolation": OPEN})
        sagemaker(session).create_model(
            ModelName=name,
            PrimaryContainer={"Image": IMAGE},
            EnableNetworkIsolation=isolated,
            Tags=TAGS,
        )
        gated.aws.forget_requests()
    return name


def test_a_transform_is_as_isolated_as_its_model(gated: Gated, people: str) -> None:
    """It states no network of its own: a model that has one is refused for such data, and let pass for other data."""
    request = gated.request("CreateTransformJob", gated.uri(people))
    session = guarded(gated, people, "network-isolation")
    open_model = make_model(gated, "open", isolated=False)
    with pytest.raises(ControlError, match="network-isolation"):
        gated.make(session, "CreateTransformJob", {**request, "ModelName": open_model})
    gated.refused("CreateTransformJob")
    closed = make_model(gated, "closed", isolated=True)
    gated.make(session, "CreateTransformJob", {**request, "ModelName": closed})
    unconditional = guarded(gated, people)
    again = {**gated.request("CreateTransformJob", gated.uri(people)), "ModelName": open_model}
    gated.make(unconditional, "CreateTransformJob", again)
    assert ["open"] == [one["ModelName"] for one in gated.sent("CreateTransformJob")]


def test_capture_is_refused(gated: Gated, people: str) -> None:
    """Data that may be kept nowhere else is not captured."""
    session = guarded(gated, people, "no-data-capture")
    model = make_model(gated, "closed", isolated=True)
    request = {**gated.request("CreateTransformJob", gated.uri(people)), "ModelName": model}
    capture = {"DestinationS3Uri": f"s3://{gated.aws.default_bucket}/captured"}
    with pytest.raises(ControlError, match="no-data-capture") as caught:
        gated.make(session, "CreateTransformJob", {**request, "DataCaptureConfig": capture})
    assert ("DataCaptureConfig", "input-scan") == (caught.value.path, caught.value.control_id)
    gated.refused("CreateTransformJob")
    gated.make(session, "CreateTransformJob", request)


def pipeline(*steps: tuple[str, str, dict[str, Any]]) -> dict[str, Any]:
    """A request that makes a pipeline: of each step its name, type and arguments."""
    stated = [{"Name": name, "Type": kind, "Arguments": arguments} for name, kind, arguments in steps]
    document = {"Version": "2020-12-01", "Metadata": {}, "Parameters": [], "Steps": stated}
    return {"PipelineDefinition": json.dumps(document), "Tags": TAGS, "ClientRequestToken": token()}


def token() -> str:
    return f"{time.monotonic_ns():032}"


def arguments(gated: Gated, operation: str, uri: str, **members: Any) -> dict[str, Any]:
    """What a step of a pipeline says of the job that it starts."""
    stated = {**gated.request(operation, uri), **members}
    return {name: value for name, value in stated.items() if not name.endswith("JobName") and name != "Tags"}


def test_a_pipeline_must_have_it_in_its_steps(gated: Gated, people: str) -> None:
    """Created, its steps are given it, and then it starts; one that was created without is not started."""
    request = pipeline(("Train", "Training", arguments(gated, "CreateTrainingJob", gated.uri(people))))
    session = guarded(gated, people, "network-isolation")
    calls = sagemaker(session)
    calls.create_pipeline(PipelineName="guarded", **request)
    (sent,) = gated.sent("CreatePipeline")
    (kept,) = json.loads(sent["PipelineDefinition"])["Steps"]
    assert kept["Arguments"]["EnableNetworkIsolation"] is True
    calls.start_pipeline_execution(PipelineName="guarded", ClientRequestToken=token())
    before = gated.session(mode="off", layer={"network_isolation": OPEN})
    sagemaker(before).create_pipeline(PipelineName="open", **{**request, "ClientRequestToken": token()})
    gated.aws.forget_requests()
    with pytest.raises(ControlError, match="network-isolation") as caught:
        calls.start_pipeline_execution(PipelineName="open", ClientRequestToken=token())
    assert caught.value.path.startswith("PipelineName -> pipeline/open/1: PipelineDefinition.Steps['Train']")
    gated.refused("StartPipelineExecution")


def test_each_step_must_have_it_that_reads_such_data(gated: Gated, people: str) -> None:
    """One that is isolated vouches for no other; one that reads other data needs none."""
    other = gated.folder()
    gated.put(f"{other}x.csv", CLEAN)
    session = guarded(gated, people, "network-isolation")
    session.scan([gated.uri(other)])
    train = ("Train", "Training", arguments(gated, "CreateTrainingJob", gated.uri(people)))

    def create(uri: str) -> None:
        steps = (train, ("Search", "AutoML", arguments(gated, "CreateAutoMLJobV2", uri)))
        sagemaker(session).create_pipeline(PipelineName="two", **pipeline(*steps))

    with pytest.raises(ControlError, match=r"Steps\['Search'\] has no network isolation"):
        create(gated.uri(people))
    gated.refused("CreatePipeline")
    create(gated.uri(other))


def test_a_step_captures_no_such_data(gated: Gated, people: str) -> None:
    """What a definition says as text counts as what a request says."""
    session = guarded(gated, people, "no-data-capture")
    model = make_model(gated, "closed", isolated=True)
    capture = {"DestinationS3Uri": f"s3://{gated.aws.default_bucket}/captured"}
    transform = arguments(
        gated, "CreateTransformJob", gated.uri(people), ModelName=model, DataCaptureConfig=capture
    )
    request = pipeline(("Score", "Transform", transform))
    with pytest.raises(ControlError, match="no-data-capture"):
        sagemaker(session).create_pipeline(PipelineName="captures", **request)
    gated.refused("CreatePipeline")


def test_a_transform_step_names_an_isolated_model(gated: Gated, people: str) -> None:
    """That is where its isolation is stated; a model with a network is refused by the time it is started."""
    session = guarded(gated, people, "network-isolation")
    calls = sagemaker(session)
    for name in ("closed", "open"):
        model = make_model(gated, name, isolated=name == "closed")
        transform = arguments(gated, "CreateTransformJob", gated.uri(people), ModelName=model)
        sagemaker_off = sagemaker(gated.session(mode="off", layer={"network_isolation": OPEN}))
        sagemaker_off.create_pipeline(
            PipelineName=f"score-{name}", **pipeline(("Score", "Transform", transform))
        )
    calls.start_pipeline_execution(PipelineName="score-closed", ClientRequestToken=token())
    with pytest.raises(ControlError, match="network-isolation"):
        calls.start_pipeline_execution(PipelineName="score-open", ClientRequestToken=token())
