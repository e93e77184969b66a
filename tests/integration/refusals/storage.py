"""Cases of S3."""

from __future__ import annotations

import base64
import json
from typing import Any

from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session
from botocore.parsers import create_parser

from tests.integration.embedded import client
from tests.integration.refusals.case import ACCOUNT, Case, World

__all__ = ["CASES"]

STRANGER = "999999999999"
CUSTOMER_KEY = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
KMS = {"ServerSideEncryption": "aws:kms"}
EVERYONE = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}


def put(world: World, bucket: str | None = None, **parameters: object) -> object:
    return world.s3.put_object(Bucket=bucket or world.bucket, Key="k", Body=b"1", **parameters)


def seeded(world: World, key: str = "seeded") -> str:
    world.s3.put_object(Bucket=world.bucket, Key=key, Body=b"1")
    return f"{world.bucket}/{key}"


def copied(world: World, **parameters: object) -> object:
    return world.s3.copy_object(Bucket=world.bucket, Key="copy", CopySource=seeded(world), **parameters)


def etag(world: World) -> str:
    bucket, _, key = seeded(world).partition("/")
    return str(world.s3.head_object(Bucket=bucket, Key=key)["ETag"])


def multipart(world: World, **parameters: object) -> object:
    return world.s3.create_multipart_upload(Bucket=world.bucket, Key="parts", **parameters)


def read(world: World, key: str) -> object:
    return world.s3.get_object(Bucket=world.bucket, Key=key)


def set_policy(world: World, bucket: str, **statement: object) -> object:
    whole = {**EVERYONE, "Resource": f"arn:aws:s3:::{bucket}/*", **statement}
    return world.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Statement": [whole]}))


def denying(world: World) -> str:
    """A bucket that refuses what is not written under a KMS key."""
    name = world.bucket_with()
    condition = {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}
    set_policy(world, name, Effect="Deny", Action="s3:PutObject", Condition=condition)
    return name


def acl(uri: str) -> dict[str, Any]:
    owner = {"ID": "a" * 64}
    grant = {"Grantee": {"Type": "Group", "URI": uri}, "Permission": "READ"}
    return {"AccessControlPolicy": {"Owner": owner, "Grants": [grant]}}


def old_signature(world: World) -> Any:
    return client(world.aws, "s3", config=Config(signature_version="s3"))


def new_signature(world: World) -> Any:
    return client(world.aws, "s3", config=Config(signature_version="s3v4"))


def of_presigned(url: str) -> None:
    raise_for(URLLib3Session().send(AWSRequest(method="GET", url=url).prepare()))


def raise_for(answer: Any) -> None:
    """Raise what a client would of an answer that no client got."""
    if answer.status_code >= 300:
        response = {
            "status_code": answer.status_code,
            "headers": dict(answer.headers),
            "body": answer.content,
        }
        raise ClientError(create_parser("rest-xml").parse(response, None), "PostObject")


def posted(world: World, *, fields: dict[str, str], conditions: list[object], **form: str | None) -> None:
    """POST a form that was presigned with fields and conditions, with other fields added or taken away."""
    made = new_signature(world).generate_presigned_post(
        world.bucket, "posted", Fields=fields, Conditions=conditions
    )
    sent = {**made["fields"], **{name.replace("_", "-"): value for name, value in form.items()}}
    parts = [
        f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in [*sent.items(), ("file", "1")]
        if value is not None
    ]
    headers = {"Content-Type": "multipart/form-data; boundary=edge"}
    body = "".join([*parts, "--edge--\r\n"]).encode()
    request = AWSRequest(method="POST", url=made["url"], headers=headers, data=body)
    raise_for(URLLib3Session().send(request.prepare()))


ENCRYPTED = {"x-amz-server-side-encryption": "aws:kms"}

