"""Buckets and their settings: what would open them, weaken them, or send their data elsewhere."""

import json

import pytest

from secure_sagemaker.controls import Enforcement
from tests.controls_support import (
    ACCOUNT,
    FOREIGN_ACCOUNT,
    FOREIGN_KEY,
    S3_KEY,
    VOLUME_KEY,
    Request,
    at,
    decided,
    enforced,
    enforcer,
    operation,
    refused,
    service_model,
)

KMS = "arn:aws:s3:::ml-artifacts"


def s3(name: str, request: Request, **changes: object) -> Enforcement:
    if name not in service_model("s3").operation_names:
        pytest.skip(f"{name} came after this botocore")
    return enforced(name, {"Bucket": "ml-artifacts", **request}, service="s3", **changes)


# --- the public

OBJECTS = pytest.mark.parametrize(
    "name", ["PutObject", "CopyObject", "CreateMultipartUpload", "PutObjectAcl"]
)


@OBJECTS
@pytest.mark.parametrize(
    "acl",
    ["public-read", "public-read-write", "authenticated-read", "aws-exec-read", "log-delivery-write", ""],
)
def test_an_acl_that_opens_is_refused(name: str, acl: str) -> None:
    """Whatever is not for the owners is for others; `correct` makes it private."""
    assert [("public-access", "ACL")] == refused(s3(name, {"ACL": acl}))
    corrected = s3(name, {"ACL": acl}, modes={"public-access": "correct"})
    assert ([], "private") == (refused(corrected), corrected.parameters["ACL"])


@OBJECTS
@pytest.mark.parametrize("acl", ["private", "bucket-owner-full-control", "bucket-owner-read"])
def test_an_acl_for_the_owners_is_kept(name: str, acl: str) -> None:
    """It opens nothing to anybody new; absence asks for nothing."""
    assert "kept" == decided(s3(name, {"ACL": acl}), "ACL")
    assert decided(s3(name, {}), "ACL") is None


@pytest.mark.parametrize("name", ["PutObject", "PutObjectAcl", "PutBucketAcl", "CreateMultipartUpload"])
@pytest.mark.parametrize("member", ["GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP"])
def test_a_grant_is_refused(name: str, member: str) -> None:
    """A canonical user tells no account, so that no grant can be known to stay inside."""
    everybody = 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'
    for grantee in (everybody, 'id="79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"'):
        found = s3(name, {member: grantee}, modes={"public-access": "correct"})
        assert [("public-access", member)] == refused(found)


def test_grants_are_refused_wherever_they_stand() -> None:
    """In a policy of access control, beside a restored object, and for logs."""
    grants = [{"Grantee": {"Type": "Group", "URI": "x"}, "Permission": "READ"}]
    found = s3("PutBucketAcl", {"AccessControlPolicy": {"Grants": grants}})
    assert [("public-access", "AccessControlPolicy")] == refused(found)
    restored: Request = {"BucketName": "ml-artifacts", "Prefix": "x", "AccessControlList": grants}
    found = s3("RestoreObject", {"RestoreRequest": {"OutputLocation": {"S3": restored}}})
    assert [("public-access", "RestoreRequest.OutputLocation.S3.AccessControlList")] == refused(found)
    logged: Request = {"TargetBucket": "ml-artifacts", "TargetPrefix": "x", "TargetGrants": grants}
    found = s3("PutBucketLogging", {"BucketLoggingStatus": {"LoggingEnabled": logged}})
    assert [("public-access", "BucketLoggingStatus.LoggingEnabled.TargetGrants")] == refused(found)


BLOCK = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


@pytest.mark.parametrize("member", BLOCK)
def test_a_public_access_block_is_whole(member: str) -> None:
    """What is left out, which S3 takes as False, is injected; False is refused or corrected."""
    whole = dict.fromkeys(BLOCK, True)
    silent = {name: True for name in BLOCK if name != member}
    found = s3("PutPublicAccessBlock", {"PublicAccessBlockConfiguration": silent})
    assert ([], whole) == (refused(found), found.parameters["PublicAccessBlockConfiguration"])
    weak: Request = {"PublicAccessBlockConfiguration": {**whole, member: False}}
    path = f"PublicAccessBlockConfiguration.{member}"
    assert [("public-access", path)] == refused(s3("PutPublicAccessBlock", weak))
    found = s3("PutPublicAccessBlock", weak, modes={"public-access": "correct"})
    assert whole == found.parameters["PublicAccessBlockConfiguration"]


