"""What steps the installed SageMaker Python SDK has, read from its source: importing all of it makes clients."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterable
from pathlib import Path

__all__ = ["classes_of_steps", "roots_of_the_sdk", "types_of_steps"]

_BASES = frozenset({"Step", "StepCollection"})
_DERIVES = re.compile(r"^\s*class \w+\([^)]*Step", re.MULTILINE)


def roots_of_the_sdk() -> tuple[Path, ...]:
    """The folders of the package."""
    found = importlib.util.find_spec("sagemaker")
    assert found is not None
    assert found.submodule_search_locations is not None
    return tuple(Path(place) for place in found.submodule_search_locations)


def types_of_steps() -> frozenset[str]:
    """The SDK's own list: the values of its ``StepTypeEnum``."""
    places = [root / part / "workflow/steps.py" for root in roots_of_the_sdk() for part in (".", "mlops")]
    (source,) = [place.read_text("utf-8") for place in places if place.is_file()]
    (enumerated,) = [
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and node.name == "StepTypeEnum"
    ]
    values = [node.value for node in enumerated.body if isinstance(node, ast.Assign)]
    return frozenset(
        value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)
    )


def classes_of_steps(roots: Iterable[Path]) -> frozenset[str]:
    """The names of all classes that derive from ``Step`` or ``StepCollection``, at any remove."""
    bases: dict[str, frozenset[str]] = {}
    for root in roots:
        for place in root.rglob("*.py"):
            source = place.read_text("utf-8")
            if not _DERIVES.search(source):
                continue
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.ClassDef):
                    named = frozenset(ast.unparse(base).rpartition(".")[2] for base in node.bases)
                    bases[node.name] = bases.get(node.name, frozenset()) | named
    found = set(_BASES)
    while more := {name for name, above in bases.items() if above & found} - found:
        found |= more
    return frozenset(found - _BASES)
