"""What a session passes with AssumeRole: the policies that narrow it, whichever the baseline asks for.

One of several session policies allowing something is enough, and one denying it too. So the guardrail, which denies
alone, goes with everything; what allows is the tasks' own policy, or the managed ones that the baseline names, or,
beside a guardrail and nothing else, ``UNSCOPED``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from secure_sagemaker.baseline import KeyReference, SecurityBaseline
from secure_sagemaker.controls import LOOKS
from secure_sagemaker.identity.passed import PassedPolicies
from secure_sagemaker.identity.policies.abbreviation import abbreviated
from secure_sagemaker.identity.policies.documents import Effect, PolicyDocument, Statement
from secure_sagemaker.identity.policies.guardrail import UNSCOPED
from secure_sagemaker.identity.policies.inline import task_policy

__all__ = ["passed_policies", "support_policies", "unresolved_keys"]


def unresolved_keys(baseline: SecurityBaseline) -> tuple[str, ...]:
    """The keys whose ARNs AWS must tell before the policies can be written; none where no task is stated."""
    if not baseline.session_policy.tasks:
        return ()
    return tuple(key for key in baseline.kms.references() if _key_arn(key) is None)


def _key_arn(reference: str) -> str | None:
    parsed = KeyReference.parse(reference)
    return None if parsed is None else parsed.key_arn


def passed_policies(
    baseline: SecurityBaseline, *, today: date, key_arns: Mapping[str, str] | None = None
) -> PassedPolicies:
    """The policies of a session of the baseline.

    Args:
        baseline: What the session is for.
        today: The day on which waivers must still hold.
        key_arns: Key references of the baseline, as written, to key ARNs; without it each stands for some key of
            its own, which tells the size of the policy before AWS has told the keys.

    Raises:
        KeyResolutionError: A key's ARN is not known.
        PolicyError: The tasks' inputs or outputs are none that the baseline lists, or their policy does not fit.
    """
    stated = baseline.session_policy
    arns = tuple(dict.fromkeys((*stated.policy_arns, *stated.guardrail_arns)))
    if not stated.tasks:
        alone = bool(stated.guardrail_arns) and not stated.policy_arns
        return PassedPolicies(arns=arns, document=UNSCOPED if alone else None)
    made = task_policy(
        baseline,
        stated.tasks,
        today=today,
        guardrail=bool(stated.guardrail_arns),
        beside=arns,
        key_arns=_some_keys(baseline) if key_arns is None else key_arns,
    )
    return PassedPolicies(arns=arns, document=made.document, tasks=stated.tasks, left_out=made.left_out)


def _some_keys(baseline: SecurityBaseline) -> Mapping[str, str]:
    before = f"arn:{baseline.role_arn.partition}:kms:{baseline.region}:{baseline.account}:key"
    return {
        reference: f"{before}/00000000-0000-0000-0000-{number:012}"
        for number, reference in enumerate(unresolved_keys(baseline))
    }


_SETTINGS = (
    *("ec2:DescribeFlowLogs", "ec2:DescribeManagedPrefixLists", "ec2:DescribeNetworkAcls"),
    *("ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpc*"),
    *("ec2:GetManagedPrefixListEntries", "iam:GetPolicy", "iam:GetPolicyVersion", "iam:GetRole"),
    *("iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "kms:GetKeyPolicy"),
    *("kms:GetKeyRotationStatus", "macie2:GetAutomatedDiscoveryConfiguration"),
    *("macie2:GetClassificationExportConfiguration", "macie2:GetMacieSession"),
    *("s3:GetBucketLocation", "s3:GetBucketPolicy"),
    *("s3:GetBucketPublicAccessBlock", "s3:GetBucketVersioning", "s3:GetEncryptionConfiguration"),
)
"""What ``preflight`` reads, and what is found out of the VPC: settings and policies, and no data."""


def support_policies() -> PassedPolicies:
    """What the library itself may do: read what the baseline and calls name, and nothing else.

    No managed policy goes with it: beside one that allows, this one would not be the limit.
    """
    actions = ("kms:DescribeKey", *(f"sagemaker:{operation}" for operation in LOOKS), *_SETTINGS)
    allowed = Statement(effect=Effect.ALLOW, actions=actions, resources=("*",))
    return PassedPolicies(document=abbreviated(PolicyDocument(statements=(allowed,))))
