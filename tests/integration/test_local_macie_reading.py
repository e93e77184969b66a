"""What the embedded Macie reads and what it can't, and what an account tells it to look for."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from secure_sagemaker.local import embedded_aws
from tests.integration.embedded import client, refused
from tests.integration.macie import CLEAN, SSN, TABLE, Macie


@pytest.fixture(scope="module")
def macie() -> Iterator[Macie]:
    """One account for the module, with Macie enabled."""
    with embedded_aws() as aws:
        yield Macie(aws=aws, results=aws.macie.enable())


def zipped(**files: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, body in files.items():
            archive.writestr(name.replace("__", "."), body)
    return held.getvalue()


def test_every_object_leaves_a_result_with_the_reason_it_was_not_read(macie: Macie) -> None:
    """What is skipped is told with Macie's reasons, and is never among the findings."""
    folder, kms = macie.folder(), client(macie.aws, "kms")
    foreign = kms.create_key(Description="whose policy leaves it to the account")["KeyMetadata"]["Arn"]
    disabled = kms.create_key(Description="which will be off")["KeyMetadata"]
    under = {"ServerSideEncryption": "aws:kms"}
    macie.put(f"{folder}read.csv", TABLE)
    macie.put(f"{folder}image.png", b"\x89PNG")
    macie.put(f"{folder}cold.csv", TABLE, StorageClass="GLACIER")
    macie.put(f"{folder}foreign.csv", TABLE, **under, SSEKMSKeyId=foreign)
    macie.put(f"{folder}off.csv", TABLE, **under, SSEKMSKeyId=disabled["Arn"])
    macie.put(f"{folder}torn.csv.gz", gzip.compress(TABLE)[:-4])
    macie.put(f"{folder}empty.csv", b"")
    kms.disable_key(KeyId=disabled["KeyId"])
    macie.describe(job := macie.start(folder))
    assert macie.statuses(job) == {
        "read.csv": ("COMPLETE", None),
        "image.png": ("SKIPPED", "UNSUPPORTED_FILE_TYPE_EXCEPTION"),
        "cold.csv": ("SKIPPED", "INVALID_OBJECT_STATE"),
        "foreign.csv": ("SKIPPED", "INVALID_ENCRYPTION"),
        "off.csv": ("SKIPPED", "INVALID_KMS_KEY"),
        "torn.csv.gz": ("SKIPPED", "MALFORMED_FILE"),
        "empty.csv": ("COMPLETE", None),
    }
    found = [one["resourcesAffected"]["s3Object"]["key"] for one in macie.findings(job)]
    assert found == [f"{folder}read.csv"]


def test_objects_that_change_under_a_job_are_not_read(macie: Macie) -> None:
    """What is deleted or written anew between listing and reading is skipped, and said to be."""
    folder = macie.folder()
    for name in ("changed", "deleted", "kept"):
        macie.put(f"{folder}{name}.csv", CLEAN)
    job = macie.start(folder)
    macie.put(f"{folder}changed.csv", TABLE)
    macie.s3.delete_object(Bucket=macie.aws.data_bucket, Key=f"{folder}deleted.csv")
    macie.describe(job)
    assert macie.statuses(job) == {
        "changed.csv": ("SKIPPED", "OBJECT_VERSION_MISMATCH"),
        "deleted.csv": ("SKIPPED", "SOURCE_OBJECT_NO_LONGER_AVAILABLE"),
        "kept.csv": ("COMPLETE", None),
    }


def test_a_policy_may_keep_macie_from_an_object(macie: Macie) -> None:
    """A bucket that can be listed and not read: permission is denied, object by object."""
    bucket = "listed-and-not-read"
    macie.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": macie.aws.region})
    macie.s3.put_object(Bucket=bucket, Key="a.csv", Body=TABLE)
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [deny]}
    macie.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    job = macie.start("a", s3JobDefinition=macie.definition(bucket))
    assert macie.describe(job)["lastRunErrorStatus"] == {"code": "NONE"}
    assert macie.statuses(job) == {"a.csv": ("SKIPPED", "PERMISSION_DENIED")}


