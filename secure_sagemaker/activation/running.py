"""A program, run from its start to its end under a baseline: itself, and what it starts.

The program is a child with the surroundings that children have. This process makes no call but AssumeRole, holds
the source's credentials, which the child does not get, and hands out the role's for as long as the program runs.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType

from secure_sagemaker.activation.notes import Notes, read_lines
from secure_sagemaker.activation.source import OtherKeys, Source
from secure_sagemaker.activation.summary import ActivationSummary, summed
from secure_sagemaker.activation.surroundings import Surroundings, changed

__all__ = ["ProgramRun", "run"]

_PASSED_ON = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2")
_OF_TERMINAL = ("SIGINT", "SIGQUIT")
"""What a terminal sends to the whole group in its foreground, the program included."""


@dataclass(frozen=True, kw_only=True)
class ProgramRun:
    """How a program ended that was run under a session.

    Attributes:
        code: Its exit status; the negative number of the signal that ended it, if one did.
        summary: What was secured and what was refused.
    """

    code: int
    summary: ActivationSummary


def run(command: Sequence[str], source: Source, *, other_keys: OtherKeys) -> ProgramRun:
    """Run a program, and wait for it.

    Raises:
        OSError: There is no such program, or it may not be run.
        IdentityError: The role cannot be assumed.
    """
    source.guard(None).role.hand_out()  # or say so before anything is started
    with ExitStack() as standing:
        surroundings = Surroundings(source, other_keys=other_keys)
        standing.callback(surroundings.close)
        environment = changed(os.environ, surroundings.changes())
        with (
            _signals_passed_on() as passing,
            subprocess.Popen(command, env=environment) as program,  # noqa: S603  # what the user asked to run
        ):
            passing.to(program)
            code = program.wait()
        inherited = surroundings.inherited
        return ProgramRun(
            code=code, summary=summed(read_lines(inherited.records), Notes(inherited.notes).all())
        )


class _Passing:
    """Passes signals on to the program, those included that arrived while it was being started."""

    def __init__(self) -> None:
        self._program: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []

    def __call__(self, number: int, _: FrameType | None) -> None:
        if signal.Signals(number).name in _OF_TERMINAL and _in_foreground():
            return
        if self._program is None:
            self._early.append(number)
        else:
            self._program.send_signal(number)

    def to(self, program: subprocess.Popen[bytes]) -> None:
        """Pass them on to this one."""
        self._program = program
        for number in self._early:
            program.send_signal(number)


@contextmanager
def _signals_passed_on() -> Iterator[_Passing]:
    passing = _Passing()
    if threading.current_thread() is not threading.main_thread():
        yield passing  # Python lets no other thread handle signals
        return
    numbers = [getattr(signal, name) for name in _PASSED_ON if hasattr(signal, name)]
    # What is ignored here (nohup) is ignored by the program, which inherits that, and not what is handled.
    handled = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, passing) for number in handled}
    try:
        yield passing
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _in_foreground() -> bool:
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    finally:
        os.close(terminal)
