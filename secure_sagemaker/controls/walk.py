"""One walk over one request: what each verdict becomes under the control's mode and the waivers.

It runs twice for each call of the program, so what most requests do not need is made only where it is
needed: a path where something is decided, a copy where something may change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from secure_sagemaker.baseline import ControlId, Mode, Waiver
from secure_sagemaker.controls.catalogue import CONTROLS, EXEMPTIONS, references
from secure_sagemaker.controls.decisions import ABSENT, HIDDEN, Action, Decision
from secure_sagemaker.controls.documents import Document
from secure_sagemaker.controls.job_documents import hold_job_document
from secure_sagemaker.controls.members import Parent
from secure_sagemaker.controls.parameters import Child, Node
from secure_sagemaker.controls.pipelines import Reading, hold_definition
from secure_sagemaker.controls.script_mode import Adaptation
from secure_sagemaker.controls.unknown import holds_unknown, told
from secure_sagemaker.controls.verdicts import (
    REMOVE,
    Check,
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

if TYPE_CHECKING:
    from botocore.model import OperationModel

__all__ = ["Walk"]

# What nearly every structure is comes first, and needs no look into a registry.
_STRUCTURE = (dict, Mapping)
_LIST = (list, Sequence)
_SHOWN = 300
"""How many characters of a value a decision shows."""
_CHANGED = (
    "it was secured, and something changed it afterwards: a handler registered on the client or the session"
)
_IN_A_VARIABLE = "the document holds variables, so that it cannot be written anew here"
_CHOSEN = "whoever starts the pipeline could give the variable another value"
_UNTOLD = "what it will be is known only when the pipeline runs"
_WRITE_IT = "write the value into the step, or make it a parameter with a default that fits"


class Holder(Protocol):
    """What holds requests to a baseline."""

    def plan(self, model: OperationModel) -> Node | None:
        """The plan of an operation's input; None where nothing in it is governed."""

    def waivers(
        self, model: OperationModel, parameters: Mapping[str, object], *, name: str
    ) -> Mapping[ControlId, Waiver]:
        """What excuses a request."""


