"""A network that is a script: what botocore hands to it is recorded, what AWS says to it is written here.

It stands where botocore gives a request away, behind every event handler and for every client of the
process; so what a test finds here is what would have left the machine.
"""

from __future__ import annotations

import io
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import botocore.loaders
import botocore.session
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session

ACCOUNT = "111122223333"
REGION = "eu-west-1"
SOURCE_KEY = "ASIASOURCE"
SOURCE_TOKEN = "source-token-marker"
USER_KEY = "AKIAUSER"
MFA_KEY = "ASIAWITHMFA"
SOURCE_SECRET = "source-secret-marker"
ISSUED_SECRET = "issued-secret-marker"
ISSUED_TOKEN = "issued-token-marker"
HOUR = timedelta(hours=1)
NEAR = timedelta(minutes=1)
"""A lifetime within which nobody signs again before the credentials are fresh."""
SOON = timedelta(minutes=5)
"""A lifetime within which they are refreshed, and still serve where that fails."""

OF_SESSIONS = frozenset({"AssumeRole", "GetCallerIdentity"})
"""What a session asks of STS for itself: the role, and once whose it is."""

_SERVICE_MODELS = botocore.loaders.create_loader()  # read once: a service model takes a while
_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/]+)/([^/]+)/")


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One request as it left botocore."""

    method: str
    url: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def query(self) -> Mapping[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.url).query).items()}

    @property
    def operation(self) -> str:
        """The API operation; for REST services the HTTP method."""
        target = self.headers.get("x-amz-target")
        return target.rpartition(".")[2] if target else self.form.get("Action", self.method)

    @property
    def json(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body or b"{}")
        return parsed

    @property
    def form(self) -> Mapping[str, str]:
        if not self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return {}
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}

    @property
    def credential(self) -> tuple[str, str, str]:
        """Access key id, region and signing name of the signature."""
        found = _CREDENTIAL.search(self.headers.get("authorization", ""))
        return (found[1], found[2], found[3]) if found else ("", "", "")

    @property
    def access_key_id(self) -> str:
        return self.credential[0]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One HTTP response."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def says(output: Mapping[str, object]) -> Callable[[Sent], Answer]:
    """An answer in JSON."""
    return lambda _: Answer(body=json.dumps(output).encode())


def refuses(code: str, message: str = "no", *, status: int = 400) -> Callable[[Sent], Answer]:
    """An error, in the protocol of the request."""

    def answer(sent: Sent) -> Answer:
        if "x-amz-target" in sent.headers:
            body = json.dumps({"__type": code, "message": message})
        elif sent.form:
            body = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        else:
            body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        return Answer(status=status, body=body.encode())

    return answer


class _Raw(io.BytesIO):
    def stream(self, amt: int = 1024, decode_content: bool | None = None) -> Iterator[bytes]:
        while chunk := self.read(amt):
            yield chunk


class Wire:
    """Records requests and answers them.

    Attributes:
        requests: What left, in order.
        answers: By operation (for REST services by HTTP method), where the answer is not plain success.
        lifetimes: How long the next assumed roles' credentials live; an hour when the list is used up.
        clock: AWS's.
    """

    def __init__(self) -> None:
        self.requests: list[Sent] = []
        self.answers: dict[str, Callable[[Sent], Answer]] = {
            "AssumeRole": self._assume_role,
            "GetCallerIdentity": self._caller_identity,
            "DescribeKey": self._describe_key,
            "GetSessionToken": self._session_token,
        }
        self.lifetimes: list[timedelta] = []
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._sessions: dict[str, str] = {}
        self._lock = threading.Lock()

    @staticmethod
    def _describe_key(sent: Sent) -> Answer:
        key = sent.json["KeyId"]
        if not key.startswith("arn:"):
            return refuses("NotFoundException")(sent)
        return says({"KeyMetadata": {"KeyId": key, "Arn": key, "KeyState": "Enabled"}})(sent)

    def of(self, operation: str) -> list[Sent]:
        """The requests of an operation."""
        return [sent for sent in self.requests if sent.operation == operation]

    def one(self, operation: str) -> Sent:
        """The only request of an operation."""
        (sent,) = self.of(operation)
        return sent

    def request_id(self, sent: Sent) -> str:
        """What AWS calls a request."""
        return f"request-{self.requests.index(sent) + 1}"

    @property
    def operations(self) -> list[str]:
        """What was sent, in order."""
        return [sent.operation for sent in self.requests]

    def signer(self, sent: Sent) -> str:
        """The ARN of whoever the key was given to."""
        user = f"arn:aws:iam::{ACCOUNT}:user/source"
        known = {**self._sessions, SOURCE_KEY: user, USER_KEY: user}
        return known.get(sent.access_key_id, f"arn:aws:iam::{ACCOUNT}:user/somebody-else")

    def source(self) -> boto3.Session:
        """A session with the credentials that may do nothing but assume the role."""
        return boto3.Session(
            aws_access_key_id=SOURCE_KEY,
            aws_secret_access_key=SOURCE_SECRET,
            aws_session_token=SOURCE_TOKEN,
            region_name=REGION,
        )

    def user(self) -> boto3.Session:
        """A session with a user's own keys, which may do nothing but ask for others with MFA."""
        return boto3.Session(
            aws_access_key_id=USER_KEY, aws_secret_access_key=SOURCE_SECRET, region_name=REGION
        )

    def handle(self, sent: Sent) -> Answer:
        with self._lock:
            self.requests.append(sent)
            number = len(self.requests)
        is_json = "x-amz-target" in sent.headers
        answer = self.answers.get(sent.operation, lambda _: Answer(body=b"{}" if is_json else b""))(sent)
        identified = {
            "date": format_datetime(self.clock(), usegmt=True),
            "x-amzn-requestid": f"request-{number}",
            "x-amz-request-id": f"request-{number}",
        }
        body = _named(answer.body, f"request-{number}") if sent.form else answer.body
        return Answer(status=answer.status, headers={**identified, **answer.headers}, body=body)

    def _assume_role(self, sent: Sent) -> Answer:
        with self._lock:
            role = sent.form["RoleArn"].rpartition("/")[2]
            arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{sent.form['RoleSessionName']}"
            key = f"ASIASESSION{len(self._sessions):05}"
            self._sessions[key] = arn
            lifetime = self.lifetimes.pop(0) if self.lifetimes else HOUR
        expires = (self.clock() + lifetime).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = f"""<AssumeRoleResponse><AssumeRoleResult>
            <Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{ISSUED_SECRET}</SecretAccessKey>
            <SessionToken>{ISSUED_TOKEN}</SessionToken><Expiration>{expires}</Expiration></Credentials>
            <AssumedRoleUser><Arn>{arn}</Arn><AssumedRoleId>AROA:s</AssumedRoleId></AssumedRoleUser>
            <PackedPolicySize>7</PackedPolicySize>
            </AssumeRoleResult></AssumeRoleResponse>"""
        return Answer(body=body.encode())

    def _session_token(self, sent: Sent) -> Answer:
        expires = (self.clock() + timedelta(seconds=int(sent.form["DurationSeconds"]))).isoformat()
        return Answer(
            body=f"""<GetSessionTokenResponse><GetSessionTokenResult><Credentials>
            <AccessKeyId>{MFA_KEY}</AccessKeyId><SecretAccessKey>{ISSUED_SECRET}</SecretAccessKey>
            <SessionToken>{ISSUED_TOKEN}</SessionToken><Expiration>{expires}</Expiration>
            </Credentials></GetSessionTokenResult></GetSessionTokenResponse>""".encode()
        )

    def _caller_identity(self, sent: Sent) -> Answer:
        return identity(self.signer(sent))(sent)


