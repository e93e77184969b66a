"""Write the generated pages of the documentation: ``python -m tools.docs``, or ``--check`` that they are fresh."""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import botocore
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from secure_sagemaker.baseline import (
    DEFAULT_MODES,
    Accepted,
    DataClass,
    SecurityBaseline,
    Waiver,
    json_schema,
)
from secure_sagemaker.baseline.fields import EXAMPLES, SECTIONS, shown
from secure_sagemaker.baseline.tightening import CLOSED_BY_ORGANISATION, CLOSED_WITH, TIGHTER, WaiverGrant
from tools.cli_page import cli_page
from tools.control_pages import control_pages
from tools.face_pages import face_pages
from tools.flow_page import flow_page
from tools.pages import MARK, Page, prose
from tools.policies_page import policies_page
from tools.preflight_page import preflight_page
from tools.references_page import references_page
from tools.refusals_page import refusals_page
from tools.template_page import template_page

ROOT = Path(__file__).parents[1]
OF_BOTOCORE = re.compile(r"service models of botocore (\d[\w.]*\d)\.$", re.MULTILINE)


# --- docs/reference/baseline.md


def baseline_page() -> str:
    """The reference of every field: what it means, what it may hold, how a later layer may change it."""
    model = SecurityBaseline.model_fields
    schema = SecurityBaseline.model_json_schema()
    definitions = schema["$defs"]
    lines = [
        "# The baseline, field by field",
        "",
        MARK,
        "",
        "A baseline is written in `secure-sagemaker.toml`, or in `pyproject.toml` under `[tool.secure-sagemaker]`.",
        "[How to write one](../how-to/write-a-baseline.md), and [how layers become one](../explanation/layers.md).",
        "Editors complete the file with [this JSON Schema](secure-sagemaker.schema.json).",
        "",
        "*Later layers* says what a later layer may do to what an earlier one states. What no layer states has the",
        "default.",
        "",
        "## At the top of the file",
        "",
    ]
    for name, field in model.items():
        if name not in SECTIONS:
            lines += _entry(name, field, schema["properties"][name], definitions)
    for name, field in model.items():
        if name in SECTIONS:
            section = _section_of(field)
            lines += [f"## `[{name}]`", "", prose(section.__doc__), ""]
            properties = definitions[section.__name__]["properties"]
            for key, member in section.model_fields.items():
                lines += _entry(f"{name}.{key}", member, properties[key], definitions)
    lines += [
        *_of_a_table("[[waivers]]", Waiver, definitions),
        *_of_a_table("[macie.classes.NAME]", DataClass, definitions),
        *_of_a_table("[[macie.classes.NAME.accept]]", Accepted, definitions),
        "## Control ids and their default modes",
        "",
        "| control | mode where none is stated |",
        "|---|---|",
        *(f"| `{control}` | `{mode}` |" for control, mode in DEFAULT_MODES.items()),
        "",
        "## What an organisation says by saying nothing",
        "",
        "An organisation's layer is closed: of these its silence is the default, and no permission.",
        "",
        "| field | value |",
        "|---|---|",
        "| `modes` | the default of every control |",
        *(f"| `{path}` | {_closed(value)} |" for path, value in CLOSED_BY_ORGANISATION.items()),
        "",
        "Where it states a field of the first column, it is closed in the second too, unless it states that itself.",
        "",
        "| states | also says |",
        "|---|---|",
        *(
            f"| `{path}` | {', '.join(f'`{other} = {shown(value)}`' for other, value in also.items())} |"
            for path, also in CLOSED_WITH.items()
        ),
    ]
    return "\n".join(lines) + "\n"


def _of_a_table(
    heading: str,
    model: type[BaseModel],
    definitions: Mapping[str, Mapping[str, Mapping[str, Mapping[str, object]]]],
) -> Iterator[str]:
    properties = definitions[model.__name__]["properties"]
    yield from (f"## `{heading}`", "", prose(model.__doc__), "")
    yield from ("| key | type | meaning |", "|---|---|---|")
    for key, member in model.model_fields.items():
        kind = f"{_type(properties[key], definitions)}{', required' if member.is_required() else ''}"
        yield f"| `{key}` | {kind} | {prose(str(properties[key]['description']))} |"
    yield ""


