"""What is signed here and sent by others: for how long it is good, and what a POST form must carry."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.signers import generate_presigned_post

from secure_sagemaker import ControlError, SessionError
from tests.unit.baseline.stated import COMPLETE, KEY, changed
from tests.unit.secured import Records, secured
from tests.wire import Wire

SSE = "x-amz-server-side-encryption"
OBJECT = {"Bucket": "ml-artifacts", "Key": "k"}
ENCRYPTED = {SSE: "aws:kms", f"{SSE}-aws-kms-key-id": KEY, f"{SSE}-bucket-key-enabled": "true"}
MINUTE = changed('default_bucket = "ml-artifacts"', 'default_bucket = "ml-artifacts"\npresigned_seconds = 60')
OBSERVING = COMPLETE + '[modes]\npublic-access = "observe"\ns3-encryption = "observe"\n'


def policy(form: dict[str, Any]) -> list[Any]:
    """The conditions that the form's signature covers."""
    conditions: list[Any] = json.loads(base64.b64decode(form["fields"]["policy"]))["conditions"]
    return conditions


def stated(form: dict[str, Any]) -> dict[str, str]:
    """The form's fields about encryption and access."""
    return {name: value for name, value in form["fields"].items() if name.startswith((SSE, "acl"))}


# --- forms


def test_a_form_carries_the_encryption(wire: Wire) -> None:
    """Its fields name algorithm, key and bucket key; its policy demands each; SigV4 by the role signs it."""
    records = Records()
    form = secured(wire, audit=records).client("s3").generate_presigned_post("ml-artifacts", "up/${filename}")
    assert ENCRYPTED == stated(form)
    for name, value in ENCRYPTED.items():
        assert {name: value} in policy(form)
    assert {"bucket": "ml-artifacts"} in policy(form)
    assert ["starts-with", "$key", "up/"] in policy(form)
    assert "AWS4-HMAC-SHA256" == form["fields"]["x-amz-algorithm"]
    assert form["fields"]["x-amz-credential"].startswith("ASIASESSION00000/")
    assert [("PostObject", "signed", "")] == records.outcomes
    assert ["exempt"] == [one.action for one in records[0].decisions if one.path == "ExpectedBucketOwner"]


def test_a_form_keeps_what_the_caller_says_beside(wire: Wire) -> None:
    """Other fields and conditions stay, and the caller's own fields are as they were."""
    fields = {"Content-Type": "text/csv"}
    conditions = [{"Content-Type": "text/csv"}, ["content-length-range", 1, 9]]
    form = (
        secured(wire)
        .client("s3")
        .generate_presigned_post("ml-artifacts", "k", Fields=fields, Conditions=[*conditions])
    )
    assert {"Content-Type": "text/csv"} == fields
    assert "text/csv" == form["fields"]["Content-Type"]
    assert conditions == [one for one in policy(form) if one in conditions]
    assert ENCRYPTED == stated(form)


@pytest.mark.parametrize(
    ("fields", "conditions"),
    [
        ({SSE: "AES256"}, [{SSE: "AES256"}]),
        ({SSE: "AES256"}, [["eq", f"${SSE}", "AES256"]]),
        ({}, [["starts-with", f"${SSE}", ""]]),
        ({"X-Amz-Server-Side-Encryption": "AES256"}, []),
        ({f"{SSE}-aws-kms-key-id": "alias/mine"}, [["starts-with", f"${SSE}-aws-kms-key-id", ""]]),
    ],
)
def test_a_form_cannot_be_sent_with_weaker_encryption(
    fields: dict[str, Any], conditions: list[Any], wire: Wire
) -> None:
    """What the caller leaves open, or has weaker, is replaced by what was decided, exactly."""
    form = (
        secured(wire)
        .client("s3")
        .generate_presigned_post("ml-artifacts", "k", Fields=fields, Conditions=conditions)
    )
    assert ENCRYPTED == stated(form)
    about = [one for one in policy(form) if SSE in json.dumps(one).lower()]
    assert [{name: value} for name, value in ENCRYPTED.items()] == sorted(
        about, key=lambda one: next(iter(one))
    )


