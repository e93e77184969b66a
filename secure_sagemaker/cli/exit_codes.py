"""What the exit status of ``secure-sagemaker`` means: a contract that scripts may build on."""

from collections.abc import Iterable
from enum import IntEnum
from typing import Self

from secure_sagemaker import CONTROLS, ControlId, Severity

__all__ = ["ExitCode"]


class ExitCode(IntEnum):
    """The exit statuses. From 10 on, the highest severity of what was found."""

    meaning: str

    CLEAN = 0, "done, and nothing was found"
    FAILURE = 1, "it could not be done: AWS did not answer, or something of ours failed"
    USAGE = 2, "the command was not written as it must be"
    CONFIGURATION = 3, "the baseline cannot be used as it is written"
    LOW = 10, "a refusal or finding of low severity"
    MEDIUM = 11, "a refusal or finding of medium severity"
    HIGH = 12, "a refusal or finding of high severity"
    CRITICAL = 13, "a refusal or finding of critical severity"

    def __new__(cls, value: int, meaning: str) -> Self:
        """A status and what it says."""
        code = int.__new__(cls, value)
        code._value_ = value
        code.meaning = meaning
        return code

    @classmethod
    def of(cls, controls: Iterable[ControlId]) -> Self:
        """The status of a run in which these controls were not met."""
        return cls.of_severities(CONTROLS[control].severity for control in controls)

    @classmethod
    def of_severities(cls, found: Iterable[Severity]) -> Self:
        """The status of a run that found what is of these severities."""
        severities = set(found)
        return max((cls[severity.name] for severity in Severity if severity in severities), default=cls.CLEAN)
