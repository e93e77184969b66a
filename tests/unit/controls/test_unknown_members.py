"""A botocore newer than the catalogue, made from the installed one: what it adds is governed, or recorded."""

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from secure_sagemaker.controls import Enforcement
from tests.controls_support import (
    DEFAULT_ROLE,
    FOREIGN_KEY,
    FOREIGN_ROLE,
    NETWORK,
    RESOURCE_KEY,
    Request,
    at,
    decided,
    decisions_at,
    enforcer,
    refused,
)

INSTALLED: Mapping[str, Any] = Loader().load_service_model("sagemaker", "service-2")
CREATE = "CreateTrainingJobRequest"

# What a later release may bring: plain members, new structures, governed shapes under new names, an operation.
ADDED_SHAPES: Mapping[str, Any] = {
    "NewRequest": {
        "type": "structure",
        "required": ["ThingName"],
        "members": {
            "ThingName": {"shape": "NewName"},
            "RoleArn": {"shape": "RoleArn"},
            "OwnKey": {"shape": "KmsKeyId"},
            "VpcConfig": {"shape": "VpcConfig"},
            "EnableNetworkIsolation": {"shape": "Boolean"},
            "EnableInterContainerTrafficEncryption": {"shape": "Boolean"},
            "Tags": {"shape": "TagList"},
            "Novelty": {"shape": "NewStructure"},
        },
    },
    "NewStructure": {
        "type": "structure",
        "members": {
            "Dial": {"shape": "NewName"},
            "StoreKey": {"shape": "KmsKeyId"},
            "Keys": {"shape": "NewKeys"},
            "HelperRole": {"shape": "RoleArn"},
            "HelperRoles": {"shape": "NewRoles"},
            "Source": {"shape": "S3Uri"},
            "Sources": {"shape": "NewLocations"},
            "Network": {"shape": "VpcConfig"},
            "EnableNetworkIsolation": {"shape": "Boolean"},
            "EnableRemoteDebug": {"shape": "Boolean"},
            "EnableSSMAccess": {"shape": "Boolean"},
            "VolumeKmsKeyId": {"shape": "NewName"},
            "Serverless": {"shape": "ProductionVariantServerlessConfig"},
        },
    },
    "NewName": {"type": "string"},
    "NewKeys": {"type": "list", "member": {"shape": "KmsKeyId"}},
    "NewRoles": {"type": "list", "member": {"shape": "RoleArn"}},
    "NewLocations": {"type": "list", "member": {"shape": "S3Uri"}},
}


@pytest.fixture(scope="module")
def newer() -> ServiceModel:
    content = copy.deepcopy(dict(INSTALLED))
    content["shapes"].update(copy.deepcopy(ADDED_SHAPES))
    content["shapes"][CREATE]["members"].update(
        Novelty={"shape": "NewStructure"}, Novelties={"shape": "NewStructures"}, Dial={"shape": "NewName"}
    )
    content["shapes"]["NewStructures"] = {"type": "list", "member": {"shape": "NewStructure"}}
    for name in ("CreateNewThing", "UpdateNewThing", "DescribeNewThing"):
        content["operations"][name] = {
            "name": name,
            "http": {"method": "POST", "requestUri": "/"},
            "input": {"shape": "NewRequest"},
        }
    return ServiceModel(content, "sagemaker")


def judged(model: OperationModel, parameters: Request, **changes: object) -> Enforcement:
    judge = enforcer(**changes)
    found = judge.enforce(model, parameters, {})
    if not found.refusals:
        assert () == judge.verify(model, found.parameters, {}).refusals
    return found


def training(newer: ServiceModel, **parameters: object) -> Enforcement:
    return judged(newer.operation_model("CreateTrainingJob"), {"TrainingJobName": "t", **parameters})


def test_an_unknown_member_is_recorded_and_sent(newer: ServiceModel) -> None:
    """Nobody has reviewed it: it goes out as it is, and its path is on record, however deep."""
    parameters: Request = {
        "Dial": "11",
        "Novelty": {"Dial": "11"},
        "Novelties": [{}, {"Dial": "11"}],
    }
    found = training(newer, **parameters)
    assert {"Dial", "Novelties", "Novelty", "Novelties[1].Dial", "Novelty.Dial"} == set(found.unknown_members)
    assert ["11", "11", "11"] == [at(found, path) for path in ("Dial", "Novelty.Dial", "Novelties.1.Dial")]
    assert [] == refused(found)


