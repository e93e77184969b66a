"""From an HTTP request to the API call it is, by botocore's service models.

moto has routers and parsers that read a request by its model; this module says which service a
request is for, however it got here (AWS's own host, a VPC endpoint's, a FIPS one, loopback), and
writes errors and answers in the protocol the client expects.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit, urlunsplit

from botocore import parsers
from botocore.model import Shape
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
    "identified",
    "is_aws",
    "json_answer",
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
    temporary: bool = False
    """The key is that of a session, of a role or of a user."""
    mfa: bool = False
    """MFA was given for the session."""
    source_identity: str = ""
    """Whom a role session says it works for."""
    transitive_tags: Mapping[str, str] = field(default_factory=dict)
    """The tags that a role session passes on."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """The tags of a role session, those among them."""
    policy: str = field(default="", repr=False)
    """The policy that a role session was given inline; empty where none was."""
    policy_arns: tuple[str, ...] = ()
    """The managed policies that a role session was given."""

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
            return _service_name(known or ""), "us-east-1", request.url
        signing, region = ("sts" if b"Action=AssumeRoleWith" in request.body else "s3"), "us-east-1"
    else:
        signing, region = credential.signing_name, credential.region
    if signing == "sagemaker":
        service = next(
            (name for name in _SAGEMAKER_HOSTS if _matched(name, request)[0] is not None), "sagemaker"
        )
        host = f"{_SAGEMAKER_HOSTS[service]}.{region}.amazonaws.com"
    elif known is not None and is_aws(request.url):
        return _service_name(known), region, request.url
    else:
        host = f"{signing}.{region}.amazonaws.com"
        found = get_service_from_url(f"https://{host}{parts.path}")
        service = _service_name(found or signing)
    return service, region, urlunsplit(("https", host, parts.path or "/", parts.query, ""))


def _service_name(package: str) -> str:
    """The botocore name of the service that a package of moto's stands for; one is no name that Python allows."""
    return "lambda" if package == "awslambda" else service_name_from_moto_package_name(package)


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
    if model.input_shape is None:
        return found
    if protocol == "rest-json" and "payload" not in model.input_shape.serialization:
        stated = json.loads(request.body or b"{}")
        found |= stated if isinstance(stated, dict) else {}
    query = parse_qs(urlsplit(request.url).query, keep_blank_values=True)
    for name, shape in model.input_shape.members.items():
        wire_name = shape.serialization.get("name", name)
        match shape.serialization.get("location"):
            case "header" if wire_name.lower() in request.headers:
                found[name] = _scalar(shape, request.headers[wire_name.lower()])
            case "querystring" if wire_name in query:
                values = query[wire_name]
                found[name] = values if shape.type_name == "list" else _scalar(shape, values[0])
    return found


def _scalar(shape: Shape, text: str) -> object:
    """What a header or a query says, as the type it stands for."""
    match shape.type_name:
        case "boolean":
            return text.lower() == "true"
        case "integer" | "long" if text.lstrip("-").isdigit():
            return int(text)
        case _:
            return text


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
        headers={**serialized["headers"], **stated},
        body=body.encode() if isinstance(body, str) else body,
    )


def json_answer(output: Mapping[str, object]) -> Answer:
    """An output that is JSON already: timestamps as numbers, blobs as text."""
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    return Answer(status=200, headers=headers, body=json.dumps(output).encode())


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
    headers = {}
    match protocol:
        case "query":
            body = (
                "<ErrorResponse><Error><Type>Sender</Type>"
                f"<Code>{code}</Code><Message>{message}</Message></Error><RequestId/></ErrorResponse>"
            )
        case "ec2":
            body = (
                f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
                "<RequestID/></Response>"
            )
        case "rest-xml":
            body = f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId/></Error>"
        case _:
            body = json.dumps(
                {"__type": refusal.code, "message": refusal.message, "Message": refusal.message}
            )
            headers["x-amzn-errortype"] = refusal.code
    kind = "application/json" if body.startswith("{") else "text/xml"
    if call.request.method == "HEAD":
        body = ""
    return Answer(status=refusal.status, headers={"Content-Type": kind, **headers}, body=body.encode())


_REQUEST_ID_HEADERS = frozenset({"x-amzn-requestid", "x-amz-request-id"})
_REQUEST_ID_ELEMENT = re.compile(rb"<(RequestId|RequestID|requestId)(?:/>|>[^<]*</\1>)")


def identified(call: Call, answer: Answer, request_id: str) -> Answer:
    """The answer under that request id, wherever its protocol says one."""
    protocol = str(call.model.service_model.protocol) if call.model is not None else "json"
    said_in_body = protocol in ("query", "ec2") or (protocol == "rest-xml" and answer.status >= 300)
    dropped = {*_REQUEST_ID_HEADERS, "content-length"} if said_in_body else _REQUEST_ID_HEADERS
    headers = {name: value for name, value in answer.headers.items() if name.lower() not in dropped}
    headers["x-amz-request-id" if call.service == "s3" else "x-amzn-RequestId"] = request_id
    body = answer.body
    if said_in_body:
        body = _REQUEST_ID_ELEMENT.sub(rb"<\1>%s</\1>" % request_id.encode(), body)
    return Answer(status=answer.status, headers=headers, body=body)
