"""What S3 refuses because a condition of the request is not met: of what is written over, and of what is copied."""

from __future__ import annotations

from secure_sagemaker.local import moto_state
from secure_sagemaker.local.refusals.rule import Rule
from secure_sagemaker.local.refusals.s3_calls import copied_from
from secure_sagemaker.local.wire import Call

__all__ = ["RULES"]

_NOT_MET = "At least one of the pre-conditions you specified did not hold"
_SOURCE = "Amazon S3 User Guide, 'Conditional requests'; botocore s3"


def _over_another(call: Call) -> str | None:
    if call.text("IfNoneMatch") != "*":
        return None
    return None if moto_state.find_object(call.text("Bucket"), call.text("Key")) is None else _NOT_MET


def _of_another_version(call: Call) -> str | None:
    wanted = call.text("CopySourceIfMatch").strip('"')
    bucket, key, version = copied_from(call)
    found = moto_state.find_object(bucket, key, version=version)
    return _NOT_MET if wanted and found is not None and found.etag != wanted else None


RULES: tuple[Rule, ...] = (
    Rule(
        id="s3-copy-over-another",
        service="s3",
        operations=("CopyObject",),
        case="a copy with `IfNoneMatch` to where an object stands",
        check=_over_another,
        code="PreconditionFailed",
        status=412,
        source=f"{_SOURCE} CopyObjectRequest.IfNoneMatch",
    ),
    Rule(
        id="s3-copy-of-another-version",
        service="s3",
        operations=("CopyObject", "UploadPartCopy"),
        case="a copy with `CopySourceIfMatch` of an object with another ETag",
        check=_of_another_version,
        code="PreconditionFailed",
        status=412,
        source=f"{_SOURCE} CopyObjectRequest.CopySourceIfMatch",
    ),
)
