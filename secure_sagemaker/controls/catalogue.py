"""The controls, as data.

A control is one thing a request must say. Which member of which structure it governs stands in ``rules``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from secure_sagemaker.baseline import ControlId

__all__ = ["CONTROLS", "Control", "Severity", "references"]


class Severity(StrEnum):
    """How bad it is when a control is not met."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, kw_only=True, slots=True)
class Control:
    """One thing a request must say."""

    id: ControlId
    title: str
    severity: Severity
    why: str
    remedy: str
    documentation: str
    """Where AWS describes the setting."""


def _control(
    id_: ControlId, title: str, severity: Severity, *, why: str, remedy: str, documentation: str
) -> Control:
    return Control(
        id=id_, title=title, severity=severity, why=why, remedy=remedy, documentation=documentation
    )


_ROWS = (
    _control(
        ControlId.KMS_VOLUME_KEY,
        "Storage volumes are encrypted with the baseline's key",
        Severity.HIGH,
        why="without a key of your own SageMaker uses a transient one that no key policy and no audit of yours governs",
        remedy="leave the member out to have the baseline's key injected, or list the key in kms.allowed",
        documentation="SageMaker Developer Guide, 'Protect data at rest using encryption'",
    ),
    _control(
        ControlId.KMS_OUTPUT_KEY,
        "What SageMaker writes to S3 is encrypted with the baseline's key",
        Severity.HIGH,
        why="without a key id results are encrypted with S3's AWS-managed key, "
        "which cannot be shared, revoked or restricted",
        remedy="leave the member out to have the baseline's key injected, or list the key in kms.allowed",
        documentation="SageMaker API Reference, OutputDataConfig",
    ),
    _control(
        ControlId.KMS_RESOURCE_KEY,
        "Stored resources are encrypted with the baseline's key",
        Severity.MEDIUM,
        why="model cards, packages, feature stores and apps hold data at rest, "
        "which an AWS-owned key leaves outside your key policy",
        remedy="leave the member out to have the baseline's key injected, or list the key in kms.allowed",
        documentation="SageMaker Developer Guide, 'Protect data at rest using encryption'",
    ),
    _control(
        ControlId.VPC_CONFIG,
        "Work runs in the baseline's subnets and security groups",
        Severity.HIGH,
        why="outside your VPC the containers reach the internet and S3's public endpoints, "
        "and no flow log of yours sees it",
        remedy="leave the member out to have the baseline's network injected, "
        "or name a subset of vpc.subnets and vpc.security_groups",
        documentation="SageMaker Developer Guide, 'Give SageMaker access to resources in your Amazon VPC'",
    ),
    _control(
        ControlId.NETWORK_ISOLATION,
        "Containers have no network where the baseline says so",
        Severity.HIGH,
        why="an isolated container can make no outbound call and holds no AWS credentials, "
        "so data cannot leave through it",
        remedy="leave the member out or set it to True; "
        "if the work truly needs a network, state it in [network_isolation] or get a waiver",
        documentation="SageMaker Developer Guide, 'Run training and inference containers in internet-free mode'",
    ),
    _control(
        ControlId.INTER_CONTAINER_ENCRYPTION,
        "Traffic between containers is encrypted",
        Severity.MEDIUM,
        why="distributed jobs exchange gradients and data between instances in clear unless this is on",
        remedy="leave the member out or set it to True",
        documentation="SageMaker Developer Guide, 'Protect communications between ML compute instances'",
    ),
    _control(
        ControlId.EXECUTION_ROLE,
        "SageMaker is given an allowed execution role",
        Severity.HIGH,
        why="the role decides what the job can read and write: an unlisted one passes more than was agreed",
        remedy="leave the member out to have execution_roles.default injected, "
        "or list the role in execution_roles.allowed",
        documentation="SageMaker Developer Guide, 'How to use SageMaker execution roles'",
    ),
    _control(
        ControlId.REMOTE_DEBUG,
        "No shell into training containers",
        Severity.HIGH,
        why="remote debugging opens a Systems Manager shell into the container, beside all other controls",
        remedy="set it to False or leave it out; hardening.allow_remote_debug = true permits it",
        documentation="SageMaker Developer Guide, 'Access a training container through AWS Systems Manager'",
    ),
    _control(
        ControlId.SSM_ACCESS,
        "No shell into endpoint instances",
        Severity.HIGH,
        why="Systems Manager access opens a shell on the instances that serve the model",
        remedy="set it to False or leave it out; hardening.allow_ssm_access = true permits it",
        documentation="SageMaker API Reference, ProductionVariant",
    ),
    _control(
        ControlId.REMOTE_ACCESS,
        "No connections from local IDEs into Studio spaces",
        Severity.HIGH,
        why="remote access tunnels a workstation into the space and its data, past the VPC's boundary",
        remedy="set it to DISABLED or leave it out; hardening.allow_remote_access = true permits it",
        documentation="SageMaker API Reference, SpaceSettings and StartSession",
    ),
    _control(
        ControlId.DOCKER_ACCESS,
        "No Docker in Studio, and no images of unknown accounts",
        Severity.MEDIUM,
        why="a user who runs containers of their own runs code that nobody has agreed to, beside the data",
        remedy="set it to DISABLED or leave it out; "
        "hardening.allow_docker_access and data_perimeter.trusted_accounts permit it",
        documentation="SageMaker API Reference, DockerSettings",
    ),
    _control(
        ControlId.ROOT_ACCESS,
        "No root on notebook instances",
        Severity.MEDIUM,
        why="root on the instance can change its agents, its network and what its lifecycle scripts set up",
        remedy="set it to Disabled or leave it out; hardening.allow_root_access = true permits it",
        documentation="SageMaker Developer Guide, 'Control root access to a SageMaker notebook instance'",
    ),
    _control(
        ControlId.DIRECT_INTERNET_ACCESS,
        "Notebooks and domains reach the internet through your VPC only, if at all",
        Severity.HIGH,
        why="direct internet access goes around your VPC, its endpoints, its firewall and its logs",
        remedy="set Disabled or VpcOnly or leave it out; hardening.allow_direct_internet_access = true permits it",
        documentation="SageMaker Developer Guide, 'Connect a notebook instance in a VPC to external resources'",
    ),
    _control(
        ControlId.INSTANCE_METADATA_SERVICE,
        "Notebook instances use instance metadata service version 2",
        Severity.MEDIUM,
        why="version 1 answers any request on the instance, so one forged request reads the role's credentials",
        remedy="set the version to '2' or leave it out",
        documentation="SageMaker API Reference, InstanceMetadataServiceConfiguration",
    ),
    _control(
        ControlId.SERVERLESS_INFERENCE,
        "Models are served inside the VPC, so not serverless",
        Severity.HIGH,
        why="serverless inference supports neither a VPC nor network isolation, so the model would run outside both",
        remedy="serve from an instance type, or get a waiver for this endpoint config",
        documentation="SageMaker Developer Guide, 'Deploy models with Amazon SageMaker Serverless Inference', "
        "feature exclusions",
    ),
    _control(
        ControlId.IMAGE_REPOSITORY,
        "Images come from private registries within the VPC",
        Severity.MEDIUM,
        why="the baseline asks for registries that are reached through the VPC, "
        "where what is pulled is under your control",
        remedy="set the repository access mode to 'Vpc', or drop hardening.vpc_image_repositories_only",
        documentation="SageMaker API Reference, ImageConfig and TrainingImageConfig",
    ),
    _control(
        ControlId.CONTAINER_IMAGE,
        "Containers run images of known registries",
        Severity.HIGH,
        why="an image is a program that runs with the execution role and sees the data: "
        "whoever may push to its registry decides what it does",
        remedy="use an image from a source that images.allowed names",
        documentation="SageMaker Developer Guide, 'Docker containers for training and deploying models'",
    ),
    _control(
        ControlId.PIPELINE_DEFINITION,
        "A pipeline's steps are examined before it is stored",
        Severity.HIGH,
        why="a pipeline runs its steps later, without this session: what is not examined in its definition is "
        "examined nowhere",
        remedy="write the definition with the SageMaker Python SDK, and have [pipelines] list what its steps call "
        "outside of SageMaker",
        documentation="SageMaker Developer Guide, 'Pipelines steps'",
    ),
    _control(
        ControlId.PLAINTEXT_SECRET,
        "No secrets in plaintext",
        Severity.CRITICAL,
        why="environment, hyperparameters, arguments, scripts and tags are stored and logged in clear: "
        "everybody who may describe the resource reads them",
        remedy="keep the secret in AWS Secrets Manager or Parameter Store, pass its ARN, "
        "and read it in the container with the execution role; "
        "what is no secret can be permitted by its name in [secrets.allow]",
        documentation="SageMaker API Reference, CreateTrainingJob, HyperParameters and Environment",
    ),
    _control(
        ControlId.REQUIRED_TAGS,
        "Resources carry the required tags",
        Severity.LOW,
        why="tags decide who may use a resource and who answers for it",
        remedy="add the tag with a value that required_tags allows",
        documentation="SageMaker API Reference, AddTags",
    ),
    _control(
        ControlId.RESOURCE_POLICY,
        "Resource policies name only trusted accounts",
        Severity.CRITICAL,
        why="a resource policy opens the resource to whomever it names, whatever your IAM policies say",
        remedy="name principals of this account or of data_perimeter.trusted_accounts, never '*'",
        documentation="SageMaker API Reference, PutModelPackageGroupPolicy",
    ),
    _control(
        ControlId.PUBLIC_WORKFORCE,
        "Data is labelled and reviewed by people you know",
        Severity.CRITICAL,
        why="the public workforce is anybody on Amazon Mechanical Turk: what it labels, it sees",
        remedy="name a private or a vendor's work team; hardening.allow_public_workforce = true permits the public one",
        documentation="SageMaker Developer Guide, 'Using the Amazon Mechanical Turk workforce'",
    ),
    _control(
        ControlId.REFERENCED_RESOURCE,
        "What a call names can be read, and is as it must be",
        Severity.HIGH,
        why="an endpoint is what its config says, a config what its models are: "
        "what cannot be described may be anything",
        remedy="name something that exists, and allow its Describe to the baseline's role",
        documentation="docs/reference/references.md",
    ),
    _control(
        ControlId.INPUT_SCAN,
        "Input data has been read by Macie, and holds nothing that is not accepted",
        Severity.HIGH,
        why="a model learns what its data holds, and keeps it: personal data and credentials that nobody looked for "
        "leave with the artifact",
        remedy="have the input scanned (`secure-sagemaker scan`), and take out what is found or have [macie] accept it",
        documentation="docs/explanation/what-a-scan-says.md",
    ),
    _control(
        ControlId.PRIVATE_CONNECTION,
        "AWS's services are reached privately",
        Severity.HIGH,
        why="whoever answers a public address may be anybody who holds it at the moment, and what is sent there "
        "crosses networks that are not yours",
        remedy="reach the service by a VPC endpoint (`secure-sagemaker endpoints` tells those that there are), or have "
        "a waiver name it: control 'private-connection', operations ['*'], resources [the service]",
        documentation="AWS PrivateLink Guide, 'Access AWS services through AWS PrivateLink'",
    ),
    _control(
        ControlId.SOURCE_CREDENTIALS,
        "Who assumes the role has temporary credentials, or gives MFA",
        Severity.HIGH,
        why="a user's own access key is good until somebody deletes it: whoever finds it in a file, a log or an image "
        "assumes the role with it",
        remedy="sign in so that the credentials are temporary (aws sso login, the machine's role, web identity), "
        "or state role.mfa_serial and pass mfa_token= to SecureSession",
        documentation="AWS Well-Architected Framework, SEC02-BP02 'Use temporary credentials'; IAM User Guide, "
        "'Security best practices in IAM'",
    ),
    _control(
        ControlId.WORKFORCE_SOURCE_IP,
        "Labeling portals are not open to every address",
        Severity.MEDIUM,
        why="the worker portal shows the data that is labelled to whoever can reach and sign in to it",
        remedy="list the networks your workers come from, none of them of length /0",
        documentation="SageMaker API Reference, SourceIpConfig",
    ),
    _control(
        ControlId.JOB_DOCUMENT,
        "The settings inside CreateJob's document can be read and held to the controls",
        Severity.HIGH,
        why="the document is a string that AWS reads but no policy condition sees",
        remedy="pass a JSON object",
        documentation="SageMaker API Reference, CreateJob",
    ),
    _control(
        ControlId.DATA_PERIMETER,
        "Data stays in the buckets the baseline lists",
        Severity.HIGH,
        why="a bucket that nobody listed may belong to anybody, "
        "and data read from or written to it has left your control",
        remedy="use a bucket of data_perimeter, or have it added there with its owner",
        documentation="IAM User Guide, 'Establish permissions guardrails using data perimeters'",
    ),
    _control(
        ControlId.BUCKET_OWNER,
        "S3 calls say who owns the bucket",
        Severity.MEDIUM,
        why="a bucket's name can be taken over once it is deleted; S3 refuses the call when another account owns it",
        remedy="leave ExpectedBucketOwner out, or state the owner that data_perimeter lists",
        documentation="S3 User Guide, 'Verifying bucket ownership with bucket owner condition'",
    ),
    _control(
        ControlId.S3_ENCRYPTION,
        "Objects are written with SSE-KMS and the baseline's key",
        Severity.HIGH,
        why="with S3's own keys whoever may read the bucket reads the data; with yours they need the key as well",
        remedy="leave the encryption parameters out, or name a key of the baseline with 'aws:kms'",
        documentation="S3 User Guide, 'Using server-side encryption with AWS KMS keys'",
    ),
    _control(
        ControlId.BUCKET_CREATION,
        "Buckets are made by administrators, not by ML code",
        Severity.MEDIUM,
        why="the SDKs create a missing bucket under a name anybody can guess, "
        "without your key and without a public-access block",
        remedy="have the bucket created with the infrastructure, and list it in data_perimeter.write; "
        "with data_perimeter.create_buckets, SecureSession.create_bucket makes one that is safe",
        documentation="S3 User Guide, 'Security best practices for Amazon S3'",
    ),
    _control(
        ControlId.PUBLIC_ACCESS,
        "Buckets and objects stay closed to the public",
        Severity.CRITICAL,
        why="an ACL, a website, or a public-access block taken away shows data to people that no policy of yours names",
        remedy="grant access by a policy that names accounts, "
        "and leave the public-access block and the ownership of the bucket as they are",
        documentation="S3 User Guide, 'Blocking public access to your Amazon S3 storage'",
    ),
    _control(
        ControlId.UNKNOWN_MEMBER,
        "Nothing is sent that this library has never reviewed",
        Severity.LOW,
        why="botocore is newer than the catalogue: what this member does to the workload is not known",
        remedy="update secure-sagemaker, or set unknown_members = 'record'",
        documentation="docs/explanation/threat-model.md",
    ),
)

