"""``whoami``: who a session from here is."""

import json
from enum import StrEnum
from typing import Annotated, assert_never

import typer

from secure_sagemaker import SecureSession, mfa_prompt
from secure_sagemaker.cli.options import BaselineOption, EnvOption, ProfileOption, RegionOption
from secure_sagemaker.cli.output import result

__all__ = ["whoami"]


class Format(StrEnum):
    """How it is told."""

    TEXT = "text"
    JSON = "json"


def whoami(
    baseline: BaselineOption = None,
    env: EnvOption = None,
    region: RegionOption = None,
    profile: ProfileOption = None,
    format_: Annotated[
        Format, typer.Option("--format", metavar="text|json", help="How to tell it.")
    ] = Format.TEXT,
) -> None:
    """Assume the role, and say who that is for AWS.

    Tells the principal, what assumed it, until when, with which tags and policies, under which baseline, and which
    keys that means. Changes nothing. Where the baseline names an MFA device, its code is asked for at the terminal.
    """
    session = SecureSession(baseline, env=env, region_name=region, source=profile, mfa_token=mfa_prompt)
    verified = session.verify()
    match format_:
        case Format.TEXT:
            result().print(str(verified), soft_wrap=True)
        case Format.JSON:
            print(json.dumps(verified.as_dict(), indent=2))
        case _:
            assert_never(format_)
