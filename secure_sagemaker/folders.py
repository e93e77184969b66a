"""Folders that nobody but this user may look into or change."""

from __future__ import annotations

import os
import stat
from pathlib import Path

__all__ = ["is_private", "private_folder"]


def private_folder(folder: Path) -> Path:
    """Make a folder for this user alone, where there is none."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def is_private(path: Path) -> bool:
    """Whether a file or folder is this user's, and closed to everybody else. Only POSIX tells."""
    if os.name != "posix":
        return True
    status = path.stat()
    return status.st_uid == os.getuid() and not stat.S_IMODE(status.st_mode) & 0o077
