"""Whether a bucket's policy keeps what lies in a folder as it is. Pure, and conservative: what it is not sure of is no.

What is asked of it, for everybody: that nothing is deleted or replicated over, that nothing is written where something
stands, and that nobody writes there but whom it names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

__all__ = ["KEPT_FROM", "unprotected"]

KEPT_FROM = ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ReplicateDelete", "s3:ReplicateObject")
"""Actions by which what lies there would be lost or replaced."""
_PUT = "s3:PutObject"
_ONCE = frozenset({("Null", "s3:if-none-match", "true"), ("Bool", "s3:objectcreationoperation", "true")})
"""Under which a write is refused over something. Parts of an upload take no condition, and create nothing."""
_OTHERS = frozenset({"ArnNotEquals", "ArnNotLike", "StringNotEquals", "StringNotLike"})
_WHO = "aws:principalarn"

_Conditions = frozenset[tuple[str, str, str]]


def unprotected(policy: str, *, folder: str, partition: str) -> tuple[str, ...]:
    """What a bucket's policy does not refuse to everybody, each as half a sentence; of one that protects, nothing.

    Args:
        policy: The policy.
        folder: The S3 location of a folder, with a slash at its end.
        partition: The bucket's.
    """
    arn = f"arn:{partition}:s3:::{folder.removeprefix('s3://')}"
    denied = list(_denied(policy, arn))
    found = [
        f"{action} is not denied to everybody"
        for action in KEPT_FROM
        if not any(_names(actions, action) and not conditions for actions, conditions in denied)
    ]
    puts = [conditions for actions, conditions in denied if _names(actions, _PUT)]
    if not any(("Null", "s3:if-none-match", "true") in one and one <= _ONCE for one in puts):
        found.append(f"{_PUT} without If-None-Match is not denied to everybody")
    if not any(_spares_named_alone(one) for one in puts):
        found.append(f"{_PUT} is not denied to all but named roles")
    return tuple(found)


def _denied(policy: str, arn: str) -> Iterator[tuple[tuple[str, ...], _Conditions]]:
    """The actions that statements deny to everybody on all of a folder, with the conditions under which they do."""
    try:
        document = json.loads(policy)
    except ValueError:
        return
    stated = document.get("Statement") if isinstance(document, Mapping) else None
    for one in stated if isinstance(stated, list) else [stated]:
        if not isinstance(one, Mapping) or one.get("Effect") != "Deny":
            continue
        conditions = _conditions(one.get("Condition"))
        if conditions is None or not _is_everybody(one.get("Principal")):
            continue
        if any(_covers(pattern, arn) for pattern in _texts(one.get("Resource"))):
            yield _texts(one.get("Action")), conditions


def _conditions(stated: object) -> _Conditions | None:
    """Operator, key and value of each condition; None where that is not all there is to it."""
    found: list[tuple[str, str, str]] = []
    if stated is None:
        return frozenset()
    if not isinstance(stated, Mapping):
        return None
    for operator, keys in stated.items():
        if not isinstance(keys, Mapping):
            return None
        for key, values in keys.items():
            listed = values if isinstance(values, list) else [values]
            texts = [str(one).lower() if isinstance(one, bool) else one for one in listed]
            if not texts or not all(isinstance(one, str) for one in texts):
                return None
            found += [(str(operator), str(key).lower(), str(one)) for one in texts]
    return frozenset(found)


def _spares_named_alone(conditions: _Conditions) -> bool:
    return len({operator for operator, _, _ in conditions}) == 1 and all(
        operator in _OTHERS and key == _WHO and not {*value} & {*"*?$"} for operator, key, value in conditions
    )


def _is_everybody(principal: object) -> bool:
    named = principal.get("AWS") if isinstance(principal, Mapping) else principal
    return "*" in _texts(named)


def _covers(pattern: str, arn: str) -> bool:
    """Whether a pattern matches all that begins with an ARN."""
    beginning = pattern.removesuffix("*")
    return beginning != pattern and not {*beginning} & {*"*?$"} and arn.startswith(beginning)


def _names(patterns: Iterable[str], action: str) -> bool:
    return any(fnmatchcase(action.lower(), one.lower()) for one in patterns if "[" not in one)


def _texts(stated: object) -> tuple[str, ...]:
    listed = stated if isinstance(stated, list) else [stated]
    return tuple(one for one in listed if isinstance(one, str))