def _entry(
    path: str, field: FieldInfo, schema: Mapping[str, object], definitions: Mapping[str, Mapping[str, object]]
) -> Iterator[str]:
    rule = TIGHTER["waivers" if path == "waivable_controls" else path]
    yield from (f"### `{path}`", "", prose(str(schema["description"])), "")
    yield f"- Type: {_type(schema, definitions)}"
    yield f"- Default: {'none, it is required' if field.is_required() else _default(field)}"
    yield f"- Later layers: {rule.direction}"
    yield from (f"- Example: `{path.rpartition('.')[2]} = {EXAMPLES[path]}`", "")


def _section_of(field: FieldInfo) -> type[BaseModel]:
    if not isinstance(field.annotation, type) or not issubclass(field.annotation, BaseModel):
        raise TypeError(field)
    return field.annotation


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    return "none" if value is None else f"`{shown(value)}`"


def _closed(value: object) -> str:
    return "none" if isinstance(value, WaiverGrant) else f"`{shown(value)}`"


def _type(schema: Mapping[str, object], definitions: Mapping[str, Mapping[str, object]]) -> str:
    """What a value of the schema is, in words."""
    match schema:
        case {"$ref": "#/$defs/ControlId"}:
            return "control id"
        case {"$ref": str(reference)}:
            name = reference.removeprefix("#/$defs/")
            return "table" if "properties" in definitions[name] else _type(definitions[name], definitions)
        case {"const": value}:
            return f"`{shown(value)}`"
        case {"enum": [*values]}:
            return " or ".join(f"`{shown(value)}`" for value in values)
        case {"anyOf": [dict(inner), {"type": "null"}]}:
            return _type(inner, definitions)
        case {"type": "array", "items": dict(items)}:
            return f"list of {_type(items, definitions)}{_bounds(schema, 'minItems', 'maxItems')}"
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"table of {_type(values, definitions)}"
        case {"type": "object", "patternProperties": dict(patterns)}:
            (values,) = patterns.values()
            return f"table of {_type(values, definitions)}"
        case {"type": "string", "format": str(written)}:
            return written
        case {"type": "integer" | "number" as kind}:
            return f"{kind}{_bounds(schema, 'minimum', 'maximum')}"
        case {"type": str(kind)}:
            return kind
    raise TypeError(schema)


def _bounds(schema: Mapping[str, object], least: str, most: str) -> str:
    match schema.get(least), schema.get(most):
        case None, None:
            return ""
        case low, None:
            return f", {low} or more"
        case None, high:
            return f", at most {high}"
        case low, high:
            return f", {low} to {high}"


def schema_page() -> str:
    """The JSON Schema that editors complete a baseline with."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


PAGES: tuple[Page, ...] = (
    Page(path="docs/reference/baseline.md", render=baseline_page),
    Page(path="docs/reference/secure-sagemaker.schema.json", render=schema_page),
    *control_pages(),
    *face_pages(),
    cli_page(),
    flow_page(),
    policies_page(),
    preflight_page(),
    references_page(),
    refusals_page(),
    template_page(),
)


def stale(pages: Sequence[Page], root: Path) -> list[str]:
    """The pages that are missing, or not what the code says."""
    return [page.path for page in pages if not _is_fresh(page, root / page.path)]


def _is_fresh(page: Page, path: Path) -> bool:
    if not path.is_file():
        return False
    written = path.read_text(encoding="utf-8")
    if page.botocore:
        named = OF_BOTOCORE.search(written)
        if named is not None and named[1] != botocore.__version__:
            return True  # by the botocore installed here nothing can be said of it
    return written == page.render()


def write(pages: Sequence[Page], root: Path) -> None:
    """Write every page."""
    for page in pages:
        path = root / page.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page.render(), encoding="utf-8")


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """Write the pages, or check them; 0 when all is fresh, 1 when a page is stale."""
    parser = argparse.ArgumentParser(prog="python -m tools.docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a page is stale")
    if not parser.parse_args(arguments).check:
        write(PAGES, root)
        return 0
    out_of_date = stale(PAGES, root)
    for path in out_of_date:
        print(f"{path} is stale: run python -m tools.docs", file=sys.stderr)
    return 1 if out_of_date else 0


if __name__ == "__main__":
    sys.exit(main())
