"""The parts of a SecurityBaseline, frozen and validated."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from ipaddress import ip_network
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal, Self, TypeVar, assert_never

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from secure_sagemaker.baseline.arns import AccountId, KmsKeyReference, PolicyArn, RoleArn
from secure_sagemaker.baseline.docstrings import field_docstrings
from secure_sagemaker.baseline.images import ImageSources
from secure_sagemaker.baseline.vocabulary import ControlId, IsolationMode, KindOfWork

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

__all__ = [
    "DataPerimeter",
    "ExecutionRoles",
    "Hardening",
    "Images",
    "InstanceFamily",
    "KmsKeys",
    "LayerRecord",
    "Macie",
    "NetworkIsolation",
    "Pipelines",
    "PrivateLink",
    "ReadOnly",
    "References",
    "Region",
    "Role",
    "Secrets",
    "Section",
    "SessionPolicy",
    "TagKey",
    "TagValue",
    "Vpc",
    "Waiver",
    "contradiction",
    "in_one_order",
    "listed",
]

K = TypeVar("K")
V = TypeVar("V")


def _read_only(value: Mapping[K, V]) -> Mapping[K, V]:
    return MappingProxyType(dict(value))


def _not_reserved(key: str) -> str:
    if key.lower().startswith("aws:"):
        raise ValueError(f"{key!r}: AWS reserves tag keys that begin with 'aws:'; choose another")
    return key


def _context_key(key: str) -> str:
    if key.lower().startswith("aws:"):
        raise ValueError(f"{key!r}: AWS reserves context keys that begin with 'aws:'; choose another")
    return key


def _network(text: str) -> str:
    try:
        ip_network(text)
    except ValueError as wrong:
        raise ValueError(f"{text!r} is no network in CIDR notation: {wrong}") from None
    return text


ReadOnly = (AfterValidator(_read_only), PlainSerializer(dict))

SubnetId = Annotated[str, StringConstraints(pattern=r"^subnet-[0-9a-f]{8,17}$")]
SecurityGroupId = Annotated[str, StringConstraints(pattern=r"^sg-[0-9a-f]{8,17}$")]
VpcId = Annotated[str, StringConstraints(pattern=r"^vpc-[0-9a-f]{8,17}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,4}(-[a-z]+)+-[0-9]+$")]
BucketName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
BucketOrAccessPoint = Annotated[
    str,
    StringConstraints(
        pattern=r"^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
        r"|arn:aws(-[a-z]+)*:s3:[a-z0-9-]+:[0-9]{12}:accesspoint/[a-z0-9][a-z0-9-]{1,48}[a-z0-9])$"
    ),
]
SessionName = Annotated[
    str,
    StringConstraints(
        min_length=2, max_length=64, pattern=r"^(?:[A-Za-z0-9_+=,.@-]|\{(?:user|workload)\})+$"
    ),
]
TagKey = Annotated[
    str,
    StringConstraints(min_length=1, max_length=128, pattern=r"^[\w\s.:/=+@-]+$"),
    AfterValidator(_not_reserved),
]
TagValue = Annotated[str, StringConstraints(max_length=256, pattern=r"^[\w\s.:/=+@-]*$")]
SessionTagValue = Annotated[
    str, StringConstraints(max_length=256, pattern=r"^(?:[\w\s.:/=+@-]|\{(?:user|workload)\})*$")
]
ContextKey = Annotated[
    str, StringConstraints(min_length=1, max_length=128, pattern=r"^[\w./:-]+$"), AfterValidator(_context_key)
]
ContextValue = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[\w./:-]+$")]
InstanceFamily = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
Origin = Annotated[
    str,  # without TLS only to this very machine
    StringConstraints(
        pattern=r"^(https://[A-Za-z0-9.\-\[\]:]+|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?)$"
    ),
]
Network = Annotated[str, AfterValidator(_network)]
SecretKey = Annotated[str, StringConstraints(min_length=1, max_length=512)]
Reason = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Listed = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
OperationName = Annotated[str, StringConstraints(pattern=r"^(\*|[A-Z][A-Za-z0-9]+)$")]
NamePattern = Annotated[str, StringConstraints(min_length=1)]
ExternalId = Annotated[str, StringConstraints(min_length=2, max_length=1224, pattern=r"^[\w+=,.@:/-]+$")]
MfaSerial = Annotated[str, StringConstraints(min_length=9, max_length=256, pattern=r"^[\w+=/:,.@-]+$")]


def contradiction(field: str, problem: str, remedy: str) -> PydanticCustomError:
    """The error of values that are each valid, but not together."""
    stated = {"field": field, "problem": problem, "remedy": remedy}
    return PydanticCustomError("contradiction", "{field}: {problem}: {remedy}", stated)


def listed(items: Iterable[str]) -> str:
    """The items as a person lists them, in order."""
    return ", ".join(str(item) for item in sorted(items))


def in_one_order(stated: object) -> str:
    """A structure as JSON, whatever the order it was written in: its lists are sets."""
    return json.dumps(_sorted(stated), sort_keys=True, separators=(",", ":"))


def _sorted(stated: object) -> object:
    match stated:
        case Mapping():
            return {key: _sorted(value) for key, value in stated.items()}
        case list():
            return sorted((_sorted(item) for item in stated), key=in_one_order)
        case _:
            return stated


class Section(BaseModel):
    """What every part of a baseline is: frozen, validated when it is made, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def model_copy(self, *, update: Mapping[str, object] | None = None, deep: bool = False) -> Self:  # noqa: ARG002  # pydantic's own signature
        """Itself, for nothing in it can change; with ``update`` a new one, validated like any other."""
        return type(self).model_validate({**dict(self), **update}) if update else self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler, /
    ) -> JsonSchemaValue:
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        for name, text in field_docstrings(cls).items():
            if name in properties:
                properties[name]["description"] = text
        return schema

    def canonical(self) -> str:
        """All that it states, as JSON in one order: what says the same has the same text."""
        return in_one_order(self.model_dump(mode="json"))

    def __hash__(self) -> int:
        return hash(self.canonical())

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object] | None = None) -> Self:
        return self

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        # A read-only mapping cannot be pickled; what it states can.
        return type(self).model_validate, (self.model_dump(mode="json"),)


