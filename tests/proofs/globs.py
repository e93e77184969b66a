"""Texts told apart by patterns: for some patterns, one text for every set of them that a text can match together.

What a policy says of an action, a resource or a key's value depends only on which of its patterns the text matches, so
those texts stand for all texts. They are found by walking all patterns at once, letter by letter, as an automaton
does: every reachable set is found, and a text with it. A letter that no pattern names stands for all such letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import count

__all__ = ["Glob", "arn", "cells", "literal", "plain"]

_STAR, _ANY = "*", "?"


@dataclass(frozen=True, kw_only=True, slots=True)
class Glob:
    """A pattern, as letters and wildcards: a wildcard is a pair, itself and the letters that it does not reach over."""

    tokens: tuple[str | tuple[str, str], ...]

    def matches(self, text: str) -> bool:
        """Whether it matches the whole text."""
        return _expression(self).fullmatch(text) is not None


@cache
def _expression(glob: Glob) -> re.Pattern[str]:
    def written(token: str | tuple[str, str]) -> str:
        if isinstance(token, str):
            return re.escape(token)
        wildcard, without = token
        letters = f"[^{re.escape(without)}]" if without else "."
        return letters + ("*" if wildcard == _STAR else "")

    return re.compile("".join(map(written, glob.tokens)), re.DOTALL)


def literal(text: str) -> Glob:
    """The text itself, wildcards and all."""
    return Glob(tokens=tuple(text))


@cache
def plain(pattern: str, without: str = "") -> Glob:
    """A pattern whose wildcards stand for any letters but some."""
    return Glob(tokens=tuple((char, without) if char in "*?" else char for char in pattern))


@cache
def arn(pattern: str, without: str = "") -> Glob:
    """A pattern of ARNs: in its first five parts a wildcard ends at a colon. A lone ``*`` is everything.

    Raises:
        ValueError: It has fewer parts than an ARN; IAM's completion of those is not modelled.
    """
    if pattern == "*":
        return plain(pattern)
    if pattern.count(":") < 5:
        raise ValueError(f"no pattern of ARNs: {pattern!r}")
    parts = pattern.split(":", 5)
    tokens = [token for part in parts[:5] for token in (*plain(part, ":").tokens, ":")]
    return Glob(tokens=(*tokens, *plain(parts[5], without).tokens))


def cells(globs: Iterable[Glob], *, within: Glob) -> Mapping[frozenset[Glob], str]:
    """For every set of patterns that one text can match, others not matching: such a text, among those ``within``."""
    every = (within, *dict.fromkeys(globs))
    letters = {token for glob in every for token in glob.tokens if isinstance(token, str)}
    other = next(letter for number in count() if (letter := chr(ord("x") + number)) not in letters)
    # Of a pattern that cannot match any more nothing is kept; the first, that of all texts, must not be one.
    start = tuple((number, _closed(glob, 1)) for number, glob in enumerate(every))
    seen, ends = {start}, dict[frozenset[Glob], str]()
    reached = [(start, "")]
    for state, text in reached:
        matched = [number for number, places in state if _ended(every[number], places)]
        if matched[:1] == [0]:
            ends.setdefault(frozenset(every[number] for number in matched[1:]), text)
        # Any letter that none of the patterns asks for here does what the other one does.
        asked = {letter for number, places in state for letter in _asked(every[number], places)}
        for letter in (other, *sorted(asked)):
            after = tuple(
                (number, left) for number, places in state if (left := _after(every[number], places, letter))
            )
            if after and after[0][0] == 0 and after not in seen:
                seen.add(after)
                reached.append((after, text + letter))
    return ends


def _ended(glob: Glob, places: int) -> bool:
    return bool(places >> len(glob.tokens) & 1)


def _closed(glob: Glob, places: int) -> int:
    """Some places of a pattern, and those behind a ``*`` that stands for nothing."""
    for place, token in enumerate(glob.tokens):
        if places >> place & 1 and isinstance(token, tuple) and token[0] == _STAR:
            places |= 1 << place + 1
    return places


@cache
def _asked(glob: Glob, places: int) -> frozenset[str]:
    here = [token for place, token in enumerate(glob.tokens) if places >> place & 1]
    return frozenset(letter for token in here for letter in (token if isinstance(token, str) else token[1]))


@cache
def _after(glob: Glob, places: int, letter: str) -> int:
    reached = 0
    for place, token in enumerate(glob.tokens):
        if not places >> place & 1:
            continue
        if isinstance(token, str):
            reached |= (token == letter) << place + 1
        elif letter not in token[1]:
            reached |= 1 << (place if token[0] == _STAR else place + 1)
    return _closed(glob, reached)
