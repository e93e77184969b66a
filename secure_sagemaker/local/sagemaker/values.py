"""JSON values as they came over the wire, read by path: what is not there, or is something else, is absent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

__all__ = ["at", "entries", "found", "mapping", "merged", "plain", "text", "texts"]


def mapping(value: object) -> Mapping[str, object]:
    """The value where it is an object, otherwise an empty one."""
    return value if isinstance(value, Mapping) else {}


def entries(value: object) -> tuple[Mapping[str, object], ...]:
    """The objects of a list."""
    return tuple(entry for entry in value if isinstance(entry, Mapping)) if isinstance(value, list) else ()


def text(value: object) -> str:
    """The value where it is a string, otherwise an empty one."""
    return value if isinstance(value, str) else ""


def texts(value: object) -> tuple[str, ...]:
    """The strings of a list."""
    return tuple(entry for entry in value if isinstance(entry, str)) if isinstance(value, list) else ()


def at(value: object, path: str) -> object:
    """What is under names joined by dots, or None; ``Names[]`` reads every entry of a list."""
    head, _, rest = path.partition(".")
    if head.endswith("[]"):
        listed = entries(mapping(value).get(head.removesuffix("[]")))
        return [under for entry in listed if (under := at(entry, rest)) is not None]
    inner = mapping(value).get(head)
    return at(inner, rest) if rest else inner


def found(value: object, name: str) -> object:
    """The member of that name that lies least deep, or None."""
    level: list[object] = [value]
    while level:
        for holder in level:
            if isinstance(holder, Mapping) and holder.get(name) is not None:
                return holder[name]
        level = [inner for holder in level for inner in _inside(holder)]
    return None


def _inside(value: object) -> Iterator[object]:
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def merged(old: object, new: object) -> object:
    """An object with another's members put over its own, at every depth; anything else is replaced."""
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return new
    return {**old, **{name: merged(old.get(name), value) for name, value in new.items()}}


def plain(value: object) -> object:
    """A copy that shares nothing with the value, and whose objects are dicts."""
    if isinstance(value, Mapping):
        return {name: plain(inner) for name, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value