class Role(Section):
    """The role that every call of the session is signed with."""

    arn: RoleArn
    """The role to assume, such as ``arn:aws:iam::111122223333:role/ml-launcher``."""
    session_name: SessionName | None = None
    """The role session name that CloudTrail shows; by default ``secure-sagemaker``. ``{user}`` stands for
    the machine's user, ``{workload}`` for the job, function or CI run that the program is, or else the user."""
    source_identity: SessionName | None = None
    """Who is behind the session; AWS keeps it through role chaining. The trust policy must allow
    ``sts:SetSourceIdentity``. ``{user}`` and ``{workload}`` as in ``session_name``."""
    external_id: ExternalId | None = None
    """The external id that the role's trust policy asks for."""
    tags: Annotated[Mapping[TagKey, SessionTagValue], *ReadOnly] = Field(
        default_factory=dict, validate_default=True
    )
    """Session tags. The trust policy must allow ``sts:TagSession``. At most 50, ``digest_tag`` included.
    ``{user}`` and ``{workload}`` as in ``session_name``."""
    digest_tag: TagKey | None = None
    """The key of a session tag that says under which baseline the session was made: its digest. A trust policy
    can demand it, and CloudTrail shows it."""
    transitive_tags: tuple[TagKey, ...] = ()
    """The keys of ``tags`` that stay with the session through role chaining."""
    duration_seconds: Annotated[int, Field(ge=900, le=43200)] = 3600
    """How long one set of credentials lives, in seconds. Role chaining is capped at 3600 by AWS."""
    mfa_serial: MfaSerial | None = None
    """The MFA device (serial number or ARN) of an IAM user, when the trust policy demands MFA. The code is
    asked for once by ``SecureSession(mfa_token=...)``, and buys a session token for ``mfa_max_age_seconds``."""
    mfa_max_age_seconds: Annotated[int, Field(ge=900, le=129600)] = 43200
    """How old MFA may be, in seconds, before a code is asked for again."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.digest_tag in self.tags:
            raise contradiction(
                "role.digest_tag", f"role.tags states {self.digest_tag!r} too", "give it a key of its own"
            )
        if len(self.tags) + (self.digest_tag is not None) > 50:
            raise contradiction(
                "role.tags", f"{len(self.tags)} session tags", "state 50 at most, as STS does"
            )
        unknown = set(self.transitive_tags) - {*self.tags, self.digest_tag}
        if unknown:
            raise contradiction(
                "role.transitive_tags",
                f"no tags of the role are {listed(unknown)}",
                "state them in role.tags too",
            )
        return self


class ExecutionRoles(Section):
    """The roles that SageMaker may be given for jobs, models and domains."""

    default: RoleArn
    """The role injected where a call names none."""
    allowed: tuple[RoleArn, ...] = ()
    """Further roles a caller may name."""

    def __contains__(self, arn: object) -> bool:
        return arn == self.default or arn in self.allowed


class KmsKeys(Section):
    """The KMS keys that data is encrypted with. ARN, alias or key id."""

    default: KmsKeyReference | None = None
    """The key used where none more particular is stated."""
    volume: KmsKeyReference | None = None
    """The key for storage volumes of jobs, endpoints, notebooks and domains."""
    output: KmsKeyReference | None = None
    """The key for what SageMaker writes to S3: artifacts, results, captures."""
    s3: KmsKeyReference | None = None
    """The key for what this program itself writes to S3."""
    s3_encryption_context: Annotated[Mapping[ContextKey, ContextValue], *ReadOnly] = Field(
        default_factory=dict, validate_default=True
    )
    """Pairs that KMS is told with every object this program writes, for the key's policy and CloudTrail.
    They are stored in clear: no secrets."""
    allowed: tuple[KmsKeyReference, ...] = ()
    """Further keys a caller may name."""
    aws_managed: tuple[ControlId, ...] = ()
    """Controls for which AWS-managed keys are meant on purpose: the member is omitted then."""
    endpoint_local_storage: Literal["inject", "omit", "refuse"] = "inject"
    """What to do with an endpoint's volume key when a variant's instance type has local storage.
    AWS's pages disagree on whether such a call is accepted; the key never encrypts the local disk."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        stated = {
            ControlId.KMS_VOLUME_KEY: ("volume", self.volume),
            ControlId.KMS_OUTPUT_KEY: ("output", self.output),
            ControlId.S3_ENCRYPTION: ("s3", self.s3),
            ControlId.KMS_RESOURCE_KEY: ("default", self.default),
        }
        foreign = set(self.aws_managed) - stated.keys()
        if foreign:
            raise contradiction(
                "kms.aws_managed",
                f"{listed(foreign)}: no key belongs to it",
                f"choose among {listed(stated)}",
            )
        for control, (name, key) in stated.items():
            managed = control in self.aws_managed
            if key is not None and managed and name != "default":
                raise contradiction(
                    f"kms.{name}",
                    f"a key is stated, and kms.aws_managed says that {control} has none",
                    "keep one of the two",
                )
            if key is None and not managed and self.default is None:
                name = name if any(self.references()) else "default"
                raise contradiction(
                    f"kms.{name}",
                    f"nothing says which key {control} takes",
                    "state kms.default, which serves wherever nothing more particular is stated"
                    + ("" if name == "default" else f", or kms.{name}"),
                )
        return self

    def references(self) -> Iterator[str]:
        """Every key reference stated, each once."""
        stated = (self.default, self.volume, self.output, self.s3, *self.allowed)
        return iter(dict.fromkeys(key for key in stated if key is not None))


