"""The documentation: what it tells a reader to write is right, and generated pages are fresh."""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import jsonschema
import pytest

from secure_sagemaker.baseline import BaselineDocument, SecurityBaseline, json_schema
from secure_sagemaker.baseline.fields import SECTIONS, leaf_fields
from tools import docs

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 1)
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OF_A_BASELINE = {*SECTIONS, *leaf_fields(), "env", "region"}


@dataclass(frozen=True, kw_only=True)
class Block:
    page: str
    line: int
    language: str
    text: str


def blocks(language: str) -> Iterator[Block]:
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        page = path.read_text(encoding="utf-8")
        for found in FENCE.finditer(page):
            if found[1] == language:
                line = page.count("\n", 0, found.start()) + 1
                yield Block(
                    page=path.relative_to(ROOT).as_posix(), line=line, language=language, text=found[2]
                )


def each(*found: Block) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("block", found, ids=lambda block: f"{block.page}:{block.line}")


TOML = tuple(blocks("toml"))
WHOLE = tuple(block for block in TOML if block.text.startswith("schema_version"))
LAYERS = tuple(block for block in TOML if tomllib.loads(block.text).keys() <= OF_A_BASELINE)


def test_there_are_blocks_to_try() -> None:
    """The reading finds the examples that these tests are about."""
    assert len(TOML) > len(LAYERS) > len(WHOLE) >= 2
    assert tuple(blocks("python"))


@each(*WHOLE)
def test_a_whole_baseline_resolves(block: Block) -> None:
    """Every example that begins as a file is one, in each of its environments and regions."""
    document = BaselineDocument.from_mapping(tomllib.loads(block.text), name="project", source=block.page)
    resolved = [
        document.resolve(env=env, region=region, today=TODAY)
        for env in document.environments or (None,)
        for region in document.regions or (None,)
    ]
    assert resolved
    assert all(isinstance(made, SecurityBaseline) for made in resolved)


@each(*LAYERS)
def test_what_is_a_part_of_a_baseline_is_read(block: Block) -> None:
    """Every other example has fields that there are, with valid values, for the loader and for an editor."""
    stated = tomllib.loads(block.text)
    BaselineDocument.from_mapping(stated, name="project", source=block.page)
    whole = json.loads(json.dumps({"schema_version": 1, **stated}, default=str))
    jsonschema.Draft202012Validator(json_schema()).validate(whole)


@pytest.mark.parametrize(
    "page",
    [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md"],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_links_lead_somewhere(page: Path) -> None:
    """A link within the documentation leads to a file, and its fragment to a heading of that file."""
    for target, fragment in re.findall(
        r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)", page.read_text(encoding="utf-8")
    ):
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), target
        if fragment:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert fragment in {
                re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings
            }


def test_generated_pages_are_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    """What is committed is what the code says."""
    assert (0, "") == (docs.main(["--check"]), capsys.readouterr().err)


@pytest.mark.sdk(3)  # pages are written in that environment, of its botocore
def test_a_stale_page_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A page that is missing or changed fails the check by name; writing mends it."""
    assert 1 == docs.main(["--check"], root=tmp_path)
    assert 0 == docs.main([], root=tmp_path) == docs.main(["--check"], root=tmp_path)
    capsys.readouterr()
    first = docs.PAGES[0].path
    (tmp_path / first).write_text("changed", encoding="utf-8")
    assert (1, f"{first} is stale: run python -m tools.docs\n") == (
        docs.main(["--check"], root=tmp_path),
        capsys.readouterr().err,
    )


def test_the_reference_tells_of_every_field() -> None:
    """Each field that a layer can state has its heading, and no heading tells of another."""
    page = (ROOT / "docs/reference/baseline.md").read_text(encoding="utf-8")
    assert sorted(leaf_fields()) == sorted(re.findall(r"^### `(.*)`$", page, re.MULTILINE))
