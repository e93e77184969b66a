"""Names that stand for data: AWS's public buckets, access points, hosts, and every S3 address of SageMaker."""

import re
from collections.abc import Iterator

import pytest
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from secure_sagemaker import BaselineError
from secure_sagemaker.controls import Enforcement
from secure_sagemaker.controls.locations import bucket_of
from secure_sagemaker.controls.members import is_mutating
from secure_sagemaker.controls.parameters import governed_members
from secure_sagemaker.controls.perimeter import S3Location
from tests.controls_support import (
    ACCOUNT,
    S3_KEY,
    Request,
    baseline,
    decided,
    enforced,
    refused,
    service_model,
)

READS = ["GetObject", "HeadObject", "ListObjectsV2", "HeadBucket", "GetObjectTagging", "SelectObjectContent"]
CHANGES = ["PutObject", "DeleteObject", "DeleteObjects", "PutBucketPolicy", "RestoreObject", "UploadPart"]


def s3(name: str, request: Request, **changes: object) -> Enforcement:
    base: Request = {"Bucket": "ml-artifacts", "Key": "k"}
    if name == "CopyObject":
        base["CopySource"] = "ml-datasets/k"
    return enforced(name, {**base, **request}, service="s3", **changes)


# --- AWS's public buckets

PUBLIC = "jumpstart-cache-prod-eu-west-1"
LISTS: Request = {"data_perimeter__aws_public_buckets": [PUBLIC]}


@pytest.mark.parametrize("name", READS)
def test_a_public_bucket_of_aws_is_read_without_an_owner(name: str) -> None:
    """Listed, it is read, and that no owner is expected is on record; an owner that the caller knows stays."""
    found = enforced(name, {"Bucket": PUBLIC}, service="s3", **LISTS)
    assert ([], "exempt") == (refused(found), decided(found, "ExpectedBucketOwner"))
    assert "ExpectedBucketOwner" not in found.parameters
    given: Request = {"Bucket": PUBLIC, "ExpectedBucketOwner": "999988887777"}
    assert given == enforced(name, given, service="s3", **LISTS).parameters
    assert [("data-perimeter", "Bucket")] == refused(enforced(name, {"Bucket": PUBLIC}, service="s3"))


@pytest.mark.parametrize("name", CHANGES)
def test_a_public_bucket_of_aws_is_never_written(name: str) -> None:
    """The list is for reading."""
    found = enforced(name, {"Bucket": PUBLIC}, service="s3", **LISTS)
    assert [("data-perimeter", "Bucket")] == refused(found)


def test_a_public_bucket_of_aws_is_read_by_jobs_and_copies() -> None:
    """As a source of a copy, and as an input of SageMaker; never as an output."""
    found = s3("CopyObject", {"CopySource": f"{PUBLIC}/model"}, **LISTS)
    assert ([], "exempt") == (refused(found), decided(found, "ExpectedSourceBucketOwner"))
    container = {"Image": "x", "ModelDataUrl": f"s3://{PUBLIC}/model.tar.gz"}
    model = enforced("CreateModel", {"ModelName": "m", "PrimaryContainer": container}, **LISTS)
    assert ("data-perimeter", "PrimaryContainer.ModelDataUrl") not in refused(model)
    job: Request = {"TransformOutput": {"S3OutputPath": f"s3://{PUBLIC}/x"}}
    found = enforced("CreateTransformJob", job, **LISTS)
    assert ("data-perimeter", "TransformOutput.S3OutputPath") in refused(found)


# --- access points

ACCESS_POINT = "arn:aws:s3:eu-west-1:111122223333:accesspoint/ml-data"
ALIAS = "ml-abcdefghijklmnopqrstuvwxyz12-s3alias"


@pytest.mark.parametrize("point", [ACCESS_POINT, ALIAS])
def test_a_listed_access_point_is_a_bucket(point: str) -> None:
    """By its ARN or alias, for reading or writing as it is listed, with the owner of the bucket behind it."""
    written: Request = {"data_perimeter__write": {point: "444455556666", "ml-artifacts": ACCOUNT}}
    found = s3("PutObject", {"Bucket": point}, **written)
    assert ([], "444455556666", S3_KEY) == (
        refused(found),
        found.parameters["ExpectedBucketOwner"],
        found.parameters["SSEKMSKeyId"],
    )
    read: Request = {"data_perimeter__read": {point: "444455556666"}}
    assert [] == refused(s3("GetObject", {"Bucket": point}, **read))
    assert [("data-perimeter", "Bucket")] == refused(s3("PutObject", {"Bucket": point}, **read))
    source = f"{point}/object/k" if point.startswith("arn:") else f"{point}/k"
    found = s3("CopyObject", {"CopySource": source}, **read)
    assert ([], "444455556666") == (refused(found), found.parameters["ExpectedSourceBucketOwner"])


