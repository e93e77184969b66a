"""Tells the demonstration on the terminal: per call, what was asked, what was done about it, who signed."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from botocore.exceptions import ClientError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from secure_sagemaker import (
    Action,
    AuditRecord,
    ControlError,
    Decision,
    JsonLinesSink,
    Outcome,
    SecureSageMakerError,
    SecureSession,
)
from secure_sagemaker.local.demonstration.attempts import ATTEMPTS
from secure_sagemaker.local.demonstration.container import load_model, run_training
from secure_sagemaker.local.demonstration.customers import steps
from secure_sagemaker.local.demonstration.evidence import Evidence, read_evidence
from secure_sagemaker.local.demonstration.plain import PLAIN_ATTEMPTS, guarded_client, job_of
from secure_sagemaker.local.demonstration.workflow import deploy, invoke, train, upload
from secure_sagemaker.local.embedded import EmbeddedAWS, embedded_aws

__all__ = ["run"]

_COLOURS = {
    Action.INJECTED: "green",
    Action.CORRECTED: "yellow",
    Action.REFUSED: "red",
    Action.EXEMPT: "cyan",
    Action.WAIVED: "magenta",
    Action.OBSERVED: "blue",
}


def run(console: Console, *, verbose: bool = False) -> int:
    """Run the demonstration.

    Args:
        console: Where it is told.
        verbose: Show the calls that only read, too.

    Returns:
        0 when everything went as it should and the recording proves it, otherwise 1.
    """
    console.rule("[bold]secure-sagemaker: a real workflow on the embedded AWS")
    with embedded_aws() as aws, tempfile.TemporaryDirectory() as directory:
        trail = Path(directory, "audit.jsonl")
        session = SecureSession(aws.baseline, source=aws.source, audit=JsonLinesSink(trail))
        _tell_account(console, aws, session)
        console.rule("A training and hosting workflow, SageMaker Python SDK v3")
        platform = _workflow(console, aws, session)
        _tell_calls(console, session.report().records, verbose=verbose)
        console.rule("The same session, asked for insecure things")
        surprises = _attempts(console, session)
        console.rule("Input data: Macie reads it before it is used")
        before = len(aws.requests)
        aws.macie.enable()  # an administrator's deed
        platform |= set(range(before, len(aws.requests)))
        surprises += _data(console, aws, trail)
        ours = [request for index, request in enumerate(aws.requests) if index not in platform]
        evidence = read_evidence(ours, baseline=aws.baseline, launcher=aws.launcher)
        _tell_evidence(console, evidence)
        console.rule("A plain client with the same credentials: AWS itself refuses")
        surprises += _second_lock(console, aws)
        written = len(trail.read_text("utf-8").splitlines())
        console.print(f"{written} audit records, one a call, each with the baseline's digest and layers")
    return 0 if evidence.clean and not surprises else 1


def _tell_account(console: Console, aws: EmbeddedAWS, session: SecureSession) -> None:
    verified = session.verify()
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_row("signs", escape(verified.principal))
    table.add_row("keys", escape(", ".join(arn for _, arn in verified.keys)))
    table.add_row("network", escape(f"{', '.join(aws.subnets)} / {', '.join(aws.security_groups)}"))
    table.add_row("bucket", escape(session.default_bucket))
    table.add_row("baseline", escape(verified.baseline_digest[:16]))
    console.print(table)


def _workflow(console: Console, aws: EmbeddedAWS, session: SecureSession) -> frozenset[int]:
    """Run the workflow; returns which recorded requests stand for what SageMaker's own platform does."""
    data, rows = upload(session)
    job = train(session, data)
    before = len(aws.requests)
    artifact, score = run_training(aws, job)
    platform = set(range(before, len(aws.requests)))
    endpoint = deploy(session, artifact, name="breast-cancer")
    before = len(aws.requests)
    load_model(aws, artifact, endpoint)
    platform |= set(range(before, len(aws.requests)))
    answers = invoke(session, endpoint, rows)
    console.print(
        f"trained {escape(job)}: {escape(score)}; the endpoint answers {answers} (malignant, benign)"
    )
    return frozenset(platform)


def _signer(record: AuditRecord) -> str:
    return record.principal.rpartition(":")[2]


def _tell_calls(console: Console, records: Sequence[AuditRecord], *, verbose: bool) -> None:
    # The SDK uploads many small objects: calls that were treated alike are told once.
    alike: dict[tuple[object, ...], list[AuditRecord]] = {}
    for record in records:
        decided = tuple((row.path, row.action, row.got, row.wanted) for row in _told(record))
        alike.setdefault((record.service, record.operation, record.outcome, decided), []).append(record)
    for group in alike.values():
        if _told(group[0]) or verbose:
            _tell_call(console, group[0], times=len(group))


def _told(record: AuditRecord) -> tuple[Decision, ...]:
    return tuple(decision for decision in record.decisions if decision.action is not Action.KEPT)


