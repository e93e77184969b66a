"""What every test stands on: no outside network, no real environment, no chance."""

import importlib.metadata
import ipaddress
import os
import socket
import sys
from pathlib import Path

import boto3
import hypothesis
import pytest

from tests.no_secrets import NoSecrets

LOOPBACK_NAMES = frozenset({"localhost", "localhost.localdomain"})
CLEARED_PREFIXES = ("AWS_", "BOTO_", "SAGEMAKER_", "SECURE_SAGEMAKER_", "SM_", "XDG_")
CLEARED_NAMES = frozenset({"ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "TRAINING_JOB_ARN"})

hypothesis.settings.register_profile("laws", derandomize=True, deadline=None, database=None, print_blob=True)
hypothesis.settings.load_profile("laws")


class OutsideNetworkError(BaseException):
    """A test tried to reach something that is not this machine.

    Not an `Exception`, so that no retry and no `except Exception` of a library turns it into a slow pass.
    """


def _stays_here(host: object) -> bool:
    name = os.fsdecode(host) if isinstance(host, bytes | str) else ""
    if not name or name in LOOPBACK_NAMES or name.endswith(".localhost") or name == socket.gethostname():
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _hold_the_network(event: str, args: tuple[object, ...]) -> None:
    match event, args:
        case "socket.connect" | "socket.sendto" | "socket.sendmsg", (_, (host, *_)):
            pass
        case "socket.getaddrinfo" | "socket.gethostbyname", (host, *_):
            pass
        case _:
            return
    if not _stays_here(host):
        raise OutsideNetworkError(f"{event} to {host!r}: tests reach loopback only")


# An audit hook sees every connection of the process, whoever makes it and however; it can't be taken off.
sys.addaudithook(_hold_the_network)


def pytest_configure(config: pytest.Config) -> None:
    """Have no test leave a secret in what it writes."""
    config.pluginmanager.register(NoSecrets(), "no-secrets")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs another major of the SageMaker Python SDK than the one installed, or would say the same again."""
    try:
        installed = int(importlib.metadata.version("sagemaker").partition(".")[0])
    except importlib.metadata.PackageNotFoundError:
        installed = 0
    for item in items:
        if installed == 2 and item.get_closest_marker("once"):
            item.add_marker(
                pytest.mark.skip(reason="uses no SDK, and no boto3 or too much time: it runs beside SDK v3")
            )
        for marker in item.iter_markers("sdk"):
            (major,) = marker.args
            if major != installed:
                reason = f"needs the SageMaker Python SDK v{major}, installed is v{installed}"
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """No AWS or SageMaker setting of the machine, an empty home, no instance metadata, no default session."""
    for name in tuple(os.environ):
        if name.startswith(CLEARED_PREFIXES) or name.upper() in CLEARED_NAMES:
            monkeypatch.delenv(name)
    monkeypatch.delenv("COLUMNS", raising=False)  # a terminal's width, which pytest-xdist gives its workers
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return home
