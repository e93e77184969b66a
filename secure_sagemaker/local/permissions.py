"""What IAM is asked about a call: which actions, on which resources, with which condition keys.

Each must be allowed. Beside the operation's own action that is what AWS asks in the caller's name: ``iam:PassRole`` for
the roles that a request names, ``sagemaker:AddTags`` for its tags, and KMS for the keys of volumes and objects.
Services without a table here are asked by their operation's name, of ``*``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from secure_sagemaker.local import moto_state
from secure_sagemaker.local.condition_keys import PATHS, condition_keys
from secure_sagemaker.local.policies import statements
from secure_sagemaker.local.refusals import keys, requests, s3_calls, sts
from secure_sagemaker.local.refusals.keys import Named
from secure_sagemaker.local.refusals.kms import named_keys
from secure_sagemaker.local.sagemaker import SageMaker
from secure_sagemaker.local.sagemaker.values import entries, mapping, text
from secure_sagemaker.local.wire import Call, Caller

__all__ = ["Permission", "permissions"]

Context = Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Permission:
    """One action that must be allowed."""

    action: str
    """Such as ``sagemaker:CreateTrainingJob``."""
    resource: str
    """An ARN, or ``*``."""
    context: Context = field(default_factory=dict)
    """The condition keys of the request, in lower case, beside those that every request has."""
    policy: Mapping[str, object] | None = None
    """The resource's own policy."""
    of_another_account: bool = False
    """The resource is not of the caller's account."""


def permissions(call: Call, caller: Caller, sagemaker: SageMaker) -> Iterator[Permission]:
    """Everything that must be allowed for a call, what it is called for first."""
    match call.service:
        case "sagemaker":
            yield from _of_sagemaker(call, sagemaker)
        case "sagemaker-featurestore-runtime" | "sagemaker-metrics" | "sagemaker-runtime":
            for resource in _data_plane(call, caller):
                yield Permission(action=f"sagemaker:{call.operation}", resource=resource)
        case "s3":
            yield from _of_s3(call, caller)
        case "kms":
            yield from _of_kms(call)
        case "sts":
            yield from _of_sts(call, caller)
        case "macie2":
            yield Permission(
                action=f"macie2:{call.operation}", resource=_of_macie(call, caller), context=_tagging(call)
            )
        case "dynamodb":
            for table in (call.text("TableName"), *mapping(call.parameters.get("RequestItems"))):
                named = (
                    table if table.startswith("arn:") else _arn(call, caller, "dynamodb", f"table/{table}")
                )
                if table:
                    yield Permission(action=f"dynamodb:{call.operation}", resource=named)
        case "logs":
            yield Permission(action=f"logs:{call.operation}", resource=_log_stream(call, caller))
        case "dynamodb":
            for table in _tables(call, caller):
                yield Permission(action=f"dynamodb:{call.operation}", resource=table)
        case "iam":
            yield Permission(action=f"iam:{call.operation}", resource=_identity(call, caller))
        case service:
            yield Permission(action=f"{_PREFIXES.get(service, service)}:{call.operation}", resource="*")


_PREFIXES = {
    "resourcegroupstaggingapi": "tag",
    "stepfunctions": "states",
}
"""IAM's name of a service where it is not botocore's."""


def _arn(call: Call, caller: Caller, service: str, resource: str) -> str:
    return f"arn:{moto_state.partition(call.region)}:{service}:{call.region}:{caller.account}:{resource}"


def _tables(call: Call, caller: Caller) -> tuple[str, ...]:
    """The tables that a call of DynamoDB names, one by one or in a batch."""
    named = [*mapping(call.parameters.get("RequestItems")), text(call.parameters.get("TableName"))]
    found = [
        name if name.startswith("arn:") else _arn(call, caller, "dynamodb", f"table/{name}")
        for name in named
        if name
    ]
    return tuple(found) or ("*",)


# --- SageMaker ------------------------------------------------------------------------------------


