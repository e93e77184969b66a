"""What S3 refuses: foreign buckets, keys that cannot be used, encryption that excludes another, forms."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from secure_sagemaker.local import moto_state
from secure_sagemaker.local.policies import PolicyRequest, denies
from secure_sagemaker.local.refusals import keys
from secure_sagemaker.local.refusals.post_policies import condition_failed, extra_fields, form
from secure_sagemaker.local.refusals.rule import Rule, Wording
from secure_sagemaker.local.refusals.s3_calls import (
    CUSTOMER,
    KMS,
    SSE,
    SSE_KEY,
    WRITES,
    action_of,
    bucket_of,
    condition_keys,
    copied_from,
    header_of,
    not_authorized,
    read_keys,
    resource_of,
    written_keys,
)
from secure_sagemaker.local.wire import Call

__all__ = ["BEFORE_THE_SIGNER", "RULES"]


# --- who owns the bucket, and what its policy says


def _foreign_owner(call: Call) -> str | None:
    for header, bucket in (
        ("x-amz-expected-bucket-owner", call.text("Bucket")),
        ("x-amz-source-expected-bucket-owner", copied_from(call)[0]),
    ):
        expected = call.request.headers.get(header)
        owner = moto_state.bucket_owner(bucket) if bucket else None
        if expected is not None and owner is not None and expected != owner:
            return "Access Denied"
    return None


def _bucket_policy(call: Call) -> str | None:
    policy = moto_state.bucket_policy(call.text("Bucket")) if call.text("Bucket") else None
    if policy is None or call.caller is None:
        return None
    asked = PolicyRequest(
        action=f"s3:{action_of(call)}",
        resource=resource_of(call),
        caller_arn=call.caller.arn,
        caller_account=call.caller.account,
        context={
            # Loopback stands for AWS's own address, which is always reached by TLS here.
            "aws:securetransport": "true",
            "aws:principalarn": moto_state.role_of_session(call.caller.arn) or call.caller.arn,
            "aws:principalaccount": call.caller.account,
            **condition_keys(call),
        },
    )
    return "Access Denied" if denies(policy, asked) else None


# --- signatures


def _is_sigv2(call: Call) -> bool:
    return (
        header_of(call, "authorization").startswith("AWS ")
        or "AWSAccessKeyId" in parse_qs(urlsplit(call.request.url).query)
        or "awsaccesskeyid" in form(call)
    )


def _kms_without_sigv4(call: Call) -> str | None:
    read = [key for key in read_keys(call) if key.reference] if call.operation == "GetObject" else []
    if not _is_sigv2(call) or not (header_of(call, SSE) in KMS or read or any(written_keys(call))):
        return None
    return "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4."


def _sigv2(call: Call) -> str | None:
    if not _is_sigv2(call):
        return None
    return "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."


# --- keys


def _key_without_kms(call: Call) -> str | None:
    if not header_of(call, SSE_KEY) or header_of(call, SSE) in KMS:
        return None
    return (
        "Server Side Encryption with AWS KMS managed key requires HTTP header "
        "x-amz-server-side-encryption : aws:kms"
    )


def _default_key_without_kms(call: Call) -> str | None:
    body = call.request.body
    if b"<KMSMasterKeyID>" not in body or b"<SSEAlgorithm>aws:kms" in body:
        return None
    return "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse"


def _malformed_context(call: Call) -> str | None:
    header = f"{SSE}-context"
    if header not in call.request.headers:
        return None
    try:
        stated = json.loads(base64.b64decode(header_of(call, header), validate=True))
    except (binascii.Error, ValueError):
        stated = None
    if isinstance(stated, dict) and all(isinstance(value, str) for value in stated.values()):
        return None
    return (
        f"The header '{header}' shall be Base64-encoded UTF-8 string holding JSON which represents a "
        "string-string map"
    )


# --- keys that only the caller holds


def _customer_key_beside_sse(call: Call) -> str | None:
    if not header_of(call, CUSTOMER) or not header_of(call, SSE):
        return None
    return "Server Side Encryption with Customer provided key is incompatible with the encryption method specified"


def _blocked_customer_key(call: Call) -> str | None:
    bucket = bucket_of(call)
    if bucket is None or not bucket.blocks_customer_keys or not header_of(call, CUSTOMER):
        return None
    why = (
        "this bucket has blocked upload requests that specify Server Side Encryption with Customer provided keys "
        "(SSE-C). Please specify a different server-side encryption type"
    )
    return not_authorized(call, why)


_KEY_ERRORS = "Amazon S3 API Reference, 'Error responses'; LocalStack's recorded answers of AWS, test_s3"
_CUSTOMER_KEYS = "Amazon S3 User Guide, 'Using server-side encryption with customer-provided keys'"


def _key_rules() -> Iterator[Rule]:
    for verb, operations, named in (
        ("write", WRITES, written_keys),
        ("read", ("GetObject", "CopyObject", "UploadPartCopy"), read_keys),
    ):
        what = "a write with" if verb == "write" else "a read of an object under"
        for name, case, check, code in (
            ("key-elsewhere", "a key of another region", keys.elsewhere(named), "KMS.NotFoundException"),
            ("unknown-key", "a key that does not exist", keys.unknown(named), "KMS.NotFoundException"),
            ("disabled-key", "a key that is disabled", keys.disabled(named), "KMS.DisabledException"),
            (
                "pending-key",
                "a key that is pending deletion",
                keys.pending(named),
                "KMS.KMSInvalidStateException",
            ),
        ):
            if verb == "write" or name not in ("key-elsewhere", "unknown-key"):
                yield Rule(
                    id=f"s3-{verb}-{name}",
                    service="s3",
                    operations=operations,
                    case=f"{what} {case}"
                    + (", by name or by the bucket's default" if verb == "write" else ""),
                    check=check,
                    code=code,
                    source=_KEY_ERRORS,
                )


BEFORE_THE_SIGNER: tuple[Rule, ...] = (
    Rule(
        id="s3-kms-needs-sigv4",
        service="s3",
        case="SSE-KMS, or the read of an object under it, with a signature of version 2",
        check=_kms_without_sigv4,
        code="InvalidArgument",
        source="Amazon S3 API Reference, CopyObject; boto/botocore issue 377",
    ),
    Rule(
        id="s3-sigv2",
        service="s3",
        case="a signature of version 2",
        check=_sigv2,
        code="InvalidRequest",
        source="Amazon S3 User Guide, 'Signature Version 2': newer regions and buckets take version 4 only",
    ),
)

RULES: tuple[Rule, ...] = (
    Rule(
        id="s3-foreign-owner",
        service="s3",
        case="a bucket, or the bucket that is copied from, of another account than `ExpectedBucketOwner` or "
        "`ExpectedSourceBucketOwner` says",
        check=_foreign_owner,
        code="AccessDenied",
        status=403,
        source="Amazon S3 User Guide, 'Verifying bucket ownership with bucket owner condition'",
    ),
    Rule(
        id="s3-bucket-policy",
        service="s3",
        case="what a Deny of the bucket's policy names, with its conditions",
        check=_bucket_policy,
        code="AccessDenied",
        status=403,
        source="Amazon S3 User Guide, 'Bucket policies'; moto evaluates them without their conditions",
    ),
    Rule(
        id="s3-post-extra-field",
        service="s3",
        case="a presigned POST whose form has a field that its policy has no condition for",
        check=extra_fields,
        code="AccessDenied",
        status=403,
        source="Amazon S3 API Reference, 'POST policy': conditions",
    ),
    Rule(
        id="s3-post-condition",
        service="s3",
        case="a presigned POST whose form does not meet a condition of its policy, or leaves its field out",
        check=condition_failed,
        code="AccessDenied",
        status=403,
        source="Amazon S3 API Reference, 'POST policy': conditions",
    ),
    Rule(
        id="s3-customer-key-beside-sse",
        service="s3",
        case="a customer-provided key beside SSE-KMS or SSE-S3",
        check=_customer_key_beside_sse,
        code="InvalidArgument",
        source=f"{_CUSTOMER_KEYS}; LocalStack's recorded answers of AWS, test_s3",
    ),
    Rule(
        id="s3-blocked-customer-key",
        service="s3",
        operations=(*WRITES, "UploadPart", "UploadPartCopy"),
        case="a customer-provided key where the bucket does not permit them, as no new bucket does",
        check=_blocked_customer_key,
        code="AccessDenied",
        status=403,
        source="botocore s3 BlockedEncryptionTypes; AWS Storage Blog, 'Amazon S3 to disable the use of SSE-C "
        "encryption by default' (from April 2026)",
    ),
    Rule(
        id="s3-key-without-kms",
        service="s3",
        operations=WRITES,
        case="a KMS key beside another algorithm than SSE-KMS, or beside none",
        check=_key_without_kms,
        code="InvalidArgument",
        source="botocore s3 PutObjectRequest.SSEKMSKeyId; aws/aws-cli issue 1431",
    ),
    Rule(
        id="s3-default-key-without-kms",
        service="s3",
        operations=("PutBucketEncryption",),
        case="a default key beside another default algorithm than SSE-KMS (a default key that cannot be used is "
        "accepted: S3 looks at it when something is written)",
        check=_default_key_without_kms,
        code="InvalidArgument",
        source="botocore s3 ServerSideEncryptionByDefault.KMSMasterKeyID and PutBucketEncryption",
    ),
    Rule(
        id="s3-malformed-context",
        service="s3",
        operations=WRITES,
        case="an encryption context that is not the base64 of a JSON object of texts",
        check=_malformed_context,
        code="InvalidArgument",
        source="botocore s3 PutObjectRequest.SSEKMSEncryptionContext; Hadoop issue 19197",
    ),
    *_key_rules(),
    Rule(
        id="s3-unfit-key",
        service="s3",
        operations=WRITES,
        case="a key that is not for symmetric encryption",
        check=keys.unfit(written_keys),
        code="KMS.InvalidKeyUsageException",
        wording=Wording.OURS,
        source="botocore s3 ServerSideEncryptionByDefault: S3 'only supports symmetric encryption KMS keys'",
    ),
)
