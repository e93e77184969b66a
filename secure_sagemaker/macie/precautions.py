"""What keeps a scan from being made: told before any job is, with the figure or the name that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from secure_sagemaker.baseline import SecurityBaseline
from secure_sagemaker.exceptions import ScanError
from secure_sagemaker.macie.estimate import GIGABYTE, Estimate
from secure_sagemaker.macie.inputs import DataInput, InputKind
from secure_sagemaker.macie.service import MacieService, ResultsPlace

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

__all__ = ["Precautions", "beyond_macie", "prefixes"]


class Precautions:
    """Looks whether a scan may be made, and can be read out.

    Args:
        baseline: What it may cost, and whose the buckets are.
        service: Asks Macie.
        s3: Gives the client that asks about buckets.
    """

    def __init__(
        self, baseline: SecurityBaseline, *, service: MacieService, s3: Callable[[], S3Client]
    ) -> None:
        self._baseline = baseline
        self._service = service
        self._s3 = s3

    def place(self) -> ResultsPlace:
        """Where results go, where they can be read from there: else a job would be paid for nothing."""
        place = self._service.results()
        if self._baseline.data_perimeter.owner(place.bucket) is None:
            raise ScanError(
                f"Macie in {self._baseline.region} writes its results to {place.bucket}, which lies outside of the "
                "data perimeter: they could not be read",
                remedy=f"name {place.bucket} in data_perimeter.read with its owner",
            )
        return place

    def hold_cost(self, estimate: Estimate) -> None:
        """Refuse a scan that would cost more than it may, or read more than is left of the month's quota.

        Raises:
            ScanError: With the figure.
        """
        if not estimate.objects:
            return
        cap = self._baseline.macie.maximum_cost_usd
        if cap is not None and estimate.usd > cap:
            raise ScanError(
                f"the scan would cost {estimate}, and macie.maximum_cost_usd is {cap:,.2f}",
                remedy="name less, have a sample read, or have the cap raised",
            )
        quota = self._service.quota()
        if quota is None:
            return
        used = quota.spent_usd / self._baseline.macie.usd_per_gb * GIGABYTE
        if quota.is_reached or used + estimate.read_bytes > quota.bytes:
            raise ScanError(
                f"the scan would read {estimate.read_bytes / GIGABYTE:,.2f} GB (an estimate); of this month's quota of "
                f"{quota.bytes / GIGABYTE:,.0f} GB about {used / GIGABYTE:,.2f} GB are used"
                + (", and Macie says that it is reached" if quota.is_reached else ""),
                remedy="have the quota raised (Service Quotas, Amazon Macie), wait for the next month, or name less",
            )

    def hold_bucket(self, bucket: str) -> None:
        """Refuse early what Macie would refuse late, or not say."""
        owner = self._baseline.data_perimeter.owner(bucket)
        if owner is None:
            raise ScanError(
                f"no owner of {bucket} is stated, and Macie reads only buckets of an account that it knows",
                remedy="name it in data_perimeter.read with its owner",
            )
        try:
            region = self._s3().get_bucket_location(Bucket=bucket).get("LocationConstraint")
        except (ClientError, BotoCoreError) as failed:
            raise ScanError(
                f"where {bucket} lies cannot be told: {failed}",
                remedy="allow the baseline's role s3:GetBucketLocation on it",
            ) from failed
        stands = {None: "us-east-1", "EU": "eu-west-1"}.get(region, region)
        if stands != self._baseline.region:
            raise ScanError(
                f"{bucket} lies in {stands}, and Macie in {self._baseline.region} reads only buckets there",
                remedy=f"scan it in {stands}, or use data of {self._baseline.region}",
            )
        if owner != self._baseline.account and self._has_requesters_pay(bucket):
            raise ScanError(
                f"{bucket} is of another account and has whoever asks pay; neither listing nor Macie offers to",
                remedy="copy the data into a bucket of yours, or have the owner turn Requester Pays off",
            )

    def _has_requesters_pay(self, bucket: str) -> bool:
        try:
            return self._s3().get_bucket_request_payment(Bucket=bucket).get("Payer") == "Requester"
        except (ClientError, BotoCoreError):
            return False  # S3 may tell the owner alone; and such a bucket is not listed in the first place


def prefixes(uris: Sequence[str]) -> tuple[DataInput, ...]:
    """S3 locations as inputs: all whose keys begin with them.

    Raises:
        ScanError: One is no S3 location, or one that Macie does not read.
    """
    found = []
    for uri in uris:
        one = DataInput(path="", uri=uri, kind=InputKind.PREFIX)
        if not uri.startswith("s3://") or not one.bucket:
            raise ScanError(f"{uri!r} is no S3 location", remedy="name one: s3://bucket/prefix")
        if why := beyond_macie(one):
            raise ScanError(
                f"{uri} cannot be scanned: {why}", remedy="name a general-purpose bucket by its own name"
            )
        found.append(one)
    if not found:
        raise ScanError("nothing was named to be scanned", remedy="name S3 locations, or a job to resume")
    return tuple(found)


def beyond_macie(about: DataInput) -> str:
    """Why Macie cannot read a location, as its name tells; nothing where it can."""
    if about.is_directory_bucket:
        return "it lies in a directory bucket, and Macie reads general-purpose buckets alone"
    if about.is_access_point:
        return "it is named by an access point, and Macie knows buckets by their own names alone"
    return ""
