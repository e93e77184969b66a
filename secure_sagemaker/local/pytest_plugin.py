"""Fixtures for tests of code that uses SageMaker.

Named in a project's top ``conftest.py``, or by ``-p`` in its ``addopts``:

    pytest_plugins = ["secure_sagemaker.local.pytest_plugin"]

    embedded_aws     the account, clean for each test
    secure_session   a session under its baseline; whoever makes one of their own is recorded just so
    recorded_calls   what was sent, with what was decided about it, and what was refused
    baseline_file    the baseline as a file, which ``SecureSession()`` finds
    impatient_sdk    the SageMaker Python SDK without its pauses between looking and looking again

    security_baseline   what the session is under: redefine it for another one

No entry point registers it: one would be imported by every pytest run wherever the library is installed.
(PYTEST_DONT_REWRITE: there is no assert in here, and it may be imported before pytest hears of it.)
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Literal, get_args

import pytest

from secure_sagemaker import SecureSession, SecurityBaseline
from secure_sagemaker.local.calls import RecordedCalls
from secure_sagemaker.local.embedded import EmbeddedAWS, embedded_aws

_SCOPE = "embedded_aws_scope"
_Scope = Literal["function", "class", "module", "package", "session"]
_SCOPES: tuple[_Scope, ...] = get_args(_Scope)
_STANDING = pytest.StashKey[EmbeddedAWS]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a project say for how long an account stands."""
    parser.addini(
        _SCOPE,
        "How long the embedded AWS account stands: function (the default: clean for each test), class, module, "
        "package or session (quicker; tests then see each other's resources, never each other's requests)",
        default="function",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Hold the project to a scope that there is."""
    stated = config.getini(_SCOPE)
    if stated not in _SCOPES:
        raise pytest.UsageError(f"{_SCOPE} = {stated!r}: it is one of {', '.join(_SCOPES)}")


def _scope(fixture_name: str, config: pytest.Config) -> _Scope:  # noqa: ARG001  # pytest passes both by name
    stated = config.getini(_SCOPE)
    return next(scope for scope in _SCOPES if scope == stated)


@pytest.fixture(name="embedded_aws", scope=_scope)
def _embedded_aws(pytestconfig: pytest.Config) -> Iterator[EmbeddedAWS]:
    """An AWS account in this process: every botocore client is answered by it, and recorded."""
    with embedded_aws() as aws:
        pytestconfig.stash[_STANDING] = aws
        yield aws
        del pytestconfig.stash[_STANDING]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Where an account outlives a test, begin the next one with nothing recorded."""
    aws = item.config.stash.get(_STANDING, None)
    if aws is not None:
        aws.forget_requests()


@pytest.fixture
def security_baseline(embedded_aws: EmbeddedAWS) -> SecurityBaseline:
    """The baseline of ``secure_session``: the account's own, which demands everything that can be."""
    return embedded_aws.baseline


@pytest.fixture
def secure_session(embedded_aws: EmbeddedAWS, security_baseline: SecurityBaseline) -> SecureSession:
    """A secured session on the embedded account."""
    return embedded_aws.session(security_baseline)


@pytest.fixture
def recorded_calls(embedded_aws: EmbeddedAWS) -> RecordedCalls:
    """The test's calls: what was sent, with what was decided about it, and what was refused."""
    return embedded_aws.calls


@pytest.fixture
def baseline_file(embedded_aws: EmbeddedAWS, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The account's baseline as a file that ``SecureSession()`` finds; a test may write to it."""
    path = tmp_path / "secure-sagemaker.toml"
    path.write_text(embedded_aws.baseline_toml(), encoding="utf-8")
    monkeypatch.setenv("SECURE_SAGEMAKER_BASELINE", str(path))
    return path


class _Impatient(ModuleType):
    """The ``time`` module with a ``sleep`` that returns at once."""

    def __getattr__(self, name: str) -> object:
        return getattr(time, name)

    def sleep(self, seconds: float) -> None:
        """Return at once."""


@pytest.fixture
def impatient_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the SageMaker Python SDK not sleep: what it waits for in the embedded AWS is there when it looks.

    Of the SDK's modules, those that are imported by now: ask for it after what imports them.
    """
    impatient = _Impatient("time")
    for name, module in tuple(sys.modules.items()):
        if name.partition(".")[0] == "sagemaker" and vars(module).get("time") is time:
            monkeypatch.setattr(module, "time", impatient)
