"""The options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["BaselineOption", "EnvOption", "FileArgument", "ProfileOption", "RegionOption"]

FileArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="[FILE]",
        show_default=False,
        help="The baseline file; by default the one that a session would find from here.",
    ),
]
BaselineOption = Annotated[
    Path | None,
    typer.Option(
        "--baseline",
        metavar="FILE",
        show_default=False,
        help="The baseline file; by default the one that a session would find from here.",
    ),
]
EnvOption = Annotated[
    str | None,
    typer.Option("--env", metavar="NAME", show_default=False, help="Apply the file's [env.NAME] section."),
]
RegionOption = Annotated[
    str | None,
    typer.Option(
        "--region",
        metavar="REGION",
        show_default=False,
        help="Resolve for this region; by default the one that is stated.",
    ),
]
ProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        show_default=False,
        help="The profile whose credentials assume the role; by default the default chain's.",
    ),
]
