"""Layers of a baseline, and how they become one.

A layer states some fields. Layers are joined field by field with the table in ``tightening``;
a later layer that asks for less is an error that names both places.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Self

from pydantic import TypeAdapter

from secure_sagemaker.baseline.fields import flattened, leaf_fields, shown, validated
from secure_sagemaker.baseline.model import SecurityBaseline
from secure_sagemaker.baseline.sections import LayerRecord, Waiver, listed
from secure_sagemaker.baseline.tightening import (
    CLOSED_BY_ORGANISATION,
    CLOSED_WITH,
    NAMES_WITHIN,
    TIGHTER,
    ConflictError,
    Rule,
    WaiverGrant,
)
from secure_sagemaker.baseline.vocabulary import DEFAULT_MODES, ControlId
from secure_sagemaker.exceptions import LoosenedBaselineError

__all__ = ["Layer", "digest_of", "join", "moved"]


@dataclass(frozen=True, kw_only=True)
class Layer:
    """What one place states, by dotted field path."""

    name: str
    source: str
    digest: str
    stated: Mapping[str, object] = field(repr=False)
    section: str = ""
    """The section of its file that it is, such as ``env.prod``; empty for what stands outside of any."""
    binding: bool = False
    """What it names is all that later layers may name: of keys and of roles."""

    @classmethod
    def from_mapping(
        cls,
        stated: Mapping[str, object],
        *,
        name: str,
        source: str,
        digest: str | None = None,
        section: str = "",
    ) -> Self:
        """Read and validate a layer from the structure that a file holds.

        Raises:
            BaselineError: An unknown key, or a value that is not valid.
        """
        values = {
            path: validated(path, value, source=source, within=section)
            for path, value in flattened(stated, source=source, within=section)
        }
        return cls(
            name=name,
            source=source,
            digest=digest or digest_of(stated),
            stated=MappingProxyType(_with_grant(values)),
            section=section,
        )

    @classmethod
    def from_baseline(cls, baseline: SecurityBaseline) -> Self:
        """The layer that states exactly what a finished baseline says, and binds like one."""
        dumped = baseline.model_dump(mode="json", exclude_none=True)
        dumped["modes"] = {control: baseline.mode(control) for control in DEFAULT_MODES}
        source = ", ".join(dict.fromkeys(layer.source for layer in baseline.layers)) or "the baseline"
        layer = cls.from_mapping(dumped, name="baseline", source=source, digest=baseline.digest)
        return replace(layer, binding=True)

    def closed(self) -> Self:
        """The layer as an organisation's: its silence is no permission, and what it names binds."""
        stated = {**CLOSED_BY_ORGANISATION, **self.stated}
        for path, also in CLOSED_WITH.items():
            if path in self.stated:
                stated = {**also, **stated}
        own = self.stated.get("modes", {})
        if isinstance(own, Mapping):
            stated["modes"] = MappingProxyType({**DEFAULT_MODES, **own})
        return replace(self, stated=MappingProxyType(stated), binding=True)

    @property
    def place(self) -> str:
        """The source and the layer's name, as errors show them."""
        return f"{self.source} ({self.name})"

    def at(self, path: str) -> str:
        """The path of a field within the source."""
        return f"{self.section}.{path}" if self.section else path

    def record(self) -> LayerRecord:
        """Where the layer came from."""
        return LayerRecord(name=self.name, source=self.source, digest=self.digest)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        # A read-only mapping cannot be pickled; what it states can.
        plain = {path: _GRANT if path == "waivers" else leaf_fields()[path] for path in self.stated}
        dumped = {
            path: adapter.dump_python(self.stated[path], mode="json") for path, adapter in plain.items()
        }
        return _restored, (self.name, self.source, self.digest, dumped, self.section, self.binding)


_GRANT: TypeAdapter[object] = TypeAdapter(WaiverGrant)


def _restored(
    name: str, source: str, digest: str, dumped: Mapping[str, object], section: str, binding: object
) -> Layer:
    adapters = {path: _GRANT if path == "waivers" else leaf_fields()[path] for path in dumped}
    stated = {path: adapter.validate_python(dumped[path]) for path, adapter in adapters.items()}
    return Layer(
        name=name,
        source=source,
        digest=digest,
        stated=MappingProxyType(stated),
        section=section,
        binding=binding is True,
    )


