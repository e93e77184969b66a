"""A job at work: a run takes the objects that are in scope when it begins, and reads some at each look.

Time is told in looks, as everywhere in the embedded account: what a run reads between two looks is all there is, or as
many objects as a test says. Every object leaves a result, whether it was read or not.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from secure_sagemaker.local import moto_state
from secure_sagemaker.local.macie import records
from secure_sagemaker.local.macie.access import role_arn
from secure_sagemaker.local.macie.classified import Classified, classify, skipped
from secure_sagemaker.local.macie.criteria import satisfies
from secure_sagemaker.local.macie.detection import AllowList, CustomIdentifier, Inspection
from secure_sagemaker.local.macie.identifiers import selected
from secure_sagemaker.local.macie.managed import MANAGED
from secure_sagemaker.local.macie.scope import in_scope, matches_bucket, named_buckets, sampled
from secure_sagemaker.local.macie.state import Job, Request
from secure_sagemaker.local.moto_objects import (
    ObjectDetails,
    buckets_of,
    find_details,
    find_object,
    objects_in,
)
from secure_sagemaker.local.sagemaker.values import at, entries, mapping, text, texts

__all__ = ["begin", "custom_identifier", "look", "read_object", "tell"]

_LOG_GROUP = "/aws/macie/classificationjobs"
_NO_RESULTS = "[export-config-not-set]"
_EXPIRES = timedelta(days=30)
_RECORDS_A_FILE = 1000


# --- the course of a job


def begin(request: Request, job: Job) -> None:
    """Start a run: what is in scope now is what it will read."""
    since, job.last_run = job.last_run, request.now
    job.status, job.has_failed, job.runs = "RUNNING", False, job.runs + 1
    job.next_run = _next_run(job, request.now)
    tell(request, job, "SCHEDULED_RUN_STARTED" if job.recurs else "ONE_TIME_JOB_STARTED")
    definition = mapping(job.parameters.get("s3JobDefinition"))
    found = [
        one
        for bucket in _buckets(request, job, definition)
        for one in objects_in(bucket)
        if in_scope(definition, one) and (since is None or one.modified >= since.replace(microsecond=0))
    ]
    depth = job.parameters.get("samplingPercentage")
    job.waiting.extend(sampled(found, depth if isinstance(depth, int) else 100, seed=job.id))


def look(request: Request, job: Job) -> None:
    """Let a job get on, as far as it gets between two looks at it."""
    now = request.now
    if job.status == "USER_PAUSED" and job.paused is not None and now - job.paused >= _EXPIRES:
        job.status = "IDLE" if job.recurs else "CANCELLED"
        job.waiting.clear()
    if job.status == "PAUSED" and _spent(request) < request.behaviour.quota_bytes:
        job.status = "RUNNING"
        tell(request, job, "JOB_RESUMED_BY_MACIE_SERVICE_QUOTA_LIFTED")
    if job.status == "IDLE" and job.next_run is not None and now >= job.next_run:
        begin(request, job)
    if job.status == "RUNNING":
        _work(request, job)


def _work(request: Request, job: Job) -> None:
    inspection = _inspection(request, job)
    left = request.behaviour.objects_a_look
    done: list[Classified] = []
    while job.waiting and (left is None or left > 0):
        about = job.waiting[0]
        if _spent(request) + about.size > request.behaviour.quota_bytes:
            job.status = "PAUSED"
            tell(request, job, "JOB_PAUSED_BY_MACIE_SERVICE_QUOTA_MET")
            break
        job.waiting.popleft()
        left = None if left is None else left - 1
        done.append(read_object(request, about, inspection))
        month = _month(request.now)
        request.held.spent[month] = request.held.spent.get(month, 0) + done[-1].size
    for start in range(0, len(done), _RECORDS_A_FILE):
        _publish(request, job, done[start : start + _RECORDS_A_FILE])
    if not job.waiting and job.status == "RUNNING":
        job.status = "IDLE" if job.recurs else "COMPLETE"
        tell(request, job, "SCHEDULED_RUN_COMPLETED" if job.recurs else "JOB_COMPLETED")


def _next_run(job: Job, now: datetime) -> datetime | None:
    if not job.recurs:
        return None
    schedule = mapping(job.parameters.get("scheduleFrequency"))
    day = now + timedelta(days=1)
    weekday, of_month = at(schedule, "weeklySchedule.dayOfWeek"), at(schedule, "monthlySchedule.dayOfMonth")
    while (weekday is not None and day.strftime("%A").upper() != weekday) or (
        isinstance(of_month, int) and day.day != min(of_month, _last_day(day))
    ):
        day += timedelta(days=1)
    return day


def _last_day(day: datetime) -> int:
    return ((day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)).day


def _month(now: datetime) -> str:
    return now.strftime("%Y-%m")


def _spent(request: Request) -> int:
    return request.held.spent.get(_month(request.now), 0)


# --- what it reads, and with what


def _buckets(request: Request, job: Job, definition: Mapping[str, object]) -> Iterator[str]:
    """The buckets of a job that can be listed; each other is an error of the run."""
    named = named_buckets(definition)
    if not named:
        criteria = mapping(definition.get("bucketCriteria"))
        here = [one for one in buckets_of(request.access.account) if one.region == request.access.region]
        named = tuple((one.owner, one.name) for one in here if matches_bucket(criteria, one))
        event = "BUCKET_MATCHED_THE_CRITERIA" if named else "NO_BUCKETS_MATCHED_THE_CRITERIA"
        tell(request, job, event)
    for owner, bucket in named:
        failure = request.access.against_bucket(bucket, owner)
        if failure:
            job.has_failed = True
            affected = {
                "affectedAccount": owner,
                "affectedResource": {"type": "S3_BUCKET_NAME", "value": bucket},
            }
            tell(request, job, failure, **affected, operation="ListObjectsV2")
        else:
            yield bucket


def read_object(request: Request, about: ObjectDetails, inspection: Inspection) -> Classified:
    """Read an object as Macie may, if it still is what it was."""
    bucket, current = find_details(about.bucket), find_object(about.bucket, about.key)
    if bucket is None:
        return skipped(about, "NO_SUCH_BUCKET_AVAILABLE")
    if current is None:
        return skipped(about, "SOURCE_OBJECT_NO_LONGER_AVAILABLE")
    if current.etag != about.etag:
        return skipped(about, "OBJECT_VERSION_MISMATCH")
    reason = request.access.against_object(bucket, about)
    body = moto_state.read_object(about.bucket, about.key)
    if reason or body is None:
        return skipped(about, reason or "SOURCE_OBJECT_NO_LONGER_AVAILABLE")
    return classify(about, body, inspection, request.behaviour.limits)


def _inspection(request: Request, job: Job) -> Inspection:
    asked = job.parameters
    return Inspection(
        managed=selected(
            MANAGED,
            text(asked.get("managedDataIdentifierSelector")),
            texts(asked.get("managedDataIdentifierIds")),
        ),
        custom=tuple(
            custom_identifier(request.held.custom_identifiers[one])
            for one in texts(asked.get("customDataIdentifierIds"))
        ),
        allowed=tuple(
            _allow_list(request.held.allow_lists[one])
            for one in texts(asked.get("allowListIds"))
            if one in request.held.allow_lists
        ),
    )


def custom_identifier(stated: Mapping[str, object]) -> CustomIdentifier:
    """A custom data identifier, by the request that made it."""
    distance = stated.get("maximumMatchDistance")
    levels = [
        (threshold, text(level.get("severity")))
        for level in entries(stated.get("severityLevels"))
        if isinstance(threshold := level.get("occurrencesThreshold"), int)
    ]
    return CustomIdentifier(
        id=text(stated.get("id")),
        name=text(stated.get("name")),
        pattern=re.compile(text(stated.get("regex"))),
        keywords=texts(stated.get("keywords")),
        ignore_words=texts(stated.get("ignoreWords")),
        maximum_distance=distance if isinstance(distance, int) else 50,
        severities=tuple(sorted(levels)),
    )


def _allow_list(stated: Mapping[str, object]) -> AllowList:
    if pattern := text(at(stated, "criteria.regex")):
        return AllowList(pattern=re.compile(pattern))
    words = mapping(at(stated, "criteria.s3WordsList"))
    held = moto_state.read_object(text(words.get("bucketName")), text(words.get("objectKey"))) or b""
    return AllowList(
        words=frozenset(line.strip().lower() for line in held.decode().splitlines() if line.strip())
    )


# --- what it leaves


def _publish(request: Request, job: Job, done: list[Classified]) -> None:
    """Write the results of some objects as one file, and make the findings."""
    access, export = request.access, mapping(at(request.held.export, "s3Destination"))
    prefix = text(export.get("keyPrefix"))
    folder = f"{prefix.rstrip('/')}/" if prefix else ""
    name = request.identifier()
    key = f"{folder}AWSLogs/{access.account}/Macie/{access.region}/{job.id}/{access.account}/{name}.jsonl.gz"
    bucket = text(export.get("bucketName")) or _NO_RESULTS
    location, lines = f"s3://{bucket}/{key}", []
    about = {"id": job.id, "arn": job.arn, "region": access.region, "partition": access.partition}
    for classified in done:
        lies_in = find_details(classified.about.bucket)
        if lies_in is None:
            continue
        now = request.now
        for one in (classified, *classified.files):
            told = records.result(
                about, one, lies_in, location=location, now=now, record_id=request.identifier()
            )
            lines.append(records.line(told))
        found = records.finding(
            about, classified, lies_in, location=location, now=now, record_id=request.identifier()
        )
        if found is not None:
            request.held.findings[text(found["id"])] = {**found, "archived": _is_archived(request, found)}
    if export:
        request.inside.write(
            request.call,
            location,
            gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0),
            role=role_arn(access.account, access.partition),
            key=text(export.get("kmsKeyArn")),
            content_type="application/gzip",
        )


def _is_archived(request: Request, found: Mapping[str, object]) -> bool:
    return any(
        one.get("action") == "ARCHIVE" and satisfies(found, mapping(at(one, "findingCriteria.criterion")))
        for one in request.held.filters.values()
    )


def tell(request: Request, job: Job, event: str, **more: object) -> None:
    """Write an event into the job's log."""
    stream = {"logGroupName": _LOG_GROUP, "logStreamName": job.id}
    request.inside.ask(
        request.call, "logs", "CreateLogGroup", logGroupName=_LOG_GROUP
    )  # there from the second on
    request.inside.ask(request.call, "logs", "CreateLogStream", **stream)
    message = {
        "adminAccountId": request.access.account,
        "jobId": job.id,
        "jobName": job.name,
        "eventType": event,
        "occurredAt": records.moment(request.now),
        "description": event.replace("_", " ").capitalize(),
        **more,
    }
    written = request.behaviour.clock()  # logs are taken at their own time alone
    events = [{"timestamp": int(written.timestamp() * 1000), "message": json.dumps(message)}]
    request.inside.ask(request.call, "logs", "PutLogEvents", **stream, logEvents=events)