class Vpc(Section):
    """The network that jobs, models and notebooks are attached to."""

    subnets: Annotated[tuple[SubnetId, ...], Field(min_length=1, max_length=16)]
    """The subnets. A caller may use a subset of them, never others."""
    security_groups: Annotated[tuple[SecurityGroupId, ...], Field(min_length=1, max_length=5)]
    """The security groups. A caller may use a subset of them, never others."""
    vpc_id: VpcId | None = None
    """The VPC itself: domains and workforces name it."""


class NetworkIsolation(Section):
    """Whether containers have a network, stated for each kind of work: there is no silent default."""

    training: IsolationMode
    """Training jobs."""
    processing: IsolationMode
    """Processing jobs."""
    tuning: IsolationMode
    """The training jobs of hyperparameter tuning."""
    models: IsolationMode
    """Models, and so the endpoints and transform jobs that run in them."""
    monitoring: IsolationMode
    """Monitoring job definitions and schedules."""

    def mode(self, kind: KindOfWork) -> IsolationMode:
        """The mode for a kind of work."""
        match kind:
            case KindOfWork.TRAINING:
                return self.training
            case KindOfWork.PROCESSING:
                return self.processing
            case KindOfWork.TUNING:
                return self.tuning
            case KindOfWork.MODELS:
                return self.models
            case KindOfWork.MONITORING:
                return self.monitoring
            case _:
                assert_never(kind)


