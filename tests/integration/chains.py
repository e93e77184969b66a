"""Chains of things in the embedded account, each named by the one before it, and the calls that put one to use."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from secure_sagemaker.local import EmbeddedAWS
from tests.integration.embedded import IMAGE, client

MODEL = "model.tar.gz"
ELSEWHERE = "somebody-elses-bucket"
_NUMBERS = itertools.count()


@dataclass(frozen=True, kw_only=True)
class Chain:
    """An endpoint, its config, its model, its package and the artefact's bucket, of one name."""

    aws: EmbeddedAWS
    name: str
    package: str
    """Its ARN."""


def stand(aws: EmbeddedAWS, *, bad: str = "") -> Chain:
    """Make a chain with a plain client: as the baseline wants it, but for one link."""
    plain, name = client(aws, "sagemaker"), f"chain-{next(_NUMBERS)}"
    s3 = client(aws, "s3")
    if ELSEWHERE not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=ELSEWHERE, CreateBucketConfiguration={"LocationConstraint": aws.region})
    bucket = ELSEWHERE if bad == "bucket" else aws.default_bucket
    s3.put_object(Bucket=bucket, Key=MODEL, Body=b"weights")
    package = plain.create_model_package(
        ModelPackageName=name,
        InferenceSpecification={
            "Containers": [
                {
                    "Image": "docker.io/somebody/churn:1" if bad == "image" else IMAGE,
                    "ModelDataUrl": f"s3://{bucket}/{MODEL}",
                }
            ],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
        **({} if bad == "package" else {"SecurityConfig": {"KmsKeyId": aws.key_arn}}),
    )["ModelPackageArn"]
    plain.create_model(
        ModelName=name,
        ExecutionRoleArn=aws.execution_role_arn,
        PrimaryContainer={"ModelPackageName": package},
        EnableNetworkIsolation=bad != "model",
        VpcConfig={"Subnets": list(aws.subnets), "SecurityGroupIds": list(aws.security_groups)},
    )
    variant = {"VariantName": "all", "ModelName": name, "InstanceType": "ml.m5.xlarge"}
    plain.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[{**variant, "InitialInstanceCount": 2, "EnableSSMAccess": bad == "config"}],
        KmsKeyId=aws.key_arn,
    )
    plain.create_endpoint(EndpointName=name, EndpointConfigName=name)
    return Chain(aws=aws, name=name, package=package)


LINKS = {
    "config": ("ssm-access", "endpoint-config/{name}: ProductionVariants[0].EnableSSMAccess"),
    "model": ("network-isolation", "model/{name}: EnableNetworkIsolation"),
    "package": ("kms-resource-key", "model-package/{name}: SecurityConfig.KmsKeyId"),
    "image": ("container-image", "model-package/{name}: InferenceSpecification.Containers[0].Image"),
    "bucket": ("data-perimeter", "model-package/{name}: InferenceSpecification.Containers[0].ModelDataUrl"),
}
"""The link that is bad, to the control that says so and the end of the path."""

On = Callable[[str], Any]
"""Makes a client of the session by its service."""
Start = Callable[[On, Chain], object]


def _definition(chain: Chain) -> dict[str, Any]:
    return {
        "JobDefinitionName": f"{chain.name}-{next(_NUMBERS)}",
        "DataQualityAppSpecification": {"ImageUri": IMAGE},
        "DataQualityJobInput": {
            "EndpointInput": {"EndpointName": chain.name, "LocalPath": "/opt/ml/processing/input"}
        },
        "DataQualityJobOutputConfig": {
            "KmsKeyId": chain.aws.key_arn,
            "MonitoringOutputs": [
                {"S3Output": {"S3Uri": f"s3://{chain.aws.default_bucket}/m", "LocalPath": "/opt/ml/out"}}
            ],
        },
        "JobResources": {
            "ClusterConfig": {
                "InstanceType": "ml.m5.xlarge",
                "InstanceCount": 1,
                "VolumeSizeInGB": 10,
                "VolumeKmsKeyId": chain.aws.key_arn,
            }
        },
        "NetworkConfig": {
            "EnableInterContainerTrafficEncryption": True,
            "EnableNetworkIsolation": True,
            "VpcConfig": {
                "Subnets": list(chain.aws.subnets),
                "SecurityGroupIds": list(chain.aws.security_groups),
            },
        },
        "RoleArn": chain.aws.execution_role_arn,
    }


