"""The guard over all connections of the process: real sockets, of whatever library."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from secure_sagemaker import EgressError, SecureSageMakerError
from secure_sagemaker.network import EgressGuard
from tests.ec2 import vpc
from tests.integration.ways_out import ALLOWED, PUBLIC, WAYS
from tests.listening import Witness, witness
from tests.unit.baseline.stated import COMPLETE
from tests.unit.secured import secured
from tests.wire import Wire, stretched


@pytest.fixture
def here() -> Iterator[Witness]:
    """A server on this machine."""
    with witness("127.0.0.1") as listening:
        yield listening


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """AWS."""
    return stretched(monkeypatch)


@pytest.fixture(scope="module")
def told() -> dict[str, str]:
    """What became of connections to nobody's address, in a process without the tests' own hold of the network."""
    program = [sys.executable, "-m", "tests.integration.ways_out"]
    root = Path(__file__).parents[2]
    done = subprocess.run(program, capture_output=True, text=True, check=True, cwd=root, timeout=120)
    outcomes: dict[str, str] = json.loads(done.stdout)
    return outcomes


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_nothing_connects_elsewhere(way: Callable[[str], None], told: dict[str, str]) -> None:
    """Whoever makes the connection; the error is ours and reaches the caller."""
    assert f"refused {PUBLIC}" == told[way.__name__]


def test_it_holds_while_any_is_entered(told: dict[str, str]) -> None:
    """Again within itself; after the last has ended, and after an error, nothing is held."""
    assert {
        "before": "let through",
        "within": "refused",
        "within again": "refused",
        "after the inner one": "refused",
        "after an error": "refused",
        "after": "let through",
    } == {when: told[when] for when in told if when.startswith(("before", "within", "after"))}


def test_every_guard_that_is_entered_counts(told: dict[str, str]) -> None:
    """What one allows and another does not is refused."""
    assert ["refused", "refused", "let through"] == [
        told[f"{which} of two"] for which in ("first", "second", "both")
    ]


def test_all_threads_are_held_and_may_enter_at_once(told: dict[str, str]) -> None:
    """Also those that were there before."""
    assert "refused refused refused refused" == told["threads"]


def test_another_process_is_not_held(told: dict[str, str]) -> None:
    """It has sockets of its own."""
    assert "let through" == told["another process"]


@pytest.mark.parametrize(
    "address",
    [
        "10.1.0.1",
        "::ffff:192.0.2.1",
        "2001:db8::1",
        "aws.example.com",
        "169.254.1.1",
        "255.255.255.255",
        "<broadcast>",
        "10.0.0.1.example.com",
    ],
)
def test_no_other_address_is_let_through(address: str) -> None:
    """Nor a name: it would be looked up by what connects, and nobody sees where it leads."""
    with pytest.raises(EgressError):
        EgressGuard(ALLOWED).check((address, 443))


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.3.4", "::ffff:10.0.3.4", "127.0.0.1", "127.1.2.3", "::1", "localhost", "", "0.0.0.0"),  # noqa: S104  # a peer
        *("169.254.169.254", "169.254.170.2", "fd00:ec2::254", b"10.0.3.5"),
    ],
)
def test_networks_and_the_machine_itself_are(address: str | bytes) -> None:
    """And where a machine is given its credentials."""
    EgressGuard(ALLOWED).check((address, 443))


def test_this_machine_is_reached_as_ever(here: Witness) -> None:
    """Loopback, and sockets that are no network."""
    with EgressGuard(ALLOWED):
        with socket.create_connection((here.place.address, here.place.port)) as one:
            one.sendall(b"hello")
        assert b"hello" == here.heard()
        left, right = socket.socketpair()
        with left, right:
            left.sendall(b"x")
            assert b"x" == right.recv(1)


# --- of a session


def test_a_sessions_guard_allows_what_its_baseline_states(wire: Wire) -> None:
    """Nothing is asked of AWS for it."""
    session = secured(wire, f'{COMPLETE}\n[privatelink]\nallowed_networks = ["127.0.5.0/24"]\n')
    with session.egress_guard() as guard:
        guard.check(("127.0.5.1", 443))
        with pytest.raises(EgressError):
            guard.check(("10.0.0.1", 443))
    assert [] == wire.requests


def test_or_the_vpcs_own_networks(wire: Wire) -> None:
    """Whether PrivateLink is required or not."""
    wire.answers |= vpc("10.7.0.0/16")
    guard = secured(wire).egress_guard()
    guard.check(("10.7.0.1", 443))
    with pytest.raises(EgressError, match="the networks of vpc-"):
        guard.check(("10.8.0.1", 443))


def test_the_error_is_one_of_ours() -> None:
    """So that a program catches it with the others, and no library takes it for the network's."""
    assert issubclass(EgressError, SecureSageMakerError)
    assert not issubclass(EgressError, OSError)