@pytest.mark.parametrize(
    ("name", "control"),
    [
        ("DeletePublicAccessBlock", "public-access"),
        ("DeleteBucketOwnershipControls", "public-access"),
        ("DeleteBucketPolicy", "public-access"),
        ("DeleteBucketEncryption", "s3-encryption"),
    ],
)
def test_what_protects_a_bucket_is_not_taken_away(name: str, control: str) -> None:
    """Refused in whatever mode but observe, and judged by the perimeter all the same."""
    for modes in ({}, {control: "correct"}):
        assert [(control, "Bucket")] == refused(s3(name, {}, modes=modes))
    assert [] == refused(s3(name, {}, modes={control: "observe"}))
    foreign = enforced(name, {"Bucket": "elsewhere"}, service="s3", modes={control: "observe"})
    assert [("data-perimeter", "Bucket")] == refused(foreign)


def test_there_are_no_websites() -> None:
    """A website is read by everybody, so that nothing about it can be corrected."""
    found = s3("PutBucketWebsite", {"WebsiteConfiguration": {"IndexDocument": {"Suffix": "index.html"}}})
    assert [("public-access", "Bucket")] == refused(found)


def test_a_buckets_owner_owns_what_is_in_it() -> None:
    """Any other ownership lets ACLs count."""
    for ownership, expected in (
        ("BucketOwnerEnforced", []),
        ("ObjectWriter", [PLACE]),
        ("BucketOwnerPreferred", [PLACE]),
    ):
        found = s3(
            "PutBucketOwnershipControls", {"OwnershipControls": {"Rules": [{"ObjectOwnership": ownership}]}}
        )
        assert expected == refused(found)


PLACE = ("public-access", "OwnershipControls.Rules[0].ObjectOwnership")


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ({"Effect": "Allow", "Principal": "*"}, False),
        ({"Effect": "Allow", "Principal": {"AWS": "*"}}, False),
        ({"Effect": "Allow", "Principal": {"AWS": [ACCOUNT, FOREIGN_ACCOUNT]}}, False),
        ({"Effect": "Allow", "Principal": {"CanonicalUser": "79a59df900b949e5"}}, False),
        (
            {
                "Effect": "Allow",
                "Principal": "*",
                "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-x"}},
            },
            False,
        ),
        ({"Effect": "Allow", "NotPrincipal": {"AWS": ACCOUNT}}, False),
        ({"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/ml-execution"}}, True),
        ({"Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"}}, True),
        ({"Effect": "Deny", "Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}, True),
    ],
)
def test_a_buckets_policy_lets_in_only_who_is_trusted(statement: Request, expected: bool) -> None:
    """Everybody, foreign accounts and canonical users are refused; what denies is the caller's."""
    policy = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Action": "s3:*", "Resource": "*", **statement}]}
    )
    found = s3("PutBucketPolicy", {"Policy": policy})
    assert ([] if expected else [("resource-policy", "Policy")]) == refused(found)


# --- encryption of what S3 writes by itself


def default_encryption(**rule: object) -> Request:
    return {"ServerSideEncryptionConfiguration": {"Rules": [rule]}}


RULE = "ServerSideEncryptionConfiguration.Rules.0"


def test_a_bucket_encrypts_with_the_key() -> None:
    """A rule that says nothing gets SSE-KMS, the key and a bucket key; what is weaker is corrected."""
    wanted = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": S3_KEY}
    for rule in (
        {},
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}},
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": FOREIGN_KEY}},
    ):
        found = s3("PutBucketEncryption", default_encryption(**rule))
        assert [] == refused(found)
        assert wanted == at(found, f"{RULE}.ApplyServerSideEncryptionByDefault")
        assert at(found, f"{RULE}.BucketKeyEnabled") is True


