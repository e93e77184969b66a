"""What AWS refuses, the embedded AWS refuses: a wrong request fails here and not in production."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from secure_sagemaker.local import EmbeddedAWS
from tests.integration.embedded import (
    IMAGE,
    client,
    cluster,
    refused,
    training_job,
)

REFUSED: dict[str, tuple[str, str, Callable[[EmbeddedAWS], dict[str, Any]], tuple[str, int]]] = {
    "volume key on local storage": (
        "sagemaker",
        "create_training_job",
        lambda aws: training_job(aws, "r1", ResourceConfig=cluster("ml.g5.xlarge", aws.key_arn)),
        ("ValidationException", 400),
    ),
    "volume key on a type of no 'd' and yet local storage": (
        "sagemaker",
        "create_training_job",
        lambda aws: training_job(aws, "r2", ResourceConfig=cluster("ml.p4de.24xlarge", aws.key_arn)),
        ("ValidationException", 400),
    ),
    "volume key on a mixed cluster": (
        "sagemaker",
        "create_training_job",
        lambda aws: training_job(
            aws,
            "r3",
            ResourceConfig={
                "VolumeSizeInGB": 10,
                "VolumeKmsKeyId": aws.key_arn,
                "InstanceGroups": [
                    {"InstanceType": kind, "InstanceCount": 1, "InstanceGroupName": kind[3:5]}
                    for kind in ("ml.m5.xlarge", "ml.g5.xlarge")
                ],
            },
        ),
        ("ValidationException", 400),
    ),
    "volume key of a processing job": (
        "sagemaker",
        "create_processing_job",
        lambda aws: {
            "ProcessingJobName": "r4",
            "ProcessingResources": {"ClusterConfig": cluster("ml.m5d.large", aws.key_arn)},
            "AppSpecification": {"ImageUri": IMAGE},
            "RoleArn": aws.execution_role_arn,
        },
        ("ValidationException", 400),
    ),
    "volume key of a transform job": (
        "sagemaker",
        "create_transform_job",
        lambda aws: {
            "TransformJobName": "r5",
            "ModelName": "m",
            "TransformInput": {
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/k"}}
            },
            "TransformOutput": {"S3OutputPath": "s3://b/o"},
            "TransformResources": {
                "InstanceType": "ml.g5.xlarge",
                "InstanceCount": 1,
                "VolumeKmsKeyId": aws.key_arn,
            },
        },
        ("ValidationException", 400),
    ),
    "volume key of a tuning job": (
        "sagemaker",
        "create_hyper_parameter_tuning_job",
        lambda aws: {
            "HyperParameterTuningJobName": "r6",
            "HyperParameterTuningJobConfig": {
                "Strategy": "Random",
                "ResourceLimits": {"MaxParallelTrainingJobs": 1},
            },
            "TrainingJobDefinitions": [
                {
                    "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
                    "RoleArn": aws.execution_role_arn,
                    "OutputDataConfig": {"S3OutputPath": "s3://b/o"},
                    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
                    "HyperParameterTuningResourceConfig": {
                        "VolumeKmsKeyId": aws.key_arn,
                        "InstanceConfigs": [
                            {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10}
                        ],
                    },
                }
            ],
        },
        ("ValidationException", 400),
    ),
    **{
        f"{member} beside ModelName": (
            "sagemaker",
            "create_endpoint_config",
            lambda aws, member=member, value=value: {  # type: ignore[misc]  # bound in the loop
                "EndpointConfigName": "r7",
                "ProductionVariants": [
                    {
                        "VariantName": "v",
                        "ModelName": "m",
                        "InstanceType": "ml.m5.xlarge",
                        "InitialInstanceCount": 1,
                    }
                ],
                member: value(aws),
            },
            ("ValidationException", 400),
        )
        for member, value in {
            "EnableNetworkIsolation": lambda _: True,
            "ExecutionRoleArn": lambda aws: aws.execution_role_arn,
            "VpcConfig": lambda aws: {
                "Subnets": list(aws.subnets),
                "SecurityGroupIds": list(aws.security_groups),
            },
        }.items()
    },
    "a role that does not exist": (
        "sts",
        "assume_role",
        lambda _: {"RoleArn": "arn:aws:iam::111122223333:role/nobody", "RoleSessionName": "me"},
        ("AccessDenied", 403),
    ),
    "a role of an account that does not exist": (
        "sts",
        "assume_role",
        lambda _: {"RoleArn": "arn:aws:iam::999999999999:role/nobody", "RoleSessionName": "me"},
        ("AccessDenied", 403),
    ),
    "a role that trusts the service only": (
        "sts",
        "assume_role",
        lambda aws: {"RoleArn": aws.execution_role_arn, "RoleSessionName": "me"},
        ("AccessDenied", 403),
    ),
    "a session longer than the role's": (
        "sts",
        "assume_role",
        lambda aws: {"RoleArn": aws.role_arn, "RoleSessionName": "me", "DurationSeconds": 7200},
        ("ValidationError", 400),
    ),
    "a write to somebody else's bucket": (
        "s3",
        "put_object",
        lambda aws: {"Bucket": aws.default_bucket, "Key": "k", "ExpectedBucketOwner": "999999999999"},
        ("AccessDenied", 403),
    ),
    "a copy from somebody else's bucket": (
        "s3",
        "copy_object",
        lambda aws: {
            "Bucket": aws.default_bucket,
            "Key": "k",
            "CopySource": f"{aws.data_bucket}/k",
            "ExpectedSourceBucketOwner": "999999999999",
        },
        ("AccessDenied", 403),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_aws_refuses(aws: EmbeddedAWS, case: str) -> None:
    """What AWS refuses is refused with AWS's code and status, and the request is on record."""
    service, method, parameters, wanted = REFUSED[case]
    refusing = client(aws, service)
    assert refused(lambda: getattr(refusing, method)(**parameters(aws))) == wanted
    assert aws.requests[-1].operation == refusing.meta.method_to_api_mapping[method]


