"""What every policy is made from: a baseline, with its keys known, its account's ARNs and a day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from secure_sagemaker.baseline import ControlId, KeyReference, Mode, SecurityBaseline, Waiver
from secure_sagemaker.controls.checks import baseline_key
from secure_sagemaker.controls.instance_types import (
    LocalStorage,
    local_storage,
    locally_encrypted_families,
)
from secure_sagemaker.controls.locations import is_directory_bucket, other_than_bucket
from secure_sagemaker.exceptions import KeyResolutionError
from secure_sagemaker.identity.policies.reference import NAMED_BY_AWS, resource_arn

__all__ = ["SAGEMAKER", "Projection", "bucket_name", "via_service", "with_lower_case"]

SAGEMAKER = "sagemaker.amazonaws.com"
"""SageMaker's service principal, which is one in every partition."""


def via_service(service: str, *, region: str, partition: str) -> str:
    """What the condition key ``kms:ViaService`` says where a service uses a key for somebody."""
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    return f"{service}.{region}.{suffix}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Projection:
    """A baseline as IAM sees it.

    Args:
        baseline: What is projected.
        today: The day on which waivers must still hold.
        key_arns: Key references of the baseline (aliases, ids), as written, to key ARNs. Conditions compare ARNs.
        instance_types: The instance types that will be asked for, where that is known. Those of them that take no
            volume key then stand for all that there are.

    Raises:
        KeyResolutionError: A reference of the baseline is no ARN, and ``key_arns`` lacks it.
    """

    baseline: SecurityBaseline
    today: date
    key_arns: Mapping[str, str] = field(default_factory=dict)
    instance_types: tuple[str, ...] = ()
    keys: tuple[str, ...] = field(init=False)
    """The ARNs of every key that the baseline names, which a caller may name too."""
    local_instance_types: tuple[str, ...] = field(init=False)
    """Patterns of the instance types that take no volume key."""

    def __post_init__(self) -> None:
        arns = tuple(dict.fromkeys(map(self.key_arn, self.baseline.kms.references())))
        object.__setattr__(self, "keys", arns)
        object.__setattr__(self, "local_instance_types", tuple(self._local_instance_types()))

    def _local_instance_types(self) -> Iterator[str]:
        further = self.baseline.instance_families
        if not self.instance_types:
            yield from (f"ml.{family}.*" for family in locally_encrypted_families(further))
        for instance_type in self.instance_types:
            if local_storage(instance_type, further) is LocalStorage.ENCRYPTED:
                yield instance_type

    def key_arn(self, reference: str) -> str:
        """The ARN of a key."""
        parsed = KeyReference.parse(reference)
        arn = parsed.key_arn if parsed is not None else None
        arn = arn or self.key_arns.get(reference)
        if arn is None:
            raise KeyResolutionError(
                f"IAM compares the ARNs of keys, and that of {reference!r} is not known",
                remedy="write the key's ARN in the baseline, or have the session look it up (SecureSession.verify)",
                key=reference,
            )
        return arn

    def enforces(self, control: ControlId) -> bool:
        """Whether AWS may refuse for a control: not where the baseline only observes."""
        return self.baseline.mode(control) is not Mode.OBSERVE

    def waivers(self, *controls: ControlId) -> tuple[Waiver, ...]:
        """The waivers of some controls that still hold."""
        return tuple(
            waiver
            for waiver in self.baseline.waivers
            if waiver.control in controls and waiver.expires >= self.today
        )

    @property
    def services(self) -> tuple[str, ...]:
        """The service principals that may be given an execution role."""
        return (SAGEMAKER, *self.baseline.execution_roles.services)

    @property
    def partition(self) -> str:
        """The partition of the baseline's role."""
        return self.baseline.role_arn.partition

    def arn(self, resource: str, *, service: str = "sagemaker") -> str:
        """The ARN of something in the baseline's account and region."""
        return f"arn:{self.partition}:{service}:{self.baseline.region}:{self.baseline.account}:{resource}"

    def of_resource(self, template: str) -> str:
        """A resource type's ARN as the service authorization reference writes it, for this account and region."""
        return (
            template.replace("${Partition}", self.partition)
            .replace("${Region}", self.baseline.region)
            .replace("${Account}", self.baseline.account)
        )

    def named(self, kind: str, pattern: str) -> str:
        """The ARN of SageMaker's resources of a kind with a name; of all of them where names are not the caller's."""
        arn = self.of_resource(resource_arn("sagemaker", kind))
        if kind in NAMED_BY_AWS:
            return arn
        if kind == "pipeline-execution":  # named by its pipeline
            return arn.replace(":pipeline/*", f":pipeline/{pattern}")
        if kind == "model-package" and not pattern.endswith("*"):
            return f"{arn.removesuffix('*')}{pattern}/*"  # named by its group
        return arn.removesuffix("*") + pattern

    def keys_for(self, *controls: ControlId) -> tuple[str, ...]:
        """The keys of some purposes, and those that may stand for any."""
        kms = self.baseline.kms
        stated = (
            baseline_key(self.baseline, control) for control in controls if control not in kms.aws_managed
        )
        references = (*(one for one in stated if one is not None), *kms.allowed)
        return tuple(dict.fromkeys(map(self.key_arn, references)))

    def location(self, location: str) -> tuple[str, ...]:
        """The patterns of the objects of an S3 location: all below it, and it itself where it may be an object."""
        name = bucket_name(location)
        prefix = location.removeprefix(f"s3://{name}").removeprefix("/")
        if not prefix or prefix.endswith("/"):
            return (self.objects(name, prefix),)
        return (self.objects(name, prefix).removesuffix("*"), self.objects(name, f"{prefix}/"))

    def clarify(self, resource_type: str) -> tuple[str, ...]:
        """The ARNs of the jobs that run SageMaker Clarify."""
        return tuple(
            self.arn(f"{resource_type}/{name}")
            for name in with_lower_case(self.baseline.session_policy.clarify_jobs)
        )

    @staticmethod
    def is_directory(name: str) -> bool:
        """Whether the data perimeter names a directory bucket."""
        return is_directory_bucket(name)

    @staticmethod
    def is_plain(name: str) -> bool:
        """Whether the data perimeter names a general-purpose bucket by its own name."""
        return not is_directory_bucket(name) and other_than_bucket(name) is None

    @property
    def writes_to_directory_buckets(self) -> bool:
        """Whether outputs may go where SageMaker takes no KMS key."""
        return any(map(is_directory_bucket, self.baseline.data_perimeter.write))

    def bucket_and_objects(self, name: str) -> tuple[str, str]:
        """A bucket's ARN, and the pattern of all its objects."""
        return self.bucket(name), self.objects(name)

    def bucket(self, name: str) -> str:
        """The ARN of a bucket, a directory bucket or an access point, named as the data perimeter names it."""
        if name.startswith("arn:"):
            return name
        if is_directory_bucket(name):
            return self.arn(f"bucket/{name}", service="s3express")
        return f"arn:{self.partition}:s3:::{name}"

    def objects(self, name: str, prefix: str = "") -> str:
        """The pattern of a bucket's objects under a prefix."""
        between = "/object/" if name.startswith("arn:") else "/"
        return f"{self.bucket(name)}{between}{prefix}*"


def bucket_name(location: str) -> str:
    """The bucket or access point of an S3 location such as ``s3://BUCKET/PREFIX``."""
    rest = location.removeprefix("s3://")
    found = re.match(r"arn:[^/]*:accesspoint/[^/]+", rest)
    return found.group() if found else rest.partition("/")[0]


def with_lower_case(patterns: Iterable[str]) -> tuple[str, ...]:
    """Patterns of names, and what SageMaker writes of them in ARNs, which for some resources is in lower case."""
    return tuple(dict.fromkeys(form for pattern in patterns for form in (pattern, pattern.lower())))
