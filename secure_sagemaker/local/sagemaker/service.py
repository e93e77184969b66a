"""SageMaker as a service: a call comes in, is held to its input shape, and is answered from what is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from botocore.model import OperationModel

from secure_sagemaker.local import moto_state
from secure_sagemaker.local.sagemaker import (
    hosting,
    jobs,
    lineage,
    pipelines,
    registry,
    search,
    workplaces,
)
from secure_sagemaker.local.sagemaker.generic import create, delete, describe, list_, start, stop, update
from secure_sagemaker.local.sagemaker.kept import Particulars, Refused, Request, Store, refused
from secure_sagemaker.local.sagemaker.kinds import Kind, kinds, listed_kind
from secure_sagemaker.local.sagemaker.listing import page, summaries_member
from secure_sagemaker.local.sagemaker.resources import resources
from secure_sagemaker.local.sagemaker.shapes import UnreadableError, lacking
from secure_sagemaker.local.wire import Answer, Call, json_answer, refusal_of

__all__ = ["SageMaker"]

_VERBS: Mapping[str, Callable[[Store, Request, Kind], Mapping[str, object]]] = {
    "Create": create,
    "Delete": delete,
    "Describe": describe,
    "Start": start,
    "Stop": stop,
    "Update": update,
}
_OPERATIONS = {
    **hosting.OPERATIONS,
    **jobs.OPERATIONS,
    **lineage.OPERATIONS,
    **pipelines.OPERATIONS,
    **registry.OPERATIONS,
    **search.OPERATIONS,
    **workplaces.OPERATIONS,
}
_PARTICULARS = Particulars(
    filled={
        **hosting.FILLED,
        **jobs.FILLED,
        **lineage.FILLED,
        **pipelines.FILLED,
        **registry.FILLED,
        **workplaces.FILLED,
    },
    finished=jobs.FINISHED,
    updated={
        **hosting.UPDATED,
        **jobs.UPDATED,
        **pipelines.UPDATED,
        **registry.UPDATED,
        **workplaces.UPDATED,
    },
)

# Nothing here makes any of these, so an account has none.
_NONE_OF = frozenset(
    {
        *("ListClusterEvents", "ListClusterOperations", "ListInferenceRecommendationsJobSteps"),
        *("ListLineageGroups", "ListMonitoringAlertHistory", "ListMonitoringAlerts"),
        *("ListMonitoringExecutions", "ListResourceCatalogs", "ListStageDevices", "ListSubscribedWorkteams"),
    }
)


@dataclass(frozen=True, kw_only=True)
class SageMaker:
    """The ``sagemaker`` service of the embedded account."""

    clock: Callable[[], float] = time.time
    """What time it is, in seconds since the epoch."""
    _store: Store = field(default_factory=lambda: Store(particulars=_PARTICULARS))

    def answer(self, call: Call) -> Answer | None:
        """AWS's answer to a call; None where nobody here does that operation."""
        request = self._request(call)
        if request is None:
            return None
        try:
            _check(call, request.model)
            output = self._output(request)
        except Refused as refusal:
            return refusal_of(call, refusal.refusal)
        return None if output is None else json_answer(output)

    def resources(self, call: Call) -> tuple[str, ...]:
        """The ARNs of what a call is about, its own first; none for a call about no one resource."""
        request = self._request(call)
        return () if request is None else resources(self._store, request)

    def tags(self, call: Call, arn: str) -> Mapping[str, str]:
        """The tags of the resource of an ARN; none of one that is not there."""
        request = self._request(call)
        record = None if request is None else self._store.by_arn(request, arn)
        return {} if record is None else record.tags

    def fail(self, call: Call, reason: str) -> None:
        """Have the job that a call created end as failed."""
        request = self._request(call)
        kind = (
            kinds(request.model.service_model).get(call.operation.removeprefix("Create")) if request else None
        )
        record = self._store.find(request, kind, call.parameters) if request and kind else None
        if record is not None:
            record.next_status = "Failed"
            record.values["FailureReason"] = reason

    def _request(self, call: Call) -> Request | None:
        if call.model is None or call.caller is None:
            return None
        return Request(
            model=call.model,
            parameters=call.parameters,
            account=call.caller.account,
            region=call.region,
            partition=moto_state.partition(call.region),
            caller_arn=call.caller.arn,
            now=round(self.clock(), 3),
        )

    def _output(self, request: Request) -> Mapping[str, object] | None:
        name = request.operation
        if name in _OPERATIONS:
            return _OPERATIONS[name](self._store, request)
        if name in _NONE_OF:
            return page(request, summaries_member(request.model)[0], [])
        listed = listed_kind(request.model.service_model, name) if name.startswith("List") else None
        if listed is not None:
            return list_(self._store, request, listed)
        every = kinds(request.model.service_model)
        for verb, answer in _VERBS.items():
            kind = every.get(name.removeprefix(verb)) if name.startswith(verb) else None
            if kind is not None:
                return answer(self._store, request, kind)
        return None


def _check(call: Call, model: OperationModel) -> None:
    """Hold a request to its input shape: what it must say, and of which type. Limits are ``refusals``'."""
    try:
        missing = list(lacking(model.input_shape, call.parameters)) if model.input_shape is not None else []
    except UnreadableError as unreadable:
        raise refused("SerializationException", str(unreadable)) from unreadable
    if missing:
        errors = "error" if len(missing) == 1 else "errors"
        said = f"{len(missing)} validation {errors} detected: {'; '.join(missing)}"
        raise refused("ValidationException", said)