def test_an_archive_is_read_file_by_file(macie: Macie) -> None:
    """Its own result counts, and is PARTIAL where a file was left; each file has a result with the places."""
    folder = macie.folder()
    macie.put(f"{folder}a.zip", zipped(people__csv=TABLE, image__png=b"1"))
    macie.put(f"{folder}b.csv.gz", gzip.compress(TABLE))
    macie.describe(job := macie.start(folder))
    told = macie.results_of(job)
    whole = told[f"{folder}a.zip"]["classificationDetails"]["result"]
    assert whole["status"] == {"code": "PARTIAL", "reason": "ARCHIVE_CONTAINS_UNPROCESSED_FILES"}
    assert whole["sensitiveData"][0]["totalCount"] == 1
    inside = told[f"{folder}a.zip!people.csv"]["classificationDetails"]["result"]
    assert inside["sensitiveData"][0]["detections"][0]["occurrences"]["cells"][0]["row"] == 2
    assert told[f"{folder}a.zip!image.png"]["classificationDetails"]["result"]["status"]["code"] == "SKIPPED"
    packed = told[f"{folder}b.csv.gz"]["classificationDetails"]["result"]
    assert (packed["mimeType"], packed["sizeClassified"]) == ("application/gzip", len(TABLE))
    assert len(macie.findings(job)) == 2


def test_without_a_place_for_results_there_are_findings_alone(macie: Macie) -> None:
    """Coverage can't be known then: nothing is written, and the location says that nothing was configured."""
    us = client(macie.aws, "macie2", region_name="us-east-1")
    s3 = client(macie.aws, "s3", region_name="us-east-1")
    us.enable_macie()
    s3.create_bucket(Bucket="of-another-region")
    s3.put_object(Bucket="of-another-region", Key="a.csv", Body=TABLE)
    asked = macie.job("", s3JobDefinition=macie.definition("of-another-region"))
    us.describe_classification_job(jobId=us.create_classification_job(**asked)["jobId"])
    (finding,) = us.get_findings(findingIds=us.list_findings()["findingIds"])["findings"]
    location = finding["classificationDetails"]["detailedResultsLocation"]
    assert location.startswith("s3://[export-config-not-set]/AWSLogs/")


def test_results_are_configured_only_where_macie_may_write(macie: Macie) -> None:
    """The bucket's and the key's policies must name the service; a prefix is kept before AWS's path."""
    put = macie.client.put_classification_export_configuration
    key, other = macie.aws.key_arn, macie.aws.default_bucket

    def asked(bucket: str, key_arn: str, **more: str) -> Any:
        return {"s3Destination": {"bucketName": bucket, "kmsKeyArn": key_arn, **more}}

    unnamed = client(macie.aws, "kms").create_key()["KeyMetadata"]["Arn"]
    for wrong in (asked(other, key), asked("no-such-bucket", key), asked(macie.results, unnamed)):
        assert refused(lambda: put(configuration=wrong)) == ("ValidationException", 400)  # noqa: B023  # called at once
    put(configuration=asked(macie.results, key, keyPrefix="scans"))
    macie.put(f"{(folder := macie.folder())}a.csv", CLEAN)
    macie.describe(job := macie.start(folder))
    put(configuration=asked(macie.results, key))
    listed = macie.s3.list_objects_v2(
        Bucket=macie.results, Prefix=f"scans/AWSLogs/{macie.aws.account.account}/Macie/"
    )
    assert [one["Key"].split("/")[5] for one in listed["Contents"]] == [job]
    told = macie.client.get_classification_export_configuration()["configuration"]["s3Destination"]
    assert told == asked(macie.results, key)["s3Destination"]


