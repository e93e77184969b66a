"""A report in SARIF 2.1.0: a rule for each type that was found, a result for each object that has it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import quote

from secure_sagemaker.macie.acceptance import Lack, Problem, in_words
from secure_sagemaker.macie.formats.plain import moment
from secure_sagemaker.macie.formats.refused import refused, unnamed
from secure_sagemaker.macie.report import ScannedInput, ScanReport
from secure_sagemaker.macie.verdicts import ObjectVersion, Severity, on_one_line
from secure_sagemaker.sarif import sarif_log, sarif_text

__all__ = ["as_sarif"]

_LEVELS: Mapping[Severity | None, str] = MappingProxyType(
    {Severity.LOW: "note", Severity.MEDIUM: "warning", Severity.HIGH: "error", None: "error"}
)
"""What has no severity may be of the highest."""
_TITLES: Mapping[Lack, str] = MappingProxyType(
    {
        Lack.ABSENT: "Nothing lies there, so that nothing is known",
        Lack.SENSITIVE: "Sensitive data of no type that Macie tells",
        Lack.UNKNOWN: "It has no fresh verdict",
        Lack.UNREAD: "Macie could not read it, or not to its end",
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Result:
    rule: str
    title: str
    uri: str
    told: str
    level: str
    about: ObjectVersion | None = None
    """None where it is of an input as a whole."""
    properties: Mapping[str, object] = field(default_factory=dict)


def as_sarif(report: ScanReport) -> Mapping[str, object]:
    """A log of one run. Where something is, is the address of an object; nothing of it is told."""
    results = list(_results(report))
    titles = {one.rule: one.title for one in results}
    rules = [{"id": rule, "shortDescription": sarif_text(title)} for rule, title in titles.items()]
    order = {rule: index for index, rule in enumerate(titles)}
    places = {uri: index for index, uri in enumerate(dict.fromkeys(one.uri for one in results))}
    sizes = {one.uri: one.about.size for one in results if one.about is not None}
    return sarif_log(
        rules=rules,
        results=[_written(one, order, places) for one in results],
        further={
            "invocations": [
                {
                    "startTimeUtc": moment(report.began),
                    "endTimeUtc": moment(report.ended),
                    "executionSuccessful": True,
                }
            ],
            "artifacts": [
                {"location": {"uri": uri}, **({"length": sizes[uri]} if uri in sizes else {})}
                for uri in places
            ],
            "properties": {
                "accepted": report.is_accepted,
                "outcome": report.outcome.value,
                "account": report.account,
                "region": report.region,
                "baselineDigest": report.baseline_digest,
                "settingsDigest": report.settings,
                "jobs": [job.id for job in report.jobs],
            },
        },
    )


def _results(report: ScanReport) -> Iterator[_Result]:
    for one in refused(report):
        for problem in one.problems:
            yield from _of_problem(problem)
    for scanned, lack, count in unnamed(report):
        yield _of_input(scanned, lack, f"{count:,} more objects: {_TITLES[lack]}")
    for scanned in report.inputs:
        if Lack.ABSENT in scanned.lacking:
            yield _of_input(scanned, Lack.ABSENT, _TITLES[Lack.ABSENT])


def _of_problem(problem: Problem) -> Iterator[_Result]:
    about, uri = problem.object, _uri(problem.object.uri)
    for found in problem.detections:
        yield _Result(
            rule=f"{found.category}/{found.type}",
            title=f"Sensitive data that is not accepted: {found.category}, {found.type}",
            uri=uri,
            told=in_words([found]),
            level=_LEVELS[problem.severity],
            about=about,
            properties={"count": found.count, "severity": problem.severity, "places": list(found.places)},
        )
    if not problem.detections:
        yield _Result(
            rule=problem.lack.value,
            title=_TITLES[problem.lack],
            uri=uri,
            told=problem.told,
            level=_LEVELS[problem.severity],
            about=about,
        )


def _of_input(scanned: ScannedInput, lack: Lack, told: str) -> _Result:
    return _Result(
        rule=lack.value, title=_TITLES[lack], uri=_uri(scanned.uri), told=told, level=_LEVELS[None]
    )


def _uri(location: str) -> str:
    """An S3 location as a URI: a key may hold what a URI may not."""
    return quote(location, safe="/:")


def _written(one: _Result, order: Mapping[str, int], places: Mapping[str, int]) -> Mapping[str, object]:
    version = "" if one.about is None else one.about.etag
    fingerprint = hashlib.sha256(f"{one.rule}\0{one.uri}\0{version}".encode()).hexdigest()
    return {
        "ruleId": one.rule,
        "ruleIndex": order[one.rule],
        "level": one.level,
        "message": sarif_text(on_one_line(one.told)),
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": one.uri, "index": places[one.uri]}}}],
        "partialFingerprints": {"objectAndRule/v1": fingerprint},
        "properties": dict(one.properties),
    }
