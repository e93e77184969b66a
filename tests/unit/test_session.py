"""SecureSession: a boto3 session whose clients cannot leave the secured path."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.stub import Stubber

import secure_sagemaker
from secure_sagemaker import (
    Action,
    BaselineError,
    BaselineNotFoundError,
    ControlError,
    SecureSession,
)
from tests.unit.baseline.stated import COMPLETE, KEY, WAIVER, changed
from tests.unit.secured import (
    BY_ALIAS,
    LAUNCHER,
    VPC,
    assert_secured,
    baseline,
    secured,
    training_job,
)
from tests.wire import OF_SESSIONS, Answer, Sent, Wire, refuses, says

# --- it is a boto3 session


def test_it_is_a_boto3_session(wire: Wire) -> None:
    """Whatever asks for a boto3.Session takes it, and its region is the baseline's."""
    session = secured(wire)
    assert isinstance(session, boto3.Session)
    assert "eu-west-1" == session.region_name


def test_a_request_that_says_nothing_goes_out_secured(wire: Wire) -> None:
    """Keys, VPC, isolation and traffic encryption are on the wire, and the caller's dict is as it was."""
    request = training_job()
    secured(wire).client("sagemaker").create_training_job(**request)
    assert_secured(wire.one("CreateTrainingJob"))
    assert training_job() == request


def test_a_foreign_subnet_is_refused_before_it_is_sent(wire: Wire) -> None:
    """What conflicts raises a ControlError that names the member, and nothing leaves the machine."""
    foreign = {"Subnets": ["subnet-0f0f0f0f"], "SecurityGroupIds": ["sg-0a1b2c3d"]}
    with pytest.raises(ControlError) as caught:
        secured(wire).client("sagemaker").create_training_job(**training_job(VpcConfig=foreign))
    assert "VpcConfig.Subnets" == caught.value.path
    assert [] == wire.requests


def test_an_object_is_written_with_the_key(wire: Wire, tmp_path: Path) -> None:
    """put_object, upload_file, upload_fileobj and a resource's object carry SSE-KMS, the key and the owner."""
    session, path = secured(wire), tmp_path / "data"
    path.write_bytes(b"data")
    s3 = session.client("s3")
    s3.put_object(Bucket="ml-artifacts", Key="a", Body=b"data")
    s3.upload_file(str(path), "ml-artifacts", "b")
    s3.upload_fileobj(io.BytesIO(b"data"), "ml-artifacts", "c")
    session.resource("s3").Bucket("ml-artifacts").put_object(Key="d", Body=b"data")
    assert ["/a", "/b", "/c", "/d"] == [sent.url.partition(".com")[2] for sent in wire.of("PUT")]
    for sent in wire.of("PUT"):
        assert "aws:kms" == sent.headers["x-amz-server-side-encryption"]
        assert KEY == sent.headers["x-amz-server-side-encryption-aws-kms-key-id"]
        assert "true" == sent.headers["x-amz-server-side-encryption-bucket-key-enabled"]
        assert "111122223333" == sent.headers["x-amz-expected-bucket-owner"]
        assert LAUNCHER == wire.signer(sent)


def test_a_paginator_pages(wire: Wire) -> None:
    """Every page is asked for by the role, with what the caller asked for."""
    pages = iter([{"Models": [{"ModelName": "a"}], "NextToken": "t"}, {"Models": [{"ModelName": "b"}]}])
    wire.answers["ListModels"] = lambda sent: says(next(pages))(sent)
    paginator = secured(wire).client("sagemaker").get_paginator("list_models")
    names = [model["ModelName"] for page in paginator.paginate(SortBy="Name") for model in page["Models"]]
    assert ["a", "b"] == names
    asked = [sent.json for sent in wire.of("ListModels")]
    assert [{"SortBy": "Name"}, {"SortBy": "Name", "NextToken": "t"}] == asked
    assert {LAUNCHER} == {wire.signer(sent) for sent in wire.of("ListModels")}


