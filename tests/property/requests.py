"""Generated requests: valid values of the real input shapes, with good, weak and foreign governed members.

Required members are always there, optional ones sometimes, and rather those in which something is
governed. What a member holds is drawn from its value's shape: a key, a subnet, a bucket is now the
baseline's, now another's. A good ``Pool`` has the baseline's alone.
"""

import base64
import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape
from hypothesis import strategies as st

from secure_sagemaker.baseline import ControlId, IsolationMode, KindOfWork, Mode, SecurityBaseline
from secure_sagemaker.controls.members import is_mutating
from secure_sagemaker.controls.parameters import governed_members
from secure_sagemaker.presigning import post_object
from tools.golden import S3_OPERATIONS, STATED, USUAL, key, role

EBS_TYPES = ("ml.m5.xlarge", "ml.c5.2xlarge")
OTHER_TYPES = ("ml.g5.xlarge", "ml.p4d.24xlarge", "ml.m3.xlarge", "ml.zz9.xlarge")
CLARIFY = "131013547314.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-clarify-processing:1.0"
IMAGE = f"111122223333.dkr.ecr.eu-west-1.amazonaws.com/train:1@sha256:{'0a' * 32}"
TOKEN = "gh" + "p_" + "0aB1" * 9  # in two parts, lest anybody take it for a real one
MOST_DEEP = 7
MOST_OPTIONAL = 3


@cache
def operations() -> tuple[OperationModel, ...]:
    """Every operation of the installed botocore in which something is governed."""
    session = botocore.session.Session()
    sagemaker, s3 = session.get_service_model("sagemaker"), session.get_service_model("s3")
    models = [sagemaker.operation_model(name) for name in sagemaker.operation_names]
    models = [model for model in models if is_mutating("sagemaker", model.name)]
    models += [s3.operation_model(name) for name in (*S3_OPERATIONS, "DeleteObjects")]
    models.append(post_object(s3))
    return tuple(model for model in models if any(governed_members(model)))


@cache
def _interesting(model: OperationModel) -> frozenset[str]:
    """Names on the way to something that is governed, or that decides about it."""
    ways = {name.strip("[]{}") for path, _, _ in governed_members(model) for name in path.split(".")}
    return frozenset(
        {
            *ways,
            *("AppSpecification", "Image", "ImageUri", "InstanceConfigs", "InstanceGroups"),
            *("InstancePreferences", "InstanceType", "ModelName", "RootVolume", "TrainingImage"),
        }
    )


