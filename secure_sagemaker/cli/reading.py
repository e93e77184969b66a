"""Reads a baseline for a command: resolved, with the layers that made it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError

from secure_sagemaker import BaselineError, SecurityBaseline
from secure_sagemaker.baseline import BaselineDocument, find_file, read_document
from secure_sagemaker.baseline.fields import EXAMPLES
from secure_sagemaker.baseline.layers import Layer
from secure_sagemaker.cli.exit_codes import ExitCode
from secure_sagemaker.cli.output import CommandError
from secure_sagemaker.identity import read_anchor

__all__ = ["PLACEHOLDER", "ReadBaseline", "read_baseline"]

PLACEHOLDER = "REPLACE-ME"
"""What ``init`` writes where it does not know a value. No field takes it."""

_SECTION = re.compile(r"\s*\[\[?([^\[\]]+)\]\]?\s*$")
_KEY = re.compile(r"""\s*([\w."'-]+)\s*=""")


@dataclass(frozen=True, kw_only=True)
class ReadBaseline:
    """A resolved baseline and where it was read from."""

    path: Path
    baseline: SecurityBaseline
    layers: tuple[Layer, ...]
    """The layers that apply, earliest first."""

    def origins(self, field: str, key: str | None = None) -> tuple[str, ...]:
        """The names of the layers that state a field, or one key of a field that is a table."""
        return tuple(layer.name for layer in self.layers if _states(layer, field, key))


def _states(layer: Layer, field: str, key: str | None) -> bool:
    field = "waivers" if field == "waivable_controls" else field
    value = layer.stated.get(field)
    return key in value if key is not None and isinstance(value, Mapping) else field in layer.stated


def read_baseline(
    path: Path | None, *, env: str | None, region: str | None, today: date | None = None
) -> ReadBaseline:
    """Find, read and resolve a baseline as a session does.

    Args:
        path: The file; by default the one that is discovered.
        env: The ``[env.NAME]`` section to apply.
        region: The region to resolve for.
        today: The day on which waivers must still hold; by default today, in UTC.

    Raises:
        BaselineError: There is none, values are still to be filled in, or it cannot be used.
    """
    path = path or find_file()
    _hold_placeholders(path)

    source = _ambient()
    document = read_document(
        path,
        read_anchor=lambda location: read_anchor(
            location, source=source, region=region or source.region_name
        ),
    )
    ambient_region = None if region else source.region_name
    baseline = document.resolve(env=env, region=region, ambient_region=ambient_region, today=today)
    return ReadBaseline(path=path, baseline=baseline, layers=tuple(_applying(document, env, baseline.region)))


def _ambient() -> boto3.Session:
    try:
        return boto3.Session()
    except BotoCoreError as failed:
        raise CommandError(
            str(failed), remedy="correct or unset AWS_PROFILE", code=ExitCode.CONFIGURATION
        ) from failed


def _applying(document: BaselineDocument, env: str | None, region: str) -> Iterator[Layer]:
    yield from document.common
    if env is not None:
        yield document.environments[env]
    if region in document.regions:
        yield document.regions[region]


def _hold_placeholders(path: Path) -> None:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return  # reading it as a baseline says what is wrong
    found = list(_placeholders(text))
    if not found:
        return
    listing = "".join(f"\n  line {line}: {field}{_example(field)}" for line, field in found)
    raise BaselineError(
        f"still to be filled in: {len(found)}{listing}",
        remedy=f"replace each {PLACEHOLDER}, or have AWS asked: "
        "secure-sagemaker init --force --vpc ID --role ARN --key KEY",
        source=str(path),
    )


def _placeholders(text: str) -> Iterator[tuple[int, str]]:
    section = key = ""
    for number, line in enumerate(text.splitlines(), start=1):
        stated = line.partition("#")[0]
        if header := _SECTION.match(stated):
            section, key = header[1].strip(), ""
        elif named := _KEY.match(stated):
            key = named[1]
        if f'"{PLACEHOLDER}"' in stated:
            yield number, ".".join(part for part in (section, key) if part)


def _example(field: str) -> str:
    parts = field.split(".")  # what stands before the field itself: env.prod, tool.secure-sagemaker
    tails = (".".join(parts[start:]) for start in range(len(parts)))
    return next((f", such as {EXAMPLES[tail]}" for tail in tails if tail in EXAMPLES), "")
