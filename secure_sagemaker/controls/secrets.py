"""Plaintext secrets in the free texts of a request: maps, pairs, arguments, scripts and documents.

What is found is told by the name of the value and by the kind of secret, never by the value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from secure_sagemaker.controls.detection import SHORTEST_FORMAT, decoded, known_format, secret_in
from secure_sagemaker.controls.secret_names import secret_name
from secure_sagemaker.controls.verdicts import Site, Unfit, Verdict

__all__ = ["NoPlaintextSecret", "secrets_in"]

_DEEPEST = 32
"""How far structures within texts are followed; what lies deeper is looked at as one text."""
_LONGEST_NAME = 128
_PLAIN_NAME = re.compile(r"(?:[A-Z]+|[A-Z]?[a-z]+)(?:[_.-](?:[A-Z]+|[A-Z]?[a-z]+))*")

_STRUCTURED = ("{", "[", '"')
_PAIRS = (("Key", "Value"), ("Name", "Value"))
"""The members that hold name and value where a list holds pairs."""

# VAR=value, "var": value and --var=value; in a script nothing else says what a value is called.
_ASSIGNED = re.compile(
    r"""(?<![\w$.-])-{0,2}(?P<name>[A-Za-z_][\w.-]{0,127})["']?(?P<sign>\s*:=\s*|\s*=\s*|:\s+)"""
    r"""(?P<value>"[^"\n]*"|'[^'\n]*'|[^\s"'`;,&|]+)"""
)
_OPTION = re.compile(
    r"""(?<![\w-])--?(?P<name>[A-Za-z][\w-]{1,127})\s+(?P<value>"[^"\n]*"|'[^'\n]*'|[^\s"'`;&|-][^\s"'`;&|]*)"""
)
_ARGUMENT = re.compile(r"-{0,2}(?P<name>[A-Za-z_][\w.-]*)=(?!=*$)")
_CODE = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*|.*[()\[\]{}].*")


@dataclass(frozen=True, kw_only=True, slots=True)
class NoPlaintextSecret:
    """A free text that anybody who may describe the resource reads: no secret stands in it."""

    encoded: bool = False
    """The text is sent in base64."""

    def judge(self, site: Site) -> Verdict:
        """Never corrected: only the caller knows where the secret belongs."""
        if not site.present or not site.value:
            return None
        allowed = site.baseline.secrets.allow
        found = {
            name: kind
            for name, kind in secrets_in(site.member, site.value, encoded=self.encoded)
            if name not in allowed
        }
        if not found:
            return None  # most texts are clean, and a record of each would hide the rest
        told = "; ".join(f"{name!r} holds {kind}" for name, kind in found.items())
        return Unfit(wanted=f"no plaintext secret, but {told}")


def secrets_in(name: str, value: object, *, encoded: bool = False) -> Iterator[tuple[str, str]]:
    """What holds a secret: the names by which it is reached, and the kind of secret.

    Args:
        name: The member.
        value: Its content, of any shape.
        encoded: Whether its text is in base64.
    """
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not _is_harmless(key, item):
                yield from _named(str(key), item, outer=name, depth=0)
    elif isinstance(value, str):
        text = (decoded(value) or value) if encoded else value
        yield from _free(name, text)
    elif isinstance(value, Sequence):
        yield from _listed(name, value)


def _is_harmless(key: object, value: object) -> bool:
    """Whether one look is enough, as at most values of a request: too short for a format, and not so called."""
    return (
        isinstance(key, str)
        and isinstance(value, str)
        and len(key) < SHORTEST_FORMAT
        and len(value) < SHORTEST_FORMAT
        and value[:1] not in _STRUCTURED
        and "://" not in value
        and secret_name(key) is None
    )


