"""Domains, profiles, spaces, notebooks, workforces: what people work in."""

import pytest

from tests.controls_support import (
    ACCOUNT,
    DEFAULT_ROLE,
    FOREIGN_ACCOUNT,
    FOREIGN_KEY,
    FOREIGN_ROLE,
    GROUPS,
    NETWORK,
    OUTPUT_KEY,
    SUBNETS,
    VOLUME_KEY,
    Request,
    at,
    decided,
    decisions_at,
    enforced,
    refused,
)

DOMAIN: Request = {"DomainName": "d", "AuthMode": "IAM", "DefaultUserSettings": {}}


def test_a_domain_is_put_into_the_vpc() -> None:
    """A domain that says nothing gets VPC, subnets, groups, VpcOnly, role and key."""
    found = enforced("CreateDomain", DOMAIN)
    assert [] == refused(found)
    assert {
        **DOMAIN,
        "VpcId": "vpc-0a1b2c3d",
        "SubnetIds": SUBNETS,
        "AppNetworkAccessType": "VpcOnly",
        "KmsKeyId": VOLUME_KEY,
        "DefaultUserSettings": {"ExecutionRole": DEFAULT_ROLE, "SecurityGroups": GROUPS},
        "Tags": [{"Key": "team", "Value": "churn"}],
    } == found.parameters


@pytest.mark.parametrize(
    ("named", "new", "old", "conflicts"),
    [
        ({}, "injected", None, []),
        ({"KmsKeyId": VOLUME_KEY}, "kept", None, []),
        ({"HomeEfsFileSystemKmsKeyId": VOLUME_KEY}, "exempt", "kept", []),
        ({"KmsKeyId": VOLUME_KEY, "HomeEfsFileSystemKmsKeyId": VOLUME_KEY}, "kept", "kept", []),
        ({"KmsKeyId": FOREIGN_KEY}, "refused", None, ["KmsKeyId"]),
        (
            {"HomeEfsFileSystemKmsKeyId": FOREIGN_KEY},
            "exempt",
            "refused",
            ["HomeEfsFileSystemKmsKeyId"],
        ),
        (
            {"KmsKeyId": VOLUME_KEY, "HomeEfsFileSystemKmsKeyId": FOREIGN_KEY},
            "kept",
            "refused",
            ["HomeEfsFileSystemKmsKeyId"],
        ),
    ],
)
def test_a_domain_has_one_key_by_two_names(
    named: Request, new: str, old: str | None, conflicts: list[str]
) -> None:
    """The older name of the key is honoured and judged; a second key is never put beside it."""
    found = enforced("CreateDomain", {**DOMAIN, **named})
    assert new == decided(found, "KmsKeyId")
    assert old == decided(found, "HomeEfsFileSystemKmsKeyId")
    assert conflicts == [path for _, path in refused(found)]


def test_a_domain_in_a_baseline_without_a_vpc_id_is_refused() -> None:
    """What the baseline does not state cannot be injected: the refusal says where to state it."""
    found = enforced("CreateDomain", DOMAIN, vpc__vpc_id=None)
    (decision,) = decisions_at(found, "VpcId")
    assert ("refused", "state it in [vpc]") == (decision.action, decision.remedy)
    found = enforced("CreateDomain", {**DOMAIN, "VpcId": "vpc-0f0f0f0f"}, vpc__vpc_id=None)
    (decision,) = decisions_at(found, "VpcId")
    assert ("refused", "state it in [vpc]") == (decision.action, decision.remedy)


@pytest.mark.parametrize("name", ["CreateDomain", "UpdateDomain"])
def test_a_domain_with_the_internet_is_refused(name: str) -> None:
    """PublicInternetOnly is refused when a domain is made and when it is changed, unless it is permitted."""
    request = {**(DOMAIN if name == "CreateDomain" else {}), "AppNetworkAccessType": "PublicInternetOnly"}
    assert [("direct-internet-access", "AppNetworkAccessType")] == refused(enforced(name, request))
    permitted = enforced(name, request, hardening__allow_direct_internet_access=True)
    assert [] == refused(permitted)
    assert "PublicInternetOnly" == permitted.parameters["AppNetworkAccessType"]


