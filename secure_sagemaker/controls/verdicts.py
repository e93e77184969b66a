"""Where a governed member stands, and what can be said of it.

A check looks at one ``Site`` and gives a ``Verdict``; a ``Rule`` names the control that the check is for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from secure_sagemaker.baseline import ControlId, KeyReference, KindOfWork, Mode, SecurityBaseline
from secure_sagemaker.controls.exemptions import ExemptionId

__all__ = [
    "REMOVE",
    "Check",
    "Exempted",
    "Kept",
    "Lookup",
    "Policy",
    "Rewritten",
    "Rule",
    "Site",
    "Supplied",
    "Unfit",
    "Verdict",
    "values_at",
]


class _Remove:
    def __repr__(self) -> str:
        return "(omitted)"


REMOVE = _Remove()
"""In a verdict: the member must not be sent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """What requests are held to: the baseline, with its key references resolved as far as is known."""

    baseline: SecurityBaseline
    key_arns: Mapping[str, str] = field(default_factory=dict)
    """Key reference, as written, to key ARN."""
    creating: bool = False
    """The calls are those of ``SecureSession.create_bucket``, which secures what it creates."""
    own_keys: frozenset[str] = field(init=False)
    """The ARNs of the baseline's keys, as far as is known."""
    observed: frozenset[ControlId] = field(init=False)
    """The controls that only observe."""

    def __post_init__(self) -> None:
        observed = (control for control in ControlId if self.baseline.mode(control) is Mode.OBSERVE)
        object.__setattr__(self, "observed", frozenset(observed))
        known = (self.key_arn(reference) for reference in self.baseline.kms.references())
        object.__setattr__(self, "own_keys", frozenset(arn for arn in known if arn is not None))

    def key_arn(self, reference: str) -> str | None:
        """The key's ARN, or None while the reference must be looked up."""
        parsed = KeyReference.parse(reference)
        if parsed is not None and parsed.key_arn is not None:
            return parsed.key_arn
        return self.key_arns.get(reference)


@dataclass(kw_only=True, slots=True)
class Site:
    """One member where it stands in one request.

    Not frozen, for one is made for each governed member of each request and freezing would double that.
    """

    service: str
    operation: str
    shape: str
    member: str
    required: bool
    """The service model requires the member of its structure."""
    present: bool
    value: object
    siblings: Mapping[str, object]
    """The structure that holds the member."""
    ancestors: tuple[tuple[str, Mapping[str, object]], ...]
    """The structures around it, outermost first: shape name and content."""
    policy: Policy

    @property
    def baseline(self) -> SecurityBaseline:
        """The baseline the request is held to."""
        return self.policy.baseline

    @property
    def unchanged_if_absent(self) -> bool:
        """An update leaves what it does not name as it was: absence asks for nothing."""
        return self.operation.startswith("Update") and not self.ancestors and self.operation not in _REPLACING

    @property
    def kind_of_work(self) -> KindOfWork | None:
        """The kind of work of the innermost structure that has one; None when none is known to."""
        kind = _KINDS.get(self.shape)
        for shape, _ in reversed(self.ancestors):
            if kind is not None:
                break
            kind = _KINDS.get(shape)
        return kind


_REPLACING = frozenset({"UpdateSchedule"})
"""Updates that forget what they do not name."""

_KINDS: Mapping[str, KindOfWork] = {
    "CreateTrainingJobRequest": KindOfWork.TRAINING,
    "CreateProcessingJobRequest": KindOfWork.PROCESSING,
    "HyperParameterTrainingJobDefinition": KindOfWork.TUNING,
    "CreateModelInput": KindOfWork.MODELS,
    "CreateEndpointConfigInput": KindOfWork.MODELS,
    "MonitoringJobDefinition": KindOfWork.MONITORING,
    "CreateDataQualityJobDefinitionRequest": KindOfWork.MONITORING,
    "CreateModelBiasJobDefinitionRequest": KindOfWork.MONITORING,
    "CreateModelExplainabilityJobDefinitionRequest": KindOfWork.MONITORING,
    "CreateModelQualityJobDefinitionRequest": KindOfWork.MONITORING,
}


# --- verdicts -------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """It is as strict as the baseline, or stricter."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Supplied:
    """It is missing; this is what the baseline gives it."""

    value: object


@dataclass(frozen=True, kw_only=True, slots=True)
class Unfit:
    """It is weaker than the baseline, or conflicts with it."""

    wanted: str
    correction: object = None
    """What to send instead (``REMOVE`` to omit it), or None when nothing can be."""
    why: str = ""
    """What is particular about this case, beside the control's own reason."""
    remedy: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rewritten:
    """It says the same as the baseline, but not in the form that AWS or its policies take."""

    value: object
    """What to send instead; ``REMOVE`` to omit it."""
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Exempted:
    """AWS cannot do it here."""

    exemption: ExemptionId


@dataclass(frozen=True, kw_only=True, slots=True)
class Lookup:
    """A key reference must be resolved before anything can be said."""

    reference: str
    inject: bool
    """Whether the resolved ARN is what would be injected."""


Verdict = Kept | Supplied | Unfit | Rewritten | Exempted | Lookup | None
"""None: the member asks for nothing here, and nothing is recorded."""


class Check(Protocol):
    """What decides about one member."""

    def judge(self, site: Site) -> Verdict:
        """The verdict; no I/O, no clock, no change to anything."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One row: the control that governs a member, and what it must hold."""

    control: ControlId
    check: Check
    secret: bool = False
    """Its value must never be shown."""


_STRUCTURE = (dict, Mapping)
"""For ``isinstance``: what nearly every structure is comes first, and needs no look into a registry."""


def values_at(content: object, path: str) -> list[object]:
    """Every value at a path such as ``InstanceGroups[].InstanceType``; absent parts give nothing."""
    found: list[object] = [content]
    for name, listed in _steps(path):
        following: list[object] = []
        for item in found:
            value = item.get(name) if isinstance(item, _STRUCTURE) else None
            if value is None:
                continue
            if not listed:
                following.append(value)
            elif isinstance(value, Sequence) and not isinstance(value, str):
                following.extend(value)
        found = following
    return found


@lru_cache(maxsize=256)
def _steps(path: str) -> tuple[tuple[str, bool], ...]:
    return tuple((part.removesuffix("[]"), part.endswith("[]")) for part in path.split("."))