CONTROLS: Mapping[ControlId, Control] = MappingProxyType({row.id: row for row in _ROWS})


@cache
def _published() -> Mapping[tuple[str, str, bool], tuple[str, ...]]:
    text = files("secure_sagemaker.controls").joinpath("data/control_references.json").read_text("utf-8")
    table: dict[tuple[str, str, bool], tuple[str, ...]] = {}
    for row in json.loads(text)["references"]:
        ids = tuple(
            f"{label} {row[key]}"
            for key, label in (
                ("security_hub", "Security Hub"),
                ("aws_config", "AWS Config"),
                ("prowler", "Prowler"),
                ("checkov", "Checkov"),
                ("cdk_nag", "cdk-nag"),
            )
            if key in row
        )
        for operation in row["operations"]:
            for member in row["members"]:
                key = (operation, member, row.get("control") == ControlId.PLAINTEXT_SECRET)
                table[key] = table.get(key, ()) + ids
    return table


@cache
def references(operation: str, path: str, control: ControlId) -> tuple[str, ...]:
    """Ids of published controls for a member, or for the structure it stands in.

    Args:
        operation: The API operation.
        path: The member's path, without positions and keys.
        control: The control. What is said of a free text is another matter than what is said of its member.
    """
    table, of_texts = _published(), control is ControlId.PLAINTEXT_SECRET
    while path:
        if found := table.get((operation, path, of_texts)):
            return found
        path = path.rpartition(".")[0]
    return ()
