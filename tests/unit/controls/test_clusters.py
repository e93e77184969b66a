"""HyperPod clusters: root volumes, groups, their networks and roles."""

import pytest

from tests.controls_support import (
    DEFAULT_ROLE,
    FOREIGN_KEY,
    FOREIGN_ROLE,
    NETWORK,
    VOLUME_KEY,
    Request,
    at,
    decided,
    enforced,
    refused,
)

GROUPS = pytest.mark.parametrize("groups", ["InstanceGroups", "RestrictedInstanceGroups"])
ROOT = {"EbsVolumeConfig": {"RootVolume": True, "VolumeKmsKeyId": VOLUME_KEY}}


def cluster(groups: str, **group: object) -> Request:
    whole = [{"InstanceGroupName": "g", "InstanceCount": 1, **group}]
    return {"ClusterName": "c", "NodeProvisioningMode": "Continuous", groups: whole}


def test_a_new_clusters_root_volume_is_encrypted() -> None:
    """A root volume takes a key only where an entry says so: the entry is made, with the key."""
    found = enforced("CreateCluster", cluster("InstanceGroups"))
    assert [ROOT] == at(found, "InstanceGroups.0.InstanceStorageConfigs")
    assert DEFAULT_ROLE == at(found, "InstanceGroups.0.ExecutionRole")
    assert NETWORK == found.parameters["VpcConfig"]


def test_a_secondary_volume_does_not_hide_the_root() -> None:
    """Where only a secondary volume is described, the root volume's entry is added beside it."""
    secondary = {"EbsVolumeConfig": {"VolumeSizeInGB": 500}}
    found = enforced("CreateCluster", cluster("InstanceGroups", InstanceStorageConfigs=[secondary]))
    assert [
        {"EbsVolumeConfig": {"VolumeSizeInGB": 500, "VolumeKmsKeyId": VOLUME_KEY}},
        ROOT,
    ] == at(found, "InstanceGroups.0.InstanceStorageConfigs")
    assert ["injected", "injected"] == [
        decided(found, f"InstanceGroups[0].InstanceStorageConfigs[{index}].EbsVolumeConfig.VolumeKmsKeyId")
        for index in range(2)
    ]


@pytest.mark.parametrize(
    ("groups", "mode"),
    [("InstanceGroups", {"NodeProvisioningMode": None}), ("RestrictedInstanceGroups", {})],
)
def test_a_cluster_that_takes_no_key_is_given_none(groups: str, mode: Request) -> None:
    """AWS takes keys where nodes are provisioned continuously, and none for restricted groups: no entry is made."""
    request = {name: value for name, value in {**cluster(groups), **mode}.items() if value is not None}
    found = enforced("CreateCluster", request)
    assert at(found, f"{groups}.0.InstanceStorageConfigs") is None
    secondary = [{"EbsVolumeConfig": {"VolumeSizeInGB": 500}}]
    described = {**request, groups: [{**request[groups][0], "InstanceStorageConfigs": secondary}]}
    found = enforced("CreateCluster", described)
    assert secondary == at(found, f"{groups}.0.InstanceStorageConfigs")
    path = f"{groups}[0].InstanceStorageConfigs[0].EbsVolumeConfig.VolumeKmsKeyId"
    assert decided(found, path) == "exempt"


@GROUPS
def test_a_key_that_is_named_is_judged(groups: str) -> None:
    """A foreign key for a root volume is refused, whatever the cluster takes."""
    foreign = {"EbsVolumeConfig": {"RootVolume": True, "VolumeKmsKeyId": FOREIGN_KEY}}
    found = enforced("CreateCluster", cluster(groups, InstanceStorageConfigs=[foreign]))
    path = f"{groups}[0].InstanceStorageConfigs[0].EbsVolumeConfig.VolumeKmsKeyId"
    assert [("kms-volume-key", path)] == refused(found)


def test_a_described_root_volume_is_not_doubled() -> None:
    """An entry for the root volume is completed, and no second one is added."""
    found = enforced(
        "CreateCluster",
        cluster("InstanceGroups", InstanceStorageConfigs=[{"EbsVolumeConfig": {"RootVolume": True}}]),
    )
    assert [ROOT] == at(found, "InstanceGroups.0.InstanceStorageConfigs")


def test_an_update_makes_no_entry() -> None:
    """An existing group's volumes are not changed by an update that does not speak of them."""
    found = enforced("UpdateCluster", cluster("InstanceGroups"))
    assert at(found, "InstanceGroups.0.InstanceStorageConfigs") is None
    assert "VpcConfig" not in found.parameters
    secondary = {"EbsVolumeConfig": {"VolumeSizeInGB": 500}}
    found = enforced("UpdateCluster", cluster("InstanceGroups", InstanceStorageConfigs=[secondary]))
    assert VOLUME_KEY == at(found, "InstanceGroups.0.InstanceStorageConfigs.0.EbsVolumeConfig.VolumeKmsKeyId")
    assert at(found, "InstanceGroups.0.InstanceStorageConfigs.1") is None


@GROUPS
@pytest.mark.parametrize(
    "changes",
    [{"kms__aws_managed": ["kms-volume-key"], "kms__volume": None}, {"modes": {"kms-volume-key": "observe"}}],
)
def test_no_entry_is_made_for_nothing(groups: str, changes: Request) -> None:
    """Where no key would go in, there is no entry: an empty one would only change the request."""
    assert (
        at(enforced("CreateCluster", cluster(groups), **changes), f"{groups}.0.InstanceStorageConfigs")
        is None
    )
    secondary = [{"EbsVolumeConfig": {"VolumeSizeInGB": 500}}]
    found = enforced("CreateCluster", cluster(groups, InstanceStorageConfigs=secondary), **changes)
    assert secondary == at(found, f"{groups}.0.InstanceStorageConfigs")


@GROUPS
@pytest.mark.parametrize("name", ["CreateCluster", "UpdateCluster"])
def test_a_groups_own_network_is_the_baselines(groups: str, name: str) -> None:
    """OverrideVpcConfig is never made; one that is there is completed, and holds no foreign name."""
    found = enforced(name, cluster(groups, OverrideVpcConfig={}))
    assert NETWORK == at(found, f"{groups}.0.OverrideVpcConfig")
    foreign = {"Subnets": ["subnet-0f0f0f0f"]}
    found = enforced(name, cluster(groups, OverrideVpcConfig=foreign))
    assert [("vpc-config", f"{groups}[0].OverrideVpcConfig.Subnets")] == refused(found)


@GROUPS
@pytest.mark.parametrize("name", ["CreateCluster", "UpdateCluster"])
def test_a_groups_role_is_a_listed_one(groups: str, name: str) -> None:
    """Each group's role and the cluster's own are held to the list, new or changed."""
    request = {**cluster(groups, ExecutionRole=FOREIGN_ROLE), "ClusterRole": FOREIGN_ROLE}
    assert {("execution-role", "ClusterRole"), ("execution-role", f"{groups}[0].ExecutionRole")} == set(
        refused(enforced(name, request))
    )


def test_scripts_of_a_group_come_from_the_perimeter() -> None:
    """Lifecycle scripts run as root on every node: they are read from listed buckets."""
    scripts = {"SourceS3Uri": "s3://elsewhere/scripts", "OnCreate": "on_create.sh"}
    found = enforced("CreateCluster", cluster("InstanceGroups", LifeCycleConfig=scripts))
    assert [("data-perimeter", "InstanceGroups[0].LifeCycleConfig.SourceS3Uri")] == refused(found)
