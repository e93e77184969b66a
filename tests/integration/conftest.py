"""The embedded account; and moto's own, watched, with whichever SDK is installed."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws
from moto.core.responses import ActionResult
from moto.iam.responses import IamResponse

from secure_sagemaker.local import EmbeddedAWS, embedded_aws
from secure_sagemaker.sagemaker_sdk import installed_sdk
from secure_sagemaker.sagemaker_sdk.fallback import release_fallback
from tests.integration.wire import Wire, create_bucket, make_session


@pytest.fixture(scope="module")
def account() -> Iterator[EmbeddedAWS]:
    """One account for the module: every test names its own resources."""
    with embedded_aws() as standing:
        yield standing


@pytest.fixture
def aws(account: EmbeddedAWS) -> EmbeddedAWS:
    """The account, with nothing recorded yet."""
    account.forget_requests()
    return account


@pytest.fixture
def sdk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Import the SDK before anything is watched; forget the clients it keeps for the process."""
    if installed_sdk().major == 2:
        monkeypatch.setenv("SAGEMAKER_SUPPRESS_V2_WARNING", "1")  # it warns of its own end in many places
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # and its dependencies of theirs
            importlib.import_module("sagemaker")  # makes six clients of no session
        release_fallback()
        yield
        release_fallback()
        return
    logs = importlib.import_module("sagemaker.core.utils.logs").CloudWatchLogsClient
    utils = importlib.import_module("sagemaker.core.utils.utils")

    def forget() -> None:
        release_fallback()
        utils.SageMakerClient.reset()
        utils.SingletonMeta._instances.pop(logs, None)
        logs.client = None

    forget()
    yield
    forget()


@pytest.fixture
def launched(sdk: None, aws: EmbeddedAWS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EmbeddedAWS:
    """The account, as a program finds it that was launched in a directory of its own: the launcher's keys around it."""
    monkeypatch.chdir(tmp_path)
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    return aws


def _all_allowed(asked: IamResponse) -> ActionResult:
    """Answer SimulatePrincipalPolicy, which moto lacks and older releases of the SDK ask before each job."""
    actions = asked._get_param("ActionNames", [])
    return ActionResult(
        {"EvaluationResults": [{"EvalActionName": one, "EvalDecision": "allowed"} for one in actions]}
    )


@pytest.fixture
def wire(sdk: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """moto's account with the default bucket, everything that leaves the process recorded."""
    monkeypatch.setattr(IamResponse, "simulate_principal_policy", _all_allowed, raising=False)
    with mock_aws():
        create_bucket()
        wire = Wire()
        wire.watch_process(monkeypatch)
        yield wire


@pytest.fixture
def boto_session(wire: Wire) -> boto3.Session:
    """Stand in for a secured session: its requests are recorded one by one."""
    session = make_session()
    wire.watch(session)
    return session


@pytest.fixture
def source_dir(tmp_path: Path) -> Path:
    """A directory with a training script."""
    (tmp_path / "train.py").write_text("print('trained')\n")
    return tmp_path
