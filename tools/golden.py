"""Writes the golden table of governed members: ``python -m tools.golden --write``, or ``--check`` it.

One JSON line for each governed member of each mutating SageMaker operation, and of the S3 calls that
read and write objects or set up buckets, as the installed botocore knows them: the control, and what is decided about a
request that is silent about the member (``silent``) and about one that holds a weak or foreign value
(``weak``). The requests hold what their structures require and nothing else, but for ``USUAL``. A
structure that the library creates by itself is left out where the request is silent. A decision that
changes nothing has its reason beside it; a member without one is an error.

The files are ``tests/golden/governed-<botocore version>.jsonl``, one for the oldest and one for the
newest botocore that is supported.
"""

import argparse
import base64
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import botocore
import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape

from secure_sagemaker.baseline import SecurityBaseline
from secure_sagemaker.controls import Action, Enforcement, Enforcer
from secure_sagemaker.controls.members import PARENTS, is_mutating
from secure_sagemaker.controls.parameters import GovernedMember, governed_members

FOLDER = Path(__file__).parents[1] / "tests/golden"
TODAY = date(2026, 11, 1)

ACCOUNT = "111122223333"
FOREIGN_ACCOUNT = "999988887777"


def key(name: str, account: str = ACCOUNT) -> str:
    """The ARN of a key."""
    number = sum(name.encode())
    return f"arn:aws:kms:eu-west-1:{account}:key/1234abcd-12ab-34cd-56ef-{number:012}"


def role(name: str, account: str = ACCOUNT) -> str:
    """The ARN of a role."""
    return f"arn:aws:iam::{account}:role/{name}"


STATED: Mapping[str, object] = {
    "schema_version": 1,
    "region": "eu-west-1",
    "role": {"arn": role("ml-launcher")},
    "execution_roles": {"default": role("ml-execution"), "allowed": [role("ml-batch")]},
    "kms": {
        "default": key("resource"),
        "volume": key("volume"),
        "output": key("output"),
        "s3": key("s3"),
        "allowed": [key("allowed")],
    },
    "vpc": {
        "vpc_id": "vpc-0a1b2c3d",
        "subnets": ["subnet-0a1b2c3d", "subnet-0b1c2d3e"],
        "security_groups": ["sg-0a1b2c3d", "sg-0b1c2d3e"],
    },
    "network_isolation": dict.fromkeys(
        ("training", "processing", "tuning", "models", "monitoring"), "require"
    ),
    "hardening": {"vpc_image_repositories_only": True},
    "data_perimeter": {
        "write": {"ml-artifacts": ACCOUNT, "ml-express--euw1-az1--x-s3": ACCOUNT},
        "read": {"ml-datasets": "444455556666"},
        "default_bucket": "ml-artifacts",
        "trusted_accounts": ["444455556666"],
    },
    "required_tags": {"team": ["churn"]},
}
"""A strict baseline: a key of its own for each purpose, isolation everywhere."""

IMAGES: Mapping[str, object] = {"images": {"allowed": [ACCOUNT]}}
"""What the baseline of the table states besides: in tests of other things an image may be any."""

S3_OPERATIONS = (
    "CompleteMultipartUpload",
    "CopyObject",
    "CreateBucket",
    "CreateMultipartUpload",
    "CreateSession",
    "DeleteBucketEncryption",
    "DeleteBucketPolicy",
    "DeleteObject",
    "DeletePublicAccessBlock",
    "GetObject",
    "HeadObject",
    "ListObjectsV2",
    "PutBucketAcl",
    "PutBucketAnalyticsConfiguration",
    "PutBucketEncryption",
    "PutBucketInventoryConfiguration",
    "PutBucketLogging",
    "PutBucketNotificationConfiguration",
    "PutBucketOwnershipControls",
    "PutBucketPolicy",
    "PutBucketReplication",
    "PutBucketWebsite",
    "PutObject",
    "PutObjectAcl",
    "PutPublicAccessBlock",
    "RestoreObject",
    "UploadPart",
    "UploadPartCopy",
)

