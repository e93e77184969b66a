"""The inline policy of a task: the actions it needs, on its own resources, with its own buckets, keys and roles.

Beside a deployed guardrail it only allows. Without one it carries the conditions itself, as far as STS's 2,048
characters go: each guard turned around, the most severe control first. What finds no room is told by its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, lru_cache

from secure_sagemaker.baseline import ControlId, SecurityBaseline, Task
from secure_sagemaker.controls import CONTROLS, Severity
from secure_sagemaker.exceptions import PolicyError
from secure_sagemaker.identity.passed import SESSION_POLICY_CHARACTERS
from secure_sagemaker.identity.policies.abbreviation import abbreviated_statement
from secure_sagemaker.identity.policies.compaction import compacted
from secure_sagemaker.identity.policies.conditional import clauses
from secure_sagemaker.identity.policies.documents import (
    Condition,
    Effect,
    Operator,
    PolicyDocument,
    Statement,
    one_of,
)
from secure_sagemaker.identity.policies.fitting import fitting
from secure_sagemaker.identity.policies.guard import Guard
from secure_sagemaker.identity.policies.guardrail import denials
from secure_sagemaker.identity.policies.guards import guards
from secure_sagemaker.identity.policies.projection import (
    Projection,
    bucket_name,
    with_lower_case,
)
from secure_sagemaker.identity.policies.reference import expanded, is_resource_of
from secure_sagemaker.identity.policies.tasks import TASKS, Needs

__all__ = ["InlinePolicy", "LeftOut", "Scope", "allowances", "task_policy"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What a task works on. What is not stated is whatever the baseline lists."""

    names: tuple[str, ...] = ("*",)
    """Name patterns of the jobs, models, endpoints and so on, such as ``churn-*``."""
    inputs: tuple[str, ...] = ()
    """The S3 locations it reads, such as ``s3://ml-datasets/churn/``."""
    outputs: tuple[str, ...] = ()
    """The S3 locations it writes, and reads back."""
    endpoints: tuple[str, ...] = ()
    """Name patterns of endpoints, where they are others than ``names``."""
    roles: tuple[str, ...] = ()
    """The execution roles it passes."""
    instance_types: tuple[str, ...] = ()
    """The instance types it asks for, which tells whether volumes take a key."""

    @classmethod
    def of(cls, baseline: SecurityBaseline) -> Scope:
        """What the baseline says its tasks are about."""
        stated = baseline.session_policy
        return cls(
            names=stated.names or ("*",),
            inputs=stated.inputs,
            outputs=stated.outputs,
            endpoints=stated.endpoints,
            instance_types=stated.instance_types,
        )

    def names_of(self, kind: str) -> tuple[str, ...]:
        """Name patterns of a kind of resources, as their ARNs have them."""
        stated = self.endpoints if kind == "endpoint" and self.endpoints else self.names
        return with_lower_case(stated)


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """A condition that found no room."""

    control: ControlId | None
    guard: str
    """The guardrail's statement that would say it."""
    characters: int
    """What it would have added."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InlinePolicy:
    """The inline policy of one or several tasks."""

    document: PolicyDocument
    left_out: tuple[LeftOut, ...]
    """What only the client guards in this session: empty beside a guardrail, and where everything fits."""

    @property
    def characters(self) -> int:
        """Its size, of ``SESSION_POLICY_CHARACTERS``."""
        return self.document.characters


def task_policy(
    baseline: SecurityBaseline,
    tasks: Iterable[Task],
    *,
    today: date,
    scope: Scope | None = None,
    guardrail: bool = False,
    beside: Sequence[str] = (),
    key_arns: Mapping[str, str] | None = None,
) -> InlinePolicy:
    """The inline policy of a session for some tasks: what any of them needs.

    Args:
        baseline: What is projected.
        tasks: One task or several.
        today: The day on which waivers must still hold.
        scope: What they work on; by default what the baseline's ``session_policy`` says.
        guardrail: The session is given the guardrail's policies too, so that no condition is needed here.
        beside: The ARNs of the managed policies that AssumeRole takes with it: STS counts their characters too.
        key_arns: Key references of the baseline, as written, to key ARNs.

    Raises:
        KeyResolutionError: A key's ARN is not known.
        PolicyError: The scope names what the baseline does not list, or the policy does not fit.
    """
    within = scope or Scope.of(baseline)
    projection = Projection(
        baseline=baseline,
        today=today,
        key_arns=key_arns or {},
        instance_types=within.instance_types,
    )
    _hold(projection, within)
    needed = allowances(projection, tasks, within)
    limit = SESSION_POLICY_CHARACTERS - sum(map(len, beside))
    if guardrail:
        return InlinePolicy(document=fitting(needed, limit), left_out=())
    return _conditional(needed, projection, limit)


# --- what is allowed ------------------------------------------------------------------------------


def allowances(projection: Projection, tasks: Iterable[Task], scope: Scope) -> PolicyDocument:
    """What some tasks need, before any condition of a guard's, whatever its size."""
    return compacted(
        PolicyDocument(
            statements=tuple(
                statement
                for task in sorted(set(tasks))
                for statement in _needed(TASKS[task], scope, projection)
            )
        )
    )


