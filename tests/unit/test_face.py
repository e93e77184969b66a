"""The face imports what is asked of it, and a type checker sees all of it."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import secure_sagemaker

SOURCE = Path(secure_sagemaker.__file__)


def loaded(program: str) -> set[str]:
    """Which of the larger modules a fresh interpreter has loaded after a program."""
    larger = ("boto3", "pydantic", "secure_sagemaker.baseline.model", "secure_sagemaker.controls.rules")
    told = f"{program}; import sys; print(*[name for name in {larger!r} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    return set(ran.stdout.split())


def seen() -> dict[str, str]:
    """What a type checker sees: each name with the module it comes from."""
    for_types = next(node for node in ast.parse(SOURCE.read_text("utf-8")).body if isinstance(node, ast.If))
    return {
        alias.name: str(node.module)
        for node in for_types.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_what_nobody_asks_for_is_not_imported() -> None:
    """The package alone loads nothing, nor does an error of its own to catch."""
    assert set() == loaded("import secure_sagemaker; from secure_sagemaker import ControlError")


def test_a_type_checker_sees_every_name() -> None:
    """What is imported for type checkers is what `__all__` offers at run time, name for name."""
    assert sorted(seen()) == sorted(secure_sagemaker.__all__)


def test_each_name_is_the_one_that_a_type_checker_sees() -> None:
    """The run time takes a name from the module that the type checker takes it from."""
    taken = {name: getattr(importlib.import_module(module), name) for name, module in seen().items()}
    assert [] == [name for name, value in taken.items() if getattr(secure_sagemaker, name) is not value]


def test_a_name_that_is_not_offered_is_not_there() -> None:
    """Any other name is an AttributeError, and what is offered shows at a prompt."""
    with pytest.raises(AttributeError, match="no attribute 'Enforcer'"):
        _ = secure_sagemaker.Enforcer  # type: ignore[attr-defined]  # that it is not is the point
    assert set(secure_sagemaker.__all__) <= set(dir(secure_sagemaker))
