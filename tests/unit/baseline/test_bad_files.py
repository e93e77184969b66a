"""Every way to write a baseline wrong: the exact error, where, and what to write instead."""

import tomllib

import pytest

from secure_sagemaker.baseline import SecurityBaseline
from secure_sagemaker.baseline.fields import EXAMPLES, leaf_fields
from secure_sagemaker.exceptions import BaselineError
from tests.unit.baseline.resolving import merged, resolved, under
from tests.unit.baseline.stated import KEY, WAIVER, changed

BAD_FILES = [
    pytest.param("[kms]", "[kmz]", "kmz", "unknown key", "did you mean 'kms'?", id="unknown-section"),
    pytest.param(
        "security_groups",
        "securty_groups",
        "vpc.securty_groups",
        "unknown key",
        "did you mean 'security_groups'?",
        id="misspelt",
    ),
    pytest.param(
        'region = "eu-west-1"',
        'region = "eu-west-1"\nallow_root_access = true',
        "allow_root_access",
        "unknown key",
        "allow_root_access = false, under [hardening]",
        id="outside-its-section",
    ),
    pytest.param(
        'region = "eu-west-1"',
        'region = "eu-west-1"\nzzz = 1',
        "zzz",
        "unknown key",
        "known here are data_perimeter, execution_roles,",
        id="like-nothing",
    ),
    pytest.param(
        'region = "eu-west-1"',
        'region = "eu-west-1"\n"kms.volume" = "alias/v"',
        "kms.volume",
        "unknown key",
        'write it as: volume = "alias/ml-volumes", under [kms]',
        id="dotted-key",
    ),
    pytest.param(
        '"eu-west-1"\n', '"Ireland"\n', "region", 'got "Ireland"', 'region = "eu-west-1"', id="no-region"
    ),
    pytest.param(
        "arn:aws:iam::111122223333:role/ml-launcher",
        "ml-launcher",
        "role.arn",
        "'ml-launcher' is no role ARN",
        'arn = "arn:aws:iam::111122223333:role/ml-launcher", under [role]',
        id="role-by-name",
    ),
    pytest.param(
        "arn:aws:iam::111122223333:role/ml-launcher",
        "arn:aws:sts::111122223333:assumed-role/ml-launcher/me",
        "role.arn",
        "is no role ARN",
        "under [role]",
        id="session-for-role",
    ),
    pytest.param(
        f'default = "{KEY}"',
        'default = "ml-key"',
        "kms.default",
        "names no KMS key: write a key ARN",
        "under [kms]",
        id="key-by-name",
    ),
    pytest.param(
        f'default = "{KEY}"',
        'default = "alias/aws/s3"',
        "kms.default",
        "is a key that AWS manages",
        "under [kms]",
        id="aws-managed-alias",
    ),
    pytest.param(
        '"subnet-0b1c2d3e"',
        '"subnet-XYZ"',
        "vpc.subnets[1]",
        'got "subnet-XYZ"',
        'subnets = ["subnet-0a1b2c3d4e5f60718"',
        id="one-bad-subnet",
    ),
    pytest.param(
        '["subnet-0a1b2c3d", "subnet-0b1c2d3e"]',
        "[]",
        "vpc.subnets",
        "at least 1 item",
        "under [vpc]",
        id="no-subnets",
    ),
    pytest.param(
        'training = "require"',
        'training = "yes"',
        "network_isolation.training",
        "'off', 'default' or 'require', got \"yes\"",
        'training = "require", under [network_isolation]',
        id="unknown-mode-of-isolation",
    ),
    pytest.param(
        'training = "require"\n',
        "",
        "network_isolation.training",
        "required, and stated in no layer",
        'training = "require", under [network_isolation]',
        id="isolation-left-out",
    ),
    pytest.param(
        '{ ml-artifacts = "111122223333" }',
        "{ ml-artifacts = 111122223333 }",
        "data_perimeter.write.ml-artifacts",
        "valid string, got 111122223333",
        'write = { ml-artifacts = "111122223333" }, under [data_perimeter]',
        id="owner-as-number",
    ),
    pytest.param(
        "ml-artifacts = ",
        '"s3://ml-artifacts" = ',
        "data_perimeter.write.s3://ml-artifacts",
        'got "s3://ml-artifacts"',
        "under [data_perimeter]",
        id="bucket-as-uri",
    ),
    pytest.param(
        '{ ml-artifacts = "111122223333" }',
        '{ ml-artifacts = "me" }',
        "data_perimeter.write.ml-artifacts",
        "'me' is no AWS account id",
        "under [data_perimeter]",
        id="owner-by-name",
    ),
    pytest.param(
        "[vpc]",
        '[modes]\nno-such-control = "refuse"\n[vpc]',
        "modes.no-such-control",
        'got "no-such-control"',
        'modes = { vpc-config = "observe" }',
        id="unknown-control",
    ),
    pytest.param(
        "[vpc]",
        '[required_tags]\n"aws:team" = []\n[vpc]',
        "required_tags.aws:team",
        "AWS reserves tag keys",
        "required_tags = {",
        id="reserved-tag",
    ),
    pytest.param(
        "[vpc]",
        '[privatelink]\nallowed_networks = ["10.0.0.1/8"]\n[vpc]',
        "privatelink.allowed_networks[0]",
        "has host bits set",
        'allowed_networks = ["10.0.0.0/16"]',
        id="network-with-host-bits",
    ),
    pytest.param(
        "[vpc]",
        '[privatelink]\nallowed_endpoint_urls = ["http://sagemaker.example.com"]\n[vpc]',
        "privatelink.allowed_endpoint_urls[0]",
        'got "http://sagemaker.example.com"',
        'allowed_endpoint_urls = ["https://',
        id="origin-without-tls",
    ),
    pytest.param(
        "[vpc]",
        '[session_policy]\npolicy_arns = ["arn:aws:iam::aws:role/ReadOnly"]\n[vpc]',
        "session_policy.policy_arns[0]",
        "is no managed policy ARN",
        "under [session_policy]",
        id="policy-that-is-none",
    ),
    pytest.param(
        "[vpc]",
        WAIVER.replace('ticket = "SEC-101"\n', "") + "[vpc]",
        "waivers[0].ticket",
        "required, and missing",
        'ticket = "SEC-101"',
        id="waiver-without-ticket",
    ),
    pytest.param(
        "[vpc]",
        WAIVER + "until = 2027-01-01\n[vpc]",
        "waivers[0].until",
        "unknown key",
        "waivers = [{ control =",
        id="waiver-with-unknown-key",
    ),
    pytest.param(
        "[vpc]",
        WAIVER.replace('resources = ["churn-*"]\n', "") + "[vpc]",
        "waivers[0].resources",
        "nothing says what is excused",
        "or resource_tags",
        id="waiver-of-everything",
    ),
    pytest.param(
        "[vpc]",
        WAIVER.replace("2026-12-31", "2026-10-31") + "[vpc]",
        "waivers[0].expires",
        "the waiver of network-isolation (SEC-101) expired on 2026-10-31; today is 2026-11-01",
        "delete it, or have jane.doe approve a later day",
        id="waiver-expired",
    ),
    pytest.param(
        "[vpc]",
        "[env]\nprod = 1\n[vpc]",
        "env.prod",
        "env.prod is a section, got 1",
        "write [env.prod] and its fields below",
        id="environment-that-is-none",
    ),
    pytest.param(
        'region = "eu-west-1"',
        'region = "eu-west-1"\nenv = "prod"',
        "env",
        'env holds sections, got "prod"',
        "write [env.prod]",
        id="environment-by-name",
    ),
    pytest.param(
        'region = "eu-west-1"',
        "region = 1",
        "region",
        "region holds sections, got 1",
        'or region = "eu-west-1" for one region alone',
        id="region-that-is-none",
    ),
    pytest.param(
        'region = "eu-west-1"',
        'region = "eu-west-1"\nmacie = "off"',
        "macie",
        'macie is a section, got "off"',
        "write [macie] and its fields below",
        id="section-that-is-none",
    ),
    pytest.param(
        "[vpc]",
        '[env.prod.kms]\ndefault = "x"\n[vpc]',
        "env.prod.kms.default",
        "names no KMS key",
        "under [env.prod.kms]",
        id="inside-an-environment",
    ),
    pytest.param(
        "[vpc]",
        "[env.prod.region.eu-west-1]\n[vpc]",
        "env.prod.region",
        "valid string, got {eu-west-1 = {}}",
        "under [env.prod]",
        id="region-inside-an-environment",
    ),
    pytest.param(
        'region = "eu-west-1"',
        "[region.eu-wset]\n[region.eu-west-1]",
        "region.eu-wset",
        "'eu-wset' is no region",
        "[region.eu-west-1]",
        id="section-of-no-region",
    ),
    pytest.param(
        'region = "eu-west-1"',
        '[region.eu-west-1]\nregion = "us-east-1"',
        "region.eu-west-1.region",
        'the section of eu-west-1 states another region, "us-east-1"',
        "leave it out",
        id="section-of-another-region",
    ),
]


