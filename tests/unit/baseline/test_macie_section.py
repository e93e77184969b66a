"""[macie]: what it takes, and what contradicts itself."""

from __future__ import annotations

import pytest

from secure_sagemaker import BaselineError, SecurityBaseline
from tests.unit.baseline.resolving import merged
from tests.unit.baseline.stated import TODAY

CLASS = '[macie.classes.customers]\nplaces = ["s3://ml-datasets/customers/"]\n'


def made(extra: str) -> SecurityBaseline:
    return SecurityBaseline.from_mapping(merged(extra), source="project.toml", today=TODAY)


@pytest.mark.parametrize(
    ("extra", "field", "message", "remedy"),
    [
        pytest.param(
            '[macie]\ninclude_identifiers = ["NAME"]',
            "macie.include_identifiers",
            "takes its recommended identifiers as they are",
            '"none" or "all"',
            id="include-beside-recommended",
        ),
        pytest.param(
            '[macie]\nexclude_identifiers = ["NAME"]',
            "macie.exclude_identifiers",
            "from all of them alone",
            'identifiers = "all"',
            id="exclude-from-recommended",
        ),
        pytest.param(
            '[macie]\nmode = "require"\nidentifiers = "none"',
            "macie.identifiers",
            "a scan would look for nothing",
            "custom_identifiers",
            id="nothing-looked-for",
        ),
        pytest.param(
            CLASS + '[macie.classes.orders]\nplaces = ["s3://ml-datasets"]',
            "macie.classes.customers",
            "s3://ml-datasets/customers/ is of the class orders too",
            "give each place one class",
            id="place-within-another-class",
        ),
        pytest.param(
            CLASS + '[macie.classes.orders]\nplaces = ["s3://x-y/", "s3://ml-datasets/customers/2026"]',
            "macie.classes.customers",
            "of the class orders too",
            "give each place one class",
            id="place-around-another-class",
        ),
        pytest.param(
            '[macie.classes.a]\nplaces = ["s3://ml-datasets/", "s3://ml-datasets/b"]',
            "macie.classes.a.places",
            "lies within 's3://ml-datasets/'",
            "write it as",
            id="place-twice",
        ),
        pytest.param(
            "[macie.classes.a]\nplaces = []", "macie.classes.a.places", "at least 1", "", id="no-place"
        ),
        pytest.param(
            "[macie.classes.a]", "macie.classes.a.places", "required, and missing", "", id="nowhere"
        ),
        pytest.param(
            f"[macie.classes.A]\n{CLASS.splitlines()[1]}", "macie.classes.A", "pattern", "", id="class-name"
        ),
        pytest.param(
            CLASS + 'accept = [{ category = "NAMES" }]',
            "macie.classes.customers.accept[0].category",
            "PERSONAL_INFORMATION",
            "",
            id="no-such-category",
        ),
        pytest.param(
            CLASS + 'accept = [{ category = "CREDENTIALS", under = ["care"] }]',
            "macie.classes.customers.accept[0].under[0]",
            "network-isolation",
            "",
            id="no-such-safeguard",
        ),
        pytest.param(
            CLASS + 'accept = [{ category = "CREDENTIALS", severity = "Low" }]',
            "macie.classes.customers.accept[0].severity",
            "unknown key",
            "",
            id="unknown-key",
        ),
        pytest.param(
            '[macie]\nsnapshot = "s3://ml-artifacts/cleared"',
            "macie.snapshot",
            "does not end with a slash",
            "s3://ml-artifacts/cleared/",
            id="snapshot-is-no-folder",
        ),
        pytest.param(
            '[macie]\nsnapshot = "s3://ml-datasets/cleared/"',
            "macie.snapshot",
            "s3://ml-datasets/cleared/ is in no bucket of data_perimeter.write",
            "add its bucket there with its owner",
            id="snapshot-out-of-the-perimeter",
        ),
        pytest.param(
            '[macie]\nmemory = "s3://ml-artifacts-old/verdicts"',
            "macie.memory",
            "is in no bucket of data_perimeter.write",
            "name a place in one of those",
            id="memory-out-of-the-perimeter",
        ),
        pytest.param('[macie]\nmemory = "verdicts.db"', "macie.memory", "pattern", "", id="memory-in-a-file"),
        pytest.param("[macie]\nexpansion = { gz = 0.5 }", "macie.expansion.gz", "1", "", id="shrinking"),
        pytest.param(
            "[macie]\nsampling_percentage = 0", "macie.sampling_percentage", "1", "", id="none-read"
        ),
        pytest.param(
            "[macie]\nminimum_coverage = 1.5", "macie.minimum_coverage", "1", "", id="more-than-all"
        ),
        pytest.param("[macie]\nusd_per_gb = 0.0", "macie.usd_per_gb", "greater than 0", "", id="for-nothing"),
    ],
)
def test_what_cannot_be_meant_is_refused(extra: str, field: str, message: str, remedy: str) -> None:
    """The field is named, what is wrong with it, and what to write."""
    with pytest.raises(BaselineError) as refused:
        made(extra)
    assert field == refused.value.field
    assert message in str(refused.value)
    assert remedy in str(refused.value.remedy)


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param('[macie]\nidentifiers = "none"', id="nothing-looked-for-and-no-scan"),
        pytest.param('[macie]\nmode = "scan"\nidentifiers = "none"\ncustom_identifiers = ["a"]', id="own"),
        pytest.param(CLASS + '[macie.classes.b]\nplaces = ["s3://ml-datasets/customers-b/"]', id="beside"),
        pytest.param('[macie]\nmemory = "dynamodb:verdicts"', id="a-table"),
        pytest.param('[macie]\nmemory = "s3://ml-artifacts"', id="a-bucket"),
        pytest.param('[macie]\nmemory = "s3://ml-artifacts/verdicts"', id="a-folder"),
        pytest.param('[macie]\nsnapshot = "s3://ml-artifacts/cleared/"', id="copies"),
    ],
)
def test_what_can_be_meant_is_taken(extra: str) -> None:
    """Near what is refused, these are not."""
    assert "off" == made(extra).macie.mode or "scan" in extra


def test_silence_asks_for_nothing_and_accepts_nothing() -> None:
    """Without a section no scan is asked for; with a mode alone, all is read and nothing sensitive is accepted."""
    silent = made("").macie
    assert ("off", 1.0, 100, {}) == (
        silent.mode,
        silent.minimum_coverage,
        silent.sampling_percentage,
        dict(silent.classes),
    )
    assert made('[macie]\nmode = "require"').digest != made("").digest
