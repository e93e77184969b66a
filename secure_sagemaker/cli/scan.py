"""``scan``: what Macie says of data, and what the baseline thinks of that."""

import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, assert_never

import typer

from secure_sagemaker import ScanReport, SecureSession, Severity, mfa_prompt
from secure_sagemaker.cli.exit_codes import ExitCode
from secure_sagemaker.cli.options import BaselineOption, EnvOption, ProfileOption, RegionOption
from secure_sagemaker.cli.output import CommandError, result, talk

__all__ = ["scan"]


class Format(StrEnum):
    """How the report is told."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    ASFF = "asff"
    HTML = "html"


def scan(
    uris: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[URI]...",
            show_default=False,
            help="S3 locations: all that begins with them is read.",
        ),
    ] = None,
    baseline: BaselineOption = None,
    env: EnvOption = None,
    region: RegionOption = None,
    profile: ProfileOption = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Tell what it would cost, and ask Macie for nothing.")
    ] = False,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch/--no-watch", help="Wait for the jobs, or only have them made and tell their ids."
        ),
    ] = True,
    resume: Annotated[
        str | None,
        typer.Option(
            "--resume",
            metavar="JOB",
            show_default=False,
            help="Wait for the job that an earlier scan made, and make no other.",
        ),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Read again what could not be read before.")] = False,
    snapshot: Annotated[
        bool,
        typer.Option(
            "--snapshot",
            help="Copy what may be used below macie.snapshot, and tell where the copies are.",
        ),
    ] = False,
    timeout: Annotated[
        float | None,
        typer.Option(
            "--timeout",
            metavar="MINUTES",
            show_default=False,
            help="How long to wait; by default macie.timeout_minutes.",
        ),
    ] = None,
    format_: Annotated[
        Format,
        typer.Option("--format", metavar="text|json|sarif|asff|html", help="How to tell the report."),
    ] = Format.TEXT,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", metavar="FILE", show_default=False, help="Where to write it; by default stdout."
        ),
    ] = None,
) -> None:
    """Have Amazon Macie read data, and say whether the baseline accepts what it holds.

    What has a fresh verdict is not read again, and a scan that was stopped goes on. Exit status: 0 when all of it may
    be used; what is sensitive counts by Macie's severity, what is unread as high.
    """
    if bool(uris) is (resume is not None):
        raise CommandError(
            "either S3 locations or --resume JOB are needed",
            remedy="name what to scan: secure-sagemaker scan s3://bucket/prefix",
            code=ExitCode.USAGE,
        )
    session = SecureSession(baseline, env=env, region_name=region, source=profile, mfa_token=mfa_prompt)
    if estimate:
        result().print(str(session.estimate_scan(uris or ())), soft_wrap=True)
        return
    report = session.scan(
        uris or (),
        resume=resume,
        again=again,
        wait=watch,
        timeout_seconds=None if timeout is None else timeout * 60,
    )
    _tell(_written(report, format_), output)
    if snapshot and report.is_accepted:
        for named, copied in session.snapshot(uris or ()).items():
            talk().print(f"{named} -> {copied}", soft_wrap=True)
    if not watch and any(job.status not in {"CANCELLED", "COMPLETE"} for job in report.jobs):
        return
    raise typer.Exit(ExitCode.of_severities(_severities(report)))


def _written(report: ScanReport, format_: Format) -> str:
    match format_:
        case Format.TEXT:
            return str(report)
        case Format.JSON:
            return report.to_json()
        case Format.SARIF:
            return report.to_sarif()
        case Format.ASFF:
            findings = [one for request in report.to_asff() for one in request["Findings"]]
            return json.dumps(findings, indent=2)
        case Format.HTML:
            return report.to_html()
        case _:
            assert_never(format_)


def _tell(written: str, output: Path | None) -> None:
    if output is None:
        print(written)
        return
    try:
        output.write_text(f"{written}\n", encoding="utf-8")
    except OSError as failed:
        raise CommandError(
            f"the report cannot be written to {output}: {failed}", remedy="name another file"
        ) from failed


def _severities(report: ScanReport) -> Iterator[Severity]:
    """How grave it is that some of it may not be used."""
    for one in report.inputs:
        if one.lacking.keys() - {"sensitive"}:
            yield Severity.HIGH
        for problem in one.problems:
            yield Severity.HIGH if problem.severity is None else Severity[problem.severity.name]
