"""A report as a page of HTML: one file, which loads nothing, runs nothing and takes no text for markup."""

from __future__ import annotations

from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING

from secure_sagemaker.exceptions import ScanError
from secure_sagemaker.macie.formats.charts import WIDTH, charts, found_types
from secure_sagemaker.macie.formats.plain import moment
from secure_sagemaker.macie.formats.refused import refused
from secure_sagemaker.macie.formats.text import in_percent, verdict_of
from secure_sagemaker.macie.report import ScanReport
from secure_sagemaker.macie.verdicts import on_one_line

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["as_page"]

_MOST_SHOWN = 500
"""As many objects as a person scrolls through."""


def as_page(report: ScanReport) -> str:
    """The page.

    Raises:
        ScanError: jinja2 is not installed.
    """
    template = files("secure_sagemaker.macie.formats").joinpath("page.html.jinja").read_text("utf-8")
    named = refused(report)
    lacking = sum(sum(scanned.lacking.values()) for scanned in report.inputs)
    return (
        _environment()
        .from_string(template)
        .render(
            report=report,
            verdict=verdict_of(report),
            charts=charts(report),
            width=WIDTH,
            types=found_types(report),
            refused=named[:_MOST_SHOWN],
            left_out=max(0, lacking - sum(len(one.problems) for one in named[:_MOST_SHOWN])),
            version=version("secure-sagemaker"),
        )
    )


def _environment() -> Environment:
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError as missing:
        raise ScanError(
            "the page of a scan is written with jinja2, which is not installed",
            remedy="pip install 'secure-sagemaker[cli]', or take another format",
        ) from missing
    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {
        "count": lambda number: f"{number:,}",
        "percent": in_percent,
        "moment": moment,
        "line": on_one_line,
    }
    return made
