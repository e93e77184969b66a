"""What stands in an embedded account for requests to name, and the making of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import botocore.session
from botocore.model import OperationModel

from secure_sagemaker.local import EmbeddedAWS
from tests.integration.embedded import client
from tests.integration.filled import Filler

__all__ = ["KINDS", "MADE_BY", "MODEL", "NAMES", "Account", "identified", "own_name", "stand"]

MODEL = botocore.session.Session().get_service_model("sagemaker")
NAMES = frozenset(MODEL.operation_names)

# What others need, in this order: under which member they name it, and which of its own members that is.
STANDING: tuple[tuple[str, str, str], ...] = (
    ("Model", "ModelName", "ModelName"),
    ("EndpointConfig", "EndpointConfigName", "EndpointConfigName"),
    ("Endpoint", "EndpointName", "EndpointName"),
    ("Experiment", "ExperimentName", "ExperimentName"),
    ("Domain", "DomainId", "DomainId"),
    ("UserProfile", "UserProfileName", "UserProfileName"),
    ("Space", "SpaceName", "SpaceName"),
    ("Cluster", "ClusterArn", "ClusterArn"),
    ("Hub", "HubName", "HubName"),
    ("Image", "ImageName", "ImageName"),
    ("DeviceFleet", "DeviceFleetName", "DeviceFleetName"),
    ("CompilationJob", "CompilationJobName", "CompilationJobName"),
    ("ModelPackageGroup", "ModelPackageGroupName", "ModelPackageGroupName"),
    ("NotebookInstanceLifecycleConfig", "LifecycleConfigName", "NotebookInstanceLifecycleConfigName"),
    ("ModelCard", "ModelCardName", "ModelCardName"),
    ("AIWorkloadConfig", "AIWorkloadConfigIdentifier", "AIWorkloadConfigName"),
)
MADE_BY = {"HubContent": "ImportHubContent"}
KINDS = {
    **{
        kind: name
        for name in NAMES
        if (kind := name.removeprefix("Create")) != name and f"Describe{kind}" in NAMES
    },
    **MADE_BY,
}


@dataclass(frozen=True, kw_only=True)
class Account:
    """The account under the law: a client of it, and what stands there for requests to name."""

    aws: EmbeddedAWS
    sagemaker: Any
    named: dict[str, str] = field(default_factory=dict)

    def call(self, operation: str, request: Mapping[str, object]) -> dict[str, Any]:
        """Send a request as the operation's name has it."""
        method = next(
            name for name, api in self.sagemaker.meta.method_to_api_mapping.items() if api == operation
        )
        answer: dict[str, Any] = getattr(self.sagemaker, method)(**request)
        del answer["ResponseMetadata"]
        return answer

    def make(self, kind: str, name: str, *, turn: int = 0) -> tuple[Mapping[str, object], dict[str, object]]:
        """Make one of a kind: what was sent for it, and that with what AWS said."""
        model = MODEL.operation_model(KINDS[kind])
        given = {own_name(kind, model): name} if own_name(kind, model) else {}
        request = Filler(aws=self.aws, named={**self.named, **given}, turn=turn).request(model)
        answer = self.call(model.name, request)
        sent = self.aws.requests[-1].parameters
        return sent, {**sent, **answer}

    def lists(self, kind: str, known: Mapping[str, object], name: str) -> bool:
        """Whether the list of the kind has it, on some page."""
        plural = kind.removesuffix("V2")
        operation = next(one for one in (f"List{plural}s", f"List{plural[:-1]}ies") if one in NAMES)
        made = [str(value) for member, value in known.items() if member == f"{kind}Arn"]
        request = identified(operation, known)
        while True:
            answer = self.call(operation, request)
            (rows,) = (rows for rows in answer.values() if isinstance(rows, list))
            values = {str(value) for row in rows for value in row.values()}
            if any(value == name or value.endswith(f"/{name}") or value in made for value in values):
                return True
            if "NextToken" not in answer:
                return False
            request["NextToken"] = answer["NextToken"]


def own_name(kind: str, model: OperationModel) -> str:
    """The member by which a request names what it makes; empty where AWS names it."""
    assert model.input_shape is not None
    short = kind.removeprefix("Mlflow").removesuffix("V2")
    names = (f"{kind}Name", f"{short}Name", "Name", "JobDefinitionName", "JobName", "ExtensionName")
    return next((name for name in names if name in model.input_shape.members), "")


def identified(operation: str, known: Mapping[str, object]) -> dict[str, object]:
    """What tells an operation which one is meant."""
    shape = MODEL.operation_model(operation).input_shape
    assert shape is not None
    stated: dict[str, object] = {}
    for name in shape.required_members or [name for name in shape.members if name.endswith("Arn")]:
        if name in ("ClientToken", "ClientRequestToken"):
            stated[name] = "0" * 36
        elif name in known:
            stated[name] = known[name]
    return stated


def stand(aws: EmbeddedAWS) -> Account:
    """The account, with one of each kind that others name."""
    for key in ("law/x", "law/y"):
        client(aws, "s3").put_object(Bucket=aws.default_bucket, Key=key, Body=b"1")
    made = Account(aws=aws, sagemaker=client(aws, "sagemaker"))
    made.named["InstanceGroupName"] = "group"  # an update changes the groups that it names
    for kind, member, own in STANDING:
        if kind in KINDS:
            _, known = made.make(kind, f"standing{kind.lower()}"[:30])
            made.named[member] = str(known[own])
    return made
