"""Sessions whose calls need verdicts, the requests that name data, and what Macie and S3 were asked meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from secure_sagemaker import SecureSession, SecurityBaseline
from secure_sagemaker.local import RecordedCall
from tests.integration.embedded import IMAGE, client
from tests.integration.macie import Macie

VERDICTS = "SECURE_SAGEMAKER_VERDICTS"
TAGS = [{"Key": "project", "Value": "embedded"}]
CLUSTER = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10}


@dataclass(frozen=True, kw_only=True)
class Gated(Macie):
    """The account with Macie enabled, as a program under a baseline that asks for verdicts finds it."""

    _made: dict[str, Any] = field(default_factory=dict)
    """Clients by service, and sessions by the digests of their baselines."""

    @property
    def client(self) -> Any:
        return self._client("macie2")

    @property
    def s3(self) -> Any:
        return self._client("s3")

    def _client(self, service: str) -> Any:
        if service not in self._made:
            self._made[service] = client(self.aws, service)
        return self._made[service]

    def uri(self, key: str) -> str:
        return f"s3://{self.aws.data_bucket}/{key}"

    def baseline(
        self, *, mode: str = "require", layer: Mapping[str, Any] | None = None, **macie: Any
    ) -> SecurityBaseline:
        """The account's baseline with a section on Macie, and with other sections instead of its own."""
        stated = self.aws.baseline.model_dump(mode="json")
        stated["data_perimeter"]["read"][self.results] = self.aws.account.account
        stated["macie"] = {"mode": mode, **macie}
        for section, content in (layer or {}).items():
            stated[section] = {**stated[section], **content} if isinstance(content, dict) else content
        return SecurityBaseline.model_validate(stated)

    def session(self, baseline: SecurityBaseline | None = None, **stated: Any) -> SecureSession:
        """A session under a baseline, of the one user whose verdicts are kept for all tests of a module."""
        held = baseline or self.baseline(**stated)
        if held.digest not in self._made:
            self._made[held.digest] = self.own_session(held)
        session: SecureSession = self._made[held.digest]
        return session

    def own_session(
        self,
        baseline: SecurityBaseline | None = None,
        *,
        sleep: Callable[[float], object] = lambda _: None,
        **stated: Any,
    ) -> SecureSession:
        """A session of this test's own, that never really sleeps."""
        source = self.aws.source
        made = SecureSession(baseline or self.baseline(**stated), source=source, sleep=sleep)
        loader = source._session.get_component("data_loader")  # boto3 has no way
        made._session.register_component("data_loader", loader)  # read once, not once a session
        return made

    def forget_jobs(self) -> None:
        """Have Macie be as on its first day, with a bucket for results."""
        macie = self.client
        with suppress(macie.exceptions.AccessDeniedException):  # it is disabled already
            macie.disable_macie()
        macie.enable_macie()
        place = {"bucketName": self.results, "kmsKeyArn": self.aws.key_arn}
        macie.put_classification_export_configuration(configuration={"s3Destination": place})

    def jobs(self) -> set[str]:
        """The ids of all jobs of the account."""
        pages = self.client.get_paginator("list_classification_jobs").paginate()
        return {one["jobId"] for page in pages for one in page["items"]}

    def asked(self, *services: str) -> list[str]:
        """The operations that left the process, of some services."""
        return [one.operation for one in self.aws.requests if one.service in services]

    def sent(self, operation: str) -> list[Mapping[str, Any]]:
        """What was sent of an operation."""
        return [one.parameters for one in self.aws.requests if one.operation == operation]

    def refused(self, operation: str) -> RecordedCall:
        """The one call of an operation, which was refused for its data and recorded once, and never sent."""
        assert not self.sent(operation)
        (call,) = self.aws.calls.of(operation)
        assert call.was_refused
        return call

    def training(self, name: str, uri: str, **members: Any) -> dict[str, Any]:
        return {
            "TrainingJobName": name,
            "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            "InputDataConfig": [channel(uri)],
            "OutputDataConfig": {"S3OutputPath": f"s3://{self.aws.default_bucket}/out"},
            "ResourceConfig": CLUSTER,
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            "Tags": TAGS,
            **members,
        }

    def train(self, session: SecureSession, uri: str, *, name: str = "", **members: Any) -> str:
        """Start a training job on data, and tell its name."""
        name = name or f"job-{time.monotonic_ns()}"
        sagemaker(session).create_training_job(**self.training(name, uri, **members))
        return name

    def request(self, operation: str, uri: str) -> dict[str, Any]:
        """A request that has data read, with nothing of security in it."""
        output = f"s3://{self.aws.default_bucket}/out"
        source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}
        name = f"job-{time.monotonic_ns()}"[-30:]
        match operation:
            case "CreateTrainingJob":
                return self.training(name, uri)
            case "CreateProcessingJob":
                data = {"S3Uri": uri, "LocalPath": "/opt/ml/processing/in", "S3DataType": "S3Prefix"}
                return {
                    "ProcessingJobName": name,
                    "ProcessingInputs": [
                        {"InputName": "data", "S3Input": {**data, "S3InputMode": "File"}},
                    ],
                    "ProcessingResources": {"ClusterConfig": CLUSTER},
                    "AppSpecification": {"ImageUri": IMAGE},
                    "Tags": TAGS,
                }
            case "CreateHyperParameterTuningJob":
                job = self.training(name, uri)
                return {
                    "HyperParameterTuningJobName": name,
                    "HyperParameterTuningJobConfig": {
                        "Strategy": "Random",
                        "ResourceLimits": {"MaxParallelTrainingJobs": 1, "MaxNumberOfTrainingJobs": 1},
                    },
                    "TrainingJobDefinition": {
                        key: job[key]
                        for key in ("AlgorithmSpecification", "InputDataConfig", "OutputDataConfig")
                    }
                    | {"ResourceConfig": CLUSTER, "StoppingCondition": job["StoppingCondition"]},
                    "Tags": TAGS,
                }
            case "CreateTransformJob":
                return {
                    "TransformJobName": name,
                    "ModelName": "churn",
                    "TransformInput": {"DataSource": source},
                    "TransformOutput": {"S3OutputPath": output},
                    "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
                    "Tags": TAGS,
                }
            case "CreateAutoMLJob":
                return {
                    "AutoMLJobName": name,
                    "InputDataConfig": [{"DataSource": source, "TargetAttributeName": "y"}],
                    "OutputDataConfig": {"S3OutputPath": output},
                    "Tags": TAGS,
                }
            case "CreateAutoMLJobV2":
                return {
                    "AutoMLJobName": name,
                    "AutoMLJobInputDataConfig": [{"DataSource": source}],
                    "AutoMLProblemTypeConfig": {"TabularJobConfig": {"TargetAttributeName": "y"}},
                    "OutputDataConfig": {"S3OutputPath": output},
                    "Tags": TAGS,
                }
        raise LookupError(operation)

    def make(self, session: SecureSession, operation: str, request: Mapping[str, Any]) -> Any:
        """Call an operation of SageMaker's by its name."""
        client = sagemaker(session)
        (method,) = [one for one, name in client.meta.method_to_api_mapping.items() if name == operation]
        return getattr(client, method)(**request)


def sagemaker(session: SecureSession) -> Any:
    """A client of SageMaker's, loosely typed: the tests leave out what a session puts in."""
    return session.client("sagemaker")


def channel(uri: str, kind: str = "S3Prefix", **members: Any) -> dict[str, Any]:
    source = {"S3DataType": kind, "S3Uri": uri, **members}
    return {"ChannelName": "train", "DataSource": {"S3DataSource": source}}
