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
    TagKey,
    TagValue,
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
    """The role session name that CloudTrail shows; by default ``secure-sagemaker``."""
    source_identity: SessionName | None = None
    """Who is behind the session; AWS keeps it through role chaining. The trust policy must allow
    ``sts:SetSourceIdentity``."""
    external_id: ExternalId | None = None
    """The external id that the role's trust policy asks for."""
    tags: Annotated[Mapping[TagKey, TagValue], *ReadOnly] = Field(default_factory=dict, validate_default=True)
    """Session tags. The trust policy must allow ``sts:TagSession``. At most 50."""
    transitive_tags: tuple[TagKey, ...] = ()
    """The keys of ``tags`` that stay with the session through role chaining."""
    duration_seconds: Annotated[int, Field(ge=900, le=43200)] = 3600
    """How long one set of credentials lives, in seconds. Role chaining is capped at 3600 by AWS."""
    mfa_serial: MfaSerial | None = None
    """The MFA device (serial number or ARN) of an IAM user, when the trust policy demands MFA. The code is
    asked for once by ``SecureSession(mfa_token=...)``, and buys a session token for twelve hours."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(self.tags) > 50:
            raise contradiction(
                "role.tags", f"{len(self.tags)} session tags", "state 50 at most, as STS does"
            )
        unknown = set(self.transitive_tags) - set(self.tags)
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
