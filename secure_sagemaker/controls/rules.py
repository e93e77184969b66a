"""The rules for SageMaker's members: one row for each, as data.

``BY_STRUCTURE`` is asked first, then ``BY_MEMBER``, then ``BY_VALUE``: the last two are what governs the
members of a botocore newer than the first.
"""

from __future__ import annotations

from collections.abc import Mapping

from secure_sagemaker.baseline import ControlId, SecurityBaseline
from secure_sagemaker.controls.cases import (
    clarify_job,
    cluster_storage,
    directory_bucket_output,
    endpoint_storage,
    grouped_model_package,
    job_storage,
    legacy_domain_key,
    names_models,
    remote_function,
)
from secure_sagemaker.controls.checks import (
    AtLeast,
    Choice,
    Cidrs,
    Flag,
    Forbidden,
    Isolation,
    Key,
    PrivateTeam,
    Required,
    Role,
    Roles,
    Subset,
    Trusted,
)
from secure_sagemaker.controls.documents import Document
from secure_sagemaker.controls.exemptions import ExemptionId
from secure_sagemaker.controls.images import ContainerImage, ImageOfAccount
from secure_sagemaker.controls.perimeter import Bucket, BucketOwner, ResourcePolicy, S3Location, TrustedArn
from secure_sagemaker.controls.tags import AddedTags, RemovedTags, Tags
from secure_sagemaker.controls.verdicts import Check, Rule, Site

__all__ = [
    "BY_MEMBER",
    "BY_STRUCTURE",
    "BY_VALUE",
    "DOCUMENT",
    "DOCUMENT_MEMBERS",
    "GROUPS",
    "POLICY",
    "READ",
    "RESOURCE",
    "ROLE_IF_NAMED",
    "SUBNETS",
    "TAGS",
    "TAGS_ADDED",
    "TOLD",
    "WRITTEN",
]


def _rule(control: ControlId, check: Check) -> Rule:
    return Rule(control=control, check=check)


def _volume(*instance_types: str) -> Rule:
    return _rule(
        ControlId.KMS_VOLUME_KEY,
        Key(control=ControlId.KMS_VOLUME_KEY, unless=(job_storage(*instance_types),)),
    )


def _endpoint_volume(*instance_types: str) -> Rule:
    return _rule(
        ControlId.KMS_VOLUME_KEY,
        Key(control=ControlId.KMS_VOLUME_KEY, unless=(endpoint_storage(*instance_types),)),
    )


def _subnets(baseline: SecurityBaseline) -> tuple[str, ...]:
    return baseline.vpc.subnets


def _groups(baseline: SecurityBaseline) -> tuple[str, ...]:
    return baseline.vpc.security_groups


def _vpc_id(baseline: SecurityBaseline) -> tuple[str, ...]:
    return (baseline.vpc.vpc_id,) if baseline.vpc.vpc_id else ()


def _any_repository(baseline: SecurityBaseline) -> bool:
    return not baseline.hardening.vpc_image_repositories_only


def _never(site: Site) -> bool:
    return False


def _in_new_domain(site: Site) -> bool:
    return site.operation == "CreateDomain"


def _always(site: Site) -> bool:
    return True


def _beside_offline_store(site: Site) -> bool:
    return "OfflineStoreConfig" in site.siblings


