"""IAM policy documents as typed values: built from parts, written as one canonical JSON text.

A part is validated when it is made, so that what can be written at all is a policy: one of Action and NotAction,
an operator's quantifier where its key has many values, no key twice under one operator.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = [
    "ANYONE",
    "VERSION",
    "Condition",
    "Effect",
    "Operator",
    "PolicyDocument",
    "Principal",
    "PrincipalKind",
    "Quantifier",
    "Statement",
    "all_values",
    "any_value",
    "one_of",
    "other_than",
    "present",
    "statement_of",
]

VERSION = "2012-10-17"
"""The version of the policy language."""


class Effect(StrEnum):
    """What a statement does."""

    ALLOW = "Allow"
    DENY = "Deny"


class Quantifier(StrEnum):
    """How an operator reads a key of many values."""

    FOR_ANY_VALUE = "ForAnyValue"
    """Some value of the request matches; false where the key is absent."""
    FOR_ALL_VALUES = "ForAllValues"
    """Every value of the request matches; true where the key is absent."""


class Operator(StrEnum):
    """The condition operators that policies of this library use."""

    ARN_LIKE = "ArnLike"
    ARN_NOT_LIKE = "ArnNotLike"
    BOOL = "Bool"
    DATE_GREATER_THAN_EQUALS = "DateGreaterThanEquals"
    NULL = "Null"
    NUMERIC_GREATER_THAN = "NumericGreaterThan"
    NUMERIC_LESS_THAN_EQUALS = "NumericLessThanEquals"
    STRING_EQUALS = "StringEquals"
    STRING_LIKE = "StringLike"
    STRING_NOT_EQUALS = "StringNotEquals"
    STRING_NOT_LIKE = "StringNotLike"

    @property
    def negated(self) -> bool:
        """Whether it holds where nothing matches, and so where its key is absent."""
        return "Not" in self.value


class PrincipalKind(StrEnum):
    """What a principal is named by."""

    AWS = "AWS"
    FEDERATED = "Federated"
    SERVICE = "Service"


_SID = re.compile(r"[A-Za-z0-9]*")
_ACTION = re.compile(r"\*|[a-z0-9-]+:[A-Za-z0-9*]+")
_TEXT = re.compile(r"[^\x00-\x1f\x7f]*")


def _sorted(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _one_or_many(values: tuple[str, ...]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One operator on one key. It holds when a value of the request matches one of ``values``."""

    operator: Operator
    key: str
    values: tuple[str, ...]
    """Each once, in order."""
    quantifier: Quantifier | None = None
    if_exists: bool = False
    """It also holds where the key is absent."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _sorted(self.values))
        if not self.values or not all(map(_TEXT.fullmatch, self.values)):
            raise ValueError(
                f"condition on {self.key}: values must be texts on one line, got {list(self.values)}"
            )
        if self.operator is Operator.NULL and (self.quantifier or self.if_exists or len(self.values) != 1):
            raise ValueError(f"condition on {self.key}: Null takes 'true' or 'false' alone")
        if self.operator in (Operator.NULL, Operator.BOOL) and not {*self.values} <= {"true", "false"}:
            raise ValueError(f"condition on {self.key}: {self.operator} takes 'true' or 'false'")

    @property
    def label(self) -> str:
        """The operator as a policy writes it, such as ``ForAnyValue:StringNotEquals``."""
        quantifier = f"{self.quantifier}:" if self.quantifier else ""
        return f"{quantifier}{self.operator}{'IfExists' if self.if_exists else ''}"

    @property
    def holds_when_absent(self) -> bool:
        """Whether a request without the key meets it."""
        if self.operator is Operator.NULL:
            return self.values == ("true",)
        if self.if_exists or self.quantifier is Quantifier.FOR_ALL_VALUES:
            return True
        return self.operator.negated and self.quantifier is None


def present(key: str, *, wanted: bool = True) -> Condition:
    """The request has the key, or (``wanted=False``) has it not."""
    return Condition(operator=Operator.NULL, key=key, values=("false" if wanted else "true",))


def one_of(operator: Operator, key: str, values: Iterable[str]) -> Condition:
    """An operator on a key of one value."""
    return Condition(operator=operator, key=key, values=tuple(values))


def other_than(operator: Operator, key: str, values: Iterable[str]) -> tuple[Condition, ...]:
    """The request has the key, and it holds none of the values; ``operator`` is a negated one."""
    listed = tuple(values)
    return (present(key), one_of(operator, key, listed)) if listed else (present(key),)


def any_value(operator: Operator, key: str, values: Iterable[str]) -> Condition:
    """``ForAnyValue``: some value of a key of many."""
    return Condition(operator=operator, key=key, values=tuple(values), quantifier=Quantifier.FOR_ANY_VALUE)


def all_values(operator: Operator, key: str, values: Iterable[str]) -> Condition:
    """``ForAllValues``: every value of a key of many, and so an absent key."""
    return Condition(operator=operator, key=key, values=tuple(values), quantifier=Quantifier.FOR_ALL_VALUES)


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Principal:
    """Whom a statement of a resource's policy, or of a trust policy, is about."""

    kind: PrincipalKind
    name: str


