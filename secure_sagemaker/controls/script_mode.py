"""Code that a container fetches from S3 by itself, which under network isolation it cannot.

Script mode tells the container in a hyperparameter where its code is. Where that is an S3 URI and the job
is isolated, the code is brought in by an input channel instead, which the platform fills from outside,
as the SageMaker Python SDK v2 does where it knows of the isolation. A model's environment says the same of its
serving code; there only the SDK can pack the code into the artefact, so the model is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from secure_sagemaker.baseline import ControlId, SecurityBaseline
from secure_sagemaker.controls.locations import bucket_of
from secure_sagemaker.controls.perimeter import judge_bucket
from secure_sagemaker.controls.verdicts import Unfit, values_at

__all__ = ["WHOLES", "Adaptation", "Whole"]

_DIRECTORY = "sagemaker_submit_directory"
_CHANNEL = "code"
_SERVED_FROM = "/opt/ml/model/code"
_ARCHIVE = ".tar.gz"
_MOUNTED = "/opt/ml/input/data"
_MOST_CHANNELS = 20
_WHY = "an isolated container cannot fetch its code from S3, so a channel brings it in"


@dataclass(frozen=True, kw_only=True, slots=True)
class Adaptation:
    """What one member of a structure must hold so that the structure's other members can be as they are."""

    control: ControlId
    member: str
    path: str
    """Where in the structure it is said."""
    got: str
    wanted: str
    value: object = None
    """What to send instead of the whole member; None when nothing can be."""
    why: str = ""
    remedy: str = ""


class Whole(Protocol):
    """What decides about a structure as a whole, once each of its members has been decided on."""

    def __call__(self, content: Mapping[str, object], baseline: SecurityBaseline) -> Iterator[Adaptation]:
        """The adaptations, none of which changes ``content``."""


def _training(
    hyperparameters: str, content: Mapping[str, object], baseline: SecurityBaseline
) -> Iterator[Adaptation]:
    stated = content.get(hyperparameters)
    written = stated.get(_DIRECTORY) if isinstance(stated, Mapping) else None
    if not isinstance(stated, Mapping) or not isinstance(written, str):
        return
    uri, quoted = _unquoted(written)
    if not uri.lower().startswith("s3://"):
        return
    path = f"{hyperparameters}[{_DIRECTORY!r}]"
    bucket = judge_bucket(baseline, bucket_of(uri) or "", written=False)
    if isinstance(bucket, Unfit):
        yield Adaptation(
            control=ControlId.DATA_PERIMETER,
            member=hyperparameters,
            path=path,
            got=uri,
            wanted=bucket.wanted,
            why=bucket.why,
            remedy=bucket.remedy,
        )
        return
    if content.get("EnableNetworkIsolation") is not True:
        return
    channels = content.get("InputDataConfig") or []
    if not isinstance(channels, list | tuple):
        return  # botocore's own validation says so
    name, channel = _channel(uri, content, channels)
    if channel is not None and len(channels) >= _MOST_CHANNELS:
        yield Adaptation(
            control=ControlId.NETWORK_ISOLATION,
            member=hyperparameters,
            path=path,
            got=uri,
            wanted="code that comes by an input channel",
            why=f"{_WHY}, and the job has {len(channels)} channels already, the most there can be",
            remedy="use a channel less, or put the code into the image",
        )
        return
    if channel is not None:
        yield Adaptation(
            control=ControlId.NETWORK_ISOLATION,
            member="InputDataConfig",
            path=f"InputDataConfig[{len(channels)}]",
            got="(absent)",
            wanted=f"channel {name!r} from {uri}",
            value=[*channels, channel],
            why=_WHY,
        )
    # A channel of one object holds a file of its name, one of a prefix what lies below the prefix.
    mounted = f"{_MOUNTED}/{name}"
    if uri.endswith(_ARCHIVE):
        mounted += f"/{uri.rpartition('/')[2]}"
    yield Adaptation(
        control=ControlId.NETWORK_ISOLATION,
        member=hyperparameters,
        path=path,
        got=uri,
        wanted=mounted,
        value={**stated, _DIRECTORY: json.dumps(mounted) if quoted else mounted},
        why=_WHY,
    )


