"""Values that nobody knows yet: they exist once a pipeline runs.

Such a value stands in a request as text between two characters that no name has. So a text may be known in
part, as a key below a bucket that is known, and what compares it with a list finds that it is on none.
"""

from __future__ import annotations

import re

__all__ = ["UNKNOWN", "holds_unknown", "told", "unknown", "unknown_parts"]

UNKNOWN = "\ue000"
"""What an unknown part begins with."""
_END = "\ue001"
_PART = re.compile(f"{UNKNOWN}([^{_END}]*){_END}")


def unknown(named: str) -> str:
    """The text that stands for a value, named as the pipeline's definition names it."""
    return f"{UNKNOWN}{named}{_END}"


def holds_unknown(value: object) -> bool:
    """Whether anything in a value is unknown."""
    if isinstance(value, str):
        return UNKNOWN in value
    if isinstance(value, dict):
        return any(holds_unknown(item) for item in value.values())
    return isinstance(value, list | tuple) and any(holds_unknown(item) for item in value)


def told(text: str) -> str:
    """The text as a person reads it."""
    return _PART.sub(r"{\1}", text) if UNKNOWN in text else text


def unknown_parts(text: str) -> tuple[str, ...]:
    """What is unknown in a text, each part as the definition names it."""
    return tuple(_PART.findall(text))
