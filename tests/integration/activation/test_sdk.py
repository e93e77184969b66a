"""Flows of both SDKs in an activated process, as a program has them that never heard of this library.

Its sessions are plain: ``boto3.Session()`` and the SDK's own ``Session()``. The flows are those of the table; the ones
that leak without an activation are run each time, and all of them with ``EVERY_FLOW=1``.
"""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import boto3
import pytest

from secure_sagemaker.local import EmbeddedAWS
from secure_sagemaker.sagemaker_sdk import installed_sdk
from tests.integration.flows.flow import Flow, Outcome
from tests.integration.flows.judge import problems, requests_of
from tests.integration.flows.record import parameter, perform
from tests.integration.flows.table import FLOWS
from tests.integration.flows.unsuspecting import SESSIONS, Unsuspecting

# The SDKs leave temporary directories to the garbage collector, and files of a container that was not started.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Implicitly cleaning up:ResourceWarning"),
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <_io.FileIO:pytest.PytestUnraisableExceptionWarning"
    ),
]

_LEAKING: Mapping[int, tuple[str, ...]] = {
    2: (
        *(
            "estimator-waiting",
            "feature-group-workers",
            "feature-group-processes",
            "remote-function-not-isolated",
        ),
        *(
            "jumpstart-model",
            "local-mode",
            "lambda-helper",
            "model-builder",
            "s3-tools",
            "training-analytics",
        ),
        *("deploy-inference-component", "tuner", "sklearn-processor"),
    ),
    3: (
        *(
            "model-trainer-waited-for",
            "feature-group-ingested",
            "feature-group-listed",
            "feature-group-updated",
        ),
        *("registry-hub", "agent-lambda", "sft-trainer", "evaluator", "tensorboard-app", "recipe"),
        *(
            "jumpstart-trainer",
            "jumpstart-models",
            "lambda-helper",
            "mlflow-plugin",
            "resource-without-session",
        ),
        *("files-without-session", "session-without-session", "training-analytics", "local-session"),
        *("model-builder-from-trainer", "model-builder-component", "pipeline-training"),
    ),
}
_SURE_OF_ITS_SESSION: Mapping[int, frozenset[str]] = {
    # Each asserts about the session that it is given, or makes a secure one of another baseline.
    2: frozenset({"tensorboard-app", "modules-model-trainer", "modules-model-trainer-waiting"}),
    3: frozenset({"feature-group-ingested-by-workers"}),
}


_SENDS_INSTEAD: Mapping[str, tuple[str, ...]] = {
    # A session that the SDK makes by itself looks for its bucket in the list of all.
    "v3-default-bucket": ("s3.ListBuckets",),
}


def _run_here() -> list[Flow]:
    every = bool(os.environ.get("EVERY_FLOW"))
    return [
        flow
        for flow in FLOWS
        if flow.name in _LEAKING[flow.sdk] or (every and flow.name not in _SURE_OF_ITS_SESSION[flow.sdk])
    ]


@pytest.fixture
def stage(launched: EmbeddedAWS, request: pytest.FixtureRequest, tmp_path: Path) -> Unsuspecting:
    """The flow's stage, with ambient credentials that must sign nothing but AssumeRole."""
    return Unsuspecting(aws=launched, flow=request.param, directory=tmp_path)


@pytest.mark.parametrize("stage", [parameter(flow) for flow in _run_here()], indirect=True)
def test_a_flow_that_names_no_session_is_secured(stage: Unsuspecting) -> None:
    """Every request is signed as the role and carries what the baseline asks, or the flow is refused."""
    # The data's owner has keys of its own, which put in place what a flow finds.
    with stage.secured.activate(other_keys="allow"):
        perform(stage)

    assert problems(stage) == []
    if stage.flow.outcome is Outcome.SECURED:
        sent = {f"{one.service}.{one.operation}" for one in requests_of(stage)}
        wanted = _SENDS_INSTEAD.get(stage.flow.id, stage.flow.sends)
        assert {name if "." in name else f"sagemaker.{name}" for name in wanted} <= sent


_STRAY = {2: "estimator-image", 3: "resource-without-session"}


@pytest.mark.parametrize(
    "stage",
    [
        parameter(replace(flow, name=f"{flow.name}-leaking"))
        for flow in FLOWS
        if flow.name == _STRAY[flow.sdk]
    ],
    indirect=True,
)
def test_without_the_activation_the_same_flow_leaks(stage: Unsuspecting) -> None:
    """The judge can fail: the same program, not activated, signs with the ambient credentials."""
    stage.secured  # noqa: B018  # made, and used for nothing
    perform(stage)

    assert [problem for problem in problems(stage) if f"signed by {stage.aws.launcher}" in problem]


def test_the_sdks_own_session_answers_as_the_secured_one(
    launched: EmbeddedAWS,
) -> None:
    """A script asks the SDK's session for "the role" and "the bucket": the baseline's, and as ever afterwards."""
    module = importlib.import_module(SESSIONS[installed_sdk().major])
    with launched.session().activate():
        assert module.Session().default_bucket() == launched.default_bucket
        assert module.Session(boto_session=boto3.Session()).default_bucket() == launched.default_bucket
        assert module.get_execution_role() == launched.execution_role_arn
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the SDK's, about roles that it cannot find
        assert module.Session().get_caller_identity_arn() != launched.execution_role_arn
