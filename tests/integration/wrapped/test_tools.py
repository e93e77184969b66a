"""Third-party tools as they are: one is handed a session, the others make theirs in an activated process."""

from __future__ import annotations

import importlib
import re
import runpy
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from secure_sagemaker.local import EmbeddedAWS, LoopbackServer
from secure_sagemaker.sagemaker_sdk import installed_sdk
from tests.integration.activation.programs import Project
from tests.integration.flows.flow import Flow, Stage
from tests.integration.flows.judge import problems, requests_of
from tests.integration.flows.unsuspecting import Unsuspecting

pytestmark = pytest.mark.filterwarnings(
    "ignore"
)  # the tools' own, about what they and others have deprecated

TOOLS = Path(__file__).parent / "tools"
HEAVY = "too heavy for this environment: make wrap-check has it"


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A tool that takes no session, and what somebody does with it."""

    needs: str
    """The module that it is."""
    script: str
    sends: frozenset[str]


MLFLOW = Tool(
    needs="mlflow.sagemaker",
    script="deploy.py",
    sends=frozenset(
        {
            "s3.PutObject",
            "s3.PutObjectTagging",
            "sagemaker.CreateModel",
            "sagemaker.CreateEndpointConfig",
            "sagemaker.CreateEndpoint",
        }
    ),
)
AIRFLOW = Tool(
    needs="airflow.providers.amazon",
    script="nightly.py",
    sends=frozenset(
        {
            "s3.PutObject",
            "sagemaker.CreateTrainingJob",
            "sagemaker.CreateModel",
            "sagemaker.CreateTransformJob",
        }
    ),
)

each_tool = pytest.mark.parametrize("tool", [MLFLOW, AIRFLOW], ids=["mlflow", "airflow"], indirect=True)


@pytest.fixture
def tool(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Tool:
    """The tool, where it is installed; Airflow keeps its own files in its home."""
    found: Tool = request.param
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path / "airflow"))
    pytest.importorskip(found.needs, reason=HEAVY)
    return found


def arguments(aws: EmbeddedAWS, stage: Stage) -> list[str]:
    """What somebody calls a script with."""
    return [
        *("--region", aws.account.region),
        *("--bucket", aws.default_bucket),
        *("--role", aws.execution_role_arn),
        *("--image", stage.image),
        *("--name", stage.flow.name),
    ]


def flow(name: str) -> Flow:
    name = name.partition(".")[0]
    return Flow(sdk=installed_sdk().major, name=name, title=name, run=lambda _: None)


def sent(stage: Stage) -> Collection[str]:
    return {f"{one.service}.{one.operation}" for one in requests_of(stage)}


def run_here(tool: Tool, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    script = str(TOOLS / tool.script)
    monkeypatch.setattr(sys, "argv", [script, *arguments(stage.aws, stage)])
    runpy.run_path(script, run_name="__main__")


@each_tool
def test_a_tool_that_takes_no_session_is_secured_in_an_activated_process(
    tool: Tool, launched: EmbeddedAWS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of its requests carries what the baseline asks, and the role signs it."""
    stage = Unsuspecting(aws=launched, flow=flow(tool.needs), directory=tmp_path)
    with stage.secured.activate():
        run_here(tool, stage, monkeypatch)

    assert [] == problems(stage)
    assert tool.sends <= sent(stage)


@each_tool
def test_without_the_activation_the_same_tool_is_found_wanting(
    tool: Tool, launched: EmbeddedAWS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The judge can fail: the same script, by itself, signs with the ambient credentials and carries no key."""
    stage = Unsuspecting(aws=launched, flow=flow(f"plain-{tool.needs}"), directory=tmp_path)
    stage.secured  # noqa: B018  # made, and used for nothing
    run_here(tool, stage, monkeypatch)

    found = problems(stage)
    assert f"sagemaker.CreateModel: signed by {launched.launcher}" in found
    assert "s3.PutObject: the object is not encrypted with a key of the baseline" in found


@pytest.fixture(scope="module")
def standing(account: EmbeddedAWS) -> Iterator[LoopbackServer]:
    """The account, by TLS, for other processes."""
    with account.serve(tls=True) as server:
        yield server


NO_COMPONENTS = re.compile(
    r"sagemaker\.CreateEndpointConfig: (EnableNetworkIsolation|VpcConfig\.\w+) is None.*"
)
"""What AWS takes of a config for inference components only; the trail that says so is the other process's."""


class Elsewhere(Stage):
    """A stage whose records another process keeps."""

    @property
    def records(self) -> tuple[()]:
        return ()


@each_tool
def test_its_script_is_secured_by_the_command(tool: Tool, standing: LoopbackServer, tmp_path: Path) -> None:
    """``secure-sagemaker run`` and the script, unchanged: the same requests, as they arrive at the server."""
    standing.aws.forget_requests()
    project = Project(standing, tmp_path)
    stage = Elsewhere(aws=standing.aws, flow=flow(f"elsewhere-{tool.needs}"), directory=tmp_path)
    ran = project.run("python", str(TOOLS / tool.script), *arguments(standing.aws, stage))

    assert (0, "") == (ran.code, "" if ran.code == 0 else ran.stderr)
    assert [] == [one for one in problems(stage) if not NO_COMPONENTS.fullmatch(one)]
    assert tool.sends <= sent(stage)


def test_a_tool_that_takes_a_session_is_secured(launched: EmbeddedAWS, tmp_path: Path) -> None:
    """AWS SDK for pandas is handed ours: what it writes is encrypted, and every request is signed by the role."""
    pytest.importorskip("awswrangler", reason=HEAVY)
    prepare = importlib.import_module("tests.integration.wrapped.tools.wrangle").prepare
    stage = Stage(aws=launched, flow=flow("wrangler"), directory=tmp_path)

    assert {"kept", "train"} == set(prepare(stage.session, place=stage.uri("prices")))
    assert [] == problems(stage)
    assert {"s3.PutObject", "s3.GetObject", "s3.CopyObject", "s3.DeleteObjects"} <= sent(stage)


def test_with_a_plain_session_the_same_tool_is_found_wanting(launched: EmbeddedAWS, tmp_path: Path) -> None:
    """The judge can fail: handed a plain session, it writes without a key."""
    pytest.importorskip("awswrangler", reason=HEAVY)
    prepare = importlib.import_module("tests.integration.wrapped.tools.wrangle").prepare
    stage = Stage(aws=launched, flow=flow("wrangler-plain"), directory=tmp_path)
    prepare(launched.source, place=stage.uri("prices"))

    found = problems(stage)
    assert "s3.PutObject: signed by user/launcher" in found
    assert "s3.PutObject: the object is not encrypted with a key of the baseline" in found