_PLAIN_VOLUME = _rule(ControlId.KMS_VOLUME_KEY, Key(control=ControlId.KMS_VOLUME_KEY))
_OUTPUT = _rule(
    ControlId.KMS_OUTPUT_KEY, Key(control=ControlId.KMS_OUTPUT_KEY, unless=(directory_bucket_output,))
)
RESOURCE = _rule(ControlId.KMS_RESOURCE_KEY, Key(control=ControlId.KMS_RESOURCE_KEY))
SUBNETS = _rule(ControlId.VPC_CONFIG, Subset(listed=_subnets))
GROUPS = _rule(ControlId.VPC_CONFIG, Subset(listed=_groups))
_GROUPS_IF_NAMED = _rule(ControlId.VPC_CONFIG, Subset(listed=_groups, inject=_never))
_GROUPS_OF_DOMAIN = _rule(ControlId.VPC_CONFIG, Subset(listed=_groups, inject=_in_new_domain))
_ROLE = _rule(ControlId.EXECUTION_ROLE, Role())
_ROLE_ALWAYS = _rule(ControlId.EXECUTION_ROLE, Role(inject=_always))
_ROLE_OF_DOMAIN = _rule(ControlId.EXECUTION_ROLE, Role(inject=_in_new_domain))
ROLE_IF_NAMED = _rule(ControlId.EXECUTION_ROLE, Role(inject=_never))
_ROLES = _rule(ControlId.EXECUTION_ROLE, Roles())
_ISOLATION = _rule(ControlId.NETWORK_ISOLATION, Isolation(unless=(clarify_job, remote_function)))
TAGS = _rule(ControlId.REQUIRED_TAGS, Tags())
TAGS_ADDED = _rule(ControlId.REQUIRED_TAGS, AddedTags())
READ = _rule(ControlId.DATA_PERIMETER, S3Location(written=False))
WRITTEN = _rule(ControlId.DATA_PERIMETER, S3Location(written=True))
TOLD = _rule(ControlId.DATA_PERIMETER, TrustedArn())
_VPC_ID = _rule(ControlId.VPC_CONFIG, Subset(listed=_vpc_id, single=True))
_VPC_ONLY = _rule(
    ControlId.DIRECT_INTERNET_ACCESS,
    Choice(strict="VpcOnly", permitted=lambda baseline: baseline.hardening.allow_direct_internet_access),
)
_NO_ROOT = _rule(
    ControlId.ROOT_ACCESS,
    Choice(strict="Disabled", permitted=lambda baseline: baseline.hardening.allow_root_access),
)
_IMAGE = _rule(ControlId.CONTAINER_IMAGE, ContainerImage())
_IMAGE_OF_ACCOUNT = _rule(ControlId.CONTAINER_IMAGE, ImageOfAccount())
_TEAM = _rule(ControlId.PUBLIC_WORKFORCE, PrivateTeam())
POLICY = _rule(ControlId.RESOURCE_POLICY, ResourcePolicy())
_SERVERLESS = _rule(
    ControlId.SERVERLESS_INFERENCE,
    Forbidden(wanted="instance-backed inference", permitted=lambda baseline: False),
)

