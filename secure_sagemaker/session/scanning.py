"""What scans for a session: Macie and S3 as the role is assumed for that, and where verdicts are kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import boto3
from botocore.config import Config

from secure_sagemaker.admission import DataAdmission, Held
from secure_sagemaker.baseline import Safeguard, SecurityBaseline
from secure_sagemaker.controls import Enforcer
from secure_sagemaker.identity import KeyResolver
from secure_sagemaker.macie.engine import Scanner
from secure_sagemaker.macie.gate import InputGate
from secure_sagemaker.macie.memory import SqliteMemory, VerdictMemory
from secure_sagemaker.macie.safeguards import layer_of
from secure_sagemaker.macie.service import MacieService
from secure_sagemaker.macie.shared_memory import DynamoDbClient, DynamoDbMemory, S3Memory
from secure_sagemaker.macie.underway import Timing
from secure_sagemaker.references import ReferencedResources

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

__all__ = ["VERDICTS_VARIABLE", "data_admission", "scanner_of", "verdicts_folder"]

_DYNAMODB = "dynamodb:"
VERDICTS_VARIABLE = "SECURE_SAGEMAKER_VERDICTS"
"""Names the folder of this user's verdicts."""


def verdicts_folder() -> Path:
    """Where this user's verdicts are kept: as the environment says, or below ``XDG_CACHE_HOME`` or ``~/.cache``."""
    if own := os.environ.get(VERDICTS_VARIABLE, ""):
        return Path(own)
    stated = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(stated) if stated else Path.home() / ".cache") / "secure-sagemaker"


def scanner_of(
    baseline: SecurityBaseline,
    *,
    session: boto3.Session,
    timing: Timing,
    asked_by: Callable[[], str],
) -> Scanner:
    """What scans under a baseline.

    Args:
        baseline: What is looked for and accepted.
        session: Signs as the role that is assumed for it.
        timing: How time is told and spent.
        asked_by: Tells who asks.

    Raises:
        ScanError: The file of verdicts cannot be used.
    """
    # How often Macie is asked again, and how long is waited for it, is the scan's to say.
    once = Config(retries={"total_max_attempts": 1})
    macie = session.client("macie2", config=once)
    s3 = session.client("s3")
    file = SqliteMemory(verdicts_folder() / f"verdicts-{baseline.account}.sqlite3")
    return Scanner(
        baseline,
        service=MacieService(
            lambda: macie, account=baseline.account, region=baseline.region, sleep=timing.sleep
        ),
        s3=lambda: s3,
        memory=_memory(baseline, session=session, s3=s3, file=file, timing=timing),
        ledger=file,
        timing=timing,
        asked_by=asked_by(),
    )


def _memory(
    baseline: SecurityBaseline,
    *,
    session: boto3.Session,
    s3: S3Client,
    file: SqliteMemory,
    timing: Timing,
) -> VerdictMemory:
    place = baseline.macie.memory
    if place is None:
        return file
    if place.startswith(_DYNAMODB):
        client = cast("DynamoDbClient", session.client("dynamodb"))
        return DynamoDbMemory(client=client, table=place.removeprefix(_DYNAMODB), sleep=timing.sleep)
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    return S3Memory(client=s3, bucket=bucket, prefix=prefix, local=file, sleep=timing.sleep)


def data_admission(
    baseline: SecurityBaseline,
    *,
    scanner: Callable[[], Scanner],
    enforcer: Enforcer,
    keys: KeyResolver,
    references: ReferencedResources,
    held_to: Callable[[SecurityBaseline], Held],
    today: Callable[[], date],
) -> DataAdmission:
    """What holds a session's calls to what is known of their data."""

    @cache
    def tighter(safeguards: frozenset[Safeguard]) -> Held:
        layer = layer_of(safeguards, baseline)
        return held_to(baseline.tightened(layer, source="macie.classes", today=today()))

    return DataAdmission(
        InputGate(baseline, scanner=scanner, enforcer=enforcer),
        enforcer=enforcer,
        keys=keys,
        references=references,
        tighter=tighter,
    )
