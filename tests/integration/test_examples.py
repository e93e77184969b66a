"""Each example runs as it stands, in an interpreter of its own, and shows what it says it shows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent.parent / "examples"

CASES = [
    pytest.param("raw_boto3.py", ("isolated: True", "refused: vpc-config at VpcConfig."), id="raw_boto3"),
    pytest.param(
        "sdk_v3.py",
        ("the endpoint answered b'1,2,3'", "sagemaker.CreateTrainingJob: succeeded"),
        id="sdk_v3",
        marks=pytest.mark.sdk(3),
    ),
    pytest.param(
        "sdk_v2.py",
        ("the endpoint answered b'1,2,3'", "sagemaker.CreateTrainingJob: succeeded"),
        id="sdk_v2",
        marks=pytest.mark.sdk(2),
    ),
    pytest.param(
        "layered_baselines.py",
        ("sandbox-board: waived", "churn-prod: refused", "network_isolation.training"),
        id="layered_baselines",
    ),
    pytest.param(
        "adopt_by_observing.py",
        ("7 members would have been changed or refused", "sent as it was written: False False"),
        id="adopt_by_observing",
    ),
]


def test_every_example_has_a_case() -> None:
    """An example that nobody runs goes stale: each file is in the table above."""
    named = {str(case.values[0]) for case in CASES}

    assert named == {path.name for path in EXAMPLES.glob("*.py")}


@pytest.mark.parametrize(("name", "shown"), CASES)
def test_example(name: str, shown: tuple[str, ...], tmp_path: Path) -> None:
    """It exits with 0 and prints what it is there to show."""
    run = subprocess.run(
        [sys.executable, "-W", "ignore", str(EXAMPLES / name)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    for text in shown:
        assert text in run.stdout
