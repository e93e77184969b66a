"""MFA, asked for once: GetSessionToken with a code gives a source that assumes roles without asking again.

A code is good for one call, and a session assumes the role more than once: for itself, for its look-ups,
for another region, and again before credentials expire.
"""

from __future__ import annotations

import getpass
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore.credentials import CredentialProvider, CredentialResolver
from botocore.exceptions import BotoCoreError, ClientError

from secure_sagemaker.exceptions import IdentityError
from secure_sagemaker.identity.bare import bare
from secure_sagemaker.identity.cache import CredentialCache
from secure_sagemaker.identity.refresh import LATEST, LastingCredentials

if TYPE_CHECKING:
    from types_boto3_sts import STSClient

__all__ = ["MfaToken", "mfa_command", "mfa_prompt", "mfa_source"]

MfaToken = Callable[[], str]
"""Asks a person or a device for the current MFA code."""

_METHOD = "secure-sagemaker-mfa"
_CODE = re.compile(r"[0-9]{6}")
_ATTEMPTS = 3
_WRONG = "MultiFactorAuthentication failed"
_REMEDIES = {
    "AccessDenied": "the code was wrong or used already: wait for the next one. With temporary credentials (SSO, "
    "another role) MFA belongs to the sign-in itself: leave role.mfa_serial out",
    "ValidationError": "correct role.mfa_serial, and give the six digits that the device shows",
}


def mfa_prompt() -> str:
    """Ask at the terminal, without showing what is typed. For ``SecureSession(mfa_token=mfa_prompt)``.

    Raises:
        IdentityError: There is no terminal.
    """
    if not sys.stdin.isatty():
        raise IdentityError(
            "the MFA code is asked for at the terminal, and there is none",
            remedy="pass mfa_token=mfa_command(...) to SecureSession, or a function that gets the code elsewhere",
        )
    return getpass.getpass("MFA code: ")


def mfa_command(*command: str, timeout: float = 60) -> MfaToken:
    """Have a program tell the code, such as a password manager's. It is run without a shell.

    Args:
        command: The program and its arguments; the last line that it prints is the code.
        timeout: For how many seconds it may run.
    """

    def ask() -> str:
        failed, printed = "", ""
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, timeout=timeout, check=False, text=True)  # noqa: S603  # the user's own, no shell
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            failed = type(error).__name__
        else:
            failed, printed = f"exit code {done.returncode}" if done.returncode else "", done.stdout
        if (
            failed
        ):  # raised here: what it printed may be a code, and an error keeps the one it was raised beside
            raise IdentityError(
                f"{command[0]}, which tells the MFA code, failed: {failed}",
                remedy="run the command yourself, and see what it says",
            )
        return (printed.strip().splitlines() or [""])[-1].strip()

    return ask


def mfa_source(
    serial: str,
    *,
    ask: MfaToken | None,
    sts: Callable[[], STSClient],
    region: str,
    max_age: int,
    clock: Callable[[], datetime],
    cache: tuple[CredentialCache, boto3.Session] | None = None,
) -> boto3.Session:
    """A session whose credentials MFA was given for. Nothing is asked before they are needed.

    Args:
        serial: The MFA device.
        ask: Gives the current code.
        sts: Makes the STS client that signs with the user's own keys.
        region: The session's region.
        max_age: After how many seconds a code is asked for again.
        clock: Tells the time, in UTC.
        cache: Where credentials are kept for other processes, and whose session gives the code.
    """
    core = botocore.session.Session()
    fetch = _Question(serial, ask=ask, sts=sts, max_age=max_age).credentials
    if cache is not None:
        kept, user = cache
        fetch = partial(
            kept.kept,
            {"mfa_serial": serial, "max_age": max_age},
            source=user,
            good_until=lambda: clock() + timedelta(seconds=LATEST),
            fetch=fetch,
        )
    core.register_component("credential_provider", CredentialResolver([_MfaProvider(fetch, clock)]))
    return boto3.Session(botocore_session=core, region_name=region)


@dataclass(frozen=True, slots=True)
class _Code:
    """A code, as a traceback may show it: one that was wrong here may be good elsewhere."""

    digits: str = field(repr=False)


class _Question:
    """Asks for codes until one is right, or too many were wrong: then never again."""

    def __init__(
        self, serial: str, *, ask: MfaToken | None, sts: Callable[[], STSClient], max_age: int
    ) -> None:
        self._serial = serial
        self._ask = ask
        self._sts = sts
        self._max_age = max_age
        self._gave_up = False

    def credentials(self) -> Mapping[str, object]:
        if self._ask is None:
            raise IdentityError(
                f"the baseline names the MFA device {self._serial}, and nothing here can ask for its code",
                remedy="pass mfa_token= to SecureSession: mfa_prompt, mfa_command(...), or a function of yours",
            )
        if self._gave_up:
            raise self._wrong("three codes were wrong already")
        client, said, given = self._sts(), "", set[_Code]()
        for _ in range(_ATTEMPTS):
            code = _Code(self._ask())
            if code in given:
                raise self._wrong(f"{said}, and the same code was given again")
            given.add(code)
            if not _CODE.fullmatch(code.digits):
                said = "what was given is no code of six digits"
                continue
            try:
                return self._exchange(client, code)
            except ClientError as refused:
                told = refused.response.get("Error", {})
                said = f"{told.get('Code', '')}: {told.get('Message', '')}"
                if _WRONG not in said:
                    remedy = _REMEDIES.get(str(told.get("Code", "")), "mend what STS names")
                    raise IdentityError(
                        f"MFA with {self._serial} was refused: {said}", remedy=remedy
                    ) from bare(refused)
        self._gave_up = True
        raise self._wrong(f"{said}, three times")

    def _wrong(self, said: str) -> IdentityError:
        remedy = _REMEDIES["AccessDenied"] + ". Make a new session to try again"
        return IdentityError(f"MFA with {self._serial} was refused: {said}", remedy=remedy)

    def _exchange(self, client: STSClient, code: _Code) -> Mapping[str, object]:
        try:
            answer = client.get_session_token(
                SerialNumber=self._serial, TokenCode=code.digits, DurationSeconds=self._max_age
            )
        except BotoCoreError as failed:
            raise IdentityError(
                f"MFA with {self._serial} could not be checked: {failed}",
                remedy="check the network path to STS",
            ) from bare(failed)
        credentials = answer["Credentials"]
        return {
            "access_key": credentials["AccessKeyId"],
            "secret_key": credentials["SecretAccessKey"],
            "token": credentials["SessionToken"],
            "expiry_time": credentials["Expiration"].isoformat(),
        }


class _MfaProvider(CredentialProvider):
    METHOD = _METHOD
    CANONICAL_NAME = None

    def __init__(self, fetch: Callable[[], Mapping[str, object]], clock: Callable[[], datetime]) -> None:
        super().__init__()
        # Not early: a person is asked.
        self._credentials = LastingCredentials(fetch, method=_METHOD, now=clock)

    def load(self) -> LastingCredentials:
        return self._credentials