def test_a_known_request_has_nothing_unknown(newer: ServiceModel) -> None:
    """A request that uses nothing new records nothing new."""
    assert () == training(newer).unknown_members


def test_the_baseline_may_refuse_what_is_unknown(newer: ServiceModel) -> None:
    """With unknown_members = "refuse" each is a refusal that shows its type and not its value."""
    model = newer.operation_model("CreateTrainingJob")
    found = judged(model, {"Dial": "a-secret", "Novelty": {"Dial": "a-secret"}}, unknown_members="refuse")
    assert [("unknown-member", path) for path in ("Dial", "Novelty", "Novelty.Dial")] == refused(found)
    assert "a-secret" not in str(found.decisions)
    assert "str" == decisions_at(found, "Dial")[0].got
    assert "update secure-sagemaker" in decisions_at(found, "Dial")[0].remedy
    assert ("Dial", "Novelty", "Novelty.Dial") == found.unknown_members


def test_unknown_members_can_be_observed_and_waived(newer: ServiceModel) -> None:
    """The control about them has a mode and waivers like any other."""
    model = newer.operation_model("CreateTrainingJob")
    request: Request = {"TrainingJobName": "t", "Dial": "11"}
    observed = judged(model, request, unknown_members="refuse", modes={"unknown-member": "observe"})
    assert "observed" == decided(observed, "Dial")
    waiver = {
        "control": "unknown-member",
        "operations": ["CreateTrainingJob"],
        "resources": ["*"],
        "reason": "tries the newest feature",
        "ticket": "SEC-9",
        "approver": "jane.doe",
        "expires": "2026-12-31",
    }
    waived = judged(model, request, unknown_members="refuse", waivers=[waiver])
    assert "waived" == decided(waived, "Dial")


@pytest.mark.parametrize(
    ("member", "foreign", "control"),
    [
        ("StoreKey", FOREIGN_KEY, "kms-resource-key"),
        ("Keys", [RESOURCE_KEY, FOREIGN_KEY], "kms-resource-key"),
        ("HelperRole", FOREIGN_ROLE, "execution-role"),
        ("HelperRoles", [DEFAULT_ROLE, FOREIGN_ROLE], "execution-role"),
        ("Source", "s3://elsewhere/x", "data-perimeter"),
        ("Sources", ["s3://ml-artifacts/x", "s3://elsewhere/x"], "data-perimeter"),
        ("EnableNetworkIsolation", False, "network-isolation"),
        ("VolumeKmsKeyId", FOREIGN_KEY, "kms-volume-key"),
        ("Serverless", {"MemorySizeInMB": 1, "MaxConcurrency": 1}, "serverless-inference"),
    ],
)
def test_a_new_member_of_a_governed_shape_is_governed(
    newer: ServiceModel, member: str, foreign: object, control: str
) -> None:
    """A key, role, location or flag under a new name is held to the baseline before anybody reviewed it."""
    path = f"Novelty.{member}"
    assert [(control, path)] == refused(training(newer, Novelty={member: foreign}))
    assert path not in training(newer, Novelty={member: foreign}).unknown_members


def test_a_new_network_is_the_baselines(newer: ServiceModel) -> None:
    """A VpcConfig in a new place is completed, and holds no foreign name."""
    assert NETWORK == at(training(newer, Novelty={"Network": {}}), "Novelty.Network")
    foreign = {"Subnets": ["subnet-0f0f0f0f"]}
    assert [("vpc-config", "Novelty.Network.Subnets")] == refused(
        training(newer, Novelty={"Network": foreign})
    )


def test_new_shells_are_closed(newer: ServiceModel) -> None:
    """The switches of shells are known by name wherever they come up."""
    found = training(newer, Novelty={"EnableRemoteDebug": True, "EnableSSMAccess": True})
    novelty = found.parameters["Novelty"]
    assert isinstance(novelty, dict)
    assert (False, False) == (novelty["EnableRemoteDebug"], novelty["EnableSSMAccess"])


def test_a_new_structure_is_never_created(newer: ServiceModel) -> None:
    """Nobody has said what its presence means, so it stays absent; in it, keys are injected."""
    found = training(newer)
    assert {"Novelty", "Novelties"}.isdisjoint(found.parameters)
    assert RESOURCE_KEY == at(training(newer, Novelty={}), "Novelty.StoreKey")


