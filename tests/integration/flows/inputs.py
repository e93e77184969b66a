"""What the requests of a flow have SageMaker read: data, code, and what can have no verdict."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache

import botocore.session
from botocore.model import ServiceModel

from secure_sagemaker.local import RecordedRequest
from secure_sagemaker.macie.inputs import Inputs, inputs_of
from tests.integration.flows.flow import Stage
from tests.integration.flows.judge import requests_of

__all__ = ["inputs_row", "unaccounted"]

_NAMED_AS_INPUTS = re.compile(
    r"(^|\.)(Processing|AutoMLJob|Transform|\w*Job)?Input(s|DataConfig|Config)?\b.*\."
)
_OUTPUT = re.compile(r"Output|ModelDataUrl|ModelSource|CompilationJob|^InputConfig\.S3Uri$")
_ITEM = re.compile(r"\[[^\]]*\]")


@cache
def _sagemaker() -> ServiceModel:
    return botocore.session.Session().get_service_model("sagemaker")


def _found(request: RecordedRequest) -> Inputs:
    return inputs_of(_sagemaker().operation_model(request.operation), request.parameters)


def _requests(stage: Stage) -> Iterator[RecordedRequest]:
    return (request for request in requests_of(stage) if request.service == "sagemaker")


def inputs_row(stage: Stage) -> dict[str, list[str]]:
    """What the flow's requests read, by kind, each with its operation and the channel or the place."""
    found: dict[str, set[str]] = {"data": set(), "code": set(), "unreadable": set()}
    for request in _requests(stage):
        inputs, operation = _found(request), request.operation
        for kind, several in (("data", inputs.readable), ("code", inputs.code)):
            found[kind] |= {f"{operation}: {one.channel or _ITEM.sub('[]', one.path)}" for one in several}
        found["unreadable"] |= {f"{operation}: {_ITEM.sub('[]', one.path)}" for one in inputs.unreadable}
    return {kind: sorted(entries) for kind, entries in found.items() if entries}


def unaccounted(stage: Stage) -> list[str]:
    """Locations where inputs stand by their members' names that were not told, read apart from the tables."""
    missed = []
    for request in _requests(stage):
        inputs = _found(request)
        told = {one.path for several in (inputs.readable, inputs.code, inputs.unreadable) for one in several}
        for path, text in _texts(request.parameters, ""):
            stands = _NAMED_AS_INPUTS.search(path) and not _OUTPUT.search(path)
            if stands and text.startswith("s3://") and path not in told:
                missed.append(f"{request.operation}: {path}")
    return missed


def _texts(content: object, path: str) -> Iterator[tuple[str, str]]:
    """Every text with its path; a definition's are those of its steps."""
    if isinstance(content, Mapping):
        for name, value in content.items():
            yield from _texts(value, f"{path}.{name}" if path else str(name))
    elif isinstance(content, list):
        for index, item in enumerate(content):
            called = repr(item["Name"]) if path.endswith("Steps") and "Name" in item else index
            yield from _texts(item, f"{path}[{called}]")
    elif isinstance(content, str) and path == "PipelineDefinition":
        yield from _texts(json.loads(content), path)
    elif isinstance(content, str):
        yield path, content
