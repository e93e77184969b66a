"""``endpoints``: which VPC endpoints AWS's services are reached by."""

import json
from enum import StrEnum
from typing import Annotated, assert_never

import typer

from secure_sagemaker import SecureSession, mfa_prompt
from secure_sagemaker.cli.options import BaselineOption, EnvOption, ProfileOption, RegionOption

__all__ = ["endpoints"]


class Format(StrEnum):
    """How it is told."""

    TOML = "toml"
    JSON = "json"


def endpoints(
    baseline: BaselineOption = None,
    env: EnvOption = None,
    region: RegionOption = None,
    profile: ProfileOption = None,
    zone: Annotated[
        str | None,
        typer.Option(metavar="ZONE", help="The availability zone to prefer; by default this machine's."),
    ] = None,
    format_: Annotated[
        Format, typer.Option("--format", metavar="toml|json", help="How to tell it.")
    ] = Format.TOML,
) -> None:
    """Ask EC2 which VPC endpoints serve what a session calls, in the VPC of the baseline's subnets.

    What it prints is the section of a baseline file that has each service reached so. Changes nothing.
    """
    session = SecureSession(baseline, env=env, region_name=region, source=profile, mfa_token=mfa_prompt)
    found = session.discover(availability_zone=zone)
    match format_:
        case Format.TOML:
            print(found, end="")
        case Format.JSON:
            print(json.dumps({**found.layer, "missing": list(found.missing)}, indent=2))
        case _:
            assert_never(format_)
