"""S3 calls: encryption of what is written, the perimeter, and the owner of the bucket."""

import base64
import json

import botocore
import pytest

from secure_sagemaker.controls import Enforcement
from tests.controls_support import (
    FOREIGN_KEY,
    S3_KEY,
    SUPPORTED,
    VOLUME_KEY,
    Request,
    decided,
    decisions_at,
    enforced,
    errors_of,
    refused,
    service_model,
)

OWNER = "111122223333"
WRITES = pytest.mark.parametrize("name", ["PutObject", "CopyObject", "CreateMultipartUpload"])
EXPRESS = "ml-express--euw1-az1--x-s3"


def s3(name: str, request: Request, **changes: object) -> Enforcement:
    base: Request = {"Bucket": "ml-artifacts", "Key": "k"}
    if name == "CopyObject":
        base["CopySource"] = "ml-datasets/k"
    return enforced(name, {**base, **request}, service="s3", **changes)


@WRITES
def test_an_object_is_written_with_the_key(name: str) -> None:
    """A write that says nothing gets SSE-KMS, the key for S3, a bucket key and the owner."""
    found = s3(name, {})
    assert [] == refused(found)
    assert {
        "Bucket": "ml-artifacts",
        "Key": "k",
        "ServerSideEncryption": "aws:kms",
        "SSEKMSKeyId": S3_KEY,
        "BucketKeyEnabled": True,
        "ExpectedBucketOwner": OWNER,
    } == {k: v for k, v in found.parameters.items() if not k.endswith(("Source", "SourceBucketOwner"))}


@WRITES
def test_weaker_encryption_is_corrected(name: str) -> None:
    """AES256, which SDKs and helpers send, becomes SSE-KMS with the baseline's key."""
    found = s3(name, {"ServerSideEncryption": "AES256"})
    assert "corrected" == decided(found, "ServerSideEncryption")
    assert ("aws:kms", S3_KEY) == (
        found.parameters["ServerSideEncryption"],
        found.parameters["SSEKMSKeyId"],
    )


@WRITES
def test_dual_layer_encryption_is_kept(name: str) -> None:
    """It is stricter than SSE-KMS; it takes no bucket key, so none is given."""
    found = s3(name, {"ServerSideEncryption": "aws:kms:dsse"})
    assert "kept" == decided(found, "ServerSideEncryption")
    assert S3_KEY == found.parameters["SSEKMSKeyId"]
    assert "BucketKeyEnabled" not in found.parameters


@WRITES
def test_another_key_of_the_baseline_is_kept(name: str) -> None:
    """A key for something else is a key of the baseline; the caller's word about bucket keys stands."""
    found = s3(name, {"SSEKMSKeyId": VOLUME_KEY, "BucketKeyEnabled": False})
    assert VOLUME_KEY == found.parameters["SSEKMSKeyId"]
    assert found.parameters["BucketKeyEnabled"] is False


@WRITES
def test_a_foreign_key_is_corrected_or_refused(name: str) -> None:
    """Corrected by default, as all of S3's encryption is; a stricter mode refuses."""
    found = s3(name, {"SSEKMSKeyId": FOREIGN_KEY})
    assert ("corrected", S3_KEY) == (decided(found, "SSEKMSKeyId"), found.parameters["SSEKMSKeyId"])
    found = s3(name, {"SSEKMSKeyId": FOREIGN_KEY}, modes={"s3-encryption": "refuse"})
    assert [("s3-encryption", "SSEKMSKeyId")] == refused(found)


CUSTOMER: Request = {
    "SSECustomerAlgorithm": "AES256",
    "SSECustomerKey": "top-secret-key-of-the-caller-123",
    "SSECustomerKeyMD5": "bWQ1LW9mLXRvcC1zZWNyZXQ=",
}


@pytest.mark.parametrize(
    "name", ["PutObject", "CopyObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"]
)
def test_a_customers_key_is_refused_everywhere(name: str) -> None:
    """SSE-C excludes SSE-KMS; taking it out would leave reads that name the key, so even `correct` refuses."""
    found = s3(name, {**CUSTOMER, "UploadId": "u"}, modes={"s3-encryption": "correct"})
    assert dict.fromkeys(CUSTOMER, "refused") == {path: decided(found, path) for path in CUSTOMER}


