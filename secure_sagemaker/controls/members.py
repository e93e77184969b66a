"""Which member of which structure a control governs.

Rules are looked up in this order: structure and member; member name in any structure; the shape of
the member's value in any structure. The last two are what governs the members of a botocore newer
than the first table in ``rules``. ``PARENTS`` lists the structures that may be created when they are absent, because
their absence and their presence mean the same but for security. ``reviewed.json`` lists every other
member: read by a person, and found to need no control.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from secure_sagemaker.baseline import ControlId
from secure_sagemaker.controls.cases import names_models
from secure_sagemaker.controls.exemptions import ExemptionId
from secure_sagemaker.controls.rules import (
    BY_MEMBER,
    BY_STRUCTURE,
    BY_VALUE,
    DOCUMENT,
    DOCUMENT_MEMBERS,
    TAGS,
    TAGS_ADDED,
)
from secure_sagemaker.controls.s3 import OBJECTS, REQUESTS
from secure_sagemaker.controls.s3_buckets import BUCKETS, CLOSED, PUBLIC
from secure_sagemaker.controls.s3_stores import STORES, STORES_CLOSED
from secure_sagemaker.controls.services import (
    SERVICES,
    SERVICES_CLOSED,
    unless_s3_managed,
    unless_stores_managed,
)
from secure_sagemaker.controls.verdicts import Rule, Site, Verdict

__all__ = [
    "PARENTS",
    "Parent",
    "closed_rule",
    "document_members",
    "document_rule",
    "is_mutating",
    "reviewed",
    "rule_for",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Parent:
    """A structure that may be created when it is absent, to hold what a control asks for."""

    unless: Callable[[Site], Verdict] = lambda site: None
    """A case in which it must not be."""
    control: ControlId | None = None
    """The control that such a case exempts from."""
    seed: tuple[Mapping[str, object], ...] = ()
    """Entries that a list must have, so that they can be secured; each is added where it is missing."""
    operations: tuple[str, ...] = ()
    """The only operations it may be created in; empty for all."""


PARENTS: Mapping[tuple[str, str], Parent] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                ("AIBenchmarkNetworkConfig", "VpcConfig"),
                ("AutoMLJobConfig", "SecurityConfig"),
                ("AutoMLSecurityConfig", "VpcConfig"),
                ("CreateAIBenchmarkJobRequest", "NetworkConfig"),
                ("CreateAutoMLJobRequest", "AutoMLJobConfig"),
                ("CreateAutoMLJobV2Request", "SecurityConfig"),
                ("CreateClusterRequest", "VpcConfig"),
                ("CreateCompilationJobRequest", "VpcConfig"),
                ("CreateDataQualityJobDefinitionRequest", "NetworkConfig"),
                ("CreateInferenceRecommendationsJobRequest", "OutputConfig"),
                ("CreateModelBiasJobDefinitionRequest", "NetworkConfig"),
                ("CreateModelCardRequest", "SecurityConfig"),
                ("CreateModelExplainabilityJobDefinitionRequest", "NetworkConfig"),
                ("CreateModelInput", "VpcConfig"),
                ("CreateModelPackageInput", "SecurityConfig"),
                ("CreateModelQualityJobDefinitionRequest", "NetworkConfig"),
                ("CreateNotebookInstanceInput", "InstanceMetadataServiceConfiguration"),
                ("CreateOptimizationJobRequest", "VpcConfig"),
                ("CreateProcessingJobRequest", "NetworkConfig"),
                ("CreateTrainingJobRequest", "VpcConfig"),
                ("CreateTrainingSessionRequest", "VpcConfig"),
                ("HyperParameterTrainingJobDefinition", "VpcConfig"),
                ("LabelingJobAlgorithmsConfig", "LabelingJobResourceConfig"),
                ("LabelingJobResourceConfig", "VpcConfig"),
                ("MonitoringJobDefinition", "NetworkConfig"),
                ("MonitoringNetworkConfig", "VpcConfig"),
                ("NetworkConfig", "VpcConfig"),
                ("OnlineStoreConfig", "SecurityConfig"),
                ("RecommendationJobInputConfig", "VpcConfig"),
            ),
            Parent(),
        ),
        # S3's own: where encryption is not stated, S3 takes a key of its own.
        **dict.fromkeys(
            (
                ("AnnotationTableConfiguration", "EncryptionConfiguration"),
                ("AnnotationTableConfigurationUpdates", "EncryptionConfiguration"),
                ("InventoryEncryption", "SSEKMS"),
                ("InventoryS3BucketDestination", "Encryption"),
                ("InventoryTableConfiguration", "EncryptionConfiguration"),
                ("InventoryTableConfigurationUpdates", "EncryptionConfiguration"),
                ("JournalTableConfiguration", "EncryptionConfiguration"),
                ("S3Location", "Encryption"),
                ("ServerSideEncryptionRule", "ApplyServerSideEncryptionByDefault"),
            ),
            Parent(),
        ),
        # Athena's, ECR's, Lambda's and Bedrock's.
        ("ResultConfiguration", "EncryptionConfiguration"): Parent(
            unless=unless_s3_managed, control=ControlId.S3_ENCRYPTION
        ),
        ("CreateRepositoryRequest", "encryptionConfiguration"): Parent(
            unless=unless_stores_managed, control=ControlId.KMS_RESOURCE_KEY
        ),
        **dict.fromkeys(
            (
                ("CreateFunctionRequest", "VpcConfig"),
                ("CreateModelCustomizationJobRequest", "vpcConfig"),
                ("CreateModelImportJobRequest", "vpcConfig"),
                ("CreateModelInvocationJobRequest", "vpcConfig"),
            ),
            Parent(),
        ),
        ("CreateEndpointConfigInput", "VpcConfig"): Parent(
            unless=names_models(ExemptionId.MODEL_ENDPOINT_VPC), control=ControlId.VPC_CONFIG
        ),
        **{
            (shape, "InstanceStorageConfigs"): Parent(
                seed=({"EbsVolumeConfig": {"RootVolume": True}},), operations=("CreateCluster",)
            )
            for shape in (
                "ClusterInstanceGroupSpecification",
                "ClusterRestrictedInstanceGroupSpecification",
            )
        },
    }
)
"""Structures that may be created. Never those whose presence changes what the call does, such as
DataCaptureConfig, OnlineStoreConfig, AsyncInferenceConfig or a tuning job's resource configs."""

