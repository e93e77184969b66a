"""Things that stand in the account of the scripted network, as their Describes show them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.unit.baseline.stated import KEY
from tests.unit.secured import VPC
from tests.wire import ACCOUNT, REGION, Answer, Sent, Wire, refuses, says

IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team:1"
PACKAGE = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package/churn/1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ml-execution"

Members = dict[str, Any]


def arn(kind: str, name: str) -> str:
    return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{kind}/{name}"


def endpoint(name: str = "churn", **members: Any) -> Members:
    return {
        "EndpointName": name,
        "EndpointArn": arn("endpoint", name),
        "EndpointConfigName": "churn",
        "EndpointStatus": "InService",
        "CreationTime": 1,
        "LastModifiedTime": 1,
        **members,
    }


def variant(model_name: str = "churn") -> Members:
    return {
        "VariantName": model_name,
        "ModelName": model_name,
        "InstanceType": "ml.m5.xlarge",
        "InitialInstanceCount": 2,
    }


def config(name: str = "churn", **members: Any) -> Members:
    return {
        "EndpointConfigName": name,
        "EndpointConfigArn": arn("endpoint-config", name),
        "ProductionVariants": [variant()],
        "KmsKeyId": KEY,
        "CreationTime": 1,
        **members,
    }


def model(name: str = "churn", **members: Any) -> Members:
    return {
        "ModelName": name,
        "ModelArn": arn("model", name),
        "PrimaryContainer": {"ModelPackageName": PACKAGE},
        "ExecutionRoleArn": ROLE,
        "VpcConfig": VPC,
        "EnableNetworkIsolation": True,
        "CreationTime": 1,
        **members,
    }


def package(**members: Any) -> Members:
    return {
        "ModelPackageName": "churn",
        "ModelPackageArn": PACKAGE,
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": []},
        "InferenceSpecification": {
            "Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://ml-artifacts/model.tar.gz"}]
        },
        "SecurityConfig": {"KmsKeyId": KEY},
        "CreationTime": 1,
        **members,
    }


class Account:
    """What the scripted network answers to Describes. A thing that is not there is not found.

    Attributes:
        things: By the Describe and the name that it is given.
    """

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.things: dict[tuple[str, str], Mapping[str, object] | Callable[[Sent], Answer]] = {}
        self.put("DescribeEndpoint", "churn", endpoint())
        self.put("DescribeEndpointConfig", "churn", config())
        self.put("DescribeModel", "churn", model())
        self.put("DescribeModelPackage", PACKAGE, package())

    def put(self, describe: str, name: str, thing: Mapping[str, object] | Callable[[Sent], Answer]) -> None:
        self.things[describe, name] = thing
        self.wire.answers[describe] = self._answer

    def _answer(self, sent: Sent) -> Answer:
        thing = self.things.get((sent.operation, "/".join(str(value) for value in sent.json.values())))
        if thing is None:
            return refuses("ValidationException", f"Could not find {json.dumps(sent.json)}.")(sent)
        return thing(sent) if callable(thing) else says(thing)(sent)

    @property
    def described(self) -> list[str]:
        """The Describes that were sent since this was asked last."""
        sent = [operation for operation in self.wire.operations if operation.startswith("Describe")]
        self.wire.requests.clear()
        return sent
