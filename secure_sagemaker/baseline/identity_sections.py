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
    MfaSerial,
    SessionName,
    SessionTagValue,
    TagKey,
)
from secure_sagemaker.baseline.section import ReadOnly, Section, contradiction, listed

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

    def __contains__(self, arn: object) -> bool:
        return arn == self.default or arn in self.allowed


class SessionPolicy(Section):
    """What narrows the assumed role's session further."""

    policy_arns: Annotated[tuple[PolicyArn, ...], Field(max_length=10)] = ()
    """Managed policies passed with AssumeRole: the session holds what they and the role both allow."""
    task: str | None = None
    """The task whose inline policy is generated. Refused by this version."""
