"""What an administrator deploys beside the guardrail: roles and whom they trust, and policies of other places.

Buckets, keys, VPC endpoints, the organisation: each is one more wall, and none of them is needed for another to hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from secure_sagemaker.baseline import Task
from secure_sagemaker.exceptions import PolicyError
from secure_sagemaker.identity.policies.compaction import compacted
from secure_sagemaker.identity.policies.documents import (
    ANYONE,
    Condition,
    Effect,
    Operator,
    PolicyDocument,
    Principal,
    PrincipalKind,
    Statement,
    all_values,
    one_of,
    present,
)
from secure_sagemaker.identity.policies.guardrail import denials, split
from secure_sagemaker.identity.policies.guards import guards
from secure_sagemaker.identity.policies.inline import Scope, allowances
from secure_sagemaker.identity.policies.projection import SAGEMAKER, Projection, via_service

__all__ = [
    "SCP_CHARACTERS",
    "bucket_policy",
    "endpoint_policy",
    "execution_role",
    "execution_role_trust",
    "key_policy",
    "launcher_role",
    "launcher_role_trust",
    "permissions_boundary",
    "service_control_policies",
]

SCP_CHARACTERS = 5120
"""The most that a service control policy may take."""

_OF_NO_SERVICE = one_of(Operator.BOOL, "aws:PrincipalIsAWSService", ("false",))


def _aws(arns: Iterable[str]) -> tuple[Principal, ...]:
    return tuple(Principal(kind=PrincipalKind.AWS, name=arn) for arn in arns)


def _statement(
    effect: Effect,
    actions: Iterable[str],
    resources: Iterable[str] = (),
    *conditions: Condition,
    principals: tuple[Principal, ...] = (),
    sid: str = "",
) -> Statement:
    return Statement(
        sid=sid,
        effect=effect,
        actions=tuple(actions),
        resources=tuple(resources),
        conditions=conditions,
        principals=principals,
    )


# --- roles ----------------------------------------------------------------------------------------


_VPC_READS = (
    *("ec2:DescribeRouteTables", "ec2:DescribeSubnets", "ec2:DescribeVpcEndpoints", "ec2:DescribeVpcs"),
)
"""By which a session finds out its VPC's networks and endpoints."""
_LIST_READS = ("ec2:DescribeManagedPrefixLists", "ec2:GetManagedPrefixListEntries")
"""By which it finds out what S3's gateway endpoint leads to."""
_ROLE_READS = ("iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies")
_POLICY_READS = ("iam:GetPolicy", "iam:GetPolicyVersion")
"""By which preflight tells what a role may do."""


def launcher_role(projection: Projection, tasks: Iterable[Task] = Task) -> tuple[PolicyDocument, ...]:
    """The permissions of the baseline's own role: what its tasks need, on everything that the baseline lists."""
    statements = tuple(allowances(projection, tasks, Scope()).statements)
    privatelink = projection.baseline.privatelink
    by_gateway = "gateway" in privatelink.services.values()
    if privatelink.required or by_gateway:
        reads = (*_VPC_READS, *(_LIST_READS if by_gateway else ()))
        statements = (*statements, _statement(Effect.ALLOW, reads, ("*",)))
    return split(statements)


