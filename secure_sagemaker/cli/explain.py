"""``explain``: what would be decided about a call."""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeGuard, assert_never

import botocore.session
import typer
from botocore.validate import ParamValidator
from rich.text import Text

from secure_sagemaker import CONTROLS, Action, Enforcement, SecureSession, SessionError
from secure_sagemaker.cli.exit_codes import ExitCode
from secure_sagemaker.cli.options import BaselineOption, EnvOption, RegionOption
from secure_sagemaker.cli.output import result, table, talk
from secure_sagemaker.cli.reading import read_baseline

__all__ = ["STYLES", "explain"]

STYLES: Mapping[Action, str] = {
    Action.REFUSED: "bold red",
    Action.CORRECTED: "yellow",
    Action.INJECTED: "green",
    Action.WAIVED: "magenta",
    Action.OBSERVED: "cyan",
}


class Format(StrEnum):
    """How the decisions are told."""

    TEXT = "text"
    JSON = "json"


def explain(
    operation: Annotated[
        str,
        typer.Argument(
            metavar="OPERATION",
            help="Such as create_training_job, CreateTrainingJob or s3.put_object.",
        ),
    ],
    params: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            help="The call's parameters as a JSON object, as the AWS CLI takes them; - reads stdin.",
        ),
    ],
    baseline: BaselineOption = None,
    env: EnvOption = None,
    region: RegionOption = None,
    format_: Annotated[
        Format, typer.Option("--format", metavar="text|json", help="How to tell the decisions.")
    ] = Format.TEXT,
    diff: Annotated[
        bool, typer.Option("--diff", help="Also show what the request would be sent with.")
    ] = False,
) -> None:
    """Say what would be decided about a call.

    Nothing is asked of AWS. Exit status: 0 when it would be let through, else the highest severity among the refusals.
    """
    request = _request(params)
    held = read_baseline(baseline, env=env, region=region).baseline
    try:
        enforcement = SecureSession(held).explain(operation, **request)
    except SessionError as unknown:
        raise typer.BadParameter(str(unknown), param_hint="'OPERATION'") from None
    malformed, missing = _faults(enforcement)
    if malformed:
        raise _bad_params("\n  ".join(["the request is malformed", *malformed]))
    for fault in missing:
        talk().print(f"still missing, apart from any control: {fault}", soft_wrap=True)
    changed = tuple(_differences(request, enforcement.parameters)) if diff else None
    match format_:
        case Format.TEXT:
            _tell(enforcement, changed)
        case Format.JSON:
            print(json.dumps(_as_json(enforcement, changed), indent=2))
        case _:
            assert_never(format_)
    raise typer.Exit(ExitCode.of(decision.control_id for decision in enforcement.refusals))


def _request(file: str) -> dict[str, object]:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        parsed = json.loads(text)
    except OSError as unreadable:
        raise _bad_params(f"{file} cannot be read: {unreadable.strerror}") from None
    except ValueError as malformed:
        # Where it is wrong, never what stands there: a request may hold secrets.
        where = f" at line {malformed.lineno}" if isinstance(malformed, json.JSONDecodeError) else ""
        raise _bad_params(f"{file} is not valid JSON{where}") from None
    if not isinstance(parsed, dict):
        raise _bad_params(f"{file} holds no JSON object, which the parameters of a call are")
    return parsed


def _bad_params(problem: str) -> typer.BadParameter:
    return typer.BadParameter(problem, param_hint="'--params'")


_MISSING = "Missing required parameter in "
_SHOWN_VALUE = re.compile(r", value: .*?, type: ", re.DOTALL)


def _faults(enforcement: Enforcement) -> tuple[list[str], list[str]]:
    """What botocore would not take of the request: malformed members, and missing ones. Never with their values.

    A control has nothing to say of what it cannot read, and botocore never sends it.
    """
    model = botocore.session.Session().get_service_model(enforcement.service)
    shape = model.operation_model(enforcement.operation).input_shape
    if shape is None:
        return [], []
    report = ParamValidator().validate(dict(enforcement.parameters), shape).generate_report()
    faults = _SHOWN_VALUE.sub(", type: ", report).splitlines()
    missing = [fault.removeprefix(_MISSING) for fault in faults if fault.startswith(_MISSING)]
    return [fault for fault in faults if not fault.startswith(_MISSING)], missing


