"""``check`` on the embedded account: what it prints, in each form, and its exit status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from secure_sagemaker import Severity
from secure_sagemaker.cli.exit_codes import ExitCode
from secure_sagemaker.identity.policies import support_policies
from secure_sagemaker.local import EmbeddedAWS, embedded_aws
from tests.integration.embedded import client
from tests.unit.cli.running import baseline_file, run


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAWS]:
    """The account, whose role may look at it."""
    with embedded_aws() as standing:
        looks = support_policies().document
        assert looks is not None
        client(standing, "iam").put_role_policy(
            RoleName="ml-launcher", PolicyName="look", PolicyDocument=looks.to_json()
        )
        yield standing


@pytest.fixture(autouse=True)
def ambient(aws: EmbeddedAWS, monkeypatch: pytest.MonkeyPatch) -> None:
    """The launcher's credentials, as a shell would have them."""
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def file(aws: EmbeddedAWS, tmp_path: Path) -> Path:
    return baseline_file(tmp_path, aws.baseline_toml())


def test_each_form_tells_the_same(aws: EmbeddedAWS, file: Path) -> None:
    """Text, JSON and SARIF have the same findings, and the exit status is that of the worst of them."""
    told = {form: run("check", "--baseline", file, "--format", form) for form in ("text", "json", "sarif")}
    plain: Any = json.loads(told["json"].stdout)
    open_ = [one for one in plain["findings"] if one["status"] != "ok"]
    assert {"group-egress", "endpoint-policy", "bucket-versioning", "execution-role-reach"} <= {
        one["id"] for one in open_
    }
    worst = Severity(plain["worst"])
    assert {ExitCode.of_severities([worst])} == {one.code for one in told.values()}
    assert worst is Severity.HIGH
    (log,) = json.loads(told["sarif"].stdout)["runs"]
    assert sorted(one["id"] for one in open_) == sorted(one["ruleId"] for one in log["results"])
    text = told["text"].stdout
    assert all(f"{one['status']}: {one['id']} of {one['subject']}" in text for one in open_)
    assert all(one["why"] in text for one in open_)
    assert f"{len(plain['findings'])} findings" in text


def test_it_changes_nothing(aws: EmbeddedAWS, file: Path) -> None:
    """Whatever it sends is a read, or the role's own assumption, signed by the support role."""
    aws.forget_requests()
    run("check", "--baseline", file)
    asked = {one.operation for one in aws.requests}
    assert {"DescribeRouteTables", "GetBucketPolicy", "GetRolePolicy", "GetKeyPolicy"} <= asked
    assert all(
        one.startswith(("Describe", "Get", "List")) or one in ("AssumeRole", "HeadBucket") for one in asked
    )
    assert all(one.principal.endswith("-support") for one in aws.requests if one.operation != "AssumeRole")


def test_a_role_that_is_not_assumed_is_a_problem(aws: EmbeddedAWS, tmp_path: Path) -> None:
    """Then everything else is unknown, and the status is that of the worst."""
    text = aws.baseline_toml().replace("role/ml-launcher", "role/nobody")
    ran = run("check", "--baseline", baseline_file(tmp_path, text), "--format", "json")
    plain: Any = json.loads(ran.stdout)
    said = {one["id"]: one["status"] for one in plain["findings"]}
    assert "problem" == said.pop("role-assumable")
    assert {"unknown"} == set(said.values())
    assert ExitCode.CRITICAL == ran.code


def test_what_the_support_role_may_do_fits() -> None:
    """Its policy is within what STS takes of an inline one, so that it can be assumed at all."""
    document = support_policies().document
    assert document is not None
    assert document.characters <= 2048