USUAL: Mapping[str, Mapping[str, object]] = {
    "AlgorithmSpecification": {"TrainingImage": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/train:1"},
    "ContainerDefinition": {"Image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/serve:1"},
    "CreateClusterRequest": {"NodeProvisioningMode": "Continuous"},
    "CreateFeatureGroupRequest": {
        "OfflineStoreConfig": {"S3StorageConfig": {"S3Uri": "s3://ml-artifacts/features"}}
    },
    "CreateMlflowAppRequest": {"ArtifactStoreUri": "s3://ml-artifacts/mlflow"},
    "CreateMlflowTrackingServerRequest": {"ArtifactStoreUri": "s3://ml-artifacts/mlflow"},
    "HyperParameterTuningResourceConfig": {"InstanceType": "ml.m5.xlarge"},
    "ProcessingClusterConfig": {"InstanceType": "ml.m5.xlarge"},
    "ProductionVariant": {"InstanceType": "ml.m5.xlarge"},
    "ResourceConfig": {"InstanceType": "ml.m5.xlarge"},
    "UpdateMlflowTrackingServerRequest": {"ArtifactStoreUri": "s3://ml-artifacts/mlflow"},
}
"""What AWS needs in a structure although its service model calls it optional."""

_EVERYBODY = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}}]})

_WEAK_VALUES: Mapping[str, object] = {
    "PrivateTeam": "arn:aws:sagemaker:eu-west-1:394669845002:workteam/public-crowd/default",
    "AddedTags": [{"Key": "team", "Value": "nobody"}],
    "AtLeast": "1",
    "Bucket": "somebody-elses",
    "BucketKey": False,
    "BucketOwner": FOREIGN_ACCOUNT,
    "CannedAcl": "public-read",
    "Closed": "x",
    "ContainerImage": "docker.io/library/python:3.12",
    "Creation": "somebody-elses",
    "EncryptionContext": "e30=",
    "Cidrs": ["0.0.0.0/0"],
    "CopySource": "somebody-elses/x",
    "Document": "no JSON",
    "Encryption": "AES256",
    "ImageOfAccount": f"arn:aws:sagemaker:eu-west-1:{FOREIGN_ACCOUNT}:algorithm/x",
    "Isolation": False,
    "Key": key("foreign", FOREIGN_ACCOUNT),
    "NoCustomerKey": "AES256",
    "Ownership": "ObjectWriter",
    "RemovedTags": ["team"],
    "ResourcePolicy": _EVERYBODY,
    "Role": role("admin"),
    "Roles": [role("admin")],
    "S3Location": "s3://somebody-elses/x",
    "Tags": [{"Key": "team", "Value": "nobody"}],
    "Trusted": [FOREIGN_ACCOUNT],
    "TrustedArn": f"arn:aws:sns:eu-west-1:{FOREIGN_ACCOUNT}:x",
}


def weak_value(member: GovernedMember, shape: Shape) -> object:
    """A value that is weaker than the baseline or foreign to it."""
    match check := type(member.rule.check).__name__:
        case "Choice":
            strict = getattr(member.rule.check, "strict", None)
            if isinstance(strict, bool):
                return not strict
            values = shape.enum if isinstance(shape, StringShape) else []
            return next(value for value in values if value != strict)
        case "Forbidden" | "Required":
            return minimal(shape)
        case "Subset":
            kind = "sg" if "Group" in member.name else "vpc" if member.name == "VpcId" else "subnet"
            foreign = f"{kind}-0f0f0f0f"
            return [foreign] if isinstance(shape, ListShape) else foreign
        case "NoPlaintextSecret":
            return _with_secret(shape, encoded=getattr(member.rule.check, "encoded", False))
    return _WEAK_VALUES[check]


def _with_secret(shape: Shape, *, encoded: bool) -> object:
    """A text of the shape that holds a password."""
    name, password = "DB_PASSWORD", "hunter2-hunter2"
    text = f"{name}={password}"
    if isinstance(shape, MapShape):
        return {name: password}
    if isinstance(shape, ListShape) and isinstance(shape.member, StructureShape):
        return [{"Key" if "Key" in shape.member.members else "Name": name, "Value": password}]
    if isinstance(shape, ListShape):
        return [text]
    return base64.b64encode(text.encode()).decode() if encoded else text


