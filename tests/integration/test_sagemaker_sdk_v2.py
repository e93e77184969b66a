"""The SageMaker Python SDK v2 over a session, seen on the wire."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import boto3
import pytest

from secure_sagemaker.exceptions import SessionError
from secure_sagemaker.sagemaker_sdk import (
    SdkDefaults,
    make_sagemaker_session,
)
from tests.integration.wire import (
    ACCESS_KEY,
    BARE,
    BUCKET,
    EXECUTION_ROLE,
    FULL,
    IMAGE,
    TAGS,
    VPC,
    Wire,
    make_session,
)

pytestmark = pytest.mark.sdk(2)


def test_training_carries_the_defaults(wire: Wire, boto_session: boto3.Session, source_dir: Path) -> None:
    """An estimator that says nothing trains as the execution role, its code handed over by a channel."""
    from sagemaker.estimator import Estimator

    estimator = Estimator(
        image_uri=IMAGE,
        instance_count=1,
        instance_type="ml.m5.xlarge",
        source_dir=str(source_dir),
        entry_point="train.py",
        sagemaker_session=make_sagemaker_session(boto_session, FULL),
    )
    estimator.fit(f"s3://{BUCKET}/data/", wait=False)

    request = wire.body("CreateTrainingJob")
    assert request["RoleArn"] == EXECUTION_ROLE
    assert request["VpcConfig"] == VPC
    assert request["EnableNetworkIsolation"] is True
    assert request["EnableInterContainerTrafficEncryption"] is True
    assert request["Tags"] == TAGS
    assert request["OutputDataConfig"]["S3OutputPath"] == f"s3://{BUCKET}/fraud/"
    channels = {
        channel["ChannelName"]: channel["DataSource"]["S3DataSource"]["S3Uri"]
        for channel in request["InputDataConfig"]
    }
    assert channels["code"].startswith(f"s3://{BUCKET}/fraud/")
    hyperparameters = request["HyperParameters"]
    submitted = hyperparameters["sagemaker_submit_directory"]
    assert json.loads(submitted) == "/opt/ml/input/data/code/sourcedir.tar.gz"
    assert wire.operations == ["HeadBucket", "PutObject", "CreateTrainingJob"]
    assert wire.signers == {ACCESS_KEY}


def test_hosting_carries_the_defaults(wire: Wire, boto_session: boto3.Session) -> None:
    """A model that says nothing is made as the execution role, isolated and in the VPC, and answers."""
    from sagemaker.model import Model
    from sagemaker.predictor import Predictor

    model = Model(
        image_uri=IMAGE,
        model_data=f"s3://{BUCKET}/model.tar.gz",
        name="model",
        predictor_cls=Predictor,
        sagemaker_session=make_sagemaker_session(boto_session, FULL),
    )
    predictor = model.deploy(
        initial_instance_count=1, instance_type="ml.m5.xlarge", endpoint_name="endpoint", wait=False
    )

    assert predictor.predict("1,2") == b"body"
    request = wire.body("CreateModel")
    assert request["ExecutionRoleArn"] == EXECUTION_ROLE
    assert request["VpcConfig"] == VPC
    assert request["EnableNetworkIsolation"] is True
    assert [
        wire.body(name)["Tags"] for name in ("CreateModel", "CreateEndpointConfig", "CreateEndpoint")
    ] == [TAGS] * 3
    assert wire.operations == ["CreateModel", "CreateEndpointConfig", "CreateEndpoint", "InvokeEndpoint"]
    assert wire.signers == {ACCESS_KEY}
    assert wire.all_clients == wire.clients


HOSTILE_CONFIG = """\
SchemaVersion: "1.0"
SageMaker:
  PythonSDK:
    Modules:
      Session: {DefaultS3Bucket: another-bucket}
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
    from sagemaker.estimator import Estimator

    config = tmp_path / "config.yaml"
    config.write_text(HOSTILE_CONFIG)
    monkeypatch.setenv("SAGEMAKER_ADMIN_CONFIG_OVERRIDE", str(config))
    monkeypatch.setenv("SAGEMAKER_USER_CONFIG_OVERRIDE", str(config))

    estimator = Estimator(
        image_uri=IMAGE,
        instance_count=1,
        instance_type="ml.m5.xlarge",
        sagemaker_session=make_sagemaker_session(boto_session, defaults),
    )
    estimator.fit(wait=False)

    sent = json.dumps(wire.body("CreateTrainingJob"))
    assert [foreign for foreign in ("another", "subnet-9", "sg-9", "999999999999") if foreign in sent] == []
    assert EXECUTION_ROLE in sent


