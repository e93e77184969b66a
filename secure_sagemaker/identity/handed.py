"""Credentials that another process hands out: the role's, to what an activated program has started.

The folder that ``SECURE_SAGEMAKER_HANDED`` names says whom to ask. A secure session in such a process asks
instead of assuming the role, which it would have to do from the role itself.

Run as a program, with the folder as its argument, it answers as a ``credential_process`` must: for children
that this library is not in. So it imports nothing but Python's own library.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Mapping
from multiprocessing.connection import Client
from pathlib import Path

__all__ = ["ADDRESS_FILE", "RECORDS_FILE", "VARIABLE", "HandedError", "ask", "handed_folder"]

VARIABLE = "SECURE_SAGEMAKER_HANDED"
"""The environment variable that names the folder."""
ADDRESS_FILE = "address.json"
"""In the folder: where the process listens that hands out, and what it wants to hear from who asks."""
RECORDS_FILE = "records.jsonl"
"""In the folder: the audit records of all who were handed credentials."""


class HandedError(Exception):
    """Nothing was handed out."""


def handed_folder() -> Path | None:
    """The folder of whoever hands out credentials to this process, or None when nobody does.

    Raises:
        HandedError: Somebody else may have written into it.
    """
    named = os.environ.get(VARIABLE)
    if not named:
        return None
    folder = Path(named)
    try:
        status = folder.stat()
    except OSError as missing:
        raise HandedError(f"{folder} is gone, with the process that handed out credentials") from missing
    if os.name == "posix" and (status.st_uid != os.getuid() or stat.S_IMODE(status.st_mode) & 0o077):
        raise HandedError(f"{folder} is open to others than this user")
    return folder


def ask(folder: Path, question: Mapping[str, object]) -> Mapping[str, object]:
    """Ask the process that hands out.

    Raises:
        HandedError: It is gone, or says no and why.
    """
    try:
        known = json.loads((folder / ADDRESS_FILE).read_text(encoding="utf-8"))
        with Client(known["address"], family=known["family"]) as connection:
            connection.send_bytes(json.dumps({**question, "key": known["key"]}).encode())
            answer: dict[str, object] = json.loads(connection.recv_bytes())
    except (OSError, EOFError) as gone:
        raise HandedError(f"the process that hands out credentials is gone: {gone}") from gone
    if "error" in answer:
        raise HandedError(str(answer["error"]))
    return answer


def _process_credentials(folder: Path) -> dict[str, object]:
    answer = ask(folder, {})
    return {
        "Version": 1,
        "AccessKeyId": answer["access_key"],
        "SecretAccessKey": answer["secret_key"],
        "SessionToken": answer["token"],
        "Expiration": answer["expiry_time"],
    }


if __name__ == "__main__":
    try:
        sys.stdout.write(json.dumps(_process_credentials(Path(sys.argv[1]))))
    except HandedError as failed:
        sys.stderr.write(f"secure-sagemaker: {failed}\n")
        raise SystemExit(1) from None
