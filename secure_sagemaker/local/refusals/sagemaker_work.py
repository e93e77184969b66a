"""What SageMaker refuses of jobs, models, endpoints and the rest: combinations that it does not do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from secure_sagemaker.local import moto_state
from secure_sagemaker.local.refusals.history import History
from secure_sagemaker.local.refusals.requests import at
from secure_sagemaker.local.refusals.rule import Check, Rule, Wording
from secure_sagemaker.local.wire import Call

__all__ = ["rules"]

_SERVERLESS = (
    "SageMaker Developer Guide, 'Deploy models with Amazon SageMaker Serverless Inference', exclusions"
)
_HYPERPOD = "SageMaker Developer Guide, 'Customer managed AWS KMS key encryption for SageMaker HyperPod'"
_COMPONENTS = (
    "botocore sagemaker CreateEndpointConfigInput; hashicorp/terraform-provider-aws pull request 48738"
)


def rules(history: History) -> tuple[Rule, ...]:
    """The cases, in the order they are tried."""

    def filled(call: Call, uri: str) -> bool:
        return _is_filled(call, uri) or history.is_written(uri)

    def no_inputs(call: Call) -> str | None:
        for uri in _inputs(call):
            if not filled(call, uri):
                bucket = _location(uri)[0]
                return (
                    f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that the '
                    f"bucket exists in the selected region ({call.region}), that objects exist under that S3 prefix, "
                    f'and that the role "{call.text("RoleArn")}" has "s3:ListBucket" permissions on bucket "{bucket}".'
                )
        return None

    def no_model_data(call: Call) -> str | None:
        for uri in _model_data(call):
            if not filled(call, uri):
                return f"Could not find model data at {uri}."
        return None

    def serverless_in_vpc(call: Call) -> str | None:
        for variant in _variants(call):
            model = history.model(call, str(variant.get("ModelName")))
            if "ServerlessConfig" in variant and model.get("VpcConfig"):
                return f"VpcConfig is not supported for serverless endpoints: model {variant['ModelName']}"
        return None

    def serverless_isolated(call: Call) -> str | None:
        for variant in _variants(call):
            model = history.model(call, str(variant.get("ModelName")))
            if "ServerlessConfig" in variant and model.get("EnableNetworkIsolation") is True:
                return f"Network isolation is not supported for serverless endpoints: model {variant['ModelName']}"
        return None

    return (
        Rule(
            id="sagemaker-local-storage-key",
            service="sagemaker",
            operations=(
                "CreateHyperParameterTuningJob",
                "CreateProcessingJob",
                "CreateTrainingJob",
                "CreateTransformJob",
            ),
            case="a volume key for an instance type with local storage, also for one of several",
            check=_volume_key_with_local_storage,
            code="ValidationException",
            wording=Wording.OURS,
            source="botocore sagemaker, VolumeKmsKeyId of ResourceConfig, ProcessingClusterConfig, TransformResources "
            "and HyperParameterTuningResourceConfig",
        ),
        *(
            Rule(
                id=f"sagemaker-model-beside-{name}",
                service="sagemaker",
                operations=("CreateEndpointConfig",),
                case=f"`{member}` in an endpoint config whose variants name models",
                check=_beside_models(member),
                code="ValidationException",
                wording=Wording.OURS,
                source=_COMPONENTS,
            )
            for name, member in (
                ("vpc", "VpcConfig"),
                ("isolation", "EnableNetworkIsolation"),
                ("role", "ExecutionRoleArn"),
            )
        ),
        *(
            Rule(
                id=f"sagemaker-serverless-{name}",
                service="sagemaker",
                operations=("CreateEndpointConfig",),
                case=case,
                check=check,
                code="ValidationException",
                wording=Wording.OURS,
                source=_SERVERLESS,
            )
            for name, case, check in (
                ("vpc", "a serverless variant of a model in a VPC", serverless_in_vpc),
                ("isolation", "a serverless variant of an isolated model", serverless_isolated),
                ("capture", "data capture beside a serverless variant", _serverless_capture),
                ("variants", "a serverless variant beside another variant", _serverless_variants),
            )
        ),
        Rule(
            id="sagemaker-no-input",
            service="sagemaker",
            operations=("CreateTrainingJob", "CreateTransformJob"),
            case="an input in a bucket that does not exist or is in another region, or under a prefix without objects "
            "(what an earlier job writes counts as there; other jobs fail on it later)",
            check=no_inputs,
            code="ValidationException",
            source="aws/amazon-sagemaker-examples issues 2267 and 2269",
        ),
        Rule(
            id="sagemaker-channel-groups",
            service="sagemaker",
            operations=("CreateTrainingJob",),
            case="channels of which some name the instance groups that read them, and others do not",
            check=_mixed_channel_groups,
            code="ValidationException",
            source="aws/sagemaker-python-sdk issue 6089",
        ),
        Rule(
            id="sagemaker-no-model-data",
            service="sagemaker",
            operations=("CreateModel",),
            case="model data that is not there (what an earlier job writes counts as there)",
            check=no_model_data,
            code="ValidationException",
            source="aws/amazon-sagemaker-examples issues 2264 and 2498",
        ),
        Rule(
            id="sagemaker-model-image",
            service="sagemaker",
            operations=("CreateModel",),
            case="an image outside ECR without the repository access mode `Vpc`",
            check=_model_image,
            code="ValidationException",
            source="aws/sagemaker-python-sdk pull request 4700",
        ),
        Rule(
            id="sagemaker-training-image",
            service="sagemaker",
            operations=("CreateTrainingJob",),
            case="an image outside ECR without the repository access mode `Vpc`",
            check=_training_image,
            code="ValidationException",
            source="boto/boto3 issue 2906",
        ),
        Rule(
            id="sagemaker-processing-image",
            service="sagemaker",
            operations=("CreateProcessingJob",),
            case="an image outside ECR",
            check=_processing_image,
            code="ValidationException",
            source="aws/sagemaker-python-sdk issue 2605",
        ),
        Rule(
            id="sagemaker-notebook-without-subnet",
            service="sagemaker",
            operations=("CreateNotebookInstance",),
            case="a notebook instance without direct internet access, or with security groups, and without a subnet",
            check=_notebook_without_subnet,
            code="ValidationException",
            wording=Wording.OURS,
            source="botocore sagemaker CreateNotebookInstanceInput.DirectInternetAccess and SecurityGroupIds",
        ),
        Rule(
            id="sagemaker-cluster-key",
            service="sagemaker",
            operations=("CreateCluster", "UpdateCluster"),
            case="a key for the volumes of a cluster whose nodes are not provisioned continuously",
            check=_cluster_key,
            code="ValidationException",
            wording=Wording.OURS,
            source=_HYPERPOD,
        ),
        Rule(
            id="sagemaker-restricted-group-key",
            service="sagemaker",
            operations=("CreateCluster", "UpdateCluster"),
            case="a key for the volumes of a restricted instance group",
            check=_restricted_group_key,
            code="ValidationException",
            wording=Wording.OURS,
            source=_HYPERPOD,
        ),
        Rule(
            id="sagemaker-grouped-package-tags",
            service="sagemaker",
            operations=("CreateModelPackage",),
            case="tags of a model package in a group",
            check=_grouped_package_tags,
            code="ValidationException",
            wording=Wording.OURS,
            source="botocore sagemaker CreateModelPackageInput.Tags",
        ),
        Rule(
            id="sagemaker-execution-role-of-own-pipeline",
            service="sagemaker",
            operations=("StartPipelineExecution",),
            case="a role for an execution of a pipeline of one's own, which has the pipeline's role",
            check=_own_pipeline_role,
            code="ValidationException",
            wording=Wording.OURS,
            source="botocore sagemaker StartPipelineExecutionRequest.RoleArn",
        ),
    )


def _objects(value: object) -> Iterator[Mapping[str, object]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, Mapping))


# --- volumes


def _clusters(call: Call) -> Iterator[Mapping[str, object]]:
    """Every structure of a request that pairs instance types with a volume key."""
    definitions = [call.parameters.get("TrainingJobDefinition")]
    definitions += _objects(call.parameters.get("TrainingJobDefinitions"))
    for stated in (
        call.parameters.get("ResourceConfig"),
        call.parameters.get("TransformResources"),
        at(call.parameters, "ProcessingResources", "ClusterConfig"),
        *(at(definition, "ResourceConfig") for definition in definitions),
        *(at(definition, "HyperParameterTuningResourceConfig") for definition in definitions),
    ):
        if isinstance(stated, Mapping):
            yield stated


def _instance_types(cluster: Mapping[str, object]) -> Iterator[str]:
    several = ("InstanceGroups", "InstanceConfigs", "InstancePreferences")
    for holder in (cluster, *(group for name in several for group in _objects(cluster.get(name)))):
        if isinstance(kind := holder.get("InstanceType"), str):
            yield kind


def _volume_key_with_local_storage(call: Call) -> str | None:
    for cluster in _clusters(call):
        for kind in _instance_types(cluster) if cluster.get("VolumeKmsKeyId") else ():
            if moto_state.has_local_storage(kind):
                return (
                    f"VolumeKmsKeyId is not supported for instance type {kind}: it has local storage, "
                    "which is encrypted by the instance's hardware"
                )
    return None


def _ebs_keys(group: Mapping[str, object]) -> Iterator[object]:
    for storage in _objects(group.get("InstanceStorageConfigs")):
        if key := at(storage, "EbsVolumeConfig", "VolumeKmsKeyId"):
            yield key


def _cluster_key(call: Call) -> str | None:
    groups = _objects(call.parameters.get("InstanceGroups"))
    if call.text("NodeProvisioningMode") == "Continuous" or not any(
        any(_ebs_keys(group)) for group in groups
    ):
        return None
    if call.operation == "UpdateCluster" and "NodeProvisioningMode" not in call.parameters:
        return None  # the cluster has its mode already
    return "VolumeKmsKeyId is only supported for clusters with the node provisioning mode Continuous"


def _restricted_group_key(call: Call) -> str | None:
    groups = _objects(call.parameters.get("RestrictedInstanceGroups"))
    if not any(any(_ebs_keys(group)) for group in groups):
        return None
    return "VolumeKmsKeyId is not supported for restricted instance groups"


# --- endpoints


def _variants(call: Call) -> list[Mapping[str, object]]:
    return [
        variant
        for member in ("ProductionVariants", "ShadowProductionVariants")
        for variant in _objects(call.parameters.get(member))
    ]


def _beside_models(member: str) -> Check:
    def check(call: Call) -> str | None:
        if member not in call.parameters or not any("ModelName" in variant for variant in _variants(call)):
            return None
        return f"{member} is only supported for endpoints that host inference components, without ModelName"

    return check


def _serverless(call: Call) -> bool:
    return any("ServerlessConfig" in variant for variant in _variants(call))


def _serverless_capture(call: Call) -> str | None:
    if not _serverless(call) or at(call.parameters, "DataCaptureConfig", "EnableCapture") is not True:
        return None
    return "Data capture is not supported for serverless endpoints"


def _serverless_variants(call: Call) -> str | None:
    if not _serverless(call) or len(_variants(call)) == 1:
        return None
    return "Multiple production variants are not supported for serverless endpoints"


# --- data and images

_AWS_BUCKETS = ("jumpstart-", "sagemaker-sample-")


def _location(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def _is_filled(call: Call, uri: str) -> bool:
    """Whether objects are there; AWS's own public buckets are taken to be full."""
    bucket, key = _location(uri)
    if not uri.startswith("s3://") or bucket.startswith(_AWS_BUCKETS) or bucket.endswith("--x-s3"):
        return True
    found = moto_state.find_bucket(bucket)
    return found is not None and found.region == call.region and moto_state.has_objects(bucket, key)


