"""Which verdicts are good enough, as the baseline has it. Pure: it asks nobody, and is told the time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from secure_sagemaker.baseline import Accepted, DataClass, Macie, Safeguard
from secure_sagemaker.macie.verdicts import (
    DIGESTS,
    Detection,
    ObjectVerdict,
    ObjectVersion,
    Outcome,
    Severity,
    on_one_line,
)

__all__ = ["Acceptance", "Judgement", "Lack", "Problem", "Tally"]

_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


class Lack(StrEnum):
    """What keeps an object from being used."""

    UNKNOWN = "unknown"
    """It has no verdict, or one that is too old."""
    UNREAD = "unread"
    """Macie could not read it, or not to its end."""
    SENSITIVE = "sensitive"
    """It holds what is not accepted."""
    ABSENT = "absent"
    """Nothing lies there, so nothing can be said of what will."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One object that may not be used as it is."""

    object: ObjectVersion
    lack: Lack
    told: str
    """What of it, for a person: categories and types with their counts, or why it was not read. Never the data."""

    detections: tuple[Detection, ...] = ()
    """Of what was found, all that is not accepted."""
    severity: Severity | None = None
    """How grave Macie takes that to be."""

    def __str__(self) -> str:
        return on_one_line(f"{self.object.uri}: {self.told}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What is thought of one object."""

    problems: tuple[Problem, ...] = ()
    safeguards: frozenset[Safeguard] = frozenset()
    """What the call must have, so that it may be used."""
    exempt: bool = False
    """It needs no verdict."""


_FINE = Judgement()
_EXEMPT = Judgement(exempt=True)


class Acceptance:
    """What the baseline says of verdicts.

    Args:
        macie: The baseline's section.
    """

    def __init__(self, macie: Macie) -> None:
        self._macie = macie
        self._age = timedelta(days=macie.maximum_age_days)
        places = [(place, one) for one in macie.classes.values() for place in one.places]
        self._places = tuple((f"{place.rstrip('/')}/", one) for place, one in places)

    def class_of(self, uri: str) -> DataClass | None:
        """The class of an object, or of all that a prefix names; None where it has none, or more than one."""
        for place, one in self._places:
            if uri.startswith(place):
                return one
        return None

    def needs_verdict(self, uri: str) -> bool:
        """Whether any object that begins so needs one."""
        stated = self.class_of(uri)
        return stated is None or stated.scan

    def is_fresh(self, verdict: ObjectVerdict, *, now: datetime) -> bool:
        """Whether a verdict is young enough to count."""
        return now - verdict.read_at <= self._age

    def judge(self, about: ObjectVersion, verdict: ObjectVerdict | None, *, now: datetime) -> Judgement:
        """What is thought of an object.

        Args:
            about: The object as it is now.
            verdict: What is known of it.
            now: The time, in UTC.
        """
        # A copy is of the class of what was copied, and who made it says what that was, not where it lies.
        copied_from = verdict.copied_from if verdict is not None else ""
        stated = self.class_of(copied_from or about.uri)
        if stated is not None and not stated.scan:
            return _EXEMPT
        if verdict is None:
            return _with(about, Lack.UNKNOWN, "it has no verdict")
        if not self.is_fresh(verdict, now=now):
            told = f"it was read on {verdict.read_at.date().isoformat()}, more than {self._age.days} days ago"
            return _with(about, Lack.UNKNOWN, told)
        problems: list[Problem] = []
        safeguards: set[Safeguard] = set()
        refused: list[Detection] = []
        for found in verdict.detections:
            accepting = _accepting(stated.accept if stated is not None else (), found, verdict.severity)
            if not accepting:
                refused.append(found)
            for one in accepting:
                safeguards.update(one.under)
        if refused or (verdict.outcome is Outcome.SENSITIVE and not verdict.detections):
            grave = f", severity {verdict.severity}" if verdict.severity is not None else ""
            told = in_words(refused) or "sensitive data of no type that Macie tells"
            problems.append(
                Problem(
                    object=about,
                    lack=Lack.SENSITIVE,
                    told=f"{told}{grave}",
                    detections=tuple(refused),
                    severity=verdict.severity,
                )
            )
        if verdict.outcome is Outcome.UNREAD or verdict.reason:
            problems.append(Problem(object=about, lack=Lack.UNREAD, told=f"not read: {verdict.reason}"))
        if not problems and not safeguards:
            return _FINE
        return Judgement(problems=tuple(problems), safeguards=frozenset(safeguards))

    def standing(self, tally: Tally) -> Mapping[Lack, int]:
        """How many objects keep an input from being used, by what they lack; of none, nothing.

        What was not read is let pass where enough else was. What has no verdict is not.
        """
        if not tally.objects and not tally.skipped:
            return {Lack.ABSENT: 0}
        left = dict(tally.lacking)
        if (
            Lack.UNREAD in left
            and not left.get(Lack.UNKNOWN)
            and tally.coverage >= self._macie.minimum_coverage
        ):
            del left[Lack.UNREAD]
        return left


def in_words(found: Iterable[Detection]) -> str:
    """What was found: each category with its types, counts and places."""
    by_category: dict[str, list[str]] = {}
    for one in found:
        where = f" ({', '.join(one.places[:_PLACES])})" if one.places else ""
        by_category.setdefault(one.category, []).append(f"{one.type} {one.count:,}{where}")
    return "; ".join(f"{category}: {', '.join(types)}" for category, types in by_category.items())


_PLACES = 3
"""As many places of one type as a sentence names."""


def _with(about: ObjectVersion, lack: Lack, told: str) -> Judgement:
    return Judgement(problems=(Problem(object=about, lack=lack, told=told),))


def _accepting(
    stated: tuple[Accepted, ...], found: Detection, severity: Severity | None
) -> tuple[Accepted, ...]:
    """Of those that accept it, the most particular; several where they are equally so, whatever their order."""
    # Macie grades an object's finding as a whole: what it did not grade counts as the gravest.
    grave = _RANKS[severity] if severity is not None else _RANKS[Severity.HIGH]
    accepting = [
        one
        for one in stated
        if one.category == found.category
        and (not one.types or found.type in one.types)
        and grave <= _rank(one)
    ]
    first = min(map(_generality, accepting), default=None)
    return tuple(one for one in accepting if _generality(one) == first)


def _rank(accepted: Accepted) -> int:
    return _RANKS[Severity(accepted.maximum_severity)]


def _generality(accepted: Accepted) -> tuple[bool, int]:
    return not accepted.types, _rank(accepted)


_SAMPLES = 1_000
"""As many problems of one kind as are held of an input: of a million, somebody goes through the first of them."""


@dataclass(kw_only=True, slots=True)
class Tally:
    """What is thought of the objects of one input, counted as they come. Its size does not grow with them."""

    objects: int = 0
    bytes: int = 0
    exempt: int = 0
    skipped: bool = False
    """All of it is exempt, and none was counted."""
    clear: int = 0
    sensitive: int = 0
    unread: int = 0
    unknown: int = 0
    digest: int = 0
    safeguards: set[Safeguard] = field(default_factory=set)
    problems: dict[Lack, list[Problem]] = field(default_factory=dict)
    lacking: dict[Lack, int] = field(default_factory=dict)
    """How many objects have each kind of problem."""

    def add(self, about: ObjectVersion, verdict: ObjectVerdict | None, judged: Judgement) -> None:
        """Count one object."""
        self.objects += 1
        self.bytes += about.size
        self.digest = (self.digest + about.digest) % DIGESTS
        if judged.exempt:
            self.exempt += 1
            return
        self.safeguards |= judged.safeguards
        lacks = {problem.lack for problem in judged.problems}
        if Lack.UNKNOWN in lacks or verdict is None:
            self.unknown += 1
        elif verdict.outcome is Outcome.UNREAD:
            self.unread += 1
        elif verdict.outcome is Outcome.SENSITIVE:
            self.sensitive += 1
        else:
            self.clear += 1
        for problem in judged.problems:
            self.lacking[problem.lack] = self.lacking.get(problem.lack, 0) + 1
            kept = self.problems.setdefault(problem.lack, [])
            if len(kept) < _SAMPLES:
                kept.append(problem)

    @property
    def versions(self) -> str:
        """A digest of every object as it was: of equal objects, equal digests, in whichever order they were seen."""
        return f"{self.digest:064x}"

    @property
    def coverage(self) -> float:
        """The share of objects that were read to their end, or need no verdict, from 0 to 1."""
        missing = self.lacking.get(Lack.UNREAD, 0) + self.lacking.get(Lack.UNKNOWN, 0)
        return 1 - missing / self.objects if self.objects else 1.0