Difference = tuple[str, object, object]
_NOTHING = object()


def _differences(before: object, after: object, path: str = "") -> Iterator[Difference]:
    """Each member that is sent otherwise, so that nothing else of the request is shown."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            inner = f"{path}.{key}" if path else str(key)
            yield from _differences(before.get(key, _NOTHING), after.get(key, _NOTHING), inner)
    elif _is_list(before) and _is_list(after) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _differences(one, other, f"{path}[{index}]")
    elif before != after:
        yield path, before, after


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _tell(enforcement: Enforcement, changed: Sequence[Difference] | None) -> None:
    out = result()
    refused = len(enforcement.refusals)
    verdict = f"would be refused, {refused} times over" if refused > 1 else "would be refused"
    out.print(
        f"{enforcement.service}.{enforcement.operation} {verdict if refused else 'would be let through'}",
        style="bold",
        soft_wrap=True,
    )
    rows = table("Member", "Action", "Got", "Wanted", "Why")
    for decision in enforcement.decisions:
        action = Text(decision.action.value, style=STYLES.get(decision.action, ""))
        rows.add_row(decision.path, action, decision.got, decision.wanted, decision.why)
    if enforcement.decisions:
        out.print(rows)
    else:
        out.print("No member of it is governed.")
    for decision in enforcement.refusals:
        severity = CONTROLS[decision.control_id].severity
        out.print(f"\nrefused: {decision.path} ({decision.control_id}, {severity})", soft_wrap=True)
        out.print(f"  remedy: {decision.remedy}", soft_wrap=True)
        if decision.references:
            out.print(f"  see:    {', '.join(decision.references)}", soft_wrap=True)
    _list("Only AWS can say which key is meant; a session asks before it sends:", enforcement.lookups)
    _list("Made elsewhere; a session looks at it before it sends:", enforcement.references)
    _list("Newer than this library, and reviewed by nobody:", enforcement.unknown_members)
    if changed is not None:
        lines = [line for path, *states in changed for line in _lines(path, *states)]
        told = "What would change if it were not refused:" if refused else "What is sent instead:"
        _list(told if lines else "Nothing of it changes.", lines)


def _list(heading: str, lines: Sequence[str]) -> None:
    if lines or not heading.endswith(":"):
        out = result()
        out.print(f"\n{heading}", soft_wrap=True)
        for line in lines:
            out.print(f"  {line}", soft_wrap=True)


def _lines(path: str, before: object, after: object) -> Iterator[str]:
    for sign, value in (("-", before), ("+", after)):
        if value is not _NOTHING:
            yield f"{sign} {path} = {json.dumps(value, default=_plain)}"


def _as_json(enforcement: Enforcement, changed: Sequence[Difference] | None) -> dict[str, object]:
    told: dict[str, object] = {
        "service": enforcement.service,
        "operation": enforcement.operation,
        "refused": bool(enforcement.refusals),
        "decisions": [
            {
                "path": decision.path,
                "action": decision.action.value,
                "control": decision.control_id.value,
                "severity": CONTROLS[decision.control_id].severity.value,
                "got": decision.got,
                "wanted": decision.wanted,
                "why": decision.why,
                "remedy": decision.remedy,
                "references": list(decision.references),
            }
            for decision in enforcement.decisions
        ],
        "lookups": list(enforcement.lookups),
        "references": list(enforcement.references),
        "unknown_members": list(enforcement.unknown_members),
    }
    if changed is not None:
        told["diff"] = [
            {"path": path}
            | ({} if before is _NOTHING else {"before": before})
            | ({} if after is _NOTHING else {"after": json.loads(json.dumps(after, default=_plain))})
            for path, before, after in changed
        ]
    return told


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else str(value)
