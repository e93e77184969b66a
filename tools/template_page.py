"""The page of what ``secure-sagemaker template`` writes, and of what scanners find in it that is meant."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

from secure_sagemaker import SecurityBaseline
from secure_sagemaker.templates import cloudformation, environment, terraform
from secure_sagemaker.templates.skipped import SKIPPED
from tools.pages import MARK, Page
from tools.scan_templates import EXAMPLE

__all__ = ["template_page"]


def template_page() -> Page:
    """The one page of this module."""
    return Page(path="docs/reference/template.md", render=_render)


def _render() -> str:
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    baseline = SecurityBaseline.from_mapping(tomllib.loads(EXAMPLE), source="the example")
    made = environment(baseline, sources=("arn:aws:iam::111122223333:role/ci",), today=date(2026, 11, 1))
    stack: Any = cloudformation(made)
    configuration: Any = terraform(made)
    yield from (
        "# What `template` writes",
        "",
        MARK,
        "",
        "[How to use it](../how-to/deploy-an-environment.md). For this baseline:",
        "",
        "```toml",
        *EXAMPLE.splitlines(),
        "```",
        "",
        "## CloudFormation",
        "",
        "| type | how many |",
        "|---|---|",
        *_counted(one["Type"] for one in stack["Resources"].values()),
        "",
        "Keys, buckets and the log group stay when the stack is deleted.",
        "",
        "## Terraform",
        "",
        "| type | how many |",
        "|---|---|",
        *_counted(kind for kind, named in configuration["resource"].items() for _ in named),
        "",
        "Keys and buckets are not destroyed.",
        "",
        "## What the field's tools find, and why it is meant",
        "",
        "cfn-lint and checkov find nothing else. Each of these stands in the metadata of the resource itself.",
        "",
        "| tool | finding | in | why |",
        "|---|---|---|---|",
        *(
            f"| {one.tool} | {one.id} | {', '.join(f'`{kind}`' for kind in one.kinds)} | {one.reason} |"
            for one in SKIPPED
        ),
    )


def _counted(kinds: Iterator[str]) -> Iterator[str]:
    for kind, number in Counter(kinds).items():
        yield f"| `{kind}` | {number} |"
