"""Hands out the role's credentials to the processes that were started by this one.

They ask by a socket in a folder that this user alone may enter (on Windows, by a pipe), and say the word that stands
in a file there. Nothing is handed out for another baseline, and the source's own credentials never are.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import threading
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path

from botocore.exceptions import BotoCoreError

from secure_sagemaker.activation.source import Source
from secure_sagemaker.exceptions import SecureSageMakerError
from secure_sagemaker.identity import Purpose
from secure_sagemaker.identity.handed import ADDRESS_FILE
from secure_sagemaker.locks import ForkSafeLock

__all__ = ["Broker"]

_LONGEST = 65536
"""How many bytes a question may have."""
_FAMILY = "AF_PIPE" if os.name == "nt" else "AF_UNIX"


class Broker:
    """Answers until it is closed."""

    def __init__(self, source: Source, folder: Path) -> None:
        self._source = source
        self._narrowed: dict[str, Source] = {}
        self._lock = ForkSafeLock()
        self._key = secrets.token_hex(32)
        address = None if _FAMILY == "AF_PIPE" else str(folder / "socket")
        self._closing = threading.Event()
        self._listener = Listener(address, family=_FAMILY, backlog=64)
        known = {"address": self._listener.address, "family": _FAMILY, "key": self._key}
        path = folder / ADDRESS_FILE
        path.touch(mode=0o600)
        path.write_text(json.dumps(known), encoding="utf-8")
        self._thread = threading.Thread(target=self._serve, name="secure-sagemaker-broker", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answer no more."""
        self._closing.set()
        with suppress(OSError):  # it may answer no more already
            Client(self._listener.address, family=_FAMILY).close()
        self._thread.join()

    def _serve(self) -> None:
        with self._listener:
            while True:
                try:
                    connection = self._listener.accept()
                except (OSError, EOFError):
                    continue  # who came went away
                if self._closing.is_set():
                    connection.close()
                    return
                # Who asks may be slow, and to assume a role takes a while: that is nobody else's to wait for.
                threading.Thread(target=self._reply, args=(connection,), daemon=True).start()

    def _reply(self, connection: Connection) -> None:
        # Who asked may have ended, or be nobody that was started from here.
        with connection, suppress(OSError, EOFError):
            question = _read(connection.recv_bytes(_LONGEST))
            if not hmac.compare_digest(str(question.pop("key", "")).encode(), self._key.encode()):
                return
            try:
                answer = self._answer(question)
            except (SecureSageMakerError, BotoCoreError) as refused:
                answer = {"error": str(refused)}
            connection.send_bytes(json.dumps(answer).encode())

    def _answer(self, question: Mapping[str, object]) -> Mapping[str, object]:
        region = str(question.get("region") or self._source.baseline.region)
        source = self._source_of(question, region)
        guard = source.guard(region)
        if question.get("digest") not in (None, guard.baseline.digest):
            return {
                "error": f"a program is active under the baseline {guard.baseline.digest[:12]}, and there is one only"
            }
        purpose = question.get("purpose", "")
        if purpose not in {*Purpose}:
            return {"error": f"a role is not assumed for {purpose!r} here"}
        return source.assumed(region, Purpose(str(purpose))).hand_out()

    def _source_of(self, question: Mapping[str, object], region: str) -> Source:
        """The session's own parts, or those of the narrower one that a child has made of it."""
        stated, own = question.get("session_policy"), self._source.guard(region).baseline
        if not isinstance(stated, dict) or question.get("digest") in (None, own.digest):
            return self._source
        digest = str(question["digest"])
        with self._lock:
            if digest not in self._narrowed:
                self._narrowed[digest] = self._source.narrowed(stated)
            return self._narrowed[digest]


def _read(said: bytes) -> dict[str, object]:
    try:
        question = json.loads(said)
    except ValueError:
        return {}
    return question if isinstance(question, dict) else {}