@pytest.mark.parametrize(("old", "new", "field", "message", "remedy"), BAD_FILES)
def test_a_bad_file_is_told_by_field(old: str, new: str, field: str, message: str, remedy: str) -> None:
    """What is wrong is told with its field, what was got, and what to write instead."""
    with pytest.raises(BaselineError) as refused:
        resolved(changed(old, new))
    assert BaselineError is type(refused.value)
    assert field == refused.value.field
    assert refused.value.source.startswith("mapping")
    assert f"{field}: " in str(refused.value)
    assert message in str(refused.value)
    assert remedy in refused.value.remedy


@pytest.mark.parametrize("stated", [{}, {"schema_version": 1}, {"schema_version": 1, "region": "eu-west-1"}])
def test_nothing_stated_is_no_baseline(stated: dict[str, object]) -> None:
    """An empty baseline is an error, not a permissive one."""
    with pytest.raises(BaselineError, match="states nothing") as refused:
        SecurityBaseline.from_mapping(stated)
    assert "secure-sagemaker init" in refused.value.remedy


def test_all_that_is_missing_is_told_at_once() -> None:
    """One error names every required field that no layer states."""
    with pytest.raises(
        BaselineError, match=r"so are role\.arn, execution_roles\.default, kms\.default"
    ) as refused:
        SecurityBaseline.from_mapping({"unknown_members": "refuse"})
    assert "region" == refused.value.field
    assert 'write it as: region = "eu-west-1"' == refused.value.remedy
    for required in ("vpc.subnets", "vpc.security_groups", "network_isolation.monitoring"):
        assert required in str(refused.value)


def test_what_layers_add_up_to_is_held_to_the_limits_too() -> None:
    """Session tags of several layers are all set; together they may be more than STS takes."""
    organisation, project = (
        "[role]\ntags = {" + ", ".join(f'{name}{index} = "x"' for index in range(30)) + "}" for name in "ab"
    )
    with pytest.raises(BaselineError, match="60 session tags") as refused:
        under(organisation, merged(project))
    assert ("role.tags", "project.toml (project)") == (refused.value.field, refused.value.source)


def test_every_field_has_an_example_that_is_valid() -> None:
    """What errors and the reference say to write can be written."""
    assert set(leaf_fields()) == set(EXAMPLES)
    for path, adapter in leaf_fields().items():
        adapter.validate_python(tomllib.loads(f"value = {EXAMPLES[path]}")["value"])
