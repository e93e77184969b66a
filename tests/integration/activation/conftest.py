"""An account for a process that is activated, or that starts programs which are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from secure_sagemaker import Activation
from secure_sagemaker.local import EmbeddedAWS, LoopbackServer


@pytest.fixture
def aws(account: EmbeddedAWS, monkeypatch: pytest.MonkeyPatch) -> EmbeddedAWS:
    """The account, with the launcher's credentials in the environment and nothing recorded yet."""
    for name, value in account.environment.items():
        monkeypatch.setenv(name, value)
    account.forget_requests()
    return account


@pytest.fixture(scope="module")
def standing(account: EmbeddedAWS) -> Iterator[LoopbackServer]:
    """The account, by TLS, for other processes and for networks of their own."""
    with account.serve(tls=True) as server:
        yield server


@pytest.fixture
def active(aws: EmbeddedAWS) -> Iterator[Activation]:
    """The process, activated."""
    with aws.session().activate() as activation:
        yield activation
