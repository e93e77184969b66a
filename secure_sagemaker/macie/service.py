"""Macie as the scan uses it: each question, and what it means when it is refused."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar, overload

from botocore.exceptions import BotoCoreError, ClientError

from secure_sagemaker.exceptions import ScanError
from secure_sagemaker.macie.settings import ScanSettings

if TYPE_CHECKING:
    from types_boto3_macie2 import Macie2Client
    from types_boto3_macie2.type_defs import (
        CreateClassificationJobRequestTypeDef,
        DescribeClassificationJobResponseTypeDef,
        FindingCriteriaTypeDef,
        ListClassificationJobsRequestTypeDef,
        ListFindingsRequestTypeDef,
    )

__all__ = ["MacieJob", "MacieService", "Quota", "ResultsPlace"]

T = TypeVar("T")

_TERABYTE = 1024**4
_BUSY = frozenset({"InternalServerException", "ThrottlingException", "TooManyRequestsException"})
_TRIES = 8
_LONGEST_PAUSE = 30.0


@dataclass(frozen=True, kw_only=True)
class ResultsPlace:
    """Where Macie writes what it says of each object."""

    bucket: str
    prefix: str
    """What all keys begin with; nothing, or it ends with a slash."""

    def of_job(self, job_id: str, *, account: str, region: str) -> str:
        """What the keys of a job's results begin with."""
        return f"{self.prefix}AWSLogs/{account}/Macie/{region}/{job_id}/"


@dataclass(frozen=True, kw_only=True)
class Quota:
    """What may be read in a month, and what of it is left, as far as Macie tells."""

    bytes: int
    spent_usd: float
    """An estimate of Macie's own, of this month."""
    is_reached: bool


@dataclass(frozen=True, kw_only=True)
class MacieJob:
    """A classification job as it is now."""

    id: str
    name: str
    status: str
    created_at: datetime
    had_errors: bool
    objects_left: int
    """An approximation of Macie's own."""
    bucket: str
    """The one bucket that it is about; nothing where there are more."""
    prefixes: tuple[str, ...]
    changed_since: datetime | None
    settings: ScanSettings | None
    """How it reads objects; None where its terms are others than a scan states."""

    def reads(self, key: str, modified: datetime) -> bool:
        """Whether an object is within its terms. It must have been there when the job was made."""
        return (
            modified <= self.created_at
            and (self.changed_since is None or modified >= self.changed_since)
            and key.startswith(self.prefixes)
        )


