"""Requests with every governed member in them, made from the real input shapes: valid in the embedded account."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape

from secure_sagemaker.controls.parameters import governed_members
from secure_sagemaker.local import EmbeddedAWS
from tests.integration.embedded import IMAGE
from tests.property.requests import STRICT, Pool

# Alternatives of which a request takes one: these are left out beside the others.
LEFT_OUT: Mapping[str, frozenset[str]] = {
    "AIBenchmarkTarget": frozenset({"InferenceComponent"}),
    # A volume key is for the groups that are not restricted.
    "CreateClusterRequest": frozenset({"RestrictedInstanceGroups", "RestrictedInstanceGroupsConfig"}),
    "CreateEndpointConfigInput": frozenset({"ShadowProductionVariants"}),
    "CreateModelInput": frozenset({"Containers"}),
    "CreatePipelineRequest": frozenset({"PipelineDefinitionS3Location"}),
    "ProductionVariant": frozenset({"ServerlessConfig"}),
    "S3StorageConfig": frozenset({"ResolvedOutputS3Uri"}),  # AWS's to say
    "UpdateClusterRequest": frozenset({"RestrictedInstanceGroups", "RestrictedInstanceGroupsConfig"}),
    "UpdatePipelineRequest": frozenset({"PipelineDefinitionS3Location"}),
}
OTHER_TURN: Mapping[str, frozenset[str]] = {
    **LEFT_OUT,
    "CreateEndpointConfigInput": frozenset(),
    "CreateModelInput": frozenset({"PrimaryContainer"}),
}
# Optional, and needed beside what is governed.
NEEDED: Mapping[str, frozenset[str]] = {
    "AlgorithmSpecification": frozenset({"TrainingImage"}),
    "ContainerDefinition": frozenset({"Image"}),
    "CreateApp": frozenset({"SpaceName"}),
    "CreateAppRequest": frozenset({"SpaceName"}),
    "CreateClusterRequest": frozenset({"InstanceGroups", "NodeProvisioningMode", "VpcConfig"}),
    "CreateHubContentReferenceRequest": frozenset({"HubContentName"}),
    "CreateModelPackageInput": frozenset({"ModelPackageName", "InferenceSpecification"}),
    "CreatePipelineRequest": frozenset({"PipelineDefinition"}),
    "HyperParameterTuningResourceConfig": frozenset({"InstanceType", "InstanceCount"}),
    "HyperParameterTrainingJobDefinition": frozenset({"ResourceConfig"}),
    "InferenceComponentSpecification": frozenset({"ModelName"}),
    "NotebookInstance": frozenset({"SubnetId"}),
    "OnlineStoreConfig": frozenset({"EnableOnlineStore"}),
    "ProcessingClusterConfig": frozenset({"InstanceType", "InstanceCount"}),
    "ProductionVariant": frozenset({"InstanceType", "InitialInstanceCount"}),
    "ResourceConfig": frozenset({"InstanceType", "InstanceCount"}),
}
DEFINITION = json.dumps(
    {"Version": "2020-12-01", "Steps": [{"Name": "one", "Type": "Fail", "Arguments": {}}]}
)
_HERE = "eu-west-1:111122223333"
PLAIN = (
    *("law-1", "1", "1.0", "1.0.0", "5", "1Y", "law", "/law", "law-law-law-law", "a" * 10, "l" * 36),
    *(
        "s3://{bucket}/law/x",
        "s3://{bucket}/law/y",
        "https://law.example.com/x",
        "text/csv",
        "Mon:03:30",
        "law@example.com",
    ),
    *("eu-west-1_law", "tpo-law", "0.0.0.0/0", "arn:aws:iam::111122223333:x"),
    *(f"arn:aws:{service}:{_HERE}:law" for service in ("cognito-idp", "lambda", "secretsmanager", "sns")),
    f"arn:aws:lambda:{_HERE}:function:law",
    *(
        f"arn:aws:{service}:{_HERE}:{kind}/law"
        for service, kind in (("eks", "cluster"), ("fsx", "file-system"))
    ),
    *(
        f"arn:aws:sagemaker:{_HERE}:{kind}/law"
        for kind in ("artifact", "endpoint", "human-task-ui", "image", "model-package", "model-package-group")
    ),
    f"arn:aws:sagemaker:{_HERE}:image-version/law/1",
    *("arn:aws:sagemaker:eu-west-1:aws:hub-content/Public/Model/law", "law.tar.gz", "*"),
)
"""What is tried for a text that is no text of the account's: the first that fits."""


