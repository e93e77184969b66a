"""Train a classifier of the channels `train` and `validation`."""

import argparse
import csv
import os
from pathlib import Path


def main() -> None:
    """Read both channels, train, and leave the model where SageMaker fetches it."""
    import xgboost  # type: ignore[import-not-found]  # the container has it

    parser = argparse.ArgumentParser()
    parser.add_argument("--objective", default="binary:logistic")
    parser.add_argument("--eta", type=float, default=0.3)
    parser.add_argument("--max_depth", type=int, default=6)
    arguments = vars(parser.parse_args())

    def rows(channel: str) -> object:
        folder = Path(os.environ[f"SM_CHANNEL_{channel.upper()}"])
        read = [row for path in sorted(folder.glob("*.csv")) for row in csv.reader(path.open(newline=""))]
        values = [[float(value) for value in row] for row in read]
        return xgboost.DMatrix([row[1:] for row in values], label=[row[0] for row in values])

    booster = xgboost.train(
        {**arguments, "eval_metric": "auc"}, rows("train"), evals=[(rows("validation"), "validation")]
    )
    booster.save_model(Path(os.environ["SM_MODEL_DIR"]) / "model.ubj")


if __name__ == "__main__":
    main()
