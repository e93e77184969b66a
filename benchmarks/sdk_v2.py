"""The SageMaker Python SDK v2: its own injection of defaults beside ours."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.network import swallowed
from benchmarks.pairs import Figure, Pair, measured
from benchmarks.sessions import plain_session, secured_session, training_job

__all__ = ["figures", "pairs"]

_KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_CONFIG = {
    "SchemaVersion": "1.0",
    "SageMaker": {
        "PythonSDK": {"Modules": {"TelemetryOptOut": True}},
        "TrainingJob": {
            "EnableInterContainerTrafficEncryption": True,
            "EnableNetworkIsolation": True,
            "OutputDataConfig": {"KmsKeyId": _KEY},
            "ResourceConfig": {"VolumeKmsKeyId": _KEY},
            "VpcConfig": {
                "SecurityGroupIds": ["sg-0a1b2c3d"],
                "Subnets": ["subnet-0a1b2c3d", "subnet-0b1c2d3e"],
            },
            "Tags": [{"Key": "team", "Value": "ml"}],
        },
    },
}
"""What the baseline says of training jobs, as the SDK's configuration says it."""


def _trained(session: Any) -> Callable[[], object]:
    job = training_job()
    return lambda: session.train(
        job_name=job["TrainingJobName"],
        input_mode="File",
        input_config=job["InputDataConfig"],
        role=job["RoleArn"],
        output_config=job["OutputDataConfig"],
        resource_config=dict(job["ResourceConfig"]),
        hyperparameters=job["HyperParameters"],
        stop_condition=job["StoppingCondition"],
        image_uri=job["AlgorithmSpecification"]["TrainingImage"],
    )


def pairs() -> Iterator[Pair]:
    """What is compared. The SDK is imported now."""
    from sagemaker.session import Session

    logging.getLogger("sagemaker").setLevel(
        logging.ERROR
    )  # it tells of each job, and of each default it applies
    logging.getLogger("sagemaker.config").setLevel(logging.ERROR)
    bare = Session(boto_session=plain_session())
    configured = Session(boto_session=plain_session(), sagemaker_config=_CONFIG)
    yield Pair(title="The SDK's own injection, beside none", ours=_trained(configured), peer=_trained(bare))
    ours = _trained(secured_session().sagemaker_session())
    yield Pair(title="A secure session, beside none", ours=ours, peer=_trained(bare))
    yield Pair(title="A secure session, beside the SDK's own injection", ours=ours, peer=_trained(configured))


def figures(samples: int) -> Iterator[Figure]:
    """Every figure, in microseconds of CPU time, of ``Session.train``, which Estimator.fit calls."""
    with swallowed():
        for pair in pairs():
            yield measured(pair, samples)
