"""The SageMaker Python SDK v3 over a session, seen on the wire."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from secure_sagemaker.sagemaker_sdk import (
    SdkDefaults,
    make_sagemaker_session,
)
from secure_sagemaker.sagemaker_sdk.fallback import release_fallback
from tests.integration.wire import (
    ACCESS_KEY,
    BARE,
    BUCKET,
    EXECUTION_ROLE,
    FULL,
    IMAGE,
    REGION,
    VPC,
    Wire,
)

pytestmark = [
    pytest.mark.sdk(3),
    # The SDK imports a module of its own that it has deprecated.
    pytest.mark.filterwarnings("ignore:sagemaker.train.configs has been moved:DeprecationWarning"),
    # A trainer leaves the directory it packed the drivers in to the garbage collector.
    pytest.mark.filterwarnings("ignore:Implicitly cleaning up:ResourceWarning"),
]


def answer_without_empty_structures(session: boto3.Session) -> None:
    """Leave out the `DataCaptureConfig: {}` that moto answers where AWS answers nothing."""

    def after_call(parsed: dict[str, object], **_: object) -> None:
        if parsed.get("DataCaptureConfig") == {}:
            del parsed["DataCaptureConfig"]

    session.events.register("after-call.sagemaker.DescribeEndpointConfig", after_call)
    session.events.register("after-call.sagemaker.DescribeEndpoint", after_call)


def an_input() -> list[Any]:
    """A channel: older releases send an empty list of none, which AWS does not take."""
    from sagemaker.core.training.configs import InputData

    return [InputData(channel_name="train", data_source=f"s3://{BUCKET}/data/")]


def test_training_carries_the_defaults(wire: Wire, boto_session: boto3.Session, source_dir: Path) -> None:
    """A trainer that says nothing trains as the execution role, isolated, in the VPC, from our bucket."""
    from sagemaker.core.training.configs import Compute, SourceCode
    from sagemaker.train import ModelTrainer

    trainer = ModelTrainer(
        sagemaker_session=make_sagemaker_session(boto_session, FULL),
        training_image=IMAGE,
        source_code=SourceCode(source_dir=str(source_dir), entry_script="train.py"),
        compute=Compute(instance_type="ml.m5.xlarge", instance_count=1),
        base_job_name="job",
    )
    assert wire.operations == ["HeadBucket"]
    trainer.train(input_data_config=an_input(), wait=False)

    request = wire.body("CreateTrainingJob")
    assert request["RoleArn"] == EXECUTION_ROLE
    assert request["VpcConfig"] == VPC
    assert request["EnableNetworkIsolation"] is True
    assert request["EnableInterContainerTrafficEncryption"] is True
    assert request["OutputDataConfig"]["S3OutputPath"] == f"s3://{BUCKET}/fraud/job"
    channels = {
        channel["ChannelName"]: channel["DataSource"]["S3DataSource"]["S3Uri"]
        for channel in request["InputDataConfig"]
    }
    assert set(channels) == {"train", "code", "sm_drivers"}
    assert channels["code"].startswith(f"s3://{BUCKET}/fraud/job/")
    assert set(wire.operations) == {
        "HeadBucket",
        "SimulatePrincipalPolicy",  # asked once a channel, its answer is not needed
        "PutObject",
        "CreateTrainingJob",
        "DescribeTrainingJob",
    }
    assert wire.signers == {ACCESS_KEY}
    assert wire.all_clients == wire.clients


def test_trained_job_stays_on_the_session(wire: Wire, boto_session: boto3.Session, source_dir: Path) -> None:
    """What a trainer started is asked about as the same role later."""
    from sagemaker.core.resources import TrainingJob
    from sagemaker.train import ModelTrainer

    trainer = ModelTrainer(
        sagemaker_session=make_sagemaker_session(boto_session, FULL),
        training_image=IMAGE,
        base_job_name="job",
    )
    trainer.train(input_data_config=an_input(), wait=False)
    name = str(wire.body("CreateTrainingJob")["TrainingJobName"])

    TrainingJob.get(name, session=boto_session).refresh()

    assert wire.operations.count("DescribeTrainingJob") == 3
    assert wire.signers == {ACCESS_KEY}


def test_hosting_runs_on_the_session(wire: Wire, boto_session: boto3.Session) -> None:
    """Model, endpoint config, endpoint and invocation are sent by the session they were given."""
    from sagemaker.core.resources import Endpoint, EndpointConfig, Model
    from sagemaker.core.shapes import ContainerDefinition, ProductionVariant, VpcConfig

    answer_without_empty_structures(boto_session)
    make_sagemaker_session(boto_session, FULL)
    Model.create(
        model_name="model",
        primary_container=ContainerDefinition(image=IMAGE, model_data_url=f"s3://{BUCKET}/model.tar.gz"),
        execution_role_arn=EXECUTION_ROLE,
        vpc_config=VpcConfig(subnets=VPC["Subnets"], security_group_ids=VPC["SecurityGroupIds"]),
        session=boto_session,
    )
    variant = ProductionVariant(
        variant_name="all", model_name="model", initial_instance_count=1, instance_type="ml.m5.xlarge"
    )
    EndpointConfig.create(endpoint_config_name="config", production_variants=[variant], session=boto_session)
    endpoint = Endpoint.create(endpoint_name="endpoint", endpoint_config_name="config", session=boto_session)
    answer = endpoint.invoke(body="1,2", content_type="text/csv")

    assert answer.body.read() == b"body"
    assert wire.operations == [
        "CreateModel",
        "DescribeModel",
        "CreateEndpointConfig",
        "DescribeEndpointConfig",
        "CreateEndpoint",
        "DescribeEndpoint",
        "InvokeEndpoint",
    ]
    assert wire.body("CreateModel")["VpcConfig"] == VPC
    assert wire.signers == {ACCESS_KEY}
    assert wire.all_clients == wire.clients


def test_roles_are_checked_where_the_user_asks_for_it(
    wire: Wire, boto_session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """IAM is asked nothing of a role by default; a user's own word about it stands. The environment stays as it was."""
    from sagemaker.core.helper.iam_role_resolver import RoleValidationError, resolve_and_validate_role

    environment = dict(os.environ)
    session = make_sagemaker_session(boto_session, FULL)
    check = functools.partial(resolve_and_validate_role, EXECUTION_ROLE, sagemaker_session=session)

    assert check(role_type="training") == EXECUTION_ROLE
    assert wire.operations == []
    assert dict(os.environ) == environment

    monkeypatch.setenv("SAGEMAKER_VALIDATE_ROLE", "true")
    with pytest.raises(RoleValidationError, match="trust policy"):  # moto has no such role
        check(role_type="training")
    assert wire.operations == ["SimulatePrincipalPolicy", "GetRole"]


