"""A log in SARIF 2.1.0, which code hosts and other tools show; what is in it, others say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version

__all__ = ["sarif_log", "sarif_text"]


def sarif_log(
    *,
    rules: Sequence[Mapping[str, object]],
    results: Sequence[Mapping[str, object]],
    further: Mapping[str, object] | None = None,
) -> Mapping[str, object]:
    """A log of one run.

    Args:
        rules: What is looked for, as reportingDescriptors.
        results: What was found, each by the index of its rule.
        further: Other members of the run.
    """
    driver = {"name": "secure-sagemaker", "version": version("secure-sagemaker"), "rules": list(rules)}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, **(further or {}), "results": list(results)}],
    }


_ESCAPED = str.maketrans({"\\": "\\\\", "[": "\\[", "]": "\\]", "{": "{{", "}": "}}"})


def sarif_text(text: str) -> Mapping[str, str]:
    """A message that says the text itself: what a viewer would take for a link or a placeholder is escaped."""
    return {"text": text.translate(_ESCAPED)}
