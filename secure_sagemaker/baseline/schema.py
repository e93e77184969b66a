"""The JSON Schema of a baseline file, so that editors complete and check it."""

from __future__ import annotations

import json
import tomllib
from typing import cast

from pydantic import JsonValue

from secure_sagemaker.baseline.fields import EXAMPLES, SECTIONS
from secure_sagemaker.baseline.model import SecurityBaseline

__all__ = ["json_schema"]

_IDENTIFIER = "urn:secure-sagemaker:baseline:1"

_Schema = dict[str, JsonValue]


def json_schema() -> dict[str, JsonValue]:
    """The schema of ``secure-sagemaker.toml``: like SecurityBaseline, with partial sections per layer."""
    schema = cast("_Schema", SecurityBaseline.model_json_schema())
    definitions = cast("dict[str, _Schema]", schema["$defs"])
    properties = cast("dict[str, _Schema]", schema["properties"])
    for path, example in EXAMPLES.items():
        section, _, name = path.rpartition(".")
        owner = definitions[_definition(properties[section])] if section else schema
        cast("dict[str, _Schema]", owner["properties"])[name]["examples"] = [_value(example)]
    for section in SECTIONS:
        # A layer may leave to another what the whole requires.
        definitions[_definition(properties[section])].pop("required", None)
    version, region = properties.pop("schema_version"), properties.pop("region")
    definitions["RegionLayer"] = _section_schema(properties)
    definitions["EnvironmentLayer"] = _section_schema({"region": region, **properties})
    region_sections = _sections_schema("Sections [region.NAME] with what differs by region.", "RegionLayer")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": _IDENTIFIER,
        "title": "secure-sagemaker baseline",
        "description": "What every SageMaker workload must have. See docs/reference/baseline.md.",
        "type": "object",
        "additionalProperties": False,
        "required": ["schema_version"],
        "properties": {
            "schema_version": version,
            "region": {
                "description": "The home region, or sections [region.NAME] with what differs by region.",
                "anyOf": [region, region_sections],
            },
            **properties,
            "env": _sections_schema(
                "Sections [env.NAME] with what is stricter in one environment.", "EnvironmentLayer"
            ),
        },
        "$defs": cast("JsonValue", definitions),
    }


def _definition(referring: _Schema) -> str:
    """The name that a property refers to, whatever stands beside the reference."""
    reference = referring.get("$ref")
    if not isinstance(reference, str):
        raise TypeError(referring)
    return reference.removeprefix("#/$defs/")


def _section_schema(properties: dict[str, _Schema]) -> _Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": cast("JsonValue", properties),
    }


def _sections_schema(description: str, definition: str) -> _Schema:
    return {
        "description": description,
        "type": "object",
        "additionalProperties": {"$ref": f"#/$defs/{definition}"},
    }


def _value(example: str) -> JsonValue:
    # Dates are TOML's own; JSON writes them as text.
    stated = tomllib.loads(f"value = {example}")["value"]
    return cast("JsonValue", json.loads(json.dumps(stated, default=str)))
