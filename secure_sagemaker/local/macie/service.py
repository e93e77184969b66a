"""Macie as a service: a call comes in, is held to its input shape, and is answered from what is kept."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from secure_sagemaker.local import moto_state
from secure_sagemaker.local.inside import Inside
from secure_sagemaker.local.macie import findings, inventory, jobs, own_identifiers, settings
from secure_sagemaker.local.macie.access import Access
from secure_sagemaker.local.macie.criteria import InvalidTokenError
from secure_sagemaker.local.macie.state import (
    Behaviour,
    Operation,
    Region,
    Request,
    denied,
    invalid,
    throttled,
)
from secure_sagemaker.local.sagemaker.shapes import UnreadableError, lacking
from secure_sagemaker.local.wire import Answer, Call, answer_of

__all__ = ["MacieService"]

_OPERATIONS: Mapping[str, Operation] = {
    **findings.OPERATIONS,
    **inventory.OPERATIONS,
    **jobs.OPERATIONS,
    **own_identifiers.OPERATIONS,
    **settings.OPERATIONS,
}
_WHERE_DISABLED = frozenset(
    {"EnableMacie", "EnableOrganizationAdminAccount", "ListOrganizationAdminAccounts"}
)


@dataclass(frozen=True, kw_only=True)
class MacieService:
    """Answers the operations of ``macie2``."""

    inside: Inside
    behaviour: Behaviour = field(default_factory=Behaviour)
    _regions: dict[tuple[str, str], Region] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def answer(self, call: Call) -> Answer | None:
        """What Macie answers; None for an operation that is not here.

        Raises:
            Refused: It refuses.
        """
        if call.caller is None or call.model is None:
            return None
        with self._lock:
            held = self._regions.setdefault((call.caller.account, call.region), Region())
            if self.behaviour.throttled_calls:
                self.behaviour.throttled_calls -= 1
                raise throttled()
            if held.session is None and call.operation not in _WHERE_DISABLED:
                raise denied("Macie is not enabled")
            if call.operation not in _OPERATIONS:
                return None
            _check(call)
            access = Access(
                account=call.caller.account, region=call.region, partition=moto_state.partition(call.region)
            )
            request = Request(
                call=call, held=held, behaviour=self.behaviour, inside=self.inside, access=access
            )
            try:
                return answer_of(call, _OPERATIONS[call.operation](request))
            except InvalidTokenError as wrong:
                raise invalid("The nextToken is not valid.") from wrong


def _check(call: Call) -> None:
    """Hold a request to its input shape: what it must say, and of which type."""
    shape = call.model.input_shape if call.model is not None else None
    try:
        missing = [] if shape is None else list(lacking(shape, call.parameters))
    except UnreadableError as unreadable:
        raise invalid(str(unreadable)) from unreadable
    if missing:
        raise invalid(f"The request failed because of: {'; '.join(missing)}")
