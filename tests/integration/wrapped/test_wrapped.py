"""Whole pipelines as their authors write them, unedited: only the boto3 session that they are given is a secure one."""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from secure_sagemaker.local import EmbeddedAWS
from tests.integration.embedded import client
from tests.integration.flows.clock import no_waiting
from tests.integration.flows.flow import Stage
from tests.integration.flows.judge import excused, problems, requests_of
from tests.integration.wrapped.judge import problems_of
from tests.integration.wrapped.stage import SAID, kept, named, refusal, scripts, staged
from tests.integration.wrapped.steps import APPROVALS, LISTED, NOTIFY

pytestmark = pytest.mark.filterwarnings("ignore:Implicitly cleaning up:ResourceWarning")

LARGE = 100 * 1024
"""From this size on both SDKs upload a definition, in bytes."""


@dataclass(frozen=True, kw_only=True)
class Wrapped:
    """A pipeline of somebody's."""

    sdk: int
    module: str
    types: str
    """The types of its steps, sorted, with those that the SDK adds by itself."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """What its author's function is given besides the session, the role and the data."""
    overrides: Callable[[Stage], Mapping[str, object]] = lambda _: {}
    """What an execution is started with."""
    isolation: str = "require"

    @property
    def id(self) -> str:
        return self.module.replace("_", "-")


PIPELINES = (
    Wrapped(
        sdk=2,
        module="v2_prices",
        types="Condition Fail Model Processing Processing RegisterModel Training Transform",
        overrides=lambda stage: {
            "TrainingInstanceType": "ml.c5.xlarge",
            "ProcessingInstanceCount": 2,
            "ModelApprovalStatus": "Approved",
            "InputData": stage.uri("elsewhere"),
        },
    ),
    Wrapped(
        sdk=2,
        module="v2_churn",
        types=(
            "Callback ClarifyCheck ClarifyCheck ClarifyCheck Condition Condition Lambda Model Model Processing"
            " Processing QualityCheck QualityCheck RegisterModel Training Training Transform Tuning"
        ),
        settings={"notify_function": NOTIFY, "approval_queue": APPROVALS},
        overrides=lambda stage: {
            "InstanceType": "ml.c5.xlarge",
            "SkipChecks": True,
            "SuppliedStatistics": stage.uri("statistics.json"),
        },
    ),
    Wrapped(
        sdk=3,
        module="v3_prices",
        types="Condition Fail Model Processing Processing RegisterModel Training Transform",
        overrides=lambda stage: {
            "TrainingInstanceType": "ml.c5.xlarge",
            "ProcessingInstanceCount": 2,
            "InputData": stage.uri("elsewhere"),
        },
    ),
    Wrapped(
        sdk=3,
        module="v3_tuning",
        types="Lambda Model RegisterModel Tuning",
        settings={"notify_function": NOTIFY},
        overrides=lambda _: {"InstanceType": "ml.c5.xlarge"},
    ),
    Wrapped(
        sdk=3,
        module="v3_reports",
        types="Condition Fail Training Training",
        settings={"image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/team:1"},
        overrides=lambda stage: {"InputData": stage.uri("elsewhere")},
        isolation="default",  # a function that is a step reads its code from S3 by itself
    ),
)


def _parameter(wrapped: Wrapped) -> object:
    filters = [pytest.mark.filterwarnings(one) for one in SAID]
    return pytest.param(wrapped, id=wrapped.id, marks=[pytest.mark.sdk(wrapped.sdk), *filters])


def _those(*modules: str) -> list[object]:
    return [_parameter(one) for one in PIPELINES if one.module in modules]


