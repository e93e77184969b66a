"""What a baseline excuses, and where each part of it came from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Self

from pydantic import (
    Field,
    StringConstraints,
    model_validator,
)

from secure_sagemaker.baseline.patterns import (
    NamePattern,
    OperationName,
)
from secure_sagemaker.baseline.section import ReadOnly, Section, contradiction
from secure_sagemaker.baseline.vocabulary import ControlId

__all__ = [
    "LayerRecord",
    "Waiver",
]


class Waiver(Section):
    """A case that a control excuses, on purpose, for a time. Every use is recorded."""

    control: ControlId
    """The control that is excused."""
    operations: Annotated[tuple[OperationName, ...], Field(min_length=1)]
    """The API operations it holds for, such as ``CreateTrainingJob``; ``*`` for all."""
    resources: tuple[NamePattern, ...] = ()
    """Name patterns (``churn-*``) of the resources it holds for. Empty when ``resource_tags`` narrows it."""
    resource_tags: Annotated[Mapping[str, str], *ReadOnly] = Field(
        default_factory=dict, validate_default=True
    )
    """Tags that the request must carry, all of them."""
    reason: Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
    """Why it is excused."""
    ticket: Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
    """Where it was decided."""
    approver: Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
    """Who decided it."""
    expires: date
    """The last day on which it holds (UTC)."""

    @model_validator(mode="after")
    def _narrow(self) -> Self:
        if not self.resources and not self.resource_tags:
            raise contradiction(
                "resources",
                "nothing says what is excused",
                "state name patterns in resources (['churn-*']; ['*'] excuses every name), or resource_tags",
            )
        return self


class LayerRecord(Section):
    """Where a part of the baseline came from, as audit records show it."""

    name: str
    """Such as ``organisation``, ``project``, ``project[env.prod]`` or ``call``."""
    source: str
    """The file, parameter or object it was read from."""
    digest: str
    """SHA-256 of what was read, in hexadecimal."""
