"""Other services that SageMaker's flows write to with the session: what governs their members.

Athena keeps query results, ECR images, CloudWatch Logs lines, Lambda and EventBridge run what the SDKs'
pipelines call, Bedrock takes the models. What carries a key, a network, a role, a bucket or a policy there is held
to the same checks as in SageMaker's own requests. Members that no row names are the services' own business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from secure_sagemaker.baseline import ControlId
from secure_sagemaker.controls.checks import Choice, Forbidden, Key
from secure_sagemaker.controls.exemptions import ExemptionId
from secure_sagemaker.controls.perimeter import Bucket, BucketOwner, TrustedPrincipal
from secure_sagemaker.controls.rules import (
    GROUPS,
    POLICY,
    READ,
    RESOURCE,
    ROLE_IF_NAMED,
    SUBNETS,
    TOLD,
    WRITTEN,
)
from secure_sagemaker.controls.s3_buckets import Closed
from secure_sagemaker.controls.verdicts import (
    Check,
    Exempted,
    Kept,
    Rule,
    Site,
    Supplied,
    Unfit,
    Verdict,
)

__all__ = ["SERVICES", "SERVICES_CLOSED", "unless_s3_managed", "unless_stores_managed"]


def _rule(control: ControlId, check: Check) -> Rule:
    return Rule(control=control, check=check)


def _managed(site: Site, control: ControlId) -> Verdict:
    managed = control in site.baseline.kms.aws_managed
    return Exempted(exemption=ExemptionId.AWS_MANAGED_KEY) if managed else None


def unless_s3_managed(site: Site) -> Verdict:
    """The case that AWS's own key is good enough for objects."""
    return _managed(site, ControlId.S3_ENCRYPTION)


def unless_stores_managed(site: Site) -> Verdict:
    """The case that AWS's own key is good enough for resources."""
    return _managed(site, ControlId.KMS_RESOURCE_KEY)


@dataclass(frozen=True, kw_only=True, slots=True)
class WithKms:
    """How something is encrypted: in one of the ways that use a KMS key."""

    control: ControlId
    ways: tuple[str, ...]

    def judge(self, site: Site) -> Verdict:
        """Absent: the first of the ways."""
        if site.value in self.ways:
            return Kept()
        if self.control in site.baseline.kms.aws_managed:
            return Exempted(exemption=ExemptionId.AWS_MANAGED_KEY)
        if not site.present:
            return Supplied(value=self.ways[0])
        return Unfit(wanted=f"one of {list(self.ways)}", correction=self.ways[0])


def _refused(wanted: str) -> Check:
    return Forbidden(wanted=wanted, permitted=lambda baseline: False)


_KEY_OF_OBJECTS = _rule(ControlId.S3_ENCRYPTION, Key(control=ControlId.S3_ENCRYPTION))
_KEY_IF_NAMED = _rule(ControlId.KMS_RESOURCE_KEY, Key(control=ControlId.KMS_RESOURCE_KEY, inject=False))
_FUNCTION_PRINCIPAL = _rule(ControlId.RESOURCE_POLICY, TrustedPrincipal())
_FUNCTION_URL = _rule(
    ControlId.RESOURCE_POLICY,
    Choice(strict="AWS_IAM", permitted=lambda baseline: False, safe_when_absent=True),
)
_KEEPS_KEY = _rule(ControlId.KMS_RESOURCE_KEY, _refused("a group that keeps its key"))
_STATED = _rule(
    ControlId.S3_ENCRYPTION, Choice(strict=False, permitted=lambda baseline: False, safe_when_absent=True)
)
_OWNED = _rule(
    ControlId.BUCKET_OWNER, Choice(strict=False, permitted=lambda baseline: False, safe_when_absent=True)
)

