"""``template``: a stack from the baseline, on stdout alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from secure_sagemaker.cli.exit_codes import ExitCode
from tests.unit.baseline.stated import COMPLETE
from tests.unit.cli.running import baseline_file, run

SOURCE = ("--source", "arn:aws:iam::111122223333:role/ci")


@pytest.mark.parametrize(("format_", "member"), [("cloudformation", "Resources"), ("terraform", "resource")])
def test_both_forms_are_printed(tmp_path: Path, format_: str, member: str) -> None:
    """As JSON, with what the options say of it, and small enough for CloudFormation to take."""
    file = baseline_file(tmp_path)
    ran = run("template", file, *SOURCE, "--format", format_, "--zones", "3", "--network", "172.16.0.0/18")
    assert (ExitCode.CLEAN, "") == (ran.code, ran.stderr)
    assert json.loads(ran.stdout)[member]
    assert all(f'"172.16.{third}.0/22"' in ran.stdout for third in (0, 4, 8))
    assert SOURCE[1] in ran.stdout
    assert "arn:aws:iam::111122223333:role/ml-launcher" in ran.stdout
    assert len(ran.stdout) < 51_200


def test_a_key_by_its_arn_is_made_anew(tmp_path: Path) -> None:
    """Nobody can choose a key's id: it has an alias of its own, and an output tells its ARN."""
    stack = json.loads(run("template", baseline_file(tmp_path), *SOURCE).stdout)
    assert "1234abcd-12ab" in COMPLETE
    assert "1234abcd-12ab" not in json.dumps(stack)
    assert "alias/secure-sagemaker-1" == stack["Resources"]["Key1Alias"]["Properties"]["AliasName"]
    assert {"Fn::GetAtt": ["Key1", "Arn"]} == stack["Outputs"]["Key1Arn"]["Value"]


def test_a_key_of_another_account_is_named_and_not_made(tmp_path: Path) -> None:
    """Its policy is theirs."""
    text = COMPLETE.replace("kms:eu-west-1:111122223333", "kms:eu-west-1:444455556666")
    stack = json.loads(run("template", baseline_file(tmp_path, text), *SOURCE).stdout)
    assert "Key1" not in stack["Resources"]
    bucket = json.dumps(stack["Resources"]["Bucket1"])
    assert "arn:aws:kms:eu-west-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab" in bucket


def test_somebody_must_be_named_who_may_assume_the_role(tmp_path: Path) -> None:
    """Without --source nothing is printed."""
    ran = run("template", baseline_file(tmp_path))
    assert (ExitCode.USAGE, "") == (ran.code, ran.stdout)
    assert "--source" in ran.stderr