def digest_of(stated: Mapping[str, object]) -> str:
    """SHA-256 of a structure, in hexadecimal."""
    text = json.dumps(stated, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else str(value)


def _with_grant(values: Mapping[str, object]) -> dict[str, object]:
    # None is how Python says nothing, as a file does by leaving a field out.
    stated = {path: value for path, value in values.items() if value is not None}
    if "waivers" in stated or "waivable_controls" in stated:
        waivers, waivable = stated.get("waivers", ()), stated.pop("waivable_controls", ())
        stated["waivers"] = WaiverGrant(
            waivers=tuple(item for item in _items(waivers) if isinstance(item, Waiver)),
            waivable=frozenset(item for item in _items(waivable) if isinstance(item, ControlId)),
        )
    return stated


def _items(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else ()


def moved(layer: Layer, section: Layer) -> Layer:
    """The layer as it stands in the section's region: its own is where it is at home, unless it binds.

    Raises:
        LoosenedBaselineError: The layer holds for its own region only.
    """
    home, region = layer.stated.get("region", section.stated["region"]), section.stated["region"]
    if home == region:
        return layer
    if layer.binding:
        raise _loosened("region", layer, section)
    return replace(layer, stated={path: value for path, value in layer.stated.items() if path != "region"})


def join(layers: Sequence[Layer]) -> dict[str, object]:
    """What the layers state together, by field.

    Raises:
        LoosenedBaselineError: A later layer asks for less than an earlier one.
    """
    joined: dict[str, object] = {}
    for index, layer in enumerate(layers):
        for path, value in layer.stated.items():
            if path not in joined:
                joined[path] = value
                continue
            try:
                joined[path] = TIGHTER[path].tighten(joined[path], value)
            except ConflictError:
                stating = [earlier for earlier in layers[:index] if path in earlier.stated]
                alone = (
                    earlier for earlier in stating if not TIGHTER[path].allows(earlier.stated[path], value)
                )
                raise _loosened(path, next(alone, stating[-1]), layer) from None
        for earlier in layers[:index]:
            if earlier.binding:
                _named_within(earlier, layer)
    return joined


def _named_within(earlier: Layer, later: Layer) -> None:
    """Hold a later layer to the keys and roles that a binding one names, one by one or in its list."""
    for further, fields in NAMES_WITHIN.items():
        if not any(path in earlier.stated for path in (further, *fields)):
            continue
        named = {*_items(earlier.stated.get(further)), *(earlier.stated.get(path) for path in fields)}
        for path in fields:
            if path in later.stated and later.stated[path] not in named:
                raise LoosenedBaselineError(
                    f"{shown(later.stated[path])} is none of those that {earlier.place} names: "
                    f"{listed(str(name) for name in named if name is not None) or 'none'}",
                    remedy=f"name one of them as it is written there, or have it added to {further} there",
                    field=later.at(path),
                    earlier_source=earlier.place,
                    later_source=later.place,
                )


def _loosened(path: str, earlier: Layer, later: Layer) -> LoosenedBaselineError:
    before, after = earlier.stated[path], later.stated[path]
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        looser = _looser_entries(TIGHTER[path], before, after)
        before, after = _only(before, looser), _only(after, looser)
    return LoosenedBaselineError(
        f"{_stated(after)} does not stay within {_stated(before)}, "
        f"which {earlier.place} states: this field {TIGHTER[path].direction}",
        remedy="state the same or something stricter, or have the earlier layer changed by whoever owns it",
        field=later.at(path),
        earlier_source=earlier.place,
        later_source=later.place,
    )


def _looser_entries(rule: Rule, before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    return [key for key in after if not rule.allows(_only(before, [key]), _only(after, [key]))]


def _only(stated: Mapping[str, object], keys: Sequence[str]) -> Mapping[str, object]:
    return {key: value for key, value in stated.items() if key in keys}


def _stated(value: object) -> str:
    if isinstance(value, WaiverGrant):
        waivers = [f"{waiver.control} ({waiver.ticket})" for waiver in value.waivers]
        return f"waivers {shown(waivers)} with waivable_controls {shown(sorted(value.waivable))}"
    return shown(value)
