"""A guard: one thing that AWS is to refuse. And its contrary, stated: what no policy can refuse."""

from __future__ import annotations

from dataclasses import dataclass

from secure_sagemaker.baseline import ControlId
from secure_sagemaker.identity.policies.documents import Condition

__all__ = ["Guard", "Unguarded"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Guard:
    """What AWS is to refuse for one reason: some actions, where all conditions hold."""

    name: str
    """The Sid of its statement."""
    control: ControlId | None
    """None for what holds whatever the baseline's modes and waivers say."""
    actions: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    resources: tuple[str, ...] = ()
    """What is refused; everything where neither list has an entry."""
    not_resources: tuple[str, ...] = ()
    """What is not refused."""
    everywhere: bool = False
    """The actions are all of SageMaker's that have the key, and the conditions cannot hold without it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unguarded:
    """Something that the client refuses and no policy does: stated, so that nobody relies on AWS for it."""

    control: ControlId
    actions: tuple[str, ...]
    reason: str
