"""Layers: what each place may say, in which order they join, and the errors that name both places."""

import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from secure_sagemaker.baseline import BaselineDocument, ControlId, Mode, SecurityBaseline, read_document
from secure_sagemaker.baseline.fields import EXAMPLES, leaf_fields
from secure_sagemaker.baseline.layers import Layer
from secure_sagemaker.exceptions import BaselineError, LoosenedBaselineError
from tests.unit.baseline.stated import COMPLETE, KEY, REGIONS, TODAY, WAIVER, changed, parsed


@pytest.fixture
def nowhere(tmp_path: Path) -> Path:
    """Where no organisation's layer is."""
    return tmp_path / "nowhere" / "organisation.toml"


def resolved(text: str = COMPLETE, *, env: str | None = None, region: str | None = None) -> SecurityBaseline:
    return SecurityBaseline.from_mapping(parsed(text), env, region=region, today=TODAY)


def merged(extra: str, text: str = COMPLETE) -> dict[str, object]:
    """What the file states, with more fields, or others in their place."""
    whole = parsed(text)
    for key, value in tomllib.loads(extra).items():
        section = whole.get(key)
        whole[key] = section | value if isinstance(section, dict) and isinstance(value, dict) else value
    return whole


def under(organisation: str, project: dict[str, object], **how: str) -> SecurityBaseline:
    """The project's baseline under an organisation's layer."""
    anchored = Layer.from_mapping(
        tomllib.loads(organisation), name="organisation", source="organisation.toml"
    ).closed()
    document = BaselineDocument.from_mapping(project, name="project", source="project.toml")
    whole = BaselineDocument(
        common=(anchored, *document.common), environments=document.environments, regions=document.regions
    )
    return whole.resolve(env=how.get("env"), region=how.get("region"), today=TODAY)


# --- a bad file: what is changed in the complete one; the field; of message; of remedy

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


# --- loosening: an organisation's layer, a project's, the field, what the message says


