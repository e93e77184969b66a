"""The result on stdout, talk on stderr."""

import contextlib
import os
import sys

from rich.console import Console
from rich.table import Table

from secure_sagemaker.cli.exit_codes import ExitCode

__all__ = ["CommandError", "last_words", "result", "story", "table", "talk"]

_WIDTH_OF_NO_TERMINAL = 160


class CommandError(Exception):
    """A command could not be done; what a person reads, and the exit status."""

    def __init__(self, message: str, *, remedy: str, code: ExitCode = ExitCode.FAILURE) -> None:
        super().__init__(f"{message}\n  remedy: {remedy}")
        self.code = code


def result() -> Console:
    """Where the result of a command goes."""
    return _console(stderr=False, terminal=sys.stdout.isatty())


def talk() -> Console:
    """Where everything else goes that a person reads."""
    return _console(stderr=True, terminal=sys.stderr.isatty())


def last_words(text: str) -> None:
    """Write to stderr, if anybody is there: whoever went away does not change how the command ends."""
    with contextlib.suppress(OSError):
        os.write(2, text.encode())  # past Python's own buffer, which would complain once more at the end


def story() -> Console:
    """Stdout for one who writes markup, and escapes what is none."""
    return _console(stderr=False, terminal=sys.stdout.isatty(), markup=True)


def _console(*, stderr: bool, terminal: bool, markup: bool = False) -> Console:
    # Without markup brackets in a value are the value's own. A file or a pipe has no width of its own.
    fitted = terminal or "COLUMNS" in os.environ
    return Console(
        stderr=stderr,
        markup=markup,
        highlight=False,
        emoji=False,
        width=None if fitted else _WIDTH_OF_NO_TERMINAL,
    )


def table(*columns: str) -> Table:
    """An empty table in the one style that all commands have."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made
