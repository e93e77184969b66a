"""Discovery results and findings, as Macie writes them. Neither holds what was found: only of which type, and where."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from secure_sagemaker.local.macie.classified import Classified
from secure_sagemaker.local.macie.detection import Detection
from secure_sagemaker.local.macie.files import extension
from secure_sagemaker.local.moto_objects import BucketDetails, ObjectDetails

__all__ = ["bucket_told", "finding", "line", "moment", "result"]

_PLACES_OF_A_FINDING = 15
_SCORES = {"Low": 1, "Medium": 2, "High": 3}
_NO_ACL = {"allowsPublicReadAccess": False, "allowsPublicWriteAccess": False}
_NAMES = {
    "CREDENTIALS": ("Credentials", "credentials"),
    "CUSTOM_IDENTIFIER": ("CustomIdentifier", "text that matches custom data identifier criteria"),
    "FINANCIAL_INFORMATION": ("Financial", "financial information"),
    "PERSONAL_INFORMATION": ("Personal", "personal information"),
    "": ("Multiple", "multiple categories of sensitive data"),
}

# Low until there are many; what an identity or an account can be taken over with is High at once, as are credentials.
_MANY = 50
_MILD = frozenset(
    {
        *("ADDRESS", "CREDIT_CARD_EXPIRATION", "DATE_OF_BIRTH", "NAME", "PHONE_NUMBER"),
        *("USA_NATIONAL_PROVIDER_IDENTIFIER", "VEHICLE_IDENTIFICATION_NUMBER"),
    }
)


def _severity(detection: Detection) -> str:
    if detection.custom is not None:
        levels = detection.custom.severities or ((1, "MEDIUM"),)
        reached = [severity for threshold, severity in levels if detection.count >= threshold]
        return reached[-1].title() if reached else ""
    if detection.type in _MILD:
        return "Medium" if detection.count >= _MANY else "Low"
    return "High"


def result(
    job: Mapping[str, str],
    classified: Classified,
    bucket: BucketDetails,
    *,
    location: str,
    now: datetime,
    record_id: str,
) -> Mapping[str, object]:
    """The record of an object in the discovery results: what the finding says, and every place.

    Args:
        job: Its ``account``, ``region``, ``partition``, ``id`` and ``arn``.
        classified: What came of the object, or of a file in it.
        bucket: The object's.
        location: Of the results, as a URI.
        now: When.
        record_id: The record's id.
    """
    told = _described(job, classified, bucket, location=location, now=now, places=None)
    return {"schemaVersion": "1.0", "id": record_id, **told}


def finding(
    job: Mapping[str, str],
    classified: Classified,
    bucket: BucketDetails,
    *,
    location: str,
    now: datetime,
    record_id: str,
) -> Mapping[str, object] | None:
    """The finding of an object: None where nothing was found, or too little of it to matter."""
    told = _described(job, classified, bucket, location=location, now=now, places=_PLACES_OF_A_FINDING)
    if told["severity"] is None:
        return None
    return {"archived": False, "count": 1, "sample": False, "schemaVersion": "1.0", "id": record_id, **told}


def _described(
    job: Mapping[str, str],
    classified: Classified,
    bucket: BucketDetails,
    *,
    location: str,
    now: datetime,
    places: int | None,
) -> dict[str, object]:
    severities = [severity for one in classified.detections if (severity := _severity(one))]
    severity = max(severities, key=_SCORES.__getitem__, default="")
    categories = {one.category for one in classified.detections if _severity(one)}
    name, words = _NAMES[next(iter(categories)) if len(categories) == 1 else ""]
    managed = [one for one in classified.detections if one.custom is None]
    custom = [one for one in classified.detections if one.custom is not None]
    return {
        "accountId": bucket.owner,
        "partition": job["partition"],
        "region": job["region"],
        "category": "CLASSIFICATION",
        "type": f"SensitiveData:S3Object/{name}" if severity else None,
        "title": f"The S3 object contains {words}" if severity else None,
        "description": f"The S3 object contains {words}." if severity else None,
        "severity": {"description": severity, "score": _SCORES[severity]} if severity else None,
        "createdAt": now,
        "updatedAt": now,
        "classificationDetails": {
            "jobArn": job["arn"],
            "jobId": job["id"],
            "originType": "SENSITIVE_DATA_DISCOVERY_JOB",
            "detailedResultsLocation": location,
            "result": {
                "status": {"code": classified.code, "reason": classified.reason},
                "sizeClassified": classified.size,
                "mimeType": classified.mime_type,
                "additionalOccurrences": places is not None
                and any(_places_of(one) > places or not one.places for one in classified.detections),
                "sensitiveData": _by_category(managed, places),
                "customDataIdentifiers": {
                    "totalCount": sum(one.count for one in custom),
                    "detections": [_custom(one, places) for one in custom],
                },
            },
        },
        "resourcesAffected": {
            "s3Bucket": bucket_told(bucket),
            "s3Object": _object_told(classified, bucket),
        },
    }


def _places_of(detection: Detection) -> int:
    return sum(len(places) for places in detection.places.values())


def _by_category(detections: Iterable[Detection], places: int | None) -> list[Mapping[str, object]]:
    held: dict[str, list[Detection]] = {}
    for detection in detections:
        held.setdefault(detection.category, []).append(detection)
    return [
        {
            "category": category,
            "totalCount": sum(one.count for one in those),
            "detections": [
                {"type": one.type, "count": one.count, **_occurrences(one, places)} for one in those
            ],
        }
        for category, those in sorted(held.items())
    ]


def _custom(detection: Detection, places: int | None) -> Mapping[str, object]:
    named = detection.custom
    return {
        "arn": "" if named is None else named.id,  # Macie's member of that name holds the identifier's id
        "name": "" if named is None else named.name,
        "count": detection.count,
        **_occurrences(detection, places),
    }


def _occurrences(detection: Detection, places: int | None) -> Mapping[str, object]:
    """An archive's own record tells no places; its files' do."""
    if not detection.places:
        return {}
    return {"occurrences": {kind: told[:places] for kind, told in detection.places.items()}}


def bucket_told(bucket: BucketDetails) -> Mapping[str, object]:
    """A bucket, in a finding or a result."""
    blocks = {"blockPublicAccess": dict(bucket.blocks)}
    return {
        "arn": bucket.arn,
        "name": bucket.name,
        "createdAt": bucket.created,
        "owner": {"displayName": bucket.owner, "id": bucket.owner},
        "tags": _tags(bucket.tags),
        "allowsUnencryptedObjectUploads": "TRUE",
        "defaultServerSideEncryption": {"encryptionType": bucket.encryption, "kmsMasterKeyId": bucket.key},
        "publicAccess": {
            "effectivePermission": "NOT_PUBLIC" if all(bucket.blocks.values()) else "UNKNOWN",
            "permissionConfiguration": {
                "accountLevelPermissions": {"blockPublicAccess": dict.fromkeys(bucket.blocks, False)},
                "bucketLevelPermissions": {"accessControlList": _NO_ACL, "bucketPolicy": _NO_ACL, **blocks},
            },
        },
    }


def _object_told(classified: Classified, bucket: BucketDetails) -> Mapping[str, object]:
    about: ObjectDetails = classified.about
    return {
        "bucketArn": bucket.arn,
        "key": about.key,
        "path": about.path,
        "extension": extension(about.key),
        "lastModified": about.modified,
        "versionId": "" if about.version == "null" else about.version,
        "eTag": about.etag,
        "serverSideEncryption": {
            "encryptionType": about.encryption or "AES256",
            "kmsMasterKeyId": about.kms_key,
        },
        "size": about.size,
        "storageClass": about.storage_class,
        "tags": _tags(about.tags),
        "publicAccess": False,
        **(
            {
                "embeddedFileDetails": {
                    "filePath": classified.file,
                    "fileExtension": extension(classified.file),
                }
            }
            if classified.file
            else {}
        ),
    }


def _tags(tags: Mapping[str, str]) -> list[Mapping[str, str]]:
    return [{"key": key, "value": value} for key, value in sorted(tags.items())]


def moment(time: datetime) -> str:
    """A time as Macie writes it."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def line(record: Mapping[str, object]) -> str:
    """A record as a line of JSON."""
    return json.dumps(
        record, default=lambda value: moment(value) if isinstance(value, datetime) else str(value)
    )