CASES: tuple[Case, ...] = (
    *(
        Case(
            rule="s3-foreign-owner",
            name=name,
            refused=lambda world, call=call: call(world, STRANGER),
            accepted=lambda world, call=call: call(world, ACCOUNT),
            says="Access Denied",
        )
        for name, call in (
            ("put", lambda world, owner: put(world, ExpectedBucketOwner=owner)),
            (
                "list",
                lambda world, owner: world.s3.list_objects_v2(Bucket=world.bucket, ExpectedBucketOwner=owner),
            ),
            (
                "policy",
                lambda world, owner: world.s3.get_bucket_policy(
                    Bucket=world.bucket, ExpectedBucketOwner=owner
                ),
            ),
            ("copy", lambda world, owner: copied(world, ExpectedBucketOwner=owner)),
            ("copy-source", lambda world, owner: copied(world, ExpectedSourceBucketOwner=owner)),
            ("multipart", lambda world, owner: multipart(world, ExpectedBucketOwner=owner)),
            (
                "delete-many",
                lambda world, owner: world.s3.delete_objects(
                    Bucket=world.bucket, Delete={"Objects": [{"Key": "x"}]}, ExpectedBucketOwner=owner
                ),
            ),
        )
    ),
    Case(
        rule="s3-bucket-policy",
        refused=lambda world: put(world, denying(world)),
        accepted=lambda world: put(world, denying(world), **KMS),
        says="with an explicit deny in a resource-based policy",
    ),
    # Signatures.
    Case(
        rule="s3-kms-needs-sigv4",
        refused=lambda world: old_signature(world).put_object(
            Bucket=world.open_bucket, Key="k", Body=b"1", **KMS
        ),
        accepted=lambda world: put(world, world.open_bucket, **KMS),
        says="require AWS Signature Version 4",
    ),
    Case(
        rule="s3-kms-needs-sigv4",
        name="presigned",
        refused=lambda world: of_presigned(
            old_signature(world).generate_presigned_url(
                "get_object",
                Params={"Bucket": world.bucket, "Key": seeded(world, "old").partition("/")[2]},
            )
        ),
        accepted=lambda world: of_presigned(
            new_signature(world).generate_presigned_url(
                "get_object", Params={"Bucket": world.bucket, "Key": seeded(world, "new").partition("/")[2]}
            )
        ),
        says="require AWS Signature Version 4",
    ),
    Case(
        rule="s3-sigv2",
        refused=lambda world: old_signature(world).list_objects_v2(Bucket=world.open_bucket),
        accepted=lambda world: world.s3.list_objects_v2(Bucket=world.open_bucket),
        says="Please use AWS4-HMAC-SHA256",
    ),
    # Presigned forms.
    Case(
        rule="s3-post-extra-field",
        refused=lambda world: posted(world, fields=dict(ENCRYPTED), conditions=[]),
        accepted=lambda world: posted(world, fields=dict(ENCRYPTED), conditions=[dict(ENCRYPTED)]),
        says="Extra input fields: x-amz-server-side-encryption",
    ),
    Case(
        rule="s3-post-condition",
        name="left-out",
        refused=lambda world: posted(
            world,
            fields=dict(ENCRYPTED),
            conditions=[dict(ENCRYPTED)],
            x_amz_server_side_encryption=None,
        ),
        accepted=lambda world: posted(world, fields=dict(ENCRYPTED), conditions=[dict(ENCRYPTED)]),
        says=r'Policy Condition failed: \["eq", "\$x-amz-server-side-encryption", "aws:kms"\]',
    ),
    Case(
        rule="s3-post-condition",
        name="changed",
        refused=lambda world: posted(
            world, fields={"acl": "private"}, conditions=[["starts-with", "$acl", "bucket"]]
        ),
        accepted=lambda world: posted(
            world,
            fields={"acl": "bucket-owner-full-control"},
            conditions=[["starts-with", "$acl", "bucket"]],
        ),
        says=r'\["starts-with", "\$acl", "bucket"\]',
    ),
    # Customer-provided keys.
    Case(
        rule="s3-customer-key-beside-sse",
        refused=lambda world: put(world, world.open_bucket, **CUSTOMER_KEY, **KMS),
        accepted=lambda world: put(world, world.open_bucket, **CUSTOMER_KEY),
        says="incompatible with the encryption method",
    ),
    Case(
        rule="s3-blocked-customer-key",
        refused=lambda world: put(world, world.bucket_with(), **CUSTOMER_KEY),
        accepted=lambda world: put(world, world.open_bucket, **CUSTOMER_KEY),
        says="has blocked upload requests that specify .*SSE-C",
    ),
    # KMS keys.
    Case(
        rule="s3-key-without-kms",
        refused=lambda world: put(world, ServerSideEncryption="AES256", SSEKMSKeyId=world.aws.key_arn),
        accepted=lambda world: put(world, SSEKMSKeyId=world.aws.key_arn, **KMS),
        says="requires HTTP header x-amz-server-side-encryption : aws:kms",
    ),
    Case(
        rule="s3-default-key-without-kms",
        refused=lambda world: world.s3.put_bucket_encryption(
            Bucket=world.bucket_with(),
            ServerSideEncryptionConfiguration={
                "Rules": [
                    {
                        "ApplyServerSideEncryptionByDefault": {
                            "SSEAlgorithm": "AES256",
                            "KMSMasterKeyID": world.aws.key_arn,
                        }
                    }
                ]
            },
        ),
        accepted=lambda world: world.bucket_with(f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/not-looked-at-yet"),
        says="KMSMasterKeyID is not applicable",
    ),
    Case(
        rule="s3-malformed-context",
        refused=lambda world: put(world, SSEKMSEncryptionContext="team=fraud", **KMS),
        accepted=lambda world: put(
            world, SSEKMSEncryptionContext=base64.b64encode(b'{"team": "fraud"}').decode(), **KMS
        ),
        says="shall be Base64-encoded UTF-8 string holding JSON",
    ),
    *(
        Case(
            rule=f"s3-write-{rule}",
            name=name,
            refused=lambda world, call=call, key=key: call(world, SSEKMSKeyId=key(world), **KMS),
            accepted=lambda world, call=call: call(world, SSEKMSKeyId=world.aws.other_key_arn, **KMS),
            says=says,
        )
        for rule, key, says in (
            ("key-elsewhere", lambda world: world.elsewhere_key, "Invalid arn us-east-1"),
            (
                "unknown-key",
                lambda world: world.aws.key_arn[:-12] + "000000000000",
                "^Key 'arn:.*' does not exist",
            ),
            ("disabled-key", lambda world: world.disabled_key, r"^arn:aws:kms:.* is disabled\."),
            ("pending-key", lambda world: world.pending_key, r"^arn:aws:kms:.* is pending deletion\."),
        )
        for name, call in (("put", put), ("copy", copied), ("multipart", multipart))
    ),
    Case(
        rule="s3-write-unknown-key",
        name="default",
        refused=lambda world: put(world, world.bucket_with("nothing")),
        accepted=lambda world: put(world, world.bucket_with(world.aws.key_arn)),
        says="does not exist",
    ),
    Case(
        rule="s3-write-disabled-key",
        name="default",
        refused=lambda world: put(world, world.bucket_with(world.disabled_key)),
        accepted=lambda world: put(
            world, world.bucket_with(world.disabled_key), SSEKMSKeyId=world.aws.key_arn, **KMS
        ),
        says="is disabled",
    ),
    Case(
        rule="s3-unfit-key",
        refused=lambda world: put(world, SSEKMSKeyId=world.signing_key, **KMS),
        accepted=lambda world: put(world, SSEKMSKeyId=world.aws.key_alias, **KMS),
        says="key usage is SIGN_VERIFY",
    ),
    *(
        Case(
            rule=f"s3-read-{state}-key",
            name=name,
            refused=lambda world, call=call, state=state: call(world, world.object_under(state)),
            accepted=lambda world, call=call: call(world, world.object_under("enabled")),
            says=f"is {'disabled' if state == 'disabled' else 'pending deletion'}",
        )
        for state in ("disabled", "pending")
        for name, call in (
            ("get", read),
            (
                "copy",
                lambda world, key: world.s3.copy_object(
                    Bucket=world.bucket, Key="copy", CopySource=f"{world.bucket}/{key}"
                ),
            ),
        )
    ),
    # Public access.
    *(
        Case(
            rule="s3-public-acl",
            name=name,
            refused=lambda world, call=call: call(world, world.bucket),
            accepted=lambda world, call=call: call(world, world.open_bucket),
            says="because public ACLs are prevented by the BlockPublicAcls setting",
        )
        for name, call in (
            ("put", lambda world, bucket: put(world, bucket, ACL="public-read")),
            (
                "bucket",
                lambda world, bucket: world.s3.put_bucket_acl(Bucket=bucket, ACL="authenticated-read"),
            ),
            (
                "grant",
                lambda world, bucket: put(
                    world, bucket, GrantRead='uri="http://acs.amazonaws.com/groups/global/AllUsers"'
                ),
            ),
            (
                "document",
                lambda world, bucket: world.s3.put_bucket_acl(
                    Bucket=bucket, **acl("http://acs.amazonaws.com/groups/global/AllUsers")
                ),
            ),
        )
    ),
    Case(
        rule="s3-acl-without-acls",
        refused=lambda world: put(world, ACL="bucket-owner-read"),
        accepted=lambda world: put(world, ACL="bucket-owner-full-control"),
        says="The bucket does not allow ACLs",
    ),
    Case(
        rule="s3-new-bucket-with-acl",
        refused=lambda world: world.s3.create_bucket(
            Bucket="with-acl",
            ACL="public-read",
            CreateBucketConfiguration={"LocationConstraint": world.aws.region},
        ),
        accepted=lambda world: world.s3.create_bucket(
            Bucket="with-acl",
            ACL="public-read",
            ObjectOwnership="ObjectWriter",
            CreateBucketConfiguration={"LocationConstraint": world.aws.region},
        ),
        says="Bucket cannot have ACLs set",
    ),
    Case(
        rule="s3-copy-over-another",
        refused=lambda world: world.s3.copy_object(
            Bucket=world.bucket, Key="stands", CopySource=seeded(world, "stands"), IfNoneMatch="*"
        ),
        accepted=lambda world: world.s3.copy_object(
            Bucket=world.bucket, Key="copied-once", CopySource=seeded(world), IfNoneMatch="*"
        ),
        says="At least one of the pre-conditions you specified did not hold",
    ),
    Case(
        rule="s3-copy-of-another-version",
        refused=lambda world: copied(world, CopySourceIfMatch="0" * 32),
        accepted=lambda world: copied(world, CopySourceIfMatch=etag(world)),
        says="At least one of the pre-conditions you specified did not hold",
    ),
    Case(
        rule="s3-public-policy",
        refused=lambda world: set_policy(world, world.bucket_with()),
        accepted=lambda world: set_policy(world, world.open_bucket),
        says="because public policies are prevented by the BlockPublicPolicy setting",
    ),
    Case(
        rule="s3-public-policy",
        name="conditions",
        refused=lambda world: set_policy(
            world, world.bucket_with(), Condition={"Bool": {"aws:SecureTransport": "true"}}
        ),
        accepted=lambda world: set_policy(
            world,
            world.bucket_with(),
            Condition={"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
        ),
        says="public policies are prevented",
    ),
)
