"""Reports of scans, as tests make them: small, hostile, large."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from secure_sagemaker import (
    Accepted,
    DataClass,
    Detection,
    Macie,
    ObjectVerdict,
    ObjectVersion,
    Safeguard,
    ScanJob,
    ScannedInput,
    ScanReport,
)
from secure_sagemaker.macie.acceptance import Acceptance, Tally
from secure_sagemaker.macie.estimate import Estimate, Prices
from secure_sagemaker.macie.verdicts import Outcome, Severity

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
BEGAN = NOW - timedelta(minutes=20)
SSN_FOUND = Detection(
    category="PERSONAL_INFORMATION", type="USA_SOCIAL_SECURITY_NUMBER", count=1200, places=("column ssn",)
)
KEY_FOUND = Detection(category="CREDENTIALS", type="AWS_CREDENTIALS", count=2)
OWN_FOUND = Detection(category="CUSTOM_IDENTIFIER", type="churn-id", count=7)
NAME_FOUND = Detection(category="PERSONAL_INFORMATION", type="NAME", count=3)
CUSTOMERS = DataClass(
    places=("s3://ml-datasets/customers/",),
    accept=(
        Accepted(category="PERSONAL_INFORMATION", types=("NAME",), under=(Safeguard.NETWORK_ISOLATION,)),
    ),
)
HOSTILE = (
    "<script>alert(1)</script>.csv",
    "</title></svg><img src=x onerror=alert(1)>",
    "a\"b'c&amp;d.csv",
    "line\nbreak\r\nand more",
    "{{ 7 * 7 }}{% raw %}{0}",
    "[click](https://evil.example)",
    "naïve-データ-🙂.csv",
    "\u202egpj.exe",
    "\x00\x1b[31mred",
    "a b#c?d%e+f\\g",
    "x" * 1000,
)
"""Keys that S3 takes, or nearly, and that some format might take for something else than a name."""


def version(key: str = "customers/a.csv", *, etag: str = "e1", size: int = 2048) -> ObjectVersion:
    return ObjectVersion(bucket="ml-datasets", key=key, etag=etag, size=size)


def verdict(
    about: ObjectVersion,
    *found: Detection,
    reason: str = "",
    severity: Severity = Severity.HIGH,
) -> ObjectVerdict:
    unread = Outcome.UNREAD if reason else Outcome.CLEAR
    return ObjectVerdict(
        object=about,
        outcome=Outcome.SENSITIVE if found else unread,
        read_at=BEGAN,
        job_id="job-1",
        detections=found,
        severity=severity if found else None,
        reason=reason,
    )


def scanned(uri: str, known: Iterable[tuple[ObjectVersion, ObjectVerdict | None]]) -> ScannedInput:
    """An input as the baseline judges it."""
    acceptance = Acceptance(Macie(mode="require", classes={"customers": CUSTOMERS}))
    tally = Tally()
    for about, told in known:
        tally.add(about, told, acceptance.judge(about, told, now=NOW))
    lacking = acceptance.standing(tally)
    return ScannedInput(
        uri=uri,
        path="InputDataConfig[0].DataSource.S3DataSource.S3Uri",
        objects=tally.objects,
        bytes=tally.bytes,
        clear=tally.clear,
        sensitive=tally.sensitive,
        unread=tally.unread,
        unknown=tally.unknown,
        exempt=tally.exempt,
        coverage=tally.coverage,
        lacking=lacking,
        problems=tuple(problem for lack in lacking for problem in tally.problems.get(lack, ())),
        safeguards=tuple(sorted(tally.safeguards)),
    )


def report(*inputs: ScannedInput, objects: Iterable[ObjectVerdict] = (), jobs: int = 1) -> ScanReport:
    return ScanReport(
        account="111122223333",
        region="eu-west-1",
        began=BEGAN,
        ended=NOW,
        inputs=inputs,
        objects=tuple(objects),
        unlisted=0,
        jobs=tuple(
            ScanJob(
                id=f"job-{number}",
                bucket="ml-datasets",
                status="COMPLETE",
                had_errors=False,
                resumed=number > 1,
                objects=4,
                bytes=8192,
                overscan_objects=1,
                overscan_bytes=10,
                findings=2,
                archived_findings=1,
            )
            for number in range(1, jobs + 1)
        ),
        estimate=Estimate(
            prices=Prices(usd_per_gb=1.25),
            objects=4,
            stored_bytes=8192,
            read_bytes=8192,
            unreadable=MappingProxyType({"its storage class is GLACIER": 1}),
        ),
        settings="5" * 64,
        baseline_digest="b" * 64,
    )


def of_keys(*keys: str, found: tuple[Detection, ...] = (SSN_FOUND,)) -> ScanReport:
    """A report in which each key names an object that is not accepted."""
    objects = [verdict(version(key), *found) for key in keys]
    return report(scanned("s3://ml-datasets/", [(one.object, one) for one in objects]), objects=objects)


def mixed() -> ScanReport:
    """A report with an object of each kind, in two inputs that share one."""
    clear = verdict(version("customers/clear.csv"))
    accepted = verdict(version("customers/names.csv"), NAME_FOUND)
    found = verdict(version("customers/all.csv"), SSN_FOUND, NAME_FOUND, severity=Severity.MEDIUM)
    other = verdict(version("orders/keys.json"), KEY_FOUND, OWN_FOUND)
    partial = verdict(version("orders/large.csv"), KEY_FOUND, reason="PARTIAL: ARCHIVE_TOO_LARGE")
    unread = verdict(version("orders/cold.csv"), reason="SKIPPED: INVALID_OBJECT_STATE")
    unknown = version("orders/new.csv")
    customers = [(one.object, one) for one in (clear, accepted, found)]
    orders = [(one.object, one) for one in (other, partial, unread)]
    return report(
        scanned("s3://ml-datasets/customers/", customers),
        scanned("s3://ml-datasets/", [*customers, *orders, (unknown, None)]),
        objects=(found, accepted, other, partial, unread, clear),
    )
