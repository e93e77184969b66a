"""What a refusal is: one case, whose words AWS says it in, and where AWS says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from secure_sagemaker.local.wire import Call, Refusal

__all__ = ["Check", "Rule", "Wording", "one_of"]

Check = Callable[[Call], str | None]
"""What AWS says against the call, or None when it says nothing."""


class Wording(StrEnum):
    """Whose words a refusal's message is in."""

    AWS = "AWS's"
    OURS = "ours"
    """AWS documents the refusal and publishes no text of it."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One case that AWS refuses and moto accepts."""

    id: str
    """A name in kebab case."""
    service: str
    """botocore's name of the service; ``*`` for every service."""
    operations: tuple[str, ...] = ("*",)
    """The operations it is for, as patterns."""
    case: str
    """What is refused, as half a sentence."""
    check: Check = field(repr=False)
    code: str
    """AWS's error code."""
    status: int = 400
    wording: Wording = Wording.AWS
    source: str
    """The page, the botocore member or the recorded answer that says so."""

    def refusal(self, call: Call) -> Refusal | None:
        """What AWS answers to the call in this case; None when the case is not given."""
        if self.service not in ("*", call.service):
            return None
        if not any(fnmatchcase(call.operation, pattern) for pattern in self.operations):
            return None
        message = self.check(call)
        return None if message is None else Refusal(code=self.code, message=message, status=self.status)


def one_of(*names: str) -> tuple[str, ...]:
    """The operations of those names, sorted."""
    return tuple(sorted(names))
