"""One look at inputs: what lies there now, what is known of it, and what the baseline thinks of that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from secure_sagemaker.macie.acceptance import Acceptance, Lack, Tally
from secure_sagemaker.macie.estimate import unreadable
from secure_sagemaker.macie.inputs import DataInput, InputKind
from secure_sagemaker.macie.listing import ListedObject
from secure_sagemaker.macie.memory import VerdictMemory
from secure_sagemaker.macie.planning import Worklist
from secure_sagemaker.macie.reading import InputReader
from secure_sagemaker.macie.report import ScannedInput
from secure_sagemaker.macie.verdicts import ObjectVerdict, ObjectVersion, Outcome

__all__ = ["MOST_LISTED", "Survey", "Surveyor"]

MOST_LISTED = 10_000
"""As many objects as a report lists one by one."""


@dataclass(kw_only=True)
class Survey:
    """What a look found."""

    inputs: list[tuple[DataInput, Tally]] = field(default_factory=list)
    grave: list[ObjectVerdict] = field(default_factory=list)
    clear: list[ObjectVerdict] = field(default_factory=list)
    objects: int = 0
    unreadable: dict[str, int] = field(default_factory=dict)
    """Objects that Macie would not read, by the reason."""
    tried: set[str] = field(default_factory=set)
    """The jobs that told what is work all the same."""

    def scanned(self, acceptance: Acceptance) -> tuple[ScannedInput, ...]:
        """What is told of each input."""
        return tuple(_scanned(about, tally, acceptance) for about, tally in self.inputs)

    def listed(self) -> tuple[ObjectVerdict, ...]:
        """The objects that a report lists: the grave ones first."""
        return tuple([*self.grave, *self.clear][:MOST_LISTED])


_OWN_PLACE = frozenset({InputKind.OBJECT, InputKind.PREFIX})
"""Inputs whose objects all lie where the input is named."""


class Surveyor:
    """Looks at inputs.

    Args:
        reader: Tells the objects of inputs.
        memory: Knows verdicts.
        settings: The digest of the settings that they must hold under.
        acceptance: What the baseline thinks of them.
        now: Tells the time, in UTC.
    """

    def __init__(
        self,
        *,
        reader: InputReader,
        memory: VerdictMemory,
        settings: str,
        acceptance: Acceptance,
        now: Callable[[], datetime],
    ) -> None:
        self._reader = reader
        self._memory = memory
        self._settings = settings
        self._acceptance = acceptance
        self._now = now

    def look(
        self,
        inputs: Iterable[DataInput],
        *,
        work: Mapping[str, Worklist] | None = None,
        again: bool = False,
    ) -> Survey:
        """Look at all that lies there now.

        Args:
            inputs: What to look at.
            work: By bucket, where to note what has no verdict.
            again: Whether what could not be read counts as work.

        Raises:
            ScanError: Something cannot be listed, or the memory cannot be read.
        """
        found = Survey()
        self._memory.look_again()
        for about in inputs:
            tally = Tally()
            found.inputs.append((about, tally))
            # What a manifest lists lies anywhere: its own place says nothing of that.
            if about.kind in _OWN_PLACE and not self._acceptance.needs_verdict(about.uri):
                tally.skipped = True
                continue
            for page in self._reader.objects(about):
                self._page(page, found, tally, work, again=again)
        return found

    def settle(self, work: Worklist, *, again: bool) -> None:
        """Take what somebody else has had read meanwhile out of the work."""
        for page in work.pages():
            known = self._memory.recall(page, settings=self._settings)
            now = self._now()
            settled = [one for one in page if self._settles(one, known.get(one), now=now, again=again)]
            work.done("", settled)

    def _settles(
        self, about: ObjectVersion, verdict: ObjectVerdict | None, *, now: datetime, again: bool
    ) -> bool:
        judged = self._acceptance.judge(about, verdict, now=now)
        return _is_settled({problem.lack for problem in judged.problems}, again=again)

    def _page(
        self,
        page: list[ListedObject],
        found: Survey,
        tally: Tally,
        work: Mapping[str, Worklist] | None,
        *,
        again: bool,
    ) -> None:
        known = self._memory.recall([one.version for one in page], settings=self._settings)
        now, settled, readable = self._now(), set(), []
        for one in page:
            about = one.version
            verdict = known.get(about)
            if verdict is None and (why := unreadable(one)):
                found.unreadable[why] = found.unreadable.get(why, 0) + 1
                verdict = ObjectVerdict(
                    object=about, outcome=Outcome.UNREAD, read_at=now, job_id="", reason=why
                )
            else:
                readable.append(one)
            judged = self._acceptance.judge(about, verdict, now=now)
            lacks = {problem.lack for problem in judged.problems}
            if _is_settled(lacks, again=again):
                settled.add(about)
            elif verdict is not None:
                found.tried.add(verdict.job_id)
            tally.add(about, verdict, judged)
            found.objects += 1
            if verdict is not None and Lack.UNKNOWN not in lacks and not judged.exempt:
                kept = found.clear if verdict.outcome is Outcome.CLEAR else found.grave
                if len(kept) < MOST_LISTED:
                    kept.append(verdict)
        if work is None:
            return
        for bucket in {one.version.bucket for one in readable}:
            work[bucket].add([one for one in readable if one.version.bucket == bucket], known=settled)


def _is_settled(lacks: set[Lack], *, again: bool) -> bool:
    """Whether an object with these problems need not be read, or not again."""
    return Lack.UNKNOWN not in lacks and not (again and Lack.UNREAD in lacks)


def _scanned(about: DataInput, tally: Tally, acceptance: Acceptance) -> ScannedInput:
    lacking = acceptance.standing(tally)
    samples = [problem for lack in lacking for problem in tally.problems.get(lack, ())]
    return ScannedInput(
        uri=about.uri,
        path=about.path,
        objects=tally.objects,
        bytes=tally.bytes,
        clear=tally.clear,
        sensitive=tally.sensitive,
        unread=tally.unread,
        unknown=tally.unknown,
        exempt=tally.exempt,
        coverage=tally.coverage,
        lacking=lacking,
        problems=tuple(samples),
        safeguards=tuple(sorted(tally.safeguards)),
        versions=tally.versions if tally.objects else "",
    )
