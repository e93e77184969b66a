"""The policies of a few baselines, as they were reviewed."""

from __future__ import annotations

import pytest

from tools.policies import FOLDER, written

HELD = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}


@pytest.mark.parametrize("name", sorted({**HELD, **written()}))
def test_a_policy_is_as_it_was_reviewed(name: str) -> None:
    """A policy changes where somebody has looked at the change: ``python -m tools.policies --write``."""
    assert HELD.get(name) == written().get(name)