def test_canvas_and_sharing_are_encrypted_where_they_are_set_up() -> None:
    """Keys and buckets inside the user settings are governed at every depth."""
    settings = {
        "SharingSettings": {"S3OutputPath": "s3://ml-artifacts/shared"},
        "CanvasAppSettings": {
            "WorkspaceSettings": {"S3ArtifactPath": "s3://elsewhere/canvas"},
            "GenerativeAiSettings": {"AmazonBedrockRoleArn": FOREIGN_ROLE},
        },
        "JupyterLabAppSettings": {"EmrSettings": {"AssumableRoleArns": [DEFAULT_ROLE, FOREIGN_ROLE]}},
    }
    found = enforced("CreateUserProfile", {"UserSettings": settings})
    assert OUTPUT_KEY == at(found, "UserSettings.SharingSettings.S3KmsKeyId")
    assert OUTPUT_KEY == at(found, "UserSettings.CanvasAppSettings.WorkspaceSettings.S3KmsKeyId")
    canvas = "UserSettings.CanvasAppSettings"
    assert {
        ("data-perimeter", f"{canvas}.WorkspaceSettings.S3ArtifactPath"),
        ("execution-role", f"{canvas}.GenerativeAiSettings.AmazonBedrockRoleArn"),
        ("execution-role", "UserSettings.JupyterLabAppSettings.EmrSettings.AssumableRoleArns"),
    } == set(refused(found))


def test_a_list_of_roles_names_the_foreign_ones_alone() -> None:
    """The refusal of a list says which entries are not listed."""
    roles = [DEFAULT_ROLE, FOREIGN_ROLE]
    settings = {"JupyterLabAppSettings": {"EmrSettings": {"ExecutionRoleArns": roles}}}
    found = enforced("CreateUserProfile", {"UserSettings": settings})
    (decision,) = decisions_at(found, "UserSettings.JupyterLabAppSettings.EmrSettings.ExecutionRoleArns")
    assert FOREIGN_ROLE in decision.why
    assert DEFAULT_ROLE not in decision.why


def test_a_profile_gets_the_domains_own_settings() -> None:
    """A user profile overrides nothing that it does not name; what it names is listed."""
    found = enforced("CreateUserProfile", {"UserSettings": {}})
    assert {} == found.parameters["UserSettings"]
    foreign = {"ExecutionRole": FOREIGN_ROLE, "SecurityGroups": ["sg-0f0f0f0f"]}
    found = enforced("CreateUserProfile", {"UserSettings": foreign})
    assert {
        ("execution-role", "UserSettings.ExecutionRole"),
        ("vpc-config", "UserSettings.SecurityGroups"),
    } == set(refused(found))


@pytest.mark.parametrize(
    ("name", "member"), [("CreateDomain", "DomainSettings"), ("UpdateDomain", "DomainSettingsForUpdate")]
)
def test_docker_stays_out_of_studio(name: str, member: str) -> None:
    """Docker is refused when it is enabled, and its images come from accounts that are trusted."""
    request = DOMAIN if name == "CreateDomain" else {}
    docker = {"EnableDockerAccess": "ENABLED", "VpcOnlyTrustedAccounts": [ACCOUNT, FOREIGN_ACCOUNT]}
    found = enforced(name, {**request, member: {"DockerSettings": docker}})
    assert {
        ("docker-access", f"{member}.DockerSettings.EnableDockerAccess"),
        ("docker-access", f"{member}.DockerSettings.VpcOnlyTrustedAccounts"),
    } == set(refused(found))
    listed = {"EnableDockerAccess": "DISABLED", "VpcOnlyTrustedAccounts": [ACCOUNT, "444455556666"]}
    assert [] == refused(enforced(name, {**request, member: {"DockerSettings": listed}}))
    empty = enforced(name, {**request, member: {"DockerSettings": {}}})
    assert {} == at(empty, f"{member}.DockerSettings")
    permitted = enforced(
        name, {**request, member: {"DockerSettings": docker}}, hardening__allow_docker_access=True
    )
    assert [("docker-access", f"{member}.DockerSettings.VpcOnlyTrustedAccounts")] == refused(permitted)