LOOSENING = [
    pytest.param(
        "[hardening]\nallow_ssm_access = false",
        "[hardening]\nallow_ssm_access = true",
        "hardening.allow_ssm_access",
        "true does not stay within false",
        id="a-door-opened",
    ),
    pytest.param(
        "",
        "[hardening]\nallow_root_access = true",
        "hardening.allow_root_access",
        "true does not stay within false",
        id="silence-is-no-permission",
    ),
    pytest.param(
        "",
        "[hardening]\ninter_container_encryption = false",
        "hardening.inter_container_encryption",
        "once true",
        id="encryption-off",
    ),
    pytest.param(
        "",
        "[hardening]\nminimum_imds_version = 1",
        "hardening.minimum_imds_version",
        "only become higher",
        id="imds",
    ),
    pytest.param(
        "",
        '[modes]\nroot-access = "correct"\nvpc-config = "observe"',
        "modes",
        '{vpc-config = "observe"} does not stay within {vpc-config = "refuse"}',
        id="mode-below-the-default",
    ),
    pytest.param(
        '[modes]\nroot-access = "refuse"',
        '[modes]\nroot-access = "correct"',
        "modes",
        'root-access = "correct"',
        id="mode-below-the-stated",
    ),
    pytest.param("", WAIVER, "waivers", "waivable_controls", id="waiver-not-delegated"),
    pytest.param(
        'waivable_controls = ["vpc-config"]',
        WAIVER,
        "waivers",
        "network-isolation (SEC-101)",
        id="waiver-of-another-control",
    ),
    pytest.param(
        'waivable_controls = ["vpc-config"]',
        'waivable_controls = ["vpc-config", "network-isolation"]',
        "waivers",
        'waivable_controls ["network-isolation", "vpc-config"]',
        id="delegation-passed-on-wider",
    ),
    pytest.param(
        '[vpc]\nsubnets = ["subnet-0a1b2c3d"]',
        "",
        "vpc.subnets",
        "may only name members that the earlier",
        id="foreign-subnet",
    ),
    pytest.param(
        '[data_perimeter]\nwrite = { other = "111122223333" }',
        "",
        "data_perimeter.write",
        "ml-artifacts",
        id="foreign-bucket",
    ),
    pytest.param(
        '[data_perimeter]\nwrite = { ml-artifacts = "111122223333" }',
        '[data_perimeter]\nread = { elsewhere = "444455556666" }',
        "data_perimeter.read",
        'elsewhere = "444455556666"',
        id="read-beside-a-closed-write",
    ),
    pytest.param(
        "",
        '[data_perimeter]\ntrusted_accounts = ["444455556666"]',
        "data_perimeter.trusted_accounts",
        '["444455556666"] does not stay within []',
        id="trust-not-delegated",
    ),
    pytest.param(
        '[kms]\ndefault = "alias/other"',
        "",
        "kms.default",
        "must be the same in every layer",
        id="another-default-key",
    ),
    pytest.param(
        '[kms]\nallowed = ["alias/other"]',
        "",
        "kms.default",
        "names: alias/other",
        id="default-key-not-allowed",
    ),
    pytest.param(
        f'[kms]\ndefault = "{KEY}"',
        '[kms]\nvolume = "alias/mine"',
        "kms.volume",
        "is none of those",
        id="particular-key-not-allowed",
    ),
    pytest.param(
        f'[kms]\ndefault = "{KEY}"',
        '[kms]\nallowed = ["alias/mine"]',
        "kms.allowed",
        "does not stay within []",
        id="further-key",
    ),
    pytest.param(
        "", '[kms]\naws_managed = ["kms-volume-key"]', "kms.aws_managed", "within []", id="aws-managed"
    ),
    pytest.param(
        "",
        '[kms]\nendpoint_local_storage = "omit"',
        "kms.endpoint_local_storage",
        "omit < inject",
        id="endpoint-key-left-out",
    ),
    pytest.param(
        '[execution_roles]\nallowed = ["arn:aws:iam::111122223333:role/other"]',
        "",
        "execution_roles.default",
        'role/ml-execution" is none of those',
        id="execution-role-not-allowed",
    ),
    pytest.param(
        '[execution_roles]\ndefault = "arn:aws:iam::111122223333:role/ml-execution"',
        '[execution_roles]\nallowed = ["arn:aws:iam::111122223333:role/admin"]',
        "execution_roles.allowed",
        "role/admin",
        id="further-execution-role",
    ),
    pytest.param(
        'region = "eu-central-1"',
        "",
        "region",
        '"eu-west-1" does not stay within "eu-central-1"',
        id="region",
    ),
    pytest.param(
        '[required_tags]\nteam = ["churn"]',
        '[required_tags]\nteam = ["churn", "mine"]',
        "required_tags",
        "mine",
        id="tag-widened",
    ),
    pytest.param(
        '[required_tags]\nteam = ["churn"]',
        "[required_tags]\nteam = []",
        "required_tags",
        "team = []",
        id="tag-emptied",
    ),
    pytest.param(
        '[macie]\nmode = "require"', '[macie]\nmode = "off"', "macie.mode", "only rise", id="macie-off"
    ),
    pytest.param(
        '[macie]\nmode = "require"',
        "[macie]\nminimum_coverage = 0.1",
        "macie.minimum_coverage",
        "only become higher",
        id="macie-coverage",
    ),
    pytest.param(
        '[macie]\nmode = "require"',
        "[macie]\nmaximum_age_days = 999",
        "macie.maximum_age_days",
        "only become lower",
        id="macie-age",
    ),
]


@pytest.mark.parametrize(("organisation", "project", "field", "message"), LOOSENING)
def test_a_loosening_layer_is_refused(organisation: str, project: str, field: str, message: str) -> None:
    """A project that asks for less than its organisation is refused, and both places are named."""
    with pytest.raises(LoosenedBaselineError) as refused:
        under(organisation, merged(project))
    error = refused.value
    assert ("organisation.toml (organisation)", "project.toml (project)") == (
        error.earlier_source,
        error.later_source,
    )
    assert field == error.field
    assert message in str(error)
    assert "organisation.toml (organisation)" in str(error)
    assert error.remedy


