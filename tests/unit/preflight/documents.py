"""Policies, as texts."""

import json

__all__ = ["policy"]


def policy(*statements: dict[str, object]) -> str:
    """A policy with these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