def _hold(projection: Projection, scope: Scope) -> None:
    """Refuse a scope that is wider than the baseline."""
    baseline = projection.baseline
    for location, written in (
        *((one, False) for one in scope.inputs),
        *((one, True) for one in scope.outputs),
    ):
        name = bucket_name(location)
        if not location.startswith("s3://") or not baseline.data_perimeter.permits(name, written=written):
            field = "write" if written else "read"
            raise PolicyError(
                f"{location!r} is no S3 location that the baseline lets be {'written' if written else 'read'}",
                remedy=f"write s3://BUCKET/PREFIX, and have data_perimeter.{field} list the bucket with its owner",
            )
    for role in scope.roles:
        if role not in baseline.execution_roles:
            raise PolicyError(
                f"{role!r} is not an execution role of the baseline",
                remedy="list it in execution_roles.allowed",
            )


def _allow(actions: Iterable[str], resources: Iterable[str], *conditions: Condition) -> Statement:
    return Statement(
        effect=Effect.ALLOW, actions=tuple(actions), resources=tuple(resources), conditions=conditions
    )


def _needed(needs: Needs, scope: Scope, projection: Projection) -> Iterator[Statement]:
    """What a task needs, before any condition of a guard's."""
    for grant in needs.grants:
        yield _allow(
            (f"sagemaker:{operation}" for operation in grant.operations),
            [projection.named(kind, name) for kind in grant.kinds for name in scope.names_of(kind)] or ["*"],
        )
    perimeter = projection.baseline.data_perimeter
    outputs = scope.outputs or tuple(f"s3://{name}" for name in perimeter.write)
    inputs = scope.inputs or tuple(
        f"s3://{name}" for name in (*perimeter.write, *perimeter.read, *perimeter.aws_public_buckets)
    )
    if needs.reads or needs.writes:
        read = (*(inputs if needs.reads else ()), *(outputs if needs.writes else ()))
        yield from _storage(read, outputs if needs.writes else (), projection)
        actions = ("kms:Decrypt", "kms:GenerateDataKey") if needs.writes else ("kms:Decrypt",)
        objects = projection.keys_for(ControlId.S3_ENCRYPTION, ControlId.KMS_OUTPUT_KEY)
        if objects:
            yield _allow(actions, objects)
    if needs.grants_key and (volumes := projection.keys_for(ControlId.KMS_VOLUME_KEY)):
        of_service = one_of(Operator.BOOL, "kms:GrantIsForAWSResource", ("true",))
        yield _allow(("kms:DescribeKey",), volumes)
        yield _allow(("kms:CreateGrant",), volumes, of_service)
    if needs.passes_role:
        roles = projection.baseline.execution_roles
        passed = scope.roles or (roles.default, *roles.allowed)
        yield _allow(
            ("iam:PassRole",),
            passed,
            one_of(Operator.STRING_EQUALS, "iam:PassedToService", projection.services),
        )
    for group in needs.log_groups:
        yield _allow(
            ("logs:DescribeLogStreams", "logs:GetLogEvents"),
            [projection.arn(f"log-group:/aws/sagemaker/{group.removesuffix('*')}*", service="logs")],
        )
    if needs.attaches_network:
        yield from _network(projection)


def _storage(read: Sequence[str], written: Sequence[str], projection: Projection) -> Iterator[Statement]:
    directories = [one for one in (*read, *written) if projection.is_directory(bucket_name(one))]
    plain = [one for one in read if one not in directories]
    if plain:
        yield _allow(("s3:GetObject",), (arn for one in plain for arn in projection.location(one)))
        yield _allow(
            ("s3:GetBucketLocation", "s3:ListBucket"), (projection.bucket(bucket_name(one)) for one in plain)
        )
    if put := [one for one in written if one not in directories]:
        yield _allow(
            ("s3:AbortMultipartUpload", "s3:PutObject"),
            (arn for one in put for arn in projection.location(one)),
        )
    if directories:
        yield _allow(
            ("s3express:CreateSession",), (projection.bucket(bucket_name(one)) for one in directories)
        )


def _network(projection: Projection) -> Iterator[Statement]:
    vpc, before = projection.baseline.vpc, f"arn:{projection.partition}:ec2:{projection.baseline.region}:*:"
    yield _allow(
        ("ec2:CreateNetworkInterface",),
        [
            f"{before}network-interface/*",
            *(f"{before}subnet/{subnet}" for subnet in vpc.subnets),
            *(f"{before}security-group/{group}" for group in vpc.security_groups),
        ],
    )
    yield _allow(("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"), ["*"])


