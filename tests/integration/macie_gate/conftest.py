"""The account with Macie as it is on its first day, and a folder for verdicts of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from secure_sagemaker.local import EmbeddedAWS
from tests.integration.macie_gate.gated import Gated

_QUOTA = 5 * 1024**4


@pytest.fixture(scope="module")
def results(account: EmbeddedAWS) -> str:
    """The bucket that results go to."""
    return account.macie.enable()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this user's verdicts are kept."""
    monkeypatch.setenv("SECURE_SAGEMAKER_VERDICTS", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def gated(account: EmbeddedAWS, results: str) -> Gated:
    """Macie without jobs, findings or limits, and nothing recorded."""
    gated = Gated(aws=account, results=results)
    gated.forget_jobs()
    account.macie.read_at_each_look(None)
    account.macie.throttle(0)
    account.macie.allow_a_month(bytes=_QUOTA)
    account.forget_requests()
    return gated
