"""``template``: a conforming environment as a stack to deploy. Nothing is asked of AWS, and nothing changed."""

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, assert_never

import typer

from secure_sagemaker.cli.exit_codes import ExitCode
from secure_sagemaker.cli.options import EnvOption, FileArgument, RegionOption
from secure_sagemaker.cli.output import CommandError
from secure_sagemaker.cli.reading import read_baseline
from secure_sagemaker.templates import cloudformation, environment, terraform

__all__ = ["template"]


class Format(StrEnum):
    """What it is deployed with."""

    CLOUDFORMATION = "cloudformation"
    TERRAFORM = "terraform"


def template(
    file: FileArgument = None,
    env: EnvOption = None,
    region: RegionOption = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            "--source",
            metavar="ARN",
            show_default=False,
            help="Who may assume the baseline's role, once for each.",
        ),
    ] = None,
    network: Annotated[
        str, typer.Option("--network", metavar="CIDR", help="The addresses of the VPC.")
    ] = "10.0.0.0/16",
    zones: Annotated[
        int, typer.Option("--zones", metavar="NUMBER", help="How many availability zones it is in.")
    ] = 2,
    format_: Annotated[
        Format, typer.Option("--format", metavar="cloudformation|terraform", help="How to write it.")
    ] = Format.CLOUDFORMATION,
) -> None:
    """Print a stack with everything that the baseline needs: network, endpoints, roles, keys, buckets.

    Both are JSON; Terraform's is for a file that ends in .tf.json. Roles, aliases and buckets are named as the baseline
    names them; its outputs are what the baseline then says of the network.
    """
    baseline = read_baseline(file, env=env, region=region).baseline
    if not source:
        raise CommandError(
            "nobody is named who may assume the baseline's role",
            remedy="name them: --source ARN",
            code=ExitCode.USAGE,
        )
    made = environment(baseline, sources=source, today=datetime.now(UTC).date(), network=network, zones=zones)
    match format_:
        case Format.CLOUDFORMATION:
            written = cloudformation(made)
        case Format.TERRAFORM:
            written = terraform(made)
        case _:
            assert_never(format_)
    print(json.dumps(written, indent=1))  # CloudFormation takes 51,200 characters by itself
