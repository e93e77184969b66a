"""What a scan says, of each input and of each object that matters."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from secure_sagemaker.baseline import Safeguard
from secure_sagemaker.macie.acceptance import Lack, Problem
from secure_sagemaker.macie.estimate import Estimate
from secure_sagemaker.macie.verdicts import ObjectVerdict, Outcome

__all__ = ["ScanJob", "ScanReport", "ScannedInput"]


@dataclass(frozen=True, kw_only=True)
class ScannedInput:
    """What is known of one input."""

    uri: str
    """Where it lies, as it was named."""
    path: str = ""
    """The member of a request that names it; nothing where no request does."""
    objects: int
    """How many objects it has."""
    bytes: int
    """Their size, as they are stored."""
    clear: int
    sensitive: int
    unread: int
    """Objects that Macie could not read."""
    unknown: int
    """Objects without a verdict, or with one that is too old."""
    exempt: int
    """Objects that need no verdict."""
    coverage: float
    """The share of objects that were read to their end, or need no verdict, from 0 to 1."""
    lacking: Mapping[Lack, int]
    """How many objects keep it from being used, by what they lack. Empty where it may be used."""
    problems: tuple[Problem, ...]
    """The first of those."""
    safeguards: tuple[Safeguard, ...] = ()
    """What a call must have that uses it."""
    versions: str = ""
    """A digest of all its objects as they were: where one is another, so is the digest. Nothing where none was seen."""

    @property
    def is_accepted(self) -> bool:
        """Whether the baseline has it used."""
        return not self.lacking


@dataclass(frozen=True, kw_only=True)
class ScanJob:
    """One classification job, as it ended."""

    id: str
    bucket: str
    status: str
    """As Macie has it, such as ``COMPLETE``."""
    had_errors: bool
    """Whether Macie says that the run had errors."""
    resumed: bool
    """Whether it had been made by an earlier scan."""
    objects: int
    """How many objects it was made for."""
    bytes: int
    """Their size, as they are stored."""
    overscan_objects: int
    """How many lie beside, and were read as well, because a job takes prefixes."""
    overscan_bytes: int
    findings: int
    """How many findings it made."""
    archived_findings: int
    """How many of them the account's suppression rules have archived. They count all the same."""


@dataclass(frozen=True, kw_only=True, repr=False)
class ScanReport:
    """What Macie says of data, and what the baseline thinks of that. It never holds the data.

    Printing it gives a table.
    """

    account: str
    region: str
    began: datetime
    ended: datetime
    inputs: tuple[ScannedInput, ...]
    objects: tuple[ObjectVerdict, ...]
    """What is known of objects: first all that are sensitive or unread, then clear ones, up to ``MOST_LISTED``."""
    unlisted: int
    """How many objects are counted and not listed."""
    jobs: tuple[ScanJob, ...]
    """The jobs that were needed; none where every verdict was known."""
    estimate: Estimate
    """What the jobs were taken to cost, before they were made."""
    settings: str
    """The digest of what was looked for. Verdicts hold under equal settings alone."""
    baseline_digest: str

    @property
    def is_accepted(self) -> bool:
        """Whether the baseline has all of it used."""
        return all(one.is_accepted for one in self.inputs)

    @property
    def outcome(self) -> Outcome:
        """The gravest that is known: unread before sensitive before clear."""
        if any(one.unread or one.unknown for one in self.inputs):
            return Outcome.UNREAD
        return Outcome.SENSITIVE if any(one.sensitive for one in self.inputs) else Outcome.CLEAR

    @property
    def safeguards(self) -> tuple[Safeguard, ...]:
        """What a call must have that uses all of it."""
        return tuple(sorted({one for scanned in self.inputs for one in scanned.safeguards}))

    def to_json(self) -> str:
        """All of it as JSON, by a schema that stays: docs/reference/scan-report.md."""
        from secure_sagemaker.macie.formats.plain import as_plain

        return json.dumps(as_plain(self), indent=2)

    def to_sarif(self) -> str:
        """What is not accepted, as a log in SARIF 2.1.0, for code hosts and other viewers."""
        from secure_sagemaker.macie.formats.sarif import as_sarif

        return json.dumps(as_sarif(self), indent=2)

    def to_asff(self) -> tuple[Mapping[str, Sequence[Mapping[str, object]]], ...]:
        """What is not accepted, as findings for Security Hub: ``client.batch_import_findings(**request)`` for each.

        A request has as many findings as Security Hub takes at once. Their ids follow from the versions of the objects.
        """
        from secure_sagemaker.macie.formats.asff import as_asff

        return as_asff(self)

    def to_html(self) -> str:
        """A page that a person reads, with charts: one file that needs no other and runs nothing.

        Raises:
            ScanError: jinja2 is not installed.
        """
        from secure_sagemaker.macie.formats.page import as_page

        return as_page(self)

    def __repr__(self) -> str:
        return str(self)  # a prompt or a notebook that shows it shows the table

    def __str__(self) -> str:
        from secure_sagemaker.macie.formats.text import as_text

        return as_text(self)
