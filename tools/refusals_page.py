"""The page of what the embedded AWS refuses, read from its rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from secure_sagemaker.local.refusals import RULES, Rule, Wording
from tools.pages import MARK, Page

__all__ = ["refusals_page"]

_SERVICES: Mapping[str, str] = {
    "*": "Every service",
    "sts": "STS",
    "iam": "IAM",
    "kms": "KMS",
    "s3": "S3",
    "sagemaker": "SageMaker",
}


def refusals_page() -> Page:
    """The one page of this module."""
    return Page(path="docs/reference/embedded-aws-refusals.md", render=_render)


def _render() -> str:
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield from (
        "# What the embedded AWS refuses",
        "",
        MARK,
        "",
        "A request that AWS refuses must fail on [the embedded AWS](../how-to/test-your-own-code.md) too, and not",
        "first in production. moto checks some of it; these cases are checked beside it, in this order, each with the",
        "error code of AWS and with the place that says so. Where AWS documents a refusal and publishes no text of it,",
        "the message is ours, and *(our words)* says so.",
        "",
        "Before any of them IAM decides: whoever signs may do what the policies of the role or user, its permissions",
        "boundary, the session's own policies and those of buckets, keys and roles allow, and is told `AccessDenied`",
        "(`AccessDeniedException`, `UnauthorizedOperation`) in AWS's words otherwise. `iam:PassRole`,",
        "`sagemaker:AddTags` and the keys of volumes and objects are asked for in the caller's name.",
        "",
        "It is no list of all that AWS refuses: service control policies, quotas, and what fails only once a job runs",
        "are not among it.",
    )
    for service, title in _SERVICES.items():
        rows = [rule for rule in RULES if rule.service == service]
        yield from ("", f"## {title}", "", "| refused | operations | error | source |", "|---|---|---|---|")
        yield from (_row(rule) for rule in rows)


def _row(rule: Rule) -> str:
    operations = "all" if rule.operations == ("*",) else ", ".join(f"`{name}`" for name in rule.operations)
    words = " *(our words)*" if rule.wording is Wording.OURS else ""
    return f"| {rule.case} | {operations} | `{rule.code}`, {rule.status}{words} | {rule.source} |"
