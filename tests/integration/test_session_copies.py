"""Copies of the SDK's session, and of closures that hold it: made anew, without credentials."""

from __future__ import annotations

import copy
import importlib
import pickle
from collections.abc import Callable
from typing import Any

import boto3
import cloudpickle
import pytest

from secure_sagemaker.local import EmbeddedAWS
from secure_sagemaker.sagemaker_sdk import installed_sdk
from tests.integration.wire import FULL, make_session

pytestmark = pytest.mark.usefixtures("sdk")

_DUMPS: dict[str, Callable[[object], bytes]] = {"pickle": pickle.dumps, "cloudpickle": cloudpickle.dumps}


def _used(aws: EmbeddedAWS) -> tuple[Any, set[bytes]]:
    """The SDK's session after a call, and the secrets it signed with."""
    sdk: Any = aws.session().sagemaker_session()
    sdk.sagemaker_client.list_models()
    held = sdk.boto_session.get_credentials().get_frozen_credentials()
    secrets = {held.access_key, held.secret_key, held.token, *aws.environment.values()} - {aws.region}
    return sdk, {secret.encode() for secret in secrets if len(secret) > 8 and not secret.startswith("/")}


@pytest.mark.parametrize("name", _DUMPS)
def test_pickled_session_holds_no_credentials(
    aws: EmbeddedAWS, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes name the baseline, and the session that is made of them is secured by it."""
    sdk, secrets = _used(aws)
    for setting, value in aws.environment.items():
        monkeypatch.setenv(setting, value)  # it assumes the role with what is ambient where it is made

    held = _DUMPS[name](sdk)
    back: Any = pickle.loads(held)  # noqa: S301  # our own bytes

    assert [secret for secret in secrets if secret in held] == []
    assert type(back) is type(sdk)
    assert back.boto_session.baseline == sdk.boto_session.baseline
    back.sagemaker_client.list_models()
    assert (aws.requests[-1].principal or "").startswith("assumed-role/ml-launcher/")


def test_closure_over_the_session_holds_no_credentials(aws: EmbeddedAWS) -> None:
    """What ``@remote`` uploads of a function that uses the session: over a plain one it would hold the secret."""
    sdk, secrets = _used(aws)
    plain = boto3.Session(aws_access_key_id="AKIA", aws_secret_access_key="plain", region_name=aws.region)

    def closure(over: Any) -> bytes:
        held: bytes = cloudpickle.dumps(lambda: over.client("s3"))
        return held

    assert b"plain" in closure(plain)
    held = closure(sdk)
    assert [secret for secret in secrets if secret in held] == []


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy], ids=["copy", "deepcopy"])
def test_copied_session_carries_the_same_secured_one(aws: EmbeddedAWS, copied: Callable[[Any], Any]) -> None:
    """A copy within the process needs no second role: it is another SDK session over the same."""
    sdk, _ = _used(aws)

    other = copied(sdk)

    assert other is not sdk
    assert other.boto_session is sdk.boto_session


@pytest.mark.parametrize("name", _DUMPS)
def test_clients_of_the_session_cannot_be_pickled(aws: EmbeddedAWS, name: str) -> None:
    """A client holds the credentials it signs with: it refuses."""
    sdk, _ = _used(aws)

    for client in (sdk.sagemaker_client, sdk.s3_client, sdk.s3_resource):
        with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
            _DUMPS[name](client)


def test_session_that_carries_a_plain_one_cannot_be_pickled(aws: EmbeddedAWS) -> None:
    """Its bytes would hold the plain session's secret."""
    from secure_sagemaker.sagemaker_sdk import make_sagemaker_session

    with pytest.raises((AttributeError, pickle.PicklingError)):
        pickle.dumps(make_sagemaker_session(make_session(), FULL))


def test_whose_a_key_is_costs_no_call(aws: EmbeddedAWS) -> None:
    """A program's own keys in the SDK's hands assume no secure session's role, least of all one that is broken."""
    aws.session().sagemaker_session()
    aws.forget_requests()
    sdk = importlib.import_module(
        "sagemaker.utils" if installed_sdk().major == 2 else "sagemaker.core.utils.utils"
    )

    own = getattr(sdk, "boto3", sdk).Session(
        aws_access_key_id="AKIAOWN", aws_secret_access_key="-", region_name=aws.region
    )

    assert own.get_credentials().access_key == "AKIAOWN"
    assert aws.requests == ()
