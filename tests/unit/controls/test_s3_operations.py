"""Every operation of S3 and its neighbours is decided on: governed, closed, a read, or left alone with a reason."""

from collections.abc import Mapping

import botocore
import pytest
from botocore.exceptions import UnknownServiceError
from botocore.model import OperationModel, ServiceModel

from secure_sagemaker.baseline import ControlId
from secure_sagemaker.controls.members import STORES, closed_rule
from secure_sagemaker.controls.parameters import governed_members
from tests.controls_support import (
    ACCOUNT,
    FOREIGN_ACCOUNT,
    SUPPORTED,
    Request,
    enforced,
    operation,
    refused,
    service_model,
)

newest = pytest.mark.skipif(
    botocore.__version__ != SUPPORTED[-1],
    reason=f"botocore {botocore.__version__} is not the newest that is supported, {SUPPORTED[-1]}",
)

READS = ("Get", "Head", "List", "Describe", "Select", "Query")
LEAVES = "it ends, labels or takes away what there is, and shows data to nobody"
KEEPS = "it says how long or how cheaply data is kept, and where nothing"
ALONE: Mapping[str, Mapping[str, str]] = {
    "s3": {
        "AbortMultipartUpload": LEAVES,
        "PutBucketAbac": "tags then count in policies, which say themselves whom they let in",
        "PutBucketAccelerateConfiguration": "another way to the same bucket, by TLS and with the same signature",
        "PutBucketCors": "it lets browsers use what a signature or a policy lets them have already",
        "PutBucketIntelligentTieringConfiguration": KEEPS,
        "PutBucketLifecycle": KEEPS,
        "PutBucketLifecycleConfiguration": KEEPS,
        "PutBucketMetricsConfiguration": "counts of requests, to CloudWatch in the same account",
        "PutBucketRequestPayment": "who pays",
        "PutBucketTagging": LEAVES,
        "PutBucketVersioning": KEEPS,
        "PutObjectAnnotation": "it is encrypted like the object that it is about",
        "PutObjectLegalHold": KEEPS,
        "PutObjectLockConfiguration": KEEPS,
        "PutObjectRetention": KEEPS,
        "PutObjectTagging": LEAVES,
        "RenameObject": "within one directory bucket",
        "UpdateBucketMetadataJournalTableConfiguration": KEEPS,
        "CreateBucketMetadataTableConfiguration": "tables of the same account that hold names; "
        "this older form says nothing of their encryption",
    },
    "s3control": {
        "CreateStorageLensGroup": "a filter of names",
        "DissociateAccessGrantsIdentityCenter": LEAVES,
        "PutAccessPointScope": "it narrows an access point",
        "PutBucketLifecycleConfiguration": KEEPS,
        "PutBucketTagging": LEAVES,
        "PutBucketVersioning": KEEPS,
        "PutJobTagging": LEAVES,
        "PutStorageLensConfigurationTagging": LEAVES,
        "TagResource": LEAVES,
        "UntagResource": LEAVES,
        "UpdateJobPriority": "of a job that others made",
        "UpdateJobStatus": "of a job that others made",
        "UpdateStorageLensGroup": "a filter of names",
    },
}
"""Operations that change something and are left alone but for their bucket and its owner."""


def operations(service: str) -> list[OperationModel]:
    model = service_model(service)
    return [model.operation_model(name) for name in model.operation_names]


def particular(model: OperationModel) -> bool:
    """Whether more is governed than the bucket that is named and its owner."""
    return any(
        path not in ("Bucket", "ExpectedBucketOwner")
        or member.rule.control not in (ControlId.DATA_PERIMETER, ControlId.BUCKET_OWNER)
        for path, member, _ in governed_members(model)
    )


@newest
@pytest.mark.parametrize("service", ["s3", "s3control"])
def test_every_operation_is_decided_on(service: str) -> None:
    """One that a new botocore brings is in none of the lists, until a person has read what it does."""
    undecided = {
        model.name
        for model in operations(service)
        if not model.name.startswith((*READS, "Delete")) and not particular(model)
    }
    assert set(ALONE[service]) == undecided
    assert all(len(reason.split()) > 1 for reason in ALONE[service].values())


@newest
def test_a_question_asks_for_its_bucket_only() -> None:
    """What is a read by its name has nothing else governed, so nothing is taken for a question that is none."""
    more = [model.name for model in operations("s3") if model.name.startswith(READS) and particular(model)]
    assert [] == more


