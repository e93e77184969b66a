"""A report in the AWS Security Finding Format: a finding for each object that may not be used, for Security Hub.

They are findings of a custom integration, which the account that imports them owns. Their ids follow from the
object's version: imported again, they are the same ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType

from secure_sagemaker.baseline.arns import partition_of
from secure_sagemaker.macie.acceptance import Lack
from secure_sagemaker.macie.formats.plain import moment
from secure_sagemaker.macie.formats.refused import RefusedObject, refused, unnamed
from secure_sagemaker.macie.report import ScannedInput, ScanReport
from secure_sagemaker.macie.verdicts import Detection, Outcome, Severity, on_one_line

__all__ = ["MOST_FINDINGS", "as_asff"]

MOST_FINDINGS = 100
"""As many findings as BatchImportFindings takes in a request."""

_GENERATOR = "secure-sagemaker/input-scan"
_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "CREDENTIALS": "Passwords",
        "CUSTOM_IDENTIFIER": "PII",
        "FINANCIAL_INFORMATION": "Financial",
        "PERSONAL_INFORMATION": "PII",
    }
)
"""As Macie's own findings are called there."""
_LABELS: Mapping[Severity | None, str] = MappingProxyType(
    {Severity.LOW: "LOW", Severity.MEDIUM: "MEDIUM", Severity.HIGH: "HIGH", None: "HIGH"}
)
_STATUS: Mapping[Outcome, str] = MappingProxyType(
    {Outcome.CLEAR: "COMPLETE", Outcome.SENSITIVE: "COMPLETE", Outcome.UNREAD: "SKIPPED"}
)
_TITLES: Mapping[Lack, str] = MappingProxyType(
    {
        Lack.SENSITIVE: "Input data holds sensitive data that is not accepted",
        Lack.UNREAD: "Input data could not be read by Macie",
        Lack.UNKNOWN: "Input data has no fresh verdict from Macie",
    }
)
_REMEDIES: Mapping[Lack, str] = MappingProxyType(
    {
        Lack.SENSITIVE: "Take out what was found, or have a class of macie.classes accept it; then scan again.",
        Lack.UNREAD: "Store it in a form, class and under a key that Macie can read, or lower macie.minimum_coverage.",
        Lack.UNKNOWN: "Scan it: secure-sagemaker scan, with the location of the input.",
    }
)
_LONGEST = MappingProxyType({"Title": 256, "Description": 1024, "Id": 512, "Reason": 1024})


def as_asff(report: ScanReport) -> tuple[Mapping[str, Sequence[Mapping[str, object]]], ...]:
    """Requests for ``BatchImportFindings``, each with as many findings as it takes; none where all is accepted."""
    about = _Report.of(report)
    findings = [
        *(about.of_object(one) for one in refused(report)),
        *(about.of_input(scanned, lack, count) for scanned, lack, count in unnamed(report)),
    ]
    batches = range(0, len(findings), MOST_FINDINGS)
    return tuple({"Findings": findings[start : start + MOST_FINDINGS]} for start in batches)