BY_STRUCTURE: Mapping[tuple[str, str], Rule] = {
    # Storage volumes.
    ("ResourceConfig", "VolumeKmsKeyId"): _volume(
        "InstanceType", "InstanceGroups[].InstanceType", "InstancePreferences[].InstanceType"
    ),
    ("HyperParameterTuningResourceConfig", "VolumeKmsKeyId"): _volume(
        "InstanceType", "InstanceConfigs[].InstanceType"
    ),
    ("ProcessingClusterConfig", "VolumeKmsKeyId"): _volume(
        "InstanceType", "InstancePreferences[].InstanceType"
    ),
    ("MonitoringClusterConfig", "VolumeKmsKeyId"): _volume("InstanceType"),
    ("TransformResources", "VolumeKmsKeyId"): _volume("InstanceType"),
    ("CreateEndpointConfigInput", "KmsKeyId"): _endpoint_volume(
        "ProductionVariants[].InstanceType",
        "ProductionVariants[].InstancePools[].InstanceType",
        "ShadowProductionVariants[].InstanceType",
        "ShadowProductionVariants[].InstancePools[].InstanceType",
    ),
    ("CreateInferenceExperimentRequest", "KmsKey"): _endpoint_volume(
        "ModelVariants[].InfrastructureConfig.RealTimeInferenceConfig.InstanceType"
    ),
    ("RecommendationJobInputConfig", "VolumeKmsKeyId"): _endpoint_volume(
        "EndpointConfigurations[].InstanceType"
    ),
    ("AutoMLSecurityConfig", "VolumeKmsKeyId"): _PLAIN_VOLUME,
    ("LabelingJobResourceConfig", "VolumeKmsKeyId"): _PLAIN_VOLUME,
    ("ClusterEbsVolumeConfig", "VolumeKmsKeyId"): _rule(
        ControlId.KMS_VOLUME_KEY, Key(control=ControlId.KMS_VOLUME_KEY, unless=(cluster_storage,))
    ),
    ("CreateNotebookInstanceInput", "KmsKeyId"): _PLAIN_VOLUME,
    ("CreateDomainRequest", "KmsKeyId"): _rule(
        ControlId.KMS_VOLUME_KEY, Key(control=ControlId.KMS_VOLUME_KEY, unless=(legacy_domain_key,))
    ),
    ("CreateDomainRequest", "HomeEfsFileSystemKmsKeyId"): _rule(
        ControlId.KMS_VOLUME_KEY, Key(control=ControlId.KMS_VOLUME_KEY, inject=False)
    ),
    # What SageMaker writes.
    **dict.fromkeys(
        (
            ("AsyncInferenceOutputConfig", "KmsKeyId"),
            ("AthenaDatasetDefinition", "KmsKeyId"),
            ("AutoMLOutputDataConfig", "KmsKeyId"),
            ("BatchDataCaptureConfig", "KmsKeyId"),
            ("DataCaptureConfig", "KmsKeyId"),
            ("EdgeOutputConfig", "KmsKeyId"),
            ("FlowDefinitionOutputConfig", "KmsKeyId"),
            ("InferenceExperimentDataStorageConfig", "KmsKey"),
            ("LabelingJobOutputConfig", "KmsKeyId"),
            ("MonitoringOutputConfig", "KmsKeyId"),
            ("OptimizationJobOutputConfig", "KmsKeyId"),
            ("OutputConfig", "KmsKeyId"),
            ("OutputDataConfig", "KmsKeyId"),
            ("ProcessingOutputConfig", "KmsKeyId"),
            ("ProductionVariantCoreDumpConfig", "KmsKeyId"),
            ("RecommendationJobOutputConfig", "KmsKeyId"),
            ("RedshiftDatasetDefinition", "KmsKeyId"),
            ("RoutingTargetAsyncInferenceOutputConfig", "KmsKeyId"),
            ("S3StorageConfig", "KmsKeyId"),
            ("SharingSettings", "S3KmsKeyId"),
            ("TrainingSessionS3Location", "KmsKeyArn"),
            ("TransformOutput", "KmsKeyId"),
            ("WorkspaceSettings", "S3KmsKeyId"),
        ),
        _OUTPUT,
    ),
    # What rests in SageMaker itself.
    ("CreateMlflowAppRequest", "KmsKeyId"): RESOURCE,
    ("CreatePartnerAppRequest", "KmsKeyId"): RESOURCE,
    ("ModelCardSecurityConfig", "KmsKeyId"): RESOURCE,
    ("ModelPackageSecurityConfig", "KmsKeyId"): RESOURCE,
    ("OnlineStoreSecurityConfig", "KmsKeyId"): RESOURCE,
    # The network.
    **{
        (shape, member): rule
        for shape in (
            "NeoVpcConfig",
            "OptimizationVpcConfig",
            "RecommendationJobVpcConfig",
            "VpcConfig",
            "WorkforceVpcConfigRequest",
        )
        for member, rule in (("Subnets", SUBNETS), ("SecurityGroupIds", GROUPS))
    },
    ("WorkforceVpcConfigRequest", "VpcId"): _VPC_ID,
    ("CreateDomainRequest", "SubnetIds"): SUBNETS,
    ("CreateDomainRequest", "VpcId"): _VPC_ID,
    ("UpdateDomainRequest", "SubnetIds"): SUBNETS,
    ("UpdateDomainRequest", "VpcId"): _VPC_ID,
    ("CreateNotebookInstanceInput", "SubnetId"): _rule(
        ControlId.VPC_CONFIG, Subset(listed=_subnets, single=True)
    ),
    ("CreateNotebookInstanceInput", "SecurityGroupIds"): GROUPS,
    ("UserSettings", "SecurityGroups"): _GROUPS_OF_DOMAIN,
    ("DefaultSpaceSettings", "SecurityGroups"): _GROUPS_OF_DOMAIN,
    ("DomainSettings", "SecurityGroupIds"): _GROUPS_IF_NAMED,
    ("DomainSettingsForUpdate", "SecurityGroupIds"): _GROUPS_IF_NAMED,
    ("CreateDomainRequest", "AppNetworkAccessType"): _VPC_ONLY,
    ("UpdateDomainRequest", "AppNetworkAccessType"): _VPC_ONLY,
    ("CreateNotebookInstanceInput", "DirectInternetAccess"): _rule(
        ControlId.DIRECT_INTERNET_ACCESS,
        Choice(strict="Disabled", permitted=lambda baseline: baseline.hardening.allow_direct_internet_access),
    ),
    ("HumanTaskConfig", "WorkteamArn"): _TEAM,
    ("HumanLoopConfig", "WorkteamArn"): _TEAM,
    ("SourceIpConfig", "Cidrs"): _rule(ControlId.WORKFORCE_SOURCE_IP, Cidrs()),
    # An endpoint config takes these, and a VpcConfig, for inference components only.
    ("CreateEndpointConfigInput", "EnableNetworkIsolation"): _rule(
        ControlId.NETWORK_ISOLATION,
        Isolation(unless=(names_models(ExemptionId.MODEL_ENDPOINT_ISOLATION),)),
    ),
    ("CreateEndpointConfigInput", "ExecutionRoleArn"): _rule(
        ControlId.EXECUTION_ROLE,
        Role(inject=_always, unless=(names_models(ExemptionId.MODEL_ENDPOINT_ROLE),)),
    ),
    # Roles that are needed though the service model calls them optional.
    ("CreateModelInput", "ExecutionRoleArn"): _ROLE_ALWAYS,
    ("CreateFeatureGroupRequest", "RoleArn"): _rule(
        ControlId.EXECUTION_ROLE, Role(inject=_beside_offline_store)
    ),
    ("UserSettings", "ExecutionRole"): _ROLE_OF_DOMAIN,
    # Redshift's own role, which the default for SageMaker cannot stand for.
    ("RedshiftDatasetDefinition", "ClusterRoleArn"): ROLE_IF_NAMED,
    ("EmrSettings", "AssumableRoleArns"): _ROLES,
    ("EmrSettings", "ExecutionRoleArns"): _ROLES,
    # Switches.
    ("CreateNotebookInstanceInput", "RootAccess"): _NO_ROOT,
    ("UpdateNotebookInstanceInput", "RootAccess"): _NO_ROOT,
    ("DockerSettings", "EnableDockerAccess"): _rule(
        ControlId.DOCKER_ACCESS,
        Choice(
            strict="DISABLED",
            permitted=lambda baseline: baseline.hardening.allow_docker_access,
            safe_when_absent=True,
        ),
    ),
    ("DockerSettings", "VpcOnlyTrustedAccounts"): _rule(ControlId.DOCKER_ACCESS, Trusted()),
    ("SpaceSettings", "RemoteAccess"): _rule(
        ControlId.REMOTE_ACCESS,
        Choice(
            strict="DISABLED",
            permitted=lambda baseline: baseline.hardening.allow_remote_access,
            safe_when_absent=True,
        ),
    ),
    ("StartSessionRequest", "ResourceIdentifier"): _rule(
        ControlId.REMOTE_ACCESS,
        Forbidden(
            wanted="no remote session",
            permitted=lambda baseline: baseline.hardening.allow_remote_access,
        ),
    ),
    ("ContainerDefinition", "ImageConfig"): _rule(
        ControlId.IMAGE_REPOSITORY,
        Required(
            wanted="RepositoryAccessMode 'Vpc'",
            beside="Image",
            permitted=_any_repository,
        ),
    ),
    ("AlgorithmSpecification", "TrainingImageConfig"): _rule(
        ControlId.IMAGE_REPOSITORY,
        Required(
            wanted="TrainingRepositoryAccessMode 'Vpc'",
            beside="TrainingImage",
            permitted=_any_repository,
        ),
    ),
    **{
        (shape, member): _rule(
            ControlId.IMAGE_REPOSITORY,
            Choice(
                strict="Vpc",
                permitted=_any_repository,
            ),
        )
        for shape, member in (
            ("ImageConfig", "RepositoryAccessMode"),
            ("TrainingImageConfig", "TrainingRepositoryAccessMode"),
        )
    },
    # Images, and what names them; a sibling may state the digest.
    ("ModelPackageContainerDefinition", "Image"): _rule(
        ControlId.CONTAINER_IMAGE, ContainerImage(digest="ImageDigest")
    ),
    ("TrainingSpecification", "TrainingImage"): _rule(
        ControlId.CONTAINER_IMAGE, ContainerImage(digest="TrainingImageDigest")
    ),
    **dict.fromkeys(
        (
            ("AlgorithmSpecification", "AlgorithmName"),
            ("ContainerDefinition", "ModelPackageName"),
            ("CreateCompilationJobRequest", "ModelPackageVersionArn"),
            ("HyperParameterAlgorithmSpecification", "AlgorithmName"),
            ("RecommendationJobInputConfig", "ModelPackageVersionArn"),
            ("ResourceSpec", "SageMakerImageArn"),
            ("ResourceSpec", "SageMakerImageVersionArn"),
            ("SourceAlgorithm", "AlgorithmName"),
        ),
        _IMAGE_OF_ACCOUNT,
    ),
    # Documents inside requests.
    ("CreateJobRequest", "JobConfigDocument"): _rule(ControlId.JOB_DOCUMENT, Document(kind="job")),
    **dict.fromkeys(
        (("CreatePipelineRequest", "PipelineDefinition"), ("UpdatePipelineRequest", "PipelineDefinition")),
        _rule(ControlId.PIPELINE_DEFINITION, Document(kind="pipeline")),
    ),
    ("PutModelPackageGroupPolicyInput", "ResourcePolicy"): POLICY,
    ("PutEndpointPolicyRequest", "ResourcePolicy"): POLICY,
    # Who owns the bucket that a tracking server writes to.
    **{
        (shape, member): rule
        for shape in ("CreateMlflowTrackingServerRequest", "UpdateMlflowTrackingServerRequest")
        for member, rule in (
            ("S3BucketOwnerAccountId", _rule(ControlId.BUCKET_OWNER, BucketOwner(of="ArtifactStoreUri"))),
            (
                "S3BucketOwnerVerification",
                _rule(
                    ControlId.BUCKET_OWNER,
                    Flag(True, permitted=lambda baseline: False, safe_when_absent=True),
                ),
            ),
        )
    },
    # Where a pipeline's definition is read from.
    ("PipelineDefinitionS3Location", "Bucket"): _rule(ControlId.DATA_PERIMETER, Bucket()),
    # Tags.
    ("AddTagsInput", "Tags"): TAGS_ADDED,
    ("CreateModelPackageInput", "Tags"): _rule(
        ControlId.REQUIRED_TAGS, Tags(unless=(grouped_model_package,))
    ),
    ("DeleteTagsInput", "TagKeys"): _rule(ControlId.REQUIRED_TAGS, RemovedTags()),
    # S3 locations that are written; all others are read.
    **dict.fromkeys(
        (
            ("AIBenchmarkOutputConfig", "S3OutputLocation"),
            ("AIRecommendationOutputConfig", "S3OutputLocation"),
            ("AsyncInferenceOutputConfig", "S3FailurePath"),
            ("AsyncInferenceOutputConfig", "S3OutputPath"),
            ("AthenaDatasetDefinition", "OutputS3Uri"),
            ("AutoMLOutputDataConfig", "S3OutputPath"),
            ("BatchDataCaptureConfig", "DestinationS3Uri"),
            ("CheckpointConfig", "S3Uri"),
            ("CreateMlflowAppRequest", "ArtifactStoreUri"),
            ("CreateMlflowTrackingServerRequest", "ArtifactStoreUri"),
            ("DataCaptureConfig", "DestinationS3Uri"),
            ("DebugHookConfig", "S3OutputPath"),
            ("DebugRuleConfiguration", "S3OutputPath"),
            ("EdgeOutputConfig", "S3OutputLocation"),
            ("FlowDefinitionOutputConfig", "S3OutputPath"),
            ("HubS3StorageConfig", "S3OutputPath"),
            ("InferenceExperimentDataStorageConfig", "Destination"),
            ("LabelingJobOutputConfig", "S3OutputPath"),
            ("ModelCardExportOutputConfig", "S3OutputPath"),
            ("MonitoringS3Output", "S3Uri"),
            ("OptimizationJobOutputConfig", "S3OutputLocation"),
            ("OutputConfig", "S3OutputLocation"),
            ("OutputDataConfig", "S3OutputPath"),
            ("ProcessingS3Output", "S3Uri"),
            ("ProductionVariantCoreDumpConfig", "DestinationS3Uri"),
            ("ProfilerConfig", "S3OutputPath"),
            ("ProfilerConfigForUpdate", "S3OutputPath"),
            ("ProfilerRuleConfiguration", "S3OutputPath"),
            ("RecommendationJobCompiledOutputConfig", "S3OutputUri"),
            ("RedshiftDatasetDefinition", "OutputS3Uri"),
            ("RoutingTargetAsyncInferenceOutputConfig", "S3FailurePath"),
            ("RoutingTargetAsyncInferenceOutputConfig", "S3OutputPath"),
            ("S3StorageConfig", "S3Uri"),
            ("SharingSettings", "S3OutputPath"),
            ("TensorBoardOutputConfig", "S3OutputPath"),
            ("TrainingSessionS3Location", "Path"),
            ("TransformOutput", "S3OutputPath"),
            ("UnifiedStudioSettings", "ProjectS3Path"),
            ("UpdateMlflowAppRequest", "ArtifactStoreUri"),
            ("UpdateMlflowTrackingServerRequest", "ArtifactStoreUri"),
            ("WorkspaceSettings", "S3ArtifactPath"),
        ),
        WRITTEN,
    ),
}