class MacieService:
    """Asks Macie. Every refusal is a ``ScanError`` that says what is missing.

    Args:
        client: Gives the client. It need not try again by itself.
        account: The account that Macie works for.
        region: The region that it works in.
        sleep: Waits, in seconds, where Macie is asked too often.
    """

    def __init__(
        self,
        client: Callable[[], Macie2Client],
        *,
        account: str,
        region: str,
        sleep: Callable[[float], object],
    ) -> None:
        self._client = client
        self._sleep = sleep
        self.account = account
        self.region = region

    def results(self) -> ResultsPlace:
        """Where results go, once Macie is there to write them.

        Raises:
            ScanError: Macie is not enabled, is paused, or has no bucket for results.
        """
        status = self._ask("GetMacieSession", lambda: self._client().get_macie_session())["status"]
        if status != "ENABLED":
            raise ScanError(
                f"Macie's status in {self.region} is {status}: it reads nothing",
                remedy="have it resumed: aws macie2 update-macie-session --status ENABLED",
            )
        stated = self._ask(
            "GetClassificationExportConfiguration",
            lambda: self._client().get_classification_export_configuration(),
        )
        place = stated.get("configuration", {}).get("s3Destination")
        if not place:
            raise ScanError(
                f"Macie in {self.region} has no bucket for its results: nobody could tell what a job did not read",
                remedy="name one, with a key of yours: aws macie2 put-classification-export-configuration",
            )
        prefix = place.get("keyPrefix", "")
        return ResultsPlace(bucket=place["bucketName"], prefix=f"{prefix.rstrip('/')}/" if prefix else "")

    def quota(self) -> Quota | None:
        """What may be read this month; None where Macie tells of no quota."""
        answer = self._ask(
            "GetUsageStatistics",
            lambda: self._client().get_usage_statistics(
                filterBy=[{"comparator": "EQ", "key": "accountId", "values": [self.account]}],
                timeRange="MONTH_TO_DATE",
            ),
        )
        for record in answer.get("records", ()):
            for usage in record.get("usage", ()):
                limit = usage.get("serviceLimit")
                if usage.get("type") == "SENSITIVE_DATA_DISCOVERY" and limit and "value" in limit:
                    return Quota(
                        bytes=limit["value"] * _TERABYTE,
                        spent_usd=float(usage.get("estimatedCost", "0")),
                        is_reached=limit.get("isServiceLimited", False),
                    )
        return None

    def score(self, bucket_arn: str) -> int | None:
        """The sensitivity score that automated discovery has for a bucket; None where it has none.

        Raises:
            ScanError: Automated discovery is off, or may not be asked.
        """
        status = self._ask(
            "GetAutomatedDiscoveryConfiguration",
            lambda: self._client().get_automated_discovery_configuration(),
        )["status"]
        if status != "ENABLED":
            raise ScanError(
                f"macie.maximum_bucket_score is stated, and Macie's automated discovery in {self.region} is off",
                remedy="have it enabled (aws macie2 update-automated-discovery-configuration --status ENABLED), "
                "or leave the field out",
            )
        profile = self._ask(
            "GetResourceProfile",
            lambda: self._client().get_resource_profile(resourceArn=bucket_arn),
            but={"ResourceNotFoundException"},
        )
        return None if profile is None else profile.get("sensitivityScore")

    # --- jobs --------------------------------------------------------------------------------------

    def create(self, request: CreateClassificationJobRequestTypeDef) -> str | None:
        """Make a job, or be told the one that was made with this token before; None where that was another request."""
        told = self._ask(
            "CreateClassificationJob",
            lambda: self._client().create_classification_job(**request),
            but={"ConflictException"},
        )
        return None if told is None else told["jobId"]

    def named(self, name: str) -> Iterator[tuple[str, str, datetime]]:
        """The jobs whose name holds a text, the newest first: id, name and when they were made."""
        asked: ListClassificationJobsRequestTypeDef = {
            "filterCriteria": {
                "includes": [
                    {"comparator": "CONTAINS", "key": "name", "values": [name]},
                ]
            },
            "sortCriteria": {"attributeName": "createdAt", "orderBy": "DESC"},
        }
        while True:
            page = self._ask(
                "ListClassificationJobs", lambda: self._client().list_classification_jobs(**asked)
            )
            for one in page["items"]:
                yield one["jobId"], one["name"], one["createdAt"]
            if not (token := page.get("nextToken")):
                return
            asked["nextToken"] = token

    def job(self, job_id: str) -> MacieJob:
        """A job as it is now."""
        told = self._ask(
            "DescribeClassificationJob",
            lambda: self._client().describe_classification_job(jobId=job_id),
            job_id=job_id,
        )
        definition = told["s3JobDefinition"]
        buckets = [bucket for one in definition.get("bucketDefinitions", ()) for bucket in one["buckets"]]
        prefixes, since, plain = _terms(told)
        return MacieJob(
            id=job_id,
            name=told["name"],
            status=told["jobStatus"],
            created_at=told["createdAt"],
            had_errors=told.get("lastRunErrorStatus", {}).get("code") == "ERROR",
            objects_left=int(told.get("statistics", {}).get("approximateNumberOfObjectsToProcess", 0)),
            bucket=buckets[0] if len(buckets) == 1 else "",
            prefixes=prefixes,
            changed_since=since,
            settings=ScanSettings.told(told) if plain else None,
        )

    def cancel(self, job_id: str) -> None:
        """Have a job stopped; one that has ended stays as it is."""
        self._ask(
            "UpdateClassificationJob",
            lambda: self._client().update_classification_job(jobId=job_id, jobStatus="CANCELLED"),
            job_id=job_id,
            but={"ConflictException", "ValidationException"},
        )

    def findings(self, job_id: str) -> tuple[int, int]:
        """How many findings a job made, and how many of them are archived."""
        shown, archived = (self._count(job_id, archived=one) for one in ("false", "true"))
        return shown + archived, archived

    def _count(self, job_id: str, *, archived: str) -> int:
        criteria: FindingCriteriaTypeDef = {
            "criterion": {"classificationDetails.jobId": {"eq": [job_id]}, "archived": {"eq": [archived]}}
        }
        asked: ListFindingsRequestTypeDef = {"findingCriteria": criteria}
        counted = 0
        while True:
            page = self._ask("ListFindings", lambda: self._client().list_findings(**asked), job_id=job_id)
            counted += len(page["findingIds"])
            if not (token := page.get("nextToken")):
                return counted
            asked["nextToken"] = token

    @overload
    def _ask(self, operation: str, call: Callable[[], T], *, job_id: str = "") -> T: ...

    @overload
    def _ask(
        self, operation: str, call: Callable[[], T], *, job_id: str = "", but: Collection[str]
    ) -> T | None: ...

    def _ask(
        self, operation: str, call: Callable[[], T], *, job_id: str = "", but: Collection[str] = ()
    ) -> T | None:
        """What Macie answers; None where it refuses by one of the codes that are ``but``."""
        about, attempt = (job_id,) if job_id else (), 0
        while True:
            try:
                return call()
            except ClientError as failed:
                code, message = failed.response["Error"]["Code"], failed.response["Error"].get("Message", "")
                if code in but:
                    return None
                if code in _BUSY and attempt < _TRIES:
                    self._sleep(min(2.0**attempt, _LONGEST_PAUSE))
                    attempt += 1
                    continue
                told, remedy = _refused(operation, code, message, self.region)
                raise ScanError(told, remedy=remedy, job_ids=about) from failed
            except BotoCoreError as failed:
                raise ScanError(
                    f"Macie in {self.region} cannot be asked ({operation}): {failed}",
                    remedy="look at the connection, and scan again: a job that was made is found and resumed",
                    job_ids=about,
                ) from failed


