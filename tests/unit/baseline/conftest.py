"""What the tests of layers share."""

from pathlib import Path

import pytest


@pytest.fixture
def nowhere(tmp_path: Path) -> Path:
    """Where no organisation's layer is."""
    return tmp_path / "nowhere" / "organisation.toml"