@pytest.mark.parametrize("name", ["CreateSpace", "UpdateSpace"])
def test_no_tunnel_into_a_space(name: str) -> None:
    """RemoteAccess is refused on both ways to set it."""
    request = {"SpaceSettings": {"RemoteAccess": "ENABLED"}}
    assert [("remote-access", "SpaceSettings.RemoteAccess")] == refused(enforced(name, request))
    assert [] == refused(enforced(name, {"SpaceSettings": {"RemoteAccess": "DISABLED"}}))
    assert [] == refused(enforced(name, request, hardening__allow_remote_access=True))
    assert {} == enforced(name, {"SpaceSettings": {}}).parameters["SpaceSettings"]


def test_no_session_is_started() -> None:
    """StartSession is the tunnel itself: refused, and never `corrected` into something else."""
    request = {"ResourceIdentifier": "arn:aws:sagemaker:eu-west-1:111122223333:space/d/s"}
    for changes in ({}, {"modes": {"remote-access": "correct"}}):
        found = enforced("StartSession", request, **changes)
        assert [("remote-access", "ResourceIdentifier")] == refused(found)
    assert [] == refused(enforced("StartSession", request, hardening__allow_remote_access=True))


def test_a_notebook_without_the_internet_has_subnet_and_groups() -> None:
    """Disabled internet access needs a subnet and groups: all three are injected together."""
    found = enforced("CreateNotebookInstance", {"NotebookInstanceName": "n"})
    assert {
        "NotebookInstanceName": "n",
        "DirectInternetAccess": "Disabled",
        "SubnetId": SUBNETS[0],
        "SecurityGroupIds": GROUPS,
        "RoleArn": DEFAULT_ROLE,
        "KmsKeyId": VOLUME_KEY,
        "RootAccess": "Disabled",
        "InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": "2"},
        "Tags": [{"Key": "team", "Value": "churn"}],
    } == found.parameters


def test_a_notebooks_own_subnet_is_one_of_the_baselines() -> None:
    """Any listed subnet is kept, another one is refused."""
    found = enforced("CreateNotebookInstance", {"SubnetId": SUBNETS[1]})
    assert SUBNETS[1] == found.parameters["SubnetId"]
    found = enforced("CreateNotebookInstance", {"SubnetId": "subnet-0f0f0f0f"})
    assert [("vpc-config", "SubnetId")] == refused(found)


def test_a_notebook_with_the_internet_is_refused() -> None:
    """Enabled access goes round the VPC: refused unless permitted."""
    request = {"DirectInternetAccess": "Enabled"}
    found = enforced("CreateNotebookInstance", request)
    assert [("direct-internet-access", "DirectInternetAccess")] == refused(found)
    permitted = enforced("CreateNotebookInstance", request, hardening__allow_direct_internet_access=True)
    assert [] == refused(permitted)


@pytest.mark.parametrize("name", ["CreateNotebookInstance", "UpdateNotebookInstance"])
def test_root_and_old_metadata_are_corrected(name: str) -> None:
    """Root goes to Disabled and version 1 to 2, when an instance is made and when it is changed."""
    version = "InstanceMetadataServiceConfiguration.MinimumInstanceMetadataServiceVersion"
    request = {
        "RootAccess": "Enabled",
        "InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": "1"},
    }
    found = enforced(name, request)
    assert "corrected" == decided(found, "RootAccess")
    assert "Disabled" == found.parameters["RootAccess"]
    assert "corrected" == decided(found, version)
    assert "2" == at(found, version)
    permitted = enforced(name, request, hardening__allow_root_access=True, hardening__minimum_imds_version=1)
    assert "Enabled" == permitted.parameters["RootAccess"]
    assert "1" == at(permitted, version)


