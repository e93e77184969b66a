"""botocore's refreshable credentials, for what a program may live on for days.

They are refreshed in good time, and again and again while STS does not answer, at growing intervals; until
shortly before they end, whoever signs goes on with what is there. What the machine's clock says is put right by
what STS says, so that no request is signed with what has ended. A process that is forked has them too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from botocore.credentials import DeferredRefreshableCredentials

from secure_sagemaker.locks import ForkSafeLock

__all__ = ["LATEST", "LastingCredentials", "Skew"]

LATEST = 120
"""How many seconds before their end nobody signs with them any more: a request must get to AWS before."""
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 60.0


class Skew:
    """How far AWS's clock is from this machine's.

    Args:
        clock: This machine's, in UTC.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._ahead = timedelta()

    def now(self) -> datetime:
        """AWS's time, as far as it has been told."""
        return self._clock() + self._ahead

    @property
    def ahead(self) -> timedelta:
        """How far AWS is ahead; negative where it is behind."""
        return self._ahead

    def told(self, headers: Mapping[str, str]) -> None:
        """Take the time from an answer's ``Date``; without one, what was known stays."""
        stated = headers.get("date")
        if stated is None:
            return
        try:
            there = parsedate_to_datetime(stated)
        except ValueError:
            return
        self._ahead = there.replace(tzinfo=there.tzinfo or UTC) - self._clock()


class LastingCredentials(DeferredRefreshableCredentials):
    """Credentials that are fetched when they are first needed, and again before they end.

    Args:
        fetch: Asks AWS for them.
        method: What botocore calls it.
        early: How many seconds before their end they are refreshed, if anybody signs then.
        now: Tells AWS's time.
    """

    def __init__(
        self,
        fetch: Callable[[], Mapping[str, object]],
        *,
        method: str,
        early: int = LATEST,
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(refresh_using=self._fetch_and_note, method=method, time_fetcher=now)
        self._refresh_lock = ForkSafeLock()
        self._advisory_refresh_timeout = early
        self._mandatory_refresh_timeout = LATEST
        self._fetch = fetch
        self._now = now
        self._pause = _FIRST_PAUSE
        self._not_before: datetime | None = None
        self._ends: datetime | None = None

    @property
    def ends(self) -> datetime | None:
        """When those that were fetched last end; None before the first."""
        return self._ends

    def refresh_needed(self, refresh_in: int | None = None) -> bool:
        """Whether they must be refreshed; not while a failed attempt is recent and they are still good."""
        if not super().refresh_needed(refresh_in):
            return False
        waits = self._not_before is not None and self._now() < self._not_before
        return not waits or super().refresh_needed(self._mandatory_refresh_timeout)

    def _fetch_and_note(self) -> Mapping[str, object]:
        try:
            fetched = self._fetch()
        except Exception:  # whoever interrupts says nothing about STS: the next signature asks again
            self._not_before = self._now() + timedelta(seconds=self._pause)
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
            raise
        self._pause, self._not_before = _FIRST_PAUSE, None
        self._ends = datetime.fromisoformat(str(fetched["expiry_time"]))
        return fetched
