"""What IAM knows of each action: its condition keys and its kinds of resources, from AWS's own reference."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TypedDict

__all__ = [
    "NAMED_BY_AWS",
    "ActionReference",
    "accepting",
    "action_reference",
    "condition_key_type",
    "expanded",
    "is_global_key",
    "is_resource_of",
    "reference_source",
    "resource_arn",
    "resource_template",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionReference:
    """One action, as the service authorization reference describes it."""

    name: str
    """Such as ``sagemaker:CreateTrainingJob``."""
    access_level: str
    """``List``, ``Read``, ``Write``, ``Tagging`` or ``Permissions management``, or several of them."""
    resource_types: tuple[str, ...]
    """Empty where the action takes no resource, so that a policy says ``*``."""
    condition_keys: frozenset[str]
    """The keys of the action and of its kinds of resources, in lower case, a template's part as ``*``."""

    def accepts(self, key: str) -> bool:
        """Whether a request of this action can have the condition key."""
        return any(_names(known, key) for known in self.condition_keys)

    @property
    def changes_something(self) -> bool:
        """Whether it does more than read and list."""
        return not {*self.access_level.split(", ")} <= {"List", "Read"}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reference:
    source: str
    actions: Mapping[str, ActionReference]
    """By name in lower case."""
    resources: Mapping[tuple[str, str], str]
    key_types: Mapping[str, str]
    global_keys: frozenset[str]


class _Service(TypedDict):
    keys: dict[str, str]
    resources: dict[str, str]
    key_sets: list[list[str]]
    actions: dict[str, tuple[str, list[str], int]]


_TEMPLATE = re.compile(r"(\$\{[^}]*\}|<[^>]*>)$")


def _key(written: str) -> str:
    return _TEMPLATE.sub("*", written).lower()


@cache
def _reference() -> _Reference:
    text = files("secure_sagemaker.identity.policies").joinpath("data/iam_actions.json").read_text("utf-8")
    table = json.loads(text)
    services = table["services"].items()
    types = {_key(key): kind for _, parts in services for key, kind in parts["keys"].items()}
    return _Reference(
        source=table["_source"],
        actions={row.name.lower(): row for service, parts in services for row in _actions(service, parts)},
        resources={
            (service, kind): arn for service, parts in services for kind, arn in parts["resources"].items()
        },
        key_types={**types, **{_key(key): kind for key, kind in table["global"].items()}},
        global_keys=frozenset(map(_key, table["global"])),
    )


def _actions(service: str, parts: _Service) -> Iterator[ActionReference]:
    sets = [frozenset(map(_key, keys)) for keys in parts["key_sets"]]
    for name, (level, kinds, number) in parts["actions"].items():
        yield ActionReference(
            name=f"{service}:{name}",
            access_level=level,
            resource_types=tuple(kinds),
            condition_keys=sets[number],
        )


def reference_source() -> str:
    """Where the table is from."""
    return _reference().source


def action_reference(name: str) -> ActionReference | None:
    """What is known of an action, or None for one that AWS has not."""
    return _reference().actions.get(name.lower())


@cache
def expanded(pattern: str) -> tuple[ActionReference, ...]:
    """The known actions that an Action element names: itself, or all that its wildcards match."""
    if "*" not in pattern:
        found = action_reference(pattern)
        return () if found is None else (found,)
    expression = re.compile(re.escape(pattern.lower()).replace(r"\*", ".*"))
    return tuple(row for name, row in _reference().actions.items() if expression.fullmatch(name))


@cache
def accepting(service: str, key: str) -> tuple[str, ...]:
    """The actions of a service that accept a condition key, by name."""
    return tuple(row.name for row in expanded(f"{service}:*") if row.accepts(key))


def condition_key_type(key: str) -> str | None:
    """A key's type, such as ``Bool`` or ``ArrayOfString``; None for an unknown key."""
    types = _reference().key_types
    return next((types[name] for name in types if _names(name, key)), None)


def is_global_key(key: str) -> bool:
    """Whether a request of any action can have the key."""
    return any(_names(name, key) for name in _reference().global_keys)


def _names(known: str, key: str) -> bool:
    if known.endswith("*"):
        return key.lower().startswith(known.removesuffix("*"))
    return key.lower() == known


def is_resource_of(arn: str, action: ActionReference) -> bool:
    """Whether an ARN, or a pattern of ARNs, can name a resource of an action."""
    if arn == "*":
        return True
    service = action.name.partition(":")[0]
    return any(_can_name(arn, service, kind) for kind in action.resource_types)


@cache
def _can_name(arn: str, service: str, kind: str) -> bool:
    template = _reference().resources.get((service, kind))
    if template is None:
        return False
    ours = arn.split(":", 5)
    theirs = re.sub(r"\$\{[^}]*\}", "*", template).split(":", 5)
    # A bucket's name has no slash, and what has one is an object.
    if kind == "bucket" and "/" in ours[-1].removeprefix("bucket/"):
        return False
    return len(ours) == len(theirs) and all(map(_meet, ours, theirs))


@cache
def _meet(one: str, other: str) -> bool:
    """Whether some text matches both patterns."""
    if not one or not other:
        return not (one or other).strip("*")
    if one[0] == "*":
        return _meet(one[1:], other) or _meet(one, other[1:])
    if other[0] == "*":
        return _meet(one, other[1:]) or _meet(one[1:], other)
    return (one[0] == other[0] or "?" in (one[0], other[0])) and _meet(one[1:], other[1:])


NAMED_BY_AWS = frozenset(
    {
        *("artifact", "cluster", "cluster-scheduler-config", "compute-quota", "domain", "mlflow-app"),
        *("app", "partner-app", "shared-model"),
    }
)
"""Kinds of SageMaker's resources whose ARNs hold an id that AWS gives, or a name that Studio does."""


@cache
def resource_template(action: str) -> str | None:
    """The ARN of what SageMaker's action makes or changes, with ``*`` for its name; None where no name tells it."""
    reference = action_reference(action)
    if reference is None or not reference.name.startswith("sagemaker:"):
        return None
    service, _, operation = reference.name.partition(":")
    noun = re.sub(r"^[A-Z][a-z]*|V2$", "", operation).lower()
    kind = next((kind for kind in reference.resource_types if kind.replace("-", "") == noun), None)
    if kind is None or kind in NAMED_BY_AWS:
        return None
    return _reference().resources.get((service, kind))


def resource_arn(service: str, kind: str) -> str:
    """The ARN of a kind of resource, with ``*`` for its name."""
    return _reference().resources[service, kind]
