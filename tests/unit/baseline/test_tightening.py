"""Which way is tighter, field by field, written down a second time so that a slip in the table shows."""

import pytest

from secure_sagemaker.baseline import IsolationMode, Mode
from secure_sagemaker.baseline.tightening import TIGHTER, WaiverGrant

A, B = "a", "b"
OFF, DEFAULT, REQUIRE = IsolationMode.OFF, IsolationMode.DEFAULT, IsolationMode.REQUIRE

# From the loosest to the tightest: each allows every later one and no earlier one.
CHAINS: dict[str, tuple[object, ...]] = {
    "role.tags": ({}, {A: A}, {A: A, B: B}),
    "role.transitive_tags": ((), (A,), (B, A)),
    "role.mfa_max_age_seconds": (129600, 43200, 900),
    "role.duration_seconds": (43200, 3600, 900),
    "execution_roles.allowed": ((B, A), (A,), ()),
    "execution_roles.services": ((B, A), (A,), ()),
    "kms.s3_encryption_context": ({}, {A: A}, {A: A, B: B}),
    "kms.allowed": ((B, A), (A,), ()),
    "kms.aws_managed": ((B, A), (A,), ()),
    "kms.endpoint_local_storage": ("omit", "inject", "refuse"),
    "vpc.subnets": ((B, A), (A,)),
    "vpc.security_groups": ((B, A), (A,)),
    "network_isolation.training": (OFF, DEFAULT, REQUIRE),
    "network_isolation.processing": (OFF, DEFAULT, REQUIRE),
    "network_isolation.tuning": (OFF, DEFAULT, REQUIRE),
    "network_isolation.models": (OFF, DEFAULT, REQUIRE),
    "network_isolation.monitoring": (OFF, DEFAULT, REQUIRE),
    "hardening.inter_container_encryption": (False, True),
    "hardening.allow_remote_debug": (True, False),
    "hardening.allow_ssm_access": (True, False),
    "hardening.allow_remote_access": (True, False),
    "hardening.allow_docker_access": (True, False),
    "hardening.allow_root_access": (True, False),
    "hardening.allow_direct_internet_access": (True, False),
    "hardening.allow_public_workforce": (True, False),
    "hardening.minimum_imds_version": (1, 2),
    "hardening.vpc_image_repositories_only": (False, True),
    "data_perimeter.write": ({A: A, B: B}, {A: A}, {}),
    "data_perimeter.read": ({A: A, B: B}, {A: A}, {}),
    "data_perimeter.aws_public_buckets": ((B, A), (A,), ()),
    "data_perimeter.create_buckets": (True, False),
    "data_perimeter.presigned_seconds": (86400, 3600, 60),
    "data_perimeter.trusted_accounts": ((B, A), (A,), ()),
    "images.allowed": (
        (),
        ("111122223333", "aws"),
        ("111122223333",),
        ("111122223333.dkr.ecr.eu-west-1.amazonaws.com",),
        ("111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn",),
    ),
    "images.require_digest": (False, True),
    "references.invoke": (False, True),
    "secrets.allow": ({A: A, B: B}, {A: A}, {}),
    "pipelines.targets": ((B, A), (A,), ()),
    "pipelines.emr_security_configurations": ((B, A), (A,), ()),
    "pipelines.step_types": ((B, A), (A,), ()),
    "required_tags": ({}, {A: ()}, {A: (B, A)}, {A: (A,)}, {A: (A,), B: ()}),
    "modes": ({A: Mode.OBSERVE}, {A: Mode.CORRECT}, {A: Mode.REFUSE}, {A: Mode.REFUSE, B: Mode.OBSERVE}),
    "waivers": (WaiverGrant(waivable=frozenset({A, B})), WaiverGrant(waivable=frozenset({A})), WaiverGrant()),  # type: ignore[arg-type]  # letters for controls
    "unknown_members": ("record", "refuse"),
    "instance_families": ({}, {A: "local-storage"}),
    "privatelink.required": (False, True),
    "privatelink.services": ({}, {A: "endpoint"}),
    "privatelink.endpoints": ({}, {A: "vpce-1"}),
    "privatelink.allowed_networks": ((), (B, A), (A,)),
    "privatelink.allowed_proxies": ((B, A), (A,), ()),
    "privatelink.allowed_endpoint_urls": ((B, A), (A,), ()),
    "session_policy.policy_arns": ((), (A,)),
    "session_policy.guardrail_arns": ((), (A,), (B, A)),
    "session_policy.tasks": ((), (B, A), (A,)),
    "session_policy.names": ((), ("*",), ("churn-*", "fraud"), ("churn-*",), ("churn-1*",), ("churn-1",)),
    "session_policy.inputs": (
        (),
        ("s3://one/", "s3://two/x"),
        ("s3://one/",),
        ("s3://one/a",),
        ("s3://one/a/b/",),
    ),
    "session_policy.outputs": ((), ("s3://one",), ("s3://one/a/",)),
    "session_policy.endpoints": ((), ("churn-*",), ("churn-prod",)),
    "session_policy.instance_types": ((), (B, A), (A,)),
    "session_policy.clarify_jobs": ((B, A), (A,), ()),
    "macie.mode": ("off", "observe", "scan", "require"),
    "macie.minimum_coverage": (0.0, 0.5, 1.0),
    "macie.maximum_age_days": (90, 30, 1),
    "macie.maximum_cost_usd": (100.0, 1.0, 0.0),
    "macie.sampling_percentage": (1, 50, 100),
    "macie.identifiers": ("none", "recommended", "all"),
    "macie.include_identifiers": ((), (A,), (B, A)),
    "macie.exclude_identifiers": ((B, A), (A,), ()),
    "macie.custom_identifiers": ((), (A,), (B, A)),
    "macie.allow_lists": ((B, A), (A,), ()),
    "macie.classes": ({A: A, B: B}, {A: A}, {}),
    "macie.code_channels": ((B, A), (A,), ()),
    "macie.maximum_bucket_score": (100, 50, 0),
    "macie.usd_per_gb": (0.5, 1.0, 1.25),
    "macie.expansion": ({}, {A: 2.0}, {A: 6.0}, {A: 6.0, B: 1.0}),
    "macie.timeout_minutes": (10080, 720, 1),
}
ONE_VALUE = {
    "schema_version",
    "region",
    "role.arn",
    "role.session_name",
    "role.source_identity",
    "role.external_id",
    "role.digest_tag",
    "role.mfa_serial",
    "execution_roles.default",
    "kms.default",
    "kms.volume",
    "kms.output",
    "kms.s3",
    "vpc.vpc_id",
    "data_perimeter.default_bucket",
    "macie.memory",
    "macie.snapshot",
}