def test_dual_layer_encryption_by_default_takes_no_bucket_key() -> None:
    """As for single objects."""
    rule: Request = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms:dsse", "KMSMasterKeyID": VOLUME_KEY}
    }
    found = s3("PutBucketEncryption", default_encryption(**rule))
    assert [rule] == at(found, "ServerSideEncryptionConfiguration.Rules")


def test_an_object_is_not_encrypted_anew_with_another_key() -> None:
    """UpdateObjectEncryption names a key of the baseline."""
    found = s3(
        "UpdateObjectEncryption", {"Key": "k", "ObjectEncryption": {"SSEKMS": {"KMSKeyArn": FOREIGN_KEY}}}
    )
    assert S3_KEY == at(found, "ObjectEncryption.SSEKMS.KMSKeyArn")


def test_metadata_tables_are_encrypted_with_the_key() -> None:
    """What S3 writes into tables of its own is encrypted like the objects."""
    journal: Request = {"JournalTableConfiguration": {"RecordExpiration": {"Expiration": "DISABLED"}}}
    found = s3("CreateBucketMetadataConfiguration", {"MetadataConfiguration": journal})
    assert {"SseAlgorithm": "aws:kms", "KmsKeyArn": S3_KEY} == at(
        found, "MetadataConfiguration.JournalTableConfiguration.EncryptionConfiguration"
    )
    managed: Request = {"kms__aws_managed": ["s3-encryption"], "kms__s3": None}
    found = s3("CreateBucketMetadataConfiguration", {"MetadataConfiguration": journal}, **managed)
    assert journal == found.parameters["MetadataConfiguration"]


# --- where settings send data


def inventory(**destination: object) -> Request:
    whole: Request = {"Bucket": KMS, "Format": "CSV", **destination}
    return {"Id": "i", "InventoryConfiguration": {"Destination": {"S3BucketDestination": whole}}}


INVENTORY = "InventoryConfiguration.Destination.S3BucketDestination"


def test_an_inventory_stays_inside_and_encrypted() -> None:
    """Its bucket is one of `write`, its owner is stated, and it is written with the key."""
    found = s3("PutBucketInventoryConfiguration", inventory())
    assert [] == refused(found)
    assert ACCOUNT == at(found, f"{INVENTORY}.AccountId")
    assert {"SSEKMS": {"KeyId": S3_KEY}} == at(found, f"{INVENTORY}.Encryption")
    for bucket in ("arn:aws:s3:::elsewhere", "arn:aws:s3:::ml-datasets", "elsewhere"):
        found = s3("PutBucketInventoryConfiguration", inventory(Bucket=bucket))
        assert [("data-perimeter", f"{INVENTORY}.Bucket")] == refused(found)
    found = s3("PutBucketInventoryConfiguration", inventory(Encryption={"SSES3": {}}))
    assert [("s3-encryption", f"{INVENTORY}.Encryption.SSES3")] == refused(found)


def test_a_replica_stays_inside() -> None:
    """Its bucket is one of `write`; an owner that is named is the stated one, and none is injected."""

    def replication(**destination: object) -> Enforcement:
        rule = {"Status": "Enabled", "Destination": {"Bucket": KMS, **destination}}
        return s3("PutBucketReplication", {"ReplicationConfiguration": {"Role": "r", "Rules": [rule]}})

    place = "ReplicationConfiguration.Rules[0].Destination"
    assert [] == refused(replication())
    assert {"Bucket": KMS} == at(replication(), "ReplicationConfiguration.Rules.0.Destination")
    assert [("data-perimeter", f"{place}.Bucket")] == refused(replication(Bucket="arn:aws:s3:::elsewhere"))
    assert [("bucket-owner", f"{place}.Account")] == refused(replication(Account=FOREIGN_ACCOUNT))
    found = replication(EncryptionConfiguration={"ReplicaKmsKeyID": FOREIGN_KEY})
    assert S3_KEY == at(
        found, "ReplicationConfiguration.Rules.0.Destination.EncryptionConfiguration.ReplicaKmsKeyID"
    )