def _of_sagemaker(call: Call, sagemaker: SageMaker) -> Iterator[Permission]:
    about = sagemaker.resources(call) or ("*",)
    stated = condition_keys(call.operation, call.parameters)
    for resource in about:
        on_it = sagemaker.tags(call, resource).items()
        tags = {
            f"{prefix}:resourcetag/{key.lower()}": value
            for key, value in on_it
            for prefix in ("aws", "sagemaker")
        }
        yield Permission(action=f"sagemaker:{call.operation}", resource=resource, context={**tags, **stated})
    if call.parameters.get("Tags") and call.operation != "AddTags":
        tagging = {key: value for key, value in stated.items() if key.startswith("aws:")}
        yield Permission(
            action="sagemaker:AddTags",
            resource=about[0],
            context={**tagging, "sagemaker:taggingaction": call.operation},
        )
    for role in dict.fromkeys(requests.roles(call)):
        yield Permission(
            action="iam:PassRole",
            resource=role,
            context={"iam:passedtoservice": "sagemaker.amazonaws.com", "iam:associatedresourcearn": about[0]},
        )
    if "sagemaker:VolumeKmsKeyArn" in PATHS.get(call.operation, {}):
        yield from _grants(call, stated.get("sagemaker:volumekmskeyarn", ()))


def _grants(call: Call, volume_keys: str | tuple[str, ...]) -> Iterator[Permission]:
    """SageMaker asks KMS for a grant on the key of volumes, in the caller's name."""
    for reference in (volume_keys,) if isinstance(volume_keys, str) else volume_keys:
        if call.caller is not None:
            named = Named(reference=reference, account=call.caller.account, region=call.region)
            yield from _with_key(
                call, "CreateGrant", named, {"kms:grantisforawsresource": "true"}, via="sagemaker"
            )


def _data_plane(call: Call, caller: Caller) -> tuple[str, ...]:
    """The endpoint, the feature groups, the trial component: by name or by ARN."""
    names = [
        (kind, text(holder.get(member)))
        for kind, member in (
            ("endpoint", "EndpointName"),
            ("inference-component", "InferenceComponentName"),
            ("feature-group", "FeatureGroupName"),
            ("experiment-trial-component", "TrialComponentName"),
            ("", "ResourceArn"),
        )
        for holder in (
            call.parameters,
            *(entry for listed in call.parameters.values() for entry in entries(listed)),
        )
    ]
    return tuple(
        dict.fromkeys(
            name if name.startswith("arn:") else _arn(call, caller, "sagemaker", f"{kind}/{name}")
            for kind, name in names
            if name
        )
    ) or ("*",)


# --- S3 and KMS -----------------------------------------------------------------------------------


def _of_s3(call: Call, caller: Caller) -> Iterator[Permission]:
    bucket = s3_calls.bucket_of(call)
    yield Permission(
        action=f"s3:{s3_calls.action_of(call)}",
        resource=s3_calls.resource_of(call),
        context=s3_calls.condition_keys(call),
        policy=None if bucket is None else bucket.policy,
        of_another_account=bucket is not None and bucket.owner != caller.account,
    )
    if call.text("CopySource"):
        yield from _copied(call, caller)
    if call.operation in s3_calls.WRITES:
        for named in s3_calls.written_keys(call):
            yield from _with_key(call, "GenerateDataKey", named, via="s3")
    if call.operation in ("CopyObject", "GetObject", "HeadObject", "UploadPartCopy"):
        for named in s3_calls.read_keys(call):
            yield from _with_key(call, "Decrypt", named, via="s3")


def _copied(call: Call, caller: Caller) -> Iterator[Permission]:
    name, key, version = s3_calls.copied_from(call)
    source = moto_state.find_bucket(name)
    owner = (
        {} if source is None else {"aws:resourceaccount": source.owner, "s3:resourceaccount": source.owner}
    )
    yield Permission(
        action="s3:GetObjectVersion" if version else "s3:GetObject",
        resource=f"arn:{moto_state.partition(call.region)}:s3:::{name}/{key}",
        context=owner,
        policy=None if source is None else source.policy,
        of_another_account=source is not None and source.owner != caller.account,
    )


