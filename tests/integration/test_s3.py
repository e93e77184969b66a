"""S3 through a secured session, as programs use it: transfers, resources, copies, presigned calls, new buckets."""

from __future__ import annotations

import io
import tomllib
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session

from secure_sagemaker import ControlError, SecureSession, SecurityBaseline, SessionError
from secure_sagemaker.local import EmbeddedAWS, RecordedRequest
from tests.integration.embedded import client

PARTS = TransferConfig(multipart_threshold=5 * 2**20, multipart_chunksize=5 * 2**20, max_concurrency=4)
LARGE = b"0123456789abcdef" * (6 * 2**16)
"""Six megabytes: two parts."""


@pytest.fixture
def session(aws: EmbeddedAWS) -> SecureSession:
    return aws.session()


@pytest.fixture
def key() -> str:
    return uuid.uuid4().hex


def stated(aws: EmbeddedAWS, **perimeter: object) -> SecurityBaseline:
    """The account's baseline with more in its data perimeter."""
    content = tomllib.loads(aws.baseline_toml())
    content["data_perimeter"].update(perimeter)
    return SecurityBaseline.from_mapping(content)


def sent(aws: EmbeddedAWS) -> list[RecordedRequest]:
    return [request for request in aws.requests if request.service == "s3"]


def assert_secured(aws: EmbeddedAWS) -> list[str]:
    """Every call to S3 was signed by the role and states the owner; what writes an object names the key."""
    requests = sent(aws)
    for request in requests:
        assert "assumed-role/" in str(request.principal)
        assert aws.account.account == request.parameters["ExpectedBucketOwner"], request.operation
        if request.operation in ("PutObject", "CopyObject", "CreateMultipartUpload"):
            assert ("aws:kms", aws.key_arn, True) == (
                request.parameters["ServerSideEncryption"],
                request.parameters["SSEKMSKeyId"],
                request.parameters["BucketKeyEnabled"],
            )
        if request.operation in ("CopyObject", "UploadPartCopy"):
            assert aws.account.account == request.parameters["ExpectedSourceBucketOwner"]
    return [request.operation for request in requests]


def stored(aws: EmbeddedAWS, key: str) -> Mapping[str, Any]:
    """What S3 says of an object, to a client that nothing is done to."""
    head: Mapping[str, Any] = client(aws, "s3").head_object(Bucket=aws.default_bucket, Key=key)
    return head


Write = Callable[[SecureSession, str, str, Path], object]
WRITES: dict[str, tuple[Write, str]] = {
    "put_object": (
        lambda session, bucket, key, _: session.client("s3").put_object(Bucket=bucket, Key=key, Body=LARGE),
        "PutObject",
    ),
    "upload_file": (
        lambda session, bucket, key, file: session.client("s3").upload_file(str(file), bucket, key),
        "PutObject",
    ),
    "upload_file-parts": (
        lambda session, bucket, key, file: session.client("s3").upload_file(
            str(file), bucket, key, Config=PARTS
        ),
        "CreateMultipartUpload",
    ),
    "upload_fileobj": (
        lambda session, bucket, key, _: session.client("s3").upload_fileobj(
            io.BytesIO(LARGE), bucket, key, Config=PARTS
        ),
        "CreateMultipartUpload",
    ),
    "upload_file-weaker": (
        lambda session, bucket, key, file: session.client("s3").upload_file(
            str(file), bucket, key, ExtraArgs={"ServerSideEncryption": "AES256"}
        ),
        "PutObject",
    ),
    "resource-put": (
        lambda session, bucket, key, _: session.resource("s3").Object(bucket, key).put(Body=LARGE),
        "PutObject",
    ),
    "resource-object": (
        lambda session, bucket, key, file: session.resource("s3").Object(bucket, key).upload_file(str(file)),
        "PutObject",
    ),
    "resource-bucket": (
        lambda session, bucket, key, _: (
            session.resource("s3").Bucket(bucket).upload_fileobj(io.BytesIO(LARGE), key, Config=PARTS)
        ),
        "CreateMultipartUpload",
    ),
}


@pytest.mark.parametrize(("write", "operation"), WRITES.values(), ids=WRITES.keys())
def test_every_way_to_write_is_encrypted(
    write: Write, operation: str, aws: EmbeddedAWS, session: SecureSession, key: str, tmp_path: Path
) -> None:
    """Small or in parts, by client or resource, from file or memory: SSE-KMS with the key, the owner stated."""
    file = tmp_path / "data"
    file.write_bytes(LARGE)
    write(session, aws.default_bucket, key, file)
    operations = assert_secured(aws)
    assert operation in operations
    if operation == "CreateMultipartUpload":
        assert 2 == operations.count("UploadPart")
        assert "CompleteMultipartUpload" in operations
    found = stored(aws, key)
    assert (len(LARGE), "aws:kms", aws.key_arn) == (
        found["ContentLength"],
        found["ServerSideEncryption"],
        found["SSEKMSKeyId"],
    )


