"""The exemptions, as data: cases that AWS itself cannot do, each with its reason and where AWS says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from secure_sagemaker.baseline import ControlId

__all__ = ["EXEMPTIONS", "Exemption", "ExemptionId"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Exemption:
    """A case in which AWS itself cannot do what a control asks."""

    id: ExemptionId
    controls: tuple[ControlId, ...]
    """What it exempts from."""
    reason: str
    source: str


class ExemptionId(StrEnum):
    """Every exemption, by its id."""

    AWS_MANAGED_KEY = "aws-managed-key"
    AWS_PUBLIC_BUCKET = "aws-public-bucket"
    CLARIFY_ISOLATION = "clarify-isolation"
    CLUSTER_VOLUME = "cluster-volume"
    DIRECTORY_BUCKET_OUTPUT = "directory-bucket-output"
    DIRECTORY_BUCKET_OBJECT = "directory-bucket-object"
    DIRECTORY_BUCKET_OWNER = "directory-bucket-owner"
    ENDPOINT_LOCAL_STORAGE = "endpoint-local-storage"
    LOCAL_STORAGE = "local-storage"
    LEGACY_DOMAIN_KEY = "legacy-domain-key"
    MODEL_ENDPOINT_ISOLATION = "model-endpoint-isolation"
    MODEL_ENDPOINT_ROLE = "model-endpoint-role"
    MODEL_ENDPOINT_VPC = "model-endpoint-vpc"
    MODEL_PACKAGE_GROUP_TAGS = "model-package-group-tags"
    POST_FORM_OWNER = "post-form-owner"


_EXEMPTION_ROWS = (
    Exemption(
        id=ExemptionId.LOCAL_STORAGE,
        controls=(ControlId.KMS_VOLUME_KEY,),
        reason="the instance type has local storage, for which SageMaker takes no volume key; "
        "the instance's hardware encrypts it",
        source="SageMaker API Reference: ResourceConfig, ProcessingClusterConfig, TransformResources",
    ),
    Exemption(
        id=ExemptionId.ENDPOINT_LOCAL_STORAGE,
        controls=(ControlId.KMS_VOLUME_KEY,),
        reason="a variant's instance type has local storage, which the instance's hardware encrypts, "
        "and the baseline says to omit the endpoint's volume key there",
        source="SageMaker API Reference: CreateEndpointConfig, KmsKeyId",
    ),
    Exemption(
        id=ExemptionId.AWS_MANAGED_KEY,
        controls=(
            ControlId.KMS_VOLUME_KEY,
            ControlId.KMS_OUTPUT_KEY,
            ControlId.KMS_RESOURCE_KEY,
            ControlId.S3_ENCRYPTION,
        ),
        reason="the baseline chooses an AWS-managed key here, so the member is omitted on purpose",
        source="the baseline's kms.aws_managed",
    ),
    Exemption(
        id=ExemptionId.AWS_PUBLIC_BUCKET,
        controls=(ControlId.BUCKET_OWNER,),
        reason="AWS publishes no owner of this public bucket of its own, so none can be expected; it is only read",
        source="the baseline's data_perimeter.aws_public_buckets",
    ),
    Exemption(
        id=ExemptionId.POST_FORM_OWNER,
        controls=(ControlId.BUCKET_OWNER,),
        reason="a POST form has no field for the expected owner; its policy names the bucket",
        source="S3 API Reference, 'POST Object', form fields",
    ),
    Exemption(
        id=ExemptionId.DIRECTORY_BUCKET_OUTPUT,
        controls=(ControlId.KMS_OUTPUT_KEY,),
        reason="the output goes to an S3 directory bucket, for which SageMaker takes no KMS key",
        source="SageMaker API Reference: OutputDataConfig, KmsKeyId",
    ),
    Exemption(
        id=ExemptionId.DIRECTORY_BUCKET_OBJECT,
        controls=(ControlId.S3_ENCRYPTION,),
        reason="a directory bucket encrypts with the key set on the bucket; requests cannot name another",
        source="S3 User Guide, 'Data protection and encryption' for directory buckets",
    ),
    Exemption(
        id=ExemptionId.DIRECTORY_BUCKET_OWNER,
        controls=(ControlId.BUCKET_OWNER,),
        reason="S3 answers 'not implemented' when a call on a directory bucket itself states the expected owner",
        source="S3 API Reference: GetBucketEncryption and the like, ExpectedBucketOwner",
    ),
    Exemption(
        id=ExemptionId.MODEL_PACKAGE_GROUP_TAGS,
        controls=(ControlId.REQUIRED_TAGS,),
        reason="a model package in a group uses the group's tags, and its call takes none of its own",
        source="SageMaker API Reference: CreateModelPackage, Tags",
    ),
    Exemption(
        id=ExemptionId.CLARIFY_ISOLATION,
        controls=(ControlId.NETWORK_ISOLATION,),
        reason="a SageMaker Clarify job calls a shadow endpoint, so AWS's guide wants isolation off for it",
        source="SageMaker Developer Guide, 'Fairness, model explainability and bias detection with SageMaker Clarify'",
    ),
    Exemption(
        id=ExemptionId.CLUSTER_VOLUME,
        controls=(ControlId.KMS_VOLUME_KEY,),
        reason="a cluster takes keys for its volumes only with the node provisioning mode Continuous, and never for "
        "restricted instance groups; a key that AWS owns encrypts them",
        source="SageMaker Developer Guide, 'Customer managed AWS KMS key encryption for SageMaker HyperPod'",
    ),
    Exemption(
        id=ExemptionId.LEGACY_DOMAIN_KEY,
        controls=(ControlId.KMS_VOLUME_KEY,),
        reason="the domain names its key in HomeEfsFileSystemKmsKeyId, the older name of the same setting",
        source="SageMaker API Reference: CreateDomain",
    ),
    *(
        Exemption(
            id=id_,
            controls=(control,),
            reason="the variants name models, which bring their own; "
            "the endpoint config takes this setting for inference components only",
            source="SageMaker API Reference: CreateEndpointConfig; terraform-provider-aws issue 48738",
        )
        for id_, control in (
            (ExemptionId.MODEL_ENDPOINT_VPC, ControlId.VPC_CONFIG),
            (ExemptionId.MODEL_ENDPOINT_ISOLATION, ControlId.NETWORK_ISOLATION),
            (ExemptionId.MODEL_ENDPOINT_ROLE, ControlId.EXECUTION_ROLE),
        )
    ),
)

EXEMPTIONS: Mapping[ExemptionId, Exemption] = MappingProxyType({row.id: row for row in _EXEMPTION_ROWS})
