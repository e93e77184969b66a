"""Measures what stands in for Macie in the embedded AWS: ``python -m tools.macie_score``.

Over the labelled list in ``tests/data/labelled_personal_data.py``, made anew for each seed: recall and precision of
each type, and what was missed or mistaken. It measures the stand-in, on values that were made, and says nothing of
Macie itself.
"""

import argparse
from collections import Counter
from dataclasses import dataclass, field

from secure_sagemaker.local.macie.detection import Inspection
from secure_sagemaker.local.macie.managed import MANAGED
from secure_sagemaker.local.macie.passages import Cell, Line, Passage
from tests.data.labelled_personal_data import Case, cases

__all__ = ["Score", "score"]

INSPECTION = Inspection(managed=MANAGED)


@dataclass(kw_only=True)
class Score:
    """What was found of what there was, by type."""

    found: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    mistaken: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    """What went wrong, in words."""

    def recall(self, kind: str = "") -> float:
        """The share of what there was that was found."""
        found, missed = _of(self.found, kind), _of(self.missed, kind)
        return found / (found + missed)

    def precision(self, kind: str = "") -> float:
        """The share of what was found that was there."""
        found, mistaken = _of(self.found, kind), _of(self.mistaken, kind)
        return found / (found + mistaken) if found + mistaken else 1.0


def _of(counter: Counter[str], kind: str) -> int:
    return counter[kind] if kind else counter.total()


def score(seeds: range) -> Score:
    """How well the values of the list are told."""
    result = Score()
    for seed in seeds:
        for case in cases(seed):
            found = {one.type for one in INSPECTION.inspect([_passage(case)])}
            for kind in found - {case.type}:
                result.mistaken[kind] += 1
                result.labels[f"mistaken for {kind}: {case.label}"] += 1
            if case.type in found:
                result.found[case.type] += 1
            elif case.type is not None:
                result.missed[case.type] += 1
                result.labels[f"missed {case.type}: {case.label}"] += 1
    return result


def _passage(case: Case) -> Passage:
    place = Cell(2, 1, case.name) if case.name else Line(1)
    return Passage(case.value, place, case.name)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=20, help="how many times the list is made anew")
    result = score(range(parser.parse_args().seeds))
    print(f"{'type':42} {'values':>7} {'recall':>7} {'precision':>9}")
    for kind in sorted({*result.found, *result.missed, *result.mistaken}):
        values = result.found[kind] + result.missed[kind]
        recall = f"{result.recall(kind):7.3f}" if values else "      -"
        print(f"{kind:42} {values:7} {recall} {result.precision(kind):9.3f}")
    values = result.found.total() + result.missed.total()
    print(f"{'all':42} {values:7} {result.recall():7.3f} {result.precision():9.3f}")
    for label, count in result.labels.most_common(20):
        print(f"  {count:4}  {label}")


if __name__ == "__main__":
    main()
