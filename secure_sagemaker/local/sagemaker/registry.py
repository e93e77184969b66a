"""What has versions: model packages in their groups, model cards, images, a hub's contents, quotas."""

from __future__ import annotations

from collections.abc import Mapping

from secure_sagemaker.local.sagemaker.generic import create, describe, output, settle, tell, touch
from secure_sagemaker.local.sagemaker.kept import Change, Fill, Operation, Record, Request, Store, refused
from secure_sagemaker.local.sagemaker.listing import listed, page, summaries_member
from secure_sagemaker.local.sagemaker.shapes import complete, project
from secure_sagemaker.local.sagemaker.values import entries, mapping, plain, text, texts

__all__ = ["FILLED", "OPERATIONS", "UPDATED"]

Output = Mapping[str, object]


# --- model packages


def _create_package(store: Store, request: Request) -> Output:
    kind = request.kind("ModelPackage")
    group = _group_name(request.text("ModelPackageGroupName"))
    if not group:
        return create(store, request, kind)
    versions = [
        version
        for other in _packages(store, request, group)
        if isinstance(version := other.values.get("ModelPackageVersion"), int)
    ]
    version = max(versions, default=0) + 1
    made = {
        "ModelApprovalStatus": request.text("ModelApprovalStatus") or "PendingManualApproval",
        "ModelPackageGroupName": group,
        "ModelPackageVersion": version,
    }
    return create(store, request, kind, made=made, path=f"model-package/{group}/{version}")


def _group_name(stated: str) -> str:
    """A group is named by its name or by its ARN."""
    return stated.rsplit("/", 1)[-1]


def _packages(store: Store, request: Request, group: str) -> list[Record]:
    packages = store.all(request, "ModelPackage")
    return [package for package in packages if package.values.get("ModelPackageGroupName", "") == group]


def _list_packages(store: Store, request: Request) -> Output:
    stated = request.text("ModelPackageGroupName")
    if stated:
        group = store.need(request, request.kind("ModelPackageGroup"), request.parameters)
        chosen = _packages(store, request, group.name)
    else:
        versioned = request.text("ModelPackageType")
        chosen = [
            package
            for package in store.all(request, "ModelPackage")
            if versioned == "Both"
            or ("ModelPackageGroupName" in package.values) == (versioned == "Versioned")
        ]
    return listed(request, request.kind("ModelPackage"), chosen, handled=["ModelPackageGroupName"])


def _batch_describe(store: Store, request: Request) -> Output:
    told: dict[str, object] = {}
    failed: dict[str, object] = {}
    for arn in texts(request.parameters.get("ModelPackageArnList")):
        record = store.by_arn(request, arn)
        if record is None:
            failed[arn] = {"ErrorCode": "ValidationException", "ErrorResponse": f'Could not find "{arn}".'}
            continue
        settle(store, request, record)
        told[arn] = record.values
    stated = {"ModelPackageSummaries": told, "BatchDescribeModelPackageErrorMap": failed}
    return tell(request, stated, now=request.now)


def _package_changed(store: Store, request: Request, record: Record, before: Mapping[str, object]) -> None:
    added = request.parameters.get("AdditionalInferenceSpecificationsToAdd")
    if added is not None:
        old = entries(before.get("AdditionalInferenceSpecifications"))
        record.values["AdditionalInferenceSpecifications"] = [*old, *entries(plain(added))]
    for name in ("CustomerMetadataPropertiesToRemove", "AdditionalInferenceSpecificationsToAdd"):
        record.values.pop(name, None)


def _put_policy(store: Store, request: Request) -> Output:
    record = store.need(request, request.kind("ModelPackageGroup"), request.parameters)
    record.policy = request.text("ResourcePolicy")
    return output(request, record)


def _get_policy(store: Store, request: Request) -> Output:
    record = store.need(request, request.kind("ModelPackageGroup"), request.parameters)
    if not record.policy:
        raise refused("ValidationException", f"Cannot find resource policy for: {record.arn}")
    return {"ResourcePolicy": record.policy}


def _delete_policy(store: Store, request: Request) -> Output:
    store.need(request, request.kind("ModelPackageGroup"), request.parameters).policy = ""
    return {}


# --- model cards and quotas: a version an update


def _first_version(store: Store, request: Request, record: Record) -> None:
    record.values[f"{record.kind.name}Version"] = 1


def _next_version(store: Store, request: Request, record: Record, before: Mapping[str, object]) -> None:
    member = f"{record.kind.name}Version"
    version = before.get(member)
    record.past.append(dict(before))
    record.values[member] = version + 1 if isinstance(version, int) else 1


def _versions(record: Record) -> list[Mapping[str, object]]:
    return [*record.past, record.values]


def _describe_version(store: Store, request: Request, name: str) -> Output:
    kind, member = request.kind(name), f"{name}Version"
    wanted = request.parameters.get(member)
    if wanted is None:
        return describe(store, request, kind)
    record = store.need(request, kind, request.parameters)
    settle(store, request, record)
    of_it = [values for values in _versions(record) if values.get(member) == wanted]
    if not of_it:
        raise refused("ResourceNotFound", f'Could not find version {wanted} of "{record.arn}".')
    return tell(request, of_it[0], now=request.now)


def _describe_card(store: Store, request: Request) -> Output:
    return _describe_version(store, request, "ModelCard")


def _describe_quota(store: Store, request: Request) -> Output:
    return _describe_version(store, request, "ComputeQuota")