def test_roles_are_checked_again_once_no_secure_session_is_left(
    wire: Wire, boto_session: boto3.Session
) -> None:
    """What was put aside for a secure session is back when there is none."""
    from sagemaker.core.helper.iam_role_resolver import RoleValidationError, resolve_and_validate_role

    session = make_sagemaker_session(boto_session, FULL)
    release_fallback()
    with pytest.raises(RoleValidationError, match="trust policy"):
        resolve_and_validate_role(EXECUTION_ROLE, role_type="training", sagemaker_session=session)
    assert wire.operations == ["SimulatePrincipalPolicy", "GetRole"]


HOSTILE_CONFIG = """\
SchemaVersion: "1.0"
SageMaker:
  PythonSDK:
    Modules:
      Session: {DefaultS3Bucket: another-bucket}
      ModelTrainer: {networking: {subnets: [subnet-9], security_group_ids: [sg-9]}}
  TrainingJob:
    RoleArn: arn:aws:iam::999999999999:role/another
    EnableNetworkIsolation: false
    VpcConfig: {Subnets: [subnet-9], SecurityGroupIds: [sg-9]}
"""


@pytest.mark.parametrize("defaults", [FULL, BARE], ids=["full", "bare"])
def test_configuration_files_have_no_say(
    wire: Wire,
    boto_session: boto3.Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    defaults: SdkDefaults,
) -> None:
    """Nothing of an administrator's or user's SDK configuration file reaches a request."""
    from sagemaker.train import ModelTrainer

    config = tmp_path / "config.yaml"
    config.write_text(HOSTILE_CONFIG)
    monkeypatch.setenv("SAGEMAKER_ADMIN_CONFIG_OVERRIDE", str(config))
    monkeypatch.setenv("SAGEMAKER_USER_CONFIG_OVERRIDE", str(config))

    trainer = ModelTrainer(
        sagemaker_session=make_sagemaker_session(boto_session, defaults),
        training_image=IMAGE,
        base_job_name="job",
    )
    trainer.train(input_data_config=an_input(), wait=False)

    sent = json.dumps(wire.body("CreateTrainingJob"))
    assert [foreign for foreign in ("another", "subnet-9", "sg-9", "999999999999") if foreign in sent] == []
    assert EXECUTION_ROLE in sent