class Hardening(Section):
    """Settings that are on or off whatever the workload is."""

    inter_container_encryption: bool = True
    """Traffic between the containers of a distributed job is encrypted."""
    allow_remote_debug: bool = False
    """A shell into running training containers."""
    allow_ssm_access: bool = False
    """A shell into endpoint instances through Systems Manager."""
    allow_remote_access: bool = False
    """Connections from a local IDE into a Studio space."""
    allow_docker_access: bool = False
    """Docker inside Studio applications."""
    allow_root_access: bool = False
    """Root for the users of a notebook instance."""
    allow_direct_internet_access: bool = False
    """Notebook instances and domains with internet access outside the VPC."""
    allow_public_workforce: bool = False
    """Labeling and review by the public workforce (Amazon Mechanical Turk)."""
    minimum_imds_version: Literal[1, 2] = 2
    """The lowest instance metadata service version of notebook instances."""
    vpc_image_repositories_only: bool = False
    """Images come from private registries reached through the VPC, never from ECR's public side."""


class DataPerimeter(Section):
    """The S3 buckets that may be used, each with the account that owns it."""

    write: Annotated[Mapping[BucketOrAccessPoint, AccountId], *ReadOnly] = Field(
        default_factory=dict, validate_default=True
    )
    """Buckets that may be written and read. An access point, by its ARN or alias, is named like a bucket,
    with the account that owns the bucket behind it."""
    read: Annotated[Mapping[BucketOrAccessPoint, AccountId], *ReadOnly] = Field(
        default_factory=dict, validate_default=True
    )
    """Further buckets that may only be read."""
    aws_public_buckets: tuple[BucketName, ...] = ()
    """AWS's own public buckets that may be read, such as ``jumpstart-cache-prod-eu-west-1``. AWS publishes no
    owner for them, so none is verified; where you know it, name the bucket in ``read`` instead."""
    default_bucket: BucketName | None = None
    """The bucket for what the SDK uploads; one of ``write``."""
    create_buckets: bool = False
    """Whether ``SecureSession.create_bucket`` may make the buckets of ``write`` that the role's own account
    owns. Other ways to create a bucket stay refused."""
    presigned_seconds: Annotated[int, Field(ge=1, le=604800)] = 3600
    """How long a presigned URL or form is good for at most, in seconds."""
    trusted_accounts: tuple[AccountId, ...] = ()
    """Accounts beside the role's own that a resource policy may name."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.default_bucket is not None and self.default_bucket not in self.write:
            raise contradiction(
                "data_perimeter.default_bucket",
                f"{self.default_bucket!r} is not in data_perimeter.write",
                "add it there with its owner",
            )
        clash = {name for name, owner in self.write.items() if self.read.get(name, owner) != owner}
        if clash:
            raise contradiction(
                "data_perimeter.read",
                f"data_perimeter.write names another owner of {listed(clash)}",
                "state each bucket once: what may be written may be read",
            )
        owned = {name for name in self.aws_public_buckets if self.owner(name) is not None}
        if owned:
            raise contradiction(
                "data_perimeter.aws_public_buckets",
                f"the owner of {listed(owned)} is stated in data_perimeter.read or write",
                "name it there alone, so that the owner is verified",
            )
        return self

    def owner(self, bucket: str) -> str | None:
        """The account that must own the bucket, or None for one without a stated owner."""
        return self.write.get(bucket) or self.read.get(bucket)

    def permits(self, bucket: str, *, written: bool) -> bool:
        """Whether the bucket may be written, or read."""
        if written:
            return bucket in self.write
        return self.owner(bucket) is not None or bucket in self.aws_public_buckets


class Images(Section):
    """Where container images may come from."""

    allowed: ImageSources = ()
    """The accounts, registries and repositories whose images may run; any may when it is empty. An account
    stands for its private ECR registries, its algorithms and its model packages; a registry may be narrowed
    by the beginning of a repository's path; ``aws`` stands for SageMaker's own images."""
    require_digest: bool = False
    """Images are named by their digest, so that their content cannot change."""


class Secrets(Section):
    """What is called like a secret, or looks like one, and is none."""

    allow: Annotated[Mapping[SecretKey, Reason], *ReadOnly] = Field(
        default_factory=dict, validate_default=True
    )
    """Names of environment variables, hyperparameters, options or members whose values are let through, each
    with the reason. The name is exact; of a value inside a JSON text it is the path, such as ``config.api_key``."""


class Pipelines(Section):
    """What the steps of a pipeline may do outside of SageMaker, where nothing is examined."""

    targets: tuple[Listed, ...] = ()
    """What steps may call: the ARNs of Lambda functions, the URLs of callback queues, the ids of EMR clusters
    and EMR Serverless applications, the instance profiles and images of EMR's nodes. Each by its exact name."""
    emr_security_configurations: tuple[Listed, ...] = ()
    """The security configurations, which hold the encryption, of the clusters that EMR steps make."""
    step_types: tuple[Listed, ...] = ()
    """Types of steps that this library does not know and that somebody has looked at."""


