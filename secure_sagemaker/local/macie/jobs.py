"""The operations on classification jobs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from secure_sagemaker.local.macie.criteria import ordered, page
from secure_sagemaker.local.macie.managed import MANAGED
from secure_sagemaker.local.macie.runs import begin, look, tell
from secure_sagemaker.local.macie.scope import UnreadableScopeError, check_scoping, named_buckets
from secure_sagemaker.local.macie.state import Job, Operation, Output, Request, conflict, invalid, missing
from secure_sagemaker.local.sagemaker.values import at, entries, mapping, plain, text, texts

__all__ = ["OPERATIONS"]

_EXPIRES = timedelta(days=30)
_WARNED = timedelta(days=23)
_USUAL_PAGE = 25


def _create(request: Request) -> Output:
    parameters = {name: plain(value) for name, value in request.parameters.items()}
    _check(request)
    for job in request.held.jobs.values():
        if job.parameters.get("clientToken") == request.text("clientToken"):
            if job.parameters != parameters:
                raise conflict("The client token was used with another request.")
            return {"jobArn": job.arn, "jobId": job.id}
    identifier = request.identifier()
    job = Job(
        id=identifier,
        arn=request.arn(f"classification-job/{identifier}"),
        parameters=parameters,
        created=request.now,
        tags={key: text(value) for key, value in mapping(parameters.get("tags")).items()},
    )
    request.held.jobs[identifier] = job
    tell(request, job, "JOB_CREATED")
    if job.recurs and parameters.get("initialRun") is not True:
        job.status, job.last_run = "IDLE", request.now
        job.next_run = request.now + timedelta(days=1)
    else:
        begin(request, job)
    return {"jobArn": job.arn, "jobId": job.id}


def _check(request: Request) -> None:
    definition = mapping(request.parameters.get("s3JobDefinition"))
    if bool(definition.get("bucketDefinitions")) is bool(definition.get("bucketCriteria")):
        raise invalid("The request must specify either bucketDefinitions or bucketCriteria, not both.")
    for account, bucket in named_buckets(definition):
        if account != request.access.account:
            raise invalid(
                f"The account {account} of the bucket {bucket} isn't associated with this Macie account."
            )
    try:
        check_scoping(definition)
    except UnreadableScopeError as unreadable:
        raise invalid(str(unreadable)) from unreadable
    recurs = request.text("jobType") == "SCHEDULED"
    if recurs is not bool(request.parameters.get("scheduleFrequency")):
        raise invalid("scheduleFrequency must be specified for a scheduled job, and for no other.")
    depth = request.parameters.get("samplingPercentage")
    if isinstance(depth, int) and not 1 <= depth <= 100:
        raise invalid("samplingPercentage must be between 1 and 100.")
    _check_identifiers(request)


def _check_identifiers(request: Request) -> None:
    selector, ids = (
        request.text("managedDataIdentifierSelector"),
        texts(request.parameters.get("managedDataIdentifierIds")),
    )
    custom = texts(request.parameters.get("customDataIdentifierIds"))
    if bool(ids) is not (selector in ("EXCLUDE", "INCLUDE")):
        raise invalid(
            "managedDataIdentifierIds must be specified for EXCLUDE and INCLUDE, and for no other selector."
        )
    if selector == "NONE" and not custom:
        raise invalid("At least one custom data identifier must be specified if the selector is NONE.")
    known = {row.id for row in MANAGED}
    for one in ids:
        if one not in known:
            raise invalid(
                f"There is no managed data identifier {one}; the embedded AWS has fewer than Macie."
            )
    for one in custom:
        if request.held.custom_identifiers.get(one, {"deleted": True}).get("deleted"):
            raise missing(f"The custom data identifier {one} was not found.")
    for one in texts(request.parameters.get("allowListIds")):
        if one not in request.held.allow_lists:
            raise missing(f"The allow list {one} was not found.")


def _describe(request: Request) -> Output:
    job = _found(request)
    look(request, job)
    return {
        **job.parameters,
        **_summary(request, job),
        "initialRun": job.parameters.get("initialRun") is True,
        "jobArn": job.arn,
        "lastRunTime": job.last_run or job.created,
        "samplingPercentage": job.parameters.get("samplingPercentage", 100),
        "managedDataIdentifierSelector": _selector(job),
        "statistics": {
            "approximateNumberOfObjectsToProcess": float(len(job.waiting)),
            "numberOfRuns": float(job.runs),
        },
        "tags": job.tags,
    }


def _selector(job: Job) -> str:
    return text(job.parameters.get("managedDataIdentifierSelector")) or "RECOMMENDED"


def _found(request: Request) -> Job:
    job = request.held.jobs.get(request.text("jobId"))
    if job is None:
        raise missing("The classification job was not found.")
    return job


def _summary(request: Request, job: Job) -> dict[str, object]:
    definition = mapping(job.parameters.get("s3JobDefinition"))
    told: dict[str, object] = {
        "jobId": job.id,
        "jobStatus": job.status,
        "jobType": job.parameters.get("jobType"),
        "name": job.name,
        "createdAt": job.created,
        "lastRunErrorStatus": {"code": "ERROR" if job.has_failed else "NONE"},
        **{name: definition[name] for name in ("bucketCriteria", "bucketDefinitions") if name in definition},
    }
    if job.status == "USER_PAUSED" and job.paused is not None:
        details: dict[str, object] = {"jobExpiresAt": job.paused + _EXPIRES, "jobPausedAt": job.paused}
        if request.now - job.paused >= _WARNED:
            details["jobImminentExpirationHealthEventArn"] = (
                f"arn:{request.access.partition}:health:{request.access.region}::event/MACIE/{job.id}"
            )
        told["userPausedDetails"] = details
    return told


_LEADS_FROM: Mapping[str, frozenset[str]] = {
    "CANCELLED": frozenset({"IDLE", "PAUSED", "RUNNING", "USER_PAUSED"}),
    "RUNNING": frozenset({"USER_PAUSED"}),
    "USER_PAUSED": frozenset({"IDLE", "PAUSED", "RUNNING"}),
}


def _update(request: Request) -> Output:
    job, wanted = _found(request), request.text("jobStatus")
    if wanted not in _LEADS_FROM:
        raise invalid(f"A job can't be set to {wanted}.")
    if job.status not in _LEADS_FROM[wanted]:
        raise conflict(f"The job's status is {job.status}; it can't be set to {wanted}.")
    match wanted:
        case "CANCELLED":
            job.status = "CANCELLED"
            job.waiting.clear()
            tell(request, job, "JOB_CANCELLED")
        case "USER_PAUSED":
            job.status, job.paused = "USER_PAUSED", request.now
            tell(request, job, "JOB_PAUSED_BY_USER")
        case _:
            job.status = "RUNNING" if job.waiting or not job.recurs else "IDLE"
            job.paused = None
            tell(request, job, "JOB_RESUMED_BY_USER")
    return {}


# --- lists


def _list(request: Request) -> Output:
    criteria = mapping(request.parameters.get("filterCriteria"))
    includes, excludes = entries(criteria.get("includes")), entries(criteria.get("excludes"))
    told: list[Mapping[str, object]] = [
        summary
        for job in request.held.jobs.values()
        if all(_holds(term, summary := _summary(request, job)) for term in includes or ({},))
        and not any(_holds(term, summary) for term in excludes)
    ]
    attribute = text(at(request.parameters, "sortCriteria.attributeName")) or "createdAt"
    order = text(at(request.parameters, "sortCriteria.orderBy")) or "DESC"
    told = ordered(told, attribute, descending=order == "DESC")
    items, more = page("ListClassificationJobs", request.parameters, told, usual=_USUAL_PAGE)
    return {"items": items, **more}


def _holds(term: Mapping[str, object], summary: Mapping[str, object]) -> bool:
    if not term:
        return True
    held, values = summary.get(text(term.get("key"))), texts(term.get("values"))
    if isinstance(held, datetime):
        return any(_compares(text(term.get("comparator")), held, value) for value in values)
    match text(term.get("comparator")):
        case "NE":
            return held not in values
        case "CONTAINS":
            return any(value in str(held) for value in values)
        case "STARTS_WITH":
            return str(held).startswith(values)
        case _:
            return held in values


def _compares(comparator: str, held: datetime, stated: str) -> bool:
    try:
        wanted = datetime.fromisoformat(stated)
    except ValueError as wrong:
        raise invalid("createdAt must be in extended ISO 8601 format.") from wrong
    match comparator:
        case "GT":
            return held > wanted
        case "GTE":
            return held >= wanted
        case "LT":
            return held < wanted
        case "LTE":
            return held <= wanted
        case _:
            return (held == wanted) is (comparator == "EQ")


OPERATIONS: Mapping[str, Operation] = {
    "CreateClassificationJob": _create,
    "DescribeClassificationJob": _describe,
    "ListClassificationJobs": _list,
    "UpdateClassificationJob": _update,
}
