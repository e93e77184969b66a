"""What KMS refuses: the use of a key that is switched off or about to go."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from secure_sagemaker.local.refusals import keys
from secure_sagemaker.local.refusals.keys import Named
from secure_sagemaker.local.refusals.rule import Rule, one_of
from secure_sagemaker.local.wire import Call

__all__ = ["RULES", "named_keys"]

_CRYPTOGRAPHIC = one_of(
    *("CreateGrant", "Decrypt", "EnableKeyRotation", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair"),
    *("GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext", "GenerateMac", "ReEncrypt"),
    *("Sign", "Verify", "VerifyMac"),
)
_CHANGING = one_of(
    *("DisableKey", "DisableKeyRotation", "EnableKey", "ScheduleKeyDeletion", "TagResource"),
    *("UntagResource", "UpdateKeyDescription"),
)
_STATES = "AWS KMS Developer Guide, 'Key states of AWS KMS keys'"


def named_keys(call: Call) -> Iterator[Named]:
    """The keys that a call to KMS uses, by name or by what they encrypted."""
    references = [call.text(member) for member in ("KeyId", "DestinationKeyId", "SourceKeyId")]
    for reference in [*references, _sealed_with(call.text("CiphertextBlob"))]:
        if call.caller is not None and reference:
            yield Named(reference=reference, account=call.caller.account, region=call.region)


def _sealed_with(ciphertext: str) -> str:
    """The id of the key, which moto writes before what it encrypted."""
    try:
        return base64.b64decode(ciphertext)[:36].decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return ""


RULES: tuple[Rule, ...] = (
    Rule(
        id="kms-disabled-key",
        service="kms",
        operations=_CRYPTOGRAPHIC,
        case="the use of a key that is disabled",
        check=keys.disabled(named_keys),
        code="DisabledException",
        source=_STATES,
    ),
    Rule(
        id="kms-pending-key",
        service="kms",
        operations=(*_CRYPTOGRAPHIC, *_CHANGING),
        case="the use, or the change, of a key that is pending deletion",
        check=keys.pending(named_keys),
        code="KMSInvalidStateException",
        source=_STATES,
    ),
)
