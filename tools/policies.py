"""Writes the golden IAM policies: ``python -m tools.policies --write``, or ``--check`` them.

One file for each policy of each baseline below, ``tests/golden/policies/BASELINE-POLICY.json``, to be read by a person.
"""

import argparse
import copy
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from secure_sagemaker.baseline import SecurityBaseline, Task
from secure_sagemaker.identity.policies.documents import PolicyDocument
from secure_sagemaker.identity.policies.guardrail import guardrail
from secure_sagemaker.identity.policies.inline import Scope, task_policy
from tools.golden import ACCOUNT, STATED, TODAY, key, role

FOLDER = Path(__file__).parents[1] / "tests/golden/policies"

CHURN = Scope(
    names=("churn-*",),
    inputs=("s3://ml-datasets/churn/",),
    outputs=("s3://ml-artifacts/churn/",),
    roles=(role("ml-execution"),),
    instance_types=("ml.m5.xlarge",),
)


def baselines() -> dict[str, SecurityBaseline]:
    """The baselines, by name: strict, lenient with a waiver, and one that adopts by observing."""
    strict: dict[str, object] = {
        **copy.deepcopy(dict(STATED)),
        "data_perimeter": {
            "write": {"ml-artifacts": ACCOUNT},
            "read": {"ml-datasets": "444455556666"},
            "default_bucket": "ml-artifacts",
        },
    }
    waiver = {
        "control": "network-isolation",
        "operations": ["CreateTrainingJob"],
        "resources": ["churn-*"],
        "reason": "reads a feature store",
        "ticket": "SEC-101",
        "approver": "jane.doe",
        "expires": "2026-12-31",
    }
    lenient = {
        **strict,
        "kms": {"default": key("resource"), "aws_managed": ["kms-volume-key"]},
        "network_isolation": dict.fromkeys(
            ("training", "processing", "tuning", "models", "monitoring"), "default"
        )
        | {"training": "require"},
        "hardening": {"allow_root_access": True, "allow_remote_debug": True},
        "required_tags": {},
        "waivers": [waiver],
    }
    modes = {"modes": {"vpc-config": "observe", "data-perimeter": "observe", "required-tags": "observe"}}
    stated = {"strict": strict, "lenient": lenient, "observing": {**strict, **modes}}
    return {name: SecurityBaseline.from_mapping(each, today=TODAY) for name, each in stated.items()}


def policies() -> Iterator[tuple[str, PolicyDocument]]:
    """Every golden policy, with the name of its file."""
    for name, baseline in baselines().items():
        for number, policy in enumerate(guardrail(baseline, today=TODAY).policies, start=1):
            yield f"{name}-guardrail-{number}", policy
        for task in (Task.TRAIN, Task.DEPLOY):
            for guarded in (True, False):
                made = task_policy(baseline, [task], today=TODAY, scope=CHURN, guardrail=guarded)
                yield f"{name}-{task}-{'beside-guardrail' if guarded else 'alone'}", made.document


def written() -> Mapping[str, str]:
    """The text of each file, by its name."""
    return {f"{name}.json": json.dumps(policy.to_mapping(), indent=1) + "\n" for name, policy in policies()}


def main() -> None:
    """Write or check the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--check", action="store_true")
    wanted = written()
    if parser.parse_args().write:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for path in FOLDER.glob("*.json"):
            path.unlink()
        for name, text in wanted.items():
            (FOLDER / name).write_text(text, encoding="utf-8")
        return
    held = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    if stale := sorted(name for name in {**held, **wanted} if held.get(name) != wanted.get(name)):
        sys.exit(f"stale: {', '.join(stale)}; python -m tools.policies --write")


if __name__ == "__main__":
    main()
