"""What data is encrypted with, where it may lie, and what of it is no secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import (
    Field,
    model_validator,
)

from secure_sagemaker.baseline.arns import AccountId, KmsKeyReference
from secure_sagemaker.baseline.patterns import (
    BucketName,
    BucketOrAccessPoint,
    ContextKey,
    ContextValue,
    Reason,
    SecretKey,
)
from secure_sagemaker.baseline.section import ReadOnly, Section, contradiction, listed
from secure_sagemaker.baseline.vocabulary import ControlId

__all__ = [
    "DataPerimeter",
    "KmsKeys",
    "Secrets",
]


class KmsKeys(Section):
    """The KMS keys that data is encrypted with. ARN, alias or key id."""

    default: KmsKeyReference | None = None
    """The key used where none more particular is stated."""
    volume: KmsKeyReference | None = None
    """The key for storage volumes of jobs, endpoints, notebooks and domains."""
    output: KmsKeyReference | None = None
    """The key for what SageMaker writes to S3: artifacts, results, captures."""
    s3: KmsKeyReference | None = None
    """The key for what this program itself writes to S3."""
    s3_encryption_context: Annotated[Mapping[ContextKey, ContextValue], *ReadOnly] = Field(
        default_factory=dict, validate_default=True
    )
    """Pairs that KMS is told with every object this program writes, for the key's policy and CloudTrail.
    They are stored in clear: no secrets."""
    allowed: tuple[KmsKeyReference, ...] = ()
    """Further keys a caller may name."""
    aws_managed: tuple[ControlId, ...] = ()
    """Controls for which AWS-managed keys are meant on purpose: the member is omitted then."""
    endpoint_local_storage: Literal["inject", "omit", "refuse"] = "inject"
    """What to do with an endpoint's volume key when a variant's instance type has local storage.
    AWS's pages disagree on whether such a call is accepted; the key never encrypts the local disk."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        stated = {
            ControlId.KMS_VOLUME_KEY: ("volume", self.volume),
            ControlId.KMS_OUTPUT_KEY: ("output", self.output),
            ControlId.S3_ENCRYPTION: ("s3", self.s3),
            ControlId.KMS_RESOURCE_KEY: ("default", self.default),
        }
        foreign = set(self.aws_managed) - stated.keys()
        if foreign:
            raise contradiction(
                "kms.aws_managed",
                f"{listed(foreign)}: no key belongs to it",
                f"choose among {listed(stated)}",
            )
        for control, (name, key) in stated.items():
            managed = control in self.aws_managed
            if key is not None and managed and name != "default":
                raise contradiction(
                    f"kms.{name}",
                    f"a key is stated, and kms.aws_managed says that {control} has none",
                    "keep one of the two",
                )
            if key is None and not managed and self.default is None:
                name = name if any(self.references()) else "default"
                raise contradiction(
                    f"kms.{name}",
                    f"nothing says which key {control} takes",
                    "state kms.default, which serves wherever nothing more particular is stated"
                    + ("" if name == "default" else f", or kms.{name}"),
                )
        return self

    def references(self) -> Iterator[str]:
        """Every key reference stated, each once."""
        stated = (self.default, self.volume, self.output, self.s3, *self.allowed)
        return iter(dict.fromkeys(key for key in stated if key is not None))


class DataPerimeter(Section):
    """The S3 buckets that may be used, each with the account that owns it."""

    write: Annotated[Mapping[BucketOrAccessPoint, AccountId], *ReadOnly] = Field(
        default_factory=dict, validate_default=True
    )
    """Buckets that may be written and read. An access point, by its ARN or alias, is named like a bucket,
    with the account that owns the bucket behind it."""
    read: Annotated[Mapping[BucketOrAccessPoint, AccountId], *ReadOnly] = Field(
        default_factory=dict, validate_default=True
    )
    """Further buckets that may only be read."""
    aws_public_buckets: tuple[BucketName, ...] = ()
    """AWS's own public buckets that may be read, such as ``jumpstart-cache-prod-eu-west-1``. AWS publishes no
    owner for them, so none is verified; where you know it, name the bucket in ``read`` instead."""
    default_bucket: BucketName | None = None
    """The bucket for what the SDK uploads; one of ``write``."""
    create_buckets: bool = False
    """Whether ``SecureSession.create_bucket`` may make the buckets of ``write`` that the role's own account
    owns. Other ways to create a bucket stay refused."""
    presigned_seconds: Annotated[int, Field(ge=1, le=604800)] = 3600
    """How long a presigned URL or form is good for at most, in seconds."""
    trusted_accounts: tuple[AccountId, ...] = ()
    """Accounts beside the role's own that a resource policy may name."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.default_bucket is not None and self.default_bucket not in self.write:
            raise contradiction(
                "data_perimeter.default_bucket",
                f"{self.default_bucket!r} is not in data_perimeter.write",
                "add it there with its owner",
            )
        clash = {name for name, owner in self.write.items() if self.read.get(name, owner) != owner}
        if clash:
            raise contradiction(
                "data_perimeter.read",
                f"data_perimeter.write names another owner of {listed(clash)}",
                "state each bucket once: what may be written may be read",
            )
        owned = {name for name in self.aws_public_buckets if self.owner(name) is not None}
        if owned:
            raise contradiction(
                "data_perimeter.aws_public_buckets",
                f"the owner of {listed(owned)} is stated in data_perimeter.read or write",
                "name it there alone, so that the owner is verified",
            )
        return self

    def owner(self, bucket: str) -> str | None:
        """The account that must own the bucket, or None for one without a stated owner."""
        return self.write.get(bucket) or self.read.get(bucket)

    def permits(self, bucket: str, *, written: bool) -> bool:
        """Whether the bucket may be written, or read."""
        if written:
            return bucket in self.write
        return self.owner(bucket) is not None or bucket in self.aws_public_buckets


class Secrets(Section):
    """What is called like a secret, or looks like one, and is none."""

    allow: Annotated[Mapping[SecretKey, Reason], *ReadOnly] = Field(
        default_factory=dict, validate_default=True
    )
    """Names of environment variables, hyperparameters, options or members whose values are let through, each
    with the reason. The name is exact; of a value inside a JSON text it is the path, such as ``config.api_key``."""
