"""What a job leaves: its lines in CloudWatch Logs, a stream an instance, as SageMaker names them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import get_args

from secure_sagemaker.local.inside import Inside
from secure_sagemaker.local.jobs import Job, JobKind, Jobs
from secure_sagemaker.local.sagemaker.values import at, entries
from secure_sagemaker.local.wire import Call

__all__ = ["JobLogs"]

_KINDS: Mapping[str, JobKind] = {f"Create{kind}Job": kind for kind in get_args(JobKind)}
_INSTANCES: Mapping[JobKind, str] = {
    "Training": "ResourceConfig",
    "Processing": "ProcessingResources.ClusterConfig",
    "Transform": "TransformResources",
}


@dataclass(frozen=True, kw_only=True)
class JobLogs:
    """Runs jobs that were created, and writes what they say."""

    jobs: Jobs
    inside: Inside
    clock: Callable[[], float] = time.time

    def created(self, call: Call) -> str:
        """Run the job that a call created, if it did: why it failed; empty when it did not."""
        if call.operation not in _KINDS:
            return ""
        kind = _KINDS[call.operation]
        job = Job(kind=kind, name=call.text(f"{kind}JobName"), parameters=call.parameters)
        lines, reason = self.jobs.run(job)
        self._write(call, job, lines + ((reason,) if reason else ()))
        return reason

    def _write(self, call: Call, job: Job, lines: tuple[str, ...]) -> None:
        group = f"/aws/sagemaker/{job.kind}Jobs"
        moment = int(self.clock() * 1000)
        self.inside.ask(call, "logs", "CreateLogGroup", logGroupName=group)  # refused from the second job on
        for number in range(1, _instances(job) + 1):
            stream = {
                "logGroupName": group,
                "logStreamName": f"{job.name}/{_host(job, number)}-{moment // 1000}",
            }
            self.inside.ask(call, "logs", "CreateLogStream", **stream)
            if number == 1 and lines:
                events = [{"timestamp": moment, "message": line} for line in lines]
                self.inside.ask(call, "logs", "PutLogEvents", **stream, logEvents=events)


def _host(job: Job, number: int) -> str:
    if job.kind != "Transform":
        return f"algo-{number}"
    return f"i-{hashlib.sha256(f'{job.name} {number}'.encode()).hexdigest()[:17]}"


def _instances(job: Job) -> int:
    cluster = at(job.parameters, _INSTANCES[job.kind])
    groups = entries(at(cluster, "InstanceGroups"))
    counts = [at(holder, "InstanceCount") for holder in groups or (cluster,)]
    return sum(count for count in counts if isinstance(count, int)) or 1
