"""Deploys a model with MLflow, which makes clients of its own and takes no session.

Written as its author would who has never heard of a baseline: nothing here says a key, a network or a tag.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import mlflow.sklearn
from mlflow.deployments import get_deploy_client
from sklearn.linear_model import LogisticRegression


def main() -> None:
    """Fit, save, deploy."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--region", required=True)
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--role", required=True)
    parser.add_argument("--image", required=True)
    parser.add_argument("--name", default="churn")
    asked = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "model"
        mlflow.sklearn.save_model(
            LogisticRegression().fit([[0.0], [1.0]], [0, 1]), str(saved), pip_requirements=["scikit-learn"]
        )
        get_deploy_client(f"sagemaker:/{asked.region}").create_deployment(
            name=asked.name,
            model_uri=str(saved),
            config={
                "bucket": asked.bucket,
                "execution_role_arn": asked.role,
                "image_url": asked.image,
                "instance_type": "ml.m5.xlarge",
                "instance_count": 2,
                "archive": True,
                "synchronous": False,
            },
        )


if __name__ == "__main__":
    main()
