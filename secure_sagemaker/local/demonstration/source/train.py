"""A training script as SageMaker runs it: reads a channel, fits a model, writes it to the model directory.

It needs no network: under network isolation SageMaker itself brings the data in and takes the model out.
"""

import argparse
import os
from pathlib import Path

import joblib
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def main() -> None:
    """Fit the model and tell its accuracy on rows it has not seen."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--regularisation", type=float, default=1.0)
    parser.add_argument("--train", type=Path, default=os.environ.get("SM_CHANNEL_TRAIN"))
    parser.add_argument("--model-dir", type=Path, default=os.environ.get("SM_MODEL_DIR"))
    arguments, _ = parser.parse_known_args()

    table = pd.concat(pd.read_csv(path) for path in sorted(arguments.train.glob("*.csv")))
    features, label = table.drop(columns="malignant"), table["malignant"]
    seen, unseen, seen_label, unseen_label = train_test_split(features, label, test_size=0.25, random_state=0)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=arguments.regularisation))
    model.fit(seen.to_numpy(), seen_label)
    score = model.score(unseen.to_numpy(), unseen_label)
    print(f"validation:accuracy={score:.3f}")  # noqa: T201  # SageMaker reads metrics from the log
    joblib.dump(model, arguments.model_dir / "model.joblib")


if __name__ == "__main__":
    main()
