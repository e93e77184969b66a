"""What a governed member must hold: one small check per kind of rule.

A check looks at one member where it stands (``Site``) and gives a verdict. It knows neither modes
nor waivers: ``enforcement`` turns verdicts into decisions. Checks are pure.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from secure_sagemaker.baseline import (
    ControlId,
    IsolationMode,
    KeyReference,
    KindOfWork,
    SecurityBaseline,
)
from secure_sagemaker.controls.exemptions import ExemptionId
from secure_sagemaker.controls.verdicts import (
    REMOVE,
    Check,
    Exempted,
    Kept,
    Lookup,
    Rewritten,
    Site,
    Supplied,
    Unfit,
    Verdict,
)

__all__ = [
    "AtLeast",
    "Choice",
    "Cidrs",
    "Each",
    "Flag",
    "Forbidden",
    "Isolation",
    "Key",
    "PrivateTeam",
    "Required",
    "Role",
    "Roles",
    "Subset",
    "Trusted",
    "baseline_key",
    "s3_key",
]


def _names(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Iterable):
        return tuple(str(item) for item in value)
    return (str(value),)


# --- keys -----------------------------------------------------------------------------------------

_PURPOSES: Mapping[ControlId, str] = {
    ControlId.KMS_VOLUME_KEY: "volume",
    ControlId.KMS_OUTPUT_KEY: "output",
    ControlId.KMS_RESOURCE_KEY: "default",
    ControlId.S3_ENCRYPTION: "s3",
}


def baseline_key(baseline: SecurityBaseline, control: ControlId) -> str | None:
    """The reference of the key that the baseline states for a control's purpose."""
    stated = getattr(baseline.kms, _PURPOSES[control])
    return stated if isinstance(stated, str) else baseline.kms.default


def s3_key(baseline: SecurityBaseline) -> str | None:
    """The reference of the key for what the program itself writes to S3; None where AWS manages it."""
    if ControlId.S3_ENCRYPTION in baseline.kms.aws_managed:
        return None
    return baseline_key(baseline, ControlId.S3_ENCRYPTION)


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A KMS key: the baseline's where none is named, one of the allowed ones where one is.

    ``unless`` names cases that come before it: each looks at the site and may answer instead.
    """

    control: ControlId
    unless: tuple[Callable[[Site], Verdict], ...] = ()
    inject: bool = True

    def judge(self, site: Site) -> Verdict:
        """The exceptional cases first, then the key itself."""
        for case in self.unless:
            if (verdict := case(site)) is not None:
                return verdict
        baseline = site.baseline
        if self.control in baseline.kms.aws_managed:
            if not site.present:
                return Exempted(exemption=ExemptionId.AWS_MANAGED_KEY)
            return self._allowed(site, omitted_instead=True)
        if site.present and site.value not in (None, ""):
            return self._allowed(site, omitted_instead=False)
        if not self.inject or (site.unchanged_if_absent and not site.present):
            return None
        reference = baseline_key(baseline, self.control)
        if reference is None:
            return Unfit(wanted="a key", why="the baseline states no key for this purpose")
        arn = site.policy.key_arn(reference)
        return Lookup(reference=reference, inject=True) if arn is None else Supplied(value=arn)

    def _allowed(self, site: Site, *, omitted_instead: bool) -> Verdict:
        named = site.value
        if not isinstance(named, str):
            return Unfit(wanted="the ARN of a KMS key as text")
        if named in site.policy.own_keys:
            return Kept()
        parsed = KeyReference.parse(named)
        if parsed is None:
            return Unfit(wanted="a KMS key ARN, alias or id", correction=self._own(site, omitted_instead))
        arn = site.policy.key_arn(named)
        if arn is None and named in set(site.baseline.kms.references()):
            return Lookup(reference=named, inject=True)
        if arn is None:
            return Lookup(reference=named, inject=False)
        resolved = {reference: site.policy.key_arn(reference) for reference in site.baseline.kms.references()}
        allowed = dict.fromkeys(known for known in resolved.values() if known is not None)
        if arn not in allowed:
            for reference, known in resolved.items():
                if known is None:
                    return Lookup(reference=reference, inject=False)
            return Unfit(
                wanted=f"one of {list(allowed)}" if allowed else "no key",
                correction=self._own(site, omitted_instead),
            )
        if named != arn:
            # IAM's condition keys compare key ARNs, so an alias would fail the server's check.
            return Rewritten(value=arn, why="IAM policies compare key ARNs, so the key is named by its ARN")
        return Kept()

    def _own(self, site: Site, omitted_instead: bool) -> object:
        if omitted_instead:
            return REMOVE
        reference = baseline_key(site.baseline, self.control)
        return None if reference is None else site.policy.key_arn(reference)


# --- network --------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Subset:
    """Names out of what the baseline lists: all of them where none are given, never others."""

    listed: Callable[[SecurityBaseline], Sequence[str]]
    inject: Callable[[Site], bool] = lambda site: not site.unchanged_if_absent
    single: bool = False
    """The member holds one name instead of a list."""

    def judge(self, site: Site) -> Verdict:
        """Absent: all (or the first); present: a subset."""
        allowed = tuple(self.listed(site.baseline))
        if not site.present or not site.value:
            if not self.inject(site):
                return None
            if not allowed:
                return Unfit(wanted="a value", why="the baseline states none", remedy="state it in [vpc]")
            return Supplied(value=allowed[0] if self.single else list(allowed))
        foreign = [name for name in _names(site.value) if name not in allowed]
        if not foreign:
            return Kept()
        if not allowed:
            return Unfit(wanted="no value", why="the baseline states none", remedy="state it in [vpc]")
        fitting = [name for name in _names(site.value) if name in allowed] or list(allowed)
        return Unfit(
            wanted=f"only {list(allowed)}",
            correction=fitting[0] if self.single else fitting,
            why=f"{foreign} are not the baseline's",
        )


_STRICTNESS = (IsolationMode.OFF, IsolationMode.DEFAULT, IsolationMode.REQUIRE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Isolation:
    """Network isolation, as the baseline states it for the kind of work."""

    unless: tuple[Callable[[Site], Verdict], ...] = ()

    def judge(self, site: Site) -> Verdict:
        """``require``: always True; ``default``: True where nothing is said; ``off``: the caller's."""
        for case in self.unless:
            if (verdict := case(site)) is not None:
                return verdict
        if site.value is True:
            return Kept()
        stated, kind = site.baseline.network_isolation, site.kind_of_work
        # Work of a kind that nothing is stated for is held to the strictest that is.
        mode = max(map(stated.mode, KindOfWork), key=_STRICTNESS.index) if kind is None else stated.mode(kind)
        if mode is IsolationMode.OFF:
            return None
        if not site.present:
            return None if site.unchanged_if_absent else Supplied(value=True)
        if mode is IsolationMode.DEFAULT:
            return Kept()
        return Unfit(
            wanted="True",
            correction=True,
            why=f"the baseline requires isolation for {kind or 'some kind of work, and this one is not known'}",
        )