def test_logs_and_analyses_stay_inside() -> None:
    """Each bucket that S3 writes to is one of `write`."""
    logging: Request = {"LoggingEnabled": {"TargetBucket": "elsewhere", "TargetPrefix": "x"}}
    found = s3("PutBucketLogging", {"BucketLoggingStatus": logging})
    assert [("data-perimeter", "BucketLoggingStatus.LoggingEnabled.TargetBucket")] == refused(found)
    assert [] == refused(s3("PutBucketLogging", {"BucketLoggingStatus": {}}))
    export: Request = {"S3BucketDestination": {"Format": "CSV", "Bucket": "arn:aws:s3:::elsewhere"}}
    analysis: Request = {"StorageClassAnalysis": {"DataExport": {"Destination": export}}}
    found = s3("PutBucketAnalyticsConfiguration", {"Id": "a", "AnalyticsConfiguration": analysis})
    assert [("data-perimeter", f"{ANALYSIS}.Bucket")] == refused(found)


ANALYSIS = "AnalyticsConfiguration.StorageClassAnalysis.DataExport.Destination.S3BucketDestination"


def test_what_is_restored_elsewhere_stays_inside_and_encrypted() -> None:
    """RestoreObject may write the result of a query."""
    output: Request = {"S3": {"BucketName": "ml-artifacts", "Prefix": "x"}}
    found = s3("RestoreObject", {"Key": "k", "RestoreRequest": {"OutputLocation": output}})
    assert {"EncryptionType": "aws:kms", "KMSKeyId": S3_KEY} == at(
        found, "RestoreRequest.OutputLocation.S3.Encryption"
    )
    output = {"S3": {"BucketName": "ml-datasets", "Prefix": "x", "CannedACL": "public-read"}}
    found = s3("RestoreObject", {"Key": "k", "RestoreRequest": {"OutputLocation": output}})
    place = "RestoreRequest.OutputLocation.S3"
    assert [("data-perimeter", f"{place}.BucketName"), ("public-access", f"{place}.CannedACL")] == refused(
        found
    )


@pytest.mark.parametrize(
    ("member", "arn"),
    [
        ("TopicConfigurations", "TopicArn"),
        ("QueueConfigurations", "QueueArn"),
        ("LambdaFunctionConfigurations", "LambdaFunctionArn"),
    ],
)
def test_only_trusted_accounts_are_notified(member: str, arn: str) -> None:
    """A notification names objects, and so goes to the own account and to trusted ones."""
    for account, expected in ((ACCOUNT, True), ("444455556666", True), (FOREIGN_ACCOUNT, False)):
        target = {arn: f"arn:aws:sns:eu-west-1:{account}:x", "Events": ["s3:ObjectCreated:*"]}
        found = s3("PutBucketNotificationConfiguration", {"NotificationConfiguration": {member: [target]}})
        place = f"NotificationConfiguration.{member}[0].{arn}"
        assert ([] if expected else [("data-perimeter", place)]) == refused(found)


# --- buckets that are made

CREATES: Request = {"data_perimeter__create_buckets": True}


def created(name: str, *, safely: bool = True, **request: object) -> list[tuple[str, str]]:
    judge = enforcer(**CREATES)
    if safely:
        judge = type(judge)(judge._baseline, today=judge._today, creating=True)
    return refused(judge.enforce(operation("CreateBucket", "s3"), {"Bucket": name, **request}, {}))


def test_only_the_safe_way_makes_a_listed_bucket() -> None:
    """A plain CreateBucket stays refused; the safe way makes what `write` lists for the own account."""
    refusal = [("bucket-creation", "Bucket")]
    assert [] == created("ml-artifacts")
    assert refusal == created("ml-artifacts", safely=False)
    for name in ("unlisted", "ml-datasets", "ml-express--euw1-az1--x-s3", ""):
        assert refusal == created(name), name


def test_a_bucket_is_made_closed() -> None:
    """Neither an ACL nor another ownership opens it."""
    assert [("public-access", "ACL")] == created("ml-artifacts", ACL="public-read")
    assert [("public-access", "GrantRead")] == created("ml-artifacts", GrantRead='id="x"')
    assert [("public-access", "ObjectOwnership")] == created("ml-artifacts", ObjectOwnership="ObjectWriter")
