"""What an account's region has of Macie, what a call is, and what was said about how Macie behaves."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from secure_sagemaker.local.inside import Inside
from secure_sagemaker.local.macie.access import Access
from secure_sagemaker.local.macie.files import Limits
from secure_sagemaker.local.moto_objects import ObjectDetails
from secure_sagemaker.local.sagemaker.kept import Refused
from secure_sagemaker.local.sagemaker.values import text
from secure_sagemaker.local.wire import Call, Refusal

__all__ = [
    "Behaviour",
    "Job",
    "Operation",
    "Output",
    "Region",
    "Request",
    "conflict",
    "denied",
    "invalid",
    "missing",
    "over_quota",
    "throttled",
]

Output = Mapping[str, object]
_TERABYTE = 1024**4


@dataclass(kw_only=True)
class Behaviour:
    """How Macie behaves, where a test or a demonstration says so."""

    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    later: timedelta = timedelta()
    """How much later than the clock it is."""
    objects_a_look: int | None = None
    """How many objects a job gets through between two looks at it; None for all that there are."""
    throttled_calls: int = 0
    """How many calls are still refused as too many."""
    quota_bytes: int = 5 * _TERABYTE
    """What may be analysed in a month."""
    dollars_a_gigabyte: float = 1.0
    limits: Limits = field(default_factory=Limits)

    @property
    def now(self) -> datetime:
        """What time it is."""
        return self.clock() + self.later


@dataclass(kw_only=True)
class Job:
    """A classification job."""

    id: str
    arn: str
    parameters: Mapping[str, object]
    """The request that created it."""
    created: datetime
    status: str = "RUNNING"
    runs: int = 0
    last_run: datetime | None = None
    next_run: datetime | None = None
    """Of a recurring job."""
    waiting: deque[ObjectDetails] = field(default_factory=deque)
    """What the current run has yet to read."""
    has_failed: bool = False
    """The current run could not get at some bucket."""
    paused: datetime | None = None
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name."""
        return text(self.parameters.get("name"))

    @property
    def recurs(self) -> bool:
        """Whether it runs by a schedule."""
        return self.parameters.get("jobType") == "SCHEDULED"


@dataclass(kw_only=True)
class Region:
    """Everything that Macie keeps of an account in a region."""

    session: dict[str, object] | None = None
    """None where Macie is not enabled."""
    export: Mapping[str, object] | None = None
    """Where results go."""
    jobs: dict[str, Job] = field(default_factory=dict)
    findings: dict[str, Mapping[str, object]] = field(default_factory=dict)
    filters: dict[str, dict[str, object]] = field(default_factory=dict)
    custom_identifiers: dict[str, dict[str, object]] = field(default_factory=dict)
    allow_lists: dict[str, dict[str, object]] = field(default_factory=dict)
    discovers: bool = False
    """Automated discovery is switched on."""
    spent: dict[str, int] = field(default_factory=dict)
    """Bytes that were analysed, by month."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One call: what is asked, by whom, of what."""

    call: Call
    held: Region
    behaviour: Behaviour
    inside: Inside
    access: Access

    @property
    def parameters(self) -> Mapping[str, object]:
        """What was sent."""
        return self.call.parameters

    @property
    def now(self) -> datetime:
        """When."""
        return self.behaviour.now

    def text(self, name: str) -> str:
        """A parameter that is a string; empty when it is absent."""
        return text(self.parameters.get(name))

    def arn(self, path: str) -> str:
        """An ARN of the service, in the caller's account and region."""
        return f"arn:{self.access.partition}:macie2:{self.access.region}:{self.access.account}:{path}"

    def identifier(self) -> str:
        """A new one."""
        return uuid.uuid4().hex


Operation = Callable[[Request], Output]


def _refused(code: str, message: str, status: int) -> Refused:
    return Refused(Refusal(code=code, message=message, status=status))


def invalid(message: str) -> Refused:
    """The request is wrong."""
    return _refused("ValidationException", message, 400)


def over_quota(message: str) -> Refused:
    """The account has as many as it may."""
    return _refused("ServiceQuotaExceededException", message, 402)


def denied(message: str) -> Refused:
    """Macie will not; above all where it is not enabled."""
    return _refused("AccessDeniedException", message, 403)


def missing(message: str) -> Refused:
    """There is no such thing."""
    return _refused("ResourceNotFoundException", message, 404)


def conflict(message: str) -> Refused:
    """It contradicts what is."""
    return _refused("ConflictException", message, 409)


def throttled() -> Refused:
    """Too many requests."""
    return _refused("ThrottlingException", "Rate exceeded", 429)
