"""``baseline diff``: what one baseline asks beside another."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from secure_sagemaker.baseline.comparison import Change, changes
from secure_sagemaker.baseline.fields import shown
from secure_sagemaker.baseline.tightening import WaiverGrant
from secure_sagemaker.cli.options import EnvOption, RegionOption
from secure_sagemaker.cli.output import result, table
from secure_sagemaker.cli.reading import read_baseline

__all__ = ["diff"]

_STYLES = {Change.TIGHTER: "green", Change.LOOSER: "bold red", Change.CHANGED: "yellow"}


def diff(
    before: Annotated[Path, typer.Argument(metavar="A", help="A baseline file.")],
    after: Annotated[Path, typer.Argument(metavar="B", help="The one to compare with it.")],
    env: EnvOption = None,
    to_env: Annotated[
        str | None,
        typer.Option(
            "--to-env", metavar="NAME", show_default=False, help="Another [env.NAME] section for B."
        ),
    ] = None,
    region: RegionOption = None,
) -> None:
    """Compare two baselines, field by field.

    Both are resolved; each difference is told as tighter, looser, or merely changed.
    """
    one = read_baseline(before, env=env, region=region).baseline
    other = read_baseline(after, env=to_env or env, region=region).baseline
    found = tuple(changes(one, other))
    out = result()
    if not found:
        out.print("They ask the same.")
        return
    rows = table("Field", "A", "B", "B is")
    for one_change in found:
        change = one_change.change
        rows.add_row(
            one_change.field,
            _word(one_change.before),
            _word(one_change.after),
            Text(change.value, style=_STYLES[change]),
        )
    out.print(rows)
    counts = [f"{sum(one.change is change for one in found)} {change.value}" for change in Change]
    out.print(f"\n{', '.join(counts)}")


def _word(value: object) -> str:
    match value:
        case None:
            return "(not stated)"
        case WaiverGrant(waivers=waivers, waivable=waivable):
            listed = [f"{one.control} ({one.ticket}, until {one.expires})" for one in waivers]
            return ", ".join([*listed, *(f"any on {control}" for control in sorted(waivable))]) or "(none)"
        case str():
            return str(value)
    return shown(value)
