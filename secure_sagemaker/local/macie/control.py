"""What a test or a demonstration does to the account's Macie, beside calling it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from secure_sagemaker import SecurityBaseline
from secure_sagemaker.local.account import Account, make_bucket

if TYPE_CHECKING:
    import boto3

    from secure_sagemaker.local.macie.state import Behaviour

__all__ = ["EmbeddedMacie"]

_SERVICE = "macie.amazonaws.com"
_ROLE = f"role/aws-service-role/{_SERVICE}/AWSServiceRoleForAmazonMacie"


@dataclass(frozen=True, kw_only=True)
class EmbeddedMacie:
    """Macie of the account. It is not enabled, as in a new account, until somebody does.

    Time is told in looks: a job is ``RUNNING`` until it is described, and has then read all that there is, or as many
    objects as ``read_at_each_look`` says.
    """

    _behaviour: Behaviour = field(repr=False)
    _source: boto3.Session = field(repr=False)
    _account: Account = field(repr=False)
    _baseline: str = field(repr=False)

    def enable(self) -> str:
        """Do what an administrator does once, and name the bucket that results go to.

        Macie is enabled and has a bucket for results, which its service may write; its role may use the account's keys.
        """
        account, session = self._account, self._source
        partition = session.get_partition_for_region(account.region)
        session.client("macie2").enable_macie()
        for key in (account.key_arn, account.other_key_arn):
            self._let_use(key, partition)
        bucket = self._results
        writes = {
            "Sid": "MacieWritesResults",
            "Effect": "Allow",
            "Principal": {"Service": _SERVICE},
            "Action": ["s3:GetBucketLocation", "s3:PutObject"],
            "Resource": [f"arn:{partition}:s3:::{bucket}", f"arn:{partition}:s3:::{bucket}/*"],
            "Condition": self._for_this_account(),
        }
        make_bucket(session, bucket, key_arn=account.key_arn, partition=partition, statements=(writes,))
        session.client("macie2").put_classification_export_configuration(
            configuration={"s3Destination": {"bucketName": bucket, "kmsKeyArn": account.key_arn}}
        )
        return bucket

    def baseline(
        self, mode: Literal["observe", "require", "scan"] = "require", **stated: object
    ) -> SecurityBaseline:
        """The account's baseline where Macie is enabled, and data needs a verdict.

        Args:
            mode: What becomes of data without one.
            stated: Further fields of ``[macie]``.
        """
        said = tomllib.loads(self._baseline)
        said["data_perimeter"]["read"][self._results] = self._account.account
        said["macie"] = {"mode": mode, **stated}
        return SecurityBaseline.from_mapping(said, source="embedded AWS")

    @property
    def _results(self) -> str:
        return f"ml-macie-{self._account.account}-{self._account.region}"

    def read_at_each_look(self, objects: int | None) -> None:
        """How many objects a job gets through between two looks at it; None for all that there are."""
        self._behaviour.objects_a_look = objects

    def advance(self, time: timedelta) -> None:
        """Let time pass: paused jobs expire, recurring ones come round."""
        self._behaviour.later += time

    def throttle(self, calls: int) -> None:
        """Refuse the next calls as too many."""
        self._behaviour.throttled_calls = calls

    def allow_a_month(self, *, bytes: int) -> None:  # noqa: A002  # units stand in names
        """Set the quota of what may be analysed in a month."""
        self._behaviour.quota_bytes = bytes

    def limit(self, **limits: int) -> None:
        """Lower what is read of one object, by the names of ``Limits``."""
        self._behaviour.limits = replace(self._behaviour.limits, **limits)

    def _for_this_account(self) -> Mapping[str, Mapping[str, str]]:
        return {"StringEquals": {"aws:SourceAccount": self._account.account}}

    def _let_use(self, key: str, partition: str) -> None:
        kms = self._source.client("kms")
        policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
        reads = {
            "Sid": "MacieReads",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:{partition}:iam::{self._account.account}:{_ROLE}"},
            "Action": ["kms:Decrypt", "kms:DescribeKey"],
            "Resource": "*",
        }
        writes = {
            "Sid": "MacieWritesResults",
            "Effect": "Allow",
            "Principal": {"Service": _SERVICE},
            "Action": ["kms:Encrypt", "kms:GenerateDataKey"],
            "Resource": "*",
            "Condition": self._for_this_account(),
        }
        policy["Statement"] = [*policy["Statement"], reads, writes]
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