class References(Section):
    """What calls name instead of carry: described before the call is sent, and held to the controls."""

    invoke: bool = False
    """Calls of the data plane too (``InvokeEndpoint``, ``PutRecord`` and the like): one Describe more for each."""


class PrivateLink(Section):
    """How AWS is reached. Everything but ``allowed_endpoint_urls`` is refused by this version."""

    required: bool = False
    """Every call goes over PrivateLink, or not at all."""
    services: Annotated[Mapping[str, Literal["private-dns", "endpoint", "gateway", "public"]], *ReadOnly] = (
        Field(default_factory=dict, validate_default=True)
    )
    """Per service, how it is reached."""
    endpoints: Annotated[Mapping[str, str], *ReadOnly] = Field(default_factory=dict, validate_default=True)
    """Per service, the VPC endpoint's id or host name."""
    allowed_networks: tuple[Network, ...] = ()
    """Networks (CIDR) whose addresses may answer; empty when any may."""
    allowed_endpoint_urls: tuple[Origin, ...] = ()
    """Origins (``https://host[:port]``) beside AWS's own that a client may be pointed to; ``http``
    for this very machine only."""


class SessionPolicy(Section):
    """What narrows the assumed role's session further."""

    policy_arns: Annotated[tuple[PolicyArn, ...], Field(max_length=10)] = ()
    """Managed policies passed with AssumeRole: the session holds what they and the role both allow."""
    task: str | None = None
    """The task whose inline policy is generated. Refused by this version."""


class Macie(Section):
    """What Amazon Macie must have said of input data. Any mode but ``off`` is refused by this version."""

    mode: Literal["off", "observe", "require", "scan"] = "off"
    """Whether inputs need a verdict, and whether one is obtained within the call."""
    minimum_coverage: Annotated[float, Field(ge=0, le=1)] = 1.0
    """The share of objects that must have been read, from 0 to 1."""
    maximum_age_days: Annotated[int, Field(ge=0)] = 30
    """How old a verdict may be, in days."""
    maximum_cost_usd: Annotated[float, Field(ge=0)] | None = None
    """The highest estimated cost of one scan, in US dollars."""


class Waiver(Section):
    """A case that a control excuses, on purpose, for a time. Every use is recorded."""

    control: ControlId
    """The control that is excused."""
    operations: Annotated[tuple[OperationName, ...], Field(min_length=1)]
    """The API operations it holds for, such as ``CreateTrainingJob``; ``*`` for all."""
    resources: tuple[NamePattern, ...] = ()
    """Name patterns (``churn-*``) of the resources it holds for. Empty when ``resource_tags`` narrows it."""
    resource_tags: Annotated[Mapping[str, str], *ReadOnly] = Field(
        default_factory=dict, validate_default=True
    )
    """Tags that the request must carry, all of them."""
    reason: Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
    """Why it is excused."""
    ticket: Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
    """Where it was decided."""
    approver: Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
    """Who decided it."""
    expires: date
    """The last day on which it holds (UTC)."""

    @model_validator(mode="after")
    def _narrow(self) -> Self:
        if not self.resources and not self.resource_tags:
            raise contradiction(
                "resources",
                "nothing says what is excused",
                "state name patterns in resources (['churn-*']; ['*'] excuses every name), or resource_tags",
            )
        return self


class LayerRecord(Section):
    """Where a part of the baseline came from, as audit records show it."""

    name: str
    """Such as ``organisation``, ``project``, ``project[env.prod]`` or ``call``."""
    source: str
    """The file, parameter or object it was read from."""
    digest: str
    """SHA-256 of what was read, in hexadecimal."""
