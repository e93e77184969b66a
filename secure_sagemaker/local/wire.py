"""From an HTTP request to the API call it is, by botocore's service models.

moto has routers and parsers that read a request by its model; this module says which service a
request is for, however it got here (AWS's own host, a VPC endpoint's, a FIPS one, loopback), and
writes errors and answers in the protocol the client expects.
"""

from __future__ import annotations

import html
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit, urlunsplit

from botocore import parsers
from moto.backends import get_service_from_url
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from moto.core.utils import service_name_from_moto_package_name
from werkzeug.exceptions import HTTPException

from secure_sagemaker.local.records import Credential, HttpRequest

__all__ = [
    "Answer",
    "Call",
    "Caller",
    "Refusal",
    "answer_of",
    "is_aws",
    "output_of",
    "read_call",
    "refusal_of",
]

# The services that all sign as "sagemaker", with their hosts. Their models tell them apart.
_SAGEMAKER_HOSTS = {
    "sagemaker": "api.sagemaker",
    "sagemaker-runtime": "runtime.sagemaker",
    "sagemaker-featurestore-runtime": "featurestore-runtime.sagemaker",
    "sagemaker-metrics": "metrics.sagemaker",
}
_AWS_HOST = re.compile(r"(?:^|\.)(?:amazonaws\.com(?:\.cn)?|api\.aws)$")


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The identity that a request was signed by."""

    account: str
    arn: str

    @property
    def name(self) -> str:
        """The resource part of the ARN, such as ``assumed-role/NAME/SESSION``."""
        return self.arn.rsplit(":", 1)[-1]


@dataclass(frozen=True, kw_only=True)
class Call:
    """An API call, read back from the wire."""

    service: str
    operation: str
    region: str
    parameters: Mapping[str, object] = field(repr=False)
    request: HttpRequest = field(repr=False)
    """The request, addressed to the AWS host of its service."""
    model: OperationModel | None = field(repr=False)
    caller: Caller | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What tables of rules and fixes are keyed by."""
        return (self.service, self.operation)

    def text(self, name: str) -> str:
        """A parameter that is a string; empty when it is absent."""
        value = self.parameters.get(name)
        return value if isinstance(value, str) else ""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One HTTP response."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """What AWS says when it refuses a call."""

    code: str
    message: str
    status: int = 400


def is_aws(url: str) -> bool:
    """Whether the URL's host is one of AWS's."""
    return _AWS_HOST.search(urlsplit(url).hostname or "") is not None


def read_call(request: HttpRequest) -> Call:
    """The API call that a request is."""
    service, region, url = _addressed(request, request.credential)
    sent = HttpRequest(method=request.method, url=url, headers=request.headers, body=request.body)
    model, labels = _matched(service, sent)
    return Call(
        service=service,
        operation=str(model.name) if model is not None else "",
        region=region,
        parameters=_parameters(model, labels, sent) if model is not None else {},
        request=sent,
        model=model,
    )


def _addressed(request: HttpRequest, credential: Credential | None) -> tuple[str, str, str]:
    """The service, the region, and the URL at which moto answers for them."""
    parts = urlsplit(request.url)
    known = get_service_from_url(urlunsplit((parts.scheme, parts.netloc, parts.path, "", "")))
    if credential is None:
        if is_aws(request.url):
            return service_name_from_moto_package_name(known or ""), "us-east-1", request.url
        signing, region = ("sts" if b"Action=AssumeRoleWith" in request.body else "s3"), "us-east-1"
    else:
        signing, region = credential.signing_name, credential.region
    if signing == "sagemaker":
        service = next(
            (name for name in _SAGEMAKER_HOSTS if _matched(name, request)[0] is not None), "sagemaker"
        )
        host = f"{_SAGEMAKER_HOSTS[service]}.{region}.amazonaws.com"
    elif known is not None and is_aws(request.url):
        return service_name_from_moto_package_name(known), region, request.url
    else:
        host = f"{signing}.{region}.amazonaws.com"
        found = get_service_from_url(f"https://{host}{parts.path}")
        service = service_name_from_moto_package_name(found or signing)
    return service, region, urlunsplit(("https", host, parts.path or "/", parts.query, ""))


def _matched(service: str, request: HttpRequest) -> tuple[OperationModel | None, Mapping[str, object]]:
    if not service:
        return None, {}
    try:
        return get_service_router(service).match(_for_moto(request))
    except (HTTPException, NotImplementedError):
        return None, {}


def _for_moto(request: HttpRequest) -> Request:
    return Request.from_primitives(request.method, request.url, request.headers, request.body)


def _parameters(
    model: OperationModel, labels: Mapping[str, object], request: HttpRequest
) -> Mapping[str, object]:
    protocol = str(model.service_model.protocol)
    if protocol == "json":
        stated = json.loads(request.body or b"{}")
        return stated if isinstance(stated, dict) else {}
    if protocol in ("query", "ec2"):
        sent = _for_moto(request)
        parsed = PROTOCOL_PARSERS[protocol](model, map_type=dict).parse(
            {
                "method": sent.method,
                "values": sent.values,
                "headers": sent.headers,
                "body": sent.data,
                "url_path": sent.path,
                "url_params": {},
            }
        )
        return dict(parsed)
    found = dict(labels)
    query = parse_qs(urlsplit(request.url).query, keep_blank_values=True)
    members = model.input_shape.members if model.input_shape is not None else {}
    for name, shape in members.items():
        wire_name = shape.serialization.get("name", name)
        match shape.serialization.get("location"):
            case "header" if wire_name.lower() in request.headers:
                found[name] = request.headers[wire_name.lower()]
            case "querystring" if wire_name in query:
                found[name] = query[wire_name][0]
    return found


def answer_of(call: Call, output: Mapping[str, object]) -> Answer:
    """An operation's output, written in its protocol."""
    if call.model is None:
        raise LookupError(f"{call.service}: no operation to answer")
    protocol = str(call.model.service_model.protocol)
    serialized = get_serializer_class(call.service, protocol)(operation_model=call.model).serialize(output)
    body = serialized["body"]
    # A streamed payload's type is a member of the output; the serializer would write the protocol's own.
    stated = {"Content-Type": str(output["ContentType"])} if "ContentType" in output else {}
    return Answer(
        status=serialized["status_code"],
        headers={**serialized["headers"], **stated, **_request_id()},
        body=body.encode() if isinstance(body, str) else body,
    )


