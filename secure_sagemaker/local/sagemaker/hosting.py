"""Hosting: an endpoint shows what its configuration says, a component what it was given."""

from __future__ import annotations

from collections.abc import Mapping

from secure_sagemaker.local.sagemaker.generic import output, settle, touch
from secure_sagemaker.local.sagemaker.kept import Change, Fill, Operation, Record, Request, Store, refused
from secure_sagemaker.local.sagemaker.kinds import Course
from secure_sagemaker.local.sagemaker.values import at, entries, mapping, merged, plain, text

__all__ = ["FILLED", "OPERATIONS", "UPDATED"]

Output = Mapping[str, object]
_UPDATING = Course(first="Updating", then="InService")
_OF_THE_CONFIG = ("AsyncInferenceConfig", "ExplainerConfig", "MetricsConfig")
_OF_THE_VARIANT = ("VariantName", "ManagedInstanceScaling", "RoutingConfig")


def _endpoint(store: Store, request: Request, record: Record) -> None:
    """What DescribeEndpoint tells of the configuration; nothing of what the configuration does not have."""
    config = store.need(request, request.kind("EndpointConfig"), record.values).values
    told: dict[str, object] = {name: plain(config[name]) for name in _OF_THE_CONFIG if name in config}
    for member in ("ProductionVariants", "ShadowProductionVariants"):
        if member in config:
            told[member] = [_variant(store, request, variant) for variant in entries(config[member])]
    capture = mapping(config.get("DataCaptureConfig"))
    if capture:
        enabled = capture.get("EnableCapture", True)
        told["DataCaptureConfig"] = {
            "EnableCapture": enabled,
            "CaptureStatus": "Started" if enabled else "Stopped",
            "CurrentSamplingPercentage": capture.get("InitialSamplingPercentage", 0),
            "DestinationS3Uri": capture.get("DestinationS3Uri", ""),
            "KmsKeyId": capture.get("KmsKeyId", ""),
        }
    for member in (*_OF_THE_CONFIG, "ProductionVariants", "ShadowProductionVariants", "DataCaptureConfig"):
        record.values.pop(member, None)
    record.values.update(told)
    if deployment := record.values.pop("DeploymentConfig", None):
        record.values["LastDeploymentConfig"] = deployment


def _variant(store: Store, request: Request, variant: Mapping[str, object]) -> Mapping[str, object]:
    told: dict[str, object] = {name: plain(variant[name]) for name in _OF_THE_VARIANT if name in variant}
    weight = variant.get("InitialVariantWeight", 1.0)
    told.update({"CurrentWeight": weight, "DesiredWeight": weight})
    if (count := variant.get("InitialInstanceCount")) is not None:
        told.update({"CurrentInstanceCount": count, "DesiredInstanceCount": count})
    if (serverless := variant.get("ServerlessConfig")) is not None:
        told.update({"CurrentServerlessConfig": serverless, "DesiredServerlessConfig": serverless})
        told.update({"CurrentInstanceCount": 0})
    model = store.find(request, request.kind("Model"), variant)
    if model is not None:
        single = mapping(model.values.get("PrimaryContainer"))
        containers = entries(model.values.get("Containers")) or ((single,) if single else ())
        told["DeployedImages"] = [
            {"SpecifiedImage": image, "ResolvedImage": image, "ResolutionTime": request.now}
            for container in containers
            if (image := text(container.get("Image")))
        ]
    return told


def _endpoint_changed(store: Store, request: Request, record: Record, before: Mapping[str, object]) -> None:
    if request.operation == "UpdateEndpoint":
        for name in ("RetainAllVariantProperties", "ExcludeRetainedVariantProperties"):
            record.values.pop(name, None)
        _endpoint(store, request, record)
        if request.parameters.get("RetainAllVariantProperties"):
            _retain(record, before)


def _retain(record: Record, before: Mapping[str, object]) -> None:
    old = {variant.get("VariantName"): variant for variant in entries(before.get("ProductionVariants"))}
    kept = ("CurrentWeight", "DesiredWeight", "CurrentInstanceCount", "DesiredInstanceCount")
    record.values["ProductionVariants"] = [
        {**variant, **{name: value for name, value in mapping(was).items() if name in kept}}
        for variant in entries(record.values.get("ProductionVariants"))
        for was in [old.get(variant.get("VariantName"))]
    ]


