"""Looks at what a baseline names, and says what each check finds."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from secure_sagemaker.baseline import ControlId, SecurityBaseline
from secure_sagemaker.controls.locations import is_directory_bucket, other_than_bucket
from secure_sagemaker.preflight.account import decide_account
from secure_sagemaker.preflight.account_facts import WantedAccount, WantedBucket
from secure_sagemaker.preflight.account_reading import ask_account
from secure_sagemaker.preflight.facts import WantedNetwork
from secure_sagemaker.preflight.network import decide_network
from secure_sagemaker.preflight.reading import Reader, read_network
from secure_sagemaker.preflight.report import PreflightReport
from secure_sagemaker.preflight.services import interfaces

if TYPE_CHECKING:
    import boto3

__all__ = ["inspect", "wanted_account", "wanted_network"]


def wanted_network(baseline: SecurityBaseline) -> WantedNetwork:
    """What a baseline says of the network."""
    perimeter = baseline.data_perimeter
    return WantedNetwork(
        region=baseline.region,
        partition=baseline.role_arn.partition,
        account=baseline.account,
        role=baseline.role.arn,
        subnets=baseline.vpc.subnets,
        groups=baseline.vpc.security_groups,
        vpc=baseline.vpc.vpc_id,
        services=interfaces(baseline),
        trusted_accounts=perimeter.trusted_accounts,
        bucket_owners=tuple(dict.fromkeys((*perimeter.read.values(), *perimeter.write.values()))),
    )


def wanted_account(baseline: SecurityBaseline, *, today: date) -> WantedAccount:
    """What a baseline says of roles, keys, buckets and scans.

    Args:
        baseline: What must be there.
        today: The day on which waivers must still hold.
    """
    from secure_sagemaker.identity.policies import passed_policies

    perimeter, passed = baseline.data_perimeter, passed_policies(baseline, today=today)
    scans, named = baseline.macie.mode != "off", {**perimeter.read, **perimeter.write}
    plain = [name for name in named if not is_directory_bucket(name) and other_than_bucket(name) is None]
    return WantedAccount(
        region=baseline.region,
        partition=baseline.role_arn.partition,
        account=baseline.account,
        role=baseline.role.arn,
        execution_roles=(baseline.execution_roles.default, *baseline.execution_roles.allowed),
        keys=tuple(baseline.kms.references()),
        managed_storage_key=ControlId.S3_ENCRYPTION in baseline.kms.aws_managed,
        buckets=tuple(
            WantedBucket(name=name, owner=named[name], written=name in perimeter.write) for name in plain
        ),
        others=tuple(name for name in named if name not in plain),
        session_policy="" if passed.document is None else passed.document.to_json(),
        session_policy_arns=passed.arns,
        macie=scans,
        bucket_scores=scans and baseline.macie.maximum_bucket_score is not None,
        snapshots=(baseline.macie.snapshot or "") if scans else "",
        trusted_accounts=perimeter.trusted_accounts,
    )


def inspect(baseline: SecurityBaseline, session: boto3.Session, *, today: date) -> PreflightReport:
    """Ask AWS about everything that the checks need, and decide. Changes nothing.

    Args:
        baseline: What must be there.
        session: Signs what is asked.
        today: The day on which waivers must still hold.
    """
    network, account = wanted_network(baseline), wanted_account(baseline, today=today)
    with Reader(session) as reader:
        told = ask_account(reader, account)
        facts, others = read_network(reader, network), told()
    return PreflightReport(
        findings=(*decide_account(others, account), *decide_network(facts, network)),
    )
