"""What a request of an action can hold: resources and condition keys, read from AWS's own reference.

A key that AWS does not document for an action is in none of its requests. Keys that AWS has in every request are in
every one here. Names of condition keys are in lower case throughout, for IAM does not tell their case.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import secure_sagemaker

__all__ = ["ALWAYS", "DEPRECATED", "Action", "actions", "is_flag", "is_list", "of_service", "unheard"]

_DATA = Path(secure_sagemaker.__file__).parent / "identity/policies/data/iam_actions.json"

DEPRECATED: Mapping[str, str] = {
    "sagemaker:outputkmskey": "sagemaker:outputkmskeyarn",
    "sagemaker:volumekmskey": "sagemaker:volumekmskeyarn",
}
"""Older names that requests may carry too, and what replaced them."""
ALWAYS = frozenset({"aws:currenttime", "aws:principalarn", "aws:resourceaccount", "aws:securetransport"})
"""Keys that every request has."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)  # one object for each action
class Action:
    """One action, by its name as AWS writes it, such as ``sagemaker:CreateModel``."""

    name: str
    templates: Mapping[str, str]
    """Its kinds of resources, with their ARNs: ``${Name}`` for a part that varies."""
    keys: frozenset[str] | None
    """None for an action that the reference does not have: it may have any key, and any resource."""

    def has(self, key: str) -> bool:
        """Whether a request of it may hold a key."""
        known = self.keys
        if known is None or key in _global_keys() or DEPRECATED.get(key, "") in known:
            return True
        return any(key == each or (each.endswith("*") and key.startswith(each[:-1])) for each in known)


def unheard(name: str, templates: Mapping[str, str]) -> Action:
    """An action that the reference does not have, on any of some resources."""
    return Action(name=name, templates=templates, keys=None)


def _key(written: str) -> str:
    for opening in ("${", "<"):
        before, opened, _ = written.partition(opening)
        written = before + "*" if opened else before
    return written.lower()


@cache
def _table() -> Mapping[str, dict[str, dict[str, str]]]:
    found: Mapping[str, dict[str, dict[str, str]]] = json.loads(_DATA.read_text("utf-8"))
    return found


@cache
def _global_keys() -> frozenset[str]:
    return frozenset(map(_key, _table()["global"]))


@cache
def actions() -> Mapping[str, Action]:
    """Every action of the reference, by name."""
    found: dict[str, Action] = {}
    for service, parts in json.loads(_DATA.read_text("utf-8"))["services"].items():
        for name, (_, kinds, keys) in parts["actions"].items():
            found[f"{service}:{name}"] = Action(
                name=f"{service}:{name}",
                templates={kind: parts["resources"][kind] for kind in kinds if kind in parts["resources"]},
                keys=frozenset(map(_key, parts["key_sets"][keys])),
            )
    return found


@cache
def of_service(service: str, key: str = "") -> frozenset[str]:
    """The actions of a service, or those of them whose requests may hold a key of the service's own."""
    return frozenset(
        name
        for name, action in actions().items()
        if name.startswith(f"{service}:") and (not key or action.has(key))
    )


@cache
def _types() -> Mapping[str, str]:
    tables = (_table()["global"], *(parts["keys"] for parts in _table()["services"].values()))
    return {_key(key): kind for table in tables for key, kind in table.items()}


def is_list(key: str) -> bool:
    """Whether a key has many values."""
    return _types().get(key, "String").startswith("ArrayOf")


def is_flag(key: str) -> bool:
    """Whether a key is true or false."""
    return _types().get(key) == "Bool"
