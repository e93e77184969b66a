"""What the account's own services ask of one another: answered like any request, and recorded nowhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from moto.core.utils import get_service_model

from secure_sagemaker.local.records import HttpRequest
from secure_sagemaker.local.wire import Answer, Call, Caller

__all__ = ["Inside"]

_HOSTS = {"sagemaker": "api.sagemaker"}


@dataclass(frozen=True, kw_only=True)
class Inside:
    """The account, seen from one of its services."""

    answer: Callable[[HttpRequest, Caller | None], Answer]
    """Answers a request of that caller's."""

    def ask(
        self, call: Call, service: str, operation: str, **parameters: object
    ) -> Mapping[str, object] | None:
        """Make another call for the one that is being answered; None where it is refused.

        The service is one that speaks JSON.
        """
        stated = get_service_model(service).metadata
        request = HttpRequest(
            method="POST",
            url=f"https://{_HOSTS.get(service, service)}.{call.region}.amazonaws.com/",
            headers={
                "authorization": _signature(call.region, service),
                "content-type": f"application/x-amz-json-{stated.get('jsonVersion', '1.1')}",
                "x-amz-target": f"{stated['targetPrefix']}.{operation}",
            },
            body=json.dumps(parameters).encode(),
        )
        answer = self.answer(request, call.caller)
        told = json.loads(answer.body or b"{}") if answer.status == 200 else None
        return told if isinstance(told, dict) else None

    def read(self, call: Call, uri: str, *, role: str) -> bytes | None:
        """The object at an S3 URI, read as a role; None where it can't be."""
        answer = self.answer(_s3_request("GET", uri, call.region, {}, b""), _assumed(role))
        return answer.body if answer.status == 200 else None

    def write(self, call: Call, uri: str, body: bytes, *, role: str, key: str, content_type: str) -> bool:
        """Write an object as a role, under a KMS key where one is given, and say whether it was."""
        encryption = {
            "x-amz-server-side-encryption": "aws:kms",
            "x-amz-server-side-encryption-aws-kms-key-id": key,
        }
        headers = {"content-type": content_type, **(encryption if key else {})}
        return self.answer(_s3_request("PUT", uri, call.region, headers, body), _assumed(role)).status == 200


def _s3_request(method: str, uri: str, region: str, headers: Mapping[str, str], body: bytes) -> HttpRequest:
    parts = urlsplit(uri)
    return HttpRequest(
        method=method,
        url=f"https://s3.{region}.amazonaws.com/{parts.netloc}{quote(parts.path)}",
        headers={**headers, "authorization": _signature(region, "s3"), "content-length": str(len(body))},
        body=body,
    )


def _signature(region: str, service: str) -> str:
    """As much of a signature as tells the service and the region."""
    return f"AWS4-HMAC-SHA256 Credential=INSIDE/20000101/{region}/{service}/aws4_request"


def _assumed(role: str) -> Caller | None:
    """SageMaker, as it acts in a role that was passed to it; nobody where none was."""
    if not role:
        return None
    arn = role.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")
    return Caller(account=arn.split(":")[4], arn=f"{arn}/SageMaker")
