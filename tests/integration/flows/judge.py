"""What a recording must hold, read apart from the library's own rules.

The members come from ``tests/golden/governed_members.json``, read by hand out of botocore's model. A member
that is missing where AWS takes none must be explained by an exemption in the audit trail.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from secure_sagemaker.audit import AuditRecord
from secure_sagemaker.controls import Action
from secure_sagemaker.local import EmbeddedAWS, RecordedRequest
from tests.integration.flows.code import unreachable_code
from tests.integration.flows.flow import Stage

__all__ = ["at", "excused", "governed", "missing", "outside", "problems", "requests_of"]

_GOLDEN = Path(__file__).parents[2] / "golden/governed_members.json"
_ALWAYS_THERE = frozenset({"AutoMLJobConfig", "NetworkConfig", "SecurityConfig", "VpcConfig"})
"""Structures whose absence is no excuse: their presence means nothing but security."""
_SUPERSEDED = frozenset({"HomeEfsFileSystemKmsKeyId"})
"""Members whose own documentation says to use another."""
_EXCUSED = (Action.EXEMPT, Action.WAIVED)
_ENCRYPTED_WRITES = frozenset({"PutObject", "CopyObject", "CreateMultipartUpload"})
_NO_OWNER = frozenset({"ListBuckets"})
_ASSUME = frozenset({"AssumeRole", "GetSessionToken"})
_Paths = Mapping[str, Mapping[str, Sequence[str]]]


@cache
def _governed() -> _Paths:
    found: _Paths = json.loads(_GOLDEN.read_text("utf-8"))
    return {operation: kinds for operation, kinds in found.items() if not operation.startswith("_")}


def requests_of(stage: Stage) -> tuple[RecordedRequest, ...]:
    """What the flow sent, without what the test put in place."""
    return tuple(request for index, request in enumerate(stage.aws.requests) if not stage.is_seed(index))


def problems(stage: Stage) -> list[str]:
    """Everything in the recording that should not be there, or is missing."""
    trail = stage.records
    found: list[str] = []
    for request in requests_of(stage):
        name = f"{request.service}.{request.operation}"
        found += [f"{name}: {problem}" for problem in _signer(request, stage.aws)]
        match request.service:
            case "sagemaker":
                lacks = missing(
                    request.operation,
                    request.parameters,
                    stage.aws,
                    isolation=stage.flow.isolation,
                    excused=excused(trail, request),
                )
                found += [f"{name}: {problem}" for problem in lacks]
                found += [f"{name}: {problem}" for problem in outside(request.parameters, stage.aws)]
                found += [f"{name}: {problem}" for problem in unreachable_code(request, stage)]
            case "s3":
                found += [f"{name}: {problem}" for problem in _storage(request, stage.aws)]
    return found


def _signer(request: RecordedRequest, aws: EmbeddedAWS) -> Iterator[str]:
    principal = request.principal or "nobody known"
    if principal == aws.launcher and request.service == "sts" and request.operation in _ASSUME:
        return
    if not principal.startswith(f"assumed-role/{aws.role_arn.rpartition('/')[2]}/"):
        yield f"signed by {principal}"


def excused(trail: Sequence[AuditRecord], request: RecordedRequest) -> frozenset[str]:
    """The paths that the audit trail explains by an exemption or a waiver."""
    return frozenset(
        decision.path
        for record in trail
        if record.request_id == request.request_id
        for decision in record.decisions
        if decision.action in _EXCUSED
    )


def missing(
    operation: str, parameters: object, aws: EmbeddedAWS, *, isolation: str, excused: Collection[str] = ()
) -> Iterator[str]:
    """Every governed member of an operation's input that does not say what it must."""
    keys = {aws.key_arn, aws.other_key_arn}
    for kind, concrete, value in governed(operation, parameters):
        if any(concrete == one or concrete.startswith(f"{one}.") for one in excused):
            continue
        leaf = concrete.rpartition(".")[2]
        match kind:
            case "kms" if value not in keys:
                yield f"{concrete} is {value!r}, no key of the baseline"
            case "vpc" if leaf in {"Subnets", "SubnetIds"} and not _within(value, aws.subnets):
                yield f"{concrete} is {value!r}, no subnets of the baseline"
            case "vpc" if leaf == "SecurityGroupIds" and not _within(value, aws.security_groups):
                yield f"{concrete} is {value!r}, no security groups of the baseline"
            case "isolation" if value is not True and isolation == "require":
                yield f"{concrete} is {value!r}"
            case "intercontainer" if value is not True:
                yield f"{concrete} is {value!r}"
            case "role" if value not in (None, aws.execution_role_arn):
                yield f"{concrete} is {value!r}, no execution role of the baseline"


def governed(operation: str, parameters: object) -> Iterator[tuple[str, str, Any]]:
    """Kind, place and value of each governed member of an operation's input, None for the value of a missing one."""
    for kind, paths in _governed().get(operation, {}).items():
        for path in (one.rstrip("*") for one in paths):
            if path.rpartition(".")[2] not in _SUPERSEDED:
                for concrete, value in at(parameters, path):
                    yield kind, concrete, value


def _within(value: object, allowed: Sequence[str]) -> bool:
    return isinstance(value, list) and bool(value) and set(value) <= set(allowed)


def at(content: object, path: str, before: str = "") -> Iterator[tuple[str, Any]]:
    """Each place that the path leads to, None where the last structure lacks the member."""
    head, _, rest = path.partition(".")
    name, listed = head.removesuffix("[]"), head.endswith("[]")
    if not isinstance(content, Mapping):
        return
    value = content.get(name)
    if not rest:
        yield before + name, value
    elif listed:
        for index, item in enumerate(value if isinstance(value, list) else []):
            yield from at(item, rest, f"{before}{name}[{index}].")
    elif isinstance(value, Mapping) or name in _ALWAYS_THERE:
        yield from at(value or {}, rest, f"{before}{name}.")


def outside(content: object, aws: EmbeddedAWS) -> Iterator[str]:
    """Every S3 location in it that is outside the perimeter."""
    if isinstance(content, str):
        if content.startswith("s3://"):
            bucket = content.removeprefix("s3://").partition("/")[0]
            if bucket not in {aws.default_bucket, aws.data_bucket}:
                yield f"{content!r} is outside the perimeter"
    elif isinstance(content, Mapping):
        for value in content.values():
            yield from outside(value, aws)
    elif isinstance(content, list):
        for item in content:
            yield from outside(item, aws)


def _storage(request: RecordedRequest, aws: EmbeddedAWS) -> Iterator[str]:
    headers = request.headers
    if request.operation in _ENCRYPTED_WRITES:
        if headers.get("x-amz-server-side-encryption") != "aws:kms":
            yield "the object is not encrypted with SSE-KMS"
        if headers.get("x-amz-server-side-encryption-aws-kms-key-id") not in {aws.key_arn, aws.other_key_arn}:
            yield "the object is not encrypted with a key of the baseline"
    if request.operation not in _NO_OWNER and (
        headers.get("x-amz-expected-bucket-owner") != aws.account.account
    ):
        yield "it does not say who must own the bucket"
