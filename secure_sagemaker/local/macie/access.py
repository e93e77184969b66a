"""What Macie may read and write: its role's, by the policies of buckets and keys; its service's, for results.

Macie reads as a service-linked role, whose policy allows every object of the account and no key: a key's own policy
must name the role. It writes results as the service principal, which the bucket's and the key's policies must name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from secure_sagemaker.local import moto_state
from secure_sagemaker.local.moto_objects import BucketDetails, ObjectDetails, find_details
from secure_sagemaker.local.policies import PolicyRequest, allows, denies, grants

__all__ = ["Access", "role_arn"]

_ROLE = "AWSServiceRoleForAmazonMacie"
_SERVICE = "macie.amazonaws.com"
_CLASSES = frozenset(
    {"GLACIER_IR", "INTELLIGENT_TIERING", "ONEZONE_IA", "REDUCED_REDUNDANCY", "STANDARD", "STANDARD_IA"}
)
_WITH_KEYS = frozenset({"aws:kms", "aws:kms:dsse"})


def role_arn(account: str, partition: str) -> str:
    """The service-linked role that Macie reads as."""
    return f"arn:{partition}:iam::{account}:role/aws-service-role/{_SERVICE}/{_ROLE}"


@dataclass(frozen=True, kw_only=True)
class Access:
    """Macie of an account and a region."""

    account: str
    region: str
    partition: str

    def against_bucket(self, name: str, owner: str) -> str:
        """Why the objects of a bucket can't be listed, by the name of the job's log event; empty where they can."""
        bucket = find_details(name)
        if bucket is None:
            return "BUCKET_DOES_NOT_EXIST"
        if bucket.owner != owner:
            return "BUCKET_OWNER_CHANGED"
        if bucket.region != self.region:
            return "BUCKET_IN_DIFFERENT_REGION"
        return "BUCKET_ACCESS_DENIED" if self._is_denied(bucket, "s3:ListBucket", bucket.arn) else ""

    def against_object(self, bucket: BucketDetails, found: ObjectDetails) -> str:
        """Why an object can't be read, by Macie's name of the reason; empty where it can."""
        if not self.takes_class(found.storage_class):
            return "INVALID_OBJECT_STATE"
        if self._is_denied(bucket, "s3:GetObject", f"{bucket.arn}/{found.key}"):
            return "PERMISSION_DENIED"
        return self._against_key(found.kms_key) if found.encryption in _WITH_KEYS and found.kms_key else ""

    @staticmethod
    def takes_class(storage_class: str) -> bool:
        """Whether Macie reads objects of a storage class."""
        return storage_class in _CLASSES

    def against_results(self, bucket_name: str, prefix: str, key: str) -> str:
        """Why results can't be written, in words; empty where they can."""
        bucket = find_details(bucket_name)
        if bucket is None:
            return f"The bucket {bucket_name} does not exist."
        known = moto_state.find_key(key, account=self.account, region=bucket.region)
        if known is None or not known.symmetric or known.state != "Enabled":
            return (
                "The KMS key must be a symmetric encryption key that is enabled, in the Region of the bucket."
            )
        policy, key_policy = bucket.policy, moto_state.key_policy(known.arn)
        writes = self._as_service("s3:PutObject", f"{bucket.arn}/{prefix}AWSLogs/{self.account}/Macie/")
        if policy is None or not allows(json.loads(policy), writes):
            return f"The policy of the bucket {bucket_name} does not allow {_SERVICE} to put objects."
        encrypts = self._as_service("kms:GenerateDataKey", known.arn)
        if key_policy is None or not allows(json.loads(key_policy), encrypts):
            return f"The policy of the KMS key does not allow {_SERVICE} to use it."
        return ""

    def _is_denied(self, bucket: BucketDetails, action: str, resource: str) -> bool:
        if bucket.policy is None:
            return False
        return denies(json.loads(bucket.policy), self._as_role(action, resource))

    def _against_key(self, key: str) -> str:
        found = moto_state.find_key(key, account=self.account, region=self.region)
        if found is None or found.state != "Enabled":
            return "INVALID_KMS_KEY"
        if not found.arn.startswith("arn:"):
            return ""  # AWS's own key, which lets S3 of the account use it
        policy = moto_state.key_policy(found.arn)
        asked = self._as_role("kms:Decrypt", found.arn)
        if policy is None or denies(json.loads(policy), asked):
            return "INVALID_ENCRYPTION"
        # What the key grants to the account leaves it to the role's own policy, which has nothing of KMS.
        to_account = {self.account, f"arn:{self.partition}:iam::{self.account}:root"}
        return "" if grants(json.loads(policy), asked) - to_account else "INVALID_ENCRYPTION"

    def _as_role(self, action: str, resource: str) -> PolicyRequest:
        role = role_arn(self.account, self.partition)
        return PolicyRequest(
            action=action,
            resource=resource,
            caller_arn=f"arn:{self.partition}:sts::{self.account}:assumed-role/{_ROLE}/Macie",
            caller_account=self.account,
            context={**self._context(), "aws:principalarn": role, "aws:principalaccount": self.account},
        )

    def _as_service(self, action: str, resource: str) -> PolicyRequest:
        source = f"arn:{self.partition}:macie2:{self.region}:{self.account}:export-configuration:*"
        context = {**self._context(), "aws:sourceaccount": self.account, "aws:sourcearn": source}
        return PolicyRequest(action=action, resource=resource, service=_SERVICE, context=context)

    def _context(self) -> Mapping[str, str]:
        return {
            "aws:requestedregion": self.region,
            "aws:securetransport": "true",
            "kms:calleraccount": self.account,
            "kms:viaservice": f"s3.{self.region}.amazonaws.com",
            "s3:x-amz-server-side-encryption": "aws:kms",
        }