def _channel(
    uri: str, content: Mapping[str, object], channels: Sequence[object]
) -> tuple[str, Mapping[str, object] | None]:
    """The name of the channel that brings the code, and the channel where it must be added."""
    source: dict[str, object] = {
        "S3DataType": "S3Prefix",
        "S3Uri": uri,
        "S3DataDistributionType": "FullyReplicated",
    }
    if values_at(content, "InputDataConfig[].DataSource.S3DataSource.InstanceGroupNames[]"):
        # Once one channel says which groups of instances read it, all must; the code is for every group.
        source["InstanceGroupNames"] = values_at(content, "ResourceConfig.InstanceGroups[].InstanceGroupName")
    mode = values_at(content, "AlgorithmSpecification.TrainingInputMode")
    present = [channel for channel in channels if isinstance(channel, Mapping)]
    for channel in present:
        if _brings(channel, source) and channel.get("InputMode", *mode) == "File":
            return str(channel.get("ChannelName")), None
    taken = {channel.get("ChannelName") for channel in present}
    spare = (f"{_CHANNEL}-{number}" for number in range(len(present)))
    name = next(one for one in (_CHANNEL, *spare) if one not in taken)
    # Whatever the job's own mode: the code is read as files.
    return name, {"ChannelName": name, "DataSource": {"S3DataSource": source}, "InputMode": "File"}


def _brings(channel: Mapping[str, object], source: Mapping[str, object]) -> bool:
    """Whether a channel brings every instance what is there, as it is."""
    as_it_is = all(channel.get(name) in (None, "None") for name in ("CompressionType", "RecordWrapperType"))
    stated = values_at(channel, "DataSource.S3DataSource")
    default = {"S3DataDistributionType": source["S3DataDistributionType"]}
    return as_it_is and any(isinstance(one, Mapping) and {**default, **one} == source for one in stated)


def _unquoted(written: str) -> tuple[str, bool]:
    """The value, and whether it was written as JSON, as SDK v2 writes every hyperparameter."""
    written = written.strip()
    if written.startswith('"'):
        try:
            value = json.loads(written)
        except ValueError:
            return written, False
        if isinstance(value, str):
            return value, True
    return written, False


def _model(content: Mapping[str, object], baseline: SecurityBaseline) -> Iterator[Adaptation]:
    if content.get("EnableNetworkIsolation") is not True:
        return
    for member in ("PrimaryContainer", "Containers"):
        value = content.get(member)
        listed = isinstance(value, list | tuple)
        for index, container in enumerate(value if isinstance(value, list | tuple) else [value]):
            environment = container.get("Environment") if isinstance(container, Mapping) else None
            written = environment.get(_DIRECTORY.upper()) if isinstance(environment, Mapping) else None
            if isinstance(written, str) and written.lower().startswith("s3://"):
                place = f"{member}[{index}]" if listed else member
                yield Adaptation(
                    control=ControlId.NETWORK_ISOLATION,
                    member=member,
                    path=f"{place}.Environment[{_DIRECTORY.upper()!r}]",
                    got=written,
                    wanted=f"code inside the model's artefact, as {_SERVED_FROM}",
                    why="an isolated container cannot fetch its serving code from S3",
                    remedy="make the model with SecureSession.sagemaker_session(), whose defaults have the SDK pack "
                    "the code into the artefact, or pack it so yourself",
                )


WHOLES: Mapping[str, Whole] = {
    "CreateTrainingJobRequest": partial(_training, "HyperParameters"),
    "HyperParameterTrainingJobDefinition": partial(_training, "StaticHyperParameters"),
    "CreateModelInput": _model,
}
"""By structure."""
