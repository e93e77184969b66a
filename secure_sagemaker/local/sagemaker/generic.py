"""What every kind of resource has in common: made, described, listed, updated, started, stopped, deleted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from secure_sagemaker.local.sagemaker.kept import Record, Refused, Request, Store, missing, refused
from secure_sagemaker.local.sagemaker.kinds import DEFAULTS, MERGED, RENAMED, Course, Kind
from secure_sagemaker.local.sagemaker.listing import CREATED, MODIFIED, listed
from secure_sagemaker.local.sagemaker.shapes import complete, project
from secure_sagemaker.local.sagemaker.values import at, mapping, merged, plain, text, texts

__all__ = [
    "create",
    "delete",
    "describe",
    "list_",
    "output",
    "settle",
    "start",
    "stop",
    "tags_of",
    "tell",
    "touch",
    "update",
]

Output = Mapping[str, object]

# What a call names must exist: the member, and the kind it names.
_REFERENCES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "CreateAIBenchmarkJob": (("AIWorkloadConfigIdentifier", "AIWorkloadConfig"),),
    "CreateAIRecommendationJob": (("AIWorkloadConfigIdentifier", "AIWorkloadConfig"),),
    "CreateApp": (("DomainId", "Domain"), ("UserProfileName", "UserProfile"), ("SpaceName", "Space")),
    "CreateClusterExtension": (("ClusterArn", "Cluster"),),
    "CreateClusterSchedulerConfig": (("ClusterArn", "Cluster"),),
    "CreateComputeQuota": (("ClusterArn", "Cluster"),),
    "CreateEdgeDeploymentPlan": (("DeviceFleetName", "DeviceFleet"),),
    "CreateEdgePackagingJob": (("CompilationJobName", "CompilationJob"),),
    "CreateEndpoint": (("EndpointConfigName", "EndpointConfig"),),
    "CreateEndpointConfig": (
        ("ProductionVariants[].ModelName", "Model"),
        ("ShadowProductionVariants[].ModelName", "Model"),
    ),
    "CreateImageVersion": (("ImageName", "Image"),),
    "CreateInferenceComponent": (("EndpointName", "Endpoint"), ("Specification.ModelName", "Model")),
    "CreateInferenceExperiment": (("EndpointName", "Endpoint"), ("ModelVariants[].ModelName", "Model")),
    "CreateModelCardExportJob": (("ModelCardName", "ModelCard"),),
    "CreateModelPackage": (("ModelPackageGroupName", "ModelPackageGroup"),),
    "CreateNotebookInstance": (("LifecycleConfigName", "NotebookInstanceLifecycleConfig"),),
    "CreateSpace": (("DomainId", "Domain"),),
    "CreateTransformJob": (("ModelName", "Model"),),
    "CreateTrial": (("ExperimentName", "Experiment"),),
    "CreateUserProfile": (("DomainId", "Domain"),),
    "ImportHubContent": (("HubName", "Hub"),),
    "UpdateEndpoint": (("EndpointConfigName", "EndpointConfig"),),
    "UpdateNotebookInstance": (("LifecycleConfigName", "NotebookInstanceLifecycleConfig"),),
}

# What must be gone before: a kind, and the member in which it names the one to be deleted.
_HELD_BY: Mapping[str, tuple[tuple[str, str], ...]] = {
    "DeviceFleet": (("Device", "DeviceFleetName"),),
    "Domain": (("App", "DomainId"), ("Space", "DomainId"), ("UserProfile", "DomainId")),
    "Endpoint": (("InferenceComponent", "EndpointName"),),
    "Experiment": (("Trial", "ExperimentName"),),
    "Hub": (("HubContent", "HubName"),),
    "ModelPackageGroup": (("ModelPackage", "ModelPackageGroupName"),),
}
_NO_CHANGE = frozenset({"ClientRequestToken", "ClientToken", "TargetVersion"})


def create(
    store: Store,
    request: Request,
    kind: Kind,
    *,
    made: Mapping[str, object] | None = None,
    path: str = "",
) -> Output:
    """Make one, as it was sent.

    Args:
        store: Where it is kept.
        request: The call.
        kind: What is made.
        made: Members that AWS makes, and not the caller.
        path: What its ARN ends with, where that is not the kind's own.

    Raises:
        Refused: One of its name exists, or what it names does not.
    """
    sent = {**request.parameters, **(made or {})}
    if all(sent.get(name) is not None for name in kind.identity):
        same = store.find(request, kind, sent)
        if same is not None:
            raise _exists(request, same)
    refer(store, request)
    renamed = RENAMED.get(kind.name, {})
    values = {
        **{name: plain(value) for name, value in DEFAULTS.get(kind.name, {}).items()},
        **{renamed.get(name, name): value for name, value in sent.items() if value is not None},
    }
    record = store.add(request, kind, values, path=path)
    _stamp(request, record, CREATED, "CreatedBy")
    _stamp(request, record, MODIFIED, "LastModifiedBy")
    record.begin(kind.course)
    fill = store.particulars.filled.get(kind.name)
    if fill is not None:
        try:
            fill(store, request, record)
        except Refused:
            store.remove(request, record)
            raise
    return output(request, record)


_RECORDS_OF_WORK = frozenset({"Experiment", "Pipeline", "Trial", "TrialComponent"})
"""Whose existence AWS tells in these words: the SDKs read them, and update or load what exists."""


def _exists(request: Request, record: Record) -> Exception:
    words = record.kind.words
    if record.kind.name in _RECORDS_OF_WORK:
        message = f"{words.capitalize()} names must be unique within an AWS account and region."
        name = text(record.values.get(record.kind.identity[-1]))
        return refused(
            "ValidationException", f"{message} {words.capitalize()} with name ({name}) already exists."
        )
    for code in ("ResourceInUse", "ConflictException"):
        if request.has_declared(code):
            message = f"{words.capitalize()} names must be unique within an AWS account and region, and"
            return refused(code, f"{message} one with this name already exists ({record.arn}).")
    return refused("ValidationException", f'Cannot create already existing {words} "{record.arn}".')


def refer(store: Store, request: Request) -> None:
    """Refuse a call that names what does not exist."""
    for path, name in _REFERENCES.get(request.operation, ()):
        kind = request.kind(name)
        stated = at(request.parameters, path)
        for value in texts(stated) if isinstance(stated, list) else (text(stated),):
            if value:
                store.need(request, kind, {**request.parameters, kind.identity[-1]: value})


def describe(store: Store, request: Request, kind: Kind) -> Output:
    """Tell everything of one; what was under way is done now."""
    record = store.need(request, kind, request.parameters)
    settle(store, request, record)
    return output(request, record, complete_it=True)


def settle(store: Store, request: Request, record: Record) -> None:
    """Let a record arrive where it was going."""
    if not record.next_status:
        return
    record.values[record.kind.status] = record.next_status
    record.next_status = ""
    record.values.update({name: request.now for name in MODIFIED if name in record.values})
    if record.kind.is_job:
        _end(request, record)
    finish = store.particulars.finished.get(record.kind.collection)
    if finish is not None:
        finish(store, request, record)


def _end(request: Request, record: Record) -> None:
    for name, shape in record.kind.view.members.items():
        if shape.type_name != "timestamp" or name in record.values:
            continue
        if name.endswith("StartTime"):
            record.values[name] = _created(record)
        elif name.endswith("EndTime") or name == "CompletionTime":
            record.values[name] = request.now


def output(request: Request, record: Record, *, complete_it: bool = False) -> Output:
    """A record through the operation's output shape."""
    shape = request.model.output_shape
    if shape is None:
        return {}
    wrapper = record.kind.wrapper
    values = {**record.values, "Tags": tags_of(record)} if record.tags else record.values
    wrapped = {**values, wrapper: values} if wrapper in shape.members else values
    return tell(request, wrapped, now=_created(record)) if complete_it else mapping(project(wrapped, shape))