def _inputs(call: Call) -> Iterator[str]:
    sources = [channel.get("DataSource") for channel in _objects(call.parameters.get("InputDataConfig"))]
    sources.append(at(call.parameters, "TransformInput", "DataSource"))
    for source in sources:
        if isinstance(uri := at(source, "S3DataSource", "S3Uri"), str):
            yield uri


def _mixed_channel_groups(call: Call) -> str | None:
    groups: list[object] = []
    without: list[object] = []
    for channel in _objects(call.parameters.get("InputDataConfig")):
        named = at(channel, "DataSource", "S3DataSource", "InstanceGroupNames")
        if isinstance(named, list) and named:
            groups += named
        else:
            without.append(channel.get("ChannelName"))
    if not groups or not without:
        return None
    assigned, others = (", ".join(dict.fromkeys(map(str, names))) for names in (groups, without))
    return f"Some channels have assigned instance groups: [{assigned}] while others not: [{others}]"


def _containers(call: Call) -> Iterator[Mapping[str, object]]:
    primary = call.parameters.get("PrimaryContainer")
    yield from _objects([primary, *_objects(call.parameters.get("Containers"))])


def _model_data(call: Call) -> Iterator[str]:
    for container in _containers(call):
        if container.get("Mode") == "MultiModel":
            continue  # its prefix may be filled later
        for uri in (container.get("ModelDataUrl"), at(container, "ModelDataSource", "S3DataSource", "S3Uri")):
            if isinstance(uri, str):
                yield uri