def test_only_a_session_of_ours_is_silent(
    wire: Wire, boto_session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same call reports to the SDK's owner through a plain session, and to nobody through ours."""
    from sagemaker.estimator import Estimator
    from sagemaker.session import Session

    reported: list[str] = []
    monkeypatch.setattr("requests.get", lambda url, *_, **__: reported.append(url))

    def fit(session: Session) -> int:
        reported.clear()
        Estimator(
            image_uri=IMAGE,
            role=EXECUTION_ROLE,
            instance_count=1,
            instance_type="ml.m5.xlarge",
            sagemaker_session=session,
        ).fit(wait=False)
        return len(reported)

    plain = Session(boto_session=boto_session, default_bucket=BUCKET)
    assert [fit(plain), fit(make_sagemaker_session(boto_session, BARE))] == [1, 0]


@pytest.mark.parametrize("named", [True, False], ids=["over-it", "over-none"])
@pytest.mark.parametrize(
    "kind", ["sagemaker.session.Session", "sagemaker.workflow.pipeline_context.PipelineSession"]
)
def test_the_sdks_own_sessions_have_the_defaults(
    boto_session: boto3.Session, kind: str, named: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that a program makes over the secure one, or over none, knows of isolation and reports to nobody."""
    monkeypatch.setenv("SAGEMAKER_ADMIN_CONFIG_OVERRIDE", "nowhere.yaml")  # read, it would be missed
    secure = make_sagemaker_session(boto_session, FULL)
    module, _, name = kind.rpartition(".")

    made = getattr(importlib.import_module(module), name)(**({"boto_session": boto_session} if named else {}))

    assert made.sagemaker_config == secure.sagemaker_config
    assert made.default_bucket() == BUCKET


def test_remote_functions_make_no_session_for_telemetry(wire: Wire, boto_session: boto3.Session) -> None:
    """Decorating a function with a session of ours makes no client beside it."""
    from sagemaker.remote_function import remote

    session = make_sagemaker_session(boto_session, FULL)
    before = len(wire.all_clients)

    remote(sagemaker_session=session, image_uri=IMAGE, instance_type="ml.m5.xlarge")

    assert wire.all_clients[before:] == []


def test_modules_keep_the_clients_of_two_sessions_apart(wire: Wire, boto_session: boto3.Session) -> None:
    """``sagemaker.modules`` calls as the session it was given; without one, as the latest."""
    from sagemaker_core.main.utils import SageMakerClient

    first, latest = boto_session, make_session()
    for session in (first, latest):
        make_sagemaker_session(session, BARE)

    assert SageMakerClient(session=first, region_name=None).session is first
    assert SageMakerClient(session=latest, region_name=None).session is latest
    assert SageMakerClient().session is latest


@pytest.mark.usefixtures("wire")
def test_a_profile_does_not_ingest_in_the_roles_place(boto_session: boto3.Session) -> None:
    """Feature ingestion that names another identity is refused before a record is put."""
    import pandas as pd
    from sagemaker.feature_store.feature_group import IngestionManagerPandas

    manager = IngestionManagerPandas(
        feature_group_name="group",
        feature_definitions={},
        sagemaker_session=make_sagemaker_session(boto_session, BARE),
        profile_name="another",
    )

    with pytest.raises(SessionError, match="'another'") as refused:
        manager.run(pd.DataFrame({"customer": ["c1"]}))
    assert "profile_name" in refused.value.remedy


@pytest.mark.usefixtures("wire")
def test_only_defaults_of_ours_are_taken_as_valid(boto_session: boto3.Session) -> None:
    """The SDK still refuses a configuration of anybody else's that breaks its schema."""
    import sagemaker.utils
    from jsonschema import ValidationError

    session = make_sagemaker_session(boto_session, BARE)

    sagemaker.utils.validate_sagemaker_config(session.sagemaker_config)
    with pytest.raises(ValidationError):
        sagemaker.utils.validate_sagemaker_config({"Unheard": "of"})
