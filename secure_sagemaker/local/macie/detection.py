"""What is found in a text: by managed identifiers, by custom ones, less what allow lists allow. Pure.

A keyword is near the data where it stands in the name of its column or field, or in the same text within a distance:
30 characters on either side for managed identifiers; before the data, and as far as they say, for custom ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from secure_sagemaker.local.macie.identifiers import Category, ManagedIdentifier
from secure_sagemaker.local.macie.passages import Passage

__all__ = ["MAXIMUM_PLACES", "AllowList", "CustomIdentifier", "Detection", "Inspection", "count_matches"]

_NEAR = 30
"""Characters between a keyword and the data."""
MAXIMUM_PLACES = 1000
"""Places that a discovery result tells of one type."""


@dataclass(frozen=True, kw_only=True)
class CustomIdentifier:
    """A custom data identifier, as a job uses it."""

    id: str
    name: str
    pattern: re.Pattern[str]
    keywords: tuple[str, ...] = ()
    ignore_words: tuple[str, ...] = ()
    maximum_distance: int = 50
    severities: tuple[tuple[int, str], ...] = ()
    """From how many occurrences on which severity, ascending; Medium from the first where there is none."""


@dataclass(frozen=True, kw_only=True)
class AllowList:
    """Text that is never reported: a pattern, or words."""

    pattern: re.Pattern[str] | None = None
    words: frozenset[str] = frozenset()
    """In lower case."""

    def allows(self, text: str) -> bool:
        """Whether the text is allowed."""
        return text.strip().lower() in self.words or (
            self.pattern is not None and self.pattern.fullmatch(text) is not None
        )


@dataclass(kw_only=True)
class Detection:
    """The occurrences of one type in one object."""

    type: str
    category: Category
    custom: CustomIdentifier | None = None
    count: int = 0
    places: dict[str, list[Mapping[str, object]]] = field(default_factory=dict)
    """Where the first thousand stand, by Macie's name for the kind of place."""

    def add(self, kind: str, place: Mapping[str, object]) -> None:
        """Count one more."""
        self.count += 1
        if self.count <= MAXIMUM_PLACES:
            self.places.setdefault(kind, []).append(place)

    def join(self, other: Detection) -> None:
        """Count those of another file, without their places."""
        self.count += other.count


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What a job looks for."""

    managed: tuple[ManagedIdentifier, ...] = ()
    custom: tuple[CustomIdentifier, ...] = ()
    allowed: tuple[AllowList, ...] = ()

    @cached_property
    def _keywords(self) -> tuple[str, ...]:
        """Those of every row: a text with none of them is looked through for few rows."""
        return tuple(sorted({word for row in self.managed for word in row.keywords}))

    def inspect(self, passages: Iterable[Passage]) -> tuple[Detection, ...]:
        """Everything that is found in the passages of one file."""
        found: dict[str, Detection] = {}
        seen: dict[tuple[str, str], tuple[_Match, ...]] = {}  # the cells of a table repeat
        for passage in passages:
            told = (passage.names, passage.text)
            matches = seen.get(told)
            if matches is None:
                matches = tuple(self._matches(passage.text, passage.names))
                if len(passage.text) <= _SHORT and len(seen) < _REMEMBERED:
                    seen[told] = matches
            for identifier, start, end in matches:
                name = identifier.id
                if name not in found:
                    found[name] = _detection(identifier)
                found[name].add(passage.place.kind, passage.place.told(start, end))
        return tuple(found[name] for name in sorted(found))

    def _matches(self, text: str, names: str) -> Iterator[_Match]:
        taken: dict[str, set[tuple[int, int]]] = {}
        spoken, lettered = _words(text, self._keywords), any(map(str.isalpha, text))
        for row in self.managed:
            if len(text) < row.shortest or (row.letters and not lettered):
                continue
            named = not row.keywords or _has_keyword(names, row.keywords)
            if not named and not (spoken and _words(text, row.keywords)):
                continue
            for start, end in row.find(text):
                near = named or _is_near(text, start, end, row.keywords)
                if (
                    near
                    and (start, end) not in taken.get(row.yields_to, ())
                    and not self._allows(text[start:end])
                ):
                    taken.setdefault(row.id, set()).add((start, end))
                    yield row, start, end
        for custom in self.custom:
            for start, end in custom_matches(custom, text, names):
                if not self._allows(text[start:end]):
                    yield custom, start, end

    def _allows(self, text: str) -> bool:
        return any(one.allows(text) for one in self.allowed)


_Match = tuple[ManagedIdentifier | CustomIdentifier, int, int]
_SHORT, _REMEMBERED = 64, 100_000


def _detection(identifier: ManagedIdentifier | CustomIdentifier) -> Detection:
    match identifier:
        case ManagedIdentifier():
            return Detection(type=identifier.id, category=identifier.category)
        case CustomIdentifier():
            return Detection(type=identifier.id, category="CUSTOM_IDENTIFIER", custom=identifier)


def count_matches(identifier: CustomIdentifier, text: str) -> int:
    """How often a custom identifier matches a text."""
    return sum(1 for _ in custom_matches(identifier, text, ""))


def custom_matches(identifier: CustomIdentifier, text: str, names: str) -> Iterator[tuple[int, int]]:
    """Where a custom identifier matches."""
    named = _has_keyword(names, identifier.keywords)
    words = None if named or not identifier.keywords else _alternatives(identifier.keywords)
    for match in identifier.pattern.finditer(text):
        if match.end() == match.start() or any(word in match.group() for word in identifier.ignore_words):
            continue
        if words is None or any(
            word.end() <= match.start() and match.end() - word.end() <= identifier.maximum_distance
            for word in words.finditer(text, 0, match.start())
        ):
            yield match.span()


# --- keywords


@lru_cache(maxsize=256)
def _alternatives(keywords: Sequence[str]) -> re.Pattern[str]:
    longest_first = sorted((re.escape(word) for word in keywords), key=len, reverse=True)
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(longest_first)})(?![^\W_])", re.IGNORECASE)


def _words(text: str, keywords: tuple[str, ...]) -> bool:
    return _alternatives(keywords).search(text) is not None


@lru_cache(maxsize=4096)
def _spoken(names: str) -> str:
    """A column's name as words: ``customerSSN`` and ``customer_ssn`` are ``customer ssn``."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", names)
    return re.sub(r"[\W_]+", " ", parted).strip().lower()


@lru_cache(maxsize=65_536)
def _has_keyword(names: str, keywords: tuple[str, ...]) -> bool:
    if not names or not keywords:
        return False
    return _words(_spoken(names), tuple(map(_spoken, keywords))) or _words(names, keywords)


def _is_near(text: str, start: int, end: int, keywords: tuple[str, ...]) -> bool:
    pattern = _alternatives(keywords)
    return any(
        match.end() > start - _NEAR and match.start() < end + _NEAR for match in pattern.finditer(text)
    )
