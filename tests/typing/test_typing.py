"""What a type checker makes of the library's face: an IDE completes what mypy infers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


@pytest.mark.parametrize("name", ["face.py", "wrong.py"])
def test_the_face_is_typed(name: str) -> None:
    """What is right is inferred exactly, and what is wrong is an error: an ignore that nothing needs is one too."""
    pytest.importorskip("mypy", reason="the type checker is in the environment of SDK v3 only")

    run = subprocess.run(
        [sys.executable, "-m", "mypy", str(HERE / name)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.stdout == "Success: no issues found in 1 source file\n"
