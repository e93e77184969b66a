"""The table of the SDKs' flows, made of what the passing tests recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.pages import MARK, Page

__all__ = ["flow_page"]

_GOLDEN = Path(__file__).parents[1] / "tests/golden"
_MAJORS = {3: "SageMaker Python SDK v3", 2: "SageMaker Python SDK v2"}
_OUTCOMES: Mapping[str, str] = {
    "secured": "secured",
    "refused": "**refused**",
    "outside": "**outside**",
}
_INTRODUCTION = """\
Each row is a flow that the test suite runs for real on the [embedded AWS](embedded-aws.md), under a baseline
that demands everything: keys of its own, VPC, network isolation of every kind of work, encryption between
containers, a data perimeter, tags. A **secured** flow runs unchanged: every request that left was signed by the
role, and every governed member was read back from the wire. A **refused** flow cannot be made secure: the error
says why and what to do instead, and nothing insecure was sent. An **outside** flow takes no session in the SDK
and signs with ambient credentials: the session never sees it.

*Put in* is what the session added or changed in SageMaker's requests, beyond what the SDK sent by itself, with
the baseline's defaults already in its hands."""
_QUIET = frozenset({"sts.AssumeRole", "s3.HeadBucket"})
_READING = ("Describe", "List", "Get", "Search", "s3.Get", "s3.Head", "s3.List", "logs.", "kms.Describe")


def flow_page() -> Page:
    """The page of this module."""
    return Page(path="docs/reference/flows.md", render=render)


def render() -> str:
    """Every flow of both SDKs: what comes of it, what is sent, and what the session put in."""
    lines = [
        "# What comes of each flow of the SDKs",
        "",
        MARK,
        "",
        _INTRODUCTION,
    ]
    for major, title in _MAJORS.items():
        recorded = json.loads((_GOLDEN / f"flows-v{major}.json").read_text("utf-8"))
        lines += ["", f"## {title}", "", f"Recorded with {recorded['sagemaker']}.", ""]
        lines += ["| flow | outcome | sends | put in |", "|---|---|---|---|"]
        lines += [_row(row) for row in recorded["flows"].values()]
        lines += ["", *_notes(recorded["flows"])]
    return "\n".join(lines).rstrip() + "\n"


def _row(row: Mapping[str, Any]) -> str:
    outcome = _OUTCOMES[row["outcome"]]
    if control := row.get("refused_by"):
        outcome += f" by {_control(control)}"
    if row["isolation"] != "require":
        outcome += f", isolation `{row['isolation']}`"
    sends = [name for name in row["sends"] if name not in _QUIET and not name.startswith(_READING)]
    return f"| {row['title']} | {outcome} | {', '.join(sends)} | {'<br>'.join(_put_in(row['put_in']))} |"


def _control(name: str) -> str:
    return f"`{name}`" if name[0].isupper() else f"[`{name}`](controls/{name}.md)"


def _put_in(entries: list[str]) -> Iterator[str]:
    by_operation: dict[str, list[str]] = {}
    for entry in entries:
        operation, _, member = entry.partition(": ")
        by_operation.setdefault(operation, []).append(f"`{member}`")
    for operation, members in by_operation.items():
        yield f"{operation}: {', '.join(members)}"


def _notes(rows: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for row in rows.values():
        said = [text for text in (row["note"], row.get("remedy", "")) if text]
        if said:
            yield f"- {row['title']}: {' Remedy: '.join(said) if row['note'] else f'Remedy: {said[0]}'}"
