"""The baseline as the SDK's own defaults: what it must know before it builds a request."""

from __future__ import annotations

from dataclasses import dataclass

from secure_sagemaker.baseline import ControlId, IsolationMode, Mode, SecurityBaseline

__all__ = ["SdkDefaults", "sagemaker_defaults", "sdk_defaults"]


@dataclass(frozen=True, kw_only=True)
class SdkDefaults:
    """What the SDK must know before it builds a request.

    It holds neither volume nor job output keys: whether a key may be sent depends on the instance
    type and the bucket of each request, and the SDK's own rules for that are wrong in places.
    """

    execution_role: str
    """ARN of the role that jobs and models run as where the caller names none."""
    other_roles: tuple[str, ...] = ()
    """ARNs of further roles that a caller may name."""
    default_bucket: str
    """Bucket for code and outputs where the caller names none. It must exist."""
    default_bucket_prefix: str | None = None
    """Key prefix within the default bucket."""
    s3_kms_key: str | None = None
    """ARN of the key that a ``@remote`` job's own container writes its result with."""
    subnets: tuple[str, ...] = ()
    """Subnets of jobs and models."""
    security_group_ids: tuple[str, ...] = ()
    """Security groups of jobs and models."""
    training_isolation: bool | None = None
    """Network isolation of training; decides how the SDK hands over the code. None: not said."""
    model_isolation: bool | None = None
    """Network isolation of models; decides whether the SDK packs code into the artefact."""
    inter_container_encryption: bool | None = None
    """Encryption of the traffic between a job's containers."""
    tags: tuple[tuple[str, str], ...] = ()
    """Tags of everything the SDK makes, as (key, value)."""


def sagemaker_defaults(defaults: SdkDefaults) -> dict[str, object]:
    """Project the baseline onto the SDK's ``sagemaker_config``, valid for v2 and v3 alike.

    Network settings of processing and monitoring stay out: the SDK would hand isolation to Clarify
    jobs, which cannot run under it, and sends an explicit False for what it is not told. Those
    requests get theirs when they are sent.
    """
    role = defaults.execution_role
    tags = [{"Key": key, "Value": value} for key, value in defaults.tags] or None
    vpc: dict[str, object] | None = None
    if defaults.subnets and defaults.security_group_ids:
        vpc = {
            "Subnets": list(defaults.subnets),
            "SecurityGroupIds": list(defaults.security_group_ids),
        }
    traffic = defaults.inter_container_encryption
    remote = _said(RoleArn=role, S3KmsKeyId=defaults.s3_kms_key, VpcConfig=vpc, Tags=tags)
    remote_network = _said(EnableInterContainerTrafficEncryption=traffic)
    trainer_network = _said(
        subnets=list(defaults.subnets) or None,
        security_group_ids=list(defaults.security_group_ids) or None,
        enable_network_isolation=defaults.training_isolation,
        enable_inter_container_traffic_encryption=traffic,
    )
    modules = _said(
        TelemetryOptOut=True,
        Session=_said(
            DefaultS3Bucket=defaults.default_bucket,
            DefaultS3ObjectKeyPrefix=defaults.default_bucket_prefix,
        ),
        ModelTrainer={"networking": trainer_network} if trainer_network else None,
        RemoteFunction=remote | remote_network,
        NotebookJob={key: value for key, value in remote.items() if key != "Tags"},
        Serve={"RoleArn": role},
    )
    roles_and_tags = {
        kind: _said(RoleArn=role, Tags=tags)
        for kind in (
            "AutoMLJob",
            "AutoMLJobV2",
            "CompilationJob",
            "EdgePackagingJob",
            "FeatureGroup",
            "Pipeline",
            "ProcessingJob",
        )
    }
    only_tags = {kind: {"Tags": tags} for kind in ("Endpoint", "EndpointConfig", "TransformJob") if tags}
    return {
        "SchemaVersion": "1.0",
        "SageMaker": {
            "PythonSDK": {"Modules": modules},
            **roles_and_tags,
            **only_tags,
            "TrainingJob": _said(
                RoleArn=role,
                EnableNetworkIsolation=defaults.training_isolation,
                EnableInterContainerTrafficEncryption=traffic,
                VpcConfig=vpc,
                Tags=tags,
            ),
            "Model": _said(
                ExecutionRoleArn=role,
                EnableNetworkIsolation=defaults.model_isolation,
                VpcConfig=vpc,
                Tags=tags,
            ),
            "MonitoringSchedule": _said(
                MonitoringScheduleConfig={"MonitoringJobDefinition": {"RoleArn": role}}, Tags=tags
            ),
        },
    }


def sdk_defaults(baseline: SecurityBaseline, *, default_bucket: str, s3_kms_key: str | None) -> SdkDefaults:
    """What a baseline tells the SDK: nothing of a control that only observes.

    Args:
        baseline: The baseline.
        default_bucket: The bucket of the session.
        s3_kms_key: ARN of the key for S3, or None where AWS manages it.
    """
    observed = {control for control in ControlId if baseline.mode(control) is Mode.OBSERVE}
    network = None if ControlId.VPC_CONFIG in observed else baseline.vpc
    isolation = None if ControlId.NETWORK_ISOLATION in observed else baseline.network_isolation
    traffic = (
        baseline.hardening.inter_container_encryption and ControlId.INTER_CONTAINER_ENCRYPTION not in observed
    )
    tags = {} if ControlId.REQUIRED_TAGS in observed else baseline.required_tags
    return SdkDefaults(
        execution_role=baseline.execution_roles.default,
        other_roles=baseline.execution_roles.allowed,
        default_bucket=default_bucket,
        s3_kms_key=None if ControlId.S3_ENCRYPTION in observed else s3_kms_key,
        subnets=network.subnets if network else (),
        security_group_ids=network.security_groups if network else (),
        training_isolation=_isolated(isolation.training) if isolation else None,
        model_isolation=_isolated(isolation.models) if isolation else None,
        inter_container_encryption=traffic or None,
        tags=tuple((key, allowed[0]) for key, allowed in tags.items() if len(allowed) == 1),
    )


def _isolated(mode: IsolationMode) -> bool | None:
    return None if mode is IsolationMode.OFF else True


def _said(**settings: object) -> dict[str, object]:
    return {name: value for name, value in settings.items() if value is not None}