def launcher_role_trust(projection: Projection, sources: Sequence[str]) -> PolicyDocument:
    """Who may assume the baseline's role, with what the baseline says of MFA, external id, source identity and tags.

    Raises:
        PolicyError: No source is named.
    """
    if not sources:
        raise PolicyError(
            "nobody is named who may assume the role",
            remedy="name the roles or users that sessions start from, by their ARNs",
        )
    role, who = projection.baseline.role, _aws(sources)
    asked: list[Condition] = []
    if role.mfa_serial is not None:
        asked.append(one_of(Operator.BOOL, "aws:MultiFactorAuthPresent", ("true",)))
    if role.external_id is not None:
        asked.append(one_of(Operator.STRING_EQUALS, "sts:ExternalId", (role.external_id,)))
    if role.source_identity is not None:
        asked.append(present("sts:SourceIdentity"))
    statements = [_statement(Effect.ALLOW, ("sts:AssumeRole",), (), *asked, principals=who)]
    if role.source_identity is not None:
        statements.append(_statement(Effect.ALLOW, ("sts:SetSourceIdentity",), principals=who))
    if role.tags:
        stated = [
            one_of(Operator.STRING_EQUALS, f"aws:RequestTag/{tag}", (value,))
            for tag, value in role.tags.items()
        ]
        keys = all_values(Operator.STRING_EQUALS, "aws:TagKeys", tuple(role.tags))
        statements.append(_statement(Effect.ALLOW, ("sts:TagSession",), (), keys, *stated, principals=who))
    return PolicyDocument(statements=tuple(statements))