@pytest.mark.parametrize(
    ("organisation", "project"),
    [
        pytest.param("", "", id="silent"),
        pytest.param(
            "[hardening]\nallow_root_access = true", "[hardening]\nallow_root_access = true", id="allowed"
        ),
        pytest.param('[modes]\nvpc-config = "observe"', '[modes]\nvpc-config = "correct"', id="mode-rises"),
        pytest.param('waivable_controls = ["network-isolation"]', WAIVER, id="delegated-waiver"),
        pytest.param(
            f'[kms]\nallowed = ["{KEY}", "alias/b"]', '[kms]\nvolume = "alias/b"', id="keys-of-the-list"
        ),
        pytest.param(
            '[required_tags]\nteam = ["b", "a"]',
            '[required_tags]\nteam = ["b", "a"]',
            id="same-set-any-order",
        ),
        pytest.param(
            "[required_tags]\nteam = []", '[required_tags]\nteam = ["churn"]', id="any-value-narrowed"
        ),
        pytest.param(
            '[vpc]\nsubnets = ["subnet-0c1d2e3f", "subnet-0b1c2d3e", "subnet-0a1b2c3d"]',
            "",
            id="subset-of-subnets",
        ),
        pytest.param("", '[privatelink]\nallowed_networks = ["10.0.0.0/8"]', id="networks-named"),
    ],
)
def test_a_tightening_layer_is_let_through(organisation: str, project: str) -> None:
    """The same or less than the organisation grants is nothing to refuse."""
    made = under(organisation, merged(project))
    assert ["organisation", "project"] == [layer.name for layer in made.layers]


def test_the_stricter_value_is_in_force() -> None:
    """What either layer demands, the result has."""
    made = under(
        '[required_tags]\nteam = ["churn", "fraud"]\n[hardening]\nvpc_image_repositories_only = true',
        merged('[required_tags]\nteam = ["churn"]\ncost-centre = []'),
    )
    assert {"team": ("churn",), "cost-centre": ()} == dict(made.required_tags)
    assert made.hardening.vpc_image_repositories_only
    assert Mode.REFUSE == made.mode(ControlId.VPC_CONFIG)


def test_the_place_that_stated_it_is_named_not_the_last_one() -> None:
    """Of three layers the error names the one whose entry is loosened, not the last that said more."""
    project = merged('[required_tags]\ncost-centre = ["42"]\n[env.dev.required_tags]\nteam = ["mine"]')
    with pytest.raises(LoosenedBaselineError) as refused:
        under('[required_tags]\nteam = ["churn"]', project, env="dev")
    assert (
        "organisation.toml (organisation)",
        "project.toml (project[env.dev])",
        "env.dev.required_tags",
    ) == (
        refused.value.earlier_source,
        refused.value.later_source,
        refused.value.field,
    )


# --- environments and regions


def test_an_environment_tightens() -> None:
    """The section of the environment joins after what stands outside of any."""
    text = COMPLETE + "\n[env.prod.hardening]\nvpc_image_repositories_only = true\n"
    assert not resolved(text).hardening.vpc_image_repositories_only
    assert resolved(text, env="prod").hardening.vpc_image_repositories_only
    assert ["project", "project[env.prod]"] == [layer.name for layer in resolved(text, env="prod").layers]


def test_an_environment_may_not_loosen() -> None:
    """Within one file too, the section that loosens is named beside the place that it loosens."""
    text = COMPLETE + '\n[env.dev.network_isolation]\ntraining = "off"\n'
    with pytest.raises(LoosenedBaselineError, match='"off" does not stay within "require"') as refused:
        resolved(text, env="dev")
    assert "env.dev.network_isolation.training" == refused.value.field
    assert ("mapping (project)", "mapping (project[env.dev])") == (
        refused.value.earlier_source,
        refused.value.later_source,
    )


def test_an_environment_that_is_not_stated() -> None:
    """Asking for one that the file lacks names those it has."""
    with pytest.raises(BaselineError, match=r"no \[env.prd\] section") as refused:
        resolved(REGIONS, env="prd")
    assert ("env.prd", "add it, or choose among those stated: prod") == (
        refused.value.field,
        refused.value.remedy,
    )


def test_what_only_environments_state_asks_for_one() -> None:
    """A required field that only environments state is missed with their names."""
    text = changed('arn = "arn:aws:iam::111122223333:role/ml-launcher"\n', "")
    text += '[env.dev.role]\narn = "arn:aws:iam::111122223333:role/dev"\n'
    with pytest.raises(BaselineError, match="required") as refused:
        resolved(text)
    assert refused.value.remedy.endswith("or choose an environment that states it: dev")
    assert "arn:aws:iam::111122223333:role/dev" == resolved(text, env="dev").role.arn


def test_a_region_has_what_its_section_states() -> None:
    """Each region is resolved with its own section, chosen by argument or by environment."""
    assert ("subnet-0c1d2e3f",) == resolved(REGIONS, region="us-east-1").vpc.subnets
    assert ("subnet-0a1b2c3d",) == resolved(REGIONS, env="prod").vpc.subnets
    assert ["project", "project[env.prod]", "project[region.eu-west-1]"] == [
        layer.name for layer in resolved(REGIONS, env="prod").layers
    ]


