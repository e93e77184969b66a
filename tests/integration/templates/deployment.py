"""Deploys a CloudFormation template on the embedded account; what moto's CloudFormation drops is made by the API."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from secure_sagemaker.local import EmbeddedAWS
from tests.integration.embedded import client


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack that stands."""

    resources: Mapping[str, str]
    """The physical id of each logical one."""
    outputs: Mapping[str, str]


def deploy(aws: EmbeddedAWS, template: Mapping[str, Any], parameters: Mapping[str, str]) -> Stack:
    """Create the stack, and what moto's CloudFormation leaves out of it."""
    known = {kind for kind, _ in DROPPED}
    supported = {
        **template,
        "Resources": {
            name: {**resource, "Properties": _as_texts(resource["Properties"])}
            for name, resource in template["Resources"].items()
            if resource["Type"] not in UNKNOWN_TO_MOTO
        },
    }
    formation = client(aws, "cloudformation")
    formation.create_stack(
        StackName="environment",
        TemplateBody=json.dumps(supported),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    (told,) = formation.describe_stacks(StackName="environment")["Stacks"]
    assert told["StackStatus"] == "CREATE_COMPLETE"
    made = {
        one["LogicalResourceId"]: one["PhysicalResourceId"]
        for one in formation.describe_stack_resources(StackName="environment")["StackResources"]
    }
    for name, resource in template["Resources"].items():
        if resource["Type"] in known:
            properties = _resolved(resource["Properties"], {**made, **parameters}, aws)
            for kind, complete in DROPPED:
                if kind == resource["Type"]:
                    complete(aws, made.get(name, ""), properties)
    outputs = {one["OutputKey"]: one["OutputValue"] for one in told["Outputs"]}
    return Stack(resources=made, outputs=outputs)


def _as_texts(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Moto keeps these policies as they come, and answers with them as texts. They refer to no other resource."""
    texts = {
        name: json.dumps(properties[name])
        for name in ("KeyPolicy", "PolicyDocument")
        if name in properties and "Roles" not in properties
    }
    return {**properties, **texts}


def _resolved(value: Any, ids: Mapping[str, str], aws: EmbeddedAWS) -> Any:
    """A value with references resolved, as CloudFormation does."""

    def attribute(name: str, wanted: str) -> str:
        if wanted == "Arn" and "Key" in name:
            return f"arn:aws:kms:{aws.region}:{aws.account.account}:key/{ids[name]}"
        return ids[name]

    if isinstance(value, list):
        return [_resolved(one, ids, aws) for one in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"Ref": name}:
            return ids[name]
        case {"Fn::GetAtt": [name, wanted]}:
            return attribute(name, wanted)
        case {"Fn::Sub": text}:
            return re.sub(r"\$\{(\w+)(?:\.(\w+))?\}", lambda found: attribute(found[1], found[2] or ""), text)
    return {key: _resolved(one, ids, aws) for key, one in value.items()}


def _dns(aws: EmbeddedAWS, id_: str, properties: Mapping[str, Any]) -> None:
    for name in ("EnableDnsSupport", "EnableDnsHostnames"):
        client(aws, "ec2").modify_vpc_attribute(VpcId=id_, **{name: {"Value": properties[name]}})


def _permission(stated: Mapping[str, Any]) -> dict[str, Any]:
    peers = {
        "CidrIp": lambda one: {"IpRanges": [{"CidrIp": one}]},
        "DestinationPrefixListId": lambda one: {"PrefixListIds": [{"PrefixListId": one}]},
        "DestinationSecurityGroupId": lambda one: {"UserIdGroupPairs": [{"GroupId": one}]},
        "SourceSecurityGroupId": lambda one: {"UserIdGroupPairs": [{"GroupId": one}]},
    }
    (peer,) = (make(stated[name]) for name, make in peers.items() if name in stated)
    ports = {name: stated[name] for name in ("FromPort", "ToPort") if name in stated}
    return {"IpProtocol": stated["IpProtocol"], **ports, **peer}


def _group(aws: EmbeddedAWS, id_: str, properties: Mapping[str, Any]) -> None:
    """With rules of its own a group has not the one that lets out to everywhere."""
    ec2 = client(aws, "ec2")
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    ec2.revoke_security_group_egress(GroupId=id_, IpPermissions=everything)
    stated = [_permission(one) for one in properties["SecurityGroupEgress"]]
    ec2.authorize_security_group_egress(GroupId=id_, IpPermissions=stated)


def _rule(way: str) -> Callable[[EmbeddedAWS, str, Mapping[str, Any]], None]:
    def make(aws: EmbeddedAWS, _: str, properties: Mapping[str, Any]) -> None:
        authorize = getattr(client(aws, "ec2"), f"authorize_security_group_{way}")
        authorize(GroupId=properties["GroupId"], IpPermissions=[_permission(properties)])

    return make


def _association(aws: EmbeddedAWS, _: str, properties: Mapping[str, Any]) -> None:
    client(aws, "ec2").associate_route_table(**properties)


def _bucket(aws: EmbeddedAWS, id_: str, properties: Mapping[str, Any]) -> None:
    s3 = client(aws, "s3")
    blocked = properties["PublicAccessBlockConfiguration"]
    s3.put_public_access_block(Bucket=id_, PublicAccessBlockConfiguration=blocked)
    s3.put_bucket_versioning(Bucket=id_, VersioningConfiguration=properties["VersioningConfiguration"])


def _bucket_policy(aws: EmbeddedAWS, _: str, properties: Mapping[str, Any]) -> None:
    client(aws, "s3").put_bucket_policy(
        Bucket=properties["Bucket"], Policy=json.dumps(properties["PolicyDocument"])
    )


DROPPED: tuple[tuple[str, Callable[[EmbeddedAWS, str, Mapping[str, Any]], None]], ...] = (
    ("AWS::EC2::VPC", _dns),
    ("AWS::EC2::SecurityGroup", _group),
    ("AWS::EC2::SecurityGroupIngress", _rule("ingress")),
    ("AWS::EC2::SecurityGroupEgress", _rule("egress")),
    ("AWS::EC2::SubnetRouteTableAssociation", _association),
    ("AWS::S3::Bucket", _bucket),
    ("AWS::S3::BucketPolicy", _bucket_policy),
)
"""What moto 5.2 ignores of each type, or all of it."""
UNKNOWN_TO_MOTO = frozenset(
    {
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::SubnetRouteTableAssociation",  # it is kept beside the table, which does not know of it
        "AWS::S3::BucketPolicy",
    }
)
