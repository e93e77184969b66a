"""The sessions whose credentials assume roles: whoever changes the environment has them find theirs before."""

from __future__ import annotations

from weakref import WeakSet

import boto3

__all__ = ["sources"]

sources: WeakSet[boto3.Session] = WeakSet()
"""Those of every secure session there is."""
