"""The account with Macie as it is on its first day, and a folder for verdicts of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from secure_sagemaker.local import EmbeddedAWS
from tests.integration.macie_gate.gated import VERDICTS, Gated

_QUOTA = 5 * 1024**4


@pytest.fixture(scope="module")
def standing(account: EmbeddedAWS) -> Gated:
    """The account with Macie enabled."""
    return Gated(aws=account, results=account.macie.enable())


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the verdicts of the module's user are kept: every test has data of its own."""
    return tmp_path_factory.mktemp("verdicts")


@pytest.fixture(autouse=True)
def kept(verdicts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have this user's verdicts kept there."""
    monkeypatch.setenv(VERDICTS, str(verdicts))


@pytest.fixture
def gated(standing: Gated) -> Gated:
    """Macie without jobs, findings or limits, and nothing recorded."""
    standing.aws.macie.read_at_each_look(None)
    standing.aws.macie.throttle(0)
    standing.aws.macie.allow_a_month(bytes=_QUOTA)
    standing.forget_jobs()
    standing.aws.forget_requests()
    return standing