@dataclass(frozen=True, kw_only=True)
class Filler:
    """Fills an operation's request: what is required, and all that is governed."""

    aws: EmbeddedAWS
    named: Mapping[str, str] = field(default_factory=dict)
    """What stands in the account already, by the member that names it."""
    turn: int = 0
    """Which of several alternatives a request takes."""
    second: bool = False
    """Take another value than the first that is valid, where there is one: for a change of what was made."""

    def request(self, model: OperationModel, **given: object) -> dict[str, object]:
        """A request; what is given stands as it is."""
        assert model.input_shape is not None
        paths = {re.sub(r"\[\]|\{\}", "", path) for path, _, _ in governed_members(model)}
        ways = {path[:end] for path in paths for end in _ends(path)}
        return self._structure(model.input_shape, "", ways, given)

    def _structure(
        self,
        shape: StructureShape,
        path: str,
        ways: set[str],
        given: Mapping[str, object] = MappingProxyType({}),
    ) -> dict[str, object]:
        out = (
            LEFT_OUT.get(shape.name, frozenset())
            if self.turn == 0
            else OTHER_TURN.get(shape.name, frozenset())
        )
        names = [
            name
            for name in shape.members
            if name in shape.required_members
            or name in NEEDED.get(shape.name, ())
            or (f"{path}{name}" in ways and name not in out)
        ]
        if getattr(shape, "is_tagged_union", False):
            names = [(names or list(shape.members))[self.turn % len(names or shape.members)]]
        told = {
            name: self._value(shape.members[name], name, f"{path}{name}", ways)
            for name in names
            if name not in given
        }
        return {**told, **given}

    def _value(self, shape: Shape, member: str, path: str, ways: set[str]) -> object:
        if member in self.named and isinstance(shape, StringShape):
            return self.named[member]
        if member in STRICT:
            return STRICT[member]
        least = int(shape.metadata.get("min", 0))
        match shape:
            case StructureShape():
                return self._structure(shape, f"{path}.", ways)
            case ListShape():
                count = max(1, least)
                return [self._value(shape.member, member, path, ways) for _ in range(count)]
            case MapShape():
                return {"law": self._value(shape.value, member, path, ways)}
            case StringShape():
                return self._text(shape, member)
        plain: Mapping[str, object] = {
            "boolean": not self.second,
            "blob": b"law",
            "timestamp": "2026-11-01T00:00:00Z",
            "float": float(max(1, least)),
            "double": float(max(1, least)),
        }
        return plain.get(shape.type_name, max(1, least) + int(self.second))

    def _text(self, shape: StringShape, member: str) -> str:
        if member in ("Image", "ImageUri", "TrainingImage"):
            return IMAGE
        if member == "PipelineDefinition":
            return DEFINITION
        known = Pool(baseline=self.aws.baseline, good=True).text(shape, member) or ()
        if known and known[0].startswith("s3:"):
            known = ()  # where there are objects, rather
        plain = [one.format(bucket=self.aws.default_bucket) for one in PLAIN]
        fitting = list(dict.fromkeys(one for one in (*known, *shape.enum, *plain) if self._fits(shape, one)))
        if not fitting:
            raise LookupError(f"{member}: nothing for {shape.name} {shape.metadata}")
        of_the_account = [one for one in fitting if one in known] or fitting
        return of_the_account[1 % len(of_the_account) if self.second else 0]

    def _fits(self, shape: StringShape, text: str) -> bool:
        if shape.enum:
            return text in shape.enum
        limits = shape.metadata
        if not int(limits.get("min", 0)) <= len(text) <= int(limits.get("max", 1 << 20)):
            return False
        try:
            return "pattern" not in limits or re.fullmatch(limits["pattern"], text) is not None
        except re.error:
            return True


def _ends(path: str) -> list[int]:
    return [*(found.start() for found in re.finditer(r"\.", path)), len(path)]