@dataclass(frozen=True, kw_only=True)
class Pool:
    """What governed members are drawn from."""

    baseline: SecurityBaseline
    good: bool
    """Only what the baseline lists, and only the strict value of each switch."""

    @property
    def left_out(self) -> frozenset[str]:
        """The members that a request does without."""
        if not self.good:
            return frozenset()
        return ABSENT_IF_GOOD if self.baseline.vpc.vpc_id else ABSENT_IF_GOOD | {"VpcId"}

    def _some(self, good: Sequence[str], other: Sequence[str]) -> Sequence[str]:
        return tuple(good) if self.good else (*good, *other)

    def text(self, shape: StringShape, member: str) -> Sequence[str] | None:
        """The texts for a shape, or None for one that nothing is known of."""
        baseline = self.baseline
        arns = [KEY_ARNS.get(reference, reference) for reference in baseline.kms.references()]
        foreign_key = key("foreign", "999988887777")
        # Directory buckets take no key, so a good request that names one could not be kept.
        names = [name for name in baseline.data_perimeter.write if not name.endswith("--x-s3")]
        express = [name for name in baseline.data_perimeter.write if name.endswith("--x-s3")]
        buckets = [f"s3://{name}/x" for name in names]
        read = [f"s3://{name}/x" for name in baseline.data_perimeter.read]
        other_locations = (
            *read,
            *(f"s3://{name}/x" for name in express),
            "s3://elsewhere/x",
            "s3://elsewhere--euw1-az1--x-s3/x",
            "https://s3.eu-west-1.amazonaws.com/ml-artifacts/x",
            "https://elsewhere.example.com/x",
        )
        if shape.name == "SSEKMSEncryptionContext":
            return self._some(
                (_context({"workload": "churn", "stage": "test"}),), (_context({}), "x", "eA==")
            )
        if "KMS" in shape.name.upper():
            return self._some(arns or [foreign_key], (foreign_key, "alias/mine", "alias/ml", ""))
        if shape.name == "RoleArn" or member.endswith("RoleArn"):
            roles = (baseline.execution_roles.default, *baseline.execution_roles.allowed)
            return self._some(roles, (role("admin"),))
        if shape.name == "WorkteamArn":
            team = "arn:aws:sagemaker:eu-west-1:111122223333:workteam"
            return self._some((f"{team}/private-crowd/us",), (f"{team}/public-crowd/default",))
        if "Subnet" in shape.name:
            return self._some(baseline.vpc.subnets, ("subnet-0f0f0f0f",))
        if "SecurityGroup" in shape.name:
            return self._some(baseline.vpc.security_groups, ("sg-0f0f0f0f",))
        if shape.name in ("VpcId", "WorkforceVpcId"):
            return self._some((baseline.vpc.vpc_id or "vpc-0f0f0f0f",), ("vpc-0e0e0e0e",))
        if shape.name in ("BucketName", "TargetBucket"):
            return self._some(
                tuple(baseline.data_perimeter.write), ("elsewhere", "elsewhere--euw1-az1--x-s3")
            )
        if str(shape.metadata.get("pattern", "")).removeprefix("^").startswith(("(https|s3)", "(s3)")):
            return self._some(buckets, other_locations)
        if shape.name == "CopySource":
            return self._some([f"{name}/k" for name in names], ("elsewhere/k",))
        if shape.name in ("CloudFunction", "LambdaFunctionArn", "QueueArn") or shape.name.endswith(
            "TopicArn"
        ):
            own = f"arn:aws:sqs:eu-west-1:{baseline.account}:x"
            return self._some((own,), ("arn:aws:sqs:eu-west-1:999988887777:x", "x"))
        if shape.name == "AccountId" and ("Owner" in member or "Account" in member):
            return self._some(sorted(set(baseline.data_perimeter.write.values())), ("999988887777",))
        if "InstanceType" in shape.name:
            return self._some(EBS_TYPES, OTHER_TYPES)
        if member in ("BaseImage", "Image", "ImageUri", "RuleEvaluatorImage", "TrainingImage"):
            return self._some((IMAGE,), (CLARIFY, "evil.example.com/sagemaker-clarify-processing"))
        if member in ("AlgorithmName", "ModelPackageName", "SageMakerImageArn"):
            return self._some(("x",), ("arn:aws:sagemaker:eu-west-1:999988887777:algorithm/x",))
        if shape.name.endswith(("EnvironmentValue", "HyperParameterValue", "ContainerArgument")):
            return self._some(("churn",), (TOKEN, f"--token={TOKEN}"))
        if "Cidr" in shape.name:
            return self._some(("10.0.0.0/16",), ("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "x"))
        if member == "JobConfigDocument":
            return self._some((json.dumps({}),), _documents(foreign_key))
        if member == "PipelineDefinition":
            return self._some((definition(baseline, literal=True),), _definitions(baseline, foreign_key))
        if member in ("Policy", "ResourcePolicy"):
            trusting = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}}]})
            own = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"AWS": baseline.account}}]})
            return self._some((own,), (trusting, "no JSON", own.replace("Allow", "Deny")))
        if shape.name == "TagKey":
            return ("team", "cost-centre", "owner")
        if shape.name == "TagValue":
            return self._some(("churn", "fraud", "nobody"), (TOKEN,))
        return None


