"""The commented baseline that ``init`` writes.

Prose stands behind ``# ``. A setting that may be stated stands behind ``#`` alone: take it away to state it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from secure_sagemaker import Hardening, IsolationMode, KindOfWork
from secure_sagemaker.cli.reading import PLACEHOLDER

__all__ = ["BaselineValues", "Named", "baseline_text"]


@dataclass(frozen=True, kw_only=True)
class Named:
    """Something with an id, and what a person calls it."""

    id: str
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class BaselineValues:
    """What the file states; what is None or empty is still to be filled in."""

    region: str | None = None
    role: str | None = None
    execution_role: str | None = None
    key: Named | None = None
    vpc: Named | None = None
    subnets: tuple[Named, ...] = ()
    security_groups: tuple[Named, ...] = ()
    bucket: str | None = None
    bucket_owner: str | None = None
    isolation: Mapping[KindOfWork, IsolationMode] = field(default_factory=dict)


_TEMPLATE = """\
# The security baseline of this project: what every SageMaker workload must have. Written by 'secure-sagemaker init'.
# Every field: 'secure-sagemaker baseline schema'. Whether it holds: 'secure-sagemaker baseline check'.
schema_version = 1
region = {region}  # the region that keys, subnets and buckets belong to

[role]  # assumed for every call: nothing is signed with the credentials that lie around
arn = {role}
# The name that CloudTrail shows, and who is behind it (the trust policy must allow sts:SetSourceIdentity).
#session_name = "{{workload}}"
#source_identity = "{{user}}"
#duration_seconds = 3600

[execution_roles]  # what SageMaker may be given; default is injected where a call names none
default = {execution_role}
#allowed = []

[kms]  # customer-managed keys: ARN, alias or key id
default = {key}
# More particular keys, and further ones that a caller may name.
#volume = "alias/ml-volumes"
#output = "alias/ml-artifacts"
#s3 = "alias/ml-uploads"
#allowed = ["alias/ml-shared"]

[vpc]  # where work runs; a caller may use a subset, never others
{vpc_id}
subnets = {subnets}
security_groups = {security_groups}

# Whether containers have a network: "require" (always isolated), "default" (isolated where the caller is silent; an
# explicit choice stands) or "off" (the caller's choice). There is no silent default: a project states it.
# What an isolated container cannot do: install packages (requirements.txt, pip), download models or data, call AWS
# (boto3, feature stores, experiment trackers: it has no credentials either). It still gets its inputs and keeps its
# outputs, which SageMaker moves, and the instances of one training job still talk to each other.
# To relax it: bring packages in the image and data in input channels first; then "default" or "off" for the kind of
# work that needs a network, which its VPC still holds; or a waiver for the one job.
[network_isolation]
{isolation}

[hardening]  # what holds for every workload; stated here is what holds anyway
{hardening}

[data_perimeter]  # the S3 buckets that may be used, each with the account that must own it
{perimeter}
#aws_public_buckets = ["sagemaker-sample-files"]
#presigned_seconds = 3600
#trusted_accounts = []

# Where images may come from: accounts, registries, beginnings of repositories; "aws" is SageMaker's own. Any may
# until it is stated.
#[images]
#allowed = ["aws", "111122223333"]
#require_digest = true

# Plaintext secrets are refused wherever they are found. What is called like one and is none, with the reason.
#[secrets.allow]
#JOIN_TOKEN = "the separator of a join, not a credential"

# What the steps of a pipeline may call outside of SageMaker, by exact name.
#[pipelines]
#targets = ["arn:aws:lambda:eu-west-1:111122223333:function:notify"]
#emr_security_configurations = ["encrypted"]

# What calls name (an endpoint's config, its models) is looked at before they are sent; invocations too, if stated.
#[references]
#invoke = true

# What Amazon Macie must have said of input data: "require" refuses a call without a verdict, "scan" has its inputs
# scanned first, "observe" only records. Nothing sensitive is accepted but what the class of its place says.
#[macie]
#mode = "require"
#maximum_cost_usd = 50.0
#[macie.classes.customers]
#places = ["s3://ml-datasets/customers/"]
#accept = [{{ category = "PERSONAL_INFORMATION", maximum_severity = "Medium", under = ["network-isolation"] }}]

# Tags that everything carries: one value is injected, of several the caller chooses.
#[required_tags]
#team = ["churn", "fraud"]

# What happens to a request that is weaker than a control asks: "refuse", "correct" or "observe", which changes nothing
# and records what it would have done. Adopt by observing first.
#[modes]
#vpc-config = "observe"

# A case that is excused, on purpose, for a time.
#[[waivers]]
#control = "network-isolation"
#operations = ["CreateTrainingJob"]
#resources = ["churn-*"]
#reason = "reads a feature store while it trains"
#ticket = "SEC-101"
#approver = "jane.doe"
#expires = 2099-12-31

# Stricter in one environment: SecureSession(env="prod"). A section can tighten what stands above, never loosen it.
#[env.prod.hardening]
#vpc_image_repositories_only = true
"""


def baseline_text(values: BaselineValues) -> str:
    """The text of a ``secure-sagemaker.toml`` that states the values."""
    return _TEMPLATE.format(
        region=_text(values.region),
        role=_text(values.role),
        execution_role=_text(values.execution_role),
        key=_named(values.key) if values.key else _text(None),
        vpc_id=f"vpc_id = {_named(values.vpc)}" if values.vpc else '#vpc_id = "vpc-0a1b2c3d4e5f60718"',
        subnets=_list(values.subnets),
        security_groups=_list(values.security_groups),
        isolation="\n".join(
            f"{kind} = {_text(values.isolation.get(kind, IsolationMode.REQUIRE))}" for kind in KindOfWork
        ),
        hardening="\n".join(f"#{name} = {json.dumps(value)}" for name, value in Hardening()),
        perimeter=_perimeter(values),
    )


def _perimeter(values: BaselineValues) -> str:
    if values.bucket is None:
        return (
            "# No bucket may be used until one is stated here: to write and read, to read only, and where the SDK"
            " uploads to.\n"
            '#write = { ml-artifacts = "111122223333" }\n'
            '#read = { ml-datasets = "444455556666" }\n'
            '#default_bucket = "ml-artifacts"'
        )
    bucket = _text(values.bucket)
    return (
        f"default_bucket = {bucket}  # where the SDK uploads to\n"
        f"write = {{ {bucket} = {_text(values.bucket_owner)} }}  # may be written and read\n"
        '#read = { ml-datasets = "444455556666" }'
    )


def _text(value: str | None) -> str:
    # For what these values can be, JSON's text is TOML's.
    return json.dumps(value if value is not None else PLACEHOLDER)


def _named(value: Named) -> str:
    comment = f"  # {_on_one_line(value.comment)}" if value.comment else ""
    return _text(value.id) + comment


def _list(values: Sequence[Named]) -> str:
    if not values:
        return f"[{_text(None)}]"
    lines = [
        f"    {_text(value.id)}," + (f"  # {_on_one_line(value.comment)}" if value.comment else "")
        for value in values
    ]
    return "\n".join(["[", *lines, "]"])


def _on_one_line(comment: str) -> str:
    # Names come from AWS, where anyone who may tag may write them: a line break would end the comment.
    return "".join(character if character.isprintable() else " " for character in comment)
