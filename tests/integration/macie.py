"""Jobs of the embedded Macie, as the tests make them, and what they leave."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from secure_sagemaker.local import EmbeddedAWS
from tests.integration.embedded import client

SSN = "219-09-9999"
TABLE = f"name,ssn\nJane,{SSN}\n".encode()
CLEAN = b"x,y\n1,2\n"
_numbers = itertools.count()


@dataclass(frozen=True, kw_only=True)
class Macie:
    """The account with Macie enabled, and its clients."""

    aws: EmbeddedAWS
    results: str
    """The bucket that results go to."""

    @property
    def client(self) -> Any:
        return client(self.aws, "macie2")

    @property
    def s3(self) -> Any:
        return client(self.aws, "s3")

    def folder(self) -> str:
        """A prefix of this test's own."""
        return f"test-{next(_numbers)}/"

    def put(self, key: str, body: bytes, **members: object) -> None:
        self.s3.put_object(Bucket=self.aws.data_bucket, Key=key, Body=body, **members)

    def start(self, prefix: str, **members: object) -> str:
        """Start a job about a prefix."""
        return str(self.client.create_classification_job(**self.job(prefix, **members))["jobId"])

    def job(self, prefix: str, **members: object) -> dict[str, Any]:
        term = {"key": "OBJECT_KEY", "comparator": "STARTS_WITH", "values": [prefix]}
        return {
            "clientToken": f"token-{next(_numbers)}",
            "jobType": "ONE_TIME",
            "name": prefix,
            "managedDataIdentifierSelector": "ALL",
            "s3JobDefinition": self.definition(includes=[{"simpleScopeTerm": term}]),
            **members,
        }

    def definition(self, *buckets: str, **scoping: object) -> dict[str, Any]:
        named = list(buckets) or [self.aws.data_bucket]
        return {
            "bucketDefinitions": [{"accountId": self.aws.account.account, "buckets": named}],
            "scoping": {block: {"and": terms} for block, terms in scoping.items()},
        }

    def describe(self, job: str) -> dict[str, Any]:
        return dict(self.client.describe_classification_job(jobId=job))

    def results_of(self, job: str) -> dict[str, dict[str, Any]]:
        """The results of a job by key, and by path for the files of archives."""
        return {_named(record): record for record in self._records(job)}

    def statuses(self, job: str) -> dict[str, tuple[str, str | None]]:
        """Status and reason of each object, by the last part of its key."""
        told = {}
        for name, record in self.results_of(job).items():
            status = record["classificationDetails"]["result"]["status"]
            told[name.rsplit("/", 1)[-1]] = (status["code"], status["reason"])
        return told

    def findings(self, job: str, **criterion: object) -> list[dict[str, Any]]:
        about = {"classificationDetails.jobId": {"eq": [job]}, **criterion}
        ids = self.client.list_findings(findingCriteria={"criterion": about})["findingIds"]
        return list(self.client.get_findings(findingIds=ids)["findings"]) if ids else []

    def events(self, job: str) -> list[str]:
        """The events of a job's log."""
        told = client(self.aws, "logs").get_log_events(
            logGroupName="/aws/macie/classificationjobs", logStreamName=job
        )
        return [json.loads(event["message"])["eventType"] for event in told["events"]]

    def files_of(self, job: str) -> list[str]:
        """The keys of a job's files of results."""
        prefix = f"AWSLogs/{self.aws.account.account}/Macie/{self.aws.region}/{job}/"
        listed = self.s3.list_objects_v2(Bucket=self.results, Prefix=prefix)
        return [one["Key"] for one in listed.get("Contents", [])]

    def _records(self, job: str) -> Iterator[dict[str, Any]]:
        for key in self.files_of(job):
            body = self.s3.get_object(Bucket=self.results, Key=key)["Body"].read()
            yield from map(json.loads, gzip.decompress(body).splitlines())


def _named(record: dict[str, Any]) -> str:
    about = record["resourcesAffected"]["s3Object"]
    inside = about.get("embeddedFileDetails")
    return f"{about['key']}!{inside['filePath']}" if inside else str(about["key"])
