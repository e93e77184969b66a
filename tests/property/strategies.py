"""Generated values for property tests: the fields of a baseline, waiver grants, whole valid baselines.

Fields are drawn from few values each, so that two draws often meet, overlap and contradict each other.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import TypeVar

from hypothesis import strategies as st

from secure_sagemaker.baseline import (
    Accepted,
    ControlId,
    DataClass,
    IsolationMode,
    Mode,
    Safeguard,
    SecurityBaseline,
    Task,
    Waiver,
)
from secure_sagemaker.baseline.tightening import WaiverGrant

T = TypeVar("T")

ACCOUNTS = ("111122223333", "444455556666", "777788889999")
PLACES = (
    ("aws", "eu-west-1"),
    ("aws", "us-east-1"),
    ("aws-cn", "cn-north-1"),
    ("aws-us-gov", "us-gov-west-1"),
)
FAR = date(9999, 12, 31)
CONTROLS = (ControlId.NETWORK_ISOLATION, ControlId.VPC_CONFIG, ControlId.ROOT_ACCESS)
KEY_CONTROLS = (
    ControlId.KMS_OUTPUT_KEY,
    ControlId.KMS_RESOURCE_KEY,
    ControlId.KMS_VOLUME_KEY,
    ControlId.S3_ENCRYPTION,
)
ALIASES = ("alias/ml", "alias/ml-volumes", "alias/ml-artifacts")
NAMES = ("churn", "fraud", "shared")
BUCKETS = ("ml-artifacts", "ml-datasets", "ml-scratch")
PUBLIC_BUCKETS = ("jumpstart-cache-prod-eu-west-1", "sagemaker-sample-files")
IMAGE_SOURCES: tuple[tuple[str, ...], ...] = (
    (),
    ("aws", "111122223333", "docker.io"),
    ("111122223333", "444455556666.dkr.ecr.eu-west-1.amazonaws.com"),
    ("111122223333.dkr.ecr.eu-west-1.amazonaws.com", "444455556666.dkr.ecr.eu-west-1.amazonaws.com/churn"),
    ("111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn", "docker.io/library"),
    ("docker.io", "aws"),
)
"""Lists of sources; entries of some lie within entries of others."""
NAME_PREFIXES: tuple[tuple[str, ...], ...] = (
    (),
    ("*",),
    ("churn-*", "fraud"),
    ("churn-1*", "churn-2", "fraud"),
    ("churn-1", "churn-12"),
    ("fraud-*",),
)
LOCATIONS: tuple[tuple[str, ...], ...] = (
    (),
    ("s3://ml-artifacts", "s3://ml-datasets/churn/"),
    ("s3://ml-artifacts/churn/", "s3://ml-datasets/"),
    ("s3://ml-artifacts/churn/2026", "s3://ml-artifacts/fraud"),
    ("s3://ml-datasets/churned/",),
)
SUBNETS = ("subnet-0a1b2c3d", "subnet-0b1c2d3e", "subnet-0c1d2e3f")
GROUPS = ("sg-0a1b2c3d", "sg-0b1c2d3e", "sg-0c1d2e3f")


def role_arn(name: str, *, partition: str = "aws", account: str = ACCOUNTS[0]) -> str:
    """The ARN of a role."""
    return f"arn:{partition}:iam::{account}:role/{name}"


def key_arn(number: int, *, partition: str = "aws", region: str = "eu-west-1") -> str:
    """The ARN of a KMS key."""
    return f"arn:{partition}:kms:{region}:{ACCOUNTS[0]}:key/1234abcd-12ab-34cd-56ef-{number:012}"


def subsets(values: Sequence[T], *, least: int = 0) -> st.SearchStrategy[tuple[T, ...]]:
    """Tuples of some of the values, in any order, none twice."""
    return st.lists(st.sampled_from(values), min_size=least, unique=True).map(tuple)


def mappings(keys: Sequence[str], values: st.SearchStrategy[T]) -> st.SearchStrategy[Mapping[str, T]]:
    """Read-only mappings of some of the keys, as the model holds them."""
    return st.dictionaries(st.sampled_from(keys), values).map(lambda drawn: MappingProxyType(dict(drawn)))


waivers: st.SearchStrategy[Waiver] = st.builds(
    Waiver,
    control=st.sampled_from(CONTROLS),
    operations=subsets(("CreateTrainingJob", "CreateModel", "*"), least=1),
    resources=subsets(("churn-*", "fraud-*"), least=1),
    resource_tags=mappings(("team",), st.sampled_from(NAMES)),
    reason=st.just("reads a feature store while it trains"),
    ticket=st.sampled_from(("SEC-101", "SEC-102")),
    approver=st.just("jane.doe"),
    expires=st.just(FAR),
)

waiver_grants: st.SearchStrategy[WaiverGrant] = st.builds(
    WaiverGrant,
    waivers=st.lists(waivers, max_size=3, unique=True).map(tuple),
    waivable=st.frozensets(st.sampled_from(CONTROLS)),
)

accepted: st.SearchStrategy[Accepted] = st.builds(
    Accepted,
    category=st.sampled_from(("CREDENTIALS", "PERSONAL_INFORMATION")),
    types=subsets(("AWS_CREDENTIALS", "NAME", "ADDRESS")),
    maximum_severity=st.sampled_from(("Low", "Medium", "High")),
    under=subsets(tuple(Safeguard)),
)
_FOLDERS = ("s3://ml-datasets/churn/", "s3://ml-datasets/fraud", "s3://ml-artifacts")
data_classes: st.SearchStrategy[Mapping[str, DataClass]] = st.permutations(_FOLDERS).flatmap(
    lambda places: st.dictionaries(
        st.sampled_from(NAMES), st.tuples(st.lists(accepted, max_size=2).map(tuple), st.booleans())
    ).map(
        lambda drawn: MappingProxyType(
            {
                name: DataClass(places=(place,), accept=accept, scan=scan)
                for place, (name, (accept, scan)) in zip(places, drawn.items(), strict=False)
            }
        )
    )
)
"""Classes of data whose places do not meet."""

_flags = st.booleans()
_isolation = st.sampled_from(IsolationMode)
_roles = tuple(role_arn(name) for name in NAMES)
_owned = mappings(BUCKETS, st.sampled_from(ACCOUNTS[:2]))

FIELDS: Mapping[str, st.SearchStrategy[object]] = {
    "schema_version": st.just(1),
    "region": st.sampled_from(("eu-west-1", "us-east-1")),
    "role.arn": st.sampled_from(_roles),
    "role.session_name": st.sampled_from(NAMES),
    "role.source_identity": st.sampled_from(NAMES),
    "role.external_id": st.sampled_from(NAMES),
    "role.tags": mappings(NAMES, st.sampled_from(("a", "b"))),
    "role.digest_tag": st.sampled_from(("digest-of-baseline", "under-baseline")),
    "role.transitive_tags": subsets(NAMES),
    "role.duration_seconds": st.integers(900, 43200),
    "role.mfa_max_age_seconds": st.integers(900, 129600),
    "role.mfa_serial": st.sampled_from(("GAHT12345678", "GAHT87654321")),
    "execution_roles.default": st.sampled_from(_roles),
    "execution_roles.allowed": subsets(_roles),
    "execution_roles.services": subsets(("lambda.amazonaws.com", "scheduler.amazonaws.com")),
    "kms.default": st.sampled_from(ALIASES),
    "kms.volume": st.sampled_from(ALIASES),
    "kms.output": st.sampled_from(ALIASES),
    "kms.s3": st.sampled_from(ALIASES),
    "kms.s3_encryption_context": mappings(("workload", "stage"), st.sampled_from(NAMES)),
    "kms.allowed": subsets(ALIASES),
    "kms.aws_managed": subsets(KEY_CONTROLS),
    "kms.endpoint_local_storage": st.sampled_from(("inject", "omit", "refuse")),
    "vpc.subnets": subsets(SUBNETS, least=1),
    "vpc.security_groups": subsets(GROUPS, least=1),
    "vpc.vpc_id": st.sampled_from(("vpc-0a1b2c3d", "vpc-0b1c2d3e")),
    "network_isolation.training": _isolation,
    "network_isolation.processing": _isolation,
    "network_isolation.tuning": _isolation,
    "network_isolation.models": _isolation,
    "network_isolation.monitoring": _isolation,
    "hardening.inter_container_encryption": _flags,
    "hardening.allow_remote_debug": _flags,
    "hardening.allow_ssm_access": _flags,
    "hardening.allow_remote_access": _flags,
    "hardening.allow_docker_access": _flags,
    "hardening.allow_root_access": _flags,
    "hardening.allow_direct_internet_access": _flags,
    "hardening.allow_public_workforce": _flags,
    "hardening.minimum_imds_version": st.sampled_from((1, 2)),
    "hardening.vpc_image_repositories_only": _flags,
    "data_perimeter.write": _owned,
    "data_perimeter.read": _owned,
    "data_perimeter.aws_public_buckets": subsets(PUBLIC_BUCKETS),
    "data_perimeter.create_buckets": _flags,
    "data_perimeter.presigned_seconds": st.integers(1, 604800),
    "data_perimeter.default_bucket": st.sampled_from(BUCKETS),
    "data_perimeter.trusted_accounts": subsets(ACCOUNTS),
    "images.allowed": st.sampled_from(IMAGE_SOURCES),
    "images.require_digest": _flags,
    "references.invoke": _flags,
    "secrets.allow": mappings(("JOIN_TOKEN", "PASS_KEY"), st.just("no credential")),
    "pipelines.targets": subsets(("arn:aws:lambda:eu-west-1:111122223333:function:notify", "j-1")),
    "pipelines.emr_security_configurations": subsets(NAMES),
    "pipelines.step_types": subsets(NAMES),
    "required_tags": mappings(("team", "cost-centre"), subsets(NAMES)),
    "modes": mappings(CONTROLS, st.sampled_from(Mode)),
    "waivers": waiver_grants,
    "unknown_members": st.sampled_from(("record", "refuse")),
    "instance_families": mappings(("ml-x9", "ml-y9"), st.sampled_from(("local-storage", "no-local-storage"))),
    "privatelink.required": _flags,
    "privatelink.services": mappings(
        ("sagemaker", "s3"), st.sampled_from(("private-dns", "endpoint", "gateway", "public"))
    ),
    "privatelink.endpoints": mappings(
        ("sagemaker", "s3"), st.sampled_from(("vpce-0a1b2c3d", "vpce-0b1c2d3e"))
    ),
    "privatelink.allowed_networks": subsets(("10.0.0.0/16", "10.1.0.0/16", "2001:db8::/32")),
    "privatelink.allowed_proxies": subsets(("http://a.example.com:3128", "https://b.example.com")),
    "privatelink.allowed_endpoint_urls": subsets(("https://a.example.com", "https://b.example.com:8443")),
    "session_policy.policy_arns": subsets(tuple(f"arn:aws:iam::aws:policy/{name}" for name in NAMES)),
    "session_policy.guardrail_arns": subsets(tuple(f"arn:aws:iam::aws:policy/{name}" for name in NAMES)),
    "session_policy.tasks": subsets(tuple(Task)[:3]),
    "session_policy.names": st.sampled_from(NAME_PREFIXES),
    "session_policy.inputs": st.sampled_from(LOCATIONS),
    "session_policy.outputs": st.sampled_from(LOCATIONS),
    "session_policy.endpoints": st.sampled_from(NAME_PREFIXES),
    "session_policy.instance_types": subsets(("ml.m5.xlarge", "ml.g5.xlarge")),
    "session_policy.clarify_jobs": st.sampled_from(NAME_PREFIXES),
    "macie.mode": st.sampled_from(("off", "observe", "require", "scan")),
    "macie.minimum_coverage": st.floats(0, 1),
    "macie.maximum_age_days": st.integers(1, 400),
    "macie.maximum_cost_usd": st.floats(0, 1000),
    "macie.sampling_percentage": st.integers(1, 100),
    "macie.identifiers": st.sampled_from(("none", "recommended", "all")),
    "macie.include_identifiers": subsets(("ADDRESS", "NAME")),
    "macie.exclude_identifiers": subsets(("ADDRESS", "NAME")),
    "macie.custom_identifiers": subsets(("churn-id", "fraud-id")),
    "macie.allow_lists": subsets(("list-a", "list-b")),
    "macie.classes": data_classes,
    "macie.code_channels": subsets(("code", "sm_code", "notebooks")),
    "macie.memory": st.sampled_from(("dynamodb:verdicts", "dynamodb:others")),
    "macie.snapshot": st.sampled_from(("s3://ml-artifacts/cleared/", "s3://ml-artifacts/read/")),
    "macie.maximum_bucket_score": st.integers(0, 100),
    "macie.usd_per_gb": st.floats(0.01, 10),
    "macie.expansion": mappings(("gz", "parquet"), st.floats(1, 100)),
    "macie.timeout_minutes": st.integers(1, 10000),
}
"""For each row of the table of tightening, values of the field's own type."""


