"""Measures, prints, and writes the figures into benchmarks/README.md."""

from __future__ import annotations

import argparse
import subprocess
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from benchmarks import calls, connections, credentials, pipelines, policies, processes, scans, sdk_v2
from benchmarks.page import README, machine, replaced, table
from benchmarks.pairs import Figure

LIBRARIES = ("secure-sagemaker", "boto3", "botocore", "pydantic")
REFRESHING = (*LIBRARIES, "boto3-refresh-session")


@dataclass(frozen=True, kw_only=True)
class Part:
    """Figures of one kind."""

    figures: Callable[[int], Iterator[Figure]]
    unit: str
    samples: int
    libraries: tuple[str, ...] = LIBRARIES


PARTS: Mapping[str, Part] = {
    "calls": Part(figures=calls.figures, unit="µs", samples=2000),
    "connections": Part(figures=connections.figures, unit="µs", samples=20),
    "pipelines": Part(figures=pipelines.figures, unit="µs", samples=5000),
    "processes": Part(figures=processes.time_figures, unit="µs", samples=30),
    "memory": Part(figures=processes.memory_figures, unit="KB", samples=3),
    "credentials": Part(figures=credentials.figures, unit="µs", samples=2000, libraries=REFRESHING),
    "storm": Part(figures=credentials.storm_figures, unit="µs or calls", samples=40, libraries=REFRESHING),
    "policies": Part(figures=policies.figures, unit="µs", samples=2000),
    "scans": Part(figures=scans.figures, unit="µs", samples=2000),
    "scan-memory": Part(figures=scans.memory_figures, unit="KB", samples=3),
    # The SDK checks its whole schema at each look into its configuration: a call takes a second or more.
    "sdk-v2": Part(figures=sdk_v2.figures, unit="µs", samples=8, libraries=(*LIBRARIES, "sagemaker")),
}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"which figures: {', '.join(PARTS)}")
    parser.add_argument("--write", action="store_true", help="put them into benchmarks/README.md")
    parser.add_argument("--date", default=None, help="when; by default the day of the commit")
    parser.add_argument("--samples", type=int, default=None, help="how many samples of each")
    arguments = parser.parse_args()
    date = arguments.date or _commit()
    for name in arguments.parts or PARTS:
        if name not in PARTS:
            parser.error(f"there is no part {name!r}: choose among {', '.join(PARTS)}")
        part = PARTS[name]
        figures = list(part.figures(arguments.samples or part.samples))
        text = f"{table(figures, unit=part.unit)}\n\n{machine(part.libraries, date=date)}"
        print(f"== {name}\n\n{text}\n")
        if arguments.write:
            README.write_text(replaced(README.read_text("utf-8"), name, text), "utf-8")


def _commit() -> str:
    """The day and the name of the commit that is measured."""
    asked = ["git", "-C", str(README.parent), "log", "-1", "--format=%cs, commit %h"]
    try:
        told = subprocess.run(asked, check=True, capture_output=True, text=True)  # noqa: S603  # git, by its name
    except (OSError, subprocess.CalledProcessError):
        return "no commit"
    return told.stdout.strip()


if __name__ == "__main__":
    warnings.filterwarnings("ignore", message="You are using the SageMaker Python SDK v2")
    main()