def test_a_rule_archives_findings_that_are_still_there_to_be_asked_for(macie: Macie) -> None:
    """A suppressed finding is not listed by default; whoever asks for archived ones gets it."""
    folder = macie.folder()
    rule = macie.client.create_findings_filter(
        name=f"rule {folder}",
        action="ARCHIVE",
        findingCriteria={"criterion": {"resourcesAffected.s3Object.key": {"eq": [f"{folder}a.csv"]}}},
    )
    macie.put(f"{folder}a.csv", TABLE)
    macie.put(f"{folder}b.csv", TABLE)
    macie.describe(job := macie.start(folder))
    assert [one["resourcesAffected"]["s3Object"]["key"] for one in macie.findings(job)] == [f"{folder}b.csv"]
    both = macie.findings(job, archived={"eq": ["true", "false"]})
    assert sorted(one["archived"] for one in both) == [False, True]
    assert macie.client.get_findings_filter(id=rule["id"])["action"] == "ARCHIVE"
    macie.client.update_findings_filter(id=rule["id"], action="NOOP")
    macie.describe(again := macie.start(folder))
    assert len(macie.findings(again)) == 2
    assert [one["id"] for one in macie.client.list_findings_filters()["findingsFilterListItems"]] == [
        rule["id"]
    ]
    macie.client.delete_findings_filter(id=rule["id"])
    assert refused(lambda: macie.client.get_findings_filter(id=rule["id"])) == (
        "ResourceNotFoundException",
        404,
    )


def test_findings_are_sorted_counted_and_paged(macie: Macie) -> None:
    """Criteria by path, order by severity, counts by group, fifty at once."""
    folder = macie.folder()
    macie.put(f"{folder}mild.csv", b"full_name\nJane Doe\n")
    macie.put(f"{folder}high.csv", TABLE)
    macie.describe(job := macie.start(folder))
    about = {"criterion": {"classificationDetails.jobId": {"eq": [job]}}}
    pages = macie.client.get_paginator("list_findings").paginate(
        findingCriteria=about,
        sortCriteria={"attributeName": "severity.score", "orderBy": "ASC"},
        PaginationConfig={"PageSize": 1},
    )
    ids = [one for page in pages for one in page["findingIds"]]
    keys = [
        macie.client.get_findings(findingIds=[one])["findings"][0]["resourcesAffected"]["s3Object"]["key"]
        for one in ids
    ]
    assert keys == [f"{folder}mild.csv", f"{folder}high.csv"]
    groups = macie.client.get_finding_statistics(groupBy="severity.description", findingCriteria=about)
    counts = {one["groupKey"]: one["count"] for one in groups["countsByGroup"]}
    assert counts == {"Low": 1, "High": 1}
    assert refused(lambda: macie.client.get_findings(findingIds=["x"] * 51))[0] == "ValidationException"


def test_an_account_tells_what_to_look_for_and_what_not_to(macie: Macie) -> None:
    """A custom identifier is found with its own severity; an allow list, words or pattern, is left alone."""
    folder, made = macie.folder(), macie.client
    custom = made.create_custom_data_identifier(
        name="employee",
        regex=r"E\d{4}",
        keywords=["staff"],
        severityLevels=[
            {"occurrencesThreshold": 1, "severity": "LOW"},
            {"occurrencesThreshold": 2, "severity": "HIGH"},
        ],
    )["customDataIdentifierId"]
    macie.put(f"{folder}words.txt", SSN.encode())
    words = made.create_allow_list(
        clientToken="w",
        name="fictitious",
        criteria={"s3WordsList": {"bucketName": macie.aws.data_bucket, "objectKey": f"{folder}words.txt"}},
    )["id"]
    macie.put(f"{folder}data/staff.csv", f"staff_no,ssn\nE1234,{SSN}\nE4321,{SSN}\n".encode())
    job = macie.start(f"{folder}data/", customDataIdentifierIds=[custom], allowListIds=[words])
    macie.describe(job)
    (finding,) = macie.findings(job)
    assert (finding["type"], finding["severity"]["description"]) == (
        "SensitiveData:S3Object/CustomIdentifier",
        "High",
    )
    (detection,) = finding["classificationDetails"]["result"]["customDataIdentifiers"]["detections"]
    assert (detection["name"], detection["count"], detection["arn"]) == ("employee", 2, custom)
    assert made.get_allow_list(id=words)["status"] == {"code": "OK"}
    assert [one["id"] for one in made.list_allow_lists()["allowLists"]] == [words]