def output_of(call: Call, answer: Answer) -> Mapping[str, object]:
    """An operation's output, read as botocore reads it."""
    if call.model is None or call.model.output_shape is None:
        return {}
    parser = parsers.create_parser(str(call.model.service_model.protocol))
    response = {"status_code": answer.status, "headers": dict(answer.headers), "body": answer.body}
    parsed = parser.parse(response, call.model.output_shape)
    return parsed if isinstance(parsed, dict) else {}


def refusal_of(call: Call, refusal: Refusal) -> Answer:
    """A refusal, written in the operation's protocol."""
    code, message = html.escape(refusal.code), html.escape(refusal.message)
    protocol = str(call.model.service_model.protocol) if call.model is not None else "json"
    headers = _request_id()
    match protocol:
        case "query":
            body = (
                "<ErrorResponse><Error><Type>Sender</Type>"
                f"<Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
            )
        case "ec2":
            body = (
                f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
                "</Response>"
            )
        case "rest-xml":
            body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        case _:
            body = json.dumps(
                {"__type": refusal.code, "message": refusal.message, "Message": refusal.message}
            )
            headers["x-amzn-errortype"] = refusal.code
    kind = "application/json" if body.startswith("{") else "text/xml"
    if call.request.method == "HEAD":
        body = ""
    return Answer(status=refusal.status, headers={"Content-Type": kind, **headers}, body=body.encode())


def _request_id() -> dict[str, str]:
    return {"x-amzn-RequestId": str(uuid.uuid4())}
