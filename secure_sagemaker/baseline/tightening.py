"""What "tighter" means, per field of the baseline, in one table.

Each rule joins two statements into the loosest one that is at least as tight as both. Joining is
idempotent, commutative and associative; two statements that nothing satisfies are a ConflictError; a
field that a layer leaves out is the bottom and never loosens. ``Rule.allows(earlier, later)`` tells
whether a later layer stays within an earlier one: joining adds nothing to what the later layer said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from secure_sagemaker.baseline.images import source_lies_within
from secure_sagemaker.baseline.macie_section import CODE_CHANNELS, EXPANSION, USD_PER_GB
from secure_sagemaker.baseline.sections import Section, Waiver
from secure_sagemaker.baseline.vocabulary import ControlId, IsolationMode, Mode
from secure_sagemaker.baseline.within import (
    LiesWithin,
    common,
    location_lies_within,
    name_lies_within,
)

__all__ = [
    "CLOSED_BY_ORGANISATION",
    "CLOSED_WITH",
    "NAMES_WITHIN",
    "TIGHTER",
    "ConflictError",
    "Rule",
    "WaiverGrant",
    "same",
]


class ConflictError(ValueError):
    """Two statements that no single value satisfies."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How one field is joined, and how its direction is told to a person."""

    join: Callable[[object, object], object]
    direction: str
    partial: bool = False
    """A later layer may state only some keys of a mapping; the others stay as they were."""

    def tighten(self, earlier: object, later: object) -> object:
        """The joined value.

        Raises:
            ConflictError: The later statement is looser, or nothing satisfies both.
        """
        joined = self.join(earlier, later)
        if not self._says(joined, later):
            raise ConflictError(self.direction)
        return joined

    def allows(self, earlier: object, later: object) -> bool:
        """Whether the later statement stays within the earlier one."""
        try:
            self.tighten(earlier, later)
        except ConflictError:
            return False
        return True

    def _says(self, joined: object, later: object) -> bool:
        if self.partial and isinstance(joined, Mapping) and isinstance(later, Mapping):
            return all(key in joined and same(joined[key], value) for key, value in later.items())
        return same(joined, later)


def same(left: object, right: object) -> bool:
    """Whether two statements say the same: lists are sets, whatever their order."""
    if isinstance(left, tuple) and isinstance(right, tuple):
        return set(left) == set(right)
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, Section) and isinstance(right, Section):
        return left.canonical() == right.canonical()
    return left == right


def _equal(left: object, right: object) -> object:
    if not same(left, right):
        raise ConflictError("must be the same in every layer that states it")
    return left


def _by_rank(order: Sequence[object]) -> Callable[[object, object], object]:
    def join(left: object, right: object) -> object:
        return max(left, right, key=order.index)

    return join


def _minimum(left: object, right: object) -> object:
    return min(left, right, key=_number)


def _maximum(left: object, right: object) -> object:
    return max(left, right, key=_number)


def _number(value: object) -> float:
    if not isinstance(value, int | float):
        raise TypeError(value)
    return value


def _ordered(items: set[object]) -> tuple[object, ...]:
    return tuple(sorted(items, key=repr))


def _common(left: object, right: object) -> object:
    common = set(_sequence(left)) & set(_sequence(right))
    return _ordered(common)


def _common_not_empty(left: object, right: object) -> object:
    common = _common(left, right)
    if not common:
        raise ConflictError("must share at least one member with the earlier layer")
    return common


def _all_of(left: object, right: object) -> object:
    return _ordered(set(_sequence(left)) | set(_sequence(right)))


def _common_entries(left: object, right: object) -> object:
    one, other = _mapping(left), _mapping(right)
    return {key: one[key] for key in sorted(one.keys() & other.keys()) if same(one[key], other[key])}


def _all_entries(join: Callable[[object, object], object]) -> Callable[[object, object], object]:
    def merged(left: object, right: object) -> object:
        one, other = _mapping(left), _mapping(right)
        return {
            key: join(one[key], other[key]) if key in one and key in other else one.get(key, other.get(key))
            for key in sorted(one.keys() | other.keys())
        }

    return merged


