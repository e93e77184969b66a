"""A guard over all connections of this process, whoever makes them: to the allowed networks, or not at all.

It is an audit hook of Python's, which sees every socket of the interpreter connect, or send to an address, before it
does. Nothing is held that makes its connections without Python's sockets, nor another process.
"""

from __future__ import annotations

import socket
import sys
from types import TracebackType
from typing import Self

from secure_sagemaker.exceptions import EgressError
from secure_sagemaker.locks import ForkSafeLock
from secure_sagemaker.network.peers import PeerPolicy, parsed

__all__ = ["EgressGuard"]

_EVENTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_WITHIN_THE_MACHINE = frozenset(
    getattr(socket, name) for name in ("AF_UNIX", "AF_NETLINK", "AF_ALG") if hasattr(socket, name)
)
_NAMES_OF_THE_MACHINE = frozenset({"", "localhost"})
_OF_CREDENTIALS = PeerPolicy.of(
    (
        *("169.254.169.254/32", "fd00:ec2::254/128"),  # EC2's instance metadata
        *("169.254.170.2/32", "169.254.170.23/32", "fd00:ec2::23/128"),  # a task's or pod's role
    )
)
"""Where a machine is given credentials, by itself: nothing goes further from there."""


class EgressGuard:
    """Refuses connections to anywhere but networks and this very machine, while it is entered.

    It may be entered again, by other threads too; a connection must be allowed by every guard that is entered.
    """

    def __init__(self, allowed: PeerPolicy) -> None:
        self._allowed = allowed

    def __repr__(self) -> str:
        return f"EgressGuard({self._allowed.called})"

    def __enter__(self) -> Self:
        _enter(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _leave(self)

    def check(self, address: object) -> None:
        """Let a connection to an Internet address be made, as a socket is given it.

        Raises:
            EgressError: It lies elsewhere, or is a name, of which nobody knows where it leads.
        """
        host = address[0] if isinstance(address, tuple) and address else None
        if isinstance(host, (bytes, bytearray)):
            host = host.decode(errors="replace")
        if not isinstance(host, str):
            raise _refused(address, "which is no address")
        if host in _NAMES_OF_THE_MACHINE:
            return
        peer = parsed(host)
        if peer is None:
            raise _refused(address, "which is a name, and where it leads is not known")
        of_the_machine = peer.is_loopback or peer.is_unspecified
        if not (of_the_machine or _OF_CREDENTIALS.admits(host) or self._allowed.admits(host)):
            raise _refused(address, f"which lies outside of {self._allowed.called}")


_lock = ForkSafeLock()
_entered: tuple[EgressGuard, ...] = ()
_hooked = False


def _enter(guard: EgressGuard) -> None:
    global _entered, _hooked  # the process has one hook, and keeps it
    with _lock:
        if not _hooked:
            sys.addaudithook(_hook)
            _hooked = True
        _entered = (*_entered, guard)


def _leave(guard: EgressGuard) -> None:
    global _entered  # as above
    with _lock:
        at = _entered.index(guard)
        _entered = (*_entered[:at], *_entered[at + 1 :])


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    # Called for all that the interpreter audits, as long as the process lives.
    if _entered and event in _EVENTS:
        _look(arguments)


def _look(arguments: tuple[object, ...]) -> None:
    connecting, *rest = arguments
    address = rest[0] if rest else None
    family = getattr(connecting, "family", None)
    if address is None or family in _WITHIN_THE_MACHINE:
        return  # what is sent over a connection goes where that was let to
    for guard in _entered:
        if family not in (socket.AF_INET, socket.AF_INET6):
            raise _refused(address, f"of a kind that is not known ({family})")
        guard.check(address)


def _refused(address: object, why: str) -> EgressError:
    told = address[0] if isinstance(address, tuple) and address else address
    return EgressError(
        f"a connection to {told} was refused, {why}: an egress guard is on",
        remedy="leave the connection out, or make it outside of session.egress_guard(); where the address is one of"
        " yours, state its network in privatelink.allowed_networks",
        address=str(told),
    )
