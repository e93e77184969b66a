"""How a text names a thing made elsewhere: by its name, by an ARN, or with what stands beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from secure_sagemaker.baseline import parse_arn
from secure_sagemaker.controls.pipelines import with_parameters
from secure_sagemaker.controls.resource_kinds import KINDS, Identifiers, ResourceKind

__all__ = [
    "MONITORS",
    "Amend",
    "Find",
    "Place",
    "by_arn",
    "by_monitoring_type",
    "by_name",
    "custom_image",
    "execution",
    "image",
    "in_domain",
    "pipeline",
    "private_team",
    "repository",
    "retained_endpoint",
    "scheduled_pipeline",
    "started",
    "unless_cleared",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A text that names something, where it stands in a request."""

    text: str
    siblings: Mapping[str, object]
    """The structure that holds it."""
    request: Mapping[str, object]
    """The whole request."""


Found = tuple[ResourceKind | None, Identifiers]
"""A kind and the parameters of its Describe; no kind where the text does not tell which it is."""
Find = Callable[[Place], Iterator[Found]]
Amend = Callable[[Place, Mapping[str, object], Mapping[str, object]], Mapping[str, object]]
"""Takes the place of the reference, the Describe's answer and the request that would make the thing."""


def by_name(kind: ResourceKind) -> Find:
    """A name, or an ARN that ends in it."""

    def find(place: Place) -> Iterator[Found]:
        yield kind, kind.identified(place.text)

    return find


def by_arn(kinds: tuple[ResourceKind, ...], *, or_nothing: bool = False) -> Find:
    """The ARN tells the kind. Where it is no ARN of one of them, nothing is named, or nobody knows what."""

    def find(place: Place) -> Iterator[Found]:
        arn = parse_arn(place.text)
        resource = "" if arn is None or arn.service != "sagemaker" else arn.resource.partition("/")[0]
        kind = next((kind for kind in kinds if kind.id == resource), None)
        if kind is not None:
            yield kind, kind.identified(place.text)
        elif not or_nothing:
            yield None, {}

    return find


def in_domain(kind: ResourceKind) -> Find:
    """The domain is named beside it, or in the request around it."""

    def find(place: Place) -> Iterator[Found]:
        domain = place.siblings.get("DomainId", place.request.get("DomainId"))
        yield kind, {"DomainId": str(domain), kind.names[-1]: place.text}

    return find


MONITORS: Mapping[str, ResourceKind] = {
    "DataQuality": KINDS["data-quality-job-definition"],
    "ModelQuality": KINDS["model-quality-job-definition"],
    "ModelBias": KINDS["model-bias-job-definition"],
    "ModelExplainability": KINDS["model-explainability-job-definition"],
}


def by_monitoring_type(place: Place) -> Iterator[Found]:
    """The name of a job definition, whose kind stands beside it."""
    kind = MONITORS.get(str(place.siblings.get("MonitoringType")))
    yield kind, {} if kind is None else kind.identified(place.text)


def retained_endpoint(place: Place) -> Iterator[Found]:
    """An update that retains variant properties takes over the data capture of the endpoint as it is."""
    excluded = place.siblings.get("ExcludeRetainedVariantProperties")
    named = [item.get("VariantPropertyType") for item in excluded] if isinstance(excluded, list) else []
    if place.siblings.get("RetainAllVariantProperties") is True and "DataCaptureConfig" not in named:
        yield from by_name(KINDS["endpoint"])(place)


def image(place: Place) -> Iterator[Found]:
    """The image, and the version that would run: the one of the alias, or the newest."""
    if place.text == _CLEARED:
        return
    named = KINDS["image"].identified(place.text)
    yield KINDS["image"], named
    if place.siblings.get("SageMakerImageVersionArn") in (None, _CLEARED):
        alias = place.siblings.get("SageMakerImageVersionAlias")
        yield KINDS["image-version"], {**named, "Alias": alias} if isinstance(alias, str) else named


def custom_image(place: Place) -> Iterator[Found]:
    """An image by its name, in the version that is named beside it, or the newest."""
    number = place.siblings.get("ImageVersionNumber")
    version = {"Version": number} if isinstance(number, int) else {}
    yield KINDS["image-version"], {"ImageName": place.text, **version}


_CLEARED = "None"
"""The text by which an update of Studio settings takes an ARN away."""


def unless_cleared(kind: ResourceKind) -> Find:
    """A name, unless an update takes it away."""

    def find(place: Place) -> Iterator[Found]:
        if place.text != _CLEARED:
            yield kind, kind.identified(place.text)

    return find


def repository(place: Place) -> Iterator[Found]:
    """A repository by its name; a URL names nothing of SageMaker's."""
    if "://" not in place.text:
        yield from by_name(KINDS["code-repository"])(place)


def private_team(place: Place) -> Iterator[Found]:
    """Teams of vendors and the public one are not this account's to describe."""
    arn = parse_arn(place.text)
    if arn is None or not arn.resource.startswith(("workteam/vendor-crowd/", "workteam/public-crowd/")):
        yield from by_name(KINDS["workteam"])(place)


def pipeline(place: Place) -> Iterator[Found]:
    """A pipeline, in the version that is named beside it."""
    named = {
        name: value
        for name in ("PipelineVersionId", "PipelineVersionAlias")
        if isinstance(value := place.siblings.get(name), str | int)
    }
    yield KINDS["pipeline"], {"PipelineName": place.text, **named}


def execution(place: Place) -> Iterator[Found]:
    """An execution, which has a definition of its own and the role that its pipeline has."""
    yield KINDS["pipeline-execution"], {"PipelineExecutionArn": place.text}
    yield KINDS["pipeline-role"], {"PipelineName": place.text.partition("/execution/")[0]}


def scheduled_pipeline(place: Place) -> Iterator[Found]:
    """A pipeline by its ARN; everything else that a schedule or a rule may start is no pipeline."""
    arn = parse_arn(place.text)
    if arn is not None and arn.service == "sagemaker" and arn.resource.startswith("pipeline/"):
        yield KINDS["pipeline"], {"PipelineName": place.text}


def _given(parameters: object) -> dict[str, object]:
    listed = parameters if isinstance(parameters, list | tuple) else ()
    return {str(one.get("Name")): one.get("Value") for one in listed if isinstance(one, Mapping)}


def started(
    place: Place, answer: Mapping[str, object], request: Mapping[str, object]
) -> Mapping[str, object]:
    """The pipeline with the parameters and the role that it is started with, now or on schedule."""
    scheduled = place.siblings.get("SageMakerPipelineParameters")
    given = {
        **_given(answer.get("PipelineParameters")),
        **_given(place.siblings.get("PipelineParameters")),
        **_given(scheduled.get("PipelineParameterList") if isinstance(scheduled, Mapping) else None),
    }
    amended = dict(request)
    if (role := place.siblings.get("RoleArn")) is not None and scheduled is None:
        amended["RoleArn"] = role  # a schedule's own role starts the pipeline, and runs nothing
    definition = request.get("PipelineDefinition")
    if given and isinstance(definition, str):
        with suppress(ValueError):  # what cannot be read is refused where it is judged
            amended["PipelineDefinition"] = with_parameters(definition, given)
    return amended