_READ_ONLY = ("Describe", "List", "Get", "Search", "Query", "BatchGet", "BatchDescribe")


def is_mutating(service: str, operation: str) -> bool:
    """Whether an operation can change something, so that its members must be governed or reviewed."""
    return service == "sagemaker" and not operation.startswith(_READ_ONLY)


def rule_for(
    service: str, operation: str, shape: str, member: str, value_shape: str, *, top: bool
) -> Rule | None:
    """The rule for a member, or None for one that no control governs.

    Args:
        service: The botocore service name.
        operation: The API operation.
        shape: The shape of the structure that holds the member.
        member: The member's name.
        value_shape: The shape of the member's value.
        top: Whether the structure is the request itself.
    """
    if service == "s3":
        particular = BUCKETS.get((shape, member)) or OBJECTS.get((shape, member))
        return particular or (PUBLIC.get(member) or REQUESTS.get(member) if top else None)
    if service in STORES:
        return STORES[service].get((shape, member))
    if service != "sagemaker":
        return SERVICES[service].get((shape, member)) if service in SERVICES else None
    if (particular := BY_STRUCTURE.get((shape, member))) is not None:
        return particular
    if top and member == "Tags":
        return TAGS_ADDED if operation.startswith("Update") else TAGS
    return BY_MEMBER.get(member) or BY_VALUE.get(value_shape)


def closed_rule(service: str, operation: str) -> Rule | None:
    """The rule by which an operation is refused as a whole, or None for one that may be called."""
    if service == "s3":
        return CLOSED.get(operation)
    return STORES_CLOSED.get((service, operation)) or SERVICES_CLOSED.get((service, operation))


def document_rule(member: str) -> Rule | None:
    """The rule for a member of CreateJob's document, which has no service model: by its name alone."""
    return DOCUMENT.get(member)


def document_members(structure: str) -> tuple[str, ...]:
    """The governed members that a structure of CreateJob's document is given when they are missing."""
    return DOCUMENT_MEMBERS.get(structure, ())


@cache
def reviewed() -> Mapping[str, frozenset[str]]:
    """Members that a person has read and found to need no control: structure to member names."""
    text = files("secure_sagemaker.controls").joinpath("data/reviewed.json").read_text("utf-8")
    return MappingProxyType(
        {shape: frozenset(members) for shape, members in json.loads(text)["reviewed"].items()}
    )
