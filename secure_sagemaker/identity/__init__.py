"""Who signs: the assumed role, and nothing else.

credentials   AssumeRole as botocore credentials that refresh themselves
proof         whose they are, by AWS's own word
refresh       when they do, what while STS does not answer, and what the clock is
explained     what to change when STS does not give the role
handed        credentials that another process hands out instead
who           the person or the workload that a session is for
passed        the policies that narrow the session
purpose       what a session is for
policies      how they are made, and what an administrator deploys
cache         credentials kept for other processes
mfa           MFA, asked for once
keys          KMS references, resolved to key ARNs
sources       whose credentials assume roles, and what they have
bare          errors without what they were raised beside
anchors       the organisation's layer, where it is kept in AWS
"""

from secure_sagemaker.identity.anchors import read_anchor
from secure_sagemaker.identity.cache import CredentialCache
from secure_sagemaker.identity.credentials import (
    AssumedRole,
    AssumeRoleProvider,
    Principal,
)
from secure_sagemaker.identity.handed import RECORDS_FILE, HandedError, ask, handed_folder
from secure_sagemaker.identity.keys import KeyResolver
from secure_sagemaker.identity.mfa import MfaToken, mfa_command, mfa_prompt, mfa_source
from secure_sagemaker.identity.passed import PassedPolicies
from secure_sagemaker.identity.proof import proven
from secure_sagemaker.identity.purpose import Purpose
from secure_sagemaker.identity.sources import (
    Hold,
    SourceKey,
    have_credentials_held,
    is_assuming,
    source_key,
    sources,
    sts_client,
)

__all__ = [
    "RECORDS_FILE",
    "AssumeRoleProvider",
    "AssumedRole",
    "CredentialCache",
    "HandedError",
    "Hold",
    "KeyResolver",
    "MfaToken",
    "PassedPolicies",
    "Principal",
    "Purpose",
    "SourceKey",
    "ask",
    "handed_folder",
    "have_credentials_held",
    "is_assuming",
    "mfa_command",
    "mfa_prompt",
    "mfa_source",
    "proven",
    "read_anchor",
    "source_key",
    "sources",
    "sts_client",
]
