"""``pipeline check`` and ``pipeline harden``: a pipeline's definition, held to the baseline."""

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.text import Text

from secure_sagemaker import CONTROLS, Action, Decision, Enforcement, SecureSession
from secure_sagemaker.cli.exit_codes import ExitCode
from secure_sagemaker.cli.explain import STYLES
from secure_sagemaker.cli.options import BaselineOption, EnvOption, RegionOption
from secure_sagemaker.cli.output import CommandError, result, table, talk
from secure_sagemaker.cli.reading import read_baseline

__all__ = ["check", "harden"]

_MEMBER = "PipelineDefinition"
_LARGEST_INLINE = 1_048_576
"""Characters that a request takes of a definition."""
_STEP = re.compile(r"(?:^|\.)(?:Steps|IfSteps|ElseSteps|ForEachBody)\['(?P<name>[^']*)'\]\.?")

SourceArgument = Annotated[
    str,
    typer.Argument(
        metavar="FILE-OR-NAME",
        help="A definition as a JSON file (- reads stdin), or the name of a pipeline, which AWS is asked for.",
    ),
]


@dataclass(frozen=True, kw_only=True)
class _Held:
    """A definition and what was decided about it."""

    session: SecureSession
    found: Enforcement

    @property
    def secured(self) -> str:
        return str(self.found.parameters[_MEMBER])


def check(
    source: SourceArgument,
    baseline: BaselineOption = None,
    env: EnvOption = None,
    region: RegionOption = None,
) -> None:
    """Say, step by step, what a pipeline's definition lacks.

    Exit status: 0 when it would be let through (with what is said), else the highest severity among the refusals.
    """
    held = _hold(source, baseline, env=env, region=region)
    _tell(held)
    raise typer.Exit(ExitCode.of(decision.control_id for decision in held.found.refusals))


def harden(
    source: SourceArgument,
    baseline: BaselineOption = None,
    env: EnvOption = None,
    region: RegionOption = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", show_default=False, help="Write it here instead of to stdout."
        ),
    ] = None,
    upsert: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            show_default=False,
            help="Send it as this pipeline: updated where it exists, else created with the baseline's execution role.",
        ),
    ] = None,
) -> None:
    """Write a pipeline's definition as the baseline wants it.

    A definition that would be refused is not written. What was hardened once is left as it is.
    """
    held = _hold(source, baseline, env=env, region=region, resolve=True)
    if held.found.refusals:
        _tell(held)
        raise typer.Exit(ExitCode.of(decision.control_id for decision in held.found.refusals))
    if upsert is not None:
        _send(held, upsert)
    if output is not None:
        output.write_text(_indented(held.secured), encoding="utf-8")
        talk().print(f"written to {output}", soft_wrap=True)
    elif upsert is None:
        sys.stdout.write(_indented(held.secured))


def _indented(text: str) -> str:
    return json.dumps(json.loads(text), indent=2) + "\n"


def _hold(
    source: str, baseline: Path | None, *, env: str | None, region: str | None, resolve: bool = False
) -> _Held:
    session = SecureSession(read_baseline(baseline, env=env, region=region).baseline)
    stated = _definition(source, session)
    request = {"PipelineName": source, _MEMBER: stated}
    found = session.explain("UpdatePipeline", **request)
    while resolve and found.lookups:
        session.resolve_keys(*found.lookups)
        found = session.explain("UpdatePipeline", **request)
    return _Held(session=session, found=found)


def _definition(source: str, session: SecureSession) -> str:
    if source == "-":
        return sys.stdin.read()
    path = Path(source)
    if path.exists() or path.suffix == ".json" or len(path.parts) > 1:
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as unreadable:
            raise typer.BadParameter(
                f"{source} cannot be read: {unreadable}", param_hint="'FILE-OR-NAME'"
            ) from None
    try:
        return session.client("sagemaker").describe_pipeline(PipelineName=source)["PipelineDefinition"]
    except (BotoCoreError, ClientError) as failed:
        raise CommandError(
            f"there is no file {source!r}, and AWS does not tell of a pipeline of that name: {failed}",
            remedy="name the file, or let the role call sagemaker:DescribePipeline",
        ) from failed


def _send(held: _Held, name: str) -> None:
    sagemaker: Any = held.session.client("sagemaker")  # which of the two calls it is, is told below
    content: dict[str, object] = {_MEMBER: held.secured}
    if len(held.secured) > _LARGEST_INLINE:
        bucket, key = held.session.default_bucket, f"pipelines/{name}.json"
        held.session.client("s3").put_object(Bucket=bucket, Key=key, Body=held.secured.encode())
        content = {"PipelineDefinitionS3Location": {"Bucket": bucket, "ObjectKey": key}}
    try:
        if _exists(sagemaker, name):
            answer = sagemaker.update_pipeline(PipelineName=name, **content)
        else:
            role = held.session.execution_role
            answer = sagemaker.create_pipeline(PipelineName=name, RoleArn=role, **content)
    except (BotoCoreError, ClientError) as failed:
        raise CommandError(str(failed), remedy="mend what AWS names") from failed
    talk().print(f"sent: {answer['PipelineArn']}", soft_wrap=True)


def _exists(sagemaker: Any, name: str) -> bool:
    try:
        sagemaker.describe_pipeline(PipelineName=name)
    except ClientError as absent:
        if absent.response.get("Error", {}).get("Code") in ("ResourceNotFound", "ResourceNotFoundException"):
            return False
        raise
    return True


def _tell(held: _Held) -> None:
    out = result()
    inside = [one for one in held.found.decisions if one.path.startswith(_MEMBER)]
    told = [one for one in inside if one.action not in (Action.KEPT, Action.EXEMPT)]
    rows = table("Step", "Member", "Action", "Got", "Wanted", "Control")
    for decision in told:
        step, member = _placed(decision)
        action = Text(decision.action.value, style=STYLES.get(decision.action, ""))
        rows.add_row(step, member, action, decision.got, decision.wanted, decision.control_id)
    if told:
        out.print(rows)
    for decision in (one for one in told if one.action is Action.REFUSED):
        severity = CONTROLS[decision.control_id].severity
        out.print(f"\nrefused: {decision.path} ({decision.control_id}, {severity})", soft_wrap=True)
        out.print(f"  why:    {decision.why}", soft_wrap=True)
        out.print(f"  remedy: {decision.remedy}", soft_wrap=True)
    for path in held.found.unknown_members:
        out.print(f"reviewed by nobody: {path}", soft_wrap=True)
    for reference in held.found.lookups:
        out.print(f"only AWS can say which key is meant: {reference}", soft_wrap=True)
    refused = len([one for one in told if one.action is Action.REFUSED])
    verdict = f"{len(inside)} members governed, {len(told) - refused} to be set, {refused} refused"
    out.print(("\n" if told else "") + verdict, style="bold", soft_wrap=True)


def _placed(decision: Decision) -> tuple[str, str]:
    """The steps, outermost first, and the member within the innermost."""
    path = decision.path.removeprefix(f"{_MEMBER}.")
    names = [found["name"] for found in _STEP.finditer(path)]
    member = _STEP.split(path)[-1] if names else path
    return " / ".join(names), member.removeprefix("Arguments.")
