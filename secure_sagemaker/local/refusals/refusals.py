"""Every row, in the order they are tried."""

from __future__ import annotations

from dataclasses import dataclass, field

from secure_sagemaker.local.refusals import (
    iam,
    kms,
    s3,
    s3_access,
    s3_conditions,
    sagemaker,
    sagemaker_work,
    signers,
    sts,
)
from secure_sagemaker.local.refusals.history import History
from secure_sagemaker.local.refusals.rule import Rule
from secure_sagemaker.local.wire import Call, Refusal

__all__ = ["RULES", "Refusals"]


def _rules(history: History) -> tuple[Rule, ...]:
    return (
        *s3.BEFORE_THE_SIGNER,
        *signers.RULES,
        *sts.rules(history),
        *iam.RULES,
        *kms.RULES,
        *s3.RULES,
        *s3_access.RULES,
        *s3_conditions.RULES,
        *sagemaker.rules(history),
        *sagemaker_work.rules(history),
    )


RULES = _rules(History())
"""The rows of an account in which nothing has happened yet."""


@dataclass(frozen=True, kw_only=True)
class Refusals:
    """The rows of one account, with what it remembers."""

    _history: History = field(default_factory=History)
    _rules: tuple[Rule, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_rules", _rules(self._history))

    def first(self, call: Call) -> Refusal | None:
        """What AWS says against the call, or None."""
        for rule in self._rules:
            if (refusal := rule.refusal(call)) is not None:
                return refusal
        return None

    def accepted(self, call: Call) -> None:
        """Remember what a call that was answered leaves behind."""
        self._history.accepted(call)