def tell(request: Request, values: Mapping[str, object], *, now: float) -> Output:
    """Values through the operation's output shape, with everything that it requires."""
    shape = request.model.output_shape
    return {} if shape is None else mapping(complete(mapping(project(values, shape)), shape, now=now))


def tags_of(record: Record) -> list[object]:
    """A record's tags as the API has them."""
    return [{"Key": key, "Value": value} for key, value in record.tags.items()]


def _created(record: Record) -> float:
    held = next((record.values[name] for name in CREATED if name in record.values), 0.0)
    return float(held) if isinstance(held, int | float) else 0.0


def list_(store: Store, request: Request, kind: Kind) -> Output:
    """Tell a little of each."""
    return listed(request, kind, store.all(request, kind))


def update(store: Store, request: Request, kind: Kind) -> Output:
    """Change what the call names, and leave the rest."""
    record = store.need(request, kind, _named(request, kind))
    refer(store, request)
    if request.parameters.get("TargetVersion") is not None:
        _at_version(request, record)
    settle(store, request, record)
    before = dict(record.values)
    for name, value in _changes(request, kind):
        record.values[name] = value if name not in MERGED else merged(record.values.get(name), value)
    for name in request.parameters:
        _take_away(request, record, name)
    touch(request, record)
    begun = kind.statuses("updating", "updateinprogress")
    done = kind.statuses("updated", "updatecompleted") or record.status
    if begun:
        record.begin(Course(first=begun, then=done))
    change = store.particulars.updated.get(kind.collection)
    if change is not None:
        try:
            change(store, request, record, before)
        except Refused:
            record.values = before
            raise
    return output(request, record)


