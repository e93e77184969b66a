"""Decides about a request. Pure: no I/O, no clock, no boto3.

The rules it keeps:

1. Missing is injected; as strict or stricter is kept; weaker is corrected, refused or observed by
   the control's mode; what AWS cannot do is exempt, what a waiver excuses is waived.
2. The caller's structures are never changed: what changes is copied.
3. A structure is created only where ``members.PARENTS`` says that its presence means nothing else.
4. Enforcing twice equals enforcing once, and what was enforced verifies clean or was refused.
5. Nothing is changed without a decision that says so.
6. A key reference that is not resolved yet is a lookup: the decisions are final only without any.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from secure_sagemaker.baseline import ControlId, Mode, SecurityBaseline, Waiver
from secure_sagemaker.controls.catalogue import CONTROLS, EXEMPTIONS, references
from secure_sagemaker.controls.checks import (
    REMOVE,
    Exempted,
    Kept,
    Lookup,
    Policy,
    Rewritten,
    Site,
    Supplied,
    Unfit,
    Verdict,
)
from secure_sagemaker.controls.decisions import ABSENT, Action, Decision, Enforcement
from secure_sagemaker.controls.documents import JobDocument, read_json
from secure_sagemaker.controls.members import Rule
from secure_sagemaker.controls.parameters import Child, Node, document_node, plan

if TYPE_CHECKING:
    from botocore.model import OperationModel

__all__ = ["Enforcer"]

_SHOWN = 300
"""How many characters of a value a decision shows."""


class Enforcer:
    """Holds requests to a baseline. Compiles each operation's plan once.

    Args:
        baseline: What requests are held to.
        today: Tells the day (UTC), for waivers.
    """

    def __init__(self, baseline: SecurityBaseline, *, today: Callable[[], date]) -> None:
        self._baseline = baseline
        self._today = today
        self._plans: dict[tuple[str, str], Node | None] = {}

    def enforce(
        self,
        model: OperationModel,
        parameters: Mapping[str, object],
        key_arns: Mapping[str, str],
    ) -> Enforcement:
        """Decide about a request as the caller made it.

        Args:
            model: The operation.
            parameters: The request. It is not changed.
            key_arns: The key references resolved so far: reference to key ARN.
        """
        return self._run(model, parameters, key_arns, final=False)

    def verify(
        self,
        model: OperationModel,
        parameters: Mapping[str, object],
        key_arns: Mapping[str, str],
    ) -> Enforcement:
        """Decide about a request as it is about to be sent: nothing may be missing any more."""
        return self._run(model, parameters, key_arns, final=True)

    def governs(self, model: OperationModel) -> bool:
        """Whether anything in the operation's input is governed."""
        return self._plan(model) is not None

    def _plan(self, model: OperationModel) -> Node | None:
        key = (model.service_model.service_name, model.name)
        if key not in self._plans:
            self._plans[key] = plan(model)
        return self._plans[key]

    def _run(
        self,
        model: OperationModel,
        parameters: Mapping[str, object],
        key_arns: Mapping[str, str],
        *,
        final: bool,
    ) -> Enforcement:
        service = model.service_model.service_name
        node = self._plan(model)
        if node is None:
            return Enforcement(service=service, operation=model.name, decisions=(), parameters=parameters)
        policy = Policy(baseline=self._baseline, key_arns=key_arns)
        waivers = self._baseline.waivers
        today = self._today()
        while True:
            walk = _Walk(
                service=service,
                operation=model.name,
                policy=policy,
                waivers=_applicable(waivers, model, parameters, today),
                final=final,
            )
            secured = walk.structure(node, parameters, path="", ancestors=())
            # A tag may be corrected: what a waiver excuses must hold for the request as it is sent, too.
            lasting = _applicable(waivers, model, secured, today)
            if lasting.items() >= walk.waivers.items():
                break
            waivers = tuple(waiver for waiver in waivers if waiver in lasting.values())
        return Enforcement(
            service=service,
            operation=model.name,
            decisions=tuple(walk.decisions),
            parameters=secured,
            lookups=tuple(dict.fromkeys(walk.lookups)),
            unknown_members=tuple(walk.unknown),
        )


def _applicable(
    waivers: Sequence[Waiver], model: OperationModel, parameters: Mapping[str, object], today: date
) -> dict[ControlId, Waiver]:
    applicable: dict[ControlId, Waiver] = {}
    for waiver in waivers:
        if waiver.expires < today or not {model.name, "*"}.intersection(waiver.operations):
            continue
        if waiver.resources and not _names_match(waiver.resources, model, parameters):
            continue
        if not _tags_match(waiver.resource_tags, parameters):
            continue
        applicable.setdefault(waiver.control, waiver)
    return applicable


def _names_match(patterns: Sequence[str], model: OperationModel, parameters: Mapping[str, object]) -> bool:
    name = _resource_name(model, parameters)
    return any(pattern == "*" or (name and fnmatchcase(name, pattern)) for pattern in patterns)


def _resource_name(model: OperationModel, parameters: Mapping[str, object]) -> str:
    noun = re.sub(r"^[A-Z][a-z0-9]*", "", model.name, count=1)
    shape = model.input_shape
    required = shape.required_members if shape is not None else []
    candidates = [
        f"{noun}Name",
        *(name for name in required if name.endswith(("Name", "Arn", "Identifier", "Id", "Bucket"))),
    ]
    for candidate in candidates:
        if isinstance(value := parameters.get(candidate), str):
            return value
    return ""


def _tags_match(wanted: Mapping[str, str], parameters: Mapping[str, object]) -> bool:
    if not wanted:
        return True
    tags = parameters.get("Tags")
    if not isinstance(tags, Sequence) or isinstance(tags, str):
        return False
    given = {tag.get("Key"): tag.get("Value") for tag in tags if isinstance(tag, Mapping)}
    return all(given.get(key) == value for key, value in wanted.items())


@dataclass(kw_only=True)
class _Walk:
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
                if injected and self._excused(rule.control, here, got, wanted):
                    return
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
                references=references(self.operation, _generic(path)),
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


def _generic(path: str) -> str:
    parts = []
    for part in path.split("."):
        name, bracket, _ = part.partition("[")
        parts.append(f"{name}[]" if bracket else name)
    return ".".join(parts)


def _shown(value: object) -> str:
    text = repr(value) if not isinstance(value, str) else value
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"
