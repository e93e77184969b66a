"""The page of what calls name, and how it is looked at: read from the tables."""

from __future__ import annotations

import json
from collections.abc import Iterator

import botocore
import botocore.session

from secure_sagemaker.controls.mentions import Mentions, mentions_of
from secure_sagemaker.controls.references import Reference
from secure_sagemaker.controls.resource_kinds import KINDS, ResourceKind
from tools.pages import MARK, Page
from tools.review_references import LIST

__all__ = ["references_page"]


def references_page() -> Page:
    """The one page of this module."""
    return Page(path="docs/reference/references.md", render=_render, botocore=True)


def _render() -> str:
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield from (
        "# What calls name, and how it is looked at",
        "",
        MARK,
        "",
        "A call that names something with settings of its own is held to what is behind the name. The thing is",
        "described by the support session, read as the request that would make it, and judged by that operation's own",
        "rules. What it names itself is followed. A finding says the whole chain, such as",
        "`EndpointConfigName -> endpoint-config/churn: ProductionVariants[0].ModelName -> model/churn: "
        "VpcConfig.Subnets`.",
        "[What the control says](controls/referenced-resource.md), and",
        "[what it cannot see](../explanation/threat-model.md#what-a-call-names).",
        "",
        f"Read from the service models of botocore {botocore.__version__}.",
        "",
        "## Which member names what",
        "",
        "| operations | member | names | when |",
        "|---|---|---|---|",
    )
    for (place, names, when), operations in _rows().items():
        yield f"| {_code(operations)} | {place} | {names} | {when} |"
    yield from (
        "",
        "In a pipeline's definition, each step names what the operation that it calls names; what the pipeline makes",
        "itself is not looked at, and what is known only when it runs cannot be.",
        "",
        "## How each kind is described",
        "",
        "The baseline's role needs leave for these calls. *Read again* says whether a kind is described anew in each",
        "call that leads to it, or only where the call itself names it or what names it has changed: what cannot be",
        "changed under its name is what it was, unless it was deleted and made anew.",
        "",
        "| kind | described by | judged as | read again |",
        "|---|---|---|---|",
    )
    for kind in KINDS.values():
        again = "in each call" if kind.changes else "with what names it"
        calls = ", ".join(f"`sagemaker:{call}`" for call in (kind.describe, *(kind.besides or ())[:1]))
        yield f"| `{kind.id}` | {calls} | `{kind.create}`{_theirs(kind)} | {again} |"
    yield from (
        "",
        "Tags are not judged there, since a Describe does not show them.",
        "",
        "## What is not looked at",
        "",
        "Whole operations:",
        "",
        "| operations | why |",
        "|---|---|",
    )
    content = json.loads(LIST.read_text("utf-8"))
    yield from (f"| {_code(group['operations'])} | {group['reason']} |" for group in content["operations"])
    yield from ("", "Members of others:", "", "| why | members |", "|---|---|")
    yield from (f"| {group['reason']} | {_code(group['members'])} |" for group in content["members"])


def _rows() -> dict[tuple[str, str, str], list[str]]:
    """Member, what it names and when, to the operations that it stands in."""
    session = botocore.session.get_session()
    found: dict[tuple[str, str, str], list[str]] = {}
    others = ("events", "scheduler")  # which start pipelines later
    services = [
        name for name in session.get_available_services() if name.startswith("sagemaker") or name in others
    ]
    for model in map(session.get_service_model, services):
        for operation in sorted(model.operation_names):
            if isinstance(mentions := mentions_of(model.operation_model(operation)), Mentions):
                for place, reference in dict(_places(mentions, top=True)).items():
                    names = _code([kind.id for kind in reference.kinds])
                    found.setdefault((place, names, _when(reference)), []).append(operation)
    return found


def _places(mentions: Mentions, *, top: bool) -> Iterator[tuple[str, Reference]]:
    for name, reference in mentions.members:
        yield (f"`{name}`" if top else f"`{name}` of `{mentions.shape}`"), reference
    for _, _, inner in mentions.children:
        yield from _places(inner, top=False)


def _when(reference: Reference) -> str:
    return "with `references.invoke`" if reference.invoked else reference.case or "always"


def _theirs(kind: ResourceKind) -> str:
    return ", but for keys and roles where another account keeps it" if kind.theirs else ""


def _code(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
