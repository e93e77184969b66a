"""What the recorded HTTP requests prove: nothing insecure left, and nothing signed by anything but the role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from secure_sagemaker import SecurityBaseline
from secure_sagemaker.local.records import RecordedRequest

__all__ = ["Evidence", "read_evidence"]

_ASSUME = ("sts", "AssumeRole")


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What was found in the recording."""

    total: int
    """How many requests were recorded."""
    by_principal: Mapping[str, int]
    """How many each principal signed."""
    foreign: tuple[str, ...]
    """Requests that neither the role signed, nor are AssumeRole by the launcher."""
    unprotected: tuple[str, ...]
    """Requests that create or write something without what the baseline asks for."""

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return not self.foreign and not self.unprotected


def read_evidence(
    requests: Iterable[RecordedRequest], *, baseline: SecurityBaseline, launcher: str
) -> Evidence:
    """Look at every request as it left, independently of the library's own rules.

    Args:
        requests: The recording.
        baseline: Whose role, keys, subnets and groups must be in the requests.
        launcher: The principal of the ambient credentials, which may call AssumeRole.
    """
    role = f"assumed-role/{baseline.role.arn.rpartition('/')[2]}/"
    counts: dict[str, int] = {}
    foreign: list[str] = []
    unprotected: list[str] = []
    total = 0
    for request in requests:
        total += 1
        name = f"{request.service}.{request.operation}"
        principal = request.principal or "nobody"
        counts[principal] = counts.get(principal, 0) + 1
        assumes = principal == launcher and (request.service, request.operation) == _ASSUME
        if not assumes and not principal.startswith(role):
            foreign.append(f"{name} signed by {principal}")
        unprotected += [f"{name}: {problem}" for problem in _problems(request, baseline)]
    return Evidence(total=total, by_principal=counts, foreign=tuple(foreign), unprotected=tuple(unprotected))


def _problems(request: RecordedRequest, baseline: SecurityBaseline) -> list[str]:
    body = request.parameters
    subnets, groups = list(baseline.vpc.subnets), list(baseline.vpc.security_groups)
    network = {"Subnets": subnets, "SecurityGroupIds": groups}
    expected: list[tuple[str, object]] = []
    match request.operation:
        case "CreateTrainingJob":
            expected = [("EnableNetworkIsolation", True), ("EnableInterContainerTrafficEncryption", True)]
            if "VpcConfig" not in body or not _within(body["VpcConfig"], network):
                return ["VpcConfig is not the baseline's"]
        case "CreateModel":
            expected = [("EnableNetworkIsolation", True)]
            if "VpcConfig" not in body or not _within(body["VpcConfig"], network):
                return ["VpcConfig is not the baseline's"]
        case "CreateEndpointConfig":
            expected = [("KmsKeyId", str)]
        case "PutObject" | "CreateMultipartUpload":
            headers = request.headers
            if headers.get("x-amz-server-side-encryption") != "aws:kms":
                return ["the object is not encrypted with SSE-KMS"]
            if "x-amz-server-side-encryption-aws-kms-key-id" not in headers:
                return ["the object is not encrypted with a key of ours"]
            if "x-amz-expected-bucket-owner" not in headers:
                return ["it does not say who owns the bucket"]
    problems = [
        f"{member} is {body.get(member)!r}"
        for member, wanted in expected
        if not (isinstance(body.get(member), str) if wanted is str else body.get(member) == wanted)
    ]
    if request.operation == "CreateTrainingJob":
        problems += _training_keys(body)
    return problems


def _within(value: object, network: Mapping[str, list[str]]) -> bool:
    return isinstance(value, Mapping) and all(
        value.get(name) and set(value[name]) <= set(allowed) for name, allowed in network.items()
    )


def _training_keys(body: Mapping[str, object]) -> list[str]:
    problems: list[str] = []
    output, resources = body.get("OutputDataConfig"), body.get("ResourceConfig")
    if not isinstance(output, Mapping) or not output.get("KmsKeyId"):
        problems.append("OutputDataConfig.KmsKeyId is missing")
    local = isinstance(resources, Mapping) and str(resources.get("InstanceType", "")).startswith("ml.g5.")
    if isinstance(resources, Mapping) and bool(resources.get("VolumeKmsKeyId")) == local:
        problems.append("ResourceConfig.VolumeKmsKeyId is not as the instance type takes it")
    return problems
