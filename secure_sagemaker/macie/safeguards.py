"""What a call must have where its data is accepted on conditions: a layer of the baseline, and what shows that it held.

Pure. A safeguard that cannot be had is a refusal: nothing is let pass on a condition that was not met.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from secure_sagemaker.baseline import (
    DEFAULT_MODES,
    ControlId,
    KindOfWork,
    Mode,
    Safeguard,
    SecurityBaseline,
)
from secure_sagemaker.controls import CONTROLS, Action, Decision, Enforcement
from secure_sagemaker.controls.documents import read_json

__all__ = ["layer_of", "unmet"]

_STATED: Mapping[Safeguard, Mapping[str, Mapping[str, object]]] = MappingProxyType(
    {
        Safeguard.CUSTOMER_KEY: {"kms": {"aws_managed": []}},
        Safeguard.NETWORK_ISOLATION: {"network_isolation": {kind.value: "require" for kind in KindOfWork}},
        Safeguard.NO_DATA_CAPTURE: {},
        Safeguard.NO_REMOTE_DEBUG: {"hardening": {"allow_remote_debug": False}},
    }
)
_CONTROLS: Mapping[Safeguard, tuple[ControlId, ...]] = MappingProxyType(
    {
        Safeguard.CUSTOMER_KEY: (ControlId.KMS_OUTPUT_KEY, ControlId.KMS_VOLUME_KEY),
        Safeguard.NETWORK_ISOLATION: (ControlId.NETWORK_ISOLATION,),
        Safeguard.NO_DATA_CAPTURE: (),
        Safeguard.NO_REMOTE_DEBUG: (ControlId.REMOTE_DEBUG,),
    }
)
_HELD = frozenset({Action.CORRECTED, Action.INJECTED, Action.KEPT})
_LET_BY = frozenset({Action.EXEMPT, Action.OBSERVED, Action.WAIVED})
_CAPTURES = "DataCaptureConfig"
_DEFINITION = "PipelineDefinition"
_OTHERWISE = "use other data, or have the class accept it without"
_OF_THE_MODEL = "TransformInput."
"""Inputs whose isolation is stated in the model that reads them, which is held to the same layer."""
_ARGUMENTS = ".Arguments."
"""What parts a pipeline's step from what it states."""


def layer_of(safeguards: Iterable[Safeguard], baseline: SecurityBaseline) -> Mapping[str, object]:
    """What the baseline says more of a call that must have these."""
    stated: dict[str, object] = {}
    controls: set[ControlId] = set()
    for one in safeguards:
        stated |= _STATED[one]
        controls.update(_CONTROLS[one])
    modes = {
        control.value: DEFAULT_MODES[control].value
        for control in sorted(controls)
        if baseline.mode(control) is Mode.OBSERVE
    }
    if modes:
        stated["modes"] = modes
    if any(waiver.control in controls for waiver in baseline.waivers):
        stated["waivers"] = [
            waiver.model_dump() for waiver in baseline.waivers if waiver.control not in controls
        ]
    return stated


def unmet(
    safeguards: Iterable[Safeguard], enforcement: Enforcement, *, paths: Sequence[str]
) -> Iterator[Decision]:
    """A refusal for each safeguard that the call does not have, though its data is accepted on that condition.

    Args:
        safeguards: What it must have.
        enforcement: What was decided about it under ``layer_of`` them.
        paths: The paths of the inputs that ask for it.
    """
    for one in safeguards:
        if one is Safeguard.NO_DATA_CAPTURE:
            if (captured := _captures(enforcement.parameters, "")) is not None:
                yield _refused(captured, one, "it is there", "leave it out, or use other data")
            continue
        about = [decision for decision in enforcement.decisions if decision.control_id in _CONTROLS[one]]
        for decision in about:
            if decision.action in _LET_BY and not (
                one is Safeguard.CUSTOMER_KEY and decision.action is Action.EXEMPT
            ):
                yield _refused(decision.path, one, f"{decision.action}: {decision.why}", _OTHERWISE)
        if one is Safeguard.NETWORK_ISOLATION:
            yield from _open(about, enforcement.operation, paths)


def _open(about: Sequence[Decision], operation: str, paths: Iterable[str]) -> Iterator[Decision]:
    """A refusal for each request, or step of a pipeline, that reads such data and is not isolated itself."""
    told = set()
    for path in paths:
        step, within, member = path.rpartition(_ARGUMENTS)
        if step in told or member.startswith(_OF_THE_MODEL):
            continue
        told.add(step)
        if not any(one.action in _HELD and one.path.startswith(step + within) for one in about):
            name = step if within else operation
            yield _refused(path, Safeguard.NETWORK_ISOLATION, f"{name} has no network isolation", _OTHERWISE)


def _captures(held: object, path: str) -> str | None:
    """Where a request asks that what goes in and out be kept."""
    match held:
        case Mapping():
            for name, value in held.items():
                inner = f"{path}.{name}" if path else str(name)
                if inner == _DEFINITION and isinstance(value, str):
                    value = _read(value)
                if name == _CAPTURES:
                    return inner
                if (found := _captures(value, inner)) is not None:
                    return found
        case list() | tuple():
            for at, value in enumerate(held):
                if (found := _captures(value, f"{path}[{at}]")) is not None:
                    return found
    return None


def _read(definition: str) -> object:
    try:
        return read_json(definition)
    except (ValueError, RecursionError):
        return None  # told as unreadable, and so refused already


def _refused(path: str, safeguard: Safeguard, got: str, remedy: str) -> Decision:
    return Decision(
        control_id=ControlId.INPUT_SCAN,
        path=path,
        action=Action.REFUSED,
        got=got,
        wanted=f"{safeguard.value}: the call's data is accepted on that condition alone",
        why=CONTROLS[ControlId.INPUT_SCAN].why,
        remedy=remedy,
    )
