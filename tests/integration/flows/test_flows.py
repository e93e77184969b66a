"""Every flow of both SDKs, run for real on the embedded AWS."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from secure_sagemaker.local import EmbeddedAWS
from tests.integration.flows.flow import Outcome, Stage
from tests.integration.flows.inputs import unaccounted
from tests.integration.flows.judge import problems, requests_of
from tests.integration.flows.record import (
    expected_refusal,
    installed,
    observed,
    parameter,
    perform,
    read_golden,
)
from tests.integration.flows.table import FLOWS

# The SDKs leave temporary directories to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:Implicitly cleaning up:ResourceWarning")


@pytest.fixture
def stage(launched: EmbeddedAWS, request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    """The flow's stage; what strays from its session signs as the launcher."""
    return Stage(aws=launched, flow=request.param, directory=tmp_path)


@pytest.mark.parametrize("stage", [parameter(flow) for flow in FLOWS], indirect=True)
def test_flow_is_secured_or_refused(stage: Stage) -> None:
    """Every request carries what the baseline asks and the role signs it; what cannot be is refused, with a remedy.

    And all data that it has SageMaker read is known.
    """
    refusal = perform(stage)

    row = observed(stage, refusal)
    if stage.flow.outcome is Outcome.OUTSIDE:
        assert problems(stage), f"{stage.flow.id} is secured now: say so in its row"
    else:
        assert problems(stage) == []
    assert unaccounted(stage) == []
    sent = {f"{one.service}.{one.operation}" for one in requests_of(stage)}
    assert {name if "." in name else f"sagemaker.{name}" for name in stage.flow.sends} <= sent
    if stage.flow.outcome is Outcome.REFUSED:
        assert expected_refusal(stage.flow, row), row
    recorded_with, rows = read_golden(stage.flow.sdk)
    if installed() == recorded_with:  # another release may send other requests; the laws above hold for all
        assert rows.get(stage.flow.id) == row, "run: python -m tools.flows --write"


_OF_SCRIPTS = {2: "estimator-source-directory", 3: "model-trainer-source-directory"}


@pytest.mark.parametrize(
    "stage", [parameter(flow) for flow in FLOWS if flow.name == _OF_SCRIPTS[flow.sdk]], indirect=True
)
def test_without_a_secured_session_the_same_flow_is_found_wanting(stage: Stage) -> None:
    """The judge can fail: over a plain session it misses keys, VPC and isolation, and sees who signed."""
    module = {2: "sagemaker.session", 3: "sagemaker.core.helper.session_helper"}[stage.flow.sdk]
    session = importlib.import_module(module).Session
    stage.sdk = session(boto_session=stage.aws.source, default_bucket=stage.aws.default_bucket)

    perform(stage)

    found = problems(stage)
    for problem in (
        "sagemaker.CreateTrainingJob: signed by user/launcher",
        "sagemaker.CreateTrainingJob: EnableNetworkIsolation is None",
        "sagemaker.CreateTrainingJob: OutputDataConfig.KmsKeyId is None, no key of the baseline",
        "sagemaker.CreateTrainingJob: ResourceConfig.VolumeKmsKeyId is None, no key of the baseline",
        "sagemaker.CreateTrainingJob: VpcConfig.SecurityGroupIds is None, no security groups of the baseline",
        "sagemaker.CreateTrainingJob: VpcConfig.Subnets is None, no subnets of the baseline",
        "s3.PutObject: signed by user/launcher",
        "s3.PutObject: the object is not encrypted with a key of the baseline",
        "s3.PutObject: it does not say who must own the bucket",
    ):
        assert problem in found


def test_every_flow_has_its_own_name() -> None:
    """A row of the table is one flow."""
    ids = [flow.id for flow in FLOWS]
    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize("major", [2, 3])
def test_table_holds_every_flow_and_no_other(major: int) -> None:
    """The recorded rows, which the documentation shows, are those of the flows that the tests run."""
    assert {flow.id for flow in FLOWS if flow.sdk == major} == set(read_golden(major)[1])
