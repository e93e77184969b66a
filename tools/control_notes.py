"""What a control's page says beside the catalogue: what is done, by which fields, and requests to show it on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from secure_sagemaker import ControlId

__all__ = ["BASELINE", "NOTES", "Example", "Note"]

ACCOUNT = "111122223333"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
BUCKET = "ml-artifacts"

BASELINE: Mapping[str, object] = MappingProxyType(
    {
        "schema_version": 1,
        "region": "eu-west-1",
        "role": {"arn": f"arn:aws:iam::{ACCOUNT}:role/ml-launcher"},
        "execution_roles": {"default": f"arn:aws:iam::{ACCOUNT}:role/ml-execution"},
        "kms": {"default": KEY},
        "vpc": {
            "vpc_id": "vpc-0a1b2c3d4e5f60718",
            "subnets": ["subnet-0a1b2c3d4e5f60718", "subnet-0b1c2d3e4f5a60718"],
            "security_groups": ["sg-0a1b2c3d4e5f60718"],
        },
        "network_isolation": dict.fromkeys(
            ("training", "processing", "tuning", "models", "monitoring"), "require"
        ),
        "data_perimeter": {
            "write": {BUCKET: ACCOUNT},
            "read": {"ml-datasets": "444455556666"},
            "default_bucket": BUCKET,
        },
    }
)
"""What the examples are held to."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """A request that shows a control."""

    operation: str
    request: Mapping[str, object]
    service: str = "sagemaker"
    baseline: Mapping[str, object] = field(default_factory=dict)
    """What the baseline states beside ``BASELINE``."""
    new_member: str = ""
    """A member that the operation's model is given for the example, as a newer botocore might have it."""
    source_key: str = ""
    """The id of the access key that would sign, where the control is about that."""
    described: tuple[tuple[str, Mapping[str, object] | str], ...] = ()
    """What is asked for what the request names: method, and the answer or the code of an error."""


@dataclass(frozen=True, kw_only=True)
class Note:
    """What a control's page says."""

    does: str
    fields: tuple[str, ...]
    examples: tuple[Example, ...]


def _notebook(**members: object) -> Example:
    return Example(
        operation="CreateNotebookInstance",
        request={"NotebookInstanceName": "explore", "InstanceType": "ml.t3.medium", **members},
    )


_KEY_DOES = (
    "Injects the ARN of the baseline's key where none is named. Keeps a key that `[kms]` lists, and writes an alias "
    "or id of it as its ARN. Any other key is a conflict. "
)

