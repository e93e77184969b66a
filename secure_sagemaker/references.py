"""What a call names instead of carries: described, then held to the controls.

The rules it keeps:

1. What a call names is described at each use, once in each call: a thing made anew under its name is seen.
2. A description is judged by the plan of the operation that would make it, and what it names is followed: from an
   endpoint's config to its models, their packages, their images and buckets.
3. Below a thing that is as it was, by ARN, times and content, only what can be changed under its name is read
   again, and what was found wanting; of the rest the session remembers that nothing was.
4. What cannot be read is refused: which permission, or which name, is in the refusal.
5. A finding is the finding of the control that made it, under that control's mode and waivers. A waiver holds by the
   operation and name by which the thing was made, or by those of the call that uses it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from secure_sagemaker.baseline import ControlId, Mode, SecurityBaseline, Waiver, parse_arn
from secure_sagemaker.controls import (
    ABSENT,
    CONTROLS,
    Action,
    Decision,
    Enforcement,
    Enforcer,
    Mention,
    Namings,
    ResourceKind,
    Snapshot,
    applicable,
    excuse,
    mentions_of,
)
from secure_sagemaker.describing import Describer, UnreadableError
from secure_sagemaker.exceptions import KeyResolutionError
from secure_sagemaker.identity import KeyResolver
from secure_sagemaker.locks import ForkSafeLock

if TYPE_CHECKING:
    from botocore.model import OperationModel
    from types_boto3_sagemaker import SageMakerClient

__all__ = ["Named", "ReferencedResources"]

_REMEMBERED = 512
"""How many things a session remembers."""
_TOLD = frozenset({Action.OBSERVED, Action.REFUSED})
_CONTROL = ControlId.REFERENCED_RESOURCE

_Key = tuple[str, tuple[tuple[str, str | int], ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """What one call names, once the call's parameters are final."""

    model: OperationModel
    parameters: Mapping[str, object]
    mentions: tuple[Mention, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """What was found of one thing."""

    content: Snapshot
    request: Mapping[str, object]
    findings: tuple[Decision, ...]
    mentions: tuple[Mention, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Visit:
    """One look at all that one call names."""

    waivers: Mapping[ControlId, Waiver]
    """Those that hold for the call itself."""
    seen: set[_Key] = field(default_factory=set)


class ReferencedResources:
    """Looks at what calls name. Safe to use from several threads.

    Args:
        baseline: What things are held to.
        enforcer: Decides about them.
        keys: Looks up the keys that they name.
        client: Makes the client that describes, when the first look needs it.
        today: Tells the day (UTC), for waivers.
    """

    def __init__(
        self,
        baseline: SecurityBaseline,
        *,
        enforcer: Enforcer,
        keys: KeyResolver,
        client: Callable[[], SageMakerClient],
        today: Callable[[], date],
    ) -> None:
        self._baseline = baseline
        self._enforcer = enforcer
        self._keys = keys
        self._describer = Describer(role=baseline.role.arn, client=client)
        self._today = today
        self._plans: dict[tuple[str, str], Namings | None] = {}
        self._known: OrderedDict[_Key, _Known] = OrderedDict()
        self._lock = ForkSafeLock()

    # --- what is named ----------------------------------------------------------------------------

    def named(self, model: OperationModel, parameters: Mapping[str, object]) -> Named | None:
        """What a request names that must be looked at, or None when nothing. Asks nobody."""
        plan = self._plan(model)
        if plan is None:
            return None
        invoked = self._baseline.references.invoke
        mentions = tuple(
            mention for mention in plan.of(parameters) if invoked or not mention.reference.invoked
        )
        if not mentions:
            return None
        return Named(model=model, parameters=parameters, mentions=mentions)

    def told(self, model: OperationModel, parameters: Mapping[str, object]) -> tuple[str, ...]:
        """What a request names, for people: path and thing."""
        named = self.named(model, parameters)
        if named is None:
            return ()
        return tuple(f"{mention.path} -> {mention.label}" for mention in named.mentions)

    def _plan(self, model: OperationModel) -> Namings | None:
        key = (model.service_model.service_name, model.name)
        if key not in self._plans:
            self._plans[key] = mentions_of(model)
        return self._plans[key]

    def starts(self, model: OperationModel) -> bool:
        """Whether an operation can start what is made elsewhere."""
        plan = self._plan(model)
        return plan is not None and plan.starts

    def started(
        self, model: OperationModel, parameters: Mapping[str, object]
    ) -> Iterator[tuple[str, OperationModel, Mapping[str, object]]]:
        """What a request starts that is made elsewhere: where it is named, and the request that would make it.

        What cannot be read is left out: the look before the request is sent refuses it.
        """
        named = self.named(model, parameters)
        for mention in named.mentions if named is not None else ():
            kind, amend = mention.kind, mention.reference.amend
            if kind is None or amend is None or not self._is_shown_here(mention, kind):
                continue
            try:
                answer = self._describer.describe(kind, mention)
            except UnreadableError:
                continue
            described = self._describer.kind(kind)
            request = amend(mention.place, answer, described.request(answer))
            yield f"{mention.path} -> {mention.label}", described.create, request

    # --- what is found of it ----------------------------------------------------------------------

    def check(self, named: Named) -> tuple[Decision, ...]:
        """Look at all that a call names.

        Returns:
            One decision for each thing that is as it must be, and the findings of the others.
        """
        waivers = self._baseline.waivers
        visit = _Visit(
            waivers=applicable(waivers, named.model, named.parameters, self._today()) if waivers else {}
        )
        found = (self._follow(visit, mention, mention.path, trusted=False) for mention in named.mentions)
        return tuple(decision for decisions in found for decision in decisions)

    def pinned(self, model: OperationModel, enforcement: Enforcement) -> Enforcement:
        """Name the very version that is looked at, where the request leaves it open and can name it."""
        named = self.named(model, enforcement.parameters)
        for mention in named.mentions if named is not None else ():
            enforcement = self._pin(enforcement, mention)
        return enforcement

    def _pin(self, enforcement: Enforcement, mention: Mention) -> Enforcement:
        pin, kind = mention.reference.pin, mention.kind
        if pin is None or kind is None or kind.id != pin.kind or enforcement.operation not in pin.operations:
            return enforcement
        if self._is_foreign(mention) or self._baseline.mode(_CONTROL) is Mode.OBSERVE:
            return enforcement
        if pin.member in mention.place.siblings:
            return enforcement
        try:
            version = self._describer.version(kind, mention, pin)
        except UnreadableError:
            return enforcement  # the look before it is sent says so
        *within, _ = mention.path.split(".")
        alias = pin.alias[0] if pin.alias is not None else ""
        decided = [(pin.member, Action.INJECTED, ABSENT, str(version))]
        if (called := mention.place.siblings.get(alias)) is not None:
            decided.append((alias, Action.CORRECTED, str(called), ABSENT))
        decisions = tuple(
            Decision(
                control_id=_CONTROL,
                path=".".join((*within, member)),
                action=action,
                got=got,
                wanted=wanted,
                why="so that the version that was looked at is the one that runs",
            )
            for member, action, got, wanted in decided
        )
        parameters = _with(enforcement.parameters, within, pin.member, version, without=alias)
        return replace(enforcement, parameters=parameters, decisions=(*enforcement.decisions, *decisions))

    def _follow(self, visit: _Visit, mention: Mention, path: str, *, trusted: bool) -> Iterator[Decision]:
        """Look at one thing and at what it names.

        Args:
            visit: The look that this is a part of.
            mention: What names it.
            path: The chain that leads to it.
            trusted: What names it is as it was, so that it need not be read again unless it can be changed.
        """
        kind = mention.kind
        if kind is None:
            remedy = _UNTOLD if mention.untold else _NO_KIND
            yield self._unreadable(visit, mention, path, got=mention.label, remedy=remedy)
            return
        foreign = self._is_foreign(mention)
        if not self._is_shown_here(mention, kind):
            if mention.reference.judged_here is None or not foreign:
                yield self._unreadable(visit, mention, path, got=mention.text, remedy=_ELSEWHERE)
            return
        key = (kind.id, tuple(mention.identifiers.items()))
        if mention.reference.amend is None:  # else it is another thing each time it is named
            if key in visit.seen:
                return
            visit.seen.add(key)
        known = self._remembered(key)
        unchanged = known is not None and trusted and not kind.changes and not known.findings
        if known is None or not unchanged:
            try:
                known, unchanged = self._read(kind, mention, known, foreign=foreign)
            except UnreadableError as failed:
                yield self._unreadable(visit, mention, path, got=failed.got, remedy=failed.remedy)
                return
            self._remember(key, known)
        findings = [self._settled(visit, kind, known, finding) for finding in known.findings]
        if not any(finding.action is Action.REFUSED for finding in findings):
            yield Decision(
                control_id=_CONTROL,
                path=path,
                action=Action.KEPT,
                got=mention.label,
                wanted=mention.label,
                why=CONTROLS[_CONTROL].why,
            )
        here = f"{path} -> {mention.label}: "
        for finding in findings:
            remedy = _mend(kind, mention.label, finding) if finding.action is Action.REFUSED else ""
            yield replace(finding, path=here + finding.path, remedy=remedy)
        for inner in known.mentions:
            yield from self._follow(visit, inner, here + inner.path, trusted=unchanged)

    def _read(
        self, kind: ResourceKind, mention: Mention, known: _Known | None, *, foreign: bool
    ) -> tuple[_Known, bool]:
        """What there is now, and whether that is what is known already."""
        answer = self._describer.describe(kind, mention)
        described = self._describer.kind(kind)
        request = described.request(answer)
        if mention.reference.amend is not None:
            request = mention.reference.amend(mention.place, answer, request)
        content = {"identity": described.identity(answer), "request": request}
        if known is not None and known.content.holds(content):
            return known, True
        try:
            judged = self._keys.settle(lambda arns: self._enforcer.judge(described, request, arns))
        except KeyResolutionError as failed:
            raise UnreadableError(f"its key {failed.key!r} cannot be resolved", failed.remedy) from failed
        theirs = kind.theirs if foreign else frozenset()
        plan = self._plan(described.create)
        return (
            _Known(
                content=Snapshot(content),
                request=request,
                findings=tuple(
                    decision
                    for decision in judged.decisions
                    if decision.action in _TOLD and decision.control_id not in theirs
                ),
                mentions=tuple(plan.of(request)) if plan is not None else (),
            ),
            False,
        )

    def _is_foreign(self, mention: Mention) -> bool:
        arn = parse_arn(mention.text)
        return arn is not None and arn.account != self._baseline.account

    def _is_shown_here(self, mention: Mention, kind: ResourceKind) -> bool:
        """Whether this account's Describe, in this region, can be about the very thing that is named."""
        arn = parse_arn(mention.text)
        return arn is None or (
            arn.region == self._baseline.region and (kind.by_arn or arn.account == self._baseline.account)
        )

    # --- what a finding becomes -------------------------------------------------------------------

    def _settled(self, visit: _Visit, kind: ResourceKind, known: _Known, finding: Decision) -> Decision:
        if finding.action is not Action.REFUSED:
            return finding
        made = self._waivers_of(kind, known.request)
        waiver = made.get(finding.control_id) or visit.waivers.get(finding.control_id)
        return finding if waiver is None else replace(finding, action=Action.WAIVED, why=excuse(waiver))

    def _unreadable(self, visit: _Visit, mention: Mention, path: str, *, got: str, remedy: str) -> Decision:
        row = CONTROLS[_CONTROL]
        made = self._waivers_of(mention.kind, mention.identifiers) if mention.kind is not None else {}
        waiver = made.get(_CONTROL) or visit.waivers.get(_CONTROL)
        action, why = Action.REFUSED, row.why
        if waiver is not None:
            action, why = Action.WAIVED, excuse(waiver)
        elif self._baseline.mode(_CONTROL) is Mode.OBSERVE:
            action = Action.OBSERVED
        return Decision(
            control_id=_CONTROL,
            path=path,
            action=action,
            got=got,
            wanted="something that can be described, and held to the controls",
            why=why,
            remedy=remedy if action is Action.REFUSED else "",
        )

    def _waivers_of(self, kind: ResourceKind, request: Mapping[str, object]) -> Mapping[ControlId, Waiver]:
        waivers = self._baseline.waivers
        if not waivers:
            return {}
        return applicable(waivers, self._describer.kind(kind).create, request, self._today())

    # --- what is remembered -----------------------------------------------------------------------

    def _remembered(self, key: _Key) -> _Known | None:
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
            return self._known.get(key)

    def _remember(self, key: _Key, known: _Known) -> None:
        with self._lock:
            self._known[key] = known
            self._known.move_to_end(key)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)


_NO_KIND = "name it so that it can be told what it is: by the ARN of a thing of this account"
_UNTOLD = (
    "name something in the step, by a parameter whose default names it, or as the property of the step that makes it: "
    "what is known only when the pipeline runs cannot be looked at before"
)
_ELSEWHERE = (
    "use one of this account and region: what stands elsewhere under this name cannot be described from here"
)


def _mend(kind: ResourceKind, label: str, finding: Decision) -> str:
    way = f"change {label} or make it anew" if kind.changes else f"make {label} anew"
    # What a control says of each call that it refuses is about calls; what it says of this case is about this too.
    particular = "" if finding.remedy == CONTROLS[finding.control_id].remedy else f": {finding.remedy}"
    return f"{way} through this session ({kind.create}){particular}; or have a waiver of this control for it"


def _with(
    content: Mapping[str, object], within: list[str], member: str, value: object, *, without: str
) -> Mapping[str, object]:
    if not within:
        return {**{name: kept for name, kept in content.items() if name != without}, member: value}
    inner = content[within[0]]
    if not isinstance(inner, Mapping):
        raise TypeError(within)
    return {**content, within[0]: _with(inner, within[1:], member, value, without=without)}
