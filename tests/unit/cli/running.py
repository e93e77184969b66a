"""The command line, run in this process and as it is installed."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from secure_sagemaker.cli.app import app
from tests.unit.baseline.stated import COMPLETE

SCRIPT = Path(sys.executable).parent / "secure-sagemaker"


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a run left."""

    code: int
    stdout: str
    stderr: str


def run(*arguments: str | Path, stdin: str | None = None) -> Ran:
    """Run a command in this process. An exception that it lets through is the test's."""
    ran = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
    if ran.exception is not None and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return Ran(code=ran.exit_code, stdout=ran.stdout, stderr=ran.stderr)


def installed(*arguments: str | Path, stdin: str = "", cwd: Path | None = None) -> Ran:
    """Run the installed script."""
    command = [str(SCRIPT), *(str(argument) for argument in arguments)]
    return finished(command, stdin=stdin, cwd=cwd)


def finished(command: list[str], *, stdin: str = "", cwd: Path | None = None) -> Ran:
    ran = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, cwd=cwd)
    return Ran(code=ran.returncode, stdout=ran.stdout, stderr=ran.stderr)


def baseline_file(folder: Path, text: str = COMPLETE, name: str = "secure-sagemaker.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def params_file(folder: Path, params: object) -> Path:
    path = folder / "params.json"
    path.write_text(json.dumps(params), encoding="utf-8")
    return path


def training_job(**members: object) -> dict[str, object]:
    """A CreateTrainingJob that says nothing about security."""
    return {
        "TrainingJobName": "churn-1",
        "AlgorithmSpecification": {
            "TrainingImage": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/team:1",
            "TrainingInputMode": "File",
        },
        "OutputDataConfig": {"S3OutputPath": "s3://ml-artifacts/out"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        **members,
    }