SERVICES: Mapping[str, Mapping[tuple[str, str], Rule]] = {
    "athena": {
        ("ResultConfiguration", "OutputLocation"): WRITTEN,
        ("ResultConfiguration", "ExpectedBucketOwner"): _rule(
            ControlId.BUCKET_OWNER, BucketOwner(of="OutputLocation")
        ),
        ("ResultConfigurationUpdates", "OutputLocation"): WRITTEN,
        ("ResultConfigurationUpdates", "ExpectedBucketOwner"): _rule(
            ControlId.BUCKET_OWNER, BucketOwner(of="OutputLocation")
        ),
        ("ResultConfigurationUpdates", "RemoveEncryptionConfiguration"): _STATED,
        ("ResultConfigurationUpdates", "RemoveExpectedBucketOwner"): _OWNED,
        ("EncryptionConfiguration", "EncryptionOption"): _rule(
            ControlId.S3_ENCRYPTION,
            WithKms(control=ControlId.S3_ENCRYPTION, ways=("SSE_KMS", "CSE_KMS")),
        ),
        ("EncryptionConfiguration", "KmsKey"): _KEY_OF_OBJECTS,
        ("ManagedQueryResultsEncryptionConfiguration", "KmsKey"): RESOURCE,
        ("CustomerContentEncryptionConfiguration", "KmsKey"): RESOURCE,
        ("ManagedLoggingConfiguration", "KmsKey"): RESOURCE,
        ("S3LoggingConfiguration", "KmsKey"): _KEY_OF_OBJECTS,
        ("S3LoggingConfiguration", "LogLocation"): WRITTEN,
        ("StartSessionRequest", "ExecutionRole"): ROLE_IF_NAMED,
        ("WorkGroupConfiguration", "ExecutionRole"): ROLE_IF_NAMED,
        ("WorkGroupConfigurationUpdates", "ExecutionRole"): ROLE_IF_NAMED,
    },
    "ecr": {
        **{
            (shape, member): rule
            for shape in ("EncryptionConfiguration", "EncryptionConfigurationForRepositoryCreationTemplate")
            for member, rule in (
                (
                    "encryptionType",
                    _rule(
                        ControlId.KMS_RESOURCE_KEY,
                        WithKms(control=ControlId.KMS_RESOURCE_KEY, ways=("KMS", "KMS_DSSE")),
                    ),
                ),
                ("kmsKey", RESOURCE),
            )
        },
        ("PutRegistryPolicyRequest", "policyText"): POLICY,
        ("SetRepositoryPolicyRequest", "policyText"): POLICY,
        ("CreateRepositoryCreationTemplateRequest", "repositoryPolicy"): POLICY,
        ("UpdateRepositoryCreationTemplateRequest", "repositoryPolicy"): POLICY,
    },
    "logs": {
        ("AssociateKmsKeyRequest", "kmsKeyId"): RESOURCE,
        ("CreateLogAnomalyDetectorRequest", "kmsKeyId"): RESOURCE,
        ("CreateLogGroupRequest", "kmsKeyId"): RESOURCE,
        ("DisassociateKmsKeyRequest", "logGroupName"): _KEEPS_KEY,
        ("DisassociateKmsKeyRequest", "resourceIdentifier"): _KEEPS_KEY,
        ("CreateExportTaskRequest", "destination"): _rule(ControlId.DATA_PERIMETER, Bucket(written=True)),
        ("PutDestinationPolicyRequest", "accessPolicy"): POLICY,
        ("PutResourcePolicyRequest", "policyDocument"): POLICY,
        ("PutSubscriptionFilterRequest", "destinationArn"): TOLD,
        ("PutSubscriptionFilterRequest", "roleArn"): ROLE_IF_NAMED,
    },
    "lambda": {
        ("CreateFunctionRequest", "KMSKeyArn"): RESOURCE,
        ("CreateFunctionRequest", "Role"): ROLE_IF_NAMED,
        ("DurableConfig", "KMSKeyArn"): RESOURCE,
        ("UpdateFunctionConfigurationRequest", "KMSKeyArn"): RESOURCE,
        ("UpdateFunctionConfigurationRequest", "Role"): ROLE_IF_NAMED,
        ("FunctionCode", "S3Bucket"): _rule(ControlId.DATA_PERIMETER, Bucket(written=False)),
        ("FunctionCode", "SourceKMSKeyArn"): _KEY_IF_NAMED,
        ("LayerVersionContentInput", "S3Bucket"): _rule(ControlId.DATA_PERIMETER, Bucket(written=False)),
        ("UpdateFunctionCodeRequest", "S3Bucket"): _rule(ControlId.DATA_PERIMETER, Bucket(written=False)),
        ("UpdateFunctionCodeRequest", "SourceKMSKeyArn"): _KEY_IF_NAMED,
        ("OnFailure", "Destination"): TOLD,
        ("OnSuccess", "Destination"): TOLD,
        ("VpcConfig", "SecurityGroupIds"): GROUPS,
        ("VpcConfig", "SubnetIds"): SUBNETS,
        ("AddLayerVersionPermissionRequest", "Principal"): _FUNCTION_PRINCIPAL,
        ("AddPermissionRequest", "Principal"): _FUNCTION_PRINCIPAL,
        ("CreateFunctionUrlConfigRequest", "AuthType"): _FUNCTION_URL,
        ("UpdateFunctionUrlConfigRequest", "AuthType"): _FUNCTION_URL,
    },
    "events": {
        ("CreateArchiveRequest", "KmsKeyIdentifier"): RESOURCE,
        ("CreateConnectionRequest", "KmsKeyIdentifier"): RESOURCE,
        ("CreateEventBusRequest", "KmsKeyIdentifier"): RESOURCE,
        ("UpdateArchiveRequest", "KmsKeyIdentifier"): RESOURCE,
        ("UpdateConnectionRequest", "KmsKeyIdentifier"): RESOURCE,
        ("UpdateEventBusRequest", "KmsKeyIdentifier"): RESOURCE,
        ("PutPermissionRequest", "Policy"): POLICY,
        ("PutPermissionRequest", "Principal"): _FUNCTION_PRINCIPAL,
        ("PutRuleRequest", "RoleArn"): ROLE_IF_NAMED,
        ("Target", "Arn"): TOLD,
        ("Target", "RoleArn"): ROLE_IF_NAMED,
        ("AwsVpcConfiguration", "SecurityGroups"): GROUPS,
        ("AwsVpcConfiguration", "Subnets"): SUBNETS,
    },
    "scheduler": {
        ("CreateScheduleInput", "KmsKeyArn"): RESOURCE,
        ("UpdateScheduleInput", "KmsKeyArn"): RESOURCE,
        # A universal target is of no account: it is any API, called later with a text as its request.
        ("Target", "Arn"): TOLD,
        ("Target", "RoleArn"): ROLE_IF_NAMED,
        ("AwsVpcConfiguration", "SecurityGroups"): GROUPS,
        ("AwsVpcConfiguration", "Subnets"): SUBNETS,
    },
    "secretsmanager": {
        ("CreateSecretRequest", "KmsKeyId"): RESOURCE,
        ("UpdateSecretRequest", "KmsKeyId"): RESOURCE,
        ("PutResourcePolicyRequest", "ResourcePolicy"): POLICY,
    },
    "bedrock": {
        ("CreateCustomModelRequest", "modelKmsKeyArn"): RESOURCE,
        ("CreateModelCopyJobRequest", "modelKmsKeyId"): RESOURCE,
        ("CreateModelCustomizationJobRequest", "customModelKmsKeyId"): RESOURCE,
        ("CreateModelImportJobRequest", "importedModelKmsKeyId"): RESOURCE,
        ("ModelInvocationJobS3OutputDataConfig", "s3EncryptionKeyId"): _KEY_OF_OBJECTS,
        ("SageMakerEndpoint", "kmsEncryptionKey"): RESOURCE,
        **{
            (f"{name}Request", "roleArn"): ROLE_IF_NAMED
            for name in (
                "CreateCustomModel",
                "CreateEvaluationJob",
                "CreateModelCustomizationJob",
                "CreateModelImportJob",
                "CreateModelInvocationJob",
            )
        },
        ("SageMakerEndpoint", "executionRole"): ROLE_IF_NAMED,
        **{
            (shape, "s3BucketOwner"): _rule(ControlId.BUCKET_OWNER, BucketOwner(of="s3Uri"))
            for shape in ("ModelInvocationJobS3InputDataConfig", "ModelInvocationJobS3OutputDataConfig")
        },
        **{
            (shape, "s3Uri"): READ
            for shape in (
                "EvaluationDatasetLocation",
                "InvocationLogSource",
                "ModelInvocationJobS3InputDataConfig",
                "S3DataSource",
                "TrainingDataConfig",
                "Validator",
            )
        },
        **{
            (shape, "s3Uri"): WRITTEN
            for shape in (
                "EvaluationOutputDataConfig",
                "ModelInvocationJobS3OutputDataConfig",
                "OutputDataConfig",
            )
        },
        ("VpcConfig", "securityGroupIds"): GROUPS,
        ("VpcConfig", "subnetIds"): SUBNETS,
        ("PutResourcePolicyRequest", "resourcePolicy"): POLICY,
    },
    "sagemaker-runtime": {("InvokeEndpointAsyncInput", "InputLocation"): READ},
    "sagemaker-geospatial": {
        ("ExportS3DataInput", "KmsKeyId"): _KEY_OF_OBJECTS,
        ("ExportS3DataInput", "S3Uri"): WRITTEN,
        ("StartEarthObservationJobInput", "KmsKeyId"): RESOURCE,
        ("StartVectorEnrichmentJobInput", "KmsKeyId"): RESOURCE,
        ("VectorEnrichmentJobS3Data", "KmsKeyId"): _KEY_OF_OBJECTS,
        ("VectorEnrichmentJobS3Data", "S3Uri"): WRITTEN,
        ("ZonalStatisticsConfigInput", "ZoneS3Path"): READ,
        ("ZonalStatisticsConfigInput", "ZoneS3PathKmsKeyId"): _KEY_IF_NAMED,
        **{
            (f"{name}Input", "ExecutionRoleArn"): ROLE_IF_NAMED
            for name in (
                "ExportEarthObservationJob",
                "ExportVectorEnrichmentJob",
                "StartEarthObservationJob",
                "StartVectorEnrichmentJob",
            )
        },
    },
}
"""By service, then by structure and member."""

SERVICES_CLOSED: Mapping[tuple[str, str], Rule] = {
    ("batch", "SubmitServiceJob"): _rule(
        ControlId.JOB_DOCUMENT,
        Closed(
            wanted="a training job of its own",
            why="AWS Batch takes the training job as text, and creates it later, past the controls",
            remedy="create the training job itself (CreateTrainingJob, Estimator.fit), or get a waiver for this queue",
        ),
    ),
}
"""By service and operation: what cannot be held to the controls."""
