"""The SageMaker Python SDK's own ``Session``, v2 or v3, made to carry a secured boto3 session.

The SDK is imported when a session is asked for, never before. What such a session holds to:

1. Every client it makes comes from the boto3 session it was given.
2. Its defaults are the baseline's alone: the SDK reads no configuration file for it.
3. Its default bucket is the baseline's. A missing bucket is an error; the SDK never makes one.
4. Asked for "the role", it names the execution role of jobs and not the launcher's.
5. It sends no telemetry.

Three things the SDK keeps once a process, whatever session it is given, so they are set there too:

- Calls that name no session: telemetry falls back to a session made from ambient credentials, and
  in v3 the opt-out of that session can only be written in a file. That fallback is taken away, so
  such calls send nothing. (Pointing ``SAGEMAKER_USER_CONFIG_OVERRIDE`` at a file of ours would do
  it as well, at the price of the user's own file for every other session and child process.)
- v3's check of the role asks IAM to simulate a fixed list of actions, which a scoped role may not
  ask and a least-privilege execution role does not pass. It has one switch, the environment
  variable ``SAGEMAKER_VALIDATE_ROLE``; it is turned off unless the user has already set it.
- v3 reads job logs through one client made from ambient credentials, and calls without ``session=``
  go to the first client ever made. The logs client becomes that of the latest secure session; the
  first secure session becomes the default where the process has none yet.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from secure_sagemaker.baseline import ControlId, IsolationMode, Mode, SecurityBaseline
from secure_sagemaker.exceptions import DefaultBucketError, UnsupportedSdkError

if TYPE_CHECKING:
    # Only one of the two can be installed, and v3 ships without py.typed: each name is Any where
    # its SDK is absent or untyped, so the union is as exact as the installed SDK allows.
    from sagemaker.core.helper.session_helper import Session as SessionV3
    from sagemaker.session import Session as SessionV2
    from types_boto3_s3 import S3Client

    SdkSession: TypeAlias = SessionV2 | SessionV3

__all__ = [
    "SdkDefaults",
    "SdkVersion",
    "installed_sdk",
    "make_sagemaker_session",
    "sagemaker_defaults",
    "sdk_defaults",
]

logger = logging.getLogger(__name__)

# Older sagemaker-core releases keep the first session of the process, or drop the caller's.
_SDK_FLOORS = {"v2": (2, 245), "v3": (3, 24), "sagemaker-core": (2, 24)}
_NEXT_MAJOR = 4

_SESSION_MODULES: Mapping[int, str] = {
    2: "sagemaker.session",
    3: "sagemaker.core.helper.session_helper",
}
_TELEMETRY_MODULES: Mapping[int, str] = {
    2: "sagemaker.telemetry.telemetry_logging",
    3: "sagemaker.core.telemetry.telemetry_logging",
}
_TELEMETRY_FALLBACK = "_get_default_sagemaker_session"
_INSTALL = "Install it with: pip install 'secure-sagemaker[sagemaker]'."


@dataclass(frozen=True, kw_only=True)
class SdkVersion:
    """The SDK that is installed."""

    major: Literal[2, 3]
    """Its generation: the two have different classes under one distribution name."""
    sagemaker: str
    """The version of the ``sagemaker`` distribution."""
    sagemaker_core: str | None
    """The version of ``sagemaker-core``, which holds the v3 session; None where it is absent."""


@dataclass(frozen=True, kw_only=True)
class SdkDefaults:
    """What the SDK must know before it builds a request.

    It holds neither volume nor job output keys: whether a key may be sent depends on the instance
    type and the bucket of each request, and the SDK's own rules for that are wrong in places.
    """

    execution_role: str
    """ARN of the role that jobs and models run as where the caller names none."""
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


def installed_sdk(version_of: Callable[[str], str] = importlib.metadata.version) -> SdkVersion:
    """Say which SDK is installed; refuse one that is missing or would ignore the session."""
    try:
        sagemaker = version_of("sagemaker")
    except importlib.metadata.PackageNotFoundError as missing:
        raise UnsupportedSdkError("the SageMaker Python SDK is not installed", remedy=_INSTALL) from missing
    try:
        core: str | None = version_of("sagemaker-core")
    except importlib.metadata.PackageNotFoundError:
        core = None
    release = _release(sagemaker)
    if (2,) <= release < (3,):
        if release < _SDK_FLOORS["v2"]:
            raise UnsupportedSdkError(
                f"sagemaker {sagemaker} cannot be told the defaults of the baseline: got"
                f" {sagemaker}, wanted {_dotted(_SDK_FLOORS['v2'])} or newer. Its configuration"
                " schema lacks settings that this library relies on",
                remedy="Upgrade it: pip install 'sagemaker>=2.245,<3'.",
            )
        return SdkVersion(major=2, sagemaker=sagemaker, sagemaker_core=core)
    if not (3,) <= release < (_NEXT_MAJOR,):
        raise UnsupportedSdkError(
            f"sagemaker {sagemaker} is not supported: got {sagemaker}, wanted 2.x from"
            f" {_dotted(_SDK_FLOORS['v2'])} or 3.x from {_dotted(_SDK_FLOORS['v3'])}. How it"
            " treats the session given to it is not known",
            remedy="Install a supported release: pip install 'sagemaker>=3.24,<4'.",
        )
    core_release = _release(core) if core is not None else ()
    if release < _SDK_FLOORS["v3"] or core_release < _SDK_FLOORS["sagemaker-core"]:
        raise UnsupportedSdkError(
            f"sagemaker {sagemaker} with sagemaker-core {core or '(absent)'} would ignore the"
            f" secure session: got {sagemaker} and {core or '(absent)'}, wanted"
            f" {_dotted(_SDK_FLOORS['v3'])} and {_dotted(_SDK_FLOORS['sagemaker-core'])} or newer."
            " Older releases keep the first session of the process or drop the caller's"
            " (aws/sagemaker-python-sdk issues 5986 and 6069), so calls would be signed by"
            " another role",
            remedy="Upgrade it: pip install 'sagemaker>=3.24,<4' 'sagemaker-core>=2.24,<3'.",
        )
    return SdkVersion(major=3, sagemaker=sagemaker, sagemaker_core=core)


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


def make_sagemaker_session(boto_session: boto3.Session, defaults: SdkDefaults) -> SdkSession:
    """Make the installed SDK's session over ``boto_session``, with the baseline's defaults.

    Raises:
        UnsupportedSdkError: No SDK is installed, or one that would ignore the session.
    """
    sdk = installed_sdk()
    session = _session_class(sdk.major)(
        boto_session=boto_session, sagemaker_config=sagemaker_defaults(defaults)
    )
    session.secure_defaults = defaults
    _forget_ambient_telemetry(sdk)
    if sdk.major == 3:
        os.environ.setdefault("SAGEMAKER_VALIDATE_ROLE", "false")
        _adopt_process_clients(boto_session)
    return cast("SdkSession", session)


class _SecureAnswers:
    """What a secure session answers instead of the SDK's ``Session``; public methods only."""

    boto_session: boto3.Session
    s3_client: S3Client
    secure_defaults: SdkDefaults
    _default_bucket: str | None

    def default_bucket(self) -> str:
        """Return the name of the baseline's bucket, looked for once and never created."""
        if self._default_bucket is None:
            bucket = self.secure_defaults.default_bucket
            self._require(bucket)
            self._default_bucket = bucket
        return self._default_bucket

    def expand_role(self, role: str) -> str:
        """Return the ARN of ``role``; the execution role's own name needs no look-up in IAM."""
        execution_role = self.secure_defaults.execution_role
        if "/" in role:
            return role
        if role == execution_role.rpartition("/")[2]:
            return execution_role
        arn: str = self.boto_session.resource("iam").Role(role).arn
        return arn

    def get_caller_identity_arn(self) -> str:
        """Return the execution role: the SDK asks this to learn what jobs should run as."""
        return self.secure_defaults.execution_role

    def account_id(self) -> str:
        """Return the account of the role that signs, asked without the SDK's own STS endpoint."""
        account: str = self.boto_session.client("sts").get_caller_identity()["Account"]
        return account

    def _require(self, bucket: str) -> None:
        try:
            self.s3_client.head_bucket(Bucket=bucket)
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            if status == 404:
                raise DefaultBucketError(
                    f"the default bucket {bucket!r} of the baseline does not exist. The SDK would"
                    " create it without a KMS key or a public access block, so it may not",
                    remedy="Create it with encryption and a public access block, or name another"
                    " bucket in the baseline.",
                    bucket=bucket,
                ) from error
            if status == 403:
                raise DefaultBucketError(
                    f"the default bucket {bucket!r} of the baseline cannot be used: S3 answered 403. It is"
                    " another account's, or the role may not list it",
                    remedy="Grant the role s3:ListBucket on it, or name a bucket of this account in the"
                    " baseline.",
                    bucket=bucket,
                ) from error
            raise