def _describe_scheduler(store: Store, request: Request) -> Output:
    return _describe_version(store, request, "ClusterSchedulerConfig")


def _list_card_versions(store: Store, request: Request) -> Output:
    record = store.need(request, request.kind("ModelCard"), request.parameters)
    name, shape = summaries_member(request.model)
    told = [complete(project(values, shape.member), shape.member, now=0) for values in _versions(record)]
    return page(request, name, told if request.text("SortOrder") == "Ascending" else told[::-1])


def _export_card(store: Store, request: Request) -> Output:
    card = store.need(request, request.kind("ModelCard"), request.parameters)
    version = request.parameters.get("ModelCardVersion", card.values.get("ModelCardVersion"))
    made = {"ModelCardName": card.name, "ModelCardVersion": version}
    return create(store, request, request.kind("ModelCardExportJob"), made=made)


def _exported(store: Store, request: Request, record: Record) -> None:
    folder = text(mapping(record.values.get("OutputConfig")).get("S3OutputPath")).rstrip("/")
    record.values["ExportArtifacts"] = {"S3ExportArtifacts": f"{folder}/{record.name}.pdf"}


# --- images and a hub's contents


def _create_image_version(store: Store, request: Request) -> Output:
    image = store.need(request, request.kind("Image"), request.parameters)
    kind = request.kind("ImageVersion")
    numbers = [
        number
        for other in store.all(request, kind)
        if other.values.get("ImageName") == image.name and isinstance(number := other.values["Version"], int)
    ]
    made = {
        "ContainerImage": request.parameters.get("BaseImage"),
        "ImageArn": image.arn,
        "ImageName": image.name,
        "Version": max(numbers, default=0) + 1,
    }
    return create(store, request, kind, made=made)


def _image_changed(store: Store, request: Request, record: Record, before: Mapping[str, object]) -> None:
    for name in texts(request.parameters.get("DeleteProperties")):
        record.values.pop(name, None)
    record.values.pop("DeleteProperties", None)


def _import_content(store: Store, request: Request) -> Output:
    hub = store.need(request, request.kind("Hub"), request.parameters)
    version = request.text("HubContentVersion") or "1.0.0"
    made = {"HubArn": hub.arn, "HubContentVersion": version, "HubName": hub.name}
    return create(store, request, request.kind("HubContent"), made=made)


def _refer_content(store: Store, request: Request) -> Output:
    """A reference to content of SageMaker's public hub, by its ARN."""
    hub = store.need(request, request.kind("Hub"), request.parameters)
    source = request.text("SageMakerPublicHubContentArn").split("/")
    name, version = (*source[3:5], "1.0.0")[:2] if len(source) > 3 else (source[-1], "1.0.0")
    made = {
        "HubArn": hub.arn,
        "HubContentDocument": "{}",
        "HubContentName": request.text("HubContentName") or name,
        "HubContentType": "ModelReference",
        "HubContentVersion": version,
        "HubName": hub.name,
        "ReferenceMinVersion": request.parameters.get("MinVersion"),
    }
    return create(store, request, request.kind("HubContent"), made=made)


def _change_reference(store: Store, request: Request) -> Output:
    record = store.need(request, request.kind("HubContent"), request.parameters)
    record.values["ReferenceMinVersion"] = request.parameters.get("MinVersion")
    touch(request, record)
    return output(request, record)


def _delete_reference(store: Store, request: Request) -> Output:
    store.remove(request, store.need(request, request.kind("HubContent"), request.parameters))
    return {}


def _list_contents(store: Store, request: Request) -> Output:
    """The latest version of each."""
    store.need(request, request.kind("Hub"), request.parameters)
    kind = request.kind("HubContent")
    latest = {(record.values["HubName"], record.name): record for record in store.all(request, kind)}
    return listed(request, kind, latest.values())


def _list_content_versions(store: Store, request: Request) -> Output:
    kind = request.kind("HubContent")
    store.need(request, kind, request.parameters)
    return listed(request, kind, store.all(request, kind))


OPERATIONS: Mapping[str, Operation] = {
    "BatchDescribeModelPackage": _batch_describe,
    "CreateHubContentReference": _refer_content,
    "CreateImageVersion": _create_image_version,
    "CreateModelCardExportJob": _export_card,
    "CreateModelPackage": _create_package,
    "DeleteHubContentReference": _delete_reference,
    "DeleteModelPackageGroupPolicy": _delete_policy,
    "DescribeClusterSchedulerConfig": _describe_scheduler,
    "DescribeComputeQuota": _describe_quota,
    "DescribeModelCard": _describe_card,
    "GetModelPackageGroupPolicy": _get_policy,
    "ImportHubContent": _import_content,
    "ListHubContentVersions": _list_content_versions,
    "ListHubContents": _list_contents,
    "ListModelCardVersions": _list_card_versions,
    "ListModelPackages": _list_packages,
    "PutModelPackageGroupPolicy": _put_policy,
    "UpdateHubContentReference": _change_reference,
}
FILLED: Mapping[str, Fill] = {
    "ClusterSchedulerConfig": _first_version,
    "ComputeQuota": _first_version,
    "ModelCard": _first_version,
    "ModelCardExportJob": _exported,
}
UPDATED: Mapping[str, Change] = {
    "ClusterSchedulerConfig": _next_version,
    "ComputeQuota": _next_version,
    "Image": _image_changed,
    "ModelCard": _next_version,
    "ModelPackage": _package_changed,
}
