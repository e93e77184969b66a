"""What a session tells a person: who it is, what it decided, and what it would decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Literal

from secure_sagemaker.audit import AuditRecord, Outcome
from secure_sagemaker.baseline import LayerRecord, Waiver
from secure_sagemaker.controls import Action, Decision, in_words

__all__ = ["SessionReport", "Verification"]


def _columns(rows: Sequence[Sequence[str]], indent: str = "  ") -> list[str]:
    if not rows:
        return []
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return [
        (indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()
        for row in rows
    ]


def _shortened(text: str, limit: int = 96) -> str:
    text = "".join(character if character.isprintable() else " " for character in text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _waived(waivers: Sequence[Waiver]) -> list[str]:
    return ["in force", *(f"  {in_words(waiver)}" for waiver in waivers)] if waivers else []


@dataclass(frozen=True, kw_only=True, repr=False)
class Verification:
    """Who the session is and what it holds calls to, as AWS answered.

    Attributes:
        principal: The ARN that AWS sees.
        account: The account that AWS sees.
        region: The region of the baseline.
        expires: When the current credentials end, in ISO 8601.
        layers: The baseline's layers, earliest first.
        baseline_digest: SHA-256 of the baseline.
        keys: Each key reference of the baseline with the ARN it stands for.
        packed_policy_size: How much of STS's limit the session's policies and tags take, in percent.
        source: Where botocore found the credentials that assume the role, such as ``sso``; None where another
            process hands the role's out, or the source cannot be asked now.
        source_key: Of what kind their access key is.
        mfa_device: The MFA device that the baseline names.
        mfa_age_seconds: How long ago its code was given; None where it was not given to this session.
        source_identity: The source identity that is asked for.
        tags: The session tags that are asked for.
        transitive_tags: Which of them hold in roles that are assumed from this one.
        policy_arns: The managed policies that narrow the session.
        tasks: The tasks that its own policy allows; empty where it may do whatever the role may.
        policy_characters: The size of that policy, of the 2,048 that STS takes.
        client_only: The guards that found no room in it, so that the client alone holds them.
        waivers: What is waived today.
    """

    principal: str
    account: str
    region: str
    expires: str
    layers: tuple[LayerRecord, ...]
    baseline_digest: str
    keys: tuple[tuple[str, str], ...]
    packed_policy_size: int | None
    source: str | None
    source_key: Literal["temporary", "long-lived"] | None
    mfa_device: str | None
    mfa_age_seconds: int | None
    source_identity: str | None
    tags: tuple[tuple[str, str], ...]
    transitive_tags: tuple[str, ...]
    policy_arns: tuple[str, ...]
    tasks: tuple[str, ...]
    policy_characters: int | None
    client_only: tuple[str, ...]
    waivers: tuple[Waiver, ...] = ()

    def as_dict(self) -> Mapping[str, object]:
        """All of it as plain values, for JSON."""
        plain: dict[str, object] = {column.name: getattr(self, column.name) for column in fields(self)}
        plain["layers"] = [dict(layer) for layer in self.layers]
        plain["waivers"] = [waiver.model_dump(mode="json") for waiver in self.waivers]
        return plain | {"keys": dict(self.keys), "tags": dict(self.tags)}

    def __repr__(self) -> str:
        return str(self)  # a prompt or a notebook that shows it shows the table

    def __str__(self) -> str:
        lines = [
            f"principal  {self.principal}",
            f"account    {self.account}, region {self.region}, credentials until {self.expires}",
            f"source     {self._source()}",
        ]
        if self.source_identity is not None:
            lines.append(f"identity   {self.source_identity}")
        if self.tags:
            told = (
                f"{key}={value}{' (transitive)' * (key in self.transitive_tags)}" for key, value in self.tags
            )
            lines.append(f"tags       {', '.join(told)}")
        lines.append(f"baseline   {self.baseline_digest}")
        lines.append(
            f"task       {', '.join(self.tasks) or 'none: whatever the role and the policies below allow'}"
        )
        if self.policy_arns:
            lines.append(f"narrowed   {', '.join(self.policy_arns)}")
        lines += self._policy()
        if self.client_only:
            lines.append(f"not in it  {', '.join(self.client_only)}: the client alone holds these")
        lines.append("layers")
        lines += _columns([(layer.name, layer.source, layer.digest[:16]) for layer in self.layers])
        lines.append("keys")
        lines += _columns([(reference, arn) for reference, arn in self.keys])
        lines += _waived(self.waivers)
        return "\n".join(lines)

    def _policy(self) -> list[str]:
        sizes = []
        if self.policy_characters is not None:
            sizes.append(f"{self.policy_characters} of 2048 characters")
        if self.packed_policy_size is not None:
            sizes.append(f"{self.packed_policy_size}% of the packed size that STS takes")
        return [f"policies   {', '.join(sizes)}"] if sizes else []

    def _source(self) -> str:
        told = "not told" if self.source is None else f"{self.source}, with a {self.source_key} access key"
        if self.mfa_device is None:
            return told
        age = "" if self.mfa_age_seconds is None else f", given {self.mfa_age_seconds} seconds ago"
        return f"{told}, MFA by {self.mfa_device}{age}"


@dataclass(frozen=True, kw_only=True, repr=False)
class SessionReport:
    """Every decision of a session so far, by call.

    Attributes:
        records: The calls, oldest first.
        forgotten: How many older calls only the audit sink still has.
        waivers: What is waived today.
    """

    records: tuple[AuditRecord, ...]
    forgotten: int = 0
    waivers: tuple[Waiver, ...] = ()

    def count(self, action: Action) -> int:
        """How many decisions took an action."""
        return sum(decision.action is action for record in self.records for decision in record.decisions)

    def decisions(self, operation: str) -> tuple[Decision, ...]:
        """The decisions about an operation, over all its calls."""
        return tuple(
            decision
            for record in self.records
            if record.operation == operation
            for decision in record.decisions
        )

    def __repr__(self) -> str:
        return str(self)  # a prompt or a notebook that shows it shows the table

    def __str__(self) -> str:
        lines: list[str] = []
        for record in self.records:
            lines.append(
                f"{record.service}.{record.operation}: {record.outcome.value}"
                + (f" ({record.error_code})" if record.error_code else "")
            )
            told = [decision for decision in record.decisions if decision.action is not Action.KEPT]
            lines += _columns(
                [
                    (
                        decision.action.value,
                        decision.path,
                        _shortened(decision.got),
                        "->",
                        _shortened(decision.wanted),
                    )
                    for decision in told
                ]
            )
            if kept := [decision.path for decision in record.decisions if decision.action is Action.KEPT]:
                lines.append(f"  {Action.KEPT.value}  {', '.join(kept)}")
        refused = sum(record.outcome is Outcome.REFUSED for record in self.records)
        total = ", ".join(f"{self.count(action)} {action.value}" for action in Action if self.count(action))
        lines.append(f"{len(self.records)} calls, {refused} refused; members: {total or 'none governed'}")
        if self.forgotten:
            lines.append(f"{self.forgotten} older calls are in the audit trail only")
        lines += _waived(self.waivers)
        return "\n".join(lines)
