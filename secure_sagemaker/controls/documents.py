"""CreateJob's JSON document: a request inside a string, held to the same rules."""

from __future__ import annotations

from dataclasses import dataclass

from secure_sagemaker.controls.checks import Site, Verdict

__all__ = ["JobDocument"]


@dataclass(frozen=True, kw_only=True, slots=True)
class JobDocument:
    """Marks a member whose text is a request of its own; ``enforcement`` walks into it."""

    def judge(self, site: Site) -> Verdict:
        """What can be said without walking: nothing."""
        return None
