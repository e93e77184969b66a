"""Judges the stacks of ``secure-sagemaker template`` by the field's own tools: ``make scan-templates``."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from secure_sagemaker import SecurityBaseline
from secure_sagemaker.templates import cloudformation, environment, terraform
from secure_sagemaker.templates.skipped import SKIPPED

__all__ = ["EXAMPLE", "main"]

EXAMPLE = """\
schema_version = 1
region = "eu-west-1"

[role]
arn = "arn:aws:iam::111122223333:role/team/ml-stack-launcher"

[execution_roles]
default = "arn:aws:iam::111122223333:role/ml-stack-execution"

[kms]
default = "alias/ml-stack"
volume = "alias/ml-stack-volumes"

[vpc]  # what the stack gives is written here afterwards
subnets = ["subnet-0a1b2c3d", "subnet-0b1c2d3e"]
security_groups = ["sg-0a1b2c3d"]

[network_isolation]
training = "require"
processing = "require"
tuning = "require"
models = "default"
monitoring = "off"

[data_perimeter]
write = { ml-stack-work = "111122223333" }
read = { ml-stack-data = "111122223333", data-of-others = "444455556666" }
default_bucket = "ml-stack-work"

[macie]
mode = "require"
memory = "dynamodb:ml-stack-verdicts"
snapshot = "s3://ml-stack-work/cleared/"
maximum_bucket_score = 100
"""
"""A baseline with two keys, buckets of its own and of others, and scans."""
_SOURCE = "arn:aws:iam::111122223333:role/ci"


def main(arguments: Sequence[str]) -> int:
    """Write both stacks, and have the tools judge them.

    Args:
        arguments: The programs cfn-lint and checkov.
    """
    cfn_lint, checkov = arguments
    baseline = SecurityBaseline.from_mapping(tomllib.loads(EXAMPLE), source="the example")
    made = environment(baseline, sources=(_SOURCE,), today=datetime.now(UTC).date())
    # Terraform's JSON has no comment that checkov would read a skip from.
    skipped = [one.id for one in SKIPPED if one.tool == "checkov" and one.kinds[-1].startswith("aws_")]
    with tempfile.TemporaryDirectory() as folder:
        stack, configuration = Path(folder, "stack.json"), Path(folder, "terraform", "main.tf.json")
        configuration.parent.mkdir()
        stack.write_text(json.dumps(cloudformation(made), indent=2), encoding="utf-8")
        configuration.write_text(json.dumps(terraform(made), indent=2), encoding="utf-8")
        quiet = [checkov, "--compact", "--quiet", "--skip-download"]
        commands = (
            [cfn_lint, str(stack)],
            [*quiet, "--framework", "cloudformation", "--file", str(stack)],
            [
                *quiet,
                *("--framework", "terraform_json", "--directory", str(configuration.parent)),
                *("--skip-check", ",".join(skipped)),
            ],
        )
        return max(subprocess.run(command, check=False).returncode for command in commands)  # noqa: S603  # as named


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
