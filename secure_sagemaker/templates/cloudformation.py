"""The environment as a CloudFormation template, as data: JSON is its text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from secure_sagemaker.identity.policies import PolicyDocument
from secure_sagemaker.templates.environment import LOG_GROUP, UPLOAD_DAYS, Environment
from secure_sagemaker.templates.skipped import skips
from secure_sagemaker.templates.stands_for import replaced, stand_in_group, stand_in_subnet

__all__ = ["cloudformation"]

_Resource = Mapping[str, object]
_KEPT = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def cloudformation(made: Environment) -> dict[str, object]:
    """The template. Its parameters are the ids of prefix lists, such as S3's, which CloudFormation cannot look up."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "A private environment for SageMaker, from a secure-sagemaker baseline",
        "Parameters": {
            _list_of(gateway.service): {
                "Type": "String",
                "AllowedPattern": "pl-[0-9a-f]+",
                "Description": "From: aws ec2 describe-managed-prefix-lists --filters "
                f"Name=prefix-list-name,Values={made.service(gateway.service)}",
            }
            for gateway in made.gateways
        },
        "Resources": dict(_resources(made)),
        "Outputs": dict(_outputs(made)),
    }


def _ref(name: str) -> dict[str, object]:
    return {"Ref": name}


def _arn(name: str) -> dict[str, object]:
    return {"Fn::GetAtt": [name, "Arn"]}


def _id(text: str) -> str:
    """A logical id of a name, such as ``SagemakerApi`` of ``sagemaker.api``."""
    return "".join(
        part[:1].upper() + part[1:] for part in text.replace(".", "-").replace("_", "-").split("-")
    )


def _list_of(service: str) -> str:
    return f"{_id(service)}PrefixList"


def _resource(kind: str, /, properties: Mapping[str, object], **beside: object) -> _Resource:
    found = skips(kind)
    metadata = {"Metadata": found} if found else {}
    return {"Type": kind, **metadata, **beside, "Properties": dict(properties)}


def _references(made: Environment) -> dict[str, str]:
    return {
        **{key.stands_for: f"${{Key{number}.Arn}}" for number, key in enumerate(made.keys, start=1)},
        **{stand_in_subnet(number): f"${{Subnet{number}}}" for number, _ in enumerate(made.subnets, start=1)},
        stand_in_group(): "${JobsGroup.GroupId}",
    }


def _substitution(parts: list[tuple[str, bool]]) -> object:
    return {"Fn::Sub": "".join(part if refers else part.replace("${", "${!") for part, refers in parts)}


def _policy(document: PolicyDocument, made: Environment) -> object:
    return replaced(document.to_mapping(), _references(made), written=_substitution)


def _resources(made: Environment) -> Iterator[tuple[str, _Resource]]:
    yield from _network(made)
    yield from _groups(made)
    yield from _endpoints(made)
    yield from _roles(made)
    yield from _keys(made)
    yield from _buckets(made)
    yield from _flow_logs(made)


def _network(made: Environment) -> Iterator[tuple[str, _Resource]]:
    yield (
        "Vpc",
        _resource(
            "AWS::EC2::VPC",
            {"CidrBlock": str(made.network), "EnableDnsSupport": True, "EnableDnsHostnames": True},
        ),
    )
    yield "RouteTable", _resource("AWS::EC2::RouteTable", {"VpcId": _ref("Vpc")})
    for number, subnet in enumerate(made.subnets, start=1):
        yield (
            f"Subnet{number}",
            _resource(
                "AWS::EC2::Subnet",
                {
                    "VpcId": _ref("Vpc"),
                    "CidrBlock": str(subnet),
                    "AvailabilityZone": {"Fn::Select": [number - 1, {"Fn::GetAZs": ""}]},
                    "MapPublicIpOnLaunch": False,
                },
            ),
        )
        yield (
            f"Subnet{number}Routes",
            _resource(
                "AWS::EC2::SubnetRouteTableAssociation",
                {"SubnetId": _ref(f"Subnet{number}"), "RouteTableId": _ref("RouteTable")},
            ),
        )


