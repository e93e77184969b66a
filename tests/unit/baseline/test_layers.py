"""Layers: what a later one may say, and the errors that name both places."""

import pytest

from secure_sagemaker.baseline import ControlId, Mode
from secure_sagemaker.exceptions import LoosenedBaselineError
from tests.unit.baseline.resolving import merged, under
from tests.unit.baseline.stated import KEY, WAIVER

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
    pytest.param(
        '[macie]\nmode = "scan"',
        "[macie]\nsampling_percentage = 50",
        "macie.sampling_percentage",
        "only become higher",
        id="macie-sampling",
    ),
    pytest.param(
        '[macie]\nmode = "scan"',
        '[macie]\nidentifiers = "none"\ninclude_identifiers = ["NAME"]',
        "macie.identifiers",
        "none < recommended < all",
        id="macie-looks-for-less",
    ),
    pytest.param(
        '[macie]\nmode = "require"\nidentifiers = "all"',
        '[macie]\nidentifiers = "all"\nexclude_identifiers = ["NAME"]',
        "macie.exclude_identifiers",
        "within []",
        id="macie-identifier-excluded",
    ),
    pytest.param(
        '[macie]\nmode = "require"',
        '[macie]\nallow_lists = ["mine"]',
        "macie.allow_lists",
        '["mine"] does not stay within []',
        id="macie-allow-list",
    ),
    pytest.param(
        '[macie]\nmode = "require"',
        '[macie.classes.mine]\nplaces = ["s3://ml-artifacts/mine"]\nscan = false',
        "macie.classes",
        '{mine = {places = ["s3://ml-artifacts/mine"], scan = false}} does not stay within {}',
        id="macie-class",
    ),
    pytest.param(
        '[macie.classes.mine]\nplaces = ["s3://ml-artifacts/mine"]',
        '[macie.classes.mine]\nplaces = ["s3://ml-artifacts/mine"]\naccept = [{ category = "CREDENTIALS" }]',
        "macie.classes",
        "unchanged",
        id="macie-class-accepts-more",
    ),
    pytest.param(
        '[macie]\nmode = "observe"',
        '[macie]\ncode_channels = ["code", "train"]',
        "macie.code_channels",
        '["code", "train"]',
        id="macie-data-called-code",
    ),
    pytest.param(
        "[macie]\nmaximum_cost_usd = 10.0",
        "[macie]\nusd_per_gb = 0.01",
        "macie.usd_per_gb",
        "0.01 does not stay within 1.25",
        id="macie-price",
    ),
    pytest.param(
        "[macie]\nmaximum_cost_usd = 10.0",
        "[macie]\nexpansion = { parquet = 1.5, csv = 1.0 }",
        "macie.expansion",
        "{parquet = 1.5} does not stay within {parquet = 6.0}",
        id="macie-expansion",
    ),
    pytest.param(
        '[macie]\nmemory = "dynamodb:verdicts"',
        '[macie]\nmemory = "dynamodb:mine"',
        "macie.memory",
        "must be the same",
        id="macie-memory",
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
        pytest.param(
            '[macie]\nmode = "scan"\nmaximum_cost_usd = 10.0',
            '[macie]\nmode = "require"\nidentifiers = "all"\ncode_channels = ["code"]\nusd_per_gb = 2.0\n'
            "expansion = { gz = 8.0, csv = 1.0 }\nmaximum_bucket_score = 20",
            id="macie-tightened",
        ),
        pytest.param(
            '[macie.classes.mine]\nplaces = ["s3://ml-artifacts/x", "s3://ml-artifacts/y"]',
            '[macie.classes.mine]\nplaces = ["s3://ml-artifacts/y", "s3://ml-artifacts/x"]',
            id="same-class-any-order",
        ),
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