def test_training_sends_no_telemetry(boto_session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call made through the session reports to nobody."""
    from sagemaker.train import ModelTrainer

    reported: list[str] = []
    monkeypatch.setattr("requests.get", lambda url, **_: reported.append(url))
    trainer = ModelTrainer(
        sagemaker_session=make_sagemaker_session(boto_session, BARE),
        training_image=IMAGE,
        base_job_name="job",
    )

    trainer.train(input_data_config=an_input(), wait=False)

    for thread in threading.enumerate():
        if thread.name == "sagemaker-telemetry":
            thread.join()
    assert reported == []


SESSIONLESS_TELEMETRY = f"""
import threading
import boto3, requests
from moto import mock_aws
from sagemaker.ai_registry.dataset_validation import validate_sft
from secure_sagemaker.sagemaker_sdk import SdkDefaults, make_sagemaker_session

reported = []
requests.get = lambda url, **_: reported.append(url)

def reports():
    reported.clear()
    validate_sft([{{"input": "a", "output": "b"}}])
    for thread in threading.enumerate():
        if thread.name == "sagemaker-telemetry":
            thread.join()
    return len(reported)

with mock_aws():
    before = reports()
    make_sagemaker_session(
        boto3.Session(region_name="{REGION}"),
        SdkDefaults(execution_role="{EXECUTION_ROLE}", default_bucket="{BUCKET}"),
    )
    print(before, reports())
"""


def test_calls_without_a_session_send_no_telemetry_either() -> None:
    """The SDK's functions that take no session report once, and never after a session was made."""
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SESSIONLESS_TELEMETRY],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "AWS_DEFAULT_REGION": REGION, "PYTHONPATH": str(Path.cwd())},
    )

    assert (run.returncode, run.stdout.strip()) == (0, "1 0"), run.stderr


def test_moved_telemetry_is_said(
    boto_session: boto3.Session, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An SDK whose telemetry we no longer find is not passed over in silence."""
    monkeypatch.delattr("sagemaker.core.telemetry.telemetry_logging._get_default_sagemaker_session")

    make_sagemaker_session(boto_session, FULL)

    assert "telemetry" in caplog.text


@pytest.mark.parametrize("read_before", [False, True], ids=["first", "after-an-ambient-reader"])
def test_job_logs_are_read_as_the_session(
    wire: Wire, boto_session: boto3.Session, monkeypatch: pytest.MonkeyPatch, read_before: bool
) -> None:
    """Waiting for a job reads its logs as the session's role, even where logs were read before it."""
    from sagemaker.core.utils.logs import CloudWatchLogsClient, MultiLogStreamHandler

    if read_before:
        monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
        CloudWatchLogsClient()
    make_sagemaker_session(boto_session, FULL)

    assert not MultiLogStreamHandler("/aws/sagemaker/TrainingJobs", "job", 1).ready()
    assert wire.operations == ["DescribeLogStreams"]
    assert wire.signers == {ACCESS_KEY}


def test_calls_that_name_no_session_use_the_first_secure_one(wire: Wire, boto_session: boto3.Session) -> None:
    """Where no client was made before, a resource call without `session=` is the session's."""
    from sagemaker.core.resources import TrainingJob

    make_sagemaker_session(boto_session, FULL)

    with pytest.raises(ClientError, match="missing-job"):
        TrainingJob.get("missing-job")
    assert wire.operations == ["DescribeTrainingJob"]
    assert wire.signers == {ACCESS_KEY}


def test_a_default_that_others_made_is_left_to_them(wire: Wire, boto_session: boto3.Session) -> None:
    """The process default that a program chose before stays what it was."""
    from sagemaker.core.utils.utils import SageMakerClient

    chosen = SageMakerClient(session=boto3.Session("AKIAOTHER", "not-a-secret", region_name=REGION))

    make_sagemaker_session(boto_session, FULL)

    assert SageMakerClient() is chosen
    assert SageMakerClient(session=boto_session).session is boto_session