# --- switches -------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A switch that must hold one value unless the baseline permits otherwise."""

    strict: object
    permitted: Callable[[SecurityBaseline], bool]
    safe_when_absent: bool = False
    """AWS's own default is the strict value, so absence is as good."""

    def judge(self, site: Site) -> Verdict:
        """Permitted: the caller's choice. Otherwise the strict value."""
        if site.value == self.strict and site.present:
            return Kept()
        if self.permitted(site.baseline):
            return None
        if not site.present:
            return None if self.safe_when_absent or site.unchanged_if_absent else Supplied(value=self.strict)
        return Unfit(wanted=repr(self.strict), correction=self.strict)


def Flag(  # noqa: N802  # reads as the name of a check in the tables
    strict: bool, *, permitted: Callable[[SecurityBaseline], bool], safe_when_absent: bool = False
) -> Choice:
    """A boolean switch."""
    return Choice(strict=strict, permitted=permitted, safe_when_absent=safe_when_absent)


@dataclass(frozen=True, kw_only=True, slots=True)
class AtLeast:
    """A number, written as text, that must not be below the baseline's."""

    minimum: Callable[[SecurityBaseline], int]

    def judge(self, site: Site) -> Verdict:
        """Absent: the minimum."""
        minimum = self.minimum(site.baseline)
        if not site.present:
            return None if site.unchanged_if_absent else Supplied(value=str(minimum))
        if isinstance(site.value, str) and site.value.isdigit() and int(site.value) >= minimum:
            return Kept()
        return Unfit(wanted=f"at least {minimum}", correction=str(minimum))


@dataclass(frozen=True, kw_only=True, slots=True)
class Forbidden:
    """A member whose presence alone conflicts, unless the baseline permits it."""

    wanted: str
    permitted: Callable[[SecurityBaseline], bool]

    def judge(self, site: Site) -> Verdict:
        """Absent is fine; present cannot be corrected without changing what the call does."""
        if not site.present or self.permitted(site.baseline):
            return None
        return Unfit(wanted=self.wanted)


