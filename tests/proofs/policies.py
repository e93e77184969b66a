"""IAM's policies, from their JSON, and what several of them together allow of one request.

A request is one action on one resource, with its keys: AWS asks for each resource that a call touches. Which statements
speak of an action and a resource is decided here text by text; only the conditions are left to z3. For every action
there are as many resources as the policies can tell apart, by ``globs.cells`` over its kinds of resources.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import z3

from tests.proofs.actions import Action, actions, unheard
from tests.proofs.globs import Glob, arn, cells, plain
from tests.proofs.keys import Keys, each

__all__ = ["NO", "Case", "Policies", "Statement", "cases", "read"]

NO = z3.BoolVal(False)


@dataclass(frozen=True, slots=True)
class Case:
    """One action on one resource."""

    action: Action
    resource: str

    @property
    def name(self) -> str:
        """The action's name."""
        return self.action.name

    @property
    def service(self) -> str:
        """The action's service."""
        return self.action.name.partition(":")[0]


class Statement:
    """One statement, as it is written."""

    def __init__(self, written: Mapping[str, object]) -> None:
        self.written = written
        self.text = json.dumps(written, sort_keys=True)
        self.denies = written["Effect"] == "Deny"
        unknown = set(written) - {
            *("Sid", "Effect", "Principal", "Condition"),
            *("Action", "NotAction", "Resource", "NotResource"),
        }
        if unknown or written["Effect"] not in ("Allow", "Deny"):
            raise ValueError(f"a statement that is not modelled: {written}")

    @cached_property
    def patterns(self) -> tuple[str, ...]:
        """The patterns of resources that it names."""
        return each(self.written.get("Resource", self.written.get("NotResource", ())))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The patterns of actions that it names, in lower case, which is one to IAM."""
        return tuple(name.lower() for name in each(self.written.get("Action", self.written.get("NotAction"))))

    def names_action(self, name: str) -> bool:
        """Whether it speaks of an action."""
        return _among(self.names, name.lower(), plain) is ("Action" in self.written)

    def names_resource(self, resource: str) -> bool:
        """Whether it speaks of a resource."""
        return _among(self.patterns, resource, arn) is ("Resource" in self.written)

    def is_about(self, case: Case) -> bool:
        """Whether it speaks of a case, under its conditions."""
        return self.names_action(case.name) and self.names_resource(case.resource)


@cache
def _among(patterns: tuple[str, ...], text: str, glob: Callable[[str], Glob]) -> bool:
    return any(pattern in ("*", text) or _matches(pattern, text, glob) for pattern in patterns)


@cache
def _matches(pattern: str, text: str, glob: Callable[[str], Glob]) -> bool:
    return ("*" in pattern or "?" in pattern) and glob(pattern).matches(text)


def read(text: str) -> tuple[Statement, ...]:
    """The statements of a policy's text."""
    return tuple(map(Statement, json.loads(text)["Statement"]))


