"""What an administrator deploys beside the guardrail: roles and whom they trust, and policies of other places.

Keys, VPC endpoints, the organisation, and buckets in a module of their own: each is one more wall, and none of them is
needed for another to hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
    statement_of,
)
from secure_sagemaker.identity.policies.guardrail import denials, split
from secure_sagemaker.identity.policies.guards import guards
from secure_sagemaker.identity.policies.inline import Scope, allowances
from secure_sagemaker.identity.policies.projection import SAGEMAKER, Projection, via_service
from secure_sagemaker.identity.policies.scans import MACIE, MEMORY, macie_role, scanning

__all__ = [
    "SCP_CHARACTERS",
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


def _aws(arns: Iterable[str]) -> tuple[Principal, ...]:
    return tuple(Principal(kind=PrincipalKind.AWS, name=arn) for arn in arns)


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
        statements = (*statements, statement_of(Effect.ALLOW, reads, ("*",)))
    return split((*statements, *scanning(projection)))


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
    statements = [statement_of(Effect.ALLOW, ("sts:AssumeRole",), (), *asked, principals=who)]
    if role.source_identity is not None:
        statements.append(statement_of(Effect.ALLOW, ("sts:SetSourceIdentity",), principals=who))
    if role.tags:
        stated = [
            one_of(Operator.STRING_EQUALS, f"aws:RequestTag/{tag}", (value,))
            for tag, value in role.tags.items()
        ]
        keys = all_values(Operator.STRING_EQUALS, "aws:TagKeys", tuple(role.tags))
        statements.append(statement_of(Effect.ALLOW, ("sts:TagSession",), (), keys, *stated, principals=who))
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
        statement_of(allow, ("cloudwatch:PutMetricData", "ecr:GetAuthorizationToken"), ("*",)),
        statement_of(
            allow,
            ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
            (f"arn:{projection.partition}:ecr:{baseline.region}:*:repository/*",),
        ),
        statement_of(
            allow,
            ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
            (arn("log-group:/aws/sagemaker/*", service="logs"),),
        ),
        statement_of(
            allow,
            ("ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission"),
            interfaces,
        ),
        statement_of(
            allow,
            ("ec2:DeleteNetworkInterface", "ec2:DeleteNetworkInterfacePermission"),
            (f"{network}network-interface/*",),
        ),
        statement_of(
            allow,
            (
                *("ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups"),
                *("ec2:DescribeSubnets", "ec2:DescribeVpcs"),
            ),
            ("*",),
        ),
    ]
    if plain:
        statements.append(statement_of(allow, ("s3:GetObject",), map(projection.objects, plain)))
        statements.append(
            statement_of(allow, ("s3:GetBucketLocation", "s3:ListBucket"), map(projection.bucket, plain))
        )
    if written:
        statements.append(
            statement_of(allow, ("s3:AbortMultipartUpload", "s3:PutObject"), map(projection.objects, written))
        )
    if directories:
        statements.append(statement_of(allow, ("s3express:CreateSession",), directories))
    if projection.keys:
        statements.append(
            statement_of(allow, ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"), projection.keys)
        )
        for_aws = one_of(Operator.BOOL, "kms:GrantIsForAWSResource", ("true",))
        statements.append(statement_of(allow, ("kms:CreateGrant",), projection.keys, for_aws))
    return compacted(PolicyDocument(statements=tuple(statements)))


def execution_role_trust(projection: Projection) -> PolicyDocument:
    """SageMaker alone, and for work of this account and region alone."""
    return PolicyDocument(
        statements=(
            statement_of(
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
    scans = (*MACIE, *MEMORY) if projection.baseline.macie.mode != "off" else ()
    return compacted(
        PolicyDocument(
            statements=(
                statement_of(
                    Effect.ALLOW,
                    (
                        *("cloudwatch:*", "ec2:CreateNetworkInterface*", "ec2:DeleteNetworkInterface*"),
                        *("ec2:Describe*", "ec2:GetManagedPrefixListEntries", "ecr:*", "kms:*", "logs:*"),
                        *("macie2:GetAutomatedDiscoveryConfiguration", "macie2:GetMacieSession"),
                        *("macie2:GetClassificationExportConfiguration", "s3:*", "s3express:*"),
                        *("sagemaker:*", "sts:GetCallerIdentity", *scans),
                    ),
                    ("*",),
                ),
                statement_of(
                    Effect.ALLOW,
                    ("iam:GetRole", "iam:PassRole", *_ROLE_READS),
                    executing,
                ),
                statement_of(Effect.ALLOW, ("iam:GetRole", *_ROLE_READS), (projection.baseline.role.arn,)),
                statement_of(Effect.ALLOW, _POLICY_READS, (f"arn:{partition}:iam::*:policy/*",)),
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


_KEY_ADMINISTRATION = (
    *("kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey"),
    *("kms:EnableKey", "kms:EnableKeyRotation"),
    *("kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListGrants", "kms:ListResourceTags"),
    *("kms:PutKeyPolicy", "kms:RevokeGrant", "kms:ScheduleKeyDeletion", "kms:TagResource"),
    *("kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription"),
)


def key_policy(projection: Projection) -> PolicyDocument:
    """The policy of a key: the account administers it, the baseline's roles use it, through S3 and SageMaker alone.

    Where inputs are scanned, Macie's role decrypts with it, and Macie encrypts its results. The role is there once
    Macie was enabled, and KMS takes no policy that names a role which is not there.
    """
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
            statement_of(Effect.ALLOW, _KEY_ADMINISTRATION, ("*",), principals=root, sid="Administration"),
            statement_of(
                Effect.ALLOW,
                ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"),
                ("*",),
                through,
                principals=roles,
                sid="Use",
            ),
            statement_of(Effect.ALLOW, ("kms:DescribeKey",), ("*",), principals=roles, sid="Look"),
            statement_of(
                Effect.ALLOW,
                ("kms:CreateGrant",),
                ("*",),
                one_of(Operator.BOOL, "kms:GrantIsForAWSResource", ("true",)),
                principals=roles,
                sid="Volumes",
            ),
            *_macies(projection),
        )
    )


def _macies(projection: Projection) -> Iterator[Statement]:
    """What Macie does with a key."""
    account = projection.baseline.account
    if projection.baseline.macie.mode == "off":
        return
    yield statement_of(
        Effect.ALLOW,
        ("kms:Decrypt",),
        ("*",),
        principals=_aws((macie_role(account, projection.partition),)),
        sid="MacieReads",
    )
    yield statement_of(
        Effect.ALLOW,
        ("kms:Encrypt", "kms:GenerateDataKey"),
        ("*",),
        one_of(Operator.STRING_EQUALS, "aws:SourceAccount", (account,)),
        principals=(Principal(kind=PrincipalKind.SERVICE, name="macie.amazonaws.com"),),
        sid="MacieWritesResults",
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
        statement_of(
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
        statements.append(statement_of(Effect.ALLOW, own_identity, ("*",), own, principals=(ANYONE,)))
    if service == "s3" and perimeter.aws_public_buckets:
        public = [arn for name in perimeter.aws_public_buckets for arn in projection.bucket_and_objects(name)]
        statements.append(
            statement_of(Effect.ALLOW, ("s3:GetObject", "s3:ListBucket"), public, own, principals=(ANYONE,))
        )
    return PolicyDocument(statements=tuple(statements))