def _weights(store: Store, request: Request) -> Output:
    record = store.need(request, request.kind("Endpoint"), request.parameters)
    settle(store, request, record)
    asked = {
        text(wanted.get("VariantName")): wanted
        for wanted in entries(request.parameters.get("DesiredWeightsAndCapacities"))
    }
    variants = entries(record.values.get("ProductionVariants"))
    unknown = set(asked) - {text(variant.get("VariantName")) for variant in variants}
    if unknown:
        names = ", ".join(sorted(unknown))
        raise refused(
            "ValidationException", f"The variant name(s) {names} is/are not present in {record.arn}."
        )
    record.values["ProductionVariants"] = [_moved(variant, asked) for variant in variants]
    touch(request, record)
    record.begin(_UPDATING)
    return output(request, record)


def _moved(variant: Mapping[str, object], asked: Mapping[str, Mapping[str, object]]) -> Output:
    wanted = asked.get(text(variant.get("VariantName")), {})
    changed = {
        f"{when}{name}": wanted[f"Desired{name}"]
        for name in ("Weight", "InstanceCount")
        if f"Desired{name}" in wanted
        for when in ("Current", "Desired")
    }
    return {**variant, **changed}


def _component(store: Store, request: Request, record: Record) -> None:
    endpoint = store.need(request, request.kind("Endpoint"), record.values)
    record.values["EndpointArn"] = endpoint.arn
    variants = entries(endpoint.values.get("ProductionVariants"))
    record.values.setdefault("VariantName", at(variants[0], "VariantName") if variants else "AllTraffic")
    _deployed(request, record)


def _component_changed(store: Store, request: Request, record: Record, _: Mapping[str, object]) -> None:
    _deployed(request, record)


def _deployed(request: Request, record: Record) -> None:
    count = at(record.values, "RuntimeConfig.CopyCount")
    if count is not None:
        record.values["RuntimeConfig"] = {"DesiredCopyCount": count, "CurrentCopyCount": count}
    if (image := at(record.values, "Specification.Container.Image")) is not None:
        deployed = {"SpecifiedImage": image, "ResolvedImage": image, "ResolutionTime": request.now}
        record.values["Specification"] = merged(
            record.values["Specification"], {"Container": {"DeployedImage": deployed}}
        )


def _copies(store: Store, request: Request) -> Output:
    record = store.need(request, request.kind("InferenceComponent"), request.parameters)
    record.values["RuntimeConfig"] = plain(request.parameters.get("DesiredRuntimeConfig"))
    _deployed(request, record)
    touch(request, record)
    record.begin(_UPDATING)
    return output(request, record)


def _experiment(store: Store, request: Request, record: Record) -> None:
    endpoint = store.need(request, request.kind("Endpoint"), record.values)
    record.values["EndpointMetadata"] = {
        "EndpointName": endpoint.name,
        "EndpointConfigName": endpoint.values.get("EndpointConfigName"),
        "EndpointStatus": endpoint.status,
    }
    _variants(store, request, record, {})


def _variants(store: Store, request: Request, record: Record, _: Mapping[str, object]) -> None:
    record.values["ModelVariants"] = [
        {**variant, "Status": "InService"} for variant in entries(record.values.get("ModelVariants"))
    ]


def _put_policy(store: Store, request: Request) -> Output:
    record = store.need(request, request.kind("Endpoint"), request.parameters)
    record.policy = request.text("ResourcePolicy")
    return output(request, record)


def _get_policy(store: Store, request: Request) -> Output:
    record = store.need(request, request.kind("Endpoint"), request.parameters)
    if not record.policy:
        raise refused("ResourceNotFound", f"There is no policy of {record.arn}.")
    return {**output(request, record), "ResourcePolicy": record.policy}


def _delete_policy(store: Store, request: Request) -> Output:
    store.need(request, request.kind("Endpoint"), request.parameters).policy = ""
    return {}


OPERATIONS: Mapping[str, Operation] = {
    "DeleteEndpointPolicy": _delete_policy,
    "GetEndpointPolicy": _get_policy,
    "PutEndpointPolicy": _put_policy,
    "UpdateEndpointWeightsAndCapacities": _weights,
    "UpdateInferenceComponentRuntimeConfig": _copies,
}
FILLED: Mapping[str, Fill] = {
    "Endpoint": _endpoint,
    "InferenceComponent": _component,
    "InferenceExperiment": _experiment,
}
UPDATED: Mapping[str, Change] = {
    "Endpoint": _endpoint_changed,
    "InferenceComponent": _component_changed,
    "InferenceExperiment": _variants,
}