@pytest.fixture
def stage(launched: EmbeddedAWS, request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    """A secured session whose defaults the SDK knows; what strays from it signs as the launcher."""
    wrapped: Wrapped = request.getfixturevalue("wrapped")
    return staged(
        launched,
        tmp_path,
        sdk=wrapped.sdk,
        name=wrapped.id,
        isolation=wrapped.isolation,
        listed=LISTED,
    )


def written(wrapped: Wrapped, stage: Stage, **more: Any) -> Any:
    """The pipeline as its author's function makes it."""
    author = importlib.import_module(f"tests.integration.wrapped.{wrapped.module}")
    given = {
        "boto_session": stage.session,
        "role": stage.role,
        "default_bucket": stage.aws.default_bucket,
        "raw_data": f"s3://{stage.aws.data_bucket}/raw",
        **wrapped.settings,
        **more,
    }
    if "scripts" in inspect.signature(author.get_pipeline).parameters:
        given["scripts"] = scripts(stage)
    return author.get_pipeline(**given)


def lacking(wrapped: Wrapped, stage: Stage, definition: Mapping[str, Any], **given: object) -> list[str]:
    (*_, sent) = (one for one in requests_of(stage) if one.operation in {"CreatePipeline", "UpdatePipeline"})
    return problems_of(
        definition,
        stage.aws,
        given=given,
        isolation=wrapped.isolation,
        excused=excused(stage.records, sent),
    )


@pytest.mark.parametrize("wrapped", [_parameter(one) for one in PIPELINES])
def test_a_pipeline_goes_through_as_its_author_wrote_it(wrapped: Wrapped, stage: Stage) -> None:
    """Made, made again and started: every step and request carries the controls, and the role signs each."""
    pipeline = written(wrapped, stage)
    theirs = json.loads(pipeline.definition())
    pipeline.upsert(role_arn=stage.role)
    created = kept(stage, pipeline.name)
    pipeline.upsert(role_arn=stage.role, description="again")
    overrides = wrapped.overrides(stage)
    pipeline.start()
    pipeline.start(parameters=dict(overrides))

    assert problems(stage) == []
    definition = kept(stage, pipeline.name)
    assert named(theirs) == named(created) == named(definition)
    assert wrapped.types == " ".join(sorted(kind for _, kind in named(definition)))
    assert theirs["Parameters"] == definition["Parameters"]
    assert overrides.keys() <= {one["Name"] for one in definition["Parameters"]}
    for secured in (created, definition):
        assert lacking(wrapped, stage, secured) == []
        assert lacking(wrapped, stage, secured, **overrides) == []
    sent = [one.operation for one in requests_of(stage) if one.service == "sagemaker"]
    assert (2, 1, 2) == tuple(
        sent.count(name) for name in ("CreatePipeline", "UpdatePipeline", "StartPipelineExecution")
    )


@pytest.mark.parametrize("wrapped", _those("v2_prices", "v3_prices"))
def test_a_large_pipeline_goes_by_way_of_s3(wrapped: Wrapped, stage: Stage) -> None:
    """The SDK uploads it; what SageMaker is told to read is the secured one, encrypted with the baseline's key."""
    towns = [f"Town{number}" for number in range(90)]
    pipeline = written(wrapped, stage, towns=towns, pipeline_name="large")
    pipeline.upsert(role_arn=stage.role)
    pipeline.start()

    assert problems(stage) == []
    (made,) = [one for one in requests_of(stage) if one.operation == "CreatePipeline"]
    assert "PipelineDefinition" not in made.parameters
    location: Any = made.parameters["PipelineDefinitionS3Location"]
    assert ".secured-" in location["ObjectKey"]
    body = client(stage.aws, "s3").get_object(Bucket=location["Bucket"], Key=location["ObjectKey"])
    text = body["Body"].read()
    assert len(text) > LARGE
    assert lacking(wrapped, stage, json.loads(text)) == []
    assert kept(stage, "large") == json.loads(text)
    assert {f"Steps['Train{town}']" for town in towns} <= {path for path, _ in named(json.loads(text))}


_STEP = "PipelineDefinition.Steps"


@pytest.mark.parametrize(
    ("wrapped", "more", "control", "path"),
    [
        pytest.param(
            *parameter.values, more, control, path, id=f"{parameter.id}-{control}", marks=parameter.marks
        )
        for module, more, control, path in (
            (
                "v2_prices",
                {"raw_data": "s3://somebody-elses/raw"},
                "data-perimeter",
                "['PrepareHousePrices'].Arguments.ProcessingInputs[0].S3Input.S3Uri",
            ),
            (
                "v2_churn",
                {"notify_function": f"{NOTIFY}-everybody"},
                "pipeline-definition",
                "['IsGoodEnough'].Arguments.IfSteps['IsApproved'].Arguments.IfSteps['Notify'].FunctionArn",
            ),
            (
                "v2_churn",
                {"role": "arn:aws:iam::111122223333:role/administrator"},
                "execution-role",
                "['PrepareChurn'].Arguments.RoleArn",
            ),
            (
                "v3_prices",
                {"raw_data": "s3://somebody-elses/raw"},
                "data-perimeter",
                "['PrepareHousePrices'].Arguments.ProcessingInputs[0].S3Input.S3Uri",
            ),
            (
                "v3_tuning",
                {"raw_data": "s3://somebody-elses/raw"},
                "data-perimeter",
                "['TuneChurn'].Arguments.TrainingJobDefinition.InputDataConfig[0].DataSource.S3DataSource.S3Uri",
            ),
            (
                "v3_reports",
                {"image": "999988887777.dkr.ecr.eu-west-1.amazonaws.com/theirs:1"},
                "container-image",
                "['CountRows'].Arguments.AlgorithmSpecification.TrainingImage",
            ),
        )
        for parameter in _those(module)
    ],
)
def test_what_cannot_be_secured_is_refused_by_its_path(
    wrapped: Wrapped, stage: Stage, more: dict[str, object], control: str, path: str
) -> None:
    """A foreign bucket, role, image or function: the error names step and member, and no pipeline is made."""
    pipeline = written(wrapped, stage, **more)
    with pytest.raises(Exception) as caught:  # noqa: PT011  # the SDK may wrap it
        pipeline.upsert(role_arn=stage.role)
    error = refusal(caught.value)
    assert (control, f"{_STEP}{path}") in [(one.control_id, one.path) for one in (error, *error.others)]
    assert error.remedy
    assert [] == [one for one in requests_of(stage) if one.operation == "CreatePipeline"]


@pytest.mark.parametrize("wrapped", _those("v2_prices", "v3_prices"))
def test_an_execution_cannot_lead_it_elsewhere(wrapped: Wrapped, stage: Stage) -> None:
    """A parameter of the author's that names a bucket takes none outside the perimeter, whoever starts it."""
    pipeline = written(wrapped, stage, pipeline_name="led-astray")
    pipeline.upsert(role_arn=stage.role)
    with pytest.raises(Exception) as caught:  # noqa: PT011  # the SDK may wrap it
        pipeline.start(parameters={"InputData": "s3://somebody-elses/raw"})
    assert (refusal(caught.value).control_id, refusal(caught.value).got) == (
        "data-perimeter",
        "s3://somebody-elses/raw",
    )
    assert [] == [one for one in requests_of(stage) if one.operation == "StartPipelineExecution"]


@pytest.mark.parametrize(
    "wrapped", [_parameter(Wrapped(sdk=3, module="v3_reports", types="", settings=PIPELINES[-1].settings))]
)
def test_a_function_that_is_a_step_is_refused_in_isolation(wrapped: Wrapped, stage: Stage) -> None:
    """It would fail hours later in its container: the refusal says why, with the path."""
    with pytest.raises(Exception) as caught:  # noqa: PT011  # the SDK may wrap it
        written(wrapped, stage).upsert(role_arn=stage.role)
    error = refusal(caught.value)
    assert ("network-isolation", f"{_STEP}['CountRows'].Arguments.EnableNetworkIsolation") == (
        error.control_id,
        error.path,
    )


@pytest.mark.parametrize("wrapped", _those("v2_churn"))
def test_a_monitor_outside_of_the_pipeline(wrapped: Wrapped, stage: Stage) -> None:
    """Its baseline job, its definition and its schedule: each request carries the controls, and the role signs it."""
    for name in ("statistics", "constraints"):  # what the container of the baseline job writes
        with stage.apart() as elsewhere:
            elsewhere.client("s3").put_object(
                Bucket=stage.aws.default_bucket,
                Key=f"churn/baseline/{name}.json",
                Body=json.dumps({"version": 0, "features": [], "dataset": {"item_count": 1}}).encode(),
            )
    author = importlib.import_module("tests.integration.wrapped.v2_churn")
    with no_waiting():
        author.monitor(stage.session, role=stage.role, default_bucket=stage.aws.default_bucket)

    assert problems(stage) == []
    sent = {one.operation for one in requests_of(stage) if one.service == "sagemaker"}
    assert {"CreateProcessingJob", "CreateDataQualityJobDefinition", "CreateMonitoringSchedule"} <= sent


@pytest.mark.parametrize("wrapped", _those("v2_prices", "v3_prices"))
def test_without_a_secure_session_the_same_pipeline_is_found_wanting(wrapped: Wrapped, stage: Stage) -> None:
    """The judge can fail: of a definition that a plain session sent, it misses what the baseline asks."""
    pipeline = written(wrapped, stage, boto_session=stage.aws.source, pipeline_name="plain")
    pipeline.upsert(role_arn=stage.role)

    found = problems_of(kept(stage, "plain"), stage.aws, given={})
    for problem in (
        "Steps['TrainHousePrices']: EnableNetworkIsolation is None",
        "Steps['TrainHousePrices']: OutputDataConfig.KmsKeyId is None, no key of the baseline",
        "Steps['TrainHousePrices']: VpcConfig.Subnets is None, no subnets of the baseline",
    ):
        assert problem in found
    assert "sagemaker.CreatePipeline: signed by user/launcher" in problems(stage)
    elsewhere = problems_of(kept(stage, "plain"), stage.aws, given={"InputData": "s3://somebody-elses/raw"})
    assert "Steps['PrepareHousePrices']: 's3://somebody-elses/raw' is outside the perimeter" in elsewhere
