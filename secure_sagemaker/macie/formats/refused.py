"""The objects of a report that may not be used, each once, and how many more there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from secure_sagemaker.macie.acceptance import Lack, Problem
from secure_sagemaker.macie.report import ScannedInput, ScanReport
from secure_sagemaker.macie.verdicts import ObjectVerdict, ObjectVersion

__all__ = ["RefusedObject", "refused", "unnamed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class RefusedObject:
    """One object that may not be used, and all that is against it."""

    object: ObjectVersion
    problems: tuple[Problem, ...]
    verdict: ObjectVerdict | None
    """What is known of it, where the report lists that."""

    @property
    def told(self) -> str:
        """All of it, for a person."""
        return "; ".join(problem.told for problem in self.problems)


def refused(report: ScanReport) -> tuple[RefusedObject, ...]:
    """Each object that some input names as a problem, in their order; one that several inputs hold is one."""
    verdicts = {known.object: known for known in report.objects}
    found: dict[ObjectVersion, dict[Lack, Problem]] = {}
    for scanned in report.inputs:
        for problem in scanned.problems:
            found.setdefault(problem.object, {}).setdefault(problem.lack, problem)
    return tuple(
        RefusedObject(object=about, problems=tuple(problems.values()), verdict=verdicts.get(about))
        for about, problems in found.items()
    )


def unnamed(report: ScanReport) -> Iterator[tuple[ScannedInput, Lack, int]]:
    """How many objects each input counts beyond those that it names, by what they lack."""
    for scanned in report.inputs:
        for lack, count in scanned.lacking.items():
            more = count - sum(problem.lack is lack for problem in scanned.problems)
            if more > 0:
                yield scanned, lack, more
