"""AWS in this process: takes every byte that a client sends, and answers at once."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session

__all__ = ["StsAnswers", "assumed", "caller", "of_sts", "swallowed"]

StsAnswers = Callable[[str], bytes]
"""What STS answers to a request's body."""

_PIECE = 1 << 20
_ASSUMED = """<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIABENCHMARK</AccessKeyId>
<SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>
<Expiration>{expires}</Expiration></Credentials><AssumedRoleUser>
<Arn>arn:aws:sts::111122223333:assumed-role/ml-launcher/secure-sagemaker</Arn><AssumedRoleId>AROA:s</AssumedRoleId>
</AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>"""
_CALLER = """<GetCallerIdentityResponse><GetCallerIdentityResult>
<Arn>arn:aws:sts::111122223333:assumed-role/ml-launcher/secure-sagemaker</Arn><UserId>AROA:s</UserId>
<Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"""


class _Raw(io.BytesIO):
    """A response body as botocore reads it."""

    def stream(self, amt: int = 1024, decode_content: bool | None = None) -> Iterator[bytes]:  # noqa: FBT001, ARG002  # urllib3's signature
        while chunk := self.read(amt):
            yield chunk


def assumed(expires: str = "2099-01-01T00:00:00Z") -> bytes:
    """The role's credentials, which end at a time."""
    return _ASSUMED.format(expires=expires).encode()


def caller() -> bytes:
    """Who signs with them."""
    return _CALLER.encode()


def _sts(body: str) -> bytes:
    return assumed() if "AssumeRole" in body else caller()


def of_sts(request: AWSPreparedRequest) -> AWSResponse:
    """What STS answers to a request."""
    return _answered(request, _sts(str(request.body)))


def _answered(request: AWSPreparedRequest, body: bytes) -> AWSResponse:
    return AWSResponse(request.url, 200, {"x-amzn-requestid": "request-1"}, _Raw(body))  # type: ignore[arg-type]  # botocore reads it by `stream` and `read`


@contextmanager
def swallowed(sts: StsAnswers = _sts) -> Iterator[None]:
    """Have it answer every client of this process, behind all event handlers and the signature."""

    def answered(_: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        body = request.body
        if body is not None and hasattr(body, "read"):
            while body.read(_PIECE):
                pass
        if request.url.startswith("https://sts."):
            answer = sts(str(body))
        else:
            answer = b"" if ".s3." in request.url else b"{}"
        return _answered(request, answer)

    with patch.object(URLLib3Session, "send", answered):
        yield