def test_a_customers_key_is_never_shown() -> None:
    """Neither a decision nor an error holds the key or its digest."""
    for mode in ("correct", "refuse", "observe"):
        found = s3("PutObject", CUSTOMER, modes={"s3-encryption": mode})
        told = [str(found.decisions), repr(found), *(str(error) for error in errors_of(found))]
        for secret in (CUSTOMER["SSECustomerKey"], CUSTOMER["SSECustomerKeyMD5"]):
            assert [] == [text for text in told if str(secret) in text]
        assert "(hidden)" == decisions_at(found, "SSECustomerKey")[0].got


def test_an_older_object_is_read_with_the_key_it_was_written_with() -> None:
    """Reading with SSE-C writes nothing, so it is let be."""
    found = s3("GetObject", CUSTOMER)
    assert CUSTOMER.items() <= found.parameters.items()


def test_the_whole_of_managed_encryption_is_the_baselines_choice() -> None:
    """With kms.aws_managed, SSE-KMS stays and the key is omitted on purpose; a listed one is kept."""
    changes: Request = {"kms__aws_managed": ["s3-encryption"], "kms__s3": None}
    found = s3("PutObject", {}, **changes)
    assert "aws:kms" == found.parameters["ServerSideEncryption"]
    assert "exempt" == decided(found, "SSEKMSKeyId")
    assert {"SSEKMSKeyId", "BucketKeyEnabled"}.isdisjoint(found.parameters)
    assert "kept" == decided(s3("PutObject", {"SSEKMSKeyId": VOLUME_KEY}, **changes), "SSEKMSKeyId")
    found = s3("PutObject", {"SSEKMSKeyId": FOREIGN_KEY}, **changes)
    assert "corrected" == decided(found, "SSEKMSKeyId")
    assert "SSEKMSKeyId" not in found.parameters


@WRITES
def test_directory_buckets_encrypt_by_themselves(name: str) -> None:
    """Their encryption is set on the bucket: nothing is injected, on record; the owner is stated."""
    found = s3(name, {"Bucket": EXPRESS})
    members = ("ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled")
    assert dict.fromkeys(members, "exempt") == {member: decided(found, member) for member in members}
    assert set(members).isdisjoint(found.parameters)
    assert OWNER == found.parameters["ExpectedBucketOwner"]


def test_directory_buckets_judge_what_is_named() -> None:
    """The exemption is of absence: a foreign key is one in a directory bucket, too."""
    found = s3(
        "PutObject", {"Bucket": EXPRESS, "SSEKMSKeyId": FOREIGN_KEY}, modes={"s3-encryption": "refuse"}
    )
    assert [("s3-encryption", "SSEKMSKeyId")] == refused(found)


@pytest.mark.parametrize(
    "name", ["GetBucketEncryption", "PutBucketPolicy", "DeleteBucket", "GetBucketPolicy"]
)
def test_calls_on_a_directory_bucket_itself_state_no_owner(name: str) -> None:
    """S3 answers 'not implemented' to them: exempt there, stated for other buckets."""
    if name not in service_model("s3").operation_names:
        pytest.skip(f"{name} came after this botocore")
    found = enforced(name, {"Bucket": EXPRESS}, service="s3")
    assert "exempt" == decided(found, "ExpectedBucketOwner")
    assert "ExpectedBucketOwner" not in found.parameters
    plain = enforced(name, {"Bucket": "ml-artifacts"}, service="s3")
    assert OWNER == plain.parameters["ExpectedBucketOwner"]


def test_the_owner_exemption_is_what_the_service_model_says() -> None:
    """The calls that are exempt are those whose documentation says that directory buckets take no owner."""
    model = service_model("s3")
    documented, exempt = set(), set()
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        if shape is None or "ExpectedBucketOwner" not in shape.members:
            continue
        text = shape.members["ExpectedBucketOwner"].documentation
        if "not supported" in text and "irectory bucket" in text:
            documented.add(name)
        if decided(enforced(name, {"Bucket": EXPRESS}, service="s3"), "ExpectedBucketOwner") == "exempt":
            exempt.add(name)
    assert len(documented) > 5
    assert set() == documented - exempt
    # Older releases had not documented it everywhere; S3 itself is one and the same.
    assert botocore.__version__ != SUPPORTED[-1] or documented == exempt


