"""Which resources a call is about, as IAM is asked of them: the ARNs of what it makes, changes, reads or builds on.

What is there is told by its own ARN. What is not there yet is told by its name, with ``*`` for what AWS would make up.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping

from secure_sagemaker.local.sagemaker.kept import Request, Store
from secure_sagemaker.local.sagemaker.kinds import Kind, kinds
from secure_sagemaker.local.sagemaker.values import text, texts

__all__ = ["resources"]

# Service Authorization Reference, "Actions defined by Amazon SageMaker": the further resource types that are required.
_BESIDE: Mapping[str, tuple[str, ...]] = {
    "CreateEndpoint": ("EndpointConfig",),
    "CreateInferenceComponent": ("Endpoint",),
    "CreateTrial": ("Experiment",),
    "ImportHubContent": ("Hub",),
    "UpdateEndpoint": ("EndpointConfig",),
}

# Members that hold ARNs of whatever kind.
_BY_ARN: Mapping[str, tuple[str, ...]] = {
    "AddAssociation": ("DestinationArn", "SourceArn"),
    "AddTags": ("ResourceArn",),
    "BatchDescribeModelPackage": ("ModelPackageArnList",),
    "DeleteAssociation": ("DestinationArn", "SourceArn"),
    "DeleteTags": ("ResourceArn",),
    "ListTags": ("ResourceArn",),
    "StartSession": ("ResourceIdentifier",),
}

# Of operations that list, these alone are about one resource.
_LISTS_OF_ONE = frozenset(
    {
        *(
            "ListAliases",
            "ListClusterEvents",
            "ListClusterNodes",
            "ListHubContentVersions",
            "ListHubContents",
        ),
        *("ListImageVersions", "ListLabelingJobsForWorkteam", "ListModelCardExportJobs"),
        *("ListModelCardVersions", "ListPipelineExecutionSteps", "ListPipelineExecutions"),
        *("ListPipelineParametersForExecution", "ListPipelineVersions"),
        "ListTrainingJobsForHyperParameterTuningJob",
    }
)
# Where the operation's name says another kind than IAM is asked of.
_NAMED = {
    "CreateImageVersion": "Image",
    "CreateModelCardExportJob": "ModelCard",
    "CreatePresignedDomainUrl": "UserProfile",
    "StartPipelineExecution": "Pipeline",
}
_VERB = re.compile(r"^(Create|Delete|Describe|Import|Start|Stop|Update)")
_LEFT_OUT = frozenset({"SpaceName", "UserProfileName"})
"""Of an app's ARN, that one of the two which it has not."""


def resources(store: Store, request: Request) -> tuple[str, ...]:
    """The ARNs of the resources that a call is about, its own first; none for a call that IAM asks of ``*``."""
    operation = request.operation
    if operation in _BY_ARN:
        stated = [request.parameters.get(member) for member in _BY_ARN[operation]]
        return tuple(arn for one in stated for arn in ([one] if isinstance(one, str) else texts(one)))
    if operation.startswith("List"):
        found = _listed(store, request)
    elif (kind := _own(request)) is not None:
        beside = (request.kind(name) for name in _BESIDE.get(operation, ()))
        found = (_arn(store, request, one) for one in (kind, *beside))
    else:
        found = _mentioned(store, request)
    return tuple(dict.fromkeys(found))


def _own(request: Request) -> Kind | None:
    """The kind that an operation's name says."""
    every = kinds(request.model.service_model)
    return every.get(_NAMED.get(request.operation) or _VERB.sub("", request.operation))


def _listed(store: Store, request: Request) -> Iterator[str]:
    if request.operation == "ListModelPackages":
        yield request.arn(f"model-package/{request.text('ModelPackageGroupName') or '*'}")
    elif request.operation in _LISTS_OF_ONE:
        yield from _mentioned(store, request)


def _mentioned(store: Store, request: Request) -> Iterator[str]:
    """What the parameters name in full, of kinds whose one name says what it is."""
    for kind in kinds(request.model.service_model).values():
        named = [member for member in (*kind.identity, *kind.arn_members) if request.text(member)]
        if named and (len(kind.identity) == 1 or set(kind.identity) <= set(named)):
            yield _arn(store, request, kind)


def _arn(store: Store, request: Request, kind: Kind) -> str:
    given = (request.text(member) for member in (*kind.identity, *kind.arn_members))
    stated = next((value for value in given if value.startswith("arn:")), "")
    if stated:
        return stated
    if kind.name == "ModelPackage" and (group := request.text("ModelPackageGroupName")):
        return request.arn(f"model-package/{group}/*")
    creating = request.operation == f"Create{kind.name}"
    there = None if creating else store.find(request, kind, request.parameters)
    return request.arn(_path(kind, request.parameters)) if there is None else there.arn


def _path(kind: Kind, values: Mapping[str, object]) -> str:
    pieces: list[str] = []
    for literal, name, _, _ in string.Formatter().parse(kind.arn_path):
        value = text(values.get(name)) if name else ""
        missing = "" if not name or name in _LEFT_OUT else "*"
        pieces += [literal, value or missing]
    return "/".join(part for part in "".join(pieces).split("/") if part)
