"""Who signs, and whom SageMaker may be told to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import (
    Field,
    model_validator,
)

from secure_sagemaker.baseline.arns import PolicyArn, RoleArn
from secure_sagemaker.baseline.patterns import (
    ExternalId,
    InstanceType,
    Locations,
    MfaSerial,
    NamePrefixes,
    ServicePrincipal,
    SessionName,
    SessionTagValue,
    TagKey,
)
from secure_sagemaker.baseline.section import ReadOnly, Section, contradiction, listed
from secure_sagemaker.baseline.vocabulary import Task

__all__ = [
    "ExecutionRoles",
    "Role",
    "SessionPolicy",
]


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
    services: tuple[ServicePrincipal, ...] = ()
    """Services beside SageMaker that may be given one of them, such as ``lambda.amazonaws.com``: policies say so."""

    def __contains__(self, arn: object) -> bool:
        return arn == self.default or arn in self.allowed


class SessionPolicy(Section):
    """What narrows the assumed role's session further. Whatever is not stated is as wide as the baseline."""

    policy_arns: Annotated[tuple[PolicyArn, ...], Field(max_length=10)] = ()
    """Managed policies of yours, passed with AssumeRole: the session holds what one of them and the role allow.
    Not with ``tasks``, which they would widen."""
    guardrail_arns: Annotated[tuple[PolicyArn, ...], Field(max_length=10)] = ()
    """The guardrail's managed policies, as they are deployed (``secure-sagemaker policy guardrail``). They deny
    alone, and are passed with AssumeRole whatever else is."""
    tasks: tuple[Task, ...] = ()
    """The work that the session is for: its policy allows what any of these needs, and nothing else."""
    names: NamePrefixes = ()
    """Names, or beginnings of names with a ``*``, of the jobs, models and so on that the tasks are about."""
    inputs: Locations = ()
    """The S3 locations that the tasks read, such as ``s3://ml-datasets/churn/``; by default whatever the data
    perimeter lists."""
    outputs: Locations = ()
    """The S3 locations that the tasks write, and read back."""
    endpoints: NamePrefixes = ()
    """Names of endpoints, where they are others than ``names``."""
    instance_types: tuple[InstanceType, ...] = ()
    """The instance types that the tasks ask for. Policies are shorter for it: they need not tell apart those whose
    storage takes no key."""
    clarify_jobs: NamePrefixes = ()
    """Names of the processing jobs and schedules that run SageMaker Clarify, which must not be isolated. A policy
    sees no image, so it knows them by their names or not at all."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.tasks and self.policy_arns:
            raise contradiction(
                "session_policy.policy_arns",
                "session_policy.tasks is stated too, and what either policy allows is allowed",
                "attach them to the role, or name them in guardrail_arns where they deny alone",
            )
        if (passed := len({*self.policy_arns, *self.guardrail_arns})) > 10:
            raise contradiction(
                "session_policy.guardrail_arns", f"{passed} managed policies", "state 10 at most, as STS does"
            )
        narrowing = [name for name in _OF_TASKS if getattr(self, name)]
        if narrowing and not self.tasks:
            raise contradiction(
                f"session_policy.{narrowing[0]}",
                "it narrows tasks, and none are stated",
                "state session_policy.tasks",
            )
        return self


_OF_TASKS = ("names", "inputs", "outputs", "endpoints", "instance_types")
