"""One walk over one request: each governed member is judged where it stands.

It runs twice for each call of the program, so what most requests do not need is made only where it is
needed: a path where something is decided, a copy where something may change.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from secure_sagemaker.baseline import ControlId, Waiver
from secure_sagemaker.controls.documents import Document
from secure_sagemaker.controls.job_documents import hold_job_document
from secure_sagemaker.controls.members import Parent
from secure_sagemaker.controls.parameters import Child, Node
from secure_sagemaker.controls.pipelines import Reading, hold_definition
from secure_sagemaker.controls.settling import Settling
from secure_sagemaker.controls.unknown import holds_unknown
from secure_sagemaker.controls.verdicts import (
    REMOVE,
    Check,
    Kept,
    Lookup,
    Rewritten,
    Site,
    Supplied,
    Unfit,
    Verdict,
)

if TYPE_CHECKING:
    from botocore.model import OperationModel

__all__ = ["Walk"]

# What nearly every structure is comes first, and needs no look into a registry.
_STRUCTURE = (dict, Mapping)
_LIST = (list, Sequence)
_JOINED = (
    "the document holds variables, so that it cannot be written anew here",
    "write it into the document",
)
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
class Walk(Settling):
    """One walk over one request."""

    service: str
    model: OperationModel
    holder: Holder
    """What knows the plans and waivers of other operations."""
    reading: Reading | None = None
    """What variables in the request stand for; without it there are none."""

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
        reading = self.reading
        stated = None if reading is None else reading.stated(content)
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
            read = stated is not None and value is not stated.get(member.name)
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
                chosen = read and isinstance(verdict, Rewritten) and verdict.why is _CHOSEN
                if chosen and reading is not None and member.name in changes:
                    reading.fix(content, member.name)
        if node.children:
            around = (*ancestors, (node.shape, content))
            for child in node.children:
                value = content.get(child.name)
                if value is not None:
                    secured = self._seeded(child, value, path + child.name, around)
                    if secured is not value:
                        changes[child.name] = secured
                elif child.parent is not None:
                    self._create(child, child.parent, node, content, changes, path=path, ancestors=around)
        if node.whole is not None:
            for adaptation in node.whole(_with(content, changes), self.policy.baseline):
                self._adapt(adaptation, path, changes)
        # A document's structures are ours alone: what is not changed in them need not be copied.
        kept = self.final or (reading is not None and not changes)
        return content if kept else _with(content, changes)

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
                return value if all(map(operator.is_, items, value)) else items
        elif isinstance(value, _STRUCTURE):
            entries = {
                key: self._nested(node, nesting[1:], item, f"{path}[{key!r}]", ancestors)
                for key, item in value.items()
            }
            return value if all(map(operator.is_, entries.values(), value.values())) else entries
        if self.reading is not None:
            got = type(value).__name__
            self.conflict(
                ControlId.PIPELINE_DEFINITION, path.removesuffix("."), got, "a structure or a list of them"
            )
        return value  # malformed: botocore's own validation says so

    def _of_variable(self, check: Check, site: Site, verdict: Verdict) -> Verdict:
        """A value that whoever starts the pipeline chooses, or that exists only when it runs."""
        value, site.present, site.value = site.value, False, None
        absent = check.judge(site)
        site.present, site.value = True, value
        if isinstance(absent, Lookup):
            return absent
        untold = holds_unknown(site.value) and not isinstance(verdict, Kept)
        supplied = isinstance(absent, Supplied)
        if isinstance(absent, Supplied) and not self.final and (untold or absent.value == site.value):
            return Rewritten(value=absent.value, why=_CHOSEN)
        if untold and isinstance(verdict, Unfit):
            return replace(verdict, why=_UNTOLD, remedy=_WRITE_IT)
        if untold and supplied:
            return Unfit(wanted="a value that is known", why=_UNTOLD, remedy=_WRITE_IT)
        return verdict

    # --- documents --------------------------------------------------------------------------------

    def within(
        self,
        *,
        prefix: str,
        reading: Reading | None = None,
        model: OperationModel | None = None,
        parameters: Mapping[str, object] | None = None,
        name: str = "",
    ) -> Walk:
        """A walk over a request inside this one: what it decides is decided here.

        Args:
            prefix: What stands before the paths inside.
            reading: What the variables in it stand for.
            model: The operation whose input it is, where that is another than this one.
            parameters: That input.
            name: What waivers know it by, where it does not name itself.
        """
        inner = replace(self, prefix=self.prefix + prefix, reading=reading or self.reading)
        if model is not None:
            inner.model, inner.operation = model, model.name
            inner.waivers = {**self.holder.waivers(model, parameters or {}, name=name), **self.waivers}
        return inner

    def _document(self, document: Document, path: str, value: object, *, read: bool) -> str | None:
        if value is None:
            return None
        inner = self
        if read:
            inner = replace(self, final=True, unchangeable=_JOINED)
        try:
            held = _HOLD[document.kind](inner, value, path)
        except RecursionError:
            control = _CONTROLS[document.kind]
            self.conflict(control, path, "a document that is nested too deeply", "one that can be read")
            return None
        return None if inner.final else held


_HOLD: Mapping[str, Callable[[Walk, object, str], str | None]] = {
    "job": hold_job_document,
    "pipeline": hold_definition,
}
_CONTROLS = {"job": ControlId.JOB_DOCUMENT, "pipeline": ControlId.PIPELINE_DEFINITION}


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
