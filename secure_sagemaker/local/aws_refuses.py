"""What AWS refuses and moto accepts: one row a case, with where AWS says so.

A rule reads the call and the account and answers what AWS would, or None. A wrong injection of ours
must fail here and not in production.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from secure_sagemaker.local import moto_state
from secure_sagemaker.local.policies import PolicyRequest, allows, denies
from secure_sagemaker.local.wire import Call, Refusal

__all__ = ["RULES", "Rule", "first_refusal"]

Check = Callable[[Call], Refusal | None]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One kind of refusal."""

    service: str
    operations: frozenset[str]
    """The operations it is for; empty for every operation of the service."""
    check: Check
    source: str
    """The AWS page or botocore member that says so."""

    def applies(self, call: Call) -> bool:
        """Whether the rule is about this operation."""
        return call.service == self.service and (not self.operations or call.operation in self.operations)


def first_refusal(call: Call) -> Refusal | None:
    """What AWS says against the call, or None."""
    refusal = _unknown_signer(call)
    for rule in RULES:
        if refusal is not None:
            return refusal
        if rule.applies(call):
            refusal = rule.check(call)
    return refusal


# --- who signs

_UNSIGNED = frozenset({"AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"})


def _unknown_signer(call: Call) -> Refusal | None:
    if call.caller is not None or call.operation in _UNSIGNED:
        return None
    if call.request.credential is None:
        if call.service == "s3":
            return Refusal(code="AccessDenied", message="Access Denied", status=403)
        return Refusal(code="MissingAuthenticationToken", message="Missing Authentication Token", status=403)
    protocol = str(call.model.service_model.protocol) if call.model is not None else "json"
    code = {"rest-xml": "InvalidAccessKeyId", "query": "InvalidClientTokenId", "ec2": "AuthFailure"}.get(
        protocol, "UnrecognizedClientException"
    )
    return Refusal(code=code, message="The security token included in the request is invalid.", status=403)


def _role_to_assume(call: Call) -> Refusal | None:
    wanted, caller = call.text("RoleArn"), call.caller
    if caller is None:
        return None
    role = moto_state.find_role(wanted)
    context = {
        "aws:principalarn": caller.arn,
        "sts:rolesessionname": call.text("RoleSessionName"),
        "aws:multifactorauthpresent": "true" if call.text("TokenCode") else "false",
    }
    if call.text("ExternalId"):
        context["sts:externalid"] = call.text("ExternalId")
    if call.text("SourceIdentity"):
        context["sts:sourceidentity"] = call.text("SourceIdentity")
    actions = ["sts:AssumeRole"]
    actions += ["sts:SetSourceIdentity"] if call.text("SourceIdentity") else []
    actions += ["sts:TagSession"] if call.parameters.get("Tags") else []
    for action in actions:
        asked = PolicyRequest(
            action=action, caller_arn=caller.arn, caller_account=caller.account, context=context
        )
        if role is None or not allows(role.trust_policy, asked):
            message = f"User: {caller.arn} is not authorized to perform: {action} on resource: {wanted}"
            return Refusal(code="AccessDenied", message=message, status=403)
    return None


def _session_duration(call: Call) -> Refusal | None:
    role = moto_state.find_role(call.text("RoleArn"))
    seconds = int(str(call.parameters.get("DurationSeconds", moto_state.MAXIMUM_SESSION_SECONDS)))
    if role is not None and seconds > role.maximum_session_seconds:
        message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        return Refusal(code="ValidationError", message=message)
    if call.caller is not None and ":assumed-role/" in call.caller.arn and seconds > 3600:
        message = "The requested DurationSeconds exceeds the 1 hour session limit of role chaining."
        return Refusal(code="ValidationError", message=message)
    return None


# --- S3


def _bucket_owner(call: Call) -> Refusal | None:
    source = call.text("CopySource").lstrip("/").split("/", 1)[0]
    for header, bucket in (
        ("x-amz-expected-bucket-owner", call.text("Bucket")),
        ("x-amz-source-expected-bucket-owner", source),
    ):
        expected = call.request.headers.get(header)
        owner = moto_state.bucket_owner(bucket) if bucket else None
        if expected is not None and owner is not None and expected != owner:
            return Refusal(code="AccessDenied", message="Access Denied", status=403)
    return None


_S3_ACTIONS = {
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
}
"""The permission an S3 operation needs, where it has another name."""