@cache
def _session_class(major: int) -> Callable[..., _SecureAnswers]:
    base = importlib.import_module(_SESSION_MODULES[major]).Session
    return cast("Callable[..., _SecureAnswers]", type("SecureSdkSession", (_SecureAnswers, base), {}))


def _forget_ambient_telemetry(sdk: SdkVersion) -> None:
    telemetry = importlib.import_module(_TELEMETRY_MODULES[sdk.major])
    if not hasattr(telemetry, _TELEMETRY_FALLBACK):
        logger.warning(
            "sagemaker %s keeps its telemetry elsewhere than the releases this library knows: calls that"
            " name no session may send it. Opt out in the SDK's configuration file.",
            sdk.sagemaker,
        )
        return
    setattr(telemetry, _TELEMETRY_FALLBACK, _no_session)


def _no_session() -> None:
    """Answer as the SDK's own look-up never does; it then calls the function and sends nothing."""


def _adopt_process_clients(boto_session: boto3.Session) -> None:
    logs = importlib.import_module("sagemaker.core.utils.logs").CloudWatchLogsClient
    retries = Config(retries={"max_attempts": 10, "mode": "standard"})
    logs.client = boto_session.client("logs", config=retries)
    logs().client = logs.client  # an instance made earlier holds a client of its own
    # Called as the SDK's resources call it, so that both share one cache entry.
    importlib.import_module("sagemaker.core.utils.utils").SageMakerClient(
        session=boto_session, region_name=None
    )


def _said(**settings: object) -> dict[str, object]:
    return {name: value for name, value in settings.items() if value is not None}


def _release(version: str) -> tuple[int, ...]:
    numbers = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in numbers[0].split(".")) if numbers else ()


def _dotted(release: Sequence[int]) -> str:
    return ".".join(str(part) for part in release)