ANYONE = Principal(kind=PrincipalKind.AWS, name="*")
"""Everybody, signed in or not: for a Deny, or with a condition that says who."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One statement. Its lists are sets: each entry once, in order."""

    effect: Effect
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ()
    """Empty with ``not_resources``, and in a trust policy."""
    not_resources: tuple[str, ...] = ()
    """Every resource but these."""
    conditions: tuple[Condition, ...] = ()
    """All of them must hold."""
    principals: tuple[Principal, ...] = ()
    sid: str = ""

    def __post_init__(self) -> None:
        for name in ("actions", "resources", "not_resources"):
            object.__setattr__(self, name, _sorted(getattr(self, name)))
        object.__setattr__(self, "principals", tuple(sorted(set(self.principals))))
        ordered = sorted(set(self.conditions), key=lambda one: (one.label, one.key, one.values))
        object.__setattr__(self, "conditions", tuple(ordered))
        if not self.actions or not all(map(_ACTION.fullmatch, self.actions)):
            raise ValueError(f"statement: actions must be SERVICE:NAME, got {list(self.actions)}")
        if self.resources and self.not_resources:
            raise ValueError("statement: it has Resource or NotResource, not both")
        if not self.resources and not self.not_resources and not self.principals:
            raise ValueError(f"statement: no resource is named for {list(self.actions)}")
        if _SID.fullmatch(self.sid) is None:
            raise ValueError(f"statement: a Sid has letters and digits alone, got {self.sid!r}")
        named = [(one.label, one.key.lower()) for one in self.conditions]
        if len(set(named)) != len(named):
            raise ValueError(f"statement: a key stands twice under one operator: {sorted(named)}")

    def to_mapping(self) -> dict[str, object]:
        """The statement as IAM writes it."""
        written: dict[str, object] = {"Sid": self.sid} if self.sid else {}
        written["Effect"] = self.effect.value
        if self.principals:
            written["Principal"] = self._principals()
        written["Action"] = _one_or_many(self.actions)
        if self.resources:
            written["Resource"] = _one_or_many(self.resources)
        if self.not_resources:
            written["NotResource"] = _one_or_many(self.not_resources)
        if self.conditions:
            conditions: dict[str, dict[str, str | list[str]]] = {}
            for one in self.conditions:
                conditions.setdefault(one.label, {})[one.key] = _one_or_many(one.values)
            written["Condition"] = conditions
        return written

    def _principals(self) -> str | dict[str, str | list[str]]:
        if self.principals == (ANYONE,):
            return "*"
        kinds: dict[str, tuple[str, ...]] = {}
        for one in self.principals:
            kinds[one.kind.value] = (*kinds.get(one.kind.value, ()), one.name)
        return {kind: _one_or_many(names) for kind, names in kinds.items()}

    @property
    def characters(self) -> int:
        """What it takes of a policy's size."""
        return len(_minified(self.to_mapping()))


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyDocument:
    """A policy: its statements, in the order in which they are written."""

    statements: tuple[Statement, ...] = field(default=())

    def __post_init__(self) -> None:
        sids = [one.sid for one in self.statements if one.sid]
        if len(set(sids)) != len(sids):
            raise ValueError(f"policy: a Sid stands twice: {sorted(sids)}")

    def to_mapping(self) -> dict[str, object]:
        """The policy as IAM writes it."""
        return {"Version": VERSION, "Statement": [one.to_mapping() for one in self.statements]}

    def to_json(self) -> str:
        """The one text of it, without a space that IAM would count."""
        return _minified(self.to_mapping())

    @property
    def characters(self) -> int:
        """Its size as AWS counts it: STS every character of the text, IAM every one that is not white space."""
        return len(self.to_json())


def _minified(written: Mapping[str, object]) -> str:
    return json.dumps(written, separators=(",", ":"))


def statement_of(
    effect: Effect,
    actions: Iterable[str],
    resources: Iterable[str] = (),
    *conditions: Condition,
    principals: tuple[Principal, ...] = (),
    sid: str = "",
) -> Statement:
    """A statement, with its parts in the order in which a person says them."""
    return Statement(
        sid=sid,
        effect=effect,
        actions=tuple(actions),
        resources=tuple(resources),
        conditions=conditions,
        principals=principals,
    )
