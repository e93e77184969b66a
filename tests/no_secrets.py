"""A pytest plugin: a test fails whose output holds a secret that was handed out in this process.

Secrets are noted where they come into being: in what botocore reads of AWS's answers and is given as credentials or
codes, and in what moto makes, for what child processes get. Looked through is what pytest captured of a test (both
streams, by their descriptors, and the log, ours from DEBUG on) and what it says of a failure. What is found is
blacked out.
"""

from __future__ import annotations

import functools
import logging
import re
import sys
from collections.abc import Callable, Generator, Mapping
from types import ModuleType
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.credentials import Credentials
from botocore.parsers import ResponseParser

__all__ = ["NoSecrets"]

PIECE = 16
"""So many characters of a secret are one: less stands in many a text by chance or is a test's placeholder."""
_CODE = re.compile(r"\d{6}")
_NAMES = ("SecretAccessKey", "SessionToken")


class _Secrets:
    """All that were handed out, so that a text is looked through in one pass, however many they are."""

    def __init__(self) -> None:
        self._pieces: set[str] = set()
        self._codes: set[str] = set()

    def note(self, secret: object) -> None:
        if not isinstance(secret, str):
            return
        if _CODE.fullmatch(secret):
            self._codes.add(secret)
        for start in range(0, len(secret) - PIECE + 1, PIECE):
            self._pieces.add(secret[start : start + PIECE])

    def note_answer(self, parsed: object) -> None:
        for part in parsed.values() if isinstance(parsed, Mapping) else ():
            if isinstance(part, Mapping):
                for name in _NAMES:
                    self.note(part.get(name))

    def blacked_out(self, text: str) -> str:
        """The text without what is secret in it."""
        found = {
            start for start in range(len(text) - PIECE + 1) if text[start : start + PIECE] in self._pieces
        }
        covered = {start + offset for start in found for offset in range(PIECE)}
        if covered:
            text = "".join("*" if index in covered else character for index, character in enumerate(text))
        # Six digits are part of many a number; alone they are the code.
        return re.sub(
            r"(?<![\w-])\d{6}(?![\w-])", lambda code: "*" * 6 if code[0] in self._codes else code[0], text
        )


class NoSecrets:
    """The plugin."""

    def __init__(self) -> None:
        self._secrets = _Secrets()
        self._undo = pytest.MonkeyPatch()
        self._knows_moto = False

    def pytest_configure(self) -> None:
        """Listen to botocore, and have our log written whole: what is not written cannot be looked through."""
        note, note_answer = self._secrets.note, self._secrets.note_answer
        self._after(ResponseParser, "parse", lambda parsed, *_, **__: note_answer(parsed))
        self._after(Credentials, "__init__", _each(note))
        self._after(BaseClient, "_make_api_call", lambda _, __, ___, given: note(given.get("TokenCode")))
        logging.getLogger("secure_sagemaker").setLevel(logging.DEBUG)

    def pytest_unconfigure(self) -> None:
        """Leave botocore as it was."""
        self._undo.undo()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """Listen to moto as soon as it is there; it takes a while to import, and most tests need none."""
        iam, sts = sys.modules.get("moto.iam.models"), sys.modules.get("moto.sts.models")
        if not self._knows_moto and iam is not None and sts is not None:
            note = self._secrets.note
            self._after(iam.AccessKey, "__init__", lambda _, key, *__, **___: note(key.secret_access_key))
            for module in (sts, sys.modules.get("secure_sagemaker.local.moto_lacks")):
                if module is not None:
                    self._after(module, "random_session_token", lambda token: note(token))
            self._knows_moto = True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Look through what a phase of a test left."""
        report = yield
        leaks = []
        for index, (title, text) in enumerate(report.sections):
            if (clean := self._secrets.blacked_out(text)) != text:
                report.sections[index] = (title, clean)
                if title.endswith(f" {report.when}"):  # an earlier phase has its own report
                    leaks.append(title)
        told = report.longreprtext if report.failed else ""
        if (clean := self._secrets.blacked_out(told)) != told:
            report.longrepr = clean
            leaks.append("what is said of the failure")
        if leaks:
            report.outcome = "failed"
            report.longrepr = f"a secret stands in: {', '.join(leaks)}\n\n{report.longrepr or ''}".rstrip()
        if report.passed:
            report.sections[:] = [one for one in report.sections if "log" not in one[0]]  # for nobody to read
        return report

    def _after(self, owner: type | ModuleType, name: str, told: Callable[..., object]) -> None:
        """Tell what a function answers, with what it was called with."""
        original: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(original)
        def listened(*given: Any, **named: Any) -> Any:
            answer = original(*given, **named)
            told(answer, *given, **named)
            return answer

        self._undo.setattr(owner, name, listened)


def _each(note: Callable[[object], None]) -> Callable[..., None]:
    def told(_: object, __: Credentials, *given: object, **named: object) -> None:
        for one in (*given[1:3], named.get("secret_key"), named.get("token")):
            note(one)

    return told