def test_an_object_is_copied_encrypted(aws: EmbeddedAWS, session: SecureSession, key: str) -> None:
    """In one call or in parts, by client or resource; source and destination state their owners."""
    client(aws, "s3").put_object(Bucket=aws.data_bucket, Key=key, Body=LARGE)
    source = {"Bucket": aws.data_bucket, "Key": key}
    aws.forget_requests()
    s3, resource = session.client("s3"), session.resource("s3")
    s3.copy_object(CopySource=source, Bucket=aws.default_bucket, Key=f"{key}-1")
    s3.copy(source, aws.default_bucket, f"{key}-2", Config=PARTS)
    resource.Object(aws.default_bucket, f"{key}-3").copy(source)
    resource.Bucket(aws.default_bucket).copy(source, f"{key}-4")
    operations = assert_secured(aws)
    assert (3, 2) == (operations.count("CopyObject"), operations.count("UploadPartCopy"))
    for number in range(1, 5):
        assert aws.key_arn == stored(aws, f"{key}-{number}")["SSEKMSKeyId"]


def test_a_copy_out_of_the_perimeter_is_refused(aws: EmbeddedAWS, session: SecureSession, key: str) -> None:
    """Neither from a bucket nor to one that is not listed; nothing is sent."""
    client(aws, "s3").put_object(Bucket=aws.default_bucket, Key=key, Body=b"x")
    aws.forget_requests()
    s3 = session.client("s3")
    for source, target in ((aws.default_bucket, "elsewhere"), ("elsewhere", aws.default_bucket)):
        with pytest.raises(ControlError, match="elsewhere"):
            s3.copy_object(CopySource={"Bucket": source, "Key": key}, Bucket=target, Key=key)
    assert [] == sent(aws)


def test_every_way_to_read_states_the_owner(
    aws: EmbeddedAWS, session: SecureSession, key: str, tmp_path: Path
) -> None:
    """Downloads, in parts too, listings with their pages, waiters and resources."""
    client(aws, "s3").put_object(Bucket=aws.data_bucket, Key=key, Body=LARGE)
    aws.forget_requests()
    s3, bucket = session.client("s3"), session.resource("s3").Bucket(aws.data_bucket)
    s3.download_file(aws.data_bucket, key, str(tmp_path / "a"), Config=PARTS)
    buffer = io.BytesIO()
    s3.download_fileobj(aws.data_bucket, key, buffer)
    bucket.download_file(key, str(tmp_path / "b"))
    assert LARGE == (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == buffer.getvalue()
    assert key in [found.key for found in bucket.objects.filter(Prefix=key)]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=aws.data_bucket, Prefix=key)
    assert [key] == [found["Key"] for page in pages for found in page.get("Contents", ())]
    s3.get_waiter("object_exists").wait(Bucket=aws.data_bucket, Key=key)
    assert {"GetObject", "HeadObject", "ListObjects", "ListObjectsV2"} <= set(assert_secured(aws))


def test_objects_are_deleted_inside_the_perimeter_only(
    aws: EmbeddedAWS, session: SecureSession, key: str
) -> None:
    """By resource in batches, too; a bucket that may be read is not emptied."""
    client(aws, "s3").put_object(Bucket=aws.default_bucket, Key=key, Body=b"x")
    aws.forget_requests()
    session.resource("s3").Bucket(aws.default_bucket).objects.filter(Prefix=key).delete()
    assert ["ListObjects", "DeleteObjects"] == assert_secured(aws)
    with pytest.raises(ControlError, match="data-perimeter"):
        session.resource("s3").Bucket(aws.data_bucket).delete_objects(Delete={"Objects": [{"Key": key}]})


def test_a_bucket_that_changed_hands_is_refused_by_s3(aws: EmbeddedAWS, key: str) -> None:
    """The stated owner is what S3 checks: with another account behind the name it answers 403."""
    taken = aws.session(stated(aws, read={aws.data_bucket: "444455556666"}))
    with pytest.raises(ClientError) as caught:
        taken.client("s3").get_object(Bucket=aws.data_bucket, Key=key)
    assert "AccessDenied" == caught.value.response["Error"]["Code"]


# --- presigned, and sent by somebody else


def send(
    method: str, url: str, *, headers: Mapping[str, str] | None = None, data: bytes = b""
) -> AWSResponse:
    """A request without a session, as a browser makes it."""
    request = AWSRequest(method=method, url=url, headers=dict(headers or {}), data=data)
    return URLLib3Session().send(request.prepare())


