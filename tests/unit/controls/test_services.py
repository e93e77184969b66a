"""Services beside SageMaker and S3: what the SDKs' flows make there is encrypted, in the VPC, and nobody else's."""

import json
import re
from collections.abc import Iterator

import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from secure_sagemaker.controls.members import rule_for
from secure_sagemaker.controls.services import SERVICES
from tests.controls_support import (
    ACCOUNT,
    DEFAULT_ROLE,
    FOREIGN_KEY,
    FOREIGN_ROLE,
    GROUPS,
    RESOURCE_KEY,
    S3_KEY,
    SUBNETS,
    Request,
    at,
    decided,
    enforced,
    refused,
    service_model,
)

READING = re.compile("Describe|List|Get|BatchGet|Search|Filter|Test|Validate")
SPEAKING = re.compile(
    r"kms|encryptionoption|encryptiontype|subnet|securitygroup|s3uri|s3bucket|outputlocation"
    r"|inputlocation|rolearn|executionrole|^principal$|policytext|resourcepolicy|accesspolicy|bucketowner|authtype$",
    re.IGNORECASE,
)
REVIEWED = {
    # Keys and roles of features that no SageMaker flow uses.
    ("athena", "CreateSystemTableConfigurationInput", "KmsKeyArn"),
    ("athena", "UpdateSystemTableConfigurationInput", "KmsKeyArn"),
    ("bedrock", "CloudWatchConfig", "roleArn"),
    ("bedrock", "CreateAutomatedReasoningPolicyRequest", "kmsKeyId"),
    ("bedrock", "CreateGuardrailRequest", "kmsKeyId"),
    ("bedrock", "UpdateGuardrailRequest", "kmsKeyId"),
    ("bedrock", "AdvancedPromptOptimizationInputConfig", "s3Uri"),
    ("bedrock", "AdvancedPromptOptimizationOutputConfig", "s3Uri"),
    ("bedrock", "AdvancedPromptOptimizationOutputConfig", "kmsKeyId"),
    ("bedrock", "AutomatedEvaluationConfig", "kmsKeyId"),
    ("ecr", "CreatePullThroughCacheRuleRequest", "customRoleArn"),
    ("ecr", "CreateRepositoryCreationTemplateRequest", "customRoleArn"),
    ("ecr", "UpdatePullThroughCacheRuleRequest", "customRoleArn"),
    ("ecr", "UpdateRepositoryCreationTemplateRequest", "customRoleArn"),
    ("events", "CreateEndpointRequest", "RoleArn"),
    ("events", "UpdateEndpointRequest", "RoleArn"),
    ("lambda", "CapacityProviderPermissionsConfig", "CapacityProviderOperatorRoleArn"),
    ("lambda", "CapacityProviderVpcConfig", "SecurityGroupIds"),
    ("lambda", "CapacityProviderVpcConfig", "SubnetIds"),
    ("lambda", "CreateCapacityProviderRequest", "KmsKeyArn"),
    ("lambda", "CreateEventSourceMappingRequest", "KMSKeyArn"),
    ("lambda", "UpdateEventSourceMappingRequest", "KMSKeyArn"),
    ("logs", "CreateImportTaskRequest", "importRoleArn"),
    ("logs", "CreateLookupTableRequest", "kmsKeyId"),
    ("logs", "UpdateLookupTableRequest", "kmsKeyId"),
    ("logs", "CreateScheduledQueryRequest", "executionRoleArn"),
    ("logs", "LookupTableConfiguration", "kmsKeyId"),
    ("logs", "LookupTableConfiguration", "roleArn"),
    ("logs", "OpenSearchResourceConfig", "dataSourceRoleArn"),
    ("logs", "OpenSearchResourceConfig", "kmsKeyArn"),
    ("logs", "PutDeliveryDestinationRequest", "roleArn"),
    ("logs", "PutDestinationRequest", "roleArn"),
    ("logs", "S3Configuration", "kmsKeyId"),
    ("logs", "S3Configuration", "roleArn"),
    ("logs", "UpdateScheduledQueryRequest", "executionRoleArn"),
    ("secretsmanager", "AssociateCrossAccountReplicaRequest", "ReplicationRoleARN"),
    ("secretsmanager", "RotateSecretRequest", "ExternalSecretRotationRoleArn"),
    ("secretsmanager", "ReplicaRegionType", "KmsKeyId"),  # another region's key
    # A lifecycle says when images go, and opens nothing.
    ("ecr", "PutLifecyclePolicyRequest", "lifecyclePolicyText"),
    ("ecr", "StartLifecyclePolicyPreviewRequest", "lifecyclePolicyText"),
    # Without a location the queries' own results have none to be encrypted in.
    ("athena", "ResultConfigurationUpdates", "RemoveOutputLocation"),
    # Said of a permission that TrustedPrincipal judges.
    ("lambda", "AddPermissionRequest", "FunctionUrlAuthType"),
}


