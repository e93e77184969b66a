"""What the field's tools find in the templates, and why it is meant. Each stands in the resource's own metadata."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SKIPPED", "Skipped", "skips"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """A finding that is meant."""

    tool: str
    """``checkov`` or ``cfn-lint``."""
    id: str
    kinds: tuple[str, ...]
    """The types of the resources that it is found in."""
    reason: str


SKIPPED = (
    Skipped(
        tool="checkov",
        id="CKV_AWS_18",
        kinds=("AWS::S3::Bucket", "aws_s3_bucket"),
        reason="CloudTrail's data events tell who read and wrote; a bucket of access logs is the account's to have",
    ),
    Skipped(
        tool="checkov",
        id="CKV_AWS_144",
        kinds=("aws_s3_bucket",),
        reason="data stays in the baseline's region, with its key",
    ),
    Skipped(
        tool="checkov",
        id="CKV2_AWS_62",
        kinds=("aws_s3_bucket",),
        reason="nothing here waits for events of objects",
    ),
    Skipped(
        tool="checkov",
        id="CKV2_AWS_5",
        kinds=("aws_security_group",),
        reason="SageMaker attaches the jobs' group to the interfaces of each job",
    ),
    Skipped(
        tool="cfn-lint",
        id="W3037",
        kinds=("AWS::IAM::ManagedPolicy",),
        reason="cfn-lint's list of actions is older than the API whose operations are named",
    ),
)


def skips(kind: str) -> dict[str, dict[str, object]]:
    """What is skipped of a resource, as the tools read it in metadata: checkov's, and cfn-lint's."""
    found: dict[str, dict[str, object]] = {}
    checkov = [
        {"id": one.id, "comment": one.reason}
        for one in SKIPPED
        if one.tool == "checkov" and kind in one.kinds
    ]
    if checkov:
        found["checkov"] = {"skip": checkov}
    ignored = [one for one in SKIPPED if one.tool == "cfn-lint" and kind in one.kinds]
    if ignored:
        found["cfn-lint"] = {
            "config": {"ignore_checks": [one.id for one in ignored]},
            "comment": "; ".join(one.reason for one in ignored),
        }
    return found
