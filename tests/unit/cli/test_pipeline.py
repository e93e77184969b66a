"""`pipeline check` and `pipeline harden`, of files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.baseline.stated import COMPLETE
from tests.unit.cli.running import Ran, baseline_file, run, training_job


def definition(**members: Any) -> dict[str, Any]:
    """A training step, and in a branch a model that is made of what it writes."""
    train = {name: value for name, value in training_job(**members).items() if name != "TrainingJobName"}
    model = {"PrimaryContainer": {"ModelDataUrl": {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}}}
    branch = {"Conditions": [], "IfSteps": [{"Name": "Make", "Type": "Model", "Arguments": model}]}
    return {
        "Version": "2020-12-01",
        "Parameters": [],
        "Steps": [
            {"Name": "Train", "Type": "Training", "Arguments": train},
            {"Name": "If", "Type": "Condition", "Arguments": branch},
        ],
    }


def pipeline(folder: Path, command: str, content: object, *more: str | Path, stdin: str | None = None) -> Ran:
    path = folder / "pipeline.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    source = path if stdin is None else "-"
    return run(
        *("pipeline", command, source, "--baseline", baseline_file(folder, COMPLETE), *more), stdin=stdin
    )


def test_check_tells_each_member_of_each_step(tmp_path: Path) -> None:
    """What would be set, by step and member; branches by their steps' names."""
    ran = pipeline(tmp_path, "check", definition())
    assert 0 == ran.code
    lines = [line.split() for line in ran.stdout.splitlines()]
    assert ["Train", "EnableNetworkIsolation", "injected"] in [line[:3] for line in lines]
    assert ["If", "/", "Make", "ExecutionRoleArn", "injected"] in [line[:5] for line in lines]
    assert "0 refused" in ran.stdout


def test_check_exits_by_what_would_be_refused(tmp_path: Path) -> None:
    """With the path, the reason and the remedy of each."""
    ran = pipeline(tmp_path, "check", definition(OutputDataConfig={"S3OutputPath": "s3://somebody-elses/x"}))
    assert 12 == ran.code
    assert "refused: PipelineDefinition.Steps['Train'].Arguments.OutputDataConfig.S3OutputPath" in ran.stdout
    assert "remedy:" in ran.stdout


def test_what_was_hardened_needs_nothing_more(tmp_path: Path) -> None:
    """Written to stdout, to a file, or from stdin, it is the same, and once more it is itself."""
    out = tmp_path / "hardened.json"
    to_stdout = pipeline(tmp_path, "harden", definition())
    to_file = pipeline(tmp_path, "harden", definition(), "--output", out)
    piped = pipeline(tmp_path, "harden", "", stdin=json.dumps(definition()))
    assert [0, 0, 0] == [to_stdout.code, to_file.code, piped.code]
    assert to_stdout.stdout == out.read_text(encoding="utf-8") == piped.stdout
    assert "" == to_file.stdout
    assert to_stdout.stdout == pipeline(tmp_path, "harden", to_stdout.stdout).stdout
    assert "0 to be set, 0 refused" in pipeline(tmp_path, "check", to_stdout.stdout).stdout
    steps = json.loads(to_stdout.stdout)["Steps"]
    assert steps[0]["Arguments"]["EnableNetworkIsolation"] is True
    assert {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"} == (
        steps[1]["Arguments"]["IfSteps"][0]["Arguments"]["PrimaryContainer"]["ModelDataUrl"]
    )


@pytest.mark.parametrize(
    "content", ["no JSON", {"Version": "2020-12-01", "Steps": [{"Name": "a", "Type": "b"}]}]
)
def test_what_would_be_refused_is_not_written(content: object, tmp_path: Path) -> None:
    """Neither to stdout, where the reason stands instead, nor to the file."""
    out = tmp_path / "hardened.json"
    ran = pipeline(tmp_path, "harden", content, "--output", out)
    assert 12 == ran.code
    assert "refused:" in ran.stdout
    assert not out.exists()


def test_a_file_that_is_not_there_is_no_name(tmp_path: Path) -> None:
    """Nothing is asked of AWS for what looks like a file."""
    ran = run("pipeline", "check", tmp_path / "missing.json", "--baseline", baseline_file(tmp_path, COMPLETE))
    assert 2 == ran.code
    assert "cannot be read" in ran.stderr