class Policies:
    """Layers of policies: a request is allowed where nothing denies it, and some statement of each layer allows it.

    The policies of a session are one layer, a permissions boundary is another. The role's own policies allow ``*``
    here, so they are left out: no role can add to what the other layers allow.
    """

    def __init__(self, layers: Iterable[Sequence[Statement]], keys: Keys) -> None:
        self.layers = tuple(tuple(layer) for layer in layers)
        self._keys = keys
        self._made: dict[object, z3.BoolRef] = {}
        self._of_action: dict[tuple[str, bool], tuple[tuple[Statement, ...], ...]] = {}

    def replacing(self, place: tuple[int, int], instead: Sequence[Statement]) -> Policies:
        """The same with other statements in the place of one."""
        layer, number = place
        changed = [list(one) for one in self.layers]
        changed[layer][number : number + 1] = instead
        made = Policies(changed, self._keys)
        made._made = self._made
        return made

    def allows(self, case: Case) -> z3.BoolRef:
        """The requests of a case that are allowed."""
        said: list[tuple[Statement, ...]] = []
        for layer in self._about(case.name, denying=False):
            said.append(tuple(one for one in layer if one.names_resource(case.resource)))
            if not said[-1]:
                return NO
        denials = tuple(
            one
            for layer in self._about(case.name, denying=True)
            for one in layer
            if one.names_resource(case.resource)
        )
        signature = tuple(tuple(one.text for one in layer) for layer in (denials, *said))
        if signature not in self._made:
            self._made[signature] = z3.And(
                *(z3.Or(*map(self._holds, layer)) for layer in said),
                *(z3.Not(self._holds(one)) for one in denials),
            )
        return self._made[signature]

    def _about(self, name: str, *, denying: bool) -> tuple[tuple[Statement, ...], ...]:
        if (name, denying) not in self._of_action:
            self._of_action[name, denying] = tuple(
                tuple(one for one in layer if one.denies is denying and one.names_action(name))
                for layer in self.layers
            )
        return self._of_action[name, denying]

    def _holds(self, statement: Statement) -> z3.BoolRef:
        if statement.text not in self._made:
            self._made[statement.text] = self._keys.holds(statement.written.get("Condition"))
        return self._made[statement.text]


# --- cases ----------------------------------------------------------------------------------------


def cases(names: Iterable[str], resources: Iterable[str], further: Iterable[str] = ()) -> tuple[Case, ...]:
    """Every action on every resource that is told from others.

    Args:
        names: The patterns of actions that anybody asks for. Each with a wildcard stands for an action that AWS may yet
            make, too.
        resources: The patterns of resources that anybody asks for.
        further: Actions beside those of the reference.
    """
    asked = tuple(sorted(set(resources)))
    known = [case for action in actions().values() for case in _cases(action, asked)]
    services: dict[str, dict[str, str]] = {}
    for action in actions().values():
        services.setdefault(action.name.partition(":")[0], {}).update(action.templates)
    new = {
        *further,
        "elsewhere:Unheard",
        *(f"{service}:Unheard" for service in services),
        *(name.replace("*", "Unheard") for name in names if "*" in name and ":" in name),
    }
    unknown = [
        case
        for name in sorted(new)
        for case in _cases(unheard(name, services.get(name.partition(":")[0], {})), asked)
    ]
    return (*known, *unknown)


def _cases(action: Action, asked: tuple[str, ...]) -> Iterator[Case]:
    if action.keys is None or not action.templates:
        yield Case(action, "*")
    found = dict.fromkeys(
        text for kind, template in action.templates.items() for text in _resources(kind, template, asked)
    )
    for text in found:
        yield Case(action, text)


@cache
def _resources(kind: str, template: str, asked: tuple[str, ...]) -> tuple[str, ...]:
    near = tuple(pattern for pattern in asked if _may_meet(pattern, template))
    return _told_apart(kind, template, near)


@cache
def _told_apart(kind: str, template: str, patterns: tuple[str, ...]) -> tuple[str, ...]:
    # The name of a bucket has no slash: what has one is an object.
    without = "/" if kind == "bucket" else ""
    any_part = re.sub(r"\$\{[^}]*\}|\*", "?*", template)
    return tuple(cells(map(arn, patterns), within=arn(any_part, without)).values())


def _may_meet(pattern: str, template: str) -> bool:
    """Whether a text may match both: neither's letters before its first wildcard contradict the other's."""
    if pattern == "*":
        return False
    ours, theirs = pattern.split(":", 5), re.sub(r"\$\{[^}]*\}", "*", template).split(":", 5)
    return all(
        _beginning(one).startswith(_beginning(other)) or _beginning(other).startswith(_beginning(one))
        for one, other in zip(ours, theirs, strict=True)
    )


def _beginning(part: str) -> str:
    return re.split(r"[*?]", part, maxsplit=1)[0]
