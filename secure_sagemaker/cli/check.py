"""``check``: whether the account is what the baseline says."""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, assert_never

import typer
from rich.text import Text

from secure_sagemaker import SecureSession, mfa_prompt
from secure_sagemaker.cli.exit_codes import ExitCode
from secure_sagemaker.cli.options import BaselineOption, EnvOption, ProfileOption, RegionOption
from secure_sagemaker.cli.output import result, table
from secure_sagemaker.cli.sarif import as_sarif
from secure_sagemaker.preflight import PreflightReport, Status

__all__ = ["check"]

_STYLES: Mapping[Status, str] = {
    Status.OK: "green",
    Status.PROBLEM: "bold red",
    Status.UNKNOWN: "yellow",
}


class Format(StrEnum):
    """How the findings are told."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


def check(
    baseline: BaselineOption = None,
    env: EnvOption = None,
    region: RegionOption = None,
    profile: ProfileOption = None,
    format_: Annotated[
        Format, typer.Option("--format", metavar="text|json|sarif", help="How to tell the findings.")
    ] = Format.TEXT,
) -> None:
    """Ask AWS whether the account and its network are what the baseline says.

    Changes nothing. What cannot be read is unknown, and counts as what was not found well. Exit status: 0 when
    everything is as it should be, else the highest severity among problems and unknowns.
    """
    session = SecureSession(baseline, env=env, region_name=region, source=profile, mfa_token=mfa_prompt)
    report = session.preflight()
    match format_:
        case Format.TEXT:
            _tell(report)
        case Format.JSON:
            print(json.dumps(report.as_dict(), indent=2))
        case Format.SARIF:
            print(json.dumps(as_sarif(report, session.baseline), indent=2))
        case _:
            assert_never(format_)
    raise typer.Exit(ExitCode.of_severities(one.severity for one in report.open))


def _tell(report: PreflightReport) -> None:
    out, rows = result(), table("Status", "Severity", "Check", "Subject", "Why")
    for one in (*report.open, *(one for one in report.findings if one.status is Status.OK)):
        status = Text(one.status.value, style=_STYLES[one.status])
        rows.add_row(status, one.severity.value, one.id, Text(one.subject), Text(one.why))
    out.print(rows)
    for one in report.open:
        out.print(f"\n{one.status.value}: {one.id} of {one.subject}", style="bold", soft_wrap=True)
        out.print(f"  why:    {one.why}\n  remedy: {one.remedy}", soft_wrap=True)
        for line in one.fix.splitlines():
            out.print(f"  fix:    {line}", soft_wrap=True)
    told = ", ".join(f"{report.count(status)} {status.value}" for status in Status)
    out.print(f"\n{len(report.findings)} findings: {told}")
