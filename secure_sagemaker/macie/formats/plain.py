"""A report as plain values. What they are called, and what they mean, is in docs/reference/scan-report.md."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from secure_sagemaker.macie.acceptance import Problem
from secure_sagemaker.macie.report import ScanJob, ScannedInput, ScanReport
from secure_sagemaker.macie.verdicts import Detection, ObjectVerdict, ObjectVersion

__all__ = ["FORMAT_VERSION", "as_plain", "moment"]

FORMAT_VERSION = 1
"""Rises where a member is renamed, taken away or means something else; new ones may come without."""


def as_plain(report: ScanReport) -> Mapping[str, object]:
    """All of it, for JSON."""
    estimate = report.estimate
    return {
        "format_version": FORMAT_VERSION,
        "accepted": report.is_accepted,
        "outcome": report.outcome.value,
        "account": report.account,
        "region": report.region,
        "began": moment(report.began),
        "ended": moment(report.ended),
        "baseline_digest": report.baseline_digest,
        "settings_digest": report.settings,
        "safeguards": [one.value for one in report.safeguards],
        "inputs": [_input(one) for one in report.inputs],
        "objects": [_verdict(one) for one in report.objects],
        "unlisted_objects": report.unlisted,
        "jobs": [_job(one) for one in report.jobs],
        "estimate": {
            "usd": estimate.usd,
            "objects": estimate.objects,
            "stored_bytes": estimate.stored_bytes,
            "read_bytes": estimate.read_bytes,
            "usd_per_gb": estimate.prices.usd_per_gb,
            "unreadable": dict(estimate.unreadable),
        },
    }


def moment(when: datetime) -> str:
    """A time as all formats have it: in UTC, to the millisecond."""
    return f"{when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _input(scanned: ScannedInput) -> Mapping[str, object]:
    return {
        "uri": scanned.uri,
        "path": scanned.path,
        "accepted": scanned.is_accepted,
        "objects": scanned.objects,
        "bytes": scanned.bytes,
        "clear": scanned.clear,
        "sensitive": scanned.sensitive,
        "unread": scanned.unread,
        "unknown": scanned.unknown,
        "exempt": scanned.exempt,
        "coverage": scanned.coverage,
        "lacking": {lack.value: count for lack, count in scanned.lacking.items()},
        "problems": [_problem(one) for one in scanned.problems],
        "safeguards": [one.value for one in scanned.safeguards],
    }


def _object(about: ObjectVersion) -> Mapping[str, object]:
    return {
        "uri": about.uri,
        "bucket": about.bucket,
        "key": about.key,
        "etag": about.etag,
        "size": about.size,
    }


def _problem(problem: Problem) -> Mapping[str, object]:
    return {
        "object": _object(problem.object),
        "lack": problem.lack.value,
        "told": problem.told,
        "severity": problem.severity,
        "detections": [_detection(one) for one in problem.detections],
    }


def _verdict(verdict: ObjectVerdict) -> Mapping[str, object]:
    return {
        "object": _object(verdict.object),
        "outcome": verdict.outcome.value,
        "read_at": moment(verdict.read_at),
        "job_id": verdict.job_id,
        "severity": verdict.severity,
        "reason": verdict.reason,
        "detections": [_detection(one) for one in verdict.detections],
    }


def _detection(found: Detection) -> Mapping[str, object]:
    return {
        "category": found.category,
        "type": found.type,
        "count": found.count,
        "places": list(found.places),
    }


def _job(job: ScanJob) -> Mapping[str, object]:
    return {
        "id": job.id,
        "bucket": job.bucket,
        "status": job.status,
        "had_errors": job.had_errors,
        "resumed": job.resumed,
        "objects": job.objects,
        "bytes": job.bytes,
        "overscan_objects": job.overscan_objects,
        "overscan_bytes": job.overscan_bytes,
        "findings": job.findings,
        "archived_findings": job.archived_findings,
    }
