"""What a refusal's test is: a request that AWS refuses, one beside it that it takes, and the account they need."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

from secure_sagemaker.local import EmbeddedAWS
from tests.integration.embedded import client, session_of

__all__ = ["ACCOUNT", "Case", "World", "world_in"]

ACCOUNT = "111122223333"
_numbers = itertools.count()


@dataclass(frozen=True, kw_only=True)
class World:
    """The account with what the cases are about."""

    aws: EmbeddedAWS
    disabled_key: str
    pending_key: str
    elsewhere_key: str
    signing_key: str
    other_subnet: str
    other_group: str
    untrusting_role: str
    """A role that trusts a user and not SageMaker."""
    open_bucket: str
    """Public access is not blocked, access control lists are on, customer-provided keys are permitted."""
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)

    def __getattr__(self, service: str) -> Any:
        """The launcher's client of a service."""
        if service.startswith("_"):
            raise AttributeError(service)
        if service not in self._clients:
            once = Config(retries={"total_max_attempts": 1})
            # A user's own keys may do all that temporary ones may, and give MFA codes.
            self._clients[service] = self.aws.user.client(service, config=once)  # type: ignore[call-overload]  # by name
        return self._clients[service]

    @property
    def bucket(self) -> str:
        return self.aws.default_bucket

    def bucket_with(self, key: str | None = None, *, policy: Mapping[str, object] | None = None) -> str:
        """A new bucket with that default key and that policy."""
        name = f"refusals-{next(_numbers)}"
        self.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": self.aws.region})
        if key is not None:
            default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
            rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
            self.s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=rules)
        if policy is not None:
            self.s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Statement": [policy]}))
        return name

    def object_under(self, state: str) -> str:
        """The key of an object whose KMS key was disabled, or is about to go, after it was written."""
        key = self.kms.create_key()["KeyMetadata"]["KeyId"]
        name = f"under-{key}"
        self.s3.put_object(
            Bucket=self.bucket, Key=name, Body=b"1", ServerSideEncryption="aws:kms", SSEKMSKeyId=key
        )
        if state == "disabled":
            self.kms.disable_key(KeyId=key)
        elif state == "pending":
            self.kms.schedule_key_deletion(KeyId=key)
        return name

    def role(self, statement: Mapping[str, object], *, seconds: int = 3600) -> str:
        """A role with a trust policy of one statement, who may do everything."""
        name = f"refusals-{next(_numbers)}"
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", **statement}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        made = self.iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=document, MaxSessionDuration=seconds
        )
        everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        self.iam.put_role_policy(
            RoleName=name,
            PolicyName="everything",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [everything]}),
        )
        return str(made["Role"]["Arn"])

    def assumed(self, role: str | None = None, **parameters: object) -> boto3.Session:
        """A session of a role, by default of the account's launcher role."""
        answer = self.sts.assume_role(RoleArn=role or self.aws.role_arn, RoleSessionName="me", **parameters)
        return session_of(answer["Credentials"])


Request = Callable[[World], object]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One refusal of one rule, and its neighbour."""

    rule: str
    """The rule's id."""
    refused: Request
    accepted: Request
    """The nearest request that AWS takes."""
    says: str
    """A part of the message, as a regular expression."""
    needs: tuple[str, str] | None = None
    """A shape and a member of SageMaker's that botocore must know to send it."""
    name: str = ""
    """What tells it from the rule's other cases."""

    @property
    def id(self) -> str:
        return f"{self.rule}-{self.name}" if self.name else self.rule


def world_in(aws: EmbeddedAWS) -> World:
    """The account, with what the cases are about made in it."""
    kms, ec2, iam, s3 = (client(aws, service) for service in ("kms", "ec2", "iam", "s3"))
    disabled, pending = (kms.create_key()["KeyMetadata"] for _ in range(2))
    kms.disable_key(KeyId=disabled["KeyId"])
    kms.schedule_key_deletion(KeyId=pending["KeyId"])
    elsewhere = client(aws, "kms", region_name="us-east-1").create_key()["KeyMetadata"]["Arn"]
    signing = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")["KeyMetadata"]["Arn"]
    vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.99.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="other", Description="other", VpcId=vpc)["GroupId"]
    user = f"arn:aws:iam::{ACCOUNT}:user/launcher"
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": user}}
    untrusting = iam.create_role(
        RoleName="untrusting", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]})
    )
    location = {"LocationConstraint": aws.region}
    s3.create_bucket(
        Bucket="open-bucket", CreateBucketConfiguration=location, ObjectOwnership="BucketOwnerPreferred"
    )
    s3.delete_public_access_block(Bucket="open-bucket")
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    permitted = {**default, "BlockedEncryptionTypes": {"EncryptionType": ["NONE"]}}
    s3.put_bucket_encryption(Bucket="open-bucket", ServerSideEncryptionConfiguration={"Rules": [permitted]})
    return World(
        aws=aws,
        disabled_key=disabled["Arn"],
        pending_key=pending["Arn"],
        elsewhere_key=elsewhere,
        signing_key=signing,
        other_subnet=subnet,
        other_group=group,
        untrusting_role=untrusting["Role"]["Arn"],
        open_bucket="open-bucket",
    )