def _groups(made: Environment) -> Iterator[tuple[str, _Resource]]:
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    own = {"IpProtocol": "-1"}
    yield (
        "JobsGroup",
        _resource(
            "AWS::EC2::SecurityGroup",
            {
                "GroupDescription": "Jobs, models and notebooks",
                "VpcId": _ref("Vpc"),
                "SecurityGroupEgress": [
                    {
                        **https,
                        "DestinationPrefixListId": _ref(_list_of(gateway.service)),
                        "Description": f"HTTPS to {gateway.service}",
                    }
                    for gateway in made.gateways
                ],
            },
        ),
    )
    yield (
        "EndpointsGroup",
        _resource(
            "AWS::EC2::SecurityGroup",
            {
                "GroupDescription": "VPC endpoints",
                "VpcId": _ref("Vpc"),
                # Without a rule of its own a group lets out to everywhere.
                "SecurityGroupEgress": [
                    {"IpProtocol": "-1", "CidrIp": "127.0.0.1/32", "Description": "Nowhere"}
                ],
            },
        ),
    )
    for name, way, group, peer, ports, said in (
        ("JobsFromJobs", "Ingress", "JobsGroup", "JobsGroup", own, "Instances of one job"),
        ("JobsToJobs", "Egress", "JobsGroup", "JobsGroup", own, "Instances of one job"),
        ("JobsToEndpoints", "Egress", "JobsGroup", "EndpointsGroup", https, "HTTPS to endpoints"),
        ("EndpointsFromJobs", "Ingress", "EndpointsGroup", "JobsGroup", https, "HTTPS from jobs"),
    ):
        end = "SourceSecurityGroupId" if way == "Ingress" else "DestinationSecurityGroupId"
        yield (
            name,
            _resource(
                f"AWS::EC2::SecurityGroup{way}",
                {
                    "GroupId": {"Fn::GetAtt": [group, "GroupId"]},
                    **ports,
                    end: {"Fn::GetAtt": [peer, "GroupId"]},
                    "Description": said,
                },
            ),
        )


def _endpoints(made: Environment) -> Iterator[tuple[str, _Resource]]:
    subnets = [_ref(f"Subnet{number}") for number, _ in enumerate(made.subnets, start=1)]
    for endpoint in made.interfaces:
        yield (
            f"{_id(endpoint.service)}Endpoint",
            _resource(
                "AWS::EC2::VPCEndpoint",
                {
                    "VpcId": _ref("Vpc"),
                    "VpcEndpointType": "Interface",
                    "ServiceName": made.service(endpoint.service),
                    "SubnetIds": subnets,
                    "SecurityGroupIds": [{"Fn::GetAtt": ["EndpointsGroup", "GroupId"]}],
                    "PrivateDnsEnabled": True,
                    "PolicyDocument": _policy(endpoint.policy, made),
                },
            ),
        )
    for gateway in made.gateways:
        yield (
            f"{_id(gateway.service)}Endpoint",
            _resource(
                "AWS::EC2::VPCEndpoint",
                {
                    "VpcId": _ref("Vpc"),
                    "VpcEndpointType": "Gateway",
                    "ServiceName": made.service(gateway.service),
                    "RouteTableIds": [_ref("RouteTable")],
                    "PolicyDocument": _policy(gateway.policy, made),
                },
            ),
        )


def _roles(made: Environment) -> Iterator[tuple[str, _Resource]]:
    for number, role in enumerate(made.roles, start=1):
        yield (
            f"Role{number}",
            _resource(
                "AWS::IAM::Role",
                {
                    "RoleName": role.name,
                    "Path": role.path,
                    "MaxSessionDuration": role.seconds,
                    "AssumeRolePolicyDocument": _policy(role.trust, made),
                },
            ),
        )
        for part, document in enumerate(role.policies, start=1):
            yield (
                f"Role{number}Policy{part}",
                _resource(
                    "AWS::IAM::ManagedPolicy",
                    {"Roles": [_ref(f"Role{number}")], "PolicyDocument": _policy(document, made)},
                ),
            )


