"""One walk over one request: what each verdict becomes under the control's mode and the waivers.

It runs twice for each call of the program, so what most requests do not need is made only where it is
needed: a path where something is decided, a copy where something may change.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from secure_sagemaker.baseline import ControlId, Mode, Waiver
from secure_sagemaker.controls.catalogue import CONTROLS, EXEMPTIONS, references
from secure_sagemaker.controls.decisions import ABSENT, HIDDEN, Action, Decision
from secure_sagemaker.controls.documents import JobDocument, read_json
from secure_sagemaker.controls.members import Parent
from secure_sagemaker.controls.parameters import Child, Node, document_node
from secure_sagemaker.controls.script_mode import Adaptation
from secure_sagemaker.controls.verdicts import (
    REMOVE,
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

__all__ = ["Walk"]

# What nearly every structure is comes first, and needs no look into a registry.
_STRUCTURE = (dict, Mapping)
_LIST = (list, Sequence)
_SHOWN = 300
"""How many characters of a value a decision shows."""


@dataclass(kw_only=True, slots=True)
class Walk:
    """One walk over one request, gathering decisions."""

    service: str
    operation: str
    policy: Policy
    waivers: Mapping[ControlId, Waiver]
    final: bool
    """Whether the request is as it is about to be sent: then nothing of it is changed."""
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
                self._meet_unknown(path + name, content[name])
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
            if isinstance(check, JobDocument):
                self._document(member.name, value, changes, path + member.name)
            elif (verdict := check.judge(site)) is not None:
                self._settle(member.rule, site, verdict, path, changes)
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
        return value  # malformed: botocore's own validation says so

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
                why="it was secured, and something changed it afterwards: "
                "a handler registered on the client or the session",
                remedy="have that handler leave the member alone",
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
        decided = _familiar if got is ABSENT else _decision
        self.decisions.append(decided(self.operation, control, path, action, got, wanted, why, remedy))

    def _meet_unknown(self, path: str, value: object) -> None:
        self.unknown.append(path)
        if self.policy.baseline.unknown_members == "refuse" and not self._excused(
            ControlId.UNKNOWN_MEMBER, path, type(value).__name__, ABSENT
        ):
            self._refuse(ControlId.UNKNOWN_MEMBER, path, type(value).__name__, ABSENT)

    def _document(self, name: str, value: object, changes: dict[str, object], path: str) -> None:
        if value is None:
            return
        try:
            content = read_json(value)
        except ValueError:
            content = None
        if not isinstance(content, dict):
            if not self._excused(
                ControlId.JOB_DOCUMENT, path, "text that is no JSON object", "a JSON object"
            ):
                self._refuse(ControlId.JOB_DOCUMENT, path, "text that is no JSON object", "a JSON object")
            return
        secured = self._document_structure(name, content, f"{path}.")
        if "VpcConfig" not in content and (
            network := self._document_structure("VpcConfig", {}, f"{path}.VpcConfig.")
        ):
            secured["VpcConfig"] = network
        if secured != content:
            changes[name] = json.dumps(secured)

    def _document_structure(self, name: str, content: Mapping[str, object], path: str) -> dict[str, object]:
        node = document_node(name, content)
        governed = {member.name for member in node.members}
        result = dict(self.structure(node, content, path=path, ancestors=()))
        for key, value in content.items():
            if key not in governed:
                result[key] = self._document_value(key, value, path + key)
        return result

    def _document_value(self, name: str, value: object, path: str) -> object:
        if isinstance(value, Mapping):
            return self._document_structure(name, value, f"{path}.")
        if isinstance(value, list):
            return [self._document_value(name, item, f"{path}[{index}]") for index, item in enumerate(value)]
        return value


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
    path: str,
    action: Action,
    got: str,
    wanted: str,
    why: str,
    remedy: str,
) -> Decision:
    return Decision(
        control_id=control,
        path=path,
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
    text = repr(value) if not isinstance(value, str) else value
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"
