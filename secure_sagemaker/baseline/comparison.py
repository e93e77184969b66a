"""Two baselines, field by field: what became tighter, what looser, what is merely another."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from secure_sagemaker.baseline.fields import leaf_fields
from secure_sagemaker.baseline.model import SecurityBaseline
from secure_sagemaker.baseline.tightening import TIGHTER, ConflictError, WaiverGrant, same
from secure_sagemaker.baseline.vocabulary import ControlId

__all__ = ["Change", "FieldChange", "change_of", "changes", "stated_by"]


class Change(StrEnum):
    """What became of a field."""

    TIGHTER = "tighter"
    LOOSER = "looser"
    CHANGED = "changed"


@dataclass(frozen=True, kw_only=True)
class FieldChange:
    """A field that two baselines state differently; None where one of them does not state it."""

    field: str
    before: object
    after: object
    change: Change


def stated_by(baseline: SecurityBaseline) -> Mapping[str, object]:
    """Every field by its dotted path, as the table of what "tighter" means takes it: modes are complete."""
    stated: dict[str, object] = {}
    for path in leaf_fields():
        value: object = baseline
        for name in path.split("."):
            value = getattr(value, name)
        stated[path] = value
    stated["modes"] = {control: baseline.mode(control) for control in ControlId}
    del stated["waivable_controls"]
    stated["waivers"] = WaiverGrant(waivers=baseline.waivers, waivable=frozenset(baseline.waivable_controls))
    return stated


def changes(before: SecurityBaseline, after: SecurityBaseline) -> Iterator[FieldChange]:
    """The fields that differ; of tables, the keys."""
    earlier, later = stated_by(before), stated_by(after)
    for path in earlier:
        one, other = earlier[path], later[path]
        if not isinstance(one, Mapping) or not isinstance(other, Mapping):
            if (change := change_of(path, one, other)) is not None:
                yield FieldChange(field=path, before=one, after=other, change=change)
            continue
        for key in sorted({*one, *other}):
            kept, now = ({key: table[key]} if key in table else {} for table in (one, other))
            if (change := change_of(path, kept, now)) is not None:
                yield FieldChange(
                    field=f"{path}.{key}", before=kept.get(key), after=now.get(key), change=change
                )


def change_of(path: str, before: object, after: object) -> Change | None:
    """What became of a field, or None when it says the same."""
    if same(before, after):
        return None
    if before is None or after is None:
        # Of what may be absent, only a bound has a direction: having one is tighter than having none.
        if isinstance(after if before is None else before, int | float):
            return Change.TIGHTER if before is None else Change.LOOSER
        return Change.CHANGED
    try:
        joined = TIGHTER[path].join(before, after)
    except ConflictError:
        return Change.CHANGED
    if same(joined, after):
        return Change.TIGHTER
    return Change.LOOSER if same(joined, before) else Change.CHANGED