def test_custom_identifiers_are_tried_and_kept(macie: Macie) -> None:
    """A test counts matches; the same token is the same identifier; a deleted one is there for its jobs alone."""
    made = macie.client
    sample = "staff E1234, staff E9999"
    tried = made.test_custom_data_identifier(regex=r"E\d{4}", sampleText=sample, ignoreWords=["E9999"])
    assert tried["matchCount"] == 1
    assert (
        refused(lambda: made.test_custom_data_identifier(regex="(", sampleText="x"))[0]
        == "ValidationException"
    )
    one, two = (
        made.create_custom_data_identifier(name="n", regex="N1", clientToken="same")["customDataIdentifierId"]
        for _ in range(2)
    )
    assert one == two
    assert made.get_custom_data_identifier(id=one)["maximumMatchDistance"] == 50
    made.delete_custom_data_identifier(id=one)
    listed = made.list_custom_data_identifiers()["items"]
    assert one not in [each["id"] for each in listed]
    batch = made.batch_get_custom_data_identifiers(ids=[one, "none"])
    assert batch["customDataIdentifiers"][0]["deleted"] is True
    assert batch["notFoundIdentifierIds"] == ["none"]
    gone = refused(lambda: macie.start("x", customDataIdentifierIds=[one]))
    assert gone == ("ResourceNotFoundException", 404)


def test_managed_identifiers_are_listed_by_macies_names(macie: Macie) -> None:
    """Every row that there is, page by page, with its category."""
    pages = macie.client.get_paginator("list_managed_data_identifiers").paginate()
    told = {one["id"]: one["category"] for page in pages for one in page["items"]}
    assert told["USA_SOCIAL_SECURITY_NUMBER"] == "PERSONAL_INFORMATION"
    assert told["AWS_CREDENTIALS"] == "CREDENTIALS"


def test_a_selector_decides_what_is_found(macie: Macie) -> None:
    """Only what was asked for is looked for; by default what Macie recommends, names not among it."""
    folder = macie.folder()
    macie.put(f"{folder}a.csv", b"full_name\nJane Doe\n")
    included = {"managedDataIdentifierSelector": "INCLUDE", "managedDataIdentifierIds": ["NAME"]}
    for members, found in ((included, 1), ({"managedDataIdentifierSelector": "RECOMMENDED"}, 0)):
        macie.describe(job := macie.start(folder, **members))
        assert len(macie.findings(job)) == found


def test_buckets_are_told_with_what_can_be_classified(macie: Macie) -> None:
    """Counts by what is readable, the job that looks at them, and a score once automated discovery is on."""
    bucket = "inventoried"
    macie.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": macie.aws.region})
    macie.s3.put_object(Bucket=bucket, Key="a.csv", Body=TABLE)
    macie.s3.put_object(Bucket=bucket, Key="b.png", Body=b"1")
    macie.s3.put_object(Bucket=bucket, Key="c.csv", Body=CLEAN, StorageClass="DEEP_ARCHIVE")
    job = macie.start("", s3JobDefinition=macie.definition(bucket))

    def told() -> dict[str, Any]:
        criteria = {"bucketName": {"eq": [bucket]}}
        (one,) = macie.client.describe_buckets(criteria=criteria)["buckets"]
        return dict(one)

    before = told()
    assert (before["objectCount"], before["classifiableObjectCount"]) == (3, 1)
    assert before["unclassifiableObjectCount"] == {"fileType": 1, "storageClass": 1, "total": 2}
    assert (before["sensitivityScore"], before["jobDetails"]["lastJobId"]) == (50, job)
    arn = before["bucketArn"]
    assert (
        refused(lambda: macie.client.get_resource_profile(resourceArn=arn))[0] == "ResourceNotFoundException"
    )
    macie.client.update_automated_discovery_configuration(status="ENABLED")
    profile = macie.client.get_resource_profile(resourceArn=arn)
    macie.client.update_automated_discovery_configuration(status="DISABLED")
    assert profile["sensitivityScore"] == 100
    assert profile["statistics"]["totalItemsSkipped"] == 2


def test_what_is_read_is_counted_and_costs(macie: Macie) -> None:
    """Usage is of uncompressed bytes."""
    folder = macie.folder()
    before = float(macie.client.get_usage_totals()["usageTotals"][0]["estimatedCost"])
    macie.put(f"{folder}big.csv.gz", gzip.compress(b"x,y\n" + b"1,2\n" * 30_000))
    macie.describe(macie.start(folder))
    after = float(macie.client.get_usage_totals()["usageTotals"][0]["estimatedCost"])
    assert after - before == pytest.approx(120_004 / 1024**3, abs=1e-6)
