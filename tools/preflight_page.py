"""The page of what preflight checks, read from its catalogue."""

from __future__ import annotations

from collections.abc import Iterator

from secure_sagemaker.preflight import CHECKS
from secure_sagemaker.preflight.account import READS
from secure_sagemaker.preflight.network import DECISIONS
from tools.pages import MARK, Page

__all__ = ["preflight_page"]


def preflight_page() -> Page:
    """The one page of this module."""
    return Page(path="docs/reference/preflight.md", render=_render)


def _render() -> str:
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield from (
        "# What preflight checks",
        "",
        MARK,
        "",
        "`session.preflight()` and `secure-sagemaker check` ask AWS, as the session's support role, whether what",
        "the baseline names is as it says. Each check says of each thing that it looked at `ok`, `problem` or",
        "`unknown`; what could not be read is `unknown`. [How to use it](../how-to/check-the-network.md).",
        "",
        "| check | severity | decides |",
        "|---|---|---|",
        *(f"| [`{one.id}`](#{one.id}) | {one.severity.value} | {one.title} |" for one in CHECKS.values()),
    )
    network = {
        check: [f"EC2's {name.replace('_', ' ')}" for name in decision.needs]
        for decision in DECISIONS
        for check in decision.checks
    }
    for one in CHECKS.values():
        yield from (
            "",
            f"## `{one.id}`",
            "",
            f"{one.title}.",
            "",
            f"- Decides: {one.case}.",
            f"- Severity: {one.severity.value}",
            f"- Remedy: {one.remedy}.",
            f"- Reads: {', '.join(network.get(one.id) or [f'`{action}`' for action in READS[one.id]])}",
        )
