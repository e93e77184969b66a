"""``policy``: the baseline as IAM documents, on stdout alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from secure_sagemaker.cli.exit_codes import ExitCode
from tests.unit.baseline.stated import COMPLETE, KEY
from tests.unit.cli.running import baseline_file, run

TASK = ("--task", "train", "--name", "churn-*", "--beside-guardrail")


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("guardrail", ()),
        ("session", TASK),
        ("launcher-role", ("--source", "arn:aws:iam::111122223333:role/ci")),
        ("execution-role", ()),
        ("permissions-boundary", ()),
        ("scp", ("--except-role", "arn:aws:iam::*:role/admin")),
        ("bucket", ("--bucket", "ml-artifacts", "--endpoint", "vpce-0a1b2c3d")),
        ("key", ()),
        ("endpoint", ("--service", "s3")),
    ],
)
@pytest.mark.parametrize("format_", ["json", "cloudformation", "terraform"])
def test_every_kind_is_printed(tmp_path: Path, kind: str, options: tuple[str, ...], format_: str) -> None:
    """As documents, and as resources to deploy where the kind is one."""
    ran = run("policy", kind, baseline_file(tmp_path), *options, "--format", format_)
    if kind in ("session", "key", "endpoint") and format_ != "json":
        assert (ran.code, ran.stdout) == (ExitCode.USAGE, "")
        return
    assert ExitCode.CLEAN == ran.code, ran.stderr
    printed = json.loads(ran.stdout)
    if format_ == "json":
        documents = printed if isinstance(printed, list) else [printed]
        assert {"2012-10-17"} == {document["Version"] for document in documents}
    else:
        assert ("Resources" if format_ == "cloudformation" else "resource") in printed


def test_a_role_is_deployed_with_its_policies(tmp_path: Path) -> None:
    """A template's role trusts whom the trust policy says, and has the policies beside it."""
    source = "arn:aws:iam::111122223333:role/ci"
    options = (baseline_file(tmp_path), "--source", source)
    template = json.loads(run("policy", "launcher-role", *options, "--format", "cloudformation").stdout)
    role = template["Resources"].pop("Role")["Properties"]
    assert source == role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"]
    assert [{"Ref": name} for name in template["Resources"]] == role["ManagedPolicyArns"]
    file = json.loads(run("policy", "launcher-role", *options, "--format", "terraform").stdout)["resource"]
    for policy in file["aws_iam_policy"].values():
        assert json.loads(policy["policy"])["Version"] == "2012-10-17"


def test_what_aws_will_not_refuse_is_said_beside(tmp_path: Path) -> None:
    """What no policy guards, and what found no room, is talk and not result."""
    file = baseline_file(tmp_path)
    assert (
        "not guarded: kms-output-key: sagemaker:CreateProcessingJob"
        in run("policy", "guardrail", file).stderr
    )
    alone = run("policy", "session", file, "--task", "train")
    assert "no room for" in alone.stderr
    json.loads(alone.stdout)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("session",), ExitCode.USAGE, "no task"),
        (("session", "--task", "train", "--input", "s3://elsewhere/x"), ExitCode.FAILURE, "elsewhere"),
        (("launcher-role",), ExitCode.FAILURE, "nobody"),
        (("bucket", "--bucket", "elsewhere"), ExitCode.FAILURE, "elsewhere"),
        (("guardrail", "--key-arn", "alias/ml"), ExitCode.USAGE, "--key-arn"),
        (("wall",), ExitCode.USAGE, "wall"),
    ],
    ids=str,
)
def test_what_cannot_be_made_is_said(
    tmp_path: Path, arguments: tuple[str, ...], code: ExitCode, said: str
) -> None:
    """Nothing on stdout, the reason on stderr, and a status that scripts can tell."""
    kind, *options = arguments
    ran = run("policy", kind, baseline_file(tmp_path), *options)
    assert (code, "") == (ran.code, ran.stdout)
    assert said in ran.stderr


def test_an_alias_is_given_its_arn(tmp_path: Path) -> None:
    """IAM compares ARNs: without one the command says so, with one it is in the policy."""
    file = baseline_file(tmp_path, COMPLETE.replace(KEY, "alias/ml"))
    assert "alias/ml" in run("policy", "guardrail", file).stderr
    known = run("policy", "guardrail", file, "--key-arn", f"alias/ml={KEY}")
    assert KEY in known.stdout