def _named(request: Request, kind: Kind) -> Mapping[str, object]:
    """Some operations name by an ARN what others name by its name."""
    last = kind.identity[-1]
    if last in request.parameters:
        return request.parameters
    arn = next((request.text(name) for name in kind.arn_members if request.text(name)), "")
    return {**request.parameters, last: arn} if arn else request.parameters


def _at_version(request: Request, record: Record) -> None:
    version = record.values.get(f"{record.kind.name}Version")
    if request.parameters["TargetVersion"] != version:
        raise refused("ConflictException", f"{record.kind.words} {record.arn} is at version {version}.")


def _changes(request: Request, kind: Kind) -> Iterator[tuple[str, object]]:
    renamed = RENAMED.get(kind.name, {})
    for name, value in request.parameters.items():
        if name not in kind.identity and name not in _NO_CHANGE and name not in kind.arn_members:
            if name == "Tags" or name.endswith(("ToAdd", "ToDelete", "ToRemove")):
                continue
            if not name.startswith("Disassociate"):
                yield renamed.get(name, name), plain(value)


def _take_away(request: Request, record: Record, name: str) -> None:
    renamed = RENAMED.get(record.kind.name, {})
    base = name.removesuffix("ToRemove")
    if base != name:
        kept = mapping(record.values.get(base))
        gone = texts(request.parameters[name])
        record.values[base] = {key: value for key, value in kept.items() if key not in gone}
    elif name.startswith("Disassociate") and request.parameters[name]:
        member = name.removeprefix("Disassociate")
        for one in (member, f"{member}Name"):
            record.values.pop(renamed.get(one, one), None)


def stop(store: Store, request: Request, kind: Kind) -> Output:
    """Bring one to a halt."""
    record = store.need(request, kind, request.parameters)
    if not kind.is_job:
        settle(store, request, record)
    elif not record.next_status:
        message = f"The request was rejected because the {kind.words} is in status {record.status}."
        raise refused("ValidationException", message)
    stopped = kind.statuses("stopped", "completed", "cancelled")
    record.begin(Course(first=kind.statuses("stopping") or stopped, then=stopped))
    return output(request, record)


def start(store: Store, request: Request, kind: Kind) -> Output:
    """Have one run again."""
    record = store.need(request, kind, request.parameters)
    settle(store, request, record)
    then = kind.statuses("started") or (kind.course.then if kind.course is not None else "")
    record.begin(Course(first=kind.statuses("starting", "pending") or then, then=then))
    return output(request, record)


def delete(store: Store, request: Request, kind: Kind) -> Output:
    """Forget one.

    Raises:
        Refused: It does not exist, or something stands on it.
    """
    record = store.find(request, kind, request.parameters)
    if record is None:
        raise missing(request, kind, request.parameters)
    settle(store, request, record)
    for name, member in _HELD_BY.get(kind.name, ()):
        own = record.values.get(member, record.values.get(kind.identity[-1]))
        if any(other.values.get(member) == own for other in store.all(request, name)):
            codes = ("ResourceInUse", "ConflictException")
            code = next((code for code in codes if request.has_declared(code)), "ValidationException")
            raise refused(code, f"{record.arn} cannot be deleted: it has a {request.kind(name).words}.")
    if kind.name == "NotebookInstance" and record.status not in ("Stopped", "Failed"):
        message = f"Status ({record.status}) not in ([Stopped, Failed]). Unable to transition to (Deleting)"
        raise refused("ValidationException", f"{message} for Notebook Instance ({record.arn})")
    store.remove(request, record)
    return output(request, record, complete_it=True)


def touch(request: Request, record: Record) -> None:
    """Say that a record was changed now, by the caller."""
    _stamp(request, record, MODIFIED, "LastModifiedBy")


def _stamp(request: Request, record: Record, times: tuple[str, ...], by: str) -> None:
    members = record.kind.view.members
    record.values.update({name: request.now for name in times if name in members})
    # Lists show a time of creation even where Describe does not.
    if times is CREATED and not any(name in members for name in CREATED):
        record.values["CreationTime"] = request.now
    if by in members:
        record.values[by] = {"IamIdentity": {"Arn": request.caller_arn, "PrincipalId": request.caller_arn}}
