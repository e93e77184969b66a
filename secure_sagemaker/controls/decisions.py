"""What was decided for one request: the vocabulary that every part of the library shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from secure_sagemaker.baseline import ControlId
from secure_sagemaker.exceptions import ControlError

__all__ = ["ABSENT", "HIDDEN", "Action", "Decision", "Enforcement", "without_secrets"]

ABSENT = "(absent)"
"""How a member that is not there is shown."""


HIDDEN = "(hidden)"
"""How a value is shown that must not be."""


class Action(StrEnum):
    """What was done about one member of one request."""

    INJECTED = "injected"
    """It was missing and now holds the baseline's value."""
    KEPT = "kept"
    """It was as strict as the baseline, or stricter."""
    CORRECTED = "corrected"
    """It was weaker and now holds the baseline's value, or is gone where AWS would not take it."""
    REFUSED = "refused"
    """It conflicts, and the call is not made."""
    EXEMPT = "exempt"
    """AWS itself cannot do it here, for a reason on record."""
    WAIVED = "waived"
    """A waiver excuses it."""
    OBSERVED = "observed"
    """It would have been injected, corrected or refused; the control only observes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What was decided about one member.

    Attributes:
        control_id: The control that decided.
        path: The member's path in the request, such as ``VpcConfig.Subnets``.
        action: What was done.
        got: What was there, as text.
        wanted: What the baseline asks for, as text.
        why: The reason: the control's, the exemption's, or the waiver's.
        remedy: What a person can do, for a refusal.
        references: Ids of published controls that say the same.
    """

    control_id: ControlId
    path: str
    action: Action
    got: str
    wanted: str
    why: str
    remedy: str = ""
    references: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Enforcement:
    """What was decided for one request.

    Attributes:
        service: The botocore service name.
        operation: The API operation.
        decisions: One for each governed member that had something to decide, in walking order.
        parameters: The request as it may be sent. What is changed is a copy; the caller's is untouched.
        lookups: KMS references that must be resolved before the decisions are final.
        unknown_members: Paths of members that the catalogue has never reviewed.
        references: Things made elsewhere that the request names, and data that needs a verdict, none of which
            ``explain`` has looked at: path and thing, as in ``EndpointConfigName -> endpoint-config/churn``.
    """

    service: str
    operation: str
    decisions: tuple[Decision, ...]
    parameters: Mapping[str, object] = field(repr=False)
    lookups: tuple[str, ...] = ()
    unknown_members: tuple[str, ...] = ()
    references: tuple[str, ...] = ()

    @property
    def refusals(self) -> tuple[Decision, ...]:
        """The decisions for which the call must not be made."""
        return tuple([decision for decision in self.decisions if decision.action is Action.REFUSED])

    @property
    def changes(self) -> tuple[Decision, ...]:
        """The decisions that changed the request."""
        return tuple(
            decision for decision in self.decisions if decision.action in (Action.INJECTED, Action.CORRECTED)
        )

    def raise_for_refusals(self) -> None:
        """Do nothing when the request may go out.

        Raises:
            ControlError: It may not; the error tells the first refusal and lists the others.
        """
        if refusals := self.refusals:
            first, *others = refusals
            raise self._error(first, others=tuple(self._error(decision) for decision in others))

    def _error(self, decision: Decision, others: tuple[ControlError, ...] = ()) -> ControlError:
        return ControlError(
            service=self.service,
            operation=self.operation,
            control_id=decision.control_id,
            path=decision.path,
            got=decision.got,
            wanted=decision.wanted,
            why=decision.why,
            remedy=decision.remedy,
            references=decision.references,
            others=others,
        )


def without_secrets(decisions: Sequence[Decision]) -> tuple[Decision, ...]:
    """The decisions, where those on a member that holds a plaintext secret do not show its value either."""
    holding = [
        decision.path
        for decision in decisions
        if decision.control_id is ControlId.PLAINTEXT_SECRET and decision.action is not Action.KEPT
    ]
    if not holding:
        return tuple(decisions)
    return tuple(
        replace(decision, got=HIDDEN, wanted=HIDDEN)
        if decision.control_id is not ControlId.PLAINTEXT_SECRET
        and any(
            decision.path == path or decision.path.startswith((f"{path}.", f"{path}[")) for path in holding
        )
        else decision
        for decision in decisions
    )