def _by_definition(on: On, chain: Chain) -> None:
    definition = _definition(chain)
    client(chain.aws, "sagemaker").create_data_quality_job_definition(**definition)
    on("sagemaker").create_monitoring_schedule(
        MonitoringScheduleName=definition["JobDefinitionName"],
        MonitoringScheduleConfig={
            "MonitoringJobDefinitionName": definition["JobDefinitionName"],
            "MonitoringType": "DataQuality",
            "ScheduleConfig": {"ScheduleExpression": "cron(0 * ? * * *)"},
        },
    )


def _transform(on: On, chain: Chain) -> None:
    place = f"s3://{chain.aws.default_bucket}/data/"
    client(chain.aws, "s3").put_object(Bucket=chain.aws.default_bucket, Key="data/1", Body=b"1")
    on("sagemaker").create_transform_job(
        TransformJobName=f"{chain.name}-{next(_NUMBERS)}",
        ModelName=chain.name,
        TransformInput={"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": place}}},
        TransformOutput={"S3OutputPath": place},
        TransformResources={"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
    )


def variant(chain: Chain) -> dict[str, Any]:
    return {
        "VariantName": "all",
        "ModelName": chain.name,
        "InstanceType": "ml.m5.xlarge",
        "InitialInstanceCount": 2,
    }


STARTS: dict[str, tuple[str, Start]] = {
    "CreateEndpoint": (
        "config",
        lambda on, chain: on("sagemaker").create_endpoint(
            EndpointName=f"{chain.name}-{next(_NUMBERS)}", EndpointConfigName=chain.name
        ),
    ),
    "UpdateEndpoint": (
        "config",
        lambda on, chain: on("sagemaker").update_endpoint(
            EndpointName=chain.name, EndpointConfigName=chain.name
        ),
    ),
    "CreateInferenceExperiment": (
        "config",
        lambda on, chain: on("sagemaker").create_inference_experiment(
            Name=f"{chain.name}-{next(_NUMBERS)}",
            Type="ShadowMode",
            RoleArn=chain.aws.execution_role_arn,
            EndpointName=chain.name,
            ModelVariants=[
                {
                    "ModelName": chain.name,
                    "VariantName": "all",
                    "InfrastructureConfig": {
                        "InfrastructureType": "RealTimeInference",
                        "RealTimeInferenceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
                    },
                }
            ],
            ShadowModeConfig={
                "SourceModelVariantName": "all",
                "ShadowModelVariants": [{"ShadowModelVariantName": "all", "SamplingPercentage": 1}],
            },
        ),
    ),
    "CreateInferenceRecommendationsJob": (
        "config",
        lambda on, chain: on("sagemaker").create_inference_recommendations_job(
            JobName=f"{chain.name}-{next(_NUMBERS)}",
            JobType="Default",
            RoleArn=chain.aws.execution_role_arn,
            InputConfig={
                "Endpoints": [{"EndpointName": chain.name}],
                "ModelPackageVersionArn": chain.package,
            },
        ),
    ),
    "CreateDataQualityJobDefinition": (
        "config",
        lambda on, chain: on("sagemaker").create_data_quality_job_definition(**_definition(chain)),
    ),
    "CreateMonitoringSchedule": ("config", _by_definition),
    "InvokeEndpoint": (
        "config",
        lambda on, chain: on("sagemaker-runtime").invoke_endpoint(EndpointName=chain.name, Body=b"1"),
    ),
    "CreateEndpointConfig": (
        "model",
        lambda on, chain: on("sagemaker").create_endpoint_config(
            EndpointConfigName=f"{chain.name}-{next(_NUMBERS)}", ProductionVariants=[variant(chain)]
        ),
    ),
    "CreateTransformJob": ("model", _transform),
    "CreateOptimizationJob": (
        "model",
        lambda on, chain: on("sagemaker").create_optimization_job(
            OptimizationJobName=f"{chain.name}-{next(_NUMBERS)}",
            RoleArn=chain.aws.execution_role_arn,
            ModelSource={"SageMakerModel": {"ModelName": chain.name}},
            DeploymentInstanceType="ml.g5.xlarge",
            OptimizationConfigs=[{"ModelQuantizationConfig": {"Image": IMAGE}}],
            OutputConfig={"S3OutputLocation": f"s3://{chain.aws.default_bucket}/optimised"},
            StoppingCondition={"MaxRuntimeInSeconds": 900},
        ),
    ),
    "CreateModel": (
        "package",
        lambda on, chain: on("sagemaker").create_model(
            ModelName=f"{chain.name}-{next(_NUMBERS)}",
            PrimaryContainer={"ModelPackageName": chain.package},
        ),
    ),
}
"""Calls by which a chain is put to use, and the first link that each leads to."""