@pytest.mark.parametrize(
    ("fields", "conditions"),
    [
        ({"acl": "public-read"}, [{"acl": "public-read"}]),
        ({}, [{"acl": "public-read"}]),
        ({"acl": "private"}, [["starts-with", "$acl", ""]]),
        ({"acl": "private"}, [{"acl": "authenticated-read"}]),
        ({}, [["starts-with", " $acl ", ""]]),
        ({"x-amz-acl": "public-read"}, [{"x-amz-acl": "public-read"}]),
        ({}, [["starts-with", "$X-Amz-Acl", ""]]),
    ],
)
def test_a_form_opens_nothing_to_the_public(
    fields: dict[str, Any], conditions: list[Any], wire: Wire
) -> None:
    """An ACL that opens, or one that whoever sends the form may choose, is refused by any name."""
    records = Records()
    with pytest.raises(ControlError) as caught:
        secured(wire, audit=records).client("s3").generate_presigned_post(
            "ml-artifacts", "k", Fields=fields, Conditions=conditions
        )
    assert ("public-access", "ACL") == (caught.value.control_id, caught.value.path)
    assert [("PostObject", "refused", "public-access")] == records.outcomes


@pytest.mark.parametrize("grant", ["full-control", "read", "read-acp", "write-acp"])
def test_a_form_grants_nothing(grant: str, wire: Wire) -> None:
    """A grant in a form is refused as one in a call is."""
    fields = {f"x-amz-grant-{grant}": 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'}
    with pytest.raises(ControlError) as caught:
        secured(wire).client("s3").generate_presigned_post("ml-artifacts", "k", Fields=fields)
    assert "public-access" == caught.value.control_id


def test_an_acl_by_its_headers_name_is_corrected_too(wire: Wire) -> None:
    """Where a control corrects, the form keeps one ACL, and that one is private."""
    fields = {"x-amz-acl": "public-read"}
    form = (
        secured(wire, COMPLETE + '[modes]\npublic-access = "correct"\n')
        .client("s3")
        .generate_presigned_post("ml-artifacts", "k", Fields=fields, Conditions=[dict(fields)])
    )
    assert ("private", None) == (form["fields"].get("acl"), form["fields"].get("x-amz-acl"))
    assert "public-read" not in json.dumps(policy(form))


def test_a_form_with_a_customers_key_is_refused(wire: Wire) -> None:
    """SSE-C excludes SSE-KMS in a form, too; the key is never shown."""
    fields = {f"{SSE}-customer-algorithm": "AES256", f"{SSE}-customer-key": "secret-of-the-caller"}
    with pytest.raises(ControlError) as caught:
        secured(wire).client("s3").generate_presigned_post("ml-artifacts", "k", Fields=fields)
    assert "s3-encryption" == caught.value.control_id
    assert "secret-of-the-caller" not in str(caught.value)


def test_a_form_stays_inside_the_perimeter(wire: Wire) -> None:
    """A form for a bucket that may not be written is not signed."""
    records = Records()
    with pytest.raises(ControlError) as caught:
        secured(wire, audit=records).client("s3").generate_presigned_post("elsewhere", "k")
    assert "data-perimeter" == caught.value.control_id
    assert [("PostObject", "refused", "data-perimeter")] == records.outcomes


def test_a_form_that_is_only_observed_is_the_callers(wire: Wire) -> None:
    """Observing controls leave fields and conditions as they were written."""
    conditions = [["starts-with", "$acl", ""], {SSE: "AES256"}]
    form = (
        secured(wire, OBSERVING)
        .client("s3")
        .generate_presigned_post("ml-artifacts", "k", Fields={SSE: "AES256"}, Conditions=[*conditions])
    )
    assert {SSE: "AES256"} == stated(form)
    assert conditions == [one for one in policy(form) if one in conditions]


def test_a_form_made_with_botocores_own_function_is_held_to_it_too(wire: Wire) -> None:
    """The guard is at the signature, and not only on the client's method."""
    form = generate_presigned_post(secured(wire).client("s3"), "ml-artifacts", "k")
    assert ENCRYPTED == stated(form)


def test_a_url_that_creates_a_bucket_is_not_signed(wire: Wire) -> None:
    """botocore makes forms with CreateBucket's model; a URL for CreateBucket itself is refused."""
    records = Records()
    with pytest.raises(SessionError, match="creates a bucket"):
        secured(wire, audit=records).client("s3").generate_presigned_url(
            "create_bucket", Params={"Bucket": "ml-artifacts"}
        )
    assert [("CreateBucket", "refused", "SessionError")] == records.outcomes


# --- how long


def test_nothing_is_presigned_for_longer_than_permitted(wire: Wire) -> None:
    """URLs and forms that ask for more are refused and recorded; what asks for less has what it asks for."""
    records = Records()
    s3 = secured(wire, MINUTE, audit=records).client("s3")
    with pytest.raises(SessionError, match="permits 60") as caught:
        s3.generate_presigned_url("get_object", Params=OBJECT, ExpiresIn=61)
    assert "data_perimeter.presigned_seconds" in caught.value.remedy
    with pytest.raises(SessionError):
        s3.generate_presigned_url("put_object", OBJECT, 3600)
    with pytest.raises(SessionError):
        s3.generate_presigned_post("ml-artifacts", "k", ExpiresIn=3600)
    refused = [(name, "refused", "SessionError") for name in ("GetObject", "PutObject", "PostObject")]
    assert refused == records.outcomes
    assert ["60"] == expires(s3.generate_presigned_url("get_object", Params=OBJECT, ExpiresIn=60))
    assert ["5"] == expires(s3.generate_presigned_url("get_object", OBJECT, 5))


def test_what_is_said_nothing_of_is_good_for_what_is_permitted(wire: Wire) -> None:
    """botocore's own default gives way to a shorter time, and stays where a longer one is permitted."""
    s3 = secured(wire, MINUTE).client("s3")
    assert ["60"] == expires(s3.generate_presigned_url("get_object", Params=OBJECT))
    longer = MINUTE.replace("presigned_seconds = 60", "presigned_seconds = 86400")
    assert ["3600"] == expires(
        secured(wire, longer).client("s3").generate_presigned_url("get_object", OBJECT)
    )


def test_the_bound_holds_for_every_service(wire: Wire) -> None:
    """Whatever a client of the session presigns is bounded."""
    with pytest.raises(SessionError, match="permits 60"):
        secured(wire, MINUTE).client("sts").generate_presigned_url("get_caller_identity", ExpiresIn=600)


def expires(url: str) -> list[str]:
    return parse_qs(urlsplit(url).query)["X-Amz-Expires"]


# --- URLs


@pytest.mark.parametrize("method", ["get_object", "head_object"])
def test_a_reading_url_needs_no_headers(method: str, wire: Wire) -> None:
    """Whoever opens it sends none, so the expected owner stands in the query, which the signature covers."""
    query = parse_qs(urlsplit(secured(wire).client("s3").generate_presigned_url(method, OBJECT)).query)
    assert ["host"] == query["X-Amz-SignedHeaders"]
    assert ["111122223333"] == query["x-amz-expected-bucket-owner"]


@pytest.mark.parametrize("method", ["put_object", "create_multipart_upload"])
def test_a_writing_url_demands_the_encryption(method: str, wire: Wire) -> None:
    """Its signature covers the headers of SSE-KMS and of the owner: without them S3 takes nothing."""
    url = secured(wire).client("s3").generate_presigned_url(method, OBJECT)
    (signed,) = parse_qs(urlsplit(url).query)["X-Amz-SignedHeaders"]
    assert {*ENCRYPTED, "x-amz-expected-bucket-owner"} <= set(signed.split(";"))