_UNCHANGED = "an update leaves what it does not name as it was"
_SILENT: Mapping[str, str] = {
    "AddedTags": "only the tags that are named are looked at",
    "Bucket": "no bucket is named",
    "BucketOwner": "no bucket of the perimeter is named",
    "CannedAcl": "S3's own default is private",
    "Choice": "AWS's own default is the strict value",
    "Cidrs": "no restriction is asked for; a list that is given must restrict",
    "ContainerImage": "no image is named",
    "CopySource": "no source is named",
    "Creation": "no bucket is named",
    "Document": "no document is given",
    "EncryptionContext": "the baseline states no context",
    "Forbidden": "absent is what is wanted",
    "ImageOfAccount": "nothing is named",
    "Key": "the older name of a key that is injected under its newer one",
    "NoCustomerKey": "absent is what is wanted",
    "NoPlaintextSecret": "no text is given",
    "PrivateTeam": "no work team is named",
    "RemovedTags": "no tag is removed",
    "ResourcePolicy": "no policy is given",
    "Role": "AWS works without this role, so none is given",
    "Roles": "no role is named",
    "S3Location": "no location is named",
    "Subset": "the domain's own groups apply where none are named",
    "Trusted": "no account is named",
    "TrustedArn": "nothing is named",
}
"""For each check, why silence asks for nothing."""
_WEAK: Mapping[str, str] = {
    "EncryptionContext": "the baseline states no context, so it is the caller's",
    "BucketKey": "a bucket key saves calls to KMS and weakens nothing, so a caller's choice stands",
    "Required": "what is in the structure is judged member by member",
}
"""For each check, why there is no weak value."""


def minimal(shape: Shape) -> object:
    """The smallest value of a shape, good where it is governed."""
    match shape:
        case StructureShape():
            content = {name: minimal(shape.members[name]) for name in shape.required_members}
            usual = {k: v for k, v in USUAL.get(shape.name, {}).items() if k in shape.members}
            return {**content, **usual}
        case ListShape():
            return [minimal(shape.member)] * max(1, int(shape.metadata.get("min", 0)))
        case MapShape():
            return {}
        case StringShape():
            return _text(shape)
    return {
        "boolean": False,
        "blob": b"x",
        "timestamp": "2026-11-01T00:00:00Z",
        "float": 1.0,
        "double": 1.0,
    }.get(shape.type_name, max(1, int(shape.metadata.get("min", 1))))


_TEXTS: Mapping[str, str] = {
    **dict.fromkeys(
        ("AlgorithmImage", "ContainerImage", "ImageBaseImage", "ImageUri", "OptimizationContainerImage"),
        f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/train:1",
    ),
    "AccountId": ACCOUNT,
    "BucketName": "ml-artifacts",
    "CidrBlock": "10.0.0.0/16",
    "Cidr": "10.0.0.0/16",
    "CopySource": "ml-artifacts/x",
    "KmsKeyId": key("allowed"),
    "RoleArn": role("ml-batch"),
    "SecurityGroupId": "sg-0a1b2c3d",
    "SubnetId": "subnet-0a1b2c3d",
    "VpcId": "vpc-0a1b2c3d",
    "VpcSecurityGroupId": "sg-0a1b2c3d",
}


def _text(shape: StringShape) -> str:
    if shape.enum:
        return shape.enum[0]
    if shape.name in _TEXTS:
        return _TEXTS[shape.name]
    if str(shape.metadata.get("pattern", "")).removeprefix("^").startswith(("(https|s3)", "(s3)")):
        return "s3://ml-artifacts/x"
    return "x" * max(1, int(shape.metadata.get("min", 1)))


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request made for one governed member."""

    parameters: dict[str, object]
    shape: Shape
    """The shape of the member's value."""


def request(
    model: OperationModel, path: str, value: Callable[[Shape], object] | None, *, complete: bool = False
) -> Asked:
    """A minimal request that holds a value at a path, or is silent about it.

    Args:
        model: The operation.
        path: The governed member, such as ``InstanceGroups[].ExecutionRole``.
        value: Makes the member's value from its shape; None leaves the member out, and with it every
            structure around it that the library creates by itself.
        complete: Keep those structures all the same.
    """
    shape = model.input_shape
    if shape is None:
        raise ValueError(f"{model.name} has no input")
    content = minimal(shape)
    if not isinstance(content, dict):
        raise TypeError(model.name)
    leaf = _fill(shape, content, path.split("."), model.name, value, complete=complete)
    return Asked(parameters=content, shape=leaf)