def test_a_waiter_waits(wire: Wire) -> None:
    """A waiter asks until the state is reached."""
    states = iter(["InProgress", "Completed"])
    wire.answers["DescribeTrainingJob"] = lambda sent: says({"TrainingJobStatus": next(states)})(sent)
    waiter = secured(wire).client("sagemaker").get_waiter("training_job_completed_or_stopped")
    waiter.wait(TrainingJobName="churn-1", WaiterConfig={"Delay": 0, "MaxAttempts": 3})
    assert 2 == len(wire.of("DescribeTrainingJob"))


def test_the_stubber_sees_what_was_injected(wire: Wire) -> None:
    """botocore's Stubber answers, compares with the secured request, and needs no role."""
    session = secured(wire)
    client = session.client("sagemaker")
    expected: Mapping[str, object] = session.explain("create_training_job", **training_job()).parameters
    with Stubber(client) as stub:
        answer = {"TrainingJobArn": "arn:aws:sagemaker:eu-west-1:111122223333:training-job/churn-1"}
        stub.add_response("create_training_job", answer, dict(expected))
        client.create_training_job(**training_job())
        stub.assert_no_pending_responses()
    assert VPC == expected["VpcConfig"]
    assert [] == wire.requests


def test_the_users_client_error_is_untouched(wire: Wire) -> None:
    """What AWS refuses reaches the caller as boto's own class with AWS's own answer."""
    wire.answers["CreateTrainingJob"] = refuses("ResourceInUse", "it exists")
    client = secured(wire).client("sagemaker")
    with pytest.raises(client.exceptions.ResourceInUse) as caught:
        client.create_training_job(**training_job())
    assert type(caught.value).__mro__[1] is ClientError
    error = caught.value.response["Error"]
    assert {"Code": "ResourceInUse", "Message": "it exists"} == dict(error)
    assert "CreateTrainingJob" == caught.value.operation_name


def test_the_user_agent_names_library_and_baseline(wire: Wire) -> None:
    """Every client, resource and support call says which library and baseline it went through."""
    wire.answers["DescribeKey"] = says({"KeyMetadata": {"Arn": KEY, "KeyState": "Enabled"}})
    session = secured(wire, BY_ALIAS)
    session.client("sagemaker").create_training_job(**training_job())
    session.client("sagemaker", config=Config(user_agent_extra="lib/mine")).list_models()
    session.resource("s3").Bucket("ml-artifacts").Object("k").put(Body=b"")
    digest = session.baseline.digest[:12]
    ours = [sent.headers["user-agent"] for sent in wire.requests if sent.operation not in OF_SESSIONS]
    assert 4 == len(ours)
    assert [] == [agent for agent in ours if f"baseline/{digest}" not in agent]
    assert [] == [agent for agent in ours if "secure-sagemaker/" not in agent or "Boto3/" not in agent]
    assert "lib/mine" in wire.one("ListModels").headers["user-agent"]


# --- the baseline it is made with


