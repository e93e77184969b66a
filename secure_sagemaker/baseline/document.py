"""The layers that were found, and the baseline that they resolve to.

In order: the organisation's, the project's, its section of the environment, its section of the
region, what a call adds. Whatever the order of joining, no layer loosens one before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Self

from pydantic import TypeAdapter, ValidationError

from secure_sagemaker.baseline.fields import SECTIONS, how_to_write, shown
from secure_sagemaker.baseline.layers import Layer, digest_of, join, moved
from secure_sagemaker.baseline.model import Provenance, SecurityBaseline
from secure_sagemaker.baseline.sections import Region, listed
from secure_sagemaker.baseline.tightening import WaiverGrant
from secure_sagemaker.exceptions import BaselineError

__all__ = ["BaselineDocument"]


@dataclass(frozen=True, kw_only=True)
class BaselineDocument:
    """The layers that were found, with the sections for environments and regions still apart."""

    common: tuple[Layer, ...]
    environments: Mapping[str, Layer] = field(default_factory=dict)
    regions: Mapping[str, Layer] = field(default_factory=dict)

    @classmethod
    def of(cls, *layers: Layer) -> Self:
        """A document of plain layers."""
        return cls(common=layers)

    @classmethod
    def from_mapping(
        cls, stated: Mapping[str, object], *, name: str, source: str, digest: str | None = None
    ) -> Self:
        """Read and validate the structure of a file, with its ``[env.NAME]`` and ``[region.NAME]`` sections.

        Raises:
            BaselineError: An unknown key, a value that is not valid, or a section that is none.
        """
        digest = digest or digest_of(stated)
        region = stated.get("region", {})
        home = {"region": region} if isinstance(region, str) else {}
        common = {key: value for key, value in stated.items() if key not in ("env", "region")} | home
        regions = {} if home else _sections(region, "region", source)
        for key, section in regions.items():
            _named_region(key, section, source)

        def layer(kind: str, key: str, fields: Mapping[str, object]) -> Layer:
            section = f"{kind}.{key}"
            return Layer.from_mapping(
                fields, name=f"{name}[{section}]", source=source, digest=digest, section=section
            )

        environments = _sections(stated.get("env", {}), "env", source)
        return cls(
            common=(Layer.from_mapping(common, name=name, source=source, digest=digest),),
            environments={key: layer("env", key, fields) for key, fields in environments.items()},
            regions={key: layer("region", key, {**fields, "region": key}) for key, fields in regions.items()},
        )

    def resolve(
        self,
        *,
        env: str | None = None,
        region: str | None = None,
        ambient_region: str | None = None,
        today: date | None = None,
        provenance: Provenance | None = None,
    ) -> SecurityBaseline:
        """Join the layers that apply into a baseline.

        Args:
            env: The environment's section to apply, which must exist.
            region: The region to resolve for; by default the one that is stated.
            ambient_region: The region to resolve for where none is asked for and none is stated.
            today: The day on which waivers must still hold; by default today, in UTC.
            provenance: What the baseline shall remember instead of these layers.

        Raises:
            LoosenedBaselineError: A later layer asks for less than an earlier one.
            BaselineError: A section is missing, a waiver has expired, or the result is incomplete or
                contradicts itself.
        """
        layers = list(self.common)
        if env is not None:
            layers.append(self._environment(env, layers))
        home = join(layers).get("region")
        region = region or (str(home) if home is not None else ambient_region)
        if region is not None and region in self.regions:
            section = self.regions[region]
            layers = [*(moved(layer, section) for layer in layers), section]
        elif region is None and self.regions:
            raise BaselineError(
                f"it is stated for {listed(self.regions)}, and nothing says which is meant",
                remedy="pass region=, or let the section of an environment state its region",
                source=_sources(layers),
                field="region",
            )
        elif region is not None and home != region and (self.regions or home is not None):
            raise BaselineError(
                f"it is stated for {home or listed(self.regions)}, and has no section for {region}",
                remedy=f"add [region.{region}] with its keys and subnets, or ask for a region that is stated",
                source=_sources(layers),
                field="region",
            )
        joined = join(layers) | ({"region": region} if region is not None else {})
        waiting = {} if env is not None else self.environments
        remembered = provenance or Provenance(
            document=self, environment=env, layers=tuple(layer.record() for layer in layers)
        )
        baseline = _assemble(joined, layers, waiting, remembered)
        _hold_waivers(baseline, layers, today or datetime.now(UTC).date())
        return baseline

    def _environment(self, name: str, layers: Sequence[Layer]) -> Layer:
        if name not in self.environments:
            raise BaselineError(
                f"there is no [env.{name}] section",
                remedy=f"add it, or choose among those stated: {listed(self.environments) or 'none'}",
                source=_sources(layers),
                field=f"env.{name}",
            )
        return self.environments[name]


def _sections(table: object, kind: str, source: str) -> dict[str, Mapping[str, object]]:
    example = {"env": "env.prod", "region": "region.eu-west-1"}[kind]
    if not isinstance(table, Mapping):
        raise BaselineError(
            f"{kind} holds sections, got {shown(table)}",
            remedy=f"write [{example}] and its fields below"
            + (', or region = "eu-west-1" for one region alone' if kind == "region" else ""),
            source=source,
            field=kind,
        )
    for key, stated in table.items():
        if not isinstance(stated, Mapping):
            raise BaselineError(
                f"{kind}.{key} is a section, got {shown(stated)}",
                remedy=f"write [{example}] and its fields below",
                source=source,
                field=f"{kind}.{key}",
            )
    return dict(table)


_REGION: TypeAdapter[str] = TypeAdapter(Region)


def _named_region(name: str, stated: Mapping[str, object], source: str) -> None:
    try:
        _REGION.validate_python(name)
    except ValidationError:
        raise BaselineError(
            f"{name!r} is no region",
            remedy="name the section after a region, such as [region.eu-west-1]",
            source=source,
            field=f"region.{name}",
        ) from None
    if stated.get("region", name) != name:
        raise BaselineError(
            f"the section of {name} states another region, {shown(stated['region'])}",
            remedy="leave it out: the section's name says it",
            source=source,
            field=f"region.{name}.region",
        )


def _sources(layers: Sequence[Layer]) -> str:
    return ", ".join(dict.fromkeys(layer.source for layer in layers)) or "the baseline"


def _assemble(
    joined: Mapping[str, object],
    layers: Sequence[Layer],
    environments: Mapping[str, Layer],
    provenance: Provenance,
) -> SecurityBaseline:
    if not joined.keys() - {"schema_version", "region"}:
        raise BaselineError(
            "it states nothing that a workload must have",
            remedy="run 'secure-sagemaker init' for a commented baseline, and fill it in",
            source=_sources(layers),
        )
    nested: dict[str, object] = {}
    sections: dict[str, dict[str, object]] = {section: {} for section in SECTIONS}
    for path, value in joined.items():
        section, _, name = path.rpartition(".")
        if isinstance(value, WaiverGrant):
            nested |= {"waivers": value.waivers, "waivable_controls": tuple(sorted(value.waivable))}
        elif section:
            sections[section][name] = value
        else:
            nested[name] = value
    try:
        return SecurityBaseline.model_validate({**nested, **sections}, context=provenance)
    except ValidationError as invalid:
        raise _unfit(invalid, layers, environments) from None


def _unfit(
    invalid: ValidationError, layers: Sequence[Layer], environments: Mapping[str, Layer]
) -> BaselineError:
    """Each field is valid, and yet: some are missing, or contradict each other, or add up to too much."""
    problems = {
        error["ctx"]["field"] if error["type"] == "contradiction" else ".".join(map(str, error["loc"])): error
        for error in invalid.errors()
    }
    if any(error["type"] == "missing" for error in problems.values()):
        missing = [path for path in problems if not _stating(path, layers)]
        return _incomplete(missing, layers, environments)
    path, error = next(iter(problems.items()))
    stating = _stating(path, layers)
    return BaselineError(
        error["ctx"]["problem"] if error["type"] == "contradiction" else error["msg"],
        remedy=error["ctx"]["remedy"]
        if error["type"] == "contradiction"
        else "state less: what several layers state adds up",
        source=stating[-1].place if stating else _sources(layers),
        field=stating[-1].at(path) if stating else path,
    )


def _stating(path: str, layers: Sequence[Layer]) -> list[Layer]:
    return [layer for layer in layers if path.partition("[")[0] in layer.stated]


def _incomplete(
    missing: Sequence[str], layers: Sequence[Layer], environments: Mapping[str, Layer]
) -> BaselineError:
    first, *others = missing
    further = f"; so are {', '.join(others)}" if others else ""
    stating = [name for name, layer in environments.items() if first in layer.stated]
    choose = f", or choose an environment that states it: {listed(stating)}" if stating else ""
    return BaselineError(
        f"required, and stated in no layer{further}",
        remedy=how_to_write(first) + choose,
        source=_sources(layers),
        field=first,
    )


def _hold_waivers(baseline: SecurityBaseline, layers: Sequence[Layer], today: date) -> None:
    for waiver in baseline.expired_waivers(today):
        for layer in reversed(layers):
            grant = layer.stated.get("waivers")
            if isinstance(grant, WaiverGrant) and waiver in grant.waivers:
                raise BaselineError(
                    f"the waiver of {waiver.control} ({waiver.ticket}) expired on {waiver.expires}; "
                    f"today is {today}",
                    remedy=f"delete it, or have {waiver.approver} approve a later day under a ticket",
                    source=layer.place,
                    field=layer.at(f"waivers[{grant.waivers.index(waiver)}].expires"),
                )