@pytest.mark.parametrize(
    ("name", "kind", "remedy"),
    [
        (ACCESS_POINT, "an access point", "data_perimeter.write"),
        (ALIAS, "an access point's alias", "data_perimeter.write"),
        (
            "arn:aws:s3::111122223333:accesspoint/mfzwi23gnjvgw.mrap",
            "a multi-region access point",
            "one region",
        ),
        (
            "arn:aws:s3-object-lambda:eu-west-1:111122223333:accesspoint/x",
            "an Object Lambda",
            "a function stands",
        ),
        ("x-abcdefghijklmnopqrstuvwxyz12--ol-s3", "an Object Lambda", "a function stands"),
        ("arn:aws:s3-outposts:eu-west-1:111122223333:outpost/op-1/accesspoint/x", "Outpost", "Outposts"),
        ("x-abcdefghijklmnopqrstuvwxyz12--op-s3", "Outposts", "Outposts"),
        ("arn:aws:s3:::ml-artifacts", "a bucket's ARN", "the bucket's name alone"),
        ("somebody-elses", "bucket 'somebody-elses'", "data_perimeter.write"),
    ],
)
def test_whatever_else_stands_for_a_bucket_is_told_by_its_kind(name: str, kind: str, remedy: str) -> None:
    """Unlisted, it is refused; the error says what it is and what can be done."""
    (refusal,) = s3("PutObject", {"Bucket": name}).refusals
    assert ("data-perimeter", "Bucket") == (refusal.control_id, refusal.path)
    assert kind in refusal.why
    assert remedy in refusal.remedy


@pytest.mark.parametrize(
    "name",
    [
        "arn:aws:s3::111122223333:accesspoint/mfzwi23gnjvgw.mrap",
        "arn:aws:s3-object-lambda:eu-west-1:111122223333:accesspoint/x",
        "arn:aws:s3-outposts:eu-west-1:111122223333:outpost/op-1/accesspoint/x",
        "arn:aws:s3:::ml-artifacts",
    ],
)
def test_what_leads_elsewhere_cannot_be_listed(name: str) -> None:
    """Only buckets and access points of one region can stand in the data perimeter."""
    with pytest.raises(BaselineError):
        baseline(data_perimeter__write={name: ACCOUNT, "ml-artifacts": ACCOUNT})


# --- addresses


@pytest.mark.parametrize(
    ("address", "bucket"),
    [
        ("s3://ml-artifacts/k", "ml-artifacts"),
        ("S3://ml-artifacts", "ml-artifacts"),
        ("s3://arn:aws:s3:eu-west-1:111122223333:accesspoint/ml-data/k", ACCESS_POINT),
        ("https://ml-artifacts.s3.eu-west-1.amazonaws.com/k", "ml-artifacts"),
        ("https://ml-artifacts.s3.amazonaws.com/k", "ml-artifacts"),
        ("https://s3.eu-west-1.amazonaws.com/ml-artifacts/k", "ml-artifacts"),
        ("https://s3-eu-west-1.amazonaws.com/ml-artifacts/k", "ml-artifacts"),
        ("https://ml-artifacts.s3.dualstack.eu-west-1.amazonaws.com/k", "ml-artifacts"),
        ("https://ml-artifacts.s3-fips.us-east-1.amazonaws.com/k", "ml-artifacts"),
        ("https://ml-artifacts.s3.cn-north-1.amazonaws.com.cn/k", "ml-artifacts"),
        ("https://x--euw1-az1--x-s3.s3express-euw1-az1.eu-west-1.amazonaws.com/k", "x--euw1-az1--x-s3"),
        ("https://ml-artifacts.s3-accesspoint.eu-west-1.amazonaws.com/k", None),
        ("https://ml-artifacts.s3-object-lambda.eu-west-1.amazonaws.com/k", None),
        ("https://ml-artifacts.op-1.s3-outposts.eu-west-1.amazonaws.com/k", None),
        ("https://ml-artifacts.s3-website-eu-west-1.amazonaws.com/k", None),
        ("https://ml-artifacts@s3.eu-west-1.amazonaws.com/elsewhere/k", None),
        ("https://ml-artifacts.s3.eu-west-1.amazonaws.com.example.com/k", None),
        ("https://example.com/ml-artifacts/k", None),
        ("http://ml-artifacts.s3.amazonaws.com/k", None),
        ("/opt/ml/model", None),
    ],
)
def test_an_address_names_its_bucket_or_nothing(address: str, bucket: str | None) -> None:
    """A host that is not a bucket's own, such as an access point's, tells no bucket: what it tells is refused."""
    assert bucket == bucket_of(address)


# --- every S3 address of SageMaker

