"""The baselines whose sessions are proved, and the sessions' policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import z3

from secure_sagemaker.baseline import SecurityBaseline
from secure_sagemaker.exceptions import PolicyError
from secure_sagemaker.identity.policies.guardrail import UNSCOPED, guardrail
from secure_sagemaker.identity.policies.inline import InlinePolicy, Scope, task_policy
from secure_sagemaker.identity.policies.tasks import Task
from tests.controls_support import ACCOUNT, DEFAULT_ROLE, baseline
from tests.proofs.keys import Keys
from tests.proofs.laws import OBJECT_READS, Laws, Setting, every_law, no_law
from tests.proofs.policies import NO, Case, Statement, read
from tests.proofs.proof import Subject
from tests.proofs.tasks import YES, Purpose
from tools.golden import TODAY, key
from tools.policies import CHURN

__all__ = ["BASELINES", "Stated", "alone", "bare", "beside_guardrail", "rail", "settings", "unscoped"]

ARNS = {"alias/ml": key("resource"), "alias/ml-output": key("output")}


@dataclass(frozen=True, kw_only=True)
class Stated:
    """A baseline, and how its policies are made."""

    baseline: SecurityBaseline
    scope: Scope = CHURN

    @property
    def arns(self) -> Mapping[str, str]:
        """The keys of the baseline, as written, with their ARNs."""
        return {one: ARNS.get(one, one) for one in self.baseline.kms.references()}


def _waiver(control: str, operations: list[str], **more: object) -> dict[str, object]:
    return {
        "control": control,
        "operations": operations,
        "reason": "reads a feature store",
        "ticket": "SEC-101",
        "approver": "jane.doe",
        "expires": "2026-12-31",
        **more,
    }


_CHINA = "arn:aws-cn:iam::111122223333:role/"
_CHINESE_KEY = "arn:aws-cn:kms:cn-north-1:111122223333:key/1234abcd-12ab-34cd-56ef-000000000001"
_ONE_BUCKET = {"data_perimeter__write": {"ml-artifacts": ACCOUNT}}

BASELINES: Mapping[str, Stated] = {
    "strict": Stated(baseline=baseline(**_ONE_BUCKET)),
    # Small enough for a policy that holds its conditions itself.
    "plain": Stated(
        baseline=baseline(
            kms={"default": key("resource")},
            execution_roles={"default": DEFAULT_ROLE},
            data_perimeter={"write": {"ml-data": ACCOUNT}},
            required_tags={},
            vpc={"subnets": ["subnet-0a1b2c3d"], "security_groups": ["sg-0a1b2c3d"]},
            modes=dict.fromkeys(("bucket-owner", "public-access", "s3-encryption"), "observe"),
        ),
        scope=Scope(names=("churn-*",), instance_types=("ml.m5.xlarge",)),
    ),
    # Aliases, directory buckets, AWS's own buckets, several values of tags, every network isolated but one's.
    "several": Stated(
        baseline=baseline(
            kms={
                "default": "alias/ml",
                "output": "alias/ml-output",
                "volume": key("volume"),
                "allowed": [key("allowed")],
                "endpoint_local_storage": "refuse",
            },
            network_isolation__processing="off",
            network_isolation__tuning="default",
            data_perimeter__aws_public_buckets=["sagemaker-sample-files"],
            data_perimeter__create_buckets=True,
            required_tags={"team": ["churn", "fraud"], "cost-centre": []},
            hardening={"allow_remote_debug": True, "minimum_imds_version": 1},
            instance_families={"zz9": "local-storage"},
            session_policy={"clarify_jobs": ["clarify-*"]},
            execution_roles__services=["lambda.amazonaws.com"],
        ),
        scope=Scope(names=("Churn-*",), inputs=("s3://ml-datasets/churn",), roles=(DEFAULT_ROLE,)),
    ),
    "waived": Stated(
        baseline=baseline(
            **_ONE_BUCKET,
            kms__endpoint_local_storage="omit",
            kms__aws_managed=["kms-output-key"],
            kms__output=None,
            waivers=[
                _waiver("network-isolation", ["CreateTrainingJob"], resources=["churn-*"]),
                _waiver(
                    "network-isolation",
                    ["CreateTrainingJob"],
                    resources=["*-batch"],
                    expires="2027-01-31",
                ),
                _waiver(
                    "vpc-config", ["CreateModel"], resources=["churn-1"], resource_tags={"stage": "test"}
                ),
                _waiver("direct-internet-access", ["*"], resources=["churn-*"]),
                _waiver("kms-volume-key", ["CreateCluster", "CreateProcessingJob"], resources=["churn-*"]),
                _waiver("s3-encryption", ["PutObject"], resources=["ml-artifacts"]),
            ],
        )
    ),
    "observing": Stated(
        baseline=baseline(
            **_ONE_BUCKET,
            modes=dict.fromkeys(("vpc-config", "data-perimeter", "required-tags", "remote-debug"), "observe"),
        )
    ),
    "china": Stated(
        baseline=baseline(
            region="cn-north-1",
            role={"arn": f"{_CHINA}ml-launcher"},
            execution_roles={"default": f"{_CHINA}ml-execution"},
            kms={"default": _CHINESE_KEY},
            data_perimeter={"write": {"ml-data": ACCOUNT}},
        ),
        scope=Scope(),
    ),
}


@cache
def rail(name: str) -> tuple[Statement, ...]:
    """The statements of a baseline's guardrail."""
    return tuple(one for text in _rail(name)[0] for one in read(text))