def _bucket_policy(call: Call) -> Refusal | None:
    bucket, key = call.text("Bucket"), call.text("Key")
    policy = moto_state.bucket_policy(bucket) if bucket else None
    if policy is None or call.caller is None:
        return None
    resource = f"arn:{moto_state.partition(call.region)}:s3:::{bucket}"
    headers = {name: value for name, value in call.request.headers.items() if name.startswith("x-amz-")}
    asked = PolicyRequest(
        action=f"s3:{_S3_ACTIONS.get(call.operation, call.operation)}",
        resource=f"{resource}/{key}" if key else resource,
        caller_arn=call.caller.arn,
        caller_account=call.caller.account,
        context={
            # Loopback stands for AWS's own address, which is always reached by TLS here.
            "aws:securetransport": "true",
            "aws:principalarn": call.caller.arn,
            "aws:principalaccount": call.caller.account,
            **{f"s3:{name}": value for name, value in headers.items()},
        },
    )
    if denies(policy, asked):
        return Refusal(code="AccessDenied", message="Access Denied", status=403)
    return None


# --- SageMaker


def _path(value: object, *names: str) -> object:
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _objects(value: object) -> Iterator[Mapping[str, object]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, Mapping))


def _clusters(call: Call) -> Iterator[Mapping[str, object]]:
    """Every structure of a request that pairs instance types with a volume key."""
    definitions = [call.parameters.get("TrainingJobDefinition")]
    definitions += _objects(call.parameters.get("TrainingJobDefinitions"))
    for stated in (
        call.parameters.get("ResourceConfig"),
        call.parameters.get("TransformResources"),
        _path(call.parameters, "ProcessingResources", "ClusterConfig"),
        *(_path(definition, "ResourceConfig") for definition in definitions),
        *(_path(definition, "HyperParameterTuningResourceConfig") for definition in definitions),
    ):
        if isinstance(stated, Mapping):
            yield stated


def _instance_types(cluster: Mapping[str, object]) -> Iterator[str]:
    groups = (*_objects(cluster.get("InstanceGroups")), *_objects(cluster.get("InstanceConfigs")))
    for holder in (cluster, *groups):
        if isinstance(kind := holder.get("InstanceType"), str):
            yield kind


def _volume_key_with_local_storage(call: Call) -> Refusal | None:
    for cluster in _clusters(call):
        if not cluster.get("VolumeKmsKeyId"):
            continue
        for kind in _instance_types(cluster):
            if moto_state.has_local_storage(kind):
                message = (
                    f"VolumeKmsKeyId is not supported for instance type {kind}: it has local storage, "
                    "which is encrypted by the instance's hardware"
                )
                return Refusal(code="ValidationException", message=message)
    return None


def _inference_component_members(call: Call) -> Refusal | None:
    variants = [
        variant
        for member in ("ProductionVariants", "ShadowProductionVariants")
        for variant in _objects(call.parameters.get(member))
    ]
    if not any("ModelName" in variant for variant in variants):
        return None
    for member in ("VpcConfig", "EnableNetworkIsolation", "ExecutionRoleArn"):
        if member in call.parameters:
            message = (
                f"{member} is only supported for endpoints that host inference components, without ModelName"
            )
            return Refusal(code="ValidationException", message=message)
    return None


RULES: tuple[Rule, ...] = (
    Rule(
        service="sts",
        operations=frozenset(["AssumeRole"]),
        check=_role_to_assume,
        source="IAM User Guide, 'Trust policies'; AWS answers AccessDenied for an unknown role too",
    ),
    Rule(
        service="sts",
        operations=frozenset(["AssumeRole"]),
        check=_session_duration,
        source="botocore sts AssumeRoleRequest.DurationSeconds",
    ),
    Rule(
        service="s3",
        operations=frozenset(),
        check=_bucket_owner,
        source="Amazon S3 User Guide, 'Verifying bucket ownership with bucket owner condition'",
    ),
    Rule(
        service="s3",
        operations=frozenset(),
        check=_bucket_policy,
        source="Amazon S3 User Guide, 'Bucket policies'; moto evaluates them without their conditions",
    ),
    Rule(
        service="sagemaker",
        operations=frozenset(
            [
                "CreateTrainingJob",
                "CreateProcessingJob",
                "CreateTransformJob",
                "CreateHyperParameterTuningJob",
            ]
        ),
        check=_volume_key_with_local_storage,
        source="botocore sagemaker, VolumeKmsKeyId of ResourceConfig and its like",
    ),
    Rule(
        service="sagemaker",
        operations=frozenset(["CreateEndpointConfig"]),
        check=_inference_component_members,
        source="botocore sagemaker CreateEndpointConfigInput; terraform-provider-aws issue 48738",
    ),
)
"""Every case, in the order they are tried."""
