"""What a conforming environment consists of, whatever it is deployed with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Network, ip_network

from secure_sagemaker.baseline import KeyReference, SecurityBaseline, parse_arn
from secure_sagemaker.exceptions import PolicyError
from secure_sagemaker.identity.policies import (
    PolicyDocument,
    Projection,
    bucket_policy,
    endpoint_policy,
    execution_role,
    execution_role_trust,
    key_policy,
    launcher_role,
    launcher_role_trust,
    support_policies,
)
from secure_sagemaker.identity.policies.documents import (
    Effect,
    Operator,
    Principal,
    PrincipalKind,
    Statement,
    one_of,
)
from secure_sagemaker.preflight.services import action_prefix, interfaces
from secure_sagemaker.templates.stands_for import stand_in_group, stand_in_key, stand_in_subnet

__all__ = [
    "LOG_GROUP",
    "UPLOAD_DAYS",
    "Bucket",
    "Endpoint",
    "Environment",
    "Key",
    "Role",
    "environment",
]

LOG_GROUP = "/secure-sagemaker/flow-logs"
"""Where flow logs go."""
UPLOAD_DAYS = 7
"""How long the parts of an upload are kept that nobody finished."""
_LEAST_ZONES, _MOST_ZONES = 2, 6
_NEW_BITS = 4
_NAMED_ALIKE = ("aws", "aws-us-gov")
"""The partitions in which every endpoint's service is named by one pattern."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """A VPC endpoint of a service."""

    service: str
    """Such as ``sagemaker.api``."""
    policy: PolicyDocument


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A KMS key."""

    stands_for: str
    """The ARN by which policies name it."""
    alias: str
    policy: PolicyDocument


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """A role that the baseline names."""

    name: str
    path: str
    trust: PolicyDocument
    policies: tuple[PolicyDocument, ...]
    seconds: int
    """The longest that a session of it lasts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bucket:
    """A bucket that the account owns."""

    name: str
    policy: PolicyDocument
    key: str
    """The ARN by which policies name its key; empty for S3's own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """A private network, with the roles, keys and buckets of a baseline."""

    region: str
    account: str
    network: IPv4Network
    subnets: tuple[IPv4Network, ...]
    """One for each availability zone."""
    interfaces: tuple[Endpoint, ...]
    gateways: tuple[Endpoint, ...]
    """S3's, and DynamoDB's where verdicts are kept there: reached by routes."""
    keys: tuple[Key, ...]
    roles: tuple[Role, ...]
    buckets: tuple[Bucket, ...]
    logs_key_policy: PolicyDocument
    """The policy of the key that flow logs are encrypted with."""
    logs_trust: PolicyDocument
    logs_policy: PolicyDocument

    def service(self, name: str) -> str:
        """The name of an endpoint's service."""
        return f"com.amazonaws.{self.region}.{name}"


def environment(
    baseline: SecurityBaseline,
    *,
    sources: Sequence[str],
    today: date,
    network: str = "10.0.0.0/16",
    zones: int = 2,
) -> Environment:
    """The environment that a baseline describes. Roles, aliases and buckets are named as the baseline names them.

    Args:
        baseline: What is described.
        sources: The ARNs of those who may assume the baseline's role.
        today: The day on which waivers must still hold.
        network: The addresses of the VPC.
        zones: How many availability zones it is in, each with a subnet.

    Raises:
        PolicyError: Its partition's endpoints are not known, the network or the zones are none that are possible, or
            no source is named.
    """
    partition = baseline.role_arn.partition
    if partition not in _NAMED_ALIKE:
        raise PolicyError(
            f"the names of endpoints in partition {partition} follow no one pattern",
            remedy=f"write the template for a region of {' or '.join(_NAMED_ALIKE)}",
        )
    whole = _addresses(network)
    if not _LEAST_ZONES <= zones <= _MOST_ZONES:
        raise PolicyError(
            f"{zones} availability zones",
            remedy=f"name {_LEAST_ZONES} to {_MOST_ZONES}, as endpoints need two",
        )
    stated, aliases = _not_there_yet(baseline, zones)
    projection = Projection(baseline=stated, today=today, key_arns=_known_keys(stated))
    policy = key_policy(projection)
    return Environment(
        region=baseline.region,
        account=baseline.account,
        network=whole,
        subnets=tuple(whole.subnets(prefixlen_diff=_NEW_BITS))[:zones],
        interfaces=tuple(
            Endpoint(service=name, policy=endpoint_policy(projection, action_prefix(name)))
            for name in interfaces(baseline)
        ),
        gateways=tuple(
            Endpoint(service=name, policy=endpoint_policy(projection, name)) for name in _gateways(baseline)
        ),
        keys=tuple(Key(stands_for=arn, alias=alias, policy=policy) for arn, alias in aliases),
        roles=tuple(_roles(projection, sources)),
        buckets=tuple(_buckets(projection)),
        logs_key_policy=_logs_key_policy(projection),
        logs_trust=_logs_trust(projection),
        logs_policy=_logs_policy(projection),
    )


def _gateways(baseline: SecurityBaseline) -> tuple[str, ...]:
    memory = baseline.macie.memory
    kept_there = baseline.macie.mode != "off" and memory is not None and memory.startswith("dynamodb:")
    return ("s3", "dynamodb") if kept_there else ("s3",)


