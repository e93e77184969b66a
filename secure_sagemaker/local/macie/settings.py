"""The operations on Macie itself: enabled or not, where results go, tags."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping

from secure_sagemaker.local import moto_state
from secure_sagemaker.local.macie.access import role_arn
from secure_sagemaker.local.macie.state import Operation, Output, Request, conflict, invalid, missing
from secure_sagemaker.local.sagemaker.values import mapping, plain, text, texts

__all__ = ["OPERATIONS"]

_FREQUENCY = "FIFTEEN_MINUTES"


def _enable(request: Request) -> Output:
    if request.held.session is not None:
        raise conflict("Macie has already been enabled.")
    role = role_arn(request.access.account, request.access.partition)
    moto_state.create_service_role(role)
    request.held.session = {
        "createdAt": request.now,
        "findingPublishingFrequency": request.text("findingPublishingFrequency") or _FREQUENCY,
        "serviceRole": role,
        "status": request.text("status") or "ENABLED",
        "updatedAt": request.now,
    }
    return {}


def _session(request: Request) -> Output:
    return request.held.session or {}


def _update(request: Request) -> Output:
    stated = {name: value for name, value in request.parameters.items() if value}
    request.held.session = {**_session(request), **stated, "updatedAt": request.now}
    return {}


def _disable(request: Request) -> Output:
    held = request.held
    held.session, held.export = None, None
    for kept in (held.jobs, held.findings, held.filters, held.custom_identifiers, held.allow_lists):
        kept.clear()
    return {}


def _put_export(request: Request) -> Output:
    configuration = mapping(request.parameters.get("configuration"))
    destination = mapping(configuration.get("s3Destination"))
    failure = request.access.against_results(
        text(destination.get("bucketName")),
        text(destination.get("keyPrefix")),
        text(destination.get("kmsKeyArn")),
    )
    if failure:
        raise invalid(failure)
    request.held.export = configuration
    return {"configuration": configuration}


def _get_export(request: Request) -> Output:
    return {} if request.held.export is None else {"configuration": plain(request.held.export)}


# --- tags


def _tags(request: Request) -> MutableMapping[str, str]:
    arn = request.text("resourceArn")
    for job in request.held.jobs.values():
        if job.arn == arn:
            return job.tags
    for kept in (request.held.filters, request.held.custom_identifiers, request.held.allow_lists):
        for one in kept.values():
            if one.get("arn") == arn:
                tags: MutableMapping[str, str] = one.setdefault("tags", {})  # type: ignore[assignment]  # by its shape
                return tags
    raise missing("The resource was not found.")


def _list_tags(request: Request) -> Output:
    return {"tags": dict(_tags(request))}


def _tag(request: Request) -> Output:
    _tags(request).update(
        {key: text(value) for key, value in mapping(request.parameters.get("tags")).items()}
    )
    return {}


def _untag(request: Request) -> Output:
    tags = _tags(request)
    for key in texts(request.parameters.get("tagKeys")):
        tags.pop(key, None)
    return {}


OPERATIONS: Mapping[str, Operation] = {
    "DisableMacie": _disable,
    "EnableMacie": _enable,
    "GetClassificationExportConfiguration": _get_export,
    "GetMacieSession": _session,
    "ListTagsForResource": _list_tags,
    "PutClassificationExportConfiguration": _put_export,
    "TagResource": _tag,
    "UntagResource": _untag,
    "UpdateMacieSession": _update,
}
