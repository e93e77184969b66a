"""Runs a flow and tells what came of it: what the tests judge, and what the documentation shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from secure_sagemaker import ControlError, SecureSageMakerError
from secure_sagemaker.controls import Action
from tests.integration.flows.clock import no_waiting
from tests.integration.flows.flow import Flow, Outcome, Stage
from tests.integration.flows.inputs import inputs_row
from tests.integration.flows.judge import requests_of

__all__ = [
    "GOLDEN",
    "expected_refusal",
    "golden",
    "installed",
    "observed",
    "parameter",
    "perform",
    "read_golden",
    "too_old",
]

GOLDEN = Path(__file__).parents[2] / "golden"
_CHANGED = (Action.INJECTED, Action.CORRECTED)
_ITEM = re.compile(r"\[[^\]]*\]")


def perform(stage: Stage) -> SecureSageMakerError | None:
    """Run the stage's flow; returns the refusal of a flow that must be refused.

    Raises:
        AssertionError: It should have been refused.
    """
    try:
        with no_waiting():
            stage.flow.run(stage)
    except Exception as raised:  # the SDK wraps what it is refused in errors of its own
        if stage.flow.outcome is Outcome.REFUSED and (refusal := _ours(raised)) is not None:
            return refusal
        raise
    if stage.flow.outcome is Outcome.REFUSED:
        raise AssertionError(f"{stage.flow.id} was not refused")
    return None


def _ours(raised: BaseException) -> SecureSageMakerError | None:
    chain: Iterator[BaseException] = _chain(raised)
    return next((one for one in chain if isinstance(one, SecureSageMakerError)), None)


def _chain(raised: BaseException | None) -> Iterator[BaseException]:
    while raised is not None:
        yield raised
        raised = raised.__cause__ or raised.__context__


def observed(stage: Stage, refusal: SecureSageMakerError | None) -> dict[str, Any]:
    """The row of the documentation's table, as the wire and the audit trail tell it."""
    flow = stage.flow
    recorded = {record.request_id for record in stage.records}
    row: dict[str, Any] = {
        "title": flow.title,
        "outcome": flow.outcome.value,
        "isolation": flow.isolation,
        "sends": sorted(
            {
                _named(one.service, one.operation)
                for one in requests_of(stage)
                if not (one.principal or "").endswith("-support")  # what the library reads for itself
                # Whose a session's keys are it asks for itself as well, and records nothing of it.
                if one.operation != "GetCallerIdentity" or one.request_id in recorded
            }
            - {"sts.AssumeRole"}
        ),
        "put_in": sorted(
            {
                f"{record.operation}: {_ITEM.sub('[]', decision.path)}"
                for record in stage.session.report().records
                if record.service == "sagemaker"
                for decision in record.decisions
                if decision.action in _CHANGED
            }
        ),
        **({"inputs": inputs} if (inputs := inputs_row(stage)) else {}),
        "note": flow.note,
    }
    if refusal is not None:
        row["refused_by"] = (
            refusal.control_id if isinstance(refusal, ControlError) else type(refusal).__name__
        )
        row["remedy"] = refusal.remedy
    return row


def _named(service: str, operation: str) -> str:
    return operation if service == "sagemaker" else f"{service}.{operation}"


def golden(major: int) -> Path:
    """The file with the rows of one major of the SDK."""
    return GOLDEN / f"flows-v{major}.json"


def read_golden(major: int) -> tuple[str, dict[str, Any]]:
    """The SDK's version that the rows were recorded with, and the rows by flow."""
    text = json.loads(golden(major).read_text("utf-8"))
    return text["sagemaker"], text["flows"]


def installed() -> str:
    """The version of the installed SDK."""
    return version("sagemaker")


def too_old(flow: Flow) -> bool:
    """Whether the installed SDK does not have the flow yet, or does it otherwise."""
    return bool(flow.since) and Version(installed()) < Version(flow.since)


def parameter(flow: Flow) -> object:
    """The flow as a parameter of a test, skipped with another SDK."""
    marks = [pytest.mark.sdk(flow.sdk), *(pytest.mark.filterwarnings(one) for one in flow.warnings)]
    if flow.since:
        marks.append(pytest.mark.skipif(too_old(flow), reason=f"the SDK does it so since {flow.since}"))
    return pytest.param(flow, id=flow.id, marks=marks)


def expected_refusal(flow: Flow, row: dict[str, Any]) -> bool:
    """Whether the refusal is the one the flow announces."""
    return bool(row.get("remedy")) and row.get("refused_by") == flow.refused_by