def _addresses(network: str) -> IPv4Network:
    try:
        whole = ip_network(network)
    except ValueError as malformed:
        raise PolicyError(
            f"{network!r} is no network: {malformed}", remedy="write it like 10.0.0.0/16"
        ) from None
    if not isinstance(whole, IPv4Network) or not whole.is_private or not 16 <= whole.prefixlen <= 22:
        raise PolicyError(
            f"{network} is no network for a private VPC",
            remedy="write one of 10.0.0.0/8 or the like, of /16 to /22",
        )
    return whole


def _not_there_yet(baseline: SecurityBaseline, zones: int) -> tuple[SecurityBaseline, list[tuple[str, str]]]:
    """The baseline with names for what is to be made; and the keys among them, each with its alias."""
    partition, region, account = baseline.role_arn.partition, baseline.region, baseline.account
    made: dict[str, tuple[str, str]] = {}
    for reference in baseline.kms.references():
        parsed = KeyReference.parse(reference)
        if parsed is None or (parsed.arn is not None and parsed.arn.account != account):
            continue
        number = len(made) + 1
        named = reference.rpartition(":")[2]
        alias = named if named.startswith("alias/") else f"alias/secure-sagemaker-{number}"
        made[reference] = (stand_in_key(partition, region, account, number), alias)

    def moved(reference: str | None) -> str | None:
        return None if reference is None else made.get(reference, (reference, ""))[0]

    kms = baseline.kms.model_copy(
        update={
            **{name: moved(getattr(baseline.kms, name)) for name in ("default", "volume", "output", "s3")},
            "allowed": tuple(moved(key) for key in baseline.kms.allowed),
        }
    )
    vpc = baseline.vpc.model_copy(
        update={
            "vpc_id": None,
            "subnets": tuple(stand_in_subnet(number) for number in range(1, zones + 1)),
            "security_groups": (stand_in_group(),),
        }
    )
    return baseline.model_copy(update={"kms": kms, "vpc": vpc}), list(made.values())


def _known_keys(baseline: SecurityBaseline) -> dict[str, str]:
    """Keys of other accounts by alias ARN: nobody can tell their ids here."""
    return {
        reference: reference
        for reference in baseline.kms.references()
        if (parsed := KeyReference.parse(reference)) is not None and parsed.key_arn is None
    }


def _roles(projection: Projection, sources: Sequence[str]) -> Iterator[Role]:
    baseline = projection.baseline
    looks = support_policies().document
    yield _role(
        baseline.role.arn,
        launcher_role_trust(projection, sources),
        (*launcher_role(projection), *((looks,) if looks else ())),
        seconds=max(baseline.role.duration_seconds, 3600),
    )
    for arn in dict.fromkeys((baseline.execution_roles.default, *baseline.execution_roles.allowed)):
        yield _role(arn, execution_role_trust(projection), (execution_role(projection),), seconds=3600)


def _role(arn: str, trust: PolicyDocument, policies: tuple[PolicyDocument, ...], *, seconds: int) -> Role:
    parsed = parse_arn(arn)
    before, _, name = ("role/" if parsed is None else parsed.resource).rpartition("/")
    path = f"/{before.removeprefix('role').strip('/')}/".replace("//", "/")
    return Role(name=name, path=path, trust=trust, policies=policies, seconds=seconds)


def _buckets(projection: Projection) -> Iterator[Bucket]:
    baseline = projection.baseline
    perimeter = baseline.data_perimeter
    key = baseline.kms.s3 or baseline.kms.default or ""
    for name, owner in {**perimeter.read, **perimeter.write}.items():
        if owner == baseline.account and projection.is_plain(name):
            yield Bucket(name=name, policy=bucket_policy(projection, name), key=key)


# --- flow logs --------------------------------------------------------------------------------------


def _service(name: str) -> tuple[Principal, ...]:
    return (Principal(kind=PrincipalKind.SERVICE, name=name),)


def _log_group(projection: Projection) -> str:
    return projection.arn(f"log-group:{LOG_GROUP}", service="logs")


def _logs_key_policy(projection: Projection) -> PolicyDocument:
    administration = next(one for one in key_policy(projection).statements if one.sid == "Administration")
    logs = Statement(
        sid="Logs",
        effect=Effect.ALLOW,
        actions=("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncrypt*"),
        resources=("*",),
        conditions=(
            one_of(Operator.ARN_LIKE, "kms:EncryptionContext:aws:logs:arn", (_log_group(projection),)),
        ),
        principals=_service(f"logs.{projection.baseline.region}.amazonaws.com"),
    )
    return PolicyDocument(statements=(administration, logs))


def _logs_trust(projection: Projection) -> PolicyDocument:
    allowed = Statement(
        effect=Effect.ALLOW,
        actions=("sts:AssumeRole",),
        conditions=(
            one_of(Operator.STRING_EQUALS, "aws:SourceAccount", (projection.baseline.account,)),
            one_of(Operator.ARN_LIKE, "aws:SourceArn", (projection.arn("vpc-flow-log/*", service="ec2"),)),
        ),
        principals=_service("vpc-flow-logs.amazonaws.com"),
    )
    return PolicyDocument(statements=(allowed,))


def _logs_policy(projection: Projection) -> PolicyDocument:
    group = _log_group(projection)
    return PolicyDocument(
        statements=(
            Statement(
                effect=Effect.ALLOW,
                actions=("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
                resources=(group, f"{group}:*"),
            ),
            Statement(effect=Effect.ALLOW, actions=("logs:DescribeLogGroups",), resources=("*",)),
        )
    )