@st.composite
def baselines(draw: st.DrawFn) -> SecurityBaseline:
    """Whole valid baselines, made by keyword: one partition, one region, every key known."""
    partition, region = draw(st.sampled_from(PLACES))
    keys = (*(key_arn(number, partition=partition, region=region) for number in range(3)), *ALIASES)
    roles = tuple(role_arn(name, partition=partition) for name in NAMES)
    policies = tuple(f"arn:{partition}:iam::aws:policy/{name}" for name in NAMES)
    tags = draw(FIELDS["role.tags"])
    assert isinstance(tags, Mapping)
    managed = draw(subsets(KEY_CONTROLS))
    particular = {
        name: draw(st.sampled_from(keys))
        for name, control in zip(
            ("volume", "output", "s3"),
            (ControlId.KMS_VOLUME_KEY, ControlId.KMS_OUTPUT_KEY, ControlId.S3_ENCRYPTION),
            strict=True,
        )
        if control not in managed and draw(st.booleans())
    }
    write = dict.fromkeys(draw(subsets(BUCKETS, least=1)), ACCOUNTS[0])
    read = {bucket: ACCOUNTS[1] for bucket in draw(subsets(BUCKETS)) if bucket not in write}
    waivable = draw(subsets(CONTROLS))
    stated: dict[str, dict[str, object]] = {}
    for path in FIELDS:
        section, _, name = path.partition(".")
        if path == "macie.snapshot" and "ml-artifacts" not in write:
            continue
        if section in (
            "network_isolation",
            "hardening",
            "images",
            "pipelines",
            "references",
            "secrets",
            "vpc",
            "macie",
            "privatelink",
        ):
            stated.setdefault(section, {})[name] = draw(FIELDS[path])
    macie = stated["macie"]
    if macie["identifiers"] == "recommended":
        del macie["include_identifiers"]
    if macie["identifiers"] != "all":
        del macie["exclude_identifiers"]
    if macie["identifiers"] == "none" and not (macie["include_identifiers"] or macie["custom_identifiers"]):
        macie["mode"] = "off"
    return SecurityBaseline.model_validate(
        {
            **stated,
            "region": region,
            "role": {
                "arn": draw(st.sampled_from(roles)),
                "tags": tags,
                "transitive_tags": draw(subsets(sorted(tags))) if tags else (),
                "duration_seconds": draw(FIELDS["role.duration_seconds"]),
                "session_name": draw(st.none() | st.sampled_from(NAMES)),
            },
            "execution_roles": {"default": draw(st.sampled_from(roles)), "allowed": draw(subsets(roles))},
            "kms": {
                "default": draw(st.sampled_from(keys)),
                **particular,
                "allowed": draw(subsets(keys)),
                "aws_managed": managed,
                "s3_encryption_context": draw(FIELDS["kms.s3_encryption_context"]),
                "endpoint_local_storage": draw(FIELDS["kms.endpoint_local_storage"]),
            },
            "data_perimeter": {
                "write": write,
                "read": read,
                "default_bucket": draw(st.none() | st.sampled_from(sorted(write))),
                **{
                    name: draw(FIELDS[f"data_perimeter.{name}"])
                    for name in (
                        "aws_public_buckets",
                        "create_buckets",
                        "presigned_seconds",
                        "trusted_accounts",
                    )
                },
            },
            "required_tags": draw(FIELDS["required_tags"]),
            "modes": draw(FIELDS["modes"]),
            "waivers": draw(st.lists(waivers, max_size=2, unique=True)),
            "waivable_controls": waivable,
            "unknown_members": draw(FIELDS["unknown_members"]),
            "instance_families": draw(FIELDS["instance_families"]),
            "session_policy": {
                "guardrail_arns": draw(subsets(policies)),
                **draw(
                    st.fixed_dictionaries({"policy_arns": subsets(policies)})
                    | st.fixed_dictionaries(
                        {"tasks": subsets(tuple(Task)[:3], least=1)}
                        | {
                            name: FIELDS[f"session_policy.{name}"]
                            for name in ("names", "inputs", "outputs", "endpoints", "instance_types")
                        }
                    )
                ),
            },
        }
    )
