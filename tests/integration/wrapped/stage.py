"""Where pipelines that somebody wrote are made: an account, a secured session over it, and what SageMaker kept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from secure_sagemaker import ControlError
from secure_sagemaker.local import EmbeddedAWS
from tests.integration.flows.flow import Flow, Stage
from tests.integration.flows.v3_training import WARNINGS
from tests.integration.wrapped.judge import every_step

__all__ = ["SAID", "kept", "named", "refusal", "scripts", "staged"]

SAID = (
    *WARNINGS,
    "ignore:We are deprecating the:DeprecationWarning",
    "ignore:Lambda function won't be updated:UserWarning",
)
"""Warnings about the SDK's own use of what it has deprecated, and some that it always gives."""


def staged(aws: EmbeddedAWS, directory: Path, *, sdk: int, name: str, isolation: str, listed: str) -> Stage:
    """A stage whose session is the first of the process: from then on the SDK's other sessions have its defaults."""
    flow = Flow(sdk=sdk, name=name, title=name, run=lambda _: None, isolation=isolation, extra_toml=listed)
    stage = Stage(aws=aws, flow=flow, directory=directory)
    stage.sdk  # noqa: B018  # made, and used by nobody here
    return stage


def scripts(stage: Stage) -> Path:
    """The authors' scripts, copied: the SDK leaves some of its own beside them."""
    return shutil.copytree(Path(__file__).parent / "scripts", stage.directory / "scripts", dirs_exist_ok=True)


def kept(stage: Stage, name: str) -> dict[str, Any]:
    """The definition that SageMaker keeps."""
    with stage.apart() as elsewhere:
        described = elsewhere.client("sagemaker").describe_pipeline(PipelineName=name)
    definition: dict[str, Any] = json.loads(described["PipelineDefinition"])
    return definition


def named(definition: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each step's path and type."""
    return [(path, step["Type"]) for path, step in every_step(definition["Steps"])]


def refusal(raised: BaseException | None) -> ControlError:
    """The refusal that the SDK may have wrapped."""
    while not isinstance(raised, ControlError):
        assert raised is not None
        raised = raised.__cause__ or raised.__context__
    return raised
