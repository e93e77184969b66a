"""Whether an isolated container gets the code that it is told to run: it can fetch none from S3 itself."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from typing import Any

from secure_sagemaker.local import RecordedRequest
from tests.integration.flows.flow import Stage

__all__ = ["unreachable_code"]

_DIRECTORY = "sagemaker_submit_directory"
_MOUNTED = "/opt/ml/input/data"
_SERVED_FROM = "/opt/ml/model/code"
_Content = Mapping[str, Any]


def unreachable_code(request: RecordedRequest, stage: Stage) -> Iterator[str]:
    """What the containers of a request are told to run and cannot reach."""
    content: _Content = request.parameters
    match request.operation:
        case "CreateTrainingJob":
            yield from _training(content, "HyperParameters")
        case "CreateHyperParameterTuningJob":
            for job in (content.get("TrainingJobDefinition"), *content.get("TrainingJobDefinitions", ())):
                yield from _training(job or {}, "StaticHyperParameters")
        case "CreateModel" if content.get("EnableNetworkIsolation"):
            for container in (content.get("PrimaryContainer"), *content.get("Containers", ())):
                yield from _serving(container or {}, stage)


def _training(job: _Content, hyperparameters: str) -> Iterator[str]:
    written = job.get(hyperparameters, {}).get(_DIRECTORY)
    if written is None or not job.get("EnableNetworkIsolation"):
        return
    place = json.loads(written) if written.startswith('"') else written
    brought = {
        f"{_MOUNTED}/{channel['ChannelName']}/{channel['DataSource']['S3DataSource']['S3Uri'].rpartition('/')[2]}"
        for channel in job.get("InputDataConfig", ())
    }
    if place not in brought:
        yield f"the code is at {place!r}, where no channel brings it"


def _serving(container: _Content, stage: Stage) -> Iterator[str]:
    place = container.get("Environment", {}).get(_DIRECTORY.upper())
    if place is None:
        return
    if place != _SERVED_FROM:
        yield f"the code is at {place!r}, and not in the artefact"
    elif not any(name.removeprefix("./").startswith("code/") for name in _packed(container, stage)):
        yield f"{container['ModelDataUrl']!r} holds no code"


def _packed(container: _Content, stage: Stage) -> list[str]:
    bucket, _, key = container["ModelDataUrl"].removeprefix("s3://").partition("/")
    with stage.apart() as elsewhere:
        artefact = elsewhere.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(artefact)) as archive:
        return archive.getnames()