_ECR = re.compile(r"\d{12}\.dkr\.ecr(-fips)?\.[a-z0-9-]+\.[a-z0-9.-]+/[^\s/].*")


def _model_image(call: Call) -> str | None:
    for container in _containers(call):
        image, mode = container.get("Image"), at(container, "ImageConfig", "RepositoryAccessMode")
        if isinstance(image, str) and not _ECR.fullmatch(image) and mode != "Vpc":
            return f'Using non-ECR image "{image}" without Vpc repository access mode is not supported.'
    return None


def _training_image(call: Call) -> str | None:
    algorithm = call.parameters.get("AlgorithmSpecification")
    image, mode = (
        at(algorithm, "TrainingImage"),
        at(algorithm, "TrainingImageConfig", "TrainingRepositoryAccessMode"),
    )
    if not isinstance(image, str) or _ECR.fullmatch(image) or mode == "Vpc":
        return None
    return (
        "TrainingImageConfig with TrainingRepositoryAccessMode set to VPC must be provided when using a training image "
        "from a private Docker registry. Please provide TrainingImageConfig and TrainingRepositoryAccessMode set to "
        "VPC when using a training image from a private Docker registry."
    )


def _processing_image(call: Call) -> str | None:
    image = at(call.parameters, "AppSpecification", "ImageUri")
    if not isinstance(image, str) or _ECR.fullmatch(image):
        return None
    return (
        f"Invalid image URI {image}. Please provide a valid Amazon Elastic Container Registry path of the Docker image "
        "to run"
    )


# --- the rest


def _notebook_without_subnet(call: Call) -> str | None:
    if call.text("SubnetId"):
        return None
    if call.parameters.get("SecurityGroupIds"):
        return "SecurityGroupIds can only be specified together with SubnetId"
    if call.text("DirectInternetAccess") == "Disabled":
        return "DirectInternetAccess can only be Disabled if SubnetId is specified"
    return None


def _grouped_package_tags(call: Call) -> str | None:
    if not call.text("ModelPackageGroupName") or not call.parameters.get("Tags"):
        return None
    return "Tags cannot be specified for a model package in a model package group"


def _own_pipeline_role(call: Call) -> str | None:
    if not call.text("RoleArn"):
        return None
    return "RoleArn cannot be specified for an execution of a pipeline that you created"
