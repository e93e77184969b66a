"""What each verdict of a walk becomes: a decision, under the control's mode and the waivers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from secure_sagemaker.baseline import ControlId, Mode, Waiver
from secure_sagemaker.controls.catalogue import CONTROLS, references
from secure_sagemaker.controls.decisions import ABSENT, HIDDEN, Action, Decision
from secure_sagemaker.controls.exemptions import EXEMPTIONS
from secure_sagemaker.controls.script_mode import Adaptation
from secure_sagemaker.controls.unknown import told
from secure_sagemaker.controls.verdicts import (
    Exempted,
    Kept,
    Lookup,
    Policy,
    Rewritten,
    Rule,
    Site,
    Supplied,
    Unfit,
    Verdict,
)
from secure_sagemaker.controls.waivers import excuse

__all__ = ["Settling"]

_SHOWN = 300
"""How many characters of a value a decision shows."""
_CHANGED = (
    "it was secured, and something changed it afterwards: a handler registered on the client or the session"
)
_LEAVE_IT = "have that handler leave the member alone"


@dataclass(kw_only=True, slots=True)
class Settling:
    """Gathers the decisions on one request."""

    operation: str
    policy: Policy
    waivers: Mapping[ControlId, Waiver]
    final: bool
    """Whether the request is as it is about to be sent: then nothing of it is changed."""
    unchangeable: tuple[str, str] = (_CHANGED, _LEAVE_IT)
    """Why something that is final and should be otherwise is so, and what can be done about it."""
    elsewhere: bool = False
    """Whether it is no request but what a Describe shows of something that was made elsewhere."""
    prefix: str = ""
    """What stands before every path: where the request is, inside another one."""
    decisions: list[Decision] = field(default_factory=list)
    lookups: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def conflict(
        self, control: ControlId, path: str, got: str, wanted: str, *, why: str = "", remedy: str = ""
    ) -> None:
        """Refuse what nothing can be put in the place of, unless it is excused."""
        if not self._excused(control, path, got, wanted):
            self._refuse(control, path, got, wanted, why=why, remedy=remedy)

    def meet_unknown(self, path: str, value: object) -> None:
        """Treat a member that nobody has reviewed as the baseline says."""
        self.unknown.append(self.prefix + path)
        if self.policy.baseline.unknown_members == "refuse":
            self.conflict(ControlId.UNKNOWN_MEMBER, path, type(value).__name__, ABSENT)

    def _settle(
        self, rule: Rule, site: Site, verdict: Verdict, path: str, changes: dict[str, object]
    ) -> None:
        here = path + site.member
        got = ABSENT if not site.present else HIDDEN if rule.secret else _shown(site.value)
        match verdict:
            case None:
                return
            case Kept():
                self._record(rule.control, here, Action.KEPT, got, got)
            case Supplied(value=value):
                self._change(rule.control, here, got, value, changes, action=Action.INJECTED)
            case Exempted():
                self._settle_exemption(rule.control, verdict, here, got=got)
            case Lookup(reference=reference, inject=inject):
                wanted = f"the key ARN of {reference}, once kms:DescribeKey has told it"
                injected = inject and not site.present
                if self._excused(rule.control, here, got, wanted):
                    return  # nothing would be changed or refused, so nothing need be known
                self.lookups.append(reference)
                action = Action.INJECTED if injected else Action.KEPT
                self._record(rule.control, here, action, got, wanted)
            case Rewritten() if self.elsewhere:
                self._record(rule.control, here, Action.KEPT, got, got)  # how it is written harms nobody
            case Rewritten(value=value, why=why):
                self._change(rule.control, here, got, value, changes, action=Action.CORRECTED, why=why)
            case Unfit():
                self._settle_unfit(rule.control, verdict, here, got, changes)

    def _settle_exemption(
        self, control: ControlId, verdict: Verdict, path: str, *, got: str = ABSENT
    ) -> None:
        if isinstance(verdict, Exempted):
            exemption = EXEMPTIONS[verdict.exemption]
            why = f"{exemption.reason} ({exemption.source})"
            self._record(control, path, Action.EXEMPT, got, got, why)

    def _settle_unfit(
        self, control: ControlId, verdict: Unfit, path: str, got: str, changes: dict[str, object]
    ) -> None:
        mode = self.policy.baseline.mode(control)
        if mode is Mode.CORRECT and verdict.correction is not None and not self.final:
            self._change(
                control, path, got, verdict.correction, changes, action=Action.CORRECTED, why=verdict.why
            )
        elif not self._excused(control, path, got, verdict.wanted):
            self._refuse(control, path, got, verdict.wanted, why=verdict.why, remedy=verdict.remedy)

    def _change(
        self,
        control: ControlId,
        path: str,
        got: str,
        value: object,
        changes: dict[str, object],
        *,
        action: Action,
        why: str = "",
    ) -> None:
        wanted = _shown(value)
        if self._excused(control, path, got, wanted):
            return
        if self.elsewhere:
            self._refuse(control, path, got, wanted)
            return
        if self.final:
            self._refuse(
                control,
                path,
                got,
                wanted,
                why=self.unchangeable[0],
                remedy=self.unchangeable[1],
            )
            return
        changes[path.rpartition(".")[2]] = value
        self._record(control, path, action, got, wanted, why)

    def _adapt(self, adaptation: Adaptation, path: str, changes: dict[str, object]) -> None:
        control, here = adaptation.control, path + adaptation.path
        got, wanted, why = adaptation.got, adaptation.wanted, adaptation.why
        if self._excused(control, here, got, wanted):
            return
        if adaptation.value is None or self.final:
            self._refuse(control, here, got, wanted, why=why, remedy=adaptation.remedy)
            return
        changes[adaptation.member] = adaptation.value
        self._record(control, here, Action.CORRECTED, got=got, wanted=wanted, why=why)

    def _excused(self, control: ControlId, path: str, got: str, wanted: str) -> bool:
        if (waiver := self.waivers.get(control)) is not None:
            self._record(control, path, Action.WAIVED, got, wanted, excuse(waiver))
            return True
        if control in self.policy.observed:
            self._record(control, path, Action.OBSERVED, got, wanted)
            return True
        return False

    def _refuse(
        self, control: ControlId, path: str, got: str, wanted: str, *, why: str = "", remedy: str = ""
    ) -> None:
        row = CONTROLS[control]
        reason = f"{row.why}; {why}" if why else row.why
        self._record(control, path, Action.REFUSED, got, wanted, reason, remedy or row.remedy)

    def _record(
        self,
        control: ControlId,
        path: str,
        action: Action,
        got: str,
        wanted: str,
        why: str = "",
        remedy: str = "",
    ) -> None:
        decided = _familiar if got is ABSENT and not self.prefix else _decision
        self.decisions.append(
            decided(self.operation, control, self.prefix, path, action, got, wanted, why, remedy)
        )


def _decision(
    operation: str,
    control: ControlId,
    prefix: str,
    path: str,
    action: Action,
    got: str,
    wanted: str,
    why: str,
    remedy: str,
) -> Decision:
    return Decision(
        control_id=control,
        path=prefix + path,
        action=action,
        got=got,
        wanted=wanted,
        why=why or CONTROLS[control].why,
        remedy=remedy,
        references=_references(operation, path, control),
    )


# What is absent is decided on by the baseline alone, again and again: that is one object each time, also in
# the audit trail. What a request itself says is remembered nowhere.
_familiar = lru_cache(maxsize=1024)(_decision)


@lru_cache(maxsize=4096)
def _references(operation: str, path: str, control: ControlId) -> tuple[str, ...]:
    return references(operation, _generic(path), control)


def _generic(path: str) -> str:
    parts = []
    for part in path.split("."):
        name, bracket, _ = part.partition("[")
        parts.append(f"{name}[]" if bracket else name)
    return ".".join(parts)


def _shown(value: object) -> str:
    text = told(repr(value) if not isinstance(value, str) else value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"
