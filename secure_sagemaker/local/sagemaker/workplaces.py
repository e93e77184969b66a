"""Studio, notebooks, feature groups, MLflow, labeling and clusters: what AWS gives each of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from secure_sagemaker.local.sagemaker.generic import output, settle, touch
from secure_sagemaker.local.sagemaker.kept import (
    Change,
    Fill,
    Operation,
    Record,
    Request,
    Store,
    identifier,
    refused,
)
from secure_sagemaker.local.sagemaker.listing import page
from secure_sagemaker.local.sagemaker.values import at, entries, mapping, merged, plain, text, texts

__all__ = ["FILLED", "OPERATIONS", "UPDATED"]

Output = Mapping[str, object]


# --- Studio and notebooks


def _domain(store: Store, request: Request, record: Record) -> None:
    number = text(record.values["DomainId"]).removeprefix("d-")
    record.values["HomeEfsFileSystemId"] = f"fs-{number}"
    record.values["Url"] = f"https://d-{number}.studio.{request.region}.sagemaker.aws"


def _profile(store: Store, request: Request, record: Record) -> None:
    record.values["HomeEfsFileSystemUid"] = str(200000 + len(store.all(request, record.kind)))


def _space(store: Store, request: Request, record: Record) -> None:
    _profile(store, request, record)
    domain = text(record.values["DomainId"])
    record.values["Url"] = f"https://{domain}.studio.{request.region}.sagemaker.aws/space/{record.name}"


def _notebook(store: Store, request: Request, record: Record) -> None:
    number = identifier(record.kind, len(store.all(request, record.kind)))
    record.values["Url"] = f"{record.name}-{number[:4]}.notebook.{request.region}.sagemaker.aws"
    if "SubnetId" in record.values:
        record.values["NetworkInterfaceId"] = f"eni-{hashlib.sha256(number.encode()).hexdigest()[:17]}"


def _tracking_server(store: Store, request: Request, record: Record) -> None:
    number = identifier(record.kind, len(store.all(request, record.kind)))
    host = f"t-{number}.{request.region}.experiments.sagemaker.aws"
    record.values["TrackingServerUrl"] = f"https://{host}"


def _partner_app(store: Store, request: Request, record: Record) -> None:
    number = record.arn.rsplit("-", 1)[-1].lower()
    record.values["BaseUrl"] = f"https://app-{number}.partner-app.{request.region}.sagemaker.aws"


def _presigned(kind: str, member: str, path: str = "", *, answered: str = "AuthorizedUrl") -> Operation:
    """A URL for one of a kind, which leads nowhere."""

    def answer(store: Store, request: Request) -> Output:
        record = store.need(request, request.kind(kind), request.parameters)
        stated = text(record.values.get(member)) or f"{kind.lower()}.{request.region}.sagemaker.aws"
        base = stated if "://" in stated else f"https://{stated}"
        token = identifier(record.kind, len(record.arn))
        return {answered: f"{base}{path}?token={token}"}

    return answer


def _presigned_domain(store: Store, request: Request) -> Output:
    """A URL into Studio, for one of its users."""
    store.need(request, request.kind("UserProfile"), request.parameters)
    return _presigned("Domain", "Url", "/auth")(store, request)


# --- labeling


def _human_task_ui(store: Store, request: Request, record: Record) -> None:
    content = text(at(record.values, "UiTemplate.Content"))
    record.values["UiTemplate"] = {
        "Url": f"https://sagemaker-human-task-ui.s3.{request.region}.amazonaws.com/{record.name}",
        "ContentSha256": hashlib.sha256(content.encode()).hexdigest(),
    }


def _workforce(store: Store, request: Request, record: Record) -> None:
    number = identifier(record.kind, len(store.all(request, record.kind)))
    record.values["SubDomain"] = f"{number[:10]}.labeling.{request.region}.sagemaker.aws"
    _vpc_endpoint(record)


def _workforce_changed(store: Store, request: Request, record: Record, before: Mapping[str, object]) -> None:
    _vpc_endpoint(record)


def _vpc_endpoint(record: Record) -> None:
    network = mapping(record.values.get("WorkforceVpcConfig"))
    if network:
        digest = hashlib.sha256(record.arn.encode()).hexdigest()[:17]
        record.values["WorkforceVpcConfig"] = {**network, "VpcEndpointId": f"vpce-{digest}"}


def _workteam(store: Store, request: Request, record: Record) -> None:
    name = text(record.values.get("WorkforceName")) or "default"
    record.values["WorkforceArn"] = request.arn(f"workforce/private-crowd/{name}")


def _delete_workteam(store: Store, request: Request) -> Output:
    store.remove(request, store.need(request, request.kind("Workteam"), request.parameters))
    return {"Success": True}


# --- feature groups


def _feature_group(store: Store, request: Request, record: Record) -> None:
    offline = mapping(record.values.get("OfflineStoreConfig"))
    if not offline:
        return
    name = f"{record.name}-{int(request.now)}"
    folder = text(at(offline, "S3StorageConfig.S3Uri")).rstrip("/")
    here = f"{request.account}/sagemaker/{request.region}/offline-store/{name}"
    told = merged(offline, {"S3StorageConfig": {"ResolvedOutputS3Uri": f"{folder}/{here}/data"}})
    if not offline.get("DisableGlueTableCreation") and "DataCatalogConfig" not in offline:
        catalog = {
            "TableName": name.replace("-", "_").lower(),
            "Catalog": "AwsDataCatalog",
            "Database": "sagemaker_featurestore",
        }
        told = merged(told, {"DataCatalogConfig": catalog})
    record.values["OfflineStoreConfig"] = told
    record.values["OfflineStoreStatus"] = {"Status": "Active"}


def _feature_group_changed(
    store: Store, request: Request, record: Record, before: Mapping[str, object]
) -> None:
    added = record.values.pop("FeatureAdditions", None)
    record.values["FeatureDefinitions"] = [
        *entries(before.get("FeatureDefinitions")),
        *entries(added),
    ]
    record.values["LastUpdateStatus"] = {"Status": "Successful"}


def _feature(store: Store, request: Request) -> tuple[Record, dict[str, object]]:
    group = store.need(request, request.kind("FeatureGroup"), request.parameters)
    wanted = request.text("FeatureName")
    for feature in entries(group.values.get("FeatureDefinitions")):
        if feature.get("FeatureName") == wanted:
            kept = mapping(mapping(group.values.get("Features")).get(wanted))
            return group, {**feature, **kept}
    raise refused("ResourceNotFound", f"Feature {wanted} of {group.arn} does not exist.")


def _describe_feature(store: Store, request: Request) -> Output:
    group, feature = _feature(store, request)
    times = {name: group.values[name] for name in ("CreationTime", "LastModifiedTime")}
    return {"FeatureGroupArn": group.arn, "FeatureGroupName": group.name, **times, **feature}


def _update_feature(store: Store, request: Request) -> Output:
    group, feature = _feature(store, request)
    parameters = {text(one.get("Key")): one.get("Value") for one in entries(feature.get("Parameters"))}
    for one in entries(request.parameters.get("ParameterAdditions")):
        parameters[text(one.get("Key"))] = one.get("Value")
    for key in texts(request.parameters.get("ParameterRemovals")):
        parameters.pop(key, None)
    kept: dict[str, object] = {
        "Parameters": [{"Key": key, "Value": value} for key, value in parameters.items()]
    }
    description = request.parameters.get("Description", feature.get("Description"))
    if description is not None:
        kept["Description"] = description
    own = mapping(group.values.get("Features"))
    group.values["Features"] = {**own, text(feature["FeatureName"]): kept}
    touch(request, group)
    return {}


# --- clusters

_GROUPS = ("InstanceGroups", "RestrictedInstanceGroups")


def _cluster(store: Store, request: Request, record: Record) -> None:
    for member in _GROUPS:
        if member in record.values:
            record.values[member] = [_group(group) for group in entries(record.values[member])]


def _group(stated: Mapping[str, object]) -> Mapping[str, object]:
    count = stated.get("InstanceCount", stated.get("TargetCount", 0))
    return {**stated, "CurrentCount": count, "TargetCount": count, "Status": "InService"}


def _cluster_changed(store: Store, request: Request, record: Record, before: Mapping[str, object]) -> None:
    """An update names the groups that it changes or adds; others stay."""
    for member in _GROUPS:
        groups = {text(group.get("InstanceGroupName")): group for group in entries(before.get(member))}
        for group in entries(request.parameters.get(member)):
            groups[text(group.get("InstanceGroupName"))] = _group(mapping(plain(group)))
        for name in texts(request.parameters.get("InstanceGroupsToDelete")):
            groups.pop(name, None)
        if groups or member in record.values:
            record.values[member] = list(groups.values())


def _update_software(store: Store, request: Request) -> Output:
    record = store.need(request, request.kind("Cluster"), request.parameters)
    settle(store, request, record)
    return output(request, record)


def _nodes(record: Record) -> list[Mapping[str, object]]:
    return [
        {
            "InstanceGroupName": group.get("InstanceGroupName"),
            "InstanceId": f"i-{hashlib.sha256(f'{record.arn} {name} {number}'.encode()).hexdigest()[:17]}",
            "InstanceType": group.get("InstanceType"),
            "InstanceStatus": {"Status": "Running"},
            "LaunchTime": record.values.get("CreationTime"),
        }
        for member in _GROUPS
        for group in entries(record.values.get(member))
        for name, count in [(group.get("InstanceGroupName"), group.get("CurrentCount"))]
        for number in range(count if isinstance(count, int) else 0)
    ]


def _list_nodes(store: Store, request: Request) -> Output:
    nodes = _nodes(store.need(request, request.kind("Cluster"), request.parameters))
    wanted = request.text("InstanceGroupNameContains")
    return page(
        request, "ClusterNodeSummaries", [node for node in nodes if wanted in text(node["InstanceGroupName"])]
    )


def _describe_node(store: Store, request: Request) -> Output:
    record = store.need(request, request.kind("Cluster"), request.parameters)
    for node in _nodes(record):
        if node["InstanceId"] == request.text("NodeId"):
            return {"NodeDetails": node}
    raise refused("ResourceNotFound", f"Node {request.text('NodeId')} of {record.arn} does not exist.")


# --- devices


def _register_devices(store: Store, request: Request) -> Output:
    fleet = store.need(request, request.kind("DeviceFleet"), request.parameters)
    kind = request.kind("Device")
    for device in entries(request.parameters.get("Devices")):
        named = {"DeviceFleetName": fleet.name, "DeviceName": device.get("DeviceName")}
        if store.find(request, kind, named) is None:
            times = {"RegistrationTime": request.now, "CreationTime": request.now}
            store.add(request, kind, {**device, **named, **times, "Tags": request.parameters.get("Tags")})
    return {}


def _each_device(change: Callable[[Store, Request, Record, Mapping[str, object]], None]) -> Operation:
    def answer(store: Store, request: Request) -> Output:
        fleet = store.need(request, request.kind("DeviceFleet"), request.parameters)
        stated = entries(request.parameters.get("Devices")) or tuple(
            {"DeviceName": name} for name in texts(request.parameters.get("DeviceNames"))
        )
        for device in stated:
            named = {"DeviceFleetName": fleet.name, "DeviceName": device.get("DeviceName")}
            record = store.need(request, request.kind("Device"), named)
            change(store, request, record, device)
        return {}

    return answer


def _forget(store: Store, request: Request, record: Record, _: Mapping[str, object]) -> None:
    store.remove(request, record)


def _change(store: Store, request: Request, record: Record, stated: Mapping[str, object]) -> None:
    record.values.update(mapping(plain(stated)))


OPERATIONS: Mapping[str, Operation] = {
    "CreatePartnerAppPresignedUrl": _presigned("PartnerApp", "BaseUrl", answered="Url"),
    "CreatePresignedDomainUrl": _presigned_domain,
    "CreatePresignedMlflowAppUrl": _presigned("MlflowApp", "Url", "/auth"),
    "CreatePresignedMlflowTrackingServerUrl": _presigned(
        "MlflowTrackingServer", "TrackingServerUrl", "/auth"
    ),
    "CreatePresignedNotebookInstanceUrl": _presigned("NotebookInstance", "Url"),
    "DeleteWorkteam": _delete_workteam,
    "DeregisterDevices": _each_device(_forget),
    "DescribeClusterNode": _describe_node,
    "DescribeFeatureMetadata": _describe_feature,
    "ListClusterNodes": _list_nodes,
    "RegisterDevices": _register_devices,
    "UpdateClusterSoftware": _update_software,
    "UpdateDevices": _each_device(_change),
    "UpdateFeatureMetadata": _update_feature,
}
FILLED: Mapping[str, Fill] = {
    "Cluster": _cluster,
    "Domain": _domain,
    "FeatureGroup": _feature_group,
    "HumanTaskUi": _human_task_ui,
    "MlflowTrackingServer": _tracking_server,
    "NotebookInstance": _notebook,
    "PartnerApp": _partner_app,
    "Space": _space,
    "UserProfile": _profile,
    "Workforce": _workforce,
    "Workteam": _workteam,
}
UPDATED: Mapping[str, Change] = {
    "Cluster": _cluster_changed,
    "FeatureGroup": _feature_group_changed,
    "Workforce": _workforce_changed,
}
