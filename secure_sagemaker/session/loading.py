"""The baseline that a session is held to: given, read or found, and one that this version can hold to."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from ipaddress import ip_network
from pathlib import Path

import boto3
from botocore.client import BaseClient

from secure_sagemaker.baseline import BaselineDocument, SecurityBaseline, find_file, read_document
from secure_sagemaker.controls import Action, Decision, judge_public_service
from secure_sagemaker.exceptions import BaselineError
from secure_sagemaker.identity import read_anchor

__all__ = ["load", "usable"]

logger = logging.getLogger(__name__)

_WIDEST = {4: 8, 6: 7}  # 10.0.0.0/8 and fc00::/7


def load(
    baseline: SecurityBaseline | str | Path | None,
    *,
    env: str | None,
    region: str | None,
    source: boto3.Session,
    hold: Callable[[BaseClient], object],
    today: date,
) -> SecurityBaseline:
    """The baseline as it holds in a region; ``hold`` is given each client that reads an organisation's layer.

    Raises:
        BaselineError: It is missing, malformed, loosened, or says nothing about the region.
    """
    if isinstance(baseline, SecurityBaseline):
        if env is not None:
            raise BaselineError(
                "env= goes with a baseline file",
                remedy="leave it out, or resolve the file with SecurityBaseline.from_file(path, env=...)",
                field="env",
            )
        return baseline if region is None else baseline.for_region(region, today=today)
    document: BaselineDocument = read_document(
        baseline or find_file(),
        read_anchor=lambda location: read_anchor(
            location, source=source, region=region or source.region_name, hold=hold
        ),
    )
    return document.resolve(
        env=env, region=region, ambient_region=None if region else source.region_name, today=today
    )


def usable(baseline: SecurityBaseline, *, today: date) -> SecurityBaseline:
    """The baseline itself.

    Raises:
        BaselineError: A waiver of it has expired, or its private network is none.
    """
    for waiver in baseline.expired_waivers(today):
        raise BaselineError(
            f"the waiver of {waiver.control} ({waiver.ticket}) expired on {waiver.expires.isoformat()}",
            remedy="remove it, or have it approved anew with a later date",
            field="waivers",
        )
    if baseline.privatelink.required:
        for network in map(ip_network, baseline.privatelink.allowed_networks):
            if network.prefixlen < _WIDEST[network.version]:
                raise BaselineError(
                    f"{network} is wider than any private network, and privatelink.required is on",
                    remedy="state the CIDR blocks of the VPC",
                    field="privatelink.allowed_networks",
                )
    for service, mode in baseline.privatelink.services.items():
        if mode == "public":
            _hold_public(judge_public_service(baseline, service, today=today))
    return baseline


def _hold_public(decision: Decision) -> None:
    if decision.action is Action.REFUSED:
        raise BaselineError(
            f"it is to be reached publicly, and no waiver of {decision.control_id} names it: {decision.why}",
            remedy=decision.remedy,
            field=decision.path,
        )
    if decision.action is Action.OBSERVED:
        logger.warning("%s is 'public': %s is only observed", decision.path, decision.control_id)