def test_nothing_says_which_region() -> None:
    """Sections for several regions and no choice: an error that names them."""
    with pytest.raises(
        BaselineError, match="stated for eu-west-1, us-east-1, and nothing says which"
    ) as refused:
        resolved(REGIONS)
    assert ("region", True) == (refused.value.field, "pass region=" in refused.value.remedy)


@pytest.mark.parametrize("text", [COMPLETE, REGIONS], ids=["one-region", "sections"])
def test_a_region_without_a_section(text: str) -> None:
    """A region of which nothing is stated is refused, whatever else the file holds."""
    with pytest.raises(BaselineError, match="has no section for ap-south-1") as refused:
        resolved(text, region="ap-south-1")
    assert "[region.ap-south-1]" in refused.value.remedy


def test_a_file_without_region_takes_the_one_that_is_asked_for() -> None:
    """Where nothing is stated of regions at all, the caller's is the region."""
    text = changed('region = "eu-west-1"\n', "")
    assert resolved() == resolved(text, region="eu-west-1")
    with pytest.raises(BaselineError, match="required") as refused:
        resolved(text)
    assert "region" == refused.value.field


def test_moving_to_another_region_keeps_environment_and_calls() -> None:
    """For another region the same environment applies, and what calls have tightened stays tightened."""
    made = resolved(REGIONS, env="prod").tightened({"unknown_members": "refuse"}, today=TODAY)
    moved = made.for_region("us-east-1", today=TODAY)
    assert made is made.for_region("eu-west-1")
    assert ("us-east-1", ("subnet-0c1d2e3f",), "refuse", True) == (
        moved.region,
        moved.vpc.subnets,
        moved.unknown_members,
        moved.hardening.vpc_image_repositories_only,
    )
    assert ["project", "project[env.prod]", "project[region.us-east-1]", "call"] == [
        layer.name for layer in moved.layers
    ]
    assert made == moved.for_region("eu-west-1", today=TODAY)


@pytest.mark.parametrize("keyword", [True, False], ids=["by-keyword", "from-a-file"])
def test_moving_where_nothing_is_stated(keyword: bool) -> None:
    """A baseline does not go where nothing is stated for it."""
    made = SecurityBaseline.model_validate(parsed()) if keyword else resolved()
    with pytest.raises(BaselineError, match="is for eu-west-1 and states nothing for us-east-1") as refused:
        made.for_region("us-east-1")
    assert ("region", True) == (refused.value.field, "[region.us-east-1]" in refused.value.remedy)


def test_an_organisations_region_binds() -> None:
    """A project's section for another region does not move what the organisation keeps in one."""
    assert "eu-west-1" == under('region = "eu-west-1"', parsed(REGIONS), region="eu-west-1").region
    with pytest.raises(
        LoosenedBaselineError, match='"us-east-1" does not stay within "eu-west-1"'
    ) as refused:
        under('region = "eu-west-1"', parsed(REGIONS), region="us-east-1")
    assert ("organisation.toml (organisation)", "region.us-east-1.region") == (
        refused.value.earlier_source,
        refused.value.field,
    )


# --- what a call adds


def test_a_call_tightens() -> None:
    """A stricter copy has one more layer; the first stays as it was."""
    made = resolved()
    stricter = made.tightened({"vpc": {"subnets": ["subnet-0b1c2d3e"]}}, source="notebook", today=TODAY)
    assert (("subnet-0b1c2d3e",), 2) == (stricter.vpc.subnets, len(made.vpc.subnets))
    assert [("project", "mapping"), ("call", "notebook")] == [
        (layer.name, layer.source) for layer in stricter.layers
    ]


def test_tightening_by_nothing_changes_nothing() -> None:
    """A call that states nothing, or None, leaves the baseline equal."""
    made = resolved(COMPLETE + WAIVER)
    assert made == made.tightened({}, today=TODAY) == made.tightened({"kms": {"volume": None}}, today=TODAY)


