"""KMS key references become key ARNs: looked up once, kept for the life of the session."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from secure_sagemaker.controls import Enforcement
from secure_sagemaker.exceptions import KeyResolutionError
from secure_sagemaker.locks import ForkSafeLock

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient

__all__ = ["KeyResolver"]


class KeyResolver:
    """Resolves aliases and key ids with kms:DescribeKey.

    Args:
        kms: Makes the KMS client when the first look-up needs it.
    """

    def __init__(self, kms: Callable[[], KMSClient]) -> None:
        self._kms = kms
        self._lock = ForkSafeLock()
        self._arns: dict[str, str] = {}

    @property
    def known(self) -> Mapping[str, str]:
        """The references resolved so far: reference to key ARN."""
        return MappingProxyType(self._arns)

    def resolve(self, references: Iterable[str]) -> Mapping[str, str]:
        """Look up what is not known yet, and give all that is.

        Raises:
            KeyResolutionError: A key cannot be described, or is not one that can encrypt.
        """
        with self._lock:
            for reference in references:
                if reference not in self._arns:
                    self._arns = {**self._arns, reference: self._describe(reference)}
        return self.known

    def settle(self, decide: Callable[[Mapping[str, str]], Enforcement]) -> Enforcement:
        """Decide, looking up keys until every decision is final: each round names keys not yet known.

        Raises:
            KeyResolutionError: A key cannot be described, or is not one that can encrypt.
        """
        enforcement = decide(self.known)
        while enforcement.lookups:
            enforcement = decide(self.resolve(enforcement.lookups))
        return enforcement

    def _describe(self, reference: str) -> str:
        try:
            metadata = self._kms().describe_key(KeyId=reference)["KeyMetadata"]
        except ClientError as refused:
            code = refused.response.get("Error", {}).get("Code", "")
            remedy = (
                "correct the name: the region has no such key"
                if code == "NotFoundException"
                else "allow kms:DescribeKey on it to the baseline's role, or name the key by its ARN"
            )
            raise KeyResolutionError(
                f"the KMS key {reference!r} could not be looked up: {code}", remedy=remedy, key=reference
            ) from refused
        except BotoCoreError as failed:
            raise KeyResolutionError(
                f"the KMS key {reference!r} could not be looked up: {failed}",
                remedy="check the network path to KMS, or name the key by its ARN",
                key=reference,
            ) from failed
        if metadata.get("KeyState") != "Enabled":
            raise KeyResolutionError(
                f"the KMS key {reference!r} is in state {metadata.get('KeyState')!r}",
                remedy="enable it, or name another key",
                key=reference,
            )
        usage = metadata.get("KeyUsage", "ENCRYPT_DECRYPT")
        spec = metadata.get("KeySpec", "SYMMETRIC_DEFAULT")
        if (usage, spec) != ("ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT"):
            raise KeyResolutionError(
                f"the KMS key {reference!r} is a {spec} key for {usage}",
                remedy="name a symmetric encryption key",
                key=reference,
            )
        return str(metadata["Arn"])