def _named(name: str, value: object, *, outer: str, depth: int) -> Iterator[tuple[str, str]]:
    """A value under a name of its own, and what is in it."""
    if (kind := _secret_as_name(name)) is not None:
        yield outer, kind
        return
    name = name[:_LONGEST_NAME]
    if depth >= _DEEPEST:
        yield from _text(name, str(value))
    elif not isinstance(value, str):
        yield from _inside(name, value, depth=depth + 1)
    elif (structure := _structure(value)) is not None:
        yield from _inside(name, structure, depth=depth + 1)
    elif (kind := secret_in(name, value)) is not None:
        yield name, kind
    elif any(sign in value for sign in (" ", "\n", "=")):
        yield from _assigned(name, value)


def _secret_as_name(name: str) -> str | None:
    """The kind of a secret that stands where a name should, so that it is not told as one."""
    if len(name) < SHORTEST_FORMAT or _PLAIN_NAME.fullmatch(name):
        return None
    kind = secret_in("", name)
    return f"{kind} as a name" if kind is not None else None


def _inside(name: str, value: object, *, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if (kind := _secret_as_name(str(key))) is not None:
                yield name, kind
            else:
                yield from _named(f"{name}.{key}", item, outer=name, depth=depth)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for item in value:
            yield from _named(name, item, outer=name, depth=depth)
    elif isinstance(value, str):
        yield from _named(name, value, outer=name, depth=depth)


def _structure(text: str) -> object:
    """What a JSON text holds, where that is a structure or a quoted text; None for any other text."""
    if text[:1] not in _STRUCTURED:
        return None
    try:
        parsed: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return parsed


def _free(name: str, text: str) -> Iterator[tuple[str, str]]:
    """A text of any kind under the name of its member: a document, a script, a template."""
    structure = _structure(text.strip())
    if isinstance(structure, Mapping):
        for key, item in structure.items():
            yield from _named(str(key), item, outer=name, depth=1)
    elif isinstance(structure, list):
        yield from _inside(name, structure, depth=1)
    else:
        yield from _text(name, text)


def _text(name: str, text: str) -> Iterator[tuple[str, str]]:
    if (kind := known_format(text)) is not None:
        yield name, kind
    yield from _assigned(name, text)


def _assigned(name: str, text: str) -> Iterator[tuple[str, str]]:
    """What is assigned to a name in a text: a script's variables, a program's options, a connection's properties."""
    for pattern in (_ASSIGNED, _OPTION):
        for found in pattern.finditer(text):
            value = found["value"]
            quoted = value[0] in "\"'"
            sign = found["sign"] if pattern is _ASSIGNED else ""
            if not quoted and (sign[:1].isspace() or "(" in value) and _CODE.fullmatch(value):
                continue  # an expression of a program
            value = value.strip("\"'")
            if (kind := secret_in(found["name"], value)) is not None:
                if quoted or sign[:1] != ":" or "=" in sign or _begins(text, found.start()):
                    yield (name if _secret_as_name(found["name"]) else found["name"]), kind
            elif quoted:
                yield from _assigned(name, value)


def _begins(text: str, at: int) -> bool:
    """Whether a name stands where one begins in YAML, and not in the middle of a sentence."""
    before = text[text.rfind("\n", 0, at) + 1 : at].rstrip()
    return before[-1:] in ("", "-", "{", ",", '"', "'")


def _listed(name: str, values: Sequence[object]) -> Iterator[tuple[str, str]]:
    """Pairs of name and value, or the arguments of a command."""
    arguments = [value for value in values if isinstance(value, str)]
    for value in values:
        if isinstance(value, Mapping):
            for key, content in _PAIRS:
                if isinstance(called := value.get(key), str):
                    yield from _named(called, value.get(content), outer=name, depth=0)
    for before, argument in pairwise(("", *arguments)):
        if before.startswith("-") and "=" not in before and not argument.startswith("-"):
            yield from _named(before.lstrip("-"), argument, outer=name, depth=0)
        else:
            yield from _named(name, argument, outer=name, depth=0)
        if (option := _ARGUMENT.match(argument)) is not None:
            yield from _named(option["name"], argument[option.end() :], outer=name, depth=0)
