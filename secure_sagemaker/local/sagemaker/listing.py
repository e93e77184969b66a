"""List operations: filtered, sorted and cut into pages as their input shapes say."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache

from botocore.model import ListShape, OperationModel, Shape, StructureShape

from secure_sagemaker.local.sagemaker.kept import Record, Request, refused
from secure_sagemaker.local.sagemaker.kinds import Kind
from secure_sagemaker.local.sagemaker.shapes import complete, project
from secure_sagemaker.local.sagemaker.values import at, found, mapping, text

__all__ = ["CREATED", "MODIFIED", "listed", "page", "summaries_member"]

CREATED = ("CreationTime", "CreatedAt", "CreateDate", "RegistrationTime")
MODIFIED = ("LastModifiedTime", "LastModifiedAt", "LastUpdatedDate")

# What a summary shows under another name, or from within.
_SUMMARIES: Mapping[str, str] = {
    "AIWorkloadConfigName": "AIWorkloadConfigIdentifier",
    "CompilationTargetDevice": "OutputConfig.TargetDevice",
    "ExperimentSource": "Source",
    "JobSecondaryStatus": "SecondaryStatus",
    "LastExecutionTime": "LastRunTime",
    "MonitoringJobDefinitionArn": "JobDefinitionArn",
    "MonitoringJobDefinitionName": "JobDefinitionName",
    "OwnershipSettingsSummary": "OwnershipSettings",
    "ResourceLimits": "HyperParameterTuningJobConfig.ResourceLimits",
    "PipelineExecutionFailureReason": "FailureReason",
    "SpaceSettingsSummary": "SpaceSettings",
    "SpaceSharingSettingsSummary": "SpaceSharingSettings",
    "TrialComponentSource": "Source",
    "TrialSource": "Source",
}
_NOT_A_FILTER = frozenset(
    {
        *("CrossAccountFilterOption", "IncludeNodeLogicalIds", "ManagedBy", "MaxResults", "MaxSchemaVersion"),
        *("MinVersion", "ModelPackageType", "NextToken", "SortBy", "SortOrder"),
    }
)
_USUAL_PAGE = 10


def listed(
    request: Request,
    kind: Kind,
    records: Iterable[Record],
    *,
    handled: Iterable[str] = (),
) -> dict[str, object]:
    """The answer of a List operation over these records.

    Args:
        request: The call.
        kind: What is listed.
        records: Of these.
        handled: Parameters by which the records were chosen already.
    """
    filters = {
        name: value
        for name, value in request.parameters.items()
        if name not in _NOT_A_FILTER and name not in tuple(handled)
    }
    chosen = [
        record
        for record in records
        if all(_matches(kind, record, name, value) for name, value in filters.items())
    ]
    name, shape = summaries_member(request.model)
    chosen.sort(key=_order(kind, request.text("SortBy")), reverse=_descending(request))
    told = [_summary(record, shape.member) for record in chosen]
    return page(request, name, told)


def summaries_member(model: OperationModel) -> tuple[str, ListShape]:
    """The output member that holds what is listed."""
    members = model.output_shape.members if model.output_shape is not None else {}
    for name, shape in members.items():
        if isinstance(shape, ListShape):
            return name, shape
    raise TypeError(f"{model.name} lists nothing")


def page(request: Request, name: str, told: list[object]) -> dict[str, object]:
    """One page of what is listed, and the token of the next.

    Raises:
        Refused: The token is none of this listing's.
    """
    size = request.parameters.get("MaxResults")
    count = size if isinstance(size, int) else _usual_page(request.model)
    start = _start(request)
    rest = {"NextToken": _token(request, start + count)} if start + count < len(told) else {}
    return {name: told[start : start + count], **rest}


def _asked(request: Request) -> str:
    rest = {
        name: value for name, value in request.parameters.items() if name not in ("NextToken", "MaxResults")
    }
    stated = json.dumps([request.operation, *request.place, rest], sort_keys=True, default=str)
    return hashlib.sha256(stated.encode()).hexdigest()[:16]


def _token(request: Request, start: int) -> str:
    return base64.urlsafe_b64encode(f"{_asked(request)}{start}".encode()).decode()


def _start(request: Request) -> int:
    token = request.text("NextToken")
    if not token:
        return 0
    try:
        read = base64.urlsafe_b64decode(token).decode()
        if read[:16] == _asked(request):
            return int(read[16:])
    except ValueError:
        pass
    raise refused("ValidationException", "Invalid NextToken.")


@cache
def _usual_page(model: OperationModel) -> int:
    documented = _documentation(model, "MaxResults")
    said = re.search(r"default(?: value)? is (?:<code>)?(\d+)", documented)
    return int(said.group(1)) if said else _USUAL_PAGE


def _documentation(model: OperationModel, member: str) -> str:
    members = model.input_shape.members if model.input_shape is not None else {}
    return str(members[member].documentation) if member in members else ""


@cache
def _usual_order(model: OperationModel) -> str:
    said = re.search(r"default[^.]*?(Ascending|Descending)", _documentation(model, "SortOrder"))
    return said.group(1) if said else "Descending"


def _descending(request: Request) -> bool:
    return (request.text("SortOrder") or _usual_order(request.model)) == "Descending"


def _order(kind: Kind, sort_by: str) -> Callable[[Record], tuple[str, float]]:
    wanted = sort_by.lower().replace("_", "")

    def key(record: Record) -> tuple[str, float]:
        created = _time(record, CREATED)
        if wanted in ("name", kind.label.lower()):
            return record.name, created
        if wanted.endswith("status"):
            return record.status, created
        if wanted == "lastmodifiedtime":
            return "", _time(record, MODIFIED)
        if wanted in ("", "creationtime", "createdate"):
            return "", created
        return str(found(record.values, sort_by) or ""), created

    return key


def _time(record: Record, members: tuple[str, ...]) -> float:
    value = next((record.values[name] for name in members if name in record.values), 0)
    return float(value) if isinstance(value, int | float) else 0.0


def _matches(kind: Kind, record: Record, name: str, wanted: object) -> bool:
    for suffix, holds in _COMPARISONS.items():
        base = name.removesuffix(suffix)
        if base != name and base:
            return holds(_held(kind, record, base), wanted)
    held = _held(kind, record, name)
    return held == wanted or record.is_named(name, wanted)


def _held(kind: Kind, record: Record, name: str) -> object:
    match name:
        case "Name":
            return record.name
        case "Status":
            return record.values.get(kind.status)
        case "Creation" | "CreationTime" | "Created":
            return _time(record, CREATED)
        case "LastModified" | "LastModifiedTime" | "Modified" | "ModifiedTime":
            return _time(record, MODIFIED)
    held = found(record.values, name)
    return mapping(held).get("Status", held) if isinstance(held, Mapping) else held


def _after(held: object, wanted: object) -> bool:
    return isinstance(held, int | float) and isinstance(wanted, int | float) and held > wanted


def _before(held: object, wanted: object) -> bool:
    return isinstance(held, int | float) and isinstance(wanted, int | float) and held < wanted


_COMPARISONS: Mapping[str, Callable[[object, object], bool]] = {
    "After": _after,
    "Before": _before,
    "Contains": lambda held, wanted: text(wanted).lower() in text(held).lower(),
    "Equals": lambda held, wanted: held == wanted,
    "Prefix": lambda held, wanted: text(held).startswith(text(wanted)),
}


def _summary(record: Record, shape: Shape) -> object:
    if not isinstance(shape, StructureShape):
        return project(record.values, shape)
    values = dict(record.values)
    for name in shape.members:
        if name in values:
            continue
        inner = at(values, _SUMMARIES[name]) if name in _SUMMARIES else None
        if inner is None and name in shape.required_members:
            inner = found(record.values, name)
        if inner is not None:
            values[name] = inner
    created = _time(record, CREATED)
    return complete(project(values, shape), shape, now=created)
