"""Which services may be reached by another way than privately: those that a waiver names."""

from __future__ import annotations

from datetime import date

from secure_sagemaker.baseline import ControlId, Mode, SecurityBaseline
from secure_sagemaker.controls.catalogue import CONTROLS
from secure_sagemaker.controls.decisions import Action, Decision
from secure_sagemaker.controls.waivers import excuse, holding

__all__ = ["judge_public_service"]

_CONTROL = ControlId.PRIVATE_CONNECTION


def judge_public_service(baseline: SecurityBaseline, service: str, *, today: date) -> Decision:
    """What is decided about a service that ``privatelink.services`` lets out publicly.

    Args:
        baseline: What the session is held to. A waiver's patterns are for the service's name.
        service: As boto3 names it.
        today: The day on which waivers must hold.
    """
    row, action = CONTROLS[_CONTROL], Action.REFUSED
    why = row.why
    waiver = holding(baseline.waivers, "*", {}, today, name=service).get(_CONTROL)
    if waiver is not None:
        action, why = Action.WAIVED, excuse(waiver)
    elif baseline.mode(_CONTROL) is Mode.OBSERVE:
        action = Action.OBSERVED
    return Decision(
        control_id=_CONTROL,
        path=f"privatelink.services.{service}",
        action=action,
        got="public",
        wanted="private-dns, endpoint, or of S3 gateway",
        why=why,
        remedy=row.remedy if action is Action.REFUSED else "",
    )