NOTES: Mapping[ControlId, Note] = MappingProxyType(
    {
        ControlId.KMS_VOLUME_KEY: Note(
            does=_KEY_DOES
            + "Whether a volume key may be sent at all depends on the instance type: jobs take none "
            "for types with local storage, so it is left out there, and a key that was given is removed. Where it "
            "cannot be told (no instance type, a family in no table, types of both kinds in one request), the "
            "request is a conflict.",
            fields=(
                "kms.volume",
                "kms.default",
                "kms.allowed",
                "kms.aws_managed",
                "kms.endpoint_local_storage",
                "instance_families",
            ),
            examples=(
                Example(
                    operation="CreateTransformJob",
                    request={
                        "TransformJobName": "score",
                        "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
                    },
                ),
                Example(
                    operation="CreateTransformJob",
                    request={
                        "TransformJobName": "score",
                        "TransformResources": {
                            "InstanceType": "ml.g5.xlarge",
                            "InstanceCount": 1,
                            "VolumeKmsKeyId": KEY,
                        },
                    },
                ),
            ),
        ),
        ControlId.KMS_OUTPUT_KEY: Note(
            does=_KEY_DOES
            + "Outputs on S3 directory buckets take no KMS key: it is left out, or removed, there.",
            fields=("kms.output", "kms.default", "kms.allowed", "kms.aws_managed"),
            examples=(
                Example(
                    operation="CreateTransformJob",
                    request={
                        "TransformJobName": "score",
                        "TransformOutput": {"S3OutputPath": f"s3://{BUCKET}/scores/"},
                    },
                ),
                Example(
                    operation="CreateTransformJob",
                    request={
                        "TransformJobName": "score",
                        "TransformOutput": {
                            "S3OutputPath": f"s3://{BUCKET}/scores/",
                            "KmsKeyId": "arn:aws:kms:eu-west-1:999999999999:key/00000000-0000-4000-8000-000000000000",
                        },
                    },
                ),
            ),
        ),
        ControlId.KMS_RESOURCE_KEY: Note(
            does=_KEY_DOES,
            fields=("kms.default", "kms.allowed", "kms.aws_managed"),
            examples=(
                Example(
                    operation="CreateModelCard",
                    request={"ModelCardName": "churn", "Content": "{}", "ModelCardStatus": "Draft"},
                ),
            ),
        ),
        ControlId.VPC_CONFIG: Note(
            does="Injects the baseline's subnets and security groups, and creates `VpcConfig` or `NetworkConfig` where "
            "that changes nothing else. Keeps a subset of them; any other subnet, group or VPC is a conflict.",
            fields=("vpc.subnets", "vpc.security_groups", "vpc.vpc_id"),
            examples=(
                Example(operation="CreateModel", request={"ModelName": "churn"}),
                Example(
                    operation="CreateModel",
                    request={
                        "ModelName": "churn",
                        "VpcConfig": {
                            "Subnets": ["subnet-0fedcba9876543210"],
                            "SecurityGroupIds": ["sg-0a1b2c3d4e5f60718"],
                        },
                    },
                ),
            ),
        ),
        ControlId.NETWORK_ISOLATION: Note(
            does="Under `require`, injects `True`, and `False` is a conflict. Under `default`, injects `True` where "
            "the caller is silent and keeps an explicit choice. Under `off`, does nothing. The kind of work follows "
            "from the operation; work of no known kind is held to the strictest that is stated. An isolated container "
            "can fetch neither code nor packages, so script-mode code that lies in S3 is brought in by an input "
            "channel instead, and what cannot be (a remote function, a model's serving code) is refused: read "
            "[the SDK guide](../../how-to/use-with-sdk-v3.md) before requiring it.",
            fields=(
                "network_isolation.training",
                "network_isolation.processing",
                "network_isolation.tuning",
                "network_isolation.models",
                "network_isolation.monitoring",
            ),
            examples=(
                Example(
                    operation="CreateProcessingJob",
                    request={"ProcessingJobName": "clean", "NetworkConfig": {}},
                ),
                Example(
                    operation="CreateTrainingJob",
                    request={"TrainingJobName": "churn-1", "EnableNetworkIsolation": False},
                ),
            ),
        ),
        ControlId.INTER_CONTAINER_ENCRYPTION: Note(
            does="Injects `True`. `False` is a conflict, corrected by default, since the SageMaker Python SDK sends "
            "`False` in places where nobody wrote it.",
            fields=("hardening.inter_container_encryption",),
            examples=(
                Example(
                    operation="CreateTrainingJob",
                    request={"TrainingJobName": "churn-1", "EnableInterContainerTrafficEncryption": False},
                ),
            ),
        ),
        ControlId.EXECUTION_ROLE: Note(
            does="Injects the default execution role where SageMaker needs one and none is named. Keeps the roles that "
            "`[execution_roles]` lists; any other is a conflict.",
            fields=("execution_roles.default", "execution_roles.allowed"),
            examples=(
                Example(operation="CreateModel", request={"ModelName": "churn"}),
                Example(
                    operation="CreateModel",
                    request={
                        "ModelName": "churn",
                        "ExecutionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/Administrator",
                    },
                ),
            ),
        ),
        ControlId.REMOTE_DEBUG: Note(
            does="`True` is a conflict, corrected to `False` by default. Absence is as good as `False`, and stays.",
            fields=("hardening.allow_remote_debug",),
            examples=(
                Example(
                    operation="UpdateTrainingJob",
                    request={"TrainingJobName": "churn-1", "RemoteDebugConfig": {"EnableRemoteDebug": True}},
                ),
            ),
        ),
        ControlId.SSM_ACCESS: Note(
            does="`True` is a conflict, corrected to `False` by default. Absence is as good as `False`, and stays.",
            fields=("hardening.allow_ssm_access",),
            examples=(
                Example(
                    operation="CreateEndpointConfig",
                    request={
                        "EndpointConfigName": "churn",
                        "ProductionVariants": [
                            {
                                "VariantName": "all",
                                "ModelName": "churn",
                                "InstanceType": "ml.m5.large",
                                "EnableSSMAccess": True,
                            }
                        ],
                    },
                ),
            ),
        ),
        ControlId.REMOTE_ACCESS: Note(
            does="`ENABLED` is a conflict, and so is `StartSession`. Absence is as good as `DISABLED`, and stays.",
            fields=("hardening.allow_remote_access",),
            examples=(
                Example(
                    operation="CreateSpace",
                    request={
                        "DomainId": "d-abcdefghijkl",
                        "SpaceName": "explore",
                        "SpaceSettings": {"RemoteAccess": "ENABLED"},
                    },
                ),
            ),
        ),
        ControlId.DOCKER_ACCESS: Note(
            does="`ENABLED` is a conflict, and so is an account in `VpcOnlyTrustedAccounts` that the baseline does not "
            "trust. Absence is as good as `DISABLED`, and stays.",
            fields=("hardening.allow_docker_access", "data_perimeter.trusted_accounts"),
            examples=(
                Example(
                    operation="UpdateDomain",
                    request={
                        "DomainId": "d-abcdefghijkl",
                        "DomainSettingsForUpdate": {"DockerSettings": {"EnableDockerAccess": "ENABLED"}},
                    },
                ),
            ),
        ),
        ControlId.ROOT_ACCESS: Note(
            does="Injects `Disabled`. `Enabled` is a conflict, corrected by default.",
            fields=("hardening.allow_root_access",),
            examples=(_notebook(RootAccess="Enabled"),),
        ),
        ControlId.DIRECT_INTERNET_ACCESS: Note(
            does="Injects `Disabled` for a notebook instance, together with a subnet and groups, which AWS wants then; "
            "`VpcOnly` for a domain. The open value is a conflict.",
            fields=("hardening.allow_direct_internet_access",),
            examples=(_notebook(), _notebook(DirectInternetAccess="Enabled")),
        ),
        ControlId.INSTANCE_METADATA_SERVICE: Note(
            does="Injects the baseline's minimum version. A lower one is a conflict, corrected by default.",
            fields=("hardening.minimum_imds_version",),
            examples=(
                _notebook(
                    InstanceMetadataServiceConfiguration={"MinimumInstanceMetadataServiceVersion": "1"}
                ),
            ),
        ),
        ControlId.SERVERLESS_INFERENCE: Note(
            does="A serverless variant is a conflict: nothing could be injected that would put it into the VPC. "
            "Only a waiver, or the mode `observe`, lets it through.",
            fields=("modes", "waivers"),
            examples=(
                Example(
                    operation="CreateEndpointConfig",
                    request={
                        "EndpointConfigName": "churn",
                        "ProductionVariants": [
                            {
                                "VariantName": "all",
                                "ModelName": "churn",
                                "InstanceType": "ml.m5.large",
                                "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5},
                            }
                        ],
                    },
                ),
            ),
        ),
        ControlId.IMAGE_REPOSITORY: Note(
            does="Asleep unless the baseline says `vpc_image_repositories_only`. Then an image needs the repository "
            "access mode `Vpc` beside it. It looks at the mode only; whose registry the image is in is "
            "[container-image](container-image.md)'s to say.",
            fields=("hardening.vpc_image_repositories_only",),
            examples=(
                Example(
                    operation="CreateModel",
                    baseline={"hardening": {"vpc_image_repositories_only": True}},
                    request={
                        "ModelName": "churn",
                        "PrimaryContainer": {
                            "Image": "registry.example.com/team/churn:1",
                            "ImageConfig": {"RepositoryAccessMode": "Platform"},
                        },
                    },
                ),
            ),
        ),
        ControlId.CONTAINER_IMAGE: Note(
            does="Asleep until the baseline states `[images]`. Then every image in a request comes from a source that "
            "`allowed` names: an account's private ECR registries, a registry, the beginning of a repository's path, "
            "or, as `aws`, the accounts that SageMaker's own images are published from. Public registries are sources "
            "like any other, so none is allowed unless it is named. Algorithms, model packages and Studio images of "
            "another account are held to the accounts. With `require_digest` a tag alone is a conflict. Nothing is "
            "ever corrected, as another image is another program.",
            fields=("images.allowed", "images.require_digest"),
            examples=(
                Example(
                    operation="CreateModel",
                    baseline={"images": {"allowed": ["aws", ACCOUNT]}},
                    request={
                        "ModelName": "churn",
                        "PrimaryContainer": {"Image": "docker.io/somebody/churn:latest"},
                    },
                ),
                Example(
                    operation="CreateModel",
                    baseline={"images": {"require_digest": True}},
                    request={
                        "ModelName": "churn",
                        "PrimaryContainer": {"Image": f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/churn:1"},
                    },
                ),
            ),
        ),
        ControlId.PLAINTEXT_SECRET: Note(
            does="Looks through every free text of a request: environment variables, hyperparameters, arguments and "
            "entry points, lifecycle scripts, tags, model cards, job documents, pipeline definitions and the like. A "
            "secret is told by its form (the formats of some seventy providers), by its name, or by being as random "
            "as keys are. What is told of it is its name and its kind, never its value. References are no secrets: an "
            "ARN, a parameter's path, a variable, a placeholder. Nothing is ever corrected. "
            "[How well it tells](../../how-to/keep-secrets-out.md).",
            fields=("secrets.allow",),
            examples=(
                Example(
                    operation="CreateTrainingJob",
                    request={
                        "TrainingJobName": "churn-1",
                        "Environment": {"DB_PASSWORD": "hunter2-hunter2", "DB_HOST": "db.corp.internal"},
                    },
                ),
                Example(
                    operation="CreateProcessingJob",
                    baseline={"secrets": {"allow": {"join-token": "the separator of a join"}}},
                    request={
                        "ProcessingJobName": "clean",
                        "AppSpecification": {
                            "ImageUri": f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/clean:1",
                            "ContainerArguments": [
                                "--join-token=0-between-1",
                                "--db-password",
                                "hunter2-hunter2",
                            ],
                        },
                    },
                ),
            ),
        ),
        ControlId.PUBLIC_WORKFORCE: Note(
            does="A work team in a labeling job or a review flow must not be the public one. Private and vendors' "
            "teams are kept: whom they hold is the workforce's to say.",
            fields=("hardening.allow_public_workforce",),
            examples=(
                Example(
                    operation="CreateFlowDefinition",
                    request={
                        "FlowDefinitionName": "review",
                        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/ml-execution",
                        "OutputConfig": {"S3OutputPath": "s3://ml-artifacts/review"},
                        "HumanLoopConfig": {
                            "WorkteamArn": "arn:aws:sagemaker:eu-west-1:394669845002:workteam/public-crowd/default",
                            "HumanTaskUiArn": "arn:aws:sagemaker:eu-west-1:111122223333:human-task-ui/review",
                            "TaskTitle": "Review",
                            "TaskDescription": "Is it right?",
                            "TaskCount": 1,
                        },
                    },
                ),
            ),
        ),
        ControlId.REQUIRED_TAGS: Note(
            does="A required tag with one value is injected. With several values, or any, the caller chooses, and "
            "absence is a conflict. So is a value that is not allowed, and the removal of a required tag.",
            fields=("required_tags",),
            examples=(
                Example(
                    operation="CreateModel",
                    baseline={"required_tags": {"team": ["churn"]}},
                    request={"ModelName": "churn"},
                ),
                Example(
                    operation="CreateModel",
                    baseline={"required_tags": {"stage": ["research", "production"]}},
                    request={"ModelName": "churn"},
                ),
            ),
        ),
        ControlId.RESOURCE_POLICY: Note(
            does="Reads the policy. An allowing statement may name AWS services, the role's own account and trusted "
            "accounts. Anything else is a conflict, and so are `NotPrincipal` with `Allow` and text that is no policy.",
            fields=("data_perimeter.trusted_accounts",),
            examples=(
                Example(
                    operation="PutModelPackageGroupPolicy",
                    request={
                        "ModelPackageGroupName": "churn",
                        "ResourcePolicy": json.dumps(
                            {
                                "Version": "2012-10-17",
                                "Statement": {
                                    "Effect": "Allow",
                                    "Principal": "*",
                                    "Action": "sagemaker:DescribeModelPackage",
                                    "Resource": "*",
                                },
                            }
                        ),
                    },
                ),
            ),
        ),
        ControlId.WORKFORCE_SOURCE_IP: Note(
            does="Networks that together are every address, or text that is no network, are a conflict. Absence is "
            "not: it is the service's own default.",
            fields=("modes", "waivers"),
            examples=(
                Example(
                    operation="UpdateWorkforce",
                    request={"WorkforceName": "labelers", "SourceIpConfig": {"Cidrs": ["0.0.0.0/0"]}},
                ),
            ),
        ),
        ControlId.JOB_DOCUMENT: Note(
            does="Reads the document of `CreateJob` as JSON and holds its members to the other controls by their names,"
            " since no service model describes it. Text that is no JSON object, or names a member twice, is a "
            "conflict.",
            fields=("modes", "waivers"),
            examples=(
                Example(
                    operation="CreateJob",
                    request={"JobName": "tune", "JobConfigDocument": "a document that no JSON parser reads"},
                ),
            ),
        ),
        ControlId.PIPELINE_DEFINITION: Note(
            does="Reads a pipeline's definition and holds the arguments of each step to the controls of the call that "
            "the step will make, in branches and loops too. A variable in a governed member is replaced where the "
            "baseline has the value; otherwise its default is judged, and what exists only when the pipeline runs is "
            "a conflict. Steps that call something else than SageMaker may call what `pipelines.targets` lists. "
            "A type of step that nobody has examined, another version of the schema, and text that is no definition "
            "are conflicts. [More](../../how-to/wrap-a-pipeline.md).",
            fields=("pipelines.targets", "pipelines.emr_security_configurations", "pipelines.step_types"),
            examples=(
                Example(
                    operation="CreatePipeline",
                    request={
                        "PipelineName": "churn",
                        "PipelineDefinition": '{"Version": "2020-12-01", "Steps": [{"Name": "Notify", '
                        '"Type": "Lambda", "FunctionArn": "arn:aws:lambda:eu-west-1:999988887777:function:notify"}]}',
                    },
                ),
            ),
        ),
        ControlId.DATA_PERIMETER: Note(
            does="Takes the bucket of every S3 address in a SageMaker request, and of every S3 call. What is written "
            "has to be in `write`; what is read, in `write` or `read`. Another bucket is a conflict, and so is an "
            "address that does not tell its bucket. Other text, such as a path or an image, asks for nothing. Access "
            "points are named like buckets, by ARN or alias; those of several regions, of Outposts and of Object "
            "Lambda cannot be. Where a bucket's settings send data (replication, inventory, analytics, logs, restored "
            "objects) it is to a bucket of `write`, and notifications go to trusted accounts.",
            fields=(
                "data_perimeter.write",
                "data_perimeter.read",
                "data_perimeter.aws_public_buckets",
                "data_perimeter.presigned_seconds",
            ),
            examples=(
                Example(
                    operation="CreateTransformJob",
                    request={
                        "TransformJobName": "score",
                        "TransformOutput": {"S3OutputPath": "s3://somebody-elses/scores/"},
                    },
                ),
                Example(
                    operation="PutObject",
                    service="s3",
                    request={"Bucket": "ml-datasets", "Key": "table.csv"},
                ),
            ),
        ),
        ControlId.BUCKET_OWNER: Note(
            does="Injects the owner that the data perimeter lists, so that S3 answers 403 when another account owns "
            "the bucket. Another owner is a conflict.",
            fields=("data_perimeter.write", "data_perimeter.read", "data_perimeter.aws_public_buckets"),
            examples=(
                Example(
                    operation="GetObject",
                    service="s3",
                    request={"Bucket": "ml-datasets", "Key": "table.csv"},
                ),
            ),
        ),
        ControlId.S3_ENCRYPTION: Note(
            does="Injects `aws:kms`, the ARN of the baseline's key and a bucket key into what writes an object. Keeps "
            "`aws:kms:dsse` and listed keys. Anything weaker is a conflict, corrected by default; a customer-provided "
            "key (SSE-C) is refused, and never shown. Where the baseline states an encryption context, it is injected "
            "too, beside the caller's own pairs. Encryption by default, inventories and metadata tables of a bucket "
            "are held to the same, and encryption by default is never taken away.",
            fields=("kms.s3", "kms.default", "kms.allowed", "kms.aws_managed", "kms.s3_encryption_context"),
            examples=(
                Example(operation="PutObject", service="s3", request={"Bucket": BUCKET, "Key": "table.csv"}),
                Example(
                    operation="PutObject",
                    service="s3",
                    request={"Bucket": BUCKET, "Key": "table.csv", "ServerSideEncryption": "AES256"},
                ),
            ),
        ),
        ControlId.BUCKET_CREATION: Note(
            does="`CreateBucket` is a conflict, whatever the bucket. `SecureSession.create_bucket` alone may make one, "
            "where the baseline says so and lists it: encrypted with the baseline's key, closed to the public, owned "
            "by its account, and reached by TLS only.",
            fields=("data_perimeter.create_buckets", "data_perimeter.write"),
            examples=(
                Example(
                    operation="CreateBucket",
                    service="s3",
                    request={"Bucket": f"sagemaker-eu-west-1-{ACCOUNT}"},
                ),
            ),
        ),
        ControlId.PUBLIC_ACCESS: Note(
            does="ACLs may be `private` or for the bucket's owner; grants are a conflict, as nobody can tell whose "
            "account a canonical user is. A public-access block keeps its four settings on, what is left out being "
            "injected, and the owner of a bucket owns its objects (`BucketOwnerEnforced`). Taking the block, the "
            "ownership controls or the policy away is a conflict, and so are a website and S3 Access Grants. What a "
            "bucket's policy allows is [resource-policy](resource-policy.md)'s to say.",
            fields=("modes", "waivers"),
            examples=(
                Example(
                    operation="PutObject",
                    service="s3",
                    request={"Bucket": BUCKET, "Key": "table.csv", "ACL": "public-read"},
                ),
                Example(
                    operation="PutPublicAccessBlock",
                    service="s3",
                    request={"Bucket": BUCKET, "PublicAccessBlockConfiguration": {"BlockPublicAcls": True}},
                ),
                Example(operation="DeletePublicAccessBlock", service="s3", request={"Bucket": BUCKET}),
            ),
        ),
        ControlId.REFERENCED_RESOURCE: Note(
            does="What a call names instead of carries is described before the call is sent, and judged by the rules "
            "of the operation that would make it, transitively: an endpoint's config, its models, their packages, "
            "their images and buckets. [What is looked at](../references.md), and by which Describe. A setting found "
            "there that conflicts is refused by *its* control, and the path tells the whole chain. This control is "
            "about the chain itself: something that does not exist, that the role may not describe, or that another "
            "account keeps out of sight is refused, since it may be anything. What was looked at and is as it must be "
            "is recorded as kept. Where a request can name a version (a Studio image), the one that was looked at is "
            "named. Calls of the data plane are looked at with `references.invoke`.",
            fields=("references.invoke", "modes", "waivers"),
            examples=(
                Example(
                    operation="CreateEndpoint",
                    request={"EndpointName": "churn", "EndpointConfigName": "churn"},
                    described=(("describe_endpoint_config", "AccessDeniedException"),),
                ),
            ),
        ),
        ControlId.INPUT_SCAN: Note(
            does="Where `macie.mode` is not `off`, the objects of every S3 input of a call have to have a verdict from "
            "Amazon Macie, young enough, of what they are now, and one that is accepted. Nothing sensitive is, but "
            "what the class of the place says, by category, type and severity, and then perhaps on conditions: the "
            "call is given network isolation, your own keys, no data capture or no remote debug. What Macie could not "
            "read counts as unread, and is refused unless `macie.minimum_coverage` leaves room for it. With `require` "
            "a call without a verdict is refused, and the error tells the command that scans; with `scan` it is "
            "scanned within the call; with `observe` nothing changes and what would have been refused is recorded. "
            "Inputs that are no S3 objects (FSx, EFS) cannot be read and need a waiver. Channels that hold code need "
            "no verdict (`macie.code_channels`). What the job reads later than that is what was looked at only with "
            "`macie.snapshot`: then the very versions that were accepted are copied to a folder whose bucket's policy "
            "lets nobody change them (`secure-sagemaker policy bucket` prints it), and the request names the copies. "
            "What a pipeline reads must lie there already (`session.snapshot`).",
            fields=(
                "macie.mode",
                "macie.minimum_coverage",
                "macie.maximum_age_days",
                "macie.maximum_cost_usd",
                "macie.sampling_percentage",
                "macie.identifiers",
                "macie.include_identifiers",
                "macie.exclude_identifiers",
                "macie.custom_identifiers",
                "macie.allow_lists",
                "macie.classes",
                "macie.code_channels",
                "macie.memory",
                "macie.snapshot",
                "macie.maximum_bucket_score",
                "modes",
                "waivers",
            ),
            examples=(),
        ),
        ControlId.PRIVATE_CONNECTION: Note(
            does="A service that `privatelink.services` has as `public` is refused, when a session is made, unless a "
            "waiver names it: its `resources` are the names of services as boto3 has them, its `operations` `['*']`. "
            "Then any of AWS's addresses may answer it, over TLS. On the day after the waiver's last, each new "
            "connection is held to the allowed networks again. `correct` is as `refuse`; `observe` lets such services "
            "out, and says so as a warning.",
            fields=("privatelink.services", "modes", "waivers"),
            examples=(),
        ),
        ControlId.SOURCE_CREDENTIALS: Note(
            does="The access key that would sign AssumeRole is looked at, before anything is sent. One that a user has "
            "for good (its id begins with AKIA) is refused, unless `role.mfa_serial` has MFA asked for: then it signs "
            "GetSessionToken with the code, and AssumeRole is signed by what that gives. Temporary credentials are let "
            "through: SSO, web identity, a machine's or a job's role; also where they are the baseline's role already, "
            "which is assumed again, with its policies. `correct` is as `refuse`. A waiver's `resources` are the names "
            "of roles, its `operations` `AssumeRole`. Where such a key is let through, or refused, the audit trail has "
            "a record of each AssumeRole. The account's root user may assume no role; AWS refuses it.",
            fields=("role.mfa_serial", "modes", "waivers"),
            examples=(
                Example(
                    operation="AssumeRole",
                    service="sts",
                    request={
                        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/ml-launcher",
                        "RoleSessionName": "secure-sagemaker",
                    },
                    source_key="AKIA",
                ),
            ),
        ),
        ControlId.UNKNOWN_MEMBER: Note(
            does="Every member of a mutating SageMaker operation is governed, or on a list of members that were read "
            "and found to need no control. A member on neither is recorded, and refused if the baseline says so. A new "
            "member of a shape or name that is governed elsewhere is governed all the same.",
            fields=("unknown_members",),
            examples=(
                Example(
                    operation="CreateModel",
                    baseline={"unknown_members": "refuse"},
                    request={"ModelName": "churn", "SettingOfTomorrow": "on"},
                    new_member="SettingOfTomorrow",
                ),
            ),
        ),
    }
)
"""One for each control."""