def test_it_reads_a_file(wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path, a path as text, the variable, and discovery from the working directory are one baseline."""
    path = tmp_path / "secure-sagemaker.toml"
    path.write_text(COMPLETE, encoding="utf-8")
    (tmp_path / "deeper").mkdir()
    monkeypatch.chdir(tmp_path / "deeper")
    sessions = [SecureSession(given, source=wire.source()) for given in (path, str(path), None)]
    monkeypatch.chdir("/")
    monkeypatch.setenv("SECURE_SAGEMAKER_BASELINE", str(path))
    sessions.append(SecureSession(source=wire.source()))
    assert {baseline().digest} == {session.baseline.digest for session in sessions}


def test_env_applies_its_section(wire: Wire, tmp_path: Path) -> None:
    """env= chooses the file's section; with a baseline object it is an error, for it would do nothing."""
    path = tmp_path / "secure-sagemaker.toml"
    path.write_text(
        COMPLETE + "\n[env.prod.hardening]\nvpc_image_repositories_only = true\n", encoding="utf-8"
    )
    session = SecureSession(path, env="prod", source=wire.source())
    assert session.baseline.hardening.vpc_image_repositories_only is True
    with pytest.raises(BaselineError, match="env= goes with a baseline file"):
        SecureSession(baseline(), env="prod", source=wire.source())


def test_without_a_baseline_there_is_no_session(
    wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing given and nothing found: an error that lists where it was looked for."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BaselineNotFoundError) as caught:
        SecureSession(source=wire.source())
    assert str(tmp_path / "secure-sagemaker.toml") in caught.value.searched


def test_an_expired_waiver_makes_no_session(wire: Wire) -> None:
    """By the session's own clock, a waiver past its day is an error that names its ticket."""
    waived = baseline(COMPLETE + WAIVER)
    made = SecureSession(waived, source=wire.source(), clock=lambda: datetime(2026, 12, 31, 23, tzinfo=UTC))
    assert 1 == len(made.baseline.waivers)
    with pytest.raises(BaselineError, match="SEC-101"):
        SecureSession(waived, source=wire.source(), clock=lambda: datetime(2027, 1, 1, tzinfo=UTC))


def test_a_waiver_that_expires_meanwhile_no_longer_excuses(wire: Wire) -> None:
    """A long-lived session judges each call by the day it is made on."""
    days = [datetime(2026, 12, 31, tzinfo=UTC)]
    session = SecureSession(baseline(COMPLETE + WAIVER), source=wire.source(), clock=lambda: days[-1])
    waived = session.explain("create_training_job", **training_job(EnableNetworkIsolation=False))
    days.append(datetime(2027, 1, 1, tzinfo=UTC))
    held = session.explain("create_training_job", **training_job(EnableNetworkIsolation=False))

    def action(enforcement: secure_sagemaker.Enforcement) -> list[Action]:
        return [row.action for row in enforcement.decisions if row.path == "EnableNetworkIsolation"]

    assert [Action.WAIVED] == action(waived)
    assert action(held) in ([Action.CORRECTED], [Action.REFUSED])


def test_it_names_what_the_sdk_asks_for(wire: Wire) -> None:
    """execution_role and default_bucket are the baseline's; without a bucket the error names the field."""
    session = secured(wire)
    assert "arn:aws:iam::111122223333:role/ml-execution" == session.execution_role
    assert "ml-artifacts" == session.default_bucket
    without = secured(wire, changed('default_bucket = "ml-artifacts"\n', ""))
    with pytest.raises(BaselineError) as caught:
        _ = without.default_bucket
    assert "data_perimeter.default_bucket" == caught.value.field


def test_two_sessions_share_nothing(wire: Wire) -> None:
    """Each has its own role session, handlers and report."""
    one, other = secured(wire), secured(wire)
    one.client("sagemaker").list_models()
    other.client("sagemaker").list_models()
    assert 2 == len({sent.access_key_id for sent in wire.of("ListModels")})
    assert [1, 1] == [len(session.report().records) for session in (one, other)]


def test_a_secured_source_is_a_source(wire: Wire) -> None:
    """Role chaining: a secure session may be the source of another, and its call is held to its own baseline."""
    chained = changed("role/ml-launcher", "role/ml-inner")
    outer = secured(wire)
    SecureSession(baseline(chained), source=outer).client("sagemaker").list_models()
    _, second = wire.of("AssumeRole")
    assert [LAUNCHER, LAUNCHER.replace("ml-launcher", "ml-inner")] == [
        wire.signer(second),
        wire.signer(wire.one("ListModels")),
    ]
    assert ["AssumeRole"] == [record.operation for record in outer.report().records]


def test_an_answer_that_never_came_is_botos_own_error(wire: Wire) -> None:
    """A connection that fails is not dressed up either."""

    def broken(sent: Sent) -> Answer:
        raise ConnectionResetError("reset")

    wire.answers["ListModels"] = broken
    session = secured(wire)
    with pytest.raises(ConnectionResetError, match="reset"):
        session.client("sagemaker").list_models()
    (record,) = session.report().records
    assert ("failed", "ConnectionResetError") == (record.outcome, record.error_code)
