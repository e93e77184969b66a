"""Experiments and lineage: what belongs to what, and what came from what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from secure_sagemaker.local.sagemaker.kept import Fill, Link, Operation, Record, Request, Store, refused
from secure_sagemaker.local.sagemaker.listing import listed, page
from secure_sagemaker.local.sagemaker.values import at, mapping, text, texts

__all__ = ["FILLED", "OPERATIONS"]

Output = Mapping[str, object]
_OF_A_TRIAL = "BelongsToTrial"
"""How a trial component hangs on a trial; no association that lineage tells of."""
_MOST_DEEP = 10


# --- trials


def _pair(store: Store, request: Request) -> tuple[Record, Record]:
    component = store.need(request, request.kind("TrialComponent"), request.parameters)
    return component, store.need(request, request.kind("Trial"), request.parameters)


def _associate_component(store: Store, request: Request) -> Output:
    component, trial = _pair(store, request)
    if _trial_link(store, component, trial) is None:
        store.links.append(_link(request, component.arn, trial.arn, _OF_A_TRIAL))
    return {"TrialComponentArn": component.arn, "TrialArn": trial.arn}


def _disassociate_component(store: Store, request: Request) -> Output:
    component, trial = _pair(store, request)
    link = _trial_link(store, component, trial)
    if link is not None:
        store.links.remove(link)
    return {"TrialComponentArn": component.arn, "TrialArn": trial.arn}


def _trial_link(store: Store, component: Record, trial: Record) -> Link | None:
    wanted = (component.arn, trial.arn, _OF_A_TRIAL)
    return next((link for link in store.links if (link.source, link.destination, link.kind) == wanted), None)


def _link(request: Request, source: str, destination: str, kind: str) -> Link:
    return Link(
        source=source, destination=destination, kind=kind, created=request.now, caller_arn=request.caller_arn
    )


def _list_trials(store: Store, request: Request) -> Output:
    trials: Iterable[Record] = store.all(request, "Trial")
    if request.text("TrialComponentName"):
        component = store.need(request, request.kind("TrialComponent"), request.parameters)
        trials = [trial for trial in trials if _trial_link(store, component, trial) is not None]
    return listed(request, request.kind("Trial"), trials, handled=["TrialComponentName"])


def _list_components(store: Store, request: Request) -> Output:
    components: Iterable[Record] = store.all(request, "TrialComponent")
    if request.text("TrialName") or request.text("ExperimentName"):
        name = request.text("ExperimentName")
        if name:
            store.need(request, request.kind("Experiment"), request.parameters)
        wanted = (
            [store.need(request, request.kind("Trial"), request.parameters)]
            if request.text("TrialName")
            else [trial for trial in store.all(request, "Trial") if trial.is_named("ExperimentName", name)]
        )
        components = [
            component
            for component in components
            if any(_trial_link(store, component, trial) is not None for trial in wanted)
        ]
    return listed(
        request, request.kind("TrialComponent"), components, handled=["ExperimentName", "TrialName"]
    )


# --- associations


def _named(store: Store, request: Request, arn: str) -> Record:
    record = store.by_arn(request, arn)
    if record is None:
        raise refused("ResourceNotFound", f"Resource {arn} does not exist.")
    return record


def _add(store: Store, request: Request) -> Output:
    source = _named(store, request, request.text("SourceArn"))
    destination = _named(store, request, request.text("DestinationArn"))
    if any((link.source, link.destination) == (source.arn, destination.arn) for link in store.links):
        raise refused(
            "ValidationException", f"An association from {source.arn} to {destination.arn} already exists."
        )
    kind = request.text("AssociationType") or "AssociatedWith"
    store.links.append(_link(request, source.arn, destination.arn, kind))
    return {"SourceArn": source.arn, "DestinationArn": destination.arn}


def _delete(store: Store, request: Request) -> Output:
    ends = (request.text("SourceArn"), request.text("DestinationArn"))
    found = [link for link in store.links if (link.source, link.destination) == ends]
    if not found:
        raise refused("ResourceNotFound", f"Association from {ends[0]} to {ends[1]} does not exist.")
    store.links = [link for link in store.links if link not in found]
    return {"SourceArn": ends[0], "DestinationArn": ends[1]}


def _list(store: Store, request: Request) -> Output:
    told: list[object] = []
    for link in sorted(_lineage(store), key=lambda link: link.created, reverse=True):
        source, destination = store.by_arn(request, link.source), store.by_arn(request, link.destination)
        if source is None or destination is None:
            continue
        summary = {
            "SourceArn": source.arn,
            "DestinationArn": destination.arn,
            "SourceType": _type(source),
            "DestinationType": _type(destination),
            "AssociationType": link.kind,
            "SourceName": source.name or source.arn.rsplit("/", 1)[-1],
            "DestinationName": destination.name or destination.arn.rsplit("/", 1)[-1],
            "CreationTime": link.created,
            "CreatedBy": {"IamIdentity": {"Arn": link.caller_arn, "PrincipalId": link.caller_arn}},
        }
        asked = ("SourceArn", "DestinationArn", "SourceType", "DestinationType", "AssociationType")
        if all(request.text(name) in ("", summary[name]) for name in asked):
            told.append(summary)
    return page(request, "AssociationSummaries", told)


def _lineage(store: Store) -> list[Link]:
    return [link for link in store.links if link.kind != _OF_A_TRIAL]


def _type(record: Record) -> str:
    """What an artifact, an action or a context says it is; of anything else, what it is."""
    stated = record.values.get(f"{record.kind.name}Type")
    return text(stated) or record.kind.name


def _query(store: Store, request: Request) -> Output:
    direction = request.text("Direction") or "Both"
    stated_depth = request.parameters.get("MaxDepth", _MOST_DEEP)
    depth = stated_depth if isinstance(stated_depth, int) else _MOST_DEEP
    start = texts(request.parameters.get("StartArns"))
    reached: dict[str, None] = dict.fromkeys(start)
    edges: dict[Link, None] = {}
    level = set(start)
    for _ in range(depth):
        further: set[str] = set()
        for link in _lineage(store):
            if direction != "Ascendants" and link.source in level:
                edges[link] = None
                further.add(link.destination)
            if direction != "Descendants" and link.destination in level:
                edges[link] = None
                further.add(link.source)
        level = further - reached.keys()
        reached.update(dict.fromkeys(sorted(level)))
    filters = mapping(request.parameters.get("Filters"))
    vertices = [
        {"Arn": record.arn, "Type": _type(record), "LineageType": record.kind.name}
        for arn in reached
        if (record := store.by_arn(request, arn)) is not None
        and _type(record) in (texts(filters.get("Types")) or (_type(record),))
        and record.kind.name in (texts(filters.get("LineageTypes")) or (record.kind.name,))
    ]
    told: dict[str, object] = {"Vertices": vertices}
    if request.parameters.get("IncludeEdges"):
        told["Edges"] = [
            {"SourceArn": link.source, "DestinationArn": link.destination, "AssociationType": link.kind}
            for link in edges
        ]
    return told


def _delete_artifact(store: Store, request: Request) -> Output:
    """An artifact is deleted by its ARN or by its source."""
    stated = request.text("ArtifactArn")
    uri = at(request.parameters, "Source.SourceUri")
    chosen = [
        record
        for record in store.all(request, "Artifact")
        if record.arn == stated or (uri is not None and at(record.values, "Source.SourceUri") == uri)
    ]
    if not chosen:
        raise refused("ResourceNotFound", f"Artifact {stated or uri} does not exist.")
    store.remove(request, chosen[0])
    return {"ArtifactArn": chosen[0].arn}


def _shown_as_named(store: Store, request: Request, record: Record) -> None:
    record.values.setdefault("DisplayName", record.name)


OPERATIONS: Mapping[str, Operation] = {
    "AddAssociation": _add,
    "AssociateTrialComponent": _associate_component,
    "DeleteArtifact": _delete_artifact,
    "DeleteAssociation": _delete,
    "DisassociateTrialComponent": _disassociate_component,
    "ListAssociations": _list,
    "ListTrialComponents": _list_components,
    "ListTrials": _list_trials,
    "QueryLineage": _query,
}
FILLED: Mapping[str, Fill] = {
    "Experiment": _shown_as_named,
    "Trial": _shown_as_named,
    "TrialComponent": _shown_as_named,
}