def _tell_call(console: Console, record: AuditRecord, *, times: int) -> None:
    repeated = f", {times} times" if times > 1 else ""
    title = (
        f"{record.service}.{record.operation}  "
        f"({record.outcome.value}{repeated}, signed by {_signer(record)})"
    )
    table = Table(title=escape(title), title_justify="left", title_style="bold", expand=True)
    table.add_column("member", overflow="fold", ratio=3)
    table.add_column("asked", overflow="fold", ratio=2)
    table.add_column("done", no_wrap=True)
    table.add_column("sent", overflow="fold", ratio=4)
    table.add_column("why", overflow="fold", ratio=5)
    for decision in _told(record):
        colour = _COLOURS.get(decision.action, "white")
        table.add_row(
            escape(decision.path),
            escape(decision.got),
            f"[{colour}]{decision.action.value}[/{colour}]",
            escape(decision.wanted),
            escape(decision.why),
        )
    kept = [decision.path for decision in record.decisions if decision.action is Action.KEPT]
    if kept:
        table.caption = escape(f"already as the baseline asks: {', '.join(kept)}")
        table.caption_justify = "left"
    console.print(table)


def _attempts(console: Console, session: SecureSession) -> list[str]:
    table = Table(expand=True, show_lines=True)
    table.add_column("asked for", overflow="fold", ratio=3)
    table.add_column("outcome", no_wrap=True)
    table.add_column("what happened", overflow="fold", ratio=8)
    surprises: list[str] = []
    for attempt in ATTEMPTS:
        before = len(session.report().records)
        try:
            attempt.call(session)
        except ControlError as refused:
            told = (
                f"[bold]{escape(refused.path)}[/bold]: got {escape(refused.got)}\n{escape(refused.why)}\n"
                f"[green]{escape(refused.remedy)}[/green]"
            )
            table.add_row(attempt.title, "[red]refused[/red]", told)
        except SecureSageMakerError as refused:
            told = f"{escape(str(refused).splitlines()[0])}\n[green]{escape(refused.remedy)}[/green]"
            table.add_row(attempt.title, "[red]refused[/red]", told)
        else:
            corrected = [
                decision
                for record in session.report().records[before:]
                if record.outcome is Outcome.SUCCEEDED
                for decision in record.decisions
                if decision.action is Action.CORRECTED
            ]
            if not corrected:
                surprises.append(attempt.title)
            told = "\n".join(
                f"[bold]{escape(decision.path)}[/bold]: {escape(decision.got)} -> {escape(decision.wanted)}\n"
                f"{escape(decision.why)}"
                for decision in corrected
            )
            table.add_row(attempt.title, "[yellow]corrected[/yellow]", told or "[red]sent as it was[/red]")
    console.print(table)
    return surprises


def _data(console: Console, aws: EmbeddedAWS, trail: Path) -> list[str]:
    session = SecureSession(aws.macie.baseline(), source=aws.source, audit=JsonLinesSink(trail))
    table = Table(expand=True, show_lines=True)
    table.add_column("done", overflow="fold", ratio=3)
    table.add_column("outcome", no_wrap=True)
    table.add_column("what happened", overflow="fold", ratio=8)
    surprises = []
    for step in steps(aws, session):
        colour = "green" if step.outcome in {"accepted", "clear"} else "red"
        table.add_row(escape(step.title), f"[{colour}]{step.outcome}[/{colour}]", escape(step.told))
        if not step.as_expected:
            surprises.append(step.title)
    console.print(table)
    console.print("The embedded Macie has detectors of its own, fewer than Amazon Macie's.")
    return surprises


def _second_lock(console: Console, aws: EmbeddedAWS) -> list[str]:
    """Deploy the guardrail, and try insecure calls without any of our controls."""
    table = Table(expand=True, show_lines=True)
    table.add_column("asked for", overflow="fold", ratio=3)
    table.add_column("outcome", no_wrap=True)
    table.add_column("what AWS says", overflow="fold", ratio=8)
    surprises: list[str] = []
    plain = guarded_client(aws)
    for title, request in PLAIN_ATTEMPTS.items():
        try:
            plain.create_training_job(**job_of(aws, request))
        except ClientError as refused:
            table.add_row(title, "[red]refused[/red]", escape(refused.response["Error"]["Message"]))
        else:
            surprises.append(title)
            table.add_row(title, "[red]accepted[/red]", "")
    plain.create_training_job(**job_of(aws, {}))
    table.add_row("what the baseline asks for", "[green]accepted[/green]", "")
    console.print(table)
    return surprises


def _tell_evidence(console: Console, evidence: Evidence) -> None:
    console.rule("What went over the wire")
    for principal, count in sorted(evidence.by_principal.items()):
        console.print(f"{count:4d} requests signed by {escape(principal)}")
    for problem in (*evidence.foreign, *evidence.unprotected):
        console.print(f"[red]{escape(problem)}[/red]")
    if evidence.clean:
        console.print(
            f"[green]{evidence.total} requests recorded: each carries its controls, and none but AssumeRole "
            "is signed by anything but the role[/green]"
        )
