"""Looks at what a baseline names, and says what each check finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from secure_sagemaker.baseline import SecurityBaseline
from secure_sagemaker.preflight.facts import WantedNetwork
from secure_sagemaker.preflight.network import decide_network
from secure_sagemaker.preflight.reading import Reader, read_network
from secure_sagemaker.preflight.report import PreflightReport

if TYPE_CHECKING:
    import boto3

__all__ = ["inspect", "wanted_network"]


def wanted_network(baseline: SecurityBaseline) -> WantedNetwork:
    """What a baseline says of the network."""
    return WantedNetwork(
        region=baseline.region,
        partition=baseline.role_arn.partition,
        account=baseline.account,
        role=baseline.role.arn,
        subnets=baseline.vpc.subnets,
        groups=baseline.vpc.security_groups,
        vpc=baseline.vpc.vpc_id,
    )


def inspect(baseline: SecurityBaseline, session: boto3.Session) -> PreflightReport:
    """Ask AWS about everything that the checks need, and decide. Changes nothing.

    Args:
        baseline: What must be there.
        session: Signs what is asked.
    """
    wanted = wanted_network(baseline)
    with Reader(session) as reader:
        facts = read_network(reader, wanted)
    return PreflightReport(findings=tuple(decide_network(facts, wanted)))
