"""Pipeline definitions: one that is secured, beside one that is parsed and written as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from benchmarks.network import swallowed
from benchmarks.pairs import Figure, Pair, measured
from benchmarks.sessions import secured_session

__all__ = ["STEPS", "figures"]

STEPS = (100, 1000)
"""How many steps the smaller and the larger definition have."""
_IMAGE = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/churn:1"
_ROLE = "arn:aws:iam::111122223333:role/ml-execution"


def _prepare(number: int) -> dict[str, Any]:
    out = {"Std:Join": {"On": "/", "Values": ["s3://ml-artifacts", {"Get": "Execution.PipelineExecutionId"}]}}
    return {
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10}
        },
        "AppSpecification": {
            "ImageUri": _IMAGE,
            "ContainerEntrypoint": ["python3", "/opt/ml/processing/input/code/prepare.py"],
            "ContainerArguments": ["--part", str(number), "--share", {"Get": "Parameters.Share"}],
        },
        "RoleArn": _ROLE,
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": "train",
                    "S3Output": {"S3Uri": out, "LocalPath": "/opt/ml/out", "S3UploadMode": "EndOfJob"},
                }
            ]
        },
    }


def _train(number: int) -> dict[str, Any]:
    data = {"Get": f"Steps.Prepare{number}.ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri"}
    return {
        "AlgorithmSpecification": {"TrainingImage": _IMAGE, "TrainingInputMode": "File"},
        "HyperParameters": {"depth": str(number), "eta": {"Get": "Parameters.Eta"}},
        "InputDataConfig": [
            {
                "ChannelName": "train",
                "ContentType": "text/csv",
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": data}},
            }
        ],
        "OutputDataConfig": {"S3OutputPath": f"s3://ml-artifacts/models/{number}"},
        "ResourceConfig": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "RoleArn": _ROLE,
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    }


def _definition(steps: int) -> str:
    """A definition of so many steps, half of which prepare what the others train on."""
    pairs = [
        step
        for number in range(steps // 2)
        for step in (
            {"Name": f"Prepare{number}", "Type": "Processing", "Arguments": _prepare(number)},
            {"Name": f"Train{number}", "Type": "Training", "Arguments": _train(number)},
        )
    ]
    parameters = [
        {"Name": name, "Type": "String", "DefaultValue": value}
        for name, value in (("Share", "0.8"), ("Eta", "0.1"))
    ]
    return json.dumps({"Version": "2020-12-01", "Metadata": {}, "Parameters": parameters, "Steps": pairs})


def _pairs(sizes: tuple[int, int]) -> Iterator[Pair]:
    session = secured_session()
    sagemaker = session.client("sagemaker")

    def sent(text: str) -> object:
        return sagemaker.update_pipeline(PipelineName="churn", PipelineDefinition=text)

    def secured(text: str) -> object:
        return session.explain("update_pipeline", PipelineName="churn", PipelineDefinition=text)

    def copied(text: str) -> object:
        return json.dumps(json.loads(text))

    texts = [_definition(steps) for steps in sizes]
    for steps, text in zip(sizes, texts, strict=True):
        found = session.explain("update_pipeline", PipelineName="churn", PipelineDefinition=text)
        hardened = str(found.parameters["PipelineDefinition"])
        yield Pair(
            title=f"Securing {steps:,} steps, beside parsing and writing them",
            ours=partial(secured, text),
            peer=partial(copied, text),
            cost=steps // 2,
        )
        yield Pair(
            title=f"UpdatePipeline of {steps:,} secured steps, beside parsing and writing them",
            ours=partial(sent, hardened),
            peer=partial(copied, hardened),
            cost=steps // 2,
        )
    yield Pair(
        title=f"Securing {sizes[1]:,} steps, beside securing {sizes[0]:,}",
        ours=partial(secured, texts[1]),
        peer=partial(secured, texts[0]),
        cost=sizes[1] // 2,
    )


def figures(samples: int, *, sizes: tuple[int, int] = STEPS) -> Iterator[Figure]:
    """Every figure, in microseconds of CPU time."""
    with swallowed():
        for pair in _pairs(sizes):
            yield measured(pair, samples)
