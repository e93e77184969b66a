"""What the role is assumed for: the program's own calls, or what the library does by itself."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Purpose"]


class Purpose(StrEnum):
    """What a session of the role is for. CloudTrail shows it at the end of the session's name."""

    WORK = ""
    """The program's own calls."""
    SUPPORT = "support"
    """What the library reads of what calls name."""
    SCAN = "scan"
    """What it asks Macie, and the data that it lists for that."""

    @property
    def suffix(self) -> str:
        """What the session's name ends with."""
        return f"-{self.value}" if self.value else ""
