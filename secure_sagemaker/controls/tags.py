"""Required tags, in requests that set, add or remove tags."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from secure_sagemaker.controls.verdicts import Kept, Site, Supplied, Unfit, Verdict

__all__ = ["AddedTags", "RemovedTags", "Tags"]


def _given(value: object) -> dict[str, str]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return {}
    return {str(tag.get("Key")): str(tag.get("Value", "")) for tag in value if isinstance(tag, Mapping)}


def _replaced(value: object, values: Mapping[str, str]) -> list[object]:
    """The caller's own entries, in their order, with other values for some keys."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    return [
        {**tag, "Value": values[tag["Key"]]} if isinstance(tag, Mapping) and tag.get("Key") in values else tag
        for tag in value
    ]


def _listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tags:
    """The tags of something new: every required one, with an allowed value."""

    unless: tuple[Callable[[Site], Verdict], ...] = ()

    def judge(self, site: Site) -> Verdict:
        """A required tag with one value is supplied; with several, the caller must choose."""
        required = site.baseline.required_tags
        if not required:
            return None
        for case in self.unless:
            if (verdict := case(site)) is not None:
                return verdict
        if site.present and not isinstance(site.value, list | tuple):
            return None  # no tags to add to; botocore's own validation says so
        given = _given(site.value)
        wrong = {
            key: given[key]
            for key, allowed in required.items()
            if key in given and allowed and given[key] not in allowed
        }
        supplied = {
            key: allowed[0] for key, allowed in required.items() if key not in given and len(allowed) == 1
        }
        open_choice = [key for key, allowed in required.items() if key not in given and len(allowed) != 1]
        if wrong or open_choice:
            wanted = {key: list(required[key]) or "any value" for key in (*wrong, *open_choice)}
            fixed = [*_replaced(site.value, {key: required[key][0] for key in wrong}), *_listed(supplied)]
            return Unfit(
                wanted=str(wanted),
                correction=None if open_choice else fixed,
                why=f"tags {sorted(wanted)} are missing or hold a value that is not allowed",
            )
        if not supplied:
            return Kept()
        return Supplied(value=[*_replaced(site.value, {}), *_listed(supplied)])


@dataclass(frozen=True, kw_only=True, slots=True)
class AddedTags:
    """Tags added to something: a required one keeps an allowed value."""

    def judge(self, site: Site) -> Verdict:
        """Only the tags that are named are looked at."""
        required = site.baseline.required_tags
        given = _given(site.value)
        wrong = [key for key in given if required.get(key) and given[key] not in required[key]]
        if not wrong:
            return None
        return Unfit(wanted=str({key: list(required[key]) for key in wrong}))


@dataclass(frozen=True, kw_only=True, slots=True)
class RemovedTags:
    """Tags removed from something: never a required one."""

    def judge(self, site: Site) -> Verdict:
        """Only the keys that are named are looked at."""
        keys = site.value if isinstance(site.value, Sequence) and not isinstance(site.value, str) else ()
        wrong = sorted(str(key) for key in keys if key in site.baseline.required_tags)
        return Unfit(wanted=f"tags other than {wrong}") if wrong else None
