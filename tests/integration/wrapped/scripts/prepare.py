"""Split the rows for training, validation and test."""

import argparse
import csv
import random
from pathlib import Path

BASE = Path("/opt/ml/processing")


def main() -> None:
    """Read every CSV file of the input, target first, and write the three parts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--target", required=True)
    target = parser.parse_args().target
    rows = []
    for path in sorted((BASE / "input").glob("*.csv")):
        with path.open(newline="") as file:
            rows += [[row.pop(target), *row.values()] for row in csv.DictReader(file)]
    random.Random(0).shuffle(rows)  # noqa: S311  # a split, no secret
    first, second = int(0.7 * len(rows)), int(0.85 * len(rows))
    for name, part in (("train", rows[:first]), ("validation", rows[first:second]), ("test", rows[second:])):
        folder = BASE / name
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows(part)


if __name__ == "__main__":
    main()