READS = ["GetObject", "HeadObject", "ListObjectsV2", "HeadBucket", "GetObjectTagging"]
CHANGES = ["PutObject", "DeleteObject", "DeleteObjects", "PutBucketPolicy", "RestoreObject", "UploadPart"]


@pytest.mark.parametrize("name", READS)
def test_reads_use_every_listed_bucket(name: str) -> None:
    """What may be read is read, and its owner, another account, is stated."""
    found = enforced(name, {"Bucket": "ml-datasets"}, service="s3")
    assert [] == refused(found)
    assert "444455556666" == found.parameters["ExpectedBucketOwner"]


@pytest.mark.parametrize("name", CHANGES)
def test_a_bucket_that_may_be_read_is_not_changed(name: str) -> None:
    """Whatever is no read needs a bucket that may be written."""
    assert [("data-perimeter", "Bucket")] == refused(enforced(name, {"Bucket": "ml-datasets"}, service="s3"))
    assert [] == refused(enforced(name, {"Bucket": "ml-artifacts"}, service="s3"))


@pytest.mark.parametrize("name", [*READS, *CHANGES])
@pytest.mark.parametrize(
    "bucket",
    [
        "somebody-elses",
        "ml-artifacts-2",
        "ML-ARTIFACTS",
        "",
        "arn:aws:s3:eu-west-1:111122223333:accesspoint/ml-artifacts",
    ],
)
def test_a_bucket_that_is_not_listed_is_refused(name: str, bucket: str) -> None:
    """A foreign bucket, or another way to name one, is outside the perimeter."""
    found = enforced(name, {"Bucket": bucket}, service="s3")
    assert [("data-perimeter", "Bucket")] == refused(found)


def test_a_directory_bucket_that_may_be_read_gives_its_session() -> None:
    """CreateSession, which botocore calls by itself, writes nothing: reading is enough for it."""
    shared = "ml-shared--euw1-az1--x-s3"
    changes: Request = {"data_perimeter__read": {shared: OWNER}}
    assert [] == refused(enforced("CreateSession", {"Bucket": shared}, service="s3", **changes))
    assert [] == refused(s3("GetObject", {"Bucket": shared}, **changes))
    assert [("data-perimeter", "Bucket")] == refused(s3("PutObject", {"Bucket": shared}, **changes))


@pytest.mark.parametrize("member", ["ExpectedBucketOwner", "ExpectedSourceBucketOwner"])
def test_another_owner_is_refused(member: str) -> None:
    """A caller that expects another owner than the perimeter lists is told so."""
    found = s3("CopyObject", {member: "999988887777"})
    assert [("bucket-owner", member)] == refused(found)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("ml-datasets/k", []),
        ("/ml-datasets/k", []),
        ("ml%2Ddatasets/k", []),
        ("ml-datasets/k?versionId=1", []),
        ({"Bucket": "ml-datasets", "Key": "k"}, []),
        ("elsewhere/k", [("data-perimeter", "CopySource")]),
        ("elsewhere%2Fk", [("data-perimeter", "CopySource")]),
        ({"Bucket": "elsewhere", "Key": "k"}, [("data-perimeter", "CopySource")]),
        (
            "arn:aws:s3:eu-west-1:111122223333:accesspoint/ml-datasets/object/k",
            [("data-perimeter", "CopySource")],
        ),
    ],
)
@pytest.mark.parametrize("name", ["CopyObject", "UploadPartCopy"])
def test_a_copy_reads_inside_the_perimeter(
    name: str, source: object, expected: list[tuple[str, str]]
) -> None:
    """A source in any of its forms is a listed bucket, whose owner is stated."""
    found = s3(name, {"CopySource": source})
    assert expected == refused(found)
    if not expected:
        assert "444455556666" == found.parameters["ExpectedSourceBucketOwner"]


def test_no_bucket_is_created() -> None:
    """Buckets come with the infrastructure; nothing can be sent in the place of the call."""
    for changes in ({}, {"modes": {"bucket-creation": "correct"}}):
        found = enforced("CreateBucket", {"Bucket": "ml-artifacts"}, service="s3", **changes)
        assert [("bucket-creation", "Bucket")] == refused(found)
    observed = {"modes": {"bucket-creation": "observe"}}
    assert [] == refused(enforced("CreateBucket", {"Bucket": "x"}, service="s3", **observed))


