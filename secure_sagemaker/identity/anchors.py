"""Reads an organisation's layer that is kept in AWS, with the source's credentials.

It must be read before any role can be assumed, since it may say which role that is.
"""

from __future__ import annotations

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from secure_sagemaker.exceptions import BaselineError
from secure_sagemaker.identity.sources import Hold, credentials_held, held_to_nothing

__all__ = ["read_anchor"]

# AWS_ENDPOINT_URL must not decide which layer an organisation has.
_OF_AWS = Config(ignore_configured_endpoint_urls=True)  # type: ignore[call-arg]  # the stubs lag behind


def read_anchor(
    location: str, *, source: boto3.Session, region: str | None, hold: Hold = held_to_nothing
) -> bytes:
    """The content of ``ssm:/parameter/name`` or ``s3://bucket/key``.

    Args:
        location: That.
        source: Whose credentials sign.
        region: Where it is.
        hold: Is given the client that reads, and those that get the credentials.

    Raises:
        BaselineError: It cannot be read. Access denied is never taken for absence.
    """
    with credentials_held(hold):
        return _read(location, source=source, region=region)


def _read(location: str, *, source: boto3.Session, region: str | None) -> bytes:
    try:
        if location.startswith("ssm:"):
            ssm = source.client("ssm", region_name=region, config=_OF_AWS)
            answer = ssm.get_parameter(Name=location.removeprefix("ssm:"), WithDecryption=True)
            return str(answer["Parameter"]["Value"]).encode()
        bucket, _, key = location.removeprefix("s3://").partition("/")
        s3 = source.client("s3", region_name=region, config=_OF_AWS)
        answer = s3.get_object(Bucket=bucket, Key=key)
        return bytes(answer["Body"].read())
    except ClientError as refused:
        code = refused.response.get("Error", {}).get("Code", "")
        raise BaselineError(
            f"the organisation's layer cannot be read: {code}",
            remedy="allow the source's principal ssm:GetParameter or s3:GetObject on it",
            source=location,
        ) from refused
    except BotoCoreError as failed:
        raise BaselineError(
            f"the organisation's layer cannot be read: {failed}",
            remedy="check the source's credentials, its region and the network path",
            source=location,
        ) from failed