# --- on which conditions --------------------------------------------------------------------------

_SEVERITIES = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)


def _urgency(guard: Guard) -> tuple[bool, int]:
    """SageMaker's requests first, since a bucket has a policy of its own; then by severity."""
    severity = Severity.HIGH if guard.control is None else CONTROLS[guard.control].severity
    return not guard.actions[0].startswith("sagemaker:"), _SEVERITIES.index(severity)


def _conditional(needed: PolicyDocument, projection: Projection, limit: int) -> InlinePolicy:
    """The policy with every guard's condition, or with as many as fit, the most urgent first."""
    asked = {action for one in needed.statements for pattern in one.actions for action in _known(pattern)}
    # What a guard excepts by its resource alone, the task's resources are within already.
    relevant = [
        guard
        for guard in guards(projection)
        if (guard.conditions or not guard.not_resources) and asked & _names(guard.actions)
    ]
    made = _Conditioned.of(needed)
    for guard in relevant:
        made = made.with_guard(guard, projection)
    if made.characters <= limit:
        return InlinePolicy(document=fitting(compacted(made.document), limit), left_out=())
    fitting(needed, limit)
    made = _Conditioned.of(needed)
    size = made.characters
    left: list[LeftOut] = []
    for guard in sorted(relevant, key=_urgency):
        fuller = made.with_guard(guard, projection)
        characters = fuller.characters
        if characters <= limit:
            made, size = fuller, characters
        else:
            left.append(LeftOut(control=guard.control, guard=guard.name, characters=characters - size))
    return InlinePolicy(document=fitting(compacted(made.document), limit), left_out=tuple(left))


def _known(pattern: str) -> Iterator[str]:
    return (action.name for action in expanded(pattern))


@cache
def _names(actions: tuple[str, ...]) -> frozenset[str]:
    return frozenset(action for pattern in actions for action in _known(pattern))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Conditioned:
    """The statements of a task under some guards; a guard is added without making the others anew."""

    allowed: tuple[tuple[Statement, tuple[Guard, ...], tuple[Statement, ...]], ...]
    """Each Allow that is needed, the guards that ask something of it, and what it becomes."""
    denied: tuple[Statement, ...] = ()

    @classmethod
    def of(cls, needed: PolicyDocument) -> _Conditioned:
        return cls(allowed=tuple((one, (), (one,)) for one in needed.statements))

    @property
    def document(self) -> PolicyDocument:
        return PolicyDocument(
            statements=(*(each for _, _, become in self.allowed for each in become), *self.denied)
        )

    @property
    def characters(self) -> int:
        """Its size once it is abbreviated; merging its statements makes it no longer."""
        allowed = sum(_size(each) + 1 for _, _, become in self.allowed for each in become)
        return PolicyDocument().characters - 1 + allowed + sum(_size(each) + 1 for each in self.denied)

    def with_guard(self, guard: Guard, projection: Projection) -> _Conditioned:
        if guard.resources or guard.not_resources or (guard.control and projection.waivers(guard.control)):
            denied = tuple(replace(one, sid="") for one in denials(guard, projection))
            return replace(self, denied=(*self.denied, *denied))
        names = _names(guard.actions)
        return replace(
            self,
            allowed=tuple(
                (one, (*asking, guard), _split(one, (*asking, guard)))
                if names & _names(one.actions)
                else (one, asking, become)
                for one, asking, become in self.allowed
            ),
        )


@lru_cache(maxsize=1024)
def _size(statement: Statement) -> int:
    return abbreviated_statement(statement).characters


@lru_cache(maxsize=1024)
def _split(statement: Statement, asking: tuple[Guard, ...]) -> tuple[Statement, ...]:
    """An Allow as one statement for each way to meet the guards, of the actions of which the same is asked."""
    groups: dict[tuple[Guard, ...], list[str]] = {}
    for pattern in statement.actions:
        known = tuple(_known(pattern))
        told = any(_names(guard.actions).intersection(known) for guard in asking)
        for action in known if told else (pattern,):
            asked = tuple(guard for guard in asking if action in _names(guard.actions))
            groups.setdefault(asked, []).append(action)
    return tuple(
        replace(
            statement,
            actions=tuple(actions),
            resources=_about(tuple(actions), statement.resources),
            conditions=(*statement.conditions, *clause),
        )
        for asked, actions in groups.items()
        for clause in clauses(asked)
    )


def _about(actions: tuple[str, ...], resources: tuple[str, ...]) -> tuple[str, ...]:
    known = [action for pattern in actions for action in expanded(pattern)]
    return tuple(arn for arn in resources if any(is_resource_of(arn, action) for action in known))
