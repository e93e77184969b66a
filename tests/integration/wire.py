"""What leaves the process: every request a session sends, and every key that signs anything at all."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import boto3
import botocore.handlers
import botocore.loaders
import botocore.session
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.client import BaseClient
from botocore.model import OperationModel

from secure_sagemaker.sagemaker_sdk import SdkDefaults

REGION: Final = "eu-west-1"
ACCOUNT = "123456789012"
BUCKET = "team-bucket"
ACCESS_KEY = "AKIASECURESESSION"
"""Signs what comes from the session under test; moto's own key stands for ambient credentials."""
EXECUTION_ROLE = f"arn:aws:iam::{ACCOUNT}:role/ml/execution"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team:1"
VPC = {"Subnets": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
TAGS = [{"Key": "team", "Value": "fraud"}]

BARE = SdkDefaults(execution_role=EXECUTION_ROLE, default_bucket=BUCKET)
FULL = SdkDefaults(
    execution_role=EXECUTION_ROLE,
    default_bucket=BUCKET,
    default_bucket_prefix="fraud",
    s3_kms_key=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    subnets=("subnet-1", "subnet-2"),
    security_group_ids=("sg-1",),
    training_isolation=True,
    model_isolation=True,
    inter_container_encryption=True,
    tags=(("team", "fraud"),),
)

_SERVICE_MODELS = botocore.loaders.create_loader()  # read once: a service model takes a while
_CREDENTIAL = re.compile(r"Credential=([^/]+)/")


@dataclass
class Wire:
    """What was seen so far; the recorders run before any answer is made."""

    requests: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    """The session's own requests as (operation, JSON body), in order."""
    signers: set[str] = field(default_factory=set)
    """Access key ids of everything the process sent, whichever session it came from."""
    clients: list[str] = field(default_factory=list)
    """The session's own clients, by event name."""
    all_clients: list[str] = field(default_factory=list)
    """Every client of the process."""

    @property
    def operations(self) -> list[str]:
        """The operations the session sent, in order."""
        return [operation for operation, _ in self.requests]

    def body(self, operation: str) -> Mapping[str, Any]:
        """The one request of that operation."""
        (body,) = (body for name, body in self.requests if name == operation)
        return body

    def watch_process(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Record signatures and clients of every botocore session made from here on."""

        def before_send(request: AWSPreparedRequest, **_: object) -> None:
            header = request.headers.get("Authorization", b"")
            text = header.decode() if isinstance(header, bytes) else header
            self.signers.update(_CREDENTIAL.findall(text))

        def creating_client_class(event_name: str, **_: object) -> None:
            self.all_clients.append(event_name)

        # In front of moto's handler, which ends the event by answering.
        handlers = [
            ("before-send", before_send),
            ("creating-client-class", creating_client_class),
            *botocore.handlers.BUILTIN_HANDLERS,
        ]
        monkeypatch.setattr(botocore.handlers, "BUILTIN_HANDLERS", handlers)

    def watch(self, session: boto3.Session) -> None:
        """Record the requests and clients of this session."""

        def before_call(model: OperationModel, params: Mapping[str, Any], **_: object) -> None:
            body = params.get("body")
            if isinstance(body, bytes) and body.startswith(b"{"):
                self.requests.append((model.name, json.loads(body)))
            else:
                self.requests.append((model.name, {}))

        def creating_client_class(event_name: str, **_: object) -> None:
            self.clients.append(event_name)

        session.events.register("before-call.*.*", before_call)
        session.events.register("creating-client-class", creating_client_class)


class GuardedCore(botocore.session.Session):
    """Refuses a caller's endpoint, as a secured session does."""

    def create_client(self, *args: Any, **kwargs: Any) -> BaseClient:
        if kwargs.get("endpoint_url") is not None:
            raise AssertionError(f"a client was asked for at {kwargs['endpoint_url']}")
        return super().create_client(*args, **kwargs)


def make_session(access_key: str = ACCESS_KEY) -> boto3.Session:
    """Make what stands in for a secured session: credentials that nothing else in the process holds."""
    core = GuardedCore()
    core.register_component("data_loader", _SERVICE_MODELS)
    core.set_credentials(access_key, "not-a-secret")
    core.set_config_variable("region", REGION)
    return boto3.Session(botocore_session=core)


def create_bucket(name: str = BUCKET) -> None:
    """Create a bucket the way an administrator would, outside the session under test."""
    s3 = make_session("AKIAADMIN").client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
