"""KMS keys that cannot be used, and the words KMS has for each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from secure_sagemaker.local import moto_state
from secure_sagemaker.local.refusals.rule import Check
from secure_sagemaker.local.wire import Call

__all__ = ["Named", "arn_of", "disabled", "elsewhere", "pending", "unfit", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Named:
    """A key as a request or a bucket names it."""

    reference: str
    account: str
    region: str
    """Where it would have to be."""


Keys = Callable[[Call], Iterator[Named]]
"""The keys that a call would use."""


def arn_of(key: Named) -> str:
    """The ARN of the key, or of the alias, that is named."""
    if key.reference.startswith("arn:"):
        return key.reference
    name = key.reference if key.reference.startswith("alias/") else f"key/{key.reference}"
    return f"arn:{moto_state.partition(key.region)}:kms:{key.region}:{key.account}:{name}"


def _state(key: Named) -> moto_state.KeyState | None:
    return moto_state.find_key(key.reference, account=key.account, region=key.region)


def elsewhere(keys: Keys) -> Check:
    """The region of a key that is not where it would be used."""

    def check(call: Call) -> str | None:
        for key in keys(call):
            region = key.reference.split(":")[3] if key.reference.startswith("arn:") else key.region
            if region != key.region:
                return f"Invalid arn {region}"
        return None

    return check


def unknown(keys: Keys) -> Check:
    """A key, or an alias, that does not exist."""

    def check(call: Call) -> str | None:
        for key in keys(call):
            if _state(key) is None:
                kind, arn = ("Alias" if ":alias/" in arn_of(key) else "Key"), arn_of(key)
                return f"{kind} {arn} is not found." if kind == "Alias" else f"Key '{arn}' does not exist"
        return None

    return check


def disabled(keys: Keys) -> Check:
    """A key that is switched off."""
    return _in_state(keys, "Disabled", "is disabled.")


def pending(keys: Keys) -> Check:
    """A key that is about to be deleted."""
    return _in_state(keys, "PendingDeletion", "is pending deletion.")


def unfit(keys: Keys) -> Check:
    """A key that signs, or is one of a pair."""

    def check(call: Call) -> str | None:
        for key in keys(call):
            found = _state(key)
            if found is not None and not (found.usage == "ENCRYPT_DECRYPT" and found.symmetric):
                return f"{found.arn} key usage is {found.usage} which is not valid for this operation."
        return None

    return check


def _in_state(keys: Keys, state: str, words: str) -> Check:
    def check(call: Call) -> str | None:
        for key in keys(call):
            found = _state(key)
            if found is not None and found.state == state:
                return f"{found.arn} {words}"
        return None

    return check
