"""How botocore chooses a signer for S3: what SigV4 for presigned URLs, and S3 Express, rest on."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import boto3
from botocore.config import Config

from tests.wire import REGION, Answer, Wire

EXPRESS = "ml-fast--euw1-az1--x-s3"
SESSION = b"""<CreateSessionResult><Credentials><AccessKeyId>ASIAEXPRESS</AccessKeyId>
<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></CreateSessionResult>"""


def session() -> boto3.Session:
    return boto3.Session(aws_access_key_id="AKIACONTRACT", aws_secret_access_key="s", region_name=REGION)


def presigned(made: boto3.Session) -> dict[str, list[str]]:
    """The query of a presigned URL."""
    url = made.client("s3").generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
    return parse_qs(urlsplit(url).query)


def test_presigned_urls_are_sigv2_unless_a_handler_says_otherwise(wire: Wire) -> None:
    """botocore's own choice is the older signature; the first handler of choose-signer.s3 that answers decides."""
    assert "AWSAccessKeyId" in presigned(session())

    told: list[str] = []

    def choose(signature_version: str, **_: object) -> str:
        told.append(signature_version)
        return "s3v4-query"

    ours = session()
    ours.events.register_first("choose-signer.s3", choose)
    assert ["AWS4-HMAC-SHA256"] == presigned(ours)["X-Amz-Algorithm"]
    assert told[0].endswith("-query")
    assert [] == wire.requests


def test_a_configured_signature_version_switches_s3_express_off(wire: Wire) -> None:
    """So a client must not be given one: directory buckets are then read without their session key."""
    wire.answers["GET"] = lambda sent: Answer(body=SESSION if "?session" in sent.url else b"object")

    def signers(**options: Config) -> list[str]:
        wire.requests.clear()
        session().client("s3", **options).get_object(Bucket=EXPRESS, Key="k")
        return [sent.access_key_id for sent in wire.of("GET")]

    assert ["AKIACONTRACT", "ASIAEXPRESS"] == signers()
    assert ["AKIACONTRACT"] == signers(config=Config(signature_version="s3v4"))