def _common_of_any(left: object, right: object) -> object:
    one, other = _sequence(left), _sequence(right)
    if not one or not other:
        return _ordered(set(one or other))  # an empty list allows any
    return _common_not_empty(left, right)


def _common_within(lies_within: LiesWithin) -> Callable[[object, object], object]:
    def join(left: object, right: object) -> object:
        one, other = _sequence(left), _sequence(right)
        if not one or not other:
            return _ordered(set(one or other))  # an empty list allows any
        found = common([str(entry) for entry in one], [str(entry) for entry in other], lies_within)
        if not found:
            raise ConflictError("must name at least one member within those of the earlier layer")
        return found

    return join


def _equal_or_any(left: object, right: object) -> object:
    one, other = _sequence(left), _sequence(right)
    return _equal(left, right) if one and other else _ordered(set(one or other))


def _sequence(value: object) -> Sequence[object]:
    if not isinstance(value, tuple):
        raise TypeError(value)
    return value


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError(value)
    return value


@dataclass(frozen=True, kw_only=True)
class WaiverGrant:
    """The waivers a layer permits: those it lists, and any on a control it calls waivable."""

    waivers: tuple[Waiver, ...] = ()
    waivable: frozenset[ControlId] = frozenset()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, WaiverGrant):
            return NotImplemented
        return self._listed() == other._listed() and self.waivable == other.waivable

    def __hash__(self) -> int:
        return hash((self._listed(), self.waivable))

    def _listed(self) -> frozenset[Waiver]:
        return frozenset(waiver for waiver in self.waivers if waiver.control not in self.waivable)

    def permits(self, waiver: Waiver) -> bool:
        """Whether the waiver is within the grant."""
        return waiver in self.waivers or waiver.control in self.waivable

    def both(self, other: WaiverGrant) -> WaiverGrant:
        """What both grants permit."""
        listed = dict.fromkeys(
            [waiver for waiver in self.waivers if other.permits(waiver)]
            + [waiver for waiver in other.waivers if self.permits(waiver)]
        )
        return WaiverGrant(
            waivers=tuple(sorted(listed, key=lambda waiver: waiver.model_dump_json())),
            waivable=self.waivable & other.waivable,
        )


def _grants(left: object, right: object) -> object:
    if not isinstance(left, WaiverGrant) or not isinstance(right, WaiverGrant):
        raise TypeError(left)
    return left.both(right)


def _within(lies_within: LiesWithin) -> Rule:
    return Rule(
        join=_common_within(lies_within),
        direction="may only name members within those that the earlier layer names; an empty list names all",
    )


_SAME = Rule(join=_equal, direction="must be the same in every layer that states it")
_SUBSET = Rule(join=_common, direction="may only name members that the earlier layer names")
_SUBSET_NOT_EMPTY = Rule(
    join=_common_not_empty, direction="may only name members that the earlier layer names, and at least one"
)
_SUPERSET = Rule(join=_all_of, direction="must name every member that the earlier layer names")
_SUBSET_OF_ANY = Rule(
    join=_common_of_any,
    direction="may only name members that the earlier layer names; an empty list names all",
)
_FEWER_ENTRIES = Rule(
    join=_common_entries, direction="may only hold entries that the earlier layer holds, unchanged"
)
_MORE_ENTRIES = Rule(
    join=_all_entries(_equal),
    direction="may add entries but not change those of the earlier layer",
    partial=True,
)
_ON_WINS = Rule(join=_by_rank((False, True)), direction="once true, stays true")
_OFF_WINS = Rule(join=_by_rank((True, False)), direction="once false, stays false")
_LOWER = Rule(join=_minimum, direction="may only become lower")
_HIGHER = Rule(join=_maximum, direction="may only become higher")
_MODES = _by_rank(tuple(Mode))
_ISOLATION = Rule(join=_by_rank(tuple(IsolationMode)), direction="may only rise: off < default < require")

