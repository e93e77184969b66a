"""The baseline that a session is held to: given, read or found, and one that this version can hold to."""

from __future__ import annotations

import re
from datetime import date
from ipaddress import ip_network
from pathlib import Path

import boto3

from secure_sagemaker.baseline import BaselineDocument, SecurityBaseline, find_file, read_document
from secure_sagemaker.exceptions import BaselineError, UnsupportedBaselineError
from secure_sagemaker.identity import read_anchor

__all__ = ["load", "usable"]

_WIDEST = {4: 8, 6: 7}  # 10.0.0.0/8 and fc00::/7
_BARE_ID = re.compile(r"vpce-[0-9a-f]+")
_LATER = (
    (
        "privatelink.services",
        lambda baseline: not {"gateway", "public"}.isdisjoint(baseline.privatelink.services.values()),
    ),
    (
        "privatelink.endpoints",
        lambda baseline: any(
            _BARE_ID.fullmatch(stated) for stated in baseline.privatelink.endpoints.values()
        ),
    ),
    ("macie.mode", lambda baseline: baseline.macie.mode != "off"),
)


def load(
    baseline: SecurityBaseline | str | Path | None,
    *,
    env: str | None,
    region: str | None,
    source: boto3.Session,
    today: date,
) -> SecurityBaseline:
    """The baseline as it holds in a region.

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
            location, source=source, region=region or source.region_name
        ),
    )
    return document.resolve(
        env=env, region=region, ambient_region=None if region else source.region_name, today=today
    )


def usable(baseline: SecurityBaseline, *, today: date) -> SecurityBaseline:
    """The baseline itself.

    Raises:
        BaselineError: A waiver of it has expired, or it asks for what this version does not do.
    """
    for waiver in baseline.expired_waivers(today):
        raise BaselineError(
            f"the waiver of {waiver.control} ({waiver.ticket}) expired on {waiver.expires.isoformat()}",
            remedy="remove it, or have it approved anew with a later date",
            field="waivers",
        )
    if baseline.privatelink.required and not baseline.privatelink.allowed_networks:
        raise UnsupportedBaselineError(
            "this version of secure-sagemaker does not find out a VPC's networks by itself",
            remedy="state them in privatelink.allowed_networks: the CIDR blocks of the VPC",
            field="privatelink.required",
        )
    if baseline.privatelink.required:
        for network in map(ip_network, baseline.privatelink.allowed_networks):
            if network.prefixlen < _WIDEST[network.version]:
                raise BaselineError(
                    f"{network} is wider than any private network, and privatelink.required is on",
                    remedy="state the CIDR blocks of the VPC",
                    field="privatelink.allowed_networks",
                )
    for field, asked in _LATER:
        if asked(baseline):
            raise UnsupportedBaselineError(
                "this version of secure-sagemaker does not do that yet, and will not pretend to",
                remedy="leave the field out, or use a version that does it",
                field=field,
            )
    return baseline