@dataclass(frozen=True, kw_only=True)
class _Report:
    """What all findings of a report have in common."""

    report: ScanReport
    partition: str

    @classmethod
    def of(cls, report: ScanReport) -> _Report:
        return cls(report=report, partition=partition_of(report.region))

    def of_object(self, one: RefusedObject) -> Mapping[str, object]:
        about = one.object
        lacks = [problem.lack for problem in one.problems]
        graded = next((problem.severity for problem in one.problems if problem.severity is not None), None)
        known = one.verdict.read_at if one.verdict is not None else self.report.began
        resource: dict[str, object] = {
            "Type": "AwsS3Object",
            "Id": self._arn(f"{about.bucket}/{about.key}"),
            "Details": {"AwsS3Object": {"ETag": about.etag}},
        }
        if classified := _classified(one):
            resource["DataClassification"] = classified
        return self._finding(
            identity=f"{about.bucket}\0{about.key}\0{about.etag}\0{about.size}",
            lacks=lacks,
            detections=[found for problem in one.problems for found in problem.detections],
            # What could not be read beside may be of the highest.
            severity=graded if lacks == [Lack.SENSITIVE] else None,
            told=f"{about.uri}: {one.told}",
            created=moment(known),
            resource=resource,
            job=one.verdict.job_id if one.verdict is not None else "",
        )

    def of_input(self, scanned: ScannedInput, lack: Lack, count: int) -> Mapping[str, object]:
        bucket = scanned.uri.removeprefix("s3://").partition("/")[0]
        return self._finding(
            identity=f"{scanned.uri}\0{lack}",
            lacks=[lack],
            detections=[],
            severity=None,
            told=f"{scanned.uri}: {count:,} more objects than are named one by one",
            created=moment(self.report.began),
            resource={"Type": "AwsS3Bucket", "Id": self._arn(bucket)},
            job="",
        )

    def _arn(self, name: str) -> str:
        return _bounded("Id", f"arn:{self.partition}:s3:::{name}", unique=True)

    def _finding(
        self,
        *,
        identity: str,
        lacks: Sequence[Lack],
        detections: Sequence[Detection],
        severity: Severity | None,
        told: str,
        created: str,
        resource: Mapping[str, object],
        job: str,
    ) -> Mapping[str, object]:
        account, region = self.report.account, self.report.region
        graded = {"Label": _LABELS[severity], "Original": severity.value if severity else "unknown"}
        types = _types(lacks, detections)
        fields = {
            "secure-sagemaker/baseline-digest": self.report.baseline_digest,
            "secure-sagemaker/settings-digest": self.report.settings,
        }
        if job:
            fields["secure-sagemaker/macie-job"] = job
        return {
            "SchemaVersion": "2018-10-08",
            "Id": f"{account}/{region}/{_GENERATOR}/{hashlib.sha256(identity.encode()).hexdigest()}",
            "ProductArn": f"arn:{self.partition}:securityhub:{region}:{account}:product/{account}/default",
            "ProductName": "secure-sagemaker",
            "GeneratorId": _GENERATOR,
            "AwsAccountId": account,
            "Region": region,
            "Types": types,
            "CreatedAt": created,
            "UpdatedAt": moment(self.report.ended),
            "Severity": graded,
            # What Security Hub takes these two from when a finding is imported again.
            "FindingProviderFields": {"Severity": graded, "Types": types},
            "Title": _TITLES[lacks[0]],
            "Description": _bounded("Description", on_one_line(told)),
            "Remediation": {"Recommendation": {"Text": _REMEDIES[lacks[0]]}},
            "ProductFields": fields,
            "Resources": [{**resource, "Region": region}],
            "Compliance": {"Status": "FAILED"},
            "Workflow": {"Status": "NEW"},
            "RecordState": "ACTIVE",
        }


def _types(lacks: Sequence[Lack], detections: Sequence[Detection]) -> list[str]:
    found = {_TYPES.get(one.category, "PII") for one in detections}
    found |= {lack.value.capitalize() for lack in lacks if lack is not Lack.SENSITIVE or not detections}
    return [f"Sensitive Data Identifications/{name}" for name in sorted(found)]


def _classified(one: RefusedObject) -> Mapping[str, object]:
    """What Macie said of the object, as Macie tells it to Security Hub: types and counts."""
    if one.verdict is None:
        return {}
    found = sorted(one.verdict.detections, key=lambda detection: detection.category)
    reason = on_one_line(one.verdict.reason)
    code = "PARTIAL" if reason and found else _STATUS[one.verdict.outcome]
    result: dict[str, object] = {
        "Status": {"Code": code, **({"Reason": _bounded("Reason", reason)} if reason else {})}
    }
    sensitive = []
    for category, members in groupby(found, key=lambda detection: detection.category):
        counted = list(members)
        total = sum(detection.count for detection in counted)
        if category == "CUSTOM_IDENTIFIER":
            named = [{"Name": detection.type, "Count": detection.count} for detection in counted]
            result["CustomDataIdentifiers"] = {"Detections": named, "TotalCount": total}
            continue
        typed = [{"Type": detection.type, "Count": detection.count} for detection in counted]
        sensitive.append({"Category": category, "Detections": typed, "TotalCount": total})
    if sensitive:
        result["SensitiveData"] = sensitive
    return {"Result": result}


def _bounded(field: str, text: str, *, unique: bool = False) -> str:
    longest = _LONGEST[field]
    if len(text) <= longest:
        return text
    ending = f"...{hashlib.sha256(text.encode()).hexdigest()}" if unique else "..."
    return text[: longest - len(ending)] + ending
