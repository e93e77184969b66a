"""Pipelines: definitions with versions, and executions whose steps are those of the definition. None runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from secure_sagemaker.local import moto_state
from secure_sagemaker.local.sagemaker.generic import create, describe, output, settle, stop, tell
from secure_sagemaker.local.sagemaker.kept import Change, Fill, Operation, Record, Request, Store, refused
from secure_sagemaker.local.sagemaker.listing import listed, page, summaries_member
from secure_sagemaker.local.sagemaker.shapes import project
from secure_sagemaker.local.sagemaker.values import at, entries, mapping, plain, text, texts

__all__ = ["FILLED", "OPERATIONS", "UPDATED"]

Output = Mapping[str, object]


def _made(store: Store, request: Request, record: Record) -> None:
    _define(record)
    record.values["PipelineVersionId"] = 1
    record.values["VersionCreationTime"] = request.now


def _changed(store: Store, request: Request, record: Record, before: Mapping[str, object]) -> None:
    _define(record)
    aliases = texts(request.parameters.get("PipelineVersionAliases"))
    _unique(record.arn, [*record.past, before], aliases)
    record.past.append(dict(before))
    record.values["PipelineVersionId"] = len(record.past) + 1
    record.values["VersionCreationTime"] = request.now
    for name in ("PipelineVersionDisplayName", "PipelineVersionDescription", "LastExecution"):
        record.values.pop(name, None)
    _alias(record.values, aliases)


def _define(record: Record) -> None:
    """A definition of some size comes by way of S3."""
    location = mapping(record.values.pop("PipelineDefinitionS3Location", None))
    if location:
        bucket, key = text(location.get("Bucket")), text(location.get("ObjectKey"))
        content = moto_state.read_object(bucket, key, text(location.get("VersionId")) or None)
        if content is None:
            message = f"Unable to read the pipeline definition s3://{bucket}/{key}: it does not exist."
            raise refused("ValidationException", message)
        record.values["PipelineDefinition"] = content.decode()
    stated = text(record.values.get("PipelineDefinition"))
    try:
        steps = mapping(json.loads(stated)).get("Steps")
    except ValueError as broken:
        raise refused("ValidationException", f"Unable to parse pipeline definition: {broken}") from broken
    if not isinstance(steps, list):
        raise refused("ValidationException", "Unable to parse pipeline definition: Steps must be a list.")


def _versions(record: Record) -> list[dict[str, object]]:
    return [*record.past, record.values]


def _version(record: Record, wanted: object, alias: str) -> dict[str, object]:
    for values in reversed(_versions(record)):
        named = alias and alias in texts(values.get("PipelineVersionAliases"))
        if values["PipelineVersionId"] == wanted or named:
            return values
    if wanted is None and not alias:
        return record.values
    raise refused("ResourceNotFound", f"Pipeline version {alias or wanted} of {record.arn} does not exist.")


def _describe(store: Store, request: Request) -> Output:
    record = store.need(request, request.kind("Pipeline"), request.parameters)
    version, alias = request.parameters.get("PipelineVersionId"), request.text("PipelineVersionAlias")
    if version is None and not alias:
        return describe(store, request, record.kind)
    return tell(request, {**record.values, **_version(record, version, alias)}, now=request.now)


def _list_versions(store: Store, request: Request) -> Output:
    record = store.need(request, request.kind("Pipeline"), request.parameters)
    name, shape = summaries_member(request.model)
    told = [
        project(
            {
                **values,
                "CreationTime": values["VersionCreationTime"],
                "LastExecutionPipelineExecutionArn": values.get("LastExecution"),
            },
            shape.member,
        )
        for values in _versions(record)
    ]
    return page(request, name, told if request.text("SortOrder") == "Ascending" else told[::-1])


def _update_version(store: Store, request: Request) -> Output:
    record = store.by_arn(request, request.text("PipelineArn"))
    if record is None:
        raise refused("ResourceNotFound", f"Pipeline {request.text('PipelineArn')} does not exist.")
    values = _version(record, request.parameters.get("PipelineVersionId"), "")
    for name in ("PipelineVersionDisplayName", "PipelineVersionDescription"):
        if name in request.parameters:
            values[name] = request.parameters[name]
    asked = mapping(request.parameters.get("PipelineVersionAliasOperations"))
    added, gone = texts(asked.get("Add")), texts(asked.get("Remove"))
    _unique(record.arn, [other for other in _versions(record) if other is not values], added)
    kept = [alias for alias in texts(values.get("PipelineVersionAliases")) if alias not in (*added, *gone)]
    _alias(values, (*kept, *added))
    return {"PipelineArn": record.arn, "PipelineVersionId": values["PipelineVersionId"]}


def _alias(values: dict[str, object], aliases: Iterable[str]) -> None:
    values.pop("PipelineVersionAliases", None)
    if stated := list(aliases):
        values["PipelineVersionAliases"] = stated


def _unique(arn: str, others: Iterable[Mapping[str, object]], aliases: Iterable[str]) -> None:
    """An alias that means another version must be taken from it first."""
    held = {alias for other in others for alias in texts(other.get("PipelineVersionAliases"))}
    taken = sorted(held.intersection(aliases))
    if taken:
        raise refused("ConflictException", f"{arn}: {', '.join(taken)} is assigned to another version.")


# --- executions


def _start(store: Store, request: Request) -> Output:
    pipeline = store.need(request, request.kind("Pipeline"), request.parameters)
    version = request.parameters.get("PipelineVersionId")
    values = _version(pipeline, version, request.text("PipelineVersionAlias"))
    definition = text(values.get("PipelineDefinition"))
    made = {
        "PipelineArn": pipeline.arn,
        "PipelineDefinition": definition,
        "PipelineName": pipeline.name,
        "PipelineParameters": _parameters(request, definition),
        "PipelineVersionId": values["PipelineVersionId"],
        "RoleArn": request.text("RoleArn") or values.get("RoleArn"),
    }
    kind = request.kind("PipelineExecution")
    told = create(store, request, kind, made=made)
    values["LastExecution"] = told["PipelineExecutionArn"]
    pipeline.values["LastRunTime"] = request.now
    return told


def _parameters(request: Request, definition: str) -> list[object]:
    stated = {
        text(given.get("Name")): given.get("Value")
        for given in entries(request.parameters.get("PipelineParameters"))
    }
    declared = {
        text(one.get("Name")): one.get("DefaultValue")
        for one in entries(mapping(json.loads(definition)).get("Parameters"))
    }
    unknown = sorted(stated.keys() - declared.keys())
    if unknown:
        raise refused("ValidationException", f"Unknown parameter(s): {', '.join(unknown)}.")
    lacking = sorted(name for name, value in {**declared, **stated}.items() if value is None)
    if lacking:
        raise refused("ValidationException", f"Missing value for parameter(s): {', '.join(lacking)}.")
    return [{"Name": name, "Value": str(value)} for name, value in {**declared, **stated}.items()]


def _execution(store: Store, request: Request) -> Record:
    return store.need(request, request.kind("PipelineExecution"), request.parameters)


def _definition(store: Store, request: Request) -> Output:
    record = _execution(store, request)
    return {
        "PipelineDefinition": record.values["PipelineDefinition"],
        "CreationTime": record.values["CreationTime"],
    }


def _steps(store: Store, request: Request) -> Output:
    """The steps of the definition, each as far as the execution is."""
    record = _execution(store, request)
    settle(store, request, record)
    definition = mapping(json.loads(text(record.values["PipelineDefinition"])))
    told: list[object] = [
        {
            "StepName": text(step.get("Name")),
            **{
                name: step[member]
                for name, member in (("StepDisplayName", "DisplayName"), ("StepDescription", "Description"))
                if member in step
            },
            "StartTime": record.values["CreationTime"],
            "EndTime": record.values["LastModifiedTime"],
            "StepStatus": record.status,
            "AttemptCount": 1,
        }
        for step in entries(definition.get("Steps"))
    ]
    return page(request, "PipelineExecutionSteps", told)


def _list_parameters(store: Store, request: Request) -> Output:
    parameters = _execution(store, request).values.get("PipelineParameters")
    return page(request, "PipelineParameters", list(entries(parameters)))


def _list_executions(store: Store, request: Request) -> Output:
    pipeline = store.need(request, request.kind("Pipeline"), request.parameters)
    kind = request.kind("PipelineExecution")
    executions = list(_of(store, request, pipeline))
    for record in executions:
        record.values["StartTime"] = record.values["CreationTime"]
    return listed(request, kind, executions, handled=["PipelineName"])


def _of(store: Store, request: Request, pipeline: Record) -> Iterator[Record]:
    for record in store.all(request, "PipelineExecution"):
        if at(record.values, "PipelineArn") == pipeline.arn:
            yield record


def _stop(store: Store, request: Request) -> Output:
    return stop(store, request, request.kind("PipelineExecution"))


def _retry(store: Store, request: Request) -> Output:
    record = _execution(store, request)
    record.begin(record.kind.course)
    if "ParallelismConfiguration" in request.parameters:
        record.values["ParallelismConfiguration"] = plain(request.parameters["ParallelismConfiguration"])
    return output(request, record)


OPERATIONS: Mapping[str, Operation] = {
    "DescribePipeline": _describe,
    "DescribePipelineDefinitionForExecution": _definition,
    "ListPipelineExecutionSteps": _steps,
    "ListPipelineExecutions": _list_executions,
    "ListPipelineParametersForExecution": _list_parameters,
    "ListPipelineVersions": _list_versions,
    "RetryPipelineExecution": _retry,
    "StartPipelineExecution": _start,
    "StopPipelineExecution": _stop,
    "UpdatePipelineVersion": _update_version,
}
FILLED: Mapping[str, Fill] = {"Pipeline": _made}
UPDATED: Mapping[str, Change] = {"Pipeline": _changed}