LOOKS_LIKE_S3 = re.compile(
    r"S3.*(Uri|Path|Location|Prefix)|Destination.*Uri|ArtifactStore|ModelDataUrl|Bucket$"
)
SAYS_S3 = re.compile(r"(Amazon )?S3 (URI|location|path|storage location|bucket location|prefix)|s3://")
NO_ADDRESS = {
    **dict.fromkeys(
        (
            ("ActionSource", "SourceUri"),
            ("ArtifactSource", "SourceUri"),
            ("ContextSource", "SourceUri"),
        ),
        "lineage notes where something came from; nothing is read from there",
    ),
    **dict.fromkeys(
        (
            ("AutoMLS3DataSource", "S3DataType"),
            ("ModelSpeculativeDecodingTrainingDataSource", "S3DataType"),
            ("ProcessingS3Input", "S3DataType"),
            ("S3DataSource", "S3DataType"),
            ("S3ModelDataSource", "S3DataType"),
            ("TransformS3DataSource", "S3DataType"),
            ("S3ModelDataSource", "CompressionType"),
        ),
        "how the address beside it is meant",
    ),
    **dict.fromkeys(
        (
            ("AdditionalS3DataSource", "ETag"),
            ("S3ModelDataSource", "ETag"),
            ("S3ModelDataSource", "ManifestEtag"),
        ),
        "a digest of what is at the address beside it",
    ),
    **dict.fromkeys(
        (("MonitoringS3Output", "LocalPath"), ("S3FileSystemConfig", "MountPath")),
        "a path in the container or the space",
    ),
    ("PipelineDefinitionS3Location", "Bucket"): "a bucket's name, which Bucket governs",
}


def strings(shape: Shape | None, within: tuple[str, ...] = ()) -> Iterator[tuple[str, str, StringShape, str]]:
    while isinstance(shape, ListShape | MapShape):
        shape = shape.member if isinstance(shape, ListShape) else shape.value
    if not isinstance(shape, StructureShape) or shape.name in within:
        return
    for name, member in shape.members.items():
        leaf: Shape = member
        while isinstance(leaf, ListShape | MapShape):
            leaf = leaf.member if isinstance(leaf, ListShape) else leaf.value
        if isinstance(leaf, StringShape):
            yield shape.name, name, leaf, f"{member.documentation} {leaf.documentation}"
        yield from strings(member, (*within, shape.name))


def is_address(name: str, shape: StringShape, documentation: str) -> bool:
    """Whether a member holds an S3 address, as its name, pattern or documentation tell."""
    pattern = str(shape.metadata.get("pattern", ""))
    if "KMS" in shape.name.upper() or shape.name == "RoleArn":
        return False
    return bool(re.search(r"\bs3\b", pattern) or LOOKS_LIKE_S3.search(name) or SAYS_S3.search(documentation))


def test_every_s3_address_of_sagemaker_is_governed() -> None:
    """Each member of a mutating input that holds an S3 address is held to the perimeter, or says why not."""
    model = service_model()
    addresses, governed = set(), set()
    for name in model.operation_names:
        operation = model.operation_model(name)
        if not is_mutating("sagemaker", name):
            continue
        addresses |= {
            (structure, member)
            for structure, member, shape, text in strings(operation.input_shape)
            if is_address(member, shape, text)
        }
        governed |= {
            (structure, member.name)
            for _, member, structure in governed_members(operation)
            if isinstance(getattr(member.rule.check, "check", member.rule.check), S3Location)
        }
    assert len(governed) > 70
    assert set() == addresses - governed - set(NO_ADDRESS)
    assert set() == governed & set(NO_ADDRESS)


LOCATION: Request = {"S3Uri": "s3://elsewhere/x"}


@pytest.mark.parametrize(
    ("name", "request_", "path"),
    [
        (
            "CreateTrainingJob",
            {"InputDataConfig": [{"DataSource": {"S3DataSource": LOCATION}}]},
            "InputDataConfig[0].DataSource.S3DataSource.S3Uri",
        ),
        ("CreateTrainingJob", {"CheckpointConfig": LOCATION}, "CheckpointConfig.S3Uri"),
        (
            "CreateTrainingJob",
            {"DebugHookConfig": {"S3OutputPath": "s3://elsewhere/x"}},
            "DebugHookConfig.S3OutputPath",
        ),
        (
            "CreateTrainingJob",
            {"ProfilerConfig": {"S3OutputPath": "s3://elsewhere/x"}},
            "ProfilerConfig.S3OutputPath",
        ),
        (
            "CreateTrainingJob",
            {"TensorBoardOutputConfig": {"S3OutputPath": "s3://elsewhere/x"}},
            "TensorBoardOutputConfig.S3OutputPath",
        ),
        (
            "CreateEndpointConfig",
            {"DataCaptureConfig": {"DestinationS3Uri": "s3://elsewhere/x"}},
            "DataCaptureConfig.DestinationS3Uri",
        ),
        (
            "CreateEndpointConfig",
            {"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://elsewhere/x"}}},
            "AsyncInferenceConfig.OutputConfig.S3OutputPath",
        ),
        (
            "CreateModel",
            {"PrimaryContainer": {"ModelDataSource": {"S3DataSource": LOCATION}}},
            "PrimaryContainer.ModelDataSource.S3DataSource.S3Uri",
        ),
        (
            "CreateProcessingJob",
            {"ProcessingOutputConfig": {"Outputs": [{"S3Output": LOCATION}]}},
            "ProcessingOutputConfig.Outputs[0].S3Output.S3Uri",
        ),
    ],
)
def test_no_address_leads_out_of_the_perimeter(name: str, request_: Request, path: str) -> None:
    """Inputs, checkpoints, debugger, profiler, capture, asynchronous outputs, models: each is refused by its path."""
    assert ("data-perimeter", path) in refused(enforced(name, request_))
