"""The published JSON Schema: an editor that follows it writes what the loader reads."""

import json
from pathlib import Path

import jsonschema
import pytest

from secure_sagemaker.baseline import json_schema
from tests.unit.baseline.stated import COMPLETE, REGIONS, WAIVER, changed, parsed

VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def errors(text: str) -> list[str]:
    stated = json.loads(json.dumps(parsed(text), default=str))
    return ["/".join(map(str, error.absolute_path)) for error in VALIDATOR.iter_errors(stated)]


def test_the_schema_is_one() -> None:
    """It is a valid schema of the draft that it names."""
    jsonschema.Draft202012Validator.check_schema(json_schema())
    assert "https://json-schema.org/draft/2020-12/schema" == json_schema()["$schema"]


@pytest.mark.parametrize(
    "text",
    [
        COMPLETE,
        COMPLETE + WAIVER,
        REGIONS,
        COMPLETE + WAIVER.replace("[[waivers]]", "[[env.dev.waivers]]"),
        "schema_version = 1\n[hardening]\nallow_root_access = false\n",
    ],
    ids=["complete", "waiver", "regions", "environment", "a-layer"],
)
def test_what_the_loader_reads_the_schema_takes(text: str) -> None:
    """Complete files, partial layers, environments and regions are all in order."""
    assert [] == errors(text)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        pytest.param(changed("schema_version = 1\n", ""), "", id="no-version"),
        pytest.param(changed("[kms]", "[kmz]"), "", id="unknown-section"),
        pytest.param(changed("security_groups", "securty_groups"), "vpc", id="misspelt"),
        pytest.param(
            changed('training = "require"', 'training = "yes"'), "network_isolation/training", id="word"
        ),
        pytest.param(changed('"subnet-0b1c2d3e"', '"x"'), "vpc/subnets/1", id="pattern"),
        pytest.param(changed('region = "eu-west-1"', "region = 1"), "region", id="region"),
        pytest.param(COMPLETE + "[env.dev]\nzzz = 1\n", "env/dev", id="unknown-in-an-environment"),
        pytest.param(
            REGIONS.replace(
                "[region.us-east-1.vpc]", "[region.us-east-1]\nregion='x'\n[region.us-east-1.vpc]"
            ),
            "region",
            id="region-in-region",
        ),
        pytest.param(
            COMPLETE + WAIVER.replace('ticket = "SEC-101"\n', ""), "waivers/0", id="waiver-without-ticket"
        ),
    ],
)
def test_what_the_loader_refuses_the_schema_marks(text: str, path: str) -> None:
    """A wrong key or word is marked where it stands."""
    assert [path] == errors(text)


def test_every_field_has_a_description_and_an_example() -> None:
    """An editor can tell what each field means and show one."""
    schema = json_schema()
    bare: list[str] = []

    def look(owner: object, name: str) -> None:
        match owner:
            case {"properties": dict(properties)}:
                for key, field in properties.items():
                    if "description" not in field or not ("examples" in field or "$ref" in field):
                        bare.append(f"{name}.{key}")

    definitions = schema["$defs"]
    assert isinstance(definitions, dict)
    for name, definition in definitions.items():
        if name not in ("Accepted", "DataClass", "Waiver", "EnvironmentLayer", "RegionLayer"):
            look(definition, name)
    assert [] == bare


def test_the_published_file_is_the_schema() -> None:
    """The file in the documentation is what the code says."""
    published = Path(__file__).parents[3] / "docs/reference/secure-sagemaker.schema.json"
    assert json_schema() == json.loads(published.read_text(encoding="utf-8"))