@pytest.mark.parametrize(
    ("stated", "field"),
    [
        ({"modes": {"vpc-config": "observe"}}, "modes"),
        ({"kms": {"volume": "alias/mine"}}, "kms.volume"),
        ({"kms": {"allowed": ["alias/mine"]}}, "kms.allowed"),
        ({"hardening": {"allow_root_access": True}}, "hardening.allow_root_access"),
        ({"execution_roles": {"allowed": ["arn:aws:iam::111122223333:role/x"]}}, "execution_roles.allowed"),
        ({"network_isolation": {"training": "default"}}, "network_isolation.training"),
        ({"data_perimeter": {"read": {"elsewhere": "444455556666"}}}, "data_perimeter.read"),
        ({"waivable_controls": ["vpc-config"]}, "waivers"),
        ({"region": "us-east-1"}, "region"),
        (
            {"privatelink": {"allowed_endpoint_urls": ["https://x.example.com"]}},
            "privatelink.allowed_endpoint_urls",
        ),
    ],
)
def test_a_call_may_not_loosen(stated: dict[str, object], field: str) -> None:
    """Against a finished baseline every default counts as stated."""
    with pytest.raises(LoosenedBaselineError) as refused:
        resolved().tightened(stated, today=TODAY)
    assert (field, "mapping (baseline)", "call (call)") == (
        refused.value.field,
        refused.value.earlier_source,
        refused.value.later_source,
    )


def test_a_call_tightens_a_baseline_made_by_keyword() -> None:
    """Without layers of its own a baseline is the first layer."""
    made = SecurityBaseline.model_validate(parsed()).tightened({"unknown_members": "refuse"}, today=TODAY)
    assert ("refuse", ["call"]) == (made.unknown_members, [layer.name for layer in made.layers])


# --- waivers


def test_a_layer_that_lists_waivers_lists_all_that_hold() -> None:
    """Waivers are a set that shrinks: what the later list leaves out no longer holds."""
    text = 'waivable_controls = ["network-isolation", "vpc-config"]\n' + COMPLETE + WAIVER
    other = WAIVER.replace("network-isolation", "vpc-config").replace("[[waivers]]", "[[env.dev.waivers]]")
    assert ["network-isolation"] == [waiver.control for waiver in resolved(text).waivers]
    assert ["vpc-config"] == [waiver.control for waiver in resolved(text + other, env="dev").waivers]


def test_delegation_ends_where_it_is_not_passed_on() -> None:
    """A layer that lists a waiver without waivable_controls lets no later layer add one."""
    project = (
        COMPLETE + WAIVER + WAIVER.replace("[[waivers]]", "[[env.dev.waivers]]").replace("churn", "fraud")
    )
    with pytest.raises(LoosenedBaselineError) as refused:
        under('waivable_controls = ["network-isolation"]', parsed(project), env="dev")
    assert "project.toml (project)" == refused.value.earlier_source


def test_an_expired_waiver_is_told_where_it_stands() -> None:
    """The layer and the entry are named, in an environment's section too."""
    expired = WAIVER.replace("[[waivers]]", "[[env.dev.waivers]]").replace("2026-12-31", "2026-10-31")
    text = COMPLETE + expired.replace("churn", "kept").replace("2026-10-31", "2027-01-01") + expired
    assert () == resolved(text).waivers
    with pytest.raises(BaselineError, match="expired on 2026-10-31") as refused:
        resolved(text, env="dev")
    assert ("mapping (project[env.dev])", "env.dev.waivers[1].expires") == (
        refused.value.source,
        refused.value.field,
    )


def test_a_waiver_expires_while_a_baseline_lives() -> None:
    """The day is asked again whenever layers are joined again."""
    made = resolved(REGIONS + WAIVER, env="prod")
    after = date(2027, 1, 1)
    with pytest.raises(BaselineError, match="expired on 2026-12-31; today is 2027-01-01"):
        made.for_region("us-east-1", today=after)
    with pytest.raises(BaselineError, match="expired"):
        made.tightened({}, today=after)


def test_the_day_is_today_where_none_is_given(nowhere: Path, tmp_path: Path) -> None:
    """Without `today` the calendar counts: a waiver of the past is refused, one of a far day holds."""
    path = tmp_path / "secure-sagemaker.toml"
    path.write_text(COMPLETE + WAIVER.replace("2026-12-31", "2020-01-01"), encoding="utf-8")
    with pytest.raises(BaselineError, match="expired on 2020-01-01"):
        read_document(path, environ={}, organisation_path=nowhere).resolve()
    path.write_text(COMPLETE + WAIVER.replace("2026-12-31", "9999-12-31"), encoding="utf-8")
    made = read_document(path, environ={}, organisation_path=nowhere).resolve()
    assert () == made.expired_waivers(datetime.now(UTC).date())