def form(fields: Mapping[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    """A multipart form, as a browser encodes it."""
    boundary = "secure-sagemaker"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'
        for n, v in fields.items()
    ]
    file = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    whole = "".join(parts).encode() + file.encode() + body + f"\r\n--{boundary}--\r\n".encode()
    return {"Content-Type": f"multipart/form-data; boundary={boundary}"}, whole


def test_a_presigned_form_puts_an_encrypted_object(
    aws: EmbeddedAWS, session: SecureSession, key: str
) -> None:
    """Whoever sends the form as it was given puts an object with the baseline's key."""
    given = session.client("s3").generate_presigned_post(aws.default_bucket, key)
    headers, body = form(given["fields"], b"from a browser")
    assert send("POST", given["url"], headers=headers, data=body).status_code in (200, 204)
    found = stored(aws, key)
    assert ("aws:kms", aws.key_arn) == (found["ServerSideEncryption"], found["SSEKMSKeyId"])


def test_a_presigned_url_reads_with_nothing_beside_it(
    aws: EmbeddedAWS, session: SecureSession, key: str
) -> None:
    """The URL alone is enough."""
    client(aws, "s3").put_object(Bucket=aws.data_bucket, Key=key, Body=b"data")
    url = session.client("s3").generate_presigned_url("get_object", {"Bucket": aws.data_bucket, "Key": key})
    answer = send("GET", url)
    assert (200, b"data") == (answer.status_code, answer.content)


def test_a_presigned_url_writes_with_the_headers_it_covers(
    aws: EmbeddedAWS, session: SecureSession, key: str
) -> None:
    """What is sent with the headers that the signature covers is encrypted with the key."""
    url = session.client("s3").generate_presigned_url(
        "put_object", {"Bucket": aws.default_bucket, "Key": key}
    )
    headers = {
        "x-amz-expected-bucket-owner": aws.account.account,
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id": aws.key_arn,
        "x-amz-server-side-encryption-bucket-key-enabled": "true",
    }
    assert 200 == send("PUT", url, headers=headers, data=b"data").status_code
    assert aws.key_arn == stored(aws, key)["SSEKMSKeyId"]


# --- new buckets


def test_a_bucket_is_made_safe(aws: EmbeddedAWS) -> None:
    """Encrypted by default, closed, owned, reached by TLS only; making it again changes nothing."""
    name = "ml-made-safe"
    own = aws.account.account
    session = aws.session(stated(aws, write={aws.default_bucket: own, name: own}, create_buckets=True))
    for _ in range(2):
        session.create_bucket(name)
    plain = client(aws, "s3")
    (rule,) = plain.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": aws.key_arn} == rule[
        "ApplyServerSideEncryptionByDefault"
    ]
    assert rule["BucketKeyEnabled"] is True
    blocked = plain.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert (4, {True}) == (len(blocked), set(blocked.values()))
    (owned,) = plain.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
    assert "BucketOwnerEnforced" == owned["ObjectOwnership"]
    assert "aws:SecureTransport" in plain.get_bucket_policy(Bucket=name)["Policy"]
    assert {"succeeded", "failed"} >= {record.outcome for record in session.report().records}


def test_a_bucket_is_made_in_no_other_way(aws: EmbeddedAWS) -> None:
    """Not without the baseline's word, not by a plain call, not another bucket: nothing is sent."""
    name = "ml-never-made"
    own = aws.account.account
    write = {aws.default_bucket: own, name: own, "ml-of-others": "444455556666"}
    permitted = aws.session(stated(aws, write=write, create_buckets=True))
    attempts: list[Callable[[], object]] = [
        lambda: aws.session(stated(aws, write=write)).create_bucket(name),
        lambda: permitted.client("s3").create_bucket(Bucket=name),
        lambda: permitted.resource("s3").Bucket(name).create(),
        lambda: permitted.create_bucket("ml-of-others"),
        lambda: permitted.create_bucket("ml-unlisted"),
    ]
    for attempt in attempts:
        with pytest.raises(ControlError) as caught:
            attempt()
        assert "bucket-creation" == caught.value.control_id
    assert [] == [request.operation for request in sent(aws)]


def test_a_bucket_whose_policy_lets_plain_http_in_is_not_called_safe(aws: EmbeddedAWS) -> None:
    """A policy that it has already is left, and must deny calls without TLS."""
    name = "ml-has-a-policy"
    own = aws.account.account
    plain = client(aws, "s3")
    plain.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": aws.region})
    policy = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", '
        f'"Resource": "arn:aws:s3:::{name}/*"}}]}}'
    )
    plain.put_bucket_policy(Bucket=name, Policy=policy)
    session = aws.session(stated(aws, write={aws.default_bucket: own, name: own}, create_buckets=True))
    with pytest.raises(SessionError, match="without TLS") as caught:
        session.create_bucket(name)
    assert policy == plain.get_bucket_policy(Bucket=name)["Policy"]
    assert name in str(caught.value)