def _terms(
    told: DescribeClassificationJobResponseTypeDef,
) -> tuple[tuple[str, ...], datetime | None, bool]:
    """The prefixes of a job, the moment since which objects were changed, and whether that is all that it says."""
    prefixes: tuple[str, ...] = ("",)
    since = None
    scoping = told["s3JobDefinition"].get("scoping", {})
    plain = told.get("jobType") == "ONE_TIME" and not scoping.get("excludes", {}).get("and")
    for term in scoping.get("includes", {}).get("and", ()):
        stated = term.get("simpleScopeTerm", {})
        match stated.get("key"), stated.get("comparator"):
            case "OBJECT_KEY", "STARTS_WITH":
                prefixes = tuple(stated.get("values", ()))
            case "OBJECT_LAST_MODIFIED_DATE", "GTE":
                since = datetime.fromisoformat(stated.get("values", ("",))[0])
            case _:
                plain = False
    return prefixes, since, plain


def _refused(operation: str, code: str, message: str, region: str) -> tuple[str, str]:
    if "not enabled" in message:  # Macie says so by the code of a denial
        return (
            f"Macie is not enabled in {region}",
            "have it enabled: aws macie2 enable-macie, and a bucket named for its results",
        )
    told = f"Macie in {region} refused {operation}: {code}: {message}"
    if code == "AccessDeniedException":
        return (
            told,
            f"allow the baseline's role macie2:{operation}; `secure-sagemaker policy launcher` has all of it",
        )
    if code in _BUSY:
        return told, "wait, and scan again: a job that was made is found and resumed"
    if code == "ServiceQuotaExceededException":
        return told, "wait for the quota, or have it raised (Service Quotas, Amazon Macie)"
    if code == "ConflictException":
        return told, "scan again: another process is doing the same"
    return told, "mend what Macie names, and scan again"
