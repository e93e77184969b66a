"""A data set with personal data that nobody meant to be in it, and what becomes of a training job that reads it.

Everything in it is made up: numbers that pass their own check, of nobody.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from secure_sagemaker import ControlError, ScanReport, SecureSession
from secure_sagemaker.local.demonstration.workflow import image
from secure_sagemaker.local.embedded import EmbeddedAWS

__all__ = ["Step", "steps"]

FOLDER = "demo/customers/"
_PARTS = 10
_ROWS = 40
_WITH_PERSONAL_DATA = (3, 7)
_FEATURES = ("tenure_months", "calls_last_week", "balance", "churned")
_NAMES = ("Jane Doe", "John Roe", "Mary Major", "Richard Miles", "Alice Example", "Bob Sample")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that was done, and what came of it."""

    title: str
    outcome: str
    told: str
    as_expected: bool


def steps(aws: EmbeddedAWS, session: SecureSession) -> Iterator[Step]:
    """Train on data that has not been read, read it, train on what is found in it, take that out, train.

    Args:
        aws: The account.
        session: A session whose baseline asks for a verdict on all data.
    """
    place = f"s3://{session.default_bucket}/{FOLDER}"
    for part in range(_PARTS):
        _put(session, part, personal=part in _WITH_PERSONAL_DATA)
    yield _refused("train on data that nobody has read", session, "scan-0", named="secure-sagemaker scan")
    yield _scanned(aws, f"scan {place}", lambda: session.scan([place]), objects=_PARTS)
    yield _refused("train on it, now that it is read", session, "scan-1", named="USA_SOCIAL_SECURITY_NUMBER")
    for part in _WITH_PERSONAL_DATA:
        _put(session, part, personal=False)
    yield _scanned(
        aws,
        "take the columns out, and scan again",
        lambda: session.scan([place]),
        objects=len(_WITH_PERSONAL_DATA),
    )
    yield _accepted("train on what is left", session, "scan-2")
    yield _scanned(aws, "scan once more", lambda: session.scan([place]), objects=0)


def _put(session: SecureSession, part: int, *, personal: bool) -> None:
    drawn, text = random.Random(part), io.StringIO()  # noqa: S311  # the same data each time, and no secret
    columns = ("name", "ssn", "card") if personal else ()
    written = csv.writer(text)
    written.writerow((*columns, *_FEATURES))
    for _ in range(_ROWS):
        who = (drawn.choice(_NAMES), _ssn(drawn), _card(drawn)) if personal else ()
        about = (
            drawn.randrange(120),
            drawn.randrange(9),
            round(drawn.uniform(0, 9999), 2),
            drawn.randrange(2),
        )
        written.writerow((*who, *about))
    session.client("s3").put_object(
        Bucket=session.default_bucket, Key=f"{FOLDER}part-{part}.csv", Body=text.getvalue().encode()
    )


def _ssn(drawn: random.Random) -> str:
    return f"{drawn.randrange(100, 650):03}-{drawn.randrange(1, 100):02}-{drawn.randrange(1, 10000):04}"


def _card(drawn: random.Random) -> str:
    digits = [4, *(drawn.randrange(10) for _ in range(14))]
    doubled = [
        (digit * 2 - 9 if digit > 4 else digit * 2) if at % 2 == 0 else digit
        for at, digit in enumerate(digits)
    ]
    return "".join(map(str, (*digits, -sum(doubled) % 10)))


def _train(session: SecureSession, name: str) -> str:
    channel: dict[str, Any] = {
        "ChannelName": "train",
        "DataSource": {
            "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{session.default_bucket}/{FOLDER}"}
        },
    }
    made = session.client("sagemaker").create_training_job(
        TrainingJobName=f"demo-{name}",
        AlgorithmSpecification={"TrainingImage": image(session), "TrainingInputMode": "File"},
        RoleArn=session.execution_role,
        InputDataConfig=[channel],  # type: ignore[list-item]  # a literal of the stubs' own type
        OutputDataConfig={"S3OutputPath": f"s3://{session.default_bucket}/demo/out"},
        ResourceConfig={"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
        StoppingCondition={"MaxRuntimeInSeconds": 3600},
    )
    return made["TrainingJobArn"]


def _refused(title: str, session: SecureSession, name: str, *, named: str) -> Step:
    try:
        arn = _train(session, name)
    except ControlError as refused:
        told = f"{refused.got}\n{refused.remedy}"
        return Step(title=title, outcome="refused", told=told, as_expected=named in told)
    return Step(title=title, outcome="accepted", told=arn, as_expected=False)


def _accepted(title: str, session: SecureSession, name: str) -> Step:
    try:
        return Step(title=title, outcome="accepted", told=_train(session, name), as_expected=True)
    except ControlError as refused:
        return Step(title=title, outcome="refused", told=refused.got, as_expected=False)


def _scanned(aws: EmbeddedAWS, title: str, scan: Callable[[], ScanReport], *, objects: int) -> Step:
    before = len(aws.requests)
    report = scan()
    asked = [one for one in aws.requests[before:] if one.service == "macie2"]
    read = sum(job.objects + job.overscan_objects for job in report.jobs)
    found = sorted({f"{found.category}: {found.type}" for one in report.objects for found in one.detections})
    told = f"{len(asked)} requests to Macie, {read} objects read; {report.estimate}"
    return Step(
        title=title,
        outcome=report.outcome.value,
        told="\n".join([told, *found]),
        as_expected=read == objects and (bool(asked) or not objects),
    )
