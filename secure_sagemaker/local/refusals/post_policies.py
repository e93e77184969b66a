"""The form of a presigned POST, and the conditions that its signed policy sets to it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from email.policy import HTTP

from secure_sagemaker.local.wire import Call

__all__ = ["condition_failed", "extra_fields", "form"]

_UNCONDITIONED = frozenset({"file", "policy", "x-amz-algorithm", "x-amz-signature"})
_IGNORED = "x-ignore-"


def extra_fields(call: Call) -> str | None:
    """The fields of the form that no condition is about."""
    sent = form(call)
    conditions = list(_conditions(sent))
    conditioned = {field for _, field, _ in conditions}
    extra = sorted(
        field
        for field in sent
        if field not in conditioned | _UNCONDITIONED and not field.startswith(_IGNORED)
    )
    if not conditions or not extra:
        return None
    return f"Invalid according to Policy: Extra input fields: {', '.join(extra)}"


def condition_failed(call: Call) -> str | None:
    """The first condition that the form does not meet."""
    sent = {"bucket": call.text("Bucket") or _bucket_of(call), **form(call)}
    for operator, field, wanted in _conditions(sent):
        got = sent.get(field, "")
        met = got.startswith(wanted) if operator == "starts-with" else got == wanted
        if not met:
            shown = json.dumps([operator, f"${field}", wanted])
            return f"Invalid according to Policy: Policy Condition failed: {shown}"
    return None


def _bucket_of(call: Call) -> str:
    host, _, path = call.request.url.partition("://")[2].partition("/")
    first = host.split(".")[0]
    return path.split("/")[0] if first.startswith("s3") else first


def form(call: Call) -> Mapping[str, str]:
    """The form's fields, names in lower case; empty for a request that is no form."""
    kind = call.request.headers.get("content-type", "")
    if call.request.method != "POST" or not kind.startswith("multipart/form-data"):
        return {}
    whole = b"Content-Type: " + kind.encode() + b"\r\n\r\n" + call.request.body
    fields: dict[str, str] = {}
    for part in message_from_bytes(whole, policy=HTTP).walk():
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str) and not part.is_multipart():
            content = part.get_payload(decode=True)
            fields[name.lower()] = content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
    return fields


def _conditions(sent: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Operator, field and value of the policy's conditions; the length of the file is none of the form's."""
    try:
        policy = json.loads(base64.b64decode(sent.get("policy", "")))
    except (binascii.Error, ValueError):
        return
    for condition in policy.get("conditions", ()):
        match condition:
            case dict():
                yield from (("eq", str(field).lower(), str(value)) for field, value in condition.items())
            case [("eq" | "starts-with") as operator, str(field), value]:
                yield operator, field.removeprefix("$").lower(), str(value)
