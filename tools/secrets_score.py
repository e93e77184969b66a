"""Measures how well plaintext secrets are told: ``python -m tools.secrets_score``.

Over the labelled list in ``tests/data/labelled_secrets.py``, made anew for each seed: recall, precision, and the labels
that were missed or taken for secrets. Beside it, the detect-secrets library alone, as it stands.
"""

import argparse
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from secure_sagemaker.controls.detection import decoded
from secure_sagemaker.controls.secrets import secrets_in
from tests.data.labelled_secrets import Case, cases

__all__ = ["Score", "score"]


@dataclass(kw_only=True)
class Score:
    """What was found of what there was."""

    found: int = 0
    missed: Counter[str] = field(default_factory=Counter)
    cleared: int = 0
    mistaken: Counter[str] = field(default_factory=Counter)

    @property
    def recall(self) -> float:
        """The share of the secrets that was found."""
        return self.found / (self.found + self.missed.total())

    @property
    def precision(self) -> float:
        """The share of secrets in what was found."""
        return self.found / (self.found + self.mistaken.total())

    @property
    def false_positives(self) -> float:
        """The share of the look-alikes that was taken for secrets."""
        return self.mistaken.total() / (self.mistaken.total() + self.cleared)


def score(finds: Callable[[Case], bool], seeds: range) -> Score:
    """How well something finds the secrets of the list."""
    result = Score()
    for seed in seeds:
        for case in cases(seed):
            match case.secret, finds(case):
                case True, True:
                    result.found += 1
                case True, False:
                    result.missed[case.label] += 1
                case False, True:
                    result.mistaken[f"{case.label}: {case.name}"] += 1
                case _:
                    result.cleared += 1
    return result


def ours(case: Case) -> bool:
    """Whether the control finds a secret in a case."""
    return any(secrets_in(case.place, case.value, encoded=case.encoded))


def library_alone() -> Callable[[Case], bool]:
    """The library with every plugin and filter that it has by default, but for what asks providers."""
    from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
    from detect_secrets.core.scan import scan_line
    from detect_secrets.settings import transient_settings

    plugins = [{"name": plugin.__name__} for plugin in get_mapping_from_secret_type_to_class().values()]

    def finds(case: Case) -> bool:
        with transient_settings({"plugins_used": plugins}):
            return any(any(scan_line(line)) for line in _lines(case))

    return finds


def _lines(case: Case) -> list[str]:
    match case.value:
        case dict() as pairs:
            return [line for name, value in pairs.items() for line in f"{name}={value}".splitlines()]
        case list() as items:
            texts = [f"{item['Key']}={item['Value']}" if isinstance(item, dict) else item for item in items]
            return [line for text in texts for line in str(text).splitlines()]
        case value:
            text = str(value)
            return (decoded(text) or text).splitlines() if case.encoded else text.splitlines()


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=10, help="how many times the list is made anew")
    seeds = range(parser.parse_args().seeds)
    for name, finds in (("this library", ours), ("detect-secrets alone", library_alone())):
        result = score(finds, seeds)
        secrets = result.found + result.missed.total()
        print(
            f"{name}: recall {result.recall:.4f} of {secrets} secrets, precision {result.precision:.4f}, "
            f"false positives {result.false_positives:.4f} of {result.cleared + result.mistaken.total()} look-alikes"
        )
        for title, counter in (("missed", result.missed), ("mistaken", result.mistaken)):
            for label, count in counter.most_common(15):
                print(f"  {title} {count:4}  {label}")


if __name__ == "__main__":
    main()
