"""One walk over one request: what each verdict becomes under the control's mode and the waivers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from secure_sagemaker.baseline import ControlId, Mode, Waiver
from secure_sagemaker.controls.catalogue import CONTROLS, EXEMPTIONS, references
from secure_sagemaker.controls.decisions import ABSENT, Action, Decision
from secure_sagemaker.controls.documents import JobDocument, read_json
from secure_sagemaker.controls.parameters import Child, Node, document_node
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

__all__ = ["Walk"]

_SHOWN = 300
"""How many characters of a value a decision shows."""


@dataclass(kw_only=True)
class Walk:
    """One walk over one request, gathering decisions."""

    service: str
    operation: str
    policy: Policy
    waivers: Mapping[ControlId, Waiver]
    final: bool
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
    ) -> dict[str, object]:
        """The structure as it may be sent: a copy where anything in it is governed."""
        result = dict(content)
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
            if isinstance(member.rule.check, JobDocument):
                self._document(member.name, value, result, path + member.name)
            else:
                self._settle(member.rule, site, member.rule.check.judge(site), path, result)
        around = (*ancestors, (node.shape, content))
        for child in node.children:
            self._descend(child, node, content, result, path=path, ancestors=around)
        return result

    def _descend(
        self,
        child: Child,
        node: Node,
        content: Mapping[str, object],
        result: dict[str, object],
        *,
        path: str,
        ancestors: tuple[tuple[str, Mapping[str, object]], ...],
    ) -> None:
        value = content.get(child.name)
        here = path + child.name
        if value is not None:
            result[child.name] = self._seeded(child, value, here, ancestors)
            return
        if child.parent is None:
            return
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
        if (verdict := child.parent.unless(site)) is not None and child.parent.control is not None:
            self._settle_exemption(child.parent.control, verdict, here)
            return
        empty: object = [] if child.nesting else {}
        created = self._seeded(child, empty, here, ancestors)
        if created != empty:
            result[child.name] = created

    def _seeded(
        self,
        child: Child,
        value: object,
        path: str,
        ancestors: tuple[tuple[str, Mapping[str, object]], ...],
    ) -> object:
        """The child's value, with the entries that a list must have where securing them adds something."""
        seeds = [] if child.parent is None or not isinstance(value, list | tuple) else [*child.parent.seed]
        missing = [seed for seed in seeds if not any(_holds(entry, seed) for entry in _entries(value))]
        whole = [*_entries(value), *missing] if missing else value
        secured = self._nested(child.node, child.nesting, whole, path, ancestors)
        if missing and isinstance(secured, list):
            given = len(secured) - len(missing)
            return secured[:given] + [
                new for new, seed in zip(secured[given:], missing, strict=True) if new != seed
            ]
        return secured

    def _nested(
        self,
        node: Node,
        nesting: str,
        value: object,
        path: str,
        ancestors: tuple[tuple[str, Mapping[str, object]], ...],
    ) -> object:
        if nesting.startswith("[") and isinstance(value, Sequence) and not isinstance(value, str):
            return [
                self._nested(node, nesting[1:], item, f"{path}[{index}]", ancestors)
                for index, item in enumerate(value)
            ]
        if nesting.startswith("{") and isinstance(value, Mapping):
            return {
                key: self._nested(node, nesting[1:], item, f"{path}[{key!r}]", ancestors)
                for key, item in value.items()
            }
        if not nesting and isinstance(value, Mapping):
            return self.structure(node, value, path=f"{path}.", ancestors=ancestors)
        return value  # malformed: botocore's own validation says so

    # --- what a verdict becomes -------------------------------------------------------------------

    def _settle(self, rule: Rule, site: Site, verdict: Verdict, path: str, result: dict[str, object]) -> None:
        here = path + site.member
        got = ABSENT if not site.present else "(hidden)" if rule.secret else _shown(site.value)
        match verdict:
            case None:
                return
            case Kept():
                self._record(rule.control, here, Action.KEPT, got=got, wanted=got)
            case Exempted():
                self._settle_exemption(rule.control, verdict, here, got=got)
            case Lookup(reference=reference, inject=inject):
                wanted = f"the key ARN of {reference}, once kms:DescribeKey has told it"
                injected = inject and not site.present
                if self._excused(rule.control, here, got, wanted):
                    return  # nothing would be changed or refused, so nothing need be known
                self.lookups.append(reference)
                action = Action.INJECTED if injected else Action.KEPT
                self._record(rule.control, here, action, got=got, wanted=wanted)
            case Supplied(value=value):
                self._change(rule.control, here, got, value, result, action=Action.INJECTED)
            case Rewritten(value=value, why=why):
                self._change(rule.control, here, got, value, result, action=Action.CORRECTED, why=why)
            case Unfit():
                self._settle_unfit(rule.control, verdict, here, got, result)

    def _settle_exemption(
        self, control: ControlId, verdict: Verdict, path: str, *, got: str = ABSENT
    ) -> None:
        if isinstance(verdict, Exempted):
            exemption = EXEMPTIONS[verdict.exemption]
            why = f"{exemption.reason} ({exemption.source})"
            self._record(control, path, Action.EXEMPT, got=got, wanted=got, why=why)

    def _settle_unfit(
        self, control: ControlId, verdict: Unfit, path: str, got: str, result: dict[str, object]
    ) -> None:
        mode = self.policy.baseline.mode(control)
        if mode is Mode.CORRECT and verdict.correction is not None and not self.final:
            self._change(
                control, path, got, verdict.correction, result, action=Action.CORRECTED, why=verdict.why
            )
        elif not self._excused(control, path, got, verdict.wanted):
            self._refuse(control, path, got, verdict.wanted, why=verdict.why, remedy=verdict.remedy)

    def _change(
        self,
        control: ControlId,
        path: str,
        got: str,
        value: object,
        result: dict[str, object],
        *,
        action: Action,
        why: str = "",
    ) -> None:
        if self._excused(control, path, got, _shown(value)):
            return
        if self.final:
            self._refuse(
                control,
                path,
                got,
                _shown(value),
                why="it was secured, and something changed it afterwards: "
                "a handler registered on the client or the session",
                remedy="have that handler leave the member alone",
            )
            return
        name = path.rpartition(".")[2]
        if value is REMOVE:
            result.pop(name, None)
        else:
            result[name] = value
        self._record(control, path, action, got=got, wanted=_shown(value), why=why)

    def _excused(self, control: ControlId, path: str, got: str, wanted: str) -> bool:
        if (waiver := self.waivers.get(control)) is not None:
            why = (
                f"{waiver.reason} (ticket {waiver.ticket}, approved by {waiver.approver}, "
                f"until {waiver.expires.isoformat()})"
            )
            self._record(control, path, Action.WAIVED, got=got, wanted=wanted, why=why)
            return True
        if self.policy.baseline.mode(control) is Mode.OBSERVE:
            self._record(control, path, Action.OBSERVED, got=got, wanted=wanted)
            return True
        return False

    def _refuse(
        self, control: ControlId, path: str, got: str, wanted: str, *, why: str = "", remedy: str = ""
    ) -> None:
        row = CONTROLS[control]
        reason = f"{row.why}; {why}" if why else row.why
        self._record(
            control, path, Action.REFUSED, got=got, wanted=wanted, why=reason, remedy=remedy or row.remedy
        )

    def _record(
        self,
        control: ControlId,
        path: str,
        action: Action,
        *,
        got: str,
        wanted: str,
        why: str = "",
        remedy: str = "",
    ) -> None:
        self.decisions.append(
            Decision(
                control_id=control,
                path=path,
                action=action,
                got=got,
                wanted=wanted,
                why=why or CONTROLS[control].why,
                remedy=remedy,
                references=_references(self.operation, path),
            )
        )

    def _meet_unknown(self, path: str, value: object) -> None:
        self.unknown.append(path)
        if self.policy.baseline.unknown_members == "refuse" and not self._excused(
            ControlId.UNKNOWN_MEMBER, path, type(value).__name__, ABSENT
        ):
            self._refuse(ControlId.UNKNOWN_MEMBER, path, type(value).__name__, ABSENT)

    def _document(self, name: str, value: object, result: dict[str, object], path: str) -> None:
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
            result[name] = json.dumps(secured)

    def _document_structure(self, name: str, content: Mapping[str, object], path: str) -> dict[str, object]:
        node = document_node(name, content)
        governed = {member.name for member in node.members}
        result = self.structure(node, content, path=path, ancestors=())
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


def _entries(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()


def _holds(content: object, part: object) -> bool:
    if isinstance(part, Mapping):
        return isinstance(content, Mapping) and all(_holds(content.get(key), part[key]) for key in part)
    return content == part


@lru_cache(maxsize=4096)
def _references(operation: str, path: str) -> tuple[str, ...]:
    return references(operation, _generic(path))


def _generic(path: str) -> str:
    parts = []
    for part in path.split("."):
        name, bracket, _ = part.partition("[")
        parts.append(f"{name}[]" if bracket else name)
    return ".".join(parts)


def _shown(value: object) -> str:
    text = repr(value) if not isinstance(value, str) else value
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"
