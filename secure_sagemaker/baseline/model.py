"""SecurityBaseline: what every workload must have, stated once.

A frozen value object, validated when it is made. Its parts are in ``sections``; how several layers
become one baseline is told in ``tightening`` and ``layers``; where files are found, in ``discovery``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, PrivateAttr, model_validator

from secure_sagemaker.baseline.arns import Arn, parse_arn, partition_of
from secure_sagemaker.baseline.sections import (
    DataPerimeter,
    ExecutionRoles,
    Hardening,
    Images,
    InstanceFamily,
    KmsKeys,
    LayerRecord,
    Macie,
    NetworkIsolation,
    Pipelines,
    PrivateLink,
    ReadOnly,
    References,
    Region,
    Role,
    Secrets,
    Section,
    SessionPolicy,
    TagKey,
    TagValue,
    Vpc,
    Waiver,
    contradiction,
    in_one_order,
)
from secure_sagemaker.baseline.vocabulary import DEFAULT_MODES, ControlId, Mode
from secure_sagemaker.baseline.within import location_lies_within

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

    from secure_sagemaker.baseline.document import BaselineDocument
    from secure_sagemaker.baseline.layers import Layer

__all__ = ["Provenance", "SecurityBaseline"]


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """What a resolved baseline remembers of its making, so that it can be resolved for another region."""

    document: BaselineDocument
    environment: str | None
    layers: tuple[LayerRecord, ...]
    calls: tuple[Layer, ...] = ()
    """The layers that ``SecurityBaseline.tightened`` has added since."""
    stated: str = ""
    """The digest that it had before them."""


class SecurityBaseline(Section):
    """What every workload must have. The one place that names a key, a subnet or a rule.

    Make one from a file with ``SecurityBaseline.from_file``, or by keyword. It never changes;
    ``tightened`` gives a stricter copy.

    Raises:
        pydantic.ValidationError: When made by keyword from values that are not valid. ``from_file``
            and ``from_mapping`` raise ``BaselineError`` instead, with the source and the field.
    """

    schema_version: Literal[1] = 1
    """The version of this format."""
    region: Region
    """The AWS region that keys, subnets and buckets belong to."""
    role: Role
    """The role every call is signed with."""
    execution_roles: ExecutionRoles
    """The roles SageMaker may be given."""
    kms: KmsKeys
    """The keys."""
    vpc: Vpc
    """The network."""
    network_isolation: NetworkIsolation
    """Isolation per kind of work."""
    data_perimeter: DataPerimeter
    """The buckets."""
    hardening: Hardening = Hardening()
    """Settings that are on or off."""
    images: Images = Images()
    """Where images may come from."""
    secrets: Secrets = Secrets()
    """What is no secret."""
    pipelines: Pipelines = Pipelines()
    """What pipelines may call outside of SageMaker."""
    references: References = References()
    """What is looked at that calls name."""
    required_tags: Annotated[Mapping[TagKey, tuple[TagValue, ...]], *ReadOnly] = Field(
        default_factory=dict, validate_default=True
    )
    """Tags every taggable resource carries: key to allowed values. One value is injected where it is
    missing; with several the caller chooses; an empty list means any value, stated by the caller."""
    modes: Annotated[Mapping[ControlId, Mode], *ReadOnly] = Field(default_factory=dict, validate_default=True)
    """What happens to a request that is weaker than a control asks, where it is not the control's default."""
    waivers: tuple[Waiver, ...] = ()
    """The cases that are excused."""
    waivable_controls: tuple[ControlId, ...] = ()
    """Controls for which later layers may add waivers of their own."""
    unknown_members: Literal["record", "refuse"] = "record"
    """What to do with members that a newer botocore knows and this library has not reviewed."""
    instance_families: Annotated[
        Mapping[InstanceFamily, Literal["local-storage", "no-local-storage"]], *ReadOnly
    ] = Field(default_factory=dict, validate_default=True)
    """Instance families newer than the library's table."""
    privatelink: PrivateLink = PrivateLink()
    """How AWS is reached."""
    session_policy: SessionPolicy = SessionPolicy()
    """What narrows the role's session."""
    macie: Macie = Macie()
    """What Macie must have said."""

    _provenance: Provenance | None = PrivateAttr(default=None)

    def model_post_init(self, context: object) -> None:
        """Keep the provenance that the layers hand over as validation context."""
        if isinstance(context, Provenance):
            self._provenance = context

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        role = self.role_arn
        if partition_of(self.region) != role.partition:
            raise contradiction(
                "region",
                f"{self.region} is in partition {partition_of(self.region)}, the role in {role.partition}",
                "state a region and a role of one partition",
            )
        for field, text in self._references():
            arn = parse_arn(text)
            if arn is not None and arn.partition != role.partition:
                raise contradiction(
                    field,
                    f"{text} is in partition {arn.partition}, the role in {role.partition}",
                    f"name one of partition {role.partition}",
                )
            if arn is not None and arn.service == "kms" and arn.region != self.region:
                raise contradiction(
                    field,
                    f"{text} is in region {arn.region}, the baseline in {self.region}",
                    f"name a key of {self.region}, as SageMaker takes no other; "
                    f"keys of {arn.region} belong in [region.{arn.region}]",
                )
            if field.startswith("execution_roles") and arn is not None and arn.account != role.account:
                raise contradiction(
                    field,
                    f"{text} is in account {arn.account}, the role in {role.account}",
                    f"name a role of {role.account}: IAM passes no role from one account to another",
                )
        return self

    @model_validator(mode="after")
    def _scans_write_within(self) -> Self:
        buckets = tuple(f"s3://{name}" for name in self.data_perimeter.write)
        for field, location in (("macie.memory", self.macie.memory), ("macie.snapshot", self.macie.snapshot)):
            if location is None or not location.startswith("s3://"):
                continue
            if not any(location_lies_within(location, bucket) for bucket in buckets):
                raise contradiction(
                    field,
                    f"{location} is in no bucket of data_perimeter.write",
                    "add its bucket there with its owner, or name a place in one of those",
                )
        return self

    def _references(self) -> Iterator[tuple[str, str]]:
        yield "execution_roles.default", self.execution_roles.default
        for index, arn in enumerate(self.execution_roles.allowed):
            yield f"execution_roles.allowed[{index}]", arn
        kms = self.kms
        for name, key in (
            ("default", kms.default),
            ("volume", kms.volume),
            ("output", kms.output),
            ("s3", kms.s3),
        ):
            if key is not None:
                yield f"kms.{name}", key
        for index, key in enumerate(kms.allowed):
            yield f"kms.allowed[{index}]", key
        for index, arn in enumerate(self.session_policy.policy_arns):
            yield f"session_policy.policy_arns[{index}]", arn
        for index, arn in enumerate(self.session_policy.guardrail_arns):
            yield f"session_policy.guardrail_arns[{index}]", arn
        for name in self.data_perimeter.write:
            yield "data_perimeter.write", name  # an access point is named by its ARN
        for name in self.data_perimeter.read:
            yield "data_perimeter.read", name

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        env: str | None = None,
        *,
        region: str | None = None,
        today: date | None = None,
    ) -> SecurityBaseline:
        """Read a baseline file, with the organisation's layer where one is anchored.

        Args:
            path: A ``secure-sagemaker.toml`` or a ``pyproject.toml``.
            env: The ``[env.NAME]`` section to apply.
            region: The ``[region.NAME]`` section to apply; by default the region that is stated.
            today: The day on which waivers must still hold; by default today, in UTC.

        Raises:
            BaselineError: The file is malformed, incomplete, holds an expired waiver, or loosens an
                earlier layer.
        """
        from secure_sagemaker.baseline.discovery import read_document

        return read_document(path).resolve(env=env, region=region, today=today)

    @classmethod
    def from_mapping(
        cls,
        stated: Mapping[str, object],
        env: str | None = None,
        *,
        region: str | None = None,
        source: str = "mapping",
        today: date | None = None,
    ) -> SecurityBaseline:
        """Make a baseline from the structure that a file would hold. No organisation's layer applies.

        Raises:
            BaselineError: It is malformed or incomplete, or holds an expired waiver.
        """
        from secure_sagemaker.baseline.document import BaselineDocument

        document = BaselineDocument.from_mapping(stated, name="project", source=source)
        return document.resolve(env=env, region=region, today=today)

    def tightened(
        self, stated: Mapping[str, object], *, source: str = "call", today: date | None = None
    ) -> SecurityBaseline:
        """A copy with one more layer, which may only tighten.

        Raises:
            LoosenedBaselineError: The layer asks for less than this baseline does.
            BaselineError: The layer is malformed, or a waiver has expired.
        """
        from secure_sagemaker.baseline.layers import Layer

        extra = Layer.from_mapping(stated, name="call", source=source)
        return self._with(extra, today=today)

    def _with(self, extra: Layer, *, today: date | None) -> SecurityBaseline:
        from secure_sagemaker.baseline.document import BaselineDocument
        from secure_sagemaker.baseline.layers import Layer

        before = self._provenance
        return BaselineDocument.of(Layer.from_baseline(self), extra).resolve(
            today=today,
            provenance=Provenance(
                document=before.document if before else BaselineDocument.of(),
                environment=before.environment if before else None,
                layers=(*self.layers, extra.record()),
                calls=(*(before.calls if before else ()), extra),
                stated=self.stated_digest,
            ),
        )

    def for_region(self, region: str, *, today: date | None = None) -> SecurityBaseline:
        """The baseline as it stands in another region, with every layer that tightened this one.

        Raises:
            BaselineError: Nothing is stated for that region.
        """
        if region == self.region:
            return self
        from secure_sagemaker.exceptions import BaselineError

        before = self._provenance
        if before is None or region not in before.document.regions:
            raise BaselineError(
                f"the baseline is for {self.region} and states nothing for {region}",
                remedy=f"add a [region.{region}] section with that region's keys and subnets, "
                f"or work in {self.region}",
                source=", ".join(dict.fromkeys(layer.source for layer in self.layers)),
                field="region",
            )
        moved = before.document.resolve(env=before.environment, region=region, today=today)
        for extra in before.calls:
            moved = moved._with(extra, today=today)  # noqa: SLF001  # another object of this very class
        return moved

    def mode(self, control: ControlId) -> Mode:
        """The mode of a control."""
        return self.modes.get(control, DEFAULT_MODES[control])

    def expired_waivers(self, today: date) -> tuple[Waiver, ...]:
        """The waivers that no longer hold on a day."""
        return tuple(waiver for waiver in self.waivers if waiver.expires < today)

    @property
    def role_arn(self) -> Arn:
        """The role's ARN, parsed."""
        arn = parse_arn(self.role.arn)
        if arn is None:
            raise ValueError(self.role.arn)
        return arn

    @property
    def account(self) -> str:
        """The account of the role."""
        return self.role_arn.account

    @property
    def layers(self) -> tuple[LayerRecord, ...]:
        """Where the baseline came from, earliest layer first; empty when it was made by keyword."""
        return self._provenance.layers if self._provenance else ()

    @property
    def digest(self) -> str:
        """SHA-256 of everything the baseline states, in hexadecimal: equal baselines, equal digests."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    @property
    def stated_digest(self) -> str:
        """The digest of the baseline as it was stated, which programs may have tightened since and not loosened."""
        return (self._provenance.stated if self._provenance else "") or self.digest

    def canonical(self) -> str:
        """All that it states, as JSON in one order; a mode that says what the default says is left out."""
        stated = self.model_dump(mode="json")
        stated["modes"] = {key: mode for key, mode in self.modes.items() if mode != DEFAULT_MODES[key]}
        return in_one_order(stated)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SecurityBaseline):
            return NotImplemented
        return self.canonical() == other.canonical()

    def __hash__(self) -> int:
        return hash(self.canonical())

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return _restored, (self.model_dump(mode="json"), self._provenance)


def _restored(stated: dict[str, object], provenance: Provenance | None) -> SecurityBaseline:
    return SecurityBaseline.model_validate(stated, context=provenance)