BY_MEMBER: Mapping[str, Rule] = {
    "VolumeKmsKeyId": _PLAIN_VOLUME,
    "EnableNetworkIsolation": _ISOLATION,
    "EnableInterContainerTrafficEncryption": _rule(
        ControlId.INTER_CONTAINER_ENCRYPTION,
        Flag(True, permitted=lambda baseline: not baseline.hardening.inter_container_encryption),
    ),
    "EnableRemoteDebug": _rule(
        ControlId.REMOTE_DEBUG,
        Flag(
            False,
            permitted=lambda baseline: baseline.hardening.allow_remote_debug,
            safe_when_absent=True,
        ),
    ),
    "EnableSSMAccess": _rule(
        ControlId.SSM_ACCESS,
        Flag(False, permitted=lambda baseline: baseline.hardening.allow_ssm_access, safe_when_absent=True),
    ),
    "MinimumInstanceMetadataServiceVersion": _rule(
        ControlId.INSTANCE_METADATA_SERVICE,
        AtLeast(minimum=lambda baseline: baseline.hardening.minimum_imds_version),
    ),
}

BY_VALUE: Mapping[str, Rule] = {
    "KmsKeyId": RESOURCE,
    "RoleArn": _ROLE,
    "ProductionVariantServerlessConfig": _SERVERLESS,
    # An endpoint's notifications can hold its answers.
    **dict.fromkeys(("InferenceRouterSnsTopicArn", "NotificationTopicArn", "SnsTopicArn"), TOLD),
    **dict.fromkeys(
        ("AlgorithmImage", "ContainerImage", "ImageBaseImage", "ImageUri", "OptimizationContainerImage"),
        _IMAGE,
    ),
    **dict.fromkeys(
        (
            "S3Uri",
            "DestinationS3Uri",
            "InferenceRouterS3Uri",
            "MonitoringS3Uri",
            "OutputS3Path",
            "S3ModelUri",
            "S3OutputPath",
            "S3SchemaUri",
            "Url",
        ),
        READ,
    ),
}

DOCUMENT: Mapping[str, Rule] = {
    **BY_MEMBER,
    "KmsKeyArn": _OUTPUT,
    "KmsKeyId": _OUTPUT,
    "RoleArn": _ROLE,
    "ExecutionRoleArn": _ROLE,
    "Image": _IMAGE,
    "ImageUri": _IMAGE,
    "TrainingImage": _IMAGE,
    "S3OutputPath": WRITTEN,
    "S3Uri": READ,
    "SecurityGroupIds": GROUPS,
    "Subnets": SUBNETS,
}
DOCUMENT_MEMBERS: Mapping[str, tuple[str, ...]] = {
    "OutputDataConfig": ("KmsKeyArn",),
    "VpcConfig": ("Subnets", "SecurityGroupIds"),
}