@pytest.mark.parametrize(
    ("service", "name"), [("kms", "Encrypt"), ("sts", "GetCallerIdentity"), ("s3", "ListBuckets")]
)
def test_other_calls_are_left_alone(service: str, name: str) -> None:
    """A call of another service, or one that names no bucket, has nothing decided about it."""
    found = enforced(name, {}, service=service)
    assert ((), {}) == (found.decisions, found.parameters)


# --- an encryption context


def context(**pairs: str) -> str:
    return base64.b64encode(json.dumps(pairs, separators=(",", ":")).encode()).decode()


STATES: Request = {"kms__s3_encryption_context": {"workload": "churn", "stage": "prod"}}
STATED_CONTEXT = context(stage="prod", workload="churn")


@WRITES
def test_the_context_is_the_baselines(name: str) -> None:
    """Where none is stated the context is the caller's; where pairs are, they are in every write."""
    assert "SSEKMSEncryptionContext" not in s3(name, {}).parameters
    own = context(job="7")
    assert own == s3(name, {"SSEKMSEncryptionContext": own}).parameters["SSEKMSEncryptionContext"]
    found = s3(name, {}, **STATES)
    assert ("injected", STATED_CONTEXT) == (
        decided(found, "SSEKMSEncryptionContext"),
        found.parameters["SSEKMSEncryptionContext"],
    )


def test_a_callers_context_is_kept_beside_the_baselines() -> None:
    """Pairs of the caller's own stay; the stated ones are added or set right, or the call is refused."""
    whole = context(workload="churn", job="7", stage="prod")
    assert "kept" == decided(
        s3("PutObject", {"SSEKMSEncryptionContext": whole}, **STATES), "SSEKMSEncryptionContext"
    )
    for given in (context(job="7"), context(job="7", stage="test")):
        found = s3("PutObject", {"SSEKMSEncryptionContext": given}, **STATES)
        assert context(job="7", stage="prod", workload="churn") == found.parameters["SSEKMSEncryptionContext"]
    refusing: Request = {**STATES, "modes": {"s3-encryption": "refuse"}}
    found = s3("PutObject", {"SSEKMSEncryptionContext": context(job="7")}, **refusing)
    assert [("s3-encryption", "SSEKMSEncryptionContext")] == refused(found)


@pytest.mark.parametrize("unreadable", ["", "not base64", "eA==", "W10=", "eyJhIjoxLCJhIjoyfQ=="])
def test_a_context_that_cannot_be_read_is_replaced(unreadable: str) -> None:
    """No base64, no JSON, no object, or a name twice: nothing of it can be kept."""
    found = s3("PutObject", {"SSEKMSEncryptionContext": unreadable}, **STATES)
    assert ("corrected", STATED_CONTEXT) == (
        decided(found, "SSEKMSEncryptionContext"),
        found.parameters["SSEKMSEncryptionContext"],
    )


def test_directory_buckets_have_a_context_of_their_own() -> None:
    """S3 takes no other there, so none is injected, on record."""
    found = s3("PutObject", {"Bucket": EXPRESS}, **STATES)
    assert "exempt" == decided(found, "SSEKMSEncryptionContext")
    assert "SSEKMSEncryptionContext" not in found.parameters


def test_the_session_of_a_directory_bucket_is_judged_alike() -> None:
    """CreateSession may name how objects will be encrypted: nothing is injected, what is weak is left out."""
    found = enforced("CreateSession", {"Bucket": EXPRESS}, service="s3")
    assert {"Bucket": EXPRESS} == found.parameters
    found = enforced("CreateSession", {"Bucket": EXPRESS, "ServerSideEncryption": "AES256"}, service="s3")
    assert ("corrected", {"Bucket": EXPRESS}) == (decided(found, "ServerSideEncryption"), found.parameters)
    refusing: Request = {"modes": {"s3-encryption": "refuse"}}
    found = enforced(
        "CreateSession", {"Bucket": EXPRESS, "SSEKMSKeyId": FOREIGN_KEY}, service="s3", **refusing
    )
    assert [("s3-encryption", "SSEKMSKeyId")] == refused(found)
