"""A session on a botocore newer than this library: the installed models, and what a later release may add to them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.loaders import Loader, create_loader

from secure_sagemaker import ControlError, SecureSession
from tests.unit.baseline.stated import COMPLETE, KEY
from tests.unit.secured import VPC, assert_secured, secured, training_job
from tests.wire import Wire

_API = "sagemaker/2017-07-24"
_ADDED: dict[str, Any] = {
    "NewRequest": {
        "type": "structure",
        "required": ["NewName"],
        "members": {
            "NewName": {"shape": "TrainingJobName"},
            "RoleArn": {"shape": "RoleArn"},
            "OutputDataConfig": {"shape": "OutputDataConfig"},
            "ResourceConfig": {"shape": "ResourceConfig"},
            "VpcConfig": {"shape": "VpcConfig"},
            "EnableNetworkIsolation": {"shape": "Boolean"},
        },
    },
    "NewStructure": {"type": "structure", "members": {"StoreKey": {"shape": "KmsKeyId"}}},
}


@pytest.fixture(scope="module")
def newer_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of service models, as ``AWS_DATA_PATH`` takes it."""
    model = Loader().load_service_model("sagemaker", "service-2")
    shapes, operations = dict(model["shapes"]), dict(model["operations"])
    shapes.update(_ADDED)
    job = shapes["CreateTrainingJobRequest"]
    members = {**job["members"], "Novelty": {"shape": "NewStructure"}, "Dial": {"shape": "TrainingJobName"}}
    shapes["CreateTrainingJobRequest"] = {**job, "members": members}
    operations["CreateNewJob"] = {
        "name": "CreateNewJob",
        "http": {"method": "POST", "requestUri": "/"},
        "input": {"shape": "NewRequest"},
    }
    folder = tmp_path_factory.mktemp("models")
    (folder / _API).mkdir(parents=True)
    (folder / _API / "service-2.json").write_text(
        json.dumps({**model, "shapes": shapes, "operations": operations})
    )
    return folder


@pytest.fixture
def session(wire: Wire, newer_models: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., SecureSession]:
    """Makes a session whose botocore knows more than the catalogue."""
    monkeypatch.setattr(botocore.session, "create_loader", create_loader)  # the scripted network shares one
    monkeypatch.setenv("AWS_DATA_PATH", str(newer_models))
    return lambda text=COMPLETE: secured(wire, text)


def test_new_member_of_a_known_request(wire: Wire, session: Callable[..., SecureSession]) -> None:
    """What is known stays secured, a key under a new name is the baseline's, and what nobody reviewed is on record."""
    made = session()
    client: Any = made.client("sagemaker")
    client.create_training_job(**training_job(Novelty={}, Dial="d-1"))

    (sent,) = wire.of("CreateTrainingJob")
    assert_secured(sent)
    assert ({"StoreKey": KEY}, "d-1") == (sent.json["Novelty"], sent.json["Dial"])
    (record,) = (one for one in made.report().records if one.operation == "CreateTrainingJob")
    assert ("Dial", "Novelty") == record.unknown_members


def test_new_operation(wire: Wire, session: Callable[..., SecureSession]) -> None:
    """An operation that came later is held to the same keys, network, role and isolation."""
    job = training_job()
    request = {name: job[name] for name in ("RoleArn", "OutputDataConfig", "ResourceConfig")}
    client: Any = session().client("sagemaker")
    client.create_new_job(NewName="n-1", VpcConfig={}, **request)

    (sent,) = wire.of("CreateNewJob")
    assert (VPC, True) == (sent.json["VpcConfig"], sent.json["EnableNetworkIsolation"])
    assert KEY == sent.json["OutputDataConfig"]["KmsKeyId"] == sent.json["ResourceConfig"]["VolumeKmsKeyId"]


def test_baseline_may_refuse_what_is_new(wire: Wire, session: Callable[..., SecureSession]) -> None:
    """A team that takes nothing unreviewed gets an error, and nothing is sent."""
    client: Any = session('unknown_members = "refuse"\n' + COMPLETE).client("sagemaker")
    with pytest.raises(ControlError) as refused:
        client.create_training_job(**training_job(Dial="d-1"))

    assert ("unknown-member", "Dial") == (refused.value.control_id, refused.value.path)
    assert [] == wire.of("CreateTrainingJob")
