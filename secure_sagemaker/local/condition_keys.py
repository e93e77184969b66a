"""SageMaker's condition keys: what IAM sees of a request's parameters.

By AWS's service authorization reference, read beside the API's members. A member that is absent gives no key. Where a
key of one value has several sources (the job definitions of a tuning job), the embedded AWS gives IAM all of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

__all__ = ["PATHS", "condition_keys", "resource_of"]

_SUBNETS, _GROUPS = "sagemaker:VpcSubnets", "sagemaker:VpcSecurityGroupIds"
_TYPES, _VOLUME, _OUTPUT = "sagemaker:InstanceTypes", "sagemaker:VolumeKmsKeyArn", "sagemaker:OutputKmsKeyArn"
_ISOLATION, _ENCRYPTION = "sagemaker:NetworkIsolation", "sagemaker:InterContainerTrafficEncryption"
_SHARING, _ACCESS = "sagemaker:DomainSharingOutputKmsKeyArn", "sagemaker:AppNetworkAccessType"
_REMOTE, _DEBUG, _ROOT = "sagemaker:RemoteAccess", "sagemaker:EnableRemoteDebug", "sagemaker:RootAccess"
_IMDS = "sagemaker:MinimumInstanceMetadataServiceVersion"
_TEAM = "sagemaker:WorkteamArn"
_STORE = "sagemaker:FeatureGroup"

_LISTS = frozenset({_SUBNETS, _GROUPS, _TYPES})

Paths = Mapping[str, tuple[str, ...]]


def _vpc(path: str) -> Paths:
    return {_SUBNETS: (f"{path}.Subnets[]",), _GROUPS: (f"{path}.SecurityGroupIds[]",)}


def _network(path: str) -> Paths:
    return {
        **_vpc(f"{path}.VpcConfig"),
        _ISOLATION: (f"{path}.EnableNetworkIsolation",),
        _ENCRYPTION: (f"{path}.EnableInterContainerTrafficEncryption",),
    }


def _automl(path: str) -> Paths:
    return {
        **_vpc(f"{path}.VpcConfig"),
        _VOLUME: (f"{path}.VolumeKmsKeyId",),
        _OUTPUT: ("OutputDataConfig.KmsKeyId",),
        _ENCRYPTION: (f"{path}.EnableInterContainerTrafficEncryption",),
    }


def _monitoring(cluster: str, output: str, network: str) -> Paths:
    return {
        **_network(network),
        _VOLUME: (f"{cluster}.VolumeKmsKeyId",),
        _TYPES: (f"{cluster}.InstanceType",),
        _OUTPUT: (f"{output}.KmsKeyId",),
    }


def _several(*paths: Paths) -> Paths:
    return {
        key: tuple(path for each in paths for path in each.get(key, ())) for each in paths for key in each
    }


def _tuning(path: str) -> Paths:
    resources, tuned = f"{path}.ResourceConfig", f"{path}.HyperParameterTuningResourceConfig"
    return {
        **_vpc(f"{path}.VpcConfig"),
        _ISOLATION: (f"{path}.EnableNetworkIsolation",),
        _ENCRYPTION: (f"{path}.EnableInterContainerTrafficEncryption",),
        _OUTPUT: (f"{path}.OutputDataConfig.KmsKeyId",),
        _VOLUME: (f"{resources}.VolumeKmsKeyId", f"{tuned}.VolumeKmsKeyId"),
        _TYPES: (
            *(f"{resources}.InstanceType", f"{resources}.InstanceGroups[].InstanceType"),
            *(f"{tuned}.InstanceType", f"{tuned}.InstanceConfigs[].InstanceType"),
            f"{resources}.InstancePreferences[].InstanceType",
        ),
    }


_SCHEDULED = "MonitoringScheduleConfig.MonitoringJobDefinition"
_SCHEDULE = _monitoring(
    f"{_SCHEDULED}.MonitoringResources.ClusterConfig",
    f"{_SCHEDULED}.MonitoringOutputConfig",
    f"{_SCHEDULED}.NetworkConfig",
)
_PROFILE: Paths = {
    _GROUPS: ("UserSettings.SecurityGroups[]",),
    _SHARING: ("UserSettings.SharingSettings.S3KmsKeyId",),
}
_DOMAIN: Paths = {
    _SUBNETS: ("SubnetIds[]",),
    _GROUPS: (
        *("DefaultUserSettings.SecurityGroups[]", "DefaultSpaceSettings.SecurityGroups[]"),
        *("DomainSettings.SecurityGroupIds[]", "DomainSettingsForUpdate.SecurityGroupIds[]"),
    ),
    _ACCESS: ("AppNetworkAccessType",),
    _SHARING: ("DefaultUserSettings.SharingSettings.S3KmsKeyId",),
}
_NOTEBOOK: Paths = {
    _TYPES: ("InstanceType",),
    _ROOT: ("RootAccess",),
    _IMDS: ("InstanceMetadataServiceConfiguration.MinimumInstanceMetadataServiceVersion",),
}
_CLUSTER: Paths = {
    _SUBNETS: ("VpcConfig.Subnets[]", "InstanceGroups[].OverrideVpcConfig.Subnets[]"),
    _GROUPS: ("VpcConfig.SecurityGroupIds[]", "InstanceGroups[].OverrideVpcConfig.SecurityGroupIds[]"),
    _TYPES: ("InstanceGroups[].InstanceType",),
}

PATHS: Mapping[str, Paths] = {
    "CreateAutoMLJob": _automl("AutoMLJobConfig.SecurityConfig"),
    "CreateAutoMLJobV2": _automl("SecurityConfig"),
    "CreateCluster": _CLUSTER,
    "CreateDomain": {**_DOMAIN, _VOLUME: ("KmsKeyId",)},
    "CreateEndpointConfig": {
        **_vpc("VpcConfig"),
        _ISOLATION: ("EnableNetworkIsolation",),
        _VOLUME: ("KmsKeyId",),
        _TYPES: (
            *("ProductionVariants[].InstanceType", "ShadowProductionVariants[].InstanceType"),
            "ProductionVariants[].InstancePools[].InstanceType",
            "ShadowProductionVariants[].InstancePools[].InstanceType",
        ),
        "sagemaker:ModelArn": ("ProductionVariants[].ModelName", "ShadowProductionVariants[].ModelName"),
        "sagemaker:ServerlessMaxConcurrency": (
            "ProductionVariants[].ServerlessConfig.MaxConcurrency",
            "ShadowProductionVariants[].ServerlessConfig.MaxConcurrency",
        ),
    },
    "CreateFeatureGroup": {
        f"{_STORE}OnlineStoreKmsKeyArn": ("OnlineStoreConfig.SecurityConfig.KmsKeyId",),
        f"{_STORE}EnableOnlineStore": ("OnlineStoreConfig.EnableOnlineStore",),
        f"{_STORE}OfflineStoreKmsKeyArn": ("OfflineStoreConfig.S3StorageConfig.KmsKeyId",),
        f"{_STORE}OfflineStoreS3Uri": ("OfflineStoreConfig.S3StorageConfig.S3Uri",),
        f"{_STORE}OfflineStoreConfig": ("OfflineStoreConfig.S3StorageConfig.S3Uri",),
    },
    "CreateFlowDefinition": {_TEAM: ("HumanLoopConfig.WorkteamArn",)},
    "CreateHyperParameterTuningJob": _several(
        _tuning("TrainingJobDefinition"), _tuning("TrainingJobDefinitions[]")
    ),
    "CreateJob": {
        **_vpc("JobConfigDocument.VpcConfig"),
        _OUTPUT: ("JobConfigDocument.OutputDataConfig.KmsKeyArn",),
    },
    "CreateLabelingJob": {
        _TEAM: ("HumanTaskConfig.WorkteamArn",),
        _OUTPUT: ("OutputConfig.KmsKeyId",),
        _VOLUME: ("LabelingJobAlgorithmsConfig.LabelingJobResourceConfig.VolumeKmsKeyId",),
    },
    "CreateModel": {**_vpc("VpcConfig"), _ISOLATION: ("EnableNetworkIsolation",)},
    **{
        f"Create{kind}JobDefinition": _monitoring(
            "JobResources.ClusterConfig", f"{kind}JobOutputConfig", "NetworkConfig"
        )
        for kind in ("DataQuality", "ModelBias", "ModelExplainability", "ModelQuality")
    },
    "CreateMonitoringSchedule": _SCHEDULE,
    "UpdateMonitoringSchedule": _SCHEDULE,
    "CreateNotebookInstance": {
        **_NOTEBOOK,
        _SUBNETS: ("SubnetId",),
        _GROUPS: ("SecurityGroupIds[]",),
        _VOLUME: ("KmsKeyId",),
        "sagemaker:DirectInternetAccess": ("DirectInternetAccess",),
    },
    "UpdateNotebookInstance": _NOTEBOOK,
    "CreateProcessingJob": {
        **_network("NetworkConfig"),
        _VOLUME: ("ProcessingResources.ClusterConfig.VolumeKmsKeyId",),
        _TYPES: (
            "ProcessingResources.ClusterConfig.InstanceType",
            "ProcessingResources.ClusterConfig.InstancePreferences[].InstanceType",
        ),
        _OUTPUT: ("ProcessingOutputConfig.KmsKeyId",),
    },
    "CreateSpace": {_REMOTE: ("SpaceSettings.RemoteAccess",)},
    "UpdateSpace": {_REMOTE: ("SpaceSettings.RemoteAccess",)},
    "CreateTrainingJob": {
        **_vpc("VpcConfig"),
        _ISOLATION: ("EnableNetworkIsolation",),
        _ENCRYPTION: ("EnableInterContainerTrafficEncryption",),
        _DEBUG: ("RemoteDebugConfig.EnableRemoteDebug",),
        _VOLUME: ("ResourceConfig.VolumeKmsKeyId",),
        _OUTPUT: ("OutputDataConfig.KmsKeyId",),
        _TYPES: (
            *("ResourceConfig.InstanceType", "ResourceConfig.InstanceGroups[].InstanceType"),
            "ResourceConfig.InstancePreferences[].InstanceType",
        ),
    },
    "UpdateTrainingJob": {_DEBUG: ("RemoteDebugConfig.EnableRemoteDebug",)},
    "CreateTrainingSession": {**_vpc("VpcConfig"), _OUTPUT: ("OutputConfig.S3Location.KmsKeyArn",)},
    "CreateTransformJob": {
        _VOLUME: ("TransformResources.VolumeKmsKeyId",),
        _TYPES: ("TransformResources.InstanceType",),
        _OUTPUT: ("TransformOutput.KmsKeyId",),
        "sagemaker:ModelArn": ("ModelName",),
    },
    "CreateUserProfile": _PROFILE,
    "UpdateUserProfile": _PROFILE,
    "UpdateCluster": _CLUSTER,
    "UpdateDomain": _DOMAIN,
}
"""By operation: where each key of a request is."""


def condition_keys(operation: str, parameters: Mapping[str, object]) -> dict[str, str | tuple[str, ...]]:
    """The keys of a request, in lower case, with their values as texts."""
    found: dict[str, str | tuple[str, ...]] = {}
    for key, paths in PATHS.get(operation, {}).items():
        values = tuple(
            dict.fromkeys(_text(value) for path in paths for value in _at(parameters, path.split(".")))
        )
        if values:
            found[key.lower()] = values if key in _LISTS or len(values) > 1 else values[0]
    team = found.get(_TEAM.lower())
    if isinstance(team, str) and ":workteam/" in team:
        found["sagemaker:workteamtype"] = team.split(":workteam/")[1].partition("/")[0]
    return {**found, **_tags(operation, parameters)}


def resource_of(operation: str, parameters: Mapping[str, object], *, before: str) -> str:
    """The ARN of what a request makes or changes; ``*`` where its parameters do not tell.

    Args:
        operation: Such as ``CreateTrainingJob``.
        parameters: The request's.
        before: What the ARN begins with: partition, service, region and account.
    """
    noun = re.sub(r"^[A-Z][a-z]+|V2$", "", operation)
    named = [f"{noun}Name", *(member for member in parameters if member.endswith("Name"))]
    name = next((parameters[member] for member in named if member in parameters), None)
    kind = "-".join(re.findall(r"AutoML|[A-Z][a-z]+", noun)).lower()
    path = [str(parameters.get("DomainId"))] if kind in ("app", "space", "user-profile") else []
    return f"{before}{'/'.join((kind, *path, name))}" if isinstance(name, str) else "*"


def _tags(operation: str, parameters: Mapping[str, object]) -> dict[str, str | tuple[str, ...]]:
    if operation == "DeleteTags":
        keys = parameters.get("TagKeys")
        return {"aws:tagkeys": tuple(map(str, keys))} if isinstance(keys, list | tuple) else {}
    tags = parameters.get("Tags")
    if not isinstance(tags, list | tuple) or not tags:
        return {}
    given = {str(tag.get("Key")): str(tag.get("Value", "")) for tag in tags if isinstance(tag, Mapping)}
    values = {f"aws:requesttag/{key.lower()}": value for key, value in given.items()}
    return {**values, "aws:tagkeys": tuple(given)}


def _at(value: object, path: list[str]) -> Iterator[object]:
    if isinstance(value, str) and path and value.startswith("{"):
        value = json.loads(value)  # a job's document
    if not path:
        yield value
    elif isinstance(value, Mapping):
        name = path[0].removesuffix("[]")
        inner = value.get(name)
        if path[0].endswith("[]"):
            for item in inner if isinstance(inner, list | tuple) else ():
                yield from _at(item, path[1:])
        elif inner is not None and inner != "":
            yield from _at(inner, path[1:])


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
