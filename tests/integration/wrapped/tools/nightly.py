"""Trains and scores with Airflow's hook for SageMaker, which makes a session of its own and takes none.

Written as its author would who has never heard of a baseline: nothing here says a key, a network or a tag.
"""

from __future__ import annotations

import argparse

from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.providers.amazon.aws.hooks.sagemaker import SageMakerHook


def main() -> None:
    """Put the data there, train on it, make the model, score with it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--region", required=True)
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--role", required=True)
    parser.add_argument("--image", required=True)
    parser.add_argument("--name", default="nightly")
    asked = parser.parse_args()
    place = f"s3://{asked.bucket}/{asked.name}"

    S3Hook(aws_conn_id=None, region_name=asked.region).load_string(
        "1,2\n", key=f"{asked.name}/train/1.csv", bucket_name=asked.bucket
    )
    sagemaker = SageMakerHook(aws_conn_id=None, region_name=asked.region)
    sagemaker.create_training_job(
        {
            "TrainingJobName": asked.name,
            "AlgorithmSpecification": {"TrainingImage": asked.image, "TrainingInputMode": "File"},
            "RoleArn": asked.role,
            "InputDataConfig": [
                {
                    "ChannelName": "train",
                    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{place}/train"}},
                }
            ],
            "OutputDataConfig": {"S3OutputPath": f"{place}/models"},
            "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        },
        wait_for_completion=False,
        print_log=False,
    )
    sagemaker.create_model(
        {
            "ModelName": asked.name,
            "ExecutionRoleArn": asked.role,
            "PrimaryContainer": {"Image": asked.image},
        }
    )
    sagemaker.create_transform_job(
        {
            "TransformJobName": asked.name,
            "ModelName": asked.name,
            "TransformInput": {
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{place}/train"}}
            },
            "TransformOutput": {"S3OutputPath": f"{place}/scores"},
            "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
        },
        wait_for_completion=False,
    )


if __name__ == "__main__":
    main()
