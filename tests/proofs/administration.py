"""What an administrator deploys for a baseline, held to what it is for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import z3

from secure_sagemaker.identity.policies.administration import permissions_boundary, service_control_policies
from secure_sagemaker.identity.policies.guardrail import UNSCOPED
from secure_sagemaker.identity.policies.projection import Projection
from tests.proofs.globs import arn
from tests.proofs.keys import Keys
from tests.proofs.laws import Law, Laws, no_law
from tests.proofs.policies import NO, Case, Statement, read
from tests.proofs.proof import Subject
from tests.proofs.sessions import BASELINES, settings
from tests.proofs.tasks import YES
from tools.golden import TODAY

__all__ = ["boundary", "organisation"]

ADMINISTRATORS = ("arn:aws:iam::*:role/administrators/*",)
# What the tasks and the jobs that they start touch at all.
WHOLE_SERVICES = frozenset({"cloudwatch", "ecr", "kms", "logs", "s3", "s3express", "sagemaker"})
NETWORK = ("CreateNetworkInterface", "DeleteNetworkInterface", "Describe", "GetManagedPrefixListEntries")
# What preflight reads of roles, to tell what they may do.
OF_ROLES = frozenset(
    {"iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"}
)
OF_MACIE = frozenset(
    {
        "macie2:GetAutomatedDiscoveryConfiguration",
        "macie2:GetClassificationExportConfiguration",
        "macie2:GetMacieSession",
    }
)
OF_POLICIES = frozenset({"iam:GetPolicy", "iam:GetPolicyVersion"})


def _projection(name: str) -> Projection:
    stated = BASELINES[name]
    return Projection(
        baseline=stated.baseline,
        today=TODAY,
        key_arns=stated.arns,
    )


@cache
def boundary(name: str) -> Subject:
    """A role of any permissions behind the boundary: the services of the work, and the baseline's roles."""
    baseline = BASELINES[name].baseline
    executing = (baseline.execution_roles.default, *baseline.execution_roles.allowed)
    policies = arn(f"arn:{baseline.role_arn.partition}:iam::*:policy/*")

    def wanted(case: Case, _: Keys) -> tuple[z3.BoolRef, z3.BoolRef]:
        operation = case.name.partition(":")[2]
        within = (
            case.service in WHOLE_SERVICES
            or (case.service == "ec2" and operation.casefold().startswith(tuple(map(str.casefold, NETWORK))))
            or case.name in OF_MACIE
            or case.name == "sts:GetCallerIdentity"
            or (case.name == "iam:PassRole" and case.resource in executing)
            or (case.name in OF_ROLES and case.resource in (*executing, baseline.role.arn))
            or (case.name in OF_POLICIES and policies.matches(case.resource))
        )
        return (YES, YES) if within else (NO, NO)

    layer = read(permissions_boundary(_projection(name)).to_json())
    return Subject([layer], Laws(settings(name), chosen=no_law), wanted=wanted)


@cache
def organisation(name: str) -> Subject:
    """A role of any permissions, no administrator's, in an account under the service control policies."""
    setting = replace(settings(name), excepted_roles=ADMINISTRATORS)

    def wanted(_: Case, __: Keys) -> tuple[z3.BoolRef, z3.BoolRef]:
        return YES, YES

    def of_sagemaker(law: Law) -> bool:
        return law.everywhere == "sagemaker" or any(name.startswith("sagemaker:") for name in law.actions)

    return Subject(
        [(*read(UNSCOPED.to_json()), *_organisation(name))],
        Laws(setting, chosen=of_sagemaker),
        wanted=wanted,
    )


def _organisation(name: str) -> Iterator[Statement]:
    for policy in service_control_policies(_projection(name), except_roles=ADMINISTRATORS):
        yield from read(policy.to_json())
