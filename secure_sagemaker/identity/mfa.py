"""MFA, asked for once: GetSessionToken with a code gives a source that assumes roles without asking again.

A code is good for one call, and a session assumes the role more than once: for itself, for its look-ups,
for another region, and again before credentials expire.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore.credentials import CredentialProvider, CredentialResolver, DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError

from secure_sagemaker.exceptions import IdentityError

if TYPE_CHECKING:
    from types_boto3_sts import STSClient

__all__ = ["MfaToken", "mfa_source"]

MfaToken = Callable[[], str]
"""Asks a person or a device for the current MFA code."""

_METHOD = "secure-sagemaker-mfa"
_TWELVE_HOURS = 43_200
_REMEDIES = {
    "AccessDenied": "the code was wrong or used already: wait for the next one. With temporary credentials (SSO, "
    "another role) MFA belongs to the sign-in itself: leave role.mfa_serial out",
    "ValidationError": "correct role.mfa_serial, and give the six digits that the device shows",
}


def mfa_source(
    serial: str, *, ask: MfaToken | None, sts: Callable[[], STSClient], region: str
) -> boto3.Session:
    """A session whose credentials MFA was given for. Nothing is asked before they are needed.

    Args:
        serial: The MFA device.
        ask: Gives the current code.
        sts: Makes the STS client that signs with the user's own keys.
        region: The session's region.
    """

    def fetch() -> dict[str, str]:
        if ask is None:
            raise IdentityError(
                f"the baseline names the MFA device {serial}, and nothing here can ask for its code",
                remedy="pass mfa_token= to SecureSession, such as a function that prompts for the code",
            )
        client, code = sts(), ask()
        try:
            answer = client.get_session_token(
                SerialNumber=serial, TokenCode=code, DurationSeconds=_TWELVE_HOURS
            )
        except ClientError as refused:
            told = refused.response.get("Error", {})
            raise IdentityError(
                f"MFA with {serial} was refused: {told.get('Code', '')}: {told.get('Message', '')}",
                remedy=_REMEDIES.get(str(told.get("Code", "")), "mend what STS names"),
            ) from refused
        except BotoCoreError as failed:
            raise IdentityError(
                f"MFA with {serial} could not be checked: {failed}", remedy="check the network path to STS"
            ) from failed
        credentials = answer["Credentials"]
        return {
            "access_key": credentials["AccessKeyId"],
            "secret_key": credentials["SecretAccessKey"],
            "token": credentials["SessionToken"],
            "expiry_time": credentials["Expiration"].isoformat(),
        }

    core = botocore.session.Session()
    core.register_component("credential_provider", CredentialResolver([_MfaProvider(fetch)]))
    return boto3.Session(botocore_session=core, region_name=region)


class _MfaProvider(CredentialProvider):
    METHOD = _METHOD
    CANONICAL_NAME = None

    def __init__(self, fetch: Callable[[], dict[str, str]]) -> None:
        super().__init__()
        self._credentials = DeferredRefreshableCredentials(refresh_using=fetch, method=_METHOD)

    def load(self) -> DeferredRefreshableCredentials:
        return self._credentials