def _keys(made: Environment) -> Iterator[tuple[str, _Resource]]:
    # A key's policy names roles, which must be there before it.
    roles = [f"Role{number}" for number, _ in enumerate(made.roles, start=1)]
    for number, key in enumerate(made.keys, start=1):
        yield (
            f"Key{number}",
            _resource(
                "AWS::KMS::Key",
                {
                    "Description": f"{key.alias}, for SageMaker's data",
                    "EnableKeyRotation": True,
                    "KeyPolicy": _policy(key.policy, made),
                },
                DependsOn=roles,
                **_KEPT,
            ),
        )
        yield (
            f"Key{number}Alias",
            _resource("AWS::KMS::Alias", {"AliasName": key.alias, "TargetKeyId": _ref(f"Key{number}")}),
        )


def _buckets(made: Environment) -> Iterator[tuple[str, _Resource]]:
    references = _references(made)
    for number, bucket in enumerate(made.buckets, start=1):
        key = (
            {"KMSMasterKeyID": replaced(bucket.key, references, written=_substitution)} if bucket.key else {}
        )
        yield (
            f"Bucket{number}",
            _resource(
                "AWS::S3::Bucket",
                {
                    "BucketName": bucket.name,
                    "BucketEncryption": {
                        "ServerSideEncryptionConfiguration": [
                            {
                                "BucketKeyEnabled": True,
                                "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", **key},
                            }
                        ]
                    },
                    "LifecycleConfiguration": {
                        "Rules": [
                            {
                                "Id": "unfinished-uploads",
                                "Status": "Enabled",
                                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": UPLOAD_DAYS},
                            }
                        ]
                    },
                    "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                    "PublicAccessBlockConfiguration": {
                        "BlockPublicAcls": True,
                        "BlockPublicPolicy": True,
                        "IgnorePublicAcls": True,
                        "RestrictPublicBuckets": True,
                    },
                    "VersioningConfiguration": {"Status": "Enabled"},
                },
                **_KEPT,
            ),
        )
        yield (
            f"Bucket{number}Policy",
            _resource(
                "AWS::S3::BucketPolicy",
                {"Bucket": _ref(f"Bucket{number}"), "PolicyDocument": _policy(bucket.policy, made)},
            ),
        )


def _flow_logs(made: Environment) -> Iterator[tuple[str, _Resource]]:
    yield (
        "LogsKey",
        _resource(
            "AWS::KMS::Key",
            {
                "Description": "Flow logs",
                "EnableKeyRotation": True,
                "KeyPolicy": _policy(made.logs_key_policy, made),
            },
            **_KEPT,
        ),
    )
    yield (
        "LogGroup",
        _resource(
            "AWS::Logs::LogGroup",
            {"LogGroupName": LOG_GROUP, "KmsKeyId": _arn("LogsKey"), "RetentionInDays": 365},
            **_KEPT,
        ),
    )
    yield (
        "LogsRole",
        _resource(
            "AWS::IAM::Role",
            {
                "AssumeRolePolicyDocument": _policy(made.logs_trust, made),
                "Policies": [{"PolicyName": "flow-logs", "PolicyDocument": _policy(made.logs_policy, made)}],
            },
        ),
    )
    yield (
        "FlowLogs",
        _resource(
            "AWS::EC2::FlowLog",
            {
                "ResourceType": "VPC",
                "ResourceId": _ref("Vpc"),
                "TrafficType": "ALL",
                "LogDestinationType": "cloud-watch-logs",
                "LogGroupName": _ref("LogGroup"),
                "DeliverLogsPermissionArn": _arn("LogsRole"),
            },
        ),
    )


def _outputs(made: Environment) -> Iterator[tuple[str, _Resource]]:
    """What the baseline then names."""
    subnets = [_ref(f"Subnet{number}") for number, _ in enumerate(made.subnets, start=1)]
    yield "VpcId", {"Description": "vpc.vpc_id of the baseline", "Value": _ref("Vpc")}
    yield "Subnets", {"Description": "vpc.subnets", "Value": {"Fn::Join": [",", subnets]}}
    yield (
        "SecurityGroups",
        {"Description": "vpc.security_groups", "Value": {"Fn::GetAtt": ["JobsGroup", "GroupId"]}},
    )
    for number, key in enumerate(made.keys, start=1):
        yield f"Key{number}Arn", {"Description": f"The key of {key.alias}", "Value": _arn(f"Key{number}")}
