"""The page about the command line, read from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from secure_sagemaker.cli.app import app
from secure_sagemaker.cli.exit_codes import ExitCode
from tools.pages import MARK, Page

__all__ = ["cli_page"]

_PROGRAM = "secure-sagemaker"


def cli_page() -> Page:
    """The page of this module."""
    return Page(path="docs/reference/cli.md", render=render)


def render() -> str:
    """Every command with its options, and what the exit status means."""
    parts = [
        "# The command line",
        MARK,
        "It comes with the extra: `pip install 'secure-sagemaker[cli]'`; `demo` and `init --embedded` need `local` "
        "too, and `demo` needs `sagemaker` and scikit-learn besides. The result is on stdout, talk on stderr.",
        *_command(typer.main.get_command(app), _PROGRAM),
        "## Exit status",
        "\n".join(
            [
                "| status | name | meaning |",
                "|---|---|---|",
                *(f"| {code.value} | `{code.name}` | {code.meaning} |" for code in ExitCode),
            ]
        ),
        "Of several refusals or findings, the highest severity decides.",
    ]
    return "\n\n".join(parts) + "\n"


def _command(command: Any, name: str) -> Iterator[str]:  # the framework's own types, which move
    inner: Mapping[str, Any] = getattr(command, "commands", {})
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    options = [
        param for param in command.params if param.param_type_name == "option" and param.name != "help"
    ]
    usage = [name, *(["[OPTIONS]"] if options else []), *(["COMMAND"] if inner else [])]
    usage += [param.metavar for param in arguments]
    yield f"## `{name}`"
    yield from (" ".join(paragraph.split()) for paragraph in command.help.split("\n\n"))
    yield f"```text\n{' '.join(usage)}\n```"
    rows = [
        *((param.metavar, param) for param in arguments),
        *((" ".join(filter(None, (param.opts[0], param.metavar))), param) for param in options),
    ]
    if rows:
        yield "\n".join(
            [
                "| | |",
                "|---|---|",
                *(f"| `{_cell(shown)}` | {_cell(_told(param))} |" for shown, param in rows),
            ]
        )
    if inner:
        yield "\n".join(
            f"- [`{name} {key}`](#{f'{name} {key}'.replace(' ', '-')}): {_first_line(inner[key])}"
            for key in inner
        )
    for key, further in inner.items():
        yield from _command(further, f"{name} {key}")


def _told(param: Any) -> str:  # likewise
    required = " Required." if param.required and param.param_type_name == "option" else ""
    default = param.default
    shown = f" Default: `{default}`." if isinstance(default, str | Path) and not param.required else ""
    return f"{param.help}{required}{shown}"


def _first_line(command: Any) -> str:  # likewise
    return str(command.help).partition("\n")[0]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
