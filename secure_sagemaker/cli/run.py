"""``run``: a program as it is, under a baseline."""

import os
import signal
from typing import Annotated, NoReturn

import typer

from secure_sagemaker import SecureSession
from secure_sagemaker.cli.exit_codes import ExitCode
from secure_sagemaker.cli.options import BaselineOption, EnvOption, ProfileOption
from secure_sagemaker.cli.output import CommandError, last_words

__all__ = ["run"]


def run(
    command: Annotated[
        list[str],
        typer.Argument(
            metavar="COMMAND...", show_default=False, help="The program and its arguments, best after --."
        ),
    ],
    baseline: BaselineOption = None,
    env: EnvOption = None,
    profile: ProfileOption = None,
    allow_other_keys: Annotated[
        bool,
        typer.Option(
            "--allow-other-keys", help="Let sessions with access keys of their own through, held to nothing."
        ),
    ] = False,
) -> None:
    """Run a program, unchanged, with every AWS call of it under a baseline.

    It and the processes that it starts sign as the baseline's role and with nothing else; Python's are held to
    the baseline as well. Its exit status is the program's; a summary is on stderr at the end.
    """
    try:
        ran = SecureSession(baseline, env=env, source=profile).run(
            command, other_keys="allow" if allow_other_keys else "refuse"
        )
    except OSError as failed:
        raise CommandError(
            f"{command[0]} could not be run: {failed.strerror or failed}",
            remedy="give the program and its arguments after --, such as -- python train.py",
            code=ExitCode.FAILURE,
        ) from failed
    last_words(f"secure-sagemaker: {ran.summary}\n")
    if ran.code < 0:
        _end_by(-ran.code)
    raise typer.Exit(ran.code)


def _end_by(number: int) -> NoReturn:
    """End as the program did, so that whoever waits sees it."""
    if signal.Signals(number) is not signal.SIGKILL:
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    raise typer.Exit(128 + number)  # a signal that ends nobody here, as a shell tells it
