"""The account that the embedded AWS starts with: what an administrator has made for a team."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import boto3
    from types_boto3_s3.literals import BucketLocationConstraintType

__all__ = ["LAUNCHER", "Account", "build", "make_bucket"]

LAUNCHER = "launcher"
"""The user whose credentials are the ambient ones: it may assume the launcher role, and seeds data."""
LAUNCHER_ROLE = "ml-launcher"
EXECUTION_ROLE = "ml-execution"
KEY_ALIAS = "alias/ml-data"
VPC_CIDR = "10.20.0.0/16"
_OF_A_TEAM = ("kms:*", "logs:*", "s3:*", "sagemaker:*")
_BESIDE_SAGEMAKER = (
    *("athena:*", "cloudwatch:*", "ec2:Describe*", "ecr:*", "events:*", "glue:*", "lambda:*", "scheduler:*"),
    *(
        "macie2:CreateClassificationJob",
        "macie2:Describe*",
        "macie2:Get*",
        "macie2:List*",
        "macie2:TagResource",
    ),
    *("macie2:UpdateClassificationJob", "dynamodb:BatchGetItem", "dynamodb:PutItem"),
    *("iam:GetRole", "iam:ListRoles", "iam:SimulatePrincipalPolicy"),
)
"""What the SDKs and the team's schedules ask of other services."""
INTERFACE_ENDPOINTS = ("sagemaker.api", "sagemaker.runtime", "sts", "kms", "logs", "macie2")


@dataclass(frozen=True, kw_only=True)
class Account:
    """The names of what is in the account."""

    account: str
    region: str
    role_arn: str
    execution_role_arn: str
    mfa_serial: str
    """The launcher's MFA device; each six digits are a right code, once."""
    key_arn: str
    other_key_arn: str
    vpc_id: str
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    vpc_endpoints: tuple[str, ...]
    default_bucket: str
    data_bucket: str


def build(source: boto3.Session, *, account: str) -> Account:
    """Make everything, through the API."""
    region = source.region_name
    partition = source.get_partition_for_region(region)
    role_arn, execution_role_arn = _roles(source, account=account, partition=partition)
    mfa_serial = _mfa_device(source)
    key_arn = _key(source, "Data of the team's jobs")
    other_key_arn = _key(source, "A further key that the team may use")
    source.client("kms").create_alias(AliasName=KEY_ALIAS, TargetKeyId=key_arn)
    vpc_id, subnets, groups, vpc_endpoints = _network(source)
    default_bucket, data_bucket = (f"ml-{kind}-{account}-{region}" for kind in ("work", "data"))
    for bucket in (default_bucket, data_bucket):
        make_bucket(source, bucket, key_arn=key_arn, partition=partition)
    return Account(
        account=account,
        region=region,
        role_arn=role_arn,
        execution_role_arn=execution_role_arn,
        mfa_serial=mfa_serial,
        key_arn=key_arn,
        other_key_arn=other_key_arn,
        vpc_id=vpc_id,
        subnets=subnets,
        security_groups=groups,
        vpc_endpoints=vpc_endpoints,
        default_bucket=default_bucket,
        data_bucket=data_bucket,
    )


def _roles(source: boto3.Session, *, account: str, partition: str) -> tuple[str, str]:
    iam = source.client("iam")
    launcher_may = ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"]
    user = f"arn:{partition}:iam::{account}:user/{LAUNCHER}"
    arns = []
    for name, principal, actions in (
        (LAUNCHER_ROLE, {"AWS": user}, launcher_may),
        (EXECUTION_ROLE, {"Service": "sagemaker.amazonaws.com"}, ["sts:AssumeRole"]),
    ):
        trust = _policy({"Effect": "Allow", "Principal": principal, "Action": actions})
        created = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, MaxSessionDuration=3600)
        arns.append(created["Role"]["Arn"])
    launcher_role, execution_role = arns
    iam.put_role_policy(
        RoleName=LAUNCHER_ROLE,
        PolicyName="launch",
        PolicyDocument=_policy(
            {"Effect": "Allow", "Action": [*_OF_A_TEAM, *_BESIDE_SAGEMAKER], "Resource": "*"},
            {"Effect": "Allow", "Action": "iam:PassRole", "Resource": execution_role},
        ),
    )
    iam.put_role_policy(
        RoleName=EXECUTION_ROLE,
        PolicyName="work",
        PolicyDocument=_policy(
            {"Effect": "Allow", "Action": [*_OF_A_TEAM, *_BESIDE_SAGEMAKER], "Resource": "*"},
            {"Effect": "Allow", "Action": "iam:PassRole", "Resource": execution_role},
            {"Effect": "Allow", "Action": launcher_may, "Resource": launcher_role},
        ),
    )
    return launcher_role, execution_role


