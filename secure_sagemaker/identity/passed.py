"""The session policies of one AssumeRole call. How they are made is for ``policies``, which takes a while to load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from secure_sagemaker.baseline import Task
    from secure_sagemaker.identity.policies import LeftOut, PolicyDocument

__all__ = ["SESSION_POLICY_CHARACTERS", "PassedPolicies"]

SESSION_POLICY_CHARACTERS = 2048
"""The most that STS takes as an inline session policy, every character counted."""
_MOST_TOLD = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class PassedPolicies:
    """The session policies of one AssumeRole call."""

    arns: tuple[str, ...] = ()
    """Managed ones."""
    document: PolicyDocument | None = None
    """The inline one."""
    tasks: tuple[Task, ...] = ()
    """The tasks that it is of; everything that the role may do where there are none."""
    left_out: tuple[LeftOut, ...] = ()
    """Conditions that found no room in it, so that the client alone holds them."""

    @property
    def characters(self) -> int | None:
        """The size of the inline one, of ``SESSION_POLICY_CHARACTERS``."""
        return None if self.document is None else self.document.characters

    @property
    def shortcoming(self) -> str:
        """What AWS does not hold the session to, and what would change that; empty where there is nothing to say."""
        if not self.left_out:
            return ""
        largest = sorted(self.left_out, key=lambda one: one.characters, reverse=True)[:_MOST_TOLD]
        told = ", ".join(f"{one.guard} ({one.characters})" for one in largest)
        return (
            f"the session's policy takes {self.characters} of {SESSION_POLICY_CHARACTERS} characters, and "
            f"{len(self.left_out)} conditions found no room, which the client alone holds; the largest: {told}. "
            "Deploy the guardrail and name it in session_policy.guardrail_arns, or state fewer tasks, one prefix of "
            "names, inputs, outputs and instance types"
        )