def identity(arn: str) -> Callable[[Sent], Answer]:
    """What GetCallerIdentity answers to a principal."""
    account = arn.split(":")[4]
    body = (
        f"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>{arn}</Arn><UserId>AROA:s</UserId>"
        f"<Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
    )
    return lambda _: Answer(body=body.encode())


def _named(body: bytes, request: str) -> bytes:
    """An answer of the query protocol, which says in XML what request it is to."""
    before, end, name = body.rpartition(b"</")
    said = f"<RequestId>{request}</RequestId>"
    if not name.startswith(b"Error"):
        said = f"<ResponseMetadata>{said}</ResponseMetadata>"
    return before + said.encode() + end + name if end else body


def _received(request: AWSPreparedRequest) -> Sent:
    body = request.body
    content = b"" if body is None else body.read() if hasattr(body, "read") else body
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else str(value)
        for name, value in request.headers.items()
    }
    return Sent(
        method=request.method,
        url=request.url,
        headers=headers,
        body=content.encode() if isinstance(content, str) else bytes(content),
    )


def stretched(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """Put a wire where the network was."""
    wire = Wire()

    def send(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        answer = wire.handle(_received(request))
        return AWSResponse(request.url, answer.status, dict(answer.headers), _Raw(answer.body))

    monkeypatch.setattr(URLLib3Session, "send", send)
    read_models_once(monkeypatch)
    return wire


def read_models_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have all sessions share what was read of botocore's service models."""
    monkeypatch.setattr(botocore.session, "create_loader", lambda *_, **__: _SERVICE_MODELS)