@dataclass(frozen=True, kw_only=True, slots=True)
class Required:
    """A member that must be given because its absence is the weaker choice, and nothing can be guessed."""

    wanted: str
    beside: str
    """The sibling whose presence makes it matter."""
    permitted: Callable[[SecurityBaseline], bool]

    def judge(self, site: Site) -> Verdict:
        """Missing beside its sibling is a conflict."""
        if site.present or self.beside not in site.siblings or self.permitted(site.baseline):
            return None
        return Unfit(wanted=self.wanted)


# --- roles, accounts, addresses -------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """An execution role: the baseline's default where one is needed, an allowed one where one is named."""

    inject: Callable[[Site], bool] = lambda site: site.required
    unless: tuple[Callable[[Site], Verdict], ...] = ()

    def judge(self, site: Site) -> Verdict:
        """Absent and needed: the default."""
        for case in self.unless:
            if (verdict := case(site)) is not None:
                return verdict
        roles = site.baseline.execution_roles
        if not site.present or site.value in (None, ""):
            needed = self.inject(site) and not site.unchanged_if_absent
            return Supplied(value=roles.default) if needed else None
        if site.value in roles:
            return Kept()
        return Unfit(
            wanted=f"one of {[roles.default, *roles.allowed]}",
            correction=roles.default,
            why=f"{site.value!r} is not an execution role of the baseline",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Roles:
    """A list of roles, every one of them allowed."""

    def judge(self, site: Site) -> Verdict:
        """Absent asks for nothing."""
        if not site.present or not site.value:
            return None
        roles = site.baseline.execution_roles
        foreign = [name for name in _names(site.value) if name not in roles]
        if not foreign:
            return Kept()
        return Unfit(
            wanted=f"only {[roles.default, *roles.allowed]}",
            why=f"{foreign} are not execution roles of the baseline",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Each:
    """A list whose every entry must pass a check for one value."""

    check: Check

    def judge(self, site: Site) -> Verdict:
        """The first entry that does not pass decides; nothing is corrected within a list."""
        if not site.present:
            return None
        entries = site.value if isinstance(site.value, list | tuple) else [site.value]
        verdicts = [self.check.judge(replace(site, value=entry)) for entry in entries]
        for verdict in verdicts:
            match verdict:
                case Unfit():
                    return replace(verdict, correction=None)
                case Rewritten(why=why):
                    return Unfit(wanted="the form that AWS and its policies take", why=why)
                case Lookup():
                    return replace(verdict, inject=False)
        return Kept() if Kept() in verdicts else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Trusted:
    """A list of accounts, every one of them the baseline's own or trusted."""

    def judge(self, site: Site) -> Verdict:
        """Absent asks for nothing."""
        if not site.present or not site.value:
            return None
        trusted = {site.baseline.account, *site.baseline.data_perimeter.trusted_accounts}
        foreign = [name for name in _names(site.value) if name not in trusted]
        return Kept() if not foreign else Unfit(wanted=f"only {sorted(trusted)}")


@dataclass(frozen=True, kw_only=True, slots=True)
class PrivateTeam:
    """The ARN of a work team that is not the public one."""

    def judge(self, site: Site) -> Verdict:
        """The public teams are AWS's own, named ``workteam/public-crowd/...`` in every region."""
        if not site.present or site.baseline.hardening.allow_public_workforce:
            return None
        if ":workteam/public-crowd/" in str(site.value):
            return Unfit(wanted="a private or a vendor's work team")
        return Kept()


@dataclass(frozen=True, kw_only=True, slots=True)
class Cidrs:
    """A list of networks, none of which is every address."""

    def judge(self, site: Site) -> Verdict:
        """Absent means no restriction, which the service allows by default; what is listed must restrict."""
        if not site.present:
            return None
        try:
            networks = [ipaddress.ip_network(text, strict=False) for text in _names(site.value)]
        except ValueError:
            return Unfit(wanted="networks in CIDR notation")
        v4 = [network for network in networks if isinstance(network, ipaddress.IPv4Network)]
        v6 = [network for network in networks if isinstance(network, ipaddress.IPv6Network)]
        # Two halves of everything are everything.
        together = [
            *(network.prefixlen for network in ipaddress.collapse_addresses(v4)),
            *(network.prefixlen for network in ipaddress.collapse_addresses(v6)),
        ]
        if not together or 0 in together:
            return Unfit(wanted="networks that together are narrower than /0")
        return Kept()
