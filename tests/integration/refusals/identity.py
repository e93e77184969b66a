"""Cases of signatures, STS, IAM and KMS."""

from __future__ import annotations

import json
import random
import string
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from tests.integration.embedded import client, session_of
from tests.integration.refusals.case import ACCOUNT, Case, World

__all__ = ["CASES"]

NOBODY = {"AccessKeyId": "AKIA" + "A" * 16, "SecretAccessKey": "secret"}
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
EVERYBODY = {"Principal": {"AWS": ACCOUNT}}
TAGGING = {**EVERYBODY, "Action": ["sts:AssumeRole", "sts:TagSession"]}
NAMING = {**EVERYBODY, "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"]}
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def assume(world: World, role: str | None = None, **parameters: object) -> object:
    """Assume a role, by default the launcher's."""
    stated = {"RoleSessionName": "me", **parameters}
    return world.sts.assume_role(RoleArn=role or world.aws.role_arn, **stated)


def policy(*statements: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def incompressible(length: int) -> str:
    """Text that packs badly, the same in every run."""
    return "".join(random.Random(0).choices(string.ascii_letters + string.digits, k=length))  # noqa: S311  # no secret


def padded(length: int) -> str:
    """A policy of that many characters."""
    empty = policy({**READ, "Sid": ""})
    return policy({**READ, "Sid": "a" * (length - len(empty))})


def managed(world: World, name: str) -> str:
    made = world.iam.create_policy(PolicyName=name, PolicyDocument=policy(READ))
    return str(made["Policy"]["Arn"])


def tags(*keys: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": "1"} for key in keys]


def tagged_session(world: World) -> Any:
    """A session that passes a tag on, and a role that it may assume."""
    first, second = world.role(TAGGING), world.role(TAGGING)
    chained = world.assumed(first, Tags=tags("team"), TransitiveTagKeys=["team"])
    return lambda **more: chained.client("sts").assume_role(RoleArn=second, RoleSessionName="me", **more)


def named_session(world: World) -> Any:
    """A session with a source identity, and a role that it may assume."""
    first, second = world.role(NAMING), world.role(NAMING)
    chained = world.assumed(first, SourceIdentity="jane")
    return lambda **more: chained.client("sts").assume_role(RoleArn=second, RoleSessionName="me", **more)


def chained_hours(world: World, hours: int) -> object:
    second = world.role(EVERYBODY, seconds=43200)
    sts = world.assumed(world.role(EVERYBODY)).client("sts")
    return sts.assume_role(RoleArn=second, RoleSessionName="me", DurationSeconds=3600 * hours)


def mfa_hours(world: World, hours: int, *, code: str) -> object:
    role = world.role({**EVERYBODY, "Condition": MFA}, seconds=43200)
    answer = world.sts.get_session_token(SerialNumber=world.aws.account.mfa_serial, TokenCode=code)
    sts = session_of(answer["Credentials"]).client("sts")
    return sts.assume_role(RoleArn=role, RoleSessionName="me", DurationSeconds=3600 * hours)


def code_twice(world: World) -> object:
    device = {"SerialNumber": world.aws.account.mfa_serial, "TokenCode": "314159"}
    world.sts.get_session_token(**device)
    return world.sts.get_session_token(**device)


def with_device(world: World, code: str, **parameters: object) -> object:
    return assume(world, SerialNumber=world.aws.account.mfa_serial, TokenCode=code, **parameters)


def token(world: World, code: str = "") -> boto3.Session:
    """A session of the launcher's temporary keys, with MFA where a code is given."""
    mfa = {"SerialNumber": world.aws.account.mfa_serial, "TokenCode": code} if code else {}
    return session_of(world.sts.get_session_token(**mfa)["Credentials"])


def decrypted(world: World, *, then: str | None) -> object:
    """Decrypt under a key that was changed after it encrypted."""
    key = world.kms.create_key()["KeyMetadata"]["KeyId"]
    sealed = world.kms.encrypt(KeyId=key, Plaintext=b"1")["CiphertextBlob"]
    if then is not None:
        getattr(world.kms, then)(KeyId=key)
    return world.kms.decrypt(CiphertextBlob=sealed)


def trusted(statement: dict[str, object], good: dict[str, object], bad: dict[str, object], name: str) -> Case:
    return Case(
        rule="sts-not-trusted",
        name=name,
        refused=lambda world: assume(world, world.role(statement), **bad),
        accepted=lambda world: assume(world, world.role(statement), **good),
        says="is not authorized to perform: sts:",
    )


TRUST = (
    trusted(
        {**EVERYBODY, "Condition": {"StringEquals": {"sts:ExternalId": "x1"}}},
        {"ExternalId": "x1"},
        {"ExternalId": "x2"},
        "external-id",
    ),
    trusted(
        {**EVERYBODY, "Condition": {"StringEquals": {"sts:ExternalId": "x1"}}},
        {"ExternalId": "x1"},
        {},
        "no-external-id",
    ),
    trusted(
        {**NAMING, "Condition": {"StringLike": {"sts:SourceIdentity": "j*"}}},
        {"SourceIdentity": "jane"},
        {"SourceIdentity": "eve"},
        "source-identity",
    ),
    trusted(NAMING, {"SourceIdentity": "jane"}, {"Tags": tags("a")}, "tags-not-permitted"),
    trusted(TAGGING, {"Tags": tags("a")}, {"SourceIdentity": "jane"}, "source-identity-not-permitted"),
    trusted(
        {**TAGGING, "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}},
        {"Tags": tags("a")},
        {"Tags": tags("a", "c")},
        "tag-keys",
    ),
    trusted(
        {**TAGGING, "Condition": {"StringEquals": {"aws:RequestTag/a": "1"}}},
        {"Tags": tags("a")},
        {"Tags": [{"Key": "a", "Value": "2"}]},
        "tag-value",
    ),
)

CASES: tuple[Case, ...] = (
    # Who signs.
    Case(
        rule="unsigned-s3",
        refused=lambda world: client(
            world.aws, "s3", config=Config(signature_version=UNSIGNED)
        ).list_objects_v2(Bucket=world.bucket),
        accepted=lambda world: world.s3.list_objects_v2(Bucket=world.bucket),
        says="Access Denied",
    ),
    Case(
        rule="unsigned",
        refused=lambda world: client(
            world.aws, "sagemaker", config=Config(signature_version=UNSIGNED)
        ).list_models(),
        accepted=lambda world: world.sagemaker.list_models(),
        says="Missing Authentication Token",
    ),
    *(
        Case(
            rule=f"unknown-key-{name}",
            refused=lambda _, service=service, method=method: getattr(
                session_of(NOBODY).client(service), method
            )(),
            accepted=lambda world, service=service, method=method: getattr(getattr(world, service), method)(),
            says=says,
        )
        for name, service, method, says in (
            ("s3", "s3", "list_buckets", "does not exist in our records"),
            ("query", "sts", "get_caller_identity", "security token .* is invalid"),
            ("ec2", "ec2", "describe_vpcs", "not able to validate"),
            ("json", "sagemaker", "list_models", "security token .* is invalid"),
        )
    ),
    # STS: what is passed.
    *(
        Case(
            rule="sts-constraints",
            name=name,
            refused=lambda world, bad=bad: assume(world, **bad),
            accepted=lambda world, good=good: assume(world, **good),
            says=says,
        )
        for name, bad, good, says in (
            (
                "session-name",
                {"RoleSessionName": "me:2"},
                {"RoleSessionName": "me-2"},
                r"at 'roleSessionName' .*regular expression pattern",
            ),
            (
                "long-session-name",
                {"RoleSessionName": "a" * 65},
                {"RoleSessionName": "a" * 64},
                "at 'roleSessionName' .*length less than or equal to 64",
            ),
            ("source-identity", {"SourceIdentity": "a b"}, {"SourceIdentity": "a.b"}, "at 'sourceIdentity'"),
            ("external-id", {"ExternalId": "a b"}, {"ExternalId": "a/b"}, "at 'externalId'"),
            ("long", {"DurationSeconds": 43201}, {"DurationSeconds": 3600}, "less than or equal to 43200"),
            (
                "tag-key",
                {"Tags": tags("a" * 129)},
                {"Tags": tags("a" * 128)},
                r"at 'tags\.1\.member\.key' .*less than or equal to 128",
            ),
            (
                "tags",
                {"Tags": tags(*(f"k{number}" for number in range(51)))},
                {"Tags": tags(*(f"k{number}" for number in range(50)))},
                "at 'tags' .*less than or equal to 50",
            ),
            ("token-code", {"SerialNumber": "a" * 9, "TokenCode": "12345a"}, {}, "at 'tokenCode'"),
        )
    ),
    Case(
        rule="sts-constraints",
        name="short",
        refused=lambda world: client(world.aws, "sts", config=Config(parameter_validation=False)).assume_role(
            RoleArn=world.aws.role_arn, RoleSessionName="me", DurationSeconds=899
        ),
        accepted=lambda world: assume(world, DurationSeconds=900),
        says="greater than or equal to 900",
    ),
    Case(
        rule="sts-policy-too-long",
        refused=lambda world: assume(world, Policy=padded(2049)),
        accepted=lambda world: assume(world, Policy=padded(2048)),
        says="at 'policy' .*less than or equal to 2048",
    ),
    Case(
        rule="sts-policy-too-long",
        name="with-managed",
        refused=lambda world: assume(
            world, Policy=padded(2020), PolicyArns=[{"arn": managed(world, "read-1")}]
        ),
        accepted=lambda world: assume(
            world, Policy=padded(1900), PolicyArns=[{"arn": managed(world, "read-2")}]
        ),
        says="at 'policy'",
    ),
    Case(
        rule="sts-too-many-policies",
        refused=lambda world: assume(
            world, PolicyArns=[{"arn": f"arn:aws:iam::aws:policy/P{number}"} for number in range(11)]
        ),
        accepted=lambda world: assume(
            world, PolicyArns=[{"arn": f"arn:aws:iam::aws:policy/P{number}"} for number in range(10)]
        ),
        says="at 'policyArns'",
    ),
    *(
        Case(
            rule="sts-malformed-policy",
            name=name,
            refused=lambda world, text=text: assume(world, Policy=text),
            accepted=lambda world: assume(world, Policy=policy(READ)),
            says="Syntax errors in policy",
        )
        for name, text in (
            ("no-json", "{"),
            ("no-statement", '{"Version": "2012-10-17"}'),
            ("no-resource", policy({"Effect": "Allow", "Action": "s3:*"})),
            ("principal", policy({**READ, "Principal": "*"})),
            ("effect", policy({**READ, "Effect": "allow"})),
            ("version", '{"Version": "2012-10-18", "Statement": []}'),
        )
    ),
    Case(
        rule="sts-unknown-policy",
        refused=lambda world: assume(world, PolicyArns=[{"arn": f"arn:aws:iam::{ACCOUNT}:policy/nothing"}]),
        accepted=lambda world: assume(world, PolicyArns=[{"arn": managed(world, "something")}]),
        says="policy/nothing does not exist",
    ),
    Case(
        rule="sts-duplicate-tags",
        refused=lambda world: assume(world, Tags=tags("team", "TEAM")),
        accepted=lambda world: assume(world, Tags=tags("team", "teams")),
        says="Duplicate tag keys",
    ),
    Case(
        rule="sts-transitive-tag-without-tag",
        refused=lambda world: assume(world, Tags=tags("a"), TransitiveTagKeys=["b"]),
        accepted=lambda world: assume(world, Tags=tags("a"), TransitiveTagKeys=["a"]),
        says="transitive tag key must be included",
    ),
    Case(
        rule="sts-inherited-tag",
        refused=lambda world: tagged_session(world)(Tags=tags("Team")),
        accepted=lambda world: tagged_session(world)(Tags=tags("project")),
        says="conflicts with a transitive tag key",
    ),
    Case(
        rule="sts-packed-too-large",
        refused=lambda world: assume(
            world,
            Tags=[
                {"Key": f"k{n}", "Value": incompressible(2560)[n * 256 : (n + 1) * 256]} for n in range(10)
            ],
        ),
        accepted=lambda world: assume(world, Tags=[{"Key": "k", "Value": incompressible(256)}]),
        says=r"Packed size of session tags consumes \d{3}% of allotted space",
    ),
    Case(
        rule="sts-packed-too-large",
        name="policy",
        refused=lambda world: assume(
            world, Policy=policy({**READ, "Resource": f"arn:aws:s3:::b/{incompressible(1800)}"})
        ),
        accepted=lambda world: assume(
            world, Policy=policy({**READ, "Resource": f"arn:aws:s3:::b/{'a' * 1800}"})
        ),
        says=r"Packed size of session policy consumes \d{3}%",
    ),
    # STS and IAM: keys of GetSessionToken.
    Case(
        rule="sts-with-a-token",
        refused=lambda world: token(world).client("sts").get_session_token(),
        accepted=lambda world: token(world).client("sts").get_caller_identity(),
        says="Cannot call GetSessionToken with session credentials",
    ),
    Case(
        rule="sts-with-a-token",
        name="of-a-role",
        refused=lambda world: world.assumed().client("sts").get_session_token(),
        accepted=lambda world: world.sts.get_session_token(),
        says="Cannot call GetSessionToken with session credentials",
    ),
    Case(
        rule="iam-without-mfa",
        refused=lambda world: token(world).client("iam").list_roles(),
        accepted=lambda world: token(world, "173205").client("iam").list_roles(),
        says="The security token included in the request is invalid",
    ),
    # STS: MFA.
    Case(
        rule="sts-mfa-device",
        refused=lambda world: assume(
            world, SerialNumber=f"arn:aws:iam::{ACCOUNT}:mfa/jane", TokenCode="123456"
        ),
        accepted=lambda world: with_device(world, "271828"),
        says="verify your MFA serial number",
    ),
    Case(
        rule="sts-mfa-device",
        name="of-a-session",
        refused=lambda world: (
            world.assumed(world.role(EVERYBODY))
            .client("sts")
            .assume_role(
                RoleArn=world.role(EVERYBODY),
                RoleSessionName="me",
                SerialNumber=world.aws.account.mfa_serial,
                TokenCode="271829",
            )
        ),
        accepted=lambda world: with_device(world, "271829"),
        says="verify your MFA serial number",
    ),
    Case(
        rule="sts-mfa-code-without-device",
        refused=lambda world: assume(world, TokenCode="161803"),
        accepted=lambda world: with_device(world, "161803"),
        says="must provide both",
    ),
    Case(
        rule="sts-mfa-code-used",
        refused=code_twice,
        accepted=lambda world: with_device(world, "141421"),
        says="invalid MFA one time pass code",
    ),
    # STS: the role.
    Case(
        rule="sts-source-identity-set",
        refused=lambda world: named_session(world)(SourceIdentity="eve"),
        accepted=lambda world: named_session(world)(SourceIdentity="jane"),
        says="source identity is already set",
    ),
    *(
        Case(
            rule="sts-not-trusted",
            name=name,
            refused=lambda world, role=role: assume(world, role(world)),
            accepted=assume,
            says="is not authorized to perform: sts:AssumeRole on resource: ",
        )
        for name, role in (
            ("unknown", lambda _: f"arn:aws:iam::{ACCOUNT}:role/nobody"),
            ("unknown-account", lambda _: "arn:aws:iam::999999999999:role/nobody"),
            ("service-only", lambda world: world.aws.execution_role_arn),
            ("mfa", lambda world: world.role({**EVERYBODY, "Condition": MFA})),
            (
                "other-account",
                lambda world: world.role({"Principal": {"AWS": "arn:aws:iam::999999999999:root"}}),
            ),
            ("other-action", lambda world: world.role({**EVERYBODY, "Action": "sts:TagSession"})),
            ("denied", lambda world: world.role({**EVERYBODY, "Effect": "Deny"})),
        )
    ),
    *TRUST,
    Case(
        rule="sts-not-trusted",
        name="inherited-source-identity",
        refused=lambda world: (
            world.assumed(world.role(NAMING), SourceIdentity="jane")
            .client("sts")
            .assume_role(RoleArn=world.role(EVERYBODY), RoleSessionName="me")
        ),
        accepted=lambda world: named_session(world)(),
        says="sts:SetSourceIdentity",
    ),
    Case(
        rule="sts-longer-than-the-role",
        refused=lambda world: assume(world, DurationSeconds=7200),
        accepted=lambda world: assume(world, world.role(EVERYBODY, seconds=7200), DurationSeconds=7200),
        says="exceeds the MaxSessionDuration",
    ),
    Case(
        rule="sts-chained-too-long",
        refused=lambda world: chained_hours(world, 2),
        accepted=lambda world: chained_hours(world, 1),
        says="1 hour session limit for roles assumed by role chaining",
    ),
    Case(
        rule="sts-chained-too-long",
        name="after-mfa",
        refused=lambda world: mfa_hours(world, 2, code="112358"),
        accepted=lambda world: mfa_hours(world, 1, code="132134"),
        says="1 hour session limit",
    ),
    # IAM.
    Case(
        rule="iam-invalid-principal",
        refused=lambda world: world.role({"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/nobody"}}),
        accepted=lambda world: world.role({"Principal": {"AWS": world.aws.role_arn}}),
        says='Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:role/nobody"',
    ),
    # KMS.
    *(
        Case(
            rule=rule,
            name=method,
            refused=lambda world, method=method, key=key, more=more: getattr(world.kms, method)(
                KeyId=key(world), **more
            ),
            accepted=lambda world, method=method, more=more: getattr(world.kms, method)(
                KeyId=world.aws.key_arn, **more
            ),
            says=says,
        )
        for rule, key, says in (
            ("kms-disabled-key", lambda world: world.disabled_key, "is disabled"),
            ("kms-pending-key", lambda world: world.pending_key, "is pending deletion"),
        )
        for method, more in (
            ("encrypt", {"Plaintext": b"1"}),
            ("generate_data_key", {"KeySpec": "AES_256"}),
        )
    ),
    Case(
        rule="kms-disabled-key",
        name="decrypt",
        refused=lambda world: decrypted(world, then="disable_key"),
        accepted=lambda world: decrypted(world, then=None),
        says="is disabled",
    ),
    Case(
        rule="kms-pending-key",
        name="decrypt",
        refused=lambda world: decrypted(world, then="schedule_key_deletion"),
        accepted=lambda world: decrypted(world, then=None),
        says="is pending deletion",
    ),
    Case(
        rule="kms-pending-key",
        name="enable",
        refused=lambda world: world.kms.enable_key(KeyId=world.pending_key),
        accepted=lambda world: world.kms.cancel_key_deletion(KeyId=_pending(world)),
        says="is pending deletion",
    ),
)


def _pending(world: World) -> str:
    key = world.kms.create_key()["KeyMetadata"]["KeyId"]
    world.kms.schedule_key_deletion(KeyId=key)
    return str(key)
