"""The pages about the face, read from signatures and docstrings: the errors, and every other public name."""

from __future__ import annotations

import enum
import inspect
import re
from collections.abc import Iterator, Sequence
from types import FunctionType, ModuleType

from pydantic import BaseModel

import secure_sagemaker
from secure_sagemaker import SecureSageMakerError, exceptions, local, preflight
from tools.pages import MARK, Page

__all__ = ["face_pages"]

_WIDTH = 100
_SECTION = re.compile(r"^(Args|Attributes|Raises|Returns|Yields):$", re.MULTILINE)
_ENTRY = re.compile(r"^    ([\w.]+): (.*(?:\n {5,}.*)*)", re.MULTILINE)
_LABEL = {"Args": "Arguments", "Attributes": "Attributes", "Raises": "Raises"}


def face_pages() -> Iterator[Page]:
    """Every page of this module."""
    yield Page(path="docs/reference/errors.md", render=errors_page)
    yield Page(path="docs/reference/api.md", render=api_page)


def errors_page() -> str:
    """The tree of errors, and what each carries."""
    overview = inspect.cleandoc(exceptions.__doc__ or "")
    tree = "\n".join(line[4:] for line in overview.splitlines() if line.startswith("    "))
    rest = [part for part in overview.split("\n\n") if not part.startswith("    ")]
    parts = ["# The errors", MARK, _text(rest[0]), f"```text\n{tree}\n```", *map(_text, rest[1:])]
    for name in exceptions.__all__:
        error = getattr(exceptions, name)
        base = "" if error is SecureSageMakerError else f", a `{error.__bases__[0].__name__}`"
        parts += [f"## `{name}`", f"`secure_sagemaker.{name}`{base}.", *_described(error)]
    return "\n\n".join(parts) + "\n"


def api_page() -> str:
    """Every public name but the errors."""
    parts = [
        "# The API",
        MARK,
        "What is not on this page is private. The errors have [a page of their own](errors.md), and so have the fields "
        "of [the baseline](baseline.md) and [the controls](controls/index.md).",
    ]
    for module in (secure_sagemaker, preflight, local):
        parts.append(f"## `{module.__name__}`")
        for name in module.__all__:
            parts += _public(module, name)
    return "\n\n".join(parts) + "\n"


def _public(module: ModuleType, name: str) -> Iterator[str]:
    value = getattr(module, name)
    if isinstance(value, type) and issubclass(value, SecureSageMakerError):
        return
    yield f"### `{module.__name__}.{name}`"
    match value:
        case type() if issubclass(value, enum.Enum):
            yield from _described(value)
            yield "\n".join(f"- `{member.name}` = `{member.value!r}`" for member in value)
        case type() if issubclass(value, BaseModel):
            yield from _described(value)
            yield "Fields: " + ", ".join(f"`{field}`" for field in value.model_fields) + "."
            yield from _members(value)
        case type():
            if not getattr(value, "_is_protocol", False):
                yield _signature(name, value)
            yield from _described(value)
            yield from _members(value)
        case FunctionType():
            yield _signature(name, value)
            yield from _described(value)
        case _:
            yield f"A mapping of `{type(next(iter(value))).__name__}` to `{type(next(iter(value.values()))).__name__}`."


def _members(owner: type) -> Iterator[str]:
    for name, member in vars(owner).items():
        if name.startswith("_") or (issubclass(owner, BaseModel) and name in vars(BaseModel)):
            continue
        if isinstance(member, property):
            yield f"#### `{owner.__name__}.{name}`"
            yield from _described(member)
        elif isinstance(member, FunctionType | classmethod):
            yield f"#### `{owner.__name__}.{name}()`"
            yield _signature(name, getattr(owner, name))
            yield from _described(member)


def _signature(name: str, value: object) -> str:
    signature = inspect.signature(value) if callable(value) else inspect.Signature()
    shown: list[str] = []
    before: inspect.Parameter | None = None
    for parameter in signature.parameters.values():
        if parameter.name.startswith("_") or parameter.name == "self":
            continue
        keyword_only = parameter.kind is inspect.Parameter.KEYWORD_ONLY
        if keyword_only and (before is None or before.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD):
            shown.append("*")
        shown.append(_parameter(parameter))
        before = parameter
    returned = signature.return_annotation
    arrow = "" if returned is inspect.Signature.empty or isinstance(value, type) else f" -> {_type(returned)}"
    line = f"{name}({', '.join(shown)}){arrow}"
    if len(line) > _WIDTH:
        inner = "".join(f"    {one},\n" for one in shown)
        line = f"{name}(\n{inner}){arrow}"
    return f"```text\n{line}\n```"


def _parameter(parameter: inspect.Parameter) -> str:
    stars = "**" if parameter.kind is inspect.Parameter.VAR_KEYWORD else ""
    text = stars + parameter.name
    if parameter.annotation is not inspect.Parameter.empty:
        text += f": {_type(parameter.annotation)}"
    if parameter.default is inspect.Parameter.empty:
        return text
    plain = isinstance(parameter.default, bool | int | str | tuple | None)
    return f"{text} = {repr(parameter.default) if plain else '...'}"


def _type(annotation: object) -> str:
    return annotation if isinstance(annotation, str) else str(inspect.formatannotation(annotation))


def _described(owner: object) -> Sequence[str]:
    docstring = inspect.cleandoc(getattr(owner, "__doc__", None) or "")
    pieces = _SECTION.split(docstring)
    parts = [_text(paragraph) for paragraph in pieces[0].strip().split("\n\n") if paragraph]
    for label, content in zip(pieces[1::2], pieces[2::2], strict=True):
        entries = _ENTRY.findall(content)
        if entries and label in _LABEL:
            parts.append(f"{_LABEL[label]}:")
            parts.append("\n".join(f"- `{name}`: {_text(text)}" for name, text in entries))
        else:
            parts.append(f"{label}: {_text(content)}")
    return parts


def _text(paragraph: str) -> str:
    return " ".join(paragraph.replace("``", "`").split())