@pytest.mark.parametrize("version", ["", "two", "-1", " 2"])
def test_a_metadata_version_that_is_no_number_is_corrected(version: str) -> None:
    """What is not a number is not at least the minimum."""
    request = {"InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": version}}
    path = "InstanceMetadataServiceConfiguration.MinimumInstanceMetadataServiceVersion"
    assert "corrected" == decided(enforced("CreateNotebookInstance", request), path)


@pytest.mark.parametrize("name", ["CreateWorkforce", "UpdateWorkforce"])
@pytest.mark.parametrize(
    ("cidrs", "action"),
    [
        (["10.0.0.0/16"], "kept"),
        (["10.0.0.0/16", "2001:db8::/32"], "kept"),
        (["203.0.113.7"], "kept"),
        (["10.0.0.1/16"], "kept"),
        (["0.0.0.0/1"], "kept"),
        (["0.0.0.0/0"], "refused"),
        (["::/0"], "refused"),
        (["10.0.0.0/16", "0.0.0.0/0"], "refused"),
        (["0.0.0.0/1", "128.0.0.0/1"], "refused"),
        (["128.0.0.0/1", "0.0.0.0/2", "64.0.0.0/2"], "refused"),
        (["::/1", "8000::/1"], "refused"),
        ([], "refused"),
        (["everywhere"], "refused"),
    ],
)
def test_a_worker_portal_is_not_open_to_everybody(name: str, cidrs: list[str], action: str) -> None:
    """A list of networks must restrict: every address is refused however it is put together."""
    found = enforced(name, {"SourceIpConfig": {"Cidrs": cidrs}})
    assert action == decided(found, "SourceIpConfig.Cidrs")


@pytest.mark.parametrize("name", ["CreateWorkforce", "UpdateWorkforce"])
def test_a_workforces_network_is_the_baselines(name: str) -> None:
    """A portal that is put into a VPC is put into this one."""
    found = enforced(name, {"WorkforceVpcConfig": {}})
    assert {"VpcId": "vpc-0a1b2c3d", **NETWORK} == found.parameters["WorkforceVpcConfig"]
    foreign = {"VpcId": "vpc-0f0f0f0f", **NETWORK}
    found = enforced(name, {"WorkforceVpcConfig": foreign})
    assert [("vpc-config", "WorkforceVpcConfig.VpcId")] == refused(found)


PUBLIC = "arn:aws:sagemaker:eu-west-1:394669845002:workteam/public-crowd/default"
PRIVATE = "arn:aws:sagemaker:eu-west-1:111122223333:workteam/private-crowd/reviewers"
VENDOR = "arn:aws:sagemaker:eu-west-1:111122223333:workteam/vendor-crowd/vendor"


@pytest.mark.parametrize(
    ("name", "structure"),
    [("CreateLabelingJob", "HumanTaskConfig"), ("CreateFlowDefinition", "HumanLoopConfig")],
)
def test_the_public_workforce_sees_nothing(name: str, structure: str) -> None:
    """Data goes to no crowd of strangers, unless the baseline permits it; private and vendors' teams are kept."""
    found = enforced(name, {structure: {"WorkteamArn": PUBLIC}})
    assert ("public-workforce", f"{structure}.WorkteamArn") in refused(found)
    for team in (PRIVATE, VENDOR):
        found = enforced(name, {structure: {"WorkteamArn": team}})
        assert "kept" == decided(found, f"{structure}.WorkteamArn")
    found = enforced(name, {structure: {"WorkteamArn": PUBLIC}}, hardening__allow_public_workforce=True)
    assert "public-workforce" not in {control for control, _ in refused(found)}