def test_every_field_has_its_direction_here() -> None:
    """A field with a new row in the table needs one here."""
    assert set(TIGHTER) == {*CHAINS, *ONE_VALUE}
    assert not ONE_VALUE & set(CHAINS)


@pytest.mark.parametrize("path", CHAINS)
def test_the_way_goes_one_way(path: str) -> None:
    """Each value allows what is tighter, and joins with it to the tighter one; nothing allows what is looser."""
    rule, chain = TIGHTER[path], CHAINS[path]
    for place, looser in enumerate(chain):
        for tighter in chain[place + 1 :]:
            assert rule.allows(looser, tighter), (looser, tighter)
            assert rule.allows(tighter, rule.join(looser, tighter)), (looser, tighter)
            # A mapping that may be stated in part says nothing of what it leaves out: its join is what counts.
            assert rule.partial or not rule.allows(tighter, looser), (tighter, looser)


@pytest.mark.parametrize(
    ("path", "earlier", "later"),
    [
        pytest.param("role.tags", {A: A}, {A: B}, id="tag-changed"),
        pytest.param("session_policy.policy_arns", (A,), (A, B), id="policy-added"),
        pytest.param("session_policy.names", ("churn-*",), ("churn-1", "fraud"), id="name-added"),
        pytest.param("session_policy.inputs", ("s3://one/churn",), ("s3://one/churned",), id="other-folder"),
        pytest.param("required_tags", {A: (A,)}, {A: ()}, id="any-value-again"),
        pytest.param("required_tags", {A: (A,)}, {A: (A, B)}, id="value-added"),
        pytest.param("modes", {A: Mode.REFUSE}, {A: Mode.OBSERVE}, id="mode-lowered"),
        pytest.param("instance_families", {A: "local-storage"}, {A: "no-local-storage"}, id="family-changed"),
        pytest.param("privatelink.services", {A: "endpoint"}, {A: "public"}, id="way-changed"),
        pytest.param("data_perimeter.write", {A: A}, {A: B}, id="owner-changed"),
        pytest.param("kms.s3_encryption_context", {A: A}, {A: B}, id="context-changed"),
        pytest.param("vpc.subnets", (A,), (B,), id="nothing-in-common"),
        pytest.param("macie.classes", {A: A}, {A: B}, id="class-changed"),
        pytest.param("macie.expansion", {A: 6.0}, {A: 2.0}, id="factor-lowered"),
        pytest.param("privatelink.allowed_networks", (A,), (), id="any-network-again"),
    ],
)
def test_an_entry_may_not_be_loosened(path: str, earlier: object, later: object) -> None:
    """Where layers state entries, the entry that both state may only tighten."""
    assert not TIGHTER[path].allows(earlier, later)


@pytest.mark.parametrize("path", sorted(ONE_VALUE))
def test_one_value_is_one_value(path: str) -> None:
    """What must be the same allows itself and nothing else."""
    assert TIGHTER[path].allows(A, A)
    assert not TIGHTER[path].allows(A, B)