@cache
def _rail(name: str) -> tuple[tuple[str, ...], Setting]:
    stated = BASELINES[name]
    made = guardrail(stated.baseline, today=TODAY, key_arns=stated.arns)
    setting = Setting(
        baseline=stated.baseline,
        arns=stated.arns,
        clarify_jobs=stated.baseline.session_policy.clarify_jobs,
        services=("sagemaker.amazonaws.com", *stated.baseline.execution_roles.services),
        unguarded=frozenset((one.control, action) for one in made.unguarded for action in one.actions),
        overruled=frozenset((one.waiver.control, one.action) for one in made.overruled),
    )
    return tuple(policy.to_json() for policy in made.policies), setting


def settings(name: str) -> Setting:
    """What is proved of a baseline."""
    return _rail(name)[1]


def _subject(
    name: str, task: Task, layer: tuple[Statement, ...], setting: Setting, *, lawless: bool = False
) -> Subject:
    purpose = Purpose(task, BASELINES[name].scope, setting)

    def wanted(case: Case, keys: Keys) -> tuple[z3.BoolRef, z3.BoolRef]:
        return purpose.most(case, keys), purpose.least(case, keys)

    laws = Laws(setting, chosen=no_law if lawless else every_law)
    return Subject([layer], laws, wanted=wanted, words=purpose.words, resources=purpose.resources())


@cache
def beside_guardrail(name: str, task: Task) -> Subject | None:
    """A task's session where the guardrail is deployed; None where the scope needs more room than STS gives."""
    made = _inline(name, task, guardrail=True)
    if made is None:
        return None
    return _subject(name, task, (*read(made.document.to_json()), *rail(name)), settings(name))


@cache
def bare(name: str, task: Task) -> Subject | None:
    """What a task's policy says beside a guardrail, by itself: held to the task, and to no law."""
    made = _inline(name, task, guardrail=True)
    if made is None:
        return None
    return _subject(name, task, read(made.document.to_json()), settings(name), lawless=True)


@cache
def alone(name: str, task: Task) -> Subject | None:
    """A task's session without a guardrail, where its own policy holds every condition; None where it does not."""
    made = _inline(name, task, guardrail=False)
    if made is None or made.left_out:
        return None
    # It knows no names of jobs that run Clarify, and no actions that AWS may yet make.
    setting = replace(settings(name), clarify_jobs=(), tomorrow=False)
    return _subject(name, task, read(made.document.to_json()), setting)


def _inline(name: str, task: Task, *, guardrail: bool) -> InlinePolicy | None:
    stated = BASELINES[name]
    try:
        return task_policy(
            stated.baseline,
            [task],
            scope=stated.scope,
            guardrail=guardrail,
            today=TODAY,
            key_arns=stated.arns,
        )
    except PolicyError:
        return None


@cache
def unscoped(name: str) -> Subject:
    """A session without a task: the guardrail, beside leave for everything."""

    def wanted(case: Case, _: Keys) -> tuple[z3.BoolRef, z3.BoolRef]:
        # What the role may do elsewhere in S3 no law says whole; it says so of SageMaker and of the baseline's own.
        return YES, YES if case.service != "s3" or _is_own(name, case) else NO

    return Subject(
        [(*read(UNSCOPED.to_json()), *rail(name))],
        Laws(settings(name)),
        wanted=wanted,
    )


def _is_own(name: str, case: Case) -> bool:
    perimeter, bucket = (
        BASELINES[name].baseline.data_perimeter,
        case.resource.rpartition(":::")[2].partition("/")[0],
    )
    readable = {*perimeter.read, *perimeter.aws_public_buckets}
    return bucket in perimeter.write or (bucket in readable and case.name in OBJECT_READS)
