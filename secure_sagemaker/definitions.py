"""Pipeline definitions that lie in S3: read to be examined, and written back where SageMaker will read them.

What is written has a name made of its content, in a bucket of the data perimeter, by a client of the session,
which encrypts it like everything else. Where the bucket keeps versions, the request names the one that was
examined, so that nobody can change what SageMaker reads after it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from secure_sagemaker.baseline import ControlId, Mode, SecurityBaseline
from secure_sagemaker.controls import CONTROLS, Action, Decision, Enforcement
from secure_sagemaker.exceptions import ControlError

if TYPE_CHECKING:
    from botocore.model import OperationModel
    from types_boto3_s3 import S3Client

__all__ = ["DefinitionStore", "StoredDefinition"]

INLINE, LOCATION = "PipelineDefinition", "PipelineDefinitionS3Location"
_SECURED = ".secured-"
_LARGEST = 16 << 20
"""Far beyond what SageMaker takes, in bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredDefinition:
    """A definition as it lay in S3."""

    location: Mapping[str, object]
    """What the request said of it."""
    bucket: str
    key: str
    version: str | None
    """None where the bucket keeps no versions."""
    text: str

    def inlined(self, parameters: Mapping[str, object]) -> Mapping[str, object]:
        """A request with the definition itself instead of its place."""
        rest = {name: value for name, value in parameters.items() if name != LOCATION}
        return {**rest, INLINE: self.text}


class DefinitionStore:
    """Reads and writes definitions.

    Args:
        baseline: Names the buckets that may be written.
        s3: Makes the S3 client of the session, when the first definition needs it.
    """

    def __init__(self, baseline: SecurityBaseline, *, s3: Callable[[], S3Client]) -> None:
        self._baseline = baseline
        self._s3 = s3

    def read(self, model: OperationModel, parameters: Mapping[str, object]) -> StoredDefinition | None:
        """The definition that a request names instead of carrying it; None where it names none.

        Raises:
            ControlError: It cannot be read, or the request carries another one besides.
        """
        location, service = parameters.get(LOCATION), model.service_model.service_name
        if service != "sagemaker" or not isinstance(location, Mapping):
            return None
        bucket, key = location.get("Bucket"), location.get("ObjectKey")
        if not isinstance(bucket, str) or not isinstance(key, str):
            return None  # botocore's own validation says so
        place = f"s3://{bucket}/{key}"
        if parameters.get(INLINE) is not None:
            raise _refused(
                service, model.name, place, "one definition", "the request carries another definition besides"
            )
        wanted: dict[str, str] = {"Bucket": bucket, "Key": key}
        if isinstance(version := location.get("VersionId"), str):
            wanted["VersionId"] = version
        try:
            answer = self._s3().get_object(**wanted)  # type: ignore[arg-type]  # built member by member
            if answer["ContentLength"] > _LARGEST:
                raise _refused(
                    service,
                    model.name,
                    place,
                    f"at most {_LARGEST} bytes",
                    f"it has {answer['ContentLength']}",
                )
            text = answer["Body"].read().decode()
        except ClientError as failed:
            code = failed.response.get("Error", {}).get("Code", "")
            raise _refused(
                service, model.name, place, "a definition that can be read", f"S3 answered {code}"
            ) from failed
        except (BotoCoreError, UnicodeDecodeError) as failed:
            raise _refused(
                service, model.name, place, "a definition that can be read", str(failed)
            ) from failed
        return StoredDefinition(
            location=dict(location), bucket=bucket, key=key, version=_version(answer), text=text
        )

    def written_back(self, stored: StoredDefinition, found: Enforcement) -> Enforcement:
        """The decisions and the request with the place of the secured definition instead of the definition.

        Raises:
            ControlError: It cannot be written.
        """
        text = found.parameters.get(INLINE)
        was = f"s3://{stored.bucket}/{stored.key}"
        rest = {name: value for name, value in found.parameters.items() if name != INLINE}
        if text == stored.text and self._baseline.mode(ControlId.PIPELINE_DEFINITION) is Mode.OBSERVE:
            location: dict[str, object] = dict(stored.location)
        elif text == stored.text and stored.version is not None:
            location = {"Bucket": stored.bucket, "ObjectKey": stored.key, "VersionId": stored.version}
        else:
            location = self._written(found, stored, str(text))
        decisions = found.decisions
        if location != stored.location:
            decided = Decision(
                control_id=ControlId.PIPELINE_DEFINITION,
                path=LOCATION,
                action=Action.CORRECTED,
                got=was,
                wanted=" version ".join(
                    str(part)
                    for part in (
                        f"s3://{location['Bucket']}/{location['ObjectKey']}",
                        location.get("VersionId"),
                    )
                    if part
                ),
                why="what SageMaker reads is what was examined",
            )
            decisions = (*decisions, decided)
        return replace(found, parameters={**rest, LOCATION: location}, decisions=decisions)

    def _written(self, found: Enforcement, stored: StoredDefinition, text: str) -> dict[str, object]:
        digest = hashlib.sha256(text.encode()).hexdigest()
        perimeter = self._baseline.data_perimeter
        bucket = stored.bucket
        if bucket not in perimeter.write:
            bucket = perimeter.default_bucket or next(iter(perimeter.write))
        key = f"{stored.key.partition(_SECURED)[0]}{_SECURED}{digest}.json"
        try:
            answer = self._s3().put_object(
                Bucket=bucket, Key=key, Body=text.encode(), ContentType="application/json"
            )
        except (BotoCoreError, ClientError) as failed:
            raise _refused(
                found.service,
                found.operation,
                f"s3://{bucket}/{key}",
                "a place for what is secured",
                str(failed),
            ) from failed
        version = _version(answer)
        return {"Bucket": bucket, "ObjectKey": key, **({"VersionId": version} if version else {})}


def _version(answer: Mapping[str, object]) -> str | None:
    """The version that nobody can write over: while a bucket keeps none, all that is written is called null."""
    version = answer.get("VersionId")
    return version if isinstance(version, str) and version != "null" else None


def _refused(service: str, operation: str, got: str, wanted: str, why: str) -> ControlError:
    control = CONTROLS[ControlId.PIPELINE_DEFINITION]
    return ControlError(
        service=service,
        operation=operation,
        control_id=control.id,
        path=LOCATION,
        got=got,
        wanted=wanted,
        why=f"{control.why}; {why}",
        remedy="let the session's role read and write it, or pass the definition itself",
    )