@pytest.mark.parametrize("mode", ["refuse", "correct"])
def test_a_list_is_judged_entry_by_entry_and_never_rewritten(newer: ServiceModel, mode: str) -> None:
    """One foreign entry refuses the list, in every mode; a clean list is kept as it is."""
    model = newer.operation_model("CreateTrainingJob")
    changes = {"modes": {"execution-role": mode, "kms-resource-key": mode}}
    for member, good, foreign in (
        ("HelperRoles", DEFAULT_ROLE, FOREIGN_ROLE),
        ("Keys", RESOURCE_KEY, FOREIGN_KEY),
    ):
        clean: Request = {"TrainingJobName": "t", "Novelty": {member: [good]}}
        found = judged(model, clean, **changes)
        assert [good] == at(found, f"Novelty.{member}")
        assert "kept" == decided(found, f"Novelty.{member}")
        mixed: Request = {"TrainingJobName": "t", "Novelty": {member: [good, foreign]}}
        assert [f"Novelty.{member}"] == [path for _, path in refused(judged(model, mixed, **changes))]


def test_keys_of_a_list_are_looked_up(newer: ServiceModel) -> None:
    """An alias in a list of keys is a lookup, and then an ARN is asked for: nothing in it is rewritten."""
    model = newer.operation_model("CreateTrainingJob")
    request: Request = {"Novelty": {"Keys": ["alias/mine"]}}
    judge = enforcer()
    assert ("alias/mine",) == judge.enforce(model, request, {}).lookups
    found = judge.enforce(model, request, {"alias/mine": RESOURCE_KEY})
    assert [("kms-resource-key", "Novelty.Keys")] == refused(found)
    assert request["Novelty"] == {"Keys": ["alias/mine"]}


def test_a_new_operation_is_held_to_what_is_known(newer: ServiceModel) -> None:
    """Its tags, flags and keys are secured, its role and network judged; what is left is on record."""
    found = judged(newer.operation_model("CreateNewThing"), {"ThingName": "x", "VpcConfig": {}})
    assert [] == refused(found)
    assert {
        "ThingName": "x",
        "OwnKey": RESOURCE_KEY,
        "VpcConfig": NETWORK,
        "EnableNetworkIsolation": True,
        "EnableInterContainerTrafficEncryption": True,
        "Tags": [{"Key": "team", "Value": "churn"}],
    } == found.parameters
    assert ("ThingName", "VpcConfig") == found.unknown_members
    foreign: Request = {"ThingName": "x", "RoleArn": FOREIGN_ROLE}
    assert [("execution-role", "RoleArn")] == refused(
        judged(newer.operation_model("CreateNewThing"), foreign)
    )


@pytest.mark.parametrize(
    ("modes", "action"),
    [
        ({}, "injected"),
        (dict.fromkeys(("training", "processing", "tuning", "models"), "off"), "injected"),
        (dict.fromkeys(("training", "processing", "tuning", "models", "monitoring"), "off"), None),
    ],
)
def test_a_new_kind_of_work_is_held_to_the_strictest(
    newer: ServiceModel, modes: Mapping[str, str], action: str | None
) -> None:
    """What kind of work it is cannot be known, so the strictest mode that is stated counts."""
    changes = {f"network_isolation__{kind}": mode for kind, mode in modes.items()}
    found = judged(newer.operation_model("CreateNewThing"), {"ThingName": "x"}, **changes)
    assert action == decided(found, "EnableNetworkIsolation")


def test_a_new_update_is_given_nothing(newer: ServiceModel) -> None:
    """An update that this library has never seen leaves what it does not name, too."""
    found = judged(newer.operation_model("UpdateNewThing"), {"ThingName": "x"})
    assert {"ThingName": "x"} == found.parameters


def test_a_new_question_changes_nothing_and_records_nothing(newer: ServiceModel) -> None:
    """An operation that only describes is sent as it is: nothing is put into a question."""
    asked: Request = {"ThingName": "x", "Novelty": {"Dial": "1"}}
    found = judged(newer.operation_model("DescribeNewThing"), asked)
    assert ((), (), asked) == (found.unknown_members, found.decisions, found.parameters)
