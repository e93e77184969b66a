"""What the rules must know of the account, read from moto's own stores. These modules alone open them.

identities  users, roles and their policies
storage     buckets, objects and keys
regions     networks, instance types, partitions
"""

from secure_sagemaker.local.moto_state.identities import (
    create_service_role,
    create_temporary_key,
    create_user,
    find_role,
    has_mfa_device,
    has_policy,
    has_principal,
    identity_arn,
    identity_policies,
    managed_policy,
    principal_id,
    role_of_session,
    user_arn,
)
from secure_sagemaker.local.moto_state.regions import (
    has_local_storage,
    network_of,
    partition,
)
from secure_sagemaker.local.moto_state.storage import (
    BucketState,
    KeyState,
    bucket_owner,
    bucket_policy,
    find_bucket,
    find_key,
    find_object,
    has_objects,
    key_policy,
    read_object,
)

__all__ = [
    "BucketState",
    "KeyState",
    "bucket_owner",
    "bucket_policy",
    "create_service_role",
    "create_temporary_key",
    "create_user",
    "find_bucket",
    "find_key",
    "find_object",
    "find_role",
    "has_local_storage",
    "has_mfa_device",
    "has_objects",
    "has_policy",
    "has_principal",
    "identity_arn",
    "identity_policies",
    "key_policy",
    "managed_policy",
    "network_of",
    "partition",
    "principal_id",
    "read_object",
    "role_of_session",
    "user_arn",
]