def _mfa_device(source: boto3.Session) -> str:
    iam = source.client("iam")
    serial: str = iam.create_virtual_mfa_device(VirtualMFADeviceName=LAUNCHER)["VirtualMFADevice"][
        "SerialNumber"
    ]
    iam.enable_mfa_device(
        UserName=LAUNCHER, SerialNumber=serial, AuthenticationCode1="000001", AuthenticationCode2="000002"
    )
    return serial


def _key(source: boto3.Session, description: str) -> str:
    kms = source.client("kms")
    arn: str = kms.create_key(Description=description)["KeyMetadata"]["Arn"]
    kms.enable_key_rotation(KeyId=arn)
    return arn


def _network(source: boto3.Session) -> tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """A VPC without a way to the internet: its route table knows the VPC itself, and S3 by its endpoint."""
    ec2 = source.client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock=VPC_CIDR)["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=vpc_id, EnableDnsSupport={"Value": True})
    ec2.modify_vpc_attribute(VpcId=vpc_id, EnableDnsHostnames={"Value": True})
    table = ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"]
    zones = [zone["ZoneName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"]]
    subnets = []
    for index, zone in enumerate(zones[:3]):
        created = ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.20.{index}.0/24", AvailabilityZone=zone)
        subnets.append(created["Subnet"]["SubnetId"])
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnets[-1])
    made = ec2.create_security_group(GroupName="ml-jobs", Description="Jobs of the team", VpcId=vpc_id)
    group = made["GroupId"]
    service = f"com.amazonaws.{source.region_name}"
    endpoints = [
        ec2.create_vpc_endpoint(
            VpcId=vpc_id,
            ServiceName=f"{service}.{name}",
            VpcEndpointType="Interface",
            SubnetIds=subnets,
            SecurityGroupIds=[group],
            PrivateDnsEnabled=True,
        )
        for name in INTERFACE_ENDPOINTS
    ]
    endpoints.append(
        ec2.create_vpc_endpoint(
            VpcId=vpc_id, ServiceName=f"{service}.s3", VpcEndpointType="Gateway", RouteTableIds=[table]
        )
    )
    return vpc_id, tuple(subnets), (group,), tuple(one["VpcEndpoint"]["VpcEndpointId"] for one in endpoints)


def make_bucket(
    source: boto3.Session,
    bucket: str,
    *,
    key_arn: str,
    partition: str,
    statements: Sequence[Mapping[str, object]] = (),
) -> None:
    """Make a bucket that is encrypted with a key, closed to the public and open to TLS alone.

    Args:
        source: Makes it.
        bucket: Its name.
        key_arn: The key.
        partition: The bucket's.
        statements: Further ones of its policy.
    """
    s3 = source.client("s3")
    if source.region_name == "us-east-1":
        s3.create_bucket(Bucket=bucket)
    else:
        region = cast("BucketLocationConstraintType", source.region_name)
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
    s3.put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {
                        "SSEAlgorithm": "aws:kms",
                        "KMSMasterKeyID": key_arn,
                    },
                    "BucketKeyEnabled": True,
                }
            ]
        },
    )
    s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
    )
    arn = f"arn:{partition}:s3:::{bucket}"
    tls_only = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=_policy(tls_only, *statements))


def _policy(*statements: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