@dataclass(kw_only=True, slots=True)
class Walk:
    """One walk over one request, gathering decisions."""

    service: str
    operation: str
    model: OperationModel
    policy: Policy
    waivers: Mapping[ControlId, Waiver]
    final: bool
    """Whether the request is as it is about to be sent: then nothing of it is changed."""
    holder: Holder
    """What knows the plans and waivers of other operations."""
    prefix: str = ""
    """What stands before every path: where the request is, inside another one."""
    reading: Reading | None = None
    """What variables in the request stand for; without it there are none."""
    elsewhere: bool = False
    """Whether it is no request but what a Describe shows of something that was made elsewhere."""
    decisions: list[Decision] = field(default_factory=list)
    lookups: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def structure(
        self,
        node: Node,
        content: Mapping[str, object],
        *,
        path: str,
        ancestors: tuple[tuple[str, Mapping[str, object]], ...],
    ) -> Mapping[str, object]:
        """The structure as it may be sent: a copy of what is governed in it, or in the final walk itself."""
        changes: dict[str, object] = {}
        if node.unknown:
            for name in sorted(node.unknown & content.keys()):
                self.meet_unknown(path + name, content[name])
        for member in node.members:
            value = content.get(member.name)
            site = Site(
                service=self.service,
                operation=self.operation,
                shape=node.shape,
                member=member.name,
                required=member.required,
                present=value is not None,
                value=value,
                siblings=content,
                ancestors=ancestors,
                policy=self.policy,
            )
            check = member.rule.check
            read = self.reading is not None and self.reading.is_read(content, member.name)
            if isinstance(check, Document):
                held = self._document(check, path + member.name, value, read=read)
                if held is not None:
                    changes[member.name] = held
                continue
            verdict = check.judge(site)
            if read:
                verdict = self._of_variable(check, site, verdict)
            if verdict is not None:
                self._settle(member.rule, site, verdict, path, changes)
                fixed = isinstance(verdict, Rewritten) and verdict.why is _CHOSEN and member.name in changes
                if fixed and self.reading is not None:
                    self.reading.fix(content, member.name)
        if node.children:
            around = (*ancestors, (node.shape, content))
            for child in node.children:
                value = content.get(child.name)
                if value is not None:
                    changes[child.name] = self._seeded(child, value, path + child.name, around)
                elif child.parent is not None:
                    self._create(child, child.parent, node, content, changes, path=path, ancestors=around)
        if node.whole is not None:
            for adaptation in node.whole(_with(content, changes), self.policy.baseline):
                self._adapt(adaptation, path, changes)
        return content if self.final else _with(content, changes)

    def _create(
        self,
        child: Child,
        parent: Parent,
        node: Node,
        content: Mapping[str, object],
        changes: dict[str, object],
        *,
        path: str,
        ancestors: tuple[tuple[str, Mapping[str, object]], ...],
    ) -> None:
        here = path + child.name
        site = Site(
            service=self.service,
            operation=self.operation,
            shape=node.shape,
            member=child.name,
            required=False,
            present=False,
            value=None,
            siblings=content,
            ancestors=ancestors[:-1],
            policy=self.policy,
        )
        if (verdict := parent.unless(site)) is not None and parent.control is not None:
            self._settle_exemption(parent.control, verdict, here)
            return
        empty: object = [] if child.nesting else {}
        created = self._seeded(child, empty, here, ancestors)
        if created != empty:
            changes[child.name] = created

    def _seeded(
        self,
        child: Child,
        value: object,
        path: str,
        ancestors: tuple[tuple[str, Mapping[str, object]], ...],
    ) -> object:
        """The child's value, with the entries that a list must have where securing them adds something."""
        if not child.nesting and isinstance(value, _STRUCTURE):
            return self.structure(child.node, value, path=f"{path}.", ancestors=ancestors)
        seeds = child.parent.seed if child.parent is not None else ()
        if not seeds or not isinstance(value, list | tuple):
            return self._nested(child.node, child.nesting, value, path, ancestors)
        missing = [seed for seed in seeds if not any(_holds(entry, seed) for entry in value)]
        if not missing:
            return self._nested(child.node, child.nesting, value, path, ancestors)
        whole = [*value, *missing]
        secured = self._nested(child.node, child.nesting, whole, path, ancestors)
        if self.final or not isinstance(secured, list):
            return value
        given = len(value)
        return secured[:given] + [
            new for new, seed in zip(secured[given:], missing, strict=True) if new != seed
        ]

    def _nested(
        self,
        node: Node,
        nesting: str,
        value: object,
        path: str,
        ancestors: tuple[tuple[str, Mapping[str, object]], ...],
    ) -> object:
        if not nesting:
            if isinstance(value, _STRUCTURE):
                return self.structure(node, value, path=f"{path}.", ancestors=ancestors)
        elif nesting[0] == "[":
            if isinstance(value, _LIST) and not isinstance(value, str):
                items = [
                    self._nested(node, nesting[1:], item, f"{path}[{index}]", ancestors)
                    for index, item in enumerate(value)
                ]
                return value if self.final else items
        elif isinstance(value, _STRUCTURE):
            entries = {
                key: self._nested(node, nesting[1:], item, f"{path}[{key!r}]", ancestors)
                for key, item in value.items()
            }
            return value if self.final else entries
        if self.reading is not None:
            got = type(value).__name__
            self.conflict(
                ControlId.PIPELINE_DEFINITION, path.removesuffix("."), got, "a structure or a list of them"
            )
        return value  # malformed: botocore's own validation says so

    def _of_variable(self, check: Check, site: Site, verdict: Verdict) -> Verdict:
        """A value that whoever starts the pipeline chooses, or that exists only when it runs."""
        absent = check.judge(replace(site, present=False, value=None))
        if isinstance(absent, Lookup):
            return absent
        untold = holds_unknown(site.value) and not isinstance(verdict, Kept)
        if isinstance(absent, Supplied) and (untold or (absent.value == site.value and not self.final)):
            return Rewritten(value=absent.value, why=_CHOSEN)
        if untold and isinstance(verdict, Unfit):
            return replace(verdict, why=_UNTOLD, remedy=_WRITE_IT)
        return verdict

    # --- what a verdict becomes -------------------------------------------------------------------

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
                why=_IN_A_VARIABLE if self.reading is not None else _CHANGED,
                remedy="write it into the document"
                if self.reading is not None
                else "have that handler leave the member alone",
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

    # --- documents --------------------------------------------------------------------------------

    def within(
        self,
        *,
        prefix: str,
        reading: Reading | None = None,
        model: OperationModel | None = None,
        parameters: Mapping[str, object] | None = None,
        name: str = "",
        final: bool | None = None,
    ) -> Walk:
        """A walk over a request inside this one: what it decides is decided here.

        Args:
            prefix: What stands before the paths inside.
            reading: What the variables in it stand for.
            model: The operation whose input it is, where that is another than this one.
            parameters: That input.
            name: What waivers know it by, where it does not name itself.
            final: Whether it may not be changed, where this one may.
        """
        inner = replace(
            self,
            prefix=self.prefix + prefix,
            reading=reading or self.reading,
            final=self.final if final is None else final,
        )
        if model is not None:
            inner.model, inner.operation = model, model.name
            inner.waivers = {**self.holder.waivers(model, parameters or {}, name=name), **self.waivers}
        return inner

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

    def _document(self, document: Document, path: str, value: object, *, read: bool) -> str | None:
        if value is None:
            return None
        inner = (
            self.within(prefix="", final=True) if read else self
        )  # what holds variables cannot be written anew
        held = _HOLD[document.kind](inner, value, path)
        return None if inner.final else held


_HOLD: Mapping[str, Callable[[Walk, object, str], str | None]] = {
    "job": hold_job_document,
    "pipeline": hold_definition,
}


def _holds(content: object, part: object) -> bool:
    if isinstance(part, Mapping):
        return isinstance(content, Mapping) and all(_holds(content.get(key), part[key]) for key in part)
    return content == part


def _with(content: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    result = {**content, **changes}
    for name, value in changes.items():
        if value is REMOVE:
            del result[name]
    return result


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
