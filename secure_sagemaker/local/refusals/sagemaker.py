"""What SageMaker refuses of roles, keys, networks and limits, wherever a request names them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from secure_sagemaker.local import moto_state
from secure_sagemaker.local.policies import PolicyRequest, allows
from secure_sagemaker.local.refusals import keys, requests
from secure_sagemaker.local.refusals.constraints import violations
from secure_sagemaker.local.refusals.history import History
from secure_sagemaker.local.refusals.keys import Named
from secure_sagemaker.local.refusals.requests import section, stated
from secure_sagemaker.local.refusals.rule import Rule, Wording
from secure_sagemaker.local.wire import Call

__all__ = ["rules"]

_CHANGES = ("Create*", "Update*")
_PRINCIPAL = "sagemaker.amazonaws.com"


def rules(history: History) -> tuple[Rule, ...]:
    """The cases, in the order they are tried."""

    def roles(call: Call) -> Iterator[str]:
        yield from _roles(call)
        if call.operation == "CreateTransformJob":
            yield from _texts(history.model(call, call.text("ModelName")), "ExecutionRoleArn")

    def not_assumed(call: Call) -> str | None:
        if call.operation == "CreateModel":
            return None
        for role in roles(call):
            if not _may_assume(call, role):
                return (
                    f"Could not assume role {role}. Please ensure that the role exists and allows principal "
                    f"'{_PRINCIPAL}' to assume the role."
                )
        return None

    return (
        Rule(
            id="sagemaker-constraints",
            service="sagemaker",
            case="a value that breaks a limit of its shape: an unknown instance type, more than 16 subnets or 5 "
            "security groups, a name of other characters",
            check=violations,
            code="ValidationException",
            source="botocore sagemaker, the shapes of its inputs; aws/amazon-sagemaker-examples issue 2236",
        ),
        Rule(
            id="sagemaker-foreign-role",
            service="sagemaker",
            operations=_CHANGES,
            case="an execution role of another account",
            check=_foreign_role,
            code="AccessDeniedException",
            source="IAM User Guide, 'Grant a user permissions to pass a role to an AWS service'; "
            "serverless/serverless issue 3374",
        ),
        Rule(
            id="sagemaker-model-role",
            service="sagemaker",
            operations=("CreateModel",),
            case="an execution role that does not exist, or that SageMaker may not assume",
            check=_invalid_model_role,
            code="ValidationException",
            source="bentoml/BentoML issue 892; SageMaker Developer Guide, 'How to use SageMaker execution roles'",
        ),
        Rule(
            id="sagemaker-role",
            service="sagemaker",
            operations=_CHANGES,
            case="an execution role that does not exist, or that SageMaker may not assume (of a transform job: its "
            "model's; a pipeline's is looked at when a step runs)",
            check=not_assumed,
            code="ValidationException",
            source="awslabs/predictive-maintenance-using-machine-learning issue 3; SageMaker Developer Guide, 'How to "
            "use SageMaker execution roles'",
        ),
        *_key_rules(),
        Rule(
            id="sagemaker-unknown-subnet",
            service="sagemaker",
            operations=_CHANGES,
            case="a subnet that EC2 does not know in the region",
            check=_unknown_subnet,
            code="ValidationException",
            wording=Wording.OURS,
            source="botocore sagemaker VpcConfig.Subnets; the words are EC2's",
        ),
        Rule(
            id="sagemaker-unknown-security-group",
            service="sagemaker",
            operations=_CHANGES,
            case="a security group that EC2 does not know in the region",
            check=_unknown_group,
            code="ValidationException",
            wording=Wording.OURS,
            source="botocore sagemaker VpcConfig.SecurityGroupIds; the words are EC2's",
        ),
        Rule(
            id="sagemaker-mixed-networks",
            service="sagemaker",
            operations=_CHANGES,
            case="subnets and security groups of more than one VPC, or of another than the domain's",
            check=_mixed_networks,
            code="ValidationException",
            wording=Wording.OURS,
            source="botocore sagemaker VpcConfig.SecurityGroupIds: 'for the VPC that is specified in the Subnets "
            "field'; the words are EC2's",
        ),
        Rule(
            id="sagemaker-directory-bucket-key",
            service="sagemaker",
            operations=_CHANGES,
            case="a KMS key for outputs on a directory bucket",
            check=_directory_bucket_key,
            code="ValidationException",
            wording=Wording.OURS,
            source="botocore sagemaker OutputDataConfig.KmsKeyId: 'KMS key is not supported for Amazon S3 Express "
            "One Zone'",
        ),
    )


# --- roles


def _roles(call: Call) -> Iterator[str]:
    """The roles that SageMaker itself would assume while the call is answered."""
    if "Pipeline" not in call.operation:
        yield from requests.roles(call)


def _account_of(arn: str) -> str:
    return (arn.split(":") + [""] * 5)[4]


def _may_assume(call: Call, role: str) -> bool:
    found = moto_state.find_role(role)
    account = call.caller.account if call.caller is not None else ""
    asked = PolicyRequest(
        action="sts:AssumeRole",
        service=_PRINCIPAL,
        context={
            "aws:sourceaccount": account,
            "aws:sourcearn": f"arn:{moto_state.partition(call.region)}:sagemaker:{call.region}:{account}:*",
        },
    )
    return found is not None and allows(found.trust_policy, asked)


def _foreign_role(call: Call) -> str | None:
    account = call.caller.account if call.caller is not None else ""
    if any(_account_of(role) != account for role in _roles(call)):
        return "Cross-account pass role is not allowed."
    return None


def _invalid_model_role(call: Call) -> str | None:
    for role in _roles(call):
        if not _may_assume(call, role):
            return (
                f'The execution role ARN "{role}" is invalid. Please ensure that the role exists and that its trust '
                f'relationship policy allows the action "sts:AssumeRole" for the service principal "{_PRINCIPAL}".'
            )
    return None


# --- keys

_KEY_SHAPES = frozenset({"CustomerKmsKeyArn", "KmsKeyId"})


def _keys(call: Call) -> Iterator[Named]:
    for one in stated(call):
        if (
            one.shape.name in _KEY_SHAPES
            and isinstance(one.value, str)
            and one.value
            and call.caller is not None
        ):
            yield Named(reference=one.value, account=call.caller.account, region=call.region)


def _key_rules() -> Iterator[Rule]:
    for id_, case, check in (
        ("key-elsewhere", "a KMS key of another region", keys.elsewhere(_keys)),
        ("unknown-key", "a KMS key, or an alias, that does not exist", keys.unknown(_keys)),
        ("disabled-key", "a KMS key that is disabled", keys.disabled(_keys)),
        ("pending-key", "a KMS key that is pending deletion", keys.pending(_keys)),
    ):
        yield Rule(
            id=f"sagemaker-{id_}",
            service="sagemaker",
            operations=_CHANGES,
            case=f"{case}, in any member (AWS finds those of outputs when it first writes with them)",
            check=check,
            code="ValidationException",
            wording=Wording.OURS,
            source="botocore sagemaker CreateNotebookInstanceInput.KmsKeyId: 'the KMS key you provide must be "
            "enabled'; the words are KMS's",
        )


# --- networks


def _texts(structure: Mapping[str, object], *names: str) -> Iterator[str]:
    """The texts of those members, one by one where a member is a list."""
    for name in names:
        value = structure.get(name)
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and text:
                yield text


def _structures(call: Call) -> Iterator[Mapping[str, object]]:
    yield section(call)
    yield from (one.value for one in stated(call) if isinstance(one.value, Mapping))


def _subnets(structure: Mapping[str, object]) -> list[str]:
    return list(_texts(structure, "Subnets", "SubnetIds", "SubnetId"))


def _groups(structure: Mapping[str, object]) -> list[str]:
    return list(_texts(structure, "SecurityGroupIds", "SecurityGroups"))


def _network(call: Call, resource: str) -> str | None:
    account = call.caller.account if call.caller is not None else ""
    return moto_state.network_of(resource, account=account, region=call.region)


def _unknown_subnet(call: Call) -> str | None:
    for structure in _structures(call):
        for subnet in _subnets(structure):
            if _network(call, subnet) is None:
                return f"The subnet ID '{subnet}' does not exist"
    return None


def _unknown_group(call: Call) -> str | None:
    for structure in _structures(call):
        for group in _groups(structure):
            if _network(call, group) is None:
                return f"The security group '{group}' does not exist"
    return None


def _mixed_networks(call: Call) -> str | None:
    for structure in _structures(call):
        subnets, groups = _subnets(structure), _groups(structure)
        vpcs = {_network(call, resource) for resource in (*subnets, *groups)} | set(
            _texts(structure, "VpcId")
        )
        if subnets and len(vpcs) > 1:
            return f"{', '.join((*groups, *subnets))} belong to different networks."
    return None


# --- directory buckets

_DIRECTORY_BUCKET = "--x-s3"


def _directory_bucket_key(call: Call) -> str | None:
    for structure in _structures(call):
        named = [*_texts(structure, "KmsKeyArn", "KmsKeyId", "KmsKey", "S3KmsKeyId")]
        if structure is not call.parameters and named and any(_express(structure)):
            return "KMS key is not supported for Amazon S3 Express One Zone"
    return None


def _express(content: object) -> Iterator[str]:
    """The S3 locations on directory buckets within a structure."""
    if isinstance(content, str):
        bucket = content.removeprefix("s3://").partition("/")[0]
        if content.startswith("s3://") and bucket.endswith(_DIRECTORY_BUCKET):
            yield content
    elif isinstance(content, Mapping | list):
        for value in content.values() if isinstance(content, Mapping) else content:
            yield from _express(value)