def test_every_call_that_names_a_bucket_is_held_to_the_perimeter() -> None:
    """All of S3's operations but those that list buckets or make them; and all that take it state the owner."""
    outside, ownerless = set(), set()
    for model in operations("s3"):
        members = model.input_shape.members if model.input_shape is not None else {}
        controls = {(path, member.rule.control) for path, member, _ in governed_members(model)}
        if "Bucket" not in members or ("Bucket", ControlId.DATA_PERIMETER) not in controls:
            outside.add(model.name)
        if (
            "ExpectedBucketOwner" in members
            and ("ExpectedBucketOwner", ControlId.BUCKET_OWNER) not in controls
        ):
            ownerless.add(model.name)
    assert {"CreateBucket", "ListBuckets", "ListDirectoryBuckets", "WriteGetObjectResponse"} == outside
    assert set() == ownerless


@pytest.mark.parametrize("service", sorted({"s3", *STORES}))
def test_what_is_closed_is_refused_whatever_it_says(service: str) -> None:
    """In every mode but observe, the empty request included."""
    try:
        models = operations(service)
    except UnknownServiceError:
        pytest.skip(f"{service} came after this botocore")
    for model in models:
        rule = closed_rule(service, model.name)
        if rule is None:
            continue
        for mode in ("correct", "refuse"):
            found = enforced(model.name, {}, service=service, modes={rule.control: mode})
            assert rule.control in {control for control, _ in refused(found)}, model.name
        assert rule.control not in {
            control
            for control, _ in refused(
                enforced(model.name, {}, service=service, modes={rule.control: "observe"})
            )
        }


EVERYBODY = '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}'


@pytest.mark.parametrize(
    ("service", "name", "request_", "path"),
    [
        ("s3control", "PutAccessPointPolicy", {"Policy": EVERYBODY}, "Policy"),
        ("s3control", "PutAccessPointPolicyForObjectLambda", {"Policy": EVERYBODY}, "Policy"),
        ("s3control", "PutAccessGrantsInstanceResourcePolicy", {"Policy": EVERYBODY}, "Policy"),
        ("s3control", "PutBucketPolicy", {"Policy": EVERYBODY}, "Policy"),
        (
            "s3control",
            "PutMultiRegionAccessPointPolicy",
            {"Details": {"Name": "x", "Policy": EVERYBODY}},
            "Details.Policy",
        ),
        ("s3tables", "PutTableBucketPolicy", {"resourcePolicy": EVERYBODY}, "resourcePolicy"),
        ("s3tables", "PutTablePolicy", {"resourcePolicy": EVERYBODY}, "resourcePolicy"),
        ("s3vectors", "PutVectorBucketPolicy", {"policy": EVERYBODY}, "policy"),
        ("s3files", "PutFileSystemPolicy", {"policy": EVERYBODY}, "policy"),
    ],
)
def test_no_neighbours_policy_lets_everybody_in(
    service: str, name: str, request_: Request, path: str
) -> None:
    """The policies of access points, tables, vectors and file systems are read like a bucket's."""
    if not known(service, name):
        pytest.skip(f"{service} {name} came after this botocore")
    assert [("resource-policy", path)] == refused(enforced(name, request_, service=service))


def known(service: str, name: str) -> bool:
    try:
        model: ServiceModel = service_model(service)
    except UnknownServiceError:
        return False
    return name in model.operation_names


def test_an_access_point_is_for_a_listed_bucket_and_closed() -> None:
    """Its bucket is one of `write`, with its owner; its public-access block is whole where one is given."""
    request: Request = {"AccountId": ACCOUNT, "Name": "ml", "Bucket": "ml-artifacts"}
    found = enforced("CreateAccessPoint", request, service="s3control")
    assert {**request, "BucketAccountId": ACCOUNT} == found.parameters
    assert [("data-perimeter", "Bucket")] == refused(
        enforced("CreateAccessPoint", {**request, "Bucket": "ml-datasets"}, service="s3control")
    )
    weak: Request = {**request, "PublicAccessBlockConfiguration": {"BlockPublicPolicy": False}}
    assert [("public-access", "PublicAccessBlockConfiguration.BlockPublicPolicy")] == refused(
        enforced("CreateAccessPoint", weak, service="s3control")
    )
    foreign: Request = {**request, "BucketAccountId": FOREIGN_ACCOUNT}
    assert [("bucket-owner", "BucketAccountId")] == refused(
        enforced("CreateAccessPoint", foreign, service="s3control")
    )


def test_the_accounts_public_access_block_stays_whole() -> None:
    """It holds for every bucket of the account."""
    found = enforced("PutPublicAccessBlock", {"PublicAccessBlockConfiguration": {}}, service="s3control")
    assert {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    } == (found.parameters["PublicAccessBlockConfiguration"])
    assert ("public-access", "AccountId") in refused(
        enforced("DeletePublicAccessBlock", {"AccountId": ACCOUNT}, service="s3control")
    )


def test_calls_without_a_bucket_are_let_through() -> None:
    """Listing buckets shows names and nothing else."""
    assert not any(governed_members(operation("ListBuckets", "s3")))
