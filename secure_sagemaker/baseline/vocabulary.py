"""The closed sets of words a baseline is written in."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Literal

__all__ = ["DEFAULT_MODES", "ControlId", "IsolationMode", "KindOfWork", "Mode", "Task", "TaskName"]


class Mode(StrEnum):
    """What happens to a request that is weaker than a control asks, from mildest to strictest."""

    OBSERVE = "observe"
    """Change nothing; record what would have been done."""
    CORRECT = "correct"
    """Send the baseline's value instead, and record it."""
    REFUSE = "refuse"
    """Raise before anything is sent."""


class IsolationMode(StrEnum):
    """What the baseline says about network isolation for one kind of work."""

    OFF = "off"
    """Isolation is the caller's choice."""
    DEFAULT = "default"
    """Isolated where the caller is silent; an explicit choice stands."""
    REQUIRE = "require"
    """Always isolated."""


class Task(StrEnum):
    """A kind of work."""

    TRAIN = "train"
    PROCESS = "process"
    TUNE = "tune"
    AUTOML = "automl"
    TRANSFORM = "transform"
    DEPLOY = "deploy"
    INVOKE = "invoke"
    REGISTER = "register"
    PIPELINE = "pipeline"
    FEATURE_STORE = "feature-store"
    MONITOR = "monitor"
    LABEL = "label"
    NOTEBOOK = "notebook"
    STUDIO = "studio"
    CLUSTER = "cluster"
    READ_ONLY = "read-only"


TaskName = Literal[
    "train",
    "process",
    "tune",
    "automl",
    "transform",
    "deploy",
    "invoke",
    "register",
    "pipeline",
    "feature-store",
    "monitor",
    "label",
    "notebook",
    "studio",
    "cluster",
    "read-only",
]
"""The same words, for a caller to write."""


class KindOfWork(StrEnum):
    """The kinds of work for which network isolation is stated."""

    TRAINING = "training"
    PROCESSING = "processing"
    TUNING = "tuning"
    MODELS = "models"
    MONITORING = "monitoring"


class ControlId(StrEnum):
    """Every control, by its id; the catalogue holds what each one means."""

    BUCKET_CREATION = "bucket-creation"
    BUCKET_OWNER = "bucket-owner"
    CONTAINER_IMAGE = "container-image"
    DATA_PERIMETER = "data-perimeter"
    DIRECT_INTERNET_ACCESS = "direct-internet-access"
    DOCKER_ACCESS = "docker-access"
    EXECUTION_ROLE = "execution-role"
    IMAGE_REPOSITORY = "image-repository"
    INPUT_SCAN = "input-scan"
    INSTANCE_METADATA_SERVICE = "instance-metadata-service"
    INTER_CONTAINER_ENCRYPTION = "inter-container-encryption"
    JOB_DOCUMENT = "job-document"
    KMS_OUTPUT_KEY = "kms-output-key"
    KMS_RESOURCE_KEY = "kms-resource-key"
    KMS_VOLUME_KEY = "kms-volume-key"
    NETWORK_ISOLATION = "network-isolation"
    PIPELINE_DEFINITION = "pipeline-definition"
    PLAINTEXT_SECRET = "plaintext-secret"  # noqa: S105  # the name of a control
    PRIVATE_CONNECTION = "private-connection"
    PUBLIC_ACCESS = "public-access"
    PUBLIC_WORKFORCE = "public-workforce"
    REFERENCED_RESOURCE = "referenced-resource"
    REMOTE_ACCESS = "remote-access"
    REMOTE_DEBUG = "remote-debug"
    REQUIRED_TAGS = "required-tags"
    RESOURCE_POLICY = "resource-policy"
    ROOT_ACCESS = "root-access"
    S3_ENCRYPTION = "s3-encryption"
    SERVERLESS_INFERENCE = "serverless-inference"
    SOURCE_CREDENTIALS = "source-credentials"
    SSM_ACCESS = "ssm-access"
    UNKNOWN_MEMBER = "unknown-member"
    VPC_CONFIG = "vpc-config"
    WORKFORCE_SOURCE_IP = "workforce-source-ip"


_CORRECTED_BY_DEFAULT = frozenset(
    {
        # What cannot change what the job does: the SDKs send these weak values unasked.
        ControlId.INSTANCE_METADATA_SERVICE,
        ControlId.INTER_CONTAINER_ENCRYPTION,
        ControlId.REMOTE_DEBUG,
        ControlId.ROOT_ACCESS,
        ControlId.S3_ENCRYPTION,
        ControlId.SSM_ACCESS,
    }
)

DEFAULT_MODES: Mapping[ControlId, Mode] = MappingProxyType(
    {control: Mode.CORRECT if control in _CORRECTED_BY_DEFAULT else Mode.REFUSE for control in ControlId}
)
"""The mode of each control where the baseline states none."""
