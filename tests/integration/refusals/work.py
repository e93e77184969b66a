"""Cases of SageMaker."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from tests.integration.embedded import IMAGE, cluster, training_job
from tests.integration.refusals.case import ACCOUNT, Case, World

__all__ = ["CASES"]

FOREIGN_ROLE = "arn:aws:iam::999999999999:role/ml-execution"
_numbers = itertools.count()


def fresh(kind: str) -> str:
    return f"{kind}-{next(_numbers)}"


def train(world: World, **members: object) -> object:
    return world.sagemaker.create_training_job(**training_job(world.aws, fresh("job"), **members))


def outputs(world: World, **members: object) -> dict[str, object]:
    return {"S3OutputPath": f"s3://{world.bucket}/out", **members}


def process(world: World, **members: object) -> object:
    job = {
        "ProcessingJobName": fresh("job"),
        "ProcessingResources": {"ClusterConfig": cluster("ml.m5.xlarge", None)},
        "AppSpecification": {"ImageUri": IMAGE},
        "RoleArn": world.aws.execution_role_arn,
        **members,
    }
    return world.sagemaker.create_processing_job(**job)


def model(world: World, **members: object) -> str:
    name = fresh("model")
    stated = {
        "ExecutionRoleArn": world.aws.execution_role_arn,
        "PrimaryContainer": {"Image": IMAGE},
        **members,
    }
    world.sagemaker.create_model(ModelName=name, **stated)
    return name


def transform(world: World, *, of: str | None = None, kind: str = "ml.m5.xlarge", **more: object) -> object:
    world.s3.put_object(Bucket=world.bucket, Key="in/1", Body=b"1")
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{world.bucket}/in"}}
    return world.sagemaker.create_transform_job(
        TransformJobName=fresh("job"),
        ModelName=of or model(world),
        TransformInput={"DataSource": source},
        TransformOutput={"S3OutputPath": f"s3://{world.bucket}/out"},
        TransformResources={"InstanceType": kind, "InstanceCount": 1, **more},
    )


def tune(world: World, *types: str, key: str | None) -> object:
    resources = {
        "InstanceConfigs": [
            {"InstanceType": kind, "InstanceCount": 1, "VolumeSizeInGB": 10} for kind in types
        ]
    }
    return world.sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=fresh("job"),
        HyperParameterTuningJobConfig={
            "Strategy": "Random",
            "ResourceLimits": {"MaxParallelTrainingJobs": 1},
        },
        TrainingJobDefinitions=[
            {
                "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
                "RoleArn": world.aws.execution_role_arn,
                "OutputDataConfig": outputs(world),
                "StoppingCondition": {"MaxRuntimeInSeconds": 60},
                "HyperParameterTuningResourceConfig": {
                    **resources,
                    **({} if key is None else {"VolumeKmsKeyId": key}),
                },
            }
        ],
    )


def groups(world: World, *types: str) -> object:
    stated = [
        {"InstanceType": kind, "InstanceCount": 1, "InstanceGroupName": kind.split(".")[1]} for kind in types
    ]
    resources = {"VolumeSizeInGB": 10, "VolumeKmsKeyId": world.aws.key_arn, "InstanceGroups": stated}
    return train(world, ResourceConfig=resources)


def notebook(world: World, **members: object) -> object:
    stated = {"InstanceType": "ml.t3.medium", "RoleArn": world.aws.execution_role_arn, **members}
    return world.sagemaker.create_notebook_instance(NotebookInstanceName=fresh("notebook"), **stated)


def vpc(world: World, *, subnets: list[str] | None = None, groups: list[str] | None = None) -> dict[str, Any]:
    return {
        "Subnets": subnets or list(world.aws.subnets),
        "SecurityGroupIds": groups or list(world.aws.security_groups),
    }


def domain(world: World, **members: object) -> object:
    stated = {
        "AuthMode": "IAM",
        "DefaultUserSettings": {"ExecutionRole": world.aws.execution_role_arn},
        "SubnetIds": list(world.aws.subnets),
        "VpcId": world.aws.vpc_id,
        **members,
    }
    return world.sagemaker.create_domain(DomainName=fresh("domain"), **stated)


def variant(**members: object) -> dict[str, object]:
    return {"VariantName": fresh("v"), **members}


def on_instances(world: World, name: str | None = None) -> dict[str, object]:
    named = {} if name is None else {"ModelName": name}
    return variant(InstanceType="ml.m5.xlarge", InitialInstanceCount=1, **named)


def serverless(world: World, **members: object) -> dict[str, object]:
    return variant(
        ModelName=model(world, **members), ServerlessConfig={"MemorySizeInMB": 2048, "MaxConcurrency": 1}
    )


def endpoint(world: World, *variants: Mapping[str, object], **members: object) -> object:
    return world.sagemaker.create_endpoint_config(
        EndpointConfigName=fresh("config"), ProductionVariants=list(variants), **members
    )


def capture(world: World, *, enabled: bool) -> dict[str, Any]:
    return {
        "DataCaptureConfig": {
            "EnableCapture": enabled,
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": f"s3://{world.bucket}/captured",
            "CaptureOptions": [{"CaptureMode": "Input"}],
        }
    }


def channel(uri: str, **more: str) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, **more}
    return {"InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": source}}]}


def seeded(world: World, key: str) -> str:
    world.s3.put_object(Bucket=world.bucket, Key=key, Body=b"1")
    return f"s3://{world.bucket}/{key}"


def packaged(world: World, uri: str) -> str:
    return model(world, PrimaryContainer={"Image": IMAGE, "ModelDataUrl": uri})


def chained(world: World) -> str:
    """A model of what an earlier job was told to write."""
    place = f"s3://{world.bucket}/{fresh('chained')}"
    train(world, OutputDataConfig={"S3OutputPath": place})
    return packaged(world, f"{place}/job/output/model.tar.gz")


def hyperpod(world: World, *, member: str = "InstanceGroups", **members: object) -> object:
    storage = [{"EbsVolumeConfig": {"VolumeSizeInGB": 10, "VolumeKmsKeyId": world.aws.key_arn}}]
    group: dict[str, object] = {
        "InstanceGroupName": "g",
        "InstanceType": "ml.m5.xlarge",
        "InstanceCount": 1,
        "ExecutionRole": world.aws.execution_role_arn,
        "InstanceStorageConfigs": storage,
    }
    if member == "InstanceGroups":
        script = {"SourceS3Uri": f"s3://{world.bucket}/scripts", "OnCreate": "on_create.sh"}
        group["LifeCycleConfig"] = script
    else:
        group["EnvironmentConfig"] = {}
        if "without_key" in members:
            group["InstanceStorageConfigs"] = [{"EbsVolumeConfig": {"VolumeSizeInGB": 10}}]
    members.pop("without_key", None)
    return world.sagemaker.create_cluster(ClusterName=fresh("cluster"), **{member: [group]}, **members)


def grouped_package(world: World, **members: object) -> object:
    group = fresh("group")
    world.sagemaker.create_model_package_group(ModelPackageGroupName=group)
    return world.sagemaker.create_model_package(
        ModelPackageGroupName=group, ModelPackageDescription="1", **members
    )


def execution(world: World, **members: object) -> object:
    name = fresh("pipeline")
    world.sagemaker.create_pipeline(
        PipelineName=name,
        RoleArn=world.aws.execution_role_arn,
        PipelineDefinition='{"Version": "2020-12-01", "Steps": []}',
        ClientRequestToken="t" * 32,
    )
    return world.sagemaker.start_pipeline_execution(PipelineName=name, **members)


def key_places() -> dict[str, Callable[[World, str], object]]:
    return {
        "volume": lambda world, key: train(world, ResourceConfig=cluster("ml.m5.xlarge", key)),
        "output": lambda world, key: train(world, OutputDataConfig=outputs(world, KmsKeyId=key)),
        "notebook": lambda world, key: notebook(world, KmsKeyId=key),
        "endpoint": lambda world, key: endpoint(world, on_instances(world, model(world)), KmsKeyId=key),
        "transform": lambda world, key: transform(world, VolumeKmsKeyId=key),
        "tuning": lambda world, key: tune(world, "ml.m5.xlarge", key=key),
        "domain": lambda world, key: domain(world, KmsKeyId=key),
    }


def local_storage(name: str, refused: Callable[[World], object], accepted: Callable[[World], object]) -> Case:
    return Case(
        rule="sagemaker-local-storage-key",
        name=name,
        refused=refused,
        accepted=accepted,
        says="VolumeKmsKeyId is not supported for instance type ml",
    )


def read_by_groups(world: World, **channels: list[str] | None) -> dict[str, Any]:
    """A job of two groups of instances, with channels that say which of them read it, or do not."""
    uri = seeded(world, "groups/1.csv")
    sources = {
        name: {"S3DataType": "S3Prefix", "S3Uri": uri} | ({"InstanceGroupNames": groups} if groups else {})
        for name, groups in channels.items()
    }
    instances = [
        {"InstanceGroupName": name, "InstanceType": "ml.m5.xlarge", "InstanceCount": 1}
        for name in ("cpu", "gpu")
    ]
    return {
        "ResourceConfig": {"InstanceGroups": instances, "VolumeSizeInGB": 10},
        "InputDataConfig": [
            {"ChannelName": name, "DataSource": {"S3DataSource": source}} for name, source in sources.items()
        ],
    }


CASES: tuple[Case, ...] = (
    *(
        Case(
            rule="sagemaker-constraints",
            name=name,
            refused=lambda world, bad=bad: bad(world),
            accepted=lambda world, good=good: good(world),
            says=says,
        )
        for name, bad, good, says in (
            (
                "instance-type",
                lambda world: train(world, ResourceConfig=cluster("ml.m5.huge", None)),
                lambda world: train(world, ResourceConfig=cluster("ml.m5.large", None)),
                r"Value 'ml\.m5\.huge' at 'resourceConfig\.instanceType' .*enum value set: \[ml\.",
            ),
            (
                "subnets",
                lambda world: train(world, VpcConfig=vpc(world, subnets=[world.aws.subnets[0]] * 17)),
                lambda world: train(world, VpcConfig=vpc(world)),
                "at 'vpcConfig.subnets' .*less than or equal to 16",
            ),
            (
                "security-groups",
                lambda world: train(world, VpcConfig=vpc(world, groups=[world.aws.security_groups[0]] * 6)),
                lambda world: train(world, VpcConfig=vpc(world, groups=[world.aws.security_groups[0]])),
                "at 'vpcConfig.securityGroupIds' .*less than or equal to 5",
            ),
            (
                "several",
                lambda world: world.sagemaker.create_model(
                    ModelName=f"{'a' * 70}_", PrimaryContainer={"Image": IMAGE}
                ),
                lambda world: model(world),
                "^2 validation errors detected: .*less than or equal to 63; .*regular expression pattern",
            ),
        )
    ),
    # Roles.
    Case(
        rule="sagemaker-foreign-role",
        refused=lambda world: train(world, RoleArn=FOREIGN_ROLE),
        accepted=train,
        says="Cross-account pass role is not allowed",
    ),
    *(
        Case(
            rule="sagemaker-model-role",
            name=name,
            refused=lambda world, role=role: model(world, ExecutionRoleArn=role(world)),
            accepted=model,
            says="The execution role ARN .* is invalid",
        )
        for name, role in (
            ("unknown", lambda world: f"{world.untrusting_role}-not"),
            ("untrusting", lambda world: world.untrusting_role),
        )
    ),
    *(
        Case(
            rule="sagemaker-role",
            name=f"{name}-{kind}",
            refused=lambda world, call=call, role=role: call(world, role(world)),
            accepted=lambda world, call=call: call(world, world.aws.execution_role_arn),
            says="Could not assume role .* allows principal 'sagemaker.amazonaws.com'",
        )
        for kind, role in (
            ("unknown", lambda world: f"{world.untrusting_role}-not"),
            ("untrusting", lambda world: world.untrusting_role),
        )
        for name, call in (
            ("training", lambda world, role: train(world, RoleArn=role)),
            ("processing", lambda world, role: process(world, RoleArn=role)),
            ("notebook", lambda world, role: notebook(world, RoleArn=role)),
            ("domain", lambda world, role: domain(world, DefaultUserSettings={"ExecutionRole": role})),
        )
    ),
    Case(
        rule="sagemaker-role",
        name="confused-deputy",
        refused=lambda world: train(
            world,
            RoleArn=world.role(
                {
                    "Principal": {"Service": "sagemaker.amazonaws.com"},
                    "Condition": {"StringEquals": {"aws:SourceAccount": "999999999999"}},
                }
            ),
        ),
        accepted=lambda world: train(
            world,
            RoleArn=world.role(
                {
                    "Principal": {"Service": ["ec2.amazonaws.com", "sagemaker.amazonaws.com"]},
                    "Condition": {
                        "StringEquals": {"aws:SourceAccount": ACCOUNT},
                        "ArnLike": {"aws:SourceArn": f"arn:aws:sagemaker:*:{ACCOUNT}:*"},
                    },
                }
            ),
        ),
        says="Could not assume role",
    ),
    Case(
        rule="sagemaker-role",
        name="of-the-model",
        refused=lambda world: transform(world, of=orphaned(world)),
        accepted=transform,
        says="Could not assume role",
    ),
    # Keys.
    *(
        Case(
            rule=f"sagemaker-{rule}",
            name=name,
            refused=lambda world, call=call, key=key: call(world, key(world)),
            accepted=lambda world, call=call: call(world, world.aws.key_alias),
            says=says,
        )
        for rule, key, says in (
            ("key-elsewhere", lambda world: world.elsewhere_key, "Invalid arn us-east-1"),
            ("unknown-key", lambda world: world.aws.key_arn[:-12] + "000000000000", "does not exist"),
            ("disabled-key", lambda world: world.disabled_key, "is disabled"),
            ("pending-key", lambda world: world.pending_key, "is pending deletion"),
        )
        for name, call in (
            key_places() if rule == "unknown-key" else {"volume": key_places()["volume"]}
        ).items()
    ),
    Case(
        rule="sagemaker-unknown-key",
        name="alias",
        refused=lambda world: notebook(world, KmsKeyId="alias/nobody"),
        accepted=lambda world: notebook(world, KmsKeyId="alias/aws/ebs"),
        says="alias/nobody is not found",
    ),
    # Networks.
    *(
        Case(
            rule=rule,
            name=name,
            refused=lambda world, call=call, bad=bad: call(world, bad(world)),
            accepted=lambda world, call=call: call(world, vpc(world)),
            says=says,
        )
        for rule, bad, says in (
            (
                "sagemaker-unknown-subnet",
                lambda world: vpc(world, subnets=["subnet-0fedcba9876543210"]),
                "subnet ID 'subnet-0fedcba9876543210' does not exist",
            ),
            (
                "sagemaker-unknown-security-group",
                lambda world: vpc(world, groups=["sg-0fedcba9876543210"]),
                "security group 'sg-0fedcba9876543210' does not exist",
            ),
            (
                "sagemaker-mixed-networks",
                lambda world: vpc(world, subnets=[*world.aws.subnets, world.other_subnet]),
                "belong to different networks",
            ),
        )
        for name, call in (
            ("training", lambda world, config: train(world, VpcConfig=config)),
            ("model", lambda world, config: model(world, VpcConfig=config)),
            ("processing", lambda world, config: process(world, NetworkConfig={"VpcConfig": config})),
        )
    ),
    Case(
        rule="sagemaker-mixed-networks",
        name="group",
        refused=lambda world: notebook(
            world, SubnetId=world.aws.subnets[0], SecurityGroupIds=[world.other_group]
        ),
        accepted=lambda world: notebook(
            world, SubnetId=world.other_subnet, SecurityGroupIds=[world.other_group]
        ),
        says="belong to different networks",
    ),
    Case(
        rule="sagemaker-mixed-networks",
        name="domain",
        refused=lambda world: domain(world, SubnetIds=[world.other_subnet]),
        accepted=lambda world: domain(world, SubnetIds=[world.aws.subnets[0]]),
        says="belong to different networks",
    ),
    # Directory buckets.
    *(
        Case(
            rule="sagemaker-directory-bucket-key",
            name=name,
            refused=lambda world, call=call: call(world, {"KmsKeyId": world.aws.key_arn}),
            accepted=lambda world, call=call: call(world, {}),
            says="KMS key is not supported for Amazon S3 Express One Zone",
        )
        for name, call in (
            (
                "training",
                lambda world, key: train(
                    world, OutputDataConfig={"S3OutputPath": "s3://fast--euw1-az1--x-s3/out", **key}
                ),
            ),
            (
                "processing",
                lambda world, key: process(
                    world,
                    ProcessingOutputConfig={
                        "Outputs": [
                            {
                                "OutputName": "o",
                                "S3Output": {
                                    "S3Uri": "s3://fast--euw1-az1--x-s3/out",
                                    "LocalPath": "/opt/ml/processing/o",
                                    "S3UploadMode": "EndOfJob",
                                },
                            }
                        ],
                        **key,
                    },
                ),
            ),
        )
    ),
    # Volumes.
    local_storage(
        "training",
        lambda world: train(world, ResourceConfig=cluster("ml.g5.xlarge", world.aws.key_arn)),
        lambda world: train(world, ResourceConfig=cluster("ml.g5.xlarge", None)),
    ),
    local_storage(
        "no-d-in-its-name",
        lambda world: train(world, ResourceConfig=cluster("ml.p4de.24xlarge", world.aws.key_arn)),
        lambda world: train(world, ResourceConfig=cluster("ml.c5.18xlarge", world.aws.key_arn)),
    ),
    local_storage(
        "mixed-cluster",
        lambda world: groups(world, "ml.m5.xlarge", "ml.g5.xlarge"),
        lambda world: groups(world, "ml.m5.xlarge", "ml.c5.xlarge"),
    ),
    local_storage(
        "processing",
        lambda world: process(
            world, ProcessingResources={"ClusterConfig": cluster("ml.g5.xlarge", world.aws.key_arn)}
        ),
        lambda world: process(
            world, ProcessingResources={"ClusterConfig": cluster("ml.m5.xlarge", world.aws.key_arn)}
        ),
    ),
    local_storage(
        "transform",
        lambda world: transform(world, kind="ml.g5.xlarge", VolumeKmsKeyId=world.aws.key_arn),
        lambda world: transform(world, kind="ml.g5.xlarge"),
    ),
    local_storage(
        "tuning",
        lambda world: tune(world, "ml.m5.xlarge", "ml.g5.xlarge", key=world.aws.key_arn),
        lambda world: tune(world, "ml.m5.xlarge", "ml.c5.xlarge", key=world.aws.key_arn),
    ),
    Case(
        rule="sagemaker-cluster-key",
        refused=hyperpod,
        accepted=lambda world: hyperpod(world, NodeProvisioningMode="Continuous"),
        says="node provisioning mode Continuous",
    ),
    Case(
        rule="sagemaker-restricted-group-key",
        refused=lambda world: hyperpod(world, member="RestrictedInstanceGroups"),
        accepted=lambda world: hyperpod(world, member="RestrictedInstanceGroups", without_key=True),
        says="restricted instance groups",
    ),
    # Endpoints.
    *(
        Case(
            rule=f"sagemaker-model-beside-{name}",
            refused=lambda world, member=member, value=value: endpoint(
                world, on_instances(world, model(world)), **{member: value(world)}
            ),
            accepted=lambda world, member=member, value=value: endpoint(
                world, on_instances(world), **{member: value(world)}
            ),
            says=f"{member} is only supported for endpoints that host inference components",
        )
        for name, member, value in (
            ("vpc", "VpcConfig", vpc),
            ("isolation", "EnableNetworkIsolation", lambda _: True),
            ("role", "ExecutionRoleArn", lambda world: world.aws.execution_role_arn),
        )
    ),
    Case(
        rule="sagemaker-serverless-vpc",
        refused=lambda world: endpoint(world, serverless(world, VpcConfig=vpc(world))),
        accepted=lambda world: endpoint(world, serverless(world), KmsKeyId=world.aws.key_arn),
        says="VpcConfig is not supported for serverless endpoints",
    ),
    Case(
        rule="sagemaker-serverless-isolation",
        refused=lambda world: endpoint(world, serverless(world, EnableNetworkIsolation=True)),
        accepted=lambda world: endpoint(world, serverless(world, EnableNetworkIsolation=False)),
        says="Network isolation is not supported for serverless endpoints",
    ),
    Case(
        rule="sagemaker-serverless-capture",
        refused=lambda world: endpoint(world, serverless(world), **capture(world, enabled=True)),
        accepted=lambda world: endpoint(
            world, on_instances(world, model(world)), **capture(world, enabled=True)
        ),
        says="Data capture is not supported",
    ),
    Case(
        rule="sagemaker-serverless-variants",
        refused=lambda world: endpoint(world, serverless(world), serverless(world)),
        accepted=lambda world: endpoint(
            world, on_instances(world, model(world)), on_instances(world, model(world))
        ),
        says="Multiple production variants",
    ),
    # Data.
    Case(
        rule="sagemaker-no-input",
        refused=lambda world: train(world, **channel("s3://nobody-has-this-bucket/train")),
        accepted=lambda world: train(world, **channel(seeded(world, "train/1.csv")[:-5])),
        says=r'No S3 objects found under S3 URL "s3://nobody-has-this-bucket/train" .*\(eu-west-1\)',
    ),
    Case(
        rule="sagemaker-no-input",
        name="empty-prefix",
        refused=lambda world: train(world, **channel(f"s3://{world.bucket}/nothing-is-here/")),
        accepted=lambda world: train(world, **channel("s3://sagemaker-sample-files/datasets")),
        says="No S3 objects found",
    ),
    Case(
        rule="sagemaker-channel-groups",
        refused=lambda world: train(world, **read_by_groups(world, data=["gpu"], code=None)),
        accepted=lambda world: train(world, **read_by_groups(world, data=["gpu"], code=["cpu", "gpu"])),
        says=r"Some channels have assigned instance groups: \[gpu\] while others not: \[code\]",
    ),
    Case(
        rule="sagemaker-no-model-data",
        refused=lambda world: packaged(world, f"s3://{world.bucket}/nothing-is-here/model.tar.gz"),
        accepted=lambda world: packaged(world, seeded(world, "model.tar.gz")),
        says=r"Could not find model data at s3://.*/model\.tar\.gz\.",
    ),
    Case(
        rule="sagemaker-no-model-data",
        name="after-training",
        refused=lambda world: packaged(world, f"s3://{world.bucket}/never-chained/model.tar.gz"),
        accepted=chained,
        says="Could not find model data",
    ),
    # Images.
    Case(
        rule="sagemaker-model-image",
        refused=lambda world: model(world, PrimaryContainer={"Image": "registry.example.com/team:1"}),
        accepted=lambda world: model(
            world,
            PrimaryContainer={
                "Image": "registry.example.com/team:1",
                "ImageConfig": {"RepositoryAccessMode": "Vpc"},
            },
        ),
        says='Using non-ECR image "registry.example.com/team:1" without Vpc',
    ),
    Case(
        rule="sagemaker-training-image",
        refused=lambda world: train(
            world,
            AlgorithmSpecification={"TrainingImage": "team:1", "TrainingInputMode": "File"},
        ),
        accepted=lambda world: train(
            world,
            AlgorithmSpecification={
                "TrainingImage": "registry.example.com/team:1",
                "TrainingInputMode": "File",
                "TrainingImageConfig": {"TrainingRepositoryAccessMode": "Vpc"},
            },
        ),
        says="TrainingRepositoryAccessMode set to VPC must be provided",
    ),
    Case(
        rule="sagemaker-processing-image",
        refused=lambda world: process(world, AppSpecification={"ImageUri": "public.ecr.aws/a/python:3"}),
        accepted=process,
        says="Invalid image URI public.ecr.aws/a/python:3",
    ),
    # The rest.
    Case(
        rule="sagemaker-notebook-without-subnet",
        refused=lambda world: notebook(world, DirectInternetAccess="Disabled"),
        accepted=lambda world: notebook(
            world,
            DirectInternetAccess="Disabled",
            SubnetId=world.aws.subnets[0],
            SecurityGroupIds=list(world.aws.security_groups),
        ),
        says="SubnetId",
    ),
    Case(
        rule="sagemaker-notebook-without-subnet",
        name="groups",
        refused=lambda world: notebook(world, SecurityGroupIds=list(world.aws.security_groups)),
        accepted=notebook,
        says="SecurityGroupIds can only be specified together with SubnetId",
    ),
    Case(
        rule="sagemaker-grouped-package-tags",
        refused=lambda world: grouped_package(world, Tags=[{"Key": "a", "Value": "b"}]),
        accepted=grouped_package,
        says="Tags cannot be specified",
    ),
    Case(
        rule="sagemaker-execution-role-of-own-pipeline",
        needs=("StartPipelineExecutionRequest", "RoleArn"),
        refused=lambda world: execution(world, RoleArn=world.aws.execution_role_arn),
        accepted=execution,
        says="RoleArn cannot be specified",
    ),
)


def orphaned(world: World) -> str:
    """A model whose role is gone."""
    role = world.role({"Principal": {"Service": "sagemaker.amazonaws.com"}})
    name = model(world, ExecutionRoleArn=role)
    role_name = role.rpartition("/")[2]
    world.iam.delete_role_policy(RoleName=role_name, PolicyName="everything")
    world.iam.delete_role(RoleName=role_name)
    return name
