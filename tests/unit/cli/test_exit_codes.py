"""The exit status is a contract."""

import pytest

from secure_sagemaker import CONTROLS, ControlId, Severity
from secure_sagemaker.cli.exit_codes import ExitCode


def test_the_numbers_stand() -> None:
    """Scripts build on them: 0 clean, 1 failed, 2 usage, 3 configuration, from 10 on by severity."""
    assert {
        "CLEAN": 0,
        "FAILURE": 1,
        "USAGE": 2,
        "CONFIGURATION": 3,
        "LOW": 10,
        "MEDIUM": 11,
        "HIGH": 12,
        "CRITICAL": 13,
    } == {code.name: code.value for code in ExitCode}


@pytest.mark.parametrize("severity", Severity)
def test_every_severity_has_its_own(severity: Severity) -> None:
    """A single finding exits by its severity."""
    control = next(control.id for control in CONTROLS.values() if control.severity is severity)
    assert ExitCode[severity.name] is ExitCode.of([control])


def test_the_highest_severity_counts() -> None:
    """Of several findings the worst decides, in whatever order they come; none is clean."""
    low, critical = ControlId.REQUIRED_TAGS, ControlId.RESOURCE_POLICY
    assert ExitCode.CRITICAL is ExitCode.of([low, critical]) is ExitCode.of([critical, low])
    assert ExitCode.CLEAN is ExitCode.of([])
