"""What ``verify`` tells: who the session is, from whom, under which baseline and policies."""

from __future__ import annotations

from secure_sagemaker.baseline import SecurityBaseline, Waiver
from secure_sagemaker.identity import AssumedRole, PassedPolicies, SourceKey
from secure_sagemaker.identity.proof import Caller
from secure_sagemaker.report import Verification

__all__ = ["verification"]


def verification(
    baseline: SecurityBaseline,
    *,
    caller: Caller,
    keys: tuple[tuple[str, str], ...],
    role: AssumedRole,
    source: SourceKey | None,
    policies: PassedPolicies,
    waivers: tuple[Waiver, ...],
) -> Verification:
    """What is known once the role is assumed.

    Args:
        baseline: What the session is held to.
        caller: Whom AWS says that it is.
        keys: Each key reference of the baseline, and its ARN.
        role: The role, assumed.
        source: What assumed it; None where another process did.
        policies: The session policies that were passed.
        waivers: Those in force.
    """
    principal = role.principal
    return Verification(
        principal=caller.arn,
        account=caller.account,
        region=baseline.region,
        expires=principal.expires if principal else "",
        layers=baseline.layers,
        baseline_digest=baseline.digest,
        keys=keys,
        packed_policy_size=principal.packed_policy_size if principal else None,
        source=source.method if source else None,
        source_key=("long-lived" if source.long_lived else "temporary") if source else None,
        mfa_device=baseline.role.mfa_serial,
        mfa_age_seconds=role.mfa_age_seconds,
        source_identity=role.source_identity,
        tags=tuple(role.tags.items()),
        transitive_tags=tuple(baseline.role.transitive_tags),
        policy_arns=policies.arns,
        tasks=tuple(map(str, policies.tasks)),
        policy_characters=policies.characters,
        client_only=tuple(left.guard for left in policies.left_out),
        waivers=waivers,
    )