def execution_role(projection: Projection) -> PolicyDocument:
    """The permissions of a job: the buckets of the perimeter, the keys, images, logs, and the baseline's network."""
    baseline, arn = projection.baseline, projection.arn
    perimeter = baseline.data_perimeter
    readable = (*perimeter.write, *perimeter.read, *perimeter.aws_public_buckets)
    plain = [name for name in readable if not projection.is_directory(name)]
    written = [name for name in perimeter.write if name in plain]
    directories = [projection.bucket(name) for name in readable if projection.is_directory(name)]
    allow = Effect.ALLOW
    network = f"arn:{projection.partition}:ec2:{baseline.region}:*:"
    interfaces = [
        f"{network}network-interface/*",
        *(f"{network}subnet/{subnet}" for subnet in baseline.vpc.subnets),
        *(f"{network}security-group/{group}" for group in baseline.vpc.security_groups),
    ]
    statements = [
        _statement(allow, ("cloudwatch:PutMetricData", "ecr:GetAuthorizationToken"), ("*",)),
        _statement(
            allow,
            ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
            (f"arn:{projection.partition}:ecr:{baseline.region}:*:repository/*",),
        ),
        _statement(
            allow,
            ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
            (arn("log-group:/aws/sagemaker/*", service="logs"),),
        ),
        _statement(
            allow,
            ("ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission"),
            interfaces,
        ),
        _statement(
            allow,
            ("ec2:DeleteNetworkInterface", "ec2:DeleteNetworkInterfacePermission"),
            (f"{network}network-interface/*",),
        ),
        _statement(
            allow,
            (
                *("ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups"),
                *("ec2:DescribeSubnets", "ec2:DescribeVpcs"),
            ),
            ("*",),
        ),
    ]
    if plain:
        statements.append(_statement(allow, ("s3:GetObject",), map(projection.objects, plain)))
        statements.append(
            _statement(allow, ("s3:GetBucketLocation", "s3:ListBucket"), map(projection.bucket, plain))
        )
    if written:
        statements.append(
            _statement(allow, ("s3:AbortMultipartUpload", "s3:PutObject"), map(projection.objects, written))
        )
    if directories:
        statements.append(_statement(allow, ("s3express:CreateSession",), directories))
    if projection.keys:
        statements.append(
            _statement(allow, ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"), projection.keys)
        )
        for_aws = one_of(Operator.BOOL, "kms:GrantIsForAWSResource", ("true",))
        statements.append(_statement(allow, ("kms:CreateGrant",), projection.keys, for_aws))
    return compacted(PolicyDocument(statements=tuple(statements)))


def execution_role_trust(projection: Projection) -> PolicyDocument:
    """SageMaker alone, and for work of this account and region alone."""
    return PolicyDocument(
        statements=(
            _statement(
                Effect.ALLOW,
                ("sts:AssumeRole",),
                (),
                one_of(Operator.STRING_EQUALS, "aws:SourceAccount", (projection.baseline.account,)),
                one_of(Operator.ARN_LIKE, "aws:SourceArn", (projection.arn("*"),)),
                principals=(Principal(kind=PrincipalKind.SERVICE, name=SAGEMAKER),),
            ),
        )
    )


# --- walls ----------------------------------------------------------------------------------------


def permissions_boundary(projection: Projection) -> PolicyDocument:
    """The most that the baseline's role and its execution roles may ever be given: what the tasks and the jobs need.

    It allows and denies nothing; the guardrail is attached beside it.
    """
    roles, partition = projection.baseline.execution_roles, projection.baseline.role_arn.partition
    executing = (roles.default, *roles.allowed)
    return compacted(
        PolicyDocument(
            statements=(
                _statement(
                    Effect.ALLOW,
                    (
                        *("cloudwatch:*", "ec2:CreateNetworkInterface*", "ec2:DeleteNetworkInterface*"),
                        *("ec2:Describe*", "ec2:GetManagedPrefixListEntries", "ecr:*", "kms:*", "logs:*"),
                        *("macie2:GetMacieSession", "s3:*", "s3express:*", "sagemaker:*"),
                        "sts:GetCallerIdentity",
                    ),
                    ("*",),
                ),
                _statement(
                    Effect.ALLOW,
                    ("iam:GetRole", "iam:PassRole", *_ROLE_READS),
                    executing,
                ),
                _statement(Effect.ALLOW, ("iam:GetRole", *_ROLE_READS), (projection.baseline.role.arn,)),
                _statement(Effect.ALLOW, _POLICY_READS, (f"arn:{partition}:iam::*:policy/*",)),
            )
        )
    )


def service_control_policies(
    projection: Projection, *, except_roles: Sequence[str] = ()
) -> tuple[PolicyDocument, ...]:
    """The guardrail's statements about SageMaker, for a whole account: other services serve other workloads there.

    Args:
        projection: The baseline.
        except_roles: Patterns of the ARNs of roles that it does not hold for, such as those of administrators.
    """
    excepted = (one_of(Operator.ARN_NOT_LIKE, "aws:PrincipalArn", except_roles),) if except_roles else ()
    statements = [
        replace(statement, conditions=(*statement.conditions, *excepted))
        for guard in guards(projection)
        if guard.actions[0].startswith("sagemaker:")
        for statement in denials(guard, projection)
    ]
    return split(statements, limit=SCP_CHARACTERS)


def bucket_policy(projection: Projection, bucket: str, *, endpoints: Sequence[str] = ()) -> PolicyDocument:
    """The policy of a bucket of the data perimeter: TLS, the baseline's keys, its accounts, and its VPC endpoints.

    Args:
        projection: The baseline.
        bucket: A general-purpose bucket, by its name.
        endpoints: The VPC endpoints through which it is reached; any way is open where none is named.

    Raises:
        PolicyError: The bucket is none that the data perimeter lists by its name.
    """
    perimeter, baseline = projection.baseline.data_perimeter, projection.baseline
    if perimeter.owner(bucket) is None or not projection.is_plain(bucket):
        raise PolicyError(
            f"{bucket!r} is no general-purpose bucket of the data perimeter",
            remedy="name one of data_perimeter.write or data_perimeter.read",
        )
    both = projection.bucket_and_objects(bucket)
    accounts = (baseline.account, *perimeter.trusted_accounts, str(perimeter.owner(bucket)))
    of_objects = ("ObjectKeyForeign", "ObjectWithoutKms", "ObjectWithCallersKey")
    statements = [
        _statement(
            Effect.DENY,
            ("s3:*",),
            both,
            one_of(Operator.BOOL, "aws:SecureTransport", ("false",)),
            principals=(ANYONE,),
            sid="WithoutTls",
        ),
        _statement(
            Effect.DENY,
            ("s3:*",),
            both,
            one_of(Operator.STRING_NOT_EQUALS, "aws:PrincipalAccount", accounts),
            _OF_NO_SERVICE,
            principals=(ANYONE,),
            sid="OtherAccounts",
        ),
        *(
            _statement(
                Effect.DENY,
                guard.actions,
                (projection.objects(bucket),),
                *guard.conditions,
                principals=(ANYONE,),
                sid=guard.name,
            )
            for guard in guards(projection)
            if guard.name in of_objects
        ),
    ]
    if endpoints:
        statements.append(
            _statement(
                Effect.DENY,
                ("s3:*",),
                both,
                one_of(Operator.STRING_NOT_EQUALS, "aws:SourceVpce", endpoints),
                one_of(Operator.BOOL, "aws:ViaAWSService", ("false",)),
                _OF_NO_SERVICE,
                principals=(ANYONE,),
                sid="OtherEndpoints",
            )
        )
    return PolicyDocument(statements=tuple(statements))


_KEY_ADMINISTRATION = (
    *("kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey"),
    *("kms:EnableKey", "kms:EnableKeyRotation"),
    *("kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListGrants", "kms:ListResourceTags"),
    *("kms:PutKeyPolicy", "kms:RevokeGrant", "kms:ScheduleKeyDeletion", "kms:TagResource"),
    *("kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription"),
)


def key_policy(projection: Projection) -> PolicyDocument:
    """The policy of a key: the account administers it, the baseline's roles use it, through S3 and SageMaker alone."""
    baseline = projection.baseline
    roles = _aws((baseline.role.arn, baseline.execution_roles.default, *baseline.execution_roles.allowed))
    root = _aws((f"arn:{projection.partition}:iam::{baseline.account}:root",))
    through = one_of(
        Operator.STRING_EQUALS,
        "kms:ViaService",
        (
            via_service(service, region=baseline.region, partition=projection.partition)
            for service in ("s3", "sagemaker")
        ),
    )
    return PolicyDocument(
        statements=(
            _statement(Effect.ALLOW, _KEY_ADMINISTRATION, ("*",), principals=root, sid="Administration"),
            _statement(
                Effect.ALLOW,
                ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"),
                ("*",),
                through,
                principals=roles,
                sid="Use",
            ),
            _statement(Effect.ALLOW, ("kms:DescribeKey",), ("*",), principals=roles, sid="Look"),
            _statement(
                Effect.ALLOW,
                ("kms:CreateGrant",),
                ("*",),
                one_of(Operator.BOOL, "kms:GrantIsForAWSResource", ("true",)),
                principals=roles,
                sid="Volumes",
            ),
        )
    )


def endpoint_policy(projection: Projection, service: str) -> PolicyDocument:
    """The policy of a VPC endpoint: principals of this account, to resources of the accounts that the baseline names.

    Args:
        projection: The baseline.
        service: The endpoint's service, such as ``s3`` or ``sagemaker``.
    """
    perimeter, account = projection.baseline.data_perimeter, projection.baseline.account
    owners = {*perimeter.write.values(), *perimeter.read.values()} if service == "s3" else set()
    own = one_of(Operator.STRING_EQUALS, "aws:PrincipalAccount", (account,))
    statements = [
        _statement(
            Effect.ALLOW,
            (f"{service}:*",),
            ("*",),
            own,
            one_of(Operator.STRING_EQUALS, "aws:ResourceAccount", (account, *sorted(owners))),
            principals=(ANYONE,),
        )
    ]
    if service == "sts":  # which is about no resource of anybody's
        own_identity = ("sts:GetCallerIdentity",)
        statements.append(_statement(Effect.ALLOW, own_identity, ("*",), own, principals=(ANYONE,)))
    if service == "s3" and perimeter.aws_public_buckets:
        public = [arn for name in perimeter.aws_public_buckets for arn in projection.bucket_and_objects(name)]
        statements.append(
            _statement(Effect.ALLOW, ("s3:GetObject", "s3:ListBucket"), public, own, principals=(ANYONE,))
        )
    return PolicyDocument(statements=tuple(statements))