def _of_kms(call: Call) -> Iterator[Permission]:
    named = tuple(named_keys(call))
    for one in named:
        yield from _with_key(call, call.operation, one)
    if not named:
        yield Permission(action=f"kms:{call.operation}", resource="*")


def _with_key(
    call: Call, operation: str, named: Named, context: Context | None = None, *, via: str = ""
) -> Iterator[Permission]:
    """An operation with a key, which has a policy of its own. AWS's own keys let everybody of the account use them."""
    found = moto_state.find_key(named.reference, account=named.account, region=named.region)
    arn = keys.arn_of(named) if found is None else found.arn
    if not arn.startswith("arn:"):
        return
    policy, account = moto_state.key_policy(arn), call.caller.account if call.caller is not None else ""
    through = {"kms:viaservice": f"{via}.{call.region}.amazonaws.com"} if via else {}
    yield Permission(
        action=f"kms:{operation}",
        resource=arn,
        context={"kms:calleraccount": account, **through, **(context or {})},
        policy=None if policy is None else json.loads(policy),
        of_another_account=arn.split(":")[4] != account,
    )


# --- Macie ----------------------------------------------------------------------------------------

_MACIE_KINDS = {
    "AllowList": "allow-list",
    "ClassificationJob": "classification-job",
    "CustomDataIdentifier": "custom-data-identifier",
    "FindingsFilter": "findings-filter",
}


def _of_macie(call: Call, caller: Caller) -> str:
    """The ARN that a call is about; of what it makes, any of its kind."""
    if stated := call.text("resourceArn"):
        return stated
    for name, kind in _MACIE_KINDS.items():
        if call.operation.endswith(name):
            own = call.text("jobId") or call.text("id") or "*"
            return _arn(call, caller, "macie2", f"{kind}/{own}")
    return "*"


def _tagging(call: Call) -> Context:
    tags = mapping(call.parameters.get("tags"))
    keys = {"aws:tagkeys": tuple(tags)} if tags else {}
    return {**keys, **{f"aws:requesttag/{key.lower()}": text(value) for key, value in tags.items()}}


# --- identities, logs -----------------------------------------------------------------------------

_OF_EVERYBODY = frozenset({"GetCallerIdentity", "GetSessionToken"})
"""Nobody needs a permission for these, and none takes them away."""


def _of_sts(call: Call, caller: Caller) -> Iterator[Permission]:
    if call.operation in _OF_EVERYBODY:
        return
    if call.operation != "AssumeRole":
        yield Permission(action=f"sts:{call.operation}", resource="*")
        return
    arn = call.text("RoleArn")
    role = moto_state.find_role(arn)
    if role is None:
        return  # which is told below, by AWS's words for it
    # A trust policy is about its own role, and names no resource.
    trust = {"Statement": [{**one, "Resource": "*"} for one in statements(role.trust_policy)]}
    for action in sts.assumption_actions(call, caller):
        yield Permission(
            action=action,
            resource=arn,
            context=dict(sts.assumption_context(call, caller)),
            policy=trust,
            of_another_account=role.account != caller.account,
        )


def _log_stream(call: Call, caller: Caller) -> str:
    group = call.text("logGroupName") or call.text("logGroupIdentifier")
    if group.startswith("arn:"):
        return group
    stream = call.text("logStreamName")
    return _arn(call, caller, "logs", f"log-group:{group}:log-stream:{stream}")


def _identity(call: Call, caller: Caller) -> str:
    """The role, the user or the policy that a call to IAM names."""
    stated = call.text("PolicySourceArn") or call.text("PolicyArn")
    before = f"arn:{moto_state.partition(call.region)}:iam::{caller.account}:"
    for kind in ("Role", "User", "Group", "Policy"):
        if name := call.text(f"{kind}Name"):
            path = call.text("Path") or "/"
            return (
                moto_state.identity_arn(before, kind.lower(), name) or f"{before}{kind.lower()}{path}{name}"
            )
    return stated or "*"
