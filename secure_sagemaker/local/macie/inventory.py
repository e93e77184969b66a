"""The operations on buckets as Macie sees them, with automated discovery's score; and on what the account used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from secure_sagemaker.local.macie.classified import Classified
from secure_sagemaker.local.macie.criteria import ordered, page, satisfies
from secure_sagemaker.local.macie.detection import Inspection
from secure_sagemaker.local.macie.files import extension, is_supported
from secure_sagemaker.local.macie.identifiers import selected
from secure_sagemaker.local.macie.managed import MANAGED
from secure_sagemaker.local.macie.records import bucket_told
from secure_sagemaker.local.macie.runs import read_object
from secure_sagemaker.local.macie.scope import matches_bucket, named_buckets
from secure_sagemaker.local.macie.state import Job, Operation, Output, Request, missing
from secure_sagemaker.local.moto_objects import BucketDetails, ObjectDetails, buckets_of, objects_in
from secure_sagemaker.local.sagemaker.values import at, mapping, text

__all__ = ["OPERATIONS"]

_USUAL_PAGE = 50
_COMPRESSED = frozenset({"gz", "gzip", "zip"})
_GIGABYTE = 1024**3
_TERABYTE = 1024**4
_NOT_YET, _EMPTY, _FAILED = 50, 1, -1
"""Scores of a bucket that was not looked into, that holds nothing, and that could not be read."""


def _buckets(request: Request) -> Output:
    here = [one for one in buckets_of(request.access.account) if one.region == request.access.region]
    told = [_told(request, bucket) for bucket in here]
    found = [one for one in told if satisfies(one, mapping(request.parameters.get("criteria")))]
    attribute = text(at(request.parameters, "sortCriteria.attributeName")) or "bucketName"
    descending = at(request.parameters, "sortCriteria.orderBy") == "DESC"
    items, more = page(
        "DescribeBuckets",
        request.parameters,
        ordered(found, attribute, descending=descending),
        usual=_USUAL_PAGE,
    )
    return {"buckets": items, **more}


def _told(request: Request, bucket: BucketDetails) -> Mapping[str, object]:
    seen = bucket_told(bucket)
    told: dict[str, object] = {
        "accountId": bucket.owner,
        "allowsUnencryptedObjectUploads": seen["allowsUnencryptedObjectUploads"],
        "automatedDiscoveryMonitoringStatus": "MONITORED" if request.held.discovers else "NOT_MONITORED",
        "bucketArn": bucket.arn,
        "bucketCreatedAt": bucket.created,
        "bucketName": bucket.name,
        "lastUpdated": request.now,
        "publicAccess": seen["publicAccess"],
        "region": bucket.region,
        "serverSideEncryption": {"type": bucket.encryption, "kmsMasterKeyId": bucket.key},
        "sharedAccess": "NOT_SHARED",
        "tags": seen["tags"],
        "versioning": bucket.versioned,
        "jobDetails": _jobs(request, bucket),
    }
    if request.access.against_bucket(bucket.name, bucket.owner):
        return {**told, "errorCode": "ACCESS_DENIED", "errorMessage": "Access denied"}
    objects = tuple(objects_in(bucket.name))
    readable = [one for one in objects if _is_classifiable(request, one)]
    other_class = [one for one in objects if not request.access.takes_class(one.storage_class)]
    other_file = [one for one in objects if not is_supported(one.key)]
    unreadable = [one for one in objects if one not in readable]
    kinds = Counter(_encryption(one) for one in objects)
    return {
        **told,
        "classifiableObjectCount": len(readable),
        "classifiableSizeInBytes": _size(readable),
        "objectCount": len(objects),
        "objectCountByEncryptionType": {
            kind: kinds[kind]
            for kind in ("customerManaged", "kmsManaged", "s3Managed", "unencrypted", "unknown")
        },
        "sizeInBytes": _size(objects),
        "sizeInBytesCompressed": _size([one for one in objects if extension(one.key) in _COMPRESSED]),
        "unclassifiableObjectCount": {
            "fileType": len(other_file),
            "storageClass": len(other_class),
            "total": len(unreadable),
        },
        "unclassifiableObjectSizeInBytes": {
            "fileType": _size(other_file),
            "storageClass": _size(other_class),
            "total": _size(unreadable),
        },
        "sensitivityScore": _score(_classified(request, bucket))
        if request.held.discovers
        else _NOT_YET
        if objects
        else _EMPTY,
    }


def _is_classifiable(request: Request, one: ObjectDetails) -> bool:
    return is_supported(one.key) and request.access.takes_class(one.storage_class)


def _size(objects: list[ObjectDetails] | tuple[ObjectDetails, ...]) -> int:
    return sum(one.size for one in objects)


def _encryption(one: ObjectDetails) -> str:
    return "kmsManaged" if (one.encryption or "").startswith("aws:kms") else "s3Managed"


def _jobs(request: Request, bucket: BucketDetails) -> Mapping[str, object]:
    about = [
        job for job in request.held.jobs.values() if job.status != "CANCELLED" and _is_about(job, bucket)
    ]
    told: dict[str, object] = {
        "isDefinedInJob": "TRUE" if about else "FALSE",
        "isMonitoredByJob": "TRUE" if any(job.recurs for job in about) else "FALSE",
    }
    ran = [job for job in about if job.last_run is not None]
    if ran:
        last = max(ran, key=lambda job: job.last_run or job.created)
        told |= {"lastJobId": last.id, "lastJobRunTime": last.last_run}
    return told


def _is_about(job: Job, bucket: BucketDetails) -> bool:
    definition = mapping(job.parameters.get("s3JobDefinition"))
    named = named_buckets(definition)
    if named:
        return (bucket.owner, bucket.name) in named
    return matches_bucket(mapping(definition.get("bucketCriteria")), bucket)


# --- automated discovery


def _classified(request: Request, bucket: BucketDetails) -> tuple[Classified, ...]:
    inspection = Inspection(managed=selected(MANAGED, "RECOMMENDED", ()))
    return tuple(read_object(request, one, inspection) for one in objects_in(bucket.name))


def _score(read: tuple[Classified, ...]) -> int:
    """From 1, nothing there, by way of 50 to 100, as more of what was read is sensitive."""
    if not read:
        return _EMPTY
    seen = [one for one in read if one.code != "SKIPPED"]
    if not seen:
        return _FAILED
    sensitive = sum(1 for one in seen if one.detections)
    return 51 + round(49 * sensitive / len(seen)) if sensitive else _EMPTY


def _discovery(request: Request) -> Output:
    return {
        "status": "ENABLED" if request.held.discovers else "DISABLED",
        "autoEnableOrganizationMembers": "NONE",
    }


def _update_discovery(request: Request) -> Output:
    request.held.discovers = request.text("status") == "ENABLED"
    return {}


def _profile(request: Request) -> Output:
    arn = request.text("resourceArn")
    bucket = next((one for one in buckets_of(request.access.account) if one.arn == arn), None)
    if bucket is None or not request.held.discovers:
        raise missing("The resource profile was not found.")
    read = _classified(request, bucket)
    reasons = Counter(one.reason for one in read if one.code == "SKIPPED")
    return {
        "profileUpdatedAt": request.now,
        "sensitivityScore": _score(read),
        "sensitivityScoreOverridden": False,
        "statistics": {
            "totalBytesClassified": sum(one.size for one in read),
            "totalDetections": sum(found.count for one in read for found in one.detections),
            "totalDetectionsSuppressed": 0,
            "totalItemsClassified": sum(1 for one in read if one.code != "SKIPPED"),
            "totalItemsSensitive": sum(1 for one in read if one.detections),
            "totalItemsSkipped": reasons.total(),
            "totalItemsSkippedInvalidEncryption": reasons["INVALID_ENCRYPTION"],
            "totalItemsSkippedInvalidKms": reasons["INVALID_KMS_KEY"],
            "totalItemsSkippedPermissionDenied": reasons["PERMISSION_DENIED"],
        },
    }


# --- usage


def _cost(request: Request) -> str:
    spent = request.held.spent.get(request.now.strftime("%Y-%m"), 0)
    return f"{spent / _GIGABYTE * request.behaviour.dollars_a_gigabyte:.6f}"


def _totals(request: Request) -> Output:
    total = {"currency": "USD", "estimatedCost": _cost(request), "type": "SENSITIVE_DATA_DISCOVERY"}
    return {"timeRange": request.text("timeRange") or "PAST_30_DAYS", "usageTotals": [total]}


def _usage(request: Request) -> Output:
    spent = request.held.spent.get(request.now.strftime("%Y-%m"), 0)
    quota = request.behaviour.quota_bytes
    usage = {
        "currency": "USD",
        "estimatedCost": _cost(request),
        "type": "SENSITIVE_DATA_DISCOVERY",
        "serviceLimit": {
            "isServiceLimited": spent >= quota
            or any(job.status == "PAUSED" for job in request.held.jobs.values()),
            "unit": "TERABYTES",
            "value": quota // _TERABYTE,
        },
    }
    record = {"accountId": request.access.account, "usage": [usage]}
    return {"records": [record], "timeRange": request.text("timeRange") or "PAST_30_DAYS"}


OPERATIONS: Mapping[str, Operation] = {
    "DescribeBuckets": _buckets,
    "GetAutomatedDiscoveryConfiguration": _discovery,
    "GetResourceProfile": _profile,
    "GetUsageStatistics": _usage,
    "GetUsageTotals": _totals,
    "UpdateAutomatedDiscoveryConfiguration": _update_discovery,
}
