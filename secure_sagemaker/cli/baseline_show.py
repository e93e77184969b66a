"""``baseline show``: the resolved baseline, and where each value came from."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import groupby
from typing import Annotated, assert_never

import typer

from secure_sagemaker import ControlId
from secure_sagemaker.baseline.fields import leaf_fields
from secure_sagemaker.cli.options import EnvOption, FileArgument, RegionOption
from secure_sagemaker.cli.reading import ReadBaseline, read_baseline

__all__ = ["show"]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_UNSTATED = {"region": ("session",)}
"""What no layer states and has no default: the region is that of the session that is asked for."""
_TABLES = ("modes", "required_tags", "instance_families")
"""Fields at the top of the file that are tables themselves: their keys may come from several layers."""


class Format(StrEnum):
    """How the baseline is written."""

    TOML = "toml"
    JSON = "json"


@dataclass(frozen=True, kw_only=True)
class _Entry:
    section: str
    key: str
    value: object
    origins: tuple[str, ...]

    @property
    def path(self) -> str:
        return f"{self.section}.{self.key}" if self.section else self.key


def show(
    file: FileArgument = None,
    env: EnvOption = None,
    region: RegionOption = None,
    format_: Annotated[
        Format, typer.Option("--format", metavar="toml|json", help="How to write it.")
    ] = Format.TOML,
) -> None:
    """Print a baseline as it resolves.

    Behind each value stand the layers that state it. As TOML it is a baseline again, and says the same.
    """
    read = read_baseline(file, env=env, region=region)
    match format_:
        case Format.TOML:
            print("\n".join(_toml(read)))
        case Format.JSON:
            print(json.dumps(_json(read), indent=2, default=str))
        case _:
            assert_never(format_)


def _entries(read: ReadBaseline) -> Iterator[_Entry]:
    """Every value, those of no section first. What is absent has no value."""
    stated = read.baseline.model_dump(exclude_none=True)
    stated["modes"] = {control: read.baseline.mode(control) for control in ControlId}
    fields = [path for path in leaf_fields() if path not in _TABLES]
    for path in sorted(fields, key=lambda path: "." in path):  # stable: the order of the fields is kept
        section, _, key = path.rpartition(".")
        table = stated[section] if section else stated
        if key in table:
            yield _Entry(
                section=section,
                key=key,
                value=table[key],
                origins=read.origins(path) or _UNSTATED.get(path, ("default",)),
            )
    for name in _TABLES:
        for key, value in stated[name].items():
            yield _Entry(
                section=name, key=str(key), value=value, origins=read.origins(name, key) or ("default",)
            )


def _toml(read: ReadBaseline) -> Iterator[str]:
    yield f"# {read.path}, resolved. After each value, the layers that state it."
    for layer in read.baseline.layers:
        yield f"# {layer.name}: {layer.source}, SHA-256 {layer.digest}"
    yield f"# digest {read.baseline.digest}"
    for section, entries in groupby(_entries(read), key=lambda entry: entry.section):
        yield ""
        if section:
            yield f"[{section}]"
        for entry in entries:
            yield f"{_key(entry.key)} = {_value(entry.value)}  # {', '.join(entry.origins)}"


def _key(text: str) -> str:
    return text if _BARE_KEY.fullmatch(text) else _value(text)


def _value(value: object) -> str:
    match value:
        case bool() | str():
            # JSON's text is TOML's, but for one character that TOML wants escaped.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case int() | float():
            return str(value)
        case date():
            return value.isoformat()
        case Mapping():
            entries = ", ".join(f"{_key(str(key))} = {_value(item)}" for key, item in value.items())
            return f"{{ {entries} }}" if entries else "{}"
        case tuple() | list():
            return f"[{', '.join(_value(item) for item in value)}]"
    raise TypeError(value)


def _json(read: ReadBaseline) -> dict[str, object]:
    return {
        "path": str(read.path),
        "digest": read.baseline.digest,
        "layers": [layer.model_dump() for layer in read.baseline.layers],
        "fields": {
            entry.path: {"value": entry.value, "from": list(entry.origins)} for entry in _entries(read)
        },
    }