def members(shape: Shape, within: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Every structure and member below a shape."""
    match shape:
        case StructureShape() if shape.name not in within:
            for name, member in shape.members.items():
                yield shape.name, name
                yield from members(member, (*within, shape.name))
        case ListShape():
            yield from members(shape.member, within)
        case MapShape():
            yield from members(shape.value, within)


def mutating(service: str) -> Iterator[tuple[str, str, str]]:
    """Operation, structure and member of everything that changes something."""
    model = service_model(service)
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        if shape is not None and not READING.match(name):
            for structure, member in members(shape):
                yield name, structure, member


@pytest.mark.parametrize("service", SERVICES)
def test_what_speaks_of_security_is_governed_or_reviewed(service: str) -> None:
    """A key, network, role, location or policy that a later release adds fails here until somebody read it."""
    open_ = {
        (service, structure, member)
        for operation, structure, member in mutating(service)
        if SPEAKING.search(member) and rule_for(service, operation, structure, member, "", top=False) is None
    }
    assert set() == open_ - REVIEWED


@pytest.mark.parametrize("service", SERVICES)
def test_each_row_governs_something(service: str) -> None:
    """A row whose structure or member no service has, in either supported botocore, would guard nothing."""
    there = {(structure, member) for _, structure, member in mutating(service)}
    later = {
        ("DurableConfig", "KMSKeyArn"),
        ("PutResourcePolicyRequest", "resourcePolicy"),
    }  # the oldest lacks them
    assert set() == set(SERVICES[service]) - there - later


def test_athena_results_are_encrypted_and_owned() -> None:
    """Query results are written with the key for S3, into a bucket whose owner is named."""
    found = enforced(
        "StartQueryExecution",
        {"QueryString": "SELECT 1", "ResultConfiguration": {"OutputLocation": "s3://ml-artifacts/athena/"}},
        service="athena",
    )
    assert {
        "OutputLocation": "s3://ml-artifacts/athena/",
        "ExpectedBucketOwner": ACCOUNT,
        "EncryptionConfiguration": {"EncryptionOption": "SSE_KMS", "KmsKey": S3_KEY},
    } == at(found, "ResultConfiguration")


def test_athena_workgroup_decides_where_nothing_is_said() -> None:
    """Without a result configuration the workgroup's own applies, and none is made up."""
    assert {"QueryString": "SELECT 1"} == enforced(
        "StartQueryExecution", {"QueryString": "SELECT 1"}, service="athena"
    ).parameters


@pytest.mark.parametrize(
    ("configuration", "refusal"),
    [
        ({"OutputLocation": "s3://elsewhere/x"}, ("data-perimeter", "OutputLocation")),
        (
            {"EncryptionConfiguration": {"EncryptionOption": "SSE_KMS", "KmsKey": FOREIGN_KEY}},
            ("s3-encryption", "EncryptionConfiguration.KmsKey"),
        ),
        (
            {"EncryptionConfiguration": {"EncryptionOption": "SSE_S3"}},
            ("s3-encryption", "EncryptionConfiguration.EncryptionOption"),
        ),
    ],
)
def test_athena_results_stay_inside(configuration: Request, refusal: tuple[str, str]) -> None:
    """A foreign bucket, a foreign key and S3's own encryption are refused before the query runs."""
    found = enforced(
        "StartQueryExecution",
        {"QueryString": "SELECT 1", "ResultConfiguration": configuration},
        service="athena",
        modes={"s3-encryption": "refuse"},
    )
    control, path = refusal
    assert [(control, f"ResultConfiguration.{path}")] == refused(found)


def test_aws_managed_keys_need_no_structure() -> None:
    """Where AWS's own key is good enough, nothing is created, and that is on record."""
    athena = enforced(
        "StartQueryExecution",
        {"QueryString": "SELECT 1", "ResultConfiguration": {"OutputLocation": "s3://ml-artifacts/x"}},
        service="athena",
        kms__aws_managed=["s3-encryption"],
        kms__s3=None,
    )
    path = "ResultConfiguration.EncryptionConfiguration"
    assert (None, "exempt") == (at(athena, path), decided(athena, path))
    ecr = enforced(
        "CreateRepository",
        {"repositoryName": "team"},
        service="ecr",
        kms__aws_managed=["kms-resource-key"],
    )
    assert {"repositoryName": "team"} == ecr.parameters


@pytest.mark.parametrize("said", [None, {"encryptionType": "AES256"}, {"encryptionType": "KMS"}])
def test_repositories_are_encrypted_with_the_key(said: Request | None) -> None:
    """Images rest under the baseline's key; ECR's own encryption is corrected to it."""
    request: Request = {"repositoryName": "team"}
    if said is not None:
        request["encryptionConfiguration"] = said
    found = enforced("CreateRepository", request, service="ecr", modes={"kms-resource-key": "correct"})
    assert {"encryptionType": "KMS", "kmsKey": RESOURCE_KEY} == at(found, "encryptionConfiguration")


def test_log_groups_keep_their_key() -> None:
    """A log group is made with the key, and the key is not taken off again."""
    found = enforced("CreateLogGroup", {"logGroupName": "/ml"}, service="logs")
    assert RESOURCE_KEY == at(found, "kmsKeyId")
    off = enforced("DisassociateKmsKey", {"logGroupName": "/ml"}, service="logs")
    assert [("kms-resource-key", "logGroupName")] == refused(off)


def function(**members: object) -> Request:
    return {"FunctionName": "step", "Role": DEFAULT_ROLE, "Code": {"ZipFile": b"x"}, **members}


@pytest.mark.parametrize("said", [{}, {"VpcConfig": {}}])
def test_functions_run_in_the_vpc_with_the_key(said: Request) -> None:
    """What the SDK's Lambda helper makes runs in the baseline's network, its variables under the key."""
    found = enforced("CreateFunction", function(**said), service="lambda")
    assert {"SubnetIds": SUBNETS, "SecurityGroupIds": GROUPS} == at(found, "VpcConfig")
    assert RESOURCE_KEY == at(found, "KMSKeyArn")


@pytest.mark.parametrize(
    ("operation", "request_", "refusal"),
    [
        ("CreateFunction", function(Role=FOREIGN_ROLE), ("execution-role", "Role")),
        (
            "CreateFunction",
            function(Code={"S3Bucket": "elsewhere", "S3Key": "x"}),
            ("data-perimeter", "Code.S3Bucket"),
        ),
        (
            "CreateFunction",
            function(VpcConfig={"SubnetIds": ["subnet-0f0f0f0f"]}),
            ("vpc-config", "VpcConfig.SubnetIds"),
        ),
        (
            "AddPermission",
            {
                "FunctionName": "step",
                "StatementId": "s",
                "Action": "lambda:InvokeFunction",
                "Principal": "*",
            },
            ("resource-policy", "Principal"),
        ),
        (
            "AddPermission",
            {
                "FunctionName": "step",
                "StatementId": "s",
                "Action": "lambda:InvokeFunction",
                "Principal": "999988887777",
            },
            ("resource-policy", "Principal"),
        ),
        (
            "CreateFunctionUrlConfig",
            {"FunctionName": "step", "AuthType": "NONE"},
            ("resource-policy", "AuthType"),
        ),
    ],
)
def test_functions_are_not_opened(operation: str, request_: Request, refusal: tuple[str, str]) -> None:
    """Foreign roles, code, networks and callers are refused."""
    assert [refusal] == refused(enforced(operation, request_, service="lambda"))


@pytest.mark.parametrize("principal", ["sagemaker.amazonaws.com", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"])
def test_functions_serve_the_account(principal: str) -> None:
    """A service or the own account may be let in."""
    permission = {"FunctionName": "step", "StatementId": "s", "Action": "lambda:InvokeFunction"}
    found = enforced("AddPermission", {**permission, "Principal": principal}, service="lambda")
    assert "kept" == decided(found, "Principal")


def test_function_update_leaves_what_it_does_not_name() -> None:
    """An update gives no key of its own accord, and takes none away."""
    silent = enforced("UpdateFunctionConfiguration", {"FunctionName": "step"}, service="lambda")
    assert {"FunctionName": "step"} == silent.parameters
    emptied = enforced(
        "UpdateFunctionConfiguration", {"FunctionName": "step", "KMSKeyArn": ""}, service="lambda"
    )
    assert RESOURCE_KEY == at(emptied, "KMSKeyArn")


@pytest.mark.parametrize("operation", ["CreateSchedule", "UpdateSchedule"])
def test_schedules_have_the_key(operation: str) -> None:
    """An update of a schedule forgets what it does not name, so both are given the key."""
    request = {
        "Name": "nightly",
        "ScheduleExpression": "rate(1 day)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {
            "Arn": f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:pipeline/p",
            "RoleArn": DEFAULT_ROLE,
        },
    }
    assert RESOURCE_KEY == at(enforced(operation, request, service="scheduler"), "KmsKeyArn")
    request["Target"] = {"Arn": f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:pipeline/p", "RoleArn": FOREIGN_ROLE}
    assert [("execution-role", "Target.RoleArn")] == refused(
        enforced(operation, request, service="scheduler")
    )


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:sagemaker:eu-west-1:999988887777:pipeline/p",
        "arn:aws:scheduler:::aws-sdk:sagemaker:createTrainingJob",
    ],
)
def test_a_schedule_starts_nothing_that_is_not_ours(arn: str) -> None:
    """Neither another account's pipeline, nor an API of AWS's whose request would be text that nobody looked at."""
    found = enforced("CreateSchedule", {"Target": {"Arn": arn, "RoleArn": DEFAULT_ROLE}}, service="scheduler")
    assert [("data-perimeter", "Target.Arn")] == refused(found)


def test_events_stay_in_trusted_accounts() -> None:
    """A rule's target is nobody else's, nor is the bus open to everybody."""
    there = {"Id": "1", "Arn": "arn:aws:events:eu-west-1:999988887777:event-bus/x"}
    found = enforced("PutTargets", {"Rule": "r", "Targets": [there]}, service="events")
    assert [("data-perimeter", "Targets[0].Arn")] == refused(found)
    assert [("resource-policy", "Principal")] == refused(
        enforced("PutPermission", {"Principal": "*"}, service="events")
    )


def test_policies_of_repositories_name_trusted_accounts() -> None:
    """An image repository is opened to nobody outside."""
    open_ = json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ecr:*"}]})
    found = enforced("SetRepositoryPolicy", {"repositoryName": "team", "policyText": open_}, service="ecr")
    assert [("resource-policy", "policyText")] == refused(found)


def test_models_go_to_bedrock_through_the_vpc() -> None:
    """An imported model is read from the perimeter, in the VPC, and rests under the key."""
    request = {
        "jobName": "j",
        "importedModelName": "m",
        "roleArn": DEFAULT_ROLE,
        "modelDataSource": {"s3DataSource": {"s3Uri": "s3://ml-artifacts/model/"}},
    }
    found = enforced("CreateModelImportJob", request, service="bedrock")
    assert {"subnetIds": SUBNETS, "securityGroupIds": GROUPS} == at(found, "vpcConfig")
    assert RESOURCE_KEY == at(found, "importedModelKmsKeyId")


def test_asynchronous_input_is_inside() -> None:
    """What an endpoint is told to read is held to the perimeter."""
    outside = {"EndpointName": "e", "InputLocation": "s3://elsewhere/x"}
    found = enforced("InvokeEndpointAsync", outside, service="sagemaker-runtime")
    assert [("data-perimeter", "InputLocation")] == refused(found)


def test_training_jobs_are_not_queued_as_text() -> None:
    """AWS Batch would create a training job of which nobody has read a word."""
    job = {
        "jobName": "j",
        "jobQueue": "q",
        "serviceJobType": "SAGEMAKER_TRAINING",
        "serviceRequestPayload": "{}",
    }
    assert [("job-document", "jobName")] == refused(enforced("SubmitServiceJob", job, service="batch"))