def test_what_aws_accepts_is_accepted(aws: EmbeddedAWS) -> None:
    """The rules hold for their cases only: no key on local storage, a key elsewhere, the right owner."""
    sagemaker, s3 = client(aws, "sagemaker"), client(aws, "s3")
    sagemaker.create_training_job(**training_job(aws, "a1", ResourceConfig=cluster("ml.g5.xlarge", None)))
    sagemaker.create_training_job(
        **training_job(aws, "a2", ResourceConfig=cluster("ml.m5.xlarge", aws.key_arn))
    )
    s3.put_object(Bucket=aws.default_bucket, Key="a", Body=b"", ExpectedBucketOwner="111122223333")
    s3.copy_object(
        Bucket=aws.default_bucket,
        Key="b",
        CopySource={"Bucket": aws.default_bucket, "Key": "a"},
        ExpectedBucketOwner="111122223333",
        ExpectedSourceBucketOwner="111122223333",
    )


TRUST: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    "the account": ({"Principal": {"AWS": "arn:aws:iam::111122223333:root"}}, {}, True),
    "another account": ({"Principal": {"AWS": "arn:aws:iam::999999999999:root"}}, {}, False),
    "another action": ({"Principal": {"AWS": "*"}, "Action": "sts:TagSession"}, {}, False),
    "an external id": (
        {"Principal": {"AWS": "*"}, "Condition": {"StringEquals": {"sts:ExternalId": "x1"}}},
        {"ExternalId": "x1"},
        True,
    ),
    "a wrong external id": (
        {"Principal": {"AWS": "*"}, "Condition": {"StringEquals": {"sts:ExternalId": "x1"}}},
        {"ExternalId": "x2"},
        False,
    ),
    "no external id": (
        {"Principal": {"AWS": "*"}, "Condition": {"StringEquals": {"sts:ExternalId": "x1"}}},
        {},
        False,
    ),
    "no MFA": (
        {"Principal": {"AWS": "*"}, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}},
        {},
        False,
    ),
    "a source identity without its permission": (
        {"Principal": {"AWS": "*"}},
        {"SourceIdentity": "me"},
        False,
    ),
    "session tags without their permission": (
        {"Principal": {"AWS": "*"}},
        {"Tags": [{"Key": "a", "Value": "b"}]},
        False,
    ),
    "session tags": (
        {"Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole", "sts:TagSession"]},
        {"Tags": [{"Key": "a", "Value": "b"}]},
        True,
    ),
}


@pytest.mark.parametrize("case", TRUST)
def test_a_trust_policy_decides(aws: EmbeddedAWS, case: str) -> None:
    """A role is assumed by whom its trust policy names, on its conditions."""
    statement, parameters, allowed = TRUST[case]
    name = case.replace(" ", "-")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", **statement}
    role = client(aws, "iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    sts = client(aws, "sts")

    def call() -> object:
        return sts.assume_role(RoleArn=role["Role"]["Arn"], RoleSessionName="me", **parameters)

    if allowed:
        call()
    else:
        assert refused(call) == ("AccessDenied", 403)


def test_a_bucket_policy_is_held_with_its_conditions(aws: EmbeddedAWS) -> None:
    """A Deny on unencrypted writes refuses those and no others."""
    s3 = client(aws, "s3")
    s3.create_bucket(Bucket="policy", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::policy/*",
        "Condition": {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}},
    }
    s3.put_bucket_policy(Bucket="policy", Policy=json.dumps({"Statement": [deny]}))
    assert refused(lambda: s3.put_object(Bucket="policy", Key="k", Body=b"1")) == ("AccessDenied", 403)
    s3.put_object(Bucket="policy", Key="k", Body=b"2", ServerSideEncryption="aws:kms")
    assert s3.get_object(Bucket="policy", Key="k")["Body"].read() == b"2"


def test_an_unsigned_request_is_refused(aws: EmbeddedAWS) -> None:
    """No bucket is public."""
    url = f"https://{aws.default_bucket}.s3.eu-west-1.amazonaws.com/k"
    answer = URLLib3Session().send(AWSRequest(method="GET", url=url).prepare())
    assert answer.status_code == 403
    assert aws.requests[-1].access_key_id is None
