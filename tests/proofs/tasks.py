"""What a session of a task is for: actions on resources, under the few conditions that are no control's.

Which operations of SageMaker a task has, and on which kinds of resources, is the table of tasks. All else is stated
here once more: objects, keys, roles, logs and the network, by what the task's scope and the baseline say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import z3

from secure_sagemaker.baseline import ControlId
from secure_sagemaker.identity.policies.inline import Scope
from secure_sagemaker.identity.policies.tasks import TASKS, Task
from tests.proofs.globs import arn, literal, plain
from tests.proofs.keys import Keys, Vocabulary
from tests.proofs.laws import Setting
from tests.proofs.policies import NO, Case

__all__ = ["YES", "Purpose"]

# Kinds whose ARNs hold what AWS or Studio names, so that no name pattern of the caller's is about them.
NAMED_OTHERWISE = frozenset({"app", "cluster", "domain"})
YES = z3.BoolVal(True)


class Purpose:
    """What a task's session must be able to do, and nothing else."""

    def __init__(self, task: Task, scope: Scope, setting: Setting) -> None:
        self._task, self._needs, self._scope, self._setting = task, TASKS[task], scope, setting
        baseline = setting.baseline
        perimeter = baseline.data_perimeter
        written = scope.outputs or tuple(f"s3://{name}" for name in perimeter.write)
        readable = (*perimeter.write, *perimeter.read, *perimeter.aws_public_buckets)
        inputs = scope.inputs or tuple(f"s3://{name}" for name in readable)
        self._written = written if self._needs.writes else ()
        self._read = (*(inputs if self._needs.reads else ()), *self._written)

    def words(self, vocabulary: Vocabulary) -> None:
        """What it asks of keys."""
        vocabulary.add("kms:GrantIsForAWSResource")
        vocabulary.add("iam:PassedToService", *map(literal, self._setting.services))
        vocabulary.add("sagemaker:InstanceTypes", *map(literal, self._scope.instance_types))

    def resources(self) -> tuple[str, ...]:
        """The patterns of resources that it asks for."""
        return (
            *(pattern for kind in self._kinds() for pattern in self._named(kind)),
            *(pattern for one in self._read for pattern in (*self._objects(one), self._bucket(one))),
            *self._logs(),
            *self._interfaces(),
        )

    def most(self, case: Case, keys: Keys) -> z3.BoolRef:
        """The requests of a case that the task may make.

        An abbreviated policy may name actions of SageMaker that AWS has yet to make; nothing is said of those.
        """
        if case.action.keys is None:
            return _if(case.service == "sagemaker")
        service, _, operation = case.name.partition(":")
        wanted = {
            "sagemaker": self._of_sagemaker,
            "s3": self._of_s3,
            "s3express": self._of_s3express,
            "kms": self._of_kms,
            "iam": self._of_iam,
            "logs": self._of_logs,
            "ec2": self._of_ec2,
        }.get(service)
        return NO if wanted is None else wanted(operation, case, keys)

    def least(self, case: Case, keys: Keys) -> z3.BoolRef:
        """Those that it must be able to make: of the instance types that the scope states, where it states some."""
        if case.action.keys is None:
            return NO
        wanted, stated = self.most(case, keys), self._scope.instance_types
        if case.service != "sagemaker" or not stated or z3.is_false(wanted):
            return wanted
        types = "sagemaker:InstanceTypes"
        within = z3.Not(keys.another(types, map(literal, stated)))
        if case.name == "sagemaker:CreateTrainingJob":  # a serverless job names none
            within = z3.And(within, keys.present(types))
        return z3.And(wanted, within)

    # --- SageMaker ---

    def _kinds(self) -> tuple[str, ...]:
        return tuple(kind for grant in self._needs.grants for kind in grant.kinds)

    def _arn(self, rest: str, service: str = "sagemaker") -> str:
        baseline = self._setting.baseline
        return f"arn:{self._setting.partition}:{service}:{baseline.region}:{baseline.account}:{rest}"

    def _named(self, kind: str) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(form for name in self._scope.names for form in (name, name.lower())))
        if kind in NAMED_OTHERWISE:
            return (self._arn(f"{kind}/*" + "/*/*/*" * (kind == "app")),)
        if kind == "model-package":  # its name begins with its group's
            return tuple(self._arn(f"{kind}/{name}" + "/*" * (not name.endswith("*"))) for name in names)
        if kind == "pipeline-execution":
            return tuple(self._arn(f"pipeline/{name}/execution/*") for name in names)
        if kind in ("space", "user-profile"):  # named below their domain
            return tuple(self._arn(f"{kind}/*/{name}") for name in names)
        return tuple(self._arn(f"{kind}/{name}") for name in names)

    def _of_sagemaker(self, operation: str, case: Case, keys: Keys) -> z3.BoolRef:
        for grant in self._needs.grants:
            if not any(plain(name.lower()).matches(operation.lower()) for name in grant.operations):
                continue
            kinds = [kind for kind in grant.kinds if kind in case.action.templates]
            patterns = [pattern for kind in kinds for pattern in self._named(kind)]
            if not grant.kinds or case.resource == "*" or _like(case.resource, patterns):
                return YES
        return NO

    # --- S3 ---

    def _bucket(self, location: str) -> str:
        name = location.removeprefix("s3://").partition("/")[0]
        if name.endswith("--x-s3"):
            return self._arn(f"bucket/{name}", "s3express")
        return f"arn:{self._setting.partition}:s3:::{name}"

    def _objects(self, location: str) -> tuple[str, ...]:
        prefix = location.removeprefix("s3://").partition("/")[2]
        bucket = self._bucket(location)
        if not prefix or prefix.endswith("/"):
            return (f"{bucket}/{prefix}*",)
        return (f"{bucket}/{prefix}", f"{bucket}/{prefix}/*")

    def _of_s3(self, operation: str, case: Case, keys: Keys) -> z3.BoolRef:
        locations: Iterable[str] = ()
        patterns: Callable[[str], tuple[str, ...]] = self._objects
        if operation == "GetObject":
            locations = self._read
        elif operation in ("PutObject", "AbortMultipartUpload"):
            locations = self._written
        elif operation in ("ListBucket", "GetBucketLocation"):
            locations, patterns = self._read, lambda one: (self._bucket(one),)
        plain_ones = [one for one in locations if "--x-s3" not in one]
        return _if(_like(case.resource, [pattern for one in plain_ones for pattern in patterns(one)]))

    def _of_s3express(self, operation: str, case: Case, keys: Keys) -> z3.BoolRef:
        directories = [self._bucket(one) for one in self._read if "--x-s3" in one]
        return _if(operation == "CreateSession" and case.resource in directories)

    # --- keys, roles, logs, network ---

    def _keys_for(self, *purposes: ControlId) -> frozenset[str]:
        kms = self._setting.baseline.kms
        stated = {
            ControlId.KMS_VOLUME_KEY: kms.volume,
            ControlId.KMS_OUTPUT_KEY: kms.output,
            ControlId.S3_ENCRYPTION: kms.s3,
        }
        own = {stated[one] or kms.default for one in purposes if one not in kms.aws_managed}
        return frozenset(self._setting.arns[key] for key in (*own, *kms.allowed) if key is not None)

    def _of_kms(self, operation: str, case: Case, keys: Keys) -> z3.BoolRef:
        volumes = self._keys_for(ControlId.KMS_VOLUME_KEY) if self._needs.grants_key else frozenset()
        objects = self._keys_for(ControlId.S3_ENCRYPTION, ControlId.KMS_OUTPUT_KEY)
        touches = self._needs.reads or self._needs.writes
        if operation == "CreateGrant" and case.resource in volumes:
            return keys.some("kms:GrantIsForAWSResource", [literal("true")])
        return _if(
            (operation == "DescribeKey" and case.resource in volumes)
            or (operation == "Decrypt" and touches and case.resource in objects)
            or (operation == "GenerateDataKey" and self._needs.writes and case.resource in objects)
        )

    def _of_iam(self, operation: str, case: Case, keys: Keys) -> z3.BoolRef:
        roles = self._setting.baseline.execution_roles
        own = self._scope.roles or (roles.default, *roles.allowed)
        if operation != "PassRole" or not self._needs.passes_role or case.resource not in own:
            return NO
        return keys.some("iam:PassedToService", map(literal, self._setting.services))

    def _logs(self) -> tuple[str, ...]:
        groups = (group.removesuffix("*") for group in self._needs.log_groups)
        return tuple(self._arn(f"log-group:/aws/sagemaker/{group}*", "logs") for group in groups)

    def _of_logs(self, operation: str, case: Case, keys: Keys) -> z3.BoolRef:
        return _if(operation in ("DescribeLogStreams", "GetLogEvents") and _like(case.resource, self._logs()))

    def _interfaces(self) -> tuple[str, ...]:
        baseline = self._setting.baseline
        before, vpc = f"arn:{self._setting.partition}:ec2:{baseline.region}:*:", baseline.vpc
        if not self._needs.attaches_network:
            return ()
        return (
            f"{before}network-interface/*",
            *(f"{before}subnet/{subnet}" for subnet in vpc.subnets),
            *(f"{before}security-group/{group}" for group in vpc.security_groups),
        )

    def _of_ec2(self, operation: str, case: Case, keys: Keys) -> z3.BoolRef:
        described = ("DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcs")
        made = operation == "CreateNetworkInterface" and _like(case.resource, self._interfaces())
        return _if(made or (self._needs.attaches_network and operation in described))


def _if(wanted: bool) -> z3.BoolRef:
    return YES if wanted else NO


def _like(resource: str, patterns: Iterable[str]) -> bool:
    return any(arn(pattern).matches(resource) for pattern in patterns)
