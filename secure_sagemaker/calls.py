"""One call in progress: what is known of it, and the audit record that is made of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from secure_sagemaker.admission import Held
from secure_sagemaker.audit import AuditRecord, AuditTrail, Outcome
from secure_sagemaker.baseline import LayerRecord, SecurityBaseline
from secure_sagemaker.controls import Decision, Enforcement, Snapshot
from secure_sagemaker.denials import denial
from secure_sagemaker.exceptions import ControlError, SecureSageMakerError
from secure_sagemaker.identity import AssumedRole
from secure_sagemaker.macie.gate import Admission
from secure_sagemaker.references import Named

if TYPE_CHECKING:
    from botocore.model import OperationModel

__all__ = ["Call", "CallRecorder", "code_of", "recorded_assumption"]

logger = logging.getLogger(__name__)


@dataclass(kw_only=True, slots=True)
class Call:
    """What is known about the call in progress."""

    model: OperationModel
    region: str
    began: datetime
    monotonic: float
    presigned: bool
    enforcement: Enforcement | None = None
    """What was decided; None before, and where nothing in the operation's input is governed."""
    secured: Snapshot | None = None
    """What the decisions let through."""
    inlined: Mapping[str, object] | None = None
    """The same with a document that lies elsewhere in it; None where there is none."""
    named: Named | None = None
    """What is named and not looked at yet."""
    admission: Admission | None = None
    """What was decided about its data, and not looked at again yet."""
    held: Held | None = None
    """What it is held to instead of the session's baseline, for the sake of its data."""

    @property
    def awaits_form(self) -> bool:
        """Whether it is a POST form, as far as is known before it is signed: botocore makes it as this."""
        return self.presigned and self.model.name == "CreateBucket"

    def add(self, found: Enforcement, decisions: tuple[Decision, ...]) -> None:
        """Add what a later look found to what was decided."""
        decided = self.enforcement
        self.enforcement = (
            found if decided is None else replace(decided, decisions=(*decided.decisions, *decisions))
        )


@dataclass(frozen=True, kw_only=True)
class CallRecorder:
    """Writes the record of each call of a session to its audit trail."""

    baseline: SecurityBaseline
    role: AssumedRole
    trail: AuditTrail
    _digest: str = field(init=False)
    _layers: tuple[LayerRecord, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_digest", self.baseline.digest)
        object.__setattr__(self, "_layers", self.baseline.layers)

    def begin(self, model: OperationModel, *, region: object, presigned: bool) -> Call:
        """A call that begins now."""
        return Call(
            model=model,
            region=str(region or self.baseline.region),
            began=self.trail.clock(),
            monotonic=self.trail.monotonic(),
            presigned=presigned,
        )

    def refusals_of(self, call: Call) -> _Recording:
        """A block whose refusals are recorded."""
        return _Recording(partial(self.record, call, Outcome.REFUSED))

    def answered(self, call: Call, *, request_id: str, error: Mapping[str, object] | None) -> None:
        """Write how AWS answered; where it denies the call and says by what, log what that means."""
        if error is None:
            self.record(call, Outcome.SUCCEEDED, request_id=request_id)
            return
        code, service = str(error.get("Code", "")), call.model.service_model.service_name
        told = denial(str(error.get("Message", "")), service=service, baseline=self.baseline) or ""
        if told:
            logger.warning("%s.%s was denied by AWS: %s", service, call.model.name, told)
        self.record(
            call,
            Outcome.FAILED,
            request_id=request_id,
            error_code=code,
            explanation=_explanation(code, told, call),
        )

    def record(
        self,
        call: Call,
        outcome: Outcome,
        *,
        request_id: str = "",
        error_code: str = "",
        explanation: str = "",
    ) -> None:
        """Write how it ended."""
        principal = self.role.principal
        enforcement = call.enforcement
        self.trail.write(
            AuditRecord(
                time=call.began.isoformat(),
                service=call.model.service_model.service_name,
                operation=call.model.name,
                region=call.region,
                principal=principal.arn if principal else self.baseline.role.arn,
                baseline_digest=self._digest,
                layers=self._layers,
                decisions=enforcement.decisions if enforcement else (),
                unknown_members=enforcement.unknown_members if enforcement else (),
                outcome=outcome,
                request_id=request_id,
                error_code=error_code,
                explanation=explanation,
                latency_seconds=self.trail.monotonic() - call.monotonic,
            )
        )


@contextmanager
def recorded_assumption(
    baseline: SecurityBaseline, trail: AuditTrail, judged: Enforcement
) -> Iterator[Callable[[str], None]]:
    """A block in which the role is assumed, or refused: recorded where a control had a word on it.

    What it gives is told the id of the request that STS answers.
    """
    told: list[str] = []
    if not judged.decisions:
        yield told.append
        return
    trail.sink.prepare()
    began, monotonic = trail.clock(), trail.monotonic()
    outcome, code = Outcome.FAILED, ""
    try:
        yield told.append
        outcome = Outcome.SUCCEEDED
    except SecureSageMakerError as failed:
        outcome = Outcome.REFUSED if isinstance(failed, ControlError) else Outcome.FAILED
        code = code_of(failed)
        raise
    finally:
        trail.write(
            AuditRecord(
                time=began.isoformat(),
                service=judged.service,
                operation=judged.operation,
                region=baseline.region,
                principal=baseline.role.arn,
                baseline_digest=baseline.digest,
                layers=baseline.layers,
                decisions=judged.decisions,
                unknown_members=(),
                outcome=outcome,
                request_id="".join(told),
                error_code=code,
                explanation="",
                latency_seconds=trail.monotonic() - monotonic,
            )
        )


class _Recording:
    """Records the refusal that leaves the block, once, where it is raised."""

    __slots__ = ("_record",)

    def __init__(self, record: Callable[..., None]) -> None:
        self._record = record

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, refused: BaseException | None, trace: object) -> None:
        if isinstance(refused, SecureSageMakerError):
            self._record(error_code=code_of(refused))


def code_of(failed: BaseException) -> str:
    """What a record calls an error: the control that refused, or the kind of error."""
    return failed.control_id if isinstance(failed, ControlError) else type(failed).__name__


_EXPLANATIONS: Mapping[str, str] = {
    "AccessDeniedException": "the role, a session policy, a service control policy or the resource's policy denies "
    "it; a request that the baseline secured is often denied for a key or subnet that the policy does not list",
    "AccessDenied": "the role, the bucket's policy or the key's policy denies it; with ExpectedBucketOwner "
    "it also means that another account owns the bucket",
    "KMSAccessDeniedException": "the key's policy does not let this role or SageMaker use it",
}


def _explanation(code: str, told: str, call: Call) -> str:
    """What the record says of AWS's error beside its code."""
    changed = call.enforcement.changes if call.enforcement else ()
    text = told or _EXPLANATIONS.get(code, "")
    if not code or not changed:
        return text
    members = ", ".join(decision.path for decision in changed)
    return f"{text + '; ' if text else ''}the baseline set {members}"
