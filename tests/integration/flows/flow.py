"""What a flow of the SageMaker Python SDK is here: how it is run, and what must come of it."""

from __future__ import annotations

import io
import re
import tarfile
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3

from secure_sagemaker import AuditRecord, SecureSession, SecurityBaseline
from secure_sagemaker.local import EmbeddedAWS

__all__ = ["REGION", "Flow", "Outcome", "Stage"]

REGION = "eu-west-1"
_TRAINING_SCRIPT = "print('trained')\n"


class Outcome(StrEnum):
    """What comes of a flow under a baseline that demands everything."""

    SECURED = "secured"
    """It runs, and every request carries what the baseline asks."""
    REFUSED = "refused"
    """It cannot be made secure: our error says why and what to do, and nothing insecure was sent."""
    OUTSIDE = "outside"
    """The SDK takes no session there and signs with ambient credentials: the session never sees it."""


@dataclass(frozen=True, kw_only=True)
class Flow:
    """One way of using an SDK, run for real."""

    sdk: int
    """The SDK's major version."""
    name: str
    """A stable id, such as ``estimator-script-mode``; unique within the major."""
    title: str
    """The row's name in the documentation."""
    run: Callable[[Stage], None]
    """Does it, with the stage's SDK session."""
    sends: tuple[str, ...] = ()
    """Operations that must have been sent, as ``CreateTrainingJob`` or ``s3.PutObject``."""
    outcome: Outcome = Outcome.SECURED
    refused_by: str = ""
    """The control's id, or the class of the error, of a refused flow."""
    note: str = ""
    """What a reader of the table must know: why it is refused, or what differs from the plain SDK."""
    isolation: str = "require"
    """The baseline's network isolation for every kind of work."""
    extra_toml: str = ""
    """More of the baseline: a waiver, a setting. It follows the account's own text."""
    warnings: tuple[str, ...] = ()
    """Filters for warnings of the SDK's own, in pytest's notation."""
    since: str = ""
    """The first release of the SDK that has it, or does it so; the tests leave older ones out."""

    @property
    def id(self) -> str:
        """The name with its SDK."""
        return f"v{self.sdk}-{self.name}"


@dataclass(kw_only=True)
class Stage:
    """What a flow is given: an account, a secured session over it, and somewhere to work."""

    aws: EmbeddedAWS
    flow: Flow
    directory: Path
    _seeded: list[range] = field(default_factory=list)

    @cached_property
    def session(self) -> SecureSession:
        """The secured session."""
        return self.aws.session(self.baseline)

    @property
    def records(self) -> tuple[AuditRecord, ...]:
        """What the session decided so far."""
        return self.session.report().records

    @cached_property
    def sdk(self) -> Any:
        """The SDK's session over it."""
        return self.session.sagemaker_session()

    @cached_property
    def baseline(self) -> SecurityBaseline:
        """The account's own baseline, with the flow's isolation and additions."""
        text = self.aws.baseline_toml()
        text = re.sub(
            r'^(training|processing|tuning|models|monitoring) = "require"',
            rf'\1 = "{self.flow.isolation}"',
            text,
            flags=re.MULTILINE,
        )
        return SecurityBaseline.from_mapping(tomllib.loads(text + self.flow.extra_toml), source="flow")

    @property
    def role(self) -> str:
        """The execution role's ARN."""
        return self.aws.execution_role_arn

    @property
    def image(self) -> str:
        """An image of the account's own registry."""
        return f"{self.aws.account.account}.dkr.ecr.{REGION}.amazonaws.com/team:1"

    def name(self, kind: str) -> str:
        """A resource name that no other flow uses."""
        return f"{kind}-{self.flow.name}"[:63].rstrip("-")

    def uri(self, key: str) -> str:
        """An S3 URI in the writable bucket."""
        return f"s3://{self.aws.default_bucket}/{self.flow.name}/{key}"

    def seed(self, key: str, body: bytes = b"1,2,3\n") -> str:
        """Put an object there as the data's owner would, apart from the flow; returns its URI."""
        with self.apart() as elsewhere:
            elsewhere.client("s3").put_object(
                Bucket=self.aws.default_bucket, Key=f"{self.flow.name}/{key}", Body=body
            )
        return self.uri(key)

    @contextmanager
    def apart(self) -> Iterator[boto3.Session]:
        """What is sent meanwhile is no part of the flow: the data's owner sends it, or a container."""
        first = len(self.aws.requests)
        yield self.aws.source
        self._seeded.append(range(first, len(self.aws.requests)))

    def stand(self, method: str, **request: object) -> Mapping[str, Any]:
        """Make what the flow names, as an earlier session of the same baseline did; returns AWS's answer."""
        with self.apart():
            answer: Mapping[str, Any] = getattr(self.aws.session(self.baseline).client("sagemaker"), method)(
                **request
            )
        return answer

    def stand_team(self) -> str:
        """A private work team of a workforce; returns its ARN."""
        name, pool = self.name("team"), "eu-west-1_pool"
        member = {"CognitoMemberDefinition": {"UserPool": pool, "UserGroup": "us", "ClientId": "id"}}
        self.stand("create_workforce", WorkforceName=name, CognitoConfig={"UserPool": pool, "ClientId": "id"})
        team = self.stand(
            "create_workteam",
            WorkteamName=name,
            WorkforceName=name,
            Description="us",
            MemberDefinitions=[member],
        )
        return str(team["WorkteamArn"])

    def stand_endpoint(self) -> str:
        """An endpoint, with its config and model; returns its name."""
        name = self.name("endpoint")
        variant = {"VariantName": "all", "ModelName": name, "InstanceType": "ml.m5.xlarge"}
        self.stand("create_model", ModelName=name, PrimaryContainer={"Image": self.image})
        self.stand(
            "create_endpoint_config",
            EndpointConfigName=name,
            ProductionVariants=[{**variant, "InitialInstanceCount": 2}],
        )
        self.stand("create_endpoint", EndpointName=name, EndpointConfigName=name)
        return name

    def stand_tracking_server(self) -> str:
        """An MLflow tracking server; returns its ARN."""
        name, store = self.name("runs"), self.uri("runs")
        return str(
            self.stand("create_mlflow_tracking_server", TrackingServerName=name, ArtifactStoreUri=store)[
                "TrackingServerArn"
            ]
        )

    def seed_model(self, key: str = "model.tar.gz", files: Mapping[str, str] | None = None) -> str:
        """Put a model artefact there; returns its URI."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for name, text in (files or {"model.txt": "weights"}).items():
                entry = tarfile.TarInfo(name)
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text.encode()))
        return self.seed(key, packed.getvalue())

    def source_dir(self, **files: str) -> Path:
        """A directory with a training script, ``train.py``, and other files given by their stems."""
        source = self.directory / "source"
        source.mkdir(exist_ok=True)
        (source / "train.py").write_text(_TRAINING_SCRIPT)
        for stem, text in files.items():
            (source / f"{stem}.py").write_text(text)
        return source

    def is_seed(self, index: int) -> bool:
        """Whether the request at that place in the recording is no part of the flow."""
        return any(index in span for span in self._seeded)