TIGHTER: Mapping[str, Rule] = MappingProxyType(
    {
        "schema_version": _SAME,
        "region": _SAME,
        "role.arn": _SAME,
        "role.session_name": _SAME,
        "role.source_identity": _SAME,
        "role.external_id": _SAME,
        "role.tags": _MORE_ENTRIES,
        "role.digest_tag": _SAME,
        "role.transitive_tags": _SUPERSET,
        "role.duration_seconds": _LOWER,
        "role.mfa_serial": _SAME,
        "role.mfa_max_age_seconds": _LOWER,
        "execution_roles.default": _SAME,
        "execution_roles.allowed": _SUBSET,
        "execution_roles.services": _SUBSET,
        "kms.default": _SAME,
        "kms.volume": _SAME,
        "kms.output": _SAME,
        "kms.s3": _SAME,
        "kms.s3_encryption_context": _MORE_ENTRIES,
        "kms.allowed": _SUBSET,
        "kms.aws_managed": _SUBSET,
        "kms.endpoint_local_storage": Rule(
            join=_by_rank(("omit", "inject", "refuse")), direction="may only rise: omit < inject < refuse"
        ),
        "vpc.subnets": _SUBSET_NOT_EMPTY,
        "vpc.security_groups": _SUBSET_NOT_EMPTY,
        "vpc.vpc_id": _SAME,
        "network_isolation.training": _ISOLATION,
        "network_isolation.processing": _ISOLATION,
        "network_isolation.tuning": _ISOLATION,
        "network_isolation.models": _ISOLATION,
        "network_isolation.monitoring": _ISOLATION,
        "hardening.inter_container_encryption": _ON_WINS,
        "hardening.allow_remote_debug": _OFF_WINS,
        "hardening.allow_ssm_access": _OFF_WINS,
        "hardening.allow_remote_access": _OFF_WINS,
        "hardening.allow_docker_access": _OFF_WINS,
        "hardening.allow_root_access": _OFF_WINS,
        "hardening.allow_direct_internet_access": _OFF_WINS,
        "hardening.allow_public_workforce": _OFF_WINS,
        "hardening.minimum_imds_version": _HIGHER,
        "hardening.vpc_image_repositories_only": _ON_WINS,
        "data_perimeter.write": _FEWER_ENTRIES,
        "data_perimeter.read": _FEWER_ENTRIES,
        "data_perimeter.aws_public_buckets": _SUBSET,
        "data_perimeter.default_bucket": _SAME,
        "data_perimeter.create_buckets": _OFF_WINS,
        "data_perimeter.presigned_seconds": _LOWER,
        "data_perimeter.trusted_accounts": _SUBSET,
        "images.allowed": _within(source_lies_within),
        "images.require_digest": _ON_WINS,
        "references.invoke": _ON_WINS,
        "secrets.allow": _FEWER_ENTRIES,
        "pipelines.targets": _SUBSET,
        "pipelines.emr_security_configurations": _SUBSET,
        "pipelines.step_types": _SUBSET,
        "required_tags": Rule(
            join=_all_entries(_common_of_any),
            direction="may add tags and narrow their values, never drop or widen them",
            partial=True,
        ),
        "modes": Rule(
            join=_all_entries(_MODES), direction="may only rise: observe < correct < refuse", partial=True
        ),
        "waivers": Rule(
            join=_grants,
            direction="may only hold waivers that the earlier layer lists, or on its waivable_controls",
        ),
        "unknown_members": Rule(
            join=_by_rank(("record", "refuse")), direction="may only rise: record < refuse"
        ),
        "instance_families": _MORE_ENTRIES,
        "privatelink.required": _ON_WINS,
        "privatelink.services": _MORE_ENTRIES,
        "privatelink.endpoints": _MORE_ENTRIES,
        "privatelink.allowed_networks": _SUBSET_OF_ANY,
        "privatelink.allowed_proxies": _SUBSET,
        "privatelink.allowed_endpoint_urls": _SUBSET,
        "session_policy.policy_arns": Rule(
            join=_equal_or_any,
            direction="must be the same in every layer that names any: what either of two policies allows is allowed",
        ),
        "session_policy.guardrail_arns": _SUPERSET,
        "session_policy.tasks": _SUBSET_OF_ANY,
        "session_policy.names": _within(name_lies_within),
        "session_policy.inputs": _within(location_lies_within),
        "session_policy.outputs": _within(location_lies_within),
        "session_policy.endpoints": _within(name_lies_within),
        "session_policy.instance_types": _SUBSET_OF_ANY,
        "session_policy.clarify_jobs": _SUBSET,
        "macie.mode": Rule(
            join=_by_rank(("off", "observe", "scan", "require")),
            direction="may only rise: off < observe < scan < require",
        ),
        "macie.minimum_coverage": _HIGHER,
        "macie.maximum_age_days": _LOWER,
        "macie.maximum_cost_usd": _LOWER,
        "macie.sampling_percentage": _HIGHER,
        "macie.identifiers": Rule(
            join=_by_rank(("none", "recommended", "all")), direction="may only rise: none < recommended < all"
        ),
        "macie.include_identifiers": _SUPERSET,
        "macie.exclude_identifiers": _SUBSET,
        "macie.custom_identifiers": _SUPERSET,
        "macie.allow_lists": _SUBSET,
        "macie.classes": _FEWER_ENTRIES,
        "macie.code_channels": _SUBSET,
        "macie.memory": _SAME,
        "macie.snapshot": _SAME,
        "macie.maximum_bucket_score": _LOWER,
        "macie.usd_per_gb": _HIGHER,
        "macie.expansion": Rule(
            join=_all_entries(_maximum), direction="may add extensions and raise factors", partial=True
        ),
        "macie.timeout_minutes": _LOWER,
    }
)
"""Every field of the baseline that a layer can state. ``waivable_controls`` is part of ``waivers``."""

