"""What botocore and boto3 do between a presigning call and its signature, and what transfers ask a client for."""

from __future__ import annotations

import base64
import inspect
import json
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSRequest
from botocore.client import BaseClient
from botocore.model import OperationModel

from tests.wire import REGION, Wire


@pytest.fixture
def session(wire: Wire) -> boto3.Session:
    return boto3.Session(aws_access_key_id="AKIACONTRACT", aws_secret_access_key="s", region_name=REGION)


def test_a_form_is_made_with_the_model_of_create_bucket(session: boto3.Session) -> None:
    """And marked as presigned, with no word of the object: only before the signature is it known to be a form."""
    seen: list[tuple[str, bool]] = []

    def provide(model: OperationModel, params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
        seen.append((model.name, context["is_presign_request"]))
        assert {"Bucket": "b"} == params
        assert "s3-presign-post-fields" not in context

    session.events.register("provide-client-params", provide)
    session.client("s3").generate_presigned_post("b", "k", Fields={"acl": "private"})
    assert [("CreateBucket", True)] == seen


def test_what_is_changed_in_a_form_before_it_is_signed_is_in_the_form(session: boto3.Session) -> None:
    """Its fields and the policy's conditions are the request's own, signed and handed out as they are left."""

    def sign(request: AWSRequest, **_: object) -> None:
        request.context["s3-presign-post-fields"]["x-amz-meta-by"] = "handler"
        request.context["s3-presign-post-policy"]["conditions"].append({"x-amz-meta-by": "handler"})

    session.events.register("before-sign.s3", sign)
    fields: dict[str, str] = {}
    form = session.client("s3").generate_presigned_post("b", "k", Fields=fields)
    assert "handler" == form["fields"]["x-amz-meta-by"]
    conditions = json.loads(base64.b64decode(form["fields"]["policy"]))["conditions"]
    assert {"x-amz-meta-by": "handler"} in conditions
    assert {"bucket": "b"} in conditions
    assert {} == fields


def test_the_first_who_chooses_a_forms_signer_decides(session: boto3.Session) -> None:
    """As for URLs: without a word, the older signature."""
    assert "AWSAccessKeyId" in session.client("s3").generate_presigned_post("b", "k")["fields"]
    session.events.register_first("choose-signer.s3", lambda **_: "s3v4-presign-post")
    assert "x-amz-signature" in session.client("s3").generate_presigned_post("b", "k")["fields"]


def test_parameters_set_before_a_url_is_signed_are_in_its_query(session: boto3.Session) -> None:
    """Beside those of the signature, and a header that is taken out is not covered."""

    def sign(request: AWSRequest, **_: object) -> None:
        del request.headers["x-amz-expected-bucket-owner"]
        request.params = {**request.params, "x-amz-expected-bucket-owner": "111122223333"}

    session.events.register_first("choose-signer.s3", lambda **_: "s3v4-query")
    session.events.register("before-sign.s3", sign)
    url = session.client("s3").generate_presigned_url(
        "get_object", Params={"Bucket": "b", "Key": "k", "ExpectedBucketOwner": "111122223333"}
    )
    query = parse_qs(urlsplit(url).query)
    assert (["host"], ["111122223333"]) == (
        query["X-Amz-SignedHeaders"],
        query["x-amz-expected-bucket-owner"],
    )


def test_the_last_who_makes_a_clients_class_sees_what_boto_adds(session: boto3.Session) -> None:
    """Presigning by the bare event, transfers by S3's own; both can be put in other's place."""
    seen: dict[str, set[str]] = {}

    def making(name: str) -> Any:
        def handler(class_attributes: MutableMapping[str, object], **_: object) -> None:
            seen[name] = {key for key, value in class_attributes.items() if callable(value)}

        return handler

    session.events.register_last("creating-client-class", making("any"))
    session.events.register_last("creating-client-class.s3", making("s3"))
    client = session.client("s3")
    assert {"generate_presigned_url", "generate_presigned_post"} <= seen["any"]
    assert {"copy", "download_file", "download_fileobj", "upload_file", "upload_fileobj"} <= seen["s3"]
    for name in seen["any"] & {"generate_presigned_url", "generate_presigned_post"}:
        assert 3600 == inspect.signature(getattr(client, name)).parameters["ExpiresIn"].default
    for name in ("copy", "download_file", "download_fileobj", "upload_file", "upload_fileobj"):
        assert inspect.signature(getattr(client, name)).parameters["Config"].default is None


def test_a_client_has_the_method_that_the_crt_asks_for_credentials() -> None:
    """boto3 calls it before it goes on by the CRT, and nothing else in botocore or boto3 does."""
    assert inspect.isfunction(BaseClient._get_credentials)