def _fill(
    shape: StructureShape,
    content: dict[str, object],
    path: list[str],
    operation: str,
    value: Callable[[Shape], object] | None,
    *,
    complete: bool,
) -> Shape:
    name = re.sub(r"[\[\]{}]", "", path[0])
    member = shape.members[name]
    if len(path) == 1:
        content.pop(name, None)
        if value is not None:
            content[name] = value(member)
        return member
    inner = member
    while isinstance(inner, ListShape | MapShape):
        inner = inner.member if isinstance(inner, ListShape) else inner.value
    if not isinstance(inner, StructureShape):
        raise TypeError(f"{shape.name}.{name}")
    made = minimal(inner)
    if not isinstance(made, dict):
        raise TypeError(inner.name)
    leaf = _fill(inner, made, path[1:], operation, value, complete=complete)
    parent = PARENTS.get((shape.name, name))
    created = parent is not None and (not parent.operations or operation in parent.operations)
    if value is None and created and not complete:
        content.pop(name, None)
    else:
        content[name] = _nested(member, made)
    return leaf


def _nested(shape: Shape, content: object) -> object:
    if isinstance(shape, ListShape):
        return [_nested(shape.member, content)]
    if isinstance(shape, MapShape):
        return {"x": _nested(shape.value, content)}
    return content


def generic(path: str) -> str:
    """A decision's path without positions and keys."""
    return re.sub(r"\[\d+\]", "[]", re.sub(r"\['[^']*'\]", "{}", path))


def operations() -> Iterator[OperationModel]:
    """Every mutating SageMaker operation of the installed botocore, and the S3 calls on objects."""
    session = botocore.session.Session()
    sagemaker = session.get_service_model("sagemaker")
    for name in sagemaker.operation_names:
        if is_mutating("sagemaker", name):
            yield sagemaker.operation_model(name)
    s3 = session.get_service_model("s3")
    for name in S3_OPERATIONS:
        yield s3.operation_model(name)


def baseline() -> SecurityBaseline:
    """The baseline of the table."""
    return SecurityBaseline.from_mapping({**STATED, **IMAGES}, today=TODAY)


def rows() -> Iterator[dict[str, object]]:
    """The table, for the installed botocore."""
    enforcer = Enforcer(baseline(), today=lambda: TODAY)
    for model in operations():
        for path, member, structure in governed_members(model):
            check = type(member.rule.check).__name__
            silent = request(model, path, None)
            weak = request(model, path, partial(weak_value, member))
            yield {
                "service": model.service_model.service_name,
                "operation": model.name,
                "path": path,
                "structure": structure,
                "control": str(member.rule.control),
                "silent": _decided(
                    enforcer.enforce(model, silent.parameters, {}),
                    path,
                    member,
                    _UNCHANGED if _at_top_of_update(model, path) else _SILENT.get(check, ""),
                ),
                "weak": _decided(
                    enforcer.enforce(model, weak.parameters, {}), path, member, _WEAK.get(check, "")
                ),
            }


def _at_top_of_update(model: OperationModel, path: str) -> bool:
    return model.name.startswith("Update") and "." not in path


def _decided(enforcement: Enforcement, path: str, member: GovernedMember, reason: str) -> dict[str, object]:
    found = [
        decision
        for decision in enforcement.decisions
        if generic(decision.path) == path and decision.control_id == member.rule.control
    ]
    exempt = [
        decision
        for decision in enforcement.decisions
        if decision.action is Action.EXEMPT and path.startswith(f"{decision.path}.")
    ]
    if not found and not exempt:
        if not reason:
            raise ValueError(f"{enforcement.operation} {path}: nothing is decided, and no reason says why")
        return {"decision": "none", "reason": reason}
    (decision, *_) = found or exempt
    told: dict[str, object] = {"decision": str(decision.action), "got": decision.got}
    if decision.action is Action.REFUSED:
        return {**told, "wanted": decision.wanted}
    if decision.action is Action.EXEMPT:
        return {**told, "reason": decision.why}
    if decision.action is Action.KEPT:
        return {**told, "reason": "it is as strict as the baseline"}
    return {**told, "sends": decision.wanted}


def table() -> str:
    """The table's file."""
    return "".join(json.dumps(row) + "\n" for row in rows())


def path_of(version: str) -> Path:
    """The table of a botocore version."""
    return FOLDER / f"governed-{version}.jsonl"


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--write", action="store_true", help="write the table of the installed botocore")
    chosen.add_argument("--check", action="store_true", help="exit with 1 when it differs from the file")
    write: bool = parser.parse_args().write
    file = path_of(botocore.__version__)
    if write:
        file.write_text(table(), "utf-8")
        return 0
    if not file.exists():
        print(f"there is no table of botocore {botocore.__version__}")
        return 1
    if table() != file.read_text("utf-8"):
        print(f"{file.name} differs: run python -m tools.golden --write, and read the diff")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