CLOSED_BY_ORGANISATION: Mapping[str, object] = MappingProxyType(
    {
        "hardening.inter_container_encryption": True,
        "hardening.allow_remote_debug": False,
        "hardening.allow_ssm_access": False,
        "hardening.allow_remote_access": False,
        "hardening.allow_docker_access": False,
        "hardening.allow_root_access": False,
        "hardening.allow_direct_internet_access": False,
        "hardening.allow_public_workforce": False,
        "hardening.minimum_imds_version": 2,
        "data_perimeter.aws_public_buckets": (),
        "data_perimeter.create_buckets": False,
        "data_perimeter.presigned_seconds": 3600,
        "data_perimeter.trusted_accounts": (),
        "secrets.allow": {},
        "execution_roles.services": (),
        "pipelines.targets": (),
        "pipelines.emr_security_configurations": (),
        "pipelines.step_types": (),
        "kms.aws_managed": (),
        "kms.endpoint_local_storage": "inject",
        "privatelink.allowed_proxies": (),
        "privatelink.allowed_endpoint_urls": (),
        "session_policy.clarify_jobs": (),
        "waivers": WaiverGrant(),
    }
)
"""What an organisation's layer says by saying nothing, so that its silence is no permission.
Its ``modes`` are completed with the default of every control likewise."""

_NO_MORE_KEYS: Mapping[str, object] = MappingProxyType({"kms.allowed": ()})

CLOSED_WITH: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "execution_roles.default": {"execution_roles.allowed": ()},
        "kms.default": _NO_MORE_KEYS,
        "kms.volume": _NO_MORE_KEYS,
        "kms.output": _NO_MORE_KEYS,
        "kms.s3": _NO_MORE_KEYS,
        "data_perimeter.write": {"data_perimeter.read": {}},
        "macie.mode": {
            "macie.minimum_coverage": 1.0,
            "macie.maximum_age_days": 30,
            "macie.sampling_percentage": 100,
            "macie.identifiers": "recommended",
            "macie.exclude_identifiers": (),
            "macie.allow_lists": (),
            "macie.classes": {},
            "macie.code_channels": CODE_CHANNELS,
        },
        "macie.maximum_cost_usd": {"macie.usd_per_gb": USD_PER_GB, "macie.expansion": EXPANSION},
    }
)
"""What an organisation's layer also says when it states a field and leaves out those that would widen it."""

NAMES_WITHIN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "execution_roles.allowed": ("execution_roles.default",),
        "kms.allowed": ("kms.default", "kms.volume", "kms.output", "kms.s3"),
    }
)
"""Lists of what may be named further, and the fields that name one each: where a binding layer states any of
them, later layers name none but those."""