def _documents(foreign_key: str) -> tuple[str, ...]:
    output = {"OutputDataConfig": {"S3OutputPath": "s3://ml-artifacts/x"}}
    return tuple(
        json.dumps(document)
        for document in (
            output,
            {"OutputDataConfig": {"S3OutputPath": "s3://elsewhere/x", "KmsKeyId": foreign_key}},
            {"VpcConfig": {"Subnets": ["subnet-0f0f0f0f"]}, "EnableNetworkIsolation": False},
            {"Steps": [output, {"RoleArn": "arn:aws:iam::111122223333:role/admin"}]},
            [],
        )
    )


def definition(baseline: SecurityBaseline, *, literal: bool = False, **output: object) -> str:
    """A pipeline of two steps, one in a branch, whose settings are literal, or parameters and outputs too."""
    train = {
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "RoleArn": baseline.execution_roles.default,
        "OutputDataConfig": {"S3OutputPath": f"s3://{next(iter(baseline.data_perimeter.write))}/x", **output},
        "ResourceConfig": {"InstanceType": {"Get": "Parameters.Type"}, "InstanceCount": 1},
        **({} if literal else {"Tags": [{"Key": "owner", "Value": {"Get": "Parameters.Owner"}}]}),
    }
    model = {
        "PrimaryContainer": {
            "Image": IMAGE,
            "ModelDataUrl": {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"},
        },
        "EnableNetworkIsolation": True if literal else {"Get": "Parameters.Isolated"},
    }
    branch = {"Conditions": [], "IfSteps": [{"Name": "Make", "Type": "Model", "Arguments": model}]}
    return json.dumps(
        {
            "Version": "2020-12-01",
            "Parameters": [
                {"Name": "Type", "Type": "String", "DefaultValue": EBS_TYPES[0]},
                {"Name": "Owner", "Type": "String", "DefaultValue": "churn"},
                {"Name": "Isolated", "Type": "Boolean", "DefaultValue": True},
                {"Name": "Key", "Type": "String"},
            ],
            "Steps": [
                {"Name": "Train", "Type": "Training", "Arguments": train},
                {"Name": "If", "Type": "Condition", "Arguments": branch},
            ],
        }
    )


def _definitions(baseline: SecurityBaseline, foreign_key: str) -> tuple[str, ...]:
    return (
        definition(baseline),
        definition(baseline, KmsKeyId={"Get": "Parameters.Key"}),
        definition(baseline, KmsKeyId=foreign_key),
        definition(baseline, S3OutputPath={"Get": "Steps.If.Outcome"}),
        definition(baseline, S3OutputPath="s3://elsewhere/x", KmsKeyId={"Get": "Steps.If.Outcome"}),
        definition(baseline).replace('"Model"', '"Another"'),
        definition(baseline).replace("2020", "2030"),
        "no JSON",
    )


def _context(pairs: Mapping[str, str]) -> str:
    return base64.b64encode(json.dumps(pairs).encode()).decode()


STRICT = {
    "ACL": "private",
    "AppNetworkAccessType": "VpcOnly",
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "CannedACL": "private",
    "DirectInternetAccess": "Disabled",
    "EnableDockerAccess": "DISABLED",
    "EnableInterContainerTrafficEncryption": True,
    "EnableNetworkIsolation": True,
    "EnableRemoteDebug": False,
    "EnableSSMAccess": False,
    "EncryptionType": "aws:kms",
    "IgnorePublicAcls": True,
    "MinimumInstanceMetadataServiceVersion": "2",
    "ObjectOwnership": "BucketOwnerEnforced",
    "RemoteAccess": "DISABLED",
    "RepositoryAccessMode": "Vpc",
    "RestrictPublicBuckets": True,
    "RootAccess": "Disabled",
    "RootVolume": False,
    "S3BucketOwnerVerification": True,
    "SSEAlgorithm": "aws:kms",
    "ServerSideEncryption": "aws:kms",
    "TrainingRepositoryAccessMode": "Vpc",
}
# In a good request these are absent: their presence alone conflicts, or only the caller could say what is right.
ABSENT_IF_GOOD = frozenset(
    {
        *("ServerlessConfig", "SSECustomerKey", "SSECustomerKeyMD5", "SSECustomerAlgorithm", "Tags"),
        *("VpcOnlyTrustedAccounts", "ExpectedBucketOwner", "ExpectedSourceBucketOwner"),
        *("S3BucketOwnerAccountId", "SourceIpConfig"),
        *("AccessControlList", "AccessControlPolicy", "Account", "AccountId", "BucketAccountId"),
        *("GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP"),
        *("SSES3", "TargetGrants"),
    }
)


@st.composite
def requests(draw: st.DrawFn, model: OperationModel, pool: Pool) -> dict[str, object]:
    """Valid requests of an operation."""
    shape = model.input_shape
    assert shape is not None
    content = draw(_structures(shape, pool, _interesting(model), 0))
    if not pool.good and draw(st.integers(0, 3)) == 0:
        content.pop(draw(st.sampled_from(sorted(content) or [""])), None)
    return content


@st.composite
def _structures(
    draw: st.DrawFn, shape: StructureShape, pool: Pool, interesting: frozenset[str], depth: int
) -> dict[str, object]:
    required = list(shape.required_members)
    if pool.good:
        required += [name for name in USUAL.get(shape.name, {}) if name in shape.members]
    left_out = pool.left_out
    optional = [name for name in shape.members if name not in required and name not in left_out]
    likely = [name for name in optional if name in interesting]
    if getattr(shape, "is_tagged_union", False):
        names = [draw(st.sampled_from(list(shape.members)))]
    elif depth >= MOST_DEEP:
        names = required
    else:
        pools = [found for found in (likely, likely, optional) if found]
        chosen = draw(st.sampled_from(pools)) if pools else []
        most = MOST_OPTIONAL + (2 if depth == 0 else 0)
        names = [
            *required,
            *(draw(st.lists(st.sampled_from(chosen), max_size=most, unique=True)) if chosen else ()),
        ]
    content: dict[str, object] = {}
    for name in dict.fromkeys(names):
        if pool.good and name in STRICT:
            content[name] = STRICT[name]
        else:
            content[name] = draw(_values(shape.members[name], name, pool, interesting, depth + 1))
    return content


def _values(
    shape: Shape, member: str, pool: Pool, interesting: frozenset[str], depth: int
) -> st.SearchStrategy[object]:
    match shape:
        case StructureShape():
            return _structures(shape, pool, interesting, depth)
        case ListShape():
            least = int(shape.metadata.get("min", 0))
            element = _values(shape.member, member, pool, interesting, depth + 1)
            return st.lists(element, min_size=least, max_size=max(least, 2))
        case MapShape():
            if int(shape.metadata.get("min", 0)) == 0 and depth >= MOST_DEEP:
                return st.just({})
            inner = _values(shape.value, member, pool, interesting, depth + 1)
            return st.dictionaries(_values(shape.key, member, pool, interesting, depth), inner, max_size=1)
        case StringShape():
            known = pool.text(shape, member)
            if known is not None:
                return st.sampled_from(known)
            if shape.enum:
                return st.sampled_from(shape.enum[:4])
            least = int(shape.metadata.get("min", 0))
            return st.sampled_from(["x" * max(1, least), "churn-1".ljust(least, "x")])
    least = int(shape.metadata.get("min", 0))
    plain: Mapping[str, st.SearchStrategy[object]] = {
        "boolean": st.booleans(),
        "blob": st.just(b"x"),
        "timestamp": st.just("2026-11-01T00:00:00Z"),
        "float": st.just(float(max(1, least))),
        "double": st.just(float(max(1, least))),
    }
    return plain.get(shape.type_name, st.just(max(1, least)))


_KEYS = (
    {},
    {"volume": None, "output": "alias/ml-output", "default": "alias/ml"},
    {"allowed": []},
    {"volume": None, "aws_managed": ["kms-volume-key"]},
    {"output": None, "s3": None, "aws_managed": ["kms-output-key", "s3-encryption"]},
    {"aws_managed": ["kms-resource-key"], "endpoint_local_storage": "refuse"},
    {"endpoint_local_storage": "omit"},
    {"s3_encryption_context": {"workload": "churn"}},
)
_HARDENING = (
    {},
    {"vpc_image_repositories_only": True},
    {"inter_container_encryption": False, "minimum_imds_version": 1},
    dict.fromkeys(
        (
            *("allow_remote_debug", "allow_ssm_access", "allow_remote_access", "allow_docker_access"),
            *("allow_root_access", "allow_direct_internet_access", "allow_public_workforce"),
        ),
        True,
    ),
)
_IMAGES = (
    {},
    {"allowed": ["111122223333", "aws"]},
    {"allowed": ["111122223333.dkr.ecr.eu-west-1.amazonaws.com/train"], "require_digest": True},
)
_TAGS = ({}, {"team": ["churn"]}, {"team": ["churn", "fraud"]}, {"team": ["churn"], "cost-centre": []})
_ISOLATION = st.sampled_from(
    [dict.fromkeys(KindOfWork, mode) for mode in IsolationMode]
    + [dict.fromkeys(KindOfWork, IsolationMode.OFF) | {KindOfWork.TRAINING: IsolationMode.REQUIRE}]
)


@st.composite
def waivers(draw: st.DrawFn) -> dict[str, object]:
    """Waivers of any control, by name or by tag."""
    by_tag = draw(st.booleans())
    return {
        "control": draw(st.sampled_from(ControlId)),
        "operations": ["*"],
        "resources": () if by_tag else ("churn-*", "x*"),
        "resource_tags": {"team": draw(st.sampled_from(("churn", "nobody")))} if by_tag else {},
        "reason": "reads a feature store",
        "ticket": "SEC-101",
        "approver": "jane.doe",
        "expires": date(9999, 12, 31),
    }


@st.composite
def baselines(draw: st.DrawFn, *, observing: bool = False) -> SecurityBaseline:
    """The golden table's baseline with what decides about requests varied: few draws, so many examples."""
    stated = copy.deepcopy(dict(STATED))
    kms = {**_section(stated, "kms"), **draw(st.sampled_from(_KEYS))}
    vpc = _section(stated, "vpc")
    if draw(st.booleans()):
        vpc = {**vpc, "vpc_id": None, "subnets": ["subnet-0a1b2c3d"]}
    modes = st.dictionaries(st.sampled_from(ControlId), st.sampled_from(Mode), max_size=6)
    everything = dict.fromkeys(ControlId, draw(st.sampled_from([Mode.CORRECT, Mode.REFUSE])))
    return SecurityBaseline.model_validate(
        {
            **stated,
            "kms": kms,
            "vpc": vpc,
            "network_isolation": draw(_ISOLATION),
            "hardening": draw(st.sampled_from(_HARDENING)),
            "images": draw(st.sampled_from(_IMAGES)),
            "required_tags": draw(st.sampled_from(_TAGS)),
            "modes": dict.fromkeys(ControlId, Mode.OBSERVE)
            if observing
            else draw(modes | st.just(everything)),
            "waivers": draw(st.lists(waivers(), max_size=2)),
            "unknown_members": draw(st.sampled_from(("record", "refuse"))),
            "instance_families": draw(st.sampled_from(({}, {"zz9": "local-storage"}))),
        }
    )


def _section(stated: Mapping[str, object], name: str) -> dict[str, object]:
    section = stated[name]
    assert isinstance(section, dict)
    return section


KEY_ARNS: Mapping[str, str] = {
    "alias/ml": key("resource"),
    "alias/ml-output": key("output"),
    "alias/mine": key("foreign", "999988887777"),
}
"""A key ARN for every reference that a generated request or baseline may hold."""
