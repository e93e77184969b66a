"""How a call's input data comes into what is decided about the call.

What is found may ask for safeguards: then the call is held to a tighter baseline than the session's, from there on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from secure_sagemaker.baseline import ControlId, Safeguard
from secure_sagemaker.controls import CONTROLS, Action, Decision, Enforcement, Enforcer
from secure_sagemaker.exceptions import BaselineError
from secure_sagemaker.identity import KeyResolver
from secure_sagemaker.macie.gate import Admission, InputGate, Made
from secure_sagemaker.macie.safeguards import unmet
from secure_sagemaker.references import ReferencedResources

if TYPE_CHECKING:
    from botocore.model import OperationModel

__all__ = ["Admitted", "DataAdmission", "Held"]


@dataclass(frozen=True, kw_only=True)
class Held:
    """What one call is held to."""

    enforcer: Enforcer
    references: ReferencedResources | None


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """A call whose data may be used, as far as was decided."""

    enforcement: Enforcement
    admission: Admission
    held: Held | None
    """What it is held to instead of the session's baseline; None where nothing more was asked for."""


class DataAdmission:
    """Holds calls to what is known of their data.

    Args:
        gate: Decides about the data.
        enforcer: Holds a call to the session's baseline.
        keys: Looks up keys.
        references: Tells what a call starts.
        tighter: Gives what a call is held to that must have safeguards.
    """

    def __init__(
        self,
        gate: InputGate,
        *,
        enforcer: Enforcer,
        keys: KeyResolver,
        references: ReferencedResources,
        tighter: Callable[[frozenset[Safeguard]], Held],
    ) -> None:
        self._gate = gate
        self._enforcer = enforcer
        self._keys = keys
        self._references = references
        self._tighter = tighter

    def concerns(self, model: OperationModel) -> bool:
        """Whether an operation can have data read by what it names alone."""
        return self._references.starts(model)

    def admit(self, model: OperationModel, enforcement: Enforcement) -> Admitted:
        """Add to a call's decisions those on its data; and where its data asks for more, hold it to that.

        Raises:
            ScanError: Nothing can be said of it.
        """
        return self._decide(model, enforcement, final=False)

    def verify(self, model: OperationModel, enforcement: Enforcement) -> Admitted:
        """The same, of a request that somebody has changed since: nothing is put into it any more.

        Raises:
            ScanError: Nothing can be said of it.
        """
        return self._decide(model, enforcement, final=True)

    def _decide(self, model: OperationModel, enforcement: Enforcement, *, final: bool) -> Admitted:
        made = [Made(model=model, parameters=enforcement.parameters)]
        made += [
            Made(model=create, parameters=request, path=f"{path}: ")
            for path, create, request in self._references.started(model, enforcement.parameters)
        ]
        admission = self._gate.admit(made, final=final)
        decided = _with(enforcement, admission.decisions)
        if (renamed := admission.parameters) is not None:
            verified = self._keys.settle(lambda arns: self._enforcer.verify(model, renamed, arns))
            decided = replace(_with(decided, verified.refusals), parameters=renamed)
        if decided.refusals or not admission.safeguards:
            return Admitted(enforcement=decided, admission=admission, held=None)
        try:
            held = self._tighter(admission.safeguards)
        except BaselineError as failed:
            refused = _with(decided, (_impossible(admission, failed),))
            return Admitted(enforcement=refused, admission=admission, held=None)
        decide = held.enforcer.verify if final else held.enforcer.enforce
        tightened = self._keys.settle(lambda arns: decide(model, decided.parameters, arns))
        found = _with(
            decided,
            (*tightened.changes, *tightened.refusals, *self._lacking(made, tightened, admission, held)),
        )
        return Admitted(
            enforcement=replace(found, parameters=tightened.parameters), admission=admission, held=held
        )

    def _lacking(
        self, made: Sequence[Made], tightened: Enforcement, admission: Admission, held: Held
    ) -> Iterator[Decision]:
        """What the call, and what it starts, must have for the sake of its data and does not."""
        started = made[1:]
        elsewhere = tuple(one.path for one in started)
        safeguards = sorted(admission.safeguards)
        paths = [path for path in admission.guarded if not path.startswith(elsewhere)]
        yield from unmet(safeguards, tightened, paths=paths)
        for one in started:
            paths = [path.removeprefix(one.path) for path in admission.guarded if path.startswith(one.path)]
            if not paths:
                continue
            verify = partial(held.enforcer.verify, one.model, one.parameters)
            for decision in unmet(safeguards, self._keys.settle(verify), paths=paths):
                yield replace(decision, path=one.path + decision.path)

    def told(self, model: OperationModel, parameters: Mapping[str, object]) -> tuple[str, ...]:
        """What of a request's own data would be looked at, for people."""
        return self._gate.told(Made(model=model, parameters=parameters))

    def confirm(
        self, model: OperationModel, parameters: Mapping[str, object], admission: Admission
    ) -> Enforcement:
        """Look at a call's data once more, just before it is sent."""
        return Enforcement(
            service=model.service_model.service_name,
            operation=model.name,
            decisions=self._gate.confirm(admission),
            parameters=parameters,
        )


def _with(enforcement: Enforcement, decisions: tuple[Decision, ...]) -> Enforcement:
    return replace(enforcement, decisions=(*enforcement.decisions, *decisions))


def _impossible(admission: Admission, failed: BaselineError) -> Decision:
    asked = ", ".join(sorted(admission.safeguards))
    return Decision(
        control_id=ControlId.INPUT_SCAN,
        path=admission.inputs[0].path,
        action=Action.REFUSED,
        got=f"its data is accepted under {asked} alone, and the baseline cannot have that: {failed}",
        wanted=asked,
        why=CONTROLS[ControlId.INPUT_SCAN].why,
        remedy=failed.remedy,
    )
