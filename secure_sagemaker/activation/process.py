"""The process that is activated: one baseline at a time, however often it is asked for."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import chain
from types import TracebackType
from typing import TYPE_CHECKING, Self

import boto3
import botocore
import botocore.session
from botocore.exceptions import BotoCoreError

from secure_sagemaker.activation.earlier import EarlierClients
from secure_sagemaker.activation.notes import BothSinks, Notes, read_lines
from secure_sagemaker.activation.patches import Patches
from secure_sagemaker.activation.sdk import follow_sdk
from secure_sagemaker.activation.securing import Securing
from secure_sagemaker.activation.source import Children, Earlier, OtherKeys, Source
from secure_sagemaker.activation.summary import ActivationSummary, summed
from secure_sagemaker.activation.surroundings import Inherited, Surroundings, read_inherited
from secure_sagemaker.audit import AuditTrail, JsonLinesSink
from secure_sagemaker.exceptions import SessionError
from secure_sagemaker.identity import sources
from secure_sagemaker.locks import ForkSafeLock

if TYPE_CHECKING:
    from secure_sagemaker.session import SecureSession

__all__ = ["Activation", "begin"]


@dataclass(kw_only=True)
class _Active:
    """What stands while the process is activated."""

    session: SecureSession
    trail: AuditTrail
    digest: str
    other_keys: OtherKeys
    notes: Notes
    inherited: Inherited | None
    is_child: bool
    """Whether its records are in the file that children write, and not with the session alone."""
    standing: ExitStack
    earlier: int
    """How many records there were before."""
    times: int = 1
    final: ActivationSummary | None = None
    """What happened, once it is over."""

    def summary(self) -> ActivationSummary:
        new = self.trail.written - self.earlier
        own = () if self.is_child or not new else self.trail.records[-new:]
        here = (record.as_dict() for record in own)
        there = read_lines(self.inherited.records) if self.inherited is not None else ()
        return summed(chain(here, there), self.notes.all())

    def go_on_as_child(self) -> None:
        """Have the process that tells the end know of a forked one's calls, of which it has no record."""
        if self.inherited is not None and not self.is_child:
            self.trail.sink = BothSinks(self.trail.sink, JsonLinesSink(self.inherited.records))
            self.is_child = True


_active: list[_Active] = []  # at most one
_lock = ForkSafeLock(threading.RLock)


def _forked() -> None:
    for active in _active:
        active.go_on_as_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


class Activation:
    """The process under a session, until it is deactivated as often as it was activated."""

    def __init__(self, active: _Active) -> None:
        self._active = active
        self._over = False

    @property
    def session(self) -> SecureSession:
        """The session that every client of the process is under."""
        return self._active.session

    def summary(self) -> ActivationSummary:
        """What happened so far, here and in the processes that were started meanwhile."""
        return self._active.final or self._active.summary()

    def deactivate(self) -> None:
        """End it. The last of several puts everything back; what was made meanwhile stays secured."""
        with _lock:
            if self._over:
                return
            self._over = True
            self._active.times -= 1
            if not self._active.times:
                _active.clear()
                self._active.final = self._active.summary()
                self._active.standing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.deactivate()


def begin(
    session: SecureSession, source: Source, *, earlier: Earlier, other_keys: OtherKeys, children: Children
) -> Activation:
    """Put the process under a session, or count once more that it is.

    Raises:
        SessionError: Another baseline is active, or the choice about other keys is another.
    """
    with _lock:
        if _active:
            _active[0].times += _same(_active[0], source, other_keys, children)
            return Activation(_active[0])
        with ExitStack() as standing:
            active = _put_under(session, source, standing, earlier, other_keys, children)
            active.standing = standing.pop_all()
        _active.append(active)
        return Activation(active)


def _same(active: _Active, source: Source, other_keys: OtherKeys, children: Children) -> int:
    if active.digest != source.baseline.digest:
        raise SessionError(
            f"the process is activated under the baseline {active.digest[:12]}, and was to be under"
            f" {source.baseline.digest[:12]} as well: two are never merged",
            remedy="leave the first block before, or work inside it with clients of a session of the other baseline"
            " that was made before it",
        )
    if active.other_keys != other_keys:
        raise SessionError(
            f"the process is activated with other_keys={active.other_keys!r}, and was to be with {other_keys!r}",
            remedy="choose the same in both places",
        )
    if active.inherited is None and children == "activate":
        raise SessionError(
            "the process is activated with children='leave', and was to be with its child processes",
            remedy="choose the same in both places",
        )
    return 1


def _put_under(
    session: SecureSession,
    source: Source,
    standing: ExitStack,
    earlier: Earlier,
    other_keys: OtherKeys,
    children: Children,
) -> _Active:
    inherited = read_inherited()
    is_child = inherited is not None
    if inherited is None and children == "activate":
        _pin(source.source)
        surroundings = Surroundings(source, other_keys=other_keys)
        standing.callback(surroundings.close)
        inherited = surroundings.inherited
        changes = surroundings.changes()
    else:
        changes = {}
    notes = Notes(None if inherited is None else inherited.notes)
    securing = Securing(source, other_keys=other_keys, notes=notes)

    patches = Patches(securing)
    standing.callback(securing.release)
    standing.callback(patches.undo)

    def arrived(made: botocore.session.Session) -> None:
        patches.cover(type(made))
        securing.tell_user_agent(made)

    botocore.register_initializer(arrived)
    standing.callback(botocore.unregister_initializer, arrived)
    patches.outlast()
    standing.callback(EarlierClients(securing, choice=earlier, notes=notes).let_go)
    standing.callback(follow_sdk(session))
    standing.callback(_set(changes))
    notes.add("activated", "")
    return _Active(
        session=session,
        trail=source.trail,
        earlier=source.trail.written,
        digest=source.baseline.digest,
        other_keys=other_keys,
        notes=notes,
        inherited=inherited,
        is_child=is_child,
        standing=standing,
    )


def _pin(source: boto3.Session) -> None:
    """Have the sources of secure sessions find their credentials now, in an environment that still has them.

    Raises:
        SessionError: This one's would be asked for later, in another environment.
    """
    for other in tuple(sources):
        with suppress(BotoCoreError):  # which it says again, to whoever uses it
            other.get_credentials()
    if _asks_a_program(source):
        raise SessionError(
            "the source's credentials come from a credential_process, which would run in the environment that child"
            " processes get, and ask for its own answer",
            remedy="start the program by secure-sagemaker run, or leave child processes alone: "
            "activate(children='leave')",
        )


def _asks_a_program(source: boto3.Session) -> bool:
    """Whether its credentials, or those that assume its profile's role, come from a credential_process."""
    method = getattr(source.get_credentials(), "method", None)
    if method != "assume-role":
        return method == "custom-process"
    profiles = botocore.session.Session().full_config.get("profiles", {})
    seen: dict[str, Mapping[str, object]] = {}
    name = source.profile_name
    while name in profiles and name not in seen:
        seen[name] = profiles[name]
        name = str(profiles[name].get("source_profile", ""))
    return any("credential_process" in stated for stated in seen.values())


def _set(changes: Mapping[str, str | None]) -> Callable[[], None]:
    """Change the environment; what is returned puts back whatever nobody has changed since."""
    before = {name: os.environ.get(name) for name in changes}
    _apply(changes)

    def restore() -> None:
        _apply({name: before[name] for name, value in changes.items() if os.environ.get(name) == value})

    return restore


def _apply(changes: Mapping[str, str | None]) -> None:
    for name, value in changes.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
