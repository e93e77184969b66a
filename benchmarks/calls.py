"""Calls and clients of one process: a secure session beside a plain boto3 session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from benchmarks.network import swallowed
from benchmarks.pairs import Figure, Pair, measured
from benchmarks.sessions import plain_session, secured_session, training_job

__all__ = ["SIZES", "figures"]


SIZES: Mapping[str, int] = {"1 KB": 1 << 10, "64 MB": 64 << 20}
"""What is put into S3, in bytes."""


def _pairs(sizes: Mapping[str, int]) -> Iterator[Pair]:
    plain, secured = plain_session(), secured_session()
    theirs, ours = plain.client("sagemaker"), secured.client("sagemaker")
    job = training_job()
    written_out: dict[str, Any] = dict(secured.explain("create_training_job", **job).parameters)
    yield Pair(
        title="CreateTrainingJob, the peer's request with all settings written out",
        ours=partial(ours.create_training_job, **job),
        peer=partial(theirs.create_training_job, **written_out),
    )
    yield Pair(
        title="CreateTrainingJob, the peer's request as the program makes it",
        ours=partial(ours.create_training_job, **job),
        peer=partial(theirs.create_training_job, **job),
    )
    yield Pair(
        title="DescribeTrainingJob",
        ours=partial(ours.describe_training_job, TrainingJobName="churn-1"),
        peer=partial(theirs.describe_training_job, TrainingJobName="churn-1"),
    )
    yield Pair(
        title="InvokeEndpoint",
        ours=partial(secured.client("sagemaker-runtime").invoke_endpoint, EndpointName="churn", Body=b"{}"),
        peer=partial(plain.client("sagemaker-runtime").invoke_endpoint, EndpointName="churn", Body=b"{}"),
    )
    for title, size in sizes.items():
        put: dict[str, Any] = {"Bucket": "ml-artifacts", "Key": "data.csv", "Body": b"x" * size}
        written_out = dict(secured.explain("s3.put_object", **put).parameters)
        yield Pair(
            title=f"PutObject of {title}, the peer's request with all settings written out",
            ours=partial(secured.client("s3").put_object, **put),
            peer=partial(plain.client("s3").put_object, **written_out),
            cost=1 + (size >> 20),
        )
    yield Pair(
        title="A later client for SageMaker",
        ours=partial(secured.client, "sagemaker"),
        peer=partial(plain.client, "sagemaker"),
        cost=10,
    )


def figures(samples: int, *, sizes: Mapping[str, int] = SIZES) -> Iterator[Figure]:
    """Every figure, in microseconds of CPU time."""
    with swallowed():
        for pair in _pairs(sizes):
            yield measured(pair, samples)
