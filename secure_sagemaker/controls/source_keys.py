"""Whose keys may assume the role: temporary ones, or those that MFA was given for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from secure_sagemaker.baseline import ControlId, Mode, SecurityBaseline
from secure_sagemaker.controls.catalogue import CONTROLS
from secure_sagemaker.controls.decisions import Action, Decision, Enforcement
from secure_sagemaker.controls.waivers import excuse, holding

__all__ = ["is_long_lived", "judge_source"]

_CONTROL = ControlId.SOURCE_CREDENTIALS
_LONG_LIVED = "AKIA"
"""How the ids of a user's own keys begin, and the root user's; those of temporary ones begin with ASIA."""


def is_long_lived(access_key_id: str) -> bool:
    """Whether an access key is good until somebody deletes it."""
    return access_key_id.startswith(_LONG_LIVED)


def judge_source(
    baseline: SecurityBaseline, *, access_key_id: str, request: Mapping[str, object], today: date
) -> Enforcement:
    """What is decided about the keys that would sign an AssumeRole; no decision where they are temporary.

    Args:
        baseline: What the session is held to.
        access_key_id: Of the source, once MFA was given where the baseline names a device.
        request: AssumeRole's parameters. A waiver's patterns are for the role's name, its tags are the session's.
        today: The day on which waivers must hold.
    """
    decided: tuple[Decision, ...] = ()
    if is_long_lived(access_key_id):
        row, action = CONTROLS[_CONTROL], Action.REFUSED
        why = row.why
        name = str(request["RoleArn"]).rpartition("/")[2]
        waiver = holding(baseline.waivers, "AssumeRole", request, today, name=name).get(_CONTROL)
        if waiver is not None:
            action, why = Action.WAIVED, excuse(waiver)
        elif baseline.mode(_CONTROL) is Mode.OBSERVE:
            action = Action.OBSERVED
        decided = (
            Decision(
                control_id=_CONTROL,
                path="(source)",
                action=action,
                got="a long-lived access key, without MFA",
                wanted="temporary credentials, or MFA",
                why=why,
                remedy=row.remedy if action is Action.REFUSED else "",
            ),
        )
    return Enforcement(service="sts", operation="AssumeRole", decisions=decided, parameters=request)
