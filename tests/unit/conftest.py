"""The scripted network, where a test asks for it."""

import pytest

from tests.wire import Wire, stretched


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """The network: what leaves is recorded, and answered by the script."""
    return stretched(monkeypatch)
