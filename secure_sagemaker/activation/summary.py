"""What an activation tells a person at its end: what was secured, and what was refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from secure_sagemaker.activation.notes import Note
from secure_sagemaker.audit import Outcome
from secure_sagemaker.controls import Action

__all__ = ["ActivationSummary", "summed"]

_CHANGES = (Action.INJECTED, Action.CORRECTED)


@dataclass(frozen=True, kw_only=True, repr=False)
class ActivationSummary:
    """What happened while a process was activated, in it and in the processes that it started.

    Attributes:
        calls: How many calls were made or refused.
        changed: How many of them were sent with something that the baseline put in or corrected.
        members: How many members that were.
        refused: Each refusal: of a call by a control, of a client, of keys.
        let_through: Each time that keys other than the role's were let through.
        processes: How many processes were activated.
        principals: Who signed.
    """

    calls: int
    changed: int
    members: int
    refused: tuple[str, ...]
    let_through: tuple[str, ...]
    processes: int
    principals: tuple[str, ...]

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        signed = f" as {', '.join(self.principals)}" if self.principals else ""
        lines = [
            f"{self.calls} calls{signed}; in {self.changed} of them the baseline set {self.members} members",
            f"{len(self.refused)} refused; {self.processes} processes activated",
        ]
        lines += [f"  refused: {text}{_times(count)}" for text, count in _counted(self.refused)]
        lines += [
            f"  let through, signed with other keys: {text}{_times(count)}"
            for text, count in _counted(self.let_through)
        ]
        return "\n".join(lines)


def summed(records: Iterable[Mapping[str, object]], notes: Sequence[Note]) -> ActivationSummary:
    """Sum up audit records, as they are written, and notes."""
    calls = changed = members = 0
    refused: list[str] = []
    principals: dict[str, None] = {}
    for record in records:
        calls += 1
        if record["outcome"] == Outcome.REFUSED:
            refused.append(f"{record['service']}.{record['operation']} ({record['error_code']})")
            continue
        decisions = record["decisions"]
        actions = [decision["action"] for decision in decisions] if isinstance(decisions, list) else []
        ours = sum(action in _CHANGES for action in actions)
        members += ours
        changed += bool(ours)
        principals[str(record["principal"])] = None
    refused += [note.text for note in notes if note.kind == "refused"]
    return ActivationSummary(
        calls=calls,
        changed=changed,
        members=members,
        refused=tuple(refused),
        let_through=tuple(note.text for note in notes if note.kind == "let through"),
        processes=len({note.process for note in notes if note.kind == "activated"}),
        principals=tuple(principals),
    )


def _counted(texts: Sequence[str]) -> list[tuple[str, int]]:
    return [(text, texts.count(text)) for text in dict.fromkeys(texts)]


def _times(count: int) -> str:
    return f" ({count} times)" if count > 1 else ""
